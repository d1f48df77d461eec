package deploytest

import (
	"context"
	"io"
	"maps"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Clone gives a store that knows the same, and from now on goes its own way on another tape.
func (s *Store) Clone(t *Tape) *Store {
	s.Tape.mu.Lock()
	defer s.Tape.mu.Unlock()
	c := &Store{Tape: t, models: make(map[string]*partition, len(s.models))}
	for id, p := range s.models {
		c.models[id] = &partition{p.model, maps.Clone(p.versions), maps.Clone(p.deployments), maps.Clone(p.audits)}
	}
	return c
}

// Clone gives uploads with the same objects, which from now on go their own way on another tape.
func (o *Objects) Clone(t *Tape) *Objects {
	o.Tape.mu.Lock()
	defer o.Tape.mu.Unlock()
	return &Objects{Tape: t, count: o.count, objects: maps.Clone(o.objects)}
}

// Clone gives the same files, which from now on go their own way on another tape.
func (a *Artifacts) Clone(t *Tape) *Artifacts {
	a.Tape.mu.Lock()
	defer a.Tape.mu.Unlock()
	c := &Artifacts{Tape: t, files: make(map[string]map[string][]byte, len(a.files))}
	for folder, files := range a.files {
		c.files[folder] = maps.Clone(files)
	}
	return c
}

// Text gives what lies under a key, or nil. It is no call.
func (o *Objects) Text(key string) []byte {
	o.Tape.mu.Lock()
	defer o.Tape.mu.Unlock()
	return o.objects[key].bytes
}

// Files gives the names of a version's files with what is in them. It is no call.
func (a *Artifacts) Files(id string, version int) map[string][]byte {
	a.Tape.mu.Lock()
	defer a.Tape.mu.Unlock()
	return maps.Clone(a.files[folderOf(id, version)])
}

// Compile makes a compiler's work a call on the tape, "Compile".
func (t *Tape) Compile(compile deploy.CompileFunc) deploy.CompileFunc {
	return func(ctx context.Context, document io.Reader, modelName string) (compiled []byte, err error) {
		var wrong error // with the document, which is no failure of the call
		err = t.do(ctx, func() error {
			compiled, wrong = compile(ctx, document, modelName)
			return nil
		}, "Compile")
		if err != nil {
			return nil, err
		}
		return compiled, wrong
	}
}
