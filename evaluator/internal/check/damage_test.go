package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// requiredAttributes are what PMML 4.4 requires, and these models cannot do without.
var requiredAttributes = map[string][]string{
	"AssociationModel": {"functionName"}, "AssociationRule": {"antecedent", "consequent", "support", "confidence"},
	"Item": {"id", "value"}, "Itemset": {"id"}, "ItemRef": {"itemRef"},
	"ClusteringField": {"field"}, "ClusteringModel": {"functionName", "modelClass", "numberOfClusters"}, "ComparisonMeasure": {"kind"}, "MatCell": {"row", "col"},
	"Aggregate": {"field", "function"}, "Apply": {"function"}, "CategoricalPredictor": {"name", "value", "coefficient"},
	"CompoundPredicate": {"booleanOperator"}, "DataField": {"name", "optype", "dataType"}, "DefineFunction": {"name", "optype"},
	"DerivedField": {"optype", "dataType"}, "Discretize": {"field"}, "DiscretizeBin": {"binValue"}, "FieldColumnPair": {"field", "column"},
	"FieldRef": {"field"}, "Interval": {"closure"}, "LinearNorm": {"orig", "norm"}, "MapValues": {"outputColumn"},
	"MiningField": {"name"}, "MiningModel": {"functionName"}, "NormContinuous": {"field"}, "NormDiscrete": {"field", "value"},
	"NumericPredictor": {"name", "coefficient"}, "OutputField": {"name"}, "ParameterField": {"name"}, "PredictorTerm": {"coefficient"},
	"Regression": {"functionName"}, "RegressionModel": {"functionName"}, "RegressionTable": {"intercept"}, "ScoreDistribution": {"value", "recordCount"},
	"Scorecard": {"functionName"}, "Segmentation": {"multipleModelMethod"}, "SimplePredicate": {"field", "operator"}, "SimpleSetPredicate": {"field", "booleanOperator"},
	"TextIndex": {"textField"}, "TreeModel": {"functionName"}, "Value": {"value"}, "VariableWeight": {"field"}, "VerificationField": {"field"},
}

var (
	startTag      = regexp.MustCompile(`<([A-Z][A-Za-z]*)((?: [A-Za-z-]+="[^"]*")+)`)
	attributeText = regexp.MustCompile(` ([A-Za-z-]+)="[^"]*"`)
)

// TestDamaged takes each attribute out of right documents. Whatever it was, checking must end; if it was required, there
// must be a fault that says so at its line.
func TestDamaged(t *testing.T) {
	files, _ := filepath.Glob("testdata/forms/*.pmml")
	n, missing := 0, 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for _, tag := range startTag.FindAllStringSubmatchIndex(text, -1) {
			name := text[tag[2]:tag[3]]
			for _, a := range attributeText.FindAllStringSubmatchIndex(text[tag[4]:tag[5]], -1) {
				attr := text[tag[4]+a[2] : tag[4]+a[3]]
				damaged := text[:tag[4]+a[0]] + text[tag[4]+a[1]:]
				n++
				if strings.HasSuffix(file, "composition.pmml") && (attr == "dataType" || attr == "optype") {
					continue // 3.0 does not require them
				}
				if got := faultsOf(t, damaged); slices.Contains(requiredAttributes[name], attr) {
					missing++
					line := 1 + strings.Count(text[:tag[0]], "\n")
					want := fmt.Sprintf("%d [missing-attribute] Required attribute %s@%s is not defined", line, name, attr)
					if !slices.Contains(got, want) {
						t.Errorf("%s: no fault %q among %q", file, want, got)
					}
				}
			}
		}
	}
	t.Logf("%d documents, %d of them without a required attribute", n, missing)
}

// faultsOf gives the faults of a document, which may be one of reading.
func faultsOf(t *testing.T, text string) []string {
	t.Helper()
	doc, err := pmml.Read(strings.NewReader(text), pmml.DefaultLimits())
	if err != nil {
		return []string{err.Error()}
	}
	var c diag.Collector
	out := check.Check(doc, check.Options{}, &c, func(check.Model) {})
	faults, _ := doc.Locate(&c)
	if (out == nil) != (faults != nil) {
		t.Errorf("the document is nil: %v, faults: %v", out == nil, faults)
	}
	if faults == nil {
		return nil
	}
	return lines(faults.List)
}

// FuzzCheck changes documents in all ways. Checking must end, with faults or a document whose slots exist.
func FuzzCheck(f *testing.F) {
	for _, pattern := range []string{"testdata/*.pmml", "testdata/forms/*.pmml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(b))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := pmml.Read(strings.NewReader(text), pmml.DefaultLimits())
		if err != nil {
			return
		}
		var c diag.Collector
		var models []check.Model
		out := check.Check(doc, check.Options{}, &c, func(m check.Model) { models = append(models, m) })
		if out == nil {
			if c.OK() {
				t.Fatal("neither a document nor faults")
			}
			return
		}
		for i, s := range out.Steps {
			for _, r := range append(s.Reads, s.Slot) {
				if r < 0 || int(r) >= len(out.Slots) {
					t.Fatalf("step %d has slot %d of %d", i, r, len(out.Slots))
				}
			}
		}
		for _, m := range models {
			for _, r := range m.Common().Reads {
				if r < 0 || int(r) >= len(out.Slots) {
					t.Fatalf("a model reads slot %d of %d", r, len(out.Slots))
				}
			}
		}
	})
}
