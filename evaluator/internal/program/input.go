package program

import (
	"math"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// An Input is all that happens to a value before a model sees it: conversion to the field's type, then missing values,
// validity, outliers, replacement, in this order.
type Input struct {
	Name         string
	Slot         int32
	Type         value.Type
	MissingTexts []string // values that stand for a missing one, as written
	List         bool     // it may have several values at once
	Declared     bool     // only Valid and Intervals are valid
	Valid        expr.Set
	Invalid      expr.Set
	Intervals    []expr.Interval
	Treatment    Treatment

	missing   expr.Set   // MissingTexts in the field's type
	plain     bool       // nothing to check or treat
	absent    value.Cell // what a missing value becomes
	absentNum float64
}

// A quickInput binds the usual values of an input without looking at the rest of it. 8 bytes.
type quickInput struct {
	slot int32
	kind quickKind
}

// A quickKind says which values a quickInput can bind.
type quickKind uint8

const (
	quickNothing quickKind = iota
	quickDouble            // any number but NaN, as a double
	quickFloat             // the same, as a float
	quickText              // any text
	quickChoice            // text that is among the valid values
)

// A Treatment is what a MiningField does to invalid, outlying and missing values.
type Treatment struct {
	Invalid            expr.Treatment
	InvalidReplacement value.Cell
	Outliers           expr.Outliers
	Low, High          float64
	Replacement        value.Cell
	MissingInvalid     bool // a missing value fails the record
}

func (in *Input) code(c *codec.Coder) {
	c.String(&in.Name)
	c.Slot(&in.Slot)
	c.Type(&in.Type)
	c.Strings(&in.MissingTexts)
	c.Bool(&in.List)
	c.Bool(&in.Declared)
	in.Valid.Code(c)
	in.Invalid.Code(c)
	codec.Slice(c, &in.Intervals, 18, func(i *expr.Interval) { i.Code(c) })
	in.Treatment.code(c)
}

func (t *Treatment) code(c *codec.Coder) {
	codec.Enum(c, &t.Invalid, expr.InvalidAsValue+1)
	c.Cell(&t.InvalidReplacement)
	codec.Enum(c, &t.Outliers, expr.AsExtremeValues+1)
	c.Float64(&t.Low)
	c.Float64(&t.High)
	c.Cell(&t.Replacement)
	c.Bool(&t.MissingInvalid)
}

// prepare works out what does not depend on a record.
func (in *Input) prepare(s *value.Strings) {
	var missing []value.Cell
	for _, text := range in.MissingTexts {
		if c, ok := value.Parse(in.Type, text, s); ok && c.Type != value.String {
			missing = append(missing, c)
		}
	}
	in.missing = expr.NewSet(missing)
	in.absent, in.absentNum = in.Treatment.Replacement, math.NaN()
	if in.absent.State != value.Missing {
		in.absentNum = in.absent.Float64()
	}
	in.plain = len(in.MissingTexts) == 0 && !in.Declared && in.Invalid.Len() == 0 && in.Treatment.Outliers == expr.AsIs
}

func (in *Input) quick() quickInput { return quickInput{slot: in.Slot, kind: in.quickKind()} }

func (in *Input) quickKind() quickKind {
	untreated := in.missing.Len() == 0 && in.Invalid.Len() == 0 && in.Treatment.Outliers == expr.AsIs
	switch {
	case !untreated:
	case in.Type == value.Double && !in.Declared:
		return quickDouble
	case in.Type == value.Float && !in.Declared:
		return quickFloat
	case in.Type != value.String || len(in.MissingTexts) > 0:
	case !in.Declared:
		return quickText
	case len(in.Intervals) == 0:
		return quickChoice
	}
	return quickNothing
}

// quickNumber is BindNumber if that needs nothing else.
func (f *Frame) quickNumber(i int, x float64) bool {
	q := f.p.quick[i]
	var c value.Cell
	switch {
	case x != x:
		return false
	case q.kind == quickDouble:
		c = value.DoubleOf(x)
	case q.kind == quickFloat:
		c = value.FloatOf(x)
	default:
		return false
	}
	f.bound[i] = bound
	f.Slots[q.slot], f.Nums[q.slot] = c, c.Float64()
	return true
}

// quickText is BindText if that needs nothing else.
func (f *Frame) quickText(i int, text string) bool {
	q := f.p.quick[i]
	if q.kind != quickText && q.kind != quickChoice {
		return false
	}
	c := f.Strings.Cell(text)
	if q.kind == quickChoice && !f.p.Inputs[i].Valid.Has(c) {
		return false
	}
	f.bound[i] = bound
	f.Slots[q.slot], f.Nums[q.slot] = c, math.NaN()
	return true
}

// BindMissing gives an input no value.
func (f *Frame) BindMissing(i int) {
	in := &f.p.Inputs[i]
	f.bound[i] = bound
	if in.Treatment.MissingInvalid {
		f.reject(&InputError{Input: i, Missing: true})
		return
	}
	f.Slots[in.Slot], f.Nums[in.Slot] = in.absent, in.absentNum
}

// BindText gives an input a value as text, which is read in the field's type.
func (f *Frame) BindText(i int, text string) {
	if f.quickText(i, text) {
		return
	}
	in := &f.p.Inputs[i]
	for _, m := range in.MissingTexts {
		if text == m {
			f.BindMissing(i)
			return
		}
	}
	c, ok := value.Parse(in.Type, text, f.Strings)
	if !ok {
		c = value.Cell{}
		if in.Type.Numeric() { // R writes logical columns as TRUE and FALSE and models them as 1 and 0
			if b, ok := value.Parse(value.Boolean, text, f.Strings); ok {
				c = f.as(in.Type, b)
			}
		}
	}
	if !f.bind(i, in, c) {
		f.spoil(i, in, c, func() string { return strconv.Quote(cut(text)) }, func() value.Cell { return f.Strings.Cell(text) })
	}
}

// BindNumber gives an input a number.
func (f *Frame) BindNumber(i int, x float64) {
	if f.quickNumber(i, x) {
		return
	}
	in := &f.p.Inputs[i]
	var c value.Cell
	switch {
	case math.IsNaN(x):
	case in.Type == value.Double:
		c = value.DoubleOf(x)
	case in.Type == value.Float:
		c = value.FloatOf(x)
	default:
		c = f.as(in.Type, value.DoubleOf(x))
	}
	f.bindTyped(i, in, c, value.DoubleOf(x))
}

// BindInteger gives an input a whole number.
func (f *Frame) BindInteger(i int, x int64) {
	in := &f.p.Inputs[i]
	f.bindTyped(i, in, f.as(in.Type, value.IntegerOf(x)), value.IntegerOf(x))
}

// BindBoolean gives an input a truth.
func (f *Frame) BindBoolean(i int, x bool) {
	in := &f.p.Inputs[i]
	f.bindTyped(i, in, f.as(in.Type, value.BooleanOf(x)), value.BooleanOf(x))
}

// as gives c in another type; missing if it has no equivalent there.
func (f *Frame) as(t value.Type, c value.Cell) value.Cell {
	if out, ok := value.Convert(c, t, f.Strings); ok {
		return out
	}
	return value.Cell{}
}

// TakesList says that an input may have several values at once.
func (f *Frame) TakesList(i int) bool { return f.p.Inputs[i].List }

// BeginList begins the values of an input that has several. Each is bound like the only one, and then kept by KeepMember;
// EndList binds all of them.
func (f *Frame) BeginList() { f.members = f.members[:0] }

// KeepMember keeps the value that was just bound as one of several. A missing one does not count. It is false if the
// value is not allowed, so that the record is invalid whatever the others are.
func (f *Frame) KeepMember(i int) bool {
	switch c := f.Slots[f.p.Inputs[i].Slot]; c.State {
	case value.Failed:
		return false
	case value.Missing:
	default:
		f.members = append(f.members, c)
	}
	return true
}

// EndList binds the values that were kept.
func (f *Frame) EndList(i int) {
	in := &f.p.Inputs[i]
	f.bound[i] = bound
	f.Set(in.Slot, f.List(in.Type, f.members))
}

// BindList gives an input that has one value several: that is invalid.
func (f *Frame) BindList(i int, text string) {
	in := &f.p.Inputs[i]
	f.spoil(i, in, value.Cell{}, func() string { return cut(text) }, func() value.Cell { return f.Strings.Cell(text) })
}

// bindTyped binds c, which is given in the field's type, or missing if given cannot be.
func (f *Frame) bindTyped(i int, in *Input, c, given value.Cell) {
	if c.State != value.Missing && len(in.MissingTexts) > 0 && f.standsForMissing(in, c) {
		f.BindMissing(i)
		return
	}
	if !f.bind(i, in, c) {
		text := func() string {
			if c.State == value.Missing {
				return string(value.AppendCell(nil, given, f.Strings))
			}
			if c.Type == value.String {
				return strconv.Quote(cut(f.Strings.Text(c)))
			}
			return string(value.AppendCell(nil, c, f.Strings))
		}
		f.spoil(i, in, c, text, func() value.Cell { return given })
	}
}

func (f *Frame) standsForMissing(in *Input, c value.Cell) bool {
	if c.Type != value.String {
		return in.missing.Has(c)
	}
	text := f.Strings.Text(c)
	for _, m := range in.MissingTexts {
		if text == m {
			return true
		}
	}
	return false
}

// bind puts a value of the field's type in its slot. It is false if the value is missing (it has not the type) or not
// valid.
func (f *Frame) bind(i int, in *Input, c value.Cell) bool {
	if c.State == value.Missing {
		return false
	}
	f.bound[i] = bound
	if !in.plain {
		if in.missing.Len() > 0 && in.missing.Has(c) {
			f.BindMissing(i)
			return true
		}
		if !in.allows(c) {
			return false
		}
		c = in.Treatment.outliers(c)
		if c.State == value.Missing {
			f.Slots[in.Slot], f.Nums[in.Slot] = in.absent, in.absentNum
			return true
		}
	}
	f.Set(in.Slot, c)
	return true
}

func (in *Input) allows(c value.Cell) bool {
	if in.Invalid.Len() > 0 && in.Invalid.Has(c) {
		return false
	}
	if !in.Declared || in.Valid.Has(c) {
		return true
	}
	if len(in.Intervals) == 0 {
		return false
	}
	x := c.Float64()
	for j := range in.Intervals {
		if in.Intervals[j].Has(x) {
			return true
		}
	}
	return false
}

// outliers treats a valid value; missing if it becomes missing.
func (t *Treatment) outliers(c value.Cell) value.Cell {
	if t.Outliers == expr.AsIs {
		return c
	}
	switch x := c.Float64(); {
	case x < t.Low && t.Outliers == expr.AsMissingValues, x > t.High && t.Outliers == expr.AsMissingValues:
		return value.Cell{}
	case x < t.Low:
		return numberOf(c.Type, t.Low)
	case x > t.High:
		return numberOf(c.Type, t.High)
	}
	return c
}

func numberOf(t value.Type, x float64) value.Cell {
	if c, ok := value.Convert(value.DoubleOf(x), t, nil); ok {
		return c
	}
	return value.DoubleOf(x)
}

// spoil does what the mining field says about an invalid value. c is the value in the field's type, or missing if it has
// none; text prints it; given is it as it came.
func (f *Frame) spoil(i int, in *Input, c value.Cell, text func() string, given func() value.Cell) {
	f.bound[i] = bound
	switch in.Treatment.Invalid {
	case expr.ReturnInvalid:
		f.reject(&InputError{Input: i, Text: text()})
	case expr.InvalidAsMissing:
		f.BindMissing(i)
	case expr.InvalidAsValue:
		if in.Treatment.InvalidReplacement.State == value.Missing {
			f.reject(&InputError{Input: i, Text: text()})
			return
		}
		f.Set(in.Slot, in.Treatment.InvalidReplacement)
	default:
		if c.State == value.Missing {
			c = given()
		}
		c.State = value.Invalid
		f.Set(in.Slot, c)
	}
}

// reject makes an input one that fails the record as soon as it is needed.
func (f *Frame) reject(e *InputError) {
	c := f.Fail("")
	e.failure = f.Failure(c)
	f.invalid = append(f.invalid, e)
	f.Set(f.p.Inputs[e.Input].Slot, c)
}

// cut keeps messages short, however long the text is.
func cut(text string) string {
	const most = 100
	n := 0
	for i := range text {
		if n == most {
			return text[:i] + "…"
		}
		n++
	}
	return text
}
