// Package local has the adapters of a server on one machine: documents, compiled forms and metadata in a folder, and
// the models themselves in this process. What was acknowledged is there again after a restart.
package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// A Store keeps deployed models in a folder and runs them in this process. It implements all interfaces of package
// catalog and may be used by many goroutines.
type Store struct {
	Strict bool // documents that are deployed are checked strictly; set it before the first one

	folder    *folder
	log       *slog.Logger
	compiling chan struct{} // taken while a document is compiled: it takes memory

	deploying sync.Mutex   // held while what is deployed changes
	mu        sync.RWMutex // guards models, and is never held for long
	models    map[string]*model
	rejected  rejections
}

// A model is one version of a deployed model. It never changes but for the time of its last use; a deployment replaces
// it as a whole, and whoever scores with it goes on undisturbed.
type model struct {
	catalog.Model
	entry    entry
	scorer   *scoring.Model
	accessed atomic.Int64 // Unix time in milliseconds; 0: never
}

// An entry is what is written down of a deployed model.
type entry struct {
	ID        string    `json:"id"`
	ModelName string    `json:"modelName,omitempty"` // as it was asked for at the deployment
	Size      int64     `json:"size"`
	Checksum  string    `json:"checksum"` // of the document
	Created   time.Time `json:"created"`
	Accessed  time.Time `json:"accessed,omitzero"`
}

func (e *entry) compiledName() string { return compiledName(e.Checksum, e.ModelName) }

// Open opens the data folder, which is made if there is none, with all models in it. A compiled form that is damaged or
// of another version is made anew from its document. A model that cannot be opened at all is told to the log and left
// out.
func Open(dir string, log *slog.Logger) (*Store, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	s := &Store{folder: f, log: log, compiling: make(chan struct{}, 2), models: map[string]*model{}}
	names, err := f.names(modelsDir)
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	for _, name := range names {
		m, err := s.load(name)
		if err != nil {
			log.Error("cannot open a deployed model", slog.String("file", name), slog.String("cause", err.Error()))
			continue
		}
		s.models[m.ID] = m
	}
	return s, nil
}

// load opens one model.
func (s *Store) load(name string) (*model, error) {
	data, err := s.folder.root.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var e entry
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	if !catalog.ValidID(e.ID) || modelName(e.ID) != name {
		return nil, errors.New("the file is not about the model that its name says")
	}
	opened, err := s.open(&e)
	if err != nil {
		return nil, err
	}
	return newModel(e, opened), nil
}

// open opens the compiled form of a model, and makes it again if it is of no use.
func (s *Store) open(e *entry) (*evaluator.Model, error) {
	compiled, err := s.folder.root.ReadFile(e.compiledName())
	if err == nil {
		var opened *evaluator.Model
		if opened, err = evaluator.Open(compiled); err == nil {
			return opened, nil
		}
	}
	s.log.Warn("compiling a deployed model again", slog.String("model", e.ID), slog.String("cause", err.Error()))
	document, err := s.folder.root.Open(documentName(e.Checksum))
	if err != nil {
		return nil, err
	}
	defer document.Close()
	compiled, opened, err := s.compile(document, compile.Options{ModelName: e.ModelName})
	if err != nil {
		return nil, err
	}
	if err := s.folder.write(e.compiledName(), compiled); err != nil {
		s.log.Warn("cannot keep a compiled model", slog.String("model", e.ID), slog.String("cause", err.Error()))
	}
	return opened, nil
}

func newModel(e entry, opened *evaluator.Model) *model {
	m := &model{
		Model: catalog.Model{
			ID: e.ID, Schema: opened.Schema(), Size: e.Size, Checksum: e.Checksum, Created: e.Created,
		},
		entry:  e,
		scorer: scoring.New(opened),
	}
	if !e.Accessed.IsZero() {
		m.accessed.Store(e.Accessed.UnixMilli())
	}
	return m
}

// now gives what is known of the model at this moment.
func (m *model) now() catalog.Model {
	known := m.Model
	if at := m.accessed.Load(); at != 0 {
		known.Accessed = time.UnixMilli(at)
	}
	return known
}

func (s *Store) model(id string) (*model, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.models[id]; m != nil {
		return m, nil
	}
	return nil, catalog.ErrNotFound
}

// Models gives all deployed models.
func (s *Store) Models(context.Context) ([]catalog.Model, error) {
	s.mu.RLock()
	all := make([]catalog.Model, 0, len(s.models))
	for _, m := range s.models {
		all = append(all, m.now())
	}
	s.mu.RUnlock()
	catalog.Sort(all)
	return all, nil
}

// Model gives one model.
func (s *Store) Model(_ context.Context, id string) (catalog.Model, error) {
	m, err := s.model(id)
	if err != nil {
		return catalog.Model{}, err
	}
	return m.now(), nil
}

// Accessed records when a model was used. It is written down when the store is closed.
func (s *Store) Accessed(_ context.Context, id string, at time.Time) {
	if m, err := s.model(id); err == nil {
		m.accessed.Store(at.UnixMilli())
	}
}

// Scorer gives the version of a model that is live now. If there is none because its document was rejected, the error
// says so.
func (s *Store) Scorer(_ context.Context, id string) (*scoring.Model, error) {
	m, err := s.model(id)
	if err != nil {
		return nil, s.rejected.of(id, err)
	}
	return m.scorer, nil
}

// Document gives the document of a model.
func (s *Store) Document(_ context.Context, id string) (io.ReadCloser, int64, error) {
	s.deploying.Lock() // else the version could be replaced, and its document removed, before it is open
	defer s.deploying.Unlock()
	m, err := s.model(id)
	if err != nil {
		return nil, 0, err
	}
	file, err := s.folder.root.Open(documentName(m.Checksum))
	if err != nil {
		return nil, 0, err
	}
	return file, m.Size, nil
}

// Close writes down when models were used last and closes the folder.
func (s *Store) Close() error {
	s.deploying.Lock()
	defer s.deploying.Unlock()
	var errs []error
	for _, m := range s.models {
		if at := m.accessed.Load(); at != 0 && at != m.entry.Accessed.UnixMilli() {
			e := m.entry
			e.Accessed = time.UnixMilli(at).UTC()
			errs = append(errs, s.write(e))
		}
	}
	return errors.Join(append(errs, s.folder.close())...)
}

// write makes a deployment last.
func (s *Store) write(e entry) error {
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return s.folder.write(modelName(e.ID), append(data, '\n'))
}
