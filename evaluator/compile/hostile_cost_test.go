package compile_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
)

// costlyDocument names the variable that makes the test binary compile one document and nothing else, so that its
// processor time and memory can be measured.
const costlyDocument = "HANDOFF_TEST_DOCUMENT"

func TestMain(m *testing.M) {
	path := os.Getenv(costlyDocument)
	if path == "" {
		os.Exit(m.Run())
	}
	fmt.Print(compileCostly(path))
	fmt.Println(" " + strconv.FormatInt(peakMemory(), 10))
}

// compileCostly compiles and verifies a document and says how that went.
func compileCostly(path string) string {
	debug.SetGCPercent(30) // as the command does while it compiles
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	compiled, err := compile.Compile(f, compile.Options{})
	if err != nil {
		return string(firstFault(err).Code)
	}
	opened, err := evaluator.Open(compiled)
	if err != nil {
		return err.Error()
	}
	if opened.Verify() != nil {
		return "verification"
	}
	return "accepted"
}

// peakMemory is the most memory that the process has had, in bytes; 0 where the system does not say so.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, text, _ := strings.Cut(string(status), "VmHWM:")
	text, _, _ = strings.Cut(text, "kB")
	kb, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return kb << 10
}

// A writer of documents that counts what it wrote.
type documentWriter struct {
	*bufio.Writer
	n int64
}

func (w *documentWriter) put(format string, args ...any) {
	n, _ := fmt.Fprintf(w, format, args...)
	w.n += int64(n)
}

// times calls f for 0 to n-1.
func times(n int, f func(i int)) {
	for i := range n {
		f(i)
	}
}

const (
	openPMML     = `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary><DataField name="x" optype="continuous" dataType="double"/><DataField name="s" optype="categorical" dataType="string"/><DataField name="y" optype="continuous" dataType="double"/>`
	miningSchema = `<MiningSchema><MiningField name="x"/><MiningField name="s"/><MiningField name="y" usageType="target"/></MiningSchema>`
	lessThanOne  = `<SimplePredicate field="x" operator="lessThan" value="1"/>`
)

// regression is a model of one field.
func regression(field string) string {
	return `<RegressionModel functionName="regression">` + miningSchema + `<RegressionTable intercept="0"><NumericPredictor name="` + field + `" coefficient="1"/></RegressionTable></RegressionModel>`
}

// chainOfFields is 20,000 fields that each read the one before.
func chainOfFields(w *documentWriter) {
	w.put(`<DerivedField name="f0" optype="continuous" dataType="double"><FieldRef field="x"/></DerivedField>`)
	times(20_000, func(i int) {
		w.put(`<DerivedField name="f%d" optype="continuous" dataType="double"><FieldRef field="f%d"/></DerivedField>`, i+1, i)
	})
}

// around writes a document with fields and a model.
func around(fields, model func(w *documentWriter)) func(w *documentWriter) {
	return func(w *documentWriter) {
		w.put(openPMML + `</DataDictionary><TransformationDictionary>`)
		fields(w)
		w.put(`</TransformationDictionary>`)
		model(w)
		w.put(`</PMML>`)
	}
}

func noFields(*documentWriter) {}

func text(s string) func(w *documentWriter) { return func(w *documentWriter) { w.put("%s", s) } }

// repeated writes a text n times, between others.
func repeated(before, s string, n int, after string) func(w *documentWriter) {
	return func(w *documentWriter) {
		w.put("%s", before)
		times(n, func(int) { w.put("%s", s) })
		w.put("%s", after)
	}
}

// regressionOf is a model of one field whose name is a text repeated n times.
func regressionOf(name string, n int) func(w *documentWriter) {
	return repeated(`<RegressionModel functionName="regression">`+miningSchema+`<RegressionTable intercept="0"><NumericPredictor name="`,
		name, n, `" coefficient="1"/></RegressionTable></RegressionModel>`)
}

// segments writes a mining model of n segments.
func segments(n int, method string, segment func(i int) string) func(w *documentWriter) {
	return func(w *documentWriter) {
		w.put(`<MiningModel functionName="regression">`+miningSchema+`<Segmentation multipleModelMethod="%s">`, method)
		times(n, func(i int) { w.put(`<Segment id="%d">%s</Segment>`, i, segment(i)) })
		w.put(`</Segmentation></MiningModel>`)
	}
}

// choosing writes a classification tree over n categories.
func choosing(n int, nodes func(w *documentWriter)) func(w *documentWriter) {
	return func(w *documentWriter) {
		w.put(openPMML + `<DataField name="c" optype="categorical" dataType="string">`)
		times(n, func(i int) { w.put(`<Value value="v%d"/>`, i) })
		w.put(`</DataField></DataDictionary><TreeModel functionName="classification"><MiningSchema><MiningField name="x"/><MiningField name="c" usageType="target"/></MiningSchema><Node score="v0"><True/>`)
		nodes(w)
		w.put(`</Node></TreeModel></PMML>`)
	}
}

// costly are documents that are made to take long, or much memory; want is the code of the first fault, or "accepted".
var costly = []struct {
	name, want string
	write      func(w *documentWriter)
}{
	{"200,000 levels", "too-large", func(w *documentWriter) {
		w.put(`<PMML xmlns="http://www.dmg.org/PMML-4_4">`)
		times(200_000, func(int) { w.put("<a>") })
		times(200_000, func(int) { w.put("</a>") })
		w.put("</PMML>")
	}},
	{"1,000,000 attributes", "too-large", func(w *documentWriter) {
		w.put(`<PMML xmlns="http://www.dmg.org/PMML-4_4"`)
		times(1_000_000, func(i int) { w.put(` a%d="1"`, i) })
		w.put("/>")
	}},
	{"a name of 30 MB", "unknown-field", around(noFields, regressionOf("xxxxxxxxxx", 3_000_000))},
	{"1,000,000 character references", "unknown-field", around(noFields, regressionOf("&#120;", 1_000_000))},
	{"2,000,000 comments", "accepted", around(repeated("", "<!-- -->", 2_000_000, ""), text(regression("x")))},
	{"2,000,000 sections", "accepted", around(repeated("<Extension>", "<![CDATA[x]]>", 2_000_000, "</Extension>"), text(regression("x")))},
	{"50,000,000 newlines", "malformed-xml", repeated("", "\n\n\n\n\n\n\n\n\n\n", 5_000_000, "")},
	{"an array that says it has 2,147,483,647 numbers", "accepted", around(noFields, text(
		`<TreeModel functionName="regression">`+miningSchema+`<Node score="1"><SimpleSetPredicate field="x" booleanOperator="isIn"><Array n="2147483647" type="real">1 2</Array></SimpleSetPredicate></Node></TreeModel>`))},
	{"a number of 5,000,000 digits", "accepted", around(noFields, repeated(
		`<RegressionModel functionName="regression">`+miningSchema+`<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="`,
		"1234567890", 500_000, `"/></RegressionTable></RegressionModel>`))},
	{"1,000,000 faults", "missing-attribute", around(repeated("", "<DerivedField/>", 1_000_000, ""), text(regression("x")))},
	{"200,000 unknown fields", "unknown-field", around(noFields, func(w *documentWriter) {
		w.put(`<RegressionModel functionName="regression">` + miningSchema + `<RegressionTable intercept="0">`)
		times(200_000, func(i int) { w.put(`<NumericPredictor name="q%d" coefficient="1"/>`, i) })
		w.put(`</RegressionTable></RegressionModel>`)
	})},
	{"5,000 characteristics of 60 bins", "accepted", around(noFields, func(w *documentWriter) {
		w.put(`<Scorecard functionName="regression" baselineScore="1">` + miningSchema + `<Characteristics>`)
		times(5_000, func(i int) {
			w.put(`<Characteristic reasonCode="r%d">`, i)
			times(60, func(k int) {
				w.put(`<Attribute partialScore="1"><SimplePredicate field="x" operator="equal" value="%d"/></Attribute>`, k)
			})
			w.put(`<Attribute partialScore="2"><True/></Attribute></Characteristic>`)
		})
		w.put(`</Characteristics></Scorecard>`)
	})},
	{"a characteristic of 200,000 attributes with as many codes", "accepted", around(noFields, func(w *documentWriter) {
		w.put(`<Scorecard functionName="regression" baselineScore="1">` + miningSchema + `<Characteristics><Characteristic>`)
		times(200_000, func(i int) {
			w.put(`<Attribute partialScore="1" reasonCode="r%d"><SimplePredicate field="x" operator="lessThan" value="%d"/></Attribute>`, i, i)
		})
		w.put(`</Characteristic></Characteristics></Scorecard>`)
	})},
	{"a cycle of 20,000 fields", "cycle", around(func(w *documentWriter) {
		times(20_000, func(i int) {
			w.put(`<DerivedField name="f%d" optype="continuous" dataType="double"><FieldRef field="f%d"/></DerivedField>`, i, (i+1)%20_000)
		})
	}, text(regression("f0")))},
	{"functions that double each other 60 times", "cost", around(func(w *documentWriter) {
		w.put(`<DefineFunction name="g0" optype="continuous" dataType="double"><ParameterField name="v"/><FieldRef field="v"/></DefineFunction>`)
		times(60, func(i int) {
			call := fmt.Sprintf(`<Apply function="g%d"><FieldRef field="v"/></Apply>`, i)
			w.put(`<DefineFunction name="g%d" optype="continuous" dataType="double"><ParameterField name="v"/><Apply function="+">%s%s</Apply></DefineFunction>`, i+1, call, call)
		})
	}, text(regression("x")))},
	{"texts that double 60 times", "accepted", around(func(w *documentWriter) {
		w.put(`<DerivedField name="c0" optype="categorical" dataType="string"><FieldRef field="s"/></DerivedField>`)
		times(60, func(i int) {
			w.put(`<DerivedField name="c%d" optype="categorical" dataType="string"><Apply function="concat"><FieldRef field="c%d"/><FieldRef field="c%d"/></Apply></DerivedField>`, i+1, i, i)
		})
		w.put(`<DerivedField name="n" optype="continuous" dataType="integer"><Apply function="stringLength"><FieldRef field="c60"/></Apply></DerivedField>`)
	}, text(regression("n")))},
	{"5,000 patterns that become large", "cost", around(func(w *documentWriter) {
		times(5000, func(i int) {
			w.put(`<DerivedField name="m%d" optype="categorical" dataType="boolean"><Apply function="matches"><FieldRef field="s"/><Constant dataType="string">(a{1,1000}b%d)</Constant></Apply></DerivedField>`, i, i)
		})
	}, text(regression("x")))},
	{"3,000 text indexes", "accepted", around(func(w *documentWriter) {
		times(3000, func(i int) {
			w.put(`<DerivedField name="t%d" optype="continuous" dataType="integer"><TextIndex textField="s" maxLevenshteinDistance="3"><Constant>term%dabcdefgh</Constant></TextIndex></DerivedField>`, i, i)
		})
	}, func(w *documentWriter) {
		w.put(`<RegressionModel functionName="regression">` + miningSchema + `<RegressionTable intercept="0">`)
		times(3000, func(i int) { w.put(`<NumericPredictor name="t%d" coefficient="1"/>`, i) })
		w.put(`</RegressionTable></RegressionModel>`)
	})},
	{"a table of 300,000 equal rows", "accepted", around(func(w *documentWriter) {
		w.put(`<DerivedField name="m" optype="continuous" dataType="double"><MapValues outputColumn="o"><FieldColumnPair field="x" column="i"/><InlineTable>`)
		times(300_000, func(int) { w.put(`<row><i>1</i><o>2</o></row>`) })
		w.put(`</InlineTable></MapValues></DerivedField>`)
	}, text(regression("m")))},
	{"100,000 intervals", "accepted", func(w *documentWriter) {
		before, after, _ := strings.Cut(openPMML, `/><DataField name="s"`)
		w.put("%s>", before)
		times(100_000, func(i int) { w.put(`<Interval closure="openOpen" leftMargin="%d" rightMargin="%d.5"/>`, i, i) })
		w.put(`</DataField><DataField name="s"%s</DataDictionary>%s</PMML>`, after, regression("x"))
	}},
	{"2,000 segments that need 20,000 fields", "accepted", around(chainOfFields, segments(2000, "sum", func(int) string { return "<True/>" + regression("f20000") }))},
	{"20,000 segments that may need 20,000 fields", "too-large", around(chainOfFields, segments(20_000, "sum", func(int) string { return lessThanOne + regression("f20000") }))},
	{"500 models in each other around 20,000 fields", "accepted", around(chainOfFields, func(w *documentWriter) {
		times(500, func(int) {
			w.put(`<MiningModel functionName="regression">` + miningSchema + `<Segmentation multipleModelMethod="modelChain"><Segment><True/>`)
		})
		w.put("%s", regression("f20000"))
		times(500, func(int) { w.put(`</Segment></Segmentation></MiningModel>`) })
	})},
	{"20,000 leaves that each name one of 2,000 categories", "too-large", choosing(2000, func(w *documentWriter) {
		times(20_000, func(i int) {
			w.put(`<Node score="v1">%s<ScoreDistribution value="v1" recordCount="%d"/><ScoreDistribution value="v2" recordCount="1"/></Node>`, lessThanOne, i)
		})
	})},
	{"verification of 20,000 rows by 5,000 models", "accepted", around(noFields, func(w *documentWriter) {
		w.put(`<MiningModel functionName="regression">` + miningSchema + `<Segmentation multipleModelMethod="sum">`)
		times(5000, func(int) { w.put(`<Segment><True/>%s</Segment>`, regression("x")) })
		w.put(`</Segmentation><ModelVerification><VerificationFields><VerificationField field="x"/><VerificationField field="y"/></VerificationFields><InlineTable>`)
		times(20_000, func(int) { w.put(`<row><x>1</x><y>5000</y></row>`) })
		w.put(`</InlineTable></ModelVerification></MiningModel>`)
	})},
	{"300,000 association rules", "accepted", around(noFields, rulesOver(1000, 300_000, 1, `<OutputField name="all" feature="ruleId" rank="0" isMultiValued="1"/>`))},
	{"20,000 association rules of one itemset with 20,000 items, and their texts", "too-large", around(noFields, rulesOver(20_000, 20_000, 20_000, `<OutputField name="text" feature="rule"/>`))},
	{"20,000 association rules of one itemset with 20,000 items", "accepted", around(noFields, rulesOver(20_000, 20_000, 20_000, `<OutputField name="all" feature="antecedent" rank="0" isMultiValued="1"/>`))},
	{"5,000 lists of 20,000 association rules", "cost", around(noFields, rulesOver(10, 20_000, 1, manyLists(5000)))},
	{"a fault behind 100,000 segments", "unknown-field", around(noFields, func(w *documentWriter) {
		w.put(`<MiningModel functionName="regression">` + miningSchema + `<Segmentation multipleModelMethod="sum">`)
		times(100_000, func(int) { w.put(`<Segment>%s%s</Segment>`, lessThanOne, regression("x")) })
		w.put(`<Segment><True/>%s</Segment></Segmentation></MiningModel>`, regression("q"))
	})},
	{"a gzip bomb of 2 GB of zeros", "too-large", bomb("\x00")},
	{"a gzip bomb of 2 GB of elements", "too-large", bomb("<a></a>")},
	{"200,000 empty gzip members", "malformed-xml", func(w *documentWriter) {
		empty := gzipOf("")
		times(200_000, func(int) { w.put("%s", empty) })
	}},
}

// manyLists is outputs that give all rules.
func manyLists(n int) string {
	var b strings.Builder
	times(n, func(i int) {
		fmt.Fprintf(&b, `<OutputField name="all%d" feature="ruleId" rank="0" isMultiValued="1"/>`, i)
	})
	return b.String()
}

// rulesOver writes association rules that all have the first itemset for an antecedent, in which there are so many of the
// items.
func rulesOver(items, rules, first int, outputs string) func(w *documentWriter) {
	return func(w *documentWriter) {
		w.put(`<AssociationModel functionName="associationRules"><MiningSchema><MiningField name="x" usageType="group"/><MiningField name="s"/></MiningSchema><Output>%s</Output>`, outputs)
		times(items, func(i int) { w.put(`<Item id="%d" value="v%d"/>`, i, i) })
		w.put(`<Itemset id="first">`)
		times(first, func(i int) { w.put(`<ItemRef itemRef="%d"/>`, i) })
		w.put(`</Itemset>`)
		times(items, func(i int) { w.put(`<Itemset id="s%d"><ItemRef itemRef="%d"/></Itemset>`, i, i) })
		times(rules, func(i int) {
			w.put(`<AssociationRule antecedent="first" consequent="s%d" support="0.1" confidence="0.%d"/>`, i%items, i)
		})
		w.put(`</AssociationModel>`)
	}
}

// bomb writes the compressed beginning of a document, and 40 times a compressed block of about 60 MB.
func bomb(text string) func(w *documentWriter) {
	return func(w *documentWriter) {
		w.put("%s", gzipOf(`<PMML xmlns="http://www.dmg.org/PMML-4_4">`))
		block := gzipOf(strings.Repeat(text, 60_000_000/len(text)))
		times(40, func(int) { w.put("%s", block) })
	}
}

// TestCost compiles each costly document in a process of its own. It may take 2 CPU-seconds and 0.06 more for each MB of
// text, and 256 MB of memory besides the text; times are allowed to be twice that, for a machine that does other things.
func TestCost(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: compiles large documents")
	}
	for _, c := range costly {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "document.pmml")
			size := writeDocument(t, path, c.write)
			got, used, memory := compileApart(t, path)
			if strings.Contains(c.name, "bomb") {
				size = 512 << 20 // what it may expand to
			}
			bound := 2*time.Second + time.Duration(0.06*float64(size)/1e6*float64(time.Second))
			t.Logf("%.1f MB: %s, %.2f CPU-s of %.2f, %d MB", float64(size)/1e6, got, used.Seconds(), bound.Seconds(), memory>>20)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if used > 10*bound { // a hang or quadratic work; what it takes is logged, a loaded machine is no fault
				t.Errorf("took %v of processor time", used)
			}
			if memory > 256<<20+size {
				t.Errorf("took %d MB", memory>>20)
			}
		})
	}
}

// writeDocument writes a document to a file and gives its size.
func writeDocument(t *testing.T, path string, write func(w *documentWriter)) (size int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := &documentWriter{Writer: bufio.NewWriterSize(f, 1<<20)}
	write(w)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return w.n
}

// compileApart compiles a document in another process and gives what it said, and what it took.
func compileApart(t *testing.T, path string) (said string, used time.Duration, memory int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), costlyDocument+"="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, out)
	}
	said, peak, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	memory, err = strconv.ParseInt(peak, 10, 64)
	if err != nil {
		t.Fatalf("%s", out)
	}
	return said, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), memory
}
