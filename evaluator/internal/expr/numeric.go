package expr

import (
	"math"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Numeric is arithmetic on doubles as steps on a stack of numbers. It knows the result as long as all that it meets is
// a valid double and so is the result; NaN stands for "not known". Then the plain expression says what holds: it alone
// knows about missing, invalid and failed values and the other types. Specialise makes it; it is never encoded.
type Numeric struct {
	plain Expr
	steps []numericStep
}

type numericStep struct {
	do     operation
	slot   int32
	number float64
	real   func(float64) float64
}

// An operation is what a step does to the top of the stack, x, and perhaps to what is below it.
type operation uint8

// The operations. Arithmetic comes in three forms: with the number below, with a constant, with a slot.
const (
	push          operation = iota // a constant
	pushSlot                       // a slot that must hold a double
	pushNumber                     // a slot that may hold any number, as the other operand is a double
	callReal                       // a function of x
	magnitude                      // the absolute value of x
	raise                          // to the power of x
	add                            // below + x
	subtract                       // below − x
	multiply                       // below · x
	divide                         // below / x
	addConst                       // x + constant
	subtractConst                  // x − constant
	multiplyConst                  // x · constant
	divideConst                    // x / constant
	fromConst                      // constant − x
	intoConst                      // constant / x
)

// The most that a Numeric may have: what is larger stays plain.
const (
	maxNumericSteps = 256 // also when defined functions are written out
	maxNumericStack = 8
	maxNumericCalls = 16 // of functions within functions
)

func (e *Numeric) code(c *codec.Coder) { e.plain.code(c) }
func (e *Numeric) print(p *Printer)    { e.plain.print(p) }

// Eval gives exactly what the plain expression does.
func (e *Numeric) Eval(f *Frame) value.Cell {
	if x := e.Number(f); x == x {
		return value.DoubleOf(x)
	}
	return e.plain.Eval(f)
}

// Number gives the result, NaN if it is not known. Products and quotients lose the sign of zero as cells do.
func (e *Numeric) Number(f *Frame) float64 {
	var below [maxNumericStack]float64
	x, top := 0.0, uint(0)
	for i := range e.steps {
		s := &e.steps[i]
		switch s.do {
		case push:
			below[top%maxNumericStack] = x
			top++
			x = s.number
		case pushSlot, pushNumber:
			below[top%maxNumericStack] = x
			top++
			c := &f.Slots[s.slot]
			if c.State != value.Valid || c.Many || c.Type != value.Double && (s.do == pushSlot || !c.Type.Numeric()) {
				return math.NaN()
			}
			x = f.Nums[s.slot]
		case callReal:
			x = s.real(x) + 0
		case magnitude:
			x = math.Abs(x)
		case addConst:
			x += s.number
		case subtractConst:
			x -= s.number
		case multiplyConst:
			x = float64(x*s.number) + 0
		case divideConst:
			x = x/s.number + 0
		case fromConst:
			x = s.number - x
		case intoConst:
			x = s.number/x + 0
		default:
			top--
			x = both(s.do, below[top%maxNumericStack], x)
		}
		if x != x {
			return x
		}
	}
	return x
}

func both(do operation, x, y float64) float64 {
	switch do {
	case add:
		return x + y
	case subtract:
		return x - y
	case multiply:
		return float64(x*y) + 0
	case divide:
		return x/y + 0
	}
	return math.Pow(x, y) + 0
}

// Specialise gives an expression with the same values as e that is evaluated faster where it is arithmetic on doubles.
// functions are the defined functions that e may call.
func Specialise(e Expr, functions []Function) Expr {
	b := numericBuilder{functions: functions}
	if b.expr(e, nil) && len(b.steps) > 1 {
		return &Numeric{plain: e, steps: b.steps}
	}
	// The expressions within are specialised in a copy; those that a frame keeps memory for stay the same.
	switch e := e.(type) {
	case *OrElse:
		own := *e
		own.X = Specialise(e.X, functions)
		return &own
	case *Cast:
		own := *e
		own.X = Specialise(e.X, functions)
		return &own
	case *NormContinuous:
		own := *e
		own.X = Specialise(e.X, functions)
		return &own
	case *NormDiscrete:
		own := *e
		own.X = Specialise(e.X, functions)
		return &own
	case *Discretize:
		own := *e
		own.X = Specialise(e.X, functions)
		return &own
	case *Apply:
		own := *e
		own.Args = make([]Expr, len(e.Args))
		for i, a := range e.Args {
			own.Args[i] = Specialise(a, functions)
		}
		return &own
	}
	return e
}

// A numericBuilder writes the steps of one expression.
type numericBuilder struct {
	functions []Function
	steps     []numericStep
	depth     int
	calls     int
}

func (b *numericBuilder) step(s numericStep) bool {
	switch s.do {
	case push, pushSlot, pushNumber:
		b.depth++
	case add, subtract, multiply, divide, raise:
		b.depth--
	}
	b.steps = append(b.steps, s)
	return len(b.steps) <= maxNumericSteps && b.depth <= maxNumericStack
}

// expr writes the steps for e, where args are the arguments of the function whose body e is in. It is false if e is not
// surely a double whenever it is known.
func (b *numericBuilder) expr(e Expr, args []Expr) bool {
	switch e := resolve(e, args).(type) {
	case *Const:
		return e.isDouble() && b.step(numericStep{do: push, number: e.Cell.Float64()})
	case *Slot:
		return b.step(numericStep{do: pushSlot, slot: e.Slot})
	case *Cast:
		return e.Type == value.Double && b.expr(e.X, args)
	case *Apply:
		if e.Func == nil {
			return b.call(e, args)
		}
		return b.apply(e, args)
	}
	return false
}

func (e *Const) isDouble() bool {
	return e.Cell.State == value.Valid && e.Cell.Type == value.Double && !e.Cell.Many
}

// resolve gives what an argument of a function stands for.
func resolve(e Expr, args []Expr) Expr {
	if a, ok := e.(*Arg); ok && int(a.Index) < len(args) {
		return args[a.Index]
	}
	return e
}

// call writes out the body of a defined function whose arguments are mere fields and constants.
func (b *numericBuilder) call(e *Apply, args []Expr) bool {
	if e.Define < 0 || int(e.Define) >= len(b.functions) {
		return false
	}
	d := &b.functions[e.Define]
	if len(d.Locals) > 0 || len(d.Params) != len(e.Args) || d.Result != value.NoType && d.Result != value.Double {
		return false
	}
	own := make([]Expr, len(e.Args))
	for i, a := range e.Args {
		own[i] = resolve(a, args)
		_, slot := own[i].(*Slot)
		c, constant := own[i].(*Const)
		if d.Params[i] != value.NoType && d.Params[i] != value.Double || !slot && !(constant && c.isDouble()) {
			return false
		}
	}
	if b.calls == maxNumericCalls || !usesAll(d) {
		return false
	}
	b.calls++
	defer func() { b.calls-- }()
	return b.expr(d.Body, own)
}

// usesAll says that a function's body uses all parameters: an argument fails the call even if it is not used.
func usesAll(d *Function) bool {
	used := make([]bool, len(d.Params))
	Walk(d.Body, func(e Expr) {
		if a, ok := e.(*Arg); ok && int(a.Index) < len(used) {
			used[a.Index] = true
		}
	})
	return !slices.Contains(used, false)
}

// apply writes a call of a built-in function.
func (b *numericBuilder) apply(e *Apply, args []Expr) bool {
	if len(e.Args) == 1 {
		switch {
		case e.Func.Real != nil:
			return b.expr(e.Args[0], args) && b.step(numericStep{do: callReal, real: e.Func.Real})
		case e.Func.Name == "abs":
			return b.expr(e.Args[0], args) && b.step(numericStep{do: magnitude})
		}
		return false
	}
	do, ok := map[string]operation{"+": add, "-": subtract, "*": multiply, "/": divide, "pow": raise}[e.Func.Name]
	if !ok {
		return false
	}
	x, y := resolve(e.Args[0], args), resolve(e.Args[1], args)
	if do != raise {
		if c, ok := constant(y); ok {
			with := map[operation]operation{add: addConst, subtract: subtractConst, multiply: multiplyConst, divide: divideConst}
			return b.operand(x, y, args) && b.step(numericStep{do: with[do], number: c})
		}
		if c, ok := constant(x); ok {
			with := map[operation]operation{add: addConst, subtract: fromConst, multiply: multiplyConst, divide: intoConst}
			return b.operand(y, x, args) && b.step(numericStep{do: with[do], number: c})
		}
	}
	return b.operand(x, y, args) && b.operand(y, x, args) && b.step(numericStep{do: do})
}

// constant gives the number of a constant.
func constant(e Expr) (x float64, ok bool) {
	c, ok := e.(*Const)
	if !ok || c.Cell.State != value.Valid || c.Cell.Many || !c.Cell.Type.Numeric() {
		return 0, false
	}
	x = c.Cell.Float64()
	return x, x == x
}

// operand writes one of two operands. A field may hold any number if the other operand makes a double of the result.
func (b *numericBuilder) operand(e, other Expr, args []Expr) bool {
	s, slot := e.(*Slot)
	if !slot {
		return b.expr(e, args)
	}
	do := pushSlot
	switch other := other.(type) {
	case *Const:
		if other.isDouble() {
			do = pushNumber
		}
	case *Apply, *Cast:
		do = pushNumber
	}
	return b.step(numericStep{do: do, slot: s.Slot})
}
