package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// table is a CSV file: a header and rows of its width.
type table struct {
	header []string
	rows   [][]string
}

func readTable(path string) (*table, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	return &table{rows[0], rows[1:]}, nil
}

// answers says how near two engines' results are.
type answers struct {
	Columns   int     `json:"columns"`   // that both have
	Cells     int     `json:"cells"`     // compared
	Different int     `json:"different"` // cells that are not both numbers and have different text
	Largest   float64 `json:"largest"`   // relative difference of two numbers
}

// Agreement is what float32 models may differ by, since engines round sums in different places.
const agreement = 1e-5

func (a answers) agree() bool { return a.Different == 0 && a.Largest <= agreement }

func compareWith(own *table, place string) (answers, error) {
	other, err := readTable(place)
	if err != nil {
		return answers{}, err
	}
	return compare(own, other)
}

// compare compares the columns that both tables have. PMML4S names an unnamed or unasked-for target predicted_NAME.
func compare(own, other *table) (answers, error) {
	if len(own.rows) != len(other.rows) {
		return answers{}, fmt.Errorf("%d answers, and %d of the peer", len(own.rows), len(other.rows))
	}
	var a answers
	for i, name := range own.header {
		j := slices.IndexFunc(other.header, func(n string) bool { return strings.TrimPrefix(n, "predicted_") == name || n == name })
		if j < 0 {
			continue
		}
		a.Columns++
		for row := range own.rows {
			a.add(own.rows[row][i], other.rows[row][j])
		}
	}
	return a, nil
}

func (a *answers) add(own, other string) {
	a.Cells++
	x, errX := strconv.ParseFloat(own, 64)
	y, errY := strconv.ParseFloat(other, 64)
	if errX == nil && errY == nil {
		a.Largest = max(a.Largest, difference(x, y))
	} else if !strings.EqualFold(own, other) {
		a.Different++
	}
}

// smallest is where a relative difference stops to mean anything: below it, it is relative to this.
const smallest = 1e-4

// difference returns the difference of two numbers relative to the larger.
func difference(x, y float64) float64 {
	if x == y || math.IsNaN(x) && math.IsNaN(y) {
		return 0
	}
	d := math.Abs(x-y) / max(math.Abs(x), math.Abs(y), smallest)
	if math.IsNaN(d) {
		return math.Inf(1)
	}
	return d
}
