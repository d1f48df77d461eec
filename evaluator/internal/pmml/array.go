package pmml

import (
	"errors"
	"iter"
	"strings"
)

// What Array can find wrong with the content of an array.
var (
	errOpenQuote  = errors.New("a quoted value does not end")
	errAfterQuote = errors.New("white space must follow a quoted value")
)

// Array yields the values in the content of an Array or of the like, which are separated by white space. With quoted,
// as arrays of type string are written, a value in double quotes may hold white space or nothing, and \" and \\ mean a
// quote and a backslash; another backslash means itself. It yields an error, and stops, where a quoted value does not
// end or is not followed by white space. Values share the memory of text unless they have a backslash.
func Array(text string, quoted bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := 0; ; {
			for i < len(text) && isSpace(text[i]) {
				i++
			}
			if i == len(text) {
				return
			}
			value, n, err := arrayValue(text[i:], quoted)
			if !yield(value, err) || err != nil {
				return
			}
			i += n
		}
	}
}

// arrayValue gives the value at the beginning of text and its size in text.
func arrayValue(text string, quoted bool) (value string, n int, err error) {
	if !quoted || text[0] != '"' {
		for n < len(text) && !isSpace(text[n]) {
			n++
		}
		value = text[:n]
		if quoted {
			value = withoutEscapes(value)
		}
		return value, n, nil
	}
	for n = 1; n < len(text) && text[n] != '"'; n++ {
		if text[n] == '\\' && n+1 < len(text) && (text[n+1] == '"' || text[n+1] == '\\') {
			n++
		}
	}
	switch {
	case n >= len(text):
		return "", 0, errOpenQuote
	case n+1 < len(text) && !isSpace(text[n+1]):
		return "", 0, errAfterQuote
	}
	return withoutEscapes(text[1:n]), n + 1, nil
}

var escapes = strings.NewReplacer(`\"`, `"`, `\\`, `\`)

func withoutEscapes(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return escapes.Replace(s)
}
