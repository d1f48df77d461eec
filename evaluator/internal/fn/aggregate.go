package fn

import (
	"cmp"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// common tells the number of present arguments and the widest of their types; ok is false if one is no number.
func common(args []value.Cell) (t value.Type, n int, definedArgs, ok bool) {
	t, definedArgs = value.Integer, true
	for _, c := range args {
		if c.State == value.Missing {
			continue
		}
		if !isNumber(c) {
			return 0, 0, false, false
		}
		t = wider(t, c.Type)
		definedArgs = definedArgs && defined(c.Float64())
		n++
	}
	return t, n, definedArgs, true
}

// none is the result of an aggregate without any present argument, or with one that is no number.
func none(ok bool) value.Cell {
	if !ok {
		return value.Undefined()
	}
	return value.Cell{}
}

func least(_ *value.Strings, args []value.Cell) value.Cell { return extreme(args, -1) }

func greatest(_ *value.Strings, args []value.Cell) value.Cell { return extreme(args, 1) }

// extreme gives the argument that is before (sign -1) or after (sign 1) all others, in their common type.
func extreme(args []value.Cell, sign int) value.Cell {
	t, n, definedArgs, ok := common(args)
	if !ok || n == 0 {
		return none(ok)
	}
	var best value.Cell
	for _, c := range args {
		if c.State != value.Missing && (best.State == value.Missing || exceeds(c, best, t, sign)) {
			best = c
		}
	}
	if t == value.Integer {
		return value.IntegerOf(best.Int64())
	}
	return realOf(t, best.Float64(), definedArgs)
}

// exceeds says that a is beyond b in the direction of sign. NaN is beyond all.
func exceeds(a, b value.Cell, t value.Type, sign int) bool {
	if t == value.Integer {
		return cmp.Compare(a.Int64(), b.Int64()) == sign
	}
	x, y := a.Float64(), b.Float64()
	return y == y && (x != x || cmp.Compare(x, y) == sign)
}

func sum(_ *value.Strings, args []value.Cell) value.Cell {
	t, n, definedArgs, ok := common(args)
	if !ok || n == 0 {
		return none(ok)
	}
	if t == value.Integer {
		if i, ok := integerTotal(args); ok {
			return value.IntegerOf(i)
		}
	}
	return realOf(t, total(args), definedArgs)
}

// integerTotal adds integers; ok is false if a sum on the way does not fit 64 bits.
func integerTotal(args []value.Cell) (sum int64, ok bool) {
	for _, c := range args {
		if c.State == value.Missing {
			continue
		}
		partial := addIntegers(sum, c.Int64())
		if partial.Type != value.Integer {
			return 0, false
		}
		sum = partial.Int64()
	}
	return sum, true
}

// total adds the present arguments from left to right.
func total(args []value.Cell) (sum float64) {
	for _, c := range args {
		if c.State != value.Missing {
			sum += c.Float64()
		}
	}
	return sum
}

func avg(_ *value.Strings, args []value.Cell) value.Cell {
	t, n, definedArgs, ok := common(args)
	if !ok || n == 0 {
		return none(ok)
	}
	return realOf(fraction(t), total(args)/float64(n), definedArgs)
}

func product(_ *value.Strings, args []value.Cell) value.Cell {
	t, n, definedArgs, ok := common(args)
	if !ok || n == 0 {
		return none(ok)
	}
	if t == value.Integer {
		if p, ok := integerProduct(args); ok {
			return value.IntegerOf(p)
		}
	}
	p := 1.0
	for _, c := range args {
		if c.State != value.Missing {
			p *= c.Float64()
		}
	}
	return realOf(t, p, definedArgs)
}

func integerProduct(args []value.Cell) (p int64, ok bool) {
	p = 1
	for _, c := range args {
		if c.State == value.Missing {
			continue
		}
		if p, ok = productOf(p, c.Int64()); !ok {
			return 0, false
		}
	}
	return p, true
}

// median is the middle value, or the mean of the middle two.
func median(_ *value.Strings, args []value.Cell) value.Cell {
	t, n, definedArgs, ok := common(args)
	if !ok || n == 0 {
		return none(ok)
	}
	// Functions seldom have more arguments than the buffer has room for.
	var buffer [32]float64
	numbers := buffer[:0]
	for _, c := range args {
		if c.State != value.Missing {
			numbers = append(numbers, c.Float64())
		}
	}
	slices.Sort(numbers)
	m := numbers[n/2]
	if n%2 == 0 {
		m = numbers[n/2-1]/2 + m/2
	}
	return realOf(fraction(t), m, definedArgs)
}
