package fn

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// maxText bounds the texts that functions make, in bytes: functions of functions can double a text many times.
const maxText = 16 << 20

var errTooLong = errors.New("the text becomes too long")

// made is the String of a text that a function made. It counts as work, so that the texts of a record, which are all kept
// until its end, are bounded too.
func made(s *value.Strings, text string) value.Cell {
	if len(text) > maxText || !affordsText(s, len(text)) {
		return value.Undefined()
	}
	return s.Cell(text)
}

// madeOf is made for a text in a buffer.
func madeOf(s *value.Strings, text []byte) value.Cell {
	if len(text) > maxText || !affordsText(s, len(text)) {
		return value.Undefined()
	}
	return s.Intern(text)
}

// affordsText counts the bytes of a new text.
func affordsText(s *value.Strings, n int) bool {
	const each = 16
	return s.Budget().Spend(each * n)
}

// textOf gives a present cell's text; a number's as value.AppendCell writes it.
func textOf(s *value.Strings, c value.Cell) string {
	if c.Type == value.String {
		return s.Text(c)
	}
	var buffer [64]byte
	return string(value.AppendCell(buffer[:0], c, s))
}

// uppercase follows Unicode in every locale, with the letters that become several: ß and the ligatures.
func uppercase(s *value.Strings, args []value.Cell) value.Cell {
	text := textOf(s, args[0])
	upper := strings.ToUpper(text)
	if !isASCII(text) && strings.IndexFunc(upper, expands) >= 0 {
		upper = expand(upper)
	}
	return made(s, upper)
}

func isASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// expands says that r has no capital of one letter.
func expands(r rune) bool { return r == 'ß' || r == 'ŉ' || r >= 'ﬀ' && r <= 'ﬆ' }

func expand(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == 'ß':
			b.WriteString("SS")
		case r == 'ŉ':
			b.WriteString("ʼN")
		case r >= 'ﬀ' && r <= 'ﬆ':
			b.WriteString([...]string{"FF", "FI", "FL", "FFI", "FFL", "ST", "ST"}[r-'ﬀ'])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// lowercase follows Unicode in every locale, with the sigma that ends a word.
func lowercase(s *value.Strings, args []value.Cell) value.Cell {
	text := textOf(s, args[0])
	lower := strings.ToLower(text)
	if strings.ContainsRune(text, 'Σ') {
		lower = finalSigmas(text)
	}
	return made(s, lower)
}

// finalSigmas is ToLower where a capital sigma after a letter and not before one becomes ς.
func finalSigmas(text string) string {
	var b strings.Builder
	inWord := false
	for i, r := range text {
		if r == 'Σ' && inWord && !startsWithLetter(text[i+len("Σ"):]) {
			b.WriteRune('ς')
		} else {
			b.WriteRune(unicode.ToLower(r))
		}
		inWord = unicode.IsLetter(r)
	}
	return b.String()
}

func startsWithLetter(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(r)
}

// stringLength counts characters, not bytes.
func stringLength(s *value.Strings, args []value.Cell) value.Cell {
	return value.IntegerOf(int64(utf8.RuneCountInString(textOf(s, args[0]))))
}

// substring gives length characters from the position start, the first being 1; what lies past the end is left out.
func substring(s *value.Strings, args []value.Cell) value.Cell {
	start, okStart := integerOf(args[1])
	length, okLength := integerOf(args[2])
	if !okStart || !okLength || start < 1 || length < 0 {
		return value.Undefined()
	}
	text := skip(textOf(s, args[0]), start-1)
	return made(s, text[:len(text)-len(skip(text, length))])
}

// skip gives text without its first n characters.
func skip(text string, n int64) string {
	for ; n > 0 && text != ""; n-- {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}

// integerOf gives the whole number that a cell stands for.
func integerOf(c value.Cell) (int64, bool) {
	if !isNumber(c) {
		return 0, false
	}
	if c.Type == value.Float || c.Type == value.Double {
		return value.Whole(c.Float64())
	}
	return c.Int64(), true
}

func trimBlanks(s *value.Strings, args []value.Cell) value.Cell {
	return made(s, strings.TrimSpace(textOf(s, args[0])))
}

// concat joins the texts of all arguments that are there.
func concat(s *value.Strings, args []value.Cell) value.Cell {
	var buffer [128]byte
	joined, some := buffer[:0], false
	for _, c := range args {
		some = some || c.State != value.Missing
		if joined = value.AppendCell(joined, c, s); len(joined) > maxText {
			return value.Undefined()
		}
	}
	if !some {
		return value.Cell{}
	}
	return madeOf(s, joined)
}
