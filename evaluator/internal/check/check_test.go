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

// checked is what checking a document gives.
type checked struct {
	out           *check.Document
	models        []check.Model
	faults, notes []*diag.Fault
	more          int
}

func checkText(t testing.TB, text string, o check.Options) checked {
	t.Helper()
	doc, err := pmml.Read(strings.NewReader(text), pmml.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var c diag.Collector
	var got checked
	got.out = check.Check(doc, o, &c, func(m check.Model) { got.models = append(got.models, m) })
	faults, notes := doc.Locate(&c)
	if faults != nil {
		got.faults, got.more = faults.List, faults.More
	}
	if notes != nil {
		got.notes = notes.List
	}
	if (got.out == nil) != (len(got.faults) > 0) {
		t.Errorf("the document is nil: %v, with %d faults", got.out == nil, len(got.faults))
	}
	return got
}

var expectation = regexp.MustCompile(`<!-- (ERROR|NOTE) ([a-z-]+) "(.*?)" -->`)

// TestWrong checks documents that say themselves what is wrong with them: a comment ERROR or NOTE on the line of the
// element has the code and the whole message. There must be exactly these faults; notes may be left out.
func TestWrong(t *testing.T) {
	files, err := filepath.Glob("testdata/*.pmml")
	if err != nil || len(files) == 0 {
		t.Fatal("no documents", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".pmml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := checkText(t, string(text), check.Options{})
			var errors, notes []string
			for i, line := range strings.Split(string(text), "\n") {
				for _, m := range expectation.FindAllStringSubmatch(line, -1) {
					s := fmt.Sprintf("%d [%s] %s", i+1, m[2], m[3])
					if m[1] == "ERROR" {
						errors = append(errors, s)
					} else {
						notes = append(notes, s)
					}
				}
			}
			compareFaults(t, "fault", lines(got.faults), errors, true)
			compareFaults(t, "note", lines(got.notes), notes, len(notes) > 0)
		})
	}
}

func lines(faults []*diag.Fault) []string {
	out := make([]string, len(faults))
	for i, f := range faults {
		out[i] = fmt.Sprintf("%d [%s] %s", f.Line, f.Code, f.Message)
	}
	return out
}

func compareFaults(t *testing.T, what string, got, want []string, all bool) {
	t.Helper()
	for _, g := range got {
		if all && !slices.Contains(want, g) {
			t.Errorf("unexpected %s: %s", what, g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("missing %s: %s", what, w)
		}
	}
}

// TestChoice checks which of several models is taken.
func TestChoice(t *testing.T) {
	const models = `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary/>` +
		`<TextModel modelName="A" isScorable="false"/>` +
		`<TreeModel modelName="B" functionName="regression"><MiningSchema/><Node score="1"><True/></Node></TreeModel>` +
		`<RegressionModel modelName="C" functionName="regression"><MiningSchema/><RegressionTable intercept="1"/></RegressionModel></PMML>`
	for _, test := range []struct{ name, want, fault string }{
		{"", "B", ""},
		{"B", "B", ""},
		{"C", "C", ""},
		{"A", "", "1 [not-scorable] the model says that it is not scorable"},
		{"D", "", "1 [missing-element] Required element PMML/<Model>@modelName=D is not defined"},
	} {
		got := checkText(t, models, check.Options{ModelName: test.name})
		if test.fault != "" {
			if !slices.Contains(lines(got.faults), test.fault) {
				t.Errorf("%q: %q", test.name, lines(got.faults))
			}
		} else if len(got.models) != 1 || got.models[0].Common().Name != test.want {
			t.Errorf("%q: %d models, faults %q", test.name, len(got.models), lines(got.faults))
		}
	}
}
