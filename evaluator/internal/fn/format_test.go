package fn_test

import (
	"os"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// TestGlibc compares with the answers of the C library, which testdata/glibc.py recorded.
func TestGlibc(t *testing.T) {
	recorded, err := os.ReadFile("testdata/glibc.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(recorded)) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		name, format, text, want := parts[0], parts[1], parts[2], parts[3]
		s := value.NewStrings(nil, nil)
		typ := value.DateTime
		if name == "formatNumber" {
			typ = value.Double
		}
		c, ok := value.Parse(typ, text, s)
		if !ok {
			t.Fatalf("%q is no %v", text, typ)
		}
		f, _ := fn.Lookup(name)
		if got := f.Call(s, []value.Cell{c, s.Cell(format)}); describe(s, got) != "string "+want {
			t.Errorf("%s(%s, %q) = %s, want %q", name, text, format, describe(s, got), want)
		}
	}
}
