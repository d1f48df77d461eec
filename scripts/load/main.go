// Command load shows what a server does for its callers while models are deployed all the time. It starts `handoff serve`
// on a fresh folder with the sample models and some whose answers tell their version, finds out how much this machine can
// do, sends four fifths of that, and meanwhile redeploys a model each second (over HTTP and by file), rolls back each
// minute, and takes a model out of service now and then. Every answer is checked: it must be that of the version that was
// acknowledged last before the request, or of one that was asked for until the answer came. What it finds is compared
// with the same load on a server that is left alone.
//
//	go run ./scripts/load --handoff bin/handoff --duration 10m [--json FILE]
//
// It ends with 1 if a request failed or an answer was wrong.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// settings say what is done.
type settings struct {
	handoff string // the command
	samples string // folder of the sample models

	duration time.Duration // of the load with deployments
	idle     time.Duration // of the load without; 0: a fifth of duration, from 5 seconds to 2 minutes
	peak     time.Duration // how long it is tried what the machine can do
	rate     float64       // requests a second; 0: share of the peak
	share    float64
	workers  int // connections

	redeploy, rollback, undeploy time.Duration // how often

	progress bool // tell every ten seconds how it goes
}

func main() {
	debug.SetGCPercent(400) // the server is to have the processors
	var s settings
	flag.StringVar(&s.handoff, "handoff", "bin/handoff", "the command")
	flag.StringVar(&s.samples, "samples", "testdata/samples", "folder of the sample models")
	flag.DurationVar(&s.duration, "duration", time.Minute, "how long models are redeployed under load")
	flag.DurationVar(&s.idle, "idle", 0, "how long the same load is measured before, without deployments; 0: a fifth of duration, from 5s to 2m")
	flag.DurationVar(&s.peak, "peak", 8*time.Second, "how long it is tried what the machine can do")
	flag.Float64Var(&s.rate, "rate", 0, "requests a second; 0: by share")
	flag.Float64Var(&s.share, "share", .8, "how much of the peak is sent")
	flag.IntVar(&s.workers, "connections", 64, "most requests at one time")
	flag.DurationVar(&s.redeploy, "redeploy", time.Second, "how often a model is redeployed")
	flag.DurationVar(&s.rollback, "rollback", time.Minute, "how often one is rolled back")
	flag.DurationVar(&s.undeploy, "undeploy", 10*time.Second, "how often one is taken out of service and comes back")
	asJSON := flag.String("json", "", "write the report as JSON to this file")
	flag.Parse()
	s.progress = true
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	good, err := show(ctx, s, *asJSON)
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
	}
	if err != nil || !good {
		stop()
		os.Exit(1)
	}
}

// show prints the report, and says whether all was well.
func show(ctx context.Context, s settings, asJSON string) (bool, error) {
	r, err := run(ctx, s)
	if err != nil {
		return false, err
	}
	r.print(os.Stdout)
	if asJSON != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			err = os.WriteFile(asJSON, append(text, '\n'), 0o600)
		}
		if err != nil {
			return false, err
		}
	}
	return r.good(), nil
}

// run measures a server from its start to its end.
func run(ctx context.Context, s settings) (report, error) {
	if s.idle == 0 {
		s.idle = min(max(s.duration/5, 5*time.Second), 2*time.Minute)
	}
	srv, err := start(ctx, s.handoff, s.samples)
	if err != nil {
		return report{}, err
	}
	defer srv.remove()
	w := &world{server: srv}
	if err := w.build(ctx, s.samples); err != nil {
		return report{}, err
	}
	r := report{DurationS: s.duration.Seconds()}
	if r.Rate = s.rate; s.rate == 0 {
		r.Peak = w.peak(ctx, s.workers, s.peak)
		r.Rate = r.Peak * s.share
	}
	go w.watch(ctx, s.progress)

	r.Idle = w.load(ctx, "idle", s.workers, r.Rate, s.idle)
	changing, stop := context.WithCancel(ctx)
	changed := make(chan changes, 1)
	go func() { changed <- w.change(changing, s) }()
	r.Loaded = w.load(ctx, "loaded", s.workers, r.Rate, s.duration)
	stop()
	r.Changes = <-changed
	w.settle(ctx)
	if err := ctx.Err(); err != nil {
		return report{}, err
	}
	r.take(w)
	return r, srv.stop()
}
