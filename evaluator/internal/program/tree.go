package program

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Test is one question of a tree and where to go on: to another test with a larger number, or to leaf ^n. All trees of
// a program share one slice of tests, so that a forest lies together in memory. 24 bytes.
type Test struct {
	Limit            float64 // TestLess: the field is at most this; the other kinds: see there
	Ask              uint32  // slot, with the kind in the highest bits
	Yes, No, Unknown int32
}

// The kinds of tests. A limit of a kind that needs no number is an index.
const (
	TestLess      = iota << 28 // slot ≤ Limit; Unknown if it has no number
	TestEqual                  // slot = Limit
	TestSymbol                 // slot is the symbol with number Limit
	TestSet                    // slot is in Sets[Limit]
	TestMissing                // slot is missing; unknown only if it failed
	TestPredicate              // Predicates[Limit]
	numTests

	slotMask = 1<<28 - 1
)

// A Leaf is where a tree ends. 40 bytes. Leaf 0 of every program predicts nothing.
type Leaf struct {
	Score    value.Cell // in the target's type; missing: no prediction
	Number   float64    // Score as a number
	Category int32      // index of Score in the tree's categories; -1: none
	Dist     int32      // where its probabilities begin in Dists; -1: none
	Conf     int32      // where its confidences begin; -1: none
	ID       int32      // symbol of the node's id; -1: nobody asks
}

// trees is what all trees of a program share.
type trees struct {
	Tests      []Test
	Leaves     []Leaf
	Dists      []float64
	Sets       []expr.Set
	Predicates []expr.Predicate
	Models     []*Model // regressions and trees in nodes: leaf n goes on with the model at LeafModels[n]
	LeafModels map[int32]int32
}

// A Tree is a tree model whose missing values are decided test by test.
type Tree struct {
	Root int32
}

func (t *Tree) eval(f *Frame, m *Model, o *outcome) {
	leaf := f.walk(t.Root)
	f.p.leaf(f, leaf, len(m.Target.Categories), o)
}

// leaf makes an outcome of a leaf of a tree with n categories.
func (p *Program) leaf(f *Frame, at int32, n int, o *outcome) {
	l := &p.Leaves[at]
	if p.LeafModels != nil {
		if i, ok := p.LeafModels[at]; ok && f.goOn(p.Models[i], o) {
			o.entity = l.entity()
			return
		}
	}
	o.value = l.Score
	if o.value.State == value.Missing {
		return // a node that predicts nothing has decided nothing
	}
	if int(l.Category) < n {
		o.category = l.Category
	}
	o.dist, o.conf = p.dist(l.Dist, n), p.dist(l.Conf, n)
	o.entity = l.entity()
}

// goOn makes the outcome of a model in a node a tree's; false if it predicts nothing. A damaged form may say that a model
// goes on with itself: that ends where no sound one can be.
func (f *Frame) goOn(m *Model, o *outcome) bool {
	if f.depth > len(f.p.Models) {
		return false
	}
	f.depth++
	of := m.run(f)
	f.depth--
	if of.value.State == value.Missing {
		return false
	}
	o.value, o.category, o.dist, o.conf, o.penalty = of.value, of.category, of.dist, of.conf, of.penalty
	return true
}

func (l *Leaf) entity() value.Cell {
	if l.ID < 0 {
		return value.Cell{}
	}
	return value.SymbolOf(l.ID)
}

// dist gives n numbers of Dists; nil where at is none. A damaged form may say what cannot be: that is none, too.
func (p *Program) dist(at int32, n int) []float64 {
	if at < 0 || int(at)+n > len(p.Dists) {
		return nil
	}
	return p.Dists[at : int(at)+n]
}

// walk gives the leaf that a tree ends in.
func (f *Frame) walk(n int32) int32 {
	tests, nums := f.p.Tests, f.Nums
	for n >= 0 {
		t := &tests[n]
		if t.Ask >= 1<<28 {
			n = f.ask(t)
			continue
		}
		switch x := nums[t.Ask]; {
		case x <= t.Limit:
			n = t.Yes
		case x == x:
			n = t.No
		default:
			f.Need(f.Slots[t.Ask])
			n = t.Unknown
		}
	}
	return ^n
}

// ask decides a test that is not a simple comparison.
func (f *Frame) ask(t *Test) int32 {
	switch f.truth(t) {
	case value.True:
		return t.Yes
	case value.False:
		return t.No
	}
	f.Need(f.Slots[t.Ask&slotMask])
	return t.Unknown
}

// truth is the answer to a test that is not a simple comparison.
func (f *Frame) truth(t *Test) value.Truth {
	slot := t.Ask & slotMask
	c := f.Slots[slot]
	known := c.State == value.Valid || c.State == value.Invalid
	switch t.Ask &^ slotMask {
	case TestEqual:
		if x := f.Nums[slot]; x == x {
			return value.TruthOf(x == t.Limit)
		}
	case TestSymbol:
		if known {
			return value.TruthOf(c.Type == value.String && c.Sym == int32(t.Limit))
		}
	case TestSet:
		if known {
			return value.TruthOf(f.p.Sets[int(t.Limit)].Has(c))
		}
	case TestMissing:
		if c.State != value.Failed {
			return value.TruthOf(c.State == value.Missing)
		}
	default:
		return f.p.Predicates[int(t.Limit)].Holds(f.Frame)
	}
	return value.Unknown
}

func (t *Tree) code(c *coder) { c.branch(&t.Root, -1) }

// branch codes where a tree goes on from test at: to a later test or to a leaf.
func (c *coder) branch(n *int32, at int32) {
	c.Int32(n)
	if !c.Reading() {
		return
	}
	if *n >= 0 {
		if *n <= at || int(*n) >= len(c.p.Tests) {
			c.Failf("test %d after test %d of %d", *n, at, len(c.p.Tests))
			*n = -1
		}
		return
	}
	if int(^*n) >= len(c.p.Leaves) {
		c.Failf("leaf %d is not below %d", ^*n, len(c.p.Leaves))
		*n = -1
	}
}

func (p *Program) codeTrees(c *coder) {
	codec.Slice(c.Coder, &p.Sets, 2, func(s *expr.Set) { s.Code(c.Coder) })
	codec.Slice(c.Coder, &p.Predicates, 2, func(q *expr.Predicate) { expr.CodePredicate(c.Coder, q) })
	c.Float64s(&p.Dists)
	codec.Slice(c.Coder, &p.Leaves, 5, func(l *Leaf) { l.code(c) })
	if c.Reading() && (len(p.Leaves) == 0 || p.Leaves[0].Score.State != value.Missing) {
		c.Failf("leaf 0 must predict nothing")
	}
	n := len(p.Tests)
	c.Int(&n)
	if c.Reading() {
		p.Tests = c.tests(n)
	} else {
		for i := range p.Tests {
			p.Tests[i].code(c, int32(i))
		}
	}
}

// tests reads n tests; they are many, so their number is not believed before they are seen.
func (c *coder) tests(n int) []Test {
	if n < 0 || n > c.Left()/12 {
		c.Failf("%d tests cannot follow", n)
		return nil
	}
	all := make([]Test, n)
	c.p.Tests = all
	for i := range all {
		all[i].code(c, int32(i))
	}
	return all
}

func (t *Test) code(c *coder, at int32) {
	c.Float64(&t.Limit)
	ask := int32(t.Ask)
	c.Int32(&ask)
	t.Ask = uint32(ask)
	c.branch(&t.Yes, at)
	c.branch(&t.No, at)
	c.branch(&t.Unknown, at)
	if !c.Reading() {
		return
	}
	bound, kind := math.MaxInt, t.Ask&^slotMask
	switch kind {
	case TestSymbol:
		bound = len(c.p.Symbols)
	case TestSet:
		bound = len(c.p.Sets)
	case TestPredicate:
		bound = len(c.p.Predicates)
	}
	if kind >= numTests || int(t.Ask&slotMask) >= c.Slots || bound != math.MaxInt && !(t.Limit >= 0 && t.Limit < float64(bound)) {
		c.Failf("test %d asks what there is not", at)
		*t = Test{Yes: -1, No: -1, Unknown: -1}
	}
}

func (l *Leaf) code(c *coder) {
	c.Cell(&l.Score)
	c.Int32(&l.Category)
	c.Int32(&l.Dist)
	c.Int32(&l.Conf)
	c.Int32(&l.ID)
	if !c.Reading() {
		return
	}
	l.Number = math.NaN()
	if l.Score.State == value.Valid {
		l.Number = l.Score.Float64()
	}
	if n := len(c.p.Dists); int(l.Dist) > n || int(l.Conf) > n || int(l.ID) >= len(c.p.Symbols) {
		c.Failf("a leaf refers to what there is not")
		*l = Leaf{Category: -1, Dist: -1, Conf: -1, ID: -1}
	}
}
