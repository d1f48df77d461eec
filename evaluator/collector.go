package evaluator

import "strconv"

// Collects says that the model takes transactional input: a record has one of the items of a basket, and those that agree
// in the group fields (Schema.Groups) are one basket, for which there is one result. See Collector.
func (m *Model) Collects() bool { return m.collects }

// collecting says that a schema has group fields and an input that takes several values.
func (s *Schema) collecting() bool {
	for i := range s.Inputs {
		if s.Inputs[i].List && len(s.Groups) > 0 {
			return true
		}
	}
	return false
}

// Group gives the position for Collector.SetGroup of the group field with the given name.
func (m *Model) Group(name string) (i int, ok bool) {
	for i := range m.schema.Groups {
		if m.schema.Groups[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// A Collector collects the records of a transactional model by the values of its group fields, in the order in which
// these first appear. Records without any value there are one group, too, but one that has a list for a basket stands
// alone. A Collector keeps all that it is given, and is one goroutine's.
type Collector struct {
	m      *Model
	groups []collected
	number map[string]int32 // of a group by its values
	column map[[2]int32]int32
	shared bool

	keys  []Value // of the record that is being given
	given []Value // by position of Scorer.Set
	set   []int   // positions at which there is one
	key   []byte
}

// A collected group has the values of its records.
type collected struct {
	records int
	columns []collectedColumn // of the inputs that any of them has
}

// A collectedColumn is the values of an input; of one that takes a single value those that differ, two at most.
type collectedColumn struct {
	input   int
	records int // that have a value
	values  []Value
}

// NewCollector is a Collector without records.
func (m *Model) NewCollector() *Collector {
	return &Collector{
		m: m, number: map[string]int32{}, column: map[[2]int32]int32{},
		keys: make([]Value, len(m.schema.Groups)), given: make([]Value, len(m.names)),
	}
}

// Clear begins a record: everything is missing.
func (c *Collector) Clear() {
	clear(c.keys)
	for _, i := range c.set {
		c.given[i] = Value{}
	}
	c.set = c.set[:0]
}

// Set gives the record's i-th input a value; positions are those of Scorer.Set.
func (c *Collector) Set(i int, v Value) {
	if c.given[i].IsMissing() && !v.IsMissing() {
		c.set = append(c.set, i)
	}
	c.given[i] = v
}

// SetGroup gives the record's i-th group field (of Schema.Groups) a value.
func (c *Collector) SetGroup(i int, v Value) { c.keys[i] = v }

// Keep adds the record to its group and gives the group's number, from 0.
func (c *Collector) Keep() (group int) {
	key, alone := c.groupKey()
	known, ok := c.number[string(key)]
	switch {
	case ok && !alone:
		group = int(known)
		c.shared = true
	default:
		group = c.Alone()
		if !alone {
			c.number[string(key)] = int32(group)
		}
	}
	g := &c.groups[group]
	g.records++
	for _, i := range c.set {
		if !c.given[i].IsMissing() { // a later value may be
			c.merge(g, group, i)
		}
	}
	return group
}

// Alone adds a group of its own, for a record that cannot be scored, and gives its number.
func (c *Collector) Alone() (group int) {
	c.groups = append(c.groups, collected{})
	return len(c.groups) - 1
}

// groupKey writes the values of the group fields.
func (c *Collector) groupKey() (key []byte, alone bool) {
	c.key = c.key[:0]
	for _, v := range c.keys {
		if v.IsMissing() {
			c.key = append(c.key, '-')
			continue
		}
		text := v.String()
		c.key = append(strconv.AppendInt(c.key, int64(len(text)), 10), ':')
		c.key = append(c.key, text...)
	}
	if len(c.key) > len(c.keys) {
		return c.key, false // some value is there
	}
	for _, i := range c.set {
		alone = alone || c.given[i].kind == KindList
	}
	return c.key, alone
}

// merge adds the record's i-th input to those of its group.
func (c *Collector) merge(g *collected, group, i int) {
	at, ok := c.column[[2]int32{int32(group), int32(i)}]
	if !ok {
		at = int32(len(g.columns))
		c.column[[2]int32{int32(group), int32(i)}] = at
		g.columns = append(g.columns, collectedColumn{input: i})
	}
	column, v := &g.columns[at], c.given[i]
	column.records++
	switch {
	case c.m.program.Inputs[i].List && v.kind == KindList:
		column.values = append(column.values, v.list...)
	case c.m.program.Inputs[i].List || len(column.values) == 0, len(column.values) == 1 && column.values[0].String() != v.String():
		column.values = append(column.values, v)
	}
}

// Len is the number of groups.
func (c *Collector) Len() int { return len(c.groups) }

// Shared says that some group has more than one record.
func (c *Collector) Shared() bool { return c.shared }

// Give begins a record of s with what a group collected; a record without a value has a missing one in the list. An input
// that takes a single value must have the same in all records of the group that have any; if not, it is invalid.
func (c *Collector) Give(group int, s *Scorer) {
	g := &c.groups[group]
	s.Clear()
	for i := range c.m.program.Inputs {
		if !c.m.program.Inputs[i].List {
			continue
		}
		if _, has := c.column[[2]int32{int32(group), int32(i)}]; !has {
			s.Set(i, List(make([]Value, g.records)...))
		}
	}
	for _, column := range g.columns {
		switch {
		case c.m.program.Inputs[column.input].List:
			s.Set(column.input, List(append(column.values, make([]Value, g.records-column.records)...)...))
		case len(column.values) > 1:
			s.Set(column.input, List(column.values...))
		default:
			s.Set(column.input, column.values[0])
		}
	}
}
