package value

import "cmp"

// Equal says that two present cells have the same value. If their types differ, b is taken as a value of a's type: text
// is parsed or formatted, a Double beside a Float is rounded. Integers and floating-point numbers compare exactly.
func Equal(a, b Cell, s Texter) bool {
	if !a.Present() || !b.Present() || a.Many || b.Many {
		return false
	}
	if a.Type == String {
		return equalText(a, b, s)
	}
	order, ok := Compare(a, b, s)
	return ok && order == 0
}

func equalText(a, b Cell, s Texter) bool {
	if b.Type == String {
		// A text that the program knows always has its symbol's number.
		return a.Sym == b.Sym || (a.Sym < 0 && b.Sym < 0 && s.Text(a) == s.Text(b))
	}
	var buffer [64]byte
	return string(AppendCell(buffer[:0], b, s)) == s.Text(a)
}

// Compare gives -1, 0 or 1 if a is before, the same as, or after b, which is taken as a value of a's type as in Equal.
// ok is false if they have no order: text, NaN, and what is not present, not one value or not of a's type.
func Compare(a, b Cell, s Texter) (order int, ok bool) {
	if !a.Present() || !b.Present() || a.Many || b.Many || a.Type == String || a.Type == NoType {
		return 0, false
	}
	if b.Type == String {
		if b, ok = parseScalar(a.Type, s.Text(b)); !ok {
			return 0, false
		}
	}
	if a.Type == b.Type {
		return compareSame(a, b)
	}
	if a.Type.Temporal() && b.Type.Temporal() {
		if b, ok = convertTemporal(b, a.Type); !ok {
			return 0, false
		}
		return cmp.Compare(a.Int64(), b.Int64()), true
	}
	if !a.Type.number() || !b.Type.number() {
		return 0, false
	}
	return compareMixed(a, b)
}

func compareSame(a, b Cell) (order int, ok bool) {
	if a.Type == Double || a.Type == Float {
		return compareFloats(a.Float64(), b.Float64())
	}
	return cmp.Compare(a.Int64(), b.Int64()), true
}

func compareFloats(f, g float64) (order int, ok bool) {
	if f != f || g != g {
		return 0, false
	}
	return cmp.Compare(f, g), true
}

// compareMixed compares two different numeric types, among them booleans and counts.
func compareMixed(a, b Cell) (order int, ok bool) {
	floatA, floatB := a.Type == Float || a.Type == Double, b.Type == Float || b.Type == Double
	switch {
	case a.Type == Float && b.Type == Double:
		return compareFloats(a.Float64(), float64(float32(b.Float64())))
	case floatA && floatB:
		return compareFloats(a.Float64(), b.Float64())
	case floatA:
		f := a.Float64()
		if f != f {
			return 0, false
		}
		return -compareNumber(b.Int64(), f), true
	case floatB:
		f := b.Float64()
		if f != f {
			return 0, false
		}
		return compareNumber(a.Int64(), f), true
	}
	return cmp.Compare(a.Int64(), b.Int64()), true
}
