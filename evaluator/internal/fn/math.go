package fn

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// unary makes a function of one number. It is computed in 64 bits; of a Float it is a Float.
func unary(f func(float64) float64) Eval {
	return func(_ *value.Strings, args []value.Cell) value.Cell {
		if !isNumber(args[0]) {
			return value.Undefined()
		}
		x := args[0].Float64()
		return realOf(fraction(wider(value.Integer, args[0].Type)), f(x), defined(x))
	}
}

// unaryDouble makes a function of one number whose result is always a Double.
func unaryDouble(f func(float64) float64) Eval {
	return func(_ *value.Strings, args []value.Cell) value.Cell {
		if !isNumber(args[0]) {
			return value.Undefined()
		}
		x := args[0].Float64()
		return realOf(value.Double, f(x), defined(x))
	}
}

// binary makes a function of two numbers.
func binary(f func(x, y float64) float64) Eval {
	return func(_ *value.Strings, args []value.Cell) value.Cell {
		if !isNumber(args[0]) || !isNumber(args[1]) {
			return value.Undefined()
		}
		x, y := args[0].Float64(), args[1].Float64()
		return realOf(fraction(wider(args[0].Type, args[1].Type)), f(x, y), defined(x) && defined(y))
	}
}

// whole makes a function that takes a number to a whole one: an Integer if it fits.
func whole(f func(float64) float64) Eval {
	return func(_ *value.Strings, args []value.Cell) value.Cell {
		if !isNumber(args[0]) {
			return value.Undefined()
		}
		if wider(value.Integer, args[0].Type) == value.Integer {
			return value.IntegerOf(args[0].Int64())
		}
		rounded := f(args[0].Float64())
		if i, ok := value.Whole(rounded); ok {
			return value.IntegerOf(i)
		}
		return value.DoubleOf(rounded)
	}
}

// roundHalfUp rounds halves towards plus infinity: -2.5 to -2.
func roundHalfUp(x float64) float64 {
	f := math.Floor(x)
	if x-f >= 0.5 {
		f++
	}
	return f
}

func abs(_ *value.Strings, args []value.Cell) value.Cell {
	c := args[0]
	if !isNumber(c) {
		return value.Undefined()
	}
	t := wider(value.Integer, c.Type)
	switch i := c.Int64(); {
	case t != value.Integer:
		x := c.Float64()
		return realOf(t, math.Abs(x), defined(x))
	case i == math.MinInt64:
		return value.DoubleOf(-float64(i))
	case i < 0:
		return value.IntegerOf(-i)
	default:
		return value.IntegerOf(i)
	}
}

// threshold is 1 if the first number is greater than the second, else 0.
func threshold(s *value.Strings, args []value.Cell) value.Cell {
	order, ok := value.Compare(args[0], args[1], s)
	switch {
	case !ok || !isNumber(args[0]) || !isNumber(args[1]):
		return value.Undefined()
	case order > 0:
		return value.IntegerOf(1)
	}
	return value.IntegerOf(0)
}
