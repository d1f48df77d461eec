// Package process runs live versions in this process: what Lambda functions are on AWS.
package process

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// A Runtime holds the live version of each model, ready to score. It implements deploy.Runtime, catalog.Models and
// catalog.Scorers, and may be used by many goroutines.
type Runtime struct {
	artifacts deploy.Artifacts
	compile   deploy.CompileFunc
	log       *slog.Logger

	mu     sync.RWMutex // guards the maps, and is never held for long
	models map[string]*live
	ready  map[string]*live // published last, and not yet live
}

// A live is a version that answers requests. It never changes but for the time of its last use; whoever scores with it
// goes on undisturbed when another one takes its place.
type live struct {
	catalog.Model
	scorer   *scoring.Model
	accessed atomic.Int64 // Unix time in milliseconds; 0: never since it went live
}

// New makes a Runtime without models. Compiled forms that are damaged or of another version of Handoff are made again by
// compile.
func New(artifacts deploy.Artifacts, compile deploy.CompileFunc, log *slog.Logger) *Runtime {
	return &Runtime{artifacts: artifacts, compile: compile, log: log, models: map[string]*live{}, ready: map[string]*live{}}
}

// Pack makes nothing: this process runs compiled forms as they are.
func (r *Runtime) Pack(context.Context, deploy.Version) (deploy.Package, error) {
	return deploy.Package{}, nil
}

// Publish opens a version, so that Switch has nothing left to do that could fail.
func (r *Runtime) Publish(ctx context.Context, v deploy.Version, _ deploy.Model) (string, error) {
	m, err := r.load(ctx, v)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	r.ready[v.Model] = m
	r.mu.Unlock()
	return strconv.Itoa(v.Number), nil
}

// Invoke has the version answer that was published last.
func (r *Runtime) Invoke(ctx context.Context, v deploy.Version, body []byte) ([]byte, error) {
	m := r.find(v)
	if m == nil {
		return nil, deploy.ErrUnpublished
	}
	answer, _, err := m.scorer.Batch(&scoring.Job{Context: ctx, Body: body})
	return answer, err
}

// find gives a version that is open, or nil.
func (r *Runtime) find(v deploy.Version) *live {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, m := range []*live{r.ready[v.Model], r.models[v.Model]} {
		if m != nil && m.Version == v.Number && m.Checksum == v.Document.Checksum {
			return m
		}
	}
	return nil
}

// Switch makes a version answer all requests of its model from now on.
func (r *Runtime) Switch(ctx context.Context, v deploy.Version, _ deploy.Model) error {
	m := r.find(v)
	if m == nil { // of an earlier process, or an earlier version
		var err error
		if m, err = r.load(ctx, v); err != nil {
			return err
		}
	}
	r.mu.Lock()
	r.models[v.Model] = m
	delete(r.ready, v.Model)
	r.mu.Unlock()
	return nil
}

func (r *Runtime) load(ctx context.Context, v deploy.Version) (*live, error) {
	opened, err := r.open(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("open version %d of %s: %w", v.Number, v.Model, err)
	}
	return &live{
		Model: catalog.Model{
			ID: v.Model, Version: v.Number, Schema: opened.Schema(), Size: v.Document.Size, Checksum: v.Document.Checksum,
			Created: v.Created,
		},
		scorer: scoring.New(opened).Of(v.Number, v.Document.Checksum),
	}, nil
}

// Stop lets nothing answer for a model any more.
func (r *Runtime) Stop(_ context.Context, m deploy.Model) error {
	r.mu.Lock()
	delete(r.models, m.ID)
	delete(r.ready, m.ID)
	r.mu.Unlock()
	return nil
}

// Collect lets go of a version that was published, and is not to be kept.
func (r *Runtime) Collect(_ context.Context, m deploy.Model, keep []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ready := r.ready[m.ID]; ready != nil && !slices.Contains(keep, strconv.Itoa(ready.Version)) {
		delete(r.ready, m.ID)
	}
	return nil
}

// open opens a version's compiled form, and makes it anew if it is of no use.
func (r *Runtime) open(ctx context.Context, v deploy.Version) (*evaluator.Model, error) {
	compiled, err := r.read(ctx, v, deploy.CompiledFile)
	if err == nil {
		var opened *evaluator.Model
		if opened, err = evaluator.Open(compiled); err == nil {
			return opened, nil
		}
	}
	r.log.Warn("compiling a version again", slog.String("model", v.Model), slog.Int("version", v.Number), slog.String("cause", err.Error()))
	if compiled, err = r.compileAgain(ctx, v); err != nil {
		return nil, err
	}
	if err := r.artifacts.Put(ctx, v.Model, v.Number, deploy.CompiledFile, bytes.NewReader(compiled)); err != nil {
		r.log.Warn("cannot keep a compiled form", slog.String("model", v.Model), slog.Int("version", v.Number), slog.String("cause", err.Error()))
	}
	return evaluator.Open(compiled)
}

// compileAgain compiles a version's document, if it is still the one that was uploaded.
func (r *Runtime) compileAgain(ctx context.Context, v deploy.Version) ([]byte, error) {
	document, _, err := r.artifacts.Get(ctx, v.Model, v.Number, deploy.DocumentFile)
	if err != nil {
		return nil, err
	}
	defer document.Close()
	sum := sha256.New()
	text := io.TeeReader(document, sum)
	compiled, err := r.compile(ctx, text, v.ModelName)
	if _, restErr := io.Copy(io.Discard, text); restErr != nil {
		return nil, restErr
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != v.Document.Checksum {
		return nil, fmt.Errorf("the document is damaged: its SHA-256 is %s, and was %s when it was uploaded", got, v.Document.Checksum)
	}
	return compiled, err
}

func (r *Runtime) read(ctx context.Context, v deploy.Version, name string) ([]byte, error) {
	file, size, err := r.artifacts.Get(ctx, v.Model, v.Number, name)
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	_, err = io.Copy(b, file)
	return b.Bytes(), errors.Join(err, file.Close())
}

// now gives what is known of the model at this moment.
func (m *live) now() catalog.Model {
	known := m.Model
	if at := m.accessed.Load(); at != 0 {
		known.Accessed = time.UnixMilli(at)
	}
	return known
}

func (r *Runtime) model(id string) (*live, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if m := r.models[id]; m != nil {
		return m, nil
	}
	return nil, catalog.ErrNotFound
}

// Models gives all live models.
func (r *Runtime) Models(context.Context) ([]catalog.Model, error) {
	r.mu.RLock()
	all := make([]catalog.Model, 0, len(r.models))
	for _, m := range r.models {
		all = append(all, m.now())
	}
	r.mu.RUnlock()
	catalog.Sort(all)
	return all, nil
}

// Model gives one live model.
func (r *Runtime) Model(_ context.Context, id string) (catalog.Model, error) {
	m, err := r.model(id)
	if err != nil {
		return catalog.Model{}, err
	}
	return m.now(), nil
}

// Accessed records when a model was used.
func (r *Runtime) Accessed(_ context.Context, id string, at time.Time) {
	if m, err := r.model(id); err == nil {
		m.accessed.Store(at.UnixMilli())
	}
}

// Used gives when each model was last used, as far as it was since it went live.
func (r *Runtime) Used() map[string]time.Time {
	r.mu.RLock()
	defer r.mu.RUnlock()
	used := map[string]time.Time{}
	for id, m := range r.models {
		if at := m.accessed.Load(); at != 0 {
			used[id] = time.UnixMilli(at)
		}
	}
	return used
}

// Scorer gives the live version of a model.
func (r *Runtime) Scorer(_ context.Context, id string) (*scoring.Model, error) {
	m, err := r.model(id)
	if err != nil {
		return nil, err
	}
	return m.scorer, nil
}
