package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	own := &table{[]string{"y", "probability(a)", "only"}, [][]string{{"a", "0.5", "1"}, {"b", "0.25", "2"}, {"", "1e-9", "3"}}}
	tests := []struct {
		name  string
		other *table
		want  answers
	}{
		{"equal", &table{[]string{"probability(a)", "predicted_y"}, [][]string{{"0.5", "a"}, {"0.25", "b"}, {"0.000000001", ""}}}, answers{Columns: 2, Cells: 6}},
		{"other text", &table{[]string{"y"}, [][]string{{"a"}, {"c"}, {"1"}}}, answers{Columns: 1, Cells: 3, Different: 2}},
		{"other numbers", &table{[]string{"probability(a)"}, [][]string{{"0.5"}, {"0.2"}, {"0"}}}, answers{Columns: 1, Cells: 3, Largest: 0.2}},
		{"nothing in common", &table{[]string{"z"}, [][]string{{"a"}, {"b"}, {"c"}}}, answers{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := compare(own, test.other)
			if err != nil {
				t.Fatal(err)
			}
			got.Largest = math.Round(got.Largest*1e9) / 1e9
			if got != test.want {
				t.Errorf("compare = %+v, want %+v", got, test.want)
			}
		})
	}
	if _, err := compare(own, &table{[]string{"y"}, nil}); err == nil {
		t.Error("tables of different lengths compare without error")
	}
}

func TestReportFaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "figures.md")
	text := "# Figures\n\n| model | contender | p50 µs | rows per CPU-second | load |\n|---|---|--:|--:|--:|\n| slow | jpmml | 0.50 | 2,794,693 | 3 |\n| slow | other | 0.1 | x |\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := readFigures(path)
	if err != nil {
		t.Fatal(err)
	}
	r := report{Before: before, Models: []*measurement{
		{Name: "fast", Engines: map[string]*figures{
			"jpmml": {SingleP50: 1000, RowsPerCPU: 1e6}, "pmml4s": {SingleP50: 2000, RowsPerCPU: 3e6}, "handoff": {SingleP50: 100, RowsPerCPU: 9e6},
		}, Answers: map[string]answers{"jpmml": {Columns: 1, Cells: 3, Largest: 1e-7}}},
		{Name: "slow", Engines: map[string]*figures{
			"jpmml": {SingleP50: 1000, RowsPerCPU: 1e6}, "handoff": {SingleP50: 600, RowsPerCPU: 9e5},
		}, Answers: map[string]answers{"jpmml": {Columns: 1, Cells: 3, Different: 1}}, Failed: map[string]string{"pmml4s": "exit status 1"}},
	}}
	got := strings.Join(r.faults(), "\n")
	want := `slow: one record: 0.83 times as fast as the best peer measured before
slow: throughput: 0.90 times as fast as the best peer
slow: throughput: 0.32 times as fast as the best peer measured before
slow: other answers than JPMML: jpmml: 1 of 3 cells differ
slow: pmml4s could not be measured: exit status 1`
	if got != want {
		t.Errorf("faults:\n%s\nwant:\n%s", got, want)
	}
	for _, part := range []string{"| fast | 1.00 | 2.00 | 0.10 | 10.0 × |", "| slow | 1.00 (0.50) | – | 0.60 |", "| fast | 1,000,000 | 3,000,000 | 9,000,000 | 3.00 × |"} {
		if !strings.Contains(r.markdown(), part) {
			t.Errorf("no %q in\n%s", part, r.markdown())
		}
	}
}
