package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
)

// measure adds a model to the size of all. A type of model that has nothing to count is counted as a model.
func (l *lowering) measure(m check.Model) {
	switch m := m.(type) {
	case *check.MiningModel:
		return
	case *check.TreeModel:
		l.size.Trees++
		l.size.Nodes += len(m.Nodes)
		leaves, depth := shape(m.Nodes)
		l.size.Leaves += leaves
		l.size.Depth = max(l.size.Depth, depth)
		l.paths[m.Missing] = true
	case *check.RegressionModel:
		l.size.Tables += len(m.Tables)
		for i := range m.Tables {
			l.size.Terms += len(m.Tables[i].Terms)
		}
	case *check.Scorecard:
		l.size.Characteristics += len(m.Characteristics)
		l.size.Attributes += len(m.Attributes)
	case *check.ClusteringModel:
		l.size.Clusters += len(m.Clusters)
	case *check.AssociationModel:
		l.size.Items += len(m.Items)
		l.size.Rules += len(m.Rules)
	}
	l.size.Models++
}

// shape gives the number of a tree's leaves, and its depth. Nodes come after those that they are in.
func shape(nodes []check.Node) (leaves, depth int) {
	depths := make([]int32, len(nodes))
	for i := range nodes {
		if nodes[i].First < 0 {
			leaves++
		}
		for child := nodes[i].First; child >= 0; child = nodes[child].Next {
			depths[child] = depths[i] + 1
			depth = max(depth, int(depths[child]))
		}
	}
	return leaves, depth
}

// describe says in words what a model is made of.
func describe(m check.Model, members []*lowered) string {
	switch m := m.(type) {
	case *check.TreeModel:
		if m.Embedded > 0 {
			return "decision tree with models in nodes"
		}
		return "decision tree"
	case *check.RegressionModel:
		return regressionWords(m)
	case *check.MiningModel:
		return miningWords(m.Method, members)
	}
	if words, ok := elementWords[m.Common().Element]; ok {
		return words
	}
	return m.Common().Element
}

// elementWords are the types of model of which there is nothing to say but what they are.
var elementWords = map[string]string{
	"AssociationModel": "set of association rules", "ClusteringModel": "clustering", "GeneralRegressionModel": "general regression",
	"NaiveBayesModel": "naive Bayes model", "NearestNeighborModel": "nearest neighbor model", "NeuralNetwork": "neural network",
	"RuleSetModel": "rule set", "Scorecard": "scorecard", "SupportVectorMachineModel": "support vector machine",
	"TimeSeriesModel": "time series",
}

func regressionWords(m *check.RegressionModel) string {
	kind := "linear regression"
	for i := range m.Tables {
		for _, t := range m.Tables[i].Terms {
			if len(t.Factors) > 1 || len(t.Factors) == 1 && t.Factors[0].Exponent != 1 {
				kind = "polynomial regression"
			}
		}
	}
	logistic := m.Normalization == enum.Logit || m.Normalization == enum.SoftMax
	switch {
	case m.Function == "classification" && logistic && kind == "linear regression":
		return "logistic regression"
	case m.Normalization != enum.NoNormalization:
		return kind + " with " + m.Normalization.String() + " normalization"
	}
	return kind
}

// methodWords says how members become one.
var methodWords = [enum.NumMethods]string{
	enum.MajorityVote: "majority vote of", enum.WeightedMajorityVote: "weighted majority vote of",
	enum.Average: "average of", enum.WeightedAverage: "weighted average of", enum.Median: "median of",
	enum.WeightedMedian: "weighted median of", enum.Max: "maximum of", enum.Sum: "sum of", enum.WeightedSum: "weighted sum of",
	enum.SelectFirst: "the first that applies of", enum.SelectAll: "all of", enum.ModelChain: "chain of",
	enum.MultiModelChain: "chain for several targets of",
}

// A run is members of one kind in a row.
type run struct {
	words string
	n     int
}

func miningWords(method enum.Method, members []*lowered) string {
	const most = 300 // a description is for people; what does not fit into it is left to the listing
	var runs []run
	for _, m := range members {
		if n := len(runs); n > 0 && runs[n-1].words == m.words {
			runs[n-1].n++
		} else {
			runs = append(runs, run{m.words, 1})
		}
	}
	if method != enum.ModelChain && method != enum.MultiModelChain {
		runs = gathered(runs) // their order says nothing
	}
	sep := " and "
	if method == enum.ModelChain || method == enum.MultiModelChain {
		sep = ", then "
	}
	var parts []string
	for _, r := range runs {
		parts = append(parts, r.String())
	}
	text := methodWords[method] + " " + strings.Join(parts, sep)
	if len(members) == 1 && method == enum.ModelChain {
		text = members[0].words
	}
	if len(text) > most || len(runs) > 6 {
		return fmt.Sprintf("%s %d models", methodWords[method], len(members))
	}
	return text
}

// gathered brings runs of one kind together.
func gathered(runs []run) []run {
	var all []run
	for _, r := range runs {
		if at := slices.IndexFunc(all, func(s run) bool { return s.words == r.words }); at >= 0 {
			all[at].n += r.n
		} else if all = append(all, r); len(all) > 6 {
			return all
		}
	}
	return all
}

// String gives "100 decision trees"; what is itself made of several stands in brackets.
func (r run) String() string {
	words := r.words
	switch {
	case strings.Contains(words, " of "):
		words = "(" + words + ")"
		if r.n == 1 {
			return words
		}
		return fmt.Sprintf("%d times %s", r.n, words)
	case r.n == 1:
		return "a " + words
	case strings.HasPrefix(words, "decision tree"):
		return fmt.Sprintf("%d %s", r.n, strings.Replace(words, "tree", "trees", 1))
	}
	head, tail, _ := strings.Cut(words, " with ")
	if tail != "" {
		tail = " with " + tail
	}
	return fmt.Sprintf("%d %ss%s", r.n, head, tail)
}

// used gives the slots on which something depends that a model computes.
func (l *lowering) used(d *check.Document, top *lowered) map[int32]bool {
	used := map[int32]bool{}
	var todo []int32
	ask := func(slots ...int32) {
		for _, s := range slots {
			if s >= 0 && !used[s] {
				used[s] = true
				todo = append(todo, s)
			}
		}
	}
	var visit func(m *lowered)
	visit = func(m *lowered) {
		ask(m.common.Reads...)
		ask(m.common.OutputReads...)
		for i := range m.common.Outputs {
			if o := &m.common.Outputs[i]; o.Feature == enum.Residual {
				ask(o.Expected)
			}
		}
		for _, member := range m.members {
			visit(member)
		}
	}
	visit(top)
	steps := map[int32]int{}
	for i := range d.Steps {
		steps[d.Steps[i].Slot] = i
	}
	for len(todo) > 0 {
		slot := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if i, ok := steps[slot]; ok {
			ask(d.Steps[i].Reads...)
			if d.Steps[i].Treat != nil {
				ask(d.Steps[i].From)
			}
		}
	}
	return used
}

// clip keeps what a person reads of a text that should be short.
func clip(text string) string {
	const most = 100
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
