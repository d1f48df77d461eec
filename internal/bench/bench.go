// Package bench measures how fast a model scores records, as a caller of the library meets it.
//
// Reading a clock takes some 40 ns, as long as a small tree takes. So calls are timed in batches that last at least
// batchTime, and what reading the clock takes is subtracted; calls that are longer than that are timed one by one.
// A percentile of a batched measure is one of means over the batch.
package bench

import (
	"runtime"
	"slices"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
)

// A Record is one row of the input in the two forms that are measured.
type Record struct {
	Named map[string]any // name → typed value, as a caller of the library has it
	Bound []Binding      // the same, by position
}

// A Binding is a value for the input at a position of Scorer.Set.
type Binding struct {
	Input int
	Value evaluator.Value
}

// Effort says how long to measure. The zero Effort measures nothing: use Thorough or something shorter.
type Effort struct {
	WarmUp     time.Duration // before each of the two latencies
	Latency    time.Duration // for each of the two latencies
	Throughput time.Duration // process CPU for the throughput
}

// Thorough is the effort of a measure that is worth to be published.
var Thorough = Effort{WarmUp: 500 * time.Millisecond, Latency: 1500 * time.Millisecond, Throughput: 2500 * time.Millisecond}

// Figures are what was measured.
type Figures struct {
	SingleP50       float64 // ns from a record by name to all its results by name, median
	SingleP99       float64 // ns of the same, 99th percentile
	BoundP50        float64 // ns of the scorer alone on values that are already set, median
	AllocsPerRecord float64 // allocations of the first kind of work
	RowsPerCPU      float64 // records of the first kind of work in a second of the process's CPU time, on one thread
}

const (
	batchTime   = 5 * time.Microsecond // a batch lasts at least about this long
	mostBatched = 256                  // calls in a batch
	minSamples  = 200                  // batches, however long they last
)

// Measure scores the records in turn with m. They must not be empty, and each must be one that m can score.
func Measure(m *evaluator.Model, records []Record, e Effort) Figures {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	single := newSingle(m, records)
	var f Figures
	f.SingleP50, f.SingleP99 = percentiles(single, e)
	f.BoundP50, _ = percentiles(newBound(m, records), e)
	f.AllocsPerRecord = allocations(single, len(records))
	f.RowsPerCPU = throughput(single, e.Throughput)
	return f
}

// A workload is calls that can be timed in batches.
type workload interface {
	prepare(calls int) // what is not timed
	run(calls int)     // what is timed
}

// single is the work from a record by name to its results by name, which can be had from the scorer as soon as
// ScoreMap is back.
type single struct {
	scorer  *evaluator.Scorer
	records []Record
	next    int
}

func newSingle(m *evaluator.Model, records []Record) *single {
	return &single{scorer: m.NewScorer(), records: records}
}

func (*single) prepare(int) {}

func (s *single) run(calls int) {
	for range calls {
		// The records have been scored before: an error is only time lost.
		_ = s.scorer.ScoreMap(s.records[s.next].Named)
		if s.next++; s.next == len(s.records) {
			s.next = 0
		}
	}
}

// bound is the scorer alone. A batch needs as many scorers as calls, so that each call meets a record of its own.
type bound struct {
	model   *evaluator.Model
	scorers []*evaluator.Scorer
	records []Record
	next    int
}

func newBound(m *evaluator.Model, records []Record) *bound {
	return &bound{model: m, records: records}
}

func (b *bound) prepare(calls int) {
	for len(b.scorers) < calls {
		b.scorers = append(b.scorers, b.model.NewScorer())
	}
	for _, s := range b.scorers[:calls] {
		s.Clear()
		for _, v := range b.records[b.next].Bound {
			s.Set(v.Input, v.Value)
		}
		if b.next++; b.next == len(b.records) {
			b.next = 0
		}
	}
}

func (b *bound) run(calls int) {
	for _, s := range b.scorers[:calls] {
		_ = s.Score()
	}
}

// percentiles gives the median and the 99th percentile of a call in ns.
func percentiles(w workload, e Effort) (p50, p99 float64) {
	calls := batch(w, e.WarmUp)
	overhead := clock()
	var samples []float64
	for start := time.Now(); time.Since(start) < e.Latency || len(samples) < minSamples; {
		w.prepare(calls)
		from := time.Now()
		w.run(calls)
		took := time.Since(from) - overhead
		samples = append(samples, max(0, float64(took.Nanoseconds()))/float64(calls))
	}
	slices.Sort(samples)
	return Percentile(samples, 0.5), Percentile(samples, 0.99)
}

// batch warms w up and says how many calls make a batch.
func batch(w workload, warmUp time.Duration) int {
	calls := 1
	for start := time.Now(); ; {
		w.prepare(calls)
		from := time.Now()
		w.run(calls)
		if took := time.Since(from); took < batchTime && calls < mostBatched {
			calls *= 2
		}
		if time.Since(start) >= warmUp {
			return calls
		}
	}
}

// clock gives what reading the clock twice takes at least.
func clock() time.Duration {
	least := time.Second
	for range 1000 {
		from := time.Now()
		least = min(least, time.Since(from))
	}
	return least
}

// Percentile gives the value below which the part p (0 to 1) of the sorted samples lies, linear between two of them.
func Percentile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// allocations gives the allocations per call over at least all records.
func allocations(w workload, records int) float64 {
	calls := max(records, 200)
	w.run(1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w.run(calls)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(calls)
}

// throughput gives calls per second of CPU time, measured over at least so much of it.
func throughput(w workload, atLeast time.Duration) float64 {
	calls, step := 0, 1
	for start := cpuTime(); ; {
		from := time.Now()
		w.run(step)
		calls += step
		if time.Since(from) < time.Millisecond { // seldom enough that asking for the CPU time costs nothing
			step *= 2
		}
		if took := cpuTime() - start; took >= atLeast && took > 0 {
			return float64(calls) / took.Seconds()
		}
	}
}
