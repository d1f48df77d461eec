package compile_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

var update = flag.Bool("update", false, "write testdata/golden/*.golden as they are now")

func goldens(t *testing.T) []string {
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*.pmml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	return files
}

// TestGolden compares what documents become with listings that were read by a person. To accept new ones:
// go test ./evaluator/compile -run Golden -update, then read the difference.
func TestGolden(t *testing.T) {
	for _, file := range goldens(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".pmml"), func(t *testing.T) {
			document, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compiled, err := compile.Compile(bytes.NewReader(document), compile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			m, err := evaluator.Open(compiled)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := m.Dump(&got); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".pmml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s became\n%s\nwant\n%s", file, got.Bytes(), want)
			}
		})
	}
}

// TestCompileIsStable: the same document gives the same bytes, or a deployment that changes nothing would change a
// function.
func TestCompileIsStable(t *testing.T) {
	for _, file := range goldens(t) {
		document, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, err := compile.Compile(bytes.NewReader(document), compile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			again, err := compile.Compile(bytes.NewReader(document), compile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first, again) {
				t.Errorf("%s: compiled twice, two forms", file)
			}
		}
	}
}

// TestPhases: no phase has forgotten a model type. Each that checking accepts is lowered and, in the compiled form, is
// there again; and there is a golden document of it.
func TestPhases(t *testing.T) {
	listed := map[string]bool{}
	for _, file := range goldens(t) {
		document, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := pmml.Read(bytes.NewReader(document), pmml.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		listing, err := os.ReadFile(strings.TrimSuffix(file, ".pmml") + ".golden")
		if err != nil {
			t.Fatal(err)
		}
		var found diag.Collector
		check.Check(doc, check.Options{}, &found, func(m check.Model) {
			if !compile.Lowers(m) {
				t.Errorf("%s: %T is not lowered", file, m)
			}
			element := m.Common().Element
			if strings.Contains(string(listing), " "+element) {
				listed[element] = true
			}
		})
	}
	for _, element := range check.Elements() {
		if !listed[element] {
			t.Errorf("%s is checked, but no golden listing has it", element)
		}
	}
}
