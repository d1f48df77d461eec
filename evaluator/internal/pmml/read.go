package pmml

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/text/encoding"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
)

// Read reads a whole document, which may be compressed with gzip, and accepts it if it is well-formed XML within the
// limits whose root is the PMML element of a version that is known.
//
// What is wrong with the document itself comes as *diag.Faults; any other error is the reader's own.
func Read(r io.Reader, l Limits) (*Document, error) {
	l = l.orDefault()
	in := &input{r: r}
	text, charset, err := decoded(in, l, sizeHint(r))
	if in.err != nil {
		return nil, fmt.Errorf("read document: %w", in.err)
	}
	var p *problem
	if errors.As(err, &p) {
		return nil, refusal(text, p)
	}
	if err != nil {
		return nil, err
	}
	bad := firstInvalid(text, charset)
	s, p := scan(text[:bad], l)
	if bad < len(text) && (p == nil || p.cut) {
		p = notInCharset(bad, s.token, p, charset)
	}
	if p == nil {
		p = s.root.check()
	}
	if p != nil {
		return nil, refusal(text, p)
	}
	d := newDocument(text, s)
	if d.root == nil {
		return nil, refusal(text, &problem{at: s.root.start, token: s.root.start, tag: s.root.name,
			code: diag.Malformed, message: "the element cannot be parsed"})
	}
	return d, nil
}

// notInCharset reports bytes that are no text. The scanner, which has been given the text before them, may have stopped
// within a tag.
func notInCharset(at, token int, stopped *problem, charset string) *problem {
	p := &problem{at: at, token: token, code: diag.Encoding, expected: "text in " + charset,
		message: "the bytes here are not text in " + charset}
	if stopped != nil {
		p.tag = stopped.tag
	}
	return p
}

// Error makes a problem an error until its line is known.
func (p *problem) Error() string { return p.message }

// refusal is the error for a document with a problem.
func refusal(text string, p *problem) *diag.Faults {
	at := locateProblem(text, p)
	return &diag.Faults{List: []*diag.Fault{{
		Line: at.Line, Path: at.Path, Code: p.code, Message: clip(p.message), Expected: clip(p.expected),
	}}}
}

// clip keeps a message readable when a document holds a name of a megabyte.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// An input counts what is read from a reader and keeps its error apart from those of decompressing.
type input struct {
	r   io.Reader
	n   int64
	err error
}

func (in *input) Read(b []byte) (int, error) {
	n, err := in.r.Read(b)
	in.n += int64(n)
	if err != nil && err != io.EOF {
		in.err = err
	}
	return n, err
}

// sizeHint gives how many bytes r is about to give, or 0 if it cannot say. It saves memory, nothing relies on it.
func sizeHint(r io.Reader) int64 {
	switch r := r.(type) {
	case interface{ Len() int }:
		return int64(r.Len())
	case *os.File:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	}
	return 0
}

// decoded gives the text of a document as UTF-8 without byte order mark, and the name of its encoding. It returns a
// *problem if that cannot be done.
func decoded(in *input, l Limits, hint int64) (text, charset string, err error) {
	source := bufio.NewReader(in)
	var bytes io.Reader = source
	expanding := &expansion{in: in, limits: l}
	if magic, _ := source.Peek(2); string(magic) == "\x1f\x8b" {
		hint = 0
		z, err := gzip.NewReader(source)
		if err != nil {
			return "", "", damaged(err)
		}
		expanding.r = z
		bytes = expanding
	}
	start := bufio.NewReaderSize(bytes, 64<<10)
	enc, charset, err := sniff(start)
	if err != nil {
		return "", "", err
	}
	text, err = gather(start, enc, l.Bytes, hint)
	return text, charset, err
}

// damaged reports a gzip stream that cannot be decompressed.
func damaged(err error) *problem {
	return &problem{code: diag.Compression, message: fmt.Sprintf("the gzip stream is damaged: %v", err)}
}

// An expansion decompresses within the limits on ratio.
type expansion struct {
	r      io.Reader
	in     *input
	limits Limits
	n      int64
}

func (e *expansion) Read(b []byte) (int, error) {
	n, err := e.r.Read(b)
	e.n += int64(n)
	if e.n > e.limits.RatioFrom && e.n/e.limits.Ratio > e.in.n {
		return n, &problem{code: diag.TooLarge, message: fmt.Sprintf(
			"the document expands to more than %d times its compressed size", e.limits.Ratio)}
	}
	if err != nil && err != io.EOF {
		return n, damaged(err)
	}
	return n, err
}

// gather reads all text, at most the given number of bytes of it.
func gather(r io.Reader, enc encoding.Encoding, most, hint int64) (string, error) {
	if enc != nil {
		r = enc.NewDecoder().Reader(r)
	}
	b := pieces{next: max(firstPiece, min(hint, most))}
	n, err := io.Copy(&b, io.LimitReader(r, most))
	if err != nil {
		return "", err
	}
	if n == most {
		if extra, _ := io.ReadFull(r, make([]byte, 1)); extra > 0 {
			return "", &problem{code: diag.TooLarge,
				message: fmt.Sprintf("the document has more than %d bytes", most)}
		}
	}
	return b.text(), nil
}

// Pieces grow from the first size, unless the size of the whole is known, to the last.
const (
	firstPiece = 64 << 10 // bytes
	lastPiece  = 16 << 20
)

// pieces gather a text of a size that nobody knows. One buffer that grows would be copied again and again, and leave
// copies behind: a bomb would take three times what it may expand to.
type pieces struct {
	whole []*strings.Builder
	next  int64 // size of the next piece
	n     int64
}

func (p *pieces) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		i := len(p.whole) - 1
		if i < 0 || p.whole[i].Len() == p.whole[i].Cap() {
			p.whole = append(p.whole, new(strings.Builder))
			i++
			p.whole[i].Grow(int(p.next))
			p.next = min(2*p.next, lastPiece)
		}
		n := min(len(rest), p.whole[i].Cap()-p.whole[i].Len())
		p.whole[i].Write(rest[:n])
		rest = rest[n:]
	}
	p.n += int64(len(b))
	return len(b), nil
}

// text gives the whole text.
func (p *pieces) text() string {
	if len(p.whole) == 1 {
		return p.whole[0].String()
	}
	var b strings.Builder
	b.Grow(int(p.n))
	for i := range p.whole {
		b.WriteString(p.whole[i].String())
	}
	return b.String()
}
