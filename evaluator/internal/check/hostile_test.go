package check_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
)

// document writes a document around a model.
func document(dictionary, transformations, model string) string {
	return `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>` +
		`<DataField name="x" optype="continuous" dataType="double"/>` + dictionary +
		`<DataField name="y" optype="continuous" dataType="double"/></DataDictionary>` +
		`<TransformationDictionary>` + transformations + `</TransformationDictionary>` + model + `</PMML>`
}

const schema = `<MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema>`

// regressionOn is a model of one field.
func regressionOn(name string) string {
	return `<RegressionModel functionName="regression">` + schema + `<RegressionTable intercept="0"><NumericPredictor name="` +
		name + `" coefficient="1"/></RegressionTable></RegressionModel>`
}

func derived(name, expression string) string {
	return `<DerivedField name="` + name + `" optype="continuous" dataType="double">` + expression + `</DerivedField>`
}

func ref(name string) string { return `<FieldRef field="` + name + `"/>` }

func apply(function string, args ...string) string {
	return `<Apply function="` + function + `">` + strings.Join(args, "") + `</Apply>`
}

func define(name, body string) string {
	return `<DefineFunction name="` + name + `" optype="continuous" dataType="double"><ParameterField name="v"/>` + body + `</DefineFunction>`
}

// repeat joins what make gives for 0 to n-1.
func repeat(n int, make func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(make(i))
	}
	return b.String()
}

// categories is a target c with n values.
func categories(n int) string {
	return `<DataField name="c" optype="categorical" dataType="string">` +
		repeat(n, func(i int) string { return fmt.Sprintf(`<Value value="v%d" displayValue="V%d"/>`, i, i) }) + `</DataField>`
}

// clustersOn is a clustering model of one field.
func clustersOn(name, fields, clusters string) string {
	return `<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="1"><MiningSchema><MiningField name="` + name +
		`"/></MiningSchema><ComparisonMeasure kind="distance"><cityBlock/></ComparisonMeasure>` + fields + clusters + `</ClusteringModel>`
}

// distributionsOn is a model of distributions of fields f0, f1 and so on.
func distributionsOn(fields, clusters int) string {
	names := func(format string) string {
		return repeat(fields, func(i int) string { return fmt.Sprintf(format, i) })
	}
	return `<ClusteringModel functionName="clustering" modelClass="distributionBased" numberOfClusters="1"><MiningSchema>` + names(`<MiningField name="f%d"/>`) +
		`</MiningSchema>` + names(`<ClusteringField field="f%d"/>`) + repeat(clusters, func(int) string {
		return `<Cluster><Array type="real">` + strings.Repeat("1 ", fields) + `</Array><Covariances><Matrix diagDefault="1" offDiagDefault="0"/></Covariances></Cluster>`
	}) + `</ClusteringModel>`
}

const choosing = `<MiningSchema><MiningField name="x"/><MiningField name="c" usageType="target"/></MiningSchema>`

// TestHostile checks documents that are made to take long or to overflow a stack. Each must be decided on within
// seconds; the figures are far above what it takes on a slow machine.
func TestHostile(t *testing.T) {
	for _, test := range []struct {
		name   string
		text   string
		want   diag.Code // empty: the document is right
		models int       // that it has, if it is right
	}{
		{"a chain of 100,000 fields", document("", repeat(100_000, func(i int) string {
			if i == 99_999 {
				return derived("f99999", ref("x"))
			}
			return derived(fmt.Sprintf("f%d", i), ref(fmt.Sprintf("f%d", i+1)))
		}), regressionOn("f0")), "", 1},
		{"a cycle of 100,000 fields", document("", repeat(100_000, func(i int) string {
			return derived(fmt.Sprintf("f%d", i), ref(fmt.Sprintf("f%d", (i+1)%100_000)))
		}), regressionOn("f0")), diag.Cycle, 0},
		{"100,000 unused fields", document("", repeat(100_000, func(i int) string {
			return derived(fmt.Sprintf("f%d", i), ref("x"))
		}), regressionOn("x")), "", 1},
		{"100,000 data fields", document(repeat(100_000, func(i int) string {
			return fmt.Sprintf(`<DataField name="d%d" optype="continuous" dataType="double"/>`, i)
		}), "", `<RegressionModel functionName="regression"><MiningSchema>`+repeat(100_000, func(i int) string {
			return fmt.Sprintf(`<MiningField name="d%d"/>`, i)
		})+`</MiningSchema><RegressionTable intercept="0">`+repeat(100_000, func(i int) string {
			return fmt.Sprintf(`<NumericPredictor name="d%d" coefficient="1"/>`, i)
		})+`</RegressionTable></RegressionModel>`), "", 1},
		{"functions that double each other", document("", define("f0", ref("v"))+repeat(60, func(i int) string {
			call := apply(fmt.Sprintf("f%d", i), ref("v"))
			return define(fmt.Sprintf("f%d", i+1), apply("+", call, call))
		}), regressionOn("x")), diag.Cost, 0},
		{"fields that use a costly function", document("", define("f0", ref("v"))+repeat(20, func(i int) string {
			call := apply(fmt.Sprintf("f%d", i), ref("v"))
			return define(fmt.Sprintf("f%d", i+1), apply("+", call, call))
		})+derived("d", apply("sum", repeat(10, func(int) string { return apply("f20", ref("x")) }))), regressionOn("d")), diag.Cost, 0},
		{"100,000 functions that call each other", document("", define("f0", ref("v"))+repeat(100_000, func(i int) string {
			return define(fmt.Sprintf("f%d", i+1), apply(fmt.Sprintf("f%d", i), ref("v")))
		})+derived("d", apply("f100000", ref("x"))), regressionOn("d")), diag.Cost, 0},
		{"a cycle of 100,000 functions", document("", repeat(100_000, func(i int) string {
			return define(fmt.Sprintf("f%d", i), apply(fmt.Sprintf("f%d", (i+1)%100_000), ref("v")))
		})+derived("d", apply("f0", ref("x"))), regressionOn("d")), diag.Cycle, 0},
		{"an expression of 1,900 levels", document("", derived("d",
			strings.Repeat(`<Apply function="abs">`, 1900)+ref("x")+strings.Repeat(`</Apply>`, 1900)), regressionOn("d")), "", 1},
		{"many models that treat what many fields read", document("", derived("f0", ref("x"))+repeat(20_000, func(i int) string {
			return derived(fmt.Sprintf("f%d", i+1), ref(fmt.Sprintf("f%d", i)))
		}), `<MiningModel functionName="regression">`+schema+`<Segmentation multipleModelMethod="sum">`+repeat(2000, func(i int) string {
			return `<Segment><True/>` + strings.Replace(regressionOn("f20000"), `name="x"`, fmt.Sprintf(`name="x" missingValueReplacement="%d"`, i), 1) + `</Segment>`
		})+`</Segmentation></MiningModel>`), diag.Cost, 0},
		{"many comparisons in a long order", document(`<DataField name="s" optype="ordinal" dataType="string">`+
			repeat(20_000, func(i int) string { return fmt.Sprintf(`<Value value="%d"/>`, i) })+`</DataField>`, "",
			`<TreeModel functionName="regression">`+schema+`<Node><True/>`+repeat(20_000, func(i int) string {
				return fmt.Sprintf(`<Node score="1"><SimplePredicate field="s" operator="lessThan" value="%d"/></Node>`, i)
			})+`</Node></TreeModel>`), diag.Cost, 0},
		{"a model of 500 levels", document("", "", strings.Repeat(`<MiningModel functionName="regression">`+schema+
			`<Segmentation multipleModelMethod="modelChain"><Segment><True/>`, 500)+regressionOn("x")+
			strings.Repeat(`</Segment></Segmentation></MiningModel>`, 500)), "", 501},
		{"500 levels around 20,000 names", document("", repeat(20_000, func(i int) string {
			return derived(fmt.Sprintf("f%d", i), ref("x"))
		}), strings.Repeat(`<MiningModel functionName="regression">`+schema+
			`<Segmentation multipleModelMethod="modelChain"><Segment><True/>`, 500)+
			`<RegressionModel functionName="regression">`+schema+`<RegressionTable intercept="0">`+repeat(20_000, func(i int) string {
			return fmt.Sprintf(`<NumericPredictor name="f%d" coefficient="1"/>`, i)
		})+`</RegressionTable></RegressionModel>`+strings.Repeat(`</Segment></Segmentation></MiningModel>`, 500)), "", 501},
		{"500 levels around 20,000 outputs", document("", "", strings.Repeat(`<MiningModel functionName="regression">`+schema+
			`<Segmentation multipleModelMethod="modelChain"><Segment><True/>`, 500)+
			`<RegressionModel functionName="regression">`+schema+`<Output>`+repeat(20_000, func(i int) string {
			return fmt.Sprintf(`<OutputField name="o%d" dataType="double"/>`, i)
		})+`</Output><RegressionTable intercept="0"/></RegressionModel>`+
			strings.Repeat(`</Segment></Segmentation></MiningModel>`, 500)), diag.Cost, 0},
		{"lags that look far back together", document("", repeat(11, func(i int) string {
			return derived(fmt.Sprintf("f%d", i), `<Lag field="x" n="100000" aggregate="avg"/>`)
		}), regressionOn("f0")), diag.Cost, 0},
		{"90,000 faults", document("", repeat(30_000, func(int) string { return `<DerivedField/>` }), regressionOn("x")),
			diag.MissingAttribute, 0},
		{"1,000,000 faults", document("", repeat(1_000_000, func(int) string { return `<a/>` }), regressionOn("x")), diag.ManyFaults, 0},
		{"many categories in many models", document(`<DataField name="c" optype="categorical" dataType="string">`+
			repeat(50_000, func(i int) string { return fmt.Sprintf(`<Value value="%d"/>`, i) })+`</DataField>`, "",
			`<MiningModel functionName="classification"><MiningSchema><MiningField name="x"/><MiningField name="c" usageType="target"/></MiningSchema>`+
				`<Segmentation multipleModelMethod="majorityVote">`+repeat(10_000, func(int) string {
				return `<Segment><True/><TreeModel functionName="classification"><MiningSchema><MiningField name="x"/></MiningSchema><Node score="1"><True/></Node></TreeModel></Segment>`
			})+`</Segmentation></MiningModel>`), diag.TooLarge, 0},
		{"many leaves that name one of many categories", document(categories(2000), "",
			`<TreeModel functionName="classification">`+choosing+`<Node score="v0"><True/>`+repeat(20_000, func(i int) string {
				return fmt.Sprintf(`<Node score="v1"><SimplePredicate field="x" operator="lessThan" value="1"/><ScoreDistribution value="v1" recordCount="%d"/><ScoreDistribution value="v2" recordCount="1"/></Node>`, i)
			})+`</Node></TreeModel>`), diag.TooLarge, 0},
		{"many leaves that say the same of many categories", document(categories(2000), "",
			`<TreeModel functionName="classification">`+choosing+`<Node score="v0"><True/>`+repeat(20_000, func(i int) string {
				return fmt.Sprintf(`<Node score="v1"><SimplePredicate field="x" operator="lessThan" value="%d"/><ScoreDistribution value="v1" recordCount="1"/></Node>`, i)
			})+`</Node></TreeModel>`), "", 1},
		{"the median of many models over many categories", document(categories(5000), "",
			`<MiningModel functionName="classification">`+choosing+`<Segmentation multipleModelMethod="median">`+repeat(5000, func(i int) string {
				return `<Segment><True/><TreeModel functionName="classification"><MiningSchema><MiningField name="x"/></MiningSchema><Node score="v1"><True/></Node></TreeModel></Segment>`
			})+`</Segmentation></MiningModel>`), diag.TooLarge, 0},
		{"many texts to show for many categories", document(categories(5000), "",
			`<TreeModel functionName="classification">`+choosing+`<Output>`+repeat(5000, func(i int) string {
				return fmt.Sprintf(`<OutputField name="o%d" feature="predictedDisplayValue"/>`, i)
			})+`</Output><Node score="v0"><True/></Node></TreeModel>`), diag.TooLarge, 0},
		{"many segments that may not run and need many fields", document("", derived("f0", ref("x"))+repeat(20_000, func(i int) string {
			return derived(fmt.Sprintf("f%d", i+1), ref(fmt.Sprintf("f%d", i)))
		}), `<MiningModel functionName="regression">`+schema+`<Segmentation multipleModelMethod="sum">`+repeat(5000, func(i int) string {
			return `<Segment><SimplePredicate field="x" operator="lessThan" value="1"/>` + regressionOn("f20000") + `</Segment>`
		})+`</Segmentation></MiningModel>`), diag.TooLarge, 0},
		{"many segments that always run and need many fields", document("", derived("f0", ref("x"))+repeat(20_000, func(i int) string {
			return derived(fmt.Sprintf("f%d", i+1), ref(fmt.Sprintf("f%d", i)))
		}), `<MiningModel functionName="regression">`+schema+`<Segmentation multipleModelMethod="sum">`+repeat(5000, func(i int) string {
			return `<Segment><True/>` + regressionOn("f20000") + `</Segment>`
		})+`</Segmentation></MiningModel>`), "", 5001},
		{"many fields of a costly function", document("", define("f0", ref("v"))+repeat(20, func(i int) string {
			call := apply(fmt.Sprintf("f%d", i), ref("v"))
			return define(fmt.Sprintf("f%d", i+1), apply("+", call, call))
		})+repeat(10, func(i int) string { return derived(fmt.Sprintf("d%d", i), apply("f20", ref("x"))) }),
			strings.Replace(regressionOn("d0"), `</RegressionTable>`, repeat(9, func(i int) string {
				return fmt.Sprintf(`<NumericPredictor name="d%d" coefficient="1"/>`, i+1)
			})+`</RegressionTable>`, 1)), diag.Cost, 0},
		{"an item that may be split at many places", document(repeat(10, func(i int) string {
			return fmt.Sprintf(`<DataField name="s%d" optype="categorical" dataType="string"/>`, i)
		}), "", `<AssociationModel functionName="associationRules"><MiningSchema>`+repeat(10, func(i int) string {
			return fmt.Sprintf(`<MiningField name="s%d"/>`, i)
		})+`</MiningSchema><Item id="1" value="`+strings.Repeat("=", 1_000_000)+`"/></AssociationModel>`), diag.Cost, 0},
		{"many patterns that become large", document(`<DataField name="s" optype="categorical" dataType="string"/>`, repeat(5000, func(i int) string {
			return derived(fmt.Sprintf("d%d", i), apply("if", apply("matches", ref("s"), fmt.Sprintf(`<Constant dataType="string">(a{1,1000}b%d)</Constant>`, i)), `<Constant>1</Constant>`, `<Constant>0</Constant>`))
		}), strings.Replace(regressionOn("x"), `name="x"/>`, `name="x"/><MiningField name="s"/>`, 1)), diag.Cost, 0},
		{"many pieces of text that become large patterns", document(`<DataField name="s" optype="categorical" dataType="string"/>`,
			derived("d", `<TextIndex textField="s"><TextIndexNormalization><InlineTable>`+repeat(5000, func(i int) string {
				return fmt.Sprintf(`<row><string>(a{1,1000}b%d)</string><stem>a</stem><regex>true</regex></row>`, i)
			})+`</InlineTable></TextIndexNormalization><Constant>a</Constant></TextIndex>`),
			strings.Replace(regressionOn("d"), `name="x"/>`, `name="x"/><MiningField name="s"/>`, 1)), diag.Cost, 0},
		{"many verification rows without most of many fields", document(repeat(20_000, func(i int) string {
			return fmt.Sprintf(`<DataField name="d%d" optype="continuous" dataType="double"/>`, i)
		}), "", `<RegressionModel functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/>`+repeat(20_000, func(i int) string {
			return fmt.Sprintf(`<MiningField name="d%d"/>`, i)
		})+`</MiningSchema><ModelVerification><VerificationFields>`+repeat(20_000, func(i int) string {
			return fmt.Sprintf(`<VerificationField field="d%d"/>`, i)
		})+`</VerificationFields><InlineTable>`+strings.Repeat(`<row><d1>1</d1></row>`, 20_000)+
			`</InlineTable></ModelVerification><RegressionTable intercept="0"/></RegressionModel>`), diag.TooLarge, 0},
		{"a table with many rows that is read by one column many times", document("", derived("d", `<MapValues outputColumn="o">`+
			strings.Repeat(`<FieldColumnPair field="x" column="i"/>`, 20_000)+`<InlineTable>`+repeat(20_000, func(i int) string {
			return fmt.Sprintf(`<row><i>%d</i><o>1</o></row>`, i)
		})+`</InlineTable></MapValues>`), regressionOn("d")), diag.TooLarge, 0},
		{"many outputs that look for many members", document("", "", `<MiningModel functionName="regression">`+schema+`<Output>`+repeat(10_000, func(i int) string {
			return fmt.Sprintf(`<OutputField name="o%d" targetField="x" dataType="double"/>`, i)
		})+`</Output><Segmentation multipleModelMethod="sum">`+repeat(10_000, func(int) string {
			return `<Segment><True/>` + regressionOn("x") + `</Segment>`
		})+`</Segmentation></MiningModel>`), diag.Cost, 0},
		{"tables for many values that are not written down", document(categories(1000), "", clustersOn("c", strings.Repeat(
			`<ClusteringField field="c" compareFunction="table"><Comparisons><Matrix diagDefault="0" offDiagDefault="1"/></Comparisons></ClusteringField>`, 1000),
			`<Cluster><Array type="string">`+strings.Repeat("v0 ", 1000)+`</Array></Cluster>`)), diag.TooLarge, 0},
		{"a table for very many values", document(categories(100_000), "", clustersOn("c",
			`<ClusteringField field="c" compareFunction="table"><Comparisons><Matrix diagDefault="0" offDiagDefault="1"/></Comparisons></ClusteringField>`,
			`<Cluster><Array type="string">v0</Array></Cluster>`)), diag.TooLarge, 0},
		{"many clusters in many intervals", document(`<DataField name="i" optype="continuous" dataType="double">`+repeat(1000, func(i int) string {
			return fmt.Sprintf(`<Interval closure="closedOpen" leftMargin="%d" rightMargin="%d"/>`, i, i+1)
		})+`</DataField>`, "", clustersOn("i",
			`<ClusteringField field="i" compareFunction="table"><Comparisons><Matrix diagDefault="0" offDiagDefault="1"/></Comparisons></ClusteringField>`,
			strings.Repeat(`<Cluster><Array type="int">999</Array></Cluster>`, 30_000))), diag.Cost, 0},
		{"centres longer than they may be", document("", "", clustersOn("x", `<ClusteringField field="x"/>`,
			strings.Repeat(`<Cluster><Array type="int">`+strings.Repeat("1 ", 1000)+`</Array></Cluster>`, 3000))), diag.Inconsistent, 0},
		{"covariances of many fields that are not written down", document(repeat(1000, func(i int) string {
			return fmt.Sprintf(`<DataField name="f%d" optype="continuous" dataType="double"/>`, i)
		}), "", distributionsOn(1000, 2)), diag.Cost, 0},
		{"covariances of many clusters", document(repeat(300, func(i int) string {
			return fmt.Sprintf(`<DataField name="f%d" optype="continuous" dataType="double"/>`, i)
		}), "", distributionsOn(300, 1000)), diag.TooLarge, 0},
		{"many clusters", document("", "", clustersOn("x", `<ClusteringField field="x"/>`, strings.Repeat(`<Cluster><Array type="int">1</Array></Cluster>`, 100_000))), "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			got := checkText(t, test.text, check.Options{})
			took := time.Since(start)
			t.Logf("%d bytes, %v", len(test.text), took)
			if took > 30*time.Second {
				t.Errorf("checking took %v", took)
			}
			codes := map[diag.Code]bool{}
			for _, f := range got.faults {
				codes[f.Code] = true
			}
			switch {
			case test.want == "" && len(got.faults) > 0:
				t.Errorf("faults: %v", lines(got.faults[:1]))
			case test.want != "" && !codes[test.want]:
				t.Errorf("no fault %s: %v", test.want, codes)
			case test.want == "" && len(got.models) != test.models:
				t.Errorf("%d models", len(got.models))
			}
			if len(got.faults) > diag.Limit {
				t.Errorf("%d faults were kept", len(got.faults))
			}
		})
	}
}
