package check

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// usageTypes are the values of MiningField@usageType; the reader of documents has made target of predicted.
var usageTypes = map[string]bool{
	"active": true, "target": true, "supplementary": true, "group": true, "order": true,
	"frequencyWeight": true, "analysisWeight": true,
}

// miningSchema reads the mining schema of a model into its scope.
func (c *checker) miningSchema(m *model, e *pmml.Element) {
	seen := map[string]bool{}
	m.activeNames = map[string]bool{}
	basket := isTargetBasket(m.e, e)
	for child := range e.Children() {
		if child.Name() != "MiningField" {
			c.unknownElement(child, e)
			continue
		}
		c.attributes(child, "name", "usageType", "optype", "importance", "outliers", "lowValue", "highValue",
			"missingValueReplacement", "missingValueTreatment", "invalidValueTreatment", "invalidValueReplacement")
		c.noChildren(child)
		name, ok := c.name(child, "name")
		if !ok {
			continue
		}
		if seen[name] {
			c.duplicateName(child.At("name"), "field", name)
			continue
		}
		seen[name] = true
		c.miningField(m, child, name, basket)
	}
}

// isTargetBasket says that the targets of an association model are baskets, too: the standard's examples had it so up to
// PMML 4.0, and without transactions what a rule may conclude is a field that says yes or no, as what it begins with.
func isTargetBasket(model, schema *pmml.Element) bool {
	if model.Name() != "AssociationModel" {
		return false
	}
	grouped, active := false, false
	for child := range schema.Children("MiningField") {
		usage, ok := child.Attr("usageType")
		grouped = grouped || usage == "group"
		active = active || !ok || usage == "active"
	}
	return !grouped || !active
}

// miningField reads a MiningField. If basket is set, a target is taken for an active field.
func (c *checker) miningField(m *model, e *pmml.Element, name string, basket bool) {
	usage, ok := e.Attr("usageType")
	if !ok {
		usage = "active"
	}
	if !usageTypes[usage] {
		c.noteUsage(e, usage)
		usage = "active"
	}
	if usage == "target" && basket {
		usage = "active"
	}
	switch usage {
	case "active":
		m.active, m.activeNames[name] = append(m.active, name), true
	case "group":
		m.grouped = true
	}
	if usage == "target" {
		m.targets = append(m.targets, targetName{name, e.At("name"), e})
		if m.isTarget == nil {
			m.isTarget = map[string]bool{}
		}
		m.isTarget[name] = true
	}
	if m.parent == nil {
		c.topField(m, e, name, usage)
	} else {
		c.nestedField(m, e, name, usage)
	}
}

// topField makes an input of a field of the top model.
func (c *checker) topField(m *model, e *pmml.Element, name, usage string) {
	f := c.global.names[name]
	switch {
	case (f == nil || f.kind != dataKind) && m.scope.names[name] != nil: // a derived field of its own
		c.treatment(e, value.NoType)
		return
	case f != nil && f.kind != dataKind:
		if t, treats := c.treatment(e, value.NoType); treats {
			c.treatedField(m.scope, e, name, t)
		}
		return
	case f == nil:
		c.unknownField(e.At("name"), name)
		m.scope.names[name] = &field{name: name, kind: brokenKind, broken: true}
		return
	}
	in := &f.data.input
	in.Usage = usage
	in.Importance, _ = e.Attr("importance")
	in.Op = c.opType(e, in.Op)
	f.op = in.Op
	in.Treatment, _ = c.treatment(e, in.Type)
	if usage == "target" {
		return // its value is only an input if something refers to it
	}
	f.slot = c.newSlot(name, f.typ, f.op)
	c.given = append(c.given, f)
}

// nestedField makes a name of what the model around this one has; one of its own if it is treated.
func (c *checker) nestedField(m *model, e *pmml.Element, name, usage string) {
	s := m.scope
	t, treats := c.treatment(e, value.NoType)
	switch {
	case usage == "target" || s.names[name] != nil:
	case !s.parent.exists(name):
		c.unknownField(e.At("name"), name)
		s.names[name] = &field{name: name, kind: brokenKind, broken: true}
	case !treats:
		s.names[name] = &field{name: name, kind: aliasKind, slot: -1}
	default:
		c.treatedField(s, e, name, t)
	}
}

// treatedField makes a field of a nested model's treatment of what the model around it has.
func (c *checker) treatedField(s *scope, e *pmml.Element, name string, t Treatment) {
	parent := s.parent.lookup(name)
	if parent == nil || parent.broken {
		s.names[name] = &field{name: name, kind: brokenKind, broken: true}
		return
	}
	t, _ = c.treatment(e, parent.typ)
	f := &field{
		name: name, kind: treatedKind, typ: parent.typ, op: c.opType(e, parent.op), values: parent.values, slot: -1,
		parent: parent, treat: &t,
	}
	if s.treated == nil {
		s.treated = map[*field]*field{}
	}
	s.names[name], s.treated[parent] = f, f
}

// missingTreatments but for the last only say where the replacement comes from.
var missingTreatments = []string{"asIs", "asMean", "asMode", "asMedian", "asValue", "returnInvalid"}

// treatment reads what a MiningField does to a value of type t; treats says that it does anything. With NoType the
// literals are not looked at.
func (c *checker) treatment(e *pmml.Element, t value.Type) (out Treatment, treats bool) {
	out = Treatment{
		Invalid:        expr.Treatment(c.choice(e, "invalidValueTreatment", invalidTreatments...)),
		Outliers:       expr.Outliers(c.choice(e, "outliers", outlierTreatments...)),
		Low:            c.number(e, "lowValue", math.Inf(-1)),
		High:           c.number(e, "highValue", math.Inf(1)),
		MissingInvalid: c.choice(e, "missingValueTreatment", missingTreatments...) == len(missingTreatments)-1,
	}
	replacement, replaces := e.Attr("missingValueReplacement")
	invalidText, replacesInvalid := e.Attr("invalidValueReplacement")
	switch {
	case replacesInvalid && out.Invalid == expr.KeepInvalid:
		out.Invalid = expr.InvalidAsValue // documents before 4.4 say it so
	case out.Invalid == expr.InvalidAsValue && !replacesInvalid:
		c.noteInconsistent(e.At("invalidValueTreatment"), "invalidValueTreatment is asValue, but there is no invalidValueReplacement")
		out.Invalid = expr.KeepInvalid
	}
	if out.Outliers != expr.AsIs && math.IsInf(out.Low, -1) && math.IsInf(out.High, 1) {
		c.noteInconsistent(e.At("outliers"), "there are no outliers without lowValue and highValue")
	}
	out.ReplacementText, out.InvalidText = replacement, invalidText
	out.MissingTreatment, _ = e.Attr("missingValueTreatment")
	if t != value.NoType {
		out.Replacement = c.optionalLiteral(e, "missingValueReplacement", t)
		if out.Invalid == expr.InvalidAsValue {
			out.InvalidReplacement = c.optionalLiteral(e, "invalidValueReplacement", t)
		}
	}
	treats = replaces || out.MissingInvalid || out.Outliers != expr.AsIs ||
		out.Invalid != expr.ReturnInvalid && out.Invalid != expr.KeepInvalid
	return out, treats
}
