package uploads_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/uploads"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

const bucket = "handoff-test-uploads"

// pipeline remembers what it is asked, and answers by its functions: nil ones have nothing to say.
type pipeline struct {
	look   func(ctx context.Context, key string) (deploy.Outcome, error)
	resume func(ctx context.Context) error
	expire func(ctx context.Context) error
	wait   func()

	mu     sync.Mutex
	asked  []string
	waited atomic.Int32
}

func (p *pipeline) ask(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, fmt.Sprintf(format, args...))
}

func (p *pipeline) Look(ctx context.Context, key string, by deploy.By) (deploy.Outcome, error) {
	p.ask("look at %s for %s", key, by.Actor)
	if p.look == nil {
		return deploy.Outcome{}, nil
	}
	return p.look(ctx, key)
}

func (p *pipeline) Resume(ctx context.Context) error {
	p.ask("resume")
	if p.resume == nil {
		return nil
	}
	return p.resume(ctx)
}

func (p *pipeline) Expire(ctx context.Context) error {
	p.ask("expire")
	if p.expire == nil {
		return nil
	}
	return p.expire(ctx)
}

func (p *pipeline) Wait() {
	p.waited.Add(1)
	if p.wait != nil {
		p.wait()
	}
}

func (p *pipeline) Rollback(_ context.Context, id string, to int, by deploy.By) (deploy.Outcome, error) {
	p.ask("roll back %s to %d for %s because %s", id, to, by.Actor, by.Reason)
	return deploy.Outcome{}, fmt.Errorf("roll back %s: %w", id, &deploy.RefusedError{Message: "version 1 is live"})
}

func (p *pipeline) Undeploy(_ context.Context, id string, by deploy.By) (deploy.Outcome, error) {
	p.ask("undeploy %s for %s", id, by.Actor)
	return deploy.Outcome{}, catalog.ErrNotFound
}

func (p *pipeline) Report(_ context.Context, id string, version, against int) (deploy.Report, error) {
	p.ask("report on %s %d against %d", id, version, against)
	return deploy.Report{Model: id, Warnings: []string{"unverified"}}, nil
}

func (p *pipeline) Preview(_ context.Context, id string, document io.Reader, m deploy.Metadata) (deploy.Report, error) {
	text, err := io.ReadAll(document)
	p.ask("preview %s with %s, otherwise %s", id, text, m.Otherwise)
	return deploy.Report{Model: id}, err
}

// handler gives a handler of a pipeline.
func handler(t *testing.T, p *pipeline, change func(*uploads.Config)) *uploads.Handler {
	t.Helper()
	c := uploads.Config{Pipeline: p, Bucket: bucket, Preview: func(_ context.Context, key string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("the document under " + key)), nil
	}}
	if change != nil {
		change(&c)
	}
	return uploads.NewHandler(c)
}

// sorted gives what a pipeline was asked, in an order that does not depend on who was first.
func (p *pipeline) sorted() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(slices.Values(p.asked))
}
