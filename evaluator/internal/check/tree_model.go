package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"math"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A treeReader reads a TreeModel or DecisionTree node by node.
type treeReader struct {
	c *checker
	m *model
	t *TreeModel
}

// treeModel checks a TreeModel, or a DecisionTree of PMML 3.
func (c *checker) treeModel(e *pmml.Element, parent *model) *model {
	t := &TreeModel{}
	m := c.begin(e, parent, &t.ModelCommon,
		[]string{"missingValueStrategy", "missingValuePenalty", "noTrueChildStrategy", "splitCharacteristic"},
		[]string{"Node"}, resultFields(e))
	t.Missing = enum.MissingStrategy(c.choice(e, "missingValueStrategy", enum.MissingStrategies...))
	t.Penalty = c.atLeast(e, "missingValuePenalty", 0, 1)
	t.LastIfNone = c.choice(e, "noTrueChildStrategy", "returnNullPrediction", "returnLastPrediction") == 1
	c.choice(e, "splitCharacteristic", "multiSplit", "binarySplit")
	r := &treeReader{c, m, t}
	if root := m.parts["Node"]; root != nil {
		r.node(root)
	} else {
		c.missingElement(e, "Node")
	}
	return c.end(m, t)
}

// node reads a node and all below it and gives its index. Documents are at most 2,000 elements deep, so it calls itself.
func (r *treeReader) node(e *pmml.Element) int32 {
	r.c.attributes(e, "id", "score", "recordCount", "defaultChild")
	i := int32(len(r.t.Nodes))
	r.t.Nodes = append(r.t.Nodes, Node{First: -1, Next: -1, Default: -1, Scores: int32(len(r.t.Scores)), Model: -1})
	n := r.attributes(e, i)
	last := int32(-1)
	for child := range e.Children() {
		switch name := child.Name(); {
		case name == "Node":
			k := r.node(child)
			if last < 0 {
				n.First = k
			} else {
				r.t.Nodes[last].Next = k
			}
			last = k
		case name == "ScoreDistribution":
			r.scoreDistribution(&n, child)
		case isPredicate(name):
			if n.Predicate != nil {
				r.c.duplicatePredicate(child, e)
			}
			n.Predicate = r.c.predicate(r.m, child)
		case name == "Regression" || name == "DecisionTree":
			r.embedded(&n, child)
		case name != "Partition":
			r.c.unknownElement(child, e)
		}
	}
	if n.Predicate == nil {
		r.c.missingElement(e, "<Predicate>")
	}
	n.Next = r.t.Nodes[i].Next
	r.t.Nodes[i] = n
	r.finish(e, &r.t.Nodes[i])
	return i
}

// attributes reads what a node says about itself.
func (r *treeReader) attributes(e *pmml.Element, i int32) Node {
	n := r.t.Nodes[i]
	if id, ok := e.Attr("id"); ok {
		n.ID = id
	} else {
		n.ID = strconv.Itoa(int(i) + 1)
	}
	n.Records = math.NaN()
	if _, ok := e.Attr("recordCount"); ok {
		n.Records = r.c.atLeast(e, "recordCount", 0, 0)
	}
	if text, ok := e.Attr("score"); ok {
		n.Score = r.score(e, text)
	}
	return n
}

// score reads the prediction of a node.
func (r *treeReader) score(e *pmml.Element, text string) value.Cell {
	if !r.m.classifies {
		return r.c.numberIn(r.m, e, "score", text)
	}
	cell := r.c.literal(e.At("score"), r.t.Target.Type, text)
	r.m.category(cell)
	return cell
}

// numberIn reads a number in the arithmetic of the model, as a double.
func (c *checker) numberIn(m *model, e *pmml.Element, attr, text string) value.Cell {
	t := value.Double
	if m.common.Float {
		t = value.Float
	}
	cell, ok := value.Parse(t, text, nil)
	if !ok && m.common.Function != "" { // else it may be something else
		c.invalidNumber(e.At(attr), text)
	}
	return value.DoubleOf(cell.Float64())
}

func (r *treeReader) scoreDistribution(n *Node, e *pmml.Element) {
	r.c.attributes(e, "value", "recordCount", "confidence", "probability")
	r.c.noChildren(e)
	s := ScoreDistribution{Probability: math.NaN(), Confidence: math.NaN()}
	if _, ok := e.Attr("probability"); ok {
		s.Probability = r.c.atLeast(e, "probability", 0, 0)
	}
	if _, ok := e.Attr("confidence"); ok {
		s.Confidence = r.c.atLeast(e, "confidence", 0, 0)
	}
	if _, ok := e.Attr("recordCount"); ok || math.IsNaN(s.Probability) {
		r.c.required(e, "recordCount")
		s.Records = r.c.atLeast(e, "recordCount", 0, 0)
	}
	text, ok := r.c.required(e, "value")
	if !ok {
		return
	}
	if !r.m.classifies {
		return // a regression has no use for it
	}
	s.Category = r.m.category(r.c.literal(e.At("value"), r.t.Target.Type, text))
	if end := n.Scores + n.NumScores; int(end) < len(r.t.Scores) { // a child node stands between
		own := r.t.Scores[n.Scores:end]
		n.Scores = int32(len(r.t.Scores))
		r.t.Scores = append(r.t.Scores, own...)
	}
	r.t.Scores = append(r.t.Scores, s)
	n.NumScores++
}

// embedded hands over a model that stands in a node.
func (r *treeReader) embedded(n *Node, e *pmml.Element) {
	read := (*checker).regressionModel
	if e.Name() == "DecisionTree" {
		read = (*checker).treeModel
	}
	if n.Model >= 0 {
		r.c.duplicateElement(e, r.m.e)
	}
	sub := read(r.c, e, r.m)
	if sub.common.Function != r.m.common.Function {
		r.c.otherFunction(e, sub.common.Function, r.m.common.Function)
	}
	if r.m.classifies {
		for _, cell := range sub.common.Target.Categories {
			r.m.category(cell)
		}
	}
	n.Model = int32(r.t.Embedded)
	r.t.Embedded++
}

// finish completes a node whose children are read.
func (r *treeReader) finish(e *pmml.Element, n *Node) {
	if r.t.Missing == enum.WeightedConfidence && n != &r.t.Nodes[0] {
		r.c.required(e, "recordCount")
	}
	r.probabilities(e, n)
	if n.First < 0 {
		r.leaf(e, n)
		return
	}
	id, ok := e.Attr("defaultChild")
	for k := n.First; ok && k >= 0; k = r.t.Nodes[k].Next {
		if r.t.Nodes[k].ID == id {
			n.Default = k
			return
		}
	}
	if r.t.Missing == enum.DefaultChild {
		r.c.noteInconsistent(e.Place(), "the node has no default child")
	}
}

// leaf gives a leaf without a score that of its largest score distribution, the first of equals.
func (r *treeReader) leaf(e *pmml.Element, n *Node) {
	if n.Score.State != value.Missing || n.Model >= 0 {
		return
	}
	best, most := -1, 0.0
	for i, s := range r.t.Scores[n.Scores : n.Scores+n.NumScores] {
		size := s.Records
		if !math.IsNaN(s.Probability) {
			size = s.Probability
		}
		if best < 0 || size > most {
			best, most = i, size
		}
	}
	switch {
	case best >= 0:
		n.Score = r.t.Target.Categories[r.t.Scores[int(n.Scores)+best].Category]
	case r.m.classifies:
		r.c.missingAttribute(e, "score")
	default:
		r.c.noteInconsistent(e.Place(), "the leaf has no score, so it predicts nothing")
	}
}

// probabilities checks that all score distributions of a node have a probability, or none. PMML 4.1: they add up to 1.
func (r *treeReader) probabilities(e *pmml.Element, n *Node) {
	with, sum := int32(0), 0.0
	for _, s := range r.t.Scores[n.Scores : n.Scores+n.NumScores] {
		if !math.IsNaN(s.Probability) {
			with, sum = with+1, sum+s.Probability
		}
	}
	switch {
	case with == 0:
	case with < n.NumScores:
		r.c.noteInconsistent(e.Place(), "only %d of %d score distributions have a probability, so the record counts are used", with, n.NumScores)
		for i := n.Scores; i < n.Scores+n.NumScores; i++ {
			r.t.Scores[i].Probability = math.NaN()
		}
	case math.Abs(sum-1) > 1e-2:
		r.c.noteInconsistent(e.Place(), "the probabilities of the score distributions add up to %g", sum)
	}
}
