package scoring

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator"
)

// Table answers a table of records, the first row of which names the columns, with a table of results in the same
// format: the column Id if the request's first column is one, the targets, the outputs. Unknown columns are ignored, a
// column that is not there and an empty cell are missing values, and so are empty cells of the answer. One row that
// cannot be scored fails the whole table. A transactional model has one row of results for each group of rows, and the Id
// of a group of several is empty. The error is a *BodyError, a *RowError or ErrAnswerTooLarge.
func (m *Model) Table(j *Job, f Format) ([]byte, Counts, error) {
	t, err := m.open(j.Body, f)
	if err != nil {
		return j.Answer, Counts{}, err
	}
	w := m.worker()
	defer m.release(w)
	counts, err := w.table(j, t)
	return j.Answer, counts, err
}

// A table is one that is being answered.
type table struct {
	*rows
	columns []int // position of each column's input; -1: the column is unknown
	id      []byte
	hasID   bool
	partial bool // an input has no column
	narrow  bool // see narrowed
}

// open reads the header.
func (m *Model) open(body []byte, f Format) (*table, error) {
	if err := checkText(body); err != nil {
		return nil, err
	}
	body = bytes.TrimPrefix(body, utf8Mark)
	if f.Quote == 0 {
		f.Quote = '"'
	}
	if f.Delimiter == 0 {
		var err error
		isInput := func(name string) bool { _, ok := m.inputs[name]; return ok || m.model == nil }
		if f, err = detect(body, f, isInput); err != nil {
			return nil, err
		}
	}
	t := &table{rows: newRows(body, f)}
	header, err := t.next()
	if errors.Is(err, io.EOF) {
		return nil, &BodyError{Message: errFormat}
	}
	if err != nil {
		return nil, err
	}
	return t, t.header(header, m.inputs)
}

// header finds the input of each column.
func (t *table) header(cells [][]byte, inputs map[string]int) error {
	seen := make(map[string]bool, len(cells))
	found := 0
	for i, cell := range cells {
		name := string(cell)
		if _, exact := inputs[name]; !exact {
			name = strings.TrimSpace(name)
		}
		switch {
		case name == "":
			return t.fault("column %d has no name", i+1)
		case seen[name]:
			return t.fault("duplicate column %q", clip(name, 100))
		case i == 0 && strings.EqualFold(name, "id"):
			t.hasID, t.id = true, bytes.Clone(cell)
		}
		seen[name] = true
		position, known := inputs[name]
		if !known {
			position = -1
		} else {
			found++
		}
		t.columns = append(t.columns, position)
	}
	t.partial = found < len(inputs)
	return nil
}

// nextRow reads a row below the header, which has as many cells; io.EOF after the last one.
func (t *table) nextRow() ([][]byte, error) {
	cells, err := t.next()
	if err == nil && len(cells) != len(t.columns) {
		err = t.ragged(len(cells), len(t.columns))
	}
	return cells, err
}

// table scores row by row, or group by group.
func (w *worker) table(j *Job, t *table) (counts Counts, err error) {
	if w.model.collects() {
		return w.groupedTable(j, t)
	}
	started := false
	for {
		cells, err := t.nextRow()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return counts, err
		}
		counts.Records++
		if w.scorer == nil {
			continue
		}
		w.read(t, cells)
		if err := w.score(); err != nil {
			counts.Failed++
			return counts, &RowError{Row: t.row, Line: t.start, Err: err}
		}
		if !started {
			t.narrow = w.narrowed(t)
			j.Answer = w.appendHeader(j.Answer, t)
			started = true
		}
		j.Answer = w.appendRow(j.Answer, t, cells[0])
		if err := j.check(); err != nil {
			return counts, err
		}
	}
	if !started && w.scorer != nil {
		j.Answer = w.appendHeader(j.Answer, t)
	}
	return counts, nil
}

// narrowed says whether the outputs get no columns. Openscoring takes the answer's columns from its first row, so that a
// row without a prediction in front loses the outputs of all. Here the columns are always complete, but for the one case
// of that kind that clients were seen to rely on (recorded as csv_missing_column): some input has no column at all,
// there is no Id, and the first row has no prediction.
func (w *worker) narrowed(t *table) bool {
	return t.partial && !t.hasID && !w.scorer.Predicted()
}

// read takes the record of a row.
func (w *worker) read(t *table, cells [][]byte) {
	w.record.clear()
	for i, position := range t.columns {
		if position >= 0 && len(cells[i]) > 0 {
			w.record.set(position, w.model.cell(position, cells[i]))
		}
	}
}

// cell gives the value of a cell that is not empty. Plain digits of a number are read here, all other text by the scorer.
func (m *Model) cell(position int, text []byte) evaluator.Value {
	switch m.numeric[position] {
	case doubleNumber:
		if isNumber(text) {
			if f, err := strconv.ParseFloat(string(text), 64); err == nil {
				return evaluator.Number(f)
			}
		}
	case integerNumber:
		if i, err := strconv.ParseInt(string(text), 10, 64); err == nil && text[0] != '+' {
			return evaluator.Integer(i)
		}
	}
	return evaluator.Text(string(text))
}

// isNumber says that a text has only characters of decimal numbers, which all readers of numbers read alike.
func isNumber(text []byte) bool {
	for i, c := range text {
		switch {
		case '0' <= c && c <= '9', c == '.', c == '-' && i == 0:
		default:
			return false
		}
	}
	return true
}

func (w *worker) appendHeader(b []byte, t *table) []byte {
	first := true
	if t.hasID {
		b, first = t.appendCell(b, t.id, first), false
	}
	for i := range w.model.results {
		if r := &w.model.results[i]; r.target || !t.narrow {
			b, first = t.appendCell(b, []byte(r.name), first), false
		}
	}
	return append(b, '\n')
}

func (w *worker) appendRow(b []byte, t *table, id []byte) []byte {
	first := true
	if t.hasID {
		b, first = t.appendCell(b, id, first), false
	}
	predicted := w.scorer.Predicted()
	for i := range w.model.results {
		r := &w.model.results[i]
		if t.narrow && !r.target {
			continue
		}
		if !first {
			b = append(b, t.format.Delimiter)
		}
		first = false
		if predicted {
			from := len(b)
			b = t.quote(w.scorer.Value(r.index).AppendText(b), from)
		}
	}
	return append(b, '\n')
}

func (t *table) appendCell(b, cell []byte, first bool) []byte {
	if !first {
		b = append(b, t.format.Delimiter)
	}
	from := len(b)
	return t.quote(append(b, cell...), from)
}

// quote puts the cell that begins at from into quotation marks if it would not be read back without them.
func (t *table) quote(b []byte, from int) []byte {
	special := false
	for _, c := range b[from:] {
		if c == t.format.Delimiter || c == t.format.Quote || c == '\n' || c == '\r' {
			special = true
			break
		}
	}
	if !special {
		return b
	}
	cell := bytes.Clone(b[from:])
	b = append(b[:from], t.format.Quote)
	for _, c := range cell {
		if c == t.format.Quote {
			b = append(b, c)
		}
		b = append(b, c)
	}
	return append(b, t.format.Quote)
}

// CheckTable says whether a body is a table, for when there is no model to score it.
func CheckTable(j *Job, f Format) error {
	_, _, err := new(Model).Table(j, f)
	return err
}
