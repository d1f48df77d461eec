package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A run is what happens to one data folder.
type run struct {
	*totals
	config
	data      string
	documents documents
	random    *rand.Rand
	models    []*model
	crowd     *crowd
	ids       map[string]bool
	log       *os.File
	startup   time.Duration // how long a start takes about
}

// runSeed runs one seed in a folder of its own, which stays if there were faults.
func runSeed(c config, seed int64) *totals {
	r := &run{totals: &totals{}, config: c, random: rand.New(rand.NewPCG(uint64(seed), 1)), ids: map[string]bool{}, startup: 50 * time.Millisecond}
	if err := r.prepare(seed); err != nil {
		r.fault(failure, "%v", err)
		return r.totals
	}
	for n := 0; r.kills < c.wanted && len(r.faults) == 0; n++ {
		err := r.life(n)
		if err == nil && c.sabotage != nil {
			err = c.sabotage(r.data)
		}
		if err != nil {
			r.fault(failure, "life %d: %v", n, err)
			break
		}
	}
	if len(r.faults) == 0 { // else what follows is a consequence
		if err := r.last(); err != nil {
			r.fault(failure, "the last life: %v", err)
		}
	}
	r.tidy()
	return r.totals
}

func (r *run) prepare(seed int64) (err error) {
	if r.dir, err = os.MkdirTemp(r.dir, fmt.Sprintf("handoff-kill-%d-", seed)); err != nil {
		return err
	}
	r.data = filepath.Join(r.dir, "data")
	if r.log, err = logFile(r.dir); err != nil {
		return err
	}
	for _, m := range []*model{
		{id: "by-http", file: "by-http/model.pmml", api: true},
		{id: "by-http-2", file: "by-http-2/model.pmml", api: true},
		{id: "by-file", file: "by-file.pmml", files: true},
		{id: "by-file-2", file: "by-file-2/model.pmml.gz", files: true},
		{id: "by-both", file: "by-both/model.pmml", api: true, files: true},
	} {
		m.run, m.expected = r, newExpectation()
		r.models = append(r.models, m)
		r.ids[m.id] = true
	}
	r.crowd = &crowd{run: r, id: "crowd"}
	r.ids[r.crowd.id] = true
	return nil
}

// tidy removes the folder, or says where it is.
func (r *run) tidy() {
	r.log.Close() //nolint:errcheck // the processes wrote it
	if len(r.faults) == 0 {
		os.RemoveAll(r.dir) //nolint:errcheck // only in the way
		return
	}
	r.fault(r.faults[0].kind, "the data folder and the log are in %s", r.dir)
}

// life starts the server, lets clients work, and kills it.
func (r *run) life(n int) error {
	if r.random.IntN(6) == 0 {
		return r.killEarly()
	}
	s, err := r.start()
	if err != nil {
		return err
	}
	defer s.kill()
	for _, m := range r.models {
		m.note("kill %d", r.kills)
	}
	if err := r.lookAtAll(s, fmt.Sprintf("after kill %d", r.kills)); err != nil {
		return err
	}
	if r.random.IntN(4) == 0 {
		if err := r.settle(s); err != nil {
			return err
		}
	}
	chance := r.random.Float64()
	length := 5*time.Millisecond + time.Duration(chance*chance*float64(900*time.Millisecond))
	r.work(s, n, length)
	r.kills++
	return nil
}

// killEarly kills the server while it starts.
func (r *run) killEarly() error {
	command, _, err := launch(r.server, r.data, r.log)
	if err != nil {
		return err
	}
	time.Sleep(time.Duration(r.random.Float64() * 1.3 * float64(r.startup)))
	err = command.Process.Kill()
	_ = command.Wait() // it was killed
	r.kills++
	r.early++
	if errors.Is(err, os.ErrProcessDone) {
		return errors.New("the server has ended by itself while it started")
	}
	return err
}

func (r *run) start() (*server, error) {
	s, err := start(r.server, r.data, r.log)
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	r.startup = s.took
	r.restarts = append(r.restarts, s.took)
	for _, m := range r.models {
		m.expected.restart()
	}
	return s, nil
}

// work lets clients work, and kills the server while they do.
func (r *run) work(s *server, n int, length time.Duration) {
	ctx, stop := context.WithCancel(context.Background())
	var working sync.WaitGroup
	for i, m := range r.models {
		random := rand.New(rand.NewPCG(r.random.Uint64(), uint64(n*100+i)))
		working.Go(func() { m.work(ctx, s, random) })
	}
	for range 3 {
		random := rand.New(rand.NewPCG(r.random.Uint64(), uint64(n)))
		working.Go(func() { r.crowd.work(ctx, s, random) })
	}
	time.Sleep(length)
	s.kill()
	stop()
	working.Wait()
}

func (r *run) lookAtAll(s *server, when string) error {
	for _, m := range r.models {
		if _, err := m.look(s, when); err != nil {
			return err
		}
	}
	_, err := r.crowd.look(s, when)
	return err
}

// patience is how long it may take until all has happened: a file must lie still for a second, and folders are looked
// through every ten.
const patience = 15 * time.Second

// settle waits until everything has happened, and looks at all closely.
func (r *run) settle(s *server) error {
	for _, m := range r.models {
		m.writing.Wait()
		n, err := r.quiesce(s, m.id, func() set { return m.expected.final }, m.lately)
		if err != nil {
			return err
		}
		if err := r.checkHistory(s, m.id, certain(n, m.expected.final), m.acked, m.removals); err != nil {
			return err
		}
		if len(r.faults) > 0 { // what follows may be a consequence
			return nil
		}
		m.note("settled at %d of %v", n, m.expected.final)
		m.expected.settle(n)
	}
	n, err := r.quiesce(s, r.crowd.id, r.crowd.allowed, func() string { return "" })
	if err != nil {
		return err
	}
	if err := r.checkHistory(s, r.crowd.id, certain(n, r.crowd.allowed()), nil, 0); err != nil {
		return err
	}
	r.crowd.settle(n)
	r.checkFolder()
	return nil
}

func certain(n int, final set) int {
	if len(final) > 1 {
		return uncertain
	}
	return n
}

// last looks at everything for the last time, twice.
func (r *run) last() error {
	for range 2 {
		s, err := r.start()
		if err != nil {
			return err
		}
		err = errors.Join(r.lookAtAll(s, "at last"), r.settle(s))
		s.kill()
		if err != nil {
			return err
		}
	}
	return r.checkLog()
}

// checkLog finds what no server should ever say.
func (r *run) checkLog() error {
	text, err := os.ReadFile(filepath.Join(r.dir, "log"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "panic") || strings.Contains(line, "is damaged") || strings.Contains(line, "cannot open a live model") ||
			strings.Contains(line, "compiling a version again") {
			r.fault(failure, "the log: %.300s", line)
			return nil
		}
	}
	return nil
}
