package program

import (
	"math"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Mixture is a clustering whose clusters are distributions. What it says of each category is the probability that the
// record belongs to that cluster, by Bayes' rule; its prediction is the most probable one.
type Mixture struct {
	Normal        []int32 // slots of the fields that are distributed normally
	Discrete      []DiscreteField
	Categories    []int32        // of each cluster: index in the target's categories
	IDs           []value.Cell   // of each category: as text
	Distributions []Distribution // of each cluster
	Ranked        bool           // somebody asks for the order of the clusters
	Scratch       int32          // see mixtureMemory

	joint bool // some cluster has covariances
}

// A DiscreteField is a field of a Mixture that has a share for each of its values or intervals.
type DiscreteField struct {
	Slot      int32
	Symbol    bool  // its values are symbols
	Keys      []Key // values, ascending,
	Intervals []expr.Interval
}

// A Distribution is how the records of one cluster are spread.
type Distribution struct {
	Prior       float64   // share of all records
	Means       []float64 // of the normal fields
	Covariances []float64 // lower triangle, row by row; nil: the normal fields are independent
	Factor      []float64 // lower triangle of the Cholesky factor of Covariances; without them, standard deviations
	Shares      []float64 // of the values of the discrete fields, one field after the other

	prior  float64   // logarithm
	shares []float64 // logarithms
	logs   []float64 // of the standard deviations
	norm   float64   // logarithm of the density at the means, without a factor that all clusters have; with Covariances
}

// rows is how many values or intervals the field has.
func (in *DiscreteField) rows() int { return max(len(in.Keys), len(in.Intervals)) }

// A mixtureMemory is the memory of a Mixture in a frame.
type mixtureMemory struct {
	probabilities []float64 // of each category
	order         []float64 // of the categories
	x             []float64 // of each normal field: its value, NaN if it is missing
	rows          []float64 // of each discrete field: the row of its value, NaN if it is missing, -1 if it has none
	z             []float64 // of each normal field that is present
	factor        []float64 // of the covariances of those that are present
}

// ScratchSize is how many numbers a mixture keeps.
func (k *Mixture) ScratchSize() int {
	n := len(k.Normal)
	size := 2*len(k.Categories) + 2*n + len(k.Discrete)
	for i := range k.Distributions {
		if k.Distributions[i].Covariances != nil {
			return size + fn.Triangle(n)
		}
	}
	return size
}

func (k *Mixture) memory(f *Frame) (mem mixtureMemory) {
	clusters, n, rest := len(k.Categories), len(k.Normal), f.scratch[k.Scratch:]
	mem.probabilities, rest = rest[:clusters], rest[clusters:]
	mem.order, rest = rest[:clusters], rest[clusters:]
	mem.x, rest = rest[:n], rest[n:]
	mem.z, rest = rest[:n], rest[n:]
	mem.rows, rest = rest[:len(k.Discrete)], rest[len(k.Discrete):]
	if k.joint {
		mem.factor = rest[:fn.Triangle(n)]
	}
	return mem
}

func (k *Mixture) eval(f *Frame, m *Model, o *outcome) {
	mem := k.memory(f)
	missing := k.read(f, &mem)
	if f.Failed() != nil {
		return
	}
	best := int32(-1)
	for i, category := range k.Categories {
		d := &k.Distributions[i]
		l := d.prior + d.normal(&mem, missing) + k.share(d, mem.rows)
		if l != l { // the record is farther away than numbers reach
			f.Need(f.Fail("Undefined result"))
			return
		}
		mem.probabilities[category] = l
		if best < 0 || l > mem.probabilities[best] {
			best = category
		}
	}
	most := mem.probabilities[best]
	if math.IsInf(most, 0) {
		k.impossible(f, mem.rows)
		return
	}
	if k.Ranked {
		o.order, o.ids, o.rated = rank(k.Categories, mem.probabilities, true, mem.order), k.IDs, mem.probabilities
	}
	sum := 0.0
	for i, l := range mem.probabilities {
		mem.probabilities[i] = math.Exp(l - most)
		sum += mem.probabilities[i]
	}
	for i := range mem.probabilities {
		mem.probabilities[i] /= sum
	}
	o.dist, o.category = mem.probabilities, best
	o.value = m.Target.Categories[best]
	o.entity = k.IDs[best]
	o.show(m)
}

// read gives a record's values, and whether a normal field is missing.
func (k *Mixture) read(f *Frame, mem *mixtureMemory) (missing bool) {
	for i, slot := range k.Normal {
		mem.x[i] = f.Nums[slot]
		if mem.x[i] != mem.x[i] {
			f.Need(f.Slots[slot])
			missing = true
		}
	}
	for i := range k.Discrete {
		mem.rows[i] = k.Discrete[i].row(f)
	}
	return missing
}

// row gives the row of a field's value, NaN if it is missing, -1 if it is none of them.
func (in *DiscreteField) row(f *Frame) float64 {
	c := &f.Slots[in.Slot]
	switch c.State {
	case value.Failed:
		f.Need(*c)
		return math.NaN()
	case value.Missing:
		return math.NaN()
	}
	x := f.Nums[in.Slot]
	if in.Symbol {
		x = math.NaN()
		if c.Type == value.String {
			x = float64(c.Sym)
		}
	}
	if row := rowOf(in.Keys, in.Intervals, x); row == row {
		return row
	}
	return -1
}

// normal is the logarithm of the density of the normal fields that are present, without a factor that all clusters have.
func (d *Distribution) normal(mem *mixtureMemory, missing bool) float64 {
	switch {
	case d.Covariances == nil:
		return d.independent(mem.x)
	case missing:
		return d.marginal(mem)
	}
	for i, x := range mem.x {
		mem.z[i] = x - d.Means[i]
	}
	return d.norm - distance(d.Factor, mem.z)/2
}

// independent is normal for fields without covariances.
func (d *Distribution) independent(x []float64) float64 {
	l := 0.0
	for i, sd := range d.Factor {
		if x[i] == x[i] {
			z := (x[i] - d.Means[i]) / sd
			l -= float64(0.5*float64(z*z)) + d.logs[i]
		}
	}
	return l
}

// marginal is normal where fields are missing: those that are present are distributed with their own covariances.
func (d *Distribution) marginal(mem *mixtureMemory) float64 {
	factor, z := mem.factor[:0], mem.z[:0]
	for i, x := range mem.x {
		if x != x {
			continue
		}
		z = append(z, x-d.Means[i])
		for j, y := range mem.x[:i+1] {
			if y == y {
				factor = append(factor, d.Covariances[fn.Triangle(i)+j])
			}
		}
	}
	if !fn.Cholesky(factor, len(z)) {
		return math.NaN()
	}
	l := 0.0
	for i := range z {
		l -= math.Log(factor[fn.Triangle(i)+i])
	}
	return l - distance(factor, z)/2
}

// distance is the square of the Mahalanobis distance for a difference from the means and the Cholesky factor of the
// covariances. It changes z.
func distance(factor, z []float64) float64 {
	sum := 0.0
	for i := range z {
		row := factor[fn.Triangle(i) : fn.Triangle(i)+i+1]
		x := z[i]
		for j, y := range z[:i] {
			x -= float64(row[j] * y)
		}
		x /= row[i]
		z[i] = x
		sum += float64(x * x)
	}
	return sum
}

// share is the logarithm of the shares of the discrete fields' values.
func (k *Mixture) share(d *Distribution, rows []float64) float64 {
	l, at := 0.0, 0
	for i, row := range rows {
		switch {
		case row >= 0:
			l += d.shares[at+int(row)]
		case row < 0:
			return math.Inf(-1)
		}
		at += k.Discrete[i].rows()
	}
	return l
}

// impossible fails a record that no cluster has a probability for: the error names a field whose value no cluster has, if
// there is one.
func (k *Mixture) impossible(f *Frame, rows []float64) {
	at := 0
	for i, row := range rows {
		if slot := k.Discrete[i].Slot; row < 0 || row >= 0 && k.never(at+int(row)) {
			c := f.Fail("No cluster has records with " + f.shown(slot))
			f.Blame(c, slot)
			f.Need(c)
			return
		}
		at += k.Discrete[i].rows()
	}
	f.Need(f.Fail("The record has probability 0 in all clusters"))
}

// never says that no cluster has a share at an index.
func (k *Mixture) never(at int) bool {
	for i := range k.Distributions {
		if k.Distributions[i].Shares[at] > 0 {
			return false
		}
	}
	return true
}

func (k *Mixture) code(c *coder) {
	c.SlotList(&k.Normal)
	codec.Slice(c.Coder, &k.Discrete, 4, func(in *DiscreteField) { in.code(c) })
	c.Int32s(&k.Categories)
	c.Cells(&k.IDs)
	codec.Slice(c.Coder, &k.Distributions, 12, func(d *Distribution) { d.code(c) })
	c.Bool(&k.Ranked)
	if n := len(k.Categories); n == 0 || n != c.categories || n != len(k.IDs) || n != len(k.Distributions) {
		c.Failf("%d clusters with %d distributions for %d categories", n, len(k.Distributions), c.categories)
		return
	}
	seen := make([]bool, len(k.Categories))
	for i, category := range k.Categories {
		if category < 0 || int(category) >= c.categories || seen[category] || !k.fits(&k.Distributions[i]) {
			c.Failf("cluster %d does not fit", i)
			return
		}
		seen[category] = true
		k.joint = k.joint || k.Distributions[i].Covariances != nil
	}
	if c.Reading() {
		k.prepare()
	}
	c.scratch(&k.Scratch, k.ScratchSize())
}

func (in *DiscreteField) code(c *coder) {
	c.Slot(&in.Slot)
	c.Bool(&in.Symbol)
	codec.Slice(c.Coder, &in.Keys, 9, func(key *Key) { key.code(c) })
	codec.Slice(c.Coder, &in.Intervals, 2, func(i *expr.Interval) { i.Code(c.Coder) })
	for _, key := range in.Keys {
		if key.Row < 0 || int(key.Row) >= in.rows() {
			c.Failf("row %d of %d", key.Row, in.rows())
		}
	}
}

func (d *Distribution) code(c *coder) {
	c.Float64(&d.Prior)
	c.Float64s(&d.Means)
	c.Float64s(&d.Covariances)
	c.Float64s(&d.Factor)
	c.Float64s(&d.Shares)
}

// fits says that a distribution is one of the mixture's fields.
func (k *Mixture) fits(d *Distribution) bool {
	n, shares := len(k.Normal), 0
	for i := range k.Discrete {
		shares += k.Discrete[i].rows()
	}
	if len(d.Means) != n || len(d.Shares) != shares || !(d.Prior >= 0 && d.Prior <= 1) {
		return false
	}
	for _, share := range d.Shares {
		if !(share >= 0 && share <= 1) {
			return false
		}
	}
	if d.Covariances == nil {
		return len(d.Factor) == n && !slices.ContainsFunc(d.Factor, func(sd float64) bool { return !(sd > 0) })
	}
	if len(d.Covariances) != fn.Triangle(n) || len(d.Factor) != fn.Triangle(n) {
		return false
	}
	for i := range n {
		if !(d.Factor[fn.Triangle(i)+i] > 0) {
			return false
		}
	}
	return true
}

// prepare works out what does not depend on a record.
func (k *Mixture) prepare() {
	for i := range k.Distributions {
		d := &k.Distributions[i]
		d.prior, d.shares = math.Log(d.Prior), make([]float64, len(d.Shares))
		for j, share := range d.Shares {
			d.shares[j] = math.Log(share)
		}
		if d.Covariances == nil {
			d.logs = make([]float64, len(d.Factor))
			for j, sd := range d.Factor {
				d.logs[j] = math.Log(sd)
			}
			continue
		}
		for j := range k.Normal {
			d.norm -= math.Log(d.Factor[fn.Triangle(j)+j])
		}
	}
}
