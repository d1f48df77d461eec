package deploy

import (
	"errors"
	"fmt"
	"io"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy/words"
	"github.com/handoff-pmml/handoff/internal/table"
)

const (
	// maxRows is how many rows golden.csv and baseline.csv may have.
	maxRows = 100_000
	// maxSidecar is the greatest size of golden.csv and baseline.csv in bytes.
	maxSidecar = 64 << 20
)

// Rows are records to be scored by two models and compared.
type Rows struct {
	Source  string   // where they are from, such as "golden.csv"
	Columns []string // names of inputs, and of whatever else the source has
	// Next gives the cells of the next row, as written; empty ones are missing. They are valid until the next call. The
	// error is io.EOF after the last row.
	Next func() ([]string, error)
	Line func() int // on which the last row begins; nil: the rows are in no file
}

// TableRows gives the rows of a CSV table. The error, also that of Rows.Next, is a *catalog.Rejection if the text is wrong.
func TableRows(source string, r io.Reader) (Rows, error) {
	t, err := table.NewReader(r)
	if err != nil {
		return Rows{}, badTable(source, 0, err)
	}
	n := 0
	return Rows{Source: source, Columns: t.Header(), Line: t.Line, Next: func() ([]string, error) {
		cells, err := t.Read()
		if errors.Is(err, io.EOF) {
			return nil, err
		}
		n++
		if err != nil {
			return nil, badTable(source, n, err)
		}
		if n > maxRows {
			return nil, &catalog.Rejection{Code: codeOf(source), File: source, Line: t.Line(), Row: n,
				Message: fmt.Sprintf("%s:%d: the table has more than %d rows", source, t.Line(), maxRows)}
		}
		return cells, nil
	}}, nil
}

// codeOf gives the code of rejections that are about a sidecar.
func codeOf(source string) string {
	if source == BaselineName {
		return "baseline"
	}
	return "golden"
}

// badTable makes a rejection of an error of the table's text. Any other stays as it is.
func badTable(source string, row int, err error) error {
	var bad *table.Error
	if !errors.As(err, &bad) {
		return err
	}
	return &catalog.Rejection{Code: codeOf(source), File: source, Line: bad.Line, Row: row, Field: words.Clip(bad.Column),
		Message: fmt.Sprintf("%s:%d: %v", source, bad.Line, bad)}
}

// VerificationRows gives the inputs of a model's own ModelVerification rows.
func VerificationRows(m *evaluator.Model) Rows {
	columns, rows := m.VerificationRows()
	return Rows{Source: "ModelVerification", Columns: columns, Next: func() ([]string, error) {
		if len(rows) == 0 {
			return nil, io.EOF
		}
		row := rows[0]
		rows = rows[1:]
		return row, nil
	}}
}

// An inputColumn is a column that is an input of a model.
type inputColumn struct {
	cell  int // position in the row
	input int // position of Scorer.Set
}

// inputColumns gives the columns that a model takes. The target's name is an input, too, of a model with residuals; in
// a table it stands for the expected result.
func inputColumns(m *evaluator.Model, columns []string) []inputColumn {
	var inputs []inputColumn
	for cell, name := range columns {
		if input, ok := inputOf(m, name); ok {
			inputs = append(inputs, inputColumn{cell, input})
		}
	}
	return inputs
}

func inputOf(m *evaluator.Model, name string) (int, bool) {
	input, ok := m.Input(name)
	if _, result := m.Result(name); result && input >= len(m.Schema().Inputs) {
		ok = false
	}
	return input, ok
}

// setRow gives a scorer the inputs of a row.
func setRow(s *evaluator.Scorer, inputs []inputColumn, cells []string) {
	s.Clear()
	for _, c := range inputs {
		if cell := cells[c.cell]; cell != "" {
			s.Set(c.input, evaluator.Text(cell))
		}
	}
}
