package program

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Step computes a slot: a derived field, or a nested model's treatment of its parent's field.
type Step struct {
	Slot  int32
	Expr  expr.Expr  // nil: a treatment
	From  int32      // slot that is treated
	Treat *Treatment // nil: a derived field

	fast   expr.Expr     // Expr, specialised
	number *expr.Numeric // the same if it is arithmetic; else nil
}

func (s *Step) code(c *codec.Coder) {
	c.Slot(&s.Slot)
	derived := s.Treat == nil
	c.Bool(&derived)
	if derived {
		expr.Code(c, &s.Expr)
		return
	}
	c.Slot(&s.From)
	if c.Reading() {
		s.Treat = new(Treatment)
	}
	s.Treat.code(c)
}

func (s *Step) run(f *Frame) {
	var c value.Cell
	switch {
	case s.number != nil:
		if x := s.number.Number(f.Frame); x == x {
			c = value.DoubleOf(x)
			f.Slots[s.Slot], f.Nums[s.Slot] = c, c.Float64()
			return
		}
		c = s.Expr.Eval(f.Frame)
	case s.Treat == nil:
		c = s.fast.Eval(f.Frame)
	default:
		c = s.Treat.apply(f, f.Slots[s.From], s.Slot)
	}
	if c.State == value.Failed {
		f.Blame(c, s.Slot)
	}
	f.Set(s.Slot, c)
}

// apply treats a value that the parent model has prepared.
func (t *Treatment) apply(f *Frame, c value.Cell, slot int32) value.Cell {
	if c.State == value.Failed {
		return c
	}
	if c.State == value.Invalid {
		switch t.Invalid {
		case expr.ReturnInvalid:
			return f.Fail("Field \"" + f.p.Slots[slot] + "\" cannot accept invalid value " + text(f, c))
		case expr.InvalidAsMissing:
			c = value.Cell{}
		case expr.InvalidAsValue:
			if t.InvalidReplacement.State != value.Missing {
				return t.InvalidReplacement
			}
		}
	}
	if c.State == value.Valid {
		c = t.outliers(c)
	}
	if c.State != value.Missing {
		return c
	}
	if t.MissingInvalid {
		return f.Fail("Field \"" + f.p.Slots[slot] + "\" cannot accept missing value")
	}
	return t.Replacement
}

func text(f *Frame, c value.Cell) string {
	s := string(value.AppendCell(nil, c, f.Strings))
	if c.Type == value.String {
		return "\"" + cut(s) + "\""
	}
	return s
}
