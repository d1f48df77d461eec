package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
)

// maxVerifying is how long golden rows may take: a model that is slower than that could not be served, either.
const maxVerifying = 10 * time.Second

// A rowChecker holds a table of rows, golden.csv or baseline.csv, against a model.
type rowChecker struct {
	model     *evaluator.Model
	rows      Rows
	inputs    []inputColumn
	expected  []expectedColumn
	tolerance Tolerance
	now       func() time.Time

	row      int // number of the last row
	values   int // expected values that were not empty
	bad      int // rows that differ
	cells    int // cells that differ, or rows that could not be scored
	absolute float64
	relative float64
	first    *catalog.Rejection
}

// An expectedColumn is a column of results that rows must have.
type expectedColumn struct {
	cell   int // position in the row
	result int // position of Scorer.Value
	name   string
}

// newRowChecker finds out what each column is. The error is a *catalog.Rejection if one is neither an input nor a result.
func newRowChecker(m *evaluator.Model, rows Rows, t Tolerance, now func() time.Time) (*rowChecker, error) {
	c := &rowChecker{model: m, rows: rows, tolerance: t, now: now, inputs: inputColumns(m, rows.Columns)}
	for cell, name := range rows.Columns {
		if _, ok := inputOf(m, name); ok {
			continue
		}
		result, ok := m.Result(name)
		if !ok && !isGroup(m, name) {
			return nil, c.reject(1, 0, name, fmt.Sprintf("column %q is neither an input nor a result of the model%s", clip(name), suggest(name, c.known())))
		}
		if ok {
			c.expected = append(c.expected, expectedColumn{cell, result, name})
		}
	}
	return c, nil
}

// isGroup says whether a field collects records into groups: rows may name it, each is scored by itself.
func isGroup(m *evaluator.Model, name string) bool {
	for i := range m.Schema().Groups {
		if m.Schema().Groups[i].Name == name {
			return true
		}
	}
	return false
}

// known gives the names that columns may have.
func (c *rowChecker) known() []string {
	all := append([]string(nil), c.model.InputNames()...)
	for _, f := range c.model.Schema().Results() {
		all = append(all, f.Name)
	}
	return all
}

func (c *rowChecker) reject(line, row int, field, message string) *catalog.Rejection {
	at := c.rows.Source
	if line > 0 {
		at += ":" + strconv.Itoa(line)
	}
	return &catalog.Rejection{Code: codeOf(c.rows.Source), File: c.rows.Source, Line: line, Row: row, Field: clip(field), Message: at + ": " + message}
}

// shape reads the whole table without scoring it.
func (c *rowChecker) shape() error {
	for {
		if _, err := c.rows.Next(); err != nil {
			return endOf(err)
		}
	}
}

func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// score scores all rows and compares what is expected. The error is a *catalog.Rejection about the first row that
// differs, which says how many do.
func (c *rowChecker) score(ctx context.Context) error {
	if len(c.expected) == 0 {
		return c.reject(1, 0, "", "no column is a target or an output of the model: nothing is expected of the rows")
	}
	s := c.model.NewScorer()
	s.Strict() // as whoever serves the model
	start := c.now()
	for {
		cells, err := c.rows.Next()
		if err != nil {
			if err := endOf(err); err != nil {
				return err
			}
			return c.verdict()
		}
		c.row++
		if c.row%64 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if c.now().Sub(start) > maxVerifying {
				return c.reject(c.line(), c.row, "", fmt.Sprintf("row %d: the rows before it took more than %v", c.row, maxVerifying))
			}
		}
		c.compare(s, cells)
	}
}

// verdict is what all rows come to.
func (c *rowChecker) verdict() error {
	switch {
	case c.first != nil:
		c.first.Message += c.extent()
		return c.first
	case c.row == 0:
		return c.reject(1, 0, "", "the table has no rows")
	case c.values == 0:
		return c.reject(1, 0, c.expected[0].name, "no row expects a value: all cells of targets and outputs are empty")
	}
	return nil
}

// extent says how much differs in all.
func (c *rowChecker) extent() string {
	text := fmt.Sprintf("; %d of %s differ, in %s", c.bad, quantity(c.row, "row"), quantity(c.cells, "place"))
	if c.absolute > 0 {
		text += fmt.Sprintf("; the largest difference is %.3g", c.absolute)
		if c.relative > 0 {
			text += fmt.Sprintf(", relative %.3g", c.relative)
		}
	}
	return text
}

// compare scores one row. A row that expects nothing at all is right, too, if it cannot be scored: handoff score leaves
// the results of such rows empty.
func (c *rowChecker) compare(s *evaluator.Scorer, cells []string) {
	before := c.cells
	setRow(s, c.inputs, cells)
	err := s.Score()
	for _, e := range c.expected {
		want := cells[e.cell]
		if want != "" {
			c.values++
		}
		switch {
		case err != nil && want != "":
			field := ""
			var record evaluator.RecordError
			if errors.As(err, &record) {
				field = record.FieldName()
			}
			c.differs(field, want, "row %d cannot be scored: %v; %s is expected to be %s", c.row, err, e.name, quote(want))
		case err == nil:
			c.compareCell(e, s.Value(e.result), want)
		}
		if err != nil && c.cells > before {
			break
		}
	}
	if c.cells > before {
		c.bad++
	}
}

func (c *rowChecker) compareCell(e expectedColumn, got evaluator.Value, want string) {
	if c.agree(got, want) {
		return
	}
	text := "nothing"
	if !got.IsMissing() {
		text = quote(got.String())
	}
	c.differs(e.name, want, "row %d, %s is %s, expected %s", c.row, e.name, text, quote(want))
}

// line gives the line of the last row; 0 if it is in no file.
func (c *rowChecker) line() int {
	if c.rows.Line == nil {
		return 0
	}
	return c.rows.Line()
}

func quote(s string) string {
	if s == "" {
		return "nothing"
	}
	return strconv.Quote(clip(s))
}

func (c *rowChecker) differs(field, want, format string, args ...any) {
	c.cells++
	if c.first != nil {
		return
	}
	message := fmt.Sprintf(format, args...)
	c.first = c.reject(c.line(), c.row, field, message)
	c.first.Faults = []evaluator.Fault{{Path: field, Code: "golden", Message: message, Expected: clip(want)}}
}

// agree compares a result with a cell: numbers by the tolerance, anything else by its text. What is missing agrees with
// an empty cell only.
func (c *rowChecker) agree(got evaluator.Value, want string) bool {
	if nothing := isNothing(got); nothing || want == "" {
		return nothing && want == ""
	}
	if b, ok := got.Bool(); ok {
		return sameTruth(b, want)
	}
	x, ok := got.Float64()
	if !ok {
		return got.String() == want
	}
	y, err := strconv.ParseFloat(strings.TrimSpace(want), 64)
	if err != nil {
		return false
	}
	if c.tolerance.covers(x, y) {
		return true
	}
	if d := math.Abs(x - y); d > c.absolute && !math.IsInf(d, 0) {
		c.absolute = d
	}
	if d := math.Abs((x - y) / y); d > c.relative && !math.IsInf(d, 0) {
		c.relative = d
	}
	return false
}

// isNothing says whether a result is an empty cell in a table.
func isNothing(v evaluator.Value) bool {
	return v.IsMissing() || v.Kind() == evaluator.KindString && v.String() == ""
}

// sameTruth compares a truth with a text, however pandas, R or a spreadsheet writes it.
func sameTruth(got bool, want string) bool {
	switch strings.ToLower(want) {
	case "true", "1", "1.0":
		return got
	case "false", "0", "0.0":
		return !got
	}
	return false
}
