package pmml_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// Older spellings come out as those of 4.4; places keep what the document has.
func TestVersions(t *testing.T) {
	for _, c := range []struct{ version, in, want, attr, written string }{
		{"4.1", `<Apply function="f" mapMissingTo="0"/>`, `Apply function=f defaultValue=0`, "defaultValue", "mapMissingTo"},
		{"4.2", `<Apply function="f" mapMissingTo="0"/>`, `Apply function=f mapMissingTo=0`, "mapMissingTo", "mapMissingTo"},
		{"4.1", `<Apply mapMissingTo="0" defaultValue="1"/>`, `Apply mapMissingTo=0 defaultValue=1`, "defaultValue", "defaultValue"},
		{"4.1", `<Discretize mapMissingTo="0" defaultValue="1"/>`, `Discretize mapMissingTo=0 defaultValue=1`, "", ""},
		{"3.1", `<TargetValue rawDataValue="a" value="b"/>`, `TargetValue displayValue=a value=b`, "displayValue", "rawDataValue"},
		{"4.4", `<MiningField name="y" usageType="predicted"/>`, `MiningField name=y usageType=target`, "usageType", "usageType"},
		{"4.3", `<MiningField invalidValueTreatment="x-returnInvalid" x-invalidValueReplacement="0"/>`,
			`MiningField invalidValueTreatment=returnInvalid invalidValueReplacement=0`, "invalidValueReplacement", "x-invalidValueReplacement"},
		{"4.3", `<Segmentation multipleModelMethod="x-weightedSum" x-missingThreshold="1" x-missingPredictionTreatment="continue"/>`,
			`Segmentation multipleModelMethod=weightedSum missingThreshold=1 missingPredictionTreatment=continue`, "missingThreshold", "x-missingThreshold"},
		{"4.3", `<Segmentation multipleModelMethod="x-weightedMedian"/>`, `Segmentation multipleModelMethod=weightedMedian`, "", ""},
		{"4.3", `<Segmentation multipleModelMethod="x-multiModelChain"/>`, `Segmentation multipleModelMethod=x-multiModelChain`, "", ""},
		{"4.0", `<OutputField feature="clusterId" x-targetField="y"/>`, `OutputField feature=entityId targetField=y`, "targetField", "x-targetField"},
		{"4.0", `<OutputField feature="clusterAffinity"/>`, `OutputField feature=affinity`, "", ""},
		{"4.4", `<OutputField feature="entityAffinity" datatype="xs:double"/>`, `OutputField feature=affinity dataType=double`, "dataType", "datatype"},
		{"3.1", `<DerivedField datatype="double"/>`, `DerivedField dataType=double`, "dataType", "datatype"},
		{"4.3", `<DataField dataType="x-dateDaysSince[1990]"/>`, `DataField dataType=dateDaysSince[1990]`, "", ""},
		{"4.3", `<Constant dataType="x-dateTimeSecondsSince[2010]"/>`, `Constant dataType=dateTimeSecondsSince[2010]`, "", ""},
		{"4.4", `<ParameterField dataType="xsd:string"/>`, `ParameterField dataType=string`, "", ""},
		{"4.0", `<TimeAnchor type="dateTimeSecdondsSince[1960]"/>`, `TimeAnchor type=dateTimeSecondsSince[1960]`, "", ""},
		{"4.0", `<TimeAnchor type="dateTimeMillisecdondsSince[0]"/>`, `TimeAnchor type=dateTimeMillisecondsSince[0]`, "", ""},
		{"3.1", `<INT-SparseArray><Entries/></INT-SparseArray>`, `INT-SparseArray/INT-Entries`, "", ""},
		{"3.1", `<REAL-SparseArray><Entries/></REAL-SparseArray>`, `REAL-SparseArray/REAL-Entries`, "", ""},
		{"4.0", `<ExponentialSmoothing><Level/><Trend/></ExponentialSmoothing>`, `ExponentialSmoothing/Level/Trend_ExpoSmooth`, "", ""},
		{"4.4", `<Row><Trend/><Entries/></Row>`, `Row/Trend/Entries`, "", ""},
	} {
		d := read(t, fmt.Sprintf("<PMML version=%q>%s</PMML>", c.version, c.in))
		if d.Version() != c.version {
			t.Fatalf("version %q", d.Version())
		}
		var e *pmml.Element
		for e = range d.Root().Children() {
			break
		}
		got := e.Name()
		for name, value := range e.Attrs() {
			got += " " + name + "=" + value
		}
		for child := range e.Children() {
			got += "/" + child.Name()
		}
		if got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.in, c.version, got, c.want)
		}
		if at := e.At(c.attr); at != (diag.Place{Offset: e.Place().Offset, Attr: c.written}) {
			t.Errorf("%s: %s stands at %+v, want %s", c.in, c.attr, at, c.written)
		}
	}
}

func TestDocumentVersion(t *testing.T) {
	for attrs, want := range map[string]string{
		`xmlns="http://www.dmg.org/PMML-3_0" version="3.0"`:    "3.0",
		`xmlns="http://www.dmg.org/PMML-3_1" version="4.0"`:    "3.1",
		`xmlns="http://www.dmg.org/PMML-4_2" version="4.2.1"`:  "4.2",
		`xmlns="https://www.dmg.org/PMML-4_4" version="4.4.1"`: "4.4",
		`xmlns="http://www.dmg.org/PMML-4_3Ext" version="4.3"`: "4.3",
		`xmlns="http://www.dmg.org/PMML-4_4/"`:                 "4.4",
		`version="4.2.1"`:                                      "4.2",
		`version=" 4.1 "`:                                      "4.1",
		``:                                                     "4.4",
	} {
		if got := read(t, "<PMML "+attrs+"/>").Version(); got != want {
			t.Errorf("%s: version %q, want %q", attrs, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		" ":                            " ",
		"a":                            "a",
		" a\r\nb\rc\n":                 " a\nb\nc\n",
		"a&amp;&#x20AC;&#10;":          "a&€\n",
		"<![CDATA[ <a> ]]>":            " <a> ",
		"a<![CDATA[\r\nb]]>c":          "a\nbc",
		" <![CDATA[b]]> ":              " b ",
		" <!-- c --> ":                 "  ",
		"a<!-- c -->b<?p?>c":           "abc",
		"\n <B>x</B>\n <B/>\n":         "",
		"a <B>x</B> b <B/> ":           "a  b ",
		"]]<!-- -->>":                  "]]>",
		"<Extension>x</Extension>text": "text",
	} {
		for _, pad := range []int{0, 100_000} {
			text := strings.Repeat("<Pad/>", pad/6) + in
			got := read(t, header+"<A>"+text+"</A></PMML>").Root().Child("A").Text()
			if pad > 0 { // the same in a large element: there is a tag before
				if w := want; got != w && strings.TrimLeft(got, " \n") != strings.TrimLeft(w, " \n") {
					t.Errorf("large %q: %q, want %q", in, got, w)
				}
			} else if got != want {
				t.Errorf("%q: %q, want %q", in, got, want)
			}
		}
	}
}

func TestLocateLinesAndAttributes(t *testing.T) {
	text := "<?xml version='1.0'?>\r\n<PMML>\r<A/>\n<B c='1'/>\r\n\r\n<A\n\nb=''><C/></A></PMML>"
	d := read(t, text)
	var c diag.Collector
	for _, e := range walked(d)[1:] {
		c.Fault(diag.Place{Offset: e.Offset, Attr: "x"}, diag.Type, "", "wrong")
	}
	c.Note(d.Root().Place(), diag.UnknownAttribute, "", "odd")
	faults, notes := d.Locate(&c)
	got := ""
	for _, f := range append(faults.List, notes.List...) {
		got += fmt.Sprintf("%d %s\n", f.Line, f.Path)
	}
	want := "3 /PMML/A[1]/@x\n4 /PMML/B/@x\n6 /PMML/A[2]/@x\n8 /PMML/A[2]/C/@x\n2 /PMML\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTable(t *testing.T) {
	d := read(t, header+`<InlineTable xmlns:data="urn:t"><Extension/>
		<row><data:a>1</data:a><b> x </b><Extension><c>9</c></Extension></row>
		<row><b>y</b><data:a>2</data:a><a>3</a></row>
		<row/>
		<row c="4" a=""><b><![CDATA[<]]></b></row>
	</InlineTable></PMML>`)
	table := pmml.ReadTable(d.Root().Child("InlineTable"), nil)
	if diff := cmp.Diff([]string{"a", "b", "c"}, table.Columns()); diff != "" {
		t.Error(diff)
	}
	var got [][]string
	for row := range table.Rows() {
		var cells []string
		for col := range table.Columns() {
			text, ok := table.Cell(row, col)
			if !ok {
				text = "-"
			}
			cells = append(cells, text)
		}
		got = append(got, cells)
	}
	want := [][]string{{"1", " x ", "-"}, {"2", "y", "-"}, {"-", "-", "-"}, {"", "<", "4"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var c diag.Collector
	c.Fault(table.Place(3), diag.Type, "", "wrong")
	if faults, _ := d.Locate(&c); faults.List[0].Path != "/PMML/InlineTable/row[4]" || faults.List[0].Line != 5 {
		t.Errorf("the last row stands at %v", faults)
	}
}

func TestArray(t *testing.T) {
	for _, c := range []struct {
		text   string
		quoted bool
		want   []string
		err    string
	}{
		{"", true, nil, ""},
		{" \t\r\n", true, nil, ""},
		{"1 2.5\n\t-3e4 ", false, []string{"1", "2.5", "-3e4"}, ""},
		{`a "b c" "" d`, true, []string{"a", "b c", "", "d"}, ""},
		{`"a\"b" "\\" "\n" c\"d`, true, []string{`a"b`, `\`, `\n`, `c"d`}, ""},
		{`"\\\"" x`, true, []string{`\"`, "x"}, ""},
		{`ab"c d"e`, true, []string{`ab"c`, `d"e`}, ""},
		{`"a b`, false, []string{`"a`, "b"}, ""},
		{`x "a b`, true, []string{"x"}, "does not end"},
		{`"a\"`, true, nil, "does not end"},
		{`"`, true, nil, "does not end"},
		{`"a"b`, true, nil, "white space must follow"},
		{"é\u00a0ü 日本", true, []string{"é\u00a0ü", "日本"}, ""},
	} {
		var got []string
		message := ""
		for value, err := range pmml.Array(c.text, c.quoted) {
			if err != nil {
				message = err.Error()
				break
			}
			got = append(got, value)
		}
		if !slices.Equal(got, c.want) || !strings.Contains(message, c.err) || (c.err == "") != (message == "") {
			t.Errorf("Array(%q, %t) = %q, %q, want %q, %q", c.text, c.quoted, got, message, c.want, c.err)
		}
	}
}

// FuzzArray: what is yielded comes back when it is written with quotes.
func FuzzArray(f *testing.F) {
	for _, seed := range []string{`a "b c" "" \"`, `"\\" "\""`, "1 2\n3", `"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var values, written []string
		for value, err := range pmml.Array(text, true) {
			if err != nil {
				return
			}
			values = append(values, value)
			written = append(written, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)+`"`)
		}
		var again []string
		for value, err := range pmml.Array(strings.Join(written, " "), true) {
			if err != nil {
				t.Fatalf("%q: %v", written, err)
			}
			again = append(again, value)
		}
		if !slices.Equal(values, again) {
			t.Fatalf("%q: %q", values, again)
		}
	})
}
