package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// A taxonomy is a hierarchy of the values of a field.
type taxonomy struct {
	children    map[string][]string // of each parent
	unsupported string              // element that cannot be taken into account; empty: none
	at          diag.Place          // of that
}

// taxonomy reads a Taxonomy. Its tables are one hierarchy, whether each is of one level or of all.
func (c *checker) taxonomy(e *pmml.Element) {
	c.attributes(e, "name")
	t := &taxonomy{children: map[string][]string{}}
	n := 0
	for child := range e.Children() {
		if child.Name() != "ChildParent" {
			c.unknownElement(child, e)
			continue
		}
		n++
		c.childParent(t, child)
	}
	if n == 0 {
		c.missingElement(e, "ChildParent")
	}
	name, ok := c.name(e, "name")
	if !ok {
		return
	}
	if c.taxonomies[name] != nil {
		c.duplicateName(e.At("name"), "taxonomy", name)
		return
	}
	if c.taxonomies == nil {
		c.taxonomies = map[string]*taxonomy{}
	}
	c.taxonomies[name] = t
}

// childParent reads one table of a taxonomy.
func (c *checker) childParent(t *taxonomy, e *pmml.Element) {
	c.attributes(e, "childField", "parentField", "parentLevelField", "isRecursive")
	child, hasChild := c.name(e, "childField")
	parent, hasParent := c.name(e, "parentField")
	c.choice(e, "isRecursive", "no", "yes")
	parts := c.single(e, []string{"InlineTable", "TableLocator"}, "FieldColumnPair")
	for _, name := range []string{"TableLocator", "FieldColumnPair"} {
		if part := e.Child(name); part != nil {
			t.unsupported, t.at = name, part.Place()
		}
	}
	if parts["TableLocator"] != nil {
		return
	}
	table := c.inlineTable(e, parts)
	if table == nil || !hasChild || !hasParent {
		return
	}
	columns := columnsOf(table)
	from, to := columns.find(child), columns.find(parent)
	for row := range table.Rows() {
		if from < 0 || to < 0 {
			return
		}
		low, hasLow := table.Cell(row, from)
		high, hasHigh := table.Cell(row, to)
		if hasLow && hasHigh && low != high {
			t.children[high] = append(t.children[high], low)
		}
	}
}

// below gives the values that are under another one, directly or not.
func (t *taxonomy) below(c *checker, at diag.Place, value string) []string {
	var all []string
	seen := map[string]bool{value: true}
	for todo := []string{value}; len(todo) > 0; {
		high := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, low := range t.children[high] {
			if !c.spend(at, 1) {
				return all
			}
			if !seen[low] {
				seen[low] = true
				all, todo = append(all, low), append(todo, low)
			}
		}
	}
	return all
}

// kinds adds to an item of a field with a taxonomy the values that are kinds of it: whoever buys ale buys beer.
func (r *associationReader) kinds(item *Item, e *pmml.Element, f *field, text string) {
	if f.kind != dataKind || f.data.taxonomy == "" {
		return
	}
	t := r.c.taxonomies[f.data.taxonomy]
	if t == nil {
		r.c.unknownTaxonomy(e.Place(), f.name, f.data.taxonomy)
		return
	}
	if t.unsupported != "" {
		r.c.unsupportedTaxonomy(t.at, t.unsupported, f.data.taxonomy)
		return
	}
	for _, low := range t.below(r.c, e.Place(), text) {
		if cell, ok := r.c.parse(f.typ, low); ok && r.c.grow(e.Place(), 4) {
			item.Kinds = append(item.Kinds, cell)
		}
	}
}
