package evaluator_test

import (
	"strings"
	"testing"
)

func TestPredicates(t *testing.T) { show(t, predicates()) }

// asks is a tree that says "true" or "false" of a predicate, and nothing if it is unknown.
func asks(predicates ...string) string {
	return asksAmong("", predicates...)
}

// asksAmong has more data fields.
func asksAmong(fields string, predicates ...string) string {
	p := strings.Join(predicates, "")
	negation := compound("xor", p, always) // the standard has no negation; this one is unknown where p is
	schema := `{y}`
	if fields != "" {
		names := strings.Split(fields, `name="`)[1:]
		schema = `<MiningSchema>` + inputs
		for _, n := range names {
			schema += `<MiningField name="` + n[:strings.Index(n, `"`)] + `"/>`
		}
		schema += `<MiningField name="y" usageType="target"/></MiningSchema>`
	}
	d := document(`<TreeModel functionName="regression" missingValueStrategy="nullPrediction">` + schema +
		node(``, always, node(`score="1"`, p), node(`score="0"`, negation)) + `</TreeModel>`)
	return strings.Replace(d, `</DataDictionary>`, fields+`</DataDictionary>`, 1)
}

// truths are records of one field and whether the predicate holds for them: nil is unknown.
func truths(field string, valueAndTruth ...any) []scored {
	var all []scored
	for i := 0; i < len(valueAndTruth); i += 2 {
		all = append(all, truth(record{field: valueAndTruth[i]}, valueAndTruth[i+1]))
	}
	return all
}

func truth(in record, want any) scored {
	switch want {
	case true:
		return scored{in: in, want: record{"y": 1.0}}
	case false:
		return scored{in: in, want: record{"y": 0.0}}
	}
	return scored{in: in, want: record{"y": nil}}
}

// kleene are the nine pairs of truths of x > 0 and z > 0, and what a connective makes of them.
func kleene(want ...any) []scored {
	var all []scored
	for i, x := range []any{1, -1, nil} {
		for j, z := range []any{1, -1, nil} {
			all = append(all, truth(record{"x": x, "z": z}, want[3*i+j]))
		}
	}
	return all
}

const (
	size  = `<DataField name="size" optype="ordinal" dataType="string"><Value value="small"/><Value value="medium"/><Value value="large"/></DataField>`
	grade = `<DataField name="grade" optype="ordinal" dataType="integer"><Value value="3"/><Value value="1"/><Value value="2"/></DataField>`
	day   = `<DataField name="day" optype="ordinal" dataType="date"/>`
)

func predicates() []semantic {
	x, z := above("x", "0"), above("z", "0")
	all := []semantic{
		{"PR-01 True and False", document(numberTree("", node(``, always, node(`score="1"`, never), node(`score="2"`, always)))), []scored{{want: record{"y": 2.0}}}},
		{"PR-02 equal", asks(equals("x", "1.50")), truths("x", 1.5, true, 2, false, nil, nil, "1.5", true, "0.15e1", true)},
		{"PR-02 notEqual", asks(predicate("s", "notEqual", "p")), truths("s", "p", false, "P", true, "", true, nil, nil)},
		{"PR-02 A6 equal compares in the field's type", asks(equals("n", "1.0")), truths("n", 1, true, 1.0, true, "1", true, 2, false)},
		{"PR-02 a text is not its number", asks(equals("s", "1")), truths("s", "1", true, "1.0", false, 1, true)},
		{"PR-02 a truth", asks(equals("t", "true")), truths("t", true, true, "FALSE", false, 1, true, nil, nil)},
		{"PR-03 lessThan", asks(predicate("x", "lessThan", "1")), truths("x", 0.5, true, 1, false, 1.5, false, nil, nil)},
		{"PR-03 lessOrEqual", asks(predicate("x", "lessOrEqual", "1")), truths("x", 0.5, true, 1, true, 1.5, false, nil, nil)},
		{"PR-03 greaterThan", asks(predicate("x", "greaterThan", "1")), truths("x", 0.5, false, 1, false, 1.5, true, nil, nil)},
		{"PR-03 greaterOrEqual", asks(predicate("x", "greaterOrEqual", "1")), truths("x", 0.5, false, 1, true, 1.5, true, nil, nil)},
		{"PR-03 an order of categories is that of their Values", asksAmong(size, predicate("size", "lessThan", "large")),
			truths("size", "small", true, "medium", true, "large", false, nil, nil)},
		{"PR-03 greaterOrEqual among categories", asksAmong(size, predicate("size", "greaterOrEqual", "medium")),
			truths("size", "small", false, "medium", true, "large", true, nil, nil)},
		{"PR-03 DD-22 numbers in another order", asksAmong(grade, predicate("grade", "lessThan", "2")), truths("grade", 3, true, 1, true, 2, false, nil, nil)},
		{"PR-03 DD-22 numbers that are not declared have their own order", asksAmong(grade, predicate("grade", "lessThan", "2.0")), truths("grade", 1, true, 2, false)},
		{"PR-03 A9 truths have an order", asks(predicate("t", "lessThan", "true")), truths("t", true, false, false, true, nil, nil)},
		{"PR-03 dates", asksAmong(day, predicate("day", "lessThan", "2024-03-01")),
			truths("day", "2024-02-29", true, "2024-03-01", false, nil, nil)},
		{"PR-04 isMissing", asks(missing("x")), truths("x", nil, true, 0, false)},
		{"PR-05 isNotMissing", asks(notMissing("x")), truths("x", nil, false, 0, true)},
		{"PR-05 an invalid value is neither missing nor not", asks(missing("m")), []scored{{in: record{"m": 7}, code: "invalid-value m"}, truth(record{"m": 1}, false)}},
		{"PR-07 isIn", asks(set("s", "isIn", `<Array type="string" n="3">p "q r" "s\"t"</Array>`)),
			truths("s", "p", true, "q r", true, `s"t`, true, "q", false, nil, nil)},
		{"PR-07 D11 isIn without quotation marks", asks(set("s", "isIn", `<Array type="string">p   q
			r</Array>`)), truths("s", "p", true, "q", true, "r", true, "p q", false)},
		{"PR-08 isNotIn", asks(set("s", "isNotIn", `<Array type="string">p q</Array>`)), truths("s", "p", false, "x", true, nil, nil)},
		{"PR-09 D10 and", asks(compound("and", x, z)), kleene(true, false, nil, false, false, false, nil, false, nil)},
		{"PR-10 D10 or", asks(compound("or", x, z)), kleene(true, true, true, true, false, nil, true, nil, nil)},
		{"PR-11 D8 xor", asks(compound("xor", x, z)), kleene(false, true, nil, true, false, nil, nil, nil, nil)},
		{"PR-11 D8 xor of three is the parity", asks(compound("xor", x, z, always)), kleene(true, false, nil, false, true, nil, nil, nil, nil)},
		{"PR-12 D9 surrogate", asks(compound("surrogate", x, z)), kleene(true, true, true, false, false, false, true, false, nil)},
		{"PR-13 nested", asks(compound("and", compound("or", x, z), compound("surrogate", z, always))),
			kleene(true, false, true, true, false, nil, true, false, nil)},
		{"PR-15 on derived fields", documentWith(`<TransformationDictionary><DerivedField name="d" optype="continuous" dataType="double"><Apply function="*"><FieldRef field="x"/><FieldRef field="z"/></Apply></DerivedField></TransformationDictionary>`,
			numberTree("", node(``, always, node(`score="1"`, above("d", "10")), node(`score="2"`, missing("d")), node(`score="3"`, always)))), []scored{
			{in: record{"x": 3, "z": 4}, want: record{"y": 1.0}}, {in: record{"x": 3}, want: record{"y": 2.0}}, {in: record{"x": 3, "z": 1}, want: record{"y": 3.0}},
		}},
		{"PR-16 a set of integers for numbers of another type", asks(set("x", "isIn", `<Array type="int">1 3</Array>`)),
			truths("x", 1, true, 1.0, true, "3.0", true, 2, false, 1.5, false, nil, nil)},
		{"PR-16 DD-03 integers beyond the exact doubles", asks(set("n", "isIn", `<Array type="int">3 9007199254740993</Array>`)), truths("n", int64(9007199254740993), true, int64(9007199254740992), false, "9007199254740993", true, 3, true)},
		{"PR-02 DD-03 integers beyond the exact doubles", asks(equals("n", "9007199254740993")), truths("n", int64(9007199254740993), true, int64(9007199254740992), false, 3, false)},
		{"PR-16 a set of texts for numbers", asks(set("n", "isIn", `<Array type="string">"1" "3"</Array>`)), truths("n", 1, true, "3", true, 2, false)},
	}
	return all
}

func TestInputs(t *testing.T) { show(t, inputsTreated()) }

// echoes is a regression that gives x back, whose field has its own definition and mining field.
func echo(field, mining string) string {
	return `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary><DataField name="x" optype="continuous" dataType="double">` + field + `</DataField>` +
		`<DataField name="y" optype="continuous" dataType="double"/></DataDictionary>` +
		`<RegressionModel functionName="regression"><MiningSchema><MiningField name="x" ` + mining + `/><MiningField name="y" usageType="target"/></MiningSchema>` +
		`<Output><OutputField name="valid" optype="categorical" dataType="boolean" feature="transformedValue"><Apply function="isValid"><FieldRef field="x"/></Apply></OutputField></Output>` +
		`<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="1"/></RegressionTable></RegressionModel></PMML>`
}

// gives are values of x and what becomes of them: nil is missing, a string is the code of an error.
func gives(valueAndResult ...any) []scored {
	var all []scored
	for i := 0; i < len(valueAndResult); i += 2 {
		r := scored{in: record{"x": valueAndResult[i]}}
		if code, ok := valueAndResult[i+1].(string); ok {
			r.code = code
		} else {
			r.want = record{"y": valueAndResult[i+1]}
		}
		all = append(all, r)
	}
	return all
}

// shows is a tree that shows an input as it is used, which has a field's definition.
func shows(dataType, opType, content string) string {
	return `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary><DataField name="x" optype="` + opType + `" dataType="` + dataType + `">` + content + `</DataField></DataDictionary>` +
		`<TreeModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema>` +
		`<Output><OutputField name="y" optype="` + opType + `" dataType="` + dataType + `" feature="transformedValue"><FieldRef field="x"/></OutputField></Output>` +
		`<Node score="1"><True/></Node></TreeModel></PMML>`
}

func inputsTreated() []semantic {
	const bad = "invalid-value x"
	interval := `<Interval closure="closedClosed" leftMargin="0" rightMargin="10"/>`
	range_ := `outliers="asExtremeValues" lowValue="2" highValue="8"`
	return []semantic{
		{"DD-02 string", shows("string", "categorical", ""), gives("", value(""), " a ", value(" a "), "1.0", value("1.0"), true, value("true"))},
		{"DD-03 A15 integer", shows("integer", "continuous", ""), gives(3, 3, 3.0, 3, "3", 3, "3.0", 3, 3.5, bad, "x", bad, int64(9007199254740993), int(9007199254740993), "", bad, true, 1)},
		{"DD-04 A4 float", shows("float", "continuous", ""), gives(0.1, float32(0.1), "0.1", float32(0.1), 1, float32(1), "1e-50", float32(0), "1e50", inf)},
		{"DD-05 double", shows("double", "continuous", ""), gives(0.1, 0.1, "1e3", 1000.0, "-.5", -0.5, " 5 ", 5.0, "1,5", bad, "0x10", bad, "x", bad, true, 1.0, "INF", inf)},
		{"DD-06 boolean", shows("boolean", "categorical", ""), gives(true, true, "TRUE", true, "False", false, 1, true, 0.0, false, "1", true, "0.0", false, 2, bad, "yes", bad)},
		{"DD-06 A14 boolean in documents of 3.1", strings.Replace(strings.Replace(shows("boolean", "categorical", ""), "PMML-4_4", "PMML-3_1", 1), `version="4.4"`, `version="3.1"`, 1), gives(true, true)},
		{"DD-23 A17 a cyclic field is like any other", strings.Replace(shows("double", "continuous", ""), `<DataField `, `<DataField isCyclic="1" `, 1), gives(7, 7.0)},
		{"DD-07 date", shows("date", "ordinal", ""), gives("2024-02-29", value("2024-02-29"), "2023-02-29", bad, "29.2.2024", bad)},
		{"DD-08 time", shows("time", "continuous", ""), gives("23:59:59", value("23:59:59"), "24:30:00", bad)},
		{"DD-09 dateTime", shows("dateTime", "continuous", ""), gives("2024-02-29T01:02:03", value("2024-02-29T01:02:03"), "2024-02-29", bad)},
		{"DD-11 A16 days since 1960", shows("dateDaysSince[1960]", "continuous", ""), gives("1960-01-02", value("1"), "1959-12-31", value("-1"), 5, value("5"), "2024-01-01", value("23376"))},
		{"DD-12 days since 1970", shows("dateDaysSince[1970]", "continuous", ""), gives("2024-01-01", value("19723"))},
		{"DD-10 days since 0", shows("dateDaysSince[0]", "continuous", ""), gives("0000-01-01", value("0"), "1970-01-01", value("719528"))},
		{"DD-14 seconds of a day", shows("timeSeconds", "continuous", ""), gives("01:00:01", value("3601"), "25:00:00", value("90000"), 7, value("7"))},
		{"DD-17 seconds since 1970", shows("dateTimeSecondsSince[1970]", "continuous", ""), gives("1970-01-02T00:00:01", value("86401"), "1969-12-31T23:59:59", value("-1"), 12, value("12"))},
		{"DD-19 days since 2020", shows("x-dateDaysSince[2020]", "continuous", ""), gives("2020-02-01", value("31"))},
		{"DD-24 openOpen", echo(`<Interval closure="openOpen" leftMargin="0" rightMargin="10"/>`, ""), gives(0, bad, 0.1, 0.1, 10, bad)},
		{"DD-24 openClosed", echo(`<Interval closure="openClosed" leftMargin="0" rightMargin="10"/>`, ""), gives(0, bad, 10, 10.0, 10.1, bad)},
		{"DD-24 closedOpen", echo(`<Interval closure="closedOpen" leftMargin="0" rightMargin="10"/>`, ""), gives(0, 0.0, 10, bad)},
		{"DD-24 closedClosed", echo(interval, ""), gives(0, 0.0, 10, 10.0, 10.1, bad, -1, bad)},
		{"DD-25 one side", echo(`<Interval closure="openOpen" leftMargin="0"/>`, ""), gives(0, bad, 1e300, 1e300)},
		{"DD-25 the other side", echo(`<Interval closure="openClosed" rightMargin="0"/>`, ""), gives(0, 0.0, 1, bad, -5, -5.0)},
		{"DD-26 several intervals", echo(interval+`<Interval closure="openOpen" leftMargin="20" rightMargin="30"/>`, ""), gives(5, 5.0, 15, bad, 25, 25.0, 20, bad)},
		{"DD-27 values and intervals", echo(`<Value value="99"/>`+interval, ""), gives(99, 99.0, 5, 5.0, 50, bad)},
		{"DD-29 valid values are all there are", echo(`<Value value="1"/><Value value="2" property="valid"/>`, ""), gives(1, 1.0, "2.0", 2.0, 3, bad)},
		{"DD-30 invalid values", echo(`<Value value="-1" property="invalid"/>`, ""), gives(-1, bad, "-1.0", bad, 1, 1.0)},
		{"DD-30 an invalid value in an interval", echo(`<Value value="5" property="invalid"/>`+interval, ""), gives(5, bad, 6, 6.0)},
		{"DD-31 missing values", echo(`<Value value="-999" property="missing"/><Value value="NA" property="missing"/>`+interval, ""), gives(-999, nil, "-999.0", nil, "NA", nil, 5, 5.0, nil, nil, -99, bad)},
		{"DD-33 A6 values compare in the field's type", shows("integer", "categorical", `<Value value="1.0"/><Value value="02"/>`), gives("1", 1, 2, 2, 3, bad)},
		{"DD-34 A11 what cannot be read is invalid", echo("", ""), gives("abc", bad, "", bad)},
		{"DD-35 A10 NaN is invalid", echo("", ""), gives(nan, bad, "NaN", bad)},
		{"DD-36 A7 a number for a text", shows("string", "categorical", ""), gives(1, value("1"), 1.0, value("1.0"), 1e7, value("1.0E7"), 0.0001, value("1.0E-4"), 123456.5, value("123456.5"))},
		{"DD-37 A8 negative zero", echo("", ""), gives(negativeZero, 0.0)},
		{"DD-39 a list is invalid where a field has one value", echo("", ""), gives([]any{1.0, 2.0}, bad)},

		{"MS-11 missingValueReplacement", echo("", `missingValueReplacement="7"`), gives(nil, 7.0, 1, 1.0)},
		{"MS-12 B6 missingValueTreatment says nothing new", echo("", `missingValueReplacement="7" missingValueTreatment="asMean"`), gives(nil, 7.0)},
		{"MS-12 A12 B6 without a replacement", echo("", `missingValueTreatment="asMean"`), gives(nil, nil)},
		{"MS-13 A12 missingValueTreatment returnInvalid", echo("", `missingValueTreatment="returnInvalid"`), gives(nil, "missing-value x", 1, 1.0)},
		{"MS-14 A12 invalidValueTreatment returnInvalid", echo(interval, `invalidValueTreatment="returnInvalid" missingValueReplacement="7"`), gives(11, bad, "x", bad, 1, 1.0)},
		{"MS-15 asIs", echo(interval, `invalidValueTreatment="asIs"`), []scored{
			{in: record{"x": 11}, want: record{"y": 11.0, "valid": false}}, {in: record{"x": 1}, want: record{"y": 1.0, "valid": true}}, {in: record{}, want: record{"valid": false}},
		}},
		{"MS-15 text in a number, asIs", strings.Replace(document(`<TreeModel functionName="regression" noTrueChildStrategy="returnLastPrediction">{y}`+node(`score="0"`, always, node(`score="1"`, above("x", "5")), node(`score="2"`, predicate("x", "lessOrEqual", "5")),
			node(`score="3"`, equals("x", "7")), node(`score="5"`, predicate("x", "notEqual", "7")), node(`score="4"`, missing("x")))+`</TreeModel>`), `<MiningField name="x"/>`, `<MiningField name="x" invalidValueTreatment="asIs"/>`, 1), []scored{
			{in: record{"x": "abc"}, want: record{"y": 0.0}}, {in: record{"x": "6"}, want: record{"y": 1.0}}, {in: record{}, want: record{"y": 4.0}},
		}},
		{"MS-16 asMissing", echo(interval, `invalidValueTreatment="asMissing"`), gives(11, nil, "x", nil, 1, 1.0)},
		{"MS-16 asMissing with a replacement", echo(interval, `invalidValueTreatment="asMissing" missingValueReplacement="7"`), gives(11, 7.0, "x", 7.0, 1, 1.0)},
		{"MS-17 asValue", echo(interval, `invalidValueTreatment="asValue" invalidValueReplacement="5"`), []scored{
			{in: record{"x": 11}, want: record{"y": 5.0, "valid": true}}, {in: record{"x": "x"}, want: record{"y": 5.0}},
		}},
		{"MS-17 B7 asIs with a replacement", echo(interval, `invalidValueTreatment="asIs" invalidValueReplacement="5"`), gives(11, 5.0)},
		{"MS-17 B7 asValue without a replacement keeps the value", echo(interval, `invalidValueTreatment="asValue"`), gives(11, 11.0)},
		{"MS-18 older spellings", echo(interval, `x-invalidValueReplacement="5" invalidValueTreatment="asIs"`), gives(11, 5.0)},
		{"MS-18 x-returnInvalid", echo("", `missingValueTreatment="x-returnInvalid"`), gives(nil, "missing-value x")},
		{"MS-19 outliers asIs", echo("", `outliers="asIs" lowValue="2" highValue="8"`), gives(1, 1.0, 9, 9.0)},
		{"MS-20 B4 outliers asMissingValues", echo("", `outliers="asMissingValues" lowValue="2" highValue="8" missingValueReplacement="5"`), gives(1, 5.0, 9, 5.0, 2, 2.0, 8, 8.0)},
		{"MS-20 without a replacement", echo("", `outliers="asMissingValues" lowValue="2" highValue="8"`), gives(1, nil, 2, 2.0)},
		{"MS-21 outliers asExtremeValues", echo("", range_), gives(1, 2.0, 9, 8.0, 5, 5.0, nil, nil)},
		{"MS-21 B2 one bound", echo("", `outliers="asExtremeValues" lowValue="2"`), gives(1, 2.0, 9e9, 9e9)},
		{"MS-22 B3 bounds without outliers", echo("", `lowValue="2" highValue="8"`), gives(1, 1.0, 9, 9.0)},
		{"MS-23 importance says nothing new", echo("", `importance="0.7"`), gives(1, 1.0)},
		{"MS-24 B1 a missing value is not invalid", echo(`<Value value="-1" property="missing"/>`+interval, range_+` missingValueReplacement="1"`), gives(-1, 1.0)},
		{"MS-24 B1 an invalid value is no outlier", echo(interval, range_), gives(11, bad, 9, 8.0)},
		{"MS-24 B1 a value that is kept is no outlier", echo(interval, range_+` invalidValueTreatment="asIs"`), gives(11, 11.0, 9, 8.0)},
		{"MS-26 a replacement may be invalid", echo(interval, `missingValueReplacement="99"`), gives(nil, 99.0)},
		{"MS-06 MS-07 weights are no inputs", strings.Replace(strings.Replace(echo("", ""), `<MiningField name="y"`, `<MiningField name="w" usageType="frequencyWeight"/><MiningField name="y"`, 1),
			`<DataField name="y"`, `<DataField name="w" optype="continuous" dataType="double"/><DataField name="y"`, 1), gives(1, 1.0)},
		{"MS-28 B8 the target is not needed", echo("", ""), []scored{{in: record{"x": 1, "y": "anything"}, want: record{"y": 1.0}}}},
	}
}

// value is a result by its text.
func value(text string) any { return expected(text) }
