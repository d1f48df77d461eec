package program

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Regression is a regression model.
type Regression struct {
	Normalization enum.Normalization
	Float         bool // arithmetic in 32 bits
	Ordinal       bool // the categories have an order: the tables are cumulative
	Scratch       int32
	Tables        []Table
}

// A Table is a linear function of slots.
type Table struct {
	Intercept float64
	Category  int32 // index in the target's categories; -1 for a regression
	Numeric   []Numeric
	Matches   []Match
	Products  []Product

	choices []choice // Matches, made fast
}

// A Numeric is coefficient × slot ^ exponent.
type Numeric struct {
	Slot     int32
	Exponent float64
	Factor   float64
}

// A Match counts its factor where the slot holds a value.
type Match struct {
	Slot   int32
	Number float64 // the value as a number, or the number of its symbol
	Symbol bool
	Factor float64
}

// A choice is matches that follow each other on one slot: where their values differ and lie close together, as the
// categories of a one-hot encoding do, the value leads to the one factor that counts.
type choice struct {
	slot    int32
	symbol  bool
	least   int32     // value of the first factor
	factors []float64 // NaN: no such value; nil: see matches
	matches []Match
}

// A Product is a coefficient times several powers.
type Product struct {
	Factor  float64
	Factors []Numeric
}

func (r *Regression) eval(f *Frame, m *Model, o *outcome) {
	if len(m.Target.Categories) == 0 {
		if y, ok := r.Tables[0].value(f, r.Float); ok {
			o.value = r.number(r.invert(y))
		}
		return
	}
	dist := f.scratch[r.Scratch : int(r.Scratch)+len(m.Target.Categories)]
	clear(dist)
	for i := range r.Tables {
		y, ok := r.Tables[i].value(f, r.Float)
		if !ok {
			return
		}
		dist[r.Tables[i].Category] = y
	}
	if r.Ordinal {
		r.cumulate(dist)
	} else {
		r.normalize(dist)
	}
	o.dist = dist
	o.category = argmax(dist)
	if math.IsNaN(dist[o.category]) {
		o.dist, o.category = nil, -1
		f.Need(f.Fail("Undefined result"))
		return
	}
	o.value = m.Target.Categories[o.category]
}

func (r *Regression) number(y float64) value.Cell {
	if r.Float {
		return value.FloatOf(y)
	}
	return value.DoubleOf(y)
}

// value gives the linear function's value; false if something is missing that it needs.
func (t *Table) value(f *Frame, float bool) (float64, bool) {
	if float {
		return t.value32(f)
	}
	y := t.Intercept
	for i := range t.Numeric {
		n := &t.Numeric[i]
		x := f.Nums[n.Slot]
		if x != x {
			return f.lack(n.Slot)
		}
		y += float64(n.Factor * power(x, n.Exponent))
	}
	for i := range t.choices {
		c := &t.choices[i]
		if x := c.factor(f); x == x {
			y += x
		}
		for k := range c.matches {
			if c.matches[k].holds(f) {
				y += c.matches[k].Factor
			}
		}
	}
	for i := range t.Products {
		p := t.Products[i].Factor
		for _, n := range t.Products[i].Factors {
			x := f.Nums[n.Slot]
			if x != x {
				return f.lack(n.Slot)
			}
			p *= power(x, n.Exponent)
		}
		y += p
	}
	return y, true
}

// power is math.Pow, whose ceremony the usual exponents do not need. The square is the exact one rounded once.
func power(x, exponent float64) float64 {
	switch exponent {
	case 1:
		return x
	case 2:
		return x * x
	}
	return math.Pow(x, exponent)
}

// value32 is value in 32-bit arithmetic.
func (t *Table) value32(f *Frame) (float64, bool) {
	y := float32(t.Intercept)
	for i := range t.Numeric {
		n := &t.Numeric[i]
		x := f.Nums[n.Slot]
		if x != x {
			return f.lack(n.Slot)
		}
		y += float32(float32(n.Factor) * float32(power(x, n.Exponent)))
	}
	for i := range t.choices {
		c := &t.choices[i]
		if x := c.factor(f); x == x {
			y += float32(x)
		}
		for k := range c.matches {
			if c.matches[k].holds(f) {
				y += float32(c.matches[k].Factor)
			}
		}
	}
	for i := range t.Products {
		p := float32(t.Products[i].Factor)
		for _, n := range t.Products[i].Factors {
			x := f.Nums[n.Slot]
			if x != x {
				return f.lack(n.Slot)
			}
			p *= float32(power(x, n.Exponent))
		}
		y += p
	}
	return float64(y), true
}

// prepare makes the choices of the matches.
func (t *Table) prepare() {
	t.choices = nil
	for from := 0; from < len(t.Matches); {
		m, to := t.Matches[from], from+1
		for to < len(t.Matches) && t.Matches[to].Slot == m.Slot && t.Matches[to].Symbol == m.Symbol {
			to++
		}
		t.choices = append(t.choices, newChoice(t.Matches[from:to]))
		from = to
	}
}

// newChoice makes a choice of matches on one slot.
func newChoice(matches []Match) choice {
	plain := choice{matches: matches}
	least, greatest := math.Inf(1), math.Inf(-1)
	for _, m := range matches {
		least, greatest = math.Min(least, m.Number), math.Max(greatest, m.Number)
		if m.Number != math.Trunc(m.Number) || math.Abs(m.Number) > math.MaxInt32 || m.Factor != m.Factor {
			return plain
		}
	}
	if len(matches) < 2 || greatest-least > float64(16+4*len(matches)) {
		return plain
	}
	c := choice{slot: matches[0].Slot, symbol: matches[0].Symbol, least: int32(least), factors: make([]float64, int(greatest-least)+1)}
	for i := range c.factors {
		c.factors[i] = math.NaN()
	}
	for _, m := range matches {
		at := &c.factors[int(m.Number-least)]
		if *at == *at {
			return plain // a value with two factors
		}
		*at = m.Factor
	}
	return c
}

// factor gives the factor that counts, NaN if none does.
func (c *choice) factor(f *Frame) float64 {
	if c.factors == nil {
		return math.NaN()
	}
	cell, i := &f.Slots[c.slot], 0
	switch {
	case cell.State == value.Failed:
		f.Need(*cell)
		return math.NaN()
	case c.symbol:
		if cell.Type != value.String || cell.State == value.Missing {
			return math.NaN()
		}
		i = int(cell.Sym) - int(c.least)
	default:
		x := f.Nums[c.slot]
		whole := int(x)
		if float64(whole) != x {
			return math.NaN()
		}
		i = whole - int(c.least)
	}
	if i < 0 || i >= len(c.factors) {
		return math.NaN()
	}
	return c.factors[i]
}

// lack says that a number is missing; a field that could not be computed fails the record.
func (f *Frame) lack(slot int32) (float64, bool) {
	f.Need(f.Slots[slot])
	return 0, false
}

func (m *Match) holds(f *Frame) bool {
	c := &f.Slots[m.Slot]
	switch {
	case c.State == value.Failed:
		f.Need(*c)
		return false
	case m.Symbol:
		return c.Type == value.String && c.State != value.Missing && c.Sym == int32(m.Number)
	}
	return f.Nums[m.Slot] == m.Number
}

// invert is the inverse link of a regression, or of one table of a classification.
func (r *Regression) invert(y float64) float64 {
	switch r.Normalization {
	case enum.SoftMax, enum.Logit:
		return r.logistic(y)
	case enum.Probit:
		return math.Erfc(-y/math.Sqrt2) / 2
	case enum.CLogLog:
		return -math.Expm1(-math.Exp(y))
	case enum.LogLog:
		return math.Exp(-math.Exp(-y))
	case enum.CauchIt:
		return 0.5 + math.Atan(y)/math.Pi
	case enum.Exp:
		return r.exp(y)
	}
	return y
}

func (r *Regression) logistic(y float64) float64 {
	if r.Float {
		return float64(1 / (1 + float32(math.Exp(-y))))
	}
	return 1 / (1 + math.Exp(-y))
}

func (r *Regression) exp(y float64) float64 {
	if r.Float {
		return float64(float32(math.Exp(y)))
	}
	return math.Exp(y)
}

// normalize makes probabilities of the values of the tables. PMML 4.4, Regression, "normalizationMethod".
func (r *Regression) normalize(y []float64) {
	switch {
	case r.Normalization == enum.SoftMax:
		r.softmax(y)
	case r.Normalization == enum.SimpleMax:
		r.share(y)
	case len(r.Tables) == 2:
		// Two categories: the first table decides, the second is what is left.
		first, second := r.Tables[0].Category, r.Tables[1].Category
		p := r.invert(y[first])
		if r.Normalization == enum.NoNormalization {
			p = math.Min(math.Max(p, 0), 1)
		}
		y[first] = p
		y[second] = r.rest(p)
	case r.Normalization == enum.NoNormalization:
		last, sum := r.Tables[len(r.Tables)-1].Category, 0.0
		for i := range y {
			if int32(i) != last {
				sum += y[i]
			}
		}
		y[last] = 1 - sum
	default:
		for i := range r.Tables {
			c := r.Tables[i].Category
			y[c] = r.invert(y[c])
		}
		r.share(y)
	}
}

func (r *Regression) rest(p float64) float64 {
	if r.Float {
		return float64(1 - float32(p))
	}
	return 1 - p
}

// softmax subtracts the largest value first, so that nothing overflows.
func (r *Regression) softmax(y []float64) {
	most := math.Inf(-1)
	for _, t := range r.Tables {
		most = math.Max(most, y[t.Category])
	}
	for _, t := range r.Tables {
		d := y[t.Category] - most
		if r.Float {
			d = float64(float32(y[t.Category]) - float32(most))
		}
		y[t.Category] = r.exp(d)
	}
	r.share(y)
}

// share divides by the sum.
func (r *Regression) share(y []float64) {
	if r.Float {
		sum := float32(0)
		for _, t := range r.Tables {
			sum += float32(y[t.Category])
		}
		for _, t := range r.Tables {
			y[t.Category] = float64(float32(y[t.Category]) / sum)
		}
		return
	}
	sum := 0.0
	for _, t := range r.Tables {
		sum += y[t.Category]
	}
	for _, t := range r.Tables {
		y[t.Category] /= sum
	}
}

// cumulate makes probabilities of the cumulative values of an ordinal target: differences, and the rest for the last.
func (r *Regression) cumulate(y []float64) {
	before := 0.0
	for i := range r.Tables {
		c := r.Tables[i].Category
		if i == len(r.Tables)-1 {
			y[c] = 1 - before
			return
		}
		cum := r.invert(y[c])
		if r.Normalization == enum.NoNormalization {
			cum = math.Min(math.Max(cum, 0), 1)
		}
		y[c], before = cum-before, cum
	}
}

func (r *Regression) code(c *coder) {
	codec.Enum(c.Coder, &r.Normalization, enum.NumNormalizations)
	c.Bool(&r.Float)
	c.Bool(&r.Ordinal)
	c.scratch(&r.Scratch, c.categories)
	codec.Slice(c.Coder, &r.Tables, 12, func(t *Table) { t.code(c) })
	if len(r.Tables) == 0 {
		c.Failf("a regression without tables")
	}
}

func (t *Table) code(c *coder) {
	c.Float64(&t.Intercept)
	c.Int32(&t.Category)
	if t.Category < -1 || int(t.Category) >= max(1, c.categories) || c.classifies && t.Category < 0 {
		c.Failf("category %d of %d", t.Category, c.categories)
		t.Category = 0
	}
	codec.Slice(c.Coder, &t.Numeric, 17, func(n *Numeric) { n.code(c) })
	codec.Slice(c.Coder, &t.Matches, 18, func(m *Match) {
		c.Slot(&m.Slot)
		c.Float64(&m.Number)
		c.Bool(&m.Symbol)
		c.Float64(&m.Factor)
	})
	codec.Slice(c.Coder, &t.Products, 9, func(p *Product) {
		c.Float64(&p.Factor)
		codec.Slice(c.Coder, &p.Factors, 17, func(n *Numeric) { n.code(c) })
	})
}

func (n *Numeric) code(c *coder) {
	c.Slot(&n.Slot)
	c.Float64(&n.Exponent)
	c.Float64(&n.Factor)
}
