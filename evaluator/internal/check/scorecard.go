package check

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A scorecardReader reads the characteristics of a Scorecard.
type scorecardReader struct {
	c     *checker
	m     *model
	t     *Scorecard
	codes map[value.Cell]int32 // index of each reason code
	asked bool                 // some output field of the model gives reason codes
}

// scorecard checks a Scorecard.
func (c *checker) scorecard(e *pmml.Element, parent *model) *model {
	t := &Scorecard{}
	m := c.begin(e, parent, &t.ModelCommon,
		[]string{"initialScore", "useReasonCodes", "reasonCodeAlgorithm", "baselineScore", "baselineMethod"},
		[]string{"Characteristics"}, nil)
	if m.classifies {
		c.unsupportedTogether(e, "functionName", t.Function, "a scorecard")
	}
	r := &scorecardReader{c: c, m: m, t: t, codes: map[value.Cell]int32{}, asked: asksReasons(m)}
	t.Initial = r.points(e, "initialScore", 0)
	t.Above = c.choice(e, "reasonCodeAlgorithm", "pointsBelow", "pointsAbove") == 1
	c.choice(e, "baselineMethod", "other", "max", "min", "mean", "neutral")
	m.reasons = true
	t.Reasons = c.boolean(e, "useReasonCodes", true)
	if r.asked && !t.Reasons {
		c.noteInconsistent(e.At("useReasonCodes"), "there are no reason codes, so the output fields for them are always missing")
	}
	baseline, has := r.baseline(e)
	if list := m.parts["Characteristics"]; list != nil {
		c.attributes(list)
		for child := range list.Children() {
			if child.Name() != "Characteristic" {
				c.unknownElement(child, list)
				continue
			}
			r.characteristic(child, baseline, has)
		}
		if len(t.Characteristics) == 0 {
			c.missingElement(list, "Characteristic")
		}
	} else {
		c.missingElement(e, "Characteristics")
	}
	return c.end(m, t)
}

// asksReasons says that an output field of a model gives reason codes.
func asksReasons(m *model) bool {
	if out := m.parts["Output"]; out != nil {
		for child := range out.Children("OutputField") {
			if feature, _ := child.Attr("feature"); feature == "reasonCode" {
				return true
			}
		}
	}
	return false
}

// points reads a finite number in the model's arithmetic, or def.
func (r *scorecardReader) points(e *pmml.Element, attr string, def float64) float64 {
	text, ok := e.Attr(attr)
	if !ok {
		return def
	}
	x := r.c.numberIn(r.m, e, attr, text).Float64()
	if math.IsInf(x, 0) {
		r.c.invalidNumber(e.At(attr), text)
	}
	return x
}

// baseline reads a baselineScore and says whether there is one.
func (r *scorecardReader) baseline(e *pmml.Element) (float64, bool) {
	_, has := e.Attr("baselineScore")
	return r.points(e, "baselineScore", 0), has
}

// characteristic reads a Characteristic. baseline is that of the whole, if it has one.
func (r *scorecardReader) characteristic(e *pmml.Element, baseline float64, has bool) {
	r.c.attributes(e, "name", "reasonCode", "baselineScore")
	out := Characteristic{Baseline: baseline, First: int32(len(r.t.Attributes))}
	out.Name, _ = e.Attr("name")
	if own, ok := r.baseline(e); ok {
		out.Baseline, has = own, true
	}
	if r.t.Reasons && !has {
		r.lacks(e, "baselineScore")
	}
	code := int32(-1)
	if text, ok := e.Attr("reasonCode"); ok {
		code = r.code(text)
	}
	lacking := false // a code: one complaint for a characteristic
	for child := range e.Children() {
		if child.Name() != "Attribute" {
			r.c.unknownElement(child, e)
			continue
		}
		a := r.attribute(child, code)
		if a.Code < 0 && r.t.Reasons && !lacking {
			r.lacks(e, "reasonCode")
			lacking = true
		}
		if !has {
			a.Code = -1
		}
		r.t.Attributes = append(r.t.Attributes, a)
	}
	if out.Num = int32(len(r.t.Attributes)) - out.First; out.Num == 0 {
		r.c.missingElement(e, "Attribute")
	}
	r.t.Characteristics = append(r.t.Characteristics, out)
}

// lacks reports what reason codes cannot do without: a fault if they are asked for. If they are not, the score is what it
// is.
func (r *scorecardReader) lacks(e *pmml.Element, attr string) {
	if r.asked {
		r.c.missingAttribute(e, attr)
		return
	}
	r.c.noteInconsistent(e.Place(), "there is no %s, so the characteristic gives no reason code", attr)
}

// code gives the index of a reason code; -1 if they are not used.
func (r *scorecardReader) code(text string) int32 {
	if !r.t.Reasons {
		return -1
	}
	cell := r.c.out.Symbols.Cell(text)
	i, ok := r.codes[cell]
	if !ok {
		i = int32(len(r.t.Codes))
		r.codes[cell] = i
		r.t.Codes = append(r.t.Codes, cell)
	}
	return i
}

// attribute reads an Attribute. code is its characteristic's reason code.
func (r *scorecardReader) attribute(e *pmml.Element, code int32) Attribute {
	r.c.attributes(e, "reasonCode", "partialScore")
	a := Attribute{Code: code}
	if text, ok := e.Attr("reasonCode"); ok {
		a.Code = r.code(text)
	}
	for child := range e.Children() {
		switch name := child.Name(); {
		case isPredicate(name):
			if a.Predicate != nil {
				r.c.duplicatePredicate(child, e)
			}
			a.Predicate = r.c.predicate(r.m, child)
		case name == "ComplexPartialScore":
			if a.Complex != nil {
				r.c.duplicateElement(child, e)
			}
			a.Complex = r.complexScore(child)
		default:
			r.c.unknownElement(child, e)
		}
	}
	if a.Predicate == nil {
		r.c.missingElement(e, "<Predicate>")
	}
	a.Score = r.points(e, "partialScore", 0)
	if a.Complex == nil {
		r.c.required(e, "partialScore")
	}
	return a
}

// complexScore reads a partial score that is computed.
func (r *scorecardReader) complexScore(e *pmml.Element) expr.Expr {
	r.c.attributes(e)
	f := r.c.formula(e, nil)
	if f == nil {
		return nothing()
	}
	resolver := &resolver{c: r.c, lookup: r.m.scope.lookup, unknown: true}
	x, t := f.root.resolve(resolver, value.Double)
	x = resolver.cast(e.Place(), x, t, value.Double)
	r.c.spendCost(e.Place(), "the partial score", expr.CostOf(x, r.c.costs))
	for _, slot := range slotsOf(x) {
		r.m.reads.add(slot)
	}
	return x
}
