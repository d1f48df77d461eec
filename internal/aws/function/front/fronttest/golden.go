// Package fronttest compares answers of functions with golden files.
package fronttest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/function/front"
)

// Golden compares an answer, as front.Readable shows it, with testdata/NAME.json, or writes that file if update is set.
func Golden(t *testing.T, name string, answer []byte, update bool) {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	got, err := front.Readable(answer)
	if err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	if update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: the answer is\n%swant\n%s", name, got, want)
	}
}
