package expr

import (
	"sort"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A node encodes and prints itself.
type node interface {
	code(c *codec.Coder)
	print(p *Printer)
}

// The kinds of nodes, by the number that stands for them in the compiled form: new ones are added at the end.
var expressions = []func() Expr{
	func() Expr { return new(Const) },
	func() Expr { return new(Slot) },
	func() Expr { return new(Arg) },
	func() Expr { return new(OrElse) },
	func() Expr { return new(Cast) },
	func() Expr { return new(NormContinuous) },
	func() Expr { return new(NormDiscrete) },
	func() Expr { return new(Discretize) },
	func() Expr { return new(MapValues) },
	func() Expr { return new(Apply) },
	func() Expr { return new(Raise) },
	func() Expr { return new(Aggregate) },
	func() Expr { return new(TextIndex) },
	func() Expr { return new(Lag) },
}

var predicates = []func() Predicate{
	func() Predicate { return new(Always) },
	func() Predicate { return new(Compare) },
	func() Predicate { return new(Known) },
	func() Predicate { return new(In) },
	func() Predicate { return new(Compound) },
}

func expressionTag(e Expr) byte {
	switch e := e.(type) {
	case *Numeric:
		return expressionTag(e.plain)
	case *Const:
		return 0
	case *Slot:
		return 1
	case *Arg:
		return 2
	case *OrElse:
		return 3
	case *Cast:
		return 4
	case *NormContinuous:
		return 5
	case *NormDiscrete:
		return 6
	case *Discretize:
		return 7
	case *MapValues:
		return 8
	case *Apply:
		return 9
	case *Raise:
		return 10
	case *Aggregate:
		return 11
	case *TextIndex:
		return 12
	}
	return 13
}

func predicateTag(p Predicate) byte {
	switch p.(type) {
	case *Always:
		return 0
	case *Compare:
		return 1
	case *Known:
		return 2
	case *In:
		return 3
	}
	return 4
}

// Code codes an expression.
func Code(c *codec.Coder, e *Expr) {
	var tag byte
	if !c.Reading() {
		tag = expressionTag(*e)
	}
	if !c.Enter() {
		*e = &Const{}
		return
	}
	c.Byte(&tag)
	if c.Reading() {
		if int(tag) >= len(expressions) {
			c.Failf("no expression has number %d", tag)
			tag = 0
		}
		*e = expressions[tag]()
	}
	(*e).code(c)
	c.Leave()
}

// CodePredicate codes a predicate.
func CodePredicate(c *codec.Coder, p *Predicate) {
	var tag byte
	if !c.Reading() {
		tag = predicateTag(*p)
	}
	if !c.Enter() {
		*p = &Always{}
		return
	}
	c.Byte(&tag)
	if c.Reading() {
		if int(tag) >= len(predicates) {
			c.Failf("no predicate has number %d", tag)
			tag = 0
		}
		*p = predicates[tag]()
	}
	(*p).code(c)
	c.Leave()
}

func codeAll(c *codec.Coder, e *[]Expr) {
	codec.Slice(c, e, 1, func(e *Expr) { Code(c, e) })
}

func (e *Const) code(c *codec.Coder) { c.Cell(&e.Cell) }
func (e *Slot) code(c *codec.Coder)  { c.Slot(&e.Slot) }

func (e *Arg) code(c *codec.Coder) {
	if c.Reading() {
		c.Index(&e.Index, c.Arguments)
		return
	}
	c.Int32(&e.Index)
}

func (e *OrElse) code(c *codec.Coder) {
	Code(c, &e.X)
	c.Cell(&e.Else)
}

func (e *Cast) code(c *codec.Coder) {
	Code(c, &e.X)
	c.Type(&e.Type)
}

func (e *NormContinuous) code(c *codec.Coder) {
	Code(c, &e.X)
	c.Float64s(&e.Orig)
	c.Float64s(&e.Norm)
	codec.Enum(c, &e.Outliers, AsExtremeValues+1)
	c.Cell(&e.MapMissing)
	if len(e.Orig) < 2 || len(e.Orig) != len(e.Norm) {
		c.Failf("NormContinuous with %d and %d numbers", len(e.Orig), len(e.Norm))
	}
}

func (e *NormDiscrete) code(c *codec.Coder) {
	Code(c, &e.X)
	e.Values.Code(c)
	c.Cell(&e.MapMissing)
}

func (e *Discretize) code(c *codec.Coder) {
	Code(c, &e.X)
	codec.Slice(c, &e.Bins, 19, func(b *Bin) {
		b.Interval.Code(c)
		c.Cell(&b.Value)
	})
	c.Cell(&e.Default)
	c.Cell(&e.MapMissing)
}

// Code codes the interval.
func (i *Interval) Code(c *codec.Coder) {
	c.Float64(&i.Left)
	c.Float64(&i.Right)
	c.Bool(&i.LeftOpen)
	c.Bool(&i.RightOpen)
}

func (e *MapValues) code(c *codec.Coder) {
	codeAll(c, &e.Keys)
	codec.Slice(c, &e.Types, 1, c.Type)
	c.Cells(&e.Rows)
	c.Cells(&e.Results)
	c.Cell(&e.Default)
	c.Cell(&e.MapMissing)
	if len(e.Types) != len(e.Keys) || len(e.Rows) != len(e.Keys)*len(e.Results) {
		c.Failf("MapValues with %d keys, %d key cells and %d results", len(e.Keys), len(e.Rows), len(e.Results))
	}
}

func (e *Apply) code(c *codec.Coder) {
	var id int32 = -1
	if e.Func != nil {
		id = int32(e.Func.ID())
	}
	c.Int32(&id)
	c.Int32(&e.Define)
	codeAll(c, &e.Args)
	c.Cell(&e.MapMissing)
	c.Cell(&e.Default)
	codec.Enum(c, &e.Invalid, InvalidAsValue+1)
	if c.Reading() && c.Err() == nil {
		e.resolve(c, id)
	}
}

// resolve finds the function with the given number after reading.
func (e *Apply) resolve(c *codec.Coder, id int32) {
	if id < 0 {
		// A function may call those before it only, so that calls end.
		if e.Define < 0 || int(e.Define) >= c.Functions {
			c.Failf("function %d is not below %d", e.Define, c.Functions)
		}
		return
	}
	if e.Func = fn.ByID(uint16(id)); e.Func == nil {
		c.Failf("no function has number %d", id)
		return
	}
	if n := len(e.Args); n < e.Func.Min || e.Func.Max >= 0 && n > e.Func.Max {
		c.Failf("function %s with %d arguments", e.Func.Name, n)
		return
	}
	if err := e.Prepare(c.Text); err != nil {
		c.Failf("function %s: %v", e.Func.Name, err)
	}
}

func (e *Raise) code(c *codec.Coder) { c.String(&e.Message) }

func (e *Aggregate) code(c *codec.Coder) {
	Code(c, &e.X)
	codec.Enum(c, &e.Function, Multiset+1)
}

// CodeFunctions codes defined functions. Each may call those before it.
func CodeFunctions(c *codec.Coder, all *[]Function) {
	c.Functions = 0
	codec.Slice(c, all, 5, func(d *Function) {
		c.String(&d.Name)
		codec.Slice(c, &d.Params, 1, c.Type)
		c.Arguments = len(d.Params)
		codec.Slice(c, &d.Locals, 1, func(e *Expr) {
			Code(c, e)
			c.Arguments++
		})
		Code(c, &d.Body)
		c.Type(&d.Result)
		c.Functions++
		c.Arguments = 0
	})
	c.Arguments = 0
}

// Calls checks, after reading, that defined functions get as many arguments as they have parameters.
func Calls(e Expr, functions []Function) bool {
	ok := true
	Walk(e, func(e Expr) {
		if a, is := e.(*Apply); is && a.Func == nil {
			ok = ok && int(a.Define) < len(functions) && len(a.Args) == len(functions[a.Define].Params)
		}
	})
	return ok
}

// Walk calls visit for e and everything in it.
func Walk(e Expr, visit func(Expr)) {
	visit(e)
	switch e := e.(type) {
	case *OrElse:
		Walk(e.X, visit)
	case *Cast:
		Walk(e.X, visit)
	case *NormContinuous:
		Walk(e.X, visit)
	case *NormDiscrete:
		Walk(e.X, visit)
	case *Discretize:
		Walk(e.X, visit)
	case *Aggregate:
		Walk(e.X, visit)
	case *TextIndex:
		Walk(e.Text, visit)
		Walk(e.Term, visit)
	case *MapValues:
		for _, k := range e.Keys {
			Walk(k, visit)
		}
	case *Apply:
		for _, a := range e.Args {
			Walk(a, visit)
		}
	}
}

func (p *Always) code(c *codec.Coder) { codec.Enum(c, &p.Truth, value.True+1) }

func (p *Compare) code(c *codec.Coder) {
	c.Slot(&p.Slot)
	codec.Enum(c, &p.Op, GreaterOrEqual+1)
	c.Float64(&p.Limit)
}

func (p *Known) code(c *codec.Coder) {
	c.Slot(&p.Slot)
	c.Bool(&p.Missing)
}

func (p *In) code(c *codec.Coder) {
	c.Slot(&p.Slot)
	c.Bool(&p.Not)
	p.Set.Code(c)
}

func (p *Compound) code(c *codec.Coder) {
	codec.Enum(c, &p.Op, Surrogate+1)
	codec.Slice(c, &p.Args, 1, func(p *Predicate) { CodePredicate(c, p) })
}

// Code codes the set.
func (s *Set) Code(c *codec.Coder) {
	c.Int32s(&s.syms)
	c.Float64s(&s.nums)
	codec.Slice(c, &s.wide, 1, c.Int64)
	if c.Reading() {
		ascending := sort.SliceIsSorted(s.syms, func(i, j int) bool { return s.syms[i] < s.syms[j] })
		if !ascending || len(s.syms) > 0 && (s.syms[0] < 0 || int(s.syms[len(s.syms)-1]) >= c.Symbols) {
			c.Failf("a set of symbols is out of order or range")
			s.syms = nil
		}
		s.index()
	}
}
