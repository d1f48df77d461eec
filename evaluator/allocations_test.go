package evaluator_test

import (
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
)

// TestNoAllocations: a warm scorer allocates nothing for a record, whatever the model, whether its inputs come by
// position or by name, and when its results are read.
func TestNoAllocations(t *testing.T) {
	golden := golf(`missingValueStrategy="defaultChild" missingValuePenalty="0.5"`)
	for _, c := range []struct {
		name, document string
		record         record
	}{
		{"tree", question(""), record{"x": 5.0}},
		{"tree with a missing value", question(`missingValueStrategy="lastPrediction"`), record{}},
		{"tree with a penalty", golden, record{"s": "sunny"}},
		{"tree on texts", golf(""), record{"s": "sunny", "x": 4.0}},
		{"tree with a regression in a node", document(numberTree("", node(``, always, `<Regression functionName="regression">`+table(`intercept="1"`, numeric("z", 2))+`</Regression>`))), record{"z": 1.0}},
		{"regression", document(linear("", numeric("x", 2), indicator("s", "p", 1), term(1, "x", "z"))), record{"x": 1.0, "z": 2.0, "s": "p"}},
		{"classification", document(classes(`normalizationMethod="softmax"`, of("a", 0, 1), of("b", 1, 0), of("c", 0, -1))), record{"x": 1.0}},
		{"forest", document(ensemble("classification", "average", "", "", all(sure("a", 3, "b", 1)), all(sure("b", 1, "c", 1)))), record{"x": 1.0}},
		{"forest of votes", document(ensemble("classification", "majorityVote", "", "", all(vote("a")), all(vote("b")))), record{"x": 1.0}},
		{"boosted", document(ensemble("regression", "sum", "", "", all(number(1)), all(number(2)))), record{"x": 1.0}},
		{"segments that do not fire", document(ensemble("regression", "weightedMedian", "", "", when(above("z", "0"), number(1)), all(number(2)), all(linearMember(1, "x", 1)))), record{"x": 1.0}},
		{"median of probabilities", document(ensemble("classification", "median", "", "", all(sure("a", 3, "b", 1)), all(sure("b", 1, "c", 1)), when(always, vote("c")))), record{"x": 1.0}},
		{"chain", document(ensemble("classification", "modelChain", "", "", all(strings.Replace(linearMember(0, "x", 0.5), "{}", "{}"+outputs(output("half", "predictedValue", "")), 1)),
			all(`<RegressionModel functionName="classification" normalizationMethod="logit">{c}`+strings.ReplaceAll(of("b", 0, 1)+of("a", 0, 0), `name="x"`, `name="half"`)+`</RegressionModel>`))), record{"x": 1.0}},
		{"nested", document(ensemble("regression", "sum", "", "", all(`<MiningModel functionName="regression">{}<Segmentation multipleModelMethod="selectFirst">`+when(above("z", "0"), number(1))+all(number(2))+`</Segmentation></MiningModel>`), all(number(2)))), record{"x": 1.0}},
		{"scorecard", document(card(`initialScore="1"`, aspect(`reasonCode="S" baselineScore="12"`, scores(3, atMost("x", "0")), scores(6, above("x", "0"))), given("z", "Z", "2"), given("n", "N", "9"), given("f", "Z", "1"))), record{"x": 1.0, "z": 2.0, "n": 4.0, "f": 3.0}},
		{"derived fields", derives("string", apply("if", apply("and", apply("greaterThan", field("x"), constant("0")), apply("isNotMissing", field("s"))), field("s"), constant("none"))), record{"x": 1.0, "s": "p"}},
		{"outputs of text", document(`<TreeModel functionName="classification">{c}` + outputs(gets("shown", "string", `feature="predictedDisplayValue"`), gets("id", "string", `feature="entityId"`), gets("res", "double", `feature="residual"`)) +
			node(`id="root" score="a"`, always, counts("a", 1, "b", 1)) + `</TreeModel>`), record{"x": 1.0, "c": "a"}},
		{"treated inputs", echo(`<Value value="-1" property="missing"/><Interval closure="closedClosed" leftMargin="0" rightMargin="10"/>`, `outliers="asExtremeValues" highValue="5" missingValueReplacement="3" invalidValueTreatment="asMissing"`), record{"x": "11"}},
		{"association rules", associated(transaction, outputs(`<OutputField name="rule" optype="categorical" dataType="string" feature="rule"/>`, `<OutputField name="id" optype="continuous" dataType="integer" feature="ruleId" rankBasis="lift"/>`)+abc+itemsets+four), record{"item": "a"}},
		{"clusters", two("distance", "euclidean", "", ""), record{"x": 1.0}},
		{"clusters of bits", bits("jaccard"), record{"x": 1.0, "z": 0.0, "n": 1}},
		{"clusters compared by tables", tabled(rowsOf("any", "0 5", "7 1")), record{"m": 1, "x": 2.0}},
		{"distributions", clusterDistributions()[0].document, record{"x": 1.0, "z": 2.0}},
		{"distributions where a value is missing", clusterDistributions()[2].document, record{"x": 1.0, "f": 2.0}},
		{"distributions with shares", clusterDistributions()[3].document, record{"x": 1.0, "m": 2}},
		{"inputs of text that are numbers", document(linear("", numeric("x", 2))), record{"x": "1.5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, c.document).NewScorer()
			byName := func() {
				if err := s.ScoreMap(c.record); err != nil {
					t.Fatal(err)
				}
				read(s)
			}
			byName()
			if n := testing.AllocsPerRun(50, byName); n != 0 {
				t.Errorf("%g allocations for a record by name", n)
			}
			positions, values := []int{}, []evaluator.Value{}
			for name, v := range c.record {
				if i, ok := s.Model().Input(name); ok {
					positions, values = append(positions, i), append(values, evaluator.ValueOf(v))
				}
			}
			byPosition := func() {
				s.Clear()
				for i, at := range positions {
					s.Set(at, values[i])
				}
				if err := s.Score(); err != nil {
					t.Fatal(err)
				}
				read(s)
			}
			if n := testing.AllocsPerRun(50, byPosition); n != 0 {
				t.Errorf("%g allocations for a record by position", n)
			}
		})
	}
}

var text [64]byte

// read reads all results.
func read(s *evaluator.Scorer) {
	for i := range s.Model().Schema().Targets {
		s.Value(i).AppendText(text[:0])
	}
	for i := range s.Model().Schema().Outputs {
		s.Value(len(s.Model().Schema().Targets) + i).AppendText(text[:0])
	}
}
