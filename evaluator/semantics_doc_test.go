package evaluator_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSemanticsDocumented: each decision in docs/semantics.md is shown by the test that it names.
func TestSemanticsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "semantics.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string][]string{}
	for test, all := range map[string][]semantic{
		"TestTreeModel": trees(), "TestRegressionModel": regressions(), "TestMiningModel": minings(), "TestPredicates": predicates(),
		"TestInputs": inputsTreated(), "TestExpressions": expressions(), "TestScopes": scopes(), "TestResults": results(), "TestClusteringModel": clusterings(),
		"TestScorecard":        scorecards(),
		"TestAssociationModel": associations(),
	} {
		for _, s := range all {
			shown[test] = append(shown[test], strings.Fields(s.id)...)
		}
	}
	for _, v := range verifications() {
		shown["TestModelVerification"] = append(shown["TestModelVerification"], strings.Fields(v.id)...)
	}
	for _, g := range transactions() {
		shown["TestTransactions"] = append(shown["TestTransactions"], strings.Fields(g.id)...)
	}
	rows := regexp.MustCompile(`(?m)^\| ([A-Z][A-Z0-9-]*) \|.*\| (Test\w+) \|$`).FindAllStringSubmatch(string(text), -1)
	if len(rows) < 80 {
		t.Fatalf("%d decisions are found, are they written differently now?", len(rows))
	}
	for _, row := range rows {
		if !slices.Contains(shown[row[2]], row[1]) {
			t.Errorf("%s is not shown by %s", row[1], row[2])
		}
	}
}
