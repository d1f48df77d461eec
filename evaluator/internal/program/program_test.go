package program_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// sample is a chain of a forest, whose sum is an output, and a logistic regression on that output and a derived field.
func sample(t testing.TB) *program.Program {
	var symbols value.Symbols
	no, yes := symbols.Cell("no"), symbols.Cell("yes")
	first, second := symbols.Cell("1"), symbols.Cell("2")
	const (
		x = iota
		colour
		log
		margin
		target
		probability
	)
	ln, ok := fn.Lookup("ln")
	if !ok {
		t.Fatal("no function ln")
	}
	apply := &expr.Apply{Func: ln, Args: []expr.Expr{&expr.Slot{Slot: x}}}
	if err := apply.Prepare(symbols.Text); err != nil {
		t.Fatal(err)
	}
	inf := math.Inf(1)
	p := &program.Program{
		Schema:   []byte(`{}`),
		Slots:    []string{"x", "colour", "log", "margin", "target", "probability"},
		Outcomes: 2, Scratch: 100,
		Inputs: []program.Input{
			{Name: "x", Slot: x, Type: value.Double, Declared: true, Intervals: []expr.Interval{{Left: 0, Right: 100}},
				Treatment: program.Treatment{Low: -inf, High: inf, Replacement: value.DoubleOf(1)}},
			{Name: "colour", Slot: colour, Type: value.String, MissingTexts: []string{"?"}, Treatment: program.Treatment{Low: -inf, High: inf}},
		},
		Steps:   []program.Step{{Slot: log, Expr: apply}},
		Results: []int32{target, probability},
	}
	red := symbols.Cell("red")
	p.Sets = []expr.Set{expr.NewSet([]value.Cell{red, symbols.Cell("blue")})}
	leaf := func(y float64) program.Leaf {
		return program.Leaf{Score: value.DoubleOf(y), Number: y, Category: -1, Dist: -1, Conf: -1, ID: -1}
	}
	p.Leaves = []program.Leaf{{Number: math.NaN(), Category: -1, Dist: -1, Conf: -1, ID: -1}, leaf(1), leaf(2), leaf(-1)}
	p.Tests = []program.Test{
		{Limit: 10, Ask: x, Yes: 1, No: ^3, Unknown: ^0},
		{Limit: 0, Ask: program.TestSet | colour, Yes: ^1, No: ^2, Unknown: ^3},
	}
	plain := program.Target{Slot: -1, Min: -inf, Max: inf, Factor: 1}
	forest := &program.Model{
		Element: "MiningModel", Out: 1, Target: plain,
		Kernel:  &program.Forest{Method: enum.Sum, Roots: []int32{0, 1}},
		Outputs: []program.Output{{Slot: margin, Feature: enum.PredictedValue, Category: -1, About: 1, Copy: -1, Expected: -1}},
	}
	class := plain
	class.Categories = []value.Cell{no, yes}
	link := &program.Model{
		Element: "RegressionModel", Out: 1, Steps: []int32{0}, Target: class,
		Kernel: &program.Regression{Normalization: enum.Logit, Scratch: 10, Tables: []program.Table{
			{Category: 1, Numeric: []program.Numeric{{Slot: margin, Exponent: 1, Factor: 1}, {Slot: log, Exponent: 2, Factor: 0.5}}},
			{Category: 0},
		}},
	}
	class.Slot = target
	p.Model = &program.Model{
		Element: "MiningModel", Out: 0, Target: class,
		Kernel: &program.Mining{Method: enum.ModelChain, Threshold: 1, Scratch: 20, Segments: []program.Segment{
			{ID: first.Sym, Weight: 1, WeightSlot: -1, Model: forest},
			{ID: second.Sym, Weight: 1, WeightSlot: -1, Model: link, Predicate: &expr.Known{Slot: margin}},
		}},
		Outputs: []program.Output{{Slot: probability, Type: value.Double, Feature: enum.Probability, Category: 1, Copy: -1, Expected: -1}},
	}
	p.Symbols = symbols.List()
	return p
}

func open(t testing.TB, p *program.Program) *program.Program {
	q, err := program.Open(p.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestScore(t *testing.T) {
	f := open(t, sample(t)).NewFrame()
	logistic := func(y float64) float64 { return 1 / (1 + math.Exp(-y)) }
	square := func(x float64) float64 { return x * x }
	for _, c := range []struct {
		name   string
		x      float64 // NaN: missing, and replaced by 1
		colour string
		want   float64
		label  string
	}{
		{"both trees", 5, "red", logistic(2 + 0.5*square(math.Log(5))), "yes"},
		{"no branch", 50, "red", logistic(0 + 0.5*square(math.Log(50))), "yes"},
		{"outside of the set", 1, "green", logistic(4), "yes"},
		{"missing colour", 1, "?", logistic(-2), "no"},
		{"missing number", math.NaN(), "blue", logistic(2), "yes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.Clear()
			if !math.IsNaN(c.x) {
				f.BindNumber(0, c.x)
			}
			f.BindText(1, c.colour)
			if invalid, failure := f.Score(); invalid != nil || failure != nil {
				t.Fatal(invalid, failure)
			}
			if got := f.Slots[5].Float64(); math.Abs(got-c.want) > 1e-15 {
				t.Errorf("probability %v, want %v", got, c.want)
			}
			if got := f.Strings.Text(f.Slots[4]); got != c.label {
				t.Errorf("%s, want %s", got, c.label)
			}
		})
	}
}

func TestRecordFaults(t *testing.T) {
	f := open(t, sample(t)).NewFrame()
	f.Clear()
	f.BindNumber(0, 101)
	if invalid, _ := f.Score(); invalid == nil || invalid.Input != 0 || invalid.Text != "101.0" {
		t.Errorf("a number outside of its interval: %+v", invalid)
	}
	f.Clear()
	f.BindText(0, "many")
	if invalid, _ := f.Score(); invalid == nil || invalid.Text != `"many"` {
		t.Errorf("text for a number: %+v", invalid)
	}
	f.Clear()
	p := sample(t)
	p.Inputs[0].Intervals[0].Left = -1
	f = open(t, p).NewFrame()
	f.BindNumber(0, -0.5)
	if _, failure := f.Score(); failure == nil || failure.Message != `Function "ln" returned invalid value` || failure.Slot != 2 {
		t.Errorf("the logarithm of a negative number: %+v", failure)
	}
	f.Clear()
	f.BindNumber(0, 2)
	f.BindText(1, "red")
	if invalid, failure := f.Score(); invalid != nil || failure != nil {
		t.Errorf("a good record after bad ones: %v, %v", invalid, failure)
	}
}

func TestScoringAllocatesNothing(t *testing.T) {
	f := open(t, sample(t)).NewFrame()
	n := testing.AllocsPerRun(100, func() {
		f.Clear()
		f.BindNumber(0, 3)
		f.BindText(1, "red")
		f.Score()
	})
	if n != 0 {
		t.Errorf("%v allocations for a record", n)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := sample(t).Encode()
	for _, c := range []struct {
		name string
		form []byte
		want error
	}{
		{"nothing", nil, codec.ErrDamaged},
		{"a document", []byte("<PMML version=\"4.4\"/>........"), codec.ErrDamaged},
		{"cut off", good[:len(good)-1], codec.ErrDamaged},
		{"longer", append(bytes.Clone(good), 0), codec.ErrDamaged},
		{"another version", append(append(bytes.Clone(good[:8]), 99, 0, 0, 0, 0, 0, 0, 0), good[16:]...), program.ErrVersion},
	} {
		if _, err := program.Open(c.form); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for i := range good[24:] {
		bad := bytes.Clone(good)
		bad[24+i] ^= 0x40
		if _, err := program.Open(bad); !errors.Is(err, codec.ErrDamaged) {
			t.Fatalf("byte %d changed: %v", 24+i, err)
		}
	}
}

func TestEncodingIsStable(t *testing.T) {
	for _, p := range []*program.Program{sample(t), rules()} {
		if again := open(t, p).Encode(); !bytes.Equal(p.Encode(), again) {
			t.Errorf("an opened %s encodes differently", p.Model.Element)
		}
	}
}

func TestPrint(t *testing.T) {
	var b strings.Builder
	if err := open(t, sample(t)).Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"input x double valid {} [0.0, 100.0] ?? 1.0\n",
		"0: log = ln(x)\n",
		`   1 colour in {"red" "blue"} ? 1.0 : 2.0, unknown -1.0`,
		"output probability = probability \"yes\"\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}

// seal gives content the head of a compiled form, as whoever forges one would.
func seal(body []byte) []byte {
	head := append([]byte("HANDOFF\x00"), 3, 0, 0, 0, 0, 0, 0, 0)
	sum := uint64(crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))<<32 | uint64(uint32(len(body)))
	return append(binary.LittleEndian.AppendUint64(head, sum), body...)
}

// rules is an association of two items, of which an output gives all rules.
func rules() *program.Program {
	var symbols value.Symbols
	red, blue, id := symbols.Cell("red"), symbols.Cell("blue"), symbols.Cell("1")
	inf := math.Inf(1)
	p := &program.Program{
		Schema: []byte(`{}`), Slots: []string{"colours", "rules"}, Outcomes: 1, Results: []int32{1},
		Inputs: []program.Input{{Name: "colours", Slot: 0, Type: value.String, List: true, Treatment: program.Treatment{Low: -inf, High: inf}}},
	}
	p.Leaves = []program.Leaf{{Number: math.NaN(), Category: -1, Dist: -1, Conf: -1, ID: -1}}
	p.Model = &program.Model{
		Element: "AssociationModel", Target: program.Target{Slot: -1, Min: -inf, Max: inf, Factor: 1},
		Outputs: []program.Output{{Slot: 1, Category: -1, Copy: -1, Expected: -1, Feature: enum.RuleValue, Rule: program.RuleChoice{Many: true, Feature: enum.Antecedent}}},
		Kernel: &program.Association{
			Items:    []program.Item{{Text: red, Slot: 0, Is: red, Kinds: []value.Cell{id}}, {Text: blue, Slot: 0, Flag: true}},
			Itemsets: []program.Itemset{{Items: []int32{0}}, {Items: []int32{0, 1}}},
			Rules:    []program.Rule{{ID: id, Text: id, Antecedent: 0, Consequent: 1, Support: 0.5, Confidence: 1, Lift: 1}},
		},
	}
	p.Symbols = symbols.List()
	return p
}

// FuzzOpen forges compiled forms: each is refused, or scores records without a panic.
func FuzzOpen(f *testing.F) {
	f.Add(sample(f).Encode()[24:])
	f.Add(rules().Encode()[24:])
	f.Add(card().Encode()[24:])
	f.Add(groups().Encode()[24:])
	f.Add(blends().Encode()[24:])
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := program.Open(seal(body))
		if err != nil {
			if !errors.Is(err, codec.ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		frame := p.NewFrame()
		for _, text := range []string{"", "1", "red", "1e300"} {
			frame.Clear()
			for i := range p.Inputs {
				frame.BindText(i, text)
			}
			frame.Score()
			frame.Predicted()
		}
		p.Print(new(bytes.Buffer))
	})
}
