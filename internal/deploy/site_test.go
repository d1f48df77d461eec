package deploy_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
)

// A site is a machine with a pipeline on it: what its disks keep, and what a process knows until it ends.
type site struct {
	tape      *deploytest.Tape
	store     *deploytest.Store
	objects   *deploytest.Objects
	artifacts *deploytest.Artifacts
	replaced  *string // document that takes the place of the next one that is read; nil: none does

	robbed   bool // what is published was removed, and nobody has noticed yet
	remote   bool // what runs is somewhere else, and outlives processes, as on AWS; else it ends with them
	runtime  *deploytest.Runtime
	pipeline *deploy.Pipeline
	restarts int

	mu     sync.Mutex
	at     time.Time
	ids    int
	labels *labels // nil: nobody wants to know
}

func newSite(remote bool) *site {
	tape := &deploytest.Tape{}
	s := &site{remote: remote, tape: tape, store: &deploytest.Store{Tape: tape}, objects: &deploytest.Objects{Tape: tape},
		artifacts: &deploytest.Artifacts{Tape: tape}, at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s.boot()
	return s
}

// clone gives a site with the same disks and a new process.
func (s *site) clone() *site {
	tape := &deploytest.Tape{}
	c := &site{remote: s.remote, tape: tape, store: s.store.Clone(tape), objects: s.objects.Clone(tape), artifacts: s.artifacts.Clone(tape),
		replaced: s.replaced, at: s.at, ids: s.ids, robbed: s.robbed}
	if s.remote {
		c.runtime = s.runtime.Clone(tape, c.artifacts)
	}
	c.boot()
	return c
}

// boot begins a process. What runs in processes runs nothing yet.
func (s *site) boot() {
	if !s.remote || s.runtime == nil {
		s.runtime = &deploytest.Runtime{Tape: s.tape, Artifacts: s.artifacts, Local: !s.remote}
	}
	s.pipeline = deploy.New(deploy.Config{
		Store: siteStore{s.store, s}, Objects: siteObjects{s.objects, s}, Artifacts: s.artifacts, Runtime: s.runtime,
		Compile: s.tape.Compile(compileOnce), Settings: settings.Read,
		Now: s.now, ID: s.id,
		Pause: func(context.Context, time.Duration) error { return nil }, Patience: time.Hour,
	})
}

func (s *site) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(time.Millisecond)
	return s.at
}

func (s *site) id(time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	return fmt.Sprintf("%026d", s.ids)
}

func (s *site) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

// siteStore tells which effects follow from what is committed.
type siteStore struct {
	*deploytest.Store
	site *site
}

func (s siteStore) Commit(ctx context.Context, t deploy.Transition) error {
	err := s.Store.Commit(ctx, t)
	if l := s.site.labels; l != nil && err == nil {
		l.committed(s.Store, t)
	}
	return err
}

// siteObjects lets an object be replaced in the moment in which it is read.
type siteObjects struct {
	*deploytest.Objects
	site *site
}

func (o siteObjects) Get(ctx context.Context, want deploy.Object) (io.ReadCloser, error) {
	if by := o.site.replaced; by != nil && !o.site.tape.Crashed() {
		o.site.replaced = nil
		o.Drop(want.Key, []byte(*by))
	}
	return o.Objects.Get(ctx, want)
}

// compiled are the outcomes of compiling, by document: all runs compile the same few.
var compiled sync.Map

type compilation struct {
	bytes []byte
	err   error
}

func compileOnce(_ context.Context, document io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(document)
	if err != nil {
		return nil, err
	}
	key := name + "\x00" + string(text)
	if c, ok := compiled.Load(key); ok {
		return c.(compilation).bytes, c.(compilation).err
	}
	var c compilation
	c.bytes, c.err = compile.Compile(strings.NewReader(string(text)), compile.Options{ModelName: name})
	compiled.Store(key, c)
	return c.bytes, c.err
}

// rob removes what is published of version 1.
func (s *site) rob() {
	s.runtime.Unpublish("m", 1)
	s.robbed = true
}

// load runs what is live, as a server does when it starts.
func (s *site) load(ctx context.Context) error {
	if s.remote {
		return nil // it still runs
	}
	models, err := s.store.Models(ctx)
	if err != nil {
		return err
	}
	for _, m := range models {
		if m.Live == 0 {
			continue
		}
		v, err := s.store.Version(ctx, m.ID, m.Live)
		if err != nil {
			return err
		}
		if err := s.runtime.Switch(ctx, v, m); err != nil {
			return err
		}
	}
	return nil
}

// folder is who deploys what lies in the uploads.
var folder = deploy.By{Actor: "folder"}

// rescan looks at everything that lies in the uploads, and at everything that lay there.
func (s *site) rescan(ctx context.Context) error {
	models, err := s.store.Models(ctx)
	if err != nil {
		return err
	}
	keys := s.objects.Keys()
	for _, m := range models {
		keys = slices.AppendSeq(keys, maps.Keys(m.Seen))
	}
	slices.Sort(keys)
	var errs []error
	for _, key := range slices.Compact(keys) {
		_, err := s.pipeline.Look(ctx, key, folder)
		errs = append(errs, err)
	}
	s.pipeline.Wait()
	return errors.Join(errs...)
}

// helpItself does what a server does from time to time.
func (s *site) helpItself(ctx context.Context) error {
	err := errors.Join(s.pipeline.Resume(ctx), s.rescan(ctx))
	s.pipeline.Wait()
	return err
}

// heal lets the server help itself until nothing is left to do or the process has ended. mend is called after each try
// that was in vain.
func (s *site) heal(ctx context.Context, mend func()) error {
	var err error
	for range 10 {
		if err = s.helpItself(ctx); s.tape.Crashed() {
			return deploytest.ErrCrashed
		}
		left, _ := s.quietly().Unfinished(ctx)
		if err == nil && len(left) == 0 {
			return nil
		}
		mend()
	}
	return fmt.Errorf("it does not heal: %w", err)
}

// restart begins a process after one has ended, and another one if that ends, too. Each must run what was live.
func (s *site) restart(ctx context.Context, t testing.TB, pl *plan, running func()) {
	for {
		s.restarts++
		if s.restarts > 50 {
			t.Fatal("restarted again and again")
		}
		s.tape.Restart(pl.decide)
		pl.begins()
		s.boot()
		err := s.load(ctx)
		for tries := 0; err != nil && !s.tape.Crashed() && tries < 10; tries++ {
			pl.mend()
			err = s.load(ctx)
		}
		if s.tape.Crashed() {
			continue
		}
		if err != nil {
			t.Fatalf("what was live cannot be loaded: %v", err)
		}
		running()
		err = s.heal(ctx, pl.mend)
		if s.tape.Crashed() {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
}

// quietly looks at what is kept, without a call.
func (s *site) quietly() *deploytest.Store { return s.store.Clone(&deploytest.Tape{}) }

// running gives, by model, the checksum of the document that answers now. It is "half" if the version's files do not
// belong together.
func (s *site) running() map[string]string {
	running := map[string]string{}
	for id, n := range s.runtime.Live() {
		running[id] = s.content(id, n)
	}
	return running
}

func (s *site) content(id string, n int) string {
	document := s.artifacts.File(id, n, deploy.DocumentFile)
	model, err := compileOnce(context.Background(), strings.NewReader(string(document)), "")
	if err != nil || string(model) != string(s.artifacts.File(id, n, deploy.CompiledFile)) {
		return "half"
	}
	return checksum(string(document))
}

func checksum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// answered says whether an error is an answer: somebody who got it knows what became of the request.
func answered(err error) bool {
	var r *catalog.Rejection
	var refused *deploy.RefusedError
	return err == nil || errors.As(err, &r) || errors.As(err, &refused) || errors.Is(err, catalog.ErrNotFound)
}

// givenUp says whether the newest deployment brought a document that is right, and ended because of the machine.
func (s *site) givenUp(ctx context.Context) bool {
	status, err := s.quietly().Status(ctx, "m")
	if err != nil || status.Model.Latest.Kind != deploy.Upload {
		return false
	}
	d, err := s.quietly().Deployment(ctx, "m", status.Model.Latest.ID)
	return err == nil && (d.State == deploy.Failed || d.Rejection != nil && d.Rejection.Code == "resources")
}

// touch lays a file under its key again.
func (s *site) touch(key string) {
	if text := s.objects.Text(key); text != nil {
		s.objects.Drop(key, text)
	}
}

// consistent says what is wrong with a site that has nothing left to do.
func (s *site) consistent(ctx context.Context) error {
	store := s.quietly()
	models, err := store.Models(ctx)
	if err != nil {
		return err
	}
	var errs []error
	wrong := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	folders := map[string]bool{}
	for _, f := range s.artifacts.Folders() {
		folders[f] = true
	}
	live := map[string]int{}
	for _, m := range models {
		if m.Unfinished() {
			wrong("%s is not finished: open %q, garbage %v, restore %t, untidy %t", m.ID, m.Open, m.Garbage, m.Restore, m.Untidy)
		}
		if m.Desired != m.Live {
			wrong("%s: version %d is wanted, %d is live", m.ID, m.Desired, m.Live)
		}
		if m.Live != 0 {
			live[m.ID] = m.Live
		}
		s.consistentVersions(ctx, store, m, folders, wrong)
		s.consistentHistory(ctx, store, m, wrong)
	}
	for f := range folders {
		wrong("the files of %s are orphans", f)
	}
	if !maps.Equal(live, s.runtime.Live()) {
		wrong("%v is live, %v runs", live, s.runtime.Live())
	}
	if s.remote {
		s.consistentPublished(ctx, store, models, wrong)
	}
	if err := s.consistentRemains(ctx, live); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// consistentPublished looks at what is published: all that is kept, and nothing else.
func (s *site) consistentPublished(ctx context.Context, store deploy.Store, models []deploy.Model, wrong func(string, ...any)) {
	want := map[string]map[string]int{}
	for _, m := range models {
		for _, n := range m.Kept {
			v, err := store.Version(ctx, m.ID, n)
			if err != nil || len(v.Published) == 0 {
				wrong("%s: version %d is kept, but not published: %v", m.ID, n, err)
			}
			for _, name := range v.Published {
				if want[m.ID] == nil {
					want[m.ID] = map[string]int{}
				}
				want[m.ID][name] = n
			}
		}
	}
	if s.robbed {
		delete(want["m"], "1")
	}
	if got := s.runtime.Published(); !maps.EqualFunc(got, want, maps.Equal) {
		wrong("%v is published, %v is to be kept", got, want)
	}
}

// consistentVersions looks at the versions of a model and their files, which it takes from folders.
func (s *site) consistentVersions(ctx context.Context, store deploy.Store, m deploy.Model, folders map[string]bool, wrong func(string, ...any)) {
	versions, err := store.Versions(ctx, m.ID, 1000)
	if err != nil || len(versions) != m.Last {
		wrong("%s: %d versions of %d are known: %v", m.ID, len(versions), m.Last, err)
	}
	for _, v := range versions {
		kept := slices.Contains(m.Kept, v.Number)
		switch v.State {
		case deploy.Live:
			if v.Number != m.Live {
				wrong("%s: version %d says that it is live, version %d is", m.ID, v.Number, m.Live)
			}
		case deploy.Retired, deploy.RolledBack:
			if !kept {
				wrong("%s: version %d is %s, but not kept", m.ID, v.Number, v.State)
			}
		case deploy.Rejected, deploy.Superseded, deploy.Failed, deploy.Collected:
			if kept {
				wrong("%s: version %d is %s, but kept", m.ID, v.Number, v.State)
			}
		default:
			wrong("%s: version %d is still %s", m.ID, v.Number, v.State)
		}
		if kept {
			f := fmt.Sprint(m.ID, "/", v.Number)
			if !folders[f] {
				wrong("the files of %s are missing", f)
			}
			delete(folders, f)
			if got := s.content(m.ID, v.Number); got != v.Document.Checksum {
				wrong("the document of %s is %s, not %s", f, got, v.Document.Checksum)
			}
		}
	}
	if m.Live != 0 && !slices.Contains(m.Kept, m.Live) {
		wrong("%s: version %d is live, but not kept", m.ID, m.Live)
	}
}

// consistentHistory follows what was live through the history of a model.
func (s *site) consistentHistory(ctx context.Context, store deploy.Store, m deploy.Model, wrong func(string, ...any)) {
	deployments, err := store.Deployments(ctx, m.ID, "", 1000)
	audits, err2 := store.Audits(ctx, m.ID, "", 1000)
	if err != nil || err2 != nil || len(audits) != len(deployments) {
		wrong("%s: %d deployments, %d audits: %v, %v", m.ID, len(deployments), len(audits), err, err2)
		return
	}
	// What is refused at once may have begun and ended while another deployment was open: the end counts.
	slices.SortStableFunc(deployments, func(a, b deploy.Deployment) int { return a.Updated.Compare(b.Updated) })
	slices.SortStableFunc(audits, func(a, b deploy.Audit) int { return a.At.Compare(b.At) })
	live := 0
	for i, d := range deployments {
		a := audits[i]
		if !d.State.Final() || a.Deployment != d.ID || a.Outcome != d.State || a.Action != d.Kind || a.Before != d.From {
			wrong("%s: deployment %+v has the audit %+v", m.ID, d, a)
		}
		if d.From != live {
			wrong("%s: version %d was live, deployment %s begins with version %d", m.ID, live, d.ID, d.From)
		}
		switch d.State {
		case deploy.Live:
			live = d.Version
		case deploy.Deleted:
			live = 0
		}
		if a.After != live {
			wrong("%s: version %d is live after deployment %s, the audit says %d", m.ID, live, d.ID, a.After)
		}
		if (d.State == deploy.Failed) != (d.Failure != "") || (d.State == deploy.Rejected) != (d.Rejection != nil) {
			wrong("%s: a deployment that is %s gives the reasons %q and %v", m.ID, d.State, d.Failure, d.Rejection)
		}
	}
	if live != m.Live {
		wrong("%s: version %d is live by its history, not %d", m.ID, live, m.Live)
	}
}

// consistentRemains makes the store anew from the files of versions, as if it were lost now.
func (s *site) consistentRemains(ctx context.Context, live map[string]int) error {
	var remains []deploy.Remains
	for _, f := range s.artifacts.Folders() {
		id, number, _ := strings.Cut(f, "/")
		n := 0
		if _, err := fmt.Sscan(number, &n); err != nil {
			return err
		}
		text := s.artifacts.File(id, n, deploy.SnapshotFile)
		if text == nil {
			remains = append(remains, deploy.Remains{Model: id, Number: n})
			continue
		}
		quiet := s.artifacts.Clone(&deploytest.Tape{})
		r, err := deploy.RemainsOf(ctx, quiet, id, n)
		if err != nil {
			return err
		}
		remains = append(remains, r)
	}
	rebuilt := map[string]int{}
	for _, t := range deploy.Rebuild(remains, func(time.Time) string { return "x" }, s.at) {
		if t.Model.Live != 0 {
			rebuilt[t.Model.ID] = t.Model.Live
		}
	}
	if !maps.Equal(live, rebuilt) {
		return fmt.Errorf("%v is live, but %v would be if the store were lost", live, rebuilt)
	}
	return nil
}
