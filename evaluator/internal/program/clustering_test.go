package program_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// groups is a clustering of x, by its intervals, and colour, by a table.
func groups() *program.Program {
	const (
		x = iota
		colour
		target
		second
	)
	var symbols value.Symbols
	near, far := symbols.Cell("near"), symbols.Cell("far")
	red, blue := symbols.Cell("red"), symbols.Cell("blue")
	inf := math.Inf(1)
	all := program.Treatment{Low: -inf, High: inf}
	p := &program.Program{
		Schema: []byte(`{}`), Slots: []string{"x", "colour", "group", "second"}, Outcomes: 1, Scratch: 10,
		Inputs:  []program.Input{{Name: "x", Slot: x, Type: value.Double, Treatment: all}, {Name: "colour", Slot: colour, Type: value.String, Treatment: all}},
		Results: []int32{target, second},
	}
	p.Leaves = []program.Leaf{{Number: math.NaN(), Category: -1, Dist: -1, Conf: -1, ID: -1}}
	k := &program.Clustering{
		Comparison: program.Comparison{Measure: enum.Chebychev, Fields: []program.ComparisonField{
			{Slot: x, Function: enum.Table, Weight: 1, MissingWeight: 1, Intervals: []expr.Interval{{Left: 0, Right: 1, RightOpen: true}, {Left: 1, Right: 9}}, Table: []float64{0, 3, 4, 0}},
			{Slot: colour, Symbol: true, Function: enum.Table, Weight: 2, MissingWeight: 1, Table: []float64{0, 1, 1, 0},
				Keys: []program.Key{{Number: float64(red.Sym)}, {Number: float64(blue.Sym), Row: 1}}},
		}},
		Categories: []int32{0, 1}, IDs: []value.Cell{near, far}, Centers: []float64{0, 0, 1, 1}, Ranked: true, Scratch: 4,
	}
	p.Model = &program.Model{
		Element: "ClusteringModel", Target: program.Target{Slot: target, Min: -inf, Max: inf, Factor: 1, Categories: []value.Cell{near, far}},
		Outputs: []program.Output{{Slot: second, Feature: enum.EntityID, Rank: 2, Category: -1, Copy: -1, Expected: -1}}, Kernel: k,
	}
	p.Symbols = symbols.List()
	return p
}

func TestClustering(t *testing.T) {
	p := open(t, groups())
	if again := p.Encode(); !bytes.Equal(again, groups().Encode()) {
		t.Error("an opened program encodes differently")
	}
	f := p.NewFrame()
	for _, c := range []struct{ x, colour, first, second string }{
		{"0.5", "red", "near", "far"}, {"1", "blue", "far", "near"}, {"0.5", "blue", "near", "far"}, {"9", "green", "far", "near"},
	} {
		f.Clear()
		f.BindText(0, c.x)
		f.BindText(1, c.colour)
		if invalid, failure := f.Score(); invalid != nil || failure != nil {
			t.Fatal(invalid, failure)
		}
		if first, second := f.Strings.Text(f.Slots[2]), f.Strings.Text(f.Slots[3]); first != c.first || second != c.second {
			t.Errorf("%v: %s, then %s", c, first, second)
		}
	}
	f.Clear()
	if _, failure := f.Score(); failure == nil {
		t.Error("a record without anything is scored")
	}
	var b strings.Builder
	if err := p.Print(&b); err != nil || !strings.Contains(b.String(), "cluster \"far\" [1 1]\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// TestClusteringDamaged changes each byte of a compiled clustering: it is refused, or scores records without a panic.
func TestClusteringDamaged(t *testing.T) {
	body := groups().Encode()[24:]
	opened := 0
	for i := range body {
		for _, change := range []byte{1, 2, 4, 0x40, 0x80, 0xff} {
			damaged := bytes.Clone(body)
			damaged[i] ^= change
			p, err := program.Open(seal(damaged))
			if err != nil {
				continue
			}
			opened++
			f := p.NewFrame()
			for _, text := range []string{"", "0", "1", "red", "1e300"} {
				f.Clear()
				for in := range p.Inputs {
					f.BindText(in, text)
				}
				f.Score()
			}
			p.Print(new(bytes.Buffer))
		}
	}
	t.Logf("%d of %d were opened", opened, 6*len(body))
}
