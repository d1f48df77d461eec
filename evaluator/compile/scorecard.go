package compile

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
)

func (l *lowering) scorecard(m *check.Scorecard, out *lowered) {
	k := &program.Scorecard{Initial: m.Initial, Float: m.Float, Above: m.Above}
	for _, code := range m.Codes {
		k.Codes = append(k.Codes, code.Sym)
	}
	k.Scratch = l.scratch(k.ScratchSize())
	for i := range m.Characteristics {
		c := &m.Characteristics[i]
		own := program.Characteristic{Name: c.Name, Baseline: c.Baseline}
		for _, a := range m.Attributes[c.First : c.First+c.Num] {
			own.Attributes = append(own.Attributes, program.Attribute{
				Predicate: a.Predicate, Score: a.Score, Complex: a.Complex, Code: a.Code,
			})
		}
		k.Characteristics = append(k.Characteristics, own)
	}
	out.model.Kernel = k
}
