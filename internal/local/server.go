// Package local has a whole server on one machine: documents in a folder that is watched, metadata in an embedded
// database, and the models themselves in this process. What was acknowledged is there again after a crash.
package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
	"github.com/handoff-pmml/handoff/internal/local/db"
	"github.com/handoff-pmml/handoff/internal/local/folder"
	"github.com/handoff-pmml/handoff/internal/local/process"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// Options say how a Server works. The zero value has the defaults.
type Options struct {
	Log    *slog.Logger // nil: none
	Strict bool         // documents are refused that have what their schema does not know

	Patience time.Duration // how long a caller waits for a deployment; 0: 25 seconds
	Folder   folder.Options
	Watch    folder.WatchOptions
	Pipeline func(*deploy.Config) // may put something between the pipeline and what it stands on; nil: nothing does
}

// A Server keeps deployed models in a data folder and runs them in this process. It implements the interfaces of package
// catalog, its Pipeline those of package rest. It may be used by many goroutines.
type Server struct {
	*deploy.Pipeline

	data    *folder.Data
	db      *db.DB
	runtime *process.Runtime
	watch   folder.WatchOptions
	log     *slog.Logger
	watcher atomic.Pointer[folder.Watcher] // nil: Run was not called

	mu   sync.Mutex
	used map[string]time.Time // last uses, as they are written down
	lost []string             // models that could not be opened at start
}

// Open opens a data folder, which is made if there is none, with all models in it. A damaged database is made anew from
// the files of the versions; a damaged compiled form, or one of another version of Handoff, from its document. A model
// that cannot be opened at all is told to the log and left out; Run tries again.
func Open(dir string, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Folder.Log = o.Log
	data, err := folder.Open(dir, o.Folder)
	if err != nil {
		return nil, err
	}
	database, err := openDatabase(data, o.Log)
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	s := &Server{data: data, db: database, watch: o.Watch, log: o.Log}
	again := compiler(false) // what went live before stays right
	s.runtime = process.New(data.Artifacts(), again, o.Log)
	c := deploy.Config{
		Store: database, Objects: data.Objects(), Artifacts: data.Artifacts(), Runtime: s.runtime,
		Compile: compiler(o.Strict), Recompile: again, Settings: settings.Read, Patience: o.Patience, Log: o.Log,
	}
	if o.Pipeline != nil {
		o.Pipeline(&c)
	}
	s.Pipeline = deploy.New(c)
	if err := s.load(context.Background()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// compiler gives the function that compiles documents.
func compiler(strict bool) deploy.CompileFunc {
	return func(_ context.Context, document io.Reader, modelName string) ([]byte, error) {
		return compile.Compile(document, compile.Options{ModelName: modelName, Strict: strict})
	}
}

// openDatabase opens the database. One that is damaged, or gone while files of versions are there, is made anew of these.
func openDatabase(data *folder.Data, log *slog.Logger) (*db.DB, error) {
	path := data.Path("handoff.db")
	_, missing := os.Stat(path)
	if missing != nil && !errors.Is(missing, fs.ErrNotExist) {
		return nil, missing
	}
	var damaged *db.DamagedError
	if missing == nil {
		database, err := db.Open(path, db.Options{})
		if !errors.As(err, &damaged) {
			return database, err
		}
		log.Error("the database is damaged, and is put aside", slog.String("cause", err.Error()))
	}
	remains, err := remainsOf(data)
	if err != nil {
		return nil, fmt.Errorf("make the database anew: %w", err)
	}
	if damaged != nil || len(remains) > 0 {
		log.Warn("a database is made of the files of the versions", slog.Int("versions", len(remains)))
		if err := db.Remake(path, func(s deploy.Store) error { return fill(s, remains) }); err != nil {
			return nil, err
		}
	}
	return db.Open(path, db.Options{})
}

// remainsOf reads what the files of all versions tell.
func remainsOf(data *folder.Data) ([]deploy.Remains, error) {
	artifacts, ctx := data.Artifacts(), context.Background()
	stored, err := artifacts.All(ctx)
	if err != nil {
		return nil, err
	}
	var all []deploy.Remains
	for _, v := range stored {
		r, err := deploy.RemainsOf(ctx, artifacts, v.Model, v.Version)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// fill commits what remains of models to an empty database.
func fill(s deploy.Store, remains []deploy.Remains) error {
	for _, t := range deploy.Rebuild(remains, deploy.NewID, time.Now()) {
		if err := s.Commit(context.Background(), t); err != nil {
			return err
		}
	}
	return nil
}

// load opens what is live, as many models at a time as there are processors.
func (s *Server) load(ctx context.Context) error {
	models, err := s.db.Models(ctx)
	if err != nil {
		return err
	}
	if s.used, err = s.db.Touched(ctx); err != nil {
		return err
	}
	work := make(chan deploy.Model)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for m := range work {
				if err := s.open(ctx, m); err != nil {
					s.mu.Lock()
					s.lost = append(s.lost, m.ID)
					s.mu.Unlock()
					s.log.Error("cannot open a live model", slog.String("model", m.ID), slog.Int("version", m.Live), slog.String("cause", err.Error()))
				}
			}
		})
	}
	for _, m := range models {
		if m.Live != 0 {
			work <- m
		}
	}
	close(work)
	workers.Wait()
	return nil
}

func (s *Server) open(ctx context.Context, m deploy.Model) error {
	v, err := s.db.Version(ctx, m.ID, m.Live)
	if err != nil {
		return err
	}
	if err := s.runtime.Switch(ctx, v, m); err != nil {
		return err
	}
	if at := s.used[m.ID]; at.After(v.Since) {
		s.runtime.Accessed(ctx, m.ID, at)
	}
	return nil
}

// How often is done what is done from time to time.
const (
	resumeEvery  = 30 * time.Second
	touchEvery   = time.Minute
	releaseEvery = 30 * time.Second
	expireEvery  = time.Hour
)

// Run goes on with what was left unfinished, deploys what is dropped into the models folder, and tidies up, until ctx
// ends.
func (s *Server) Run(ctx context.Context) error {
	watcher := s.data.Watch(s.look, s.seen, s.watch)
	s.watcher.Store(watcher)
	var running sync.WaitGroup
	running.Go(func() { watcher.Run(ctx) })
	running.Go(func() {
		for _, id := range s.lost {
			s.tell("cannot open a live model", s.Pipeline.Restore(ctx, id))
		}
		s.resume(ctx)
		every(ctx, resumeEvery, func() { s.resume(ctx) })
	})
	running.Go(func() { every(ctx, touchEvery, func() { s.touch(ctx) }) })
	running.Go(func() { every(ctx, releaseEvery, func() { s.release(ctx) }) })
	running.Go(func() {
		s.expire(ctx) // a server may never run for an hour
		every(ctx, expireEvery, func() { s.expire(ctx) })
	})
	running.Wait()
	return nil
}

func every(ctx context.Context, d time.Duration, do func()) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do()
		}
	}
}

// look deploys what was found under a key, or undeploys it if nothing was.
func (s *Server) look(ctx context.Context, key, version string) error {
	_, err := s.Pipeline.LookAt(ctx, deploy.Object{Key: key, Version: version}, deploy.By{Actor: "folder"})
	return err
}

// seen gives, by key, the objects whose deployment has begun.
func (s *Server) seen(ctx context.Context) (map[string]string, error) {
	models, err := s.db.Models(ctx)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]string, len(models))
	for _, m := range models {
		maps.Copy(seen, m.Seen)
	}
	return seen, nil
}

func (s *Server) resume(ctx context.Context) {
	s.tell("cannot resume what was left unfinished", s.Pipeline.Resume(ctx))
}

func (s *Server) expire(ctx context.Context) {
	_, err := s.db.Expire(ctx, time.Now())
	s.tell("cannot let go of what is old", errors.Join(err, s.Pipeline.Expire(ctx)))
}

func (s *Server) release(ctx context.Context) { s.tell("cannot keep memory small", s.db.Release(ctx)) }

// touch writes down when models were used last.
func (s *Server) touch(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	used := s.runtime.Used()
	maps.DeleteFunc(used, func(id string, at time.Time) bool { return s.used[id].Equal(at) })
	if len(used) == 0 {
		return
	}
	err := s.db.Touch(ctx, used)
	if err == nil {
		maps.Copy(s.used, used)
	}
	s.tell("cannot write down when models were used", err)
}

func (s *Server) tell(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		s.log.Error(what, slog.String("cause", err.Error()))
	}
}

// Close waits for what has begun and closes the folder. Run must have ended.
func (s *Server) Close() error {
	s.Pipeline.Wait()
	s.touch(context.Background())
	return errors.Join(s.db.Close(), s.data.Close())
}

// Waiting gives the files in the models folder that are not deployed yet.
func (s *Server) Waiting() []deploy.Waiting {
	if w := s.watcher.Load(); w != nil {
		return w.Waiting()
	}
	return nil
}

// Path gives the path of the models folder.
func (s *Server) Path() string { return filepath.Clean(s.data.Path("models")) }

// Models gives all live models.
func (s *Server) Models(ctx context.Context) ([]catalog.Model, error) { return s.runtime.Models(ctx) }

// Model gives one live model.
func (s *Server) Model(ctx context.Context, id string) (catalog.Model, error) {
	return s.runtime.Model(ctx, id)
}

// Accessed records when a model was used. It is written down within a minute.
func (s *Server) Accessed(ctx context.Context, id string, at time.Time) {
	s.runtime.Accessed(ctx, id, at)
}

// Scorer gives the live version of a model. If there is none because the last document was rejected, the error says so.
func (s *Server) Scorer(ctx context.Context, id string) (*scoring.Model, error) {
	m, err := s.runtime.Scorer(ctx, id)
	if !errors.Is(err, catalog.ErrNotFound) || !catalog.ValidID(id) {
		return m, err
	}
	known, unknown := s.Pipeline.Known(ctx, id)
	if unknown == nil && known.Rejection != nil && known.Live == 0 {
		return nil, known.Rejection
	}
	return nil, err
}

// Document gives the document of a live version, if it is still what was uploaded.
func (s *Server) Document(ctx context.Context, id string) (io.ReadCloser, int64, error) {
	for tries := 0; ; tries++ {
		m, err := s.runtime.Model(ctx, id)
		if err != nil {
			return nil, 0, err
		}
		document, size, err := s.whole(ctx, m)
		if errors.Is(err, deploy.ErrGone) && tries < 10 {
			continue // another version has taken its place meanwhile, and its files are gone
		}
		return document, size, err
	}
}

// whole gives the document of a version after reading it once to see that it is not damaged.
func (s *Server) whole(ctx context.Context, m catalog.Model) (io.ReadCloser, int64, error) {
	document, _, err := s.data.Artifacts().Get(ctx, m.ID, m.Version, deploy.DocumentFile)
	if err != nil {
		return nil, 0, err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, document)
	if err := errors.Join(err, document.Close()); err != nil {
		return nil, 0, err
	}
	if hex.EncodeToString(sum.Sum(nil)) != m.Checksum {
		return nil, 0, fmt.Errorf("the document of version %d of %s is damaged: it is not what was uploaded", m.Version, m.ID)
	}
	return s.data.Artifacts().Get(ctx, m.ID, m.Version, deploy.DocumentFile)
}
