package check

import (
	"cmp"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// isPredicate says that an element of that name is a predicate.
func isPredicate(name string) bool {
	switch name {
	case "SimplePredicate", "SimpleSetPredicate", "CompoundPredicate", "True", "False":
		return true
	}
	return false
}

// predicate reads a predicate of the model's own element. A predicate with a fault is one that never holds.
func (c *checker) predicate(m *model, e *pmml.Element) expr.Predicate {
	switch e.Name() {
	case "SimplePredicate":
		return c.simplePredicate(m, e)
	case "SimpleSetPredicate":
		return c.simpleSetPredicate(m, e)
	case "CompoundPredicate":
		return c.compoundPredicate(m, e)
	}
	c.attributes(e)
	c.noChildren(e)
	return &expr.Always{Truth: value.TruthOf(e.Name() == "True")}
}

func never() expr.Predicate { return &expr.Always{Truth: value.False} }

// operators are the operators of SimplePredicate; the first six by their numbers in expr.
var operators = []string{
	"equal", "notEqual", "lessThan", "lessOrEqual", "greaterThan", "greaterOrEqual", "isMissing", "isNotMissing",
}

func (c *checker) simplePredicate(m *model, e *pmml.Element) expr.Predicate {
	c.attributes(e, "field", "operator", "value")
	c.noChildren(e)
	f, known := c.read(m, e, "field")
	op, ok := c.requiredChoice(e, "operator", operators...)
	if !ok {
		return never()
	}
	if op >= 6 {
		if !known {
			return never()
		}
		return &expr.Known{Slot: f.slot, Missing: op == 6}
	}
	text, ok := c.required(e, "value")
	if !ok || !known {
		return never()
	}
	return c.compare(e.At("value"), f, expr.Operator(op), text)
}

// compare is the comparison of a field with a literal, in the field's type.
func (c *checker) compare(at diag.Place, f *field, op expr.Operator, text string) expr.Predicate {
	if op == expr.Equal || op == expr.NotEqual {
		return c.equals(at, f, op, text)
	}
	if f.typ == value.String {
		return c.ordinal(at, f, op, text)
	}
	limit, ok := c.parse(f.typ, text)
	if !ok || limit.Type == value.String {
		c.invalidLiteral(at, numberOr(f.typ), text)
		return never()
	}
	if f.op == Ordinal && slices.Contains(f.values, limit) && !slices.IsSortedFunc(f.values, byNumber) {
		return c.ordinal(at, f, op, text)
	}
	if f.op == Categorical && f.typ != value.Boolean {
		c.noteNoOrder(at, f)
	}
	return &expr.Compare{Slot: f.slot, Op: op, Limit: limit.Float64()}
}

func numberOr(t value.Type) value.Type {
	if t == value.NoType {
		return value.Double
	}
	return t
}

func (c *checker) equals(at diag.Place, f *field, op expr.Operator, text string) expr.Predicate {
	members := c.members(at, f.typ, f, text)
	if len(members) == 1 && members[0].Type != value.String && !expr.Wide(members[0]) {
		return &expr.Compare{Slot: f.slot, Op: op, Limit: members[0].Float64()}
	}
	return &expr.In{Slot: f.slot, Not: op == expr.NotEqual, Set: expr.NewSet(members)}
}

func byNumber(a, b value.Cell) int { return cmp.Compare(a.Float64(), b.Float64()) }

// ordinal is an order of categories: PMML 3.2, the order of an ordinal field's values is that of its Value elements.
func (c *checker) ordinal(at diag.Place, f *field, op expr.Operator, text string) expr.Predicate {
	if f.op != Ordinal || len(f.values) == 0 {
		c.noOrder(at, f.name)
		return never()
	}
	if !c.spend(at, len(f.values)) {
		return never()
	}
	cell, _ := c.parse(f.typ, text)
	i := slices.Index(f.values, cell)
	if i < 0 {
		c.invalidValue(at, text, "one of the values declared for field "+quote(f.name))
		return never()
	}
	var members []value.Cell
	switch op {
	case expr.LessThan:
		members = f.values[:i]
	case expr.LessOrEqual:
		members = f.values[:i+1]
	case expr.GreaterThan:
		members = f.values[i+1:]
	default:
		members = f.values[i:]
	}
	return &expr.In{Slot: f.slot, Set: expr.NewSet(members)}
}

func (c *checker) simpleSetPredicate(m *model, e *pmml.Element) expr.Predicate {
	c.attributes(e, "field", "booleanOperator")
	f, known := c.read(m, e, "field")
	op, ok := c.requiredChoice(e, "booleanOperator", "isIn", "isNotIn")
	array := c.single(e, []string{"Array"})["Array"]
	if array == nil {
		c.missingElement(e, "Array")
		return never()
	}
	var members []value.Cell
	c.array(array, func(text string) {
		if known {
			members = append(members, c.members(array.Place(), f.typ, f, text)...)
		}
	})
	if !ok || !known {
		return never()
	}
	return &expr.In{Slot: f.slot, Not: op == 1, Set: expr.NewSet(members)}
}

func (c *checker) compoundPredicate(m *model, e *pmml.Element) expr.Predicate {
	c.attributes(e, "booleanOperator")
	p := &expr.Compound{}
	op, ok := c.requiredChoice(e, "booleanOperator", "and", "or", "xor", "surrogate")
	p.Op = expr.Connective(op)
	for child := range e.Children() {
		if !isPredicate(child.Name()) {
			c.unknownElement(child, e)
			continue
		}
		p.Args = append(p.Args, c.predicate(m, child))
	}
	if len(p.Args) == 0 {
		c.missingElement(e, "<Predicate>")
	}
	if !ok {
		return never()
	}
	return p
}
