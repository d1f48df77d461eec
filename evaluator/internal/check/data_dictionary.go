package check

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A dataField is a DataField: what may come with a record. input has everything but the treatment.
type dataField struct {
	input   Input
	display []value.Cell // of input.Valid: displayValue; nil if there is none
	cyclic  bool         // its last value is followed by its first

	distinct []value.Cell // of input.Valid, once somebody asked for categories
	index    map[value.Cell]int32

	taxonomy string // name of it; empty: none
}

// categories gives the distinct valid values and their indexes.
func (d *dataField) categories() ([]value.Cell, map[value.Cell]int32) {
	if d.index == nil {
		d.index = make(map[value.Cell]int32, len(d.input.Valid))
		for _, cell := range d.input.Valid {
			if _, known := d.index[cell]; !known {
				d.index[cell] = int32(len(d.distinct))
				d.distinct = append(d.distinct, cell)
			}
		}
	}
	return d.distinct, d.index
}

// dataDictionary reads the fields that come with a record. Only those that a model uses get slots.
func (c *checker) dataDictionary(e *pmml.Element) {
	c.attributes(e, "numberOfFields")
	n := 0
	for child := range e.Children() {
		switch child.Name() {
		case "DataField":
			n++
			c.dataField(child)
		case "Taxonomy":
			c.taxonomy(child)
		default:
			c.unknownElement(child, e)
		}
	}
	c.noteCount(e, "numberOfFields", n)
}

// noteCount compares what an attribute says about the number of elements with what there are.
func (c *checker) noteCount(e *pmml.Element, attr string, n int) {
	text, ok := e.Attr(attr)
	if !ok {
		return
	}
	if count, ok := value.Parse(value.Integer, text, nil); !ok || count.Int64() != int64(n) {
		c.noteInconsistent(e.At(attr), "%s is %q, but there are %d", attr, text, n)
	}
}

func (c *checker) dataField(e *pmml.Element) {
	c.attributes(e, "name", "displayName", "optype", "dataType", "taxonomy", "isCyclic")
	d := &dataField{}
	d.input.Name, _ = c.name(e, "name")
	d.input.DisplayName, _ = e.Attr("displayName")
	d.input.Type, d.input.Op = c.requiredTypes(e)
	d.taxonomy, _ = e.Attr("taxonomy")
	d.cyclic = c.boolean(e, "isCyclic", false)
	for child := range e.Children() {
		switch child.Name() {
		case "Value":
			c.dataValue(d, child)
		case "Interval":
			c.dataInterval(d, child)
		default:
			c.unknownElement(child, e)
		}
	}
	if d.input.Name == "" {
		return
	}
	if c.global.names[d.input.Name] != nil {
		c.duplicateName(e.At("name"), "field", d.input.Name)
		return
	}
	c.global.names[d.input.Name] = &field{
		name: d.input.Name, kind: dataKind, typ: d.input.Type, op: d.input.Op, values: d.input.Valid, slot: -1, data: d,
	}
}

// dataValue reads a Value. One that its field's type does not have can never come, except as a text that means missing.
func (c *checker) dataValue(d *dataField, e *pmml.Element) {
	c.attributes(e, "value", "displayValue", "property")
	c.noChildren(e)
	text, ok := c.required(e, "value")
	property := c.choice(e, "property", "valid", "invalid", "missing")
	if !ok {
		return
	}
	in := &d.input
	if property == 2 {
		in.MissingTexts = append(in.MissingTexts, text)
		return
	}
	cell, ok := value.Parse(in.Type, text, c.out.Symbols)
	if !ok {
		if in.Type != value.NoType {
			c.noteInconsistent(e.At("value"), "%q is not a value of type %s", text, in.Type)
		}
		return
	}
	if property == 1 {
		in.Invalid, in.InvalidTexts = append(in.Invalid, cell), append(in.InvalidTexts, text)
		return
	}
	in.Valid, in.ValidTexts = append(in.Valid, cell), append(in.ValidTexts, text)
	if shown, ok := e.Attr("displayValue"); ok {
		d.display = append(d.display, make([]value.Cell, len(in.Valid)-len(d.display))...)
		d.display[len(in.Valid)-1] = c.out.Symbols.Cell(shown)
	}
}

func (c *checker) dataInterval(d *dataField, e *pmml.Element) {
	i := c.interval(e)
	if d.input.Op != Continuous {
		c.noteInconsistent(e.Place(), "field %q is not continuous, so its intervals do not count", d.input.Name)
		return
	}
	d.input.Intervals = append(d.input.Intervals, i)
}

// interval reads an Interval.
func (c *checker) interval(e *pmml.Element) WrittenRange {
	c.attributes(e, "closure", "leftMargin", "rightMargin")
	c.noChildren(e)
	var w WrittenRange
	closures := []string{"openOpen", "openClosed", "closedOpen", "closedClosed"}
	if i, ok := c.requiredChoice(e, "closure", closures...); ok {
		w.Closure = closures[i]
		w.LeftOpen, w.RightOpen = i < 2, i%2 == 0
	}
	w.LeftText, _ = e.Attr("leftMargin")
	w.RightText, _ = e.Attr("rightMargin")
	w.Left, w.Right = c.number(e, "leftMargin", math.Inf(-1)), c.number(e, "rightMargin", math.Inf(1))
	if w.LeftText == "" && w.RightText == "" {
		c.missingAttribute(e, "leftMargin")
	}
	if w.Left > w.Right {
		c.inconsistent(e.Place(), "the interval is empty: %s is greater than %s", w.LeftText, w.RightText)
	}
	return w
}

// pullIn gives a slot to a data field that is used but not active in the top model's mining schema.
func (c *checker) pullIn(f *field, at diag.Place) {
	f.slot = c.newSlot(f.name, f.typ, f.op)
	if f.data.input.Usage == "" {
		f.data.input.Usage = "active"
		c.notePulledIn(at, f.name)
	}
	c.given = append(c.given, f)
}
