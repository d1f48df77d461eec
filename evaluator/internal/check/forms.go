package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Document is what checking a document gives besides its models, which are handed over one by one: names are slots,
// text is symbols, literals are values of their field's type. Lowering it cannot fail.
type Document struct {
	Version     string // of PMML, such as "4.4"
	Application string // Header/Application: name and version
	Revision    string // Header@modelVersion
	Created     string // Header/Timestamp as written
	Description string // Header@description

	Symbols   *value.Symbols
	Functions []expr.Function // each calls only those before it
	Slots     []Slot          // by number
	Inputs    []Input         // active fields of the top model's mining schema in order, then others that may be given
	Active    int             // how many of Inputs are active
	Groups    []Input         // fields of usageType group
	Steps     []Step          // what computes a slot from others; a step reads only inputs, outputs and earlier steps
	Targets   []int32         // slots of the model's targets, in order
	Results   []Output        // what the model gives besides: output fields of the last members of chains, then its own
	Verify    *Verification   // nil if there is none
}

// A Slot is a place for the value of a field while a record is scored.
type Slot struct {
	Name string // of the field; nested models may have slots of the same name
	Type value.Type
	Op   OpType
}

// An OpType is a PMML optype.
type OpType uint8

// The optypes.
const (
	Continuous OpType = iota
	Categorical
	Ordinal
)

// An Input is a field whose value comes with the record.
type Input struct {
	Name, DisplayName string
	Slot              int32 // of the value after treatment
	Type              value.Type
	Op                OpType
	Usage             string // usageType
	Importance        string // as written

	MissingTexts []string       // Value property="missing", as written: compared before the type is read
	Valid        []value.Cell   // Value property="valid"; with any, nothing else is valid (beside Intervals)
	Invalid      []value.Cell   // Value property="invalid"
	ValidTexts   []string       // Valid as written
	InvalidTexts []string       // Invalid as written
	Intervals    []WrittenRange // of a continuous field

	List      bool // it may have several values at once, as the items of a basket
	Treatment Treatment
}

// A WrittenRange is an Interval and its text.
type WrittenRange struct {
	expr.Interval
	Closure, LeftText, RightText string
}

// A Treatment is what a MiningField does to a value.
type Treatment struct {
	Invalid            expr.Treatment
	InvalidReplacement value.Cell // of InvalidAsValue
	Outliers           expr.Outliers
	Low, High          float64    // infinite if not given
	Replacement        value.Cell // of a missing value; missing: none
	ReplacementText    string     // as written
	InvalidText        string     // InvalidReplacement as written
	MissingTreatment   string     // missingValueTreatment; empty if not given
	MissingInvalid     bool       // missingValueTreatment="returnInvalid"
}

// A Step computes the value of a slot from others: a DerivedField, or a nested model's treatment of its parent's value.
type Step struct {
	Slot  int32
	Expr  expr.Expr  // of a DerivedField, with its cast; nil for a treatment
	From  int32      // slot that is treated
	Treat *Treatment // nil for a DerivedField
	Reads []int32    // slots that it reads, without repetition
}

// A Model is a checked model: *TreeModel, *RegressionModel, *MiningModel.
type Model interface {
	Common() *ModelCommon
}

// A ModelCommon is what every model has.
type ModelCommon struct {
	Element   string // such as "TreeModel"
	Name      string // @modelName
	Function  string // @functionName, such as "classification"
	Algorithm string // @algorithmName
	Float     bool   // x-mathContext="float": arithmetic in 32 bits

	Reads       []int32  // slots that the model's own element reads, without repetition
	Target      Target   // what it predicts
	Outputs     []Output // in document order
	OutputReads []int32  // slots that its outputs' expressions read, beside its own outputs
}

// Common gives m itself.
func (m *ModelCommon) Common() *ModelCommon { return m }

// A Target is what a model predicts, and what its Targets element does to it.
type Target struct {
	Name        string // of the field; empty if the model has none
	DisplayName string
	Slot        int32 // where the prediction goes; -1 if nothing refers to it
	Type        value.Type
	Op          OpType
	Categories  []value.Cell // of a classification: values of the target field, then others in the order of the model
	ValidTexts  []string     // declared valid values as written, for the schema
	Display     []value.Cell // displayValue of each category; missing: none
	Priors      []float64    // priorProbability of each category; nil: none
	Default     value.Cell   // defaultValue of a regression; missing: none
	Min, Max    float64      // infinite: none
	Factor      float64      // rescaleFactor: 1
	Constant    float64      // rescaleConstant: 0
	Cast        enum.CastInteger
}

// An Output is an OutputField.
type Output struct {
	Name, DisplayName string
	Slot              int32
	Type              value.Type // NoType: of what it gives
	Op                OpType
	Feature           enum.Feature
	FeatureName       string     // as written
	Value             value.Cell // category of Probability, Confidence, Affinity, Residual; missing: the predicted one
	ValueText         string     // @value as written
	SegmentID         string     // @segmentId
	Category          int32      // its index in the categories of the model that it is about; -1 predicted; -2 none of them
	Rank              int32      // from 1
	Segment           int32      // index of the member that it is about; -1: the model itself
	SegmentOutput     int32      // TransformedValue of a member: the slot of its output field; -1: none
	Expr              expr.Expr  // of TransformedValue
	Expected          int32      // of Residual: slot of the target's value as given
	NotFinal          bool
	Rule              RuleChoice // of RuleValue
}

// A RuleChoice says which association rules an output field is about, and what it gives of them.
type RuleChoice struct {
	Feature   enum.RuleFeature
	Algorithm enum.RuleAlgorithm
	Basis     enum.RankBasis
	Ascending bool
	Many      bool // a list of the first Rank rules, or of all if Rank is 0
}

// A TreeModel is a tree in document order: node 0 is the root.
type TreeModel struct {
	ModelCommon
	Missing    enum.MissingStrategy
	Penalty    float64 // missingValuePenalty: 1
	LastIfNone bool    // noTrueChildStrategy="returnLastPrediction"
	Nodes      []Node
	Scores     []ScoreDistribution // of all nodes
	Embedded   int                 // how many models of nodes were handed over before it; Node.Model counts from 0
}

// A Node is a node of a tree. Its children are First, then Next of each.
type Node struct {
	Predicate   expr.Predicate
	Score       value.Cell // in the target's type (a double for a regression); missing: none
	ID          string     // as written, or its position from 1
	First, Next int32      // -1: none
	Default     int32      // node of defaultChild; -1: none
	Scores      int32      // first of its score distributions
	NumScores   int32
	Records     float64 // recordCount; NaN: none
	Model       int32   // embedded model; -1: none
}

// A ScoreDistribution is what a node says about one category.
type ScoreDistribution struct {
	Category    int32   // index in the target's categories
	Records     float64 // recordCount
	Probability float64 // NaN: none
	Confidence  float64 // NaN: none
}

// A RegressionModel is a set of linear functions and what makes probabilities of them.
type RegressionModel struct {
	ModelCommon
	Normalization enum.Normalization
	Tables        []RegressionTable // a classification: one for each category that has one
}

// A RegressionTable is a linear function; the terms are added in document order.
type RegressionTable struct {
	Intercept float64
	Category  int32 // index in the target's categories; -1 for a regression
	Terms     []Term
}

// A Term is a coefficient times the product of its factors. A numeric predictor has one factor, a PredictorTerm any
// number; a categorical predictor has none and counts where Slot holds Is.
type Term struct {
	Coefficient float64
	Factors     []Factor
	Slot        int32      // of a categorical predictor; else -1
	Is          value.Cell // of a categorical predictor
}

// A Factor is a number to the power of Exponent.
type Factor struct {
	Slot     int32
	Exponent float64 // 1
}

// A Scorecard adds up what each characteristic scores, and ranks the reasons of the sum.
type Scorecard struct {
	ModelCommon
	Initial         float64      // initialScore
	Reasons         bool         // useReasonCodes
	Above           bool         // reasonCodeAlgorithm="pointsAbove"
	Codes           []value.Cell // reason codes in the order in which the document names them
	Characteristics []Characteristic
	Attributes      []Attribute // of all characteristics
}

// A Characteristic is an aspect of a record, which its first attribute that is true scores.
type Characteristic struct {
	Name     string
	Baseline float64 // baselineScore, perhaps of the whole
	First    int32   // index of its first attribute
	Num      int32   // how many it has
}

// An Attribute is what a characteristic may be.
type Attribute struct {
	Predicate expr.Predicate
	Score     float64   // partialScore
	Complex   expr.Expr // gives the partial score instead, as a double; nil: Score
	Code      int32     // index of its reason code; -1: none
}

// A MiningModel is several models and how their results become one. Its segments' models were handed over before it, in
// order: one for each segment.
type MiningModel struct {
	ModelCommon
	Method    enum.Method
	Segments  []Segment
	OnMissing enum.MissingPrediction
	Threshold float64 // missingThreshold: 1
}

// An AssociationModel is a set of rules about what is in a basket.
type AssociationModel struct {
	ModelCommon
	Items    []Item
	Itemsets []Itemset
	Rules    []AssociationRule
}

// An Item is something that can be in a basket: it is if the field in Slot is Is, has Is among its values, or, if Flag
// is set, says yes.
type Item struct {
	Text value.Cell // as rules show it
	Slot int32      // -1: it never is in the basket
	Is   value.Cell
	Flag bool

	Kinds []value.Cell // values that stand for it, too: those below Is in the field's taxonomy
}

// An Itemset is a set of items.
type Itemset struct {
	Items   []int32 // indexes, in the order of the document
	Support float64 // NaN: not known
}

// An AssociationRule says that baskets with the items of one itemset are likely to have those of another. A number that
// is not known is NaN.
type AssociationRule struct {
	ID                                            value.Cell // as written, or its position from 1
	Antecedent, Consequent                        int32      // indexes of itemsets
	Support, Confidence, Lift, Leverage, Affinity float64
}

// A Segment is one member of a MiningModel.
type Segment struct {
	ID         string // as written, or its position from 1
	Predicate  expr.Predicate
	Weight     float64
	WeightSlot int32 // of VariableWeight; -1: none

	// Places has the index of each of the model's categories in those of the whole, -1 for one that is none of them.
	// nil: they are the whole's first ones.
	Places []int32
}

// A Verification is the ModelVerification of the top model.
type Verification struct {
	Place    diag.Place // of the element
	Inputs   []int32    // for each column that is an input: its index in Inputs
	Expected []ExpectedField
	Texts    []string  // distinct cells; -1 in Rows is a missing cell
	Rows     [][]int32 // for each row: the inputs' cells, then the expected ones
	Groups   []int32   // of a transactional model: how many rows that follow one another are a group; nil: each row is one
}

// An ExpectedField is a column of a Verification with results.
type ExpectedField struct {
	Slot          int32 // of the target or output
	Name          string
	Precision     float64 // relative: 1e-6
	ZeroThreshold float64 // absolute: 1e-16
}

// A ClusteringModel is a set of centres and how a record is compared with them, or a set of distributions.
type ClusteringModel struct {
	ModelCommon
	Comparison Comparison
	Mixture    *Mixture // of modelClass="distributionBased"; nil: there are centres
	Clusters   []Cluster
}

// A Cluster is a centre, which has a coordinate for each compared field, or a distribution.
type Cluster struct {
	ID           value.Cell // as text
	Category     int32      // its index in the target's categories
	Center       []float64
	Distribution Distribution
}

// A Mixture is what distributions are about.
type Mixture struct {
	Normal   []int32 // slots of the fields that are distributed normally
	Discrete []DiscreteField
}

// A DiscreteField is a field with a share for each of its values or intervals.
type DiscreteField struct {
	Slot      int32
	Type      value.Type
	Values    []value.Cell // in the order of the shares
	Intervals []WrittenRange
}

// A Distribution is how the records of a cluster are spread.
type Distribution struct {
	Prior       float64   // share of all records
	Means       []float64 // of the normal fields
	Covariances []float64 // lower triangle, row by row; nil: the normal fields are independent
	Factor      []float64 // lower triangle of the Cholesky factor of Covariances; without them, standard deviations
	Shares      []float64 // of the values of the discrete fields, one field after the other
}

// A Comparison is how likeness is measured: a ComparisonMeasure and the fields that are compared.
type Comparison struct {
	Measure  enum.Measure
	P        float64    // p-parameter of Minkowski
	C, D     [4]float64 // parameters of BinarySimilarity for 00, 01, 10 and 11
	Largest  bool       // the largest number is that of the most alike
	Function enum.CompareFunction
	Fields   []ComparisonField
}

// A ComparisonField is a field of a Comparison. What is compared are coordinates: numbers; of Delta and Equal of text its
// symbol; of Table the index of a row.
type ComparisonField struct {
	Slot          int32
	Type          value.Type
	Function      enum.CompareFunction
	Weight        float64        // fieldWeight: 1
	Scale         float64        // similarityScale of GaussSim
	MissingWeight float64        // of MissingValueWeights: 1
	Period        float64        // of a cyclic field: the distance after which it begins again; 0: none
	Values        []value.Cell   // of Table: what its rows stand for,
	Intervals     []WrittenRange // or that
	Table         []float64      // row by row
}
