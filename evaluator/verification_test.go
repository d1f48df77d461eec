package evaluator_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
)

func TestVerificationRows(t *testing.T) {
	for file, want := range map[string]struct {
		columns []string
		rows    [][]string
	}{
		"../cmd/handoff/testdata/verified.pmml": {[]string{"a"}, [][]string{{"1"}, {"2"}}},
		"../cmd/handoff/testdata/tree.pmml":     {},
	} {
		document, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := compile.Compile(document, compile.Options{})
		document.Close() //nolint:errcheck // only read
		if err != nil {
			t.Fatal(err)
		}
		m, err := evaluator.Open(compiled)
		if err != nil {
			t.Fatal(err)
		}
		columns, rows := m.VerificationRows()
		if d := cmp.Diff(want.columns, columns); d != "" {
			t.Error(file, d)
		}
		if d := cmp.Diff(want.rows, rows); d != "" {
			t.Error(file, d)
		}
	}
}
