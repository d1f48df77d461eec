package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy/words"
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
	at       place
	records  int // rows, or groups of them
	values   int // expected values that were not empty
	bad      int // records that differ
	cells    int // cells that differ, or rows that could not be scored
	absolute float64
	relative float64
	first    *catalog.Rejection
}

// A place is where a row stands.
type place struct{ row, line int }

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
		if _, group := m.Group(name); !ok && !group {
			return nil, c.reject(1, 0, name, fmt.Sprintf("column %q is neither an input nor a result of the model%s", words.Clip(name), words.Suggest(name, c.known())))
		}
		if ok {
			c.expected = append(c.expected, expectedColumn{cell, result, name})
		}
	}
	return c, nil
}

// known gives the names that columns may have.
func (c *rowChecker) known() []string {
	all := append([]string(nil), c.model.InputNames()...)
	for _, f := range slices.Concat(c.model.Schema().Groups, c.model.Schema().Results()) {
		all = append(all, f.Name)
	}
	return all
}

func (c *rowChecker) reject(line, row int, field, message string) *catalog.Rejection {
	at := c.rows.Source
	if line > 0 {
		at += ":" + strconv.Itoa(line)
	}
	return &catalog.Rejection{Code: codeOf(c.rows.Source), File: c.rows.Source, Line: line, Row: row, Field: words.Clip(field), Message: at + ": " + message}
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
	if c.model.Collects() {
		return c.scoreGroups(ctx, s)
	}
	start := c.now()
	for {
		cells, err := c.next(ctx)
		if err != nil {
			if err := endOf(err); err != nil {
				return err
			}
			return c.verdict()
		}
		if err := c.inTime(start); err != nil {
			return err
		}
		setRow(s, c.inputs, cells)
		c.compare(s, []expectation{c.expectation(cells)})
	}
}

// next reads a row.
func (c *rowChecker) next(ctx context.Context) ([]string, error) {
	cells, err := c.rows.Next()
	if err != nil {
		return nil, err
	}
	c.row++
	c.at = place{row: c.row}
	if c.rows.Line != nil {
		c.at.line = c.rows.Line()
	}
	if c.row%64 == 0 {
		return cells, ctx.Err()
	}
	return cells, nil
}

// inTime says whether scoring has not taken too long.
func (c *rowChecker) inTime(start time.Time) error {
	if c.records%64 == 63 && c.now().Sub(start) > maxVerifying {
		return c.reject(c.at.line, c.at.row, "", fmt.Sprintf("row %d: the rows before it took more than %v", c.at.row, maxVerifying))
	}
	return nil
}

// An expectation is what a row says about results.
type expectation struct {
	at   place
	want []string // by expected column
}

func (c *rowChecker) expectation(cells []string) expectation {
	e := expectation{at: c.at, want: make([]string, len(c.expected))}
	for i, column := range c.expected {
		e.want[i] = cells[column.cell]
	}
	return e
}

// scoreGroups scores rows that make up baskets: those that agree in the group fields are one record, and what any of
// them expects is expected of it.
func (c *rowChecker) scoreGroups(ctx context.Context, s *evaluator.Scorer) error {
	g, err := collect(c.model, c.rows.Columns, func() ([]string, place, error) {
		cells, err := c.next(ctx)
		return cells, c.at, err
	})
	if err != nil {
		return err
	}
	start := c.now()
	for group := range g.Len() {
		members := make([]expectation, len(g.rows[group]))
		for i, row := range g.rows[group] {
			c.at = row.at
			members[i] = c.expectation(row.cells)
		}
		c.at = members[0].at
		if err := c.inTime(start); err != nil {
			return err
		}
		g.Give(group, s)
		c.compare(s, members)
	}
	return c.verdict()
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
	unit := "row"
	if c.model.Collects() {
		unit = "group"
	}
	text := fmt.Sprintf("; %d of %s differ, in %s", c.bad, words.Quantity(c.records, unit), words.Quantity(c.cells, "place"))
	if c.absolute > 0 {
		text += fmt.Sprintf("; the largest difference is %.3g", c.absolute)
		if c.relative > 0 {
			text += fmt.Sprintf(", relative %.3g", c.relative)
		}
	}
	return text
}

// compare scores one record. One of which nothing at all is expected is right, too, if it cannot be scored: handoff
// score leaves the results of such rows empty.
func (c *rowChecker) compare(s *evaluator.Scorer, members []expectation) {
	c.records++
	before := c.cells
	err := s.Score()
	for i, e := range c.expected {
		said := false
		for _, m := range members {
			want := m.want[i]
			if want == "" {
				continue
			}
			said = true
			c.values++
			c.at = m.at
			if err == nil {
				c.compareCell(e, s.Value(e.result), want)
			} else if c.cells == before {
				c.cannotScore(e, err, want)
			}
		}
		if !said && err == nil {
			c.at = members[0].at
			c.compareCell(e, s.Value(e.result), "")
		}
	}
	if c.cells > before {
		c.bad++
	}
}

func (c *rowChecker) cannotScore(e expectedColumn, err error, want string) {
	field := ""
	if record := (evaluator.RecordError)(nil); errors.As(err, &record) {
		field = record.FieldName()
	}
	c.differs(field, want, "row %d cannot be scored: %v; %s is expected to be %s", c.at.row, err, words.Clip(e.name), quote(want))
}

func (c *rowChecker) compareCell(e expectedColumn, got evaluator.Value, want string) {
	if c.agree(got, want) {
		return
	}
	text := "nothing"
	if !got.IsMissing() {
		text = quote(got.String())
	}
	c.differs(e.name, want, "row %d, %s is %s, expected %s", c.at.row, words.Clip(e.name), text, quote(want))
}

func quote(s string) string {
	if s == "" {
		return "nothing"
	}
	return strconv.Quote(words.Clip(s))
}

func (c *rowChecker) differs(field, want, format string, args ...any) {
	c.cells++
	if c.first != nil {
		return
	}
	message := fmt.Sprintf(format, args...)
	c.first = c.reject(c.at.line, c.at.row, field, message)
	c.first.Faults = []evaluator.Fault{{Path: field, Code: "golden", Message: message, Expected: words.Clip(want)}}
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
