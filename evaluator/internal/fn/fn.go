// Package fn has the built-in functions of PMML, each with its arity, its types and its treatment of missing arguments,
// and the text index.
package fn

import (
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// An Eval computes a function. The cell is the zero Cell for a missing result. It is invalid if the function has none for
// these arguments: value.Undefined(), or the infinity or NaN that arithmetic gives. Numeric functions do not allocate.
type Eval func(s *value.Strings, args []value.Cell) value.Cell

// Missing says what a function does about missing arguments.
type Missing uint8

// The treatments of missing arguments.
const (
	Propagate Missing = iota // any missing argument gives a missing result
	Skip                     // missing arguments do not count; without any other the result is missing
	See                      // the function decides
)

// A Kind is a set of types that an argument may have.
type Kind uint8

// The kinds of arguments.
const (
	Any    Kind = iota // everything
	Number             // numbers, booleans as 1 and 0, and types that count days or seconds
	Text               // everything, by its text
	Truth              // booleans, and numbers and texts that stand for one
	Moment             // dates and times of day, and text in their ISO form
)

// A Func is a built-in function.
type Func struct {
	Name     string
	Min, Max int // number of arguments; Max < 0 for any number from Min
	Missing  Missing
	Lazy     bool   // if, and, or: the caller evaluates arguments as they are needed, and there is no Eval
	Args     []Kind // of the arguments; the last one is also that of all that follow

	// Result gives the type of the result from the types of the arguments: NoType if it is only known from the values.
	// An Integer that does not fit 64 bits is a Double all the same.
	Result func(args []value.Type) value.Type

	// Eval computes the function for present arguments, unless Missing says that it sees others; see Call.
	Eval Eval

	// Real, where there is one, is the function on a present double whose result is a double; NaN there is no result.
	Real func(float64) float64

	// Prepare, where there is one, does ahead of time what depends on constant texts only, such as compiling a pattern.
	// consts has the texts of those arguments that are constant, nil for the others. The error says what is wrong with
	// a constant.
	Prepare func(consts []*string) (Eval, error)
}

// Call computes a function with the treatment m: eval sees only what it is to see. A failed argument is the result.
func (m Missing) Call(eval Eval, s *value.Strings, args []value.Cell) value.Cell {
	for i := range args {
		if args[i].State != value.Valid {
			return m.callPartly(eval, s, args)
		}
	}
	return eval(s, args)
}

// callPartly is Call where some argument is not valid.
func (m Missing) callPartly(eval Eval, s *value.Strings, args []value.Cell) value.Cell {
	missing, undefined := false, false
	for _, c := range args {
		switch {
		case c.State == value.Failed:
			return c
		case c.State == value.Missing:
			missing = true
		case !c.Present():
			undefined = true
		}
	}
	switch {
	case m == See:
		return eval(s, args)
	case missing && m == Propagate:
		return value.Cell{}
	case undefined:
		return value.Undefined()
	}
	return eval(s, args)
}

// Call computes f; it must not be Lazy.
func (f *Func) Call(s *value.Strings, args []value.Cell) value.Cell {
	return f.Missing.Call(f.Eval, s, args)
}

// Check compares the types of arguments, NoType where they are not known, with what f takes. at is the index of the first
// that can never do, and expected says what would; at is -1 if there is none.
func (f *Func) Check(types []value.Type) (at int, expected string) {
	for i, t := range types {
		kind := f.Args[min(i, len(f.Args)-1)]
		if t != value.NoType && !kind.takes(t) {
			return i, kind.String()
		}
	}
	return -1, ""
}

func (k Kind) takes(t value.Type) bool {
	switch k {
	case Number:
		return t.Numeric() || t == value.Boolean || t.Counts()
	case Truth:
		return t.Numeric() || t == value.Boolean || t == value.String
	case Moment:
		return t.Temporal() || t == value.String
	}
	return true
}

// String names the kind in messages: "a number".
func (k Kind) String() string {
	switch k {
	case Number:
		return "a number"
	case Text:
		return "text"
	case Truth:
		return "a boolean"
	case Moment:
		return "a date or time"
	}
	return "a value"
}

// Lookup finds a built-in function. Besides its name in the standard it is found by that name after x-, which older
// documents write for what came later, and with other capitals, as in POW.
func Lookup(name string) (*Func, bool) {
	if f := find(name, equalName); f != nil {
		return f, true
	}
	name = strings.TrimPrefix(name, "x-")
	f := find(name, strings.EqualFold)
	return f, f != nil
}

func find(name string, same func(a, b string) bool) *Func {
	for i := range table {
		if same(table[i].Name, name) {
			return &table[i]
		}
	}
	return nil
}

func equalName(a, b string) bool { return a == b }

// ID numbers f for compiled programs; the number never changes.
func (f *Func) ID() uint16 {
	for i := range table {
		if &table[i] == f {
			return uint16(i)
		}
	}
	return uint16(len(table))
}

// ByID is the function with a number, nil if there is none.
func ByID(id uint16) *Func {
	if int(id) >= len(table) {
		return nil
	}
	return &table[id]
}

// Names gives the names of all functions, in the order of their numbers.
func Names() []string {
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].Name
	}
	return names
}
