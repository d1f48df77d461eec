package evaluator

import (
	"math"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Value is one cell of a record or of a result: missing, a number, text, a truth, a point in time or a list of these.
// The zero Value is missing. Values are immutable and may be copied.
type Value struct {
	kind Kind
	bits uint64 // Integer: int64; Float, Double: float64 bits; Boolean: 0 or 1; the times: as their data type counts
	date value.Type
	text string
	list []Value
}

// A Kind says what a Value holds.
type Kind uint8

// The kinds of values.
const (
	KindMissing  Kind = iota // no value
	KindString               // text
	KindInteger              // a whole number of 64 bits
	KindFloat                // a number of 32 bits
	KindDouble               // a number of 64 bits
	KindBoolean              // true or false
	KindTemporal             // a date, a time or both, or a count of days or seconds since some year
	KindList                 // several values, such as the items of a basket or the results of several segments
)

// Missing is a value that is not there.
func Missing() Value { return Value{} }

// Text is a value given as text; a field that is not text reads its own type from it.
func Text(s string) Value { return Value{kind: KindString, text: s} }

// Number is a value given as a number of 64 bits.
func Number(f float64) Value { return Value{kind: KindDouble, bits: math.Float64bits(f)} }

// Integer is a value given as a whole number.
func Integer(i int64) Value { return Value{kind: KindInteger, bits: uint64(i)} }

// Boolean is a value given as a truth.
func Boolean(b bool) Value {
	v := Value{kind: KindBoolean}
	if b {
		v.bits = 1
	}
	return v
}

// List is several values in one cell.
func List(values ...Value) Value { return Value{kind: KindList, list: values} }

// Kind says what v holds.
func (v Value) Kind() Kind { return v.kind }

// IsMissing says that v holds nothing.
func (v Value) IsMissing() bool { return v.kind == KindMissing }

// Float64 gives the number that v holds, a truth as 1 or 0; ok is false if v holds no number.
func (v Value) Float64() (f float64, ok bool) {
	switch v.kind {
	case KindFloat, KindDouble:
		return math.Float64frombits(v.bits), true
	case KindInteger, KindBoolean:
		return float64(int64(v.bits)), true
	}
	return 0, false
}

// Int64 gives the whole number that v holds; ok is false if it holds none.
func (v Value) Int64() (i int64, ok bool) { return int64(v.bits), v.kind == KindInteger }

// Bool gives the truth that v holds; ok is false if it holds none.
func (v Value) Bool() (b, ok bool) { return v.bits != 0, v.kind == KindBoolean }

// Values gives the members of a list, nil for anything else. They must not be changed.
func (v Value) Values() []Value { return v.list }

// String gives v as PMML writes it: numbers as Java prints them (1.0, 4.85E8), times in ISO 8601, lists as [a, b] with
// null for a missing member, and nothing for a missing value.
func (v Value) String() string {
	if v.kind == KindString {
		return v.text
	}
	return string(v.AppendText(nil))
}

// AppendText appends what String gives to b. It allocates only if b must grow.
func (v Value) AppendText(b []byte) []byte {
	switch v.kind {
	case KindString:
		return append(b, v.text...)
	case KindInteger:
		return strconv.AppendInt(b, int64(v.bits), 10)
	case KindFloat:
		return value.AppendFloat(b, math.Float64frombits(v.bits), 32)
	case KindDouble:
		return value.AppendFloat(b, math.Float64frombits(v.bits), 64)
	case KindBoolean:
		return strconv.AppendBool(b, v.bits != 0)
	case KindTemporal:
		return value.AppendTemporal(b, v.date, int64(v.bits))
	case KindList:
		b = append(b, '[')
		for i, m := range v.list {
			if i > 0 {
				b = append(b, ", "...)
			}
			if m.kind == KindMissing {
				b = append(b, "null"...)
			}
			b = m.AppendText(b)
		}
		return append(b, ']')
	}
	return b
}
