package pmml

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/transform"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
)

const utf8Name = "UTF-8"

var declaredEncoding = regexp.MustCompile(`^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']`)

// sniff finds the encoding of a document as XML 1.0 appendix F describes: by its byte order mark, by its first bytes,
// then by what it declares. It moves behind a byte order mark. The encoding is nil for UTF-8.
func sniff(r *bufio.Reader) (encoding.Encoding, string, error) {
	head, err := r.Peek(1024)
	if len(head) == 0 && err != nil {
		if p, ok := err.(*problem); ok {
			return nil, "", p
		}
	}
	for _, known := range []struct {
		bytes string
		bom   int
		enc   encoding.Encoding
		name  string
	}{
		{"\x00\x00\xfe\xff", 0, nil, "UTF-32"},
		{"\xff\xfe\x00\x00", 0, nil, "UTF-32"},
		{"\x00\x00\x00<", 0, nil, "UTF-32"},
		{"<\x00\x00\x00", 0, nil, "UTF-32"},
		{"\x4c\x6f\xa7\x94", 0, nil, "EBCDIC"},
		{"\xef\xbb\xbf", 3, nil, utf8Name},
		{"\xfe\xff", 2, wide{binary.BigEndian}, "UTF-16"},
		{"\xff\xfe", 2, wide{binary.LittleEndian}, "UTF-16"},
		{"\x00<", 0, wide{binary.BigEndian}, "UTF-16"},
		{"<\x00", 0, wide{binary.LittleEndian}, "UTF-16"},
	} {
		if !strings.HasPrefix(string(head), known.bytes) {
			continue
		}
		if known.name == "UTF-32" || known.name == "EBCDIC" {
			return nil, "", unknownEncoding(known.name)
		}
		_, err := r.Discard(known.bom)
		return known.enc, known.name, err
	}
	if m := declaredEncoding.FindSubmatch(head); m != nil {
		return declared(string(m[1]))
	}
	return nil, utf8Name, nil
}

// declared gives the encoding of a name in an XML declaration whose bytes are ASCII.
func declared(name string) (encoding.Encoding, string, error) {
	switch upper := strings.ToUpper(name); {
	case upper == utf8Name || upper == "UTF8":
		return nil, utf8Name, nil
	case strings.HasPrefix(upper, "UTF-16"), strings.HasPrefix(upper, "UTF16"), strings.HasPrefix(upper, "ISO-10646-UCS"):
		return nil, "", &problem{code: diag.Encoding, message: "the document declares " + clip(name) + " but is not in it",
			expected: "the encoding of the bytes, or none for UTF-8"}
	}
	// The names of XML are IANA's; there ISO-8859-1 is what it says, and not windows-1252 as on the web.
	if enc, err := ianaindex.IANA.Encoding(name); err == nil && enc != nil {
		return enc, name, nil
	}
	if enc, err := htmlindex.Get(name); err == nil {
		return enc, name, nil
	}
	return nil, "", unknownEncoding(name)
}

func unknownEncoding(name string) *problem {
	return &problem{code: diag.Encoding, message: fmt.Sprintf("the encoding %q is not known", clip(name)),
		expected: "UTF-8, UTF-16, ISO-8859-1, windows-1252 or another of IANA's names"}
}

// firstInvalid gives the offset of the first bytes that were no text in their encoding, or the length of text.
func firstInvalid(text, charset string) int {
	if utf8.ValidString(text) {
		if charset == utf8Name || charset == "UTF-16" {
			return len(text)
		}
		// Other decoders mark what they do not know with a character that their encodings do not have.
		if i := strings.IndexRune(text, utf8.RuneError); i >= 0 {
			return i
		}
		return len(text)
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(text)
}

// wide is UTF-16 in one byte order, without byte order mark. Where it meets half of a character it gives a byte that
// is invalid in UTF-8, so that firstInvalid finds the place: a decoder that gave U+FFFD would hide it.
type wide struct{ order binary.ByteOrder }

const notText = 0xFF

// NewDecoder makes the decoder.
func (w wide) NewDecoder() *encoding.Decoder {
	return &encoding.Decoder{Transformer: &wideDecoder{order: w.order}}
}

// NewEncoder makes an encoder that changes nothing: documents are only read.
func (w wide) NewEncoder() *encoding.Encoder { return &encoding.Encoder{Transformer: transform.Nop} }

type wideDecoder struct {
	transform.NopResetter
	order binary.ByteOrder
}

// Transform decodes as much as there is and fits.
func (d *wideDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		r, n := d.decode(src[nSrc:])
		if n == 0 && !atEOF {
			return nDst, nSrc, transform.ErrShortSrc
		}
		if nDst+utf8.UTFMax > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		if n == 0 || r < 0 {
			dst[nDst] = notText
			nDst++
		} else {
			nDst += utf8.EncodeRune(dst[nDst:], r)
		}
		if n == 0 {
			n = len(src) - nSrc
		}
		nSrc += n
	}
	return nDst, nSrc, nil
}

// decode gives the first character and its size: 0 if src ends within it, and the character -1 if it is half of one.
func (d *wideDecoder) decode(src []byte) (r rune, n int) {
	if len(src) < 2 {
		return -1, 0
	}
	r = rune(d.order.Uint16(src))
	if !utf16.IsSurrogate(r) {
		return r, 2
	}
	if r >= 0xDC00 {
		return -1, 2
	}
	if len(src) < 4 {
		return -1, 0
	}
	pair := utf16.DecodeRune(r, rune(d.order.Uint16(src[2:])))
	if pair == utf8.RuneError {
		return -1, 2
	}
	return pair, 4
}
