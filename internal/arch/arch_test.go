package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/handoff-pmml/handoff/"

// evaluatorArrows says what each package of the evaluator may import of the evaluator. A package that is not here has
// no place in the picture yet: whoever adds one decides where it stands.
var evaluatorArrows = map[string][]string{
	"evaluator/internal/diag":    {},
	"evaluator/internal/intern":  {},
	"evaluator/internal/value":   {"intern", "diag"},
	"evaluator/internal/enum":    {},
	"evaluator/internal/codec":   {"value"},
	"evaluator/internal/fn":      {"value", "diag"},
	"evaluator/internal/expr":    {"codec", "enum", "fn", "value", "diag"},
	"evaluator/internal/program": {"codec", "enum", "expr", "fn", "value", "diag"},
	"evaluator/internal/pmml":    {"intern", "value", "diag"},
	"evaluator/internal/check":   {"enum", "pmml", "expr", "fn", "value", "diag"},
	"evaluator":                  {"program", "codec", "enum", "expr", "fn", "value", "diag"},
	"evaluator/compile":          {"evaluator", "check", "pmml", "program", "codec", "enum", "expr", "fn", "value", "diag"},
}

// bans says what may not be reached from a package, at however many steps: the score function links no XML, and whoever
// scores or serves cannot read documents by accident. The validator of model.json would cost every cold start milliseconds.
var bans = []struct {
	from string
	bans []string
}{
	{"evaluator", []string{"encoding/xml", "net/http", "github.com/antchfx/", module + "evaluator/compile"}},
	{"functions/score", []string{"encoding/xml", "github.com/antchfx/", "github.com/santhosh-tekuri/", module + "evaluator/compile"}},
	{"functions/api", []string{"github.com/antchfx/", "github.com/santhosh-tekuri/", module + "evaluator/compile"}}, // AWS's SDK for S3 links encoding/xml
	{"internal/rest", []string{"encoding/xml", "github.com/antchfx/", module + "evaluator/compile", "github.com/aws/", "github.com/awslabs/"}},
}

// direct says what the packages under a folder may not import themselves.
var direct = []struct {
	under, except []string
	bans          []string
	why           string
}{
	{[]string{""}, []string{"internal/aws", "functions", "scripts/front", "scripts/e2e"}, []string{"github.com/aws/", "github.com/awslabs/"},
		"AWS is known to internal/aws and the functions only"},
	{[]string{""}, []string{"evaluator/internal/pmml"}, []string{"github.com/antchfx/"},
		"documents are read by evaluator/internal/pmml only"},
	{[]string{""}, []string{"internal/deploy/settings"}, []string{"github.com/santhosh-tekuri/"},
		"model.json is read by internal/deploy/settings only"},
	{[]string{"evaluator"}, nil, []string{module + "internal/", module + "cmd/", module + "functions/"},
		"the evaluator knows nothing of the service"},
	{[]string{"internal"}, []string{"internal/aws", "internal/local"}, []string{module + "internal/aws/", module + "internal/local/"},
		"the domain does not know its adapters"},
	{[]string{"internal", "functions"}, nil, []string{module + "cmd/", module + "functions/"},
		"nothing imports a command"},
}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Error      *struct{ Err string }
}

func TestArrowsInsideTheEvaluator(t *testing.T) {
	packages := list(t)
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		if name != "evaluator" && !strings.HasPrefix(name, "evaluator/") {
			continue
		}
		allowed, known := evaluatorArrows[name]
		if !known {
			if !strings.Contains(name, "/testdata/") && !isTestHelper(name) {
				t.Errorf("%s is not among the arrows of this test", name)
			}
			continue
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module+"evaluator") && !slices.Contains(allowed, path.Base(imported)) {
				t.Errorf("%s imports %s", name, strings.TrimPrefix(imported, module))
			}
		}
	}
}

// isTestHelper tells packages that only tests import: the plain evaluator that walks documents as the standard is
// written may know everything.
func isTestHelper(name string) bool {
	return name == "evaluator/internal/naive" || strings.HasSuffix(name, "test")
}

func TestThePublicEvaluatorImportsOnlyTheStandardLibrary(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath != module+"evaluator" {
			continue
		}
		for _, imported := range p.Imports {
			if strings.Contains(imported, ".") && !strings.HasPrefix(imported, module) {
				t.Errorf("evaluator imports %s", imported)
			}
		}
	}
}

func TestWhatMayNotBeReached(t *testing.T) {
	packages := list(t)
	for _, rule := range bans {
		at := slices.IndexFunc(packages, func(p listed) bool { return p.ImportPath == module+rule.from })
		if at < 0 {
			t.Errorf("there is no package %s", rule.from)
			continue
		}
		for _, dep := range packages[at].Deps {
			if banned(dep, rule.bans) {
				t.Errorf("%s reaches %s", rule.from, dep)
			}
		}
	}
}

func TestWhatMayNotBeImported(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, rule := range direct {
			if !under(name, rule.under) || under(name, rule.except) {
				continue
			}
			for _, imported := range p.Imports {
				if banned(imported, rule.bans) {
					t.Errorf("%s imports %s: %s", name, imported, rule.why)
				}
			}
		}
	}
}

// The service's packages know the evaluator by its public names. The compiler enforces that for packages outside the
// evaluator's folder; this test says so when the folder moves.
func TestOnlyTheEvaluatorSeesItsInside(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if under(name, []string{"evaluator"}) {
			continue
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module+"evaluator/internal/") {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
}

// banned tells whether a package is one of the bans; a ban that ends in a slash is a whole tree.
func banned(imported string, bans []string) bool {
	return slices.ContainsFunc(bans, func(ban string) bool {
		return imported == ban || strings.HasSuffix(ban, "/") && strings.HasPrefix(imported, ban)
	})
}

func under(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return folder == "" || name == folder || strings.HasPrefix(name, folder+"/")
	})
}

// list asks the go command for all packages of the module, as they are built for Lambda.
func list(t *testing.T) []listed {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("skipped: the go command is not in PATH")
	}
	cmd := exec.Command("go", "list", "-e", "-tags", "lambda.norpc", "-json=ImportPath,Imports,Deps,Error", "./...")
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	packages, err := decode(out)
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

func decode(out []byte) ([]listed, error) {
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("output of go list: %w", err)
		}
		packages = append(packages, p)
	}
}
