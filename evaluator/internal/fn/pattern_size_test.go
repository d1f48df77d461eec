package fn_test

import (
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
)

func TestPatternSize(t *testing.T) {
	for _, test := range []struct {
		pattern     string
		least, most int
	}{
		{"abc", 1, 10},
		{"a{1000}", 1000, 10_000},
		{"((ab){30}c){30}", 1800, 20_000},
		{"(a{1,1000}b){1}", 1000, 20_000},
		{strings.Repeat("[a-z0-9]", 5000), 5000, 50_000},
		{"(?<=a)b", 5000, 5000}, // look-behind
		{strings.Repeat("a", 100_000), 0, 0},
		{"(", 5000, 5000},
	} {
		if got := fn.PatternSize(test.pattern); got < test.least || got > test.most {
			t.Errorf("%.20s: %d, want %d to %d", test.pattern, got, test.least, test.most)
		}
	}
}
