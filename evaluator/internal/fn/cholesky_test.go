package fn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
)

func TestCholesky(t *testing.T) {
	for _, c := range []struct {
		n       int
		a, want []float64 // nil: not positive definite
	}{
		{0, nil, []float64{}},
		{1, []float64{9}, []float64{3}},
		{2, []float64{4, 2, 10}, []float64{2, 1, 3}},
		{3, []float64{25, 15, 18, -5, 0, 11}, []float64{5, 3, 3, -1, 1, 3}},
		{1, []float64{0}, nil},
		{1, []float64{-1}, nil},
		{1, []float64{math.NaN()}, nil},
		{1, []float64{math.Inf(1)}, nil},
		{2, []float64{1, 2, 4}, nil},
		{2, []float64{1, 0.1, 0.010000000000000002}, nil}, // a tenth of the first, as far as digits tell
		{2, []float64{1, 2, 1}, nil},
	} {
		got := slices.Clone(c.a)
		if ok := fn.Cholesky(got, c.n); ok != (c.want != nil) || ok && !slices.Equal(got, c.want) {
			t.Errorf("%g: %g %v, want %g", c.a, got, ok, c.want)
		}
	}
}
