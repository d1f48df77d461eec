package evaluator_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
)

func TestAssociationModel(t *testing.T) { show(t, associations()) }

// pantry is the data dictionary of these tests.
const pantry = `<DataDictionary><DataField name="basket" optype="categorical" dataType="string"/><DataField name="shop" optype="categorical" dataType="string"/>
<DataField name="item" optype="categorical" dataType="string" taxonomy="goods"/><DataField name="count" optype="categorical" dataType="integer"/>
<DataField name="a" optype="categorical" dataType="boolean"/><DataField name="b" optype="categorical" dataType="string"/><DataField name="c" optype="continuous" dataType="double"/>
<DataField name="listed" optype="categorical" dataType="string"><Value value="a"/><Value value="b"/><Value value="c"/><Value value="?" property="missing"/></DataField>
<DataField name="y" optype="continuous" dataType="double"/>{goods}</DataDictionary>`

// associated is a document with an AssociationModel.
func associated(schema, content string) string {
	return pantryDocument(`<AssociationModel functionName="associationRules" numberOfTransactions="10" minimumSupport="0" minimumConfidence="0" numberOfItems="3" numberOfItemsets="4" numberOfRules="4">` +
		`<MiningSchema>` + schema + `</MiningSchema>` + content + `</AssociationModel>`)
}

func pantryDocument(model string) string {
	return pantryWith("", model)
}

// pantryWith has a data dictionary whose items have a taxonomy.
func pantryWith(goods, model string) string {
	dictionary := strings.Replace(pantry, "{goods}", goods, 1)
	if goods == "" {
		dictionary = strings.Replace(dictionary, ` taxonomy="goods"`, "", 1)
	}
	return `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>` + dictionary + model + `</PMML>`
}

// fieldsOf are mining fields; "basket:group" has another usageType.
func fieldsOf(names ...string) string {
	text := ""
	for _, n := range names {
		name, usage, ok := strings.Cut(n, ":")
		if !ok {
			usage = "active"
		}
		text += `<MiningField name="` + name + `" usageType="` + usage + `"/>`
	}
	return text
}

const transaction = `<MiningField name="basket" usageType="group"/><MiningField name="item"/>`

// itemsOf are items with ids from 1, by the rest of their attributes.
func itemsOf(attributes ...string) string {
	text := ""
	for i, a := range attributes {
		text += fmt.Sprintf(`<Item id="%d" %s/>`, i+1, a)
	}
	return text
}

// abc are the items a, b and c; their itemsets are 1, 2, 3 and 12.
var abc = itemsOf(`value="a"`, `value="b"`, `value="c"`)

const itemsets = `<Itemset id="1"><ItemRef itemRef="1"/></Itemset><Itemset id="2"><ItemRef itemRef="2"/></Itemset><Itemset id="3"><ItemRef itemRef="3"/></Itemset><Itemset id="12"><ItemRef itemRef="1"/><ItemRef itemRef="2"/></Itemset><Itemset id="0"/>`

// implies is a rule with support 0.2 and confidence 0.5; more overrides that or adds to it.
func implies(antecedent, consequent, more string) string {
	if !strings.Contains(more, "support=") {
		more += ` support="0.2"`
	}
	if !strings.Contains(more, "confidence=") {
		more += ` confidence="0.5"`
	}
	return `<AssociationRule antecedent="` + antecedent + `" consequent="` + consequent + `" ` + more + `/>`
}

// four are rules with these ids: 1 a→b, 2 ab→c, 3 b→a, 4 b→c.
var four = implies("1", "2", `support="0.5" confidence="0.7" lift="1.2"`) + implies("12", "3", `support="0.3" confidence="0.9" lift="1.5"`) +
	implies("2", "1", `support="0.4" confidence="0.6" lift="1.1"`) + implies("2", "3", `support="0.4" confidence="0.7" lift="1.2"`)

// ids is an output of the ids of all rules that an algorithm finds.
func ids(name, more string) string {
	return `<OutputField name="` + name + `" optype="categorical" dataType="string" feature="ruleValue" ruleFeature="ruleId" rank="0" isMultiValued="1" ` + more + `/>`
}

var recommended = outputs(ids("ids", `algorithm="recommendation"`))

// finds are baskets and the ids of the rules that are found for each.
func finds(field string, basketAndIDs ...any) []scored {
	var all []scored
	for i := 0; i < len(basketAndIDs); i += 2 {
		all = append(all, scored{in: record{field: basketAndIDs[i]}, want: record{"ids": basketAndIDs[i+1]}})
	}
	return all
}

type basket = []any

func associations() []semantic {
	both := basket{"a", "b"}
	of := func(output string) string { return associated(transaction, outputs(output)+abc+itemsets+four) }
	table := func(fields, items string) string { return associated(fields, recommended+items+itemsets+four) }
	feature := func(f, more string) string {
		return `<OutputField name="` + f + `" optype="categorical" dataType="string" feature="` + f + `" algorithm="recommendation" ` + more + `/>`
	}
	numbers := func(names ...string) string {
		text := ""
		for _, n := range names {
			text += `<OutputField name="` + n + `" optype="continuous" dataType="double" feature="ruleValue" ruleFeature="` + n + `" algorithm="recommendation"/>`
		}
		return outputs(text)
	}
	measures := numbers("support", "confidence", "lift", "leverage", "affinity")
	chained := pantryDocument(`<MiningModel functionName="associationRules"><MiningSchema>` + transaction + `</MiningSchema>` +
		outputs(`<OutputField name="top" optype="categorical" dataType="string" feature="rule" algorithm="recommendation"/>`+`<OutputField name="named" optype="categorical" dataType="string" feature="ruleId" algorithm="recommendation" segmentId="two"/>`) +
		`<Segmentation multipleModelMethod="selectFirst"><Segment id="one"><SimplePredicate field="item" operator="isMissing"/>` + member(four[:strings.Index(four, "/>")+2]) +
		`</Segment><Segment id="two"><True/>` + member(four) + `</Segment></Segmentation></MiningModel>`)
	summed := pantryDocument(`<TransformationDictionary><DerivedField name="sum" optype="continuous" dataType="integer"><Aggregate field="count" function="sum" groupField="basket"/></DerivedField></TransformationDictionary>` +
		`<RegressionModel functionName="regression"><MiningSchema>` + fieldsOf("basket:group", "count", "y:target") + `</MiningSchema><RegressionTable intercept="1"><NumericPredictor name="sum" coefficient="1"/></RegressionTable></RegressionModel>`)
	return []semantic{
		{"AS-01 AS-05 AS-10 rules whose antecedents are in the basket", of(ids("ids", `algorithm="recommendation"`)), finds("item", both, "[2, 1, 4, 3]", basket{"b"}, "[4, 3]", basket{"c"}, "[]", basket{"b", "x", "b", "a"}, "[2, 1, 4, 3]", basket{}, "[]")},
		{"AS-05 a basket of one, and none", of(ids("ids", `algorithm="recommendation"`)), finds("item", "a", "[1]", nil, "[]", basket{nil, "b", nil}, "[4, 3]", []string{"a"}, "[1]")},
		{"AS-05 a basket of something else", of(ids("ids", `algorithm="recommendation"`)), []scored{{in: record{"item": basket{basket{"a"}}}, code: "invalid-value item"}, {in: record{"item": struct{}{}}, code: "invalid-value item"}}},
		{"AS-05 items that the field does not allow", associated(`<MiningField name="basket" usageType="group"/><MiningField name="listed"/>`, recommended+abc+itemsets+four), []scored{
			{in: record{"listed": basket{"a", "z"}}, code: "invalid-value listed"}, {in: record{"listed": basket{"a", "?"}}, want: record{"ids": "[1]"}},
		}},
		{"AS-05 items that become missing", associated(`<MiningField name="basket" usageType="group"/><MiningField name="listed" invalidValueTreatment="asMissing" missingValueReplacement="b"/>`, recommended+abc+itemsets+four), finds("listed", basket{"a", "z"}, "[2, 1, 4, 3]", nil, "[4, 3]")},
		{"AS-05 items that are whole numbers", associated(fieldsOf("basket:group", "count"), recommended+itemsOf(`value="1"`, `value="2.0"`, `value="many"`)+itemsets+four), append(finds("count", basket{1, 2.0}, "[2, 1, 4, 3]", basket{"1.0"}, "[1]"), scored{in: record{"count": basket{"many"}}, code: "invalid-value count"})},
		{"AS-05 a target that is a basket", associated(fieldsOf("basket:group", "item:target"), recommended+abc+itemsets+four), finds("item", both, "[2, 1, 4, 3]")},
		{"AS-02 an item that names field and category", table(transaction, itemsOf(`value="x" field="item" category="a"`, `value="b"`, `value="c"`)), finds("item", both, "[2, 1, 4, 3]", basket{"x"}, "[]")},
		{"AS-06 AS-02 fields and categories", table(fieldsOf("b", "c", "count"), itemsOf(`value="x" field="b" category="a"`, `value="y" field="c" category="2"`, `value="z" field="count" category="3"`)), []scored{
			{in: record{"b": "a", "c": 2.0}, want: record{"ids": "[2, 1, 4, 3]"}}, {in: record{"b": "A", "c": "2.0"}, want: record{"ids": "[4, 3]"}}, {in: record{}, want: record{"ids": "[]"}},
			{in: record{"b": basket{"a"}}, code: "invalid-value b"},
		}},
		{"AS-06 AS-03 H10 field=value", table(fieldsOf("b", "c", "count"), itemsOf(`value="b=a"`, `value="c = 2"`, `value="count=3"`)), []scored{
			{in: record{"b": "a", "c": 2.0}, want: record{"ids": "[2, 1, 4, 3]"}}, {in: record{"c": "2"}, want: record{"ids": "[4, 3]"}},
		}},
		{"AS-03 AS-14 H10 fields that say yes or no", table(fieldsOf("a", "b", "c"), abc), []scored{
			{in: record{"a": true, "b": "T"}, want: record{"ids": "[2, 1, 4, 3]"}}, {in: record{"a": "true", "b": "F"}, want: record{"ids": "[1]"}},
			{in: record{"a": false, "b": "yes", "c": 2.0}, want: record{"ids": "[4, 3]"}}, {in: record{"b": "no", "c": 0.0}, want: record{"ids": "[]"}},
			{in: record{"b": "1"}, want: record{"ids": "[4, 3]"}}, {in: record{"b": ""}, want: record{"ids": "[]"}}, {in: record{"b": "perhaps"}, code: "invalid-result b"},
		}},
		{"AS-06 targets say what is in the basket", table(fieldsOf("a", "b:target", "c:target"), abc), []scored{
			{in: record{"a": true, "b": "T"}, want: record{"ids": "[2, 1, 4, 3]"}}, {in: record{"a": true}, want: record{"ids": "[1]"}},
		}},
		{"AS-03 H10 fields that are derived", associated(fieldsOf("b", "c"), recommended+`<LocalTransformations><DerivedField name="large" optype="categorical" dataType="boolean">`+apply("greaterThan", field("c"), constant("2"))+`</DerivedField>`+
			`<DerivedField name="upper" optype="categorical" dataType="string">`+apply("uppercase", field("b"))+`</DerivedField></LocalTransformations>`+itemsOf(`value="large"`, `value="upper=B"`, `value="b=c"`)+itemsets+four), []scored{
			{in: record{"c": 3, "b": "b"}, want: record{"ids": "[2, 1, 4, 3]"}}, {in: record{"c": 2, "b": "b"}, want: record{"ids": "[4, 3]"}}, {in: record{"c": 3}, want: record{"ids": "[1]"}},
		}},
		{"AS-15 an item derived from a missing input", associated(fieldsOf("b", "c"), recommended+`<LocalTransformations><DerivedField name="large" optype="categorical" dataType="boolean">`+apply("greaterThan", field("c"), constant("2"))+`</DerivedField></LocalTransformations>`+itemsOf(`value="large"`, `value="b"`, `value="b=c"`)+itemsets+four), []scored{
			{in: record{"b": "yes"}, want: record{"ids": "[4, 3]"}}, {in: record{"b": "yes", "c": 3}, want: record{"ids": "[2, 1, 4, 3]"}}, {in: record{}, want: record{"ids": "[]"}},
		}},
		{"AS-06 H10 the only field, without transactions", table(fieldsOf("item"), abc), finds("item", both, "[2, 1, 4, 3]", "b", "[4, 3]")},
		{"AS-04 mappedValue and weight", associated(transaction, outputs(feature("rule", ""))+itemsOf(`value="a" mappedValue="Apple" weight="3"`, `value="b" mappedValue="Bread"`, `value="c"`)+itemsets+four), []scored{
			{in: record{"item": both}, want: record{"rule": "{a,b}->{c}"}}, {in: record{"item": basket{"Apple"}}, want: record{"rule": nil}},
		}},
		{"AS-01 an itemset without items is in every basket", associated(transaction, outputs(ids("ids", `algorithm="recommendation"`), ids("other", ""), ids("both", `algorithm="ruleAssociation"`))+abc+itemsets+implies("0", "1", "")+implies("1", "0", "")), []scored{
			{in: record{"item": basket{}}, want: record{"ids": "[1]", "other": "[1]", "both": "[]"}}, {in: record{"item": basket{"a"}}, want: record{"ids": "[1, 2]", "other": "[]", "both": "[1, 2]"}},
		}},
		{"AS-07 OU-26 OU-27 OU-28 H11 algorithms", of(ids("all", `algorithm="recommendation"`) + ids("new", "") + ids("old", `algorithm="ruleAssociation"`)), []scored{
			{in: record{"item": both}, want: record{"all": "[2, 1, 4, 3]", "new": "[2, 4]", "old": "[1, 3]"}},
			{in: record{"item": basket{"a", "b", "c"}}, want: record{"all": "[2, 1, 4, 3]", "new": "[]", "old": "[2, 1, 4, 3]"}},
		}},
		{"OU-27 H11 a consequent that is partly there is new", associated(transaction, outputs(ids("new", ""))+abc+itemsets+implies("3", "12", "")), []scored{{in: record{"item": basket{"c", "a"}}, want: record{"new": "[1]"}}, {in: record{"item": basket{"c", "a", "b"}}, want: record{"new": "[]"}}}},
		{"OU-29 OU-30 OU-31 AS-11 H8 order", of(ids("k", `algorithm="recommendation" rankOrder="ascending"`) + ids("s", `algorithm="recommendation" rankBasis="support"`) + ids("l", `algorithm="recommendation" rankBasis="lift"`) + ids("v", `algorithm="recommendation" rankBasis="leverage"`) + ids("a", `algorithm="recommendation" rankBasis="affinity" rankOrder="ascending"`)), []scored{
			{in: record{"item": both}, want: record{"k": "[3, 1, 4, 2]", "s": "[1, 3, 4, 2]", "l": "[2, 1, 4, 3]", "v": "[2, 1, 4, 3]", "a": "[2, 3, 4, 1]"}},
		}},
		{"OU-17 OU-18 OU-19 OU-20 OU-21 OU-22 OU-23 OU-24 OU-25 H9 features", of(feature("antecedent", "") + feature("consequent", "") + feature("rule", "") + feature("ruleId", "") + feature("entityId", "") + feature("confidence", "") + feature("support", "") + feature("lift", "")), []scored{
			{in: record{"item": both}, want: record{"antecedent": "[a, b]", "consequent": "[c]", "rule": "{a,b}->{c}", "ruleId": "2", "entityId": "2", "confidence": "0.9", "support": "0.3", "lift": "1.5"}},
			{in: record{"item": basket{}}, want: record{"antecedent": nil, "consequent": nil, "rule": nil, "ruleId": nil, "entityId": nil, "confidence": nil, "support": nil, "lift": nil}},
		}},
		{"OU-17 the defaults", of(`<OutputField name="o" feature="ruleValue"/><OutputField name="two" feature="ruleValue" rank="2"/>`), []scored{{in: record{"item": both}, want: record{"o": "[c]", "two": "[c]"}}, {in: record{"item": basket{"a"}}, want: record{"o": "[b]", "two": nil}}}},
		{"OU-33 lists", of(feature("ruleId", `rank="2" isMultiValued="1"`) + feature("consequent", `rank="0" isMultiValued="1"`) + feature("rule", `rank="9" isMultiValued="1"`)), []scored{
			{in: record{"item": both}, want: record{"ruleId": "[2, 1]", "consequent": "[[c], [b], [c], [a]]", "rule": "[{a,b}->{c}, {a}->{b}, {b}->{c}, {b}->{a}]"}},
			{in: record{"item": basket{}}, want: record{"ruleId": "[]", "consequent": "[]", "rule": "[]"}},
		}},
		{"OU-32 ranks", of(`<OutputField name="two" feature="ruleId" rank="2" algorithm="recommendation"/><OutputField name="nine" feature="ruleId" rank="9" algorithm="recommendation"/>`), []scored{{in: record{"item": both}, want: record{"two": "1", "nine": nil}}}},
		{"OU-39 types", of(`<OutputField name="i" optype="continuous" dataType="integer" feature="ruleId"/><OutputField name="l" optype="continuous" dataType="double" feature="ruleId" rank="0" isMultiValued="1"/><OutputField name="f" optype="continuous" dataType="float" feature="confidence"/>`), []scored{
			{in: record{"item": both}, want: record{"i": 2, "l": "[2.0, 4.0]", "f": float32(0.9)}},
		}},
		{"OU-39 an id that is no number", associated(transaction, outputs(`<OutputField name="i" optype="continuous" dataType="integer" feature="ruleId"/>`)+abc+itemsets+implies("1", "2", `id="r"`)), []scored{{in: record{"item": basket{"a"}}, code: "invalid-result i"}, {in: record{"item": basket{}}, want: record{"i": nil}}}},
		{"AS-08 AS-09 measures that are written", associated(transaction, measures+abc+itemsets+implies("1", "2", `lift="9" leverage="8" affinity="0.7"`)), []scored{{in: record{"item": basket{"a"}}, want: record{"support": 0.2, "confidence": 0.5, "lift": 9.0, "leverage": 8.0, "affinity": 0.7}}}},
		// lift = confidence ÷ support(b); leverage = support − support(a)·support(b); affinity = support ÷ (support(a) + support(b) − support).
		{"AS-08 AS-09 OU-29 OU-30 measures of supports", associated(transaction, measures+abc+strings.Replace(itemsets, `<Itemset id="2">`, `<Itemset id="2" support="0.25">`, 1)+implies("1", "2", "")), []scored{{in: record{"item": basket{"a"}}, want: record{"lift": 2.0, "leverage": 0.1, "affinity": 0.2 / 0.45}}}},
		{"AS-09 OU-29 measures that are not known", associated(transaction, outputs(`<OutputField name="lift" feature="lift" algorithm="recommendation" rankBasis="lift"/>`, ids("ids", `algorithm="recommendation" rankBasis="lift"`), ids("up", `algorithm="recommendation" rankBasis="lift" rankOrder="ascending"`))+abc+itemsets+implies("1", "2", "")+implies("1", "3", `lift="0.1"`)+implies("2", "3", "")), []scored{
			{in: record{"item": both}, want: record{"ids": "[2, 1, 3]", "up": "[2, 1, 3]", "lift": 0.1}},
		}},
		{"OU-42 OU-40 rules without an Output", associated(transaction, abc+itemsets+four), []scored{
			{in: record{"item": both}, want: record{"consequent": "[c]", "antecedent": "[a, b]", "rule": "{a,b}->{c}", "ruleId": "2", "confidence": 0.9, "support": 0.3, "lift": 1.5}}, {in: record{}, want: record{"rule": nil}},
		}},
		{"OU-42 members without an Output", pantryDocument(`<MiningModel functionName="associationRules"><MiningSchema>` + transaction + `</MiningSchema><Segmentation multipleModelMethod="selectFirst"><Segment><True/>` + member(four) + `</Segment></Segmentation></MiningModel>`), []scored{
			{in: record{"item": both}, want: record{"consequent": "[c]", "rule": "{a,b}->{c}", "ruleId": "2", "lift": 1.5}}, {in: record{}, want: record{"rule": nil}},
		}},
		{"AS-13 what is said about the search changes nothing", strings.Replace(of(ids("ids", `algorithm="recommendation"`)), `minimumSupport="0"`, `minimumSupport="0.45" lengthLimit="1" maxNumberOfItemsPerTA="1"`, 1), finds("item", both, "[2, 1, 4, 3]")},
		{"AS-12 TAX-01 TAX-02 TAX-04 TAX-06 kinds of items", pantryWith(`<Taxonomy name="goods"><ChildParent childField="kind" parentField="of" parentLevelField="l" isRecursive="yes"><InlineTable><row><kind>ale</kind><of>beer</of><l>1</l></row><row><kind>beer</kind><of>drink</of></row></InlineTable></ChildParent>`+
			`<ChildParent childField="k" parentField="p"><InlineTable><row><k>drink</k><p>food</p></row><row><k>food</k><p>drink</p></row></InlineTable></ChildParent></Taxonomy>`,
			`<AssociationModel functionName="associationRules"><MiningSchema>`+transaction+`</MiningSchema>`+recommended+itemsOf(`value="drink"`, `value="beer"`, `value="c"`)+itemsets+four+`</AssociationModel>`),
			finds("item", basket{"ale"}, "[2, 1, 4, 3]", basket{"drink"}, "[1]", basket{"food"}, "[1]", basket{"wine"}, "[]")},
		{"MM-30 OU-34 rules of members", chained, []scored{{in: record{"item": both}, want: record{"top": "{a,b}->{c}", "named": "2"}}, {in: record{}, want: record{"top": nil, "named": nil}}}},
		{"AG-01 an Aggregate over a transaction", summed, []scored{{in: record{"count": basket{1, 2, 3}}, want: record{"y": 7.0}}, {in: record{"count": 4}, want: record{"y": 5.0}}}},
	}
}

// member is an AssociationModel as a member of another model.
func member(rules string) string {
	return `<AssociationModel functionName="associationRules" numberOfTransactions="10" minimumSupport="0" minimumConfidence="0" numberOfItems="3" numberOfItemsets="5" numberOfRules="1"><MiningSchema>` + transaction + `</MiningSchema>` + abc + itemsets + rules + `</AssociationModel>`
}

// TestTransactions collects records by their group fields.
func TestTransactions(t *testing.T) {
	for _, c := range transactions() {
		t.Run(c.id, func(t *testing.T) {
			var got []string
			for results, err := range open(t, c.document).ScoreAll(slices.Values(c.records)) {
				if err != nil {
					got = append(got, err.Error())
					continue
				}
				got = append(got, fmt.Sprint(results["ids"]))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

type transacted struct {
	id, document string
	records      []record
	want         string
}

func transactions() []transacted {
	row := func(names string, values ...any) record {
		r := record{}
		for i, name := range strings.Fields(names) {
			r[name] = values[i]
		}
		return r
	}
	items := func(pairs ...any) []record {
		var all []record
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, row("basket item", pairs[i], pairs[i+1]))
		}
		return all
	}
	plain := associated(transaction, recommended+abc+itemsets+four)
	twofold := associated(fieldsOf("basket:group", "shop:group", "item"), recommended+abc+itemsets+four)
	aside := associated(fieldsOf("basket:group", "item", "b"), recommended+itemsOf(`value="a" field="item" category="a"`, `value="b" field="item" category="b"`, `value="x" field="b" category="x"`)+itemsets+four)
	once := strings.Replace(pantryDocument(`<MiningModel functionName="associationRules"><MiningSchema>`+fieldsOf("basket:group", "item", "b")+`</MiningSchema><Segmentation multipleModelMethod="selectFirst"><Segment><SimplePredicate field="b" operator="equal" value="x"/>`+member(four)+`</Segment></Segmentation></MiningModel>`),
		`<Item `, recommended+`<Item `, 1)
	return []transacted{
		{"GR-1 in the order in which groups appear", plain, items("2", "a", "1", "b", "2", "b", "3", "c", "1", "b"), "[2 1 4 3] [4 3] []"},
		{"GR-1 numbers and texts of a group", plain, items(2, "a", "2", "b", 2.5, "a"), "[2 1 4 3] [1]"},
		{"GR-2 records without a group are one", plain, items(nil, "a", "1", "a", nil, "b", "", "b"), "[2 1 4 3] [1] [4 3]"},
		{"GR-2 but a list is a basket of its own", plain, items(nil, basket{"a"}, nil, basket{"b"}), "[1] [4 3]"},
		{"GR-3 lists of a group are put together", plain, items("1", basket{"a"}, "1", "b", "1", nil, "1", basket{}), "[2 1 4 3]"},
		{"GR-4 several group fields", twofold, []record{row("basket shop item", "1", "x", "a"), row("basket shop item", "1", "y", "b"), row("basket shop item", "1", "x", "b"), row("basket item", "1", "b")}, "[2 1 4 3] [4 3] [4 3]"},
		{"GR-5 every field of a transaction may have several values", aside, []record{row("basket item b", "1", "a", "x"), row("basket item b", "1", "b", "z")}, "[2 1 4 3]"},
		{"GR-6 a field that takes one value is the same in all records", once, []record{row("basket item b", "1", "a", "x"), row("basket item b", "1", "b", "x"), row("basket item", "1", "c"), row("basket item b", "2", "a", "x"), row("basket item b", "2", "b", "z")}, `[2 1 4 3] Field "b" cannot accept invalid value [x, z]`},
		{"GR-7 an invalid item fails its group only", associated(`<MiningField name="basket" usageType="group"/><MiningField name="listed"/>`, recommended+abc+itemsets+four),
			[]record{row("basket listed", "1", "z"), row("basket listed", "2", "a"), row("basket listed", "1", "a")}, `Field "listed" cannot accept invalid value "z" [1]`},
		{"GR-8 a group field alone collects nothing", pantryDocument(`<RegressionModel functionName="regression"><MiningSchema>` + fieldsOf("basket:group", "c", "y:target") + `</MiningSchema>` +
			outputs(`<OutputField name="ids" optype="continuous" dataType="double" feature="predictedValue"/>`) + `<RegressionTable intercept="0"><NumericPredictor name="c" coefficient="1"/></RegressionTable></RegressionModel>`),
			[]record{row("basket c", "1", 1.0), row("basket c", "1", 2.0)}, "1 2"},
	}
}

// TestTransactionSchema says what a schema tells of a transactional model.
func TestTransactionSchema(t *testing.T) {
	m := open(t, associated(transaction, outputs(ids("ids", ""), `<OutputField name="sure" feature="confidence"/>`)+abc+itemsets+four))
	s := m.Schema()
	lists := map[string]bool{}
	for _, f := range slices.Concat(s.Inputs, s.Groups, s.Targets, s.Outputs) {
		lists[f.Name] = f.List
	}
	if want := map[string]bool{"item": true, "basket": false, "ids": true, "sure": false}; !maps.Equal(lists, want) {
		t.Errorf("lists %v, want %v", lists, want)
	}
	if _, ok := m.Group("basket"); !ok || !m.Collects() || len(s.Targets) != 0 || s.Summary() != "Association rules" {
		t.Errorf("collects %v, targets %v, %s", m.Collects(), s.Targets, s.Summary())
	}
	scorer := m.NewScorer()
	if err := scorer.ScoreMap(record{}); err != nil || !scorer.Predicted() {
		t.Errorf("%v, predicted %v", err, scorer.Predicted())
	}
}

// TestGroupedVerification verifies baskets of several rows (MV-07).
func TestGroupedVerification(t *testing.T) {
	verified := func(third string) *evaluator.Model {
		return open(t, associated(transaction, recommended+abc+itemsets+four+`<ModelVerification recordCount="4" fieldCount="3"><VerificationFields>`+
			`<VerificationField field="basket" column="g"/><VerificationField field="item" column="i"/><VerificationField field="ids" column="o"/></VerificationFields><InlineTable>`+
			`<row><g>1</g><i>a</i><o>[2, 1, 4, 3]</o></row><row><g>2</g><i>a</i><o>[1]</o></row><row><g>1</g><i>b</i></row><row><g>3</g><i>b</i><o>`+third+`</o></row></InlineTable></ModelVerification>`))
	}
	if err := verified("[4, 3]").Verify(); err != nil {
		t.Error(err)
	}
	if err := verified("[3, 4]").Verify(); err == nil || !strings.Contains(err.Error(), "verification row 3") {
		t.Errorf("%v", err)
	}
}
