package infra

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestVariables: the functions' environments have the variables that the code reads, and no others.
func TestVariables(t *testing.T) {
	for _, c := range []struct {
		template  string
		functions []string
		folders   []string
	}{
		{"template.yaml", []string{"ApiFunction", "DeployFunction"}, []string{"internal/aws/stack", "functions/api", "functions/deploy"}},
		{"infra/score.yaml", []string{"ScoreFunction"}, []string{"internal/aws/function", "functions/score"}},
	} {
		set := map[string]bool{}
		template := read(t, c.template)
		for _, id := range c.functions {
			for name := range child(template.Resources[id].Properties, "Environment", "Variables") {
				set[name] = true
			}
		}
		wanted := variables(t, c.folders)
		if got := slices.Sorted(maps.Keys(set)); !slices.Equal(got, wanted) {
			t.Errorf("%s sets %q; %s read %q", c.template, got, c.folders, wanted)
		}
	}
}

// variables gives the names of our variables among the texts in the code of some folders.
func variables(t *testing.T, folders []string) []string {
	t.Helper()
	isName := regexp.MustCompile(`^HANDOFF_[A-Z_]+$`)
	var names []string
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no code (%v)", folder, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					if s, err := strconv.Unquote(literal.Value); err == nil && isName.MatchString(s) {
						names = append(names, s)
					}
				}
				return true
			})
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
