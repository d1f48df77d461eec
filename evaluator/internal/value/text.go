package value

import (
	"strconv"
	"strings"
)

// A Texter knows the texts of String cells.
type Texter interface{ Text(Cell) string }

// An Interner also makes String cells: a Strings while scoring, a Symbols while compiling.
type Interner interface {
	Texter
	Cell(text string) Cell
	Intern(text []byte) Cell
}

// Intern is Cell for a text in a buffer: it is copied only if the program does not know it.
func (s *Strings) Intern(text []byte) Cell {
	if n, ok := s.numbers[string(text)]; ok {
		return SymbolOf(n)
	}
	return s.Cell(string(text))
}

// Intern is Cell for a text in a buffer, which is copied.
func (s *Symbols) Intern(text []byte) Cell { return s.Cell(string(text)) }

// Parse reads text as a value of type t, as inputs and documents write it; ok is false if it is none.
//
// A String is the text as it is. For all other types blanks around it do not count. Numbers are decimal, with point and
// exponent, or INF, -INF, Infinity in any case; NaN is none. An Integer may have a fraction of zeros. A Float is rounded
// to 32 bits once. A Boolean is true or false in any case, 1 or 0. Dates and times are those of ISO 8601, see
// AppendTemporal, and must be on the calendar; a time may lack its seconds and have nine digits of fraction, a dateTime
// may have an offset, which is not applied. The types that are named as counts take a whole number too, and
// timeSeconds hours beyond 24 and a minus sign.
func Parse(t Type, text string, s Interner) (c Cell, ok bool) {
	if t == String {
		return s.Cell(text), true
	}
	return parseScalar(t, text)
}

// parseScalar is Parse for all types but String.
func parseScalar(t Type, text string) (Cell, bool) {
	text = strings.TrimSpace(text)
	switch t {
	case Integer:
		i, ok := parseInteger(text)
		return IntegerOf(i), ok
	case Float:
		f, ok := parseFloat(text, 32)
		return FloatOf(f), ok
	case Double:
		f, ok := parseFloat(text, 64)
		return DoubleOf(f), ok
	case Boolean:
		return parseBoolean(text)
	}
	if t.Temporal() {
		return parseTemporal(t, text)
	}
	return Cell{}, false
}

func parseBoolean(text string) (Cell, bool) {
	switch {
	case text == "1" || text == "1.0" || strings.EqualFold(text, "true"):
		return BooleanOf(true), true
	case text == "0" || text == "0.0" || strings.EqualFold(text, "false"):
		return BooleanOf(false), true
	}
	return Cell{}, false
}

// AppendCell appends the text of a present cell that is no list: numbers as Java writes them (2, 2.0, 1.0E-5), booleans as
// true and false, times as AppendTemporal does. Other cells have no text.
func AppendCell(b []byte, c Cell, s Texter) []byte {
	if !c.Present() || c.Many {
		return b
	}
	switch c.Type {
	case String:
		return append(b, s.Text(c)...)
	case Integer:
		return strconv.AppendInt(b, c.Int64(), 10)
	case Float:
		return AppendFloat(b, c.Float64(), 32)
	case Double:
		return AppendFloat(b, c.Float64(), 64)
	case Boolean:
		return strconv.AppendBool(b, c.True())
	}
	return AppendTemporal(b, c.Type, c.Int64())
}
