package compile

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

func (l *lowering) miningModel(m *check.MiningModel, out *lowered) {
	k := &program.Mining{
		Method: m.Method, Float: m.Float, OnMissing: m.OnMissing, Threshold: m.Threshold,
		Scratch: l.scratch(program.ScratchSize(m.Method, len(m.Segments), len(m.Target.Categories))),
	}
	out.members = l.pop(len(m.Segments))
	for i := range m.Segments {
		in, member := &m.Segments[i], out.members[i]
		s := program.Segment{
			ID: l.id(in.ID), Predicate: in.Predicate, Weight: in.Weight, WeightSlot: in.WeightSlot, Model: member.model,
			Categories: places(in, len(member.model.Target.Categories), len(m.Target.Categories)),
		}
		if p, ok := s.Predicate.(*expr.Always); ok && p.Truth == value.True {
			s.Predicate = nil
		}
		k.Segments = append(k.Segments, s)
	}
	out.model.Kernel = k
}

// places gives the place of each of a member's n categories among those of the whole; nil if they are the same, or if the
// whole has none.
func places(in *check.Segment, n, whole int) []int32 {
	if n == 0 || whole == 0 {
		return nil
	}
	same, all := n == whole, make([]int32, n)
	for i := range all {
		if all[i] = int32(i); in.Places != nil {
			all[i] = in.Places[i]
		}
		same = same && all[i] == int32(i)
	}
	if same {
		return nil
	}
	return all
}

// forests replaces mining models of nothing but plain trees by what runs them without ceremony.
func (l *lowering) forests(m *lowered) {
	for _, member := range m.members {
		l.forests(member)
	}
	k, ok := m.model.Kernel.(*program.Mining)
	if !ok || !l.isForest(k, m) {
		return
	}
	f := &program.Forest{Method: k.Method, OnMissing: k.OnMissing, Float: k.Float, Scratch: k.Scratch}
	weighted := k.Method == enum.WeightedMajorityVote || k.Method == enum.WeightedAverage || k.Method == enum.WeightedSum
	for i := range k.Segments {
		f.Roots = append(f.Roots, k.Segments[i].Model.Kernel.(*program.Tree).Root)
		if weighted {
			f.Weights = append(f.Weights, k.Segments[i].Weight)
		}
	}
	m.model.Kernel = f
}

func (l *lowering) isForest(k *program.Mining, m *lowered) bool {
	switch k.Method {
	case enum.MajorityVote, enum.WeightedMajorityVote, enum.Average, enum.WeightedAverage, enum.Sum, enum.WeightedSum:
	default:
		return false
	}
	if k.OnMissing == enum.SkipSegment || len(k.Segments) == 0 {
		return false
	}
	for i := range k.Segments {
		s := &k.Segments[i]
		t := &s.Model.Target
		_, tree := s.Model.Kernel.(*program.Tree)
		plain := t.Slot < 0 && t.Default.State == value.Missing && t.Priors == nil && t.Factor == 1 && t.Constant == 0 &&
			t.Cast == enum.NoCast && t.Min < -1e308 && t.Max > 1e308 && (t.Type == value.NoType || t.Type == value.Double || k.Float && t.Type == value.Float)
		if !tree || !plain || s.Predicate != nil || s.WeightSlot >= 0 || s.Categories != nil || m.members[i].dedicated ||
			len(s.Model.Steps) > 0 || len(s.Model.Outputs) > 0 || m.members[i].leafModels ||
			len(t.Categories) != len(m.model.Target.Categories) {
			return false
		}
	}
	return true
}
