package folder

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
)

// How much of a document's beginning and end is looked at.
const edge = 64 << 10

// mostExpanded is how far a compressed document is looked through; what is larger is refused elsewhere.
const mostExpanded = 1 << 30

// isComplete says whether a document looks as if nothing were missing at its end: it ends with its root's end tag. One
// that is compressed must be so as a whole. It is no proof that the document is right.
func isComplete(r io.ReaderAt, size int64) (bool, error) {
	head, err := readAt(r, 0, size)
	if err != nil {
		return false, err
	}
	if isGzip(head) {
		return isCompleteGzip(io.NewSectionReader(r, 0, size))
	}
	tail, err := readAt(r, max(0, size-edge), size)
	return endsWithRoot(head, tail), err
}

// readAt reads up to edge bytes.
func readAt(r io.ReaderAt, offset, size int64) ([]byte, error) {
	b := make([]byte, min(edge, size-offset))
	n, err := r.ReadAt(b, offset)
	return b[:n], notEOF(err)
}

func isCompleteGzip(src io.Reader) (bool, error) {
	raw := &failingReader{src: src}
	z, err := gzip.NewReader(raw)
	if err != nil {
		return false, raw.err
	}
	var e edges
	n, err := io.Copy(&e, io.LimitReader(z, mostExpanded))
	switch {
	case raw.err != nil:
		return false, raw.err
	case err != nil: // the stream is cut, or damaged
		return false, nil
	}
	return n == mostExpanded || endsWithRoot(e.head, e.tail), nil
}

// A failingReader keeps the error of its source, to tell it from one of what reads from it.
type failingReader struct {
	src io.Reader
	err error
}

func (r *failingReader) Read(b []byte) (int, error) {
	n, err := r.src.Read(b)
	if notEOF(err) != nil {
		r.err = err
	}
	return n, err
}

// edges keeps the beginning and the end of what is written to it.
type edges struct{ head, tail []byte }

func (e *edges) Write(b []byte) (int, error) {
	if room := edge - len(e.head); room > 0 {
		e.head = append(e.head, b[:min(room, len(b))]...)
	}
	e.tail = append(e.tail, b[max(0, len(b)-edge):]...)
	if len(e.tail) > 4*edge {
		e.tail = append(e.tail[:0], e.tail[len(e.tail)-edge:]...)
	}
	return len(b), nil
}

const space = " \t\r\n"

// endsWithRoot says whether the end of a document is the end tag of the root that its beginning has; white space,
// comments and processing instructions may follow.
func endsWithRoot(head, tail []byte) bool {
	if isWide(head) {
		head, tail = narrow(head), narrow(tail)
	}
	name, empty := rootOf(string(head))
	if name == "" {
		return false
	}
	end := trimAfterRoot(string(tail))
	if empty {
		return strings.HasSuffix(end, "/>")
	}
	end, closed := strings.CutSuffix(end, ">")
	return closed && strings.HasSuffix(strings.TrimRight(end, space), "</"+name)
}

// isWide says whether a document begins as UTF-16 does.
func isWide(head []byte) bool {
	for _, begin := range []string{"\xFE\xFF", "\xFF\xFE", "<\x00", "\x00<"} {
		if bytes.HasPrefix(head, []byte(begin)) {
			return true
		}
	}
	return false
}

// narrow makes UTF-16 of ASCII characters readable, which tags and what surrounds them mostly are.
func narrow(wide []byte) []byte {
	for _, mark := range []string{"\xFE\xFF", "\xFF\xFE"} {
		wide = bytes.TrimPrefix(wide, []byte(mark))
	}
	return bytes.ReplaceAll(wide, []byte{0}, nil)
}

// rootOf gives the name of the root, if the beginning of a document is long enough to have it, and whether the root is
// closed by its own tag.
func rootOf(head string) (name string, empty bool) {
	head = strings.TrimPrefix(head, "\xEF\xBB\xBF")
	for {
		head = strings.TrimLeft(head, space)
		var found bool
		switch {
		case strings.HasPrefix(head, "<?"):
			_, head, found = strings.Cut(head, "?>")
		case strings.HasPrefix(head, "<!--"):
			_, head, found = strings.Cut(head[len("<!--"):], "-->")
		case strings.HasPrefix(head, "<!"):
			_, head, found = strings.Cut(head, ">")
		case strings.HasPrefix(head, "<"):
			return startTag(head[1:])
		}
		if !found {
			return "", false
		}
	}
}

// startTag reads a start tag after its "<".
func startTag(text string) (name string, empty bool) {
	end := strings.IndexAny(text, space+"/>")
	if end < 0 {
		return "", false
	}
	quote := rune(0)
	slash := false
	for _, c := range text[end:] {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return text[:end], slash
		}
		slash = c == '/' && quote == 0
	}
	return text[:end], false
}

// trimAfterRoot removes what may follow the root.
func trimAfterRoot(tail string) string {
	for {
		tail = strings.TrimRight(tail, space)
		begin := -1
		switch {
		case strings.HasSuffix(tail, "-->"):
			begin = strings.LastIndex(tail, "<!--")
		case strings.HasSuffix(tail, "?>"):
			begin = strings.LastIndex(tail, "<?")
		}
		if begin < 0 {
			return tail
		}
		tail = tail[:begin]
	}
}

// isCompleteSettings says whether settings look as if nothing were missing at their end.
func isCompleteSettings(r io.ReaderAt, size int64) (bool, error) {
	tail, err := readAt(r, max(0, size-edge), size)
	return bytes.HasSuffix(bytes.TrimRight(tail, space), []byte("}")), err
}

var errChanged = errors.New("the file has changed")
