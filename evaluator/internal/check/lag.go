package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A lag is a Lag as written.
type lag struct {
	ref    reference
	n      int32
	of     expr.LagAggregate
	blocks []reference
}

// maxLag bounds the values of earlier records that a scorer has to remember, for all lags of a document together.
const maxLag = 1_000_000

func (r formulaReader) lag(e *pmml.Element) term {
	r.c.attributes(e, "field", "n", "aggregate")
	t := &lag{n: r.c.whole(e, "n", 1, 1), of: expr.LagAggregate(r.c.choice(e, "aggregate", expr.LagAggregates...))}
	if r.c.lagged += int64(t.n); r.c.lagged > maxLag && r.c.lagged-int64(t.n) <= maxLag {
		r.c.tooManyLags(e.Place())
	}
	ref, ok := r.field(e, "field")
	t.ref = ref
	for child := range e.Children() {
		if child.Name() != "BlockIndicator" {
			r.c.unknownElement(child, e)
			continue
		}
		r.c.attributes(child, "field")
		block, named := r.field(child, "field")
		t.blocks = append(t.blocks, block)
		ok = ok && named
	}
	if !ok {
		return nil
	}
	return t
}

func (t *lag) resolve(r *resolver, _ value.Type) (expr.Expr, value.Type) {
	o := r.operand(t.ref)
	x := &expr.Lag{N: t.n, Of: t.of}
	slot, ok := o.x.(*expr.Slot)
	if !ok {
		if o.ok {
			r.c.inconsistent(t.ref.at, "the parameter %q of a function has no values in earlier records", t.ref.name)
		}
		return nothing(), value.NoType
	}
	x.Slot = slot.Slot
	for _, b := range t.blocks {
		if slot, ok := r.operand(b).x.(*expr.Slot); ok {
			x.Blocks = append(x.Blocks, slot.Slot)
		}
	}
	if t.of != expr.LagNone {
		if o.typ == value.String {
			r.c.wrongOperand(t.ref.at, t.ref.name, o.typ, "a number")
		}
		return x, value.Double
	}
	return x, o.typ
}
