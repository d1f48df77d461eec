package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// A Client asks functions/deploy. Its methods are those of deploy.Pipeline, and have the same errors.
type Client struct {
	// Invoke sends a payload to the function and gives its answer. It is an error if the function crashed.
	Invoke func(ctx context.Context, payload []byte) ([]byte, error)
	// Keep keeps a document that is to be previewed, under a key with this id, which nobody else has; it gives the key. What
	// the reader answers is handed on.
	Keep func(ctx context.Context, id string, document io.Reader) (key string, err error)
	// Patience is how long a change is waited for: then its outcome is pending. 0: as long as the context lasts.
	Patience time.Duration
}

// Rollback makes an earlier version live, as deploy.Pipeline.Rollback.
func (c Client) Rollback(ctx context.Context, id string, to int, by deploy.By) (deploy.Outcome, error) {
	return c.change(ctx, id, Request{Rollback: &Rollback{id, to, by}})
}

// Undeploy takes a model out of service, as deploy.Pipeline.Undeploy.
func (c Client) Undeploy(ctx context.Context, id string, by deploy.By) (deploy.Outcome, error) {
	return c.change(ctx, id, Request{Undeploy: &Undeploy{id, by}})
}

// Report compares two versions, as deploy.Pipeline.Report.
func (c Client) Report(ctx context.Context, id string, version, against int) (deploy.Report, error) {
	return c.report(ctx, Request{Report: &Report{id, version, against}})
}

// Preview says what would be different if a document were deployed, as deploy.Pipeline.Preview.
func (c Client) Preview(ctx context.Context, id string, document io.Reader, m deploy.Metadata) (deploy.Report, error) {
	key, err := c.Keep(ctx, deploy.NewID(time.Now()), document)
	if err != nil {
		return deploy.Report{}, fmt.Errorf("preview %s: %w", id, err)
	}
	return c.report(ctx, Request{Preview: &Preview{id, key, m}})
}

// change asks for a change. The function goes on with it when nobody waits any more.
func (c Client) change(ctx context.Context, id string, r Request) (deploy.Outcome, error) {
	waiting := ctx
	if c.Patience > 0 {
		patient, cancel := context.WithTimeout(ctx, c.Patience)
		defer cancel()
		waiting = patient
	}
	a, err := c.ask(waiting, r)
	switch {
	case err != nil && waiting.Err() != nil && ctx.Err() == nil:
		return deploy.Outcome{Deployment: deploy.Deployment{Model: id}}, nil
	case err != nil:
		return deploy.Outcome{}, err
	}
	var o deploy.Outcome
	if a.Outcome != nil {
		o = deploy.Outcome(*a.Outcome)
	} else if a.Error == nil {
		return o, errors.New("the function deploy has answered a change without an outcome")
	}
	return o, a.Error.Err(o)
}

func (c Client) report(ctx context.Context, r Request) (deploy.Report, error) {
	a, err := c.ask(ctx, r)
	switch {
	case err != nil:
		return deploy.Report{}, err
	case a.Error != nil:
		return deploy.Report{}, a.Error.Err(deploy.Outcome{})
	case a.Report == nil:
		return deploy.Report{}, errors.New("the function deploy has answered without a report")
	}
	return *a.Report, nil
}

func (c Client) ask(ctx context.Context, r Request) (Answer, error) {
	payload, err := json.Marshal(Envelope{&r})
	if err != nil {
		return Answer{}, fmt.Errorf("command: %w", err)
	}
	answer, err := c.Invoke(ctx, payload)
	if err != nil {
		return Answer{}, fmt.Errorf("invoke the function deploy: %w", err)
	}
	var a Answer
	if err := json.Unmarshal(answer, &a); err != nil {
		return Answer{}, fmt.Errorf("answer of the function deploy: %w", err)
	}
	return a, nil
}
