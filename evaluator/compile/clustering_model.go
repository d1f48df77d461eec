package compile

import (
	"cmp"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

func (l *lowering) clusteringModel(m *check.ClusteringModel, out *lowered) {
	k := &program.Clustering{Comparison: lowerComparison(&m.Comparison, m.Float)}
	k.IDs = make([]value.Cell, len(m.Clusters))
	k.Categories = make([]int32, 0, len(m.Clusters))
	k.Centers = make([]float64, 0, len(m.Clusters)*len(m.Comparison.Fields))
	for i := range m.Clusters {
		k.IDs[m.Clusters[i].Category] = m.Clusters[i].ID
		k.Categories = append(k.Categories, m.Clusters[i].Category)
		k.Centers = append(k.Centers, m.Clusters[i].Center...)
	}
	k.Scratch = l.scratch(k.ScratchSize())
	out.model.Kernel = k
}

func lowerComparison(in *check.Comparison, float bool) program.Comparison {
	out := program.Comparison{
		Measure: in.Measure, P: in.P, C: in.C, D: in.D, Largest: in.Largest, Float: float,
		Fields: make([]program.ComparisonField, len(in.Fields)),
	}
	for i := range in.Fields {
		out.Fields[i] = lowerComparisonField(&in.Fields[i], in.Measure)
	}
	return out
}

func lowerComparisonField(in *check.ComparisonField, measure enum.Measure) program.ComparisonField {
	out := program.ComparisonField{
		Slot: in.Slot, Function: in.Function, Weight: in.Weight, Scale: in.Scale, MissingWeight: in.MissingWeight,
		Period: in.Period, Symbol: in.Type == value.String,
	}
	if measure.Binary() {
		out.Function = enum.AbsDiff // it does not count
	}
	if out.Function != enum.Table {
		return out
	}
	out.Table = in.Table
	for row, cell := range in.Values {
		key := program.Key{Number: cell.Float64(), Row: int32(row)}
		if out.Symbol {
			key.Number = float64(cell.Sym)
		}
		out.Keys = append(out.Keys, key)
	}
	slices.SortFunc(out.Keys, func(a, b program.Key) int { return cmp.Compare(a.Number, b.Number) })
	for _, r := range in.Intervals {
		out.Intervals = append(out.Intervals, r.Interval)
	}
	return out
}

// settleRanks makes the clusters be put in order where somebody asks for it.
func (l *lowering) settleRanks(m *lowered) {
	if k, ok := m.model.Kernel.(*program.Clustering); ok {
		k.Ranked = m.wantsRanks
	}
	for _, s := range m.members {
		l.settleRanks(s)
	}
}
