package check

import (
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// ruleFeatures are the result features (since 4.2) that give something of an association rule, and what it is.
var ruleFeatures = map[string]enum.RuleFeature{
	"antecedent": enum.Antecedent, "consequent": enum.Consequent, "rule": enum.Rule, "ruleId": enum.RuleID, "entityId": enum.RuleID,
	"confidence": enum.RuleConfidence, "support": enum.RuleSupport, "lift": enum.RuleLift, "leverage": enum.RuleLeverage,
	"affinity": enum.RuleAffinity,
}

// predictions are the result features that rules do not have: they predict no value of a target.
var predictions = []string{"predictedValue", "predictedDisplayValue", "probability", "residual"}

// associationFeature reads what an output field gives of association rules; done is false if it is not about such.
func (r *outputReader) associationFeature(o *Output, e *pmml.Element) (done, ok bool) {
	rules, text, associates := r.m.rules, r.m.ruleText, r.m.associates
	if id, has := e.Attr("segmentId"); has {
		i, known := r.m.ids[id]
		if !known {
			return false, false
		}
		member := &r.m.members[i]
		rules, text, associates = member.rules, member.ruleText, member.associates
	}
	if !associates {
		return false, false
	}
	feature, has := e.Attr("feature")
	if !has {
		feature = "predictedValue"
	}
	choice, isRule := ruleFeatures[feature]
	switch {
	case feature == "ruleValue":
		choice = enum.RuleFeature(r.c.choice(e, "ruleFeature", enum.RuleFeatures...))
	case slices.Contains(predictions, feature):
		r.c.unsupportedTogether(e, "feature", feature, "association rules")
		return true, false
	case !isRule:
		return false, false
	}
	o.Feature, o.FeatureName = enum.RuleValue, feature
	r.ruleChoice(o, e, choice)
	if o.Rule.Many {
		rules *= 5 // all of them may be written for each record
	}
	r.c.spend(e.Place(), rules)
	if choice == enum.Rule && !r.m.showsRules {
		r.m.showsRules = true
		r.c.grow(e.Place(), text)
	}
	return true, true
}

// ruleChoice reads which rules an output field is about.
func (r *outputReader) ruleChoice(o *Output, e *pmml.Element, feature enum.RuleFeature) {
	o.Rule = RuleChoice{
		Feature:   feature,
		Algorithm: enum.RuleAlgorithm(r.c.choice(e, "algorithm", enum.RuleAlgorithms...)),
		Basis:     enum.RankBasis(r.c.choice(e, "rankBasis", enum.RankBases...)),
		Ascending: r.c.choice(e, "rankOrder", "descending", "ascending") == 1,
		Many:      r.c.boolean(e, "isMultiValued", false),
	}
	if text, ok := e.Attr("rank"); ok && o.Rank == 0 && !o.Rule.Many {
		r.c.numberOutOfRange(e.At("rank"), text, "a whole number from 1, or isMultiValued to give all")
	}
}

// ruleType is the type of what is given of a rule.
func ruleType(f enum.RuleFeature) value.Type {
	switch f {
	case enum.Consequent, enum.Antecedent, enum.Rule, enum.RuleID:
		return value.String
	}
	return value.Double
}

// GivesList says that an output gives a list.
func (o *Output) GivesList() bool {
	return o.Feature == enum.RuleValue && (o.Rule.Many || o.Rule.Feature == enum.Antecedent || o.Rule.Feature == enum.Consequent)
}

// rulesGiveSomething sees to it that association rules, which have no target, have a result: if neither a model nor the
// members that decide have an Output, one is implied, unless the rules of several members are selected: these are refused.
func (r *outputReader) rulesGiveSomething() {
	m := r.m
	switch {
	case m.parent != nil || m.common.Function != "associationRules" || m.parts["Output"] != nil || len(m.given) > 0:
	case m.associates:
		r.implied()
	case len(r.c.out.Targets) == 0:
		r.c.inconsistent(m.e.Place(), "the model gives nothing: association rules have no target, and there is no OutputField")
	}
}

// implied gives association rules without an Output element, which could give nothing at all, outputs that say what their
// best exclusive recommendation is.
func (r *outputReader) implied() {
	r.c.noteInconsistent(r.m.e.Place(), "there is no Output, so the best exclusive recommendation is given")
	for _, f := range []enum.RuleFeature{enum.Consequent, enum.Antecedent, enum.Rule, enum.RuleID, enum.RuleConfidence, enum.RuleSupport, enum.RuleLift} {
		o := Output{Category: -1, Segment: -1, SegmentOutput: -1, Expected: -1, Rank: 1, Feature: enum.RuleValue}
		o.Name, o.FeatureName, o.Rule.Feature = f.String(), f.String(), f
		o.Op = Categorical
		if ruleType(f) == value.Double {
			o.Op = Continuous
		}
		o.Slot = r.c.newSlot(o.Name, ruleType(f), o.Op)
		r.c.produced(o.Slot)
		r.m.common.Outputs = append(r.m.common.Outputs, o)
	}
	r.c.grow(r.m.e.Place(), r.m.ruleText)
}
