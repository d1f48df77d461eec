package compile

import (
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
)

// A schedule decides before which model each derived field is computed: as far out as it is certainly needed, so that a
// thousand trees do not ask a thousand times, and never for a segment that may not run.
type schedule struct {
	d      *check.Document
	stepOf map[int32]int32 // slot → step
	late   []bool          // step reads what a segment puts out, so it cannot be computed before
}

func newSchedule(d *check.Document, top *lowered) *schedule {
	s := &schedule{d: d, stepOf: map[int32]int32{}, late: make([]bool, len(d.Steps))}
	for i := range d.Steps {
		s.stepOf[d.Steps[i].Slot] = int32(i)
	}
	produced := map[int32]bool{}
	var collect func(m *lowered)
	collect = func(m *lowered) {
		for i := range m.common.Outputs {
			produced[m.common.Outputs[i].Slot] = true
		}
		if m.common.Target.Slot >= 0 {
			produced[m.common.Target.Slot] = true
		}
		for _, s := range m.members {
			collect(s)
		}
	}
	collect(top)
	for i := range d.Steps {
		for _, slot := range d.Steps[i].Reads {
			at, derived := s.stepOf[slot]
			if produced[slot] || derived && s.late[at] {
				s.late[i] = true
			}
		}
	}
	return s
}

// A stepSet is a set of steps.
type stepSet map[int32]bool

// add adds the steps that compute slots, and what they need.
func (s *schedule) add(set stepSet, slots []int32) {
	todo := slices.Clone(slots)
	for len(todo) > 0 {
		slot := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if i, ok := s.stepOf[slot]; ok && !set[i] {
			set[i] = true
			todo = append(todo, s.d.Steps[i].Reads...)
		}
	}
}

// needs is what a model needs when it begins: its own steps, and the early ones of the segments that certainly run.
func (s *schedule) needs(m *lowered) stepSet {
	set := stepSet{}
	s.add(set, m.common.Reads)
	if k, ok := m.model.Kernel.(*program.Mining); ok {
		for i, member := range m.members {
			if k.Segments[i].Predicate != nil || k.Method == enum.SelectFirst && i > 0 {
				continue
			}
			for step := range s.needs(member) {
				if !s.late[step] {
					set[step] = true
				}
			}
		}
	}
	return set
}

// settle gives the whole and its members their steps.
func (s *schedule) settle(top *lowered) { s.assign(top, nil) }

// assign gives m the steps that it needs beside those of the models around it.
func (s *schedule) assign(m *lowered, around []stepSet) {
	own := stepSet{}
	for step := range s.needs(m) {
		if !contains(around, step) {
			own[step] = true
		}
	}
	m.model.Steps = sorted(own)
	around = append(slices.Clip(around), own)
	for _, member := range m.members {
		s.assign(member, around)
	}
	after := stepSet{}
	s.add(after, m.common.OutputReads)
	for step := range after {
		if contains(around, step) {
			delete(after, step)
		}
	}
	m.model.OutputSteps = sorted(after)
}

func contains(sets []stepSet, step int32) bool {
	for _, s := range sets {
		if s[step] {
			return true
		}
	}
	return false
}

// sorted gives the steps in the order in which they can be computed.
func sorted(set stepSet) []int32 {
	if len(set) == 0 {
		return nil
	}
	all := make([]int32, 0, len(set))
	for step := range set {
		all = append(all, step)
	}
	slices.Sort(all)
	return all
}
