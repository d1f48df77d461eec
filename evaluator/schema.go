package evaluator

// A Schema says what a model takes and gives.
type Schema struct {
	PMMLVersion    string // version of the document, such as "4.4"
	Application    string // Header/Application: name and version of what wrote the document
	ModelVersion   string // Header@modelVersion
	ModelName      string // @modelName
	Element        string // element of the model, such as "TreeModel"
	MiningFunction string // @functionName, such as "classification"
	AlgorithmName  string // @algorithmName

	Inputs  []Field // active fields in the order of the mining schema: positions of Scorer.Set
	Groups  []Field // fields that collect records into groups
	Targets []Field // a model without a named target has one called "_target" (association rules: none)
	Outputs []Field // output fields in document order, also those that are not final

	VerificationRows int // rows of ModelVerification
}

// Results gives the targets, then the outputs: positions of Scorer.Value.
func (s *Schema) Results() []Field {
	all := make([]Field, 0, len(s.Targets)+len(s.Outputs))
	return append(append(all, s.Targets...), s.Outputs...)
}

// Summary gives the kind of model in words, such as "Tree model".
func (s *Schema) Summary() string {
	if words, ok := summaries[s.Element]; ok {
		return words
	}
	return s.Element
}

var summaries = map[string]string{
	"AssociationModel":          "Association rules",
	"ClusteringModel":           "Clustering model",
	"GeneralRegressionModel":    "General regression",
	"MiningModel":               "Ensemble model",
	"NaiveBayesModel":           "Naive Bayes model",
	"NearestNeighborModel":      "k-Nearest neighbors model",
	"NeuralNetwork":             "Neural network",
	"RegressionModel":           "Regression",
	"RuleSetModel":              "Ruleset model",
	"Scorecard":                 "Scorecard",
	"SupportVectorMachineModel": "Support vector machine",
	"TimeSeriesModel":           "Timeseries model",
	"TreeModel":                 "Tree model",
}

// A Field is an input, a target or an output of a model.
type Field struct {
	Name        string
	DisplayName string
	DataType    string     // PMML's dataType, such as "double"
	OpType      string     // PMML's optype: "continuous", "categorical" or "ordinal"
	Intervals   []Interval // of a continuous field; none: any number
	Values      []string   // valid values as written; none: any value (beside Intervals)
	Feature     string     // of an output: PMML's feature, such as "probability"
	NotFinal    bool       // of an output: isFinalResult="false"
	Importance  string     // of an input: MiningField@importance as written

	MissingReplacement string // of an input: value taken for a missing one; empty: none
	InvalidTreatment   string // of an input: "returnInvalid", "asIs", "asMissing" or "asValue"
}

// An Interval is a range of valid numbers, as written; an absent bound is empty.
type Interval struct {
	Closure     string // "openOpen", "openClosed", "closedOpen" or "closedClosed"
	Left, Right string
}

// String prints the interval: ( and ) are open, [ and ] closed bounds.
func (i Interval) String() string {
	open, shut := "(", ")"
	if i.Closure == "closedOpen" || i.Closure == "closedClosed" {
		open = "["
	}
	if i.Closure == "openClosed" || i.Closure == "closedClosed" {
		shut = "]"
	}
	left, right := i.Left, i.Right
	if left == "" {
		open, left = "(", "-Infinity"
	}
	if right == "" {
		shut, right = ")", "Infinity"
	}
	return open + left + ", " + right + shut
}
