package expr

import (
	"cmp"
	"math"
	"sort"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// An Expr computes a cell from a frame. A Failed operand makes the result Failed with the same cause.
type Expr interface {
	Eval(f *Frame) value.Cell
	node
}

// A Const is a literal.
type Const struct{ Cell value.Cell }

// Eval gives the literal.
func (e *Const) Eval(*Frame) value.Cell { return e.Cell }

// A Slot is the value of a field.
type Slot struct{ Slot int32 }

// Eval gives the field's value.
func (e *Slot) Eval(f *Frame) value.Cell { return f.Slots[e.Slot] }

// An Arg is an argument of the function whose body is evaluated.
type Arg struct{ Index int32 }

// Eval gives the argument.
func (e *Arg) Eval(f *Frame) value.Cell { return f.args[f.base+int(e.Index)] }

// An OrElse replaces a missing value: FieldRef@mapMissingTo.
type OrElse struct {
	X    Expr
	Else value.Cell
}

// Eval gives X, or Else if X is missing.
func (e *OrElse) Eval(f *Frame) value.Cell {
	if c := e.X.Eval(f); c.State != value.Missing {
		return c
	}
	return e.Else
}

// A Cast gives X as type Type, as DerivedField, ParameterField, DefineFunction and OutputField do.
type Cast struct {
	X    Expr
	Type value.Type
}

// Eval fails if the value cannot be given in the type.
func (e *Cast) Eval(f *Frame) value.Cell { return f.cast(e.X.Eval(f), e.Type) }

func (f *Frame) cast(c value.Cell, t value.Type) value.Cell {
	if c.Type == t || c.State == value.Missing || c.State == value.Failed || c.Many {
		return c
	}
	if out, ok := value.Convert(c, t, f.Strings); ok {
		out.State = c.State
		return out
	}
	return f.Fail("Expected " + t.String() + " value, got " + quoted(c, f.Strings))
}

func quoted(c value.Cell, s value.Texter) string {
	text := string(value.AppendCell(nil, c, s))
	if len(text) > 100 {
		text = text[:100]
	}
	return c.Type.String() + " value \"" + text + "\""
}

// A NormContinuous is a piecewise linear function of a number.
type NormContinuous struct {
	X          Expr
	Orig, Norm []float64 // points, Orig ascending; at least two
	Outliers   Outliers
	MapMissing value.Cell
}

// Outliers says what becomes of a value outside of a range.
type Outliers uint8

// The treatments of outliers.
const (
	AsIs Outliers = iota
	AsMissingValues
	AsExtremeValues
)

// Eval interpolates; outside of the points it extrapolates the nearest segment unless Outliers says otherwise.
func (e *NormContinuous) Eval(f *Frame) value.Cell {
	c := e.X.Eval(f)
	switch c.State {
	case value.Missing:
		return e.MapMissing
	case value.Failed:
		return c
	}
	x, last := c.Float64(), len(e.Orig)-1
	switch {
	case math.IsNaN(x):
		return f.Fail("Expected numeric value, got " + quoted(c, f.Strings))
	case e.Outliers == AsMissingValues && (x < e.Orig[0] || x > e.Orig[last]):
		return e.MapMissing
	case e.Outliers == AsExtremeValues && x < e.Orig[0]:
		return value.DoubleOf(e.Norm[0])
	case e.Outliers == AsExtremeValues && x > e.Orig[last]:
		return value.DoubleOf(e.Norm[last])
	}
	i := max(1, min(last, sort.SearchFloat64s(e.Orig, x))) // the segment that ends at point i
	a, b := e.Orig[i-1], e.Orig[i]
	return value.DoubleOf(e.Norm[i-1] + (x-a)/(b-a)*(e.Norm[i]-e.Norm[i-1]))
}

// A NormDiscrete is 1 if X is one of its values, else 0. It has one value unless its method is thermometer.
type NormDiscrete struct {
	X          Expr
	Values     Set
	MapMissing value.Cell
}

// Eval gives a double.
func (e *NormDiscrete) Eval(f *Frame) value.Cell {
	c := e.X.Eval(f)
	switch {
	case c.State == value.Missing:
		return e.MapMissing
	case c.State == value.Failed:
		return c
	case e.Values.Has(c):
		return value.DoubleOf(1)
	}
	return value.DoubleOf(0)
}

// A Discretize gives the value of the first bin that X is in.
type Discretize struct {
	X                   Expr
	Bins                []Bin
	Default, MapMissing value.Cell
}

// A Bin is an interval and its value.
type Bin struct {
	Interval Interval
	Value    value.Cell
}

// Eval gives the bin's value, or the default.
func (e *Discretize) Eval(f *Frame) value.Cell {
	c := e.X.Eval(f)
	switch c.State {
	case value.Missing:
		return e.MapMissing
	case value.Failed:
		return c
	}
	x := c.Float64()
	for i := range e.Bins {
		if e.Bins[i].Interval.Has(x) {
			return e.Bins[i].Value
		}
	}
	return e.Default
}

// An Interval is a range of numbers; unbounded ends are infinite.
type Interval struct {
	Left, Right         float64
	LeftOpen, RightOpen bool
}

// Has says that x is in the interval; NaN is in none.
func (i *Interval) Has(x float64) bool {
	return (x > i.Left || x == i.Left && !i.LeftOpen) && (x < i.Right || x == i.Right && !i.RightOpen)
}

// A MapValues looks its keys up in a table.
type MapValues struct {
	Keys                []Expr
	Types               []value.Type // of the table's key columns
	Rows                []value.Cell // key cells, len(Keys) to a row, rows in the order of compareKeys
	Results             []value.Cell // one to a row
	Default, MapMissing value.Cell
}

// Eval gives the result of the row whose cells equal the keys.
func (e *MapValues) Eval(f *Frame) value.Cell {
	mark := len(f.args)
	defer func() { f.args = f.args[:mark] }()
	for i, k := range e.Keys {
		c := f.push(k)
		switch {
		case c.State == value.Missing:
			return e.MapMissing
		case c.State == value.Failed:
			return c
		}
		c, ok := value.Convert(c, e.Types[i], f.Strings)
		if !ok {
			return e.Default
		}
		f.args[mark+i] = c
	}
	keys, n := f.args[mark:], len(e.Keys)
	at := sort.Search(len(e.Results), func(row int) bool { return CompareKeys(e.Rows[row*n:row*n+n], keys) >= 0 })
	if at < len(e.Results) && CompareKeys(e.Rows[at*n:at*n+n], keys) == 0 {
		return e.Results[at]
	}
	return e.Default
}

// CompareKeys orders the rows of a table: text by symbol, anything else as numbers. Text that no model knows has no
// symbol and equals nothing.
func CompareKeys(a, b []value.Cell) int {
	for i := range a {
		if a[i].Type == value.String {
			if d := int(a[i].Sym) - int(b[i].Sym); d != 0 {
				return d
			}
			continue
		}
		switch x, y := a[i].Float64(), b[i].Float64(); {
		case x < y:
			return -1
		case x > y:
			return 1
		case Wide(a[i]) && Wide(b[i]) && a[i].Int64() != b[i].Int64():
			return cmp.Compare(a[i].Int64(), b[i].Int64())
		}
	}
	return 0
}

// Treatment says what becomes of an invalid value or of an undefined result.
type Treatment uint8

// The treatments of invalid values.
const (
	ReturnInvalid    Treatment = iota
	KeepInvalid                // asIs
	InvalidAsMissing           // asMissing
	InvalidAsValue             // asValue
)

// An Apply calls a function: a built-in one, or a defined one.
type Apply struct {
	Func       *fn.Func // nil: Define
	Define     int32    // number of the defined function
	Args       []Expr
	MapMissing value.Cell // result if an argument is missing, if not itself missing
	Default    value.Cell // result if the result would be missing
	Invalid    Treatment

	eval fn.Eval
}

// Prepare must be called once before Eval. It fails if a constant argument, such as a pattern, cannot be used; text
// gives the text of a symbol.
func (e *Apply) Prepare(text func(value.Cell) string) error {
	if e.Func == nil {
		return nil
	}
	e.eval = e.Func.Eval
	if e.Func.Prepare == nil {
		return nil
	}
	consts := make([]*string, len(e.Args))
	for i, a := range e.Args {
		if c, ok := a.(*Const); ok && c.Cell.State == value.Valid && c.Cell.Type == value.String {
			s := text(c.Cell)
			consts[i] = &s
		}
	}
	eval, err := e.Func.Prepare(consts)
	if err == nil && eval != nil {
		e.eval = eval
	}
	return err
}

// Eval calls the function and does what the Apply element says about missing and invalid results.
func (e *Apply) Eval(f *Frame) value.Cell {
	c := e.call(f)
	if c.State == value.Invalid {
		switch {
		case e.Invalid == InvalidAsMissing:
			c = value.Cell{}
		case e.Invalid == KeepInvalid && c.Type != value.NoType:
			c.State = value.Valid
		default:
			return f.Fail("Function \"" + e.name(f) + "\" returned invalid value")
		}
	}
	if c.State == value.Missing {
		return e.Default
	}
	return c
}

func (e *Apply) name(f *Frame) string {
	if e.Func != nil {
		return e.Func.Name
	}
	return f.Functions[e.Define].Name
}

func (e *Apply) call(f *Frame) value.Cell {
	if e.Func != nil && e.Func.Lazy {
		return e.lazy(f)
	}
	mark := len(f.args)
	for _, a := range e.Args {
		c := f.push(a)
		if c.State == value.Failed || c.State == value.Missing && e.MapMissing.State != value.Missing {
			f.args = f.args[:mark]
			if c.State == value.Missing {
				return e.MapMissing
			}
			return c
		}
	}
	var out value.Cell
	if e.Func != nil {
		out = e.Func.Missing.Call(e.eval, f.Strings, f.args[mark:])
	} else {
		out = f.Functions[e.Define].call(f, mark)
	}
	f.args = f.args[:mark]
	return out
}

// lazy evaluates only the arguments that decide: if, and, or.
func (e *Apply) lazy(f *Frame) value.Cell {
	if e.Func.Name == "if" {
		return e.choose(f)
	}
	stop := value.TruthOf(e.Func.Name == "or") // the truth that decides alone
	out := value.True
	if stop == value.True {
		out = value.False
	}
	for _, a := range e.Args {
		c := a.Eval(f)
		switch {
		case c.State == value.Failed:
			return c
		case c.State == value.Missing && e.MapMissing.State != value.Missing:
			return e.MapMissing
		case c.State == value.Missing:
			out = value.Unknown
			continue
		}
		b, ok := value.Convert(c, value.Boolean, f.Strings)
		if !ok {
			return f.Fail("Expected boolean value, got " + quoted(c, f.Strings))
		}
		if value.TruthOf(b.True()) == stop {
			return value.BooleanOf(stop == value.True)
		}
	}
	if out == value.Unknown {
		return value.Cell{}
	}
	return value.BooleanOf(out == value.True)
}

func (e *Apply) choose(f *Frame) value.Cell {
	c := e.Args[0].Eval(f)
	switch c.State {
	case value.Failed:
		return c
	case value.Missing:
		return e.MapMissing
	}
	b, ok := value.Convert(c, value.Boolean, f.Strings)
	if !ok {
		return f.Fail("Expected boolean value, got " + quoted(c, f.Strings))
	}
	branch := 1
	if !b.True() {
		branch = 2
	}
	if branch == len(e.Args) {
		return value.Cell{}
	}
	out := e.Args[branch].Eval(f)
	if out.State == value.Missing {
		return e.MapMissing
	}
	return out
}

// A Function is a DefineFunction: its body sees nothing but its arguments.
type Function struct {
	Name   string
	Params []value.Type // NoType: as given
	Locals []Expr       // computed after the arguments and seen by the body as further ones
	Body   Expr
	Result value.Type
}

// call evaluates the body on the arguments that begin at mark.
func (d *Function) call(f *Frame, mark int) value.Cell {
	for i, t := range d.Params {
		if t != value.NoType {
			c := f.cast(f.args[mark+i], t)
			if c.State == value.Failed {
				return c
			}
			f.args[mark+i] = c
		}
	}
	base := f.base
	f.base = mark
	for _, e := range d.Locals {
		f.push(e)
	}
	c := d.Body.Eval(f)
	f.base = base
	if d.Result == value.NoType {
		return c
	}
	return f.cast(c, d.Result)
}

// A Raise fails the record with a message: JPMML's X-Error.
type Raise struct{ Message string }

// Eval fails.
func (e *Raise) Eval(f *Frame) value.Cell { return f.Fail(e.Message) }

// An Aggregate reduces the members of a list.
type Aggregate struct {
	X        Expr
	Function Reduction
}

// A Reduction is the function of an Aggregate.
type Reduction uint8

// The reductions.
const (
	Count Reduction = iota
	Sum
	Average
	Min
	Max
	Multiset
)

// Eval reduces; missing members do not count, and no members give a missing value (or a count of 0).
func (e *Aggregate) Eval(f *Frame) value.Cell {
	c := e.X.Eval(f)
	if c.State == value.Missing || c.State == value.Failed || e.Function == Multiset && c.Many {
		return c
	}
	if !c.Many {
		c = f.List(c.Type, []value.Cell{c})
	}
	n, sum, best := 0, 0.0, value.Cell{}
	for _, m := range f.Cells(c) {
		if m.State != value.Valid {
			continue
		}
		x := m.Float64()
		n, sum = n+1, sum+x
		if n == 1 || e.Function == Min && x < best.Float64() || e.Function == Max && x > best.Float64() {
			best = m
		}
	}
	switch {
	case e.Function == Count:
		return value.IntegerOf(int64(n))
	case n == 0:
		return value.Cell{}
	case e.Function == Sum:
		return f.cast(value.DoubleOf(sum), c.Type)
	case e.Function == Average:
		return value.DoubleOf(sum / float64(n))
	}
	return best
}
