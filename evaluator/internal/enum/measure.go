package enum

// A Measure is how a comparison measure makes one number of the comparisons of all fields.
type Measure uint8

// The measures: first those of numbers, then those of fields that are 0 or 1.
const (
	Euclidean Measure = iota
	SquaredEuclidean
	Chebychev
	CityBlock
	Minkowski
	SimpleMatching
	Jaccard
	Tanimoto
	BinarySimilarity
	NumMeasures
)

// Measures are the names of the measures.
var Measures = []string{"euclidean", "squaredEuclidean", "chebychev", "cityBlock", "minkowski", "simpleMatching", "jaccard",
	"tanimoto", "binarySimilarity"}

func (m Measure) String() string { return name(Measures, uint8(m)) }

// Binary says that m counts fields that are 0 or 1.
func (m Measure) Binary() bool { return m >= SimpleMatching }

// A CompareFunction is how two values of one field are compared.
type CompareFunction uint8

// The compare functions.
const (
	AbsDiff CompareFunction = iota
	GaussSim
	Delta
	Equal
	Table
	NumCompareFunctions
)

// CompareFunctions are the names of the compare functions.
var CompareFunctions = []string{"absDiff", "gaussSim", "delta", "equal", "table"}

func (f CompareFunction) String() string { return name(CompareFunctions, uint8(f)) }

// Similar says that f is the larger the more alike two values are.
func (f CompareFunction) Similar() bool { return f == GaussSim || f == Equal }
