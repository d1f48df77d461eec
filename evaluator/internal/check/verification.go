package check

import (
	"slices"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// A column is a VerificationField that is compared or given.
type column struct {
	name  string // in the table
	field string
	index int // in the table; -1 if no row has it
}

// modelVerification reads the rows that the model must reproduce.
func (c *checker) modelVerification(m *model, e *pmml.Element) {
	c.attributes(e, "recordCount", "fieldCount")
	parts := c.single(e, []string{"VerificationFields", "InlineTable", "TableLocator"})
	fields := parts["VerificationFields"]
	if fields == nil {
		c.missingElement(e, "VerificationFields")
		return
	}
	table := c.inlineTable(e, parts)
	if table == nil {
		return
	}
	c.noteCount(e, "recordCount", table.Rows())
	r := verificationReader{
		c: c, table: table, columns: columnsOf(table), v: &Verification{Place: e.Place()},
		inputs: map[string]int32{}, slots: map[string]int32{}, expected: map[string]ExpectedField{},
	}
	r.collects = c.collects()
	for i := range c.out.Inputs {
		r.inputs[c.out.Inputs[i].Name] = int32(i)
	}
	for _, f := range m.deeper { // of members of a chain that are not its last
		r.slots[f.name] = f.slot
	}
	for i := range m.given {
		r.slots[m.given[i].Name] = m.given[i].Slot
	}
	n := 0
	for child := range fields.Children() {
		if child.Name() != "VerificationField" {
			c.unknownElement(child, fields)
			continue
		}
		n++
		r.field(child)
	}
	c.noteCount(e, "fieldCount", n)
	r.rows()
	c.out.Verify = r.v
}

type verificationReader struct {
	c       *checker
	table   *pmml.Table
	columns columns
	v       *Verification
	inputs  map[string]int32 // indexes of inputs
	slots   map[string]int32 // of output fields

	given, targets, outputs []column
	groups                  []column // of a transactional model
	collects                bool
	expected                map[string]ExpectedField // of targets and outputs
}

// field reads a VerificationField.
func (r *verificationReader) field(e *pmml.Element) {
	r.c.attributes(e, "field", "column", "precision", "zeroThreshold")
	r.c.noChildren(e)
	name, ok := r.c.name(e, "field")
	if !ok {
		return
	}
	col := column{name: name, field: name}
	if text, ok := e.Attr("column"); ok {
		col.name = text
	}
	col.index = r.columns.find(col.name)
	x := ExpectedField{
		Name:      name,
		Precision: r.c.atLeast(e, "precision", 0, 1e-6), ZeroThreshold: r.c.atLeast(e, "zeroThreshold", 0, 1e-16),
	}
	slot, isOutput := r.slots[name]
	if isOutput {
		r.outputs = append(r.outputs, col)
	} else if target, isTarget := r.c.targetSlots[name]; isTarget {
		slot = target
		r.targets = append(r.targets, col)
	} else if _, isInput := r.inputs[name]; isInput {
		r.given = append(r.given, col)
		return
	} else if r.collects && r.c.isGroup(name) {
		r.groups = append(r.groups, col)
		return
	} else {
		r.unknown(e, name)
		return
	}
	x.Slot = slot
	r.expected[name] = x
}

// unknown reports a field that is none of the model's, unless it is a data field that the model has no use for.
func (r *verificationReader) unknown(e *pmml.Element, name string) {
	if f := r.c.global.names[name]; f != nil && f.kind == dataKind {
		r.c.noteInconsistent(e.At("field"), "the model has no use for field %q", name)
		return
	}
	r.c.unknownField(e.At("field"), name)
}

// rows reads the table. PMML, ModelVerification: if there are output fields, targets are not compared. A column that a
// row has no cell for is missing as an input and not compared as a result.
func (r *verificationReader) rows() {
	compared := r.outputs
	if len(compared) == 0 {
		compared = r.targets
	}
	for _, col := range r.given {
		r.v.Inputs = append(r.v.Inputs, r.inputs[col.field])
	}
	for _, col := range compared {
		r.v.Expected = append(r.v.Expected, r.expected[col.field])
	}
	all := slices.Concat(r.given, compared)
	if !r.c.grow(r.v.Place, len(all)*r.table.Rows()) {
		return
	}
	numbers := map[string]int32{}
	for _, row := range r.order() {
		cells := make([]int32, len(all))
		for i, col := range all {
			cells[i] = -1
			if col.index < 0 {
				continue
			}
			if text, ok := r.table.Cell(row, col.index); ok {
				n, known := numbers[text]
				if !known {
					n = int32(len(r.v.Texts))
					numbers[text] = n
					r.v.Texts = append(r.v.Texts, text)
				}
				cells[i] = n
			}
		}
		r.v.Rows = append(r.v.Rows, cells)
	}
}

// order gives the rows so that those of a group follow one another, and says how many each group has.
func (r *verificationReader) order() []int {
	rows := make([]int, r.table.Rows())
	for i := range rows {
		rows[i] = i
	}
	if len(r.groups) == 0 {
		return rows
	}
	numbers := map[string]int{}
	group := make([]int, len(rows))
	for row := range rows {
		key := ""
		for _, col := range r.groups {
			text, ok := "", false
			if col.index >= 0 {
				text, ok = r.table.Cell(row, col.index)
			}
			key += strconv.FormatBool(ok) + strconv.Quote(text)
		}
		n, known := numbers[key]
		if !known {
			n = len(numbers)
			numbers[key] = n
			r.v.Groups = append(r.v.Groups, 0)
		}
		group[row] = n
		r.v.Groups[n]++
	}
	slices.SortStableFunc(rows, func(a, b int) int { return group[a] - group[b] })
	return rows
}

// collects says that records which agree in the group fields are one.
func (c *checker) collects() bool {
	for i := range c.out.Inputs[:c.out.Active] {
		if c.out.Inputs[i].List && len(c.out.Groups) > 0 {
			return true
		}
	}
	return false
}

func (c *checker) isGroup(name string) bool {
	for i := range c.out.Groups {
		if c.out.Groups[i].Name == name {
			return true
		}
	}
	return false
}
