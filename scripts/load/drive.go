package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"math/bits"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A conn sends requests, one after the other, on a connection that it opens when there is none. It never sends one again:
// what a server does not answer has failed.
type conn struct {
	addr   string
	c      net.Conn
	r      *bufio.Reader
	used   int
	answer bytes.Buffer
}

// perConnection is how many requests come on one connection.
const perConnection = 200

// do sends a request and gives the answer, which is good until the next one.
func (c *conn) do(raw []byte) (status int, body []byte, err error) {
	if c.c == nil {
		if c.c, err = net.Dial("tcp", c.addr); err != nil {
			c.c = nil
			return 0, nil, err
		}
		c.r, c.used = bufio.NewReader(c.c), 0
	}
	status, keep, err := c.exchange(raw)
	if c.used++; err != nil || !keep || c.used >= perConnection {
		c.close()
	}
	return status, c.answer.Bytes(), err
}

func (c *conn) exchange(raw []byte) (status int, keep bool, err error) {
	c.answer.Reset()
	if err := c.c.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, false, err
	}
	if _, err := c.c.Write(raw); err != nil {
		return 0, false, err
	}
	answer, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0, false, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(&c.answer, answer.Body)
	return answer.StatusCode, !answer.Close, err
}

func (c *conn) close() {
	if c.c != nil {
		c.c.Close() //nolint:errcheck // nothing is written any more
		c.c = nil
	}
}

// A histogram counts durations, to about 3 percent.
type histogram struct {
	counts [64 << 6]int64
	total  int64
	max    time.Duration
}

const fine = 5 // 2^fine buckets for each power of two

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.counts[index(d)]++
	h.total++
	h.max = max(h.max, d)
}

// index gives the bucket of a duration.
func index(d time.Duration) uint64 {
	at := uint64(d)
	if shift := bits.Len64(at) - fine - 1; shift > 0 {
		at = at>>shift + uint64(shift)<<fine
	}
	return at
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
	h.max = max(h.max, other.max)
}

// quantile gives the duration that a share of all does not exceed, in milliseconds.
func (h *histogram) quantile(share float64) float64 {
	left := int64(share * float64(h.total))
	for i, n := range h.counts {
		if left -= n; left < 0 {
			return milliseconds(min(top(uint64(i)), h.max))
		}
	}
	return milliseconds(h.max)
}

// top is the upper end of a bucket.
func top(at uint64) time.Duration {
	if at < 2<<fine {
		return time.Duration(at)
	}
	shift := at>>fine - 1
	return time.Duration((at-shift<<fine+1)<<shift - 1)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// A phase is what came of sending requests for a while.
type phase struct {
	Seconds  float64 `json:"seconds"`
	Requests int64   `json:"requests"`
	Failed   int     `json:"failed"`
	Wrong    int     `json:"wrong"`
	Rate     float64 `json:"requests_per_s"`

	Latency times `json:"latency_ms"` // from when a request was due
	Service times `json:"service_ms"` // from when it was sent

	ServerCPU float64 `json:"server_cpus"` // processors in use
	OwnCPU    float64 `json:"load_cpus"`
}

type times struct {
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

func (h *histogram) times() times {
	return times{h.quantile(.5), h.quantile(.99), h.quantile(.999), milliseconds(h.max)}
}

// peak gives how many requests a second are answered when each connection sends the next one at once. The first third of
// the time warms up.
func (w *world) peak(ctx context.Context, workers int, d time.Duration) float64 {
	w.enter("peak")
	warm := d / 3
	w.drive(ctx, workers, 0, warm)
	from, begun := w.sent.Load(), time.Now()
	w.drive(ctx, workers, 0, d-warm)
	return float64(w.sent.Load()-from) / time.Since(begun).Seconds()
}

// load sends so many requests a second, whether they are answered or not as long as there are connections.
func (w *world) load(ctx context.Context, name string, workers int, rate float64, d time.Duration) phase {
	w.enter(name)
	defer w.enter("between")
	failed, wrong := w.bad()
	before, _ := w.server.gauge(ctx)
	own, begun := ownCPU(), time.Now()
	latency, service := w.drive(ctx, workers, rate, d)
	took := time.Since(begun).Seconds()
	after, _ := w.server.gauge(ctx)
	p := phase{Seconds: took, Requests: service.total, Latency: latency.times(), Service: service.times()}
	p.Failed, p.Wrong = w.bad()
	p.Failed -= failed
	p.Wrong -= wrong
	p.Rate, p.ServerCPU, p.OwnCPU = float64(p.Requests)/took, (after.CPU-before.CPU)/took, (ownCPU()-own)/took
	return p
}

// drive sends calls for a while, at a rate or, if that is 0, as fast as they are answered.
func (w *world) drive(ctx context.Context, workers int, rate float64, d time.Duration) (latency, service *histogram) {
	latency, service = &histogram{}, &histogram{}
	var next atomic.Int64
	var mu sync.Mutex
	var working sync.WaitGroup
	begun := time.Now()
	due := func(i int64) time.Time {
		if rate == 0 {
			return time.Now()
		}
		return begun.Add(time.Duration(float64(i) / rate * float64(time.Second)))
	}
	for range workers {
		working.Go(func() {
			c := &conn{addr: w.server.addr}
			defer c.close()
			var l, s histogram
			for ctx.Err() == nil {
				i := next.Add(1)
				at := due(i)
				if at.Sub(begun) >= d {
					break
				}
				time.Sleep(time.Until(at))
				sent := time.Now()
				w.try(c, w.pick(i))
				now := time.Now()
				l.add(now.Sub(at))
				s.add(now.Sub(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			latency.merge(&l)
			service.merge(&s)
		})
	}
	working.Wait()
	return latency, service
}

// ownCPU is the time that this process has taken, in seconds.
func ownCPU() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
