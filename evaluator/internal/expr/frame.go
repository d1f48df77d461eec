// Package expr has expressions, predicates and sets after checking: names are slots, text is symbols, literals are
// values of their field's type. They evaluate on a Frame, never allocate once it is warm, encode themselves and print
// themselves.
package expr

import (
	"math"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Frame is one goroutine's memory for one record: the value of each field in its slot.
type Frame struct {
	Slots     []value.Cell
	Nums      []float64 // the same as numbers: NaN where a slot holds no valid number
	Strings   *value.Strings
	Functions []Function

	lists    []value.Cell
	args     []value.Cell // arguments of the calls that are under way
	base     int          // where the innermost call's arguments begin
	corpora  map[*TextIndex]*corpus
	shared   map[fn.TextIndexKey]*corpus
	windows  map[*Lag]*window
	failures []*Failure
	failed   *Failure // the first failure that the model could not do without
}

// A Failure is why a value could not be computed. The model goes on until it needs the value.
type Failure struct {
	Slot    int32 // the field that was being computed; -1 if none
	Message string
}

// NewFrame is a Frame with the given number of slots.
func NewFrame(slots int, s *value.Strings, functions []Function) *Frame {
	f := &Frame{
		Slots: make([]value.Cell, slots), Nums: make([]float64, slots), Strings: s, Functions: functions,
		args: make([]value.Cell, 0, 64),
	}
	for i := range f.Nums {
		f.Nums[i] = math.NaN()
	}
	return f
}

// Reset forgets everything about the last record but the slots.
func (f *Frame) Reset() {
	f.Strings.Reset()
	f.lists, f.args, f.base, f.failures, f.failed = f.lists[:0], f.args[:0], 0, f.failures[:0], nil
}

// Set puts c in a slot.
func (f *Frame) Set(slot int32, c value.Cell) {
	f.Slots[slot] = c
	switch {
	case c.State != value.Valid && c.State != value.Invalid, c.Many:
		f.Nums[slot] = math.NaN()
	default:
		f.Nums[slot] = c.Float64()
	}
}

// Fail gives the cell of a value that cannot be computed.
func (f *Frame) Fail(message string) value.Cell {
	f.failures = append(f.failures, &Failure{Slot: -1, Message: message})
	return value.FailedOf(int32(len(f.failures) - 1))
}

// Need says that the model cannot go on without c: if c is Failed, the record fails with its cause.
func (f *Frame) Need(c value.Cell) {
	if c.State == value.Failed && f.failed == nil {
		f.failed = f.failures[c.Sym]
	}
}

// Failure says why a Failed cell failed.
func (f *Frame) Failure(c value.Cell) *Failure { return f.failures[c.Sym] }

// Blame names the field that a Failed cell was computed for, unless it is known already.
func (f *Frame) Blame(c value.Cell, slot int32) {
	if why := f.failures[c.Sym]; why.Slot < 0 {
		why.Slot = slot
	}
}

// Failed is why the record fails, or nil.
func (f *Frame) Failed() *Failure { return f.failed }

// unknown is the truth of a predicate on a field without a value.
func (f *Frame) unknown(slot int32) value.Truth {
	f.Need(f.Slots[slot])
	return value.Unknown
}

// List puts cells of type t into list memory.
func (f *Frame) List(t value.Type, cells []value.Cell) value.Cell {
	start := len(f.lists)
	f.lists = append(f.lists, cells...)
	return value.ManyOf(t, start, len(cells))
}

// ListOf makes room in list memory for n cells of type t, which are missing.
func (f *Frame) ListOf(t value.Type, n int) value.Cell {
	start := len(f.lists)
	f.lists = slices.Grow(f.lists, n)[:start+n]
	clear(f.lists[start:])
	return value.ManyOf(t, start, n)
}

// Cells gives the cells of a list.
func (f *Frame) Cells(c value.Cell) []value.Cell {
	start, end := c.Range()
	return f.lists[start:end]
}

// push evaluates e as the next argument of the call that is being prepared.
func (f *Frame) push(e Expr) value.Cell {
	c := e.Eval(f)
	f.args = append(f.args, c)
	return c
}
