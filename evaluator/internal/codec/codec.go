// Package codec writes and reads the compiled form. One method per type describes its encoding for both directions, so
// that they cannot drift apart. Reading believes nothing: every length is bounded by the bytes that are left, every
// index by what was declared, and the first thing that is wrong ends it.
//
// Numbers are little-endian or variable-length; the form is the same on every machine.
package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// ErrDamaged is wrapped by every error about bytes that are not what was written.
var ErrDamaged = errors.New("compiled form is damaged")

// A Coder writes to memory, or reads from it. After a failure it does nothing more and reads zeros.
type Coder struct {
	buf     []byte
	pos     int
	reading bool
	err     error
	depth   int

	// Bounds for indexes that are read: set by the program before what refers to them.
	Slots, Symbols, Functions, Arguments int
	Text                                 func(value.Cell) string // the text of a symbol, while reading
}

// NewWriter is a Coder that writes.
func NewWriter() *Coder { return &Coder{} }

// NewReader is a Coder that reads b.
func NewReader(b []byte) *Coder { return &Coder{buf: b, reading: true} }

// Reading says which way c goes.
func (c *Coder) Reading() bool { return c.reading }

// Bytes is what was written.
func (c *Coder) Bytes() []byte { return c.buf }

// Err is the first failure.
func (c *Coder) Err() error { return c.err }

// Close fails if bytes are left.
func (c *Coder) Close() error {
	if c.err == nil && c.reading && c.pos != len(c.buf) {
		c.Failf("%d bytes too many", len(c.buf)-c.pos)
	}
	return c.err
}

// Failf records that what was read cannot be right.
func (c *Coder) Failf(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: at byte %d: %s", ErrDamaged, c.pos, fmt.Sprintf(format, args...))
	}
}

// maxDepth bounds the nesting of what is read; documents are less deep.
const maxDepth = 4096

// Enter begins a nested thing; it is false when there are too many.
func (c *Coder) Enter() bool {
	c.depth++
	if c.depth > maxDepth {
		c.Failf("nested too deeply")
	}
	return c.err == nil
}

// Leave ends a nested thing.
func (c *Coder) Leave() { c.depth-- }

func (c *Coder) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n > len(c.buf)-c.pos {
		c.Failf("%d bytes expected, %d left", n, len(c.buf)-c.pos)
		return nil
	}
	b := c.buf[c.pos : c.pos+n]
	c.pos += n
	return b
}

// Byte codes one byte.
func (c *Coder) Byte(b *byte) {
	if !c.reading {
		c.buf = append(c.buf, *b)
	} else if in := c.take(1); in != nil {
		*b = in[0]
	}
}

// Bool codes a truth.
func (c *Coder) Bool(b *bool) {
	var x byte
	if *b {
		x = 1
	}
	c.Byte(&x)
	if x > 1 {
		c.Failf("a truth is 0 or 1, not %d", x)
	}
	*b = x == 1
}

// Int codes a whole number in as few bytes as it needs.
func (c *Coder) Int(i *int) {
	x := int64(*i)
	c.Int64(&x)
	*i = int(x)
}

// Int32 codes a whole number in as few bytes as it needs.
func (c *Coder) Int32(i *int32) {
	x := int64(*i)
	c.Int64(&x)
	if x < math.MinInt32 || x > math.MaxInt32 {
		c.Failf("%d is no 32-bit number", x)
		x = 0
	}
	*i = int32(x)
}

// Int64 codes a whole number in as few bytes as it needs.
func (c *Coder) Int64(i *int64) {
	if !c.reading {
		c.buf = binary.AppendVarint(c.buf, *i)
		return
	}
	if c.err != nil {
		*i = 0
		return
	}
	x, n := binary.Varint(c.buf[c.pos:])
	if n <= 0 {
		c.Failf("a number is cut off or too long")
		*i = 0
		return
	}
	c.pos += n
	*i = x
}

// Uint64 codes 8 bytes.
func (c *Coder) Uint64(u *uint64) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint64(c.buf, *u)
	} else if in := c.take(8); in != nil {
		*u = binary.LittleEndian.Uint64(in)
	} else {
		*u = 0
	}
}

// Float64 codes the bits of a number.
func (c *Coder) Float64(f *float64) {
	u := math.Float64bits(*f)
	c.Uint64(&u)
	*f = math.Float64frombits(u)
}

// String codes text.
func (c *Coder) String(s *string) {
	n := c.length(len(*s), 1)
	if !c.reading {
		c.buf = append(c.buf, *s...)
		return
	}
	*s = string(c.take(n))
}

// length codes the number of things that follow, each of at least size bytes.
func (c *Coder) length(n, size int) int {
	c.Int(&n)
	if c.reading && (n < 0 || n > (len(c.buf)-c.pos)/size) {
		c.Failf("%d things of %d bytes cannot follow", n, size)
		return 0
	}
	return n
}

// Index codes a number that is at least 0 and less than n.
func (c *Coder) Index(i *int32, n int) {
	c.Int32(i)
	if *i < 0 || int(*i) >= n {
		c.Failf("index %d is not below %d", *i, n)
		*i = 0
	}
}

// Slot codes the number of a slot.
func (c *Coder) Slot(i *int32) { c.Index(i, c.Slots) }

// Optional codes the number of a slot, or -1 for none.
func (c *Coder) Optional(i *int32) {
	c.Int32(i)
	if *i < -1 || int(*i) >= c.Slots {
		c.Failf("slot %d is not below %d", *i, c.Slots)
		*i = -1
	}
}

// Type codes a data type.
func (c *Coder) Type(t *value.Type) {
	c.Byte((*byte)(t))
	if !t.Known() {
		c.Failf("no data type has number %d", *t)
		*t = value.NoType
	}
}

// Cell codes a missing or valid cell that is no list.
func (c *Coder) Cell(v *value.Cell) {
	present := v.State != value.Missing
	c.Bool(&present)
	if !present {
		*v = value.Cell{}
		return
	}
	t, bits, sym := v.Type, v.Bits(), v.Sym
	c.Type(&t)
	if t == value.String {
		c.Index(&sym, c.symbols())
		*v = value.SymbolOf(sym)
		return
	}
	c.Uint64(&bits)
	*v = value.FromBits(t, bits, 0)
}

// symbols is the bound for symbols: none while writing, since they are still being numbered.
func (c *Coder) symbols() int {
	if c.reading {
		return c.Symbols
	}
	return math.MaxInt32
}

// Cells codes a slice of cells.
func (c *Coder) Cells(v *[]value.Cell) { Slice(c, v, 1, c.Cell) }

// Slice codes the length of s and then each element, which takes at least size bytes.
func Slice[T any](c *Coder, s *[]T, size int, each func(*T)) {
	n := c.length(len(*s), size)
	if c.reading {
		*s = nil
		if n > 0 {
			*s = make([]T, n)
		}
	}
	for i := range *s {
		if c.err != nil {
			return
		}
		each(&(*s)[i])
	}
}

// Float64s codes a slice of numbers.
func (c *Coder) Float64s(f *[]float64) { Slice(c, f, 8, c.Float64) }

// Int32s codes a slice of whole numbers.
func (c *Coder) Int32s(i *[]int32) { Slice(c, i, 1, c.Int32) }

// SlotList codes a slice of slots.
func (c *Coder) SlotList(i *[]int32) { Slice(c, i, 1, c.Slot) }

// Strings codes a slice of texts.
func (c *Coder) Strings(s *[]string) { Slice(c, s, 1, c.String) }

// Enum codes one of n constants.
func Enum[T ~uint8](c *Coder, x *T, n T) {
	b := byte(*x)
	c.Byte(&b)
	if *x = T(b); *x >= n {
		c.Failf("%d is not below %d", *x, n)
		*x = 0
	}
}

// Left is how many bytes are left to read.
func (c *Coder) Left() int { return len(c.buf) - c.pos }
