package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	numberedModels = 5 // odd, so that each is redeployed over HTTP and by file in turn
	callKinds      = 3
)

// A world is the server with all that is known of its models.
type world struct {
	server *server
	models []*changing // those that are redeployed
	guest  *changing   // the one that comes and goes
	calls  [2][callKinds][]*call

	phase atomic.Pointer[string]
	sent  atomic.Int64

	mu     sync.Mutex
	gauges []gauge
	phases []string // of the gauges
	faults []string
	failed int
	wrong  int
	before gauge // when nothing had been scored yet
	after  gauge // when nobody was connected any more
}

// build deploys what the samples folder does not have and makes the calls.
func (w *world) build(ctx context.Context, samples string) error {
	w.enter("start")
	for i := range numberedModels {
		w.models = append(w.models, newChanging(fmt.Sprintf("number-%d", i+1)))
	}
	w.guest = newChanging("guest")
	for _, m := range append(w.models[:len(w.models):len(w.models)], w.guest) {
		if err := w.put(ctx, m); err != nil {
			return err
		}
		for i, kind := range []string{"single", "batch", "csv"} {
			w.calls[0][i] = append(w.calls[0][i], numberedCalls(w.server.addr, &m.numbered, kind)...)
		}
	}
	list, err := readSamples(samples)
	if err != nil {
		return err
	}
	if err := os.Mkdir(w.outbox(), 0o700); err != nil {
		return err
	}
	c := &conn{addr: w.server.addr}
	defer c.close()
	for _, s := range list {
		for i, kind := range []string{"single", "batch", "csv"} {
			calls, err := learn(c, s, kind)
			if err != nil {
				return err
			}
			w.calls[1][i] = append(w.calls[1][i], calls...)
		}
	}
	w.before, err = w.server.gauge(ctx)
	return err
}

// learn gives the calls of a sample with their answers, which must be what its framework says.
func learn(c *conn, s *sample, kind string) ([]*call, error) {
	calls, rows := s.calls(c.addr, kind)
	for i, one := range calls {
		status, body, err := c.do(one.raw)
		if err != nil || status != http.StatusOK {
			return nil, errors.Join(err, fmt.Errorf("%s: status %d: %.300s", one.path, status, body))
		}
		if err := s.compare(kind, body, rows[i]); err != nil {
			return nil, err
		}
		one.want = append([]byte{}, body...)
	}
	return calls, nil
}

// pick gives the call with a number: half of them of samples, eight of ten for one record.
func (w *world) pick(i int64) *call {
	h := scatter(uint64(i))
	kind := max(int(h%10)-7, 0)
	h /= 10
	calls := w.calls[h%2][kind]
	return calls[h/2%uint64(len(calls))]
}

// scatter makes numbers that look random of those that follow each other (SplitMix64).
func scatter(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// try sends a call and counts what is wrong with the answer.
func (w *world) try(c *conn, one *call) bool {
	floor := 0
	if one.of != nil {
		floor = one.of.floor()
	}
	status, body, err := c.do(one.raw)
	if err == nil {
		err = one.check(status, body, floor)
	}
	w.sent.Add(1)
	if err != nil {
		w.blame(err, status == http.StatusOK)
	}
	return err == nil
}

// blame writes down a fault.
func (w *world) blame(err error, wrong bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wrong {
		w.wrong++
	} else {
		w.failed++
	}
	if len(w.faults) < mostTexts {
		w.faults = append(w.faults, time.Now().UTC().Format(time.TimeOnly)+" "+err.Error())
	}
}

func (w *world) bad() (failed, wrong int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed, w.wrong
}

func (w *world) enter(phase string) { w.phase.Store(&phase) }

// watch writes down each second what the server takes.
func (w *world) watch(ctx context.Context, progress bool) {
	begun := time.Now()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-w.server.ended:
			return
		case <-ticker.C:
		}
		phase := *w.phase.Load()
		g, err := w.server.gauge(ctx)
		if err != nil {
			if phase != "end" && ctx.Err() == nil {
				w.blame(err, false)
			}
			continue
		}
		g.At = time.Since(begun).Seconds()
		w.mu.Lock()
		w.gauges, w.phases = append(w.gauges, g), append(w.phases, phase)
		w.mu.Unlock()
		if progress && n%10 == 0 {
			failed, wrong := w.bad()
			fmt.Fprintf(os.Stderr, "%4.0f s  %-6s  %9d requests, %d failed, %d wrong  RSS %d MiB, %d goroutines\n",
				g.At, phase, w.sent.Load(), failed, wrong, g.RSS>>20, g.Goroutines)
		}
	}
}

// settle waits until the server has as few goroutines as before the load; if it never has, that is in the report.
func (w *world) settle(ctx context.Context) {
	w.enter("end")
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(time.Second / 4)
	defer ticker.Stop()
	for {
		g, err := w.server.gauge(ctx)
		if err == nil {
			w.after = g
		}
		if err == nil && g.Goroutines <= w.before.Goroutines {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
