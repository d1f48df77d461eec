package value

import "math"

// Present says that c has a content: it is valid, or invalid but kept as it is.
func (c Cell) Present() bool { return c.State == Valid || c.State == Invalid && c.Type != NoType }

// Convert casts a present cell to the type t, as a DerivedField, a ParameterField or an OutputField with that dataType
// does. ok is false if c has no equivalent in t. The result is valid, or as valid as c if it stays the same.
//
// Anything becomes a String as AppendCell writes it, and a String becomes anything as Parse reads it. Among numbers and
// booleans the value stays the same (true is 1), only Float rounds; so 3.5 is no Integer and 2 no Boolean. Dates, with
// or without time, become each other, losing what the type does not hold; the types that are named as counts also
// become numbers and are made of whole ones. NoType takes c as it is.
func Convert(c Cell, t Type, s Interner) (cell Cell, ok bool) {
	switch {
	case !c.Present() || c.Many:
		return Cell{}, false
	case t == c.Type || t == NoType:
		return c, true
	case t == String:
		var buffer [64]byte
		return s.Intern(AppendCell(buffer[:0], c, s)), true
	case c.Type == String:
		return parseScalar(t, s.Text(c))
	}
	return convertScalar(c, t)
}

// convertScalar converts between two different types neither of which is String.
func convertScalar(c Cell, t Type) (Cell, bool) {
	switch {
	case c.Type.Temporal() && t.Temporal():
		return convertTemporal(c, t)
	case !c.Type.number():
		return Cell{}, false
	case t == Double:
		return DoubleOf(c.Float64()), true
	case t == Float:
		if c.Type == Double {
			return FloatOf(c.Float64()), true
		}
		return FloatOf(float64(float32(c.Int64()))), true
	case t == Boolean:
		f := c.Float64()
		return BooleanOf(f == 1), f == 0 || f == 1
	}
	i, ok := wholeOf(c)
	if t == Integer {
		return IntegerOf(i), ok
	}
	return TemporalOf(t, i), ok && t.Counts()
}

func wholeOf(c Cell) (int64, bool) {
	if c.Type == Double || c.Type == Float {
		return Whole(c.Float64())
	}
	return c.Int64(), true
}

func convertTemporal(c Cell, t Type) (Cell, bool) {
	if day, micros, ok := c.Split(); ok {
		clock := c.Type == DateTime || c.Type.secondsSince()
		if (t == Time || t == TimeSeconds) && !clock {
			return Cell{}, false
		}
		return joinTemporal(t, day, micros)
	}
	// Of the types without a day there are Time and TimeSeconds.
	n := c.Int64()
	switch t {
	case TimeSeconds:
		return TemporalOf(t, n/microsPerSec), true
	case Time:
		return TemporalOf(t, n*microsPerSec), n >= 0 && n < secondsPerDay
	}
	return Cell{}, false
}

// compareNumber compares an integer with a floating-point number exactly; f is not NaN.
func compareNumber(i int64, f float64) int {
	switch {
	case f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Floor(f)
	switch n := int64(whole); {
	case i < n:
		return -1
	case i > n:
		return 1
	case f > whole:
		return -1
	}
	return 0
}
