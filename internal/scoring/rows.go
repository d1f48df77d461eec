package scoring

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// A Format says how the cells of a table stand in its text. The zero Format is found out from the text, with the
// quotation mark ".
type Format struct {
	Delimiter byte // between cells; 0: the first of , ; and TAB that fits
	Quote     byte // around cells that hold a delimiter, a quotation mark or the end of a line; 0: "
}

// errFormat is what Openscoring says of a table whose delimiter cannot be found.
const errFormat = "Unrecognized CSV format"

// maxCells bounds the columns of a table.
const maxCells = 100_000

// rows reads the rows of a table one after the other. Lines with nothing on them are no rows.
type rows struct {
	text    []byte
	format  Format
	line    int // line that begins at text, from 1
	start   int // line on which the last row began
	row     int // number of the last row; the header is row 0
	cells   [][]byte
	scratch []byte // cells that had doubled quotation marks
}

func newRows(text []byte, f Format) *rows {
	return &rows{text: text, format: f, line: 1, row: -1}
}

// next gives the cells of the next row, valid until the next call; io.EOF after the last.
func (t *rows) next() ([][]byte, error) {
	for len(t.text) > 0 && (t.text[0] == '\n' || t.text[0] == '\r') {
		t.skipLine()
	}
	if len(t.text) == 0 {
		return nil, io.EOF
	}
	t.cells, t.scratch = t.cells[:0], t.scratch[:0]
	t.start = t.line
	t.row++
	for more := true; more; {
		var cell []byte
		var err error
		if len(t.text) > 0 && t.text[0] == t.format.Quote {
			cell, more, err = t.quoted()
		} else {
			cell, more, err = t.plain()
		}
		if err == nil && len(t.cells) == maxCells {
			err = t.fault("more than %d cells", maxCells)
		}
		if err != nil {
			return nil, err
		}
		t.cells = append(t.cells, cell)
	}
	return t.cells, nil
}

// skipLine takes the end of a line off the text.
func (t *rows) skipLine() {
	if len(t.text) > 1 && t.text[0] == '\r' && t.text[1] == '\n' {
		t.text = t.text[1:]
	}
	t.text = t.text[1:]
	t.line++
}

// plain takes a cell without quotation marks; more says that another follows in the row.
func (t *rows) plain() (cell []byte, more bool, err error) {
	for i, c := range t.text {
		switch c {
		case t.format.Delimiter, '\n', '\r':
			cell, t.text = t.text[:i], t.text[i:]
			return cell, t.endCell(), nil
		case t.format.Quote:
			return nil, false, t.fault("a quotation mark inside a cell that does not begin with one")
		case 0:
			return nil, false, t.fault("a NUL character")
		}
	}
	cell, t.text = t.text, nil
	return cell, false, nil
}

// quoted takes a cell in quotation marks.
func (t *rows) quoted() (cell []byte, more bool, err error) {
	rest := t.text[1:]
	begun := len(t.scratch)
	for {
		i := bytes.IndexByte(rest, t.format.Quote)
		if i < 0 {
			return nil, false, t.fault("a quotation mark is never closed")
		}
		t.line += bytes.Count(rest[:i], []byte("\n"))
		part := rest[:i]
		rest = rest[i+1:]
		if len(rest) > 0 && rest[0] == t.format.Quote { // doubled: one of the two belongs to the cell
			t.scratch = append(append(t.scratch, part...), t.format.Quote)
			rest = rest[1:]
			continue
		}
		if cell = part; len(t.scratch) > begun {
			t.scratch = append(t.scratch, part...)
			cell = t.scratch[begun:]
		}
		break
	}
	if len(rest) > 0 && rest[0] != t.format.Delimiter && rest[0] != '\n' && rest[0] != '\r' {
		return nil, false, t.fault("a cell goes on behind its closing quotation mark")
	}
	if bytes.IndexByte(cell, 0) >= 0 {
		return nil, false, t.fault("a NUL character")
	}
	t.text = rest
	return cell, t.endCell(), nil
}

// endCell takes off what follows a cell; more says that it was a delimiter.
func (t *rows) endCell() (more bool) {
	switch {
	case len(t.text) == 0:
		return false
	case t.text[0] == t.format.Delimiter:
		t.text = t.text[1:]
		return true
	}
	t.skipLine()
	return false
}

// fault is about the row that is being read.
func (t *rows) fault(format string, args ...any) error {
	e := &BodyError{Line: t.start, Message: fmt.Sprintf(format, args...)}
	if t.row > 0 {
		e.Row = t.row
	}
	return e
}

// detect finds the delimiter: the first for which the header and up to ten rows have the same number of cells, at least
// two. A table of one column needs none, if isInput knows the name of the column; any other single column is rather a
// table with a delimiter that is not known here.
func detect(text []byte, f Format, isInput func(name string) bool) (Format, error) {
	var first error
	for _, d := range []byte(",;\t") {
		if d == f.Quote {
			continue
		}
		f.Delimiter = d
		width, err := f.width(text)
		if err == nil && width > 1 {
			return f, nil
		}
		if first == nil && err != nil {
			first = err
		}
	}
	f.Delimiter = ','
	if width, err := f.width(text); err == nil && width == 1 {
		t := newRows(text, f)
		if header, err := t.next(); err == nil && isInput(string(bytes.TrimSpace(header[0]))) {
			return f, nil
		}
	}
	var bad *BodyError
	if errors.As(first, &bad) {
		bad.Message += ": " + errFormat
		return f, bad
	}
	return f, &BodyError{Message: errFormat}
}

// width gives the number of cells that the header and the first ten rows have in common.
func (f Format) width(text []byte) (int, error) {
	t := newRows(text, f)
	header, err := t.next()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return 0, nil
		}
		return 0, err
	}
	width := len(header)
	for range 10 {
		cells, err := t.next()
		switch {
		case errors.Is(err, io.EOF):
			return width, nil
		case err != nil:
			return 0, err
		case len(cells) != width:
			if width == 1 {
				return 1, nil // not this delimiter, so its rows say nothing
			}
			return 0, t.ragged(len(cells), width)
		}
	}
	return width, nil
}

func (t *rows) ragged(cells, header int) error {
	what := "cells"
	if cells == 1 {
		what = "cell"
	}
	return t.fault("the row has %d %s, the header %d", cells, what, header)
}

// checkText makes sure that the text is UTF-8.
func checkText(text []byte) error {
	if utf8.Valid(text) {
		return nil
	}
	good := 0
	for good < len(text) {
		r, size := utf8.DecodeRune(text[good:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		good += size
	}
	return &BodyError{
		Line:    bytes.Count(text[:good], []byte("\n")) + 1,
		Column:  good - bytes.LastIndexByte(text[:good], '\n'),
		Message: "the text is not UTF-8; name its encoding in the charset parameter of the Content-Type",
	}
}
