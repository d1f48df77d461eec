package program_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A planter makes forests of random trees, and scores them as tests and leaves are documented.
type planter struct {
	*rand.Rand
	p     *program.Program
	kinds []uint32 // of tests
	holes bool     // some unknown answers go neither where yes nor where no goes, some leaves predict nothing
}

const (
	plantedNumbers = 4 // inputs with numbers, before those with text
	plantedInputs  = 6
	plantedSymbols = 8
)

// plant makes a program of one forest. categories is 0 for a regression.
func plant(r *rand.Rand, method enum.Method, float bool, trees, categories int, holes bool, kinds ...uint32) *planter {
	inf := math.Inf(1)
	var symbols value.Symbols
	for i := range plantedSymbols {
		symbols.Cell(fmt.Sprint("v", i))
	}
	g := &planter{Rand: r, kinds: kinds, holes: holes, p: &program.Program{Schema: []byte(`{}`), Outcomes: 1, Scratch: 2 * categories}}
	for i := range plantedInputs {
		in := program.Input{Name: fmt.Sprint("x", i), Slot: int32(i), Type: value.Double, Treatment: program.Treatment{Low: -inf, High: inf}}
		if i >= plantedNumbers {
			in.Type = value.String
		}
		g.p.Inputs = append(g.p.Inputs, in)
		g.p.Slots = append(g.p.Slots, in.Name)
	}
	g.p.Slots = append(g.p.Slots, "result")
	g.p.Results = []int32{plantedInputs}
	g.p.Leaves = []program.Leaf{{Number: math.NaN(), Category: -1, Dist: -1, Conf: -1, ID: -1}}
	target := program.Target{Slot: plantedInputs, Min: -inf, Max: inf, Factor: 1}
	for i := range categories {
		target.Categories = append(target.Categories, symbols.Cell(fmt.Sprint("class", i)))
	}
	g.p.Predicates = []expr.Predicate{&expr.Compare{Slot: 0, Op: expr.GreaterThan, Limit: 0.5}}
	k := &program.Forest{Method: method, Float: float}
	for range trees {
		k.Roots = append(k.Roots, g.tree(g.IntN(6), categories))
	}
	g.p.Model = &program.Model{Element: "MiningModel", Target: target, Kernel: k}
	g.p.Symbols = symbols.List()
	return g
}

// tree gives where a tree of a depth begins.
func (g *planter) tree(depth, categories int) int32 {
	if depth == 0 || g.IntN(8) == 0 {
		return ^g.leaf(categories)
	}
	at := int32(len(g.p.Tests))
	g.p.Tests = append(g.p.Tests, g.test())
	yes := g.tree(depth-1, categories)
	no := g.tree(depth-1, categories)
	unknown := [2]int32{yes, no}[g.IntN(2)]
	if g.holes && g.IntN(20) == 0 {
		unknown = ^g.leaf(categories)
	}
	t := &g.p.Tests[at]
	t.Yes, t.No, t.Unknown = yes, no, unknown
	return at
}

func (g *planter) leaf(categories int) int32 {
	if g.holes && g.IntN(60) == 0 {
		return 0
	}
	l := program.Leaf{Score: value.DoubleOf(g.NormFloat64()), Category: -1, Dist: -1, Conf: -1, ID: -1}
	l.Number = l.Score.Float64()
	if categories > 0 {
		l.Category = int32(g.IntN(categories))
		l.Dist = int32(len(g.p.Dists))
		for range categories {
			g.p.Dists = append(g.p.Dists, g.Float64())
		}
	}
	g.p.Leaves = append(g.p.Leaves, l)
	return int32(len(g.p.Leaves) - 1)
}

func (g *planter) test() program.Test {
	number, text := uint32(g.IntN(plantedNumbers)), uint32(plantedNumbers+g.IntN(plantedInputs-plantedNumbers))
	switch kind := g.kinds[g.IntN(len(g.kinds))]; kind {
	case program.TestEqual:
		return program.Test{Ask: kind | number, Limit: float64(g.IntN(3))}
	case program.TestSymbol:
		return program.Test{Ask: kind | text, Limit: float64(g.IntN(plantedSymbols))}
	case program.TestSet:
		var members []value.Cell
		for i := range plantedSymbols {
			if i == 3 || g.IntN(2) == 0 {
				members = append(members, value.SymbolOf(int32(i)))
			}
		}
		g.p.Sets = append(g.p.Sets, expr.NewSet(members))
		return program.Test{Ask: kind | text, Limit: float64(len(g.p.Sets) - 1)}
	case program.TestMissing:
		return program.Test{Ask: kind | uint32(g.IntN(plantedInputs))}
	case program.TestPredicate:
		return program.Test{Ask: kind}
	}
	return program.Test{Ask: number, Limit: g.NormFloat64()}
}

// walk gives the leaf that a tree ends in, and whether it asks for a field that failed on its way.
func (g *planter) walk(f *program.Frame, n int32) (leaf int32, failed bool) {
	for n >= 0 {
		t := &g.p.Tests[n]
		slot := int(t.Ask & (1<<28 - 1))
		c := f.Slots[slot]
		truth := value.Unknown
		switch present := c.State == value.Valid || c.State == value.Invalid; t.Ask >> 28 << 28 {
		case program.TestMissing:
			if c.State != value.Failed {
				truth = value.TruthOf(c.State == value.Missing)
			}
		case program.TestEqual:
			if present {
				truth = value.TruthOf(c.Float64() == t.Limit)
			}
		case program.TestSymbol:
			if present {
				truth = value.TruthOf(c.Sym == int32(t.Limit))
			}
		case program.TestSet:
			if present {
				truth = value.TruthOf(g.p.Sets[int(t.Limit)].Has(c))
			}
		case program.TestPredicate:
			if present {
				truth = value.TruthOf(c.Float64() > 0.5)
			}
		default:
			if present {
				truth = value.TruthOf(c.Float64() <= t.Limit)
			}
		}
		failed = failed || truth == value.Unknown && c.State == value.Failed
		n = [3]int32{t.Unknown, t.No, t.Yes}[truth]
	}
	return ^n, failed
}

// expect gives the result of the whole forest as text.
func (g *planter) expect(f *program.Frame, k *program.Forest, categories int) string {
	sum, sum32, failed := 0.0, float32(0), false
	dist := make([]float64, categories)
	for _, root := range k.Roots {
		leaf, broken := g.walk(f, root)
		failed = failed || broken
		l := &g.p.Leaves[leaf]
		switch {
		case l.Score.State == value.Missing:
			sum, sum32 = math.NaN(), float32(math.NaN())
		case categories == 0:
			sum, sum32 = sum+l.Number, sum32+float32(l.Number)
		case k.Method == enum.MajorityVote:
			dist[l.Category]++
		default:
			for i := range dist {
				dist[i] += g.p.Dists[int(l.Dist)+i]
			}
		}
	}
	if failed {
		return "failed"
	}
	if math.IsNaN(sum) {
		return ""
	}
	best := 0
	for i := range dist {
		if dist[i] > dist[best] {
			best = i
		}
	}
	switch {
	case categories > 0:
		return fmt.Sprint("class", best)
	case k.Float:
		return string(value.AppendFloat(nil, float64(sum32), 32))
	}
	return string(value.AppendFloat(nil, sum, 64))
}

// TestForest compares forests of all kinds with walks through their tests, on records with missing, unseen and failed
// values.
func TestForest(t *testing.T) {
	simple := []uint32{program.TestLess}
	special := []uint32{program.TestLess, program.TestLess, program.TestEqual, program.TestSymbol, program.TestMissing}
	sets := append([]uint32{program.TestSet}, special...)
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct {
		name              string
		method            enum.Method
		float             bool
		trees, categories int
		holes             bool
		kinds             []uint32
	}{
		{"sum", enum.Sum, false, 30, 0, false, simple},
		{"sum of floats", enum.Sum, true, 33, 0, false, simple},
		{"sum with holes", enum.Sum, false, 30, 0, true, special},
		{"few", enum.Sum, false, 3, 0, true, sets},
		{"sets", enum.Sum, false, 40, 0, false, sets},
		{"sets with holes", enum.Sum, false, 40, 0, true, sets},
		{"predicates", enum.Sum, false, 20, 0, true, append([]uint32{program.TestPredicate}, sets...)},
		{"average", enum.Average, false, 25, 3, false, sets},
		{"vote", enum.MajorityVote, false, 31, 2, false, special},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 20 {
				g := plant(r, c.method, c.float, c.trees, c.categories, c.holes, c.kinds...)
				f := open(t, g.p).NewFrame()
				for range 50 {
					got := g.score(f)
					if want := g.expect(f, g.p.Model.Kernel.(*program.Forest), c.categories); got != want {
						t.Fatalf("got %q, want %q", got, want)
					}
				}
			}
		})
	}
}

// score scores a random record and gives its result as text.
func (g *planter) score(f *program.Frame) string {
	f.Clear()
	for i := range plantedInputs {
		switch n := g.IntN(40); {
		case n < 4: // missing
		case n == 4 && i < plantedNumbers:
			f.BindText(i, "no number")
		case i >= plantedNumbers:
			f.BindText(i, fmt.Sprint("v", g.IntN(plantedSymbols+2)))
		case n < 15:
			f.BindNumber(i, float64(g.IntN(3)))
		default:
			f.BindNumber(i, g.NormFloat64())
		}
	}
	if invalid, failure := f.Score(); invalid != nil || failure != nil {
		return "failed"
	}
	c := f.Slots[plantedInputs]
	return string(value.AppendCell(nil, c, f.Strings))
}
