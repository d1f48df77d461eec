package fn

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A splitter takes a text apart.
type splitter struct {
	whole     bool     // the text is one word
	runs      int      // words are runs of at least so many letters, digits and underscores; 0 for a pattern
	word      *pattern // what is a word
	separator *pattern // what is between words, nil for blanks
}

// runPatterns are patterns of words that need no engine: they come with every model of a common library.
var runPatterns = map[string]int{
	`\w+`: 1, `\b\w+\b`: 1, `(?u)\w+`: 1, `(?u)\b\w+\b`: 1, `\b\w\w+\b`: 2, `(?u)\b\w\w+\b`: 2, `\w\w+`: 2, `(?u)\w\w+`: 2,
}

func newSplitter(separator, word string, tokenize bool) (*splitter, error) {
	switch {
	case !tokenize:
		return &splitter{whole: true}, nil
	case word != "":
		if runs := runPatterns[word]; runs > 0 {
			return &splitter{runs: runs}, nil
		}
		p, err := compilePattern(word, "")
		return &splitter{word: p}, err
	case separator == "" || separator == `\s` || separator == `\s+`:
		return &splitter{}, nil
	}
	p, err := compilePattern(separator, "")
	return &splitter{separator: p}, err
}

// A span is a part of a text.
type span struct{ start, end int }

// maxWords bounds the words of one text.
const maxWords = 1 << 20

// spans appends the places of the words of text. It fails if it takes too long, or if they are too many.
func (s *splitter) spans(dst []span, text string, b *value.Budget) ([]span, error) {
	if len(text) > maxText || !b.Spend(2*len(text)) {
		return dst, errTooLong
	}
	dst, err := s.split(dst, text, b)
	if len(dst) > maxWords {
		return nil, errTooLong
	}
	return dst, err
}

func (s *splitter) split(dst []span, text string, b *value.Budget) ([]span, error) {
	switch {
	case s.whole:
		return append(dst, span{0, len(text)}), nil
	case s.runs > 0:
		return runs(dst, text, s.runs), nil
	case s.word != nil:
		return matched(dst, text, s.word, b)
	case s.separator != nil:
		return between(dst, text, s.separator, b)
	}
	return fields(dst, text), nil
}

// fields appends what is between blanks.
func fields(dst []span, text string) []span {
	start := 0
	for i, r := range text {
		if len(dst) > maxWords {
			return dst
		}
		if unicode.IsSpace(r) {
			dst = appendTrimmed(dst, text, span{start, i})
			start = i + utf8.RuneLen(r)
		}
	}
	return appendTrimmed(dst, text, span{start, len(text)})
}

// runs appends the runs of at least least letters, digits and underscores.
func runs(dst []span, text string, least int) []span {
	start, n := 0, 0
	for i, r := range text {
		if len(dst) > maxWords {
			return dst
		}
		if isWordRune(r) {
			if n == 0 {
				start = i
			}
			n++
			continue
		}
		if n >= least {
			dst = append(dst, span{start, i})
		}
		n = 0
	}
	if n >= least {
		dst = append(dst, span{start, len(text)})
	}
	return dst
}

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isAlphanumeric(byte(r))
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

func matched(dst []span, text string, word *pattern, b *value.Budget) ([]span, error) {
	all, err := word.find(text, b)
	for _, m := range all {
		if m[0] < m[1] {
			dst = append(dst, span{m[0], m[1]})
		}
	}
	return dst, err
}

func between(dst []span, text string, separator *pattern, b *value.Budget) ([]span, error) {
	all, err := separator.find(text, b)
	start := 0
	for _, m := range all {
		dst = appendTrimmed(dst, text, span{start, m[0]})
		start = m[1]
	}
	return appendTrimmed(dst, text, span{start, len(text)}), err
}

// appendTrimmed appends a word without the punctuation around it, if anything remains.
func appendTrimmed(dst []span, text string, word span) []span {
	word.start = word.end - len(strings.TrimLeftFunc(text[word.start:word.end], isPunctuation))
	word.end = word.start + len(strings.TrimRightFunc(text[word.start:word.end], isPunctuation))
	if word.start == word.end {
		return dst
	}
	return append(dst, word)
}

// isPunctuation says what is trimmed off words: punctuation, but no symbols. In "$5" and "5+" they belong to the word.
func isPunctuation(r rune) bool { return unicode.IsPunct(r) }
