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
	for name, p := range map[string]*program.Program{"centres": groups(), "distributions": blends()} {
		t.Run(name, func(t *testing.T) { damage(t, p) })
	}
}

func damage(t *testing.T, p *program.Program) {
	body := p.Encode()[24:]
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

// blends is a clustering of x and y, by distributions with and without covariances, and colour, by its shares.
func blends() *program.Program {
	p := groups()
	centres := p.Model.Kernel.(*program.Clustering)
	p.Slots = append(p.Slots, "y")
	y := p.Inputs[0]
	y.Name, y.Slot = "y", 4
	p.Inputs, p.Scratch = append(p.Inputs, y), 16
	p.Model.Kernel = &program.Mixture{
		Normal: []int32{0, 4}, Discrete: []program.DiscreteField{{Slot: 1, Symbol: true, Keys: centres.Comparison.Fields[1].Keys}},
		Categories: centres.Categories, IDs: centres.IDs, Ranked: true, Scratch: 4,
		Distributions: []program.Distribution{
			{Prior: 0.25, Means: []float64{0, 0}, Covariances: []float64{4, 2, 10}, Factor: []float64{2, 1, 3}, Shares: []float64{0.5, 0.5}},
			{Prior: 0.75, Means: []float64{5, 5}, Factor: []float64{1, 2}, Shares: []float64{0, 1}},
		},
	}
	return p
}

func TestMixture(t *testing.T) {
	p := open(t, blends())
	if again := p.Encode(); !bytes.Equal(again, blends().Encode()) {
		t.Error("an opened program encodes differently")
	}
	f := p.NewFrame()
	for _, c := range []struct{ x, y, colour, first, second string }{
		{"0", "0", "blue", "near", "far"}, {"5", "5", "blue", "far", "near"}, {"5", "5", "red", "near", "far"}, {"5", "", "blue", "far", "near"}, {"", "", "", "far", "near"},
	} {
		f.Clear()
		for in, text := range []string{c.x, c.colour, c.y} {
			if text != "" {
				f.BindText(in, text)
			}
		}
		if invalid, failure := f.Score(); invalid != nil || failure != nil {
			t.Fatal(invalid, failure)
		}
		if first, second := f.Strings.Text(f.Slots[2]), f.Strings.Text(f.Slots[3]); first != c.first || second != c.second {
			t.Errorf("%v: %s, then %s", c, first, second)
		}
	}
	f.Clear()
	f.BindText(1, "green")
	if _, failure := f.Score(); failure == nil || !strings.Contains(failure.Message, "No cluster has records with") {
		t.Errorf("a value that no cluster has: %+v", failure)
	}
	var b strings.Builder
	if err := p.Print(&b); err != nil || !strings.Contains(b.String(), "cluster \"near\" prior 0.25 means [0 0] covariances [4 2 10], factor [2 1 3] shares [0.5 0.5]\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// TestMixtureForged changes one thing of a mixture so that it contradicts itself: it is refused.
func TestMixtureForged(t *testing.T) {
	for name, forge := range map[string]func(*program.Mixture){
		"a mean too few":              func(k *program.Mixture) { k.Distributions[0].Means = []float64{0} },
		"a covariance too few":        func(k *program.Mixture) { k.Distributions[0].Covariances = []float64{4, 2} },
		"a cell of the factor more":   func(k *program.Mixture) { k.Distributions[0].Factor = []float64{2, 1, 3, 1} },
		"a factor that is no factor":  func(k *program.Mixture) { k.Distributions[0].Factor = []float64{2, 1, 0} },
		"a deviation too few":         func(k *program.Mixture) { k.Distributions[1].Factor = []float64{1} },
		"a deviation of 0":            func(k *program.Mixture) { k.Distributions[1].Factor = []float64{1, 0} },
		"a deviation that is none":    func(k *program.Mixture) { k.Distributions[1].Factor = []float64{math.NaN(), 1} },
		"a share too many":            func(k *program.Mixture) { k.Distributions[1].Shares = []float64{0, 0.5, 0.5} },
		"a negative share":            func(k *program.Mixture) { k.Distributions[1].Shares = []float64{-1, 1} },
		"a prior above 1":             func(k *program.Mixture) { k.Distributions[1].Prior = 2 },
		"a row beyond the last":       func(k *program.Mixture) { k.Discrete[0].Keys = []program.Key{{}, {Row: 2}} },
		"a cluster twice":             func(k *program.Mixture) { k.Categories = []int32{1, 1} },
		"a cluster that is none":      func(k *program.Mixture) { k.Categories = []int32{0, 2} },
		"a distribution too few":      func(k *program.Mixture) { k.Distributions = k.Distributions[:1] },
		"a field that is none":        func(k *program.Mixture) { k.Normal = []int32{0, 99} },
		"memory beyond what there is": func(k *program.Mixture) { k.Scratch = 9 },
		"negative memory":             func(k *program.Mixture) { k.Scratch = -1 },
	} {
		p := blends()
		forge(p.Model.Kernel.(*program.Mixture))
		if !refused(p) {
			t.Errorf("%s: opened", name)
		}
	}
}

// refused says that a program cannot be written or, if it can, not be opened: both look at the same things.
func refused(p *program.Program) (refused bool) {
	defer func() { refused = refused || recover() != nil }()
	_, err := program.Open(p.Encode())
	return err != nil
}
