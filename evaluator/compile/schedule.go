package compile

import (
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
)

// A schedule decides before which model each derived field is computed: as far out as it is certainly needed, so that a
// thousand trees do not ask a thousand times, and never for a segment that may not run.
//
// A model that runs whenever the one around it does belongs to the same block; a block is the outermost of such models.
// The steps that its models need are computed when it begins, except those that read what a segment puts out: they are
// late, and computed before the model that needs them.
type schedule struct {
	d      *check.Document
	stepOf map[int32]int32 // slot → step
	late   []bool          // step reads what a segment puts out
	around []bool          // step is computed by a model around the one that is looked at, or by that itself
	passed []int32         // late steps that were passed on the way to early ones
}

func newSchedule(d *check.Document, top *lowered) *schedule {
	s := &schedule{d: d, stepOf: map[int32]int32{}, late: make([]bool, len(d.Steps)), around: make([]bool, len(d.Steps))}
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

// settle gives a block and the blocks in it their steps. Each step of the block is looked at once for it, however many of
// its models need it.
func (s *schedule) settle(block *lowered) {
	early := s.early(block, nil)
	s.leave(s.passed)
	s.passed = s.passed[:0]
	block.model.Steps = early
	s.rest(block)
	s.leave(early)
}

// early adds the steps that a block computes when it begins, as far as they are needed by m, which is part of it, and its
// members.
func (s *schedule) early(m *lowered, steps []int32) []int32 {
	steps = s.need(m.common.Reads, false, steps)
	for i, member := range m.members {
		if !m.maySkip(i) {
			steps = s.early(member, steps)
		}
	}
	return steps
}

// rest gives a model of a block, all of whose early steps are known, its late ones, and goes on with its members.
func (s *schedule) rest(m *lowered) {
	late := s.need(m.common.Reads, true, nil)
	m.model.Steps = sorted(append(m.model.Steps, late...))
	for i, member := range m.members {
		if m.maySkip(i) {
			s.settle(member)
		} else {
			s.rest(member)
		}
	}
	after := s.need(m.common.OutputReads, true, nil)
	m.model.OutputSteps = sorted(after)
	s.leave(after)
	s.leave(late)
}

// maySkip says that the i-th member of a mining model may not run although the model does.
func (m *lowered) maySkip(i int) bool {
	k, ok := m.model.Kernel.(*program.Mining)
	return ok && (k.Segments[i].Predicate != nil || k.Method == enum.SelectFirst && i > 0)
}

// need adds the steps that compute slots, and what they need, and are not around yet. Late ones are only added if that is
// asked for.
func (s *schedule) need(slots []int32, late bool, steps []int32) []int32 {
	for todo := slices.Clone(slots); len(todo) > 0; {
		slot := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		i, ok := s.stepOf[slot]
		if !ok || s.around[i] {
			continue
		}
		s.around[i] = true
		if s.late[i] && !late {
			s.passed = append(s.passed, i)
		} else {
			steps = append(steps, i)
		}
		todo = append(todo, s.d.Steps[i].Reads...)
	}
	return steps
}

// leave forgets steps that are not around any more.
func (s *schedule) leave(steps []int32) {
	for _, i := range steps {
		s.around[i] = false
	}
}

// sorted puts steps in the order in which they can be computed.
func sorted(steps []int32) []int32 {
	slices.Sort(steps)
	return slices.Clip(steps)
}
