package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// transformationDictionary reads the fields and functions that all models share.
func (c *checker) transformationDictionary(e *pmml.Element) {
	for child := range e.Children() {
		switch child.Name() {
		case "DefineFunction":
			c.defineFunction(child)
		case "DerivedField":
			c.derivedField(c.global, child)
		default:
			c.unknownElement(child, e)
		}
	}
	c.linkFunctions()
}

// localTransformations reads the derived fields of a model.
func (c *checker) localTransformations(s *scope, e *pmml.Element) {
	for child := range e.Children() {
		if child.Name() != "DerivedField" {
			c.unknownElement(child, e)
			continue
		}
		c.derivedField(s, child)
	}
}

// derivedField reads a DerivedField into a scope. One without a name, as RapidMiner writes, cannot be referred to.
func (c *checker) derivedField(s *scope, e *pmml.Element) {
	c.attributes(e, "name", "displayName", "optype", "dataType")
	f := &field{kind: derivedKind, slot: -1, place: e.Place(), home: s}
	f.name, _ = e.Attr("name")
	f.typ, f.op = c.requiredTypes(e)
	f.formula = c.formula(e, func(child *pmml.Element) bool {
		switch child.Name() {
		case "Value":
			if text, ok := child.Attr("value"); ok {
				if cell, ok := c.parse(f.typ, text); ok {
					f.values = append(f.values, cell)
				}
			}
			return true
		case "Interval": // until 3.0
			return true
		}
		return false
	})
	f.broken = f.formula == nil
	s.declare(c, f, e)
	if !f.broken {
		s.local = append(s.local, f)
	}
}

// declare gives a derived field its name.
func (s *scope) declare(c *checker, f *field, e *pmml.Element) {
	if f.name == "" {
		return
	}
	if s.names[f.name] != nil {
		c.duplicateName(e.At("name"), "field", f.name)
		return
	}
	s.names[f.name] = f
}

// derive resolves a derived field whose inputs have slots, unless this is a trial.
func (c *checker) derive(f *field, trial bool) expr.Expr {
	if f.copied != nil && !c.spend(f.place, f.formula.size) {
		return nothing()
	}
	r := &resolver{c: c, lookup: f.linked(), trial: trial}
	x, t := f.formula.root.resolve(r, f.typ)
	x = r.cast(f.place, x, t, f.typ)
	if f.typ == value.NoType {
		f.typ = t
	}
	if cost := expr.CostOf(x, c.costs); trial {
		c.checkCost(f.place, "field "+quote(f.name), cost)
	} else {
		c.spendCost(f.place, "field "+quote(f.name), cost)
	}
	return x
}

// linked looks names up among the fields that a derived field was linked with.
func (f *field) linked() func(name string) *field {
	fields := make(map[string]*field, len(f.links))
	for i, g := range f.links {
		fields[f.formula.fields[i].name] = g
	}
	return func(name string) *field { return fields[name] }
}

// unused checks the derived fields of a scope that nothing refers to.
func (c *checker) unused(s *scope) {
	for _, f := range s.local {
		if f.slot < 0 {
			c.link(f)
			c.derive(f, true)
		}
	}
}
