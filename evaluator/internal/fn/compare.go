package fn

import "github.com/handoff-pmml/handoff/evaluator/internal/value"

func isMissing(_ *value.Strings, args []value.Cell) value.Cell {
	return value.BooleanOf(args[0].State == value.Missing)
}

func isNotMissing(_ *value.Strings, args []value.Cell) value.Cell {
	return value.BooleanOf(args[0].State != value.Missing)
}

// isValid: neither missing nor invalid.
func isValid(_ *value.Strings, args []value.Cell) value.Cell {
	return value.BooleanOf(args[0].State == value.Valid)
}

// isNotValid: there, but invalid; so a missing value is neither valid nor not valid.
func isNotValid(_ *value.Strings, args []value.Cell) value.Cell {
	return value.BooleanOf(args[0].State == value.Invalid)
}

func equal(s *value.Strings, args []value.Cell) value.Cell {
	return value.BooleanOf(value.Equal(args[0], args[1], s))
}

func notEqual(s *value.Strings, args []value.Cell) value.Cell {
	return value.BooleanOf(!value.Equal(args[0], args[1], s))
}

func lessThan(s *value.Strings, args []value.Cell) value.Cell {
	order, ok := value.Compare(args[0], args[1], s)
	return ordered(order < 0, ok)
}

func lessOrEqual(s *value.Strings, args []value.Cell) value.Cell {
	order, ok := value.Compare(args[0], args[1], s)
	return ordered(order <= 0, ok)
}

func greaterThan(s *value.Strings, args []value.Cell) value.Cell {
	order, ok := value.Compare(args[0], args[1], s)
	return ordered(order > 0, ok)
}

func greaterOrEqual(s *value.Strings, args []value.Cell) value.Cell {
	order, ok := value.Compare(args[0], args[1], s)
	return ordered(order >= 0, ok)
}

// ordered is a comparison's result; text has no order.
func ordered(holds, ok bool) value.Cell {
	if !ok {
		return value.Undefined()
	}
	return value.BooleanOf(holds)
}

// isIn says that the first argument equals one of the others. A missing one is in the list only if the list has a missing
// argument, so the result is never missing.
func isIn(s *value.Strings, args []value.Cell) value.Cell {
	first := args[0]
	if first.State == value.Invalid && !first.Present() {
		return value.Undefined()
	}
	for _, c := range args[1:] {
		missing := first.State == value.Missing && c.State == value.Missing
		if missing || value.Equal(first, c, s) {
			return value.BooleanOf(true)
		}
	}
	return value.BooleanOf(false)
}

func isNotIn(s *value.Strings, args []value.Cell) value.Cell {
	c := isIn(s, args)
	if c.State != value.Valid {
		return c
	}
	return value.BooleanOf(!c.True())
}

// Condition reads a cell as a truth, for the functions that are Lazy: a missing cell is unknown. ok is false if c stands
// for no truth.
func Condition(s *value.Strings, c value.Cell) (t value.Truth, ok bool) {
	switch {
	case c.State == value.Missing:
		return value.Unknown, true
	case c.Type == value.Boolean && c.Present() && !c.Many:
		return value.TruthOf(c.Int64() != 0), true
	}
	c, ok = value.Convert(c, value.Boolean, s)
	return value.TruthOf(c.True()), ok
}

func not(s *value.Strings, args []value.Cell) value.Cell {
	t, ok := Condition(s, args[0])
	if !ok {
		return value.Undefined()
	}
	return value.BooleanOf(t == value.False)
}

// branchType is the type of if: that of its branches if they agree.
func branchType(types []value.Type) value.Type {
	if len(types) == 2 || len(types) == 3 && types[1] == types[2] {
		return types[1]
	}
	return value.NoType
}
