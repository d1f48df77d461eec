package fn

import (
	"math"
	"math/bits"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// always is the Result of a function whose type does not depend on its arguments.
func always(t value.Type) func([]value.Type) value.Type {
	return func([]value.Type) value.Type { return t }
}

// commonType is the widest of the arguments' types: Integer, Float, Double.
func commonType(types []value.Type) value.Type {
	common := value.Integer
	for _, t := range types {
		if t == value.NoType || t == value.String {
			return value.NoType
		}
		common = wider(common, t)
	}
	return common
}

// fractionType is commonType, but Double for integers.
func fractionType(types []value.Type) value.Type {
	return fraction(commonType(types))
}

func fraction(t value.Type) value.Type {
	if t == value.Integer {
		return value.Double
	}
	return t
}

// powType is commonType unless all are integers: a negative exponent makes a fraction.
func powType(types []value.Type) value.Type {
	if t := commonType(types); t != value.Integer {
		return t
	}
	return value.NoType
}

// wider is the type in which numbers of the types t and u are computed; whatever is not floating is an Integer.
func wider(t, u value.Type) value.Type {
	switch {
	case t == value.Double || u == value.Double:
		return value.Double
	case t == value.Float || u == value.Float:
		return value.Float
	}
	return value.Integer
}

// isNumber says that c may stand as a number.
func isNumber(c value.Cell) bool { return !c.Many && (c.Type == value.Double || Number.takes(c.Type)) }

// defined says that f is not NaN.
func defined(f float64) bool { return f == f }

// finite says that f is neither infinite nor NaN.
func finite(f float64) bool { return f-f == 0 }

// realOf is f as a Float or Double. A NaN of arguments that are none is invalid; it is kept for those who take invalid
// results as they are. An infinity, as of 1/0 or exp(1000), is a number like any other: frameworks go on with it.
func realOf(t value.Type, f float64, definedArgs bool) value.Cell {
	c := value.DoubleOf(f)
	if t == value.Float {
		c = value.FloatOf(f)
	}
	if definedArgs && !defined(c.Float64()) {
		c.State = value.Invalid
	}
	return c
}

func add(_ *value.Strings, args []value.Cell) value.Cell {
	a, b := args[0], args[1]
	if !isNumber(a) || !isNumber(b) {
		return value.Undefined()
	}
	t := wider(a.Type, b.Type)
	if t == value.Integer {
		return addIntegers(a.Int64(), b.Int64())
	}
	x, y := a.Float64(), b.Float64()
	return realOf(t, x+y, defined(x) && defined(y))
}

func subtract(_ *value.Strings, args []value.Cell) value.Cell {
	a, b := args[0], args[1]
	if !isNumber(a) || !isNumber(b) {
		return value.Undefined()
	}
	t := wider(a.Type, b.Type)
	if t == value.Integer {
		x, y := a.Int64(), b.Int64()
		if d := x - y; (d < x) == (y > 0) {
			return value.IntegerOf(d)
		}
		return value.DoubleOf(float64(x) - float64(y))
	}
	x, y := a.Float64(), b.Float64()
	return realOf(t, x-y, defined(x) && defined(y))
}

func multiply(_ *value.Strings, args []value.Cell) value.Cell {
	a, b := args[0], args[1]
	if !isNumber(a) || !isNumber(b) {
		return value.Undefined()
	}
	t := wider(a.Type, b.Type)
	if t == value.Integer {
		return multiplyIntegers(a.Int64(), b.Int64())
	}
	x, y := a.Float64(), b.Float64()
	return realOf(t, x*y, defined(x) && defined(y))
}

// divide gives a fraction for integers too: they are as often counts as whole results are meant, and every language that
// trains models but Java divides so. Where a whole number is meant, floor says it. Integers have no quotient by zero.
func divide(_ *value.Strings, args []value.Cell) value.Cell {
	a, b := args[0], args[1]
	if !isNumber(a) || !isNumber(b) {
		return value.Undefined()
	}
	x, y := a.Float64(), b.Float64()
	if y == 0 && wider(a.Type, b.Type) == value.Integer {
		return value.Undefined()
	}
	return realOf(fraction(wider(a.Type, b.Type)), x/y, defined(x) && defined(y))
}

// quotient divides integers and drops the fraction, as a field of integers wants it.
func quotient(_ *value.Strings, args []value.Cell) value.Cell {
	a, b := args[0], args[1]
	if a.Type != value.Integer || b.Type != value.Integer || b.Int64() == 0 {
		return value.Undefined()
	}
	return value.IntegerOf(a.Int64() / b.Int64())
}

// addIntegers and multiplyIntegers give a Double where 64 bits do not do.
func addIntegers(x, y int64) value.Cell {
	if z := x + y; (z > x) == (y > 0) {
		return value.IntegerOf(z)
	}
	return value.DoubleOf(float64(x) + float64(y))
}

func multiplyIntegers(x, y int64) value.Cell {
	if z, ok := productOf(x, y); ok {
		return value.IntegerOf(z)
	}
	return value.DoubleOf(float64(x) * float64(y))
}

// productOf gives x·y, ok if it fits 64 bits. The least integer does not count as fitting: its negative does not.
func productOf(x, y int64) (z int64, ok bool) {
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	if high != 0 || low > math.MaxInt64 {
		return 0, false
	}
	return x * y, true
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// modulo is x − floor(x/y)·y: it has the sign of y.
func modulo(_ *value.Strings, args []value.Cell) value.Cell {
	a, b := args[0], args[1]
	if !isNumber(a) || !isNumber(b) {
		return value.Undefined()
	}
	t := wider(a.Type, b.Type)
	if t == value.Integer {
		return moduloIntegers(a.Int64(), b.Int64())
	}
	x, y := a.Float64(), b.Float64()
	m := math.Mod(x, y)
	if m != 0 && (m < 0) != (y < 0) {
		m += y
	}
	return realOf(t, m, defined(x) && defined(y))
}

func moduloIntegers(x, y int64) value.Cell {
	if y == 0 {
		return value.Undefined()
	}
	m := x % y
	if m != 0 && (m < 0) != (y < 0) {
		m += y
	}
	return value.IntegerOf(m)
}

// pow stays among the integers if it can; 0 to the power of 0 is 1.
func pow(_ *value.Strings, args []value.Cell) value.Cell {
	a, b := args[0], args[1]
	if !isNumber(a) || !isNumber(b) {
		return value.Undefined()
	}
	t := wider(a.Type, b.Type)
	if t == value.Integer {
		if z, ok := powInteger(a.Int64(), b.Int64()); ok {
			return value.IntegerOf(z)
		}
	}
	x, y := a.Float64(), b.Float64()
	return realOf(t, math.Pow(x, y), defined(x) && defined(y))
}

// powInteger gives x to the power of n, ok if n is not negative and the result fits 64 bits.
func powInteger(x, n int64) (z int64, ok bool) {
	if n < 0 {
		return 0, false
	}
	for z = 1; ; {
		if n&1 != 0 {
			if z, ok = productOf(z, x); !ok {
				return 0, false
			}
		}
		if n >>= 1; n == 0 {
			return z, true
		}
		if x, ok = productOf(x, x); !ok {
			return 0, false
		}
	}
}
