package program

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A GradedTree is a tree model that must know how it came to a node: because missing values cost confidence, or because
// it follows several branches at once.
type GradedTree struct {
	Missing    enum.MissingStrategy
	Penalty    float64
	LastIfNone bool
	Nodes      []Node // in document order
}

// A Node is a node of a GradedTree.
type Node struct {
	Predicate   expr.Predicate
	Leaf        int32 // what it predicts; 0: nothing
	First, Next int32 // child and sibling; -1: none
	Default     int32 // child of defaultChild; -1: none
	Records     float64
	Counts      int32 // where the record counts of its categories begin in Dists; -1: none
}

func (t *GradedTree) eval(f *Frame, m *Model, o *outcome) {
	n := len(m.Target.Categories)
	if t.Nodes[0].Predicate.Holds(f.Frame) != value.True {
		return
	}
	at, penalty := int32(0), 1.0
	for t.Nodes[at].First >= 0 {
		next, missing := t.step(f, at)
		penalty *= math.Pow(t.Penalty, float64(missing))
		switch next {
		case stayHere:
			f.p.leaf(f, t.Nodes[at].Leaf, n, o)
			o.penalty *= penalty
			return
		case giveUp:
			return
		case spread:
			t.spread(f, m, at, o)
			o.penalty = penalty
			return
		}
		at = next
	}
	f.p.leaf(f, t.Nodes[at].Leaf, n, o)
	o.penalty *= penalty
}

// What step says instead of a node.
const (
	stayHere = -1 - iota // the node that was reached predicts
	giveUp               // nothing is predicted
	spread               // several branches are followed
)

// step chooses a child of a node, and says how many times a missing value was in the way.
func (t *GradedTree) step(f *Frame, at int32) (next int32, missing int) {
	for i := t.Nodes[at].First; i >= 0; i = t.Nodes[i].Next {
		truth, skipped := t.holds(f, i)
		missing += skipped
		switch truth {
		case value.True:
			return i, missing
		case value.False:
			continue
		}
		switch t.Missing {
		case enum.LastPrediction:
			return stayHere, missing + 1
		case enum.NullPrediction:
			return giveUp, missing
		case enum.DefaultChild:
			if d := t.Nodes[at].Default; d >= 0 {
				return d, missing + 1
			}
			return giveUp, missing
		case enum.WeightedConfidence, enum.AggregateNodes:
			return spread, missing
		}
	}
	if t.LastIfNone {
		return stayHere, missing
	}
	return giveUp, missing
}

// holds evaluates the predicate of a node; a surrogate that had to be used is a missing value, too.
func (t *GradedTree) holds(f *Frame, i int32) (value.Truth, int) {
	if p, ok := t.Nodes[i].Predicate.(*expr.Compound); ok && p.Op == expr.Surrogate {
		for k, a := range p.Args {
			if truth := a.Holds(f.Frame); truth != value.Unknown {
				return truth, k
			}
		}
		return value.Unknown, 0
	}
	return t.Nodes[i].Predicate.Holds(f.Frame), 0
}

// spread follows all children of a node that are not false, recursively. With weightedConfidence each child's
// confidences count in proportion to its records; with aggregateNodes the record counts of all leaves are added.
func (t *GradedTree) spread(f *Frame, m *Model, at int32, o *outcome) {
	n := len(m.Target.Categories)
	if n == 0 {
		if x, w := t.mean(f, at); w > 0 {
			o.value = value.DoubleOf(x / w)
		}
		return
	}
	g := gathered{dist: make([]float64, n), conf: make([]float64, n)} // the one place that allocates: rare
	t.gather(f, at, 1, &g)
	total := 0.0
	for _, x := range g.dist {
		total += x
	}
	if total <= 0 {
		return
	}
	for i := range g.dist {
		g.dist[i] /= total
	}
	if t.Missing == enum.AggregateNodes {
		g.conf = g.dist
	}
	o.dist, o.conf = g.dist, g.conf
	o.category = argmax(g.conf)
	o.value = m.Target.Categories[o.category]
}

// gathered is what several branches say about each category.
type gathered struct {
	dist []float64 // weightedConfidence: probabilities; aggregateNodes: record counts
	conf []float64 // weightedConfidence: confidences
}

// gather adds what the subtree at a node says, times weight.
func (t *GradedTree) gather(f *Frame, at int32, weight float64, g *gathered) {
	for t.Nodes[at].First >= 0 {
		next, _ := t.step(f, at)
		if next == spread {
			t.gatherChildren(f, at, weight, g)
			return
		}
		if next < 0 {
			if next == giveUp {
				return
			}
			break
		}
		at = next
	}
	node, n := &t.Nodes[at], len(g.dist)
	if t.Missing == enum.AggregateNodes {
		add(g.dist, f.p.dist(node.Counts, n), weight)
		return
	}
	leaf := &f.p.Leaves[node.Leaf]
	dist, conf := f.p.dist(leaf.Dist, n), f.p.dist(leaf.Conf, n)
	if conf == nil {
		conf = dist
	}
	add(g.dist, dist, weight)
	add(g.conf, conf, weight)
}

// add adds x times weight to sum.
func add(sum, x []float64, weight float64) {
	for i := range x {
		sum[i] += x[i] * weight
	}
}

func (t *GradedTree) gatherChildren(f *Frame, at int32, weight float64, g *gathered) {
	records := 0.0
	for i := t.Nodes[at].First; i >= 0; i = t.Nodes[i].Next {
		if t.Nodes[i].Predicate.Holds(f.Frame) != value.False {
			records += t.Nodes[i].Records
		}
	}
	if records == 0 {
		records = 1 // branches that no record has taken say nothing
	}
	for i := t.Nodes[at].First; i >= 0; i = t.Nodes[i].Next {
		if t.Nodes[i].Predicate.Holds(f.Frame) == value.False {
			continue
		}
		share := weight
		if t.Missing == enum.WeightedConfidence {
			share = weight * t.Nodes[i].Records / records
		}
		t.gather(f, i, share, g)
	}
}

// mean gives the sum of the scores of the leaves below a node, weighted by their records, and the sum of the weights.
func (t *GradedTree) mean(f *Frame, at int32) (sum, weight float64) {
	node := &t.Nodes[at]
	next := int32(stayHere)
	if node.First >= 0 {
		next, _ = t.step(f, at)
	}
	switch {
	case next >= 0:
		return t.mean(f, next)
	case next == spread:
		for i := node.First; i >= 0; i = t.Nodes[i].Next {
			if t.Nodes[i].Predicate.Holds(f.Frame) != value.False {
				s, w := t.mean(f, i)
				sum, weight = sum+s, weight+w
			}
		}
		return sum, weight
	case next == giveUp || math.IsNaN(f.p.Leaves[node.Leaf].Number):
		return 0, 0
	}
	return f.p.Leaves[node.Leaf].Number * node.Records, node.Records
}

func (t *GradedTree) code(c *coder) {
	codec.Enum(c.Coder, &t.Missing, enum.NumMissingStrategies)
	c.Float64(&t.Penalty)
	c.Bool(&t.LastIfNone)
	at := int32(0)
	codec.Slice(c.Coder, &t.Nodes, 13, func(n *Node) {
		expr.CodePredicate(c.Coder, &n.Predicate)
		c.Index(&n.Leaf, len(c.p.Leaves))
		for _, i := range []*int32{&n.First, &n.Next, &n.Default} {
			c.Int32(i)
			if c.Reading() && *i >= 0 && *i <= at || *i < -1 {
				c.Failf("node %d after node %d", *i, at)
			}
		}
		c.Float64(&n.Records)
		c.Int32(&n.Counts)
		at++
	})
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if most := int32(len(t.Nodes)); n.First >= most || n.Next >= most || n.Default >= most {
			c.Failf("node %d of %d", max(n.First, n.Next, n.Default), most)
		}
	}
	if len(t.Nodes) == 0 {
		c.Failf("a tree without nodes")
		t.Nodes = []Node{{Predicate: &expr.Always{}, First: -1, Next: -1, Default: -1, Counts: -1}}
	}
}
