package deploy_test

import (
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

func TestCompareSchemas(t *testing.T) {
	type field = evaluator.Field
	real := field{Name: "x", DataType: "double", OpType: "continuous", InvalidTreatment: "returnInvalid"}
	with := func(f field, change func(*field)) field { change(&f); return f }
	within := func(left, right, closure string) func(*field) {
		return func(f *field) {
			f.Intervals = append(f.Intervals, evaluator.Interval{Left: left, Right: right, Closure: closure})
		}
	}
	treated := func(treatment string) func(*field) { return func(f *field) { f.InvalidTreatment = treatment } }
	one := with(real, within("0", "1", "closedClosed"))
	half := with(real, within("0", "1", "closedOpen"))
	halves := with(with(real, within("0.5", "1", "closedClosed")), within("0", "0.5", "closedOpen"))
	gap := with(with(real, within("0.5", "1", "openClosed")), within("0", "0.5", "closedOpen"))
	colours := field{Name: "x", DataType: "string", OpType: "categorical", Values: []string{"red", "green"}, InvalidTreatment: "returnInvalid"}
	red := with(colours, func(f *field) { f.Values = []string{"red"} })
	for _, c := range []struct {
		name     string
		old, new []field // inputs
		breaking string  // in the first breaking change; empty: none
		other    string  // in the first other change; empty: none
	}{
		{"same", []field{one, {Name: "y"}}, []field{{Name: "y"}, one}, "", ""},
		{"gone", []field{real}, nil, "", "it is gone"},
		{"new", nil, []field{real}, "it is new and must be given", ""},
		{"new, replaced", nil, []field{with(real, func(f *field) { f.MissingReplacement = "3" })}, "", "it is new; without it, 3 is taken"},
		{"new, unused", nil, []field{with(real, func(f *field) { f.Unused = true })}, "", "nothing depends on it"},
		{"missing refused", []field{real}, []field{with(real, func(f *field) { f.MissingTreatment = "returnInvalid" })}, "must be given now", ""},
		{"no replacement", []field{with(real, func(f *field) { f.MissingReplacement = "3" })}, []field{real}, "without it, 3 was taken", ""},
		{"other replacement", []field{with(real, func(f *field) { f.MissingReplacement = "3" })},
			[]field{with(real, func(f *field) { f.MissingReplacement = "4" })}, "", "was 3 and is 4"},
		{"wider type", []field{with(real, func(f *field) { f.DataType = "integer" })}, []field{real}, "", "was integer and is double"},
		{"narrower type", []field{real}, []field{with(real, func(f *field) { f.DataType = "integer" })}, "was double and is integer", ""},
		{"bounded", []field{real}, []field{one}, "any value was valid", ""},
		{"not bounded", []field{one}, []field{real}, "", "still is taken"},
		{"narrower interval", []field{one}, []field{half}, "[0, 1] was valid", ""},
		{"wider interval", []field{half}, []field{one}, "", "still is taken"},
		{"interval in two", []field{one}, []field{halves}, "", "still is taken"},
		{"interval in two with a gap", []field{one}, []field{gap}, "[0, 1] was valid", ""},
		{"half open line", []field{one}, []field{with(real, within("", "1", "closedClosed"))}, "", "still is taken"},
		{"half open line narrows", []field{with(real, within("", "1", "closedClosed"))}, []field{one}, "(-Infinity, 1] was valid", ""},
		{"narrower but missing", []field{one}, []field{with(half, treated("asMissing"))}, "", "[0, 1] was valid and is treated asMissing"},
		{"narrower but as is", []field{one}, []field{with(half, treated("asIs"))}, "", "still is taken"},
		{"as is both", []field{with(one, treated("asIs"))}, []field{with(one, treated("asIs"))}, "", ""},
		{"as missing both", []field{with(one, treated("asMissing"))}, []field{with(one, treated("asMissing"))}, "", ""},
		{"refused now", []field{with(one, treated("asMissing"))}, []field{one}, "any value was valid", ""},
		{"category gone", []field{colours}, []field{red}, `"green" was valid`, ""},
		{"category new", []field{red}, []field{colours}, "", "still is taken"},
		{"category gone, unused", []field{colours}, []field{with(red, func(f *field) { f.Unused = true })}, "", "still is taken"},
		{"number written otherwise", []field{with(real, func(f *field) { f.Values = []string{"1.0"} })}, []field{with(real, func(f *field) { f.Values = []string{"1"} })}, "", "still is taken"},
		{"value in an interval", []field{with(real, func(f *field) { f.Values = []string{"0.5"} })}, []field{one}, "", "still is taken"},
		{"invalid value", []field{real}, []field{with(real, func(f *field) { f.InvalidValues = []string{"-1"} })}, "any value", ""},
	} {
		got := deploy.CompareSchemas(&evaluator.Schema{Inputs: c.old}, &evaluator.Schema{Inputs: c.new})
		expect(t, c.name+": breaking", got.Breaking, c.breaking)
		if c.breaking == "" {
			expect(t, c.name+": other", got.Other, c.other)
		}
	}
}

func expect(t *testing.T, what string, got []deploy.ChangeOf, want string) {
	t.Helper()
	switch {
	case want == "" && len(got) > 0:
		t.Errorf("%s: %v", what, got)
	case want != "" && (len(got) == 0 || !strings.Contains(got[0].String(), want)):
		t.Errorf("%s: %v, want %s", what, got, want)
	}
}

func TestCompareSchemasOfTrees(t *testing.T) {
	new := &evaluator.Schema{Inputs: []evaluator.Field{{Name: "x"}}, MissingPaths: []string{"defaultChild"}, Size: evaluator.Size{Models: 2, Trees: 2}}
	if c := deploy.CompareSchemas(&evaluator.Schema{}, new); len(c.Breaking) > 0 {
		t.Error(c)
	}
	for name, change := range map[string]func(*evaluator.Schema){
		"strategy":     func(s *evaluator.Schema) { s.MissingPaths = append(s.MissingPaths, "nullPrediction") },
		"other models": func(s *evaluator.Schema) { s.Size.Models++ },
		"refuses missing": func(s *evaluator.Schema) {
			s.Inputs = []evaluator.Field{{Name: "x", MissingTreatment: "returnInvalid"}}
		},
		"no trees, either": func(s *evaluator.Schema) { s.MissingPaths, s.Size = nil, evaluator.Size{Models: 1} },
	} {
		other := *new
		change(&other)
		if c := deploy.CompareSchemas(&evaluator.Schema{}, &other); len(c.Breaking) != 1 {
			t.Error(name, c)
		}
	}
}

func TestCompareSchemasOfResults(t *testing.T) {
	type field = evaluator.Field
	y := field{Name: "y", DataType: "string", Values: []string{"a", "b"}}
	for _, c := range []struct {
		name            string
		old, new        []field // outputs
		breaking, other string
	}{
		{"same", []field{y}, []field{y}, "", ""},
		{"new", nil, []field{y}, "", "it is new"},
		{"gone", []field{y}, nil, `output "y": it is gone`, ""},
		{"renamed", []field{y}, []field{{Name: "z"}}, `is it called "z" now?`, ""},
		{"gone, never final", []field{{Name: "y", NotFinal: true}}, nil, "", "only the library gave it"},
		{"not final any more", []field{y}, []field{{Name: "y", DataType: "string", Values: y.Values, NotFinal: true}}, "not final any more", ""},
		{"type", []field{y}, []field{{Name: "y", DataType: "double", Values: y.Values}}, "was string and is double", ""},
		{"classes", []field{y}, []field{{Name: "y", DataType: "string", Values: []string{"b", "c"}}}, "", `without "a" with "c"`},
		{"class", []field{{Name: "y", Feature: "probability", Value: "a"}}, []field{{Name: "y", Feature: "probability", Value: "b"}}, "", `was probability of "a" and is probability of "b"`},
	} {
		got := deploy.CompareSchemas(&evaluator.Schema{Outputs: c.old}, &evaluator.Schema{Outputs: c.new})
		expect(t, c.name+": breaking", got.Breaking, c.breaking)
		if c.breaking == "" {
			expect(t, c.name+": other", got.Other, c.other)
		}
	}
}
