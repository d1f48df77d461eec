package bench

import (
	"runtime"
	"slices"
	"time"
)

// Load gives the median of what f takes, over some runs within a budget of time, at least one. The first run counts
// too only if there are fewer than three.
func Load(budget time.Duration, f func() error) (time.Duration, error) {
	const most = 50
	var took []time.Duration
	for start := time.Now(); len(took) < most; {
		runtime.GC() // what earlier runs left behind is not this one's cost
		from := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(from))
		if time.Since(start) >= budget {
			break
		}
	}
	if len(took) >= 3 {
		took = took[1:]
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
