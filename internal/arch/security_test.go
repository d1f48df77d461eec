package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityDocumented checks that every test that docs/security.md names is in the package that it names.
func TestSecurityDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`((?:evaluator|internal|cmd)[a-z/]*): ((?:(?:Test|Fuzz)\w+(?:, )?)+)`).FindAllStringSubmatch(string(page), -1)
	if len(named) < 20 {
		t.Fatalf("only %d packages are named", len(named))
	}
	for _, n := range named {
		files, err := filepath.Glob(filepath.Join("../..", n[1], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var source strings.Builder
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(b)
		}
		for _, test := range strings.Split(strings.TrimSuffix(n[2], ", "), ", ") {
			if !strings.Contains(source.String(), "func "+test+"(") {
				t.Errorf("%s has no %s", n[1], test)
			}
		}
	}
}
