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
	number map[string]int // of a group by its values
	shared bool

	keys  []Value // of the record that is being given
	given []Value // by position of Scorer.Set
	key   []byte
}

// A collected group has the values of its records.
type collected struct {
	inputs [][]Value // by position of Scorer.Set; of an input that takes one value: those that differ, two at most
}

// NewCollector is a Collector without records.
func (m *Model) NewCollector() *Collector {
	return &Collector{m: m, number: map[string]int{}, keys: make([]Value, len(m.schema.Groups)), given: make([]Value, len(m.names))}
}

// Clear begins a record: everything is missing.
func (c *Collector) Clear() {
	clear(c.keys)
	clear(c.given)
}

// Set gives the record's i-th input a value; positions are those of Scorer.Set.
func (c *Collector) Set(i int, v Value) { c.given[i] = v }

// SetGroup gives the record's i-th group field (of Schema.Groups) a value.
func (c *Collector) SetGroup(i int, v Value) { c.keys[i] = v }

// Keep adds the record to its group and gives the group's number, from 0.
func (c *Collector) Keep() (group int) {
	key, alone := c.groupKey()
	group, known := c.number[string(key)]
	switch {
	case alone || !known:
		group = c.Alone()
		if !alone {
			c.number[string(key)] = group
		}
	default:
		c.shared = true
	}
	inputs := c.groups[group].inputs
	for i := range inputs {
		inputs[i] = c.merge(inputs[i], i)
	}
	return group
}

// Alone adds a group of its own, for a record that cannot be scored, and gives its number.
func (c *Collector) Alone() (group int) {
	c.groups = append(c.groups, collected{make([][]Value, len(c.m.names))})
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
	for i := range c.given {
		alone = alone || c.given[i].kind == KindList
	}
	return c.key, alone
}

// merge adds the record's i-th input to those of its group.
func (c *Collector) merge(values []Value, i int) []Value {
	v := c.given[i]
	switch {
	case c.m.program.Inputs[i].List:
		if v.kind == KindList {
			return append(values, v.list...)
		}
		return append(values, v)
	case v.IsMissing() || len(values) == 2 || len(values) == 1 && values[0].String() == v.String():
		return values
	}
	return append(values, v)
}

// Len is the number of groups.
func (c *Collector) Len() int { return len(c.groups) }

// Shared says that some group has more than one record.
func (c *Collector) Shared() bool { return c.shared }

// Give begins a record of s with what a group collected. An input that takes one value must have the same in all records
// of the group; if not, it is invalid.
func (c *Collector) Give(group int, s *Scorer) {
	s.Clear()
	for i, values := range c.groups[group].inputs {
		switch {
		case c.m.program.Inputs[i].List || len(values) > 1:
			s.Set(i, List(values...))
		case len(values) == 1:
			s.Set(i, values[0])
		}
	}
}
