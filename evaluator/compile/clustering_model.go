package compile

import (
	"cmp"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

func (l *lowering) clusteringModel(m *check.ClusteringModel, out *lowered) {
	if m.Mixture != nil {
		l.mixture(m, out)
		return
	}
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

// mixture lowers a model whose clusters are distributions.
func (l *lowering) mixture(m *check.ClusteringModel, out *lowered) {
	k := &program.Mixture{Normal: m.Mixture.Normal, IDs: make([]value.Cell, len(m.Clusters))}
	for i := range m.Mixture.Discrete {
		in := &m.Mixture.Discrete[i]
		field := program.DiscreteField{Slot: in.Slot, Symbol: in.Type == value.String}
		field.Keys, field.Intervals = lowerRows(in.Values, in.Intervals, field.Symbol)
		k.Discrete = append(k.Discrete, field)
	}
	for i := range m.Clusters {
		k.IDs[m.Clusters[i].Category] = m.Clusters[i].ID
		k.Categories = append(k.Categories, m.Clusters[i].Category)
		d := &m.Clusters[i].Distribution
		k.Distributions = append(k.Distributions, program.Distribution{Prior: d.Prior, Means: d.Means, Covariances: d.Covariances, Factor: d.Factor, Shares: d.Shares})
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
	out.Keys, out.Intervals = lowerRows(in.Values, in.Intervals, out.Symbol)
	return out
}

// lowerRows lists values, ascending, and intervals with their rows.
func lowerRows(values []value.Cell, ranges []check.WrittenRange, symbols bool) (keys []program.Key, intervals []expr.Interval) {
	for row, cell := range values {
		key := program.Key{Number: cell.Float64(), Row: int32(row)}
		if symbols {
			key.Number = float64(cell.Sym)
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b program.Key) int { return cmp.Compare(a.Number, b.Number) })
	for _, r := range ranges {
		intervals = append(intervals, r.Interval)
	}
	return keys, intervals
}

// settleRanks makes the clusters be put in order where somebody asks for it.
func (l *lowering) settleRanks(m *lowered) {
	switch k := m.model.Kernel.(type) {
	case *program.Clustering:
		k.Ranked = m.wantsRanks
	case *program.Mixture:
		k.Ranked = m.wantsRanks
	}
	for _, s := range m.members {
		s.wantsRanks = s.wantsRanks || m.wantsRanks
		l.settleRanks(s)
	}
}
