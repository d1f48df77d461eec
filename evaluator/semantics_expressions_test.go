package evaluator_test

import (
	"math"
	"strings"
	"testing"
)

func TestExpressions(t *testing.T) { show(t, expressions()) }
func TestScopes(t *testing.T)      { show(t, scopes()) }

// derives gives a derived field d as output out.
func derives(dataType, expression string) string {
	return derivesWith("", dataType, expression)
}

// derivesWith has functions, or other derived fields, before d.
func derivesWith(before, dataType, expression string) string {
	opType := "continuous"
	if dataType == "string" || dataType == "boolean" {
		opType = "categorical"
	}
	return documentWith(`<TransformationDictionary>`+before+`<DerivedField name="d" optype="`+opType+`" dataType="`+dataType+`">`+expression+`</DerivedField></TransformationDictionary>`,
		`<TreeModel functionName="regression">{}<Output><OutputField name="out" optype="`+opType+`" dataType="`+dataType+`" feature="transformedValue"><FieldRef field="d"/></OutputField></Output>`+
			node(`score="1"`, always)+`</TreeModel>`)
}

// derived is a DerivedField of type double.
func derived(name, expression string) string {
	return `<DerivedField name="` + name + `" optype="continuous" dataType="double">` + expression + `</DerivedField>`
}

func field(name string) string { return `<FieldRef field="` + name + `"/>` }

func apply(function string, arguments ...string) string {
	return `<Apply function="` + function + `">` + strings.Join(arguments, "") + `</Apply>`
}

func constant(text string) string { return `<Constant>` + text + `</Constant>` }

// makes are values of a field and what the derived field is for them.
func makes(field string, valueAndResult ...any) []scored {
	var all []scored
	for i := 0; i < len(valueAndResult); i += 2 {
		all = append(all, scored{in: record{field: valueAndResult[i]}, want: record{"out": valueAndResult[i+1]}})
	}
	return all
}

func expressions() []semantic {
	norm := func(attributes string) string {
		return `<NormContinuous field="x" ` + attributes + `><LinearNorm orig="0" norm="10"/><LinearNorm orig="2" norm="20"/><LinearNorm orig="4" norm="0"/></NormContinuous>`
	}
	bins := func(attributes string) string {
		return `<Discretize field="x" ` + attributes + `><DiscretizeBin binValue="low"><Interval closure="openOpen" rightMargin="0"/></DiscretizeBin>` +
			`<DiscretizeBin binValue="mid"><Interval closure="closedClosed" leftMargin="0" rightMargin="1"/></DiscretizeBin>` +
			`<DiscretizeBin binValue="overlap"><Interval closure="closedOpen" leftMargin="1" rightMargin="2"/></DiscretizeBin></Discretize>`
	}
	rows := func(cells ...string) string {
		s := `<InlineTable>`
		for i := 0; i+1 < len(cells); i += 2 {
			s += `<row><key>` + cells[i] + `</key><out>` + cells[i+1] + `</out></row>`
		}
		return s + `</InlineTable>`
	}
	maps := func(field, attributes string, cells ...string) string {
		return `<MapValues outputColumn="out" ` + attributes + `><FieldColumnPair field="` + field + `" column="key"/>` + rows(cells...) + `</MapValues>`
	}
	call := func(attributes string, arguments ...string) string {
		return `<Apply ` + attributes + `>` + strings.Join(arguments, "") + `</Apply>`
	}
	square := `<DefineFunction name="square" optype="continuous" dataType="double"><ParameterField name="x" optype="continuous" dataType="double"/>` + apply("*", field("x"), field("x")) + `</DefineFunction>`
	older := func(d string) string {
		return strings.Replace(strings.Replace(d, "PMML-4_4", "PMML-4_1", 1), `version="4.4"`, `version="4.1"`, 1)
	}
	return []semantic{
		{"XF-01 the result has the field's type", derives("string", field("x")), makes("x", 1, "1.0", 0.5, "0.5", nil, nil)},
		{"XF-01 a float", derives("float", field("x")), makes("x", 0.1, float32(0.1))},
		{"XF-01 an integer", derives("integer", field("x")), []scored{{in: record{"x": 3}, want: record{"out": 3}}, {in: record{"x": 3.5}, code: "invalid-result d"}}},
		{"XF-04 Constant", derives("double", constant("5")), makes("x", 0, 5.0)},
		{"XF-07 an untyped infinity", derives("double", apply("+", field("x"), constant("-INF"))), makes("x", 1, math.Inf(-1))},
		{"XF-46 a function may have no dataType", derivesWith(`<DefineFunction name="plain" optype="continuous"><ParameterField name="p"/>`+apply("+", field("p"), constant("1"))+`</DefineFunction>`, "double", apply("plain", field("x"))), makes("x", 1.5, 2.5, nil, nil)},
		{"XF-04 an untyped whole number", derives("double", apply("/", constant("7"), constant("2"))), makes("x", 0, 3.5)},
		{"XF-04 a text", derives("string", constant("abc")), makes("x", 0, "abc")},
		{"XF-05 a typed constant", derives("string", `<Constant dataType="double">5</Constant>`), makes("x", 0, "5.0")},
		{"XF-05 an empty text", derives("string", `<Constant dataType="string"></Constant>`), makes("x", 0, "")},
		{"XF-05 an empty number is missing", derives("double", `<Constant dataType="double"></Constant>`), makes("x", 0, nil)},
		{"XF-06 a missing constant", derives("double", `<Constant dataType="double" missing="true">5</Constant>`), makes("x", 0, nil)},
		{"XF-07 infinity", derives("double", `<Constant dataType="double">-INF</Constant>`), makes("x", 0, -inf)},
		{"XF-08 FieldRef", derives("boolean", field("t")), makes("t", true, true, nil, nil)},
		{"XF-09 FieldRef mapMissingTo", derives("double", `<FieldRef field="x" mapMissingTo="-1"/>`), makes("x", nil, -1.0, 2, 2.0)},
		{"XF-10 NormContinuous", derives("double", norm("")), makes("x", 0, 10.0, 1, 15.0, 2, 20.0, 3, 10.0, 4, 0.0, nil, nil)},
		{"XF-11 mapMissingTo", derives("double", norm(`mapMissingTo="7"`)), makes("x", nil, 7.0, 1, 15.0)},
		{"XF-12 C19 outliers asIs", derives("double", norm("")), makes("x", -1, 5.0, 5, -10.0)},
		{"XF-13 outliers asMissingValues", derives("double", norm(`outliers="asMissingValues"`)), makes("x", -1, nil, 5, nil, 4, 0.0)},
		{"XF-13 outliers are not mapped like missing values", derives("double", norm(`outliers="asMissingValues" mapMissingTo="7"`)), makes("x", nil, 7.0)},
		{"XF-14 outliers asExtremeValues", derives("double", norm(`outliers="asExtremeValues"`)), makes("x", -1, 10.0, 5, 0.0)},
		{"XF-16 NormDiscrete", derives("double", `<NormDiscrete field="s" value="p"/>`), makes("s", "p", 1.0, "q", 0.0, nil, nil)},
		{"XF-16 in the field's type", derives("double", `<NormDiscrete field="m" value="1.0"/>`), makes("m", 1, 1.0, 2, 0.0)},
		{"XF-17 NormDiscrete mapMissingTo", derives("double", `<NormDiscrete field="s" value="p" mapMissingTo="0.5"/>`), makes("s", nil, 0.5, "p", 1.0)},
		{"XF-19 C21 Discretize: the first bin", derives("string", bins("")), makes("x", -1, "low", 0, "mid", 1, "mid", 1.5, "overlap")},
		{"XF-20 C20 no bin", derives("string", bins("")), makes("x", 2, nil, nil, nil)},
		{"XF-20 defaultValue", derives("string", bins(`defaultValue="other"`)), makes("x", 2, "other", nil, nil)},
		{"XF-21 mapMissingTo", derives("string", bins(`defaultValue="other" mapMissingTo="none"`)), makes("x", nil, "none", 2, "other")},
		{"XF-22 dataType", derives("double", `<Discretize field="x" dataType="integer"><DiscretizeBin binValue="3"><Interval closure="openOpen" leftMargin="0"/></DiscretizeBin></Discretize>`), makes("x", 1, 3.0)},
		{"XF-23 MapValues", derives("string", maps("s", "", "p", "P", "q", "Q")), makes("s", "p", "P", "q", "Q", "r", nil, nil, nil)},
		{"XF-24 several keys", derives("string", `<MapValues outputColumn="out"><FieldColumnPair field="s" column="a"/><FieldColumnPair field="n" column="b"/><InlineTable>
			<row><a>p</a><b>1</b><out>p1</out></row><row><a>p</a><b>2</b><out>p2</out></row><row><a>q</a><b>1</b><out>q1</out></row></InlineTable></MapValues>`), []scored{
			{in: record{"s": "p", "n": 2}, want: record{"out": "p2"}}, {in: record{"s": "q", "n": 1}, want: record{"out": "q1"}},
			{in: record{"s": "q", "n": 2}, want: record{"out": nil}}, {in: record{"s": "q"}, want: record{"out": nil}},
		}},
		{"XF-26 defaultValue and mapMissingTo", derives("string", maps("s", `defaultValue="other" mapMissingTo="none"`, "p", "P")), makes("s", "p", "P", "q", "other", nil, "none")},
		{"XF-27 dataType", derives("double", maps("s", `dataType="double"`, "p", "1.5")), makes("s", "p", 1.5)},
		{"XF-29 DD-03 keys beyond the exact doubles", derives("string", maps("n", "", "9007199254740993", "odd", "9007199254740992", "even")), makes("n", int64(9007199254740993), "odd", int64(9007199254740992), "even", int64(9007199254740994), nil)},
		{"XF-29 A6 C22 keys in the field's type", derives("string", maps("n", "", "1.0", "one")), makes("n", 1, "one", "1", "one")},
		{"XF-30 rows of columns with a prefix", strings.Replace(derives("string", `<MapValues outputColumn="data:out"><FieldColumnPair field="s" column="data:key"/><InlineTable><row><data:key>p</data:key><data:out>P</data:out></row></InlineTable></MapValues>`),
			"<PMML ", `<PMML xmlns:data="http://jpmml.org/jpmml-model/InlineTable" `, 1), makes("s", "p", "P")},
		{"XF-39 Apply: arguments in order", derives("double", apply("-", field("x"), constant("1"))), makes("x", 3, 2.0, nil, nil)},
		{"XF-40 Apply mapMissingTo", derives("double", call(`function="+" mapMissingTo="-1"`, field("x"), field("z"))), []scored{
			{in: record{"x": 1}, want: record{"out": -1.0}}, {in: record{"x": 1, "z": 2}, want: record{"out": 3.0}},
		}},
		{"XF-41 Apply defaultValue", derives("double", call(`function="if" defaultValue="9"`, apply("greaterThan", field("x"), constant("0")), constant("1"))), makes("x", 1, 1.0, -1, 9.0)},
		{"XF-41 C3 until 4.1 mapMissingTo is what is defaultValue now", older(derives("double", call(`function="if" mapMissingTo="9"`, apply("greaterThan", field("x"), constant("0")), constant("1")))), makes("x", 1, 1.0, -1, 9.0)},
		{"XF-42 C9 invalidValueTreatment returnInvalid", derives("integer", call(`function="/" `, field("n"), constant("0"))), []scored{{in: record{"n": 1}, code: "invalid-result d"}}},
		{"XF-44 asMissing", derives("double", call(`function="ln" invalidValueTreatment="asMissing" defaultValue="7"`, field("x"))), makes("x", -1, 7.0, 1, 0.0)},
		{"XF-45 C4 if evaluates one branch only", derives("double", apply("if", apply("isMissing", field("x")), constant("0"), apply("if", apply("equal", field("x"), constant("0")), constant("1"), apply("/", constant("1.0"), field("x"))))),
			makes("x", nil, 0.0, 0, 1.0, 4, 0.25)},
		{"XF-45 an unknown condition", derives("double", apply("if", apply("greaterThan", field("x"), constant("0")), constant("1"), constant("2"))), makes("x", nil, nil, 1, 1.0, -1, 2.0)},
		{"XF-46 DefineFunction", derivesWith(square, "double", apply("square", apply("+", field("x"), constant("1")))), makes("x", 2, 9.0, nil, nil)},
		{"XF-46 the result has the function's type", derivesWith(`<DefineFunction name="f" optype="categorical" dataType="string"><ParameterField name="p"/>`+field("p")+`</DefineFunction>`, "string", apply("concat", apply("f", field("x")), constant("!"))), makes("x", 2, "2.0!")},
		{"XF-47 ParameterField dataType", derivesWith(`<DefineFunction name="f" optype="categorical" dataType="string"><ParameterField name="p" dataType="integer"/>`+apply("concat", field("p"), constant("!"))+`</DefineFunction>`, "string", apply("f", field("x"))), makes("x", 2, "2!")},
		{"XF-48 C27 parameters hide fields", derivesWith(square, "double", apply("square", field("z"))), []scored{{in: record{"x": 100, "z": 3}, want: record{"out": 9.0}}}},
		{"XF-48 functions that are defined later", derivesWith(`<DefineFunction name="twice" optype="continuous" dataType="double"><ParameterField name="p"/>`+apply("square", apply("square", field("p")))+`</DefineFunction>`+square, "double", apply("twice", field("x"))), makes("x", 2, 16.0)},
		{"XF-49 a built-in function goes before", derivesWith(`<DefineFunction name="abs" optype="continuous" dataType="double"><ParameterField name="p"/>`+constant("42")+`</DefineFunction>`, "double", apply("abs", field("x"))), makes("x", -2, 2.0)},
		{"XF-51 derived fields of a function", derivesWith(`<DefineFunction name="f" optype="continuous" dataType="double"><ParameterField name="p"/>`+derived("q", apply("*", field("p"), constant("2")))+apply("+", field("q"), field("p"))+`</DefineFunction>`, "double", apply("f", field("x"))), makes("x", 2, 6.0)},
		{"XF-52 X-Error", strings.Replace(derives("double", apply("if", apply("greaterThan", field("x"), constant("0")), field("x"), `<X-Error message="too small"/>`)), "<X-Error", "<X-Error", 1), []scored{
			{in: record{"x": 1}, want: record{"out": 1.0}}, {in: record{"x": -1}, code: "invalid-result d"},
		}},
		{"FN-72 functions of newer versions", derives("double", apply("x-modulo", field("x"), constant("3"))), makes("x", -1, 2.0)},
		{"FN-33 C1 and of three values", derives("boolean", apply("and", apply("greaterThan", field("x"), constant("0")), apply("greaterThan", field("z"), constant("0")))), []scored{
			{in: record{"x": 1, "z": 1}, want: record{"out": true}}, {in: record{"x": -1}, want: record{"out": false}}, {in: record{"z": -1}, want: record{"out": false}}, {in: record{"x": 1}, want: record{"out": nil}},
		}},
		{"FN-04 A1 a quotient of integers", derives("double", apply("/", field("n"), constant("2"))), makes("n", 7, 3.5, -7, -3.5, 8, 4.0)},
		{"FN-04 A1 in a field of integers it is whole", derives("integer", apply("/", field("n"), constant("2"))), makes("n", 8, 4, 7, 3, -7, -3)},
		{"FN-04 A1 by 0 it is undefined", derives("integer", apply("/", constant("1"), field("n"))), []scored{{in: record{"n": 0}, code: "invalid-result d"}}},
		{"FN-04 C9 a whole number by 0 is undefined in any field", derives("double", call(`function="/" invalidValueTreatment="asMissing" defaultValue="-1"`, field("n"), constant("0"))), makes("n", 3, -1.0, 0, -1.0, nil, -1.0)},
		{"FN-04 C9 a fraction by 0 is infinite", derives("double", apply("/", field("x"), constant("0"))), makes("x", 3, math.Inf(1), -3, math.Inf(-1))},
		{"FN-04 A1 within an expression it is a number", derives("integer", apply("*", apply("/", field("n"), constant("2")), constant("2"))), makes("n", 7, 7)},
		{"FN-01 A2 integers that overflow become numbers", derives("double", apply("+", field("n"), field("n"))), makes("n", int64(1)<<62, 9.223372036854775808e18, 5, 10.0)},
		{"FN-01 A3 floats are added as numbers and rounded", derives("float", apply("+", field("f"), apply("*", field("f"), constant("2")))), makes("f", 0.1, float32(3*float64(float32(0.1))))},
		{"FN-20 C5 round and rint", derives("double", apply("+", apply("round", field("x")), apply("*", constant("100"), apply("rint", field("x"))))), makes("x", 2.5, 203.0, -2.5, -202.0, 1.5, 202.0)},
		{"FN-22 C6 modulo has the sign of the divisor", derives("double", apply("modulo", field("x"), constant("-3"))), makes("x", 7, -2.0, -7, -1.0)},
		{"FN-18 C7 floor is whole", derives("integer", apply("floor", field("x"))), makes("x", 2.5, 2, -2.5, -3, 3e9, 3000000000)},
		{"FN-16 C8 an integer to a negative power", derives("double", apply("pow", field("n"), constant("-1"))), makes("n", 4, 0.25)},
		{"FN-05 C10 aggregates skip what is missing", derives("double", apply("+", apply("min", field("x"), field("z")), apply("*", constant("100"), apply("avg", field("x"), field("z"))))), []scored{
			{in: record{"x": 2, "z": 4}, want: record{"out": 302.0}}, {in: record{"x": 2}, want: record{"out": 202.0}}, {in: record{}, want: record{"out": nil}},
		}},
		{"FN-09 C10 median", derives("double", apply("median", field("x"), constant("1"), constant("10"), field("z"))), []scored{{in: record{"x": 4, "z": 6}, want: record{"out": 5.0}}, {in: record{"x": 4}, want: record{"out": 4.0}}}},
		{"FN-46 C11 matches a part", derives("boolean", apply("matches", field("s"), constant("b+"))), makes("s", "abbc", true, "ac", false)},
		{"FN-45 C12 replace with groups", derives("string", apply("replace", field("s"), constant("(b+)"), constant("[$1]"))), makes("s", "abbcb", "a[bb]c[b]")},
		{"FN-42 C14 substring", derives("string", apply("substring", field("s"), constant("2"), constant("3"))), makes("s", "abcdef", "bcd", "abc", "bc")},
		{"FN-42 C14 substring begins with 1", derives("string", apply("substring", field("s"), constant("0"), constant("3"))), []scored{{in: record{"s": "abc"}, code: "invalid-result d"}}},
		{"FN-41 C15 stringLength counts characters", derives("integer", apply("stringLength", field("s"))), makes("s", "añ😀", 3)},
		{"FN-48 C16 formatDatetime", derives("string", apply("formatDatetime", `<Constant dataType="date">2024-02-29</Constant>`, constant("%d.%m.%Y"))), makes("x", 0, "29.02.2024")},
		{"FN-47 C17 formatNumber", derives("string", apply("formatNumber", field("n"), constant("%03d"))), makes("n", 7, "007")},
		{"FN-36 C18 isIn is never missing", derives("boolean", apply("isIn", field("s"), constant("p"), constant("q"))), makes("s", "p", true, "r", false, nil, false)},
		{"XF-40 C2 mapMissingTo is about an Apply's own arguments", derives("double", call(`function="if" mapMissingTo="9"`, apply("greaterThan", field("x"), constant("0")), constant("1"), constant("2"))), makes("x", nil, 9.0, 1, 1.0)},
		{"XF-36 C24 Lag", derives("double", `<Lag field="x" n="1"/>`), makes("x", 1, nil, 2, 1.0, nil, 2.0, 3, nil)},
		{"FN-26 A13 isNotValid of a missing value", derives("boolean", apply("isNotValid", field("x"))), makes("x", nil, false, 1, false)},
	}
}

func scopes() []semantic {
	plus := func(name, of, constantText string) string {
		return derived(name, apply("+", field(of), constant(constantText)))
	}
	member := func(local, fields, reads string) string {
		return `<RegressionModel functionName="regression"><MiningSchema>` + fields + `</MiningSchema><LocalTransformations>` + local + `</LocalTransformations>` +
			table(`intercept="0"`, numeric(reads, 1)) + `</RegressionModel>`
	}
	x := `<MiningField name="x"/>`
	dictionary := func(fields string) string {
		return `<TransformationDictionary>` + fields + `</TransformationDictionary>`
	}
	sum := func(extra string, members ...string) string {
		for i := range members {
			members[i] = all(members[i])
		}
		return ensemble("regression", "sum", "", extra, members...)
	}
	return []semantic{
		{"SC-01 DD-38 local fields hide those of the dictionary", documentWith(dictionary(plus("d", "x", "1")), sum("", member(plus("d", "x", "10"), x, "d"), member("", x, "d"))),
			[]scored{{in: record{"x": 100}, want: record{"y": 110.0 + 101.0}}}},
		{"SC-02 local fields are seen by nested models", document(sum(`<LocalTransformations>`+plus("d", "x", "5")+`</LocalTransformations>`, member("", x, "d"), member(plus("e", "d", "1"), x, "e"))),
			[]scored{{in: record{"x": 1}, want: record{"y": 6.0 + 7.0}}}},
		{"SC-04 outputs use local fields", document(`<RegressionModel functionName="regression">{y}<Output><OutputField name="out" optype="continuous" dataType="double" feature="transformedValue">` + field("d") + `</OutputField></Output>
			<LocalTransformations>` + plus("d", "x", "5") + `</LocalTransformations>` + table(`intercept="0"`, numeric("x", 1)) + `</RegressionModel>`), []scored{{in: record{"x": 1}, want: record{"out": 6.0}}}},
		{"SC-05 outputs use earlier outputs and the prediction", document(`<RegressionModel functionName="regression">{y}<Output><OutputField name="twice" optype="continuous" dataType="double" feature="transformedValue">` + apply("*", field("y"), constant("2")) +
			`</OutputField><OutputField name="more" optype="continuous" dataType="double" feature="transformedValue">` + apply("+", field("twice"), constant("1")) + `</OutputField></Output>` + table(`intercept="0"`, numeric("x", 1)) + `</RegressionModel>`),
			[]scored{{in: record{"x": 4}, want: record{"y": 4.0, "twice": 8.0, "more": 9.0}}}},
		{"SC-07 fields that are derived from later ones", documentWith(dictionary(plus("d", "e", "1")+plus("e", "x", "10")), linearOf("d")), []scored{{in: record{"x": 100}, want: record{"y": 111.0}}}},
		{"SC-08 fields of one name in two segments", document(sum("", member(plus("d", "x", "1"), x, "d"), member(plus("d", "x", "10"), x, "d"), member(plus("d", "x", "100"), x, "d"))),
			[]scored{{in: record{"x": 0}, want: record{"y": 111.0}}, {in: record{"x": 1}, want: record{"y": 114.0}}}},
		{"SC-09 B9 a field of the dictionary sees a segment's treatments", documentWith(dictionary(plus("d", "x", "1")),
			sum("", member("", `<MiningField name="x" outliers="asExtremeValues" lowValue="0" highValue="10"/>`, "d"), member("", x, "d"))), []scored{
			{in: record{"x": 100}, want: record{"y": 11.0 + 101.0}}, {in: record{"x": 5}, want: record{"y": 12.0}},
		}},
		{"SC-09 B9 through other fields", documentWith(dictionary(plus("d", "e", "1")+plus("e", "x", "10")),
			sum("", member("", `<MiningField name="x" missingValueReplacement="0"/>`, "d"), member("", `<MiningField name="x" missingValueReplacement="1000"/>`, "d"))), []scored{
			{in: record{}, want: record{"y": 11.0 + 1011.0}}, {in: record{"x": 5}, want: record{"y": 32.0}},
		}},
		{"MS-25 B9 a nested model treats what the model around it has prepared", document(strings.Replace(sum("",
			member("", `<MiningField name="x" outliers="asMissingValues" lowValue="0" highValue="10" missingValueReplacement="7"/>`, "x"), member("", x, "x")),
			`<MiningField name="x"/>`, `<MiningField name="x" missingValueReplacement="50"/>`, 1)), []scored{
			{in: record{}, want: record{"y": 7.0 + 50.0}}, {in: record{"x": 5}, want: record{"y": 10.0}}, {in: record{"x": 20}, want: record{"y": 27.0}},
		}},
		{"MS-10 a mining field of the top model for a derived field", documentWith(dictionary(plus("d", "x", "1")), `<RegressionModel functionName="regression">`+strings.Replace(schemaOf("y"), `</MiningSchema>`, `<MiningField name="d" missingValueReplacement="50" outliers="asExtremeValues" highValue="10"/></MiningSchema>`, 1)+table(`intercept="0"`, numeric("d", 1))+`</RegressionModel>`), []scored{
			{in: record{"x": 1}, want: record{"y": 2.0}}, {in: record{}, want: record{"y": 50.0}}, {in: record{"x": 100}, want: record{"y": 10.0}},
		}},
		{"MS-10 a mining field for a derived field", documentWith(dictionary(plus("d", "x", "1")), sum("", member("", `<MiningField name="d"/>`, "d"), member("", `<MiningField name="d" missingValueReplacement="100"/>`, "d"))), []scored{
			{in: record{"x": 1}, want: record{"y": 4.0}}, {in: record{}, want: record{"y": nil}},
		}},
		{"MS-27 a data field without mining field", document(strings.Replace(linearOf("z"), `<MiningField name="z"/>`, "", 1)), []scored{{in: record{"z": 3}, want: record{"y": 3.0}}}},
		{"SC-10 E15 LocalTransformations of a segmentation", strings.Replace(strings.Replace(strings.Replace(document(sum("", member("", x, "d"))), `<Segment >`, `<LocalTransformations>`+plus("d", "x", "5")+`</LocalTransformations><Segment >`, 1),
			"PMML-4_4", "PMML-4_0", 1), `version="4.4"`, `version="4.0"`, 1), []scored{{in: record{"x": 1}, want: record{"y": 6.0}}}},
	}
}

func linearOf(field string) string {
	return `<RegressionModel functionName="regression"><MiningSchema>` + inputs + `<MiningField name="y" usageType="target"/></MiningSchema>` + table(`intercept="0"`, numeric(field, 1)) + `</RegressionModel>`
}
