package evaluator_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
)

func TestScorecard(t *testing.T) { show(t, scorecards()) }

// card is a scorecard of y with reason codes r1, r2, r3.
func card(attributes string, characteristics ...string) string {
	return `<Scorecard functionName="regression" ` + attributes + `>{y}` + reasons() + `<Characteristics>` + strings.Join(characteristics, "") + `</Characteristics></Scorecard>`
}

func reasons() string {
	return outputs(gets("r1", "string", `feature="reasonCode" rank="1"`), gets("r2", "string", `feature="reasonCode" rank="2"`), gets("r3", "string", `feature="reasonCode" rank="3"`))
}

// aspect is a Characteristic.
func aspect(attributes string, scored ...string) string {
	return `<Characteristic ` + attributes + `>` + strings.Join(scored, "") + `</Characteristic>`
}

// scores is an Attribute.
func scores(points float64, predicate string) string {
	return fmt.Sprintf(`<Attribute partialScore="%g">%s</Attribute>`, points, predicate)
}

// computes is an Attribute with a partial score that is computed.
func computes(attributes, predicate, expression string) string {
	return `<Attribute ` + attributes + `>` + predicate + `<ComplexPartialScore>` + expression + `</ComplexPartialScore></Attribute>`
}

// given is a Characteristic whose partial score is the value of a field, so that tests choose the points.
func given(name, code, baseline string) string {
	return aspect(`reasonCode="`+code+`" baselineScore="`+baseline+`"`, computes("", always, field(name)))
}

// why are reason codes in the order of their ranks.
func why(codes ...any) record {
	want := record{"r1": nil, "r2": nil, "r3": nil}
	for i, code := range codes {
		want["r"+strconv.Itoa(i+1)] = code
	}
	return want
}

func scored3(x, z, n any, codes ...any) scored {
	return scored{in: record{"x": x, "z": z, "n": n}, want: why(codes...)}
}

// scorecards have expected values that follow from the text of PMML 4.4, "Scorecard": partial scores are added to
// initialScore, and differences to baselines ranked. JPMML-Evaluator 1.7.7 gave the same in both of its modes where it gives
// an answer; the ties, zeros and sums of equal codes are its.
func scorecards() []semantic {
	bins := aspect(`name="size" reasonCode="S" baselineScore="12"`, scores(-9, missing("x")), scores(19, predicate("x", "lessThan", "0")),
		scores(3, compound("and", predicate("x", "greaterOrEqual", "0"), predicate("x", "lessThan", "2"))), scores(6, equals("x", "2")), scores(0, above("x", "2")))
	colours := aspect(`name="colour" reasonCode="C" baselineScore="4"`, scores(10, equals("s", "red")), scores(8, set("s", "isIn", `<Array type="string">blue green</Array>`)), scores(1, always))
	chosen := func(attributes string) string {
		return card(attributes, given("x", "Z", "5"), given("z", "A", "5"), given("n", "M", "5"))
	}
	two := `<Segmentation multipleModelMethod="%s">` + when(above("x", "0"), strings.Replace(card("", given("x", "RX", "5"), given("z", "RZ", "5")), reasons(), "", 1)) +
		all(strings.Replace(card(`reasonCodeAlgorithm="pointsAbove"`, given("x", "UX", "5"), given("z", "UZ", "5")), reasons(), "", 1)) + `</Segmentation></MiningModel>`
	return []semantic{
		{"SD-01 SD-02 initialScore and the first attribute that is true", document(card(`initialScore="100.5"`, bins, colours)), []scored{
			{in: record{"x": -1, "s": "red"}, want: record{"y": 129.5}}, {in: record{"x": 0, "s": "green"}, want: record{"y": 111.5}},
			{in: record{"x": 2, "s": "unheard of"}, want: record{"y": 107.5}}, {in: record{"x": 1e300, "s": "red"}, want: record{"y": 110.5}},
			{in: record{}, want: record{"y": 92.5}}, {in: record{"x": -5e-324}, want: record{"y": 120.5}}, {in: record{"x": "2.0"}, want: record{"y": 107.5}},
		}},
		{"SD-02 attributes that overlap", document(card("", aspect(`reasonCode="A" baselineScore="0"`, scores(1, atMost("x", "1")), scores(2, atMost("x", "5")), scores(3, always), scores(4, always)))), becomes("y", 1, 1.0, 2, 2.0, 6, 3.0, nil, 3.0)},
		{"SD-02 no initialScore", document(card("", bins)), becomes("y", 2, 6.0)},
		{"SD-03 H1 no attribute is true", document(card("", aspect(`name="size" reasonCode="S" baselineScore="1"`, scores(1, above("x", "0"))), colours)), []scored{
			{in: record{"x": 1}, want: record{"y": 2.0}}, {in: record{"x": 0}, code: "invalid-result"}, {in: record{}, code: "invalid-result"},
		}},
		{"SD-03 H1 no text is true", document(card("", aspect(`reasonCode="S" baselineScore="1"`, scores(1, equals("s", "red"))))), []scored{
			{in: record{"s": "red"}, want: record{"y": 1.0}}, {in: record{"s": "blue"}, code: "invalid-result"}, {in: record{}, code: "invalid-result"},
		}},
		{"SD-04 a partial score that is computed goes before the other", document(card("", aspect(`reasonCode="A" baselineScore="0"`, computes(`partialScore="99"`, above("x", "1"), apply("+", apply("*", constant("0.03"), field("x")), constant("11"))), scores(2, always)))),
			becomes("y", 1000, 41.0, 1, 2.0)},
		{"SD-04 a partial score that is missing", document(card("", given("x", "A", "1"))), []scored{{in: record{"x": 3}, want: record{"y": 3.0}}, {in: record{}, code: "invalid-result"}}},
		{"SD-04 SD-14 nor does a defaultValue help", document(strings.Replace(card("", given("x", "A", "1")), `<Characteristics>`, `<Targets><Target field="y"><TargetValue defaultValue="7"/></Target></Targets><Characteristics>`, 1)), []scored{
			{in: record{"x": 3}, want: record{"y": 3.0}}, {in: record{}, code: "invalid-result"},
		}},
		{"SD-04 a partial score that is undefined", document(card("", aspect(`reasonCode="A" baselineScore="1"`, computes("", always, apply("sqrt", field("x")))))), []scored{
			{in: record{"x": 9}, want: record{"y": 3.0}}, {in: record{"x": -9}, code: "invalid-result"},
		}},
		{"SD-04 a partial score that is text", document(card("", given("s", "A", "1"))), []scored{{in: record{"s": "4.5"}, want: record{"y": 4.5}}, {in: record{"s": "much"}, code: "invalid-result"}}},
		{"SD-04 only the attribute that is chosen is computed", document(card("", aspect(`reasonCode="A" baselineScore="1"`, scores(2, missing("x")), computes("", always, field("x"))))), becomes("y", nil, 2.0, 5, 5.0)},
		{"SD-05 useReasonCodes is true unless it says otherwise", document(chosen("")), []scored{scored3(0, 2, 4, "Z", "A", "M")}},
		{"SD-05 no reason codes", document(card(`useReasonCodes="false" initialScore="1"`, aspect("", scores(1, above("x", "0")), scores(2, always)))), []scored{
			{in: record{"x": 1}, want: record{"y": 2.0, "r1": nil, "r2": nil}},
		}},
		{"SD-05 SD-10 codes that nobody asks for need not be there", document(`<Scorecard functionName="regression">{y}<Characteristics>` + aspect("", scores(1, always)) + aspect(`reasonCode="A"`, scores(2, always)) + `</Characteristics></Scorecard>`), []scored{{want: record{"y": 3.0}}}},
		{"SD-06 H4 points below", document(chosen(`reasonCodeAlgorithm="pointsBelow"`)), []scored{scored3(0, 2, 4, "Z", "A", "M"), scored3(4, 0, 2, "A", "M", "Z"), scored3(9, 0, 9, "A")}},
		{"SD-07 H4 points above", document(chosen(`reasonCodeAlgorithm="pointsAbove"`)), []scored{scored3(6, 7, 8, "M", "A", "Z"), scored3(0, 9, 5, "A", "M")}},
		{"SD-08 SD-09 one baseline for all, and one of its own", document(card(`baselineScore="5" baselineMethod="max"`, aspect(`reasonCode="A"`, computes("", always, field("x"))), given("z", "B", "20"))), []scored{
			{in: record{"x": 0, "z": 18}, want: why("A", "B")}, {in: record{"x": 4, "z": 18}, want: why("B", "A")}, {in: record{"x": 6, "z": 18}, want: why("B")},
		}},
		{"SD-10 H6 an attribute's code goes before its characteristic's", document(card(`baselineScore="0" reasonCodeAlgorithm="pointsAbove"`,
			aspect(`reasonCode="A"`, `<Attribute partialScore="3" reasonCode="OWN">`+above("x", "0")+`</Attribute>`, scores(3, atMost("x", "0")), computes(`reasonCode="NONE"`, always, constant("3"))), given("z", "B", "1"))), []scored{
			{in: record{"x": 1, "z": 1}, want: why("OWN", "B")}, {in: record{"x": 0, "z": 1}, want: why("A", "B")}, {in: record{"z": 9}, want: why("B", "NONE")},
		}},
		{"SD-11 SD-12 H2 H5 sums of 32 bits", document(card(`x-mathContext="float"`, given("x", "A", "0.1"), given("z", "B", "0.3"), given("n", "A", "0.2"))), []scored{scored3(0, 0, 0, "A", "B")}},
		{"SD-11 H2 differences of one code add up", document(card("", given("x", "A", "5"), given("z", "B", "5"), given("n", "A", "5"))), []scored{
			scored3(3, 1, 2, "A", "B"), scored3(3, 0, 4, "B", "A"), scored3(0, 4, 11, "B"), scored3(0, 9, 10, "A"), scored3(0, 4, 10, "B", "A"),
		}},
		{"SD-12 H2 a difference of zero counts, one below does not", document(chosen("")), []scored{scored3(5, 6, 4, "M", "Z"), scored3(6, 7, 8), scored3(5, 5.000001, 4, "M", "Z")}},
		{"SD-12 H5 of equal differences the first characteristic", document(chosen("")), []scored{scored3(1, 1, 1, "Z", "A", "M"), scored3(1, 0, 1, "A", "Z", "M"), scored3(5, 5, 5, "Z", "A", "M"), scored3(2, 5, 2, "Z", "M", "A")}},
		{"SD-12 H5 of equal codes the one that the record met first", document(card("", aspect(`baselineScore="3"`, coded(1, "A", above("x", "0")), coded(1, "B", always)), aspect(`baselineScore="3"`, coded(1, "A", above("z", "0")), coded(1, "B", always)))), []scored{
			{in: record{"x": 1, "z": 0}, want: why("A", "B")}, {in: record{"x": 0, "z": 1}, want: why("B", "A")}, {in: record{"x": 0, "z": 0}, want: why("B")},
		}},
		{"SD-13 H3 more ranks than codes", document(card("", given("x", "A", "5"))), []scored{{in: record{"x": 1}, want: why("A")}, {in: record{"x": 9}, want: why()}}},
		{"SD-14 targets", document(strings.Replace(card("", bins), `<Characteristics>`, `<Targets><Target field="y" rescaleFactor="2.5" rescaleConstant="1" castInteger="round" max="6"/></Targets><Characteristics>`, 1)), []scored{
			{in: record{"x": 2}, want: record{"y": 16.0, "r1": "S"}}, {in: record{"x": -1}, want: record{"y": 16.0, "r1": nil}},
		}},
		{"OU-35 the rank is 1 unless it says otherwise, and the type text", document(strings.Replace(card("", given("x", "12", "5")), reasons(), outputs(`<OutputField name="first" feature="reasonCode"/>`, gets("whole", "integer", `feature="reasonCode"`),
			gets("both", "string", `feature="transformedValue"`, apply("concat", field("first"), constant("!")))), 1)), []scored{{in: record{"x": 1}, want: record{"first": "12", "whole": 12, "both": "12!"}}}},
		{"OU-35 the member that decides has the codes", document(`<MiningModel functionName="regression">{y}` + reasons() + fmt.Sprintf(two, "selectFirst")), []scored{
			{in: record{"x": 1, "z": 0}, want: why("RZ", "RX")}, {in: record{"x": -1, "z": 7}, want: why("UZ")},
		}},
		{"OU-35 the last member of a chain has the codes", document(`<MiningModel functionName="regression">{y}` + reasons() + fmt.Sprintf(two, "modelChain")), []scored{
			{in: record{"x": 6, "z": 7}, want: why("UZ", "UX")},
		}},
		{"OU-35 OU-34 the codes of a segment", document(`<MiningModel functionName="regression">{y}` + outputs(gets("one", "string", `feature="reasonCode" segmentId="1"`), gets("two", "string", `feature="reasonCode" segmentId="2" rank="2"`)) + fmt.Sprintf(two, "sum")), []scored{
			{in: record{"x": 6, "z": 0}, want: record{"y": 12.0, "one": "RZ", "two": nil}}, {in: record{"x": -1, "z": 0}, want: record{"y": -1.0, "one": nil, "two": nil}}, {in: record{"x": 6, "z": 7}, want: record{"y": 26.0, "one": nil, "two": "UX"}},
		}},
	}
}

// coded is an Attribute with a reason code.
func coded(points float64, code, predicate string) string {
	return fmt.Sprintf(`<Attribute partialScore="%g" reasonCode="%s">%s</Attribute>`, points, code, predicate)
}

// TestScorecardFailure: an error names the characteristic.
func TestScorecardFailure(t *testing.T) {
	s := open(t, document(card("", aspect(`name="size" reasonCode="S" baselineScore="1"`, scores(1, above("x", "0")))))).NewScorer()
	if err := s.ScoreMap(record{"x": -1}); err == nil || !strings.Contains(err.Error(), `"size"`) {
		t.Errorf("error %v", err)
	}
}

// TestScorecardBins: a characteristic whose attributes ask for one number is scored by its bins; one that asks for another
// number, too, by its attributes. Both must choose the same.
func TestScorecardBins(t *testing.T) {
	predicates := []string{
		predicate("x", "lessThan", "-1"), compound("and", predicate("x", "greaterOrEqual", "-1"), predicate("x", "lessThan", "0.1")),
		compound("xor", above("x", "3"), above("x", "2"), equals("x", "7")), equals("x", "0.1"), compound("surrogate", predicate("x", "notEqual", "1.5"), notMissing("x")),
		compound("or", missing("x"), equals("x", "1.5")),
	}
	all, slow := []string{}, []string{}
	for i, p := range predicates {
		all = append(all, scores(float64(i), p))
		slow = append(slow, scores(float64(i), compound("and", p, compound("or", missing("z"), notMissing("z")))))
	}
	bins := open(t, document(card(`useReasonCodes="false"`, aspect("", all...)))).NewScorer()
	asked := open(t, document(card(`useReasonCodes="false"`, aspect("", slow...)))).NewScorer()
	for _, x := range []any{nil, -2, -1, -0.5, 0, 0.1, 0.10000000000000002, 0.09999999999999999, 1, 1.5, 2, 2.5, 3, 3.5, 7, 8, 1e308, -1e308} {
		a, b := total(t, bins, x), total(t, asked, x)
		if a != b {
			t.Errorf("%v: %s by bins, %s by attributes", x, a, b)
		}
	}
}

func total(t *testing.T, s *evaluator.Scorer, x any) string {
	t.Helper()
	if err := s.ScoreMap(record{"x": x}); err != nil {
		return err.Error()
	}
	y, _ := s.Get("y")
	return y.String()
}

// TestScorecardVerification: rows of expected totals and reason codes.
func TestScorecardVerification(t *testing.T) {
	for _, c := range []struct {
		total, reason, field string
	}{{"7", "Z", ""}, {"7", "X", "r1"}} {
		rows := `<ModelVerification><VerificationFields><VerificationField field="x"/><VerificationField field="z"/><VerificationField field="y"/><VerificationField field="r1"/></VerificationFields><InlineTable><row><x>4</x><z>3</z><y>` +
			c.total + `</y><r1>` + c.reason + `</r1></row></InlineTable></ModelVerification></Scorecard>`
		document := document(strings.Replace(card("", given("x", "X", "5"), given("z", "Z", "5")), `</Scorecard>`, rows, 1))
		var wrong *evaluator.VerificationError
		if err := open(t, document).Verify(); (err != nil) != (c.field != "") {
			t.Errorf("%v: %v", c, err)
		} else if err != nil && (!errors.As(err, &wrong) || wrong.Field != c.field) {
			t.Errorf("%v: %v", c, err)
		}
	}
}
