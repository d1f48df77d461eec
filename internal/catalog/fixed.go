package catalog

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// Fixed is a catalog of compiled models that is filled once and then never changes: Models and Scorers without a store
// behind them, as a function on AWS has it.
type Fixed struct {
	models map[string]*fixedModel
}

type fixedModel struct {
	Model
	scorer   *scoring.Model
	accessed atomic.Int64 // Unix time in milliseconds; 0: never
}

// Add opens a compiled model and puts it into the catalog. The model's id must be valid and new; what is known of its
// document (Size, Checksum, Created) is shown as given.
func (f *Fixed) Add(m Model, compiled []byte) error {
	if !ValidID(m.ID) || f.models[m.ID] != nil {
		return fmt.Errorf("add model %q: the id is not valid, or not new", m.ID)
	}
	opened, err := evaluator.Open(compiled)
	if err != nil {
		return fmt.Errorf("add model %q: %w", m.ID, err)
	}
	m.Schema = opened.Schema()
	if f.models == nil {
		f.models = map[string]*fixedModel{}
	}
	f.models[m.ID] = &fixedModel{Model: m, scorer: scoring.New(opened).Of(m.Version, m.Checksum)}
	return nil
}

func (m *fixedModel) now() Model {
	known := m.Model
	if at := m.accessed.Load(); at != 0 {
		known.Accessed = time.UnixMilli(at)
	}
	return known
}

// Models gives all models.
func (f *Fixed) Models(context.Context) ([]Model, error) {
	all := make([]Model, 0, len(f.models))
	for _, m := range f.models {
		all = append(all, m.now())
	}
	Sort(all)
	return all, nil
}

// Model gives one model.
func (f *Fixed) Model(_ context.Context, id string) (Model, error) {
	if m := f.models[id]; m != nil {
		return m.now(), nil
	}
	return Model{}, ErrNotFound
}

// Accessed records when a model was scored.
func (f *Fixed) Accessed(_ context.Context, id string, at time.Time) {
	if m := f.models[id]; m != nil {
		m.accessed.Store(at.UnixMilli())
	}
}

// Scorer gives one model to score with.
func (f *Fixed) Scorer(_ context.Context, id string) (*scoring.Model, error) {
	if m := f.models[id]; m != nil {
		return m.scorer, nil
	}
	return nil, ErrNotFound
}
