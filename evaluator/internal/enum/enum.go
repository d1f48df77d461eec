// Package enum has the standard's enumerations that both checking and scoring speak of, each with its names in PMML.
package enum

// name gives the text of a constant, or of a number that is none.
func name(names []string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return "?"
}

// A Method is a multipleModelMethod.
type Method uint8

// The ways to combine segments.
const (
	MajorityVote Method = iota
	WeightedMajorityVote
	Average
	WeightedAverage
	Median
	WeightedMedian
	Max
	Sum
	WeightedSum
	SelectFirst
	SelectAll
	ModelChain
	MultiModelChain // JPMML's: all targets of all segments
	NumMethods
)

// Methods are the names of the methods.
var Methods = []string{"majorityVote", "weightedMajorityVote", "average", "weightedAverage", "median", "weightedMedian",
	"max", "sum", "weightedSum", "selectFirst", "selectAll", "modelChain", "x-multiModelChain"}

func (m Method) String() string { return name(Methods, uint8(m)) }

// A MissingPrediction is a missingPredictionTreatment.
type MissingPrediction uint8

// The treatments of a segment that predicts nothing.
const (
	Continue MissingPrediction = iota
	SkipSegment
	ReturnMissing
	NumMissingPredictions
)

// MissingPredictions are the names of the treatments.
var MissingPredictions = []string{"continue", "skipSegment", "returnMissing"}

func (m MissingPrediction) String() string { return name(MissingPredictions, uint8(m)) }

// A Normalization is a normalizationMethod.
type Normalization uint8

// The normalization methods.
const (
	NoNormalization Normalization = iota
	SimpleMax
	SoftMax
	Logit
	Probit
	CLogLog
	Exp
	LogLog
	CauchIt
	NumNormalizations
)

// Normalizations are the names of the normalization methods.
var Normalizations = []string{"none", "simplemax", "softmax", "logit", "probit", "cloglog", "exp", "loglog", "cauchit"}

func (n Normalization) String() string { return name(Normalizations, uint8(n)) }

// A MissingStrategy is a missingValueStrategy of a tree.
type MissingStrategy uint8

// The strategies for a predicate that is unknown.
const (
	NoStrategy MissingStrategy = iota
	LastPrediction
	NullPrediction
	DefaultChild
	WeightedConfidence
	AggregateNodes
	NumMissingStrategies
)

// MissingStrategies are the names of the strategies.
var MissingStrategies = []string{"none", "lastPrediction", "nullPrediction", "defaultChild", "weightedConfidence", "aggregateNodes"}

func (m MissingStrategy) String() string { return name(MissingStrategies, uint8(m)) }

// A CastInteger is how a prediction becomes whole.
type CastInteger uint8

// The ways of castInteger.
const (
	NoCast CastInteger = iota
	Round
	Ceiling
	Floor
	NumCastIntegers
)

// A Feature is what an OutputField gives.
type Feature uint8

// The features of output fields.
const (
	PredictedValue Feature = iota
	PredictedDisplayValue
	TransformedValue // also decision
	Probability
	Confidence
	Affinity
	EntityID
	Residual
	Warning   // always missing: there are none
	Report    // JPMML's x-report: always missing
	RuleValue // of an association rule
	ReasonCode
	NumFeatures
)

// Features are the names of the features.
var Features = []string{"predictedValue", "predictedDisplayValue", "transformedValue", "probability", "confidence",
	"affinity", "entityId", "residual", "warning", "x-report", "ruleValue", "reasonCode"}

func (f Feature) String() string { return name(Features, uint8(f)) }

// A RuleFeature is what an output field gives of an association rule.
type RuleFeature uint8

// The features of association rules.
const (
	Consequent RuleFeature = iota
	Antecedent
	Rule
	RuleID
	RuleConfidence
	RuleSupport
	RuleLift
	RuleLeverage
	RuleAffinity
	NumRuleFeatures
)

// RuleFeatures are the names of the features, the default first.
var RuleFeatures = []string{"consequent", "antecedent", "rule", "ruleId", "confidence", "support", "lift", "leverage", "affinity"}

func (f RuleFeature) String() string { return name(RuleFeatures, uint8(f)) }

// A RuleAlgorithm says which association rules an output field is about.
type RuleAlgorithm uint8

// The algorithms that choose rules.
const (
	ExclusiveRecommendation RuleAlgorithm = iota // the antecedent is in the basket, the consequent is not
	Recommendation                               // the antecedent is in the basket
	RuleAssociation                              // both are in the basket
	NumRuleAlgorithms
)

// RuleAlgorithms are the names of the algorithms, the default first.
var RuleAlgorithms = []string{"exclusiveRecommendation", "recommendation", "ruleAssociation"}

func (a RuleAlgorithm) String() string { return name(RuleAlgorithms, uint8(a)) }

// A RankBasis is the number by which association rules are put in order.
type RankBasis uint8

// The bases of ranks.
const (
	ByConfidence RankBasis = iota
	BySupport
	ByLift
	ByLeverage
	ByAffinity
	NumRankBases
)

// RankBases are the names of the bases, the default first.
var RankBases = []string{"confidence", "support", "lift", "leverage", "affinity"}

func (b RankBasis) String() string { return name(RankBases, uint8(b)) }
