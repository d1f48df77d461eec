package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/table"
)

// TestSamples scores the sample models, from the document and from the compiled form, and compares with the
// predictions of the frameworks that trained them.
func TestSamples(t *testing.T) {
	folders, err := filepath.Glob("../../testdata/samples/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			document, compiled := filepath.Join(folder, "model.pmml"), filepath.Join(out, "model.bin")
			handoff(t, "check", document)
			handoff(t, "compile", "--model", document, "--output", compiled)
			for i, model := range []string{document, compiled} {
				handoff(t, "score", "--model", model, "--input", filepath.Join(folder, "input.csv"),
					"--output", filepath.Join(out, strconv.Itoa(i)+".csv"), "--missing", "NA,N/A")
			}
			first, second := readFile(t, filepath.Join(out, "0.csv")), readFile(t, filepath.Join(out, "1.csv"))
			if first != second {
				t.Error("the document and its compiled form give different results")
			}
			compareSample(t, folder, first)
		})
	}
}

// handoff runs the command, which must succeed.
func handoff(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("handoff", args...).CombinedOutput(); err != nil {
		t.Fatalf("handoff %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func compareSample(t *testing.T, folder, scored string) {
	var meta struct {
		Columns []string `json:"compared_columns"`
		Rtol    float64  `json:"rtol"`
		Atol    float64  `json:"atol"`
	}
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(folder, "meta.json"))), &meta); err != nil {
		t.Fatal(err)
	}
	want, got := byColumn(t, readFile(t, filepath.Join(folder, "expected.csv"))), byColumn(t, scored)
	for _, column := range meta.Columns {
		if len(want[column]) != len(got[column]) {
			t.Errorf("%s: %d results, want %d", column, len(got[column]), len(want[column]))
			continue
		}
		for row := range want[column] {
			if w, g := want[column][row], got[column][row]; !sameCell(w, g, meta.Rtol, meta.Atol) {
				t.Errorf("row %d, %s: got %s, want %s", row+1, column, g, w)
				break
			}
		}
	}
}

func byColumn(t *testing.T, text string) map[string][]string {
	t.Helper()
	r, err := table.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string][]string{}
	for {
		row, err := r.Read()
		if err != nil {
			return columns
		}
		for i, name := range r.Header() {
			columns[name] = append(columns[name], row[i])
		}
	}
}

func sameCell(want, got string, rtol, atol float64) bool {
	w, errW := strconv.ParseFloat(want, 64)
	g, errG := strconv.ParseFloat(got, 64)
	if errW != nil || errG != nil {
		return want == got || want == "NA" && got == "" || isTruth(want) && strings.EqualFold(want, got)
	}
	return math.Abs(w-g) <= max(atol, rtol*math.Abs(w))
}

func isTruth(text string) bool {
	return strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
}
