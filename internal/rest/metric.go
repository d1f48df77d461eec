package rest

import (
	"fmt"
	"math"
	"math/bits"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// Openscoring 1 told how models are used, in the JSON of the Dropwizard library; people have dashboards that read it.
// The numbers are this process's own, since it began. A model that is deployed again goes on counting.

// usages count what is scored with each model. The zero usages are ready to use.
type usages struct {
	mu     sync.RWMutex
	models map[string]*usage
}

// A usage is what was scored with one model.
type usage struct {
	mu      sync.Mutex
	records int64
	timers  map[string]*timer // by the name of what was asked for
}

// timerNames are the names of the timers, by the kind of body that is scored.
var timerNames = map[string]string{
	"/model/{id}": "evaluate", "/model/{id}/batch": "evaluate.batch", "/model/{id}/csv": "evaluate.csv",
}

// add counts a body of so many records that took a time to score.
func (u *usages) add(id, route string, records int, now time.Time, took time.Duration) {
	m := u.of(id)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records += int64(records)
	name := timerNames[route]
	t := m.timers[name]
	if t == nil {
		t = &timer{begun: now.Add(-took), ticked: now.Add(-took)}
		m.timers[name] = t
	}
	t.add(now, took)
}

// of gives the usage of a model, a new one if there is none.
func (u *usages) of(id string) *usage {
	u.mu.RLock()
	m := u.models[id]
	u.mu.RUnlock()
	if m != nil {
		return m
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if m = u.models[id]; m == nil {
		m = &usage{timers: map[string]*timer{}}
		if u.models == nil {
			u.models = map[string]*usage{}
		}
		u.models[id] = m
	}
	return m
}

// keep forgets all models that are not deployed.
func (u *usages) keep(deployed []catalog.Model) {
	is := make(map[string]bool, len(deployed))
	for _, m := range deployed {
		is[m.ID] = true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for id := range u.models {
		if !is[id] {
			delete(u.models, id)
		}
	}
}

// forget forgets one model.
func (u *usages) forget(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.models, id)
}

// A timer counts durations. Its percentiles are those of all since it began, to about six percent.
type timer struct {
	begun, ticked time.Time
	count         int64
	min, max      time.Duration
	mean, squares float64               // in seconds: the mean, and the sum of the squared distances from it
	buckets       [durations]int64      // see bucket
	fresh         int64                 // how many came since ticked
	settled       bool                  // a tick has set the rates
	rates         [len(windows)]float64 // a second
}

// Rates move every tick: each is an average of past ticks whose weight falls by e within its window.
const tick = 5 * time.Second

var windows = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}

func (t *timer) add(now time.Time, took time.Duration) {
	t.tickTo(now)
	took = max(took, 0)
	t.count++
	t.fresh++
	if t.count == 1 || took < t.min {
		t.min = took
	}
	t.max = max(t.max, took)
	distance := took.Seconds() - t.mean
	t.mean += distance / float64(t.count)
	t.squares += distance * (took.Seconds() - t.mean)
	t.buckets[bucket(took)]++
}

// tickTo brings the rates up to a time.
func (t *timer) tickTo(now time.Time) {
	ticks := now.Sub(t.ticked) / tick
	if ticks <= 0 {
		return
	}
	t.ticked = t.ticked.Add(ticks * tick)
	rate := float64(t.fresh) / tick.Seconds()
	t.fresh = 0
	for i, window := range windows {
		kept := math.Exp(-tick.Seconds() / window.Seconds())
		if !t.settled {
			t.rates[i] = rate
		} else {
			t.rates[i] += (1 - kept) * (rate - t.rates[i])
		}
		t.rates[i] *= math.Pow(kept, float64(ticks-1)) // in the other ticks nothing came
	}
	t.settled = true
}

// Buckets are for nanoseconds: one for each up to 16, and eight for each power of two from there on.
const durations = 61 * 8

func bucket(took time.Duration) int {
	if took < 8 {
		return int(took)
	}
	shift := bits.Len64(uint64(took)) - 4
	return (shift+1)*8 + int(took>>shift)&7
}

// middle gives the duration that stands for those of a bucket.
func middle(bucket int) time.Duration {
	if bucket < 16 {
		return time.Duration(bucket)
	}
	shift := bucket/8 - 1
	return time.Duration(8+bucket%8)<<shift + time.Duration(1)<<(shift-1)
}

// percentile gives the duration, in seconds, that a share of all does not exceed.
func (t *timer) percentile(share float64) float64 {
	rank := int64(math.Ceil(share * float64(t.count)))
	for i, n := range t.buckets {
		if rank -= n; rank <= 0 {
			return min(max(middle(i), t.min), t.max).Seconds()
		}
	}
	return t.max.Seconds()
}

func (t *timer) deviation() float64 {
	if t.count < 2 {
		return 0
	}
	return math.Sqrt(t.squares / float64(t.count-1))
}

// metricAnswer is what Dropwizard's library says of its registry.
type metricAnswer struct {
	Version    string                   `json:"version"`
	Gauges     struct{}                 `json:"gauges"`
	Counters   map[string]counterAnswer `json:"counters"`
	Histograms struct{}                 `json:"histograms"`
	Meters     struct{}                 `json:"meters"`
	Timers     map[string]timerAnswer   `json:"timers"`
}

type counterAnswer struct {
	Count int64 `json:"count"`
}

// timerAnswer has durations in seconds and rates a second.
type timerAnswer struct {
	Count         int64   `json:"count"`
	Max           float64 `json:"max"`
	Mean          float64 `json:"mean"`
	Min           float64 `json:"min"`
	P50           float64 `json:"p50"`
	P75           float64 `json:"p75"`
	P95           float64 `json:"p95"`
	P98           float64 `json:"p98"`
	P99           float64 `json:"p99"`
	P999          float64 `json:"p999"`
	Stddev        float64 `json:"stddev"`
	M15           float64 `json:"m15_rate"`
	M1            float64 `json:"m1_rate"`
	M5            float64 `json:"m5_rate"`
	MeanRate      float64 `json:"mean_rate"`
	DurationUnits string  `json:"duration_units"`
	RateUnits     string  `json:"rate_units"`
}

func (t *timer) answer(now time.Time) timerAnswer {
	t.tickTo(now)
	return timerAnswer{
		Count: t.count, Max: t.max.Seconds(), Mean: t.mean, Min: t.min.Seconds(),
		P50: t.percentile(.5), P75: t.percentile(.75), P95: t.percentile(.95), P98: t.percentile(.98),
		P99: t.percentile(.99), P999: t.percentile(.999), Stddev: t.deviation(),
		M1: t.rates[0], M5: t.rates[1], M15: t.rates[2],
		MeanRate:      float64(t.count) / max(now.Sub(t.begun).Seconds(), 1e-9),
		DurationUnits: "seconds", RateUnits: "calls/second",
	}
}

func newMetricAnswer() metricAnswer {
	return metricAnswer{Version: "3.0.0", Counters: map[string]counterAnswer{}, Timers: map[string]timerAnswer{}}
}

// add puts a model's numbers in, with a prefix in front of their names. A model that was not used has none.
func (a *metricAnswer) add(u *usages, id, prefix string, now time.Time) {
	u.mu.RLock()
	m := u.models[id]
	u.mu.RUnlock()
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a.Counters[prefix+"records"] = counterAnswer{m.records}
	for name, t := range m.timers {
		a.Timers[prefix+name] = t.answer(now)
	}
}

// showUsages is GET /metric/model.
func (x *exchange) showUsages() error {
	models, err := x.service.Models.Models(x.r.Context())
	if err != nil {
		return err
	}
	x.service.usages.keep(models)
	answer, now := newMetricAnswer(), time.Now()
	for _, m := range models {
		answer.add(&x.service.usages, m.ID, m.ID+".", now)
	}
	return x.answerJSON(http.StatusOK, answer)
}

// showUsage is GET /metric/model/{id}.
func (x *exchange) showUsage() error {
	_, err := x.service.Models.Model(x.r.Context(), x.id)
	if p := problemOf(err); err != nil && p.status == http.StatusNotFound {
		x.service.usages.forget(x.id)
		return &callerError{http.StatusNotFound, "not-found", fmt.Sprintf("Model \"%s\" not found", x.id)}
	}
	if err != nil {
		return err
	}
	answer := newMetricAnswer()
	answer.add(&x.service.usages, x.id, "", time.Now())
	return x.answerJSON(http.StatusOK, answer)
}

// metricPath takes /metric/model/{id} apart as modelPath does /model/{id}.
func metricPath(path string) (resource int, id string) {
	rest, ok := strings.CutPrefix(path, "/metric")
	if !ok {
		return -1, ""
	}
	switch resource, id, _ = modelPath(rest); resource {
	case modelsResource:
		return usagesResource, ""
	case modelResource:
		return usageResource, id
	}
	return -1, ""
}
