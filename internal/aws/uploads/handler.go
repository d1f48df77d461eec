package uploads

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/command"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// A Pipeline is who deploys. *deploy.Pipeline is one.
type Pipeline interface {
	command.Pipeline
	Look(ctx context.Context, key string, by deploy.By) (deploy.Outcome, error)
	Resume(ctx context.Context) error
	Expire(ctx context.Context) error
	Wait()
}

// Config says what a Handler stands on.
type Config struct {
	Pipeline Pipeline
	Bucket   string                                                       // of the uploads: others are none of our business
	Preview  func(ctx context.Context, key string) (io.ReadCloser, error) // reads a document that a command names

	Models int              // models that are looked at in one batch at the same time; 0: 4
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: none
}

// A Handler does what functions/deploy is invoked for. Lambda gives it one invocation at a time.
type Handler struct {
	Config

	mu      sync.Mutex
	expired time.Time // when Expire was through last
}

var _ lambda.Handler = (*Handler)(nil)

// NewHandler gives a Handler.
func NewHandler(c Config) *Handler {
	if c.Models == 0 {
		c.Models = 4
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Handler{Config: c}
}

const (
	// ending is what is left of an invocation when everything in it must end: time for an answer, without which a whole
	// batch would come again.
	ending = time.Second
	// least is how long an invocation must last yet for anything to be begun in it.
	least = 5 * time.Second
	// expiring is how long Expire may take: Resume is more urgent.
	expiring = 20 * time.Second
	// expireEvery is how often Expire is called. It reads all models, and nothing expires to the hour.
	expireEvery = time.Hour
)

// Invoke does what an event says. For a batch it answers which messages must come again; of any other event, an error says
// that it must. Everything that it begins has ended when it returns: Lambda stops the process then.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		lasting, cancel := context.WithDeadline(ctx, deadline.Add(-ending))
		defer cancel()
		ctx = lasting
	}
	defer h.Pipeline.Wait()
	e, err := Parse(payload)
	switch e.Kind {
	case Queue:
		if err != nil {
			return nil, err
		}
		return h.batch(ctx, e.Messages)
	case Objects:
		return done(errors.Join(err, h.objects(ctx, e.Hints)))
	case Schedule:
		return done(h.schedule(ctx))
	case Command:
		return command.Serve(ctx, h.Pipeline, h.Preview, payload)
	}
	return nil, err
}

func done(err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return []byte("{}"), nil
}

// batch looks at what the messages tell of, each key once, and answers which messages must come again. A message that
// cannot be read comes again until it lies in the dead-letter queue, where somebody will read it.
func (h *Handler) batch(ctx context.Context, messages []Message) ([]byte, error) {
	var hints []Hint
	for _, m := range messages {
		hints = append(hints, m.Hints...)
	}
	failed := h.look(ctx, hints)
	answer := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range messages {
		err := errors.Join(append(failuresOf(m.Hints, failed), m.Err)...)
		if err == nil {
			continue
		}
		h.Log.Error("a message must come again", slog.String("message", m.ID), slog.String("cause", err.Error()))
		answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.ID})
	}
	encoded, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("answer of a batch: %w", err)
	}
	return encoded, nil
}

// objects looks at what an event tells of that came by no queue.
func (h *Handler) objects(ctx context.Context, hints []Hint) error {
	return errors.Join(failuresOf(hints, h.look(ctx, hints))...)
}

// failuresOf gives the failures of the hints' keys, each once.
func failuresOf(hints []Hint, failed map[place]error) []error {
	var errs []error
	told := map[place]bool{}
	for _, hint := range hints {
		at := placeOf(hint)
		if err := failed[at]; err != nil && !told[at] {
			told[at] = true
			errs = append(errs, fmt.Errorf("%s: %w", at.key, err))
		}
	}
	return errs
}

// schedule goes on with what others have left: it is what makes up for events that were lost, and for invocations that
// ended in the middle.
func (h *Handler) schedule(ctx context.Context) error {
	return errors.Join(h.expire(ctx), h.Pipeline.Resume(ctx))
}

func (h *Handler) expire(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.Now()
	if !h.expired.IsZero() && now.Sub(h.expired) < expireEvery {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, expiring)
	defer cancel()
	err := h.Pipeline.Expire(ctx)
	if err == nil {
		h.expired = now
	}
	return err
}
