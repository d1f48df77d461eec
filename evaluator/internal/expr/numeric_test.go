package expr_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A generator makes expressions, mostly arithmetic, over slots, constants and defined functions.
type generator struct {
	*rand.Rand
	t         *testing.T
	cells     []value.Cell
	functions []expr.Function
	slots     int
}

func (g *generator) cell() value.Cell { return g.cells[g.IntN(len(g.cells))] }

func (g *generator) apply(name string, args ...expr.Expr) expr.Expr {
	f, ok := fn.Lookup(name)
	if !ok {
		g.t.Fatal(name)
	}
	a := &expr.Apply{Func: f, Args: args}
	if g.IntN(8) == 0 {
		a.MapMissing = g.cell()
	}
	if g.IntN(8) == 0 {
		a.Default = g.cell()
	}
	a.Invalid = expr.Treatment(g.IntN(4))
	if err := a.Prepare(nil); err != nil {
		g.t.Fatal(err)
	}
	return a
}

// expr is an expression of a depth; within a function its leaves are arguments.
func (g *generator) expr(depth, params int) expr.Expr {
	if depth == 0 || g.IntN(6) == 0 {
		switch {
		case g.IntN(3) == 0:
			return &expr.Const{Cell: value.DoubleOf(float64(g.IntN(5)) - 2)}
		case g.IntN(8) == 0:
			if c := g.cell(); c.State == value.Valid && !c.Many && c.Type != value.String {
				return &expr.Const{Cell: c}
			}
		case params > 0:
			return &expr.Arg{Index: int32(g.IntN(params))}
		}
		if params > 0 {
			return &expr.Arg{}
		}
		return &expr.Slot{Slot: int32(g.IntN(g.slots))}
	}
	sub := func() expr.Expr { return g.expr(depth-1, params) }
	switch n := g.IntN(16); n {
	case 0:
		return &expr.Cast{X: sub(), Type: []value.Type{value.Double, value.Float, value.Integer}[g.IntN(3)]}
	case 1:
		return &expr.OrElse{X: sub(), Else: g.cell()}
	case 2:
		return g.apply("if", g.apply("greaterThan", sub(), sub()), sub(), sub())
	case 3:
		return &expr.Discretize{X: sub(), Bins: []expr.Bin{{Interval: expr.Interval{Right: 1}, Value: value.DoubleOf(7)}}}
	case 4, 5:
		return g.apply([]string{"abs", "ln", "exp", "sqrt", "floor", "sin", "rint"}[g.IntN(7)], sub())
	case 6, 7:
		if len(g.functions) == 0 {
			break
		}
		i := g.IntN(len(g.functions))
		a := &expr.Apply{Define: int32(i)}
		for range g.functions[i].Params {
			a.Args = append(a.Args, g.expr(g.IntN(2), params))
		}
		return a
	}
	return g.apply([]string{"+", "-", "*", "/", "+", "-", "*", "/", "pow", "min"}[g.IntN(10)], sub(), sub())
}

// function adds a defined function, which may call those before it.
func (g *generator) function() {
	d := expr.Function{Name: "f", Params: make([]value.Type, 1+g.IntN(2))}
	for i := range d.Params {
		d.Params[i] = []value.Type{value.NoType, value.Double, value.Float}[g.IntN(3)]
	}
	d.Result = []value.Type{value.NoType, value.Double, value.Integer}[g.IntN(3)]
	d.Body = g.expr(3, len(d.Params))
	g.functions = append(g.functions, d)
}

// TestSpecialise compares specialised expressions with plain ones on cells of every kind.
func TestSpecialise(t *testing.T) {
	kept := value.DoubleOf(3)
	kept.State = value.Invalid
	strings := value.NewStrings([]string{"a", "2.5"}, map[string]int32{"a": 0, "2.5": 1})
	g := &generator{Rand: rand.New(rand.NewPCG(1, 2)), t: t, slots: 4, cells: []value.Cell{
		{}, value.Undefined(), kept, value.SymbolOf(0), value.SymbolOf(1), value.BooleanOf(true),
		value.IntegerOf(0), value.IntegerOf(-3), value.IntegerOf(math.MaxInt64), value.FloatOf(0.1), value.FloatOf(-2),
		value.DoubleOf(0), value.DoubleOf(-1.5), value.DoubleOf(1e300), value.DoubleOf(5e-324), value.DoubleOf(math.Inf(1)),
		value.DoubleOf(math.Inf(-1)), value.DoubleOf(math.NaN()), value.TemporalOf(value.Date, 12), value.TemporalOf(value.TimeSeconds, 5),
	}}
	for range 12 {
		g.function()
	}
	f := expr.NewFrame(g.slots, strings, g.functions)
	fast := 0
	for range 4000 {
		plain := g.expr(1+g.IntN(4), 0)
		special := expr.Specialise(plain, g.functions)
		if special != plain {
			fast++
		}
		for range 25 {
			f.Reset()
			for i := range int32(g.slots) {
				switch g.IntN(4) {
				case 0:
					f.Set(i, g.cell())
				default:
					f.Set(i, value.DoubleOf(g.NormFloat64()))
				}
			}
			if g.IntN(50) == 0 {
				f.Set(0, f.Fail("broken"))
			}
			compare(t, f, plain, special)
		}
	}
	if fast < 2000 {
		t.Errorf("only %d expressions were specialised", fast)
	}
}

func compare(t *testing.T, f *expr.Frame, plain, special expr.Expr) {
	t.Helper()
	want, got := plain.Eval(f), special.Eval(f)
	same := value.Identical(want, got)
	if want.State == value.Failed && got.State == value.Failed {
		same = f.Failure(want).Message == f.Failure(got).Message
	}
	if !same {
		var b strings.Builder
		(&expr.Printer{W: &b, Slots: []string{"a", "b", "c", "d"}, Strings: f.Strings, Functions: f.Functions}).Expr(plain)
		t.Fatalf("%s: plain %+v, specialised %+v, of %+v", b.String(), want, got, f.Slots)
	}
}

// TestSpecialiseBounds writes functions that double each other: what they would grow to stays plain.
func TestSpecialiseBounds(t *testing.T) {
	plus, _ := fn.Lookup("+")
	call := func(i int, e expr.Expr) expr.Expr { return &expr.Apply{Define: int32(i), Args: []expr.Expr{e}} }
	functions := []expr.Function{{Name: "0", Params: []value.Type{value.Double}, Body: &expr.Arg{}, Result: value.Double}}
	for i := range 60 {
		body := &expr.Apply{Func: plus, Args: []expr.Expr{call(i, &expr.Arg{}), call(i, &expr.Arg{})}}
		if err := body.Prepare(nil); err != nil {
			t.Fatal(err)
		}
		functions = append(functions, expr.Function{Name: "f", Params: []value.Type{value.Double}, Body: body, Result: value.Double})
	}
	for n := range functions {
		expr.Specialise(call(n, &expr.Slot{}), functions)
	}
}
