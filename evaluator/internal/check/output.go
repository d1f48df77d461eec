package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// features are the result features that these models have.
var features = map[string]enum.Feature{
	"predictedValue": enum.PredictedValue, "predictedDisplayValue": enum.PredictedDisplayValue, "transformedValue": enum.TransformedValue,
	"decision": enum.TransformedValue, "probability": enum.Probability, "confidence": enum.Confidence, "affinity": enum.Affinity,
	"entityId": enum.EntityID, "residual": enum.Residual, "reasonCode": enum.ReasonCode, "warning": enum.Warning, "x-report": enum.Report,
}

// otherFeatures are the result features of other models.
var otherFeatures = map[string]bool{
	"standardError": true, "standardDeviation": true, "confidenceIntervalLower": true, "confidenceIntervalUpper": true,
	"ruleValue": true, "reasonCode": true, "antecedent": true, "consequent": true, "rule": true, "ruleId": true,
	"support": true, "lift": true, "leverage": true,
}

// An outputReader reads the output fields of a model.
type outputReader struct {
	c     *checker
	m     *model
	own   map[string]*field // of the model, in so far as they are read
	slots map[int32]bool    // theirs
	reads slotSet           // of their expressions
}

// output reads the Output element of a model, and the ResultFields of one of PMML 3.
func (c *checker) output(m *model) {
	r := &outputReader{c: c, m: m, own: map[string]*field{}, slots: map[int32]bool{}}
	if out := m.parts["Output"]; out != nil {
		for child := range out.Children() {
			if child.Name() != "OutputField" {
				c.unknownElement(child, out)
				continue
			}
			r.outputField(child)
		}
	}
	r.rulesGiveSomething()
	if embedded(m.e) {
		for child := range m.e.Children("ResultField") {
			r.outputField(child)
		}
	}
	m.common.OutputReads = r.reads.list
	m.outputs = r.own
}

func (r *outputReader) outputField(e *pmml.Element) {
	r.c.attributes(e, "name", "displayName", "optype", "dataType", "targetField", "feature", "value", "ruleFeature",
		"algorithm", "rank", "rankBasis", "rankOrder", "isMultiValued", "segmentId", "isFinalResult", "x-reportField")
	o := Output{Category: -1, Segment: -1, SegmentOutput: -1, Expected: -1, Feature: enum.PredictedValue, FeatureName: "predictedValue"}
	o.Name, _ = r.c.name(e, "name")
	o.DisplayName, _ = e.Attr("displayName")
	o.ValueText, _ = e.Attr("value")
	o.SegmentID, _ = e.Attr("segmentId")
	o.Rank = r.c.whole(e, "rank", 0, 1)
	o.NotFinal = !r.c.boolean(e, "isFinalResult", true)
	if done, ok := r.associationFeature(&o, e); done && !ok {
		return
	} else if text, ok := e.Attr("feature"); ok && !done && !r.feature(&o, e, text) {
		return
	}
	o.Type = r.c.dataType(e, value.NoType)
	given := r.about(&o, e)
	if o.Feature == enum.TransformedValue {
		given = r.transformed(&o, e)
	} else {
		r.noExpression(e)
	}
	r.name(&o, e, given)
}

// feature reads what an output field gives.
func (r *outputReader) feature(o *Output, e *pmml.Element, text string) bool {
	f, ok := features[text]
	switch {
	case ok:
		o.Feature, o.FeatureName = f, text
	case otherFeatures[text]:
		r.c.unsupportedValue(e, "feature", text)
	default:
		r.c.invalidValue(e.At("feature"), text, "a result feature")
	}
	return ok
}

// about finds the model that an output field is about, the category that it is for, and the type of what it gives.
func (r *outputReader) about(o *Output, e *pmml.Element) value.Type {
	t, own, categories := &r.m.common.Target, r.m.common.Target.Name, r.m.categories
	if id, ok := e.Attr("segmentId"); ok {
		i, ok := r.m.ids[id]
		if !ok {
			r.c.unknownSegment(e.At("segmentId"), id)
			return value.NoType
		}
		o.Segment, t, categories = int32(i), &r.m.members[i].target, r.m.members[i].categories
		own = t.Name
	}
	if name, ok := e.Attr("targetField"); ok && name != own && r.c.spend(e.Place(), len(r.m.members)) {
		if i := r.m.predicting(name); i >= 0 && o.Segment < 0 {
			o.Segment, t, own = int32(i), &r.m.members[i].target, name
		} else if !r.c.global.exists(name) {
			r.c.unknownField(e.At("targetField"), name)
		}
	}
	if o.Feature == enum.PredictedDisplayValue {
		r.c.grow(e.Place(), 8*len(t.Categories))
	}
	switch o.Feature {
	case enum.PredictedValue:
		return t.Type
	case enum.PredictedDisplayValue, enum.EntityID, enum.Warning, enum.Report:
		return value.String
	case enum.ReasonCode:
		r.reasonCode(o, e)
		return value.String
	case enum.RuleValue:
		return ruleType(o.Rule.Feature)
	case enum.Probability, enum.Confidence, enum.Affinity:
		r.notOfClusters(o, e)
		r.category(o, e, t, categories)
		return value.Double
	case enum.Residual:
		r.notOfClusters(o, e)
		r.category(o, e, t, categories)
		r.expected(o, e, own)
		return value.Double
	}
	return value.NoType
}

// reasonCode checks that the model that an output field is about has reason codes.
func (r *outputReader) reasonCode(o *Output, e *pmml.Element) {
	reasons := r.m.reasons
	if o.Segment >= 0 {
		reasons = r.m.members[o.Segment].reasons
	}
	if !reasons {
		r.c.unsupportedTogether(e, "feature", o.FeatureName, "a model without reason codes")
	}
	r.c.whole(e, "rank", 1, 1)
}

// notOfClusters reports what a model of clusters does not have: centres measure how like a record is to each, and nothing
// adds up to a probability; distributions have no confidences and residuals.
func (r *outputReader) notOfClusters(o *Output, e *pmml.Element) {
	clusters, memberships := r.m.common.Function == "clustering", r.m.memberships
	if o.Segment >= 0 {
		clusters, memberships = r.m.members[o.Segment].clusters, r.m.members[o.Segment].memberships
	}
	if clusters && o.Feature != enum.Affinity && !(memberships && o.Feature == enum.Probability) {
		r.c.unsupportedTogether(e, "feature", o.FeatureName, "clusters")
	}
}

// predicting gives the index of the last member with a target, -1 if there is none.
func (m *model) predicting(name string) int {
	for i := len(m.members) - 1; i >= 0; i-- {
		if m.members[i].target.Name == name {
			return i
		}
	}
	return -1
}

// category reads the category that an output field is for.
func (r *outputReader) category(o *Output, e *pmml.Element, t *Target, categories map[value.Cell]int32) {
	if len(t.Categories) == 0 {
		if o.Feature == enum.Probability && r.m.common.Function == "regression" && o.Segment < 0 {
			r.c.unsupportedTogether(e, "feature", o.FeatureName, "a regression")
		}
		return
	}
	text, ok := e.Attr("value")
	if !ok {
		return
	}
	o.Value = r.c.literal(e.At("value"), t.Type, text)
	if o.Category, ok = categories[o.Value]; !ok {
		o.Category = -2
		r.c.noteInconsistent(e.At("value"), "the model has no category %q", text)
	}
}

// expected finds the target's value as it is given with a record.
func (r *outputReader) expected(o *Output, e *pmml.Element, target string) {
	f := r.c.global.names[target]
	if f == nil || f.kind != dataKind {
		r.c.inconsistent(e.Place(), "there is no residual without a target field")
		return
	}
	r.c.use(f, e.Place())
	o.Expected = f.slot
}

// transformed reads the expression of an output field, or the output field of a member that it copies.
func (r *outputReader) transformed(o *Output, e *pmml.Element) value.Type {
	if name, ok := e.Attr("value"); ok && o.Segment >= 0 {
		r.onlyExpressions(e)
		if f := r.m.members[o.Segment].outputs[name]; f != nil {
			o.SegmentOutput = f.slot
			return f.typ
		}
		r.c.unknownField(e.At("value"), name)
		return value.NoType
	}
	f := r.c.formula(e, r.other(e))
	if f == nil {
		return value.NoType
	}
	resolver := &resolver{c: r.c, lookup: r.lookup, unknown: true}
	x, t := f.root.resolve(resolver, o.Type)
	r.c.spendCost(e.Place(), "output field "+quote(o.Name), expr.CostOf(x, r.c.costs))
	for _, slot := range slotsOf(x) {
		if !r.slots[slot] && slot != r.m.common.Target.Slot {
			r.reads.add(slot)
		}
	}
	o.Expr = x
	return t
}

// lookup gives what a name in an output field's expression means: an earlier output field, the prediction, or a field.
func (r *outputReader) lookup(name string) *field {
	if f := r.own[name]; f != nil {
		return f
	}
	t := &r.m.common.Target
	if name == "" || name != t.Name {
		return r.m.scope.lookup(name)
	}
	if t.Slot < 0 {
		t.Slot = r.c.newSlot(t.Name, t.Type, t.Op)
		r.c.produced(t.Slot)
	}
	return &field{name: name, kind: outputKind, typ: t.Type, op: t.Op, slot: t.Slot}
}

// other knows the child elements of an output field that are no expression: metadata.
func (r *outputReader) other(e *pmml.Element) func(*pmml.Element) bool {
	return func(child *pmml.Element) bool {
		switch child.Name() {
		case "Decisions":
			for d := range child.Children() {
				if d.Name() != "Decision" {
					r.c.unknownElement(d, child)
					continue
				}
				r.c.required(d, "value")
			}
		case "Value":
		default:
			return false
		}
		return true
	}
}

// onlyExpressions checks the child elements of an output field that is a copy, so that an expression does not count.
func (r *outputReader) onlyExpressions(e *pmml.Element) {
	other := r.other(e)
	for child := range e.Children() {
		if !other(child) && !isExpression(child.Name()) {
			r.c.unknownElement(child, e)
		}
	}
}

// noExpression checks the child elements of an output field that needs none.
func (r *outputReader) noExpression(e *pmml.Element) {
	other := r.other(e)
	for child := range e.Children() {
		switch {
		case other(child):
		case isExpression(child.Name()):
			r.c.noteInconsistent(child.Place(), "the expression does not count: the feature is not transformedValue")
		default:
			r.c.unknownElement(child, e)
		}
	}
}

// name gives an output field its slot and its name. given is the type of what it gives.
func (r *outputReader) name(o *Output, e *pmml.Element, given value.Type) {
	t := given
	if o.Type != value.NoType {
		t = o.Type
	}
	o.Op = Categorical
	if t.Numeric() {
		o.Op = Continuous
	}
	o.Op = r.c.opType(e, o.Op)
	slot, shared := r.m.sameOutput(o.Name, t)
	if o.Slot = slot; !shared || o.Name == "" {
		o.Slot = r.c.newSlot(o.Name, t, o.Op)
		r.c.produced(o.Slot)
	}
	r.slots[o.Slot] = true
	r.m.common.Outputs = append(r.m.common.Outputs, *o)
	if o.Name == "" {
		return
	}
	if r.own[o.Name] != nil {
		r.c.duplicateName(e.At("name"), "output field", o.Name)
		return
	}
	f := &field{name: o.Name, kind: outputKind, typ: t, op: o.Op, slot: o.Slot, place: e.At("name")}
	for v := range e.Children("Value") {
		if text, ok := v.Attr("value"); ok {
			if cell, ok := r.c.parse(t, text); ok {
				f.values = append(f.values, cell)
			}
		}
	}
	r.own[o.Name] = f
	r.m.visible = append(r.m.visible, f)
}
