package evaluator_test

import (
	"fmt"
	"strings"
	"testing"
)

// classTree is a classification tree that gives the id of the node, the probability of each category, and confidences.
func classTree(attributes string, nodes ...string) string {
	return `<TreeModel functionName="classification" ` + attributes + `>{c}{c?}` + strings.Join(nodes, "") + `</TreeModel>`
}

// numberTree is a regression tree that gives the id of the node.
func numberTree(attributes string, nodes ...string) string {
	return `<TreeModel functionName="regression" ` + attributes + `>{y}{y?}` + strings.Join(nodes, "") + `</TreeModel>`
}

// node is a Node with a predicate and whatever else is in it.
func node(attributes string, content ...string) string {
	return `<Node ` + attributes + `>` + strings.Join(content, "") + `</Node>`
}

const always, never = `<True/>`, `<False/>`

// counts are score distributions: category and recordCount by turns.
func counts(of ...any) string {
	var b strings.Builder
	for i := 0; i < len(of); i += 2 {
		fmt.Fprintf(&b, `<ScoreDistribution value="%v" recordCount="%v"/>`, of[i], of[i+1])
	}
	return b.String()
}

// question is a tree that asks whether x ≤ 10, then whether it is greater; the root predicts b.
func question(attributes string) string {
	return document(classTree(attributes, node(`id="root" score="b" recordCount="10" defaultChild="high"`, always,
		counts("a", 4, "b", 5, "c", 1),
		node(`id="low" score="a" recordCount="5"`, atMost("x", "10"), counts("a", 4, "b", 1)),
		node(`id="high" score="c" recordCount="5"`, above("x", "10"), counts("b", 4, "c", 1)))))
}

// golf has a question below a question: for a missing value the node "sunny" has children for the temperature.
func golf(attributes string) string {
	leaf := func(id, score string, records int, of ...any) string {
		return node(fmt.Sprintf(`id=%q score=%q recordCount="%d"`, id, score, records), atMost("x", id), counts(of...))
	}
	return document(classTree(attributes, node(`id="root" score="a" recordCount="100"`, always, counts("a", 60, "b", 30, "c", 10),
		node(`id="sunny" score="a" recordCount="50"`, equals("s", "sunny"), counts("a", 40, "b", 2, "c", 8),
			leaf("10", "a", 40, "a", 36, "b", 2, "c", 2),
			node(`id="hot" score="c" recordCount="10"`, above("x", "10"), counts("a", 4, "c", 6))),
		node(`id="other" score="b" recordCount="50"`, predicate("s", "notEqual", "sunny"), counts("a", 20, "b", 28, "c", 2)))))
}

func TestTreeModel(t *testing.T) { show(t, trees()) }

func trees() []semantic {
	x := func(v any) record { return record{"x": v} }
	deep := strings.Repeat(`<Node>`+always, 1900) + node(`score="a"`, always) + strings.Repeat(`</Node>`, 1900)
	return []semantic{
		{"TR-01 the first true child wins", document(numberTree("", node(``, always,
			node(`id="1" score="1"`, atMost("x", "10")), node(`id="2" score="2"`, atMost("x", "20")), node(`id="3" score="3"`, always)))),
			[]scored{
				{in: x(5), want: record{"y": 1.0, "node": "1"}}, {in: x(10), want: record{"y": 1.0}},
				{in: x(15), want: record{"y": 2.0, "node": "2"}}, {in: x(25), want: record{"y": 3.0}}, {in: x(nil), want: record{"y": 3.0, "node": "3"}},
			}},
		{"TR-02 D2 the root's predicate counts", document(numberTree("", node(`score="0"`, above("x", "0"), node(`score="1"`, always)))),
			[]scored{{in: x(1), want: record{"y": 1.0}}, {in: x(-1), want: record{"y": nil, "node": nil}}, {in: x(nil), want: record{"y": nil}}}},
		{"TR-02 D2 the root's predicate counts with a penalty", document(numberTree(`missingValuePenalty="0.5"`, node(`score="0"`, above("x", "0"), node(`score="1"`, always)))),
			[]scored{{in: x(1), want: record{"y": 1.0}}, {in: x(-1), want: record{"y": nil}}, {in: x(nil), want: record{"y": nil}}}},
		{"TR-03 leaf score", document(numberTree("", node(`score="1.25"`, always))), []scored{{want: record{"y": 1.25, "node": "1"}}}},
		{"TR-04 a leaf without score predicts its largest category", document(classTree("", node(``, always,
			node(``, atMost("x", "1"), counts("a", 2, "b", 5, "c", 3)), node(``, always, counts("c", 4, "a", 4))))),
			[]scored{
				{in: x(1), want: record{"c": "b", "p_b": 0.5}}, {in: x(2), want: record{"c": "c", "p_a": 0.5, "p_c": 0.5}},
			}},
		{"TR-04 a leaf without score predicts its most probable category", document(classTree("", node(``, always,
			`<ScoreDistribution value="a" probability="0.3"/><ScoreDistribution value="c" probability="0.7"/>`))),
			[]scored{{want: record{"c": "c", "p_a": 0.3, "p_b": 0.0, "p_c": 0.7}}}},
		{"TR-04 so does an inner node", document(classTree(`noTrueChildStrategy="returnLastPrediction"`, node(``, always,
			`<ScoreDistribution value="a" probability="0.3"/><ScoreDistribution value="c" probability="0.7"/>`,
			node(`score="b"`, never)))), []scored{{want: record{"c": "c", "p_c": 0.7}}}},
		{"TR-05 functionName", document(classTree("", node(``, always, node(`score="a"`, equals("s", "p")), node(`score="b"`, always)))),
			[]scored{{in: record{"s": "p"}, want: record{"c": "a"}}, {in: record{"s": "q"}, want: record{"c": "b"}}}},
		{"TR-06 record counts become probabilities", document(classTree("", node(`score="b"`, always, counts("a", 1, "b", 2, "c", 5)))),
			[]scored{{want: record{"c": "b", "p_a": 0.125, "p_b": 0.25, "p_c": 0.625}}}},
		{"TR-06 only the node's own records count", document(classTree("", node(`score="a" recordCount="100"`, always, counts("a", 3, "b", 1)))),
			[]scored{{want: record{"c": "a", "p_a": 0.75, "p_b": 0.25, "p_c": 0.0}}}},
		{"TR-07 D12 probability beats record counts", document(classTree("", node(`score="a"`, always,
			`<ScoreDistribution value="a" recordCount="1" probability="0.9"/><ScoreDistribution value="b" recordCount="3" probability="0.1"/>`))),
			[]scored{{want: record{"c": "a", "p_a": 0.9, "p_b": 0.1}}}},
		{"TR-07 a probability that others lack does not count", document(classTree("", node(`score="a"`, always,
			`<ScoreDistribution value="a" recordCount="1" probability="0.9"/><ScoreDistribution value="b" recordCount="3"/>`))),
			[]scored{{want: record{"p_a": 0.25, "p_b": 0.75}}}},
		{"TR-08 confidence", document(classTree("", node(`score="a"`, always,
			`<ScoreDistribution value="a" recordCount="3" confidence="0.6"/><ScoreDistribution value="b" recordCount="1"/>`))),
			[]scored{{want: record{"p_a": 0.75, "conf": 0.6, "conf_b": 0.25}}}},
		{"TR-08 without confidence it is the share of records", document(classTree("", node(`score="a"`, always,
			`<ScoreDistribution value="a" recordCount="1" probability="0.9"/><ScoreDistribution value="b" recordCount="3" probability="0.1"/>`))),
			[]scored{{want: record{"p_a": 0.9, "conf": 0.25, "conf_b": 0.75}}}},
		{"TR-08 without records it is the probability", document(classTree("", node(`score="a"`, always,
			`<ScoreDistribution value="a" probability="0.9"/><ScoreDistribution value="b" probability="0.1"/>`))),
			[]scored{{want: record{"p_a": 0.9, "conf": 0.9, "conf_b": 0.1}}}},
		{"TR-09 the score decides", document(classTree("", node(`score="a"`, always, counts("a", 1, "b", 9)))),
			[]scored{{want: record{"c": "a", "p_a": 0.1, "p_b": 0.9, "conf": 0.1}}}},
		{"TR-10 missingValueStrategy none", question(""), []scored{
			{in: x(1), want: record{"c": "a", "node": "low", "p_a": 0.8}}, {in: x(nil), want: record{"c": nil, "node": nil, "p_a": nil}},
		}},
		{"TR-10 none returns the last prediction if asked to", question(`noTrueChildStrategy="returnLastPrediction"`),
			[]scored{{in: x(nil), want: record{"c": "b", "node": "root", "p_a": 0.4, "p_b": 0.5}}}},
		{"TR-11 missingValueStrategy lastPrediction", question(`missingValueStrategy="lastPrediction"`), []scored{
			{in: x(nil), want: record{"c": "b", "node": "root", "p_b": 0.5}}, {in: x(11), want: record{"c": "c", "node": "high"}},
		}},
		{"TR-11 D1 the first unknown child stops, though a later one is true", document(numberTree(`missingValueStrategy="lastPrediction"`,
			node(`score="0"`, always, node(`score="1"`, atMost("x", "1")), node(`score="2"`, always)))),
			[]scored{{in: x(nil), want: record{"y": 0.0}}, {in: x(5), want: record{"y": 2.0}}}},
		{"TR-11 D1 a true child before the unknown one wins", document(numberTree(`missingValueStrategy="lastPrediction"`,
			node(`score="0"`, always, node(`score="1"`, atMost("z", "1")), node(`score="2"`, atMost("x", "1"))))),
			[]scored{{in: record{"z": 0}, want: record{"y": 1.0}}, {in: record{"z": 2}, want: record{"y": 0.0}}}},
		{"TR-11 D3 a node without score has no last prediction", document(numberTree(`missingValueStrategy="lastPrediction"`,
			node(``, always, node(`score="1"`, atMost("x", "1")), node(`score="2"`, above("x", "1"))))),
			[]scored{{in: x(nil), want: record{"y": nil}}, {in: x(0), want: record{"y": 1.0}}}},
		{"TR-12 missingValueStrategy nullPrediction", question(`missingValueStrategy="nullPrediction" noTrueChildStrategy="returnLastPrediction"`),
			[]scored{{in: x(nil), want: record{"c": nil, "node": nil, "p_a": nil}}, {in: x(1), want: record{"c": "a"}}}},
		{"TR-13 missingValueStrategy defaultChild", question(`missingValueStrategy="defaultChild"`),
			[]scored{{in: x(nil), want: record{"c": "c", "node": "high", "p_b": 0.8, "conf": 0.2}}}},
		{"TR-13 the default child's predicate is not asked", document(numberTree(`missingValueStrategy="defaultChild"`,
			node(`defaultChild="2"`, always, node(`id="1" score="1"`, atMost("x", "1")), node(`id="2" score="2"`, never)))),
			[]scored{{in: x(nil), want: record{"y": 2.0}}, {in: x(5), want: record{"y": nil}}}},
		{"TR-13 D7 without a default child there is no prediction", document(numberTree(`missingValueStrategy="defaultChild"`,
			node(``, always, node(`score="1"`, atMost("x", "1")), node(`score="2"`, above("x", "1"))))),
			[]scored{{in: x(nil), want: record{"y": nil}}, {in: x(5), want: record{"y": 2.0}}}},
		{"TR-14 D5 missingValueStrategy weightedConfidence", golf(`missingValueStrategy="weightedConfidence"`), []scored{
			{in: record{"s": "sunny"}, want: record{"c": "a", "conf": 0.8*0.9 + 0.2*0.4, "conf_b": 0.8 * 0.05, "p_c": 0.8*0.05 + 0.2*0.6, "node": nil}},
			{in: record{"s": "sunny", "x": 5}, want: record{"c": "a", "conf": 0.9, "node": "10"}},
			{in: record{"s": "rain"}, want: record{"c": "b", "conf": 0.56, "node": "other"}},
			// recursively: half of the records are sunny and of unknown temperature
			{in: record{}, want: record{"c": "a", "conf": 0.5*(0.8*0.9+0.2*0.4) + 0.5*0.4, "conf_b": 0.5*0.04 + 0.5*0.56}},
			{in: record{"x": 11}, want: record{"c": "a", "conf": 0.5*0.4 + 0.5*0.4, "p_b": 0.5 * 0.56, "p_c": 0.5*0.6 + 0.5*0.04}},
		}},
		{"TR-14 weightedConfidence weighs the confidences that are given", document(classTree(`missingValueStrategy="weightedConfidence"`,
			node(`score="a"`, always,
				node(`score="a" recordCount="30"`, atMost("x", "1"),
					`<ScoreDistribution value="a" recordCount="20" confidence="0.5"/><ScoreDistribution value="b" recordCount="10" confidence="0.25"/>`),
				node(`score="b" recordCount="10"`, above("x", "1"),
					`<ScoreDistribution value="a" recordCount="2" confidence="0.1"/><ScoreDistribution value="b" recordCount="8" confidence="0.9"/>`)))),
			[]scored{{in: x(nil), want: record{
				"c": "b", "conf": 0.75*0.25 + 0.25*0.9, "p_a": 0.75*2/3 + 0.25*0.2, "p_b": 0.75/3 + 0.25*0.8,
			}}}},
		{"TR-14 children that are false do not count", document(classTree(`missingValueStrategy="weightedConfidence"`, node(`score="a"`, always,
			node(`score="a" recordCount="10"`, atMost("x", "1"), counts("a", 10)),
			node(`score="c" recordCount="80"`, atMost("z", "0"), counts("c", 80)),
			node(`score="b" recordCount="30"`, above("x", "1"), counts("b", 30))))),
			[]scored{{in: record{"z": 1}, want: record{"c": "b", "conf": 0.75, "p_a": 0.25, "p_c": 0.0}}}},
		{"TR-15 D5 missingValueStrategy aggregateNodes", golf(`missingValueStrategy="aggregateNodes"`), []scored{
			{in: record{"s": "sunny"}, want: record{"c": "a", "p_a": 40.0 / 50, "p_b": 2.0 / 50, "p_c": 8.0 / 50}},
			{in: record{}, want: record{"c": "a", "p_a": 60.0 / 100, "p_b": 30.0 / 100, "p_c": 10.0 / 100}},
			{in: record{"x": 11}, want: record{"c": "b", "p_a": 24.0 / 60, "p_b": 28.0 / 60, "p_c": 8.0 / 60}},
			{in: record{"x": 5, "s": "sunny"}, want: record{"c": "a", "p_a": 0.9, "node": "10"}},
		}},
		{"TR-15 a regression weighs by records", document(numberTree(`missingValueStrategy="aggregateNodes"`, node(`score="0" recordCount="4"`, always,
			node(`score="1" recordCount="3"`, atMost("x", "1")), node(`score="5" recordCount="1"`, above("x", "1"))))),
			[]scored{{in: x(nil), want: record{"y": 2.0}}, {in: x(2), want: record{"y": 5.0}}}},
		{"TR-16 missingValuePenalty", question(`missingValueStrategy="lastPrediction" missingValuePenalty="0.5"`), []scored{
			{in: x(nil), want: record{"c": "b", "conf": 0.25, "conf_b": 0.25, "p_b": 0.5, "node": "root"}},
			{in: x(1), want: record{"c": "a", "conf": 0.8, "p_a": 0.8}},
		}},
		{"TR-16 for each level", document(classTree(`missingValueStrategy="defaultChild" missingValuePenalty="0.5"`,
			node(`defaultChild="2"`, always,
				node(`id="1" score="a"`, atMost("x", "1"), counts("a", 1)),
				node(`id="2" defaultChild="4"`, above("x", "1"),
					node(`id="3" score="b"`, atMost("z", "1"), counts("b", 1)), node(`id="4" score="c"`, above("z", "1"), counts("c", 1)))))),
			[]scored{
				{in: record{}, want: record{"c": "c", "node": "4", "conf": 0.25, "p_c": 1.0}},
				{in: record{"x": 2}, want: record{"c": "c", "conf": 0.5}}, {in: record{"z": 0}, want: record{"c": "b", "conf": 0.5}},
				{in: record{"x": 2, "z": 0}, want: record{"c": "b", "conf": 1.0}},
			}},
		{"TR-16 D4 for each surrogate", document(classTree(`missingValuePenalty="0.5"`, node(``, always,
			node(`score="a"`, compound("surrogate", atMost("x", "1"), atMost("z", "1"), always), counts("a", 3, "b", 1)), node(`score="c"`, always, counts("c", 1))))),
			[]scored{
				{in: record{"x": 1}, want: record{"c": "a", "conf": 0.75}}, {in: record{"z": 1}, want: record{"c": "a", "conf": 0.375, "p_a": 0.75}},
				{in: record{}, want: record{"c": "a", "conf": 0.1875}}, {in: record{"x": 2}, want: record{"c": "c", "conf": 1.0}},
			}},
		{"TR-17 noTrueChildStrategy returnNullPrediction", document(numberTree("", node(`score="0"`, always, node(`score="1"`, atMost("x", "1"))))),
			[]scored{{in: x(2), want: record{"y": nil, "node": nil}}, {in: x(1), want: record{"y": 1.0}}}},
		{"TR-17 then Targets' default", document(`<TreeModel functionName="regression">{y}<Targets><Target field="y"><TargetValue defaultValue="7"/></Target></Targets>` +
			node(`score="0"`, always, node(`score="1"`, atMost("x", "1"))) + `</TreeModel>`), []scored{{in: x(2), want: record{"y": 7.0}}}},
		{"TR-17 then Targets' priors", document(`<TreeModel functionName="classification">{c}{c?}<Targets><Target field="c">
			<TargetValue value="a" priorProbability="0.2"/><TargetValue value="b" priorProbability="0.7"/><TargetValue value="c" priorProbability="0.1"/></Target></Targets>` +
			node(``, always, node(`score="a"`, atMost("x", "1"), counts("a", 1))) + `</TreeModel>`),
			[]scored{{in: x(2), want: record{"c": "b", "p_a": 0.2, "p_b": 0.7}}, {in: x(1), want: record{"c": "a", "p_a": 1.0}}}},
		{"TR-18 noTrueChildStrategy returnLastPrediction", question(`noTrueChildStrategy="returnLastPrediction"`),
			[]scored{{in: x(nil), want: record{"c": "b", "node": "root"}}}},
		{"TR-18 D3 a node without score has no last prediction", document(numberTree(`noTrueChildStrategy="returnLastPrediction"`,
			node(``, always, node(`score="1"`, atMost("x", "1"))))), []scored{{in: x(2), want: record{"y": nil, "node": nil}}}},
		{"TR-19 splitCharacteristic says nothing new", document(numberTree(`splitCharacteristic="binarySplit"`, node(``, always,
			node(`score="1"`, atMost("x", "1")), node(`score="2"`, above("x", "1"))))), []scored{{in: x(2), want: record{"y": 2.0}}}},
		{"TR-20 D14 ids count all nodes from 1 in document order", document(numberTree("", node(``, always,
			node(``, atMost("x", "10"), node(`score="1"`, atMost("x", "1")), node(`score="2" id="own"`, above("x", "1"))),
			node(`score="3"`, above("x", "10"))))), []scored{
			{in: x(0), want: record{"node": "3"}}, {in: x(5), want: record{"node": "own"}}, {in: x(20), want: record{"node": "5"}},
		}},
		{"TR-22 a Partition says nothing new", document(numberTree("", node(`score="1"`, always,
			`<Partition name="p"><PartitionFieldStats field="x"/></Partition>`))), []scored{{want: record{"y": 1.0}}}},
		{"TR-23 a Regression in a node", document(numberTree("", node(``, always,
			node(`id="low"`, atMost("x", "10"), `<Regression functionName="regression"><RegressionTable intercept="1"><NumericPredictor name="z" coefficient="2"/></RegressionTable></Regression>`),
			node(`score="3"`, above("x", "10"))))), []scored{
			{in: record{"x": 1, "z": 5}, want: record{"y": 11.0, "node": "low"}}, {in: record{"x": 11, "z": 5}, want: record{"y": 3.0}},
			{in: record{"x": 1}, want: record{"y": nil, "node": nil}},
		}},
		{"TR-23 a classification in a node", document(classTree("", node(``, always,
			node(``, atMost("x", "10"), `<Regression functionName="classification" normalizationMethod="softmax">
				<RegressionTable targetCategory="b" intercept="0"><NumericPredictor name="z" coefficient="1"/></RegressionTable>
				<RegressionTable targetCategory="a" intercept="0"/></Regression>`),
			node(`score="c"`, above("x", "10"), counts("c", 1))))), []scored{
			{in: record{"x": 1, "z": 0.0}, want: record{"c": "a", "p_a": 0.5, "p_b": 0.5}},
			{in: record{"x": 1, "z": 100}, want: record{"c": "b", "p_b": 1.0}}, {in: record{"x": 11, "z": 5}, want: record{"c": "c", "p_c": 1.0}},
		}},
		{"TR-24 a DecisionTree in a node", document(classTree("", node(``, always,
			node(`id="low"`, atMost("x", "10"), `<DecisionTree functionName="classification">`+node(``, always,
				node(`score="b"`, atMost("z", "1"), counts("b", 3, "a", 1)),
				node(`score="a"`, atMost("z", "2"), `<DecisionTree functionName="classification">`+node(`score="c"`, atMost("n", "0"))+`</DecisionTree>`))+`</DecisionTree>`),
			node(`score="c"`, above("x", "10"), counts("c", 1))))), []scored{
			{in: record{"x": 1, "z": 0.0}, want: record{"c": "b", "p_a": 0.25, "p_b": 0.75, "conf": 0.75, "node": "low"}},
			{in: record{"x": 1, "z": 2, "n": 0}, want: record{"c": "c"}}, {in: record{"x": 1, "z": 2, "n": 1}, want: record{"c": "a"}},
			{in: record{"x": 1, "z": 5}, want: record{"c": nil, "node": nil}},
			{in: record{"x": 11, "z": 5}, want: record{"c": "c", "p_c": 1.0}},
		}},
		{"TR-26 x-mathContext float", document(numberTree(`x-mathContext="float"`, node(`score="0.1"`, always))),
			[]scored{{want: record{"y": float64(float32(0.1))}}}},
		{"TR-26 A4 a float field compares in 32 bits", document(numberTree("", node(``, always,
			node(`score="1"`, atMost("f", "0.1")), node(`score="2"`, above("f", "0.1"))))), []scored{
			{in: record{"f": 0.1}, want: record{"y": 1.0}}, {in: record{"f": 0.1000000001}, want: record{"y": 1.0}},
			{in: record{"f": 0.10000001}, want: record{"y": 2.0}}, {in: record{"f": "0.1000000001"}, want: record{"y": 1.0}},
		}},
		{"TR-28 the score of a regression with a target of text", document(`<TreeModel functionName="regression">{c}` + node(`score="1.5"`, always) + `</TreeModel>`), []scored{{want: record{"c": "1.5"}}}},
		{"TR-28 in an ensemble it stays a number", document(`<MiningModel functionName="regression">{c}<Segmentation multipleModelMethod="sum">` + strings.Repeat(`<Segment><True/><TreeModel functionName="regression">{c}`+node(`score="1.5"`, always)+`</TreeModel></Segment>`, 2) + `</Segmentation></MiningModel>`), []scored{{want: record{"c": "3.0"}}}},
		{"TR-27 deep trees", document(`<TreeModel functionName="classification">{c}` + deep + `</TreeModel>`), []scored{{want: record{"c": "a"}}}},
		{"D13 a category without score distribution has probability 0", document(classTree("", node(`score="c"`, always, counts("a", 1, "b", 1)))),
			[]scored{{want: record{"c": "c", "p_a": 0.5, "p_c": 0.0, "conf": 0.0}}}},
	}
}
