package compile

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

func (l *lowering) regressionModel(m *check.RegressionModel, out *lowered) {
	k := &program.Regression{
		Normalization: m.Normalization,
		Float:         m.Float,
		Ordinal:       m.Target.Op == check.Ordinal && len(m.Target.Categories) > 0,
		Scratch:       l.scratch(len(m.Target.Categories)),
	}
	for i := range m.Tables {
		k.Tables = append(k.Tables, lowerTable(&m.Tables[i]))
	}
	out.model.Kernel = k
}

func lowerTable(t *check.RegressionTable) program.Table {
	out := program.Table{Intercept: t.Intercept, Category: t.Category}
	for i := range t.Terms {
		switch term := &t.Terms[i]; {
		case term.Slot >= 0:
			m := program.Match{Slot: term.Slot, Factor: term.Coefficient}
			if term.Is.Type == value.String {
				m.Symbol, m.Number = true, float64(term.Is.Sym)
			} else {
				m.Number = term.Is.Float64()
			}
			out.Matches = append(out.Matches, m)
		case len(term.Factors) == 1 && len(out.Products) == 0:
			out.Numeric = append(out.Numeric, lowerFactor(term.Factors[0], term.Coefficient))
		default:
			p := program.Product{Factor: term.Coefficient}
			for _, f := range term.Factors {
				p.Factors = append(p.Factors, lowerFactor(f, 1))
			}
			out.Products = append(out.Products, p)
		}
	}
	return out
}

func lowerFactor(f check.Factor, coefficient float64) program.Numeric {
	return program.Numeric{Slot: f.Slot, Exponent: f.Exponent, Factor: coefficient}
}
