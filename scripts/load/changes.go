package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/handoff-pmml/handoff/internal/rest"
)

// A changing model is a numbered one that is deployed again and again.
type changing struct {
	numbered
	busy  sync.Mutex // while something is asked for
	next  int        // number of the next document
	turns int
}

func newChanging(id string) *changing {
	return &changing{numbered: numbered{id: id, versions: map[int]int{}}, next: 1}
}

// changes are what was asked for, and what came of it.
type changes struct {
	Put         int      `json:"put"`
	ByFile      int      `json:"by_file"`
	Rollbacks   int      `json:"rollbacks"`
	Undeployed  int      `json:"undeployed"`
	Failed      int      `json:"failed"`
	Skipped     int      `json:"skipped"` // since all models were still busy, or there was no earlier version
	Faults      []string `json:"faults,omitempty"`
	PutTimes    spread   `json:"put_ms"`  // from the request to the answer, which means that it is live
	FileTimes   spread   `json:"file_ms"` // from the rename to what the API says is live
	UndoTimes   spread   `json:"undo_ms"` // from the request to roll back to the first answer of the earlier version
	UndoAnswers spread   `json:"rollback_ms"`
	UndoCalls   int      `json:"requests_during_undos"`
	UndoFailed  int      `json:"failed_during_undos"`
}

// A spread is how values are spread.
type spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
	values []float64
}

func (s *spread) add(d time.Duration) {
	s.values = append(s.values, milliseconds(d))
	slices.Sort(s.values)
	s.Min, s.Median, s.Max = s.values[0], s.values[len(s.values)/2], s.values[len(s.values)-1]
}

// change redeploys, rolls back and undeploys until ctx ends, and what it has begun comes to its end.
func (w *world) change(ctx context.Context, s settings) changes {
	var all changes
	var mu sync.Mutex
	var working sync.WaitGroup
	// What has begun must not be left half done: the answers are checked against it.
	lasting := context.WithoutCancel(ctx)
	do := func(m *changing, what func(context.Context, *changing) (func(*changes), error)) {
		working.Go(func() {
			defer m.busy.Unlock()
			count, err := what(lasting, m)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				count(&all)
			} else if all.Failed++; len(all.Faults) < mostTexts {
				all.Faults = append(all.Faults, fmt.Sprintf("%s: %v", m.id, err))
			}
		})
	}
	redeploy, rollback, undeploy := time.NewTicker(s.redeploy), time.NewTicker(s.rollback), time.NewTicker(s.undeploy)
	defer redeploy.Stop()
	defer rollback.Stop()
	defer undeploy.Stop()
	var turns struct{ redeploy, rollback, undeploy int } // each goes through the models for itself
	for {
		var models []*changing
		var turn *int
		var what func(context.Context, *changing) (func(*changes), error)
		select {
		case <-ctx.Done():
			working.Wait()
			return all
		case <-redeploy.C:
			models, turn, what = w.models, &turns.redeploy, w.redeploy
		case <-rollback.C:
			models, turn, what = w.models, &turns.rollback, w.rollback
		case <-undeploy.C:
			models, turn, what = []*changing{w.guest}, &turns.undeploy, w.comeAndGo
		}
		*turn++
		if m := free(models, *turn); m != nil {
			do(m, what)
			continue
		}
		mu.Lock()
		all.Skipped++
		mu.Unlock()
	}
}

// free takes the first of the models, from one on, of which nothing is asked.
func free(models []*changing, from int) *changing {
	for i := range models {
		if m := models[(from+i)%len(models)]; m.busy.TryLock() {
			return m
		}
	}
	return nil
}

// redeploy brings the next number, over HTTP and by file in turn.
func (w *world) redeploy(ctx context.Context, m *changing) (func(*changes), error) {
	m.turns++
	begun := time.Now()
	if m.turns%2 == 0 {
		err := w.drop(ctx, m)
		took := time.Since(begun)
		return func(c *changes) { c.ByFile++; c.FileTimes.add(took) }, err
	}
	err := w.put(ctx, m)
	took := time.Since(begun)
	return func(c *changes) { c.Put++; c.PutTimes.add(took) }, err
}

// put deploys the next number over HTTP.
func (w *world) put(ctx context.Context, m *changing) error {
	n := m.next
	m.next++
	m.ask(n)
	status, body, err := w.server.do(ctx, http.MethodPut, "/model/"+m.id, "application/xml", document(n))
	if err != nil || status != http.StatusOK && status != http.StatusCreated {
		return errors.Join(err, fmt.Errorf("PUT: status %d: %.300s", status, body))
	}
	m.ack(0)
	known, err := w.versions(ctx, m)
	if err != nil {
		return err
	}
	m.ack(known.Live)
	return nil
}

// drop deploys the next number by file.
func (w *world) drop(ctx context.Context, m *changing) error {
	known, err := w.versions(ctx, m)
	if err != nil {
		return err
	}
	n := m.next
	m.next++
	ready := filepath.Join(w.outbox(), m.id)
	if err := os.WriteFile(ready, document(n), 0o600); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(w.file(m)), 0o700); err != nil {
		return err
	}
	m.ask(n)
	if err := os.Rename(ready, w.file(m)); err != nil {
		return err
	}
	live, err := w.wait(ctx, m, func(live int) bool { return live != known.Live })
	if err == nil {
		m.ack(live)
	}
	return err
}

func (w *world) outbox() string { return filepath.Join(w.server.dir, "outbox") }

func (w *world) file(m *changing) string {
	return filepath.Join(w.server.data(), "models", m.id, "model.pmml")
}

// wait waits until what is live is what is wanted.
func (w *world) wait(ctx context.Context, m *changing, wanted func(live int) bool) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(time.Second / 20)
	defer ticker.Stop()
	for {
		known, err := w.versions(ctx, m)
		if err != nil {
			return 0, err
		}
		if wanted(known.Live) {
			return known.Live, nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("version %d is still live", known.Live)
		case <-ticker.C:
		}
	}
}

// versions asks what is live.
func (w *world) versions(ctx context.Context, m *changing) (known rest.VersionsAnswer, err error) {
	status, body, err := w.server.do(ctx, http.MethodGet, "/model/"+m.id+"/versions?limit=5", "", nil)
	if err != nil || status != http.StatusOK {
		return known, errors.Join(err, fmt.Errorf("GET versions: status %d: %.300s", status, body))
	}
	return known, json.Unmarshal(body, &known)
}

// undone are the requests to a model while it is rolled back.
type undone struct {
	first  time.Time // when the first answer of the earlier version came
	calls  int
	failed int
}

// rollback brings the earlier version back and measures when it answers.
func (w *world) rollback(ctx context.Context, m *changing) (func(*changes), error) {
	known, err := w.versions(ctx, m)
	if err != nil {
		return nil, err
	}
	if known.Previous == 0 { // all were rolled back, or it was never redeployed
		return func(c *changes) { c.Skipped++ }, nil
	}
	n, remembered := m.numberOf(known.Previous)
	if !remembered {
		return nil, fmt.Errorf("nobody knows the earlier version %d", known.Previous)
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	const probes = 2
	began, ended := make(chan struct{}, probes), make(chan undone, probes)
	for range probes {
		go func() { ended <- w.probe(ctx, m, n, began) }()
	}
	for range probes {
		<-began
	}
	m.ask(n)
	begun := time.Now()
	status, body, err := w.server.do(ctx, http.MethodPost, "/model/"+m.id+"/rollback", "application/json", []byte(`{"reason":"load"}`))
	answered := time.Since(begun)
	if err != nil || status != http.StatusOK {
		stop()
		err = errors.Join(err, fmt.Errorf("POST rollback: status %d: %.300s", status, body))
	} else {
		m.ack(known.Previous)
	}
	var all undone
	for range probes {
		one := <-ended
		all.calls += one.calls
		all.failed += one.failed
		if !one.first.IsZero() && (all.first.IsZero() || one.first.Before(all.first)) {
			all.first = one.first
		}
	}
	if err == nil && all.first.IsZero() {
		err = errors.New("the earlier version never answered")
	}
	return func(c *changes) {
		c.Rollbacks++
		c.UndoTimes.add(all.first.Sub(begun))
		c.UndoAnswers.add(answered)
		c.UndoCalls += all.calls
		c.UndoFailed += all.failed
	}, err
}

// probe sends one request after the other until the version with the number n answers.
func (w *world) probe(ctx context.Context, m *changing, n int, began chan<- struct{}) (u undone) {
	c := &conn{addr: w.server.addr}
	defer c.close()
	one := numberedCalls(c.addr, &m.numbered, "single")[1]
	for ctx.Err() == nil {
		good := w.try(c, one)
		if u.calls++; !good {
			u.failed++
		}
		if got, err := told(http.StatusOK, c.answer.Bytes(), one.kind, one.xs); good && err == nil && got == n {
			u.first = time.Now()
			return u
		}
		if u.calls == 1 {
			began <- struct{}{}
		}
	}
	return u
}

// comeAndGo takes a model out of service and brings it back, in three ways.
func (w *world) comeAndGo(ctx context.Context, m *changing) (func(*changes), error) {
	m.turns++
	count := func(c *changes) { c.Undeployed++ }
	if m.turns%3 == 2 {
		m.ask(absent)
		if err := os.Remove(w.file(m)); err != nil {
			return nil, err
		}
		if _, err := w.wait(ctx, m, func(live int) bool { return live == 0 }); err != nil {
			return nil, err
		}
		m.ack(0)
		return count, w.drop(ctx, m)
	}
	m.ask(absent)
	status, body, err := w.server.do(ctx, http.MethodDelete, "/model/"+m.id, "", nil)
	if err != nil || status != http.StatusOK {
		return nil, errors.Join(err, fmt.Errorf("DELETE: status %d: %.300s", status, body))
	}
	m.ack(0)
	if m.turns%3 == 1 {
		return count, w.put(ctx, m)
	}
	return count, w.undelete(ctx, m)
}

// undelete brings the last version of a deleted model back.
func (w *world) undelete(ctx context.Context, m *changing) error {
	known, err := w.versions(ctx, m)
	if err != nil {
		return err
	}
	n, remembered := m.numberOf(known.Previous)
	if !remembered {
		return fmt.Errorf("nobody knows the earlier version %d", known.Previous)
	}
	m.ask(n)
	status, body, err := w.server.do(ctx, http.MethodPost, "/model/"+m.id+"/rollback", "", nil)
	if err != nil || status != http.StatusOK {
		return errors.Join(err, fmt.Errorf("POST rollback: status %d: %.300s", status, body))
	}
	m.ack(known.Previous)
	return nil
}
