// Package value has the values that a model computes with: typed cells, text as symbols, three-valued truth.
package value

import "math"

// A Type is a PMML data type.
type Type uint8

// The data types. A temporal type's cell holds a count: days for Date and DateDaysSince…, microseconds for Time and
// DateTime (since midnight, since 1970), seconds for TimeSeconds and DateTimeSecondsSince….
const (
	NoType Type = iota // not known, or of any type
	String
	Integer
	Float
	Double
	Boolean
	Date     // days since 1970-01-01
	Time     // microseconds since midnight
	DateTime // microseconds since 1970-01-01T00:00:00
	DateDaysSince0
	DateDaysSince1960
	DateDaysSince1970
	DateDaysSince1980
	DateDaysSince1990
	DateDaysSince2000
	DateDaysSince2010
	DateDaysSince2020
	TimeSeconds
	DateTimeSecondsSince0
	DateTimeSecondsSince1960
	DateTimeSecondsSince1970
	DateTimeSecondsSince1980
	DateTimeSecondsSince1990
	DateTimeSecondsSince2000
	DateTimeSecondsSince2010
	DateTimeSecondsSince2020
	numTypes
)

// Numeric says that t is integer, float or double.
func (t Type) Numeric() bool { return t == Integer || t == Float || t == Double }

// Temporal says that t is a date, a time, or a count since a point in time.
func (t Type) Temporal() bool { return t >= Date && t < numTypes }

// A State says what there is in a cell.
type State uint8

// The states of a cell; the zero Cell is missing.
const (
	Missing State = iota
	Valid
	Invalid // present, but not what its field allows; or the undefined result of a function
	Failed  // computing it met an error, which the frame keeps; using it fails the record
)

// A Cell is one value: 16 bytes, no pointers. The zero Cell is missing.
type Cell struct {
	bits uint64 // int64 of Integer, Boolean and the temporal types; bits of a float64 for Float and Double; for Many: start and length
	Sym  int32  // String: number of the text in a Strings; Failed: of the failure in the frame
	Content
}

// A Content says what there is in a cell besides its value. It is a struct of its own because Go keeps structs of more
// than four fields in memory, where reading at once what was written in parts is slow.
type Content struct {
	State State
	Type  Type
	Many  bool // several cells: bits is a range in the frame's list memory
}

// DoubleOf is a Double. Minus zero becomes zero, so that equal numbers have equal bits.
func DoubleOf(f float64) Cell {
	return Cell{bits: math.Float64bits(f + 0), Content: Content{State: Valid, Type: Double}}
}

// FloatOf is a Float: f rounded to 32 bits.
func FloatOf(f float64) Cell {
	return Cell{bits: math.Float64bits(float64(float32(f)) + 0), Content: Content{State: Valid, Type: Float}}
}

// IntegerOf is an Integer.
func IntegerOf(i int64) Cell {
	return Cell{bits: uint64(i), Content: Content{State: Valid, Type: Integer}}
}

// BooleanOf is a Boolean.
func BooleanOf(b bool) Cell {
	c := Cell{Content: Content{State: Valid, Type: Boolean}}
	if b {
		c.bits = 1
	}
	return c
}

// TemporalOf is a cell of the temporal type t with the given count.
func TemporalOf(t Type, count int64) Cell {
	return Cell{bits: uint64(count), Content: Content{State: Valid, Type: t}}
}

// SymbolOf is the String with number sym.
func SymbolOf(sym int32) Cell { return Cell{Sym: sym, Content: Content{State: Valid, Type: String}} }

// ManyOf is a list of n cells of type t that begin at start in list memory.
func ManyOf(t Type, start, n int) Cell {
	return Cell{bits: uint64(uint32(start))<<32 | uint64(uint32(n)), Content: Content{State: Valid, Type: t, Many: true}}
}

// FailedOf is a cell whose computation met the frame's failure with the given number.
func FailedOf(failure int32) Cell { return Cell{Sym: failure, Content: Content{State: Failed}} }

// Undefined is the result of a function that has none for its arguments.
func Undefined() Cell { return Cell{Content: Content{State: Invalid}} }

// Float64 gives c as a number: a Boolean as 1 or 0, a temporal type as its count, NaN for anything else.
func (c Cell) Float64() float64 {
	switch {
	case c.Type == Double || c.Type == Float:
		return math.Float64frombits(c.bits)
	case c.State == Missing || c.Type == String || c.Type == NoType || c.Many:
		return math.NaN()
	}
	return float64(int64(c.bits))
}

// Int64 gives the count of an Integer, Boolean or temporal cell.
func (c Cell) Int64() int64 { return int64(c.bits) }

// True says that c is a valid Boolean that holds.
func (c Cell) True() bool { return c.State == Valid && c.Type == Boolean && c.bits != 0 }

// Range gives the place of a list's cells in list memory.
func (c Cell) Range() (start, end int) {
	start = int(c.bits >> 32)
	return start, start + int(uint32(c.bits))
}

// Bits gives the representation of c's number, for encoding.
func (c Cell) Bits() uint64 { return c.bits }

// FromBits is the inverse of Bits for a valid cell of type t.
func FromBits(t Type, bits uint64, sym int32) Cell {
	return Cell{bits: bits, Sym: sym, Content: Content{State: Valid, Type: t}}
}

// Identical says that a and b have the same state, type and content. Text of one record that no model knows is
// identical only if it is the same occurrence; use Equal to compare texts.
func Identical(a, b Cell) bool { return a == b }

// Known says that t is one of the data types, or NoType.
func (t Type) Known() bool { return t < numTypes }
