package pmml

import (
	"slices"
	"sort"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/intern"
)

// A Table is an InlineTable packed into flat arrays: 8 bytes per cell besides the distinct texts, and
// nothing that the garbage collector looks at.
type Table struct {
	columns []string
	column  map[string]uint32
	texts   intern.Texts
	cells   []cell
	rows    []tableRow
}

// A cell is which column has which text.
type cell struct{ column, text uint32 }

type tableRow struct {
	start uint32 // where it stands in the document
	cells uint32 // index behind its last cell
}

// ReadTable reads the rows of an InlineTable. The cells of a row are its child elements, by their local names, with
// their text as written, and its attributes. Of several cells of one name in a row the first counts; Extensions are
// left out. other is told of children that are no rows; it may be nil.
func ReadTable(e *Element, other func(*Element)) *Table {
	t := &Table{column: map[string]uint32{}}
	for row := range e.Children() {
		if row.Name() != "row" {
			if other != nil {
				other(row)
			}
			continue
		}
		first := len(t.cells)
		for name, value := range row.Attrs() {
			t.add(name, value)
		}
		for c := range row.Children() {
			t.add(c.Name(), c.Text())
		}
		t.finish(first)
		t.rows = append(t.rows, tableRow{row.start, uint32(len(t.cells))})
	}
	t.column = nil // needed for reading only
	return t
}

func (t *Table) add(column, text string) {
	c, ok := t.column[column]
	if !ok {
		c = uint32(len(t.columns))
		t.column[column] = c
		t.columns = append(t.columns, column)
	}
	n, _ := t.texts.Add(text)
	t.cells = append(t.cells, cell{c, uint32(n)})
}

// finish sorts the cells of the last row by column, unless they are, and keeps the first of each column.
func (t *Table) finish(first int) {
	row := t.cells[first:]
	order := func(a, b cell) int { return int(a.column) - int(b.column) }
	if !slices.IsSortedFunc(row, order) {
		slices.SortStableFunc(row, order)
	}
	row = slices.CompactFunc(row, func(a, b cell) bool { return a.column == b.column })
	t.cells = t.cells[:first+len(row)]
}

// Columns gives the names of the columns in the order in which they first occur.
func (t *Table) Columns() []string { return t.columns }

// Rows gives the number of rows.
func (t *Table) Rows() int { return len(t.rows) }

// Cell gives the text of a cell, counted from 0, and whether the row has one in that column.
func (t *Table) Cell(row, col int) (string, bool) {
	first := 0
	if row > 0 {
		first = int(t.rows[row-1].cells)
	}
	cells := t.cells[first:t.rows[row].cells]
	i := col // where it is if no cell before it is absent
	if i >= len(cells) || int(cells[i].column) != col {
		i = sort.Search(len(cells), func(i int) bool { return int(cells[i].column) >= col })
	}
	if i >= len(cells) || int(cells[i].column) != col {
		return "", false
	}
	return t.texts.Text(int(cells[i].text)), true
}

// Place gives where a row stands.
func (t *Table) Place(row int) diag.Place { return diag.Place{Offset: int(t.rows[row].start)} }
