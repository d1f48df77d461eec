package evaluator_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
)

// record is an input record, or results that are expected: nil is missing, numbers agree to 12 digits, anything else as
// PMML writes it.
type record = map[string]any

// A scored is a record and what is expected of it: results, or the code of the error and the field that it is about.
type scored struct {
	in   record
	want record
	code string // of a RecordError, with the field after a blank
}

// A semantic is a rule of the standard: its id in the checklist, a document, and records that show it.
type semantic struct {
	id       string
	document string
	records  []scored
}

// dictionary is the same for all documents of these tests. Targets are y (double), k (integer), g (float), c
// (categories a, b, c), o (ordered categories), q (numbered categories); the other fields are inputs.
const dictionary = `<DataDictionary>
<DataField name="x" optype="continuous" dataType="double"/>
<DataField name="z" optype="continuous" dataType="double"/>
<DataField name="n" optype="continuous" dataType="integer"/>
<DataField name="f" optype="continuous" dataType="float"/>
<DataField name="t" optype="categorical" dataType="boolean"/>
<DataField name="s" optype="categorical" dataType="string"/>
<DataField name="m" optype="categorical" dataType="integer"><Value value="1"/><Value value="2"/></DataField>
<DataField name="y" optype="continuous" dataType="double"/>
<DataField name="k" optype="continuous" dataType="integer"/>
<DataField name="g" optype="continuous" dataType="float"/>
<DataField name="c" optype="categorical" dataType="string"><Value value="a" displayValue="Alpha"/><Value value="b"/><Value value="c"/></DataField>
<DataField name="o" optype="ordinal" dataType="string"><Value value="low"/><Value value="mid"/><Value value="high"/></DataField>
<DataField name="q" optype="categorical" dataType="integer"><Value value="0"/><Value value="1"/></DataField>
{fields}</DataDictionary>`

var inputs = `<MiningField name="x"/><MiningField name="z"/><MiningField name="n"/><MiningField name="f"/><MiningField name="t"/><MiningField name="s"/><MiningField name="m"/>`

// shorthand is what documents of these tests abbreviate.
var shorthand = strings.NewReplacer(
	"{}", `<MiningSchema>`+inputs+`</MiningSchema>`,
	"{y}", schemaOf("y"), "{k}", schemaOf("k"), "{g}", schemaOf("g"),
	"{c}", schemaOf("c"), "{o}", schemaOf("o"), "{q}", schemaOf("q"),
	"{c?}", `<Output>`+output("node", "entityId", "")+output("p_a", "probability", "a")+output("p_b", "probability", "b")+
		output("p_c", "probability", "c")+output("conf", "confidence", "")+output("conf_b", "confidence", "b")+`</Output>`,
	"{y?}", `<Output>`+output("node", "entityId", "")+`</Output>`,
	"{o?}", `<Output>`+output("p_low", "probability", "low")+output("p_mid", "probability", "mid")+output("p_high", "probability", "high")+`</Output>`,
	"{fields}", "",
)

func schemaOf(target string) string {
	return `<MiningSchema>` + inputs + `<MiningField name="` + target + `" usageType="target"/></MiningSchema>`
}

// output is an output field of a feature; about is its category, if any.
func output(name, feature, about string) string {
	types := `optype="continuous" dataType="double"`
	if feature == "entityId" || feature == "predictedDisplayValue" {
		types = `optype="categorical" dataType="string"`
	}
	if about != "" {
		about = ` value="` + about + `"`
	}
	return `<OutputField name="` + name + `" ` + types + ` feature="` + feature + `"` + about + `/>`
}

// document is a PMML document of version 4.4 with one model.
func document(model string) string { return documentWith("", model) }

// documentWith has more between the data dictionary and the model.
func documentWith(more, model string) string {
	return `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>` +
		shorthand.Replace(dictionary) + more + shorthand.Replace(model) + `</PMML>`
}

// open compiles a document and opens it.
func open(t testing.TB, document string) *evaluator.Model {
	t.Helper()
	compiled, err := compile.Compile(strings.NewReader(document), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := evaluator.Open(compiled)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// show runs the records of each semantic, one after the other in one scorer, so that nothing may leak between them.
func show(t *testing.T, all []semantic) {
	for _, c := range all {
		t.Run(c.id, func(t *testing.T) {
			s := open(t, c.document).NewScorer()
			for _, r := range c.records {
				err := s.ScoreMap(r.in)
				checkError(t, r, err)
				for name, want := range r.want {
					got, ok := s.Get(name)
					if !ok {
						t.Fatalf("no result %q", name)
					}
					if !same(got, want) {
						t.Errorf("%v: %s is %v (%s), want %v", r.in, name, got, describe(got), want)
					}
				}
			}
		})
	}
}

func checkError(t *testing.T, r scored, err error) {
	t.Helper()
	var e evaluator.RecordError
	switch {
	case r.code == "" && err != nil:
		t.Errorf("%v: %v", r.in, err)
	case r.code != "" && !errors.As(err, &e):
		t.Errorf("%v: error %v, want %s", r.in, err, r.code)
	case r.code != "" && strings.TrimSpace(e.Code()+" "+e.FieldName()) != r.code:
		t.Errorf("%v: error %s of field %q, want %s", r.in, e.Code(), e.FieldName(), r.code)
	}
}

func describe(v evaluator.Value) string {
	if v.IsMissing() {
		return "missing"
	}
	return "present"
}

// same says that a result is what a test expects.
func same(got evaluator.Value, want any) bool {
	switch want := want.(type) {
	case nil:
		return got.IsMissing()
	case float64:
		x, ok := got.Float64()
		return ok && got.Kind() != evaluator.KindBoolean && near(x, want)
	case int:
		x, ok := got.Int64()
		return ok && x == int64(want)
	case float32: // exactly, and of that type
		x, _ := got.Float64()
		return got.Kind() == evaluator.KindFloat && float32(x) == want
	case bool:
		x, ok := got.Bool()
		return ok && x == want
	case string:
		return !got.IsMissing() && got.String() == want
	case expected:
		return !got.IsMissing() && got.String() == string(want)
	}
	return false
}

func near(x, want float64) bool {
	return x == want || math.Abs(x-want) <= 1e-12*math.Max(1, math.Abs(want)) || math.IsNaN(x) && math.IsNaN(want)
}

// less, atMost, equal and in are predicates.
func predicate(field, operator, value string) string {
	return `<SimplePredicate field="` + field + `" operator="` + operator + `" value="` + value + `"/>`
}

func atMost(field, value string) string { return predicate(field, "lessOrEqual", value) }
func above(field, value string) string  { return predicate(field, "greaterThan", value) }
func equals(field, value string) string { return predicate(field, "equal", value) }
func missing(field string) string {
	return `<SimplePredicate field="` + field + `" operator="isMissing"/>`
}
func notMissing(field string) string {
	return `<SimplePredicate field="` + field + `" operator="isNotMissing"/>`
}
func set(field, op, array string) string {
	return `<SimpleSetPredicate field="` + field + `" booleanOperator="` + op + `">` + array + `</SimpleSetPredicate>`
}
func compound(op string, predicates ...string) string {
	return `<CompoundPredicate booleanOperator="` + op + `">` + strings.Join(predicates, "") + `</CompoundPredicate>`
}

// expected is the text of a result, where a string would be the code of an error.
type expected string

var (
	inf, nan     = math.Inf(1), math.NaN()
	negativeZero = math.Copysign(0, -1)
)
