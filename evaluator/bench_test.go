package evaluator_test

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
)

// benchmarked are the models of shared/perf that can be scored.
var benchmarked = []string{"a_iris_tree", "b_logreg30", "c_rf500", "d_xgb1000", "e_lgb500", "j_pipeline"}

// performance finds a benchmark model and its records; they lie beside a development checkout.
func performance(t testing.TB, name string) (*evaluator.Model, []map[string]any) {
	root := os.Getenv("HANDOFF_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	dir := filepath.Join(root, "perf", "models", name)
	file, err := os.Open(filepath.Join(dir, "model.pmml.gz"))
	if err != nil {
		t.Skipf("skipped: perf/models/%s is absent (set HANDOFF_SHARED)", name)
	}
	defer file.Close()
	document, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := compile.Compile(document, compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := evaluator.Open(compiled)
	if err != nil {
		t.Fatal(err)
	}
	return m, records(t, m, filepath.Join(dir, "input.csv"))
}

// records reads rows as a caller of the library has them: numbers for numeric inputs, text for the others, no entry for
// an empty cell.
func records(t testing.TB, m *evaluator.Model, path string) []map[string]any {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, f := range m.Schema().Inputs {
		types[f.Name] = f.DataType
	}
	var all []map[string]any
	for _, row := range rows[1:] {
		record := map[string]any{}
		for i, cell := range row {
			name := rows[0][i]
			switch x, err := strconv.ParseFloat(cell, 64); {
			case cell == "":
			case err == nil && types[name] != "string":
				record[name] = x
			default:
				record[name] = cell
			}
		}
		all = append(all, record)
	}
	return all
}

// BenchmarkScore measures the way of a record given by name to its results.
func BenchmarkScore(b *testing.B) {
	for _, name := range benchmarked {
		b.Run(name, func(b *testing.B) {
			m, rows := performance(b, name)
			s := m.NewScorer()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := s.ScoreMap(rows[i%len(rows)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
