package diag_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/faults.md")

const page = "../../../docs/faults.md"

// TestFaultsPage keeps docs/faults.md as the constants say: every code with its rule.
func TestFaultsPage(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Fault codes\n\nWhat `handoff check` and the API say about a document, each with its line and XPath. " +
		"Codes are stable. (Generated from the constants: `make golden`.)\n\n| code | rule |\n|---|---|\n")
	seen := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		code := strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)
		rule := strings.TrimSpace(spec.Comment.Text())
		if rule == "" {
			t.Errorf("code %s has no rule beside it", code)
		}
		if seen[code] {
			t.Errorf("code %s stands twice", code)
		}
		seen[code] = true
		fmt.Fprintf(&b, "| `%s` | %s |\n", code, rule)
		return true
	})
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Error("docs/faults.md is not what the constants say: make golden")
	}
}
