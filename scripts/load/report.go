package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// A report is all that was found out.
type report struct {
	DurationS float64 `json:"duration_s"`
	Peak      float64 `json:"peak_requests_per_s,omitempty"`
	Rate      float64 `json:"asked_requests_per_s"`
	Requests  int64   `json:"requests"` // in all phases
	Failed    int     `json:"failed"`
	Wrong     int     `json:"wrong"`
	Idle      phase   `json:"idle"`
	Loaded    phase   `json:"loaded"`
	P99       ratio   `json:"p99_loaded_to_idle"`
	Changes   changes `json:"changes"`

	RSS        memory `json:"rss_bytes"`
	Goroutines counts `json:"goroutines"`

	Faults   []string `json:"faults,omitempty"`
	Warnings []string `json:"log_warnings,omitempty"`
	Warned   int      `json:"log_warned"`
	Gauges   []gauge  `json:"gauges"`
}

// A ratio compares what was measured from when requests were due and from when they were sent.
type ratio struct {
	Latency float64 `json:"latency"`
	Service float64 `json:"service"`
}

// memory is the server's at some moments: medians of the seconds around them.
type memory struct {
	Start  int64   `json:"start"`   // before any load
	Idle   int64   `json:"idle"`    // at the end of the load without deployments
	Warm   int64   `json:"warm"`    // under load, after the first tenth of the time
	End    int64   `json:"end"`     // under load, in the last tenth
	After  int64   `json:"after"`   // when nobody was connected any more
	Change float64 `json:"percent"` // from Warm to End
}

// counts are the server's goroutines at some moments, as in memory.
type counts struct {
	Start int `json:"start"`
	Idle  int `json:"idle"`
	Warm  int `json:"warm"`
	End   int `json:"end"`
	After int `json:"after"`
}

// good says whether every request was answered rightly and everything that was asked for was done.
func (r *report) good() bool { return r.Failed == 0 && r.Wrong == 0 && r.Changes.Failed == 0 }

// take takes what was counted.
func (r *report) take(w *world) {
	w.server.mu.Lock()
	r.Warnings, r.Warned = w.server.warnings, w.server.warned
	w.server.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	r.Requests, r.Failed, r.Wrong, r.Faults, r.Gauges = w.sent.Load(), w.failed, w.wrong, w.faults, w.gauges
	if r.Idle.Service.P99 > 0 {
		r.P99 = ratio{r.Loaded.Latency.P99 / r.Idle.Latency.P99, r.Loaded.Service.P99 / r.Idle.Service.P99}
	}
	idle, loaded := w.during("idle"), w.during("loaded")
	tenth := max(len(loaded)/10, 1)
	first, last := loaded[min(tenth, len(loaded)):min(2*tenth, len(loaded))], loaded[len(loaded)-min(tenth, len(loaded)):]
	end := idle[len(idle)-min(max(len(idle)/10, 1), len(idle)):]
	r.RSS = memory{Start: w.before.RSS, Idle: rss(end), Warm: rss(first), End: rss(last), After: w.after.RSS}
	if r.RSS.Warm > 0 {
		r.RSS.Change = 100 * (float64(r.RSS.End)/float64(r.RSS.Warm) - 1)
	}
	r.Goroutines = counts{w.before.Goroutines, goroutines(end), goroutines(first), goroutines(last), w.after.Goroutines}
}

// during gives the gauges of a phase.
func (w *world) during(phase string) (some []gauge) {
	for i, g := range w.gauges {
		if w.phases[i] == phase {
			some = append(some, g)
		}
	}
	return some
}

func rss(gauges []gauge) int64 { return median(gauges, func(g gauge) int64 { return g.RSS }) }

func goroutines(gauges []gauge) int {
	return median(gauges, func(g gauge) int { return g.Goroutines })
}

func median[T int | int64](gauges []gauge, of func(gauge) T) T {
	if len(gauges) == 0 {
		return 0
	}
	var values []T
	for _, g := range gauges {
		values = append(values, of(g))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// print writes the report as text.
func (r *report) print(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	defer w.Flush() //nolint:errcheck // to a screen
	if r.Peak > 0 {
		fmt.Fprintf(w, "peak\t%.0f requests/s\n", r.Peak)
	}
	fmt.Fprintf(w, "asked\t%.0f requests/s for %.0f s\n", r.Rate, r.DurationS)
	fmt.Fprintf(w, "requests\t%d, %d failed, %d wrong\n", r.Requests, r.Failed, r.Wrong)
	for _, p := range []struct {
		name string
		*phase
	}{{"left alone", &r.Idle}, {"redeploying", &r.Loaded}} {
		fmt.Fprintf(w, "%s\t%d requests, %.0f/s; ms from due p50 %.2f p99 %.2f p99.9 %.2f max %.1f; from sent p50 %.2f p99 %.2f p99.9 %.2f max %.1f; CPUs: server %.2f, load %.2f\n",
			p.name, p.Requests, p.Rate, p.Latency.P50, p.Latency.P99, p.Latency.P999, p.Latency.Max,
			p.Service.P50, p.Service.P99, p.Service.P999, p.Service.Max, p.ServerCPU, p.OwnCPU)
	}
	fmt.Fprintf(w, "p99\t%.2f times that of a server left alone from due, %.2f times from sent (target: at most 2)\n", r.P99.Latency, r.P99.Service)
	if min(r.Idle.Rate, r.Loaded.Rate) < .95*r.Rate {
		fmt.Fprintf(w, "\tthe machine was too busy for so many requests: times say little\n")
	}
	c := &r.Changes
	fmt.Fprintf(w, "deployments\t%d over HTTP (median %.0f ms, max %.0f), %d by file (median %.0f ms, max %.0f), %d put off\n",
		c.Put, c.PutTimes.Median, c.PutTimes.Max, c.ByFile, c.FileTimes.Median, c.FileTimes.Max, c.Skipped)
	fmt.Fprintf(w, "undeployed\t%d times, and back\n", c.Undeployed)
	fmt.Fprintf(w, "rollbacks\t%d; ms to the first answer of the earlier version: min %.1f median %.1f max %.1f (target: at most 50); acknowledged: median %.1f max %.1f; of %d requests meanwhile %d failed\n",
		c.Rollbacks, c.UndoTimes.Min, c.UndoTimes.Median, c.UndoTimes.Max, c.UndoAnswers.Median, c.UndoAnswers.Max, c.UndoCalls, c.UndoFailed)
	fmt.Fprintf(w, "changes failed\t%d\n", c.Failed)
	fmt.Fprintf(w, "RSS\tMiB: start %.1f, left alone %.1f, redeploying: warm %.1f, end %.1f (%+.1f %%, target: within 5), afterwards %.1f\n",
		mib(r.RSS.Start), mib(r.RSS.Idle), mib(r.RSS.Warm), mib(r.RSS.End), r.RSS.Change, mib(r.RSS.After))
	fmt.Fprintf(w, "goroutines\tstart %d, left alone %d, redeploying: warm %d, end %d, afterwards %d\n",
		r.Goroutines.Start, r.Goroutines.Idle, r.Goroutines.Warm, r.Goroutines.End, r.Goroutines.After)
	fmt.Fprintf(w, "log\t%d warnings and errors\n", r.Warned)
	for _, list := range [][]string{r.Faults, c.Faults, r.Warnings} {
		for _, text := range list {
			fmt.Fprintf(w, "\t%s\n", text)
		}
	}
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
