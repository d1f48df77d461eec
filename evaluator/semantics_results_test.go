package evaluator_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
)

func TestResults(t *testing.T) { show(t, results()) }

// targeted is a regression of x (y = x) whose target field has a Target with the given attributes and content.
func targeted(field, attributes, content string) string {
	return document(`<RegressionModel functionName="regression">{` + field + `}<Targets><Target field="` + field + `" ` + attributes + `>` + content + `</Target></Targets>` +
		table(`intercept="0"`, numeric("x", 1)) + `</RegressionModel>`)
}

// becomes are values of x and what the target is for them.
func becomes(field string, valueAndResult ...any) []scored {
	var all []scored
	for i := 0; i < len(valueAndResult); i += 2 {
		all = append(all, scored{in: record{"x": valueAndResult[i]}, want: record{field: valueAndResult[i+1]}})
	}
	return all
}

// outputs are an Output element.
func outputs(fields ...string) string { return `<Output>` + strings.Join(fields, "") + `</Output>` }

// gets is an output field of a type.
func gets(name, dataType, attributes string, content ...string) string {
	opType := "categorical"
	if dataType == "double" {
		opType = "continuous"
	}
	return `<OutputField name="` + name + `" optype="` + opType + `" dataType="` + dataType + `" ` + attributes + `>` + strings.Join(content, "") + `</OutputField>`
}

func results() []semantic {
	grown := func(out string) string { // a tree with probabilities
		return document(`<TreeModel functionName="classification">{c}` + out + node(`id="root"`, always,
			node(`id="left" score="a"`, atMost("x", "0"), counts("a", 3, "b", 1)), node(`score="b"`, above("x", "0"), counts("b", 1, "c", 1))) + `</TreeModel>`)
	}
	fitted := func(out string) string {
		return document(`<RegressionModel functionName="classification" normalizationMethod="simplemax">{c}` + out + of("a", 0, 1) + of("b", 1, 0) + of("c", 2, 0) + `</RegressionModel>`)
	}
	voted := func(out string) string {
		return document(`<MiningModel functionName="classification">{c}` + out + `<Segmentation multipleModelMethod="majorityVote">` + all(vote("a")) + all(vote("b")) + all(vote("b")) + all(vote("b")) + `</Segmentation></MiningModel>`)
	}
	every := outputs(gets("value", "string", `feature="predictedValue"`), gets("shown", "string", `feature="predictedDisplayValue"`),
		gets("p", "double", `feature="probability"`), gets("p_a", "double", `feature="probability" value="a"`), gets("p_text", "string", `feature="probability" value="b"`), gets("p_none", "double", `feature="probability" value="unheard of"`),
		gets("conf", "double", `feature="confidence"`), gets("aff_b", "double", `feature="affinity" value="b"`), gets("id", "string", `feature="entityId"`), gets("res", "double", `feature="residual" value="a"`),
		gets("warn", "string", `feature="warning"`), gets("late", "string", `feature="transformedValue"`, apply("concat", field("value"), constant("!"))))
	plain := outputs(gets("p", "double", `feature="probability"`), gets("p_a", "double", `feature="probability" value="a"`), gets("res", "double", `feature="residual"`))
	return []semantic{
		{"TG-01 Target without field", document(`<RegressionModel functionName="regression">{y}<Targets><Target rescaleFactor="2"/></Targets>` + table(`intercept="0"`, numeric("x", 1)) + `</RegressionModel>`), becomes("y", 3, 6.0)},
		{"TG-03 castInteger round", targeted("y", `castInteger="round"`, ""), becomes("y", 2.5, 3.0, 2.4, 2.0, -2.5, -2.0, -2.6, -3.0)},
		{"TG-03 castInteger round is exact", targeted("y", `castInteger="round"`, ""), becomes("y", 0.49999999999999994, 0.0, -0.5, 0.0)},
		{"TG-03 ceiling", targeted("y", `castInteger="ceiling"`, ""), becomes("y", 2.1, 3.0, -2.9, -2.0)},
		{"TG-03 floor", targeted("y", `castInteger="floor"`, ""), becomes("y", 2.9, 2.0, -2.1, -3.0)},
		{"TG-03 H20 of an integer target", targeted("k", `castInteger="round"`, ""), becomes("k", 2.5, 3, 2.4, 2)},
		{"TG-04 min and max", targeted("y", `min="1" max="3"`, ""), becomes("y", 0, 1.0, 2, 2.0, 4, 3.0)},
		{"TG-05 rescaling", targeted("y", `rescaleFactor="2" rescaleConstant="10"`, ""), becomes("y", 3, 16.0, nil, nil)},
		{"TG-05 H13 bounds, factor, constant, rounding", targeted("y", `min="1" max="3.3" rescaleFactor="2" rescaleConstant="0.25" castInteger="ceiling"`, ""), becomes("y", 10, 7.0, 0, 3.0, 1.5, 4.0)},
		{"TG-07 H14 priors", targetedClass(`<TargetValue value="a" priorProbability="1"/><TargetValue value="c" priorProbability="3"/>`), []scored{
			{in: record{"x": nil}, want: record{"c": "c", "p_a": 0.25, "p_b": 0.0, "p_c": 0.75}}, {in: record{"x": 5}, want: record{"c": "a"}},
		}},
		{"TG-08 H13 a default value is rescaled, too", targeted("y", `max="5" rescaleFactor="2" rescaleConstant="1"`, `<TargetValue defaultValue="7"/>`), becomes("y", nil, 11.0, 1, 3.0)},
		{"TG-09 a Partition says nothing new", targeted("y", "", `<TargetValue defaultValue="7"><Partition name="p"><PartitionFieldStats field="x"/></Partition></TargetValue>`), becomes("y", nil, 7.0)},
		{"TG-11 targets of members", document(ensemble("regression", "sum", "", `<Targets><Target field="y" rescaleConstant="100"/></Targets>`,
			all(`<RegressionModel functionName="regression">{y}<Targets><Target field="y" rescaleFactor="10"/></Targets>`+table(`intercept="0"`, numeric("x", 1))+`</RegressionModel>`), all(linearMember(0, "x", 1)))), becomes("y", 3, 133.0)},
		{"TG-12 a factor means nothing for categories", document(`<TreeModel functionName="classification">{q}<Targets><Target field="q" rescaleFactor="5"/></Targets>` + node(`score="1"`, always) + `</TreeModel>`), becomes("q", 1, 1)},
		{"TG-13 H20 an integer target", targeted("k", "", ""), []scored{{in: record{"x": 3}, want: record{"k": 3}}, {in: record{"x": 3.5}, code: "invalid-result"}}},
		{"TG-13 a float target", targeted("g", "", ""), becomes("g", 0.1, float32(0.1))},
		{"TG-13 a float target that is rescaled", targeted("g", `rescaleFactor="3" max="5"`, ""), becomes("g", 0.1, float32(float64(0.1)*3), 7, float32(15))},

		{"OU-01 H15 a tree", grown(every), []scored{
			{in: record{"x": -1, "c": "a"}, want: record{"c": "a", "value": "a", "shown": "Alpha", "p": 0.75, "p_a": 0.75, "p_text": "0.25", "p_none": 0.0, "conf": 0.75, "aff_b": 0.25, "id": "left", "res": 0.25, "warn": nil, "late": "a!"}},
			{in: record{"x": 1, "c": "a"}, want: record{"c": "b", "shown": "b", "p": 0.5, "p_a": 0.0, "id": "3", "res": 1.0, "late": "b!"}},
			{in: record{"x": 1, "c": "b"}, want: record{"res": 0.0}}, {in: record{"x": 1}, want: record{"res": nil}},
			{in: record{}, want: record{"c": nil, "value": nil, "shown": nil, "p": nil, "p_a": nil, "id": nil, "res": nil, "late": "!"}},
		}},
		{"OU-01 a regression", fitted(every), []scored{
			{in: record{"x": 5, "c": "b"}, want: record{"c": "a", "value": "a", "shown": "Alpha", "p": 0.625, "p_a": 0.625, "p_text": "0.125", "p_none": 0.0, "conf": 0.625, "aff_b": 0.125, "id": nil, "res": -0.625, "late": "a!"}},
			{in: record{}, want: record{"c": nil, "p": nil, "res": nil}},
		}},
		{"OU-01 a mining model", voted(every), []scored{
			{in: record{"x": 5, "c": "a"}, want: record{"c": "b", "value": "b", "shown": "b", "p": 0.75, "p_a": 0.25, "p_text": "0.75", "conf": 0.75, "id": nil, "res": 0.75, "late": "b!"}},
		}},
		{"OU-02 displayValue of the target", strings.Replace(grown(every), `<Node id="root">`, `<Targets><Target field="c"><TargetValue value="a" displayValue="The first"/><TargetValue value="b" displayValue="The second"/></Target></Targets><Node id="root">`, 1), []scored{
			{in: record{"x": -1}, want: record{"shown": "The first", "value": "a"}}, {in: record{"x": 1}, want: record{"shown": "The second"}},
		}},
		{"OU-04 decision", document(`<RegressionModel functionName="regression">{y}` + outputs(gets("decision", "string", `feature="decision"`, `<Decisions businessProblem="b"><Decision value="yes" displayValue="go"/><Decision value="no"/></Decisions>`,
			apply("if", apply("greaterThan", field("y"), constant("0")), constant("yes"), constant("no")))) + table(`intercept="0"`, numeric("x", 1)) + `</RegressionModel>`), []scored{
			{in: record{"x": 1}, want: record{"decision": "yes"}}, {in: record{"x": -1}, want: record{"decision": "no"}},
		}},
		{"OU-05 a category without probabilities has none", document(`<TreeModel functionName="classification">{c}` + plain + node(`score="b"`, always) + `</TreeModel>`), []scored{
			{in: record{"c": "b"}, want: record{"c": "b", "p": nil, "p_a": nil, "res": nil}},
		}},
		{"OU-11 H12 the residual of a regression", document(`<RegressionModel functionName="regression">{y}` + outputs(gets("res", "double", `feature="residual"`)) + table(`intercept="1"`, numeric("x", 1)) + `</RegressionModel>`), []scored{
			{in: record{"x": 1, "y": 5}, want: record{"y": 2.0, "res": 3.0}}, {in: record{"x": 1}, want: record{"y": 2.0, "res": nil}}, {in: record{"y": 5}, want: record{"res": nil}},
		}},
		{"OU-11 H12 the residual of the predicted category", grown(plain), []scored{
			{in: record{"x": -1, "c": "a"}, want: record{"res": 0.25}}, {in: record{"x": -1, "c": "b"}, want: record{"res": -0.75}},
		}},
		{"OU-37 H19 outputs that are not final are given", grown(outputs(gets("p", "double", `feature="probability" isFinalResult="false"`))), []scored{{in: record{"x": -1}, want: record{"p": 0.75}}}},
		{"OU-36 targetField", grown(outputs(gets("value", "string", `feature="predictedValue" targetField="c"`))), []scored{{in: record{"x": -1}, want: record{"value": "a"}}}},
		{"OU-39 H17 the type of an output", document(`<RegressionModel functionName="regression">{y}` + outputs(gets("text", "string", `feature="predictedValue"`), `<OutputField name="same" feature="predictedValue"/>`, `<OutputField name="whole" optype="continuous" dataType="integer" feature="predictedValue"/>`) +
			table(`intercept="0"`, numeric("x", 1)) + `</RegressionModel>`), []scored{
			{in: record{"x": 2}, want: record{"text": "2.0", "same": 2.0, "whole": 2}}, {in: record{"x": 2.5}, code: "invalid-result whole"},
		}},
		{"OU-40 a model without a target", document(`<TreeModel functionName="classification">{}` + outputs(gets("value", "string", `feature="predictedValue"`)) + node(`score="b"`, always) + `</TreeModel>`), []scored{{want: record{"_target": "b", "value": "b"}}}},
		{"OU-42 no output", document(`<TreeModel functionName="classification">{c}` + node(`score="b"`, always) + `</TreeModel>`), []scored{{want: record{"c": "b"}}}},
		{"OU-43 a residual of categories that are numbers", document(`<TreeModel functionName="classification">{q}` + outputs(gets("res", "double", `feature="residual"`)) + node(`score="1"`, always, counts("0", 1, "1", 3)) + `</TreeModel>`), []scored{
			{in: record{"q": 1}, want: record{"q": 1, "res": 0.25}}, {in: record{"q": "0"}, want: record{"res": -0.75}},
		}},
	}
}

// targetedClass is a classification of x with priors.
func targetedClass(values string) string {
	return document(`<RegressionModel functionName="classification" normalizationMethod="simplemax">{c}{c?}<Targets><Target field="c">` + values + `</Target></Targets>` +
		of("a", 0, 1) + of("b", 1, 0) + of("c", 2, 0) + `</RegressionModel>`)
}

// verified is a model that gives x + 1, and rows of its verification: fields, then rows.
func verified(fields string, rows ...string) string {
	v := `<ModelVerification recordCount="1"><VerificationFields>` + fields + `</VerificationFields><InlineTable>`
	for _, r := range rows {
		v += `<row>` + r + `</row>`
	}
	return document(`<RegressionModel functionName="regression">{y}` + outputs(gets("twice", "double", `feature="transformedValue"`, apply("*", field("y"), constant("2")))) +
		table(`intercept="1"`, numeric("x", 1)) + v + `</InlineTable></ModelVerification></RegressionModel>`)
}

// A verification is a document and the first of its rows that does not agree.
type verification struct {
	id, document string
	row          int // 0: all agree
	field        string
}

func verifications() []verification {
	const fields = `<VerificationField field="x"/><VerificationField field="y"/>`
	with := func(attributes string) string {
		return `<VerificationField field="x"/><VerificationField field="y" ` + attributes + `/>`
	}
	return []verification{
		{"MV-01 rows that agree", verified(fields, `<x>1</x><y>2</y>`, `<x>2.5</x><y>3.5</y>`), 0, ""},
		{"MV-01 a row that does not", verified(fields, `<x>1</x><y>2</y>`, `<x>2.5</x><y>3</y>`), 2, "y"},
		{"MV-02 column", verified(`<VerificationField field="x" column="in"/><VerificationField field="y" column="data:out"/>`, `<in>1</in><data:out xmlns:data="u">2</data:out>`), 0, ""},
		{"MV-02 another column", verified(`<VerificationField field="x" column="in"/><VerificationField field="y" column="out"/>`, `<in>1</in><out>3</out>`), 1, "y"},
		{"MV-03 within 1e-6", verified(fields, `<x>999999</x><y>1000000.9</y>`), 0, ""},
		{"MV-03 beyond 1e-6", verified(fields, `<x>999999</x><y>1000001.1</y>`), 1, "y"},
		{"MV-03 precision", verified(with(`precision="0.1"`), `<x>99</x><y>109</y>`), 0, ""},
		{"MV-03 beyond precision", verified(with(`precision="0.1"`), `<x>99</x><y>112</y>`), 1, "y"},
		{"MV-04 I10 nothing but zero agrees with zero", verified(fields, `<x>-0.999999999</x><y>0</y>`), 1, "y"},
		{"MV-04 I10 zeroThreshold", verified(with(`zeroThreshold="0.01"`), `<x>-1.009</x><y>0</y>`), 0, ""},
		{"MV-04 I10 beyond zeroThreshold", verified(with(`zeroThreshold="0.01"`), `<x>-1.02</x><y>0</y>`), 1, "y"},
		{"MV-05 with an output the target is not compared", verified(fields+`<VerificationField field="twice"/>`, `<x>1</x><y>77</y><twice>4</twice>`), 0, ""},
		{"MV-05 but the output is", verified(fields+`<VerificationField field="twice"/>`, `<x>1</x><y>2</y><twice>5</twice>`), 1, "twice"},
		{"MV-08 a missing input", verified(fields, `<y>2</y>`), 1, "y"},
		{"MV-08 a result that is not expected", verified(fields, `<x>1</x>`), 0, ""},
	}
}

func TestModelVerification(t *testing.T) {
	for _, c := range verifications() {
		t.Run(c.id, func(t *testing.T) {
			err := open(t, c.document).Verify()
			var v *evaluator.VerificationError
			switch {
			case c.row == 0 && err != nil:
				t.Error(err)
			case c.row != 0 && (!errors.As(err, &v) || v.Row != c.row || v.Field != c.field):
				t.Errorf("error %v, want one about row %d, field %q", err, c.row, c.field)
			}
		})
	}
}

// TestModelVerificationInvalid: a row that cannot be scored is an error that says why.
func TestModelVerificationInvalid(t *testing.T) {
	err := open(t, verified(`<VerificationField field="x"/><VerificationField field="y"/>`, `<x>1</x><y>2</y>`, `<x>none</x><y>2</y>`)).Verify()
	var invalid *evaluator.InvalidValueError
	if !errors.As(err, &invalid) || invalid.Field != "x" || !strings.Contains(err.Error(), "row 2") {
		t.Errorf("error %v, want one about row 2 and field x", err)
	}
}
