package compile

import (
	"math"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A lowering turns checked models into a program, one by one as they are checked.
type lowering struct {
	p     *program.Program
	stack []*lowered // models whose whole is not there yet
	ids   []string   // of leaves and segments: symbols in the end
	dists map[uint64][]int32

	targets map[int32]check.Target // by slot
	given   map[int32]int32        // slot in which a member's output is a result, by the output's own
	size    evaluator.Size
	paths   [enum.NumMissingStrategies]bool // of trees
}

// A lowered is a model that was lowered, and what is still to be settled about it when everything is known.
type lowered struct {
	model       *program.Model
	common      *check.ModelCommon
	members     []*lowered // of a mining model, in the order of its segments
	leaves      [2]int     // of a tree: its part of the program's leaves
	words       string     // what it is, see describe
	leafModels  bool       // of a tree: some leaves go on with a model
	dedicated   bool       // its outcome is asked for by an output of another model
	wantsID     bool       // somebody asks for the id of its node
	wantsRules  bool       // somebody asks for the texts of its rules
	clusters    bool       // it, or one of its members, finds clusters
	wantsRanks  bool       // somebody asks for another than the first of its entities
	outcomeNeed []*int32   // Output.About of other models' outputs
}

func newLowering() *lowering {
	p := &program.Program{}
	p.Leaves = []program.Leaf{{Number: math.NaN(), Category: -1, Dist: -1, Conf: -1, ID: -1}}
	return &lowering{p: p, dists: map[uint64][]int32{}, targets: map[int32]check.Target{}, given: map[int32]int32{}}
}

// lower takes the next checked model. There is one case for each type of model.
func (l *lowering) lower(m check.Model) {
	own := *m.Common() // a copy: the checked model, with all its nodes, is forgotten
	common := &own
	out := &lowered{common: common, model: &program.Model{Element: common.Element, Target: lowerTarget(&common.Target)}}
	switch m := m.(type) {
	case *check.TreeModel:
		l.treeModel(m, out)
	case *check.RegressionModel:
		l.regressionModel(m, out)
	case *check.Scorecard:
		l.scorecard(m, out)
	case *check.AssociationModel:
		l.associationModel(m, out)
	case *check.ClusteringModel:
		l.clusteringModel(m, out)
	case *check.MiningModel:
		l.miningModel(m, out)
	}
	if s := common.Target.Slot; s >= 0 {
		l.targets[s] = common.Target
	}
	out.clusters = common.Function == "clustering" || slices.ContainsFunc(out.members, func(of *lowered) bool { return of.clusters })
	l.outputs(out)
	l.measure(m)
	out.words = describe(m, out.members)
	l.stack = append(l.stack, out)
}

// Lowers says that a type of model is known here; a test asks for each that checking hands over.
func Lowers(m check.Model) bool {
	switch m.(type) {
	case *check.AssociationModel, *check.ClusteringModel, *check.TreeModel, *check.RegressionModel, *check.Scorecard, *check.MiningModel:
		return true
	}
	return false
}

// pop takes the last n models off the stack.
func (l *lowering) pop(n int) []*lowered {
	at := len(l.stack) - n
	taken := append([]*lowered(nil), l.stack[at:]...)
	l.stack = l.stack[:at]
	return taken
}

// scratch reserves numbers in the frame.
func (l *lowering) scratch(n int) int32 {
	at := l.p.Scratch
	l.p.Scratch += n
	return int32(at)
}

// id keeps a text that may become a symbol.
func (l *lowering) id(text string) int32 {
	l.ids = append(l.ids, text)
	return int32(len(l.ids) - 1)
}

func lowerTarget(t *check.Target) program.Target {
	out := program.Target{
		Slot: t.Slot, Type: t.Type, Categories: t.Categories, Priors: t.Priors, Default: t.Default,
		Min: t.Min, Max: t.Max, Factor: t.Factor, Constant: t.Constant, Cast: t.Cast,
	}
	if len(t.Categories) > 0 {
		out.Type = value.NoType // categories are of the target's type already
	}
	for _, d := range t.Display {
		if d.State != value.Missing {
			out.Display = t.Display
		}
	}
	return out
}

// outputs lowers the output fields of a model whose members are known.
func (l *lowering) outputs(of *lowered) {
	of.model.Outputs = make([]program.Output, len(of.common.Outputs))
	for i := range of.common.Outputs {
		in, out := &of.common.Outputs[i], &of.model.Outputs[i]
		*out = program.Output{
			Slot: in.Slot, Type: in.Type, Feature: in.Feature, Category: in.Category, Rank: in.Rank,
			Copy: in.SegmentOutput, Expr: in.Expr, Expected: in.Expected,
		}
		about := of
		if in.Segment >= 0 && int(in.Segment) < len(of.members) {
			about = of.members[in.Segment]
			about.dedicated = true
		}
		if out.Feature == enum.RuleValue {
			out.Rule = lowerRuleChoice(&in.Rule)
			about.wantsRules = about.wantsRules || in.Rule.Feature == enum.Rule
		}
		if out.Feature == enum.Affinity && !about.clusters && out.Rank > 1 {
			out.Rank = 1 // categories are put in no order
		}
		about.outcomeNeed = append(about.outcomeNeed, &out.About)
		about.wantsRanks = about.wantsRanks || out.Rank > 1
		if out.Feature == enum.EntityID {
			about.wantsID = true
		}
		if out.Feature == enum.PredictedDisplayValue {
			out.Display = displays(&about.model.Target, about.common.Function == "clustering")
		}
	}
}

// displays lists how categories are shown. A cluster without a name is not shown as its id.
func displays(t *program.Target, clusters bool) []program.Display {
	var all []program.Display
	for i, category := range t.Categories {
		d := program.Display{Value: category}
		if t.Display != nil {
			d.Shown = t.Display[i]
		}
		if clusters || d.Shown.State != value.Missing {
			all = append(all, d)
		}
	}
	return all
}

// finish makes the program of the last model and all that it needs.
func (l *lowering) finish(d *check.Document) *program.Program {
	p, top := l.p, l.stack[len(l.stack)-1]
	p.Model = top.model
	for _, s := range d.Slots {
		p.Slots = append(p.Slots, s.Name)
	}
	p.Functions = d.Functions
	for i := range d.Inputs {
		p.Inputs = append(p.Inputs, lowerInput(&d.Inputs[i]))
	}
	for i := range d.Steps {
		s := &d.Steps[i]
		step := program.Step{Slot: s.Slot, Expr: s.Expr, From: s.From}
		if s.Treat != nil {
			t := lowerTreatment(s.Treat)
			step.Treat = &t
		}
		p.Steps = append(p.Steps, step)
	}
	newSchedule(d, top).settle(top)
	l.outcomes(top)
	l.settleIDs(top, d.Symbols)
	l.settleRanks(top)
	l.settleRules(top, false, d.Symbols)
	l.forests(top)
	outputs := l.results(d, top)
	if d.Verify != nil {
		p.Verify = l.verification(d.Verify)
	}
	p.Schema = l.schema(d, top, outputs)
	p.Symbols = d.Symbols.List()
	return p
}

// An exposed output is one that a model gives as a result, and the slot in which it does.
type exposed struct {
	output *check.Output
	slot   int32
}

// results lists the targets and the outputs of the program, and gives the latter.
func (l *lowering) results(d *check.Document, top *lowered) []*check.Output {
	l.p.Results = append(l.p.Results, d.Targets...)
	given := map[int32]bool{}
	for i := range d.Results {
		given[d.Results[i].Slot] = true
	}
	var outputs []*check.Output
	for _, e := range l.expose(top, given) {
		outputs = append(outputs, e.output)
		l.p.Results = append(l.p.Results, e.slot)
	}
	return outputs
}

// expose gives the outputs of a model that are results: its own, and before them those of the members that may decide,
// which are copied when one does. Members that exclude each other may have outputs of one name.
func (l *lowering) expose(m *lowered, given map[int32]bool) []exposed {
	own := map[string]bool{}
	for i := range m.common.Outputs {
		own[m.common.Outputs[i].Name] = true
	}
	var all []exposed
	at := map[string]int{}
	for i, member := range m.members {
		k, ok := m.model.Kernel.(*program.Mining)
		if !ok || !k.Decides() {
			break
		}
		for _, e := range l.expose(member, given) {
			if own[e.output.Name] || !given[e.output.Slot] {
				continue
			}
			n, ok := at[e.output.Name]
			if !ok {
				n = len(all)
				at[e.output.Name] = n
				all = append(all, exposed{e.output, int32(len(l.p.Slots))})
				l.p.Slots = append(l.p.Slots, e.output.Name)
			}
			k.Segments[i].Gives = append(k.Segments[i].Gives, program.Give{From: e.slot, To: all[n].slot})
			l.given[e.output.Slot] = all[n].slot
		}
	}
	for i := range m.common.Outputs {
		o := &m.common.Outputs[i]
		all = append(all, exposed{o, o.Slot})
	}
	return all
}

func lowerInput(in *check.Input) program.Input {
	out := program.Input{
		Name: in.Name, Slot: in.Slot, Type: in.Type, MissingTexts: in.MissingTexts,
		List:     in.List,
		Declared: len(in.Valid) > 0 || len(in.Intervals) > 0,
		Valid:    expr.NewSet(in.Valid), Invalid: expr.NewSet(in.Invalid), Treatment: lowerTreatment(&in.Treatment),
	}
	for _, r := range in.Intervals {
		out.Intervals = append(out.Intervals, r.Interval)
	}
	return out
}

func lowerTreatment(t *check.Treatment) program.Treatment {
	return program.Treatment{
		Invalid: t.Invalid, InvalidReplacement: t.InvalidReplacement, Outliers: t.Outliers, Low: t.Low, High: t.High,
		Replacement: t.Replacement, MissingInvalid: t.MissingInvalid,
	}
}

// verification lowers the rows without the columns that are no results.
func (l *lowering) verification(v *check.Verification) program.Verification {
	out := program.Verification{Inputs: v.Inputs, Texts: v.Texts, Groups: v.Groups}
	var keep []int
	for i := range v.Inputs {
		keep = append(keep, i)
	}
	for i, e := range v.Expected {
		slot, ok := l.given[e.Slot]
		if !ok {
			slot = e.Slot
		}
		if at := slices.Index(l.p.Results, slot); at >= 0 {
			keep = append(keep, len(v.Inputs)+i)
			out.Expected = append(out.Expected, program.Expected{Result: int32(at), Precision: e.Precision, ZeroThreshold: e.ZeroThreshold})
		}
	}
	for _, row := range v.Rows {
		kept := make([]int32, len(keep))
		for i, column := range keep {
			kept[i] = row[column]
		}
		out.Rows = append(out.Rows, kept)
	}
	return out
}

// outcomes gives each model its outcome: one for each depth, and one of its own where somebody asks for it later.
func (l *lowering) outcomes(top *lowered) {
	depth := 0
	var measure func(m *lowered, at int)
	measure = func(m *lowered, at int) {
		depth = max(depth, at+1)
		for _, s := range m.members {
			measure(s, at+1)
		}
	}
	measure(top, 0)
	n := depth
	if len(l.p.Models) > 0 {
		for _, m := range l.p.Models {
			m.Out = int32(n)
		}
		n++
	}
	var settle func(m *lowered, at int)
	settle = func(m *lowered, at int) {
		m.model.Out = int32(at)
		if m.dedicated {
			m.model.Out = int32(n)
			n++
		}
		for _, about := range m.outcomeNeed {
			*about = m.model.Out
		}
		for _, s := range m.members {
			settle(s, at+1)
		}
	}
	settle(top, 0)
	l.p.Outcomes = n
}

// settleIDs makes symbols of the ids that somebody asks for.
func (l *lowering) settleIDs(m *lowered, symbols *value.Symbols) {
	for i := m.leaves[0]; i < m.leaves[1]; i++ {
		leaf := &l.p.Leaves[i]
		if m.wantsID && leaf.ID >= 0 {
			leaf.ID = symbols.Cell(l.ids[leaf.ID]).Sym
		} else {
			leaf.ID = -1
		}
	}
	if k, ok := m.model.Kernel.(*program.Mining); ok {
		for i := range k.Segments {
			k.Segments[i].ID = symbols.Cell(l.ids[k.Segments[i].ID]).Sym
		}
	}
	for _, s := range m.members {
		l.settleIDs(s, symbols)
	}
}
