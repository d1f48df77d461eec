package check_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// shared is the folder with real models, which users need not have.
func shared(t *testing.T) string {
	dir := os.Getenv("HANDOFF_SHARED")
	if dir == "" {
		dir = "../../../../shared"
	}
	if _, err := os.Stat(filepath.Join(dir, "corpus")); err != nil {
		t.Skipf("no corpus at %s: set HANDOFF_SHARED to the folder that has it", dir)
	}
	return dir
}

// TestCorpus checks that real documents whose models are all supported have no faults.
func TestCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the corpus is compiled by the tests of evaluator/compile")
	}
	dir := shared(t)
	var files []string
	for _, pattern := range []string{"cases/*/model.pmml*", "oracle/*/model.pmml*"} {
		found, _ := filepath.Glob(filepath.Join(dir, "corpus", pattern))
		files = append(files, found...)
	}
	good, refused, models := 0, 0, 0
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := pmml.Read(f, pmml.DefaultLimits())
		f.Close()
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		var faults diag.Collector
		out := check.Check(doc, check.Options{}, &faults, func(check.Model) { models++ })
		if out != nil {
			good++
			expectColumns(t, file, out)
			continue
		}
		located, _ := doc.Locate(&faults)
		if slices.ContainsFunc(located.List, unsupported) {
			refused++
			continue
		}
		t.Errorf("%s: %v", file, located)
	}
	t.Logf("%d documents with %d models are right, %d have elements that are not supported", good, models, refused)
}

// expectColumns checks that a model has the results that the corpus has for it.
func expectColumns(t *testing.T, model string, out *check.Document) {
	b, err := os.ReadFile(filepath.Join(filepath.Dir(model), "meta.json"))
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		Compared []string `json:"compared_columns"`
	}
	if err := json.Unmarshal(b, &meta); err != nil {
		t.Fatal(err)
	}
	results := map[string]bool{"_target": true}
	for _, slot := range out.Targets {
		results[out.Slots[slot].Name] = true
	}
	for _, o := range out.Results {
		results[o.Name] = true
	}
	unnamed := len(out.Targets) == 1 && out.Slots[out.Targets[0]].Name == ""
	for _, name := range meta.Compared {
		if !results[name] && !unnamed {
			t.Errorf("%s: there is no result %q", model, name)
		}
	}
}

func unsupported(f *diag.Fault) bool { return f.Code == diag.UnsupportedElement }
