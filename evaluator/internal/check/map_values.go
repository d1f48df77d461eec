package check

import (
	"sort"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A mapValues is a MapValues as written.
type mapValues struct {
	table                    *pmml.Table
	keys                     []keyColumn
	output                   int // column of the results; -1 if there is none
	defaultValue, mapMissing written
	typ                      value.Type
}

// A keyColumn is a FieldColumnPair.
type keyColumn struct {
	ref    reference
	column int
}

func (r formulaReader) mapValues(e *pmml.Element) term {
	r.c.attributes(e, "mapMissingTo", "defaultValue", "outputColumn", "dataType")
	t := &mapValues{
		defaultValue: attribute(e, "defaultValue"), mapMissing: attribute(e, "mapMissingTo"), typ: r.c.dataType(e, value.NoType),
	}
	found := r.c.single(e, []string{"InlineTable", "TableLocator"}, "FieldColumnPair")
	output, ok := r.c.required(e, "outputColumn")
	if t.table = r.c.inlineTable(e, found); t.table == nil {
		return nil
	}
	r.f.size += t.table.Rows()
	columns := columnsOf(t.table)
	if t.output = columns.find(output); t.output < 0 && ok && t.table.Rows() > 0 {
		r.c.inconsistent(e.At("outputColumn"), "the table has no column %q", output)
	}
	for pair := range e.Children("FieldColumnPair") {
		r.c.attributes(pair, "field", "column")
		r.c.noChildren(pair)
		ref, named := r.field(pair, "field")
		column, has := r.c.required(pair, "column")
		ok = ok && named && has
		i := columns.find(column)
		if i < 0 && has && t.table.Rows() > 0 {
			r.c.inconsistent(pair.At("column"), "the table has no column %q", column)
		}
		t.keys = append(t.keys, keyColumn{ref, i})
	}
	if !r.c.grow(e.Place(), 4*len(t.keys)*t.table.Rows()) || !ok {
		return nil
	}
	return t
}

// columns are the columns of a table by name.
type columns map[string]int

func columnsOf(t *pmml.Table) columns {
	all := columns{}
	for i, name := range t.Columns() {
		all[name] = i
	}
	return all
}

// find gives the index of a column, whose name may be written with the prefix of its namespace; -1 if there is none.
func (c columns) find(name string) int {
	if i, ok := c[name]; ok {
		return i
	}
	if _, local, ok := strings.Cut(name, ":"); ok {
		if i, ok := c[local]; ok {
			return i
		}
	}
	return -1
}

// inlineTable reads the InlineTable among found children of e; nil, with a fault, if there is none.
func (c *checker) inlineTable(e *pmml.Element, found map[string]*pmml.Element) *pmml.Table {
	if locator := found["TableLocator"]; locator != nil {
		c.unsupportedElement(locator)
		return nil
	}
	table := found["InlineTable"]
	if table == nil {
		c.missingElement(e, "InlineTable")
		return nil
	}
	return pmml.ReadTable(table, func(child *pmml.Element) { c.unknownElement(child, table) })
}

func (t *mapValues) resolve(r *resolver, want value.Type) (expr.Expr, value.Type) {
	typ := textOr(t.typ, want)
	x := &expr.MapValues{Default: r.cell(t.defaultValue, typ), MapMissing: r.cell(t.mapMissing, typ)}
	for _, k := range t.keys {
		o := r.operand(k.ref)
		keyType := o.typ
		if keyType == value.NoType {
			keyType = value.String
		}
		x.Keys, x.Types = append(x.Keys, o.x), append(x.Types, keyType)
	}
	t.fill(r, x, typ)
	return x, typ
}

// fill reads the rows. A row whose key its field cannot hold, or that lacks a cell, is never found; of rows with equal
// keys the first is.
func (t *mapValues) fill(r *resolver, x *expr.MapValues, typ value.Type) {
	n := len(t.keys)
	rows, results := make([]value.Cell, 0, n*t.table.Rows()), make([]value.Cell, 0, t.table.Rows())
	cells := make([]value.Cell, n)
	for row := range t.table.Rows() {
		ok := t.row(r, row, x.Types, cells)
		text, has := "", false
		if t.output >= 0 {
			text, has = t.table.Cell(row, t.output)
		}
		if !ok || !has {
			continue
		}
		rows = append(rows, cells...)
		results = append(results, r.c.literal(t.table.Place(row), typ, text))
	}
	order := make([]int32, len(results))
	for i := range order {
		order[i] = int32(i)
	}
	key := func(i int32) []value.Cell { return rows[int(i)*n : int(i)*n+n] }
	x.Rows, x.Results = make([]value.Cell, 0, len(rows)), make([]value.Cell, 0, len(results))
	sort.SliceStable(order, func(i, j int) bool { return expr.CompareKeys(key(order[i]), key(order[j])) < 0 })
	for at, i := range order {
		if at > 0 && expr.CompareKeys(key(order[at-1]), key(i)) == 0 {
			continue
		}
		x.Rows, x.Results = append(x.Rows, key(i)...), append(x.Results, results[i])
	}
}

// row reads the key cells of a row. It is false if the row is never found.
func (t *mapValues) row(r *resolver, row int, types []value.Type, cells []value.Cell) bool {
	for i, k := range t.keys {
		if k.column < 0 {
			return false
		}
		text, has := t.table.Cell(row, k.column)
		if !has {
			r.c.noteInconsistent(t.table.Place(row), "the row has no cell %q", t.table.Columns()[k.column])
			return false
		}
		var ok bool
		if cells[i], ok = r.c.parse(types[i], text); !ok {
			r.c.noteInconsistent(t.table.Place(row), "the row is never found: field %q is never %q", k.ref.name, text)
			return false
		}
	}
	return true
}
