package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A call is one request, ready to be sent, and what is known of its answer.
type call struct {
	kind string // single, batch or csv
	path string
	raw  []byte
	want []byte    // the answer; nil: that of a numbered model
	of   *numbered // nil: a sample
	xs   []int
}

var kinds = map[string]struct{ path, contentType string }{
	"single": {"", "application/json"},
	"batch":  {"/batch", "application/json"},
	"csv":    {"/csv", "text/csv"},
}

func newCall(addr, id, kind string, body []byte) *call {
	k := kinds[kind]
	c := &call{kind: kind, path: "/model/" + id + k.path}
	c.raw = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		c.path, addr, k.contentType, len(body), body)
	return c
}

// check says what is wrong with an answer to a request that had that floor.
func (c *call) check(status int, body []byte, floor int) error {
	if c.of == nil {
		if status != http.StatusOK || !bytes.Equal(body, c.want) {
			return fmt.Errorf("%s: status %d: %.300s", c.path, status, body)
		}
		return nil
	}
	n, err := told(status, body, c.kind, c.xs)
	if err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	return c.of.allows(n, floor)
}

// numberedCalls gives calls of one kind for a numbered model.
func numberedCalls(addr string, m *numbered, kind string) (calls []*call) {
	for i := range 8 {
		var xs []int
		switch kind {
		case "single":
			xs = []int{i * 101}
		default:
			for x := range 16 {
				xs = append(xs, i*101+x)
			}
		}
		c := newCall(addr, m.id, kind, numberedBody(kind, xs))
		c.of, c.xs = m, xs
		calls = append(calls, c)
	}
	return calls
}

func numberedBody(kind string, xs []int) []byte {
	var records []string
	for _, x := range xs {
		if kind == "csv" {
			records = append(records, strconv.Itoa(x))
		} else {
			records = append(records, fmt.Sprintf(`{"arguments":{"x":%d}}`, x))
		}
	}
	switch kind {
	case "single":
		return []byte(records[0])
	case "batch":
		return []byte(`{"requests":[` + strings.Join(records, ",") + `]}`)
	}
	return []byte("x\n" + strings.Join(records, "\n") + "\n")
}

// A sample is a model with records and what its framework says of them.
type sample struct {
	id              string
	input, expected [][]string // the first row: names
	meta            struct {
		Columns []string `json:"compared_columns"`
		Rtol    float64  `json:"rtol"`
		Atol    float64  `json:"atol"`
	}
}

func readSamples(dir string) (samples []*sample, err error) {
	folders, err := filepath.Glob(filepath.Join(dir, "*", "model.pmml"))
	if err == nil && len(folders) == 0 {
		err = fmt.Errorf("%s has no models", dir)
	}
	for _, name := range folders {
		folder := filepath.Dir(name)
		s := &sample{id: filepath.Base(folder)}
		if s.input, err = readTable(filepath.Join(folder, "input.csv")); err != nil {
			return nil, err
		}
		if s.expected, err = readTable(filepath.Join(folder, "expected.csv")); err != nil {
			return nil, err
		}
		meta, err := os.ReadFile(filepath.Join(folder, "meta.json"))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(meta, &s.meta); err != nil {
			return nil, err
		}
		samples = append(samples, s)
	}
	return samples, err
}

func readTable(name string) ([][]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return csv.NewReader(f).ReadAll()
}

const batchRows = 16

// calls gives calls of one kind, with the rows that each scores, from 1.
func (s *sample) calls(addr, kind string) (calls []*call, rows [][]int) {
	all := make([]int, min(batchRows, len(s.input)-1))
	for i := range all {
		all[i] = i + 1
	}
	rows = [][]int{all}
	if kind == "single" {
		rows = nil
		for _, row := range all {
			rows = append(rows, []int{row})
		}
	}
	for _, some := range rows {
		calls = append(calls, newCall(addr, s.id, kind, s.body(kind, some)))
	}
	return calls, rows
}

func (s *sample) body(kind string, rows []int) []byte {
	var records []string
	for _, row := range rows {
		records = append(records, s.record(row))
	}
	switch kind {
	case "single":
		return []byte(records[0])
	case "batch":
		return []byte(`{"requests":[` + strings.Join(records, ",") + `]}`)
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(s.input[0]) //nolint:errcheck // into memory
	for _, row := range rows {
		cells := slices.Clone(s.input[row])
		for i, text := range cells {
			if isMissing(text) {
				cells[i] = ""
			}
		}
		w.Write(cells) //nolint:errcheck // into memory
	}
	w.Flush()
	return b.Bytes()
}

// record is a row as JSON, without what is missing.
func (s *sample) record(row int) string {
	var members []string
	for i, text := range s.input[row] {
		if isMissing(text) {
			continue
		}
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			text = strconv.Quote(text)
		}
		members = append(members, strconv.Quote(s.input[0][i])+":"+text)
	}
	return `{"arguments":{` + strings.Join(members, ",") + `}}`
}

func isMissing(text string) bool { return text == "" || text == "NA" || text == "N/A" }

// compare holds an answer against what the framework says.
func (s *sample) compare(kind string, body []byte, rows []int) error {
	results, err := resultsOf(kind, body)
	if err != nil || len(results) != len(rows) {
		return fmt.Errorf("%s: %d results instead of %d: %w: %.300s", s.id, len(results), len(rows), err, body)
	}
	for i, row := range rows {
		for column, name := range s.expected[0] {
			want, got := s.expected[row][column], results[i][name]
			if s.compares(name) && !same(want, got, s.meta.Rtol, s.meta.Atol) {
				return fmt.Errorf("%s, row %d: %s is %q, want %q", s.id, row, name, got, want)
			}
		}
	}
	return nil
}

func (s *sample) compares(name string) bool {
	return slices.Contains(s.meta.Columns, name)
}

// resultsOf reads the results of an answer as texts.
func resultsOf(kind string, body []byte) ([]map[string]string, error) {
	if kind == "csv" {
		return rowsOf(body)
	}
	type one struct{ Results map[string]any }
	var answer struct {
		one
		Responses []one
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return nil, err
	}
	if kind == "single" {
		answer.Responses = []one{answer.one}
	}
	var results []map[string]string
	for _, r := range answer.Responses {
		texts := map[string]string{}
		for name, value := range r.Results {
			texts[name] = fmt.Sprint(value)
		}
		results = append(results, texts)
	}
	return results, nil
}

func rowsOf(body []byte) (results []map[string]string, err error) {
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	for _, row := range rows[1:] {
		texts := map[string]string{}
		for i, text := range row {
			texts[rows[0][i]] = text
		}
		results = append(results, texts)
	}
	return results, nil
}

func same(want, got string, rtol, atol float64) bool {
	w, errW := strconv.ParseFloat(want, 64)
	g, errG := strconv.ParseFloat(got, 64)
	if errW != nil || errG != nil {
		return strings.EqualFold(want, got)
	}
	return math.Abs(w-g) <= max(atol, rtol*math.Abs(w))
}
