package function_test

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestTablesAnsweredElsewhere compares the tables that make sam-local got from the sample models in a container with the
// predictions of the frameworks that trained them.
func TestTablesAnsweredElsewhere(t *testing.T) {
	folder := os.Getenv("HANDOFF_ANSWERS")
	if folder == "" {
		t.Skip("skipped: HANDOFF_ANSWERS names no folder with answers; scripts/sam-local.sh makes one")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables in %s: %v", folder, err)
	}
	for _, file := range files {
		name := filepath.Base(file[:len(file)-len(".csv")])
		t.Run(name, func(t *testing.T) { compareTable(t, filepath.Join(samplesFolder, name), file) })
	}
}

func compareTable(t *testing.T, sample, file string) {
	t.Helper()
	var meta struct {
		ComparedColumns []string `json:"compared_columns"`
		RTol, ATol      float64
	}
	encoded, err := os.ReadFile(filepath.Join(sample, "meta.json"))
	if err == nil {
		err = json.Unmarshal(encoded, &meta)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, want := columns(t, file), columns(t, filepath.Join(sample, "expected.csv"))
	for _, name := range meta.ComparedColumns {
		if len(got[name]) != len(want[name]) {
			t.Errorf("column %s has %d cells, want %d", name, len(got[name]), len(want[name]))
			continue
		}
		for i, cell := range got[name] {
			if !near(cell, want[name][i], meta.RTol, meta.ATol) {
				t.Errorf("row %d, %s: %s, want %s", i+1, name, cell, want[name][i])
			}
		}
	}
}

func near(got, want string, rtol, atol float64) bool {
	g, errG := strconv.ParseFloat(got, 64)
	w, errW := strconv.ParseFloat(want, 64)
	if errG != nil || errW != nil {
		isBoolean := strings.EqualFold(want, "true") || strings.EqualFold(want, "false")
		return got == want || isBoolean && strings.EqualFold(got, want) || want == "NA" && got == ""
	}
	return math.Abs(g-w) <= max(atol, rtol*math.Abs(w))
}

func columns(t *testing.T, file string) map[string][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %v", file, len(rows), err)
	}
	all := map[string][]string{}
	for _, row := range rows[1:] {
		for i, name := range rows[0] {
			all[name] = append(all[name], row[i])
		}
	}
	return all
}
