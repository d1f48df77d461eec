package fn_test

import (
	"math"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// What a test table may have as argument or result, besides string, int, float64, float32 and bool.
type (
	missing   struct{} // the zero Cell
	undefined struct{} // no result for these arguments
	temporal  struct {
		typ  value.Type
		text string
	}
	kept struct{ v any } // an invalid value that is kept as it is, or an invalid result
)

// A call is a row of a test table: a function's name, its arguments, and what it gives.
type call struct {
	name string
	args []any
	want any
}

func cellOf(t *testing.T, s *value.Strings, v any) value.Cell {
	t.Helper()
	switch v := v.(type) {
	case missing:
		return value.Cell{}
	case undefined:
		return value.Undefined()
	case string:
		return s.Cell(v)
	case int:
		return value.IntegerOf(int64(v))
	case float64:
		return value.DoubleOf(v)
	case float32:
		return value.FloatOf(float64(v))
	case bool:
		return value.BooleanOf(v)
	case kept:
		c := cellOf(t, s, v.v)
		c.State = value.Invalid
		return c
	case temporal:
		c, ok := value.Parse(v.typ, v.text, s)
		if !ok {
			t.Fatalf("%v %q cannot be parsed", v.typ, v.text)
		}
		return c
	}
	t.Fatalf("%T in a test table", v)
	return value.Cell{}
}

// describe writes a cell with its type, so that 1 and 1.0 and "1" differ.
func describe(s *value.Strings, c value.Cell) string {
	switch c.State {
	case value.Missing:
		return "missing"
	case value.Invalid:
		if !c.Present() {
			return "undefined"
		}
		c.State = value.Valid
		return "invalid " + describe(s, c)
	}
	return c.Type.String() + " " + string(value.AppendCell(nil, c, s))
}

// run calls each function plainly, and again as a document would whose texts are all constants.
func run(t *testing.T, calls []call) {
	t.Helper()
	for _, c := range calls {
		s := value.NewStrings([]string{"known"}, map[string]int32{"known": 0})
		f, ok := fn.Lookup(c.name)
		if !ok {
			t.Errorf("no function %s", c.name)
			continue
		}
		args := make([]value.Cell, len(c.args))
		types := make([]value.Type, len(c.args))
		for i, v := range c.args {
			args[i] = cellOf(t, s, v)
			types[i] = args[i].Type
		}
		if len(args) < f.Min || f.Max >= 0 && len(args) > f.Max {
			t.Errorf("%s does not take %d arguments", c.name, len(args))
		}
		want := describe(s, cellOf(t, s, c.want))
		got := f.Call(s, args)
		if describe(s, got) != want {
			t.Errorf("%s%v = %s, want %s", c.name, c.args, describe(s, got), want)
		}
		if static := f.Result(types); static != value.NoType && got.State == value.Valid && got.Type != static && static != value.Integer {
			t.Errorf("%s%v is a %v, but a %v by Result", c.name, c.args, got.Type, static)
		}
		if f.Prepare == nil {
			continue
		}
		if got := f.Missing.Call(prepared(t, f, c), s, args); describe(s, got) != want {
			t.Errorf("prepared %s%v = %s, want %s", c.name, c.args, describe(s, got), want)
		}
	}
}

// prepared has the constants of a call prepared; bad ones make the call undefined.
func prepared(t *testing.T, f *fn.Func, c call) fn.Eval {
	t.Helper()
	consts := make([]*string, len(c.args))
	for i, v := range c.args {
		if text, ok := v.(string); ok && i > 0 {
			consts[i] = &text
		}
	}
	eval, err := f.Prepare(consts)
	if err != nil {
		return func(*value.Strings, []value.Cell) value.Cell { return value.Undefined() }
	}
	return eval
}

func args(v ...any) []any { return v }

// TestNumbers pins the numbers of the functions, which compiled programs hold.
func TestNumbers(t *testing.T) {
	const names = "+ - * / min max sum avg median product log10 ln sqrt abs exp pow threshold floor ceil round rint modulo " +
		"isMissing isNotMissing isValid isNotValid equal notEqual lessThan lessOrEqual greaterThan greaterOrEqual and or not isIn " +
		"isNotIn if uppercase lowercase stringLength substring trimBlanks concat replace matches formatNumber formatDatetime " +
		"dateDaysSinceYear dateSecondsSinceYear dateSecondsSinceMidnight normalCDF normalPDF stdNormalCDF stdNormalPDF erf " +
		"normalIDF stdNormalIDF expm1 ln1p hypot sin cos tan asin acos atan sinh cosh tanh x-atan2 x-quotient"
	if got := strings.Join(fn.Names(), " "); got != names {
		t.Errorf("the table is\n%s\nwant\n%s", got, names)
	}
	for i, name := range fn.Names() {
		f, ok := fn.Lookup(name)
		if !ok || f.ID() != uint16(i) || fn.ByID(f.ID()) != f {
			t.Errorf("%s: ID %d, ok %v", name, f.ID(), ok)
		}
		if f.Lazy == (f.Eval != nil) || len(f.Args) == 0 || f.Result == nil {
			t.Errorf("the row of %s is not complete", name)
		}
	}
	if fn.ByID(math.MaxUint16) != nil {
		t.Error("there is a function with the last number")
	}
}

func TestLookup(t *testing.T) {
	for name, want := range map[string]string{
		"pow": "pow", "POW": "pow", "x-concat": "concat", "x-atan2": "x-atan2", "atan2": "", "x-sin": "sin",
		"isnotmissing": "isNotMissing", "x-": "", "": "", "x-x-sin": "", "java.lang.Math.abs": "", "stats::ppois": "",
	} {
		f, ok := fn.Lookup(name)
		if ok != (want != "") || ok && f.Name != want {
			t.Errorf("Lookup(%q) = %v, %v", name, f, ok)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name     string
		types    []value.Type
		at       int
		expected string
	}{
		{"+", []value.Type{value.Integer, value.Double}, -1, ""},
		{"+", []value.Type{value.NoType, value.String}, 1, "a number"},
		{"sum", []value.Type{value.Integer, value.Boolean, value.Date}, 2, "a number"},
		{"if", []value.Type{value.Date, value.String}, 0, "a boolean"},
		{"if", []value.Type{value.Boolean, value.Date, value.String}, -1, ""},
		{"substring", []value.Type{value.Integer, value.Integer, value.String}, 2, "a number"},
		{"dateDaysSinceYear", []value.Type{value.Integer, value.Integer}, 0, "a date or time"},
		{"equal", []value.Type{value.String, value.Double}, -1, ""},
	} {
		f, _ := fn.Lookup(test.name)
		if at, expected := f.Check(test.types); at != test.at || expected != test.expected {
			t.Errorf("%s%v: %d, %q", test.name, test.types, at, expected)
		}
	}
}

// TestMissing: what no other table says about missing, undefined and failed arguments.
func TestMissing(t *testing.T) {
	for _, name := range []string{"+", "pow", "ln", "equal", "lessThan", "not", "uppercase", "substring", "matches",
		"dateDaysSinceYear", "normalCDF", "round"} {
		f, _ := fn.Lookup(name)
		cells := make([]value.Cell, f.Min)
		for i := range cells {
			cells[i] = value.IntegerOf(1)
		}
		s := value.NewStrings(nil, nil)
		cells[0] = value.Undefined()
		if got := f.Call(s, cells); describe(s, got) != "undefined" {
			t.Errorf("%s of an undefined argument is %s", name, describe(s, got))
		}
		cells[0] = value.Cell{}
		if got := f.Call(s, cells); describe(s, got) != "missing" {
			t.Errorf("%s of a missing argument is %s", name, describe(s, got))
		}
		cells[len(cells)-1] = value.FailedOf(0)
		if got := f.Call(s, cells); got.State != value.Failed {
			t.Errorf("%s of a failed argument is %s", name, describe(s, got))
		}
	}
}

func TestNumericFunctionsDoNotAllocate(t *testing.T) {
	s := value.NewStrings(nil, nil)
	cells := []value.Cell{value.DoubleOf(0.25), value.DoubleOf(0.5), value.DoubleOf(2)}
	for _, name := range fn.Names() {
		f, _ := fn.Lookup(name)
		if f.Lazy || f.Args[0] != fn.Number || f.Args[len(f.Args)-1] != fn.Number {
			continue
		}
		n := len(cells)
		if f.Max >= 0 {
			n = f.Max
		}
		if got := testing.AllocsPerRun(10, func() { f.Call(s, cells[:n]) }); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}
