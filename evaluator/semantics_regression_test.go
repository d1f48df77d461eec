package evaluator_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestRegressionModel(t *testing.T) { show(t, regressions()) }

// linear is a regression.
func linear(attributes string, terms ...string) string {
	return `<RegressionModel functionName="regression" ` + attributes + `>{y}` + table(`intercept="1"`, terms...) + `</RegressionModel>`
}

// classes is a classification; its tables are given.
func classes(attributes string, tables ...string) string {
	return `<RegressionModel functionName="classification" ` + attributes + `>{c}{c?}` + strings.Join(tables, "") + `</RegressionModel>`
}

// ranks is a classification with an ordinal target.
func ranks(attributes string, tables ...string) string {
	return `<RegressionModel functionName="classification" ` + attributes + `>{o}{o?}` + strings.Join(tables, "") + `</RegressionModel>`
}

func table(attributes string, terms ...string) string {
	return `<RegressionTable ` + attributes + `>` + strings.Join(terms, "") + `</RegressionTable>`
}

// of is the table of a category: intercept and coefficient of x.
func of(category string, intercept, x float64) string {
	terms := ""
	if x != 0 {
		terms = numeric("x", x)
	}
	return table(fmt.Sprintf(`targetCategory="%s" intercept="%g"`, category, intercept), terms)
}

// twoTargets is a regression of y and k, where k is rescaled by 10.
func twoTargets(attributes string, tables ...string) string {
	schema := strings.Replace(schemaOf("y"), `</MiningSchema>`, `<MiningField name="k" usageType="target"/></MiningSchema>`, 1)
	out := outputs(gets("o_y", "double", `feature="predictedValue" targetField="y"`), gets("o_k", "integer", `feature="predictedValue" targetField="k"`),
		gets("both", "double", `feature="transformedValue"`, apply("+", field("o_y"), field("o_k"))))
	return `<RegressionModel functionName="regression" ` + attributes + `>` + schema + out + `<Targets><Target field="k" rescaleFactor="10"/></Targets>` + strings.Join(tables, "") + `</RegressionModel>`
}

func numeric(field string, coefficient float64) string {
	return fmt.Sprintf(`<NumericPredictor name="%s" coefficient="%g"/>`, field, coefficient)
}

func indicator(field, value string, coefficient float64) string {
	return fmt.Sprintf(`<CategoricalPredictor name="%s" value="%s" coefficient="%g"/>`, field, value, coefficient)
}

func term(coefficient float64, fields ...string) string {
	s := fmt.Sprintf(`<PredictorTerm coefficient="%g">`, coefficient)
	for _, f := range fields {
		s += `<FieldRef field="` + f + `"/>`
	}
	return s + `</PredictorTerm>`
}

// The inverse links of the standard.
func logistic(y float64) float64 { return 1 / (1 + math.Exp(-y)) }
func probit(y float64) float64   { return 0.5 * (1 + math.Erf(y/math.Sqrt2)) }
func cloglog(y float64) float64  { return 1 - math.Exp(-math.Exp(y)) }
func loglog(y float64) float64   { return math.Exp(-math.Exp(-y)) }
func cauchit(y float64) float64  { return 0.5 + math.Atan(y)/math.Pi }

func regressions() []semantic {
	none := record{"y": nil}
	all := []semantic{
		{"RG-01 one table", document(linear("", numeric("x", 2), numeric("z", -0.5))), []scored{
			{in: record{"x": 3, "z": 4}, want: record{"y": 5.0}}, {in: record{"x": "3", "z": "-4"}, want: record{"y": 9.0}},
		}},
		{"RG-02 a table for each category", document(classes(`normalizationMethod="softmax"`, of("a", 0, 1), of("b", 1, 0), of("c", 0, -1))), []scored{
			{in: record{"x": 2}, want: record{"c": "a"}}, {in: record{"x": 0}, want: record{"c": "b"}}, {in: record{"x": -2}, want: record{"c": "c"}},
		}},
		{"RG-03 intercept", document(linear("")), []scored{{want: record{"y": 1.0}}}},
		{"RG-04 F7 a missing number", document(linear("", numeric("x", 2), numeric("z", 0))), []scored{
			{in: record{"x": 3}, want: none}, {in: record{"z": 4}, want: none}, {in: record{}, want: none}, {in: record{"x": 3, "z": 4}, want: record{"y": 7.0}},
		}},
		{"RG-05 F8 exponent", document(linear("", `<NumericPredictor name="x" exponent="2" coefficient="3"/>`, `<NumericPredictor name="z" exponent="0" coefficient="5"/>`)), []scored{
			{in: record{"x": 2, "z": 7}, want: record{"y": 18.0}}, {in: record{"x": -2, "z": 0}, want: record{"y": 18.0}}, {in: record{"x": 2}, want: none},
		}},
		{"RG-06 F7 a missing category counts nothing", document(linear("", indicator("s", "p", 10), indicator("s", "q", 100), indicator("t", "true", 1000), indicator("m", "2", 5))), []scored{
			{in: record{"s": "p"}, want: record{"y": 11.0}}, {in: record{"s": "q", "t": true}, want: record{"y": 1101.0}},
			{in: record{"s": "other", "t": false, "m": 1}, want: record{"y": 1.0}}, {in: record{"m": 2}, want: record{"y": 6.0}}, {in: record{}, want: record{"y": 1.0}},
		}},
		{"RG-06 an invalid category is invalid", document(linear("", indicator("m", "1", 10))), []scored{
			{in: record{"m": 3}, code: "invalid-value m"}, {in: record{"m": 1}, want: record{"y": 11.0}},
		}},
		{"RG-07 F9 the rows of a field need not stand together", document(linear("", indicator("s", "p", 10), numeric("x", 1), indicator("s", "q", 100), indicator("s", "p", 1000))), []scored{
			{in: record{"s": "q", "x": 0}, want: record{"y": 101.0}},
		}},
		{"RG-08 F10 PredictorTerm", document(linear("", term(2, "x", "z"), term(1, "x", "x"), term(10, "n"))), []scored{
			{in: record{"x": 3, "z": 5, "n": 2}, want: record{"y": 1.0 + 30 + 9 + 20}}, {in: record{"x": 3, "z": 5}, want: none}, {in: record{"x": 3, "n": 5}, want: none},
		}},
		{"RG-08 a truth is 1 or 0", document(linear("", term(2, "x", "t"), numeric("t", 5))), []scored{
			{in: record{"x": 3, "t": true}, want: record{"y": 12.0}}, {in: record{"x": 3, "t": "false"}, want: record{"y": 1.0}},
		}},
		{"RG-09 PredictorTerm@name", document(linear("", `<PredictorTerm name="cross" coefficient="2"><FieldRef field="x"/></PredictorTerm>`)), []scored{
			{in: record{"x": 3}, want: record{"y": 7.0}},
		}},
		{"RG-11 F3 none with two categories", document(classes("", of("b", 0, 1), of("a", 9, 9))), []scored{
			{in: record{"x": 0.25}, want: record{"c": "a", "p_a": 0.75, "p_b": 0.25, "p_c": 0.0}},
			{in: record{"x": 7}, want: record{"c": "b", "p_a": 0.0, "p_b": 1.0}}, {in: record{"x": -7}, want: record{"c": "a", "p_a": 1.0, "p_b": 0.0}},
		}},
		{"RG-11 F3 none with more categories", document(classes("", of("b", 0, 1), of("a", 0.25, 0), of("c", 9, 9))), []scored{
			{in: record{"x": 0.5}, want: record{"c": "b", "p_a": 0.25, "p_b": 0.5, "p_c": 0.25}},
			{in: record{"x": 7}, want: record{"c": "b", "p_b": 7.0, "p_c": -6.25}},
		}},
		{"RG-12 F4 simplemax", document(classes(`normalizationMethod="simplemax"`, of("a", 1, 0), of("b", 3, 0), of("c", 0, 1))), []scored{
			{in: record{"x": 4}, want: record{"c": "c", "p_a": 0.125, "p_b": 0.375, "p_c": 0.5}},
		}},
		{"RG-12 simplemax of nothing is undefined", document(classes(`normalizationMethod="simplemax"`, of("a", 0, 0), of("b", 0, 1))), []scored{
			{in: record{"x": 0}, code: "invalid-result"}, {in: record{"x": 1}, want: record{"c": "b", "p_b": 1.0}},
		}},
		{"RG-13 softmax", document(classes(`normalizationMethod="softmax"`, of("a", 0, 1), of("b", 1, 0), of("c", 0, -1))), []scored{
			{in: record{"x": 0}, want: record{"p_a": 1 / (2 + math.E), "p_b": math.E / (2 + math.E), "p_c": 1 / (2 + math.E)}},
			{in: record{"x": 1e6}, want: record{"c": "a", "p_a": 1.0, "p_b": 0.0}},
			{in: record{}, want: record{"c": nil, "p_a": nil}},
		}},
		{"RG-14 logit with two categories", document(classes(`normalizationMethod="logit"`, of("b", 0, 1), of("a", 0, 0))), []scored{
			{in: record{"x": 1.5}, want: record{"c": "b", "p_b": logistic(1.5), "p_a": 1 - logistic(1.5)}}, {in: record{"x": 0}, want: record{"c": "a", "p_b": 0.5}},
			{in: record{"x": -2000}, want: record{"p_b": 0.0, "p_a": 1.0}}, {in: record{}, want: record{"c": nil, "p_a": nil}},
		}},
		{"RG-14 F2 logit with more categories", document(classes(`normalizationMethod="logit"`, of("a", 0, 1), of("b", 1, 0), of("c", -1, 0))), []scored{
			{in: record{"x": 2}, want: record{"c": "a", "p_a": logistic(2) / (logistic(2) + 1), "p_b": logistic(1) / (logistic(2) + 1), "p_c": logistic(-1) / (logistic(2) + 1)}},
		}},
		{"RG-21 the first table decides", document(classes(`normalizationMethod="logit"`, of("a", 0, 0), of("b", 0, 1))), []scored{
			{in: record{"x": 1.5}, want: record{"c": "a", "p_a": 0.5, "p_b": 0.5}},
		}},
		{"RG-22 F1 softmax with a trivial second table", document(classes(`normalizationMethod="softmax"`, of("b", 0, 1), of("a", 0, 0))), []scored{
			{in: record{"x": 1.5}, want: record{"c": "b", "p_b": logistic(1.5), "p_a": 1 - logistic(1.5)}}, {in: record{"x": 800}, want: record{"p_b": 1.0}},
			{in: record{"x": -800}, want: record{"p_b": 0.0, "p_a": 1.0}},
		}},
		{"RG-23 a missing number gives the priors", document(`<RegressionModel functionName="classification" normalizationMethod="softmax">{c}{c?}<Targets><Target field="c">
			<TargetValue value="a" priorProbability="0.25"/><TargetValue value="b" priorProbability="0.75"/></Target></Targets>` +
			of("b", 0, 1) + of("a", 0, 0) + `</RegressionModel>`), []scored{
			{in: record{}, want: record{"c": "b", "p_a": 0.25, "p_b": 0.75, "p_c": 0.0}}, {in: record{"x": -5}, want: record{"c": "a"}},
		}},
		{"RG-24 modelType and targetFieldName say nothing new", document(`<RegressionModel functionName="regression" modelType="stepwisePolynomialRegression" targetFieldName="y">{y}` +
			table(`intercept="1"`, `<NumericPredictor name="x" exponent="3" coefficient="1"/>`) + `</RegressionModel>`), []scored{{in: record{"x": 2}, want: record{"y": 9.0}}}},
		{"RG-25 of equal probabilities the first category of the field wins", document(classes(`normalizationMethod="softmax"`, of("c", 1, 0), of("a", 1, 0), of("b", 1, 0))), []scored{
			{want: record{"c": "a", "p_a": 1.0 / 3, "p_c": 1.0 / 3}},
		}},
		{"RG-27 EX-03 tables of different targets", documentWith("", twoTargets("", table(`intercept="1" x-targetField="y"`, numeric("x", 2)), table(`intercept="5" x-targetField="k"`, numeric("z", 1)))), []scored{
			{in: record{"x": 1, "z": 2}, want: record{"y": 3.0, "k": 70, "o_y": 3.0, "o_k": 70, "both": 73.0}},
			{in: record{"x": 1}, want: record{"y": 3.0, "k": nil, "o_y": 3.0, "o_k": nil, "both": nil}},
		}},
		{"RG-27 with a link", documentWith("", twoTargets(`normalizationMethod="exp"`, table(`intercept="0" x-targetField="k"`), table(`intercept="1" x-targetField="y"`))), []scored{{want: record{"y": math.E, "k": 10}}}},
		{"RG-26 F11 tables with an intercept only", document(classes(`normalizationMethod="simplemax"`, of("a", 1, 0), of("b", 3, 0))), []scored{{want: record{"c": "b", "p_b": 0.75}}}},
		{"RG-28 an empty category", documentWith("", strings.ReplaceAll(classes(`normalizationMethod="logit"`, table(`targetCategory="a" intercept="1"`), table(`targetCategory="" intercept="0"`)), "{c?}", "")), []scored{
			{want: record{"c": "a"}},
		}},
		{"x-mathContext float", document(linear(`x-mathContext="float"`, numeric("x", 0.1))), []scored{
			{in: record{"x": 3}, want: record{"y": float64(float32(1) + float32(0.1)*float32(3))}},
		}},
	}
	for _, link := range []struct {
		name    string
		inverse func(float64) float64
	}{{"logit", logistic}, {"probit", probit}, {"cloglog", cloglog}, {"loglog", loglog}, {"cauchit", cauchit}, {"softmax", logistic}, {"exp", math.Exp}, {"none", func(y float64) float64 { return y }}} {
		id := map[string]string{"none": "RG-10", "softmax": "RG-13", "logit": "RG-14", "probit": "RG-15", "cloglog": "RG-16", "exp": "RG-17", "loglog": "RG-18", "cauchit": "RG-19"}[link.name]
		number, pair, order := semantic{id: id + " F6 " + link.name + " of a regression", document: document(linear(`normalizationMethod="`+link.name+`"`, numeric("x", 1)))},
			semantic{id: id + " " + link.name + " with two categories", document: document(classes(`normalizationMethod="`+link.name+`"`, of("b", 1, 1), of("a", 0, 0)))},
			semantic{id: "RG-20 F5 " + link.name + " with an order of categories", document: document(ranks(`normalizationMethod="`+link.name+`"`, of("low", -1, 1), of("mid", 1, 1), of("high", 0, 0)))}
		for _, x := range []float64{-2, -1, 0, 0.5} {
			p, low, both := link.inverse(x+1), link.inverse(x-1), link.inverse(x+1)
			number.records = append(number.records, scored{in: record{"x": x}, want: record{"y": p}})
			if link.name == "none" {
				clip := func(p float64) float64 { return math.Min(math.Max(p, 0), 1) }
				p, low, both = clip(p), clip(low), clip(both)
			}
			pair.records = append(pair.records, scored{in: record{"x": x}, want: record{"p_b": p, "p_a": 1 - p}})
			order.records = append(order.records, scored{in: record{"x": x}, want: record{"p_low": low, "p_mid": both - low, "p_high": 1 - both}})
		}
		all = append(all, number)
		if link.name != "exp" {
			all = append(all, pair)
		}
		if link.name != "exp" && link.name != "softmax" {
			all = append(all, order)
		}
	}
	return all
}
