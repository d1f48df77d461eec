package value

import "github.com/handoff-pmml/handoff/evaluator/internal/intern"

// Strings holds the text that cells refer to: the symbols of a program, fixed when it was compiled, and what one record
// brings with it. Symbols have numbers from 0, a record's own texts from -1 downwards. One goroutine uses a Strings.
type Strings struct {
	symbols []string
	numbers map[string]int32
	record  []string
	budget  Budget
}

// NewStrings is a Strings over a program's symbols. numbers maps each symbol to its index; both are shared, not copied.
func NewStrings(symbols []string, numbers map[string]int32) *Strings {
	return &Strings{symbols: symbols, numbers: numbers}
}

// Reset forgets the texts of the last record.
func (s *Strings) Reset() {
	s.record = s.record[:0]
	s.budget.refill()
}

// Budget is the work on texts that the record may still take.
func (s *Strings) Budget() *Budget { return &s.budget }

// Cell is the String with the given text. A text that the program knows always gets its symbol, so two cells with
// non-negative numbers are equal exactly if their numbers are.
func (s *Strings) Cell(text string) Cell {
	if n, ok := s.numbers[text]; ok {
		return SymbolOf(n)
	}
	s.record = append(s.record, text)
	return SymbolOf(int32(-len(s.record)))
}

// Text gives the text of a String cell.
func (s *Strings) Text(c Cell) string {
	if c.Sym >= 0 {
		return s.symbols[c.Sym]
	}
	return s.record[-1-c.Sym]
}

// A Symbols numbers the texts of a program while it is compiled. The zero Symbols is empty.
type Symbols struct {
	texts intern.Texts
}

// Cell is the String with the given text, whose symbol is added if it is new.
func (s *Symbols) Cell(text string) Cell {
	n, _ := s.texts.Add(text)
	return SymbolOf(int32(n))
}

// List gives all symbols in the order of their numbers.
func (s *Symbols) List() []string { return s.texts.List() }

// Text gives the text of a symbol's cell.
func (s *Symbols) Text(c Cell) string { return s.texts.Text(int(c.Sym)) }
