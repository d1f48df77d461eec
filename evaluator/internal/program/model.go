package program

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Model is a model element: what must be computed first, the kernel that its type is, what becomes of its prediction.
type Model struct {
	Element     string
	Out         int32   // which of the frame's outcomes is its own
	Steps       []int32 // steps that must have been computed before it runs, in order
	Kernel      Kernel
	Target      Target
	Outputs     []Output
	OutputSteps []int32 // steps that its outputs need
}

// A Kernel is what is particular to a type of model.
type Kernel interface {
	// eval makes an outcome of the frame's record. The outcome has been reset. Category and dist refer to the
	// categories of m's target.
	eval(f *Frame, m *Model, o *outcome)
	code(c *coder)
	print(p *printer)
}

// The kinds of kernels, by the number that stands for them in the compiled form: new ones are added at the end.
var kernels = []func() Kernel{
	func() Kernel { return new(Tree) },
	func() Kernel { return new(GradedTree) },
	func() Kernel { return new(Regression) },
	func() Kernel { return new(Mining) },
	func() Kernel { return new(Forest) },
	func() Kernel { return new(Association) },
	func() Kernel { return new(Scorecard) },
	func() Kernel { return new(Clustering) },
	func() Kernel { return new(Mixture) },
}

func kernelTag(k Kernel) byte {
	switch k.(type) {
	case *Tree:
		return 0
	case *GradedTree:
		return 1
	case *Regression:
		return 2
	case *Mining:
		return 3
	case *Association:
		return 5
	case *Scorecard:
		return 6
	case *Clustering:
		return 7
	case *Mixture:
		return 8
	}
	return 4
}

func (m *Model) code(c *coder) {
	if !c.Enter() {
		m.Kernel = &Tree{}
		return
	}
	defer c.Leave()
	c.String(&m.Element)
	c.Index(&m.Out, c.outcomes)
	c.stepList(&m.Steps)
	m.Target.code(c)
	codec.Slice(c.Coder, &m.Outputs, 10, func(o *Output) { o.code(c, m) })
	c.stepList(&m.OutputSteps)
	var tag byte
	if !c.Reading() {
		tag = kernelTag(m.Kernel)
	}
	c.Byte(&tag)
	if c.Reading() {
		if int(tag) >= len(kernels) {
			c.Failf("no kind of model has number %d", tag)
			tag = 0
		}
		m.Kernel = kernels[tag]()
	}
	c.categories, c.classifies = len(m.Target.Categories), len(m.Target.Categories) > 0
	m.Kernel.code(c)
}

// run scores the record: the outcome is in f.outcomes[m.Out], targets and outputs are in their slots.
func (m *Model) run(f *Frame) *outcome {
	o := &f.outcomes[m.Out]
	o.reset()
	o.categories = m.Target.Categories
	f.compute(m.Steps)
	m.Kernel.eval(f, m, o)
	o.ran = true
	m.Target.finish(f, o)
	if len(m.Outputs) > 0 {
		f.compute(m.OutputSteps)
		for i := range m.Outputs {
			out := &m.Outputs[i]
			c := out.eval(f, m, o)
			if c.State == value.Failed {
				f.Blame(c, out.Slot)
			}
			f.Set(out.Slot, c)
		}
	}
	return o
}

// A Target is what a model predicts and what its Targets element does to it.
type Target struct {
	Slot       int32      // where the prediction goes; -1: nowhere
	Type       value.Type // that it is given in; NoType: as computed
	Categories []value.Cell
	Display    []value.Cell // of each category; nil: none
	Priors     []float64    // of each category, adding up to 1; nil: none
	Default    value.Cell   // of a regression
	Min, Max   float64
	Factor     float64
	Constant   float64
	Cast       enum.CastInteger
	rescales   bool
}

func (t *Target) code(c *coder) {
	c.Optional(&t.Slot)
	c.Type(&t.Type)
	c.Cells(&t.Categories)
	c.Cells(&t.Display)
	c.Float64s(&t.Priors)
	c.Cell(&t.Default)
	c.Float64(&t.Min)
	c.Float64(&t.Max)
	c.Float64(&t.Factor)
	c.Float64(&t.Constant)
	codec.Enum(c.Coder, &t.Cast, enum.NumCastIntegers)
	n := len(t.Categories)
	if t.Display != nil && len(t.Display) != n || t.Priors != nil && len(t.Priors) != n {
		c.Failf("%d categories with %d display values and %d priors", n, len(t.Display), len(t.Priors))
	}
	t.rescales = t.Min != math.Inf(-1) || t.Max != math.Inf(1) || t.Factor != 1 || t.Constant != 0 || t.Cast != enum.NoCast
}

// finish does what Targets says: priors or a default for a missing prediction, then bounds, rescaling, rounding and the
// target's type.
func (t *Target) finish(f *Frame, o *outcome) {
	if len(t.Categories) > 0 {
		if o.value.State == value.Missing && t.Priors != nil {
			o.dist = t.Priors
			o.category = argmax(t.Priors)
			o.value = t.Categories[o.category]
		}
	} else if !o.value.Many {
		t.finishNumber(f, o)
	}
	if t.Slot >= 0 {
		f.Set(t.Slot, o.value)
	}
}

func (t *Target) finishNumber(f *Frame, o *outcome) {
	if o.value.State == value.Missing {
		o.value = t.Default
	}
	if o.value.State != value.Valid {
		return
	}
	if t.rescales && o.value.Type != value.String {
		x := math.Min(math.Max(o.value.Float64(), t.Min), t.Max)*t.Factor + t.Constant
		switch t.Cast {
		case enum.Round:
			whole := math.Floor(x)
			if x-whole >= 0.5 { // adding the half would round
				whole++
			}
			x = whole
		case enum.Ceiling:
			x = math.Ceil(x)
		case enum.Floor:
			x = math.Floor(x)
		}
		o.value = value.DoubleOf(x)
	}
	if t.Type != value.NoType && o.value.Type != t.Type {
		c, ok := value.Convert(o.value, t.Type, f.Strings)
		if !ok {
			c = f.Fail("Expected " + t.Type.String() + " value, got " + text(f, o.value))
		}
		o.value = c
		f.Need(c)
	}
}

// argmax is the index of the largest number, the first of equals; -1 if there are none.
func argmax(x []float64) int32 {
	best := int32(-1)
	for i := range x {
		if best < 0 || x[i] > x[best] {
			best = int32(i)
		}
	}
	return best
}
