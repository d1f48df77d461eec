// Package table reads and writes tables of text: CSV as RFC 4180 has it, in UTF-8, row by row, in memory that does not
// grow with the table.
package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// What one row may take. A quotation mark that is never closed would otherwise draw the rest of the table into memory.
const (
	MaxRow     = 16 << 20 // bytes of a row as it stands in the file
	MaxColumns = 100_000  // columns of a table
)

// An Error says what is wrong with the text of a table.
type Error struct {
	Line    int    // line on which the row begins, from 1; a row may stand on several
	Column  string // name of the column, empty if it is about the whole row
	Code    string // stable name of the rule that was broken, such as "ragged-row"
	Message string // what is wrong, in one sentence without a full stop
	Fatal   bool   // nothing after it can be read; otherwise Read goes on with the next row
}

// Error gives the message with its column; the line is for the caller to put where its reader looks for it.
func (e *Error) Error() string {
	if e.Column == "" {
		return e.Message
	}
	return fmt.Sprintf("column %q: %s", e.Column, e.Message)
}

// A Reader reads the rows of a table.
type Reader struct {
	src    *bufio.Reader
	header []string
	line   int      // lines read so far
	start  int      // line on which the row begins
	size   int      // bytes of the row so far
	long   []byte   // a line that is longer than src's buffer
	text   []byte   // the cells of a row with quotation marks, one after the other
	ends   []int    // where each of them ends in text
	cells  []string // the row
	width  int      // cells in the row, also those beyond the header's columns
	fatal  error    // what ended the table
}

// NewReader reads the header of the table. A byte order mark in front of it is passed over. The error is an *Error if
// the header cannot be used, or what r answered.
func NewReader(r io.Reader) (*Reader, error) {
	t := &Reader{src: bufio.NewReaderSize(r, 64<<10)}
	if err := t.skipMark(); err != nil {
		return nil, err
	}
	names, err := t.row(MaxColumns)
	if errors.Is(err, io.EOF) {
		return nil, &Error{Line: 1, Code: "no-header", Message: "the table is empty: a row of column names is needed", Fatal: true}
	}
	if err == nil {
		err = t.checkHeader(names)
	}
	if bad := (*Error)(nil); errors.As(err, &bad) {
		bad.Fatal = true
	}
	if err != nil {
		return nil, err
	}
	t.header = append([]string(nil), names...)
	return t, nil
}

// skipMark passes over the mark of UTF-8 and refuses those of UTF-16, which would else be a riddle about its first cell.
func (t *Reader) skipMark() error {
	mark, err := t.src.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.Equal(mark, []byte("\xEF\xBB\xBF")):
		t.src.Discard(3) //nolint:errcheck // these bytes have just been seen
	case bytes.HasPrefix(mark, []byte("\xFF\xFE")), bytes.HasPrefix(mark, []byte("\xFE\xFF")):
		return &Error{Line: 1, Code: "encoding", Message: "the table is in UTF-16, it must be in UTF-8", Fatal: true}
	}
	return nil
}

func (t *Reader) checkHeader(names []string) error {
	if t.width > MaxColumns {
		return t.fault("too-many-columns", "the table has %d columns, at most %d are read", t.width, MaxColumns)
	}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			return &Error{Line: t.start, Column: clip(name), Code: "duplicate-column", Message: "the header has this column twice"}
		}
		seen[name] = true
	}
	return nil
}

// Header gives the names of the columns in their order.
func (t *Reader) Header() []string { return t.header }

// Line is the line on which the row that was read last begins, from 1.
func (t *Reader) Line() int { return t.start }

// Read gives the cells of the next row, as many as the header has names. Lines with nothing on them are no rows. The
// slice is valid until the next Read, its strings for good. The error is an *Error, io.EOF, or what the source answered.
func (t *Reader) Read() ([]string, error) {
	cells, err := t.row(len(t.header))
	if err != nil {
		return nil, err
	}
	if t.width != len(t.header) {
		return nil, t.fault("ragged-row", "the row has %s, the header %d", count(t.width, "cell"), len(t.header))
	}
	return cells, nil
}

// row reads the next row and keeps at most most of its cells.
func (t *Reader) row(most int) ([]string, error) {
	if t.fatal != nil {
		return nil, t.fatal
	}
	line, err := t.firstLine()
	if err != nil {
		t.fatal = err
		return nil, err
	}
	t.cells, t.width = t.cells[:0], 0
	if bytes.IndexByte(line, '"') < 0 {
		t.split(string(trimEnd(line)), most)
	} else if err := t.quoted(line, most); err != nil {
		return nil, err
	}
	return t.cells, t.checkText()
}

// firstLine reads on to a line that is not blank.
func (t *Reader) firstLine() ([]byte, error) {
	for {
		t.size = 0
		t.start = t.line + 1
		line, err := t.readLine()
		if err != nil || len(trimEnd(line)) > 0 {
			return line, err
		}
	}
}

// readLine gives the next line with its end, valid until the next one; io.EOF comes alone.
func (t *Reader) readLine() ([]byte, error) {
	line, err := t.src.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		t.long = t.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) && t.size+len(t.long) <= MaxRow {
			t.long = append(t.long, line...)
			line, err = t.src.ReadSlice('\n')
		}
		t.long = append(t.long, line...)
		line = t.long
	}
	t.size += len(line)
	if t.size > MaxRow {
		bad := t.fault("row-too-long", "the row is longer than %d MiB; is a quotation mark never closed?", MaxRow>>20)
		bad.Fatal = true
		return nil, bad
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return nil, err
	}
	t.line++
	return line, nil
}

// split cuts a line without quotation marks.
func (t *Reader) split(line string, most int) {
	for {
		i := strings.IndexByte(line, ',')
		if t.width < most {
			if i < 0 {
				t.cells = append(t.cells, line)
			} else {
				t.cells = append(t.cells, line[:i])
			}
		}
		t.width++
		if i < 0 {
			return
		}
		line = line[i+1:]
	}
}

// quoted cuts a row that has quotation marks, reading further lines as long as one is open.
func (t *Reader) quoted(line []byte, most int) error {
	t.text, t.ends = t.text[:0], t.ends[:0]
	var err error
	for more := true; more; {
		if line[0] == '"' {
			line, more, err = t.quotedCell(line[1:])
		} else {
			line, more, err = t.plainCell(line)
		}
		if err != nil {
			return err
		}
		if t.width < most {
			t.ends = append(t.ends, len(t.text))
		}
		t.width++
		if more && len(line) == 0 { // a comma is the last character of the file
			line = []byte("\n")
		}
	}
	text, from := string(t.text), 0
	for _, to := range t.ends {
		t.cells = append(t.cells, text[from:to])
		from = to
	}
	return nil
}

// plainCell takes a cell without quotation marks off line; more says that a comma followed it.
func (t *Reader) plainCell(line []byte) (rest []byte, more bool, err error) {
	cell := line
	i := bytes.IndexByte(line, ',')
	if i >= 0 {
		cell, rest = line[:i], line[i+1:]
	} else {
		cell = trimEnd(line)
	}
	if bytes.IndexByte(cell, '"') >= 0 {
		return nil, false, t.fault("quotation-mark", "cell %d has a quotation mark but does not begin with one", t.width+1)
	}
	t.text = append(t.text, cell...)
	return rest, i >= 0, nil
}

// quotedCell takes a cell off line, whose first quotation mark is already taken.
func (t *Reader) quotedCell(line []byte) (rest []byte, more bool, err error) {
	for {
		i := bytes.IndexByte(line, '"')
		if i < 0 {
			t.text = append(t.text, line...)
			if line, err = t.nextLine(); err != nil {
				return nil, false, err
			}
			continue
		}
		t.text = append(t.text, line[:i]...)
		line = line[i+1:]
		switch {
		case len(line) > 0 && line[0] == '"':
			t.text = append(t.text, '"')
			line = line[1:]
		case len(line) > 0 && line[0] == ',':
			return line[1:], true, nil
		case len(trimEnd(line)) == 0:
			return nil, false, nil
		default:
			return nil, false, t.fault("quotation-mark", "cell %d goes on after its closing quotation mark", t.width+1)
		}
	}
}

// nextLine reads on inside quotation marks.
func (t *Reader) nextLine() ([]byte, error) {
	line, err := t.readLine()
	if errors.Is(err, io.EOF) {
		bad := t.fault("quotation-mark", "cell %d begins with a quotation mark that is never closed", t.width+1)
		bad.Fatal = true
		err = bad
	}
	if err != nil {
		t.fatal = err
	}
	return line, err
}

// checkText refuses what is not text. Only UTF-8 is taken: guessing an encoding would change values silently.
func (t *Reader) checkText() error {
	for i, cell := range t.cells {
		code, message := "", ""
		switch {
		case !utf8.ValidString(cell):
			code, message = "invalid-utf-8", "the cell is not text in UTF-8"
		case strings.IndexByte(cell, 0) >= 0:
			code, message = "nul-byte", "the cell has a NUL byte"
		default:
			continue
		}
		bad := t.fault(code, "%s", message)
		if i < len(t.header) {
			bad.Column = t.header[i]
		}
		return bad
	}
	return nil
}

func (t *Reader) fault(code, format string, args ...any) *Error {
	return &Error{Line: t.start, Code: code, Message: fmt.Sprintf(format, args...)}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clip keeps a message readable when a cell is long.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// trimEnd takes the end of a line off: \n, \r\n, or \r at the end of the file.
func trimEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}
