package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/catalog"
)

// Deploy writes the document down, compiles it, lets it score its own verification rows, and puts it into service.
func (s *Store) Deploy(ctx context.Context, id string, document io.Reader, o catalog.DeployOptions) (catalog.Model, bool, error) {
	m, created, err := s.deploy(ctx, id, document, o)
	if err != nil {
		s.remember(id, err)
		return catalog.Model{}, false, fmt.Errorf("deploy %s: %w", id, err)
	}
	return m.now(), created, nil
}

func (s *Store) deploy(ctx context.Context, id string, document io.Reader, o catalog.DeployOptions) (*model, bool, error) {
	u, err := s.folder.receive(document)
	if err != nil {
		return nil, false, err
	}
	defer u.discard()
	compiled, opened, err := s.check(ctx, u, o)
	if err != nil {
		return nil, false, err
	}
	return s.publish(entry{ID: id, ModelName: o.ModelName, Size: u.size, Checksum: u.checksum}, u, compiled, opened)
}

// check compiles an upload and verifies it.
func (s *Store) check(ctx context.Context, u *upload, o catalog.DeployOptions) ([]byte, *evaluator.Model, error) {
	select {
	case s.compiling <- struct{}{}:
		defer func() { <-s.compiling }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	file, err := u.open()
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	compiled, opened, err := s.compile(file, compile.Options{ModelName: o.ModelName, Strict: s.Strict})
	if err != nil {
		return nil, nil, err
	}
	if err := opened.Verify(); err != nil {
		return nil, nil, &catalog.RejectedError{Err: err}
	}
	return compiled, opened, nil
}

func (s *Store) compile(document io.Reader, o compile.Options) ([]byte, *evaluator.Model, error) {
	compiled, err := compile.Compile(document, o)
	if err != nil {
		if faults := (*evaluator.Faults)(nil); errors.As(err, &faults) {
			return nil, nil, &catalog.RejectedError{Err: faults}
		}
		return nil, nil, err
	}
	opened, err := evaluator.Open(compiled)
	return compiled, opened, err
}

// publish puts files into place, the entry last: it is the deployment. Then requests see the new version.
func (s *Store) publish(e entry, u *upload, compiled []byte, opened *evaluator.Model) (*model, bool, error) {
	s.deploying.Lock()
	defer s.deploying.Unlock()
	e.Created = time.Now().UTC().Truncate(time.Millisecond)
	if err := s.folder.write(e.compiledName(), compiled); err != nil {
		return nil, false, err
	}
	if err := u.keep(); err != nil {
		return nil, false, err
	}
	if err := s.write(e); err != nil {
		return nil, false, err
	}
	m := newModel(e, opened)
	s.mu.Lock()
	old := s.models[e.ID]
	s.models[e.ID] = m
	s.mu.Unlock()
	s.rejected.forget(e.ID)
	s.collect(old)
	return m, old == nil, nil
}

// Undeploy takes a model out of service.
func (s *Store) Undeploy(_ context.Context, id string) error {
	s.deploying.Lock()
	defer s.deploying.Unlock()
	m, err := s.model(id)
	if err != nil {
		s.rejected.forget(id)
		return err
	}
	if err := s.folder.erase(modelName(id)); err != nil {
		return fmt.Errorf("undeploy %s: %w", id, err)
	}
	s.mu.Lock()
	delete(s.models, id)
	s.mu.Unlock()
	s.collect(m)
	return nil
}

// collect removes the files of a version that is not deployed any more, unless another model has the same ones.
func (s *Store) collect(old *model) {
	if old == nil {
		return
	}
	document, compiled := documentName(old.entry.Checksum), old.entry.compiledName()
	documentUsed, compiledUsed := false, false
	for _, m := range s.models { // only Deploy and Undeploy change it, and one of them is what we are in
		documentUsed = documentUsed || m.entry.Checksum == old.entry.Checksum
		compiledUsed = compiledUsed || m.entry.compiledName() == compiled
	}
	if !documentUsed {
		s.folder.remove(document)
	}
	if !compiledUsed {
		s.folder.remove(compiled)
	}
}
