package evaluator_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
)

func TestMiningModel(t *testing.T) { show(t, minings()) }

// ensemble is a mining model; extra stands before its segments.
func ensemble(function, method, attributes, extra string, segments ...string) string {
	target := map[string]string{"classification": "{c}{c?}", "regression": "{y}"}[function]
	return `<MiningModel functionName="` + function + `">` + target + extra +
		`<Segmentation multipleModelMethod="` + method + `" ` + attributes + `>` + strings.Join(segments, "") + `</Segmentation></MiningModel>`
}

func segment(attributes, predicate, model string) string {
	return `<Segment ` + attributes + `>` + predicate + model + `</Segment>`
}

// number is a member that predicts a number; for a missing x nothing.
func number(score float64) string {
	return `<TreeModel functionName="regression">{}` + node(``, always, node(fmt.Sprintf(`score="%g"`, score), notMissing("x"))) + `</TreeModel>`
}

// vote is a member that predicts a category without probabilities; for a missing x nothing.
func vote(category string) string {
	return `<TreeModel functionName="classification">{}` + node(``, always, node(`score="`+category+`"`, notMissing("x"))) + `</TreeModel>`
}

// sure is a member that predicts the first category, with record counts.
func sure(of ...any) string {
	return `<TreeModel functionName="classification">{}` + node(``, always, node(fmt.Sprintf(`score="%v"`, of[0]), notMissing("x"), counts(of...))) + `</TreeModel>`
}

// all is a segment that always takes part.
func all(model string) string                  { return segment(``, always, model) }
func weighing(weight, model string) string     { return segment(`weight="`+weight+`"`, always, model) }
func when(predicate, model string) string      { return segment(``, predicate, model) }
func named(id, predicate, model string) string { return segment(`id="`+id+`"`, predicate, model) }

// unknownIfMissing is a member that predicts nothing where a field is missing.
func unlessMissing(field string, score float64) string {
	return `<RegressionModel functionName="regression">{}` + table(fmt.Sprintf(`intercept="%g"`, score), numeric(field, 0)) + `</RegressionModel>`
}

func minings() []semantic {
	one := record{"x": 1}
	regression := func(method, attributes string, segments ...string) string {
		return document(ensemble("regression", method, attributes, "", segments...))
	}
	classification := func(method, attributes string, segments ...string) string {
		return document(ensemble("classification", method, attributes, "", segments...))
	}
	is := func(y any) []scored { return []scored{{in: one, want: record{"y": y}}} }
	gives := func(want record) []scored { return []scored{{in: one, want: want}} }
	halves := `<RegressionModel functionName="regression">{}<Output><OutputField name="half" optype="continuous" dataType="double" feature="predictedValue"/>` +
		`<OutputField name="more" optype="continuous" dataType="double" feature="transformedValue"><Apply function="+"><FieldRef field="half"/><Constant>100</Constant></Apply></OutputField></Output>` +
		table(`intercept="0"`, numeric("x", 0.5)) + `</RegressionModel>`
	reads := func(field string) string {
		return `<RegressionModel functionName="regression"><MiningSchema><MiningField name="` + field + `"/></MiningSchema>` + table(`intercept="1"`, numeric(field, 10)) + `</RegressionModel>`
	}
	lopsided := func(treatment string) string {
		return regression("average", treatment, weighing("1", unlessMissing("x", 2)), weighing("3", unlessMissing("z", 6)))
	}
	return []semantic{
		{"MM-01 PR-14 a segment whose predicate is false or unknown is not used", regression("sum", "", when(above("x", "0"), number(1)), when(above("z", "0"), number(10)), when(always, number(100)), when(never, number(1000))), []scored{
			{in: record{"x": 1, "z": 1}, want: record{"y": 111.0}}, {in: record{"x": 1}, want: record{"y": 101.0}}, {in: record{"x": -1, "z": -1}, want: record{"y": 100.0}},
		}},
		{"MM-02 the id of the segment that decides", document(ensemble("regression", "selectFirst", "", "{y?}", named("low", atMost("x", "10"), number(1)), when(atMost("x", "20"), number(2)), named("high", always, number(3)))), []scored{
			{in: record{"x": 1}, want: record{"node": "low", "y": 1.0}}, {in: record{"x": 15}, want: record{"node": "2"}}, {in: record{"x": 25}, want: record{"node": "high"}},
		}},
		{"MM-02 nobody decides alone", document(ensemble("regression", "sum", "", "{y?}", all(number(1)), all(number(2)))), gives(record{"node": nil, "y": 3.0})},
		{"MM-03 E13 weight", regression("weightedAverage", "", weighing("3", number(2)), all(number(6))), is(3.0)},
		{"MM-04 VariableWeight", regression("weightedAverage", "", all(`<VariableWeight field="z"/>`+number(2)), all(`<VariableWeight field="n"/>`+number(6))), []scored{
			{in: record{"x": 1, "z": 3, "n": 1}, want: record{"y": 3.0}}, {in: record{"x": 1, "z": 0, "n": 2}, want: record{"y": 6.0}},
			{in: record{"x": 1, "z": 2}, want: record{"y": 2.0}}, {in: record{"x": 1, "z": 0, "n": 0}, want: record{"y": nil}},
		}},
		{"MM-05 E1 majorityVote", classification("majorityVote", "", all(vote("a")), all(vote("b")), all(vote("b")), all(vote("b"))), gives(record{"c": "b", "p_a": 0.25, "p_b": 0.75, "p_c": 0.0})},
		{"MM-05 only segments that are used count", classification("majorityVote", "", all(vote("a")), when(above("z", "0"), vote("b")), when(above("z", "0"), vote("b"))), []scored{
			{in: record{"x": 1}, want: record{"c": "a", "p_a": 1.0}}, {in: record{"x": 1, "z": 1}, want: record{"c": "b", "p_a": 1.0 / 3, "p_b": 2.0 / 3}},
		}},
		{"MM-05 weights do not count", classification("majorityVote", "", weighing("9", vote("a")), all(vote("b")), all(vote("b"))), gives(record{"c": "b"})},
		{"MM-05 E6 of equal votes the first wins", classification("majorityVote", "", all(vote("c")), all(vote("a")), all(vote("a")), all(vote("c"))), gives(record{"c": "c", "p_a": 0.5, "p_c": 0.5})},
		{"MM-07 E1 weightedMajorityVote", classification("weightedMajorityVote", "", weighing("3", vote("a")), weighing("0.5", vote("b")), weighing("0.5", vote("b"))), gives(record{"c": "a", "p_a": 0.75, "p_b": 0.25})},
		{"MM-08 average", regression("average", "", all(number(1)), all(number(2)), all(number(6)), when(never, number(1000))), is(3.0)},
		{"MM-09 average of probabilities", classification("average", "", all(sure("a", 3, "b", 1)), all(sure("b", 1, "c", 1)), all(sure("b", 4))), gives(record{"c": "b", "p_a": 0.25, "p_b": 1.75 / 3, "p_c": 0.5 / 3})},
		{"MM-09 a member without probabilities is sure", classification("average", "", all(sure("a", 3, "b", 1)), all(vote("b"))), gives(record{"c": "b", "p_a": 0.375, "p_b": 0.625})},
		{"MM-09 categories in another order", classification("average", "", all(sure("c", 3, "a", 1)), all(`<RegressionModel functionName="classification" normalizationMethod="simplemax">{}`+
			of("b", 1, 0)+of("c", 2, 0)+of("a", 5, 0)+`</RegressionModel>`)), gives(record{"c": "c", "p_a": 0.4375, "p_b": 0.0625, "p_c": 0.5})},
		{"MM-10 weightedAverage", regression("weightedAverage", "", weighing("1", number(1)), weighing("3", number(5))), is(4.0)},
		{"MM-10 weightedAverage of probabilities", classification("weightedAverage", "", weighing("3", sure("a", 1, "b", 1)), weighing("1", sure("b", 1))), gives(record{"c": "b", "p_a": 0.375, "p_b": 0.625})},
		{"MM-10 weights of nothing", regression("weightedAverage", "", weighing("0", number(1)), weighing("0", number(5))), is(nil)},
		{"MM-11 median of an odd number", regression("median", "", all(number(9)), all(number(1)), all(number(2))), is(2.0)},
		{"MM-11 median of an even number", regression("median", "", all(number(9)), all(number(1)), all(number(2)), all(number(4))), is(3.0)},
		{"MM-11 median of many", regression("median", "", all(number(5)), all(number(3)), all(number(9)), all(number(-2)), all(number(7)), all(number(7)), all(number(0)), all(number(4)), all(number(6))), is(5.0)},
		{"MM-13 weightedMedian of many", regression("weightedMedian", "", weighing("1", number(5)), weighing("2", number(3)), weighing("4", number(9)), weighing("1", number(-2)), weighing("1", number(7)), weighing("3", number(0))), is(3.0)},
		{"MM-12 E3 median of probabilities", classification("median", "", all(sure("a", 7, "b", 3)), all(sure("b", 9, "a", 1)), all(sure("b", 6, "a", 4))), gives(record{"c": "b", "p_a": 0.4, "p_b": 0.6})},
		{"MM-13 E4 weightedMedian", regression("weightedMedian", "", weighing("1", number(9)), weighing("1", number(1)), weighing("3", number(4))), is(4.0)},
		{"MM-13 E4 the lower of two", regression("weightedMedian", "", weighing("2", number(9)), weighing("2", number(1))), is(1.0)},
		{"MM-14 E4 weightedMedian of probabilities", classification("weightedMedian", "", weighing("3", sure("a", 7, "b", 3)), weighing("1", sure("b", 9, "a", 1)), weighing("1", sure("b", 6, "a", 4))), gives(record{"c": "a", "p_a": 0.7, "p_b": 0.3})},
		{"MM-15 E2 max", classification("max", "", all(sure("a", 7, "b", 3)), all(sure("b", 9, "a", 1)), all(sure("b", 6, "a", 4))), gives(record{"c": "b", "p_a": 0.1, "p_b": 0.9})},
		{"MM-15 E2 several that attain it", classification("max", "", all(sure("a", 8, "b", 2)), all(sure("a", 8, "c", 2)), all(sure("b", 6, "a", 4))), gives(record{"c": "a", "p_a": 0.8, "p_b": 0.1, "p_c": 0.1})},
		{"MM-16 sum", regression("sum", "", all(number(1)), all(number(2)), weighing("5", number(6))), is(9.0)},
		{"MM-17 weightedSum", regression("weightedSum", "", weighing("2", number(1)), weighing("0.5", number(6))), is(5.0)},
		{"MM-18 selectFirst", regression("selectFirst", "", when(above("x", "5"), number(1)), when(above("x", "3"), number(2)), when(always, unlessMissing("z", 3))), []scored{
			{in: record{"x": 6}, want: record{"y": 1.0}}, {in: record{"x": 4}, want: record{"y": 2.0}}, {in: record{"x": 1, "z": 0}, want: record{"y": 3.0}}, {in: record{"x": 1}, want: record{"y": nil}},
		}},
		{"MM-18 the first that predicts", regression("selectFirst", `missingPredictionTreatment="skipSegment"`, all(unlessMissing("z", 1)), all(number(2))), []scored{
			{in: record{"x": 1, "z": 1}, want: record{"y": 1.0}}, {in: record{"x": 1}, want: record{"y": 2.0}},
		}},
		{"MM-18 the first decides probabilities", classification("selectFirst", "", when(above("z", "0"), sure("c", 3, "a", 1)), when(always, sure("b", 1, "a", 1))), []scored{
			{in: record{"x": 1, "z": 1}, want: record{"c": "c", "p_a": 0.25, "p_c": 0.75, "node": "1"}}, {in: one, want: record{"c": "b", "p_a": 0.5, "node": "2"}},
		}},
		{"MM-18 E11 none fires", regression("selectFirst", "", when(above("x", "5"), number(1))), is(nil)},
		{"MM-19 selectAll", regression("selectAll", "", all(number(1)), when(above("x", "5"), number(2)), when(above("z", "0"), number(3))), []scored{
			{in: record{"x": 6, "z": 1}, want: record{"y": "[1.0, 2.0, 3.0]"}}, {in: record{"x": 1, "z": 1}, want: record{"y": "[1.0, 3.0]"}}, {in: record{"x": 1}, want: record{"y": "[1.0]"}},
		}},
		{"MM-19 none fires", regression("selectAll", "", when(above("x", "5"), number(1))), is(nil)},
		{"MM-19 of categories", classification("selectAll", "", all(vote("b")), all(vote("a"))), gives(record{"c": "[b, a]"})},
		{"MM-19 a list is no number", document(ensemble("regression", "selectAll", "", outputs(gets("res", "double", `feature="residual"`)), all(number(1)), all(number(5)))), []scored{{in: record{"x": 1, "y": 3}, want: record{"y": "[1.0, 5.0]", "res": nil}}}},
		{"MM-20 E9 modelChain", regression("modelChain", "", all(halves), all(reads("half"))), []scored{{in: record{"x": 4}, want: record{"y": 21.0}}, {in: record{}, want: record{"y": nil}}}},
		{"MM-20 an output of an output", regression("modelChain", "", all(halves), all(reads("more"))), []scored{{in: record{"x": 4}, want: record{"y": 1021.0}}}},
		{"MM-20 E8 the last that runs gives the result", regression("modelChain", "", all(halves), when(above("half", "1"), reads("half")), when(above("half", "10"), reads("more"))), []scored{
			{in: record{"x": 1}, want: record{"y": 0.5}}, {in: record{"x": 4}, want: record{"y": 21.0}}, {in: record{"x": 40}, want: record{"y": 1201.0}}, {in: record{"x": 1}, want: record{"y": 0.5}},
		}},
		{"MM-20 E8 outputs of a segment that is skipped are missing", regression("modelChain", "", when(above("x", "0"), halves), all(`<TreeModel functionName="regression"><MiningSchema><MiningField name="half"/></MiningSchema>`+
			node(``, always, node(`score="1"`, missing("half")), node(`score="2"`, always))+`</TreeModel>`)), []scored{
			{in: record{"x": 4}, want: record{"y": 2.0}}, {in: record{"x": -4}, want: record{"y": 1.0}}, {in: record{"x": 4}, want: record{"y": 2.0}},
		}},
		{"MM-20 a chain from regression to classification", document(ensemble("classification", "modelChain", "", "", all(halves),
			all(`<RegressionModel functionName="classification" normalizationMethod="logit"><MiningSchema><MiningField name="half"/><MiningField name="c" usageType="target"/></MiningSchema>`+
				table(`targetCategory="b" intercept="0"`, numeric("half", 1))+table(`targetCategory="a" intercept="0"`)+`</RegressionModel>`))), []scored{
			{in: record{"x": 4}, want: record{"c": "b", "p_b": logistic(2), "p_a": 1 - logistic(2)}}, {in: record{"x": -4}, want: record{"c": "a", "p_b": logistic(-2)}},
		}},
		{"MM-21 E10 x-multiModelChain", document(`<MiningModel functionName="regression"><MiningSchema>` + inputs + `<MiningField name="y" usageType="target"/><MiningField name="c" usageType="target"/></MiningSchema>
			<Segmentation multipleModelMethod="x-multiModelChain">` + all(`<RegressionModel functionName="regression">{y}`+table(`intercept="0"`, numeric("x", 2))+`</RegressionModel>`) +
			all(`<TreeModel functionName="classification">{c}`+node(``, always, node(`score="a"`, atMost("x", "1")), node(`score="b"`, always))+`</TreeModel>`) + `</Segmentation></MiningModel>`), []scored{
			{in: record{"x": 1}, want: record{"y": 2.0, "c": "a"}}, {in: record{"x": 3}, want: record{"y": 6.0, "c": "b"}},
		}},
		{"MM-22 E7 continue: a member without prediction leaves the whole without", lopsided(`missingPredictionTreatment="continue"`), []scored{
			{in: record{"x": 1, "z": 1}, want: record{"y": 4.0}}, {in: record{"x": 1}, want: record{"y": nil}}, {in: record{"z": 1}, want: record{"y": nil}},
		}},
		{"MM-22 it is the default", lopsided(``), []scored{{in: record{"x": 1}, want: record{"y": nil}}}},
		{"MM-22 E7 a missing vote is a candidate", classification("majorityVote", "", all(vote("a")), when(above("z", "0"), `<RegressionModel functionName="classification" normalizationMethod="softmax">{}`+of("b", 0, 0)+table(`targetCategory="a" intercept="1"`, numeric("n", 1))+`</RegressionModel>`),
			when(above("z", "1"), `<RegressionModel functionName="classification" normalizationMethod="softmax">{}`+of("b", 0, 0)+table(`targetCategory="a" intercept="1"`, numeric("n", 1))+`</RegressionModel>`)), []scored{
			{in: record{"x": 1, "z": 2}, want: record{"c": nil}}, {in: record{"x": 1, "z": 2, "n": -5}, want: record{"c": "b"}},
		}},
		{"MM-23 E7 skipSegment", lopsided(`missingPredictionTreatment="skipSegment"`), []scored{
			{in: record{"x": 1}, want: record{"y": 2.0}}, {in: record{"z": 1}, want: record{"y": 6.0}}, {in: record{}, want: record{"y": nil}},
		}},
		{"MM-24 E7 returnMissing", lopsided(`missingPredictionTreatment="returnMissing"`), []scored{
			{in: record{"x": 1}, want: record{"y": nil}}, {in: record{"x": 1, "z": 1}, want: record{"y": 4.0}},
		}},
		{"MM-25 E7 missingThreshold is a share of the weight", lopsided(`missingPredictionTreatment="skipSegment" missingThreshold="0.5"`), []scored{
			{in: record{"x": 1}, want: record{"y": nil}}, {in: record{"z": 1}, want: record{"y": 6.0}},
		}},
		{"MM-25 only more than the threshold is too much", lopsided(`missingPredictionTreatment="skipSegment" missingThreshold="0.75"`), []scored{{in: record{"x": 1}, want: record{"y": 2.0}}}},
		{"MM-26 no segment fires", regression("sum", "", when(above("x", "5"), number(1))), is(nil)},
		{"MM-26 then Targets' default", document(ensemble("regression", "average", "", `<Targets><Target field="y"><TargetValue defaultValue="7"/></Target></Targets>`, when(above("x", "5"), number(1)))), is(7.0)},
		{"MM-26 then Targets' priors", document(ensemble("classification", "average", "", `<Targets><Target field="c"><TargetValue value="b" priorProbability="0.75"/><TargetValue value="c" priorProbability="0.25"/></Target></Targets>`, when(above("x", "5"), vote("a")))),
			gives(record{"c": "b", "p_b": 0.75, "p_c": 0.25, "p_a": 0.0})},
		{"MM-28 MM-29 nested", regression("sum", "", all(number(1)),
			all(`<MiningModel functionName="regression">{}<Segmentation multipleModelMethod="average">`+all(number(10))+
				all(`<MiningModel functionName="regression">{}<Segmentation multipleModelMethod="median">`+all(number(100))+all(number(300))+all(linearMember(200, "z", 1))+`</Segmentation></MiningModel>`)+`</Segmentation></MiningModel>`)), []scored{
			{in: record{"x": 1, "z": 4}, want: record{"y": 1 + (10+204)/2.0}}, {in: record{"x": 1}, want: record{"y": nil}},
		}},
		{"MM-28 a nested classification", classification("average", "", all(sure("a", 1, "b", 3)),
			all(`<MiningModel functionName="classification">{}<Segmentation multipleModelMethod="majorityVote">`+all(vote("c"))+all(vote("a"))+all(vote("c"))+all(vote("c"))+`</Segmentation></MiningModel>`)),
			gives(record{"c": "b", "p_a": 0.25, "p_b": 0.375, "p_c": 0.375})},
		{"MM-32 model composition: sequence", documentWith("", `<MiningModel functionName="regression">{y}<Regression functionName="regression"><ResultField name="half" optype="continuous" dataType="double" feature="predictedValue"/>`+table(`intercept="0"`, numeric("x", 0.5))+
			`</Regression><Regression functionName="regression">`+table(`intercept="1"`, numeric("half", 10))+`</Regression></MiningModel>`), []scored{{in: record{"x": 4}, want: record{"y": 21.0}}}},
		{"MM-32 model composition: selection", documentWith("", `<MiningModel functionName="regression">{y}<DecisionTree functionName="regression">`+node(``, always,
			node(``, atMost("x", "0"), `<Regression functionName="regression">`+table(`intercept="1"`, numeric("z", 2))+`</Regression>`), node(`score="5"`, always))+`</DecisionTree></MiningModel>`), []scored{
			{in: record{"x": -1, "z": 3}, want: record{"y": 7.0}}, {in: record{"x": 1, "z": 3}, want: record{"y": 5.0}},
		}},
		{"MM-33 members without a target have the whole's type", document(strings.ReplaceAll(ensemble("classification", "majorityVote", "", "", all(vote("1")), all(vote("1.0")), all(vote("0"))), "{c}{c?}", "{q}")), gives(record{"q": 1})},
		{"MM-33 members of another type than the whole", document(`<MiningModel functionName="classification">{}` + outputs(output("p1", "probability", "1"), output("p0", "probability", "0")) +
			`<Segmentation multipleModelMethod="majorityVote">` + strings.ReplaceAll(all(vote("1"))+all(vote("0"))+all(vote("1")), "{}", "{q}") + `</Segmentation></MiningModel>`), gives(record{"_target": "1", "p1": 2.0 / 3, "p0": 1.0 / 3})},
		{"MM-33 a member of a chain that predicts something else has no probabilities of the whole", document(ensemble("classification", "modelChain", "", "",
			all(strings.Replace(sure("1", 3, "0", 1), "{}", "{q}", 1)), when(above("z", "0"), strings.Replace(sure("b", 3, "a", 1), "{}", "{c}", 1)))), []scored{
			{in: record{"x": 1, "z": 1}, want: record{"c": "b", "p_a": 0.25}}, {in: record{"x": 1}, want: record{"p_a": nil, "p_b": nil}},
		}},
		{"MM-33 TG-13 members of a sum are not whole, though the whole is", document(strings.Replace(ensemble("regression", "sum", "", "", all(number(1.5)), all(number(2.5))), "{y}", "{k}", 1)), gives(record{"k": 4})},
		{"MM-33 TG-13 the whole must be whole", document(strings.Replace(ensemble("regression", "sum", "", "", all(number(1.5)), all(number(2.25))), "{y}", "{k}", 1)), []scored{{in: one, code: "invalid-result"}}},
		{"MM-34 E12 outputs about a segment", document(ensemble("regression", "sum", "", `<Output><OutputField name="second" optype="continuous" dataType="double" feature="predictedValue" segmentId="2nd"/>
			<OutputField name="copy" optype="continuous" dataType="double" feature="transformedValue" segmentId="1" value="more"/>
			<OutputField name="leaf" optype="categorical" dataType="string" feature="entityId" segmentId="2nd"/></Output>`, all(halves), named("2nd", above("x", "0"), number(7)))), []scored{
			{in: record{"x": 4}, want: record{"second": 7.0, "copy": 102.0, "leaf": "2", "y": 9.0}}, {in: record{"x": -4}, want: record{"second": nil, "copy": 98.0, "leaf": nil, "y": -2.0}},
		}},
		{"MM-34 probabilities of a segment", document(`<MiningModel functionName="classification">{c}<Output><OutputField name="p" optype="continuous" dataType="double" feature="probability" value="b" segmentId="2"/></Output>
			<Segmentation multipleModelMethod="majorityVote">` + all(sure("a", 1)) + all(sure("c", 3, "b", 1)) + `</Segmentation></MiningModel>`), gives(record{"p": 0.25})},
		{"MM-35 E5 older spellings", regression("x-weightedMedian", `x-missingPredictionTreatment="skipSegment" x-missingThreshold="0.9"`, weighing("1", number(9)), weighing("3", number(4)), weighing("1", unlessMissing("z", 1))), is(4.0)},
		{"MM-35 x-weightedSum", regression("x-weightedSum", "", weighing("2", number(9)), weighing("3", number(4))), is(30.0)},
		{"MM-37 A5 sums of 32 bits in document order", document(strings.Replace(ensemble("regression", "sum", "", "", all(number(16777216)), all(number(1)), all(number(1)), all(number(-16777216))), `functionName`, `x-mathContext="float" functionName`, 1)), is(0.0)},
		{"MM-37 sums of 64 bits", regression("sum", "", all(number(16777216)), all(number(1)), all(number(1)), all(number(-16777216))), is(2.0)},
		{"TR-28 votes of trees for numbered categories", document(strings.ReplaceAll(ensemble("classification", "weightedMajorityVote", "", "", weighing("1", vote("1")), weighing("3", vote("0"))), "{c}{c?}", "{q}")), gives(record{"q": 0})},
	}
}

func linearMember(intercept float64, field string, coefficient float64) string {
	return `<RegressionModel functionName="regression">{}` + table(fmt.Sprintf(`intercept="%g"`, intercept), numeric(field, coefficient)) + `</RegressionModel>`
}

// TestMiningModelParallel is MM-36 and E16: goroutines with scorers of one model do not disturb each other.
func TestMiningModelParallel(t *testing.T) {
	m := open(t, document(ensemble("classification", "average", "", "", all(sure("a", 3, "b", 1)), when(above("z", "0"), sure("b", 1, "c", 1)))))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			s, z, want := m.NewScorer(), float64(g%2), 0.75-0.375*float64(g%2)
			for range 200 {
				if err := s.ScoreMap(record{"x": 1, "z": z}); err != nil {
					t.Error(err)
					return
				}
				if v, _ := s.Get("p_a"); !same(v, want) {
					t.Errorf("z = %g: p_a is %v, want %g", z, v, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestMiningModelRefused: what cannot be combined is refused when the document is compiled.
func TestMiningModelRefused(t *testing.T) {
	list := `<MiningModel functionName="regression">{}<Segmentation multipleModelMethod="selectAll">` + all(number(1)) + all(number(2)) + `</Segmentation></MiningModel>`
	first := `<MiningModel functionName="regression">{}<Segmentation multipleModelMethod="selectFirst">` + all(list) + `</Segmentation></MiningModel>`
	for _, c := range []struct{ id, document, code string }{
		{"MM-16 E14 the sum of categories", ensemble("classification", "sum", "", "", all(vote("a"))), "unsupported-value"},
		{"MM-05 the vote of numbers", ensemble("regression", "majorityVote", "", "", all(number(1))), "unsupported-value"},
		{"MM-27 a regression among classifications", ensemble("classification", "majorityVote", "", "", all(number(1)), all(vote("a"))), "inconsistent"},
		{"MM-19 the sum of a list", ensemble("regression", "sum", "", "", all(list), all(number(1))), "unsupported-value"},
		{"MM-19 the median of a list from further in", ensemble("regression", "median", "", "", all(first), all(number(1))), "unsupported-value"},
		{"I5 no segments", ensemble("regression", "sum", "", ""), "missing-element"},
		{"MM-34 an unknown segment", ensemble("regression", "sum", "", outputs(gets("p", "double", `feature="predictedValue" segmentId="none"`)), all(number(1))), "unknown-field"},
	} {
		t.Run(c.id, func(t *testing.T) {
			_, err := compile.Compile(strings.NewReader(document(c.document)), compile.Options{})
			var faults *evaluator.Faults
			if !errors.As(err, &faults) || string(faults.List[0].Code) != c.code {
				t.Errorf("error %v, want code %s", err, c.code)
			}
		})
	}
}
