package fn_test

import (
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

func BenchmarkCall(b *testing.B) {
	s := value.NewStrings([]string{"a", "b", "ab"}, map[string]int32{"a": 0, "b": 1, "ab": 2})
	double := []value.Cell{value.DoubleOf(1.5), value.DoubleOf(2.5)}
	integer := []value.Cell{value.IntegerOf(3), value.IntegerOf(4)}
	text := []value.Cell{s.Cell("a"), s.Cell("b")}
	for _, bench := range []struct {
		name, function string
		args           []value.Cell
	}{
		{"add double", "+", double}, {"multiply integer", "*", integer}, {"divide", "/", double}, {"ln", "ln", double[:1]}, {"sum", "sum", double},
		{"equal text", "equal", text}, {"lessThan", "lessThan", double}, {"isIn", "isIn", text}, {"concat", "concat", text},
	} {
		f, _ := fn.Lookup(bench.function)
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.Call(s, bench.args)
			}
		})
	}
}
