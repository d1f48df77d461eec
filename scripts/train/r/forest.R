# Trains the sample "forest": Rscript forest.R TRAIN.csv INPUT.csv MODEL.rds EXPECTED.csv
# Needs Debian's r-base-core and r-cran-randomforest.
suppressMessages(library(randomForest))
args <- commandArgs(trailingOnly = TRUE)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20260101)

train <- read.csv(args[1], stringsAsFactors = TRUE, encoding = "UTF-8")
input <- read.csv(args[2], stringsAsFactors = FALSE, encoding = "UTF-8")
for (name in c("employment", "purpose", "region")) {
  input[[name]] <- factor(input[[name]], levels = levels(train[[name]]))
}

# An odd number of trees and two classes: no ties, which R would break by chance.
model <- randomForest(defaulted ~ ., data = train, ntree = 15, maxnodes = 24)
saveRDS(model, args[3], version = 2)

probability <- predict(model, input, type = "prob")
expected <- data.frame(defaulted = predict(model, input))
for (label in levels(train$defaulted)) {
  expected[[paste0("probability(", label, ")")]] <- probability[, label]
}
write.csv(expected, args[4], row.names = FALSE, quote = FALSE)
cat("R", as.character(getRversion()), "randomForest", as.character(packageVersion("randomForest")), "\n")
