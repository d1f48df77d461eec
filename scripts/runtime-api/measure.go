package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// A measurement is what was found of one function. Each duration is of one run, or of one call.
type measurement struct {
	function *function
	init     []time.Duration // from the start of the process to its first question for an invocation
	cold     []time.Duration // from the start of the process to its first answer
	first    []time.Duration // from the first invocation to its answer
	warm     []time.Duration // from a later invocation to its answer
	peak     int64           // the most memory of any process, in bytes
}

// timeout is what a function has for one invocation.
const timeout = 30 * time.Second

// measure starts processes of a function one after the other, and calls each.
func measure(ctx context.Context, f *function, memory, runs, calls int) (*measurement, error) {
	m := &measurement{function: f}
	for range runs {
		if err := m.run(ctx, memory, calls); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return m, nil
}

func (m *measurement) run(ctx context.Context, memory, calls int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	e, err := start(m.function.folder, memory, m.function.variables)
	if err != nil {
		return err
	}
	defer e.stop()
	for call := range calls + 1 {
		ready, err := e.ready(ctx)
		if err != nil {
			return err
		}
		event := m.function.events[call%len(m.function.events)]
		begun := time.Now()
		a, err := e.invoke(ctx, event, timeout)
		if err != nil {
			return err
		}
		if err := m.check(a); err != nil {
			return err
		}
		if call == 0 {
			m.init = append(m.init, ready.Sub(e.started))
			m.cold = append(m.cold, ready.Sub(e.started)+a.at.Sub(begun))
			m.first = append(m.first, a.at.Sub(begun))
		} else {
			m.warm = append(m.warm, a.at.Sub(begun))
		}
	}
	peak, err := e.peak()
	m.peak = max(m.peak, peak)
	return err
}

// check says whether a model has scored: what is fast because it fails is of no interest.
func (m *measurement) check(a answer) error {
	if a.failed {
		return fmt.Errorf("the function failed: %s", a.payload)
	}
	if m.function.compiled == 0 {
		return nil
	}
	var answered struct {
		StatusCode int
		Headers    map[string]string
	}
	if err := json.Unmarshal(a.payload, &answered); err != nil {
		return err
	}
	if answered.StatusCode != 200 || answered.Headers["X-Handoff-Version"] != "1" {
		return fmt.Errorf("the function answered %s", a.payload)
	}
	return nil
}

// report prints measurements: medians of the starts, median and 99th percentile of the calls.
func report(to io.Writer, all []*measurement) {
	fmt.Fprintf(to, "%-16s %10s %9s %9s %9s %9s %9s %9s\n", "", "model", "init", "first", "cold", "warm p50", "warm p99", "memory")
	for _, m := range all {
		fmt.Fprintf(to, "%-16s %7.1f kB %6.2f ms %6.2f ms %6.2f ms %6.3f ms %6.3f ms %6.1f MB\n", m.function.name,
			float64(m.function.compiled)/1e3, ms(at(m.init, 50)), ms(at(m.first, 50)), ms(at(m.cold, 50)),
			ms(at(m.warm, 50)), ms(at(m.warm, 99)), float64(m.peak)/1e6)
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// at gives a percentile.
func at(all []time.Duration, percent int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}
