package bench_test

import (
	"errors"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/bench"
)

func TestPercentile(t *testing.T) {
	for _, c := range []struct {
		samples []float64
		p, want float64
	}{
		{[]float64{7}, 0.5, 7},
		{[]float64{7}, 0.99, 7},
		{[]float64{1, 2}, 0.5, 1.5},
		{[]float64{1, 2, 10}, 0.5, 2},
		{[]float64{1, 2, 10}, 1, 10},
		{[]float64{0, 100}, 0.99, 99},
	} {
		if got := bench.Percentile(c.samples, c.p); got != c.want {
			t.Errorf("%v of %v: got %v, want %v", c.p, c.samples, got, c.want)
		}
	}
}

func TestLoad(t *testing.T) {
	runs := 0
	if _, err := bench.Load(0, func() error { runs++; return nil }); err != nil || runs != 1 {
		t.Errorf("without a budget: %d runs, %v", runs, err)
	}
	if _, err := bench.Load(time.Minute, func() error { runs++; return nil }); err != nil || runs < 10 {
		t.Errorf("with a budget: %d runs, %v", runs, err)
	}
	broken := errors.New("broken")
	if _, err := bench.Load(time.Minute, func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
