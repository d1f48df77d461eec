package evaluator

// A Schema says what a model takes and gives.
type Schema struct {
	PMMLVersion    string // version of the document, such as "4.4"
	Application    string // Header/Application: name and version of what wrote the document
	ModelVersion   string // Header@modelVersion
	Created        string // Header/Timestamp as written: when the document, and mostly the model, was made
	Description    string // Header@description
	ModelName      string // @modelName
	Element        string // element of the model, such as "TreeModel"
	MiningFunction string // @functionName, such as "classification"
	AlgorithmName  string // @algorithmName

	Inputs  []Field // active fields in the order of the mining schema: positions of Scorer.Set
	Groups  []Field // fields that collect records into groups
	Targets []Field // a model without a named target has one called "_target" (association rules: none)
	Outputs []Field // output fields in document order, also those that are not final

	VerificationRows int // rows of ModelVerification

	Structure    string   // what the model is made of, in words, such as "average of 100 decision trees"
	Size         Size     // how large it is
	MissingPaths []string // the missingValueStrategies of its trees, without repetition; none: it has no trees
}

// A Size says how large a model is: itself, its members, and theirs. What it has none of is zero.
type Size struct {
	Models int // models that predict: trees, regressions and so on, not the ensembles of them
	Trees  int
	Nodes  int // of all trees, the leaves too
	Leaves int // of all trees
	Depth  int // of the deepest tree: the most decisions on the way to a leaf
	Tables int // regression tables
	Terms  int // coefficients of all regression tables, without intercepts

	Characteristics int // of scorecards
	Attributes      int // of scorecards: what the characteristics tell apart
	Clusters        int
	Items           int // of association rules
	Rules           int // association rules
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
	List        bool       // of an input: it takes several values at once; of an output: it gives a list
	Importance  string     // of an input: MiningField@importance as written

	// Of an input: what becomes of its values before the model sees them.
	MissingValues      []string // texts that count as missing; compared as written
	MissingReplacement string   // value taken for a missing one; empty: none
	MissingTreatment   string   // missingValueTreatment: where the replacement comes from, such as "asMean"; "returnInvalid" refuses the record
	InvalidValues      []string // values that are invalid as written, beside all that Intervals and Values do not name
	InvalidTreatment   string   // "returnInvalid", "asIs", "asMissing" or "asValue"
	InvalidReplacement string   // with "asValue": value taken for an invalid one
	Outliers           string   // "asMissingValues" or "asExtremeValues"; empty: nothing happens to outliers
	LowValue           string   // outliers lie below; empty: none do
	HighValue          string   // outliers lie above; empty: none do
	Unused             bool     // nothing that the model computes depends on it

	// Of an output: what it is about.
	Value   string // category, such as that of a probability; empty: the predicted one; of a ruleValue: its ruleFeature
	Segment string // id of the member whose result it is; empty: the model's own
	Rank    int    // place of what it gives among the best, where it is not the first: 2, 3, …; of Many: how many, 0 for all
	Many    bool   // isMultiValued: it gives a list of the best association rules
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
