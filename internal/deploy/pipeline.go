package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/oklog/ulid/v2"
)

// Config says what a Pipeline stands on. All fields but the last ones are required.
type Config struct {
	Store     Store
	Objects   Objects
	Artifacts Artifacts
	Runtime   Runtime
	Compile   CompileFunc
	Settings  SettingsFunc

	Recompile CompileFunc // of a document that went live before; nil: Compile

	Worker string // names this process: no other has the name; empty: a random one
	Keep   int    // versions that can come back where the settings do not say, the live one included; 0: 3
	// Ends says that the process ends with the deadline of a call's context, as a Lambda function does. What the call has
	// begun is left alone by other processes until then, and ends with it.
	Ends bool

	Now      func() time.Time                                 // nil: time.Now
	ID       func(at time.Time) string                        // gives ULIDs; nil: random ones
	Pause    func(ctx context.Context, d time.Duration) error // waits before an effect is tried again; nil: by the clock
	Patience time.Duration                                    // how long a caller waits for a deployment's end; 0: 25 seconds
	Log      *slog.Logger                                     // nil: none
}

// A Pipeline deploys. It may be used by many goroutines; what concerns one model happens one after the other.
type Pipeline struct {
	Config
	lanes      lanes
	compiling  chan struct{} // taken while a document is compiled: it takes memory
	reporting  chan struct{} // taken while two versions are compared: it takes memory and time
	background sync.WaitGroup
}

// New makes a Pipeline.
func New(c Config) *Pipeline {
	if c.Recompile == nil {
		c.Recompile = c.Compile
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.ID == nil {
		c.ID = NewID
	}
	if c.Pause == nil {
		c.Pause = Pause
	}
	if c.Patience == 0 {
		c.Patience = 25 * time.Second
	}
	if c.Worker == "" {
		c.Worker = NewID(c.Now())
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Pipeline{Config: c, compiling: make(chan struct{}, 2), reporting: make(chan struct{}, 1)}
}

// NewID gives a ULID. Of the same millisecond, a later one is greater.
func NewID(at time.Time) string {
	return ulid.MustNew(ulid.Timestamp(at), ulid.DefaultEntropy()).String()
}

// Pause waits by the clock, or until the context ends: then the error says so.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait returns when everything that was begun has ended.
func (p *Pipeline) Wait() { p.background.Wait() }

// An Outcome is what a request came to: a deployment, which is not final if it takes longer than the caller is patient,
// and has no ID if it has not even begun by then.
type Outcome struct {
	Deployment Deployment
	Model      Model // as it was when the outcome was known
}

// Pending says that what was asked for is under way, or waits for its turn.
func (o Outcome) Pending() bool { return o.Deployment.Model != "" && !o.Deployment.State.Final() }

// Deploy puts a document under the model's key and deploys it. The error is a *catalog.Rejection if the document can
// never go live, a *RefusedError if something else was put under the key before it was; what was live before still is
// then. What the reader answers is handed on.
func (p *Pipeline) Deploy(ctx context.Context, id string, document io.Reader, m Metadata) (Outcome, error) {
	body, err := p.Objects.Receive(ctx, document)
	if err != nil {
		return Outcome{}, fmt.Errorf("deploy %s: %w", id, err)
	}
	var put *Object
	o, err := p.runUntil(ctx, id, func(ctx context.Context, s Status) (Event, string, error) {
		if put == nil {
			object, err := p.Objects.Put(ctx, cmp.Or(s.Model.Source, KeyOf(id)), body, m)
			if err != nil {
				return nil, "", err
			}
			put = &object
		}
		d := p.newID(s.Model)
		return Uploaded{ID: d, Object: *put, By: m.By}, d, nil
	}, body.Discard)
	if err != nil {
		return o, fmt.Errorf("deploy %s: %w", id, err)
	}
	return o, o.Err()
}

// ErrSuperseded says that a document never went live, because of a newer one.
var ErrSuperseded = &RefusedError{"another document, or none, took the place of this one before it was live"}

// Err is the error that a deployment has ended with: a *catalog.Rejection, *RefusedError or *FailedError; nil if it went
// well, or has not ended.
func (o Outcome) Err() error {
	switch o.Deployment.State {
	case Rejected:
		return o.Deployment.Rejection
	case Superseded:
		return ErrSuperseded
	case Failed:
		return &FailedError{o.Deployment}
	}
	return nil
}

// A FailedError says that the system could not do a deployment, however often it tried.
type FailedError struct{ Deployment Deployment }

func (e *FailedError) Error() string { return e.Deployment.Failure }

// Undeploy takes a model out of service and removes its object; catalog.ErrNotFound.
func (p *Pipeline) Undeploy(ctx context.Context, id string, by By) (Outcome, error) {
	var asked, known atomic.Bool
	o, err := p.run(ctx, id, func(ctx context.Context, s Status) (Event, string, error) {
		asked.Store(true)
		if s.Model.Live != 0 || s.Deployment != nil { // at first: somebody else may hear of it before this is written down
			known.Store(true)
		}
		for _, key := range KeysOf(id) {
			if s.Model.Seen[key] == "" {
				continue
			}
			if err := p.Objects.Delete(ctx, key); err != nil {
				return nil, "", err
			}
		}
		d := p.newID(s.Model)
		return Removed{ID: d, By: by}, d, nil
	})
	switch {
	case err != nil:
		return o, fmt.Errorf("undeploy %s: %w", id, err)
	case asked.Load() && !known.Load():
		return o, catalog.ErrNotFound
	}
	return o, o.Err()
}

// Rollback makes an earlier version live: 0 is the one that was live before. Errors: *RefusedError, catalog.ErrNotFound
// for a model that nobody knows.
func (p *Pipeline) Rollback(ctx context.Context, id string, to int, by By) (Outcome, error) {
	o, err := p.run(ctx, id, func(_ context.Context, s Status) (Event, string, error) {
		if s.Model.Last == 0 {
			return nil, "", catalog.ErrNotFound
		}
		d := p.newID(s.Model)
		return RollbackAsked{ID: d, To: to, By: by}, d, nil
	})
	if err != nil {
		return o, fmt.Errorf("roll back %s: %w", id, err)
	}
	return o, o.Err()
}

// Look looks at what lies under a key now, and deploys or undeploys accordingly. Whoever hears that something happened
// under a key calls it; it does no harm to call it in vain. The outcome is zero if there was nothing to do.
func (p *Pipeline) Look(ctx context.Context, key string, by By) (Outcome, error) {
	return p.look(ctx, key, by, func(string) bool { return true })
}

// LookAt looks at what somebody found under a key; without a Version, nothing lay there. If something else lies there
// when it is this key's turn, nothing is done: it may not be finished yet, and whoever found the one will find the other.
func (p *Pipeline) LookAt(ctx context.Context, found Object, by By) (Outcome, error) {
	return p.look(ctx, found.Key, by, func(version string) bool { return version == found.Version })
}

func (p *Pipeline) look(ctx context.Context, key string, by By, wanted func(version string) bool) (Outcome, error) {
	id, sidecar, ok := ModelOf(key)
	if !ok {
		return Outcome{}, nil
	}
	o, err := p.run(ctx, id, func(ctx context.Context, s Status) (Event, string, error) {
		d := p.newID(s.Model)
		object, err := p.Objects.Head(ctx, key)
		switch {
		case err != nil && !errors.Is(err, ErrGone):
			return nil, "", err
		case !wanted(object.Version) || sidecar != "" && object.Version == s.Model.Seen[key]:
			return nil, "", nil
		case sidecar != "":
			document, rejected, err := p.rejectedFor(ctx, s.Model, sidecar)
			switch {
			case err != nil:
				return nil, "", err
			case rejected:
				if document.Metadata.By != (By{}) {
					by = document.Metadata.By
				}
				return Uploaded{ID: d, Object: document, Again: true, By: by}, d, nil
			case sidecar != SettingsName:
				return nil, "", nil // it counts for the next deployment
			}
			e, err := p.lookAtSettings(ctx, key, object, object.Version != "")
			e.ID, e.By = d, by
			return e, d, err
		case err != nil:
			return Removed{ID: d, Key: key, By: by}, d, nil
		}
		if object.Metadata.By != (By{}) {
			by = object.Metadata.By
		}
		return Uploaded{ID: d, Object: object, By: by}, d, nil
	})
	if err != nil {
		return o, fmt.Errorf("deploy what lies under %s: %w", key, err)
	}
	return o, nil
}

// rejectedFor gives the document whose deployment, the newest, was rejected because of what is in a sidecar.
func (p *Pipeline) rejectedFor(ctx context.Context, m Model, sidecar string) (document Object, found bool, err error) {
	if m.Latest.State != Rejected || m.Latest.Kind != Upload {
		return Object{}, false, nil
	}
	d, err := p.Store.Deployment(ctx, m.ID, m.Latest.ID)
	if errors.Is(err, catalog.ErrNotFound) { // it was long ago, and is not kept any more
		return Object{}, false, nil
	}
	if err != nil || d.Rejection == nil || d.Rejection.File != sidecar {
		return Object{}, false, err
	}
	document, err = p.Objects.Head(ctx, d.Object.Key)
	if errors.Is(err, ErrGone) {
		return Object{}, false, nil
	}
	return document, err == nil, err
}

// Resume goes on with whatever was left unfinished. What it begins has at least half of the time that there is: to run out of
// it would count as an attempt. The rest waits for the next time.
func (p *Pipeline) Resume(ctx context.Context) error {
	ids, err := p.Store.Unfinished(ctx)
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	deadline, ends := ctx.Deadline()
	half := time.Until(deadline) / 2
	var errs []error
	for _, id := range ids {
		if p.Ends && ends && time.Until(deadline) < half {
			break
		}
		if p.lanes.busy(id) {
			continue // somebody is at it
		}
		if _, err := p.event(ctx, id, Resumed{}); err != nil {
			errs = append(errs, fmt.Errorf("resume %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// Restore brings the live version of a model back that does not run. What cannot be done now is tried again by Resume.
func (p *Pipeline) Restore(ctx context.Context, id string) error {
	if _, err := p.event(ctx, id, Lost{}); err != nil {
		return fmt.Errorf("restore %s: %w", id, err)
	}
	return nil
}

// Expire lets go of what is kept of models that were deleted long ago.
func (p *Pipeline) Expire(ctx context.Context) error {
	models, err := p.Store.Models(ctx)
	if err != nil {
		return fmt.Errorf("expire: %w", err)
	}
	var errs []error
	for _, m := range models {
		if m.Deleted.IsZero() || len(m.Kept) == 0 {
			continue
		}
		if _, err := p.event(ctx, m.ID, Expired{}); err != nil {
			errs = append(errs, fmt.Errorf("expire %s: %w", m.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (p *Pipeline) event(ctx context.Context, id string, e Event) (Outcome, error) {
	return p.run(ctx, id, func(context.Context, Status) (Event, string, error) { return e, "", nil })
}

// A beginFunc makes an event of what is known of a model, and the id of the deployment that begins with it; no event, if
// nothing is to be done. It is called again when somebody else changes the model before the event is written down: what was
// true before may not be any more.
type beginFunc func(ctx context.Context, known Status) (e Event, deployment string, err error)

func (p *Pipeline) run(ctx context.Context, id string, begin beginFunc) (Outcome, error) {
	return p.runUntil(ctx, id, begin, func() {})
}

// runUntil lets begin make an event in the model's lane, handles it there, and calls end. It returns when the deployment of that id has
// ended, or everything has if there is none, or when patience is over. What has begun goes on when the caller goes away;
// what waits for its turn does so only if patience was over first, since the caller was told so then.
func (p *Pipeline) runUntil(ctx context.Context, id string, begin beginFunc, end func()) (Outcome, error) {
	type answer struct {
		Outcome
		err error
	}
	answered, begun := make(chan answer, 1), new(atomic.Pointer[string])
	lasting, done := p.lasting(ctx)
	waiting, forget := context.WithCancel(lasting) // not ctx: a caller who was told to come back later goes away
	p.background.Go(func() {
		defer done()
		defer forget()
		defer end()
		leave := p.lanes.enter(id)
		defer leave()
		h := handling{p: p, id: id, ended: func(o Outcome) { answered <- answer{Outcome: o} }}
		err := h.handle(lasting, func(s Status) (e Event, err error) {
			if err = waiting.Err(); err == nil {
				e, h.deployment, err = begin(waiting, s)
			}
			if deployment := h.deployment; err == nil && e != nil {
				begun.Store(&deployment)
			}
			return e, err
		})
		if !h.told {
			answered <- answer{Outcome: h.last, err: err}
		} else if err != nil {
			p.Log.Error("a deployment left something undone", slog.String("model", id), slog.String("cause", err.Error()))
		}
	})
	timer := time.NewTimer(p.Patience)
	defer timer.Stop()
	select {
	case a := <-answered:
		return a.Outcome, a.err
	case <-ctx.Done():
		forget()
		return Outcome{}, ctx.Err()
	case <-timer.C:
		p.background.Go(func() {
			if a := <-answered; a.err != nil {
				p.Log.Error("a deployment that nobody waits for any more has ended early", slog.String("model", id), slog.String("cause", a.err.Error()))
			}
		})
		if deployment := begun.Load(); deployment != nil {
			return p.soFar(lasting, id, *deployment)
		}
		return Outcome{Deployment: Deployment{Model: id}}, nil // others are before it
	}
}

// lasting is a context for what goes on when the caller goes away.
func (p *Pipeline) lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	lasting := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok && p.Ends {
		return context.WithDeadline(lasting, deadline)
	}
	return lasting, func() {}
}

// turn is this process's, now, with the effect that is answered.
func (p *Pipeline) turn(ctx context.Context, t Turn) Turn {
	t.At, t.Worker, t.Keep = p.Now(), p.Worker, p.Keep
	if deadline, ok := ctx.Deadline(); ok && p.Ends {
		t.Until = deadline
	}
	return t
}

// newID gives the id of a deployment that is about to begin. It is greater than those of the model before, whatever the
// clock does.
func (p *Pipeline) newID(m Model) string {
	at := p.Now()
	if at.Before(m.Updated) {
		at = m.Updated
	}
	return p.ID(at)
}

// soFar gives a deployment that may not have ended.
func (p *Pipeline) soFar(ctx context.Context, id, deployment string) (Outcome, error) {
	known, err := p.Known(ctx, id)
	if err != nil || deployment == "" {
		return Outcome{Model: known}, err
	}
	d, err := p.Store.Deployment(ctx, id, deployment)
	if errors.Is(err, catalog.ErrNotFound) {
		d, err = Deployment{Model: id, ID: deployment, State: Received}, nil // it is about to be written down
	}
	return Outcome{Deployment: d, Model: known}, err
}

// handling is the handling of one event and all that follows from it.
type handling struct {
	p          *Pipeline
	id         string
	deployment string // of which the caller waits for the end
	ended      func(Outcome)
	told       bool
	open       bool // a deployment is
	last       Outcome
}

// maxConflicts is how often a transition is decided anew because somebody else was faster.
const maxConflicts = 20

// How long a change waits for another one that somebody else is at: ten minutes in all, as long as a process that has ended
// in the middle can keep others from going on.
const (
	busyPause = time.Second / 4 // the first time, and then twice as long each time
	longPause = 5 * time.Second
	maxPauses = 120
)

// handle handles the event that begin makes and all that follows from it.
func (h *handling) handle(ctx context.Context, begin func(Status) (Event, error)) error {
	var e Event // the answer of an effect; nil: none was done
	turn := Turn{}
	pauses := 0
	for conflicts := 0; ; {
		s, err := h.p.Store.Status(ctx, h.id)
		if err != nil {
			return err
		}
		asked := e
		if asked == nil {
			if asked, err = begin(s); err != nil || asked == nil {
				return err
			}
		}
		t, effects, err := Next(s, asked, h.p.turn(ctx, turn))
		if errors.Is(err, ErrBusy) {
			if err := h.resume(ctx); err != nil {
				return err
			}
			if pauses++; pauses > maxPauses {
				return ErrBusy
			}
			if err := h.p.Pause(ctx, min(busyPause<<min(pauses-1, 5), longPause)); err != nil { // another process may be at it
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if t.Model.ID != "" {
			err := h.p.Store.Commit(ctx, t)
			if errors.Is(err, ErrConflict) && conflicts < maxConflicts {
				conflicts++
				continue
			}
			if err != nil {
				return err
			}
			h.tell(t)
			s.Model = t.Model
		}
		if len(effects) == 0 {
			return nil
		}
		h.open = s.Model.Open != ""
		turn.Effect, turn.Rev = effects[0], s.Model.Rev
		if e, err = h.perform(ctx, turn); err != nil {
			return err
		}
	}
}

// resume goes on with what is unfinished of the model.
func (h *handling) resume(ctx context.Context) error {
	before := &handling{p: h.p, id: h.id, ended: func(Outcome) {}}
	return before.handle(ctx, func(Status) (Event, error) { return Resumed{}, nil })
}

// tell tells the caller when the deployment has ended, and the log when any has.
func (h *handling) tell(t Transition) {
	for _, d := range t.Deployments {
		if d.State.Final() {
			h.p.logEnd(d)
		}
		if d.ID != h.deployment {
			continue
		}
		h.last = Outcome{Deployment: d, Model: t.Model}
		if d.State.Final() && !h.told {
			h.told = true
			h.ended(h.last)
		}
	}
}

func (p *Pipeline) logEnd(d Deployment) {
	attributes := []any{slog.String("model", d.Model), slog.String("deployment", d.ID), slog.String("kind", string(d.Kind)),
		slog.String("state", string(d.State)), slog.Int("version", d.Version), slog.String("actor", d.By.Actor)}
	switch {
	case d.Rejection != nil:
		p.Log.Warn("rejected", append(attributes, slog.String("cause", d.Rejection.Message))...)
	case d.State == Failed:
		p.Log.Error("failed", append(attributes, slog.String("cause", d.Failure))...)
	default:
		p.Log.Info("deployment", attributes...)
	}
}

// perform does the effect of a turn and gives its answer.
func (h *handling) perform(ctx context.Context, turn Turn) (Event, error) {
	effect := turn.Effect
	e, err := h.p.do(ctx, turn)
	switch {
	case err == nil:
		return e, nil
	case errors.Is(err, ErrUnpublished) && h.open && publishes(effect):
		return WasUnpublished{}, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err() // this process is about to end: another one goes on
	}
	h.p.Log.Warn("an effect failed", slog.String("model", h.id), slog.String("effect", fmt.Sprintf("%T", effect)), slog.String("cause", err.Error()))
	if err := h.p.Pause(ctx, time.Second/4); err != nil {
		return nil, err
	}
	return WasFailed{Effect: effect, Cause: err.Error()}, nil
}

// do does an effect. A mistake of ours that a document brings to light ends its deployment, not the process in which all
// other models run.
func (p *Pipeline) do(ctx context.Context, turn Turn) (answer Event, err error) {
	defer func() {
		if mistake := recover(); mistake != nil {
			p.Log.Error("a mistake in this program", slog.Any("panic", mistake), slog.String("stack", string(debug.Stack())))
			answer, err = nil, fmt.Errorf("a mistake in this program: %v", mistake)
		}
	}()
	switch e := turn.Effect.(type) {
	case Check:
		return p.check(ctx, e)
	case Compile:
		return p.compile(ctx, e)
	case Verify:
		return p.verify(ctx, e)
	case Pack:
		return p.pack(ctx, e)
	case Publish:
		name, err := p.Runtime.Publish(ctx, e.Version, e.Model)
		return WasPublished{name}, err
	case Smoke:
		return p.smoke(ctx, e)
	case Switch:
		if err := p.keepSnapshot(ctx, e.Version.Model, WasSwitched{}, turn); err != nil {
			return nil, err
		}
		return WasSwitched{}, p.Runtime.Switch(ctx, e.Version, e.Model)
	case Stop:
		if err := p.keepSnapshot(ctx, e.Model.ID, WasStopped{}, turn); err != nil {
			return nil, err
		}
		return WasStopped{}, p.Runtime.Stop(ctx, e.Model)
	case Collect:
		for _, n := range e.Versions {
			if err := p.Artifacts.Remove(ctx, e.Model.ID, n); err != nil {
				return nil, err
			}
		}
		return WasCollected{e.Versions}, p.Runtime.Collect(ctx, e.Model, e.Keep)
	}
	return nil, fmt.Errorf("there is no effect %T", turn.Effect)
}

// lanes let one goroutine at a time work on a model, in the order in which they came.
type lanes struct {
	mu   sync.Mutex
	tail map[string]chan struct{} // closed when the last in the lane is through
}

// busy says that somebody is in a lane.
func (l *lanes) busy(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tail[id] != nil
}

func (l *lanes) enter(id string) (leave func()) {
	mine := make(chan struct{})
	l.mu.Lock()
	if l.tail == nil {
		l.tail = map[string]chan struct{}{}
	}
	before := l.tail[id]
	l.tail[id] = mine
	l.mu.Unlock()
	if before != nil {
		<-before
	}
	return func() {
		close(mine)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.tail[id] == mine {
			delete(l.tail, id)
		}
	}
}
