package check

import (
	"math"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A mixtureReader is what is kept of the clusters of a distribution-based ClusteringModel.
type mixtureReader struct {
	named       map[string]*mixedField
	coordinates []*mixedField // continuous centre fields: Array and Covariances are about these
	apart       []*mixedField // other continuous fields
	normal      []*mixedField // coordinates and those apart
	discrete    []*mixedField
	broken      bool      // a field is not known: lengths are not compared
	shares      int       // of a cluster
	sizes       []float64 // of each cluster; NaN: none
	sized       int       // how many have one
	place       diag.Place
}

// A mixedField is a field that clusters have statistics of.
type mixedField struct {
	name       string
	slot       int32
	continuous bool
	rows       int // values, or else intervals
}

// mixed reads a ClusteringField of a distribution-based model; e is nil if there is none for the field.
func (r *clusterReader) mixed(e *pmml.Element, f *field, at diag.Place, isCenter bool) {
	if e != nil {
		in := ComparisonField{Function: r.k.Function, Weight: 1}
		r.attributes(e, &in)
		if in.Weight != 1 {
			r.c.noteInconsistent(e.At("fieldWeight"), "fields of distributions have no weights: this one changes nothing")
		}
	}
	if f.broken {
		r.mix.broken = true
		return
	}
	if r.mix.named[f.name] != nil {
		r.c.duplicateName(at, "clustering field", f.name)
		return
	}
	r.m.reads.add(f.slot)
	in := &mixedField{name: f.name, slot: f.slot, continuous: f.op == Continuous && f.typ != value.String && f.typ != value.Boolean}
	r.mix.named[f.name] = in
	switch {
	case in.continuous && isCenter:
		r.mix.coordinates = append(r.mix.coordinates, in)
	case in.continuous:
		r.mix.apart = append(r.mix.apart, in)
	default:
		r.discrete(f, at, in)
		return
	}
	_, intervals := f.discrete()
	in.rows = len(intervals)
	if f.period() > 0 {
		r.c.noteInconsistent(at, "field %q is cyclic, but its distribution is not", f.name)
	}
}

// discrete adds a field whose values have shares.
func (r *clusterReader) discrete(f *field, at diag.Place, in *mixedField) {
	r.mix.discrete = append(r.mix.discrete, in)
	rows := r.rowsOf(f, at)
	if rows == nil {
		r.mix.broken = true
		return
	}
	in.rows = max(len(rows.values), len(rows.intervals))
	if in.rows == 0 {
		r.c.inconsistent(at, "field %q has a frequency for each of its values, but declares neither values nor intervals", f.name)
		r.mix.broken = true
	}
	r.mix.shares += in.rows
	r.t.Mixture.Discrete = append(r.t.Mixture.Discrete, DiscreteField{f.slot, f.typ, rows.values, rows.intervals})
}

// settleFields puts the normal fields in order once all are known.
func (r *clusterReader) settleFields() {
	x := r.mix
	x.normal = append(append(x.normal, x.coordinates...), x.apart...)
	for _, in := range x.normal {
		r.t.Mixture.Normal = append(r.t.Mixture.Normal, in.slot)
	}
}

// A fieldStats is what a cluster says about a field. What is NaN was not given.
type fieldStats struct {
	mean, deviation float64
	shares          []float64
}

// distribution reads the statistics of a Cluster: means from its Array or else its Partition, spreads from its Covariances
// or else its Partition, shares from its Partition.
func (r *clusterReader) distribution(e *pmml.Element, parts map[string]*pmml.Element, id string) (d Distribution) {
	stats, size := r.partition(parts["Partition"])
	r.size(e, parts["Partition"], size)
	n := len(r.mix.normal)
	means, covariances := r.means(parts["Array"]), r.covariances(parts["Covariances"])
	const words = 8 // that a number takes while the model is compiled
	if !r.c.grow(e.Place(), words*(2*n+r.mix.shares)) || r.mix.broken {
		return d
	}
	d.Means, d.Factor = make([]float64, n), make([]float64, n)
	for i, in := range r.mix.normal {
		s, coordinate := stats[in], i < len(r.mix.coordinates)
		if s == nil {
			s = &fieldStats{mean: math.NaN(), deviation: math.NaN()}
		}
		d.Means[i], d.Factor[i] = s.mean, s.deviation
		if coordinate && means != nil {
			d.Means[i] = means[i]
		}
		noMean := s.mean != s.mean && !(coordinate && parts["Array"] != nil)
		noSpread := s.deviation != s.deviation && !(coordinate && parts["Covariances"] != nil)
		switch {
		case stats[in] == nil && (noMean || noSpread):
			r.c.inconsistent(e.Place(), "cluster %q has no statistics of field %q", id, in.name)
		case noMean:
			r.c.inconsistent(e.Place(), "cluster %q has no mean of field %q", id, in.name)
		case noSpread:
			r.c.inconsistent(e.Place(), "cluster %q has no standard deviation of field %q", id, in.name)
		}
	}
	for _, in := range r.mix.discrete {
		s := stats[in]
		if s == nil || s.shares == nil {
			r.c.inconsistent(e.Place(), "cluster %q has no frequencies of field %q", id, in.name)
			continue
		}
		d.Shares = append(d.Shares, s.shares...)
	}
	if covariances != nil {
		r.join(parts["Covariances"], &d, covariances)
	}
	return d
}

// size notes how many records a cluster has.
func (r *clusterReader) size(e, partition *pmml.Element, ofPartition float64) {
	size := r.amount(e, "size", ofPartition)
	if size == size && ofPartition == ofPartition && size != ofPartition {
		r.c.inconsistent(partition.At("size"), "the partition has size %g, its cluster %g", ofPartition, size)
	}
	if size == size {
		r.mix.sized++
	} else if r.mix.place == (diag.Place{}) {
		r.mix.place = e.Place()
	}
	r.mix.sizes = append(r.mix.sizes, size)
}

// amount gives an attribute that is a finite number from 0, or def.
func (r *clusterReader) amount(e *pmml.Element, attr string, def float64) float64 {
	x := r.c.finiteAttribute(e, attr, def)
	if text, ok := e.Attr(attr); ok && x < 0 {
		r.c.numberOutOfRange(e.At(attr), text, "a number from 0")
	}
	return x
}

// means reads the Array of a cluster; nil if there is none, or it cannot be used.
func (r *clusterReader) means(array *pmml.Element) []float64 {
	if array == nil {
		return nil
	}
	means := r.c.numbers(array)
	if r.mix.broken {
		return nil
	}
	if n := len(r.mix.coordinates); len(means) != n {
		r.c.inconsistent(array.Place(), "the cluster has %d means, but %d continuous fields are centre fields", len(means), n)
		return nil
	}
	return means
}

// covariances reads the Covariances of a cluster; nil if there are none, or they cannot be used.
func (r *clusterReader) covariances(e *pmml.Element) []float64 {
	if e == nil {
		return nil
	}
	r.c.attributes(e)
	matrix := r.c.single(e, []string{"Matrix"})["Matrix"]
	n := len(r.mix.coordinates)
	switch {
	case matrix == nil:
		r.c.missingElement(e, "Matrix")
		return nil
	case r.mix.broken:
		return nil
	case n == 0:
		r.c.inconsistent(e.Place(), "the cluster has covariances, but no centre field is continuous")
		return nil
	}
	cells := r.c.matrix(matrix, n)
	for _, x := range cells {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil // that was reported
		}
	}
	if cells == nil || !r.symmetric(matrix, cells, n) {
		return nil
	}
	return cells
}

// symmetric reports covariances that none can be: each pair of fields has one only, and no variance is 0 or negative.
func (r *clusterReader) symmetric(matrix *pmml.Element, cells []float64, n int) bool {
	const digits = 1e-9 // that the two places where a covariance is written may differ by
	for i := range n {
		if x := cells[i*n+i]; x <= 0 {
			r.c.inconsistent(matrix.Place(), "the variance of field %q is %g, which is not above 0", r.mix.coordinates[i].name, x)
			return false
		}
		for j := range i {
			if x, y := cells[i*n+j], cells[j*n+i]; math.Abs(x-y) > digits*math.Max(math.Abs(x), math.Abs(y)) {
				r.c.inconsistent(matrix.Place(), "the covariances are not symmetric: cell %d, %d is %g, cell %d, %d is %g", i+1, j+1, x, j+1, i+1, y)
				return false
			}
		}
	}
	return true
}

// join makes a distribution's normal fields depend on each other as the covariances of its coordinates say.
func (r *clusterReader) join(e *pmml.Element, d *Distribution, cells []float64) {
	n, coordinates := len(r.mix.normal), len(r.mix.coordinates)
	const words, steps = 8, 60 // per number; what a step of the others takes
	if most := math.MaxInt32 / words; !r.c.grow(e.Place(), words*min(n*n, most)) || !r.c.spend(e.Place(), n*n*n/steps) {
		return
	}
	d.Covariances = make([]float64, fn.Triangle(n))
	for i := range n {
		row := d.Covariances[fn.Triangle(i):]
		if i >= coordinates {
			row[i] = d.Factor[i] * d.Factor[i]
			continue
		}
		copy(row, cells[i*coordinates:i*coordinates+i+1])
	}
	factor := append([]float64(nil), d.Covariances...)
	if r.c.faults.OK() && !fn.Cholesky(factor, n) {
		r.c.inconsistent(e.Place(), "the covariances are not positive definite: some field follows from others")
	}
	d.Factor = factor
}

// partition reads a Partition; nil if there is none.
func (r *clusterReader) partition(e *pmml.Element) (stats map[*mixedField]*fieldStats, size float64) {
	if e == nil {
		return nil, math.NaN()
	}
	r.c.attributes(e, "name", "size")
	r.c.single(e, nil, "PartitionFieldStats")
	stats = map[*mixedField]*fieldStats{}
	for child := range e.Children("PartitionFieldStats") {
		r.fieldStats(child, stats)
	}
	return stats, r.amount(e, "size", math.NaN())
}

// fieldStats reads a PartitionFieldStats. One of a field that does not make the clusters is not looked at further.
func (r *clusterReader) fieldStats(e *pmml.Element, stats map[*mixedField]*fieldStats) {
	r.c.attributes(e, "field", "weighted")
	parts := r.c.single(e, []string{"Counts", "NumericInfo"}, "Array")
	r.c.choice(e, "weighted", "0", "1")
	name, ok := r.c.name(e, "field")
	if !ok {
		return
	}
	in := r.mix.named[name]
	switch {
	case in == nil && r.m.scope.lookup(name) == nil:
		r.c.unknownField(e.At("field"), name)
		return
	case in == nil:
		return
	case stats[in] != nil:
		r.c.duplicateName(e.At("field"), "statistics of field", name)
		return
	}
	s := &fieldStats{mean: math.NaN(), deviation: math.NaN()}
	stats[in] = s
	total := r.counts(parts["Counts"])
	if info := parts["NumericInfo"]; info != nil {
		r.numericInfo(info, in, s)
	}
	r.frequencies(e, in, s, total)
}

// counts reads Counts and gives how many records are counted at most; NaN if that is not said.
func (r *clusterReader) counts(e *pmml.Element) float64 {
	if e == nil {
		return math.NaN()
	}
	r.c.attributes(e, "totalFreq", "missingFreq", "invalidFreq", "cardinality")
	r.c.noChildren(e)
	r.c.required(e, "totalFreq")
	total, missing, invalid := r.amount(e, "totalFreq", math.NaN()), r.amount(e, "missingFreq", 0), r.amount(e, "invalidFreq", 0)
	r.c.whole(e, "cardinality", 0, 0)
	if missing+invalid > total {
		r.c.inconsistent(e.Place(), "%g of %g records are missing or invalid", missing+invalid, total)
	}
	return total
}

// numericInfo reads the mean and the standard deviation of a field.
func (r *clusterReader) numericInfo(e *pmml.Element, in *mixedField, s *fieldStats) {
	r.c.attributes(e, "minimum", "maximum", "mean", "standardDeviation", "median", "interQuartileRange")
	r.c.single(e, nil, "Quantile")
	for q := range e.Children("Quantile") {
		r.c.attributes(q, "quantileLimit", "quantileValue")
		r.c.noChildren(q)
		for _, attr := range []string{"quantileLimit", "quantileValue"} {
			if text, ok := r.c.required(q, attr); ok {
				r.c.finite(q.At(attr), text)
			}
		}
	}
	least, most := r.c.finiteAttribute(e, "minimum", math.Inf(-1)), r.c.finiteAttribute(e, "maximum", math.Inf(1))
	s.mean = given(e, "mean", r.c.finiteAttribute(e, "mean", math.NaN()))
	r.c.finiteAttribute(e, "median", 0)
	r.amount(e, "interQuartileRange", 0)
	s.deviation = given(e, "standardDeviation", r.amount(e, "standardDeviation", math.NaN()))
	switch text, _ := e.Attr("standardDeviation"); {
	case least > most:
		r.c.inconsistent(e.At("minimum"), "the minimum is %g, the maximum %g", least, most)
	case !math.IsInf(s.mean, 0) && (s.mean < least || s.mean > most):
		r.c.inconsistent(e.At("mean"), "the mean is %g, which is not between the minimum and the maximum", s.mean)
	case in.continuous && s.deviation == 0:
		r.c.numberOutOfRange(e.At("standardDeviation"), text, "a number above 0")
	}
}

// given is x, or something else than NaN if an attribute is there: that it is not a number was reported.
func given(e *pmml.Element, attr string, x float64) float64 {
	if _, ok := e.Attr(attr); ok && x != x {
		return 1
	}
	return x
}

// frequencies reads the Arrays of a field: how often each of its values or intervals occurs; then, for each interval, the
// sum of the values in it and that of their squares, which stand for a mean and a standard deviation that are not given.
func (r *clusterReader) frequencies(e *pmml.Element, in *mixedField, s *fieldStats, total float64) {
	const most = 3
	var sums [most]float64
	n, length := 0, in.rows
	for array := range e.Children("Array") {
		if n++; n > most {
			r.c.faults.Fault(array.Place(), diag.DuplicateElement, "", "%s has more than %d elements Array", e.Name(), most)
			break
		}
		numbers := r.c.numbers(array)
		if length == 0 {
			length = len(numbers) // of a continuous field without intervals
		}
		if len(numbers) != length && !r.mix.broken {
			r.c.inconsistent(array.Place(), "there are %d numbers for %d values or intervals of field %q", len(numbers), length, in.name)
		}
		for _, x := range numbers {
			if sums[n-1] += x; x < 0 && n != 2 { // sums of values may be negative
				r.c.numberOutOfRange(array.Place(), strconv.FormatFloat(x, 'g', -1, 64), "a number from 0")
			}
		}
		if n == 1 {
			r.share(array, in, s, numbers, sums[0], total)
		}
	}
	if n >= most && in.continuous && sums[0] > 0 {
		r.moments(e, in, s, sums)
	}
}

// moments makes of a count, a sum of values and one of their squares the mean and standard deviation that are not given.
func (r *clusterReader) moments(e *pmml.Element, in *mixedField, s *fieldStats, sums [3]float64) {
	mean := sums[1] / sums[0]
	variance := sums[2]/sums[0] - float64(mean*mean)
	if math.IsNaN(sums[1]) || math.IsNaN(sums[2]) {
		mean, variance = 0, 1 // that was reported
	}
	if s.mean != s.mean {
		s.mean = mean
	}
	if s.deviation == s.deviation {
		return
	}
	if s.deviation = math.Sqrt(variance); !(variance > 0) || math.IsInf(variance, 0) {
		s.deviation = 1
		r.c.inconsistent(e.Place(), "the sums of field %q give it a variance of %g", in.name, variance)
	}
}

// share makes shares of frequencies.
func (r *clusterReader) share(array *pmml.Element, in *mixedField, s *fieldStats, frequencies []float64, sum, total float64) {
	const digits = 1e-6 // frequencies may be rounded
	s.shares = append([]float64{}, frequencies...)
	switch {
	case sum > total*(1+digits):
		r.c.inconsistent(array.Place(), "the frequencies of field %q add up to %g, but %g records are counted", in.name, sum, total)
	case len(frequencies) > 0 && sum == 0 || math.IsInf(sum, 0):
		r.c.inconsistent(array.Place(), "the frequencies of field %q add up to %g", in.name, sum)
	}
	for i := range s.shares {
		s.shares[i] /= sum
	}
}

// priors makes the probabilities that clusters have before a record is known: their shares of the records, or all the same
// if not every cluster says how many it has.
func (r *clusterReader) priors() {
	x, sum := r.mix, 0.0
	for _, size := range x.sizes {
		sum += size
	}
	all := x.sized == len(x.sizes)
	switch {
	case x.sized > 0 && !all:
		r.c.noteInconsistent(x.place, "this cluster has no size, so all are taken to be of equal size")
	case all && len(x.sizes) > 0 && (sum == 0 || math.IsInf(sum, 0)):
		r.c.inconsistent(r.m.e.Place(), "the sizes of the clusters add up to %g", sum)
	}
	for i, size := range x.sizes {
		prior := 1 / float64(len(x.sizes))
		if all {
			prior = size / sum
		}
		r.t.Clusters[i].Distribution.Prior = prior
	}
}
