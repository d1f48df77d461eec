package table

import (
	"bytes"
	"io"
)

// A Writer writes the rows of a table: CSV in UTF-8, lines end with \n, and only cells that need quotation marks have
// them.
type Writer struct {
	dst   io.Writer
	buf   []byte
	cells int // cells of the row so far
	err   error
}

// flushAt is how many bytes are gathered before they are written.
const flushAt = 64 << 10

// NewWriter gives a writer of an empty table to dst.
func NewWriter(dst io.Writer) *Writer {
	return &Writer{dst: dst, buf: make([]byte, 0, flushAt+4<<10)}
}

// Cell adds a cell to the row.
func (w *Writer) Cell(text []byte) {
	w.comma()
	if bytes.ContainsAny(text, ",\"\r\n") {
		w.buf = appendQuoted(w.buf, text)
		return
	}
	w.buf = append(w.buf, text...)
}

// Text adds a cell to the row.
func (w *Writer) Text(text string) { w.Cell([]byte(text)) }

func (w *Writer) comma() {
	if w.cells > 0 {
		w.buf = append(w.buf, ',')
	}
	w.cells++
}

// End ends the row. The error is that of the destination; once there is one, nothing more is written.
func (w *Writer) End() error {
	// A row with one empty cell would be a blank line, which readers pass over.
	if w.cells == 1 && (len(w.buf) == 0 || w.buf[len(w.buf)-1] == '\n') {
		w.buf = append(w.buf, `""`...)
	}
	w.buf = append(w.buf, '\n')
	w.cells = 0
	if len(w.buf) >= flushAt {
		return w.Flush()
	}
	return w.err
}

// Row writes a whole row.
func (w *Writer) Row(cells ...string) error {
	for _, c := range cells {
		w.Text(c)
	}
	return w.End()
}

// Flush hands everything to the destination.
func (w *Writer) Flush() error {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.dst.Write(w.buf)
	}
	w.buf = w.buf[:0]
	return w.err
}

func appendQuoted(b, text []byte) []byte {
	b = append(b, '"')
	for _, c := range text {
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
}
