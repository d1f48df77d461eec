package check

import (
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A field is what a name in a document stands for.
type field struct {
	name   string
	kind   fieldKind
	typ    value.Type
	op     OpType
	values []value.Cell // declared valid values, in order
	slot   int32        // -1 until it is used

	data *dataField // of dataKind

	parent *field     // of treatedKind: what is treated
	treat  *Treatment // of treatedKind

	place   diag.Place // of derivedKind
	formula *formula   // of derivedKind
	home    *scope     // of derivedKind: where its names are looked up
	copied  *field     // of derivedKind: the outer field that it is a copy of, else nil; see scope.instance
	view    *scope     // of a copy: the scope that treats its inputs
	links   []*field   // of derivedKind: the fields that its formula names, once state is linked
	state   linkState
	broken  bool // a fault was reported: uses of it are not reported again
}

type fieldKind uint8

const (
	dataKind    fieldKind = iota // a DataField
	derivedKind                  // a DerivedField
	treatedKind                  // a MiningField of a nested model that treats what the model around it has
	outputKind                   // an OutputField or a prediction: it has its slot from the beginning
	aliasKind                    // a MiningField of a nested model for what the model around it has, not looked up yet
	brokenKind                   // a name that was reported
)

type linkState uint8

const (
	unlinked linkState = iota
	linking
	linked
)

// A scope is what the names in a model mean. The outermost one has the data fields and the TransformationDictionary.
type scope struct {
	c      *checker
	parent *scope
	names  map[string]*field // of the mining schema, the local transformations and earlier members of a chain
	outer  map[string]*field // what was found further out
	local  []*field          // derived fields in document order

	treated   map[*field]*field // fields of the scope around it that the mining schema treats
	instances map[*field]*field // copies of outer derived fields, see instance
	depends   map[*field]bool   // outer derived fields: whether they read a treated field
}

func (c *checker) newScope(parent *scope) *scope {
	return &scope{c: c, parent: parent, names: map[string]*field{}}
}

// lookup gives the field of that name, or nil. The mining schema goes before local transformations and outputs of earlier
// members, these before what is further out.
func (s *scope) lookup(name string) *field {
	if f := s.names[name]; f != nil {
		return s.resolveAlias(f)
	}
	if f := s.outer[name]; f != nil {
		return f
	}
	var treating []*scope // those on the way that treat fields
	var f *field
	for p := s; f == nil; p = p.parent {
		if len(p.treated) > 0 {
			treating = append(treating, p)
		}
		if p.parent == nil || !s.c.spend(diag.Place{}, 1) {
			return nil
		}
		if f = p.parent.names[name]; f != nil {
			f = p.parent.resolveAlias(f)
		}
	}
	for _, p := range slices.Backward(treating) {
		f = p.adapt(f)
	}
	if s.outer == nil {
		s.outer = map[string]*field{}
	}
	s.outer[name] = f
	return f
}

// resolveAlias replaces a mining field by what it means further out.
func (s *scope) resolveAlias(f *field) *field {
	if f.kind != aliasKind {
		return f
	}
	g := s.parent.lookup(f.name)
	if g == nil {
		g = &field{name: f.name, kind: brokenKind, broken: true}
	}
	s.names[f.name] = g
	return g
}

// exists says that a name means something, without looking closer.
func (s *scope) exists(name string) bool {
	for ; s != nil && s.c.spend(diag.Place{}, 1); s = s.parent {
		if s.names[name] != nil {
			return true
		}
	}
	return false
}

// adapt gives what a field from further out means here: the treated field if the mining schema treats it, a copy if it is
// derived from a treated field.
func (s *scope) adapt(f *field) *field {
	if len(s.treated) == 0 {
		return f
	}
	if t := s.treated[f]; t != nil {
		return t
	}
	if f.kind != derivedKind || !s.readsTreated(f) {
		return f
	}
	return s.instance(f)
}

// instance copies an outer derived field, so that it sees this scope's treatment of its inputs.
func (s *scope) instance(f *field) *field {
	if g := s.instances[f]; g != nil {
		return g
	}
	s.c.spend(f.place, 200)
	g := *f
	g.copied, g.view, g.slot, g.links, g.state = f, s, -1, nil, unlinked
	if s.instances == nil {
		s.instances = map[*field]*field{}
	}
	s.instances[f] = &g
	return &g
}

// readsTreated says that an outer derived field reads, directly or not, a field that this scope treats.
func (s *scope) readsTreated(f *field) bool {
	if s.depends == nil {
		s.depends = map[*field]bool{}
	}
	s.c.link(f)
	type visit struct {
		f    *field
		next int
	}
	for stack := []visit{{f, 0}}; len(stack) > 0; {
		v := &stack[len(stack)-1]
		if _, known := s.depends[v.f]; known || v.next >= len(v.f.links) || !s.c.spend(f.place, 1) {
			if !known {
				s.depends[v.f] = s.readsDirectly(v.f)
			}
			stack = stack[:len(stack)-1]
			continue
		}
		g := v.f.links[v.next]
		v.next++
		if _, known := s.depends[g]; !known && g.kind == derivedKind {
			stack = append(stack, visit{g, 0})
		}
	}
	return s.depends[f]
}

func (s *scope) readsDirectly(f *field) bool {
	for _, g := range f.links {
		if s.treated[g] != nil || s.depends[g] {
			return true
		}
	}
	return false
}

// resolve gives what a name in a derived field's formula means.
func (f *field) resolve(name string) *field {
	if f.copied == nil {
		return f.home.lookup(name)
	}
	if g := f.copied.resolve(name); g != nil {
		return f.view.adapt(g)
	}
	return nil
}

// link finds the fields that a derived field names, and those that these name, and so on. It reports unknown names and
// cycles. It has a stack of its own, because a document can have a chain of 100,000 fields.
func (c *checker) link(f *field) {
	if f.kind != derivedKind || f.state != unlinked || f.broken {
		return
	}
	f.state = linking
	for stack := []*field{f}; len(stack) > 0; {
		f := stack[len(stack)-1]
		if len(f.links) == len(f.formula.fields) {
			f.state = linked
			stack = stack[:len(stack)-1]
			continue
		}
		ref := &f.formula.fields[len(f.links)]
		g := f.resolve(ref.name)
		switch {
		case g == nil:
			c.unknownField(ref.at, ref.name)
			g = &field{name: ref.name, kind: brokenKind, broken: true}
		case g.kind == derivedKind && g.state == linking:
			c.cycle(g.place, "field "+quote(g.name), cycleOf(stack, g))
			g = &field{name: ref.name, kind: brokenKind, broken: true}
		}
		f.links = append(f.links, g)
		if g.kind == derivedKind && g.state == unlinked && !g.broken {
			g.state = linking
			stack = append(stack, g)
		}
	}
}

// cycleOf gives the names of a cycle that ends with a reference to f.
func cycleOf(stack []*field, f *field) []string {
	var names []string
	for i, g := range stack {
		if g == f {
			stack = stack[i:]
			break
		}
	}
	for _, g := range stack {
		names = append(names, g.name)
	}
	return append(names, f.name)
}

func quote(name string) string { return "\"" + name + "\"" }

// use gives a field a slot and, before it, those that it is computed from, with the steps that compute them. at is where
// it is referred to.
func (c *checker) use(f *field, at diag.Place) {
	if f.slot >= 0 || f.broken {
		return
	}
	c.link(f)
	type visit struct {
		f    *field
		next int
	}
	for stack := []visit{{f, 0}}; len(stack) > 0; {
		v := &stack[len(stack)-1]
		if g := v.f.input(v.next); g != nil {
			v.next++
			if g.slot < 0 && !g.broken {
				c.link(g)
				stack = append(stack, visit{g, 0})
			}
			continue
		}
		if v.f.slot < 0 {
			c.give(v.f, at)
		}
		stack = stack[:len(stack)-1]
	}
}

// input gives the i-th field that f is computed from, or nil.
func (f *field) input(i int) *field {
	switch {
	case f.kind == derivedKind && i < len(f.links):
		return f.links[i]
	case f.kind == treatedKind && i == 0:
		return f.parent
	}
	return nil
}

// give gives a field its slot; those that it is computed from have theirs.
func (c *checker) give(f *field, at diag.Place) {
	switch f.kind {
	case dataKind:
		c.pullIn(f, at)
	case treatedKind:
		f.slot = c.newSlot(f.name, f.typ, f.op)
		c.out.Steps = append(c.out.Steps, Step{
			Slot: f.slot, From: f.parent.slot, Treat: f.treat, Reads: []int32{f.parent.slot},
		})
		c.reached(f.slot, []int32{f.parent.slot})
	case derivedKind:
		x := c.derive(f, false)
		f.slot = c.newSlot(f.name, f.typ, f.op)
		reads := slotsOf(x)
		c.out.Steps = append(c.out.Steps, Step{Slot: f.slot, From: -1, Expr: x, Reads: reads})
		c.reached(f.slot, reads)
	}
}

// slotsOf gives the slots that an expression reads.
func slotsOf(x expr.Expr) []int32 {
	var read slotSet
	expr.Walk(x, func(x expr.Expr) {
		switch x := x.(type) {
		case *expr.Slot:
			read.add(x.Slot)
		case *expr.Lag:
			read.add(x.Slot)
			for _, block := range x.Blocks {
				read.add(block)
			}
		}
	})
	return read.list
}

// A slotSet is a set of slots in the order in which they came.
type slotSet struct {
	list []int32
	has  map[int32]bool // nil while the list is short
}

func (s *slotSet) add(slot int32) {
	const short = 16
	switch {
	case slot < 0 || s.has[slot] || s.has == nil && slices.Contains(s.list, slot):
		return
	case s.has != nil:
		s.has[slot] = true
	case len(s.list) == short:
		s.has = map[int32]bool{slot: true}
		for _, old := range s.list {
			s.has[old] = true
		}
	}
	s.list = append(s.list, slot)
}
