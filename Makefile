# What a person types. CI calls the same targets (.ci/run). Everything works with nothing but Go, except where a target
# says what else it needs.

MAKEFLAGS += --no-print-directory

GO       ?= go
FUZZTIME ?= 30s
KILLS    ?= 1000
SEEDS    ?= 20
DURATION ?= 1m
BIN      := bin
SHARED   := $(or $(HANDOFF_SHARED),../shared)
SAMPLES  := testdata/samples
ADDR     ?= 127.0.0.1:8080
PREFIX   ?= /usr/local

# What goes to Lambda is built the same everywhere: nothing of the machine, the folder or the commit gets in.
ARCHITECTURE  ?= arm64
GOARCH_arm64  := arm64
GOARCH_x86_64 := amd64
ARTIFACTS_DIR ?= $(BIN)/lambda/$(patsubst build-%Function,%,$(patsubst bootstrap-%,build-%,$@))
TOOLCHAIN     := $(shell awk '$$1 == "toolchain" { print $$2 }' go.mod)
LAMBDA_ENV     = CGO_ENABLED=0 GOOS=linux GOARCH=$(or $(GOARCH_$(ARCHITECTURE)),$(error ARCHITECTURE is arm64 or x86_64)) GOAMD64=v1 GOARM64=v8.0 GOFLAGS= GOEXPERIMENT= $(if $(TOOLCHAIN),GOTOOLCHAIN=$(TOOLCHAIN))
LAMBDA_FLAGS  := -trimpath -buildvcs=false -ldflags "-s -w" -tags lambda.norpc

.PHONY: all help build man install run test short race lint readme bench fuzz golden kill restart-time corpus exchanges dynamodb-local sam-build sam-local bench-peers load \
	reproducible functions cold-start clean \
	checkov e2e build-ApiFunction build-DeployFunction build-ScoreFunction bootstrap-ApiFunction bootstrap-DeployFunction bootstrap-ScoreFunction

all: build lint short  ## build, lint, the short tests

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' Makefile

build:  ## bin/handoff
	$(GO) build -trimpath -o $(BIN)/handoff ./cmd/handoff

man: build  ## bin/man: the manual pages
	$(BIN)/handoff man $(BIN)/man

install: build man  ## the command, its pages and completions under PREFIX (/usr/local); DESTDIR goes before it
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/man/man1" \
		"$(DESTDIR)$(PREFIX)/share/bash-completion/completions" "$(DESTDIR)$(PREFIX)/share/zsh/site-functions" \
		"$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"
	install -m 755 $(BIN)/handoff "$(DESTDIR)$(PREFIX)/bin/handoff"
	install -m 644 $(BIN)/man/*.1 "$(DESTDIR)$(PREFIX)/share/man/man1"
	$(BIN)/handoff completion bash > "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/handoff"
	$(BIN)/handoff completion zsh > "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_handoff"
	$(BIN)/handoff completion fish > "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/handoff.fish"

run: build  ## serve the sample models on ADDR (127.0.0.1:8080)
	@exec $(BIN)/handoff serve --addr $(ADDR) --data data --samples $(SAMPLES)

test:  ## all tests
	$(GO) test ./...

short:
	$(GO) test -short ./...

# The race detector needs a C compiler, and makes everything about ten times slower: it watches the short tests of what
# goroutines share.
race:  ## the short tests under the race detector; needs a C compiler
	@if command -v "$$($(GO) env CC)" >/dev/null 2>&1; then \
		CGO_ENABLED=1 $(GO) test -short -race ./evaluator ./evaluator/internal/program ./internal/... ./cmd/...; \
	else echo "skipped: there is no C compiler for the race detector"; fi

lint:  ## gofmt, go vet, import arrows, staticcheck
	@files="$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go'))"; if [ -n "$$files" ]; then echo "gofmt these:"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	$(GO) test ./internal/arch
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

readme:  ## run the README's blocks and compare their output
	scripts/readme-check

bench:  ## Go benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

fuzz:  ## every fuzz target for FUZZTIME (30s)
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

golden:  ## rewrite golden files; look at the difference before you commit it
	scripts/golden.sh

kill: build  ## kill the server (-9) KILLS times (1000) over SEEDS (20) seeds, and see that nothing is lost; SEED is the first
	$(GO) run ./scripts/kill -server $(BIN)/handoff -kills $(KILLS) -seeds $(SEEDS) $(if $(SEED),-seed $(SEED))

load: build  ## redeploy under load for DURATION (1m; a release: 10m) and check every answer; the report is bin/load.json, too
	$(GO) build -trimpath -o $(BIN)/load ./scripts/load
	$(BIN)/load --handoff $(BIN)/handoff --duration $(DURATION) --json $(BIN)/load.json

restart-time: build  ## how long a start takes with 100 and with 10,000 models
	$(GO) build -o $(BIN)/kill ./scripts/kill
	for n in 100 10000; do $(BIN)/kill -server $(BIN)/handoff -restart $$n || exit 1; done

corpus: build  ## the corpus of real models beside the project; needs Python 3
	SHARED=$(SHARED) scripts/corpus.sh $(BIN)/handoff

exchanges: build  ## Openscoring's recorded exchanges, over HTTP and through Lambda's events; needs Python 3
	$(GO) build -trimpath -o $(BIN)/front ./scripts/front
	SHARED=$(SHARED) scripts/exchanges.sh $(BIN)/handoff $(BIN)/front

dynamodb-local:  ## the store's contract against AWS's DynamoDB Local, in a network of its own; needs Java, Maven, and root or user namespaces
	scripts/dynamodb-local.sh

bench-peers: build  ## the same models in JPMML-Evaluator and pmml4s; needs Java and Maven
	scripts/bench-peers.sh

# ---- Lambda

functions: build-ApiFunction build-DeployFunction build-ScoreFunction  ## all functions' packages in bin/lambda, for ARCHITECTURE

# sam build calls build-* through infra/build/*/Makefile, perhaps several at once. Beside the bootstrap of deploy lies that
# of score, which goes into the functions of models.
build-ApiFunction: bootstrap-ApiFunction

build-DeployFunction: bootstrap-DeployFunction
	$(LAMBDA_ENV) $(GO) build $(LAMBDA_FLAGS) -o "$(ARTIFACTS_DIR)/score/bootstrap" ./functions/score

build-ScoreFunction: bootstrap-ScoreFunction
	$(GO) run ./scripts/models $(SAMPLES)/iris/model.pmml "$(ARTIFACTS_DIR)/model.bin"

bootstrap-ApiFunction:
	$(LAMBDA_ENV) $(GO) build $(LAMBDA_FLAGS) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/api

bootstrap-DeployFunction:
	$(LAMBDA_ENV) $(GO) build $(LAMBDA_FLAGS) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/deploy

bootstrap-ScoreFunction:
	$(LAMBDA_ENV) $(GO) build $(LAMBDA_FLAGS) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/score

cold-start:  ## cold and warm times of score's bootstrap on this machine: iris, a forest of 500 trees, and a program that does nothing
	CGO_ENABLED=0 $(GO) build $(LAMBDA_FLAGS) -o $(BIN)/cold-start/score ./functions/score
	CGO_ENABLED=0 $(GO) build $(LAMBDA_FLAGS) -o $(BIN)/cold-start/empty ./scripts/runtime-api/empty
	mkdir -p $(BIN)/cold-start/forest
	$(GO) run ./scripts/forest -megabytes 95 -nodes 1400 -output $(BIN)/cold-start/forest/model.pmml -input $(BIN)/cold-start/forest/input.csv
	$(GO) run ./scripts/runtime-api -score $(BIN)/cold-start/score -empty $(BIN)/cold-start/empty \
		$(SAMPLES)/iris/model.pmml $(BIN)/cold-start/forest/model.pmml

reproducible:  ## build score's bootstrap from two folders and two commits and compare
	scripts/reproducible.sh

sam-build:  ## sam build for ARCHITECTURE=arm64 or x86_64; needs the SAM CLI
	sam build --parameter-overrides Architecture=$(ARCHITECTURE)

sam-local:  ## the functions under the SAM CLI, before moto; needs Debian and root, or Docker
	scripts/sam-local.sh

e2e:  ## the functions on real parts: DynamoDB Local, moto, the SAM CLI; needs Debian and root, or Docker, and Python 3 and Java; 10 minutes
	scripts/e2e.sh

checkov:  ## security checks of the templates; needs Python 3
	scripts/checkov.sh

clean:
	rm -rf $(BIN) .aws-sam
