package check

import (
	"hash/maphash"
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
)

// maxSize bounds what the compiled form has beyond what the document itself writes down, such as the probability 0 of each
// category that a leaf does not name. It counts words of 4 bytes; a document may have as many more as it has bytes.
const maxSize = 32 << 20

// grow counts words that a model takes beyond what the document writes down, and says that they were not too many yet.
func (c *checker) grow(at diag.Place, words int) bool {
	most := int64(maxSize + c.doc.Size())
	if c.size > most {
		return false
	}
	if c.size += int64(words); c.size > most {
		c.tooMuchSpace(at)
		return false
	}
	return true
}

// A reach is what computing a slot takes.
type reach struct {
	steps int  // at most: one that is reached on two ways counts twice
	late  bool // it depends on what a model puts out, so that it cannot be computed once for all models
}

// reachOf gives what computing slots takes.
func (c *checker) reachOf(slots []int32) reach {
	var all reach
	for _, slot := range slots {
		r := c.reach[slot]
		all.steps = min(all.steps+r.steps, len(c.out.Steps))
		all.late = all.late || r.late
	}
	return all
}

// reached notes what computing the slot of a new step takes.
func (c *checker) reached(slot int32, reads []int32) {
	r := c.reachOf(reads)
	r.steps++
	c.reach[slot] = r
}

// produced notes that a slot has what a model puts out.
func (c *checker) produced(slot int32) { c.reach[slot] = reach{late: true} }

// growSteps counts the list of steps that a model has of its own: of those that all models share there is one.
func (c *checker) growSteps(m *model) {
	for _, slots := range [][]int32{m.common.Reads, m.common.OutputReads} {
		if r := c.reachOf(slots); r.late || m.conditional() {
			c.grow(m.e.Place(), r.steps)
		}
	}
}

// conditional says that a model may not run for a record that the top model runs for.
func (m *model) conditional() bool {
	for p := m.parent; p != nil; p = p.parent {
		if p.maySkip {
			return true
		}
	}
	return false
}

// growCategories counts the categories of a model, and those of its nodes that name only a few of them.
func (c *checker) growCategories(m *model, t *TreeModel) {
	n := len(m.common.Target.Categories)
	c.grow(m.e.Place(), 4*n)
	if t == nil {
		return
	}
	for i := range t.Nodes {
		scores := t.Scores[t.Nodes[i].Scores : t.Nodes[i].Scores+t.Nodes[i].NumScores]
		if len(scores) > 0 && 4*len(scores) < n && c.newDistribution(scores, n) {
			c.grow(m.e.Place(), 2*n)
		}
	}
}

// newDistribution says that scores of a model with n categories differ from all before: equal ones are kept once.
func (c *checker) newDistribution(scores []ScoreDistribution, n int) bool {
	var h maphash.Hash
	h.SetSeed(c.seed)
	maphash.WriteComparable(&h, n)
	for _, s := range scores {
		maphash.WriteComparable(&h, s.Category)
		for _, x := range []float64{s.Records, s.Probability, s.Confidence} {
			maphash.WriteComparable(&h, math.Float64bits(x)) // an absent one is not equal to itself
		}
	}
	sum := h.Sum64()
	_, old := c.distributions[sum]
	c.distributions[sum] = struct{}{}
	return !old
}

// spendCost counts what the expressions of all fields take for one record.
func (c *checker) spendCost(at diag.Place, what string, cost expr.Cost) {
	c.checkCost(at, what, cost)
	before := c.cost.Steps
	if c.cost = c.cost.And(cost); c.cost.Steps > maxCost && before <= maxCost && cost.Steps <= maxCost {
		c.tooCostly(at, "all fields up to "+what)
	}
}

// spendPattern counts the work of compiling a regular expression, which also stands for its size: repetitions are written
// out. It says that there was not too much of it yet.
func (c *checker) spendPattern(at diag.Place, pattern string) bool {
	const each = 10
	return c.spend(at, each*fn.PatternSize(pattern))
}
