package fn

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// maxWidth bounds width and precision in a format.
const maxWidth = 1000

func prepareFormatNumber(consts []*string) (Eval, error) {
	if consts[1] == nil {
		return formatNumber, nil
	}
	f, err := parseNumberFormat(*consts[1])
	if err != nil {
		return nil, err
	}
	return func(s *value.Strings, args []value.Cell) value.Cell { return f.eval(s, args[0]) }, nil
}

func formatNumber(s *value.Strings, args []value.Cell) value.Cell {
	f, err := parseNumberFormat(textOf(s, args[1]))
	if err != nil {
		return value.Undefined()
	}
	return f.eval(s, args[0])
}

// A numberFormat is a format of C's printf with at most one conversion.
type numberFormat struct {
	before, after            string
	verb                     byte // d, u, o, x, X, f, e, E, g, G or s; 0 for none
	left, plus, blank, zeros bool
	alternate                bool
	width, precision         int // precision is -1 if it is not given
}

// parseNumberFormat reads [text]%[flags][width][.precision][l]verb[text], where %% is a percent sign in text.
func parseNumberFormat(text string) (*numberFormat, error) {
	f := &numberFormat{precision: -1}
	literal := &f.before
	for text != "" {
		switch {
		case strings.HasPrefix(text, "%%"):
			*literal += "%"
			text = text[2:]
		case text[0] != '%':
			end := strings.IndexByte(text, '%')
			if end < 0 {
				end = len(text)
			}
			*literal += text[:end]
			text = text[end:]
		case f.verb != 0:
			return nil, errors.New("a number's format has one conversion only")
		default:
			rest, err := f.conversion(text)
			if err != nil {
				return nil, fmt.Errorf("format %s: %w", shorten(text), err)
			}
			text, literal = rest, &f.after
		}
	}
	return f, nil
}

// conversion reads what begins with % and gives the rest.
func (f *numberFormat) conversion(text string) (rest string, err error) {
	text = f.flags(text[1:])
	if f.width, text, err = formatSize(text); err != nil {
		return "", err
	}
	if strings.HasPrefix(text, ".") {
		if f.precision, text, err = formatSize(text[1:]); err != nil {
			return "", err
		}
	}
	text = strings.TrimLeft(text, "hlLqjzt")
	if text == "" {
		return "", errors.New("a conversion without its letter")
	}
	f.verb = text[0]
	switch f.verb {
	case 'i':
		f.verb = 'd'
	case 'F':
		f.verb = 'f'
	}
	if strings.IndexByte("duoxXfeEgGs", f.verb) < 0 {
		return "", fmt.Errorf("unknown conversion %%%c", f.verb)
	}
	if f.alternate && strings.IndexByte("oxX", f.verb) < 0 {
		return "", errors.New("the flag # is for o, x and X only")
	}
	return text[1:], nil
}

func (f *numberFormat) flags(text string) (rest string) {
	for ; text != ""; text = text[1:] {
		switch text[0] {
		case '-':
			f.left = true
		case '+':
			f.plus = true
		case ' ':
			f.blank = true
		case '0':
			f.zeros = true
		case '#':
			f.alternate = true
		case '\'':
			// The C locale has no separator of thousands.
		default:
			return text
		}
	}
	return text
}

// formatSize reads a width or a precision, 0 if there is none.
func formatSize(text string) (n int, rest string, err error) {
	for text != "" && text[0] >= '0' && text[0] <= '9' {
		if n = n*10 + int(text[0]-'0'); n > maxWidth {
			return 0, "", fmt.Errorf("a width of more than %d", maxWidth)
		}
		text = text[1:]
	}
	return n, text, nil
}

func (f *numberFormat) eval(s *value.Strings, c value.Cell) value.Cell {
	var buffer [128]byte
	b := append(buffer[:0], f.before...)
	if f.verb != 0 {
		var ok bool
		if b, ok = f.append(b, c, s); !ok {
			return value.Undefined()
		}
	}
	return madeOf(s, append(b, f.after...))
}

// append appends c in its width; ok is false if c is no number, or not a whole one where one is needed.
func (f *numberFormat) append(b []byte, c value.Cell, s *value.Strings) (_ []byte, ok bool) {
	var buffer [64]byte
	var sign string
	digits := buffer[:0]
	switch {
	case f.verb == 's':
		digits = value.AppendCell(digits, c, s)
		return f.pad(b, "", digits, false), true
	case !isNumber(c):
		return b, false
	case strings.IndexByte("duoxX", f.verb) >= 0:
		i, ok := integerOf(c)
		if !ok {
			return b, false
		}
		sign, digits = f.integer(digits, i)
		return f.pad(b, sign, digits, f.zeros && f.precision < 0), true
	}
	x := c.Float64()
	sign, digits = f.real(digits, x)
	return f.pad(b, sign, digits, f.zeros && finite(x)), true
}

// integer appends the digits of i; those of u, o and x are of 64 bits without a sign.
func (f *numberFormat) integer(digits []byte, i int64) (sign string, _ []byte) {
	base, prefix := 10, ""
	switch f.verb {
	case 'o':
		base, prefix = 8, "0"
	case 'x', 'X':
		base, prefix = 16, "0"+string(f.verb)
	}
	n := uint64(i)
	if f.verb == 'd' {
		sign = f.sign(i < 0)
		n = magnitude(i)
	} else if f.alternate && i != 0 {
		sign = prefix
	}
	var buffer [32]byte
	plain := buffer[:0]
	if n != 0 || f.precision != 0 {
		plain = strconv.AppendUint(plain, n, base)
	}
	for zeros := f.precision - len(plain); zeros > 0; zeros-- {
		digits = append(digits, '0')
	}
	digits = append(digits, plain...)
	if f.verb == 'X' {
		capitals(digits)
	}
	return sign, digits
}

// real appends the digits of x.
func (f *numberFormat) real(digits []byte, x float64) (sign string, _ []byte) {
	sign = f.sign(math.Signbit(x))
	x = math.Abs(x)
	verb, precision := f.verb|0x20, f.precision
	if precision < 0 {
		precision = 6
	}
	switch {
	case math.IsInf(x, 0):
		digits = append(digits, "inf"...)
	case x != x:
		digits = append(digits, "nan"...)
	case verb == 'g':
		digits = strconv.AppendFloat(digits, x, verb, max(precision, 1), 64)
	default:
		digits = strconv.AppendFloat(digits, x, verb, precision, 64)
	}
	if f.verb != verb {
		capitals(digits)
	}
	return sign, digits
}

func (f *numberFormat) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case f.plus:
		return "+"
	case f.blank:
		return " "
	}
	return ""
}

// pad appends sign and digits, filled up to the width with blanks, or with zeros between the two.
func (f *numberFormat) pad(b []byte, sign string, digits []byte, zeros bool) []byte {
	fill := f.width - len(sign) - len(digits)
	if !f.left && !zeros {
		b = repeat(b, ' ', fill)
	}
	b = append(b, sign...)
	if !f.left && zeros {
		b = repeat(b, '0', fill)
	}
	b = append(b, digits...)
	if f.left {
		b = repeat(b, ' ', fill)
	}
	return b
}

func repeat(b []byte, c byte, n int) []byte {
	for ; n > 0; n-- {
		b = append(b, c)
	}
	return b
}

func capitals(b []byte) {
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
}
