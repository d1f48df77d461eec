package compile

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A treeLowering turns one tree into tests: each asks one thing and says where to go on if it holds, if it does not,
// and if it is unknown. What missing values do is decided here, once, instead of at each record.
type treeLowering struct {
	l          *lowering
	m          *check.TreeModel
	categories map[value.Cell]int32
	models     []int32 // of nodes, as indexes in the program
	leaf       []int32 // of each node; 0: not made yet
	entry      []int32 // of each node: where it is entered, notYet before that is known
	leafModels bool
}

const (
	nothing = ^int32(0) // where a tree ends that predicts nothing
	notYet  = math.MinInt32
)

func (l *lowering) treeModel(m *check.TreeModel, out *lowered) {
	t := &treeLowering{l: l, m: m, categories: categoryIndex(m.Target.Categories), leaf: make([]int32, len(m.Nodes)), entry: make([]int32, len(m.Nodes))}
	for i := range t.entry {
		t.entry[i] = notYet
	}
	for _, e := range l.pop(m.Embedded) {
		for i := e.leaves[0]; i < e.leaves[1]; i++ {
			l.p.Leaves[i].ID = -1 // the node that the model stands in decides
		}
		out.common.Reads = append(out.common.Reads, e.common.Reads...)
		t.models = append(t.models, int32(len(l.p.Models)))
		l.p.Models = append(l.p.Models, e.model)
	}
	first := len(l.p.Leaves)
	if m.Penalty != 1 || m.Missing == enum.WeightedConfidence || m.Missing == enum.AggregateNodes {
		out.model.Kernel = t.graded()
	} else {
		out.model.Kernel = &program.Tree{Root: t.root()}
	}
	out.leaves = [2]int{first, len(l.p.Leaves)}
	out.leafModels = t.leafModels
}

func (t *treeLowering) root() int32 {
	switch p := t.m.Nodes[0].Predicate.(type) {
	case *expr.Always:
		if p.Truth == value.True {
			return t.enter(0)
		}
		return nothing
	}
	at := t.test(t.m.Nodes[0].Predicate)
	t.branch(at, t.enter(0), nothing, nothing)
	return at.index
}

// An asked is a test that has been written but for where it goes on.
type asked struct {
	index  int32
	negate bool // it asks the opposite of the predicate
}

// branch says where a test goes on if its predicate holds, does not, or is unknown.
func (t *treeLowering) branch(a asked, yes, no, unknown int32) {
	if a.negate {
		yes, no = no, yes
	}
	q := &t.l.p.Tests[a.index]
	q.Yes, q.No, q.Unknown = yes, no, unknown
}

// enter gives where to go on in a node whose predicate holds.
func (t *treeLowering) enter(node int32) int32 {
	if t.entry[node] == notYet {
		if t.m.Nodes[node].First < 0 {
			t.entry[node] = ^t.leafOf(node)
		} else {
			t.entry[node] = t.children(node)
		}
	}
	return t.entry[node]
}

// children gives where to go on among a node's children: they are asked in order.
func (t *treeLowering) children(node int32) int32 {
	chain := t.chain(node)
	end := t.last(node)
	if len(chain) == 0 {
		return end
	}
	// All tests of the chain come before what lies below them, so that a test's successors have larger numbers.
	for i := range chain {
		if chain[i].child >= 0 && !chain[i].always {
			chain[i].asked = t.test(t.m.Nodes[chain[i].child].Predicate)
		}
	}
	start := func(i int) int32 { // where asking goes on with the i-th of the chain
		switch {
		case i == len(chain):
			return end
		case chain[i].always:
			return chain[i].entered
		}
		return chain[i].asked.index
	}
	for i := range chain {
		chain[i].entered = t.enter(chain[i].child)
		if chain[i].opposite >= 0 {
			chain[i].otherwise = t.enter(chain[i].opposite)
		}
	}
	for i := range chain {
		if chain[i].always {
			continue
		}
		no := start(i + 1)
		unknown := t.unknown(node, no)
		if chain[i].opposite >= 0 {
			no = chain[i].otherwise
		}
		t.branch(chain[i].asked, chain[i].entered, no, unknown)
	}
	return start(0)
}

// A link is one question among a node's children.
type link struct {
	child     int32
	always    bool  // its predicate is True
	opposite  int32 // the next child, if its predicate holds exactly when this one's does not; else -1
	asked     asked
	entered   int32
	otherwise int32
}

// chain lists the questions to ask among the children of a node.
func (t *treeLowering) chain(node int32) []link {
	var chain []link
	for i := t.m.Nodes[node].First; i >= 0; i = t.m.Nodes[i].Next {
		p := t.m.Nodes[i].Predicate
		if a, ok := p.(*expr.Always); ok {
			if a.Truth != value.True {
				continue
			}
			return append(chain, link{child: i, always: true, opposite: -1})
		}
		k := link{child: i, opposite: -1}
		if next := t.m.Nodes[i].Next; next >= 0 && opposite(p, t.m.Nodes[next].Predicate) {
			k.opposite = next
			i = next
		}
		chain = append(chain, k)
	}
	return chain
}

// opposite says that q holds exactly where p does not, and is unknown where p is.
func opposite(p, q expr.Predicate) bool {
	switch p := p.(type) {
	case *expr.Compare:
		q, ok := q.(*expr.Compare)
		if !ok || p.Slot != q.Slot || p.Limit != q.Limit {
			return false
		}
		switch p.Op {
		case expr.Equal:
			return q.Op == expr.NotEqual
		case expr.NotEqual:
			return q.Op == expr.Equal
		case expr.LessThan:
			return q.Op == expr.GreaterOrEqual
		case expr.LessOrEqual:
			return q.Op == expr.GreaterThan
		case expr.GreaterThan:
			return q.Op == expr.LessOrEqual
		}
		return q.Op == expr.LessThan
	case *expr.In:
		q, ok := q.(*expr.In)
		return ok && p.Slot == q.Slot && p.Not != q.Not && p.Set.Same(&q.Set)
	case *expr.Known:
		q, ok := q.(*expr.Known)
		return ok && p.Slot == q.Slot && p.Missing != q.Missing
	}
	return false
}

// last is what happens when no child of a node is true: noTrueChildStrategy.
func (t *treeLowering) last(node int32) int32 {
	if t.m.LastIfNone {
		return ^t.leafOf(node)
	}
	return nothing
}

// unknown is what happens when a child's predicate is unknown: missingValueStrategy. next is where asking would go on.
func (t *treeLowering) unknown(node, next int32) int32 {
	switch t.m.Missing {
	case enum.LastPrediction:
		return ^t.leafOf(node)
	case enum.NullPrediction:
		return nothing
	case enum.DefaultChild:
		if d := t.m.Nodes[node].Default; d >= 0 {
			return t.enter(d)
		}
		return nothing
	}
	return next
}

// test writes the question of a predicate.
func (t *treeLowering) test(p expr.Predicate) asked {
	a := asked{index: int32(len(t.l.p.Tests))}
	q := program.Test{Limit: 0}
	kind := uint32(program.TestPredicate)
	switch p := p.(type) {
	case *expr.Compare:
		kind, q.Limit, a.negate = lowerCompare(p)
		q.Ask = uint32(p.Slot)
	case *expr.Known:
		kind, q.Ask, a.negate = program.TestMissing, uint32(p.Slot), !p.Missing
	case *expr.In:
		q.Ask, a.negate = uint32(p.Slot), p.Not
		if c, ok := p.Set.Only(); ok && c.Type == value.String {
			kind, q.Limit = program.TestSymbol, float64(c.Sym)
		} else {
			kind, q.Limit = program.TestSet, float64(len(t.l.p.Sets))
			t.l.p.Sets = append(t.l.p.Sets, p.Set)
		}
	}
	if kind == program.TestPredicate {
		q.Ask, a.negate = 0, false
		q.Limit = float64(len(t.l.p.Predicates))
		t.l.p.Predicates = append(t.l.p.Predicates, p)
	}
	q.Ask |= kind
	t.l.p.Tests = append(t.l.p.Tests, q)
	return a
}

// lowerCompare asks everything of order as "at most": x < b is x ≤ the number before b.
func lowerCompare(p *expr.Compare) (kind uint32, limit float64, negate bool) {
	before := math.Nextafter(p.Limit, math.Inf(-1))
	switch p.Op {
	case expr.Equal:
		return program.TestEqual, p.Limit, false
	case expr.NotEqual:
		return program.TestEqual, p.Limit, true
	case expr.LessOrEqual:
		return program.TestLess, p.Limit, false
	case expr.GreaterThan:
		return program.TestLess, p.Limit, true
	}
	if math.IsInf(p.Limit, -1) || math.IsNaN(p.Limit) {
		return program.TestPredicate, 0, false // there is no number before it
	}
	return program.TestLess, before, p.Op == expr.GreaterOrEqual
}

// leafOf is what a node predicts, as a leaf of the program.
func (t *treeLowering) leafOf(node int32) int32 {
	if t.leaf[node] != 0 {
		return t.leaf[node]
	}
	n := &t.m.Nodes[node]
	leaf := program.Leaf{Score: n.Score, Number: math.NaN(), Category: -1, Dist: -1, Conf: -1, ID: t.l.id(n.ID)}
	if len(t.m.Target.Categories) > 0 {
		t.classify(n, &leaf)
	} else if n.Score.State == value.Valid {
		leaf.Number = n.Score.Float64()
		if t.m.Float {
			leaf.Score = value.FloatOf(leaf.Number)
			leaf.Number = leaf.Score.Float64()
		}
	}
	at := int32(len(t.l.p.Leaves))
	t.l.p.Leaves = append(t.l.p.Leaves, leaf)
	t.leaf[node] = at
	if n.Model >= 0 {
		if t.l.p.LeafModels == nil {
			t.l.p.LeafModels = map[int32]int32{}
		}
		t.l.p.LeafModels[at] = t.models[n.Model]
		t.leafModels = true
	}
	return at
}

// classify fills in a leaf's category, probabilities and confidences.
func (t *treeLowering) classify(n *check.Node, leaf *program.Leaf) {
	scores := t.m.Scores[n.Scores : n.Scores+n.NumScores]
	if leaf.Score.State == value.Missing {
		if best := likeliest(scores); best >= 0 {
			leaf.Score = t.m.Target.Categories[scores[best].Category]
		}
	}
	if c, ok := t.categories[leaf.Score]; ok && leaf.Score.State == value.Valid {
		leaf.Category = c
	}
	if len(scores) == 0 {
		return
	}
	total, dist, conf := 0.0, make([]float64, len(t.m.Target.Categories)), make([]float64, len(t.m.Target.Categories))
	for _, s := range scores {
		total += s.Records
	}
	if math.IsNaN(scores[0].Probability) && !(total > 0) {
		return // counts of nothing give no probabilities
	}
	confident := false
	for _, s := range scores {
		ratio := s.Probability
		if total > 0 {
			ratio = s.Records / total
		}
		dist[s.Category], conf[s.Category] = s.Probability, s.Confidence
		if math.IsNaN(s.Probability) {
			dist[s.Category] = ratio
		}
		if math.IsNaN(s.Confidence) {
			conf[s.Category] = ratio
		} else {
			confident = true
		}
	}
	leaf.Dist = t.l.dist(dist)
	if confident || !math.IsNaN(scores[0].Probability) {
		leaf.Conf = t.l.dist(conf)
	}
}

// likeliest gives the index of the largest probability or, where there are none, record count: the first of equals, -1
// if there are no scores.
func likeliest(scores []check.ScoreDistribution) int {
	best, most := -1, 0.0
	for i, s := range scores {
		size := s.Records
		if !math.IsNaN(s.Probability) {
			size = s.Probability
		}
		if best < 0 || size > most {
			best, most = i, size
		}
	}
	return best
}

// dist gives the place of numbers in the program's distributions; equal ones are kept once.
func (l *lowering) dist(x []float64) int32 {
	h := uint64(14695981039346656037)
	for _, f := range x {
		h = (h ^ math.Float64bits(f)) * 1099511628211
		h ^= h >> 29
	}
next:
	for _, at := range l.dists[h] {
		if int(at)+len(x) > len(l.p.Dists) {
			continue
		}
		for i := range x {
			if math.Float64bits(l.p.Dists[int(at)+i]) != math.Float64bits(x[i]) {
				continue next
			}
		}
		return at
	}
	at := int32(len(l.p.Dists))
	l.p.Dists = append(l.p.Dists, x...)
	l.dists[h] = append(l.dists[h], at)
	return at
}

// graded lowers a tree that must know how it came to a node.
func (t *treeLowering) graded() program.Kernel {
	k := &program.GradedTree{Missing: t.m.Missing, Penalty: t.m.Penalty, LastIfNone: t.m.LastIfNone}
	for i := range t.m.Nodes {
		n := &t.m.Nodes[i]
		out := program.Node{
			Predicate: n.Predicate, Leaf: t.leafOf(int32(i)), First: n.First, Next: n.Next, Default: n.Default,
			Records: n.Records, Counts: -1,
		}
		if math.IsNaN(out.Records) {
			out.Records = 0
		}
		if n.NumScores > 0 {
			counts := make([]float64, len(t.m.Target.Categories))
			for _, s := range t.m.Scores[n.Scores : n.Scores+n.NumScores] {
				counts[s.Category] = s.Records
			}
			out.Counts = t.l.dist(counts)
		}
		k.Nodes = append(k.Nodes, out)
	}
	return k
}

func categoryIndex(categories []value.Cell) map[value.Cell]int32 {
	index := make(map[value.Cell]int32, len(categories))
	for i, c := range categories {
		index[c] = int32(i)
	}
	return index
}
