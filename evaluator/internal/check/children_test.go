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
)

// anyChildren are the elements that may have children of any name: rows and their cells, and what is only for people.
var anyChildren = []string{"row", "Header", "Application", "Extension", "ModelStats", "ModelExplanation", "Partition", "PartitionFieldStats", "Covariances"}

var anyTag = regexp.MustCompile(`<([A-Z][A-Za-z]*|row)((?:\s[^<>]*?)?)(/?)>`)

// TestOddChildren puts a child that nobody knows into each element of right documents: there must be a fault that says so
// at its line.
func TestOddChildren(t *testing.T) {
	files, _ := filepath.Glob("testdata/forms/*.pmml")
	n := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for _, m := range anyTag.FindAllStringSubmatchIndex(text, -1) {
			name := text[m[2]:m[3]]
			if slices.Contains(anyChildren, name) {
				continue
			}
			odd := text[:m[1]] + "<Odd/>" + text[m[1]:]
			if m[7] > m[6] {
				odd = text[:m[6]] + "><Odd/></" + name + ">" + text[m[1]:]
			}
			n++
			line := 1 + strings.Count(text[:m[1]], "\n")
			if got, want := faultsOf(t, odd), fmt.Sprintf("%d [unknown-element] Element Odd is not known in %s", line, name); !slices.Contains(got, want) {
				t.Errorf("%s:%d: no fault %q among %.300q", file, line, want, got)
			}
		}
	}
	t.Logf("%d documents", n)
}

// TestNotScorableIsNoted has a first model that says it is not scorable: the second is taken, and a note says why.
func TestNotScorableIsNoted(t *testing.T) {
	model := regressionOn("x")
	first := strings.Replace(model, `functionName`, `isScorable="false" functionName`, 1)
	got := checkText(t, document("", "", "\n"+first+model), check.Options{})
	if notes := lines(got.notes); !slices.Contains(notes, "2 [not-scorable] the model says that it is not scorable") || len(got.faults) > 0 {
		t.Errorf("notes %q, faults %q", notes, lines(got.faults))
	}
}
