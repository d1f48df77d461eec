package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/command"
	"github.com/handoff-pmml/handoff/internal/aws/function"
	"github.com/handoff-pmml/handoff/internal/aws/gateway"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/rest"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

const stage = "local"

// newAPI makes functions/api's handler over the store, which stands for table, buckets and functions.
func newAPI(store *local.Server, a *gateway.Authorization) (*gateway.Front, error) {
	var previews sync.Map // documents by key
	commands := command.Client{
		Invoke: func(ctx context.Context, payload []byte) ([]byte, error) {
			return command.Serve(ctx, store.Pipeline, func(_ context.Context, key string) (io.ReadCloser, error) {
				kept, found := previews.LoadAndDelete(key)
				if !found {
					return nil, deploy.ErrGone
				}
				return io.NopCloser(bytes.NewReader(kept.([]byte))), nil
			}, payload)
		},
		Keep: func(_ context.Context, id string, document io.Reader) (string, error) {
			text, err := io.ReadAll(document)
			previews.Store(id, text)
			return id, err
		},
	}
	remote := gateway.NewRemote(gateway.RemoteConfig{
		Store: store.Pipeline.Store, Objects: uploads{store.Pipeline}, Artifacts: store.Pipeline.Artifacts, Addresses: noAddresses{}, Commands: commands,
		Pause: func(context.Context, time.Duration) error { time.Sleep(5 * time.Millisecond); return nil },
	})
	return gateway.New(gateway.Config{Stage: stage, Invoke: functions{store}.invoke, Authorization: a, Remote: remote, Log: quiet})
}

// uploads tell the pipeline of what was put, as S3 does: later, and without being asked.
type uploads struct{ p *deploy.Pipeline }

func (u uploads) Receive(ctx context.Context, body io.Reader) (deploy.Body, error) {
	return u.p.Objects.Receive(ctx, body)
}

func (u uploads) Head(ctx context.Context, key string) (deploy.Object, error) {
	return u.p.Objects.Head(ctx, key)
}

func (u uploads) Put(ctx context.Context, key string, body deploy.Body, m deploy.Metadata) (deploy.Object, error) {
	object, err := u.p.Objects.Put(ctx, key, body, m)
	if err == nil {
		go u.p.Look(context.WithoutCancel(ctx), key, m.By) //nolint:errcheck // its end is in the history
	}
	return object, err
}

// functions are those of the models that are live.
type functions struct{ store *local.Server }

func (f functions) invoke(ctx context.Context, name string, payload []byte) ([]byte, string, error) {
	models, err := f.store.Models(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, m := range models {
		if lambda.FunctionName(stage, m.ID)+":"+lambda.Alias == name {
			one := alone{f.store, m.ID}
			answer, err := function.NewHandler(rest.New(rest.Config{Models: one, Scorers: one, Log: quiet}), m.ID).Invoke(ctx, payload)
			return answer, "", err
		}
	}
	return nil, "", notFound{}
}

// notFound is Lambda's error for a function that is not there.
type notFound struct{}

func (notFound) Error() string     { return "Function not found" }
func (notFound) ErrorCode() string { return "ResourceNotFoundException" }

// alone is a catalog of one of the store's models.
type alone struct {
	store *local.Server
	id    string
}

func (a alone) Models(ctx context.Context) ([]catalog.Model, error) {
	m, err := a.store.Model(ctx, a.id)
	return []catalog.Model{m}, err
}

func (a alone) Model(ctx context.Context, id string) (catalog.Model, error) {
	if id != a.id {
		return catalog.Model{}, catalog.ErrNotFound
	}
	return a.store.Model(ctx, id)
}

func (a alone) Scorer(ctx context.Context, id string) (*scoring.Model, error) {
	if id != a.id {
		return nil, catalog.ErrNotFound
	}
	return a.store.Scorer(ctx, id)
}

func (alone) Accessed(context.Context, string, time.Time) {}

// noAddresses gives no address: there is no bucket that could be reached.
type noAddresses struct{}

func (noAddresses) Presign(_ context.Context, key string, _ deploy.Metadata, _ time.Duration) (string, map[string]string, error) {
	return "", nil, fmt.Errorf("%s has no address here", key)
}

func (noAddresses) PresignGet(_ context.Context, key, _ string, _ time.Duration) (string, error) {
	return "", fmt.Errorf("%s has no address here", key)
}
