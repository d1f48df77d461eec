package rest

import (
	"bytes"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// charsets are the encodings that a table may be in besides UTF-8. UTF-16 answers begin with a byte order mark.
var charsets = map[string]encoding.Encoding{
	"iso-8859-1":   charmap.ISO8859_1,
	"latin1":       charmap.ISO8859_1,
	"iso-8859-2":   charmap.ISO8859_2,
	"iso-8859-15":  charmap.ISO8859_15,
	"windows-1250": charmap.Windows1250,
	"windows-1251": charmap.Windows1251,
	"windows-1252": charmap.Windows1252,
	"cp1252":       charmap.Windows1252,
	"utf-16":       unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"utf-16le":     unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
}

// A charset is the encoding of a table and of its answer.
type charset struct {
	name     string
	encoding encoding.Encoding // nil: UTF-8
}

// charsetNamed gives the encoding of that name; empty: UTF-8.
func charsetNamed(name string) (charset, error) {
	switch lower := strings.ToLower(name); lower {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return charset{name: "utf-8"}, nil
	default:
		if known := charsets[lower]; known != nil {
			return charset{name: lower, encoding: known}, nil
		}
	}
	return charset{}, badRequest("unknown-charset", "Unsupported charset "+quote(name))
}

// decode gives the text in UTF-8.
func (c charset) decode(text []byte) ([]byte, error) {
	if c.encoding == nil {
		return text, nil
	}
	decoded, err := c.encoding.NewDecoder().Bytes(text)
	if err != nil || bytes.Contains(decoded, replacement) && !holdsReplacement(text) {
		return nil, badRequest("encoding", "The body is not text in "+c.name)
	}
	return decoded, nil
}

// replacement is what decoders put in the place of bytes that are no text.
var replacement = []byte("\uFFFD")

// holdsReplacement says whether somebody wrote that character in UTF-16; no other charset here has it.
func holdsReplacement(text []byte) bool {
	return bytes.Contains(text, []byte{0xFF, 0xFD}) || bytes.Contains(text, []byte{0xFD, 0xFF})
}

// encode gives the text in the charset, with a substitute for characters that it does not have.
func (c charset) encode(text []byte) ([]byte, error) {
	if c.encoding == nil {
		return text, nil
	}
	return encoding.ReplaceUnsupported(c.encoding.NewEncoder()).Bytes(text)
}
