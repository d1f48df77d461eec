package program_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// card is a scorecard of a number in bins and of a text, with the first two reason codes.
func card() *program.Program {
	const (
		x = iota
		colour
		total
		first
		second
	)
	var symbols value.Symbols
	red := symbols.Cell("red")
	codes := []int32{symbols.Cell("SIZE").Sym, symbols.Cell("COLOUR").Sym}
	inf := math.Inf(1)
	all := program.Treatment{Low: -inf, High: inf}
	output := func(slot, rank int32) program.Output {
		return program.Output{Slot: slot, Feature: enum.ReasonCode, Rank: rank, Category: -1, Copy: -1, Expected: -1}
	}
	p := &program.Program{
		Schema: []byte(`{}`), Slots: []string{"x", "colour", "total", "first", "second"}, Outcomes: 1, Scratch: 20,
		Inputs:  []program.Input{{Name: "x", Slot: x, Type: value.Double, Treatment: all}, {Name: "colour", Slot: colour, Type: value.String, Treatment: all}},
		Results: []int32{total, first, second},
	}
	p.Leaves = []program.Leaf{{Number: math.NaN(), Category: -1, Dist: -1, Conf: -1, ID: -1}}
	p.Model = &program.Model{
		Element: "Scorecard", Target: program.Target{Slot: total, Min: -inf, Max: inf, Factor: 1}, Outputs: []program.Output{output(first, 1), output(second, 2)},
		Kernel: &program.Scorecard{Initial: 100, Codes: codes, Scratch: 3, Characteristics: []program.Characteristic{
			{Name: "size", Baseline: 10, Attributes: []program.Attribute{
				{Predicate: &expr.Known{Slot: x, Missing: true}, Score: 1},
				{Predicate: &expr.Compare{Slot: x, Op: expr.LessThan, Limit: 0}, Score: 2},
				{Predicate: &expr.Always{Truth: value.True}, Complex: &expr.Slot{Slot: x}},
			}},
			{Name: "colour", Baseline: 7, Attributes: []program.Attribute{
				{Predicate: &expr.In{Slot: colour, Set: expr.NewSet([]value.Cell{red})}, Score: 5, Code: 1},
				{Predicate: &expr.Always{Truth: value.True}, Score: 6, Code: -1},
			}},
		}},
	}
	p.Symbols = symbols.List()
	return p
}

func TestScorecard(t *testing.T) {
	p := open(t, card())
	if again := p.Encode(); !bytes.Equal(again, card().Encode()) {
		t.Error("an opened program encodes differently")
	}
	f := p.NewFrame()
	for _, c := range []struct {
		x             float64 // NaN: missing
		colour        string
		want          float64
		first, second string
	}{
		{math.NaN(), "red", 106, "SIZE", "COLOUR"}, {-3, "red", 107, "SIZE", "COLOUR"}, {9, "red", 114, "COLOUR", "SIZE"},
		{11, "red", 116, "COLOUR", ""}, {8, "blue", 114, "SIZE", ""}, {11, "blue", 117, "", ""},
	} {
		f.Clear()
		if !math.IsNaN(c.x) {
			f.BindNumber(0, c.x)
		}
		f.BindText(1, c.colour)
		if invalid, failure := f.Score(); invalid != nil || failure != nil {
			t.Fatal(invalid, failure)
		}
		if got := f.Slots[2].Float64(); got != c.want {
			t.Errorf("%v %s: %g, want %g", c.x, c.colour, got, c.want)
		}
		for i, want := range []string{c.first, c.second} {
			got := ""
			if cell := f.Slots[3+i]; cell.State == value.Valid {
				got = f.Strings.Text(cell)
			}
			if got != want {
				t.Errorf("%v %s: reason %d is %q, want %q", c.x, c.colour, i+1, got, want)
			}
		}
	}
}
