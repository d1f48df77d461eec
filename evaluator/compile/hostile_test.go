package compile_test

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
)

// hostileBase is the document that most others here are made of by one change.
func hostileBase(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "hostile", "chain.pmml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// replaceOnce makes the one change; the text must be there.
func replaceOnce(t testing.TB, text, old, with string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("%q is not in the document", old)
	}
	return strings.Replace(text, old, with, 1)
}

// compileText compiles a document that lies in memory.
func compileText(text string) ([]byte, error) {
	return compile.Compile(strings.NewReader(text), compile.Options{})
}

// TestClearFaults has documents with one fault each. It must be told with the code of its rule, the path of the element or
// attribute, and the line of that element's start tag.
func TestClearFaults(t *testing.T) {
	const (
		dictionary = "/PMML/DataDictionary"
		derived    = "/PMML/TransformationDictionary/DerivedField"
		function   = "/PMML/TransformationDictionary/DefineFunction"
		model      = "/PMML/MiningModel"
		tree       = model + "/Segmentation/Segment[1]/TreeModel"
		table      = model + "/Segmentation/Segment[2]/RegressionModel/RegressionTable"
	)
	base := hostileBase(t)
	if _, err := compileText(base); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, with, code, path string }{
		// Data dictionary
		{`name="x" optype="continuous" dataType="double">`, `optype="continuous" dataType="double">`, "missing-attribute", dictionary + "/DataField[1]"},
		{`name="x" optype="continuous" dataType="double">`, `name="x" dataType="double">`, "missing-attribute", dictionary + "/DataField[1]"},
		{`name="x" optype="continuous" dataType="double">`, `name="x" optype="continuous">`, "missing-attribute", dictionary + "/DataField[1]"},
		{`name="x" optype="continuous" dataType="double">`, `name="x" optype="smooth" dataType="double">`, "invalid-value", dictionary + "/DataField[1]/@optype"},
		{`name="x" optype="continuous" dataType="double">`, `name="x" optype="continuous" dataType="quadruple">`, "invalid-value", dictionary + "/DataField[1]/@dataType"},
		{`<DataField name="n"`, `<DataField name="x"`, "duplicate-name", dictionary + "/DataField[2]/@name"},
		{`<DataField name="n"`, `<DataField name=""`, "invalid-value", dictionary + "/DataField[2]/@name"},
		{`closure="closedOpen"`, `closure="ajar"`, "invalid-value", dictionary + "/DataField[1]/Interval/@closure"},
		{`closure="closedOpen" `, ``, "missing-attribute", dictionary + "/DataField[1]/Interval"},
		{`leftMargin="0" rightMargin="10"`, `leftMargin="ten" rightMargin="10"`, "invalid-number", dictionary + "/DataField[1]/Interval/@leftMargin"},
		{`leftMargin="0" rightMargin="10"`, `leftMargin="NaN" rightMargin="10"`, "invalid-number", dictionary + "/DataField[1]/Interval/@leftMargin"},
		{`leftMargin="0" rightMargin="10"`, `leftMargin="11" rightMargin="10"`, "inconsistent", dictionary + "/DataField[1]/Interval"},
		{`<Value value="red"/>`, `<Value/>`, "missing-attribute", dictionary + "/DataField[3]/Value[1]"},
		{`<Value value="red"/>`, `<Value value="red" property="wrong"/>`, "invalid-value", dictionary + "/DataField[3]/Value[1]/@property"},
		{`<Value value="red"/>`, `<Worth value="red"/>`, "unknown-element", dictionary + "/DataField[3]/Worth"},
		// Functions and derived fields
		{`<DefineFunction name="half"`, `<DefineFunction name="quarter"`, "duplicate-name", function + "[2]/@name"},
		{`<DefineFunction name="half" optype="continuous" dataType="double">`, `<DefineFunction name="half" dataType="double">`, "missing-attribute", function + "[1]"},
		{`<ParameterField name="v" optype="continuous" dataType="double"/>`, `<ParameterField optype="continuous" dataType="double"/>`, "missing-attribute", function + "[1]/ParameterField"},
		{"<Apply function=\"/\">\n        <FieldRef field=\"v\"/>", "<Apply function=\"/\">\n        <FieldRef field=\"w\"/>", "unknown-field", function + "[1]/Apply/FieldRef/@field"},
		{"<Apply function=\"/\">\n        <FieldRef field=\"v\"/>", "<Apply function=\"quarter\">\n        <FieldRef field=\"v\"/>", "cycle", function + "[1]"},
		{`<Apply function="/">`, `<Apply function="divide">`, "unknown-function", function + "[1]/Apply/@function"},
		{`<Apply function="/">`, `<Apply>`, "missing-attribute", function + "[1]/Apply"},
		{`<Apply function="/">`, `<Apply function="ln">`, "arguments", function + "[1]/Apply/@function"},
		{`<Constant dataType="double">2</Constant>`, `<Constant dataType="double">two</Constant>`, "invalid-number", function + "[1]/Apply/Constant"},
		{"<Apply function=\"half\">\n        <Apply", "<Apply function=\"quarter\">\n        <Apply", "cycle", function + "[2]"},
		{"<Apply function=\"quarter\">\n        <FieldRef field=\"x\"/>", "<Apply function=\"quarter\">\n        <FieldRef field=\"scaled\"/>", "cycle", derived + "[1]"},
		{"<Apply function=\"quarter\">\n        <FieldRef field=\"x\"/>", "<Apply function=\"quarter\">\n        <FieldRef field=\"small\"/>", "cycle", derived + "[1]"},
		{"<Apply function=\"quarter\">\n        <FieldRef field=\"x\"/>", "<Apply function=\"quarter\">\n        <FieldRef field=\"z\"/>", "unknown-field", derived + "[1]/Apply/FieldRef/@field"},
		{"<Apply function=\"quarter\">\n        <FieldRef field=\"x\"/>", "<Apply function=\"quarter\">\n        <FieldRef/>", "missing-attribute", derived + "[1]/Apply/FieldRef"},
		{"<Apply function=\"quarter\">\n        <FieldRef field=\"x\"/>", "<Apply function=\"quarter\">\n        <FieldRef field=\"x\"/><FieldRef field=\"x\"/>", "arguments", derived + "[1]/Apply/@function"},
		{"<Apply function=\"quarter\">\n        <FieldRef field=\"x\"/>", "<Apply function=\"Quarter\">\n        <FieldRef field=\"x\"/>", "unknown-function", derived + "[1]/Apply/@function"},
		{`<DerivedField name="scaled"`, `<DerivedField name="small"`, "duplicate-name", derived + "[2]/@name"},
		{`<NormContinuous field="small">`, `<NormContinuous field="tiny">`, "unknown-field", derived + "[2]/NormContinuous/@field"},
		{`<NormContinuous field="small">`, `<NormContinuous field="small" outliers="ignored">`, "invalid-value", derived + "[2]/NormContinuous/@outliers"},
		{`<LinearNorm orig="1" norm="10"/>`, `<LinearNorm orig="1"/>`, "missing-attribute", derived + "[2]/NormContinuous/LinearNorm[2]"},
		{`<LinearNorm orig="1" norm="10"/>`, `<LinearNorm orig="1" norm="1O"/>`, "invalid-number", derived + "[2]/NormContinuous/LinearNorm[2]/@norm"},
		{`<LinearNorm orig="1" norm="10"/>`, ``, "missing-element", derived + "[2]/NormContinuous"},
		{`<Discretize field="n">`, `<Discretize field="text">`, "type", derived + "[3]/Discretize/@field"},
		{`<DiscretizeBin binValue="low">`, `<DiscretizeBin>`, "missing-attribute", derived + "[3]/Discretize/DiscretizeBin[1]"},
		{`<Interval closure="openClosed" rightMargin="5"/>`, ``, "missing-element", derived + "[3]/Discretize/DiscretizeBin[1]"},
		{`<Interval closure="openClosed" rightMargin="5"/>`, `<Interval closure="openClosed"/>`, "missing-attribute", derived + "[3]/Discretize/DiscretizeBin[1]/Interval"},
		{`<MapValues outputColumn="price">`, `<MapValues outputColumn="cost">`, "inconsistent", derived + "[4]/MapValues/@outputColumn"},
		{`<MapValues outputColumn="price">`, `<MapValues>`, "missing-attribute", derived + "[4]/MapValues"},
		{`<FieldColumnPair field="color" column="color"/>`, `<FieldColumnPair field="colour" column="color"/>`, "unknown-field", derived + "[4]/MapValues/FieldColumnPair/@field"},
		{`<FieldColumnPair field="color" column="color"/>`, `<FieldColumnPair field="color" column="colour"/>`, "inconsistent", derived + "[4]/MapValues/FieldColumnPair/@column"},
		{`<price>1.5</price>`, `<price>cheap</price>`, "invalid-number", derived + "[4]/MapValues/InlineTable/row[1]"},
		{`<FieldColumnPair field="color" column="color"/>`, `<FieldColumnPair field="color" column="color"/><TableLocator/>`, "unsupported-element", derived + "[4]/MapValues/TableLocator"},
		{`<NormDiscrete field="color" value="red"/>`, `<NormDiscrete field="color"/>`, "missing-attribute", derived + "[5]/NormDiscrete"},
		{`<TextIndex textField="text">`, `<TextIndex textField="x">`, "type", derived + "[6]/TextIndex/@textField"},
		{`<TextIndex textField="text">`, `<TextIndex textField="text" localTermWeights="heavy">`, "invalid-value", derived + "[6]/TextIndex/@localTermWeights"},
		{`<TextIndex textField="text">`, `<TextIndex textField="text" maxLevenshteinDistance="-1">`, "invalid-number", derived + "[6]/TextIndex/@maxLevenshteinDistance"},
		{`<TextIndex textField="text">`, `<TextIndex textField="text" maxLevenshteinDistance="2147483647">`, "regex", derived + "[6]/TextIndex"},
		{`<TextIndex textField="text">`, `<TextIndex textField="text" wordSeparatorCharacterRE="[">`, "regex", derived + "[6]/TextIndex"},
		{`>go+d<`, `>go+(d<`, "regex", derived + "[7]/Apply"},
		{`<DerivedField name="matched" optype="categorical" dataType="boolean">`, `<DerivedField name="matched" optype="categorical">`, "missing-attribute", derived + "[7]"},
		// Mining model
		{`<MiningModel functionName="regression">`, `<MiningModel>`, "missing-attribute", model},
		{`<MiningModel functionName="regression">`, `<MiningModel functionName="regressing">`, "invalid-value", model + "/@functionName"},
		{`<MiningModel functionName="regression">`, `<MiningModel functionName="sequences">`, "unsupported-value", model + "/@functionName"},
		{`<MiningModel functionName="regression">`, `<MiningModel functionName="regression" isScorable="perhaps">`, "invalid-value", model + "/@isScorable"},
		{`<MiningField name="x" missingValueReplacement="1"/>`, `<MiningField name="q" missingValueReplacement="1"/>`, "unknown-field", model + "/MiningSchema/MiningField[1]/@name"},
		{`<MiningField name="x" missingValueReplacement="1"/>`, `<MiningField missingValueReplacement="1"/>`, "missing-attribute", model + "/MiningSchema/MiningField[1]"},
		{`<MiningField name="x" missingValueReplacement="1"/>`, `<MiningField name="n"/>`, "duplicate-name", model + "/MiningSchema/MiningField[2]/@name"},
		{`<MiningField name="x" missingValueReplacement="1"/>`, `<MiningField name="x" missingValueReplacement="one"/>`, "invalid-number", model + "/MiningSchema/MiningField[1]/@missingValueReplacement"},
		{`<MiningField name="x" missingValueReplacement="1"/>`, `<MiningField name="x" outliers="asWell"/>`, "invalid-value", model + "/MiningSchema/MiningField[1]/@outliers"},
		{`<MiningField name="x" missingValueReplacement="1"/>`, `<MiningField name="x" invalidValueTreatment="panic"/>`, "invalid-value", model + "/MiningSchema/MiningField[1]/@invalidValueTreatment"},
		{`multipleModelMethod="modelChain"`, `multipleModelMethod="modelRing"`, "invalid-value", model + "/Segmentation/@multipleModelMethod"},
		{`<Segmentation multipleModelMethod="modelChain">`, `<Segmentation>`, "missing-attribute", model + "/Segmentation"},
		{`<Segment id="sum">`, `<Segment id="tree">`, "duplicate-name", model + "/Segmentation/Segment[2]/@id"},
		{`<Segment id="sum">`, `<Segment id="sum" weight="heavy">`, "invalid-number", model + "/Segmentation/Segment[2]/@weight"},
		{`segmentId="tree"`, `segmentId="bush"`, "unknown-field", model + "/Output/OutputField[1]/@segmentId"},
		{`segmentId="tree" feature="predictedValue"`, `feature="prophecy"`, "invalid-value", model + "/Output/OutputField[1]/@feature"},
		{`<OutputField name="doubled"`, `<OutputField name="first"`, "duplicate-name", model + "/Output/OutputField[2]/@name"},
		{`<OutputField name="doubled"`, `<OutputField`, "missing-attribute", model + "/Output/OutputField[2]"},
		{`<FieldRef field="first"/>`, `<FieldRef field="second"/>`, "unknown-field", model + "/Output/OutputField[2]/Apply/FieldRef/@field"},
		{`<FieldRef field="first"/>`, `<FieldRef field="doubled"/>`, "unknown-field", model + "/Output/OutputField[2]/Apply/FieldRef/@field"},
		// Tree
		{`missingValueStrategy="defaultChild"`, `missingValueStrategy="hope"`, "invalid-value", tree + "/@missingValueStrategy"},
		{`splitCharacteristic="multiSplit"`, `splitCharacteristic="noSplit"`, "invalid-value", tree + "/@splitCharacteristic"},
		{`<Node id="1" score="1">`, `<Node id="1" score="one">`, "invalid-number", tree + "/Node/Node[1]/@score"},
		{`<Node id="1" score="1">`, `<Node id="1" score="1" recordCount="many">`, "invalid-number", tree + "/Node/Node[1]/@recordCount"},
		{`<SimplePredicate field="small" operator="lessThan" value="1"/>`, ``, "missing-element", tree + "/Node/Node[1]"},
		{`<SimplePredicate field="small" operator="lessThan" value="1"/>`, `<True/><False/>`, "duplicate-element", tree + "/Node/Node[1]/False"},
		{`<SimplePredicate field="small" operator="lessThan" value="1"/>`, `<SimplePredicate field="tiny" operator="lessThan" value="1"/>`, "unknown-field", tree + "/Node/Node[1]/SimplePredicate/@field"},
		{`<SimplePredicate field="small" operator="lessThan" value="1"/>`, `<SimplePredicate field="small" operator="smaller" value="1"/>`, "invalid-value", tree + "/Node/Node[1]/SimplePredicate/@operator"},
		{`<SimplePredicate field="small" operator="lessThan" value="1"/>`, `<SimplePredicate field="small" operator="lessThan"/>`, "missing-attribute", tree + "/Node/Node[1]/SimplePredicate"},
		{`<SimplePredicate field="small" operator="lessThan" value="1"/>`, `<SimplePredicate field="small" operator="lessThan" value="one"/>`, "invalid-number", tree + "/Node/Node[1]/SimplePredicate/@value"},
		{`<SimplePredicate field="small" operator="lessThan" value="1"/>`, `<SimplePredicate operator="lessThan" value="1"/>`, "missing-attribute", tree + "/Node/Node[1]/SimplePredicate"},
		{`<CompoundPredicate booleanOperator="or">`, `<CompoundPredicate booleanOperator="nor">`, "invalid-value", tree + "/Node/Node[2]/CompoundPredicate/@booleanOperator"},
		{`<CompoundPredicate booleanOperator="or">`, `<CompoundPredicate>`, "missing-attribute", tree + "/Node/Node[2]/CompoundPredicate"},
		{`booleanOperator="isIn"`, `booleanOperator="isNear"`, "invalid-value", tree + "/Node/Node[2]/CompoundPredicate/SimpleSetPredicate/@booleanOperator"},
		{`red "green"</Array>`, `red "green</Array>`, "invalid-value", tree + "/Node/Node[2]/CompoundPredicate/SimpleSetPredicate/Array"},
		{`<Node id="0" score="0" defaultChild="1">`, `<Knot id="0" score="0" defaultChild="1">`, "malformed-xml", tree + "/Knot"},
		// Regression
		{`<RegressionTable intercept="1">`, `<RegressionTable>`, "missing-attribute", table},
		{`<RegressionTable intercept="1">`, `<RegressionTable intercept="">`, "invalid-number", table + "/@intercept"},
		{`<RegressionTable intercept="1">`, `<RegressionTable intercept="0x1F">`, "invalid-number", table + "/@intercept"},
		{`<RegressionTable intercept="1">`, `<RegressionTable intercept="1,5">`, "invalid-number", table + "/@intercept"},
		{`name="more" exponent="1" coefficient="2"`, `name="more" exponent="1"`, "missing-attribute", table + "/NumericPredictor[1]"},
		{`name="more" exponent="1" coefficient="2"`, `name="more" exponent="1.5" coefficient="two"`, "invalid-number", table + "/NumericPredictor[1]/@coefficient"},
		{`name="more" exponent="1" coefficient="2"`, `name="more" exponent="square" coefficient="2"`, "invalid-number", table + "/NumericPredictor[1]/@exponent"},
		{`name="more" exponent="1" coefficient="2"`, `name="most" coefficient="2"`, "unknown-field", table + "/NumericPredictor[1]/@name"},
		{`name="more" exponent="1" coefficient="2"`, `name="color" coefficient="2"`, "type", table + "/NumericPredictor[1]/@name"},
		{`<CategoricalPredictor name="color" value="green" coefficient="3"/>`, `<CategoricalPredictor name="color" coefficient="3"/>`, "missing-attribute", table + "/CategoricalPredictor"},
		{"<PredictorTerm coefficient=\"0.1\">\n              <FieldRef field=\"leaf\"/>", "<PredictorTerm coefficient=\"0.1\">\n              <FieldRef field=\"loaf\"/>", "unknown-field", table + "/PredictorTerm/FieldRef[1]/@field"},
		{`<PredictorTerm coefficient="0.1">`, `<PredictorTerm>`, "missing-attribute", table + "/PredictorTerm"},
		{`castInteger="round"`, `castInteger="square"`, "invalid-value", model + "/Segmentation/Segment[2]/RegressionModel/Targets/Target/@castInteger"},
		{`min="-1000" max="1000"`, `min="1001" max="1000"`, "inconsistent", model + "/Segmentation/Segment[2]/RegressionModel/Targets/Target/@min"},
		{`min="-1000" max="1000"`, `min="low" max="1000"`, "invalid-number", model + "/Segmentation/Segment[2]/RegressionModel/Targets/Target/@min"},
		// The document as a whole
		{`http://www.dmg.org/PMML-4_4`, `http://www.dmg.org/PMML-9_9`, "version", "/PMML"},
		{`http://www.dmg.org/PMML-4_4`, `http://example.com/`, "version", "/PMML"},
		{`<?xml version="1.0" encoding="UTF-8"?>`, `<!DOCTYPE PMML [<!ENTITY a "aaaaaaaaaa">]>`, "doctype", "/"},
		{`<?xml version="1.0" encoding="UTF-8"?>`, `<!DOCTYPE PMML SYSTEM "http://127.0.0.1:1/pmml.dtd">`, "doctype", "/"},
		{`<?xml version="1.0" encoding="UTF-8"?>`, `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE PMML [<!ENTITY a SYSTEM "file:///etc/passwd">]>`, "doctype", "/"},
		{`<Constant>good</Constant>`, `<Constant>&secret;</Constant>`, "malformed-xml", derived + "[6]/TextIndex/Constant"},
		{`<Constant>good</Constant>`, `<xi:include href="file:///etc/passwd"/>`, "malformed-xml", derived + "[6]/TextIndex/include"},
		{`<Constant>good</Constant>`, `<include xmlns="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>`, "unknown-element", derived + "[6]/TextIndex/include"},
		{`</DataDictionary>`, ``, "malformed-xml", dictionary},
	} {
		t.Run(c.with+" "+c.code, func(t *testing.T) {
			text := replaceOnce(t, base, c.old, c.with)
			f := firstOf(t, text, c.code)
			if path := strings.ReplaceAll(f.Path, "[1]", ""); path != strings.ReplaceAll(c.path, "[1]", "") {
				t.Errorf("%v\nwant the path %s", f, c.path)
			}
			if c.code == "malformed-xml" || f.Path == "/" {
				return // its line is that of what is malformed, see package pmml
			}
			if line := lineOf(text, f.Path); line != f.Line {
				t.Errorf("%v\nthe element stands in line %d", f, line)
			}
		})
	}
}

// firstOf gives the first fault of a document with a code.
func firstOf(t *testing.T, text, code string) *evaluator.Fault {
	t.Helper()
	_, err := compileText(text)
	if err == nil {
		t.Fatal("it was accepted")
	}
	located(t, err)
	var faults *evaluator.Faults
	errors.As(err, &faults)
	for _, f := range faults.List {
		if string(f.Code) == code {
			return f
		}
	}
	t.Fatalf("no fault %s: %v", code, faults)
	return nil
}

// lineOf gives the line of the start tag of the element at a path, by encoding/xml; 0 if there is none.
func lineOf(text, path string) int {
	path, _, _ = strings.Cut(path, "/@")
	for at, line := range placesOf(text) {
		if strings.ReplaceAll(at, "[1]", "") == strings.ReplaceAll(path, "[1]", "") {
			return line
		}
	}
	return 0
}

// placesOf gives the line of each element by its path of local names, with numbers as [1].
func placesOf(text string) map[string]int {
	type open struct {
		path  string
		count map[string]int
	}
	places, stack := map[string]int{}, []open{{"", map[string]int{}}}
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		before := d.InputOffset()
		token, err := d.RawToken()
		if err != nil {
			return places
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			top := &stack[len(stack)-1]
			top.count[name]++
			path := fmt.Sprintf("%s/%s[%d]", top.path, name, top.count[name])
			places[path] = 1 + strings.Count(text[:before], "\n")
			stack = append(stack, open{path, map[string]int{}})
		case xml.EndElement:
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
		}
	}
}

// TestMutants makes thousands of documents, each by one change to one attribute or element. Each is decided on within 100
// milliseconds; a fault names an element that is there in the line where it is; what is accepted scores any record
// without a panic, and twice the same.
func TestMutants(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("testdata", "hostile", "*.pmml"))
	forms, _ := filepath.Glob(filepath.Join("..", "internal", "check", "testdata", "forms", "*.pmml"))
	n, accepted := 0, 0
	for _, file := range append(files, forms...) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range mutants(string(b)) {
			n++
			if n%17 != 0 && testing.Short() {
				continue
			}
			if tryMutant(t, file+": "+name, text) {
				accepted++
			}
		}
	}
	t.Logf("%d documents, %d of them accepted", n, accepted)
}

var (
	mutantTag       = regexp.MustCompile(`<([A-Za-z:]+)((?:\s+[A-Za-z:-]+="[^"]*")*)\s*(/?)>`)
	mutantAttribute = regexp.MustCompile(`\s([A-Za-z:-]+)="([^"]*)"`)
)

// mutants yields the changed documents with what was changed.
func mutants(text string) func(yield func(name, text string) bool) {
	values := []string{"", " ", "bogus", "-1", "0", "2147483648", "NaN", "INF", "1e999", "true", "x", "&#x10FFFF;", strings.Repeat("9", 400)}
	return func(yield func(string, string) bool) {
		for _, m := range mutantTag.FindAllStringSubmatchIndex(text, -1) {
			name, line := text[m[2]:m[3]], 1+strings.Count(text[:m[0]], "\n")
			at := func(what string) string { return fmt.Sprintf("%d: %s %s", line, name, what) }
			for _, a := range mutantAttribute.FindAllStringSubmatchIndex(text[m[4]:m[5]], -1) {
				start, from, to := m[4]+a[0], m[4]+a[4], m[4]+a[5]
				attr := text[m[4]+a[2] : m[4]+a[3]]
				if !yield(at("without "+attr), text[:start]+text[to+1:]) || !yield(at("with two "+attr), text[:to+1]+text[start:]) {
					return
				}
				for _, v := range values {
					if !yield(at(attr+"="+v), text[:from]+v+text[to:]) {
						return
					}
				}
			}
			end := elementEnd(text, m)
			whole := text[m[0]:end]
			for what, with := range map[string]string{
				"removed": "", "doubled": whole + whole, "renamed": strings.ReplaceAll(strings.ReplaceAll(whole, "<"+name, "<Bogus"), "</"+name+">", "</Bogus>"),
				"within itself": strings.Replace(whole, whole[:m[1]-m[0]], strings.TrimSuffix(whole[:m[1]-m[0]-1], "/")+">"+whole, 1) + closing(text, m, name),
				"emptied":       strings.TrimSuffix(text[m[0]:m[1]-1], "/") + "/>", "truncated": whole[:len(whole)/2],
				"followed by a foreign element": whole + `<f:x xmlns:f="urn:f"/>`,
			} {
				if !yield(at(what), text[:m[0]]+with+text[end:]) {
					return
				}
			}
		}
	}
}

// closing is what closes an element that was empty before something was put into it.
func closing(text string, m []int, name string) string {
	if m[7] > m[6] {
		return "</" + name + ">"
	}
	return ""
}

// elementEnd gives where the element ends whose start tag is at m.
func elementEnd(text string, m []int) int {
	if m[7] > m[6] {
		return m[1]
	}
	name, depth := regexp.QuoteMeta(text[m[2]:m[3]]), 1
	for _, k := range regexp.MustCompile(`<(/?)`+name+`(?:\s[^>]*?)?(/?)>`).FindAllStringSubmatchIndex(text[m[1]:], -1) {
		switch {
		case k[3] > k[2]:
			depth--
		case k[5] == k[4]:
			depth++
		}
		if depth == 0 {
			return m[1] + k[1]
		}
	}
	return m[1]
}

// tryMutant compiles a document and, if it is accepted, scores it.
func tryMutant(t *testing.T, name, text string) (accepted bool) {
	t.Helper()
	var compiled []byte
	var err error
	const trials = 5 // a busy machine may hold up some of them
	for trial := 1; ; trial++ {
		begun := time.Now()
		compiled, err = compileText(text)
		took := time.Since(begun)
		if took <= 100*time.Millisecond {
			break
		}
		if trial == trials {
			t.Errorf("%s: %v for %d bytes", name, took, len(text))
			break
		}
	}
	if err != nil {
		located(t, err)
		var faults *evaluator.Faults
		errors.As(err, &faults)
		for _, f := range faults.List {
			if f.Code == "malformed-xml" || f.Path == "/" {
				continue
			}
			if line := lineOf(text, f.Path); line != f.Line {
				t.Errorf("%s: %v: the element stands in line %d", name, f, line)
			}
		}
		return false
	}
	m, err := evaluator.Open(compiled)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var fault *evaluator.VerificationError
	if err := m.Verify(); err != nil && !errors.As(err, &fault) {
		t.Errorf("%s: %v", name, err)
	}
	a, b := m.NewScorer(), m.NewScorer()
	for i, v := range hostileValues {
		x, y := answerValue(a, v), answerValue(b, v)
		if x != y {
			t.Errorf("%s: value %d gives %s, then %s", name, i, x, y)
		}
	}
	return true
}

// hostileValues are given to every input of a model.
var hostileValues = []evaluator.Value{
	evaluator.Missing(), evaluator.Number(0), evaluator.Number(1.5), evaluator.Number(-math.MaxFloat64), evaluator.Number(5e-324),
	evaluator.Number(math.Inf(1)), evaluator.Number(math.Inf(-1)), evaluator.Number(math.NaN()), evaluator.Integer(math.MinInt64),
	evaluator.Boolean(true), evaluator.Text(""), evaluator.Text("red"), evaluator.Text("1e999"), evaluator.Text("\xff\xfe\x00"),
	evaluator.Text(strings.Repeat("good ", 1000)), evaluator.Text("2024-02-30"), evaluator.List(), evaluator.List(evaluator.Number(1), evaluator.Text("x")),
}

// answerValue gives all results for a record whose every input is the given value.
func answerValue(s *evaluator.Scorer, v evaluator.Value) string {
	s.Clear()
	for i := range s.Model().InputNames() {
		s.Set(i, v)
	}
	if err := s.Score(); err != nil {
		return err.Error()
	}
	var out []byte
	for i := range s.Model().Schema().Results() {
		out = append(s.Value(i).AppendText(out), ';')
	}
	return string(out)
}

// TestTruncated cuts a document off at every byte: that is never a document.
func TestTruncated(t *testing.T) {
	base := strings.TrimSpace(hostileBase(t))
	step := 1
	if testing.Short() {
		step = 23
	}
	for n := 0; n < len(base); n += step {
		_, err := compileText(base[:n])
		if err == nil {
			t.Fatalf("%d bytes of %d were accepted", n, len(base))
		}
		located(t, err)
		if code := firstFault(err).Code; code != "malformed-xml" {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func firstFault(err error) *evaluator.Fault {
	var faults *evaluator.Faults
	if !errors.As(err, &faults) || len(faults.List) == 0 {
		return &evaluator.Fault{Code: "none", Message: err.Error()}
	}
	return faults.List[0]
}

// TestEncodings has documents in encodings that are right, and in such as are not what they say.
func TestHostileEncodings(t *testing.T) {
	base := strings.Replace(hostileBase(t), ">good<", ">gut für Größe<", 1)
	declared := func(encoding string) string {
		return strings.Replace(base, `encoding="UTF-8"`, `encoding="`+encoding+`"`, 1)
	}
	var latin1 []byte
	for _, r := range declared("ISO-8859-1") {
		latin1 = append(latin1, byte(r))
	}
	utf16le := func(text string) (b []byte) {
		for _, u := range utf16.Encode([]rune(text)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return b
	}
	for _, c := range []struct {
		name string
		text string
		code string // empty: it is right
	}{
		{"UTF-8", base, ""},
		{"UTF-8 with a byte order mark", "\uFEFF" + base, ""},
		{"ISO-8859-1", string(latin1), ""},
		{"UTF-16", string(utf16le("\uFEFF" + declared("UTF-16"))), ""},
		{"UTF-16 without a byte order mark", string(utf16le(declared("UTF-16"))), ""},
		{"UTF-8 that says UTF-16", declared("UTF-16"), "encoding"},
		{"UTF-8 that says ASCII", declared("US-ASCII"), "encoding"},
		{"UTF-8 in an encoding that nobody knows", declared("EBCDIC-FANTASY"), "encoding"},
		{"Latin-1 that says UTF-8", strings.Replace(string(latin1), "ISO-8859-1", "UTF-8", 1), "encoding"},
		{"a byte that is no text", strings.Replace(base, ">gut", ">\xff", 1), "encoding"},
		{"an overlong slash", strings.Replace(base, ">gut", ">\xc0\xaf", 1), "encoding"},
		{"half of a surrogate pair", strings.Replace(base, ">gut", ">\xed\xa0\x80", 1), "encoding"},
		{"NUL", strings.Replace(base, ">gut", ">\x00", 1), "malformed-xml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := compileText(c.text)
			if c.code == "" && err != nil {
				t.Error(err)
			}
			if c.code != "" && (err == nil || string(firstFault(err).Code) != c.code) {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
}

// TestNothingIsFetched has documents that ask for other files and addresses: some are right without them, none gets them.
// (That the evaluator opens no socket and no file at all follows from what it imports, see internal/arch.)
func TestNothingIsFetched(t *testing.T) {
	base := hostileBase(t)
	for _, c := range []struct{ old, with string }{
		{`<PMML xmlns="http://www.dmg.org/PMML-4_4"`, `<PMML xmlns="http://www.dmg.org/PMML-4_4" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.dmg.org/PMML-4_4 http://127.0.0.1:1/pmml.xsd"`},
		{`<Header/>`, `<?xml-stylesheet href="http://127.0.0.1:1/a.xsl"?><Header/>`},
		{`<Header/>`, `<Header><Extension><include xmlns="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></Extension></Header>`},
	} {
		if _, err := compileText(replaceOnce(t, base, c.old, c.with)); err != nil {
			t.Errorf("%s: %v", c.with, err)
		}
	}
}

// TestGzip has compressed documents that are damaged, or more than they seem.
func TestHostileGzip(t *testing.T) {
	base := hostileBase(t)
	whole := gzipOf(base)
	for _, c := range []struct {
		name, text, code string
	}{
		{"whole", whole, ""},
		{"two members", gzipOf(base[:100]) + gzipOf(base[100:]), ""},
		{"truncated", whole[:len(whole)/2], "compression"},
		{"without its checksum", whole[:len(whole)-8], "compression"},
		{"and something else", whole + "something else", "compression"},
		{"and zeros", whole + strings.Repeat("\x00", 100), "compression"},
		{"gzip of gzip", gzipOf(whole), "malformed-xml"},
		{"a flipped bit", whole[:200] + string(whole[200]^1) + whole[201:], "compression"},
		{"an empty one", gzipOf(""), "malformed-xml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := compileText(c.text)
			if c.code == "" && err != nil {
				t.Error(err)
			}
			if c.code != "" && (err == nil || string(firstFault(err).Code) != c.code) {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
}

func gzipOf(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text) //nolint:errcheck // into memory
	w.Close()               //nolint:errcheck // into memory
	return b.String()
}

// TestAllFaultsAtOnce breaks many things at once: all are told, in document order.
func TestAllFaultsAtOnce(t *testing.T) {
	text := hostileBase(t)
	for _, c := range []struct{ old, with string }{
		{`dataType="integer"/>`, `dataType="integral"/>`}, {`<Apply function="/">`, `<Apply function="divide">`},
		{`operator="lessThan"`, `operator="smaller"`}, {`intercept="1"`, `intercept="I"`},
	} {
		text = replaceOnce(t, text, c.old, c.with)
	}
	_, err := compileText(text)
	var faults *evaluator.Faults
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	var codes []string
	for _, f := range faults.List {
		codes = append(codes, string(f.Code))
	}
	if want := []string{"invalid-value", "unknown-function", "invalid-value", "invalid-number"}; !slices.Equal(codes, want) {
		t.Errorf("%v", faults.List)
	}
	if !slices.IsSortedFunc(faults.List, func(a, b *evaluator.Fault) int { return a.Line - b.Line }) {
		t.Errorf("not in document order: %v", faults.List)
	}
}
