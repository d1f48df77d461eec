package compile

import (
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

func (l *lowering) associationModel(m *check.AssociationModel, out *lowered) {
	k := &program.Association{}
	for i := range m.Items {
		item := &m.Items[i]
		k.Items = append(k.Items, program.Item{Text: item.Text, Slot: item.Slot, Is: item.Is, Flag: item.Flag, Kinds: item.Kinds})
	}
	for i := range m.Itemsets {
		k.Itemsets = append(k.Itemsets, program.Itemset{Items: m.Itemsets[i].Items})
	}
	for i := range m.Rules {
		r := &m.Rules[i]
		k.Rules = append(k.Rules, program.Rule{
			ID: r.ID, Antecedent: r.Antecedent, Consequent: r.Consequent,
			Support: r.Support, Confidence: r.Confidence, Lift: r.Lift, Leverage: r.Leverage, Affinity: r.Affinity,
		})
	}
	out.model.Kernel = k
}

// settleRules writes out the texts of the rules that somebody asks for: those of the model and of its members.
func (l *lowering) settleRules(m *lowered, wanted bool, symbols *value.Symbols) {
	wanted = wanted || m.wantsRules
	for _, member := range m.members {
		l.settleRules(member, wanted, symbols)
	}
	k, ok := m.model.Kernel.(*program.Association)
	if !ok || !wanted {
		return
	}
	var text strings.Builder
	for i := range k.Rules {
		text.Reset()
		r := &k.Rules[i]
		writeSide(&text, k, r.Antecedent, symbols)
		text.WriteString("->")
		writeSide(&text, k, r.Consequent, symbols)
		r.Text = symbols.Cell(text.String())
	}
}

// writeSide writes an itemset as {a,b}.
func writeSide(text *strings.Builder, k *program.Association, itemset int32, symbols *value.Symbols) {
	text.WriteByte('{')
	for n, i := range k.Itemsets[itemset].Items {
		if n > 0 {
			text.WriteByte(',')
		}
		text.WriteString(symbols.Text(k.Items[i].Text))
	}
	text.WriteByte('}')
}

func lowerRuleChoice(r *check.RuleChoice) program.RuleChoice {
	return program.RuleChoice{Feature: r.Feature, Algorithm: r.Algorithm, Basis: r.Basis, Ascending: r.Ascending, Many: r.Many}
}
