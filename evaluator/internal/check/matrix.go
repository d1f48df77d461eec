package check

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// A matrixReader reads a square Matrix whose size is known.
type matrixReader struct {
	c         *checker
	e         *pmml.Element
	n         int
	symmetric bool
	diagonal  bool
	cells     []float64
	given     []bool
}

// matrix gives the cells of a square Matrix of n rows, row by row; nil if it cannot have them.
func (c *checker) matrix(e *pmml.Element, n int) []float64 {
	c.attributes(e, "kind", "nbRows", "nbCols", "diagDefault", "offDiagDefault")
	kind := c.choice(e, "kind", "any", "symmetric", "diagonal")
	r := &matrixReader{c: c, e: e, n: n, symmetric: kind == 1, diagonal: kind == 2}
	fits := r.size("nbRows") && r.size("nbCols")
	const words = 8 // that a cell takes while the model is compiled
	if most := math.MaxInt32 / words; !fits || !c.grow(e.Place(), words*min(n*n, most)) {
		return nil
	}
	r.cells, r.given = make([]float64, n*n), make([]bool, n*n)
	arrays := 0
	for child := range e.Children() {
		switch child.Name() {
		case "Array":
			r.row(child, arrays)
			arrays++
		case "MatCell":
			r.cell(child)
		default:
			c.unknownElement(child, e)
		}
	}
	if rows := r.rows(); arrays > 0 && arrays != rows {
		c.inconsistent(e.Place(), "the matrix has %d rows, not %d", arrays, rows)
	}
	r.defaults()
	return r.cells
}

// size compares what the matrix says about its size with what it must be.
func (r *matrixReader) size(attr string) bool {
	text, ok := r.e.Attr(attr)
	if !ok || r.c.whole(r.e, attr, 0, int32(r.n)) == int32(r.n) {
		return true
	}
	r.c.inconsistent(r.e.At(attr), "%s is %q, but there are %d values", attr, text, r.n)
	return false
}

// rows is the number of arrays that the matrix has if it has any.
func (r *matrixReader) rows() int {
	if r.diagonal {
		return 1
	}
	return r.n
}

// row reads the i-th Array: a row; of a symmetric matrix only up to the diagonal, if the document likes; of a diagonal
// one the diagonal.
func (r *matrixReader) row(e *pmml.Element, i int) {
	numbers := r.c.numbers(e)
	if i >= r.rows() {
		return // there are too many, which is reported
	}
	if len(numbers) != r.n && !(r.symmetric && len(numbers) == i+1) {
		r.c.inconsistent(e.Place(), "row %d of the matrix has %d cells, not %d", i+1, len(numbers), r.n)
		return
	}
	for k, x := range numbers {
		if r.diagonal {
			r.set(k, k, x)
		} else {
			r.set(i, k, x)
		}
	}
}

func (r *matrixReader) cell(e *pmml.Element) {
	r.c.attributes(e, "row", "col")
	r.c.noChildren(e)
	row, ok := r.index(e, "row")
	col, known := r.index(e, "col")
	x := r.c.finite(e.Place(), e.Text())
	if ok && known {
		r.set(row, col, x)
	}
}

func (r *matrixReader) index(e *pmml.Element, attr string) (int, bool) {
	text, ok := r.c.required(e, attr)
	if !ok {
		return 0, false
	}
	i := int(r.c.whole(e, attr, 1, 1))
	if i > r.n {
		r.c.inconsistent(e.At(attr), "%s is %q, but there are %d values", attr, text, r.n)
		return 0, false
	}
	return i - 1, true
}

func (r *matrixReader) set(row, col int, x float64) {
	at := row*r.n + col
	r.cells[at], r.given[at] = x, true
	if mirror := col*r.n + row; r.symmetric && !r.given[mirror] {
		r.cells[mirror], r.given[mirror] = x, true
	}
}

// defaults fills the cells that are not given. Those that have no default are not numbers, which is reported once.
func (r *matrixReader) defaults() {
	_, onDiagonal := r.e.Attr("diagDefault")
	_, offDiagonal := r.e.Attr("offDiagDefault")
	on, off := r.c.finiteAttribute(r.e, "diagDefault", 0), r.c.finiteAttribute(r.e, "offDiagDefault", 0)
	offDiagonal = offDiagonal || r.diagonal // those cells are 0
	reported := false
	for at, given := range r.given {
		row, col := at/r.n, at%r.n
		switch {
		case given:
		case row == col && onDiagonal:
			r.cells[at] = on
		case row != col && offDiagonal:
			r.cells[at] = off
		default:
			r.cells[at] = math.NaN()
			if !reported {
				r.c.inconsistent(r.e.Place(), "the matrix has no cell %d, %d and no default for it", row+1, col+1)
			}
			reported = true
		}
	}
}
