package program

import (
	"math"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Frame is one goroutine's memory for scoring: the fields of one record, and what the models made of them.
type Frame struct {
	*expr.Frame
	p        *Program
	now      uint32   // number of the record
	done     []uint32 // for each step, the last record that it was computed for
	outcomes []outcome
	scratch  []float64
	ends     []float64    // of a forest's trees
	fed      []uint64     // to a forest's lockstep
	bound    []boundState // for each input
	Strict   bool         // an input that is not allowed fails the record even if the model does not need it
	invalid  []*InputError
	depth    int          // of models in nodes of trees
	baskets  []basket     // of association rules
	members  []value.Cell // of a list that is being bound
}

type boundState uint8

const (
	unbound boundState = iota
	bound
)

// An InputError says that an input has a value that its field does not allow, or none where it must have one.
type InputError struct {
	Input   int    // index in Program.Inputs
	Missing bool   // it is missing
	Text    string // the value, text in quotation marks

	failure *expr.Failure
}

// An outcome is what a model made of a record.
type outcome struct {
	ran        bool
	value      value.Cell   // prediction; missing: none
	category   int32        // its index in the target's categories; -1: none of them
	dist, conf []float64    // probability and confidence of each category; nil: none
	entity     value.Cell   // id of the node, segment … that decided
	ids        []value.Cell // of the entities that are put in order
	order      []float64    // indexes in ids and rated, the most alike first; nil: nobody asks for them
	rated      []float64    // how alike they are: dist, before a mining model gives it the places of its own categories
	nearest    bool         // dist has distances: the smallest is that of the most alike
	penalty    float64      // factor of the confidence
	categories []value.Cell // of the model
	card       *Scorecard   // that has its reason codes; nil: there are none
	rules      *basket      // of association rules; nil: none
	named      bool         // value is a cluster whose model says how it is shown
	name       value.Cell   // how; missing: the cluster has no name
}

func (o *outcome) reset() { *o = outcome{category: -1, penalty: 1} }

// NewFrame is memory for one goroutine.
func (p *Program) NewFrame() *Frame {
	f := &Frame{
		Frame:    expr.NewFrame(len(p.Slots), value.NewStrings(p.Symbols, p.numbers), p.Functions),
		p:        p,
		done:     make([]uint32, len(p.Steps)),
		outcomes: make([]outcome, p.Outcomes),
		scratch:  make([]float64, p.Scratch),
		ends:     make([]float64, p.mostRoots),
		fed:      make([]uint64, p.mostFeeds),
		bound:    make([]boundState, len(p.Inputs)),
	}
	for _, k := range p.associations {
		f.baskets = append(f.baskets, newBasket(k))
	}
	f.Clear()
	return f
}

// Clear begins a record: every input is missing.
func (f *Frame) Clear() {
	f.Reset()
	f.invalid = f.invalid[:0]
	if f.now++; f.now == 0 { // after 2³² records: forget what the last of them computed
		clear(f.done)
		f.now = 1
	}
	clear(f.bound)
	for i := range f.p.Inputs {
		in := &f.p.Inputs[i]
		f.Slots[in.Slot], f.Nums[in.Slot] = in.absent, in.absentNum
	}
}

// Score runs the model on what is bound. It gives the input that is not allowed and that the model needs (or, if Strict,
// the first in the order of the schema), or why the record fails.
func (f *Frame) Score() (*InputError, *expr.Failure) {
	for _, i := range f.p.required {
		if f.bound[i] == unbound {
			f.BindMissing(int(i))
		}
	}
	if f.Strict && len(f.invalid) > 0 {
		f.Remember(f.p.lags)
		return slices.MinFunc(f.invalid, func(a, b *InputError) int { return a.Input - b.Input }), nil
	}
	for _, slot := range f.p.produced {
		f.Slots[slot], f.Nums[slot] = value.Cell{}, math.NaN()
	}
	for _, i := range f.p.kept {
		f.outcomes[i].ran = false
	}
	f.p.Model.run(f)
	for _, slot := range f.p.Results {
		f.Need(f.Slots[slot])
	}
	f.Remember(f.p.lags)
	failure := f.Failed()
	for _, e := range f.invalid {
		if e.failure == failure {
			return e, nil
		}
	}
	return nil, failure
}

// Predicted says that the last record got a prediction.
func (f *Frame) Predicted() bool {
	return f.outcomes[f.p.Model.Out].value.State != value.Missing
}

// compute makes sure that steps have been computed for this record.
func (f *Frame) compute(steps []int32) {
	for _, i := range steps {
		if f.done[i] != f.now {
			f.done[i] = f.now
			f.p.Steps[i].run(f)
		}
	}
}
