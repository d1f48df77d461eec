package program

import (
	"math"
	"sort"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Comparison measures how like a record is to references, such as the centres of clusters. Both are coordinates: a
// number for each field, NaN for a missing one. PMML 4.4, ClusteringModel, "Comparison measures".
type Comparison struct {
	Measure enum.Measure
	P       float64    // of Minkowski
	C, D    [4]float64 // of BinarySimilarity for 00, 01, 10 and 11
	Largest bool       // the largest number is that of the most alike
	Float   bool       // arithmetic in 32 bits
	Fields  []ComparisonField

	plain   bool      // nothing but absolute differences in 64 bits, squared or not
	weights []float64 // of the fields
	total   float64   // of the fields' missing weights
}

// A ComparisonField is a field of a Comparison.
type ComparisonField struct {
	Slot          int32
	Symbol        bool // a coordinate is the number of a symbol
	Function      enum.CompareFunction
	Weight        float64
	Scale         float64 // of GaussSim
	MissingWeight float64
	Period        float64 // of a cyclic field; 0: none
	Keys          []Key   // of Table: what its rows stand for, ascending,
	Intervals     []expr.Interval
	Table         []float64 // row by row

	rows  int // of Table
	decay float64
}

// A Key is a value and its row in a table.
type Key struct {
	Number float64 // the value as a number, or the number of its symbol
	Row    int32
}

func (k *Key) code(c *coder) {
	c.Float64(&k.Number)
	c.Int32(&k.Row)
}

// read gives a record's coordinates and the factor that makes up for those that are missing. ok is false if the record
// cannot be compared, which fails it.
func (k *Comparison) read(f *Frame, x []float64) (adjustment float64, ok bool) {
	if k.Measure.Binary() {
		return 1, k.readBinary(f, x)
	}
	present, missing := 0.0, false
	for i := range k.Fields {
		in := &k.Fields[i]
		x[i] = in.coordinate(f)
		if x[i] != x[i] {
			f.Need(f.Slots[in.Slot])
			missing = true
		} else {
			present += in.MissingWeight
		}
	}
	switch {
	case f.Failed() != nil:
		return 0, false
	case !missing:
		return 1, true
	case present == 0:
		f.Need(f.Fail("Undefined result"))
		return 0, false
	case k.Float:
		return float64(float32(k.total) / float32(present)), true
	}
	return k.total / present, true
}

// coordinate gives a field's coordinate, NaN if it is missing.
func (in *ComparisonField) coordinate(f *Frame) float64 {
	x := f.Nums[in.Slot]
	if in.Symbol {
		x = math.NaN()
		if c := &f.Slots[in.Slot]; c.Type == value.String && (c.State == value.Valid || c.State == value.Invalid) {
			x = float64(c.Sym)
		}
	}
	if in.Function == enum.Table {
		return rowOf(in.Keys, in.Intervals, x)
	}
	return x
}

// rowOf gives the row of a value among ascending keys or else intervals, NaN if it has none.
func rowOf(keys []Key, intervals []expr.Interval, x float64) float64 {
	at := sort.Search(len(keys), func(i int) bool { return keys[i].Number >= x })
	if at < len(keys) && keys[at].Number == x {
		return float64(keys[at].Row)
	}
	for i := range intervals {
		if intervals[i].Has(x) {
			return float64(i)
		}
	}
	return math.NaN()
}

// readBinary is read for measures of fields that are 0 or 1: anything else fails the record.
func (k *Comparison) readBinary(f *Frame, x []float64) bool {
	for i := range k.Fields {
		slot := k.Fields[i].Slot
		x[i] = f.Nums[slot]
		switch {
		case x[i] == 0 || x[i] == 1:
			continue
		case f.Slots[slot].State == value.Failed:
			f.Need(f.Slots[slot])
			return false
		}
		c := f.Fail("Expected 0 or 1, got " + f.shown(slot))
		f.Blame(c, slot)
		f.Need(c)
		return false
	}
	return true
}

// shown gives what is in a slot, for messages.
func (f *Frame) shown(slot int32) string {
	if c := f.Slots[slot]; c.State != value.Missing {
		return text(f, c)
	}
	return "no value"
}

// compare measures how like a record is to a reference.
func (k *Comparison) compare(x, y []float64, adjustment float64) float64 {
	switch {
	case k.Measure.Binary():
		return k.count(x, y)
	case k.Float:
		return k.compare32(x, y, adjustment)
	case k.plain:
		return k.comparePlain(x, y, adjustment)
	}
	sum := 0.0
	if k.Measure == enum.Chebychev {
		sum = math.Inf(-1)
	}
	for i := range k.Fields {
		if x[i] != x[i] {
			continue
		}
		in := &k.Fields[i]
		switch d := in.compare(x[i], y[i]); k.Measure {
		case enum.Euclidean, enum.SquaredEuclidean:
			sum += float64(in.Weight * float64(d*d))
		case enum.Chebychev:
			sum = math.Max(sum, in.Weight*d)
		case enum.CityBlock:
			sum += float64(in.Weight * d)
		default:
			sum += float64(in.Weight * math.Pow(d, k.P))
		}
	}
	return k.finish(sum * adjustment)
}

// comparePlain is compare for absolute differences.
func (k *Comparison) comparePlain(x, y []float64, adjustment float64) float64 {
	sum, w := 0.0, k.weights[:len(x)]
	y = y[:len(x)]
	if k.Measure == enum.CityBlock {
		for i, a := range x {
			if a == a {
				sum += float64(w[i] * math.Abs(a-y[i]))
			}
		}
		return sum * adjustment
	}
	for i, a := range x {
		if a == a {
			d := a - y[i]
			sum += float64(w[i] * float64(d*d))
		}
	}
	return k.finish(sum * adjustment)
}

// finish is what a measure does to the sum of its fields.
func (k *Comparison) finish(sum float64) float64 {
	switch k.Measure {
	case enum.Euclidean:
		return math.Sqrt(sum)
	case enum.Minkowski:
		return math.Pow(sum, 1/k.P)
	}
	return sum
}

// compare compares two coordinates of one field.
func (in *ComparisonField) compare(x, y float64) float64 {
	switch in.Function {
	case enum.GaussSim:
		d := in.difference(x, y)
		return math.Exp(in.decay * float64(d*d))
	case enum.Delta:
		if x == y {
			return 0
		}
		return 1
	case enum.Equal:
		if x == y {
			return 1
		}
		return 0
	case enum.Table:
		return in.Table[int(x)*in.rows+int(y)]
	}
	return in.difference(x, y)
}

// difference is the distance of two numbers; on a cycle, the shorter way round.
func (in *ComparisonField) difference(x, y float64) float64 {
	d := math.Abs(x - y)
	if in.Period > 0 {
		d = math.Mod(d, in.Period)
		d = math.Min(d, in.Period-d)
	}
	return d
}

// compare32 is compare in 32-bit arithmetic.
func (k *Comparison) compare32(x, y []float64, adjustment float64) float64 {
	sum := float32(0)
	if k.Measure == enum.Chebychev {
		sum = float32(math.Inf(-1))
	}
	for i := range k.Fields {
		if x[i] != x[i] {
			continue
		}
		in := &k.Fields[i]
		d, w := float64(in.compare32(x[i], y[i])), float32(in.Weight)
		switch k.Measure {
		case enum.Euclidean, enum.SquaredEuclidean:
			sum += float32(w * float32(d*d))
		case enum.Chebychev:
			sum = max(sum, w*float32(d))
		case enum.CityBlock:
			sum += float32(w * float32(d))
		default:
			sum += float32(w * float32(math.Pow(d, k.P)))
		}
	}
	sum *= float32(adjustment)
	if k.Measure == enum.Minkowski {
		return float64(float32(math.Pow(float64(sum), float64(1/float32(k.P)))))
	}
	return float64(float32(k.finish(float64(sum))))
}

// compare32 is compare in 32-bit arithmetic.
func (in *ComparisonField) compare32(x, y float64) float32 {
	switch in.Function {
	case enum.AbsDiff:
		return float32(in.difference(float64(float32(x)), float64(float32(y))))
	case enum.GaussSim:
		d, scale := in.difference(float64(float32(x)), float64(float32(y))), float64(float32(in.Scale))
		return float32(math.Exp(-math.Ln2 * float64(float32(d*d/(scale*scale)))))
	}
	return float32(in.compare(x, y))
}

// count is compare for fields that are 0 or 1. NaN: the quotient is not defined.
func (k *Comparison) count(x, y []float64) float64 {
	var a [4]float64 // how many fields are 00, 01, 10, 11 in record and reference
	for i := range x {
		a[2*int(x[i])+int(y[i])]++
	}
	same, differ := a[0]+a[3], a[1]+a[2]
	above, below := same, same+differ
	switch k.Measure {
	case enum.Jaccard:
		above, below = a[3], a[3]+differ
	case enum.Tanimoto:
		below = same + 2*differ
	case enum.BinarySimilarity:
		above = k.C[3]*a[3] + k.C[2]*a[2] + k.C[1]*a[1] + k.C[0]*a[0]
		below = k.D[3]*a[3] + k.D[2]*a[2] + k.D[1]*a[1] + k.D[0]*a[0]
	}
	switch {
	case below == 0:
		return math.NaN()
	case k.Float:
		return float64(float32(above) / float32(below))
	}
	return above / below
}

// better says that a is the number of something more alike than b is that of.
func (k *Comparison) better(a, b float64) bool {
	if k.Largest {
		return a > b
	}
	return a < b
}

// fits says that a reference has coordinates that can be compared.
func (k *Comparison) fits(y []float64) bool {
	if len(y) != len(k.Fields) {
		return false
	}
	for i := range k.Fields {
		switch in := &k.Fields[i]; {
		case k.Measure.Binary():
			if y[i] != 0 && y[i] != 1 {
				return false
			}
		case in.Function == enum.Table:
			if !(y[i] >= 0 && y[i] < float64(in.rows)) {
				return false
			}
		}
	}
	return true
}

func (k *Comparison) code(c *coder) {
	codec.Enum(c.Coder, &k.Measure, enum.NumMeasures)
	c.Float64(&k.P)
	for i := range 4 {
		c.Float64(&k.C[i])
		c.Float64(&k.D[i])
	}
	c.Bool(&k.Largest)
	c.Bool(&k.Float)
	codec.Slice(c.Coder, &k.Fields, 38, func(in *ComparisonField) { in.code(c) })
	if c.Reading() {
		k.prepare()
	}
}

func (in *ComparisonField) code(c *coder) {
	c.Slot(&in.Slot)
	c.Bool(&in.Symbol)
	codec.Enum(c.Coder, &in.Function, enum.NumCompareFunctions)
	c.Float64(&in.Weight)
	c.Float64(&in.Scale)
	c.Float64(&in.MissingWeight)
	c.Float64(&in.Period)
	codec.Slice(c.Coder, &in.Keys, 9, func(key *Key) { key.code(c) })
	codec.Slice(c.Coder, &in.Intervals, 2, func(i *expr.Interval) { i.Code(c.Coder) })
	c.Float64s(&in.Table)
	in.rows = max(len(in.Keys), len(in.Intervals))
	if in.Function != enum.Table {
		return
	}
	if in.rows == 0 || len(in.Table) != in.rows*in.rows {
		c.Failf("a table of %d cells for %d values", len(in.Table), in.rows)
	}
	for _, key := range in.Keys {
		if key.Row < 0 || int(key.Row) >= in.rows {
			c.Failf("row %d of %d", key.Row, in.rows)
		}
	}
}

// prepare works out what does not depend on a record.
func (k *Comparison) prepare() {
	k.plain = !k.Float && (k.Measure == enum.Euclidean || k.Measure == enum.SquaredEuclidean || k.Measure == enum.CityBlock)
	k.weights, k.total = nil, 0
	for i := range k.Fields {
		in := &k.Fields[i]
		in.decay = -math.Ln2 / (in.Scale * in.Scale)
		k.plain = k.plain && in.Function == enum.AbsDiff && in.Period == 0
		k.weights = append(k.weights, in.Weight)
		k.total += in.MissingWeight
	}
}
