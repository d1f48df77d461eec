package program_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// TestCategoricalTerms compares regressions on the values of a number (slot 0) and of a text (slot 1) with sums over
// their terms: one-hot encodings, but also values that are repeated, have gaps or fractions, or are not met.
func TestCategoricalTerms(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	number := func(y float64) program.Match { return program.Match{Slot: 0, Number: y, Factor: r.NormFloat64()} }
	text := func(y float64) program.Match {
		return program.Match{Slot: 1, Number: y, Symbol: true, Factor: r.NormFloat64()}
	}
	for _, c := range []struct {
		name  string
		terms []program.Match
	}{
		{"one number", []program.Match{number(2)}},
		{"numbers", []program.Match{number(0), number(1), number(2), number(3)}},
		{"negative numbers", []program.Match{number(-2), number(-1), number(1)}},
		{"a number twice", []program.Match{number(1), number(2), number(1)}},
		{"fractions", []program.Match{number(0.5), number(1)}},
		{"far apart", []program.Match{number(0), number(1e6)}},
		{"too large", []program.Match{number(1), number(1e300)}},
		{"texts", []program.Match{text(0), text(1), text(2), text(3)}},
		{"a text twice", []program.Match{text(3), text(3)}},
		{"both", []program.Match{number(1), number(2), text(1), text(2), number(3)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, float := range []bool{false, true} {
				f := open(t, linear(c.terms, float)).NewFrame()
				for _, x := range []float64{math.NaN(), 0, 1, 2, 3, 4, 0.5, -1, -2, -3, 1e6, 1e300, math.Inf(1)} {
					for _, y := range []string{"", "v0", "v1", "v2", "v3", "v4", "unseen"} {
						compareLinear(t, f, c.terms, float, x, y)
					}
				}
			}
		})
	}
}

func linear(terms []program.Match, float bool) *program.Program {
	inf := math.Inf(1)
	var symbols value.Symbols
	for i := range 5 {
		symbols.Cell(fmt.Sprint("v", i))
	}
	treatment := program.Treatment{Low: -inf, High: inf}
	p := &program.Program{
		Schema: []byte(`{}`), Slots: []string{"x", "y", "result"}, Outcomes: 1, Results: []int32{2}, Symbols: symbols.List(),
		Inputs: []program.Input{
			{Name: "x", Slot: 0, Type: value.Double, Treatment: treatment},
			{Name: "y", Slot: 1, Type: value.String, Treatment: treatment},
		},
		Model: &program.Model{
			Element: "RegressionModel", Target: program.Target{Slot: 2, Min: -inf, Max: inf, Factor: 1},
			Kernel: &program.Regression{Float: float, Tables: []program.Table{{Intercept: 0.1, Category: -1, Matches: terms}}},
		},
	}
	p.Leaves = []program.Leaf{{Number: math.NaN(), Category: -1, Dist: -1, Conf: -1, ID: -1}}
	return p
}

// compareLinear scores a record (NaN and the empty text are missing) and adds the terms that hold.
func compareLinear(t *testing.T, f *program.Frame, terms []program.Match, float bool, x float64, y string) {
	t.Helper()
	f.Clear()
	if !math.IsNaN(x) {
		f.BindNumber(0, x)
	}
	if y != "" {
		f.BindText(1, y)
	}
	if invalid, failure := f.Score(); invalid != nil || failure != nil {
		t.Fatal(invalid, failure)
	}
	want, want32 := 0.1, float32(0.1)
	for _, m := range terms {
		if m.Symbol && y == fmt.Sprint("v", m.Number) || !m.Symbol && x == m.Number {
			want, want32 = want+m.Factor, want32+float32(m.Factor)
		}
	}
	if float {
		want = float64(want32)
	}
	if got := f.Slots[2].Float64(); got != want {
		t.Errorf("x=%v y=%q float=%v: %v, want %v", x, y, float, got, want)
	}
}
