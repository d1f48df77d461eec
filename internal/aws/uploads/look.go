package uploads

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

var (
	errNoTime  = errors.New("not begun: too little time was left")
	errPending = errors.New("its deployment has not ended")
	errRemains = errors.New("its object is gone, and the model could not be taken out of service")
)

// place is where something happened.
type place struct{ bucket, key string }

func placeOf(h Hint) place { return place{h.Bucket, h.Key} }

// lane is what is to be looked at of one model, one after the other.
type lane []Hint

// look looks at all keys that are about models, each once, and gives what must be looked at again, and why.
func (h *Handler) look(ctx context.Context, hints []Hint) map[place]error {
	lanes := h.lanes(hints)
	failed := h.lookAlong(ctx, lanes)
	if pending := lanesOf(lanes, failed, errPending); len(pending) > 0 {
		h.Pipeline.Wait() // somebody was less patient than a deployment is long: another look is in vain if it has ended well
		again := h.lookAlong(ctx, pending)
		for _, l := range pending {
			for _, hint := range l {
				failed[placeOf(hint)] = again[placeOf(hint)]
			}
		}
	}
	return failed
}

// lanes gives each distinct key once, by model, models and keys in the order in which they came. Of several events of one
// key the last says who did it.
func (h *Handler) lanes(hints []Hint) []lane {
	var lanes []lane
	type position struct{ lane, index int }
	seen, models := map[place]position{}, map[string]int{}
	for _, hint := range hints {
		if at, twice := seen[placeOf(hint)]; twice {
			if at.lane >= 0 {
				lanes[at.lane][at.index].Actor = hint.Actor
			}
			continue
		}
		id, _, ok := deploy.ModelOf(hint.Key)
		if !ok || hint.Bucket != h.Bucket {
			seen[placeOf(hint)] = position{lane: -1}
			h.Log.Info("an object is about no model", slog.String("bucket", hint.Bucket), slog.String("key", hint.Key))
			continue
		}
		n, known := models[id]
		if !known {
			n = len(lanes)
			models[id] = n
			lanes = append(lanes, nil)
		}
		seen[placeOf(hint)] = position{n, len(lanes[n])}
		lanes[n] = append(lanes[n], hint)
	}
	return lanes
}

// lanesOf gives those parts of lanes that failed for a reason.
func lanesOf(lanes []lane, failed map[place]error, reason error) []lane {
	var some []lane
	for _, l := range lanes {
		var part lane
		for _, hint := range l {
			if errors.Is(failed[placeOf(hint)], reason) {
				part = append(part, hint)
			}
		}
		if part != nil {
			some = append(some, part)
		}
	}
	return some
}

// lookAlong goes along the lanes, along some at the same time, and gives what failed.
func (h *Handler) lookAlong(ctx context.Context, lanes []lane) map[place]error {
	var (
		mu      sync.Mutex
		failed  = map[place]error{}
		waiting = make(chan lane, len(lanes))
		workers sync.WaitGroup
	)
	for _, l := range lanes {
		waiting <- l
	}
	close(waiting)
	for range min(h.Models, len(lanes)) {
		workers.Go(func() {
			for l := range waiting {
				for _, hint := range l {
					err := h.lookAt(ctx, hint)
					mu.Lock()
					failed[placeOf(hint)] = err
					mu.Unlock()
				}
			}
		})
	}
	workers.Wait()
	return failed
}

// lookAt looks at one key. What is written down in the model's history needs no further look: the error is only about what
// may be better another time. A mistake of ours concerns this key only.
func (h *Handler) lookAt(ctx context.Context, hint Hint) (err error) {
	defer func() {
		if mistake := recover(); mistake != nil {
			h.Log.Error("a mistake in this program", slog.String("key", hint.Key), slog.Any("panic", mistake), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("a mistake in this program: %v", mistake)
		}
	}()
	if !h.hasTime(ctx) {
		return errNoTime
	}
	o, err := h.Pipeline.Look(ctx, hint.Key, deploy.By{Actor: actor(hint)})
	switch {
	case err != nil && isFinal(err):
		h.Log.Warn("nothing was deployed", slog.String("key", hint.Key), slog.String("cause", err.Error()))
		return nil
	case err == nil && o.Pending():
		return errPending
	case err == nil && o.Deployment.Kind == deploy.Removal && o.Deployment.State == deploy.Failed: // another look begins it anew
		return errRemains
	}
	return err
}

func (h *Handler) hasTime(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || deadline.Sub(h.Now()) >= least-ending)
}

// isFinal says that an error will be the same another time.
func isFinal(err error) bool {
	var (
		rejection *catalog.Rejection
		refused   *deploy.RefusedError
		failed    *deploy.FailedError
	)
	return errors.As(err, &rejection) || errors.As(err, &refused) || errors.As(err, &failed)
}

// actor is how the history names who did something under a key without saying so in the object.
func actor(h Hint) string {
	if h.Actor == "" {
		return "s3"
	}
	return "s3 " + h.Actor
}
