package program

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// An Output is an output field.
type Output struct {
	Slot     int32
	Type     value.Type // NoType: of what it gives
	Feature  enum.Feature
	Category int32      // of Probability and the like: index in the categories; -1 the predicted one; -2 none of them
	Rank     int32      // of what can be put in order: from 1; 1 of an affinity of categories
	About    int32      // outcome that it is about
	Copy     int32      // of TransformedValue of a member: slot of the member's output; -1: none
	Expr     expr.Expr  // of TransformedValue
	Expected int32      // of Residual: slot of the target's value as given; -1: none
	Display  []Display  // of PredictedDisplayValue
	Rule     RuleChoice // of RuleValue

	fast expr.Expr // Expr, specialised
}

// A Display is a value and how it is shown.
type Display struct{ Value, Shown value.Cell }

func (o *Output) code(c *coder, m *Model) {
	c.Slot(&o.Slot)
	c.Type(&o.Type)
	codec.Enum(c.Coder, &o.Feature, enum.NumFeatures)
	c.Int32(&o.Category)
	c.Int32(&o.Rank)
	c.Index(&o.About, c.outcomes)
	c.Optional(&o.Copy)
	c.Optional(&o.Expected)
	has := o.Expr != nil
	c.Bool(&has)
	if has {
		expr.Code(c.Coder, &o.Expr)
	}
	codec.Slice(c.Coder, &o.Display, 2, func(d *Display) {
		c.Cell(&d.Value)
		c.Cell(&d.Shown)
	})
	if o.Feature == enum.RuleValue {
		o.Rule.code(c)
	}
}

// eval gives the output's value for what its model made of the record.
func (o *Output) eval(f *Frame, m *Model, own *outcome) value.Cell {
	about := own
	if o.About != m.Out {
		if about = &f.outcomes[o.About]; !about.ran {
			return value.Cell{}
		}
	}
	return o.cast(f, o.feature(f, about))
}

// cast gives a value in the output's type.
func (o *Output) cast(f *Frame, c value.Cell) value.Cell {
	if o.Type == value.NoType || c.Type == o.Type || c.State != value.Valid || c.Many {
		return c
	}
	out, ok := value.Convert(c, o.Type, f.Strings)
	if !ok {
		return f.Fail("Expected " + o.Type.String() + " value, got " + text(f, c))
	}
	return out
}

func (o *Output) feature(f *Frame, about *outcome) value.Cell {
	switch o.Feature {
	case enum.PredictedValue:
		return about.value
	case enum.PredictedDisplayValue:
		if about.named {
			return about.name
		}
		for i := range o.Display {
			if value.Equal(o.Display[i].Value, about.value, f.Strings) {
				return o.Display[i].Shown
			}
		}
		return about.value
	case enum.TransformedValue:
		if o.Expr != nil {
			return o.fast.Eval(f.Frame)
		}
		if o.Copy >= 0 {
			return f.Slots[o.Copy]
		}
	case enum.Probability:
		return o.pick(about.dist, about, 1)
	case enum.Confidence:
		if about.conf == nil {
			return o.pick(about.dist, about, about.penalty)
		}
		return o.pick(about.conf, about, about.penalty)
	case enum.Affinity:
		return o.affinity(about)
	case enum.EntityID:
		if o.Rank > 1 {
			return o.ranked(about)
		}
		return about.entity
	case enum.Residual:
		return o.residual(f, about)
	case enum.ReasonCode:
		if about.card != nil {
			return about.card.reason(f, o.Rank)
		}
	case enum.RuleValue:
		return o.ruleValue(f, about.rules)
	}
	return value.Cell{}
}

// affinity gives how like the record is to an entity: the one that has the rank, or the category, or is predicted.
func (o *Output) affinity(about *outcome) value.Cell {
	switch {
	case o.Rank > 1: // of clusters; those that are voted for have no order
		if int(o.Rank) > len(about.order) {
			return value.Cell{}
		}
		return value.DoubleOf(about.rated[int(about.order[o.Rank-1])])
	case o.Category == -2 && about.nearest && about.dist != nil:
		return value.DoubleOf(math.Inf(1))
	}
	return o.pick(about.dist, about, 1)
}

// ranked gives the id of the entity that has the rank.
func (o *Output) ranked(about *outcome) value.Cell {
	if about.ids == nil || int(o.Rank) > len(about.order) { // the entity of a mining model is its segment
		return value.Cell{}
	}
	return about.ids[int(about.order[o.Rank-1])]
}

// pick gives the category's number of a distribution times a factor.
func (o *Output) pick(dist []float64, about *outcome, factor float64) value.Cell {
	i := o.Category
	if i == -1 {
		i = about.category
	}
	switch {
	case dist == nil:
		return value.Cell{}
	case i < 0 || int(i) >= len(dist):
		return value.DoubleOf(0)
	}
	return value.DoubleOf(dist[i] * factor)
}

// residual is what was expected less what was predicted; for a category, its indicator less its probability.
func (o *Output) residual(f *Frame, about *outcome) value.Cell {
	if o.Expected < 0 {
		return value.Cell{}
	}
	expected := f.Slots[o.Expected]
	if expected.State != value.Valid || about.value.State != value.Valid || about.value.Many {
		return value.Cell{}
	}
	if len(about.categories) == 0 {
		return value.DoubleOf(expected.Float64() - about.value.Float64())
	}
	i := o.Category
	if i == -1 {
		i = about.category
	}
	if i < 0 || int(i) >= min(len(about.dist), len(about.categories)) {
		return value.Cell{}
	}
	indicator := 0.0
	if value.Equal(expected, about.categories[i], f.Strings) {
		indicator = 1
	}
	return value.DoubleOf(indicator - about.dist[i])
}
