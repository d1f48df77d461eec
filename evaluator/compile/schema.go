package compile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

var opTypes = [...]string{check.Continuous: "continuous", check.Categorical: "categorical", check.Ordinal: "ordinal"}

// schema writes the description that evaluator.Open reads.
func (l *lowering) schema(d *check.Document, top *lowered, outputs []*check.Output) []byte {
	s := evaluator.Schema{
		PMMLVersion: d.Version, Application: d.Application, ModelVersion: d.Revision, ModelName: top.common.Name,
		Element: top.common.Element, MiningFunction: top.common.Function, AlgorithmName: top.common.Algorithm,
		Created: clip(d.Created), Description: d.Description, Structure: top.words, Size: l.size,
	}
	for i, used := range l.paths {
		if used {
			s.MissingPaths = append(s.MissingPaths, enum.MissingStrategy(i).String())
		}
	}
	used := l.used(d, top)
	for i := range d.Inputs[:d.Active] {
		f := inputField(&d.Inputs[i], d)
		f.Unused = !used[d.Inputs[i].Slot]
		s.Inputs = append(s.Inputs, f)
	}
	for i := range d.Groups {
		s.Groups = append(s.Groups, inputField(&d.Groups[i], d))
	}
	for _, slot := range d.Targets {
		s.Targets = append(s.Targets, l.targetField(slot, d))
	}
	for _, o := range outputs {
		s.Outputs = append(s.Outputs, outputField(o, d))
	}
	if d.Verify != nil {
		s.VerificationRows = len(d.Verify.Rows)
	}
	b, err := json.Marshal(&s)
	if err != nil {
		panic(fmt.Sprintf("a schema that cannot be written: %v", err)) // it holds nothing but texts
	}
	return b
}

func inputField(in *check.Input, d *check.Document) evaluator.Field {
	f := evaluator.Field{
		Name: in.Name, DisplayName: in.DisplayName, DataType: in.Type.String(), OpType: opTypes[in.Op],
		Values: in.ValidTexts, Importance: in.Importance, MissingReplacement: in.Treatment.ReplacementText,
		InvalidTreatment: invalidTreatments[in.Treatment.Invalid], List: in.List,
	}
	t := &in.Treatment
	f.MissingValues, f.InvalidValues, f.MissingTreatment = in.MissingTexts, in.InvalidTexts, t.MissingTreatment
	if t.Invalid == expr.InvalidAsValue {
		f.InvalidReplacement = t.InvalidText
	}
	if t.Outliers != expr.AsIs {
		f.Outliers, f.LowValue, f.HighValue = outliers[t.Outliers], bound(t.Low), bound(t.High)
	}
	for _, r := range in.Intervals {
		f.Intervals = append(f.Intervals, evaluator.Interval{Closure: r.Closure, Left: r.LeftText, Right: r.RightText})
	}
	return f
}

var invalidTreatments = [...]string{
	expr.ReturnInvalid: "returnInvalid", expr.KeepInvalid: "asIs", expr.InvalidAsMissing: "asMissing", expr.InvalidAsValue: "asValue",
}

var outliers = [...]string{expr.AsMissingValues: "asMissingValues", expr.AsExtremeValues: "asExtremeValues"}

// bound writes a bound of the values that are no outliers; nothing if there is none.
func bound(x float64) string {
	if math.IsInf(x, 0) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

func (l *lowering) targetField(slot int32, d *check.Document) evaluator.Field {
	t := l.targets[slot]
	return evaluator.Field{
		Name: cmp.Or(d.Slots[slot].Name, "_target"), DisplayName: t.DisplayName, DataType: d.Slots[slot].Type.String(),
		OpType: opTypes[d.Slots[slot].Op], Values: t.ValidTexts,
	}
}

// outputField describes an output; its slot has the type of what it gives.
func outputField(o *check.Output, d *check.Document) evaluator.Field {
	f := evaluator.Field{
		Name: o.Name, DisplayName: o.DisplayName, DataType: "string", OpType: opTypes[o.Op], Feature: o.FeatureName, NotFinal: o.NotFinal, List: o.GivesList(),
	}
	switch o.Feature {
	case enum.Probability, enum.Confidence, enum.Affinity, enum.Residual:
		f.Value = o.ValueText
	case enum.RuleValue:
		f.Many = o.Rule.Many
		if o.FeatureName == "ruleValue" {
			f.Value = o.Rule.Feature.String()
		}
	}
	f.Segment = o.SegmentID
	if o.Rank > 1 || f.Many {
		f.Rank = int(o.Rank)
	}
	if t := d.Slots[o.Slot].Type; t != value.NoType {
		f.DataType = t.String()
	}
	return f
}
