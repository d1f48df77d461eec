package program

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Scorecard adds up the partial scores of characteristics, and ranks the reasons why the sum is not what it could be.
type Scorecard struct {
	Initial         float64
	Float           bool    // arithmetic in 32 bits
	Above           bool    // points above the baseline are reasons, not those below it
	Codes           []int32 // symbols of the reason codes
	Scratch         int32   // points of each code; its place in the ranking; the codes in their order; how many they are
	Characteristics []Characteristic
}

// A Characteristic scores one aspect of a record: its first attribute that is true decides.
type Characteristic struct {
	Name       string
	Baseline   float64
	Attributes []Attribute

	bins *bins // nil: ask one attribute after the other
}

// An Attribute is what a characteristic may be, and the partial score for it.
type Attribute struct {
	Predicate expr.Predicate
	Score     float64
	Complex   expr.Expr // gives the partial score as a double; nil: Score
	Code      int32     // index of its reason code; -1: none

	fast expr.Expr // Complex, specialised
}

func (k *Scorecard) eval(f *Frame, m *Model, o *outcome) {
	reasons := k.reasons(f)
	reasons.clear()
	score := k.Initial
	for i := range k.Characteristics {
		c := &k.Characteristics[i]
		a := c.choose(f)
		if a == nil {
			f.Need(f.Fail(fmt.Sprintf("Characteristic %q has no attribute that is true", c.Name)))
			return
		}
		points := a.Score
		if a.Complex != nil {
			cell := a.fast.Eval(f.Frame)
			points = k.round(cell.Float64())
			if math.IsNaN(points) {
				if cell.State != value.Failed {
					cell = f.Fail(fmt.Sprintf("Characteristic %q has an undefined partial score", c.Name))
				}
				f.Need(cell)
				return
			}
		}
		score = k.round(score + points)
		if a.Code >= 0 {
			difference := k.round(c.Baseline - points)
			if k.Above {
				difference = -difference
			}
			reasons.meet(a.Code)
			reasons.points[a.Code] = k.round(reasons.points[a.Code] + difference)
		}
	}
	o.value, o.card = value.DoubleOf(score), k
	if k.Float {
		o.value = value.FloatOf(score)
	}
}

func (k *Scorecard) round(x float64) float64 {
	if k.Float {
		return float64(float32(x))
	}
	return x
}

// choose gives the first attribute that is true, nil if there is none.
func (c *Characteristic) choose(f *Frame) *Attribute {
	if c.bins != nil {
		if i, ok := c.bins.find(f); ok {
			if i < 0 {
				return nil
			}
			return &c.Attributes[i]
		}
	}
	for i := range c.Attributes {
		if c.Attributes[i].Predicate.Holds(f.Frame) == value.True {
			return &c.Attributes[i]
		}
	}
	return nil
}

// reasons are a scorecard's part of the frame's scratch memory.
type reasons struct {
	points []float64 // of each code
	met    []float64 // 1: some attribute of the code was chosen
	order  []float64 // the codes that were met, first in the order in which they were, then in that of their points
	state  []float64 // how many were met; whether they have been sorted; how many of them count
}

// ScratchSize gives how many numbers the kernel needs.
func (k *Scorecard) ScratchSize() int { return 3*len(k.Codes) + 3 }

func (k *Scorecard) reasons(f *Frame) reasons {
	at, n := int(k.Scratch), len(k.Codes)
	own := f.scratch[at : at+k.ScratchSize()]
	return reasons{own[:n], own[n : 2*n], own[2*n : 3*n], own[3*n:]}
}

func (r *reasons) clear() {
	clear(r.points)
	clear(r.met)
	clear(r.state)
}

// meet takes a code into the order, if it is not there yet.
func (r *reasons) meet(code int32) {
	if r.met[code] == 0 {
		r.met[code] = 1
		r.order[int(r.state[0])] = float64(code)
		r.state[0]++
	}
}

// sort puts the codes in the order of their points, equal ones in that of the characteristics, and counts those whose
// points are not negative.
func (r *reasons) sort() {
	if r.state[1] != 0 {
		return
	}
	r.state[1] = 1
	met := r.order[:int(r.state[0])]
	slices.SortStableFunc(met, func(a, b float64) int { return cmp.Compare(r.points[int(b)], r.points[int(a)]) })
	n := 0
	for n < len(met) && r.points[int(met[n])] >= 0 {
		n++
	}
	r.state[2] = float64(n)
}

// reason gives the reason code of a rank; missing if there are not so many.
func (k *Scorecard) reason(f *Frame, rank int32) value.Cell {
	r := k.reasons(f)
	r.sort()
	if rank < 1 || float64(rank) > r.state[2] {
		return value.Cell{}
	}
	return value.SymbolOf(k.Codes[int(r.order[rank-1])])
}

func (k *Scorecard) code(c *coder) {
	c.Float64(&k.Initial)
	c.Bool(&k.Float)
	c.Bool(&k.Above)
	codec.Slice(c.Coder, &k.Codes, 1, func(symbol *int32) { c.Index(symbol, c.symbolBound()) })
	c.scratch(&k.Scratch, k.ScratchSize())
	codec.Slice(c.Coder, &k.Characteristics, 10, func(ch *Characteristic) {
		c.String(&ch.Name)
		c.Float64(&ch.Baseline)
		codec.Slice(c.Coder, &ch.Attributes, 11, func(a *Attribute) { a.code(c, len(k.Codes)) })
	})
}

func (a *Attribute) code(c *coder, codes int) {
	expr.CodePredicate(c.Coder, &a.Predicate)
	c.Float64(&a.Score)
	c.Int32(&a.Code)
	if a.Code < -1 || int(a.Code) >= codes {
		c.Failf("reason code %d of %d", a.Code, codes)
		a.Code = -1
	}
	has := a.Complex != nil
	c.Bool(&has)
	if has {
		expr.Code(c.Coder, &a.Complex)
	}
}

// expressions calls visit for each expression of the kernel.
func (k *Scorecard) expressions(visit func(expr.Expr)) {
	for i := range k.Characteristics {
		for j := range k.Characteristics[i].Attributes {
			if x := k.Characteristics[i].Attributes[j].Complex; x != nil {
				visit(x)
			}
		}
	}
}

// prepare works out what makes scoring fast.
func (k *Scorecard) prepare(functions []expr.Function) {
	for i := range k.Characteristics {
		c := &k.Characteristics[i]
		c.bins = newBins(c.Attributes)
		for j := range c.Attributes {
			if a := &c.Attributes[j]; a.Complex != nil {
				a.fast = expr.Specialise(a.Complex, functions)
			}
		}
	}
}

func (k *Scorecard) print(w *printer) {
	what := "below"
	if k.Above {
		what = "above"
	}
	w.line("%g, points %s", k.Initial, what)
	for i := range k.Characteristics {
		c := &k.Characteristics[i]
		w.line("characteristic %q baseline %g", c.Name, c.Baseline)
		for j := range c.Attributes {
			w.deeper().attribute(k, &c.Attributes[j])
		}
	}
}

func (w *printer) attribute(k *Scorecard, a *Attribute) {
	score := fmt.Sprintf("%g", a.Score)
	if a.Complex != nil {
		score = w.expr(a.Complex)
	}
	s := w.predicate(a.Predicate) + ": " + score
	if a.Code >= 0 {
		s += " " + w.Cell(value.SymbolOf(k.Codes[a.Code]))
	}
	w.line("%s", s)
}

// Bins say which attribute a number chooses, where all attributes of a characteristic ask one slot for its number: between
// two limits they all answer the same.
type bins struct {
	slot    int32
	limits  []float64 // ascending
	chosen  []int32   // below the first limit, at it, between it and the second, …, above the last; -1: none
	missing int32     // if the slot is missing
}

// newBins gives the bins of a characteristic, nil if it has none or they are too many to be worth it.
func newBins(attributes []Attribute) *bins {
	r := &binReader{bins: bins{slot: -1}}
	moved := make([]expr.Predicate, len(attributes))
	for i := range attributes {
		if moved[i] = r.move(attributes[i].Predicate); moved[i] == nil {
			return nil
		}
	}
	if len(r.limits) == 0 {
		return nil
	}
	slices.Sort(r.limits)
	r.limits = slices.Compact(r.limits)
	f := &expr.Frame{Slots: make([]value.Cell, 1), Nums: make([]float64, 1)}
	choose := func(x value.Cell) int32 {
		f.Set(0, x)
		return int32(slices.IndexFunc(moved, func(p expr.Predicate) bool { return p.Holds(f) == value.True }))
	}
	r.chosen = append(r.chosen, choose(value.DoubleOf(math.Nextafter(r.limits[0], math.Inf(-1)))))
	for _, limit := range r.limits {
		r.chosen = append(r.chosen, choose(value.DoubleOf(limit)), choose(value.DoubleOf(math.Nextafter(limit, math.Inf(1)))))
	}
	r.missing = choose(value.Cell{})
	return &r.bins
}

// A binReader finds the limits of the bins.
type binReader struct {
	bins
	size int // predicates that were seen
}

// move gives a predicate that asks slot 0 instead of its own, nil if it asks for something else than the number of the one
// slot, or if there are too many: each is asked for each bin.
func (r *binReader) move(p expr.Predicate) expr.Predicate {
	const most = 64
	if r.size++; r.size > most {
		return nil
	}
	switch p := p.(type) {
	case *expr.Always:
		return p
	case *expr.Compare:
		if !r.asks(p.Slot) || math.IsNaN(p.Limit) || math.IsInf(p.Limit, 0) {
			return nil
		}
		r.limits = append(r.limits, p.Limit)
		return &expr.Compare{Op: p.Op, Limit: p.Limit}
	case *expr.Known:
		if !r.asks(p.Slot) {
			return nil
		}
		return &expr.Known{Missing: p.Missing}
	case *expr.Compound:
		moved := &expr.Compound{Op: p.Op}
		for _, a := range p.Args {
			q := r.move(a)
			if q == nil {
				return nil
			}
			moved.Args = append(moved.Args, q)
		}
		return moved
	}
	return nil
}

// asks says that a slot is the one that all predicates ask.
func (r *binReader) asks(slot int32) bool {
	if r.slot < 0 {
		r.slot = slot
	}
	return r.slot == slot
}

// find gives the index of the attribute that the record chooses, -1 if there is none. It is not ok if the slot holds
// neither a number nor nothing: then the predicates must be asked.
func (b *bins) find(f *Frame) (i int32, ok bool) {
	x := f.Nums[b.slot]
	if x != x {
		return b.missing, f.Slots[b.slot].State == value.Missing
	}
	at, equal := slices.BinarySearch(b.limits, x)
	if equal {
		return b.chosen[2*at+1], true
	}
	return b.chosen[2*at], true
}
