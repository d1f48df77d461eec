package compile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
)

// FuzzCompile holds the contract of Compile: whatever the bytes, located faults or a model; and a model scores any record
// without a panic, in time, and twice the same. The seeds hold every expression, predicate and function.
func FuzzCompile(f *testing.F) {
	models, err := filepath.Glob(filepath.Join("..", "..", "testdata", "edges", "*", "model.pmml"))
	if err != nil || len(models) == 0 {
		f.Fatal("no seeds", err)
	}
	golden, err := filepath.Glob(filepath.Join("testdata", "golden", "*.pmml"))
	if err != nil {
		f.Fatal(err)
	}
	models = append(models, golden...)
	for _, path := range models {
		document, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		begun := time.Now()
		compiled, err := compile.Compile(bytes.NewReader(document), compile.Options{})
		if err != nil {
			located(t, err)
			return
		}
		m, err := evaluator.Open(compiled)
		if err != nil {
			t.Fatal(err)
		}
		m.Verify()
		a, b := m.NewScorer(), m.NewScorer()
		for _, text := range []string{"", "0", "-1.5", "a", "true", "1e308", "2001-01-31", "a b c a b"} {
			if x, y := answer(a, text), answer(b, text); x != y {
				t.Fatalf("%q gives %s, then %s", text, x, y)
			}
		}
		if took := time.Since(begun); took > 20*time.Second { // a hang, not a slow machine
			t.Fatalf("took %v", took)
		}
	})
}

// located fails unless err is faults of which each says where and what it is.
func located(t *testing.T, err error) {
	var faults *evaluator.Faults
	if !errors.As(err, &faults) || len(faults.List) == 0 {
		t.Fatalf("no faults: %v", err)
	}
	for _, f := range faults.List {
		if f.Line < 1 || f.Path == "" || f.Code == "" || f.Message == "" {
			t.Fatalf("a fault without its place or rule: %+v", f)
		}
	}
}

// answer gives all results for a record whose every input is the given text.
func answer(s *evaluator.Scorer, text string) string {
	s.Clear()
	for i := range s.Model().InputNames() {
		s.Set(i, evaluator.Text(text))
	}
	if err := s.Score(); err != nil {
		return err.Error()
	}
	var out []byte
	for i := range s.Model().Schema().Results() {
		out = append(s.Value(i).AppendText(out), ';')
	}
	return string(out)
}
