package local_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/local/disk"
	"github.com/handoff-pmml/handoff/internal/local/disk/disktest"
	"github.com/handoff-pmml/handoff/internal/local/folder"
)

const id = "m"

// A deed is one step of a story, with what serves after it.
type deed struct {
	name string
	do   func(s *local.Server) (deploy.Outcome, error)
	then int
}

func deploying(n int) deed {
	return deed{fmt.Sprint("deploy ", n), func(s *local.Server) (deploy.Outcome, error) { return put(s, id, n) }, n}
}

func goingBack(to, then int) deed {
	return deed{fmt.Sprint("back to version ", to), func(s *local.Server) (deploy.Outcome, error) {
		return s.Rollback(background, id, to, deploy.By{Actor: "test"})
	}, then}
}

// story is what somebody does, and has every kind of deployment in it, a rejection, and versions that are collected.
var story = []deed{
	deploying(10),
	deploying(20),
	{"deploy what is wrong", func(s *local.Server) (deploy.Outcome, error) {
		o, err := s.Deploy(background, id, strings.NewReader(wrong), deploy.Metadata{})
		if o.Deployment.State == deploy.Rejected {
			err = nil
		}
		return o, err
	}, 20},
	goingBack(1, 10),
	deploying(40),
	deploying(50),
	{"undeploy", func(s *local.Server) (deploy.Outcome, error) { return s.Undeploy(background, id, deploy.By{}) }, 0},
	goingBack(0, 50),
}

// A telling is how far a story went.
type telling struct {
	acknowledged []deploy.Deployment
	serves       int   // after the last deed that was acknowledged
	perhaps      []int // what deeds wanted that were not
	err          error // of the last one
	after        string
}

// tell does what a story says until something fails.
func tell(s *local.Server, deeds []deed) telling {
	var t telling
	for _, d := range deeds {
		t.after = d.name
		o, err := d.do(s)
		if err != nil {
			t.perhaps, t.err = append(t.perhaps, d.then), fmt.Errorf("%s: %w", d.name, err)
			return t
		}
		t.acknowledged = append(t.acknowledged, o.Deployment)
		t.serves = d.then
	}
	return t
}

// serving checks what serves.
func (t *telling) serving(s *local.Server) error {
	n, err := serves(s, id)
	if err == nil && n != t.serves && !slices.Contains(t.perhaps, n) {
		err = fmt.Errorf("%d serves, expected %d or perhaps %v", n, t.serves, t.perhaps)
	}
	return err
}

// check looks at a server after everything has happened, and at what it says of what it has acknowledged.
func (t *telling) check(s *local.Server, dir string) error {
	if err := t.serving(s); err != nil {
		return err
	}
	for _, d := range t.acknowledged {
		found, err := s.Deployment(background, id, d.ID)
		if err != nil || found.State != d.State || found.Version != d.Version {
			return fmt.Errorf("acknowledged %+v, found %+v, %w", d, found, err)
		}
	}
	return consistent(s, dir, id)
}

// catchUp does what a server does by itself at its start: it resumes, and looks at what lies in the models folder.
func catchUp(s *local.Server) error {
	err := s.Resume(background)
	_, lookErr := s.Look(background, deploy.KeyOf(id), deploy.By{Actor: "folder"})
	s.Wait()
	return errors.Join(err, lookErr)
}

// afterwards checks a telling on a server that catches up, and whether another story can be told. In the end the
// folder is opened once more, and nothing is left of uploads. It closes the server.
func (t *telling) afterwards(s *local.Server, dir string) error {
	if err := errors.Join(t.goOn(s, dir), s.Close()); err != nil {
		return err
	}
	s, err := local.Open(dir, local.Options{Folder: folder.Options{Tap: unsynced}})
	if err != nil {
		return err
	}
	n, err := serves(s, id)
	if err == nil && n != 80 {
		err = fmt.Errorf("opened again: %d serves", n)
	}
	return errors.Join(err, tidied(dir), consistent(s, dir, id), s.Close())
}

func (t *telling) goOn(s *local.Server, dir string) error {
	if err := catchUp(s); err != nil {
		return fmt.Errorf("catch up: %w", err)
	}
	if err := t.check(s, dir); err != nil {
		return err
	}
	if again := tell(s, []deed{deploying(70), deploying(80)}); again.err != nil || again.serves != 80 {
		return fmt.Errorf("go on: %w", again.err)
	}
	s.Wait()
	return consistent(s, dir, id)
}

// A breaker lets one step on the disk fail.
type breaker struct {
	mu    sync.Mutex
	armed bool
	at    int
	after bool
	err   error
	where string // which step it was
}

func (b *breaker) tap(s disk.Step, do func() error) error {
	b.mu.Lock()
	hit := b.armed && b.at == 0 && b.where == ""
	if b.armed {
		b.at--
	}
	if hit {
		b.where = fmt.Sprintf("%s %s", s.Op, s.Name)
	}
	b.mu.Unlock()
	switch {
	case hit && b.after:
		return errors.Join(unsynced(s, do), b.err)
	case hit:
		return b.err
	}
	return unsynced(s, do)
}

// each calls try with 0, 1, 2 … until it says that there is nothing more; with -short, with some of them.
func each(t *testing.T, try func(n int) (more bool)) {
	t.Helper()
	stride := 1
	if testing.Short() {
		stride = 13
	}
	for n := 0; try(n); n += stride {
		if t.Failed() {
			return
		}
	}
}

// TestEveryStepFails lets each step on the disk fail once during a story, with a full disk and with a broken one.
func TestEveryStepFails(t *testing.T) {
	for name, kind := range map[string]struct {
		err   error
		after bool // it was done nevertheless
	}{
		"a full disk":        {syscall.ENOSPC, false},
		"an error after all": {syscall.EIO, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failures := 0
			each(t, func(n int) bool {
				b := &breaker{armed: true, at: n, err: kind.err, after: kind.after}
				dir := scratch(t)
				defer os.RemoveAll(dir)
				s, err := local.Open(dir, local.Options{Folder: folder.Options{Tap: b.tap}, Pipeline: hurried})
				var told telling
				if err == nil {
					told = tell(s, story)
				} else {
					s = open(t, dir, local.Options{})
				}
				if told.err != nil {
					failures++
				}
				b.mu.Lock()
				b.armed = false
				b.mu.Unlock()
				err = told.serving(s)
				if n%2 == 0 { // every other time, the same process goes on
					s = reopen(t, s, dir)
				}
				if err := errors.Join(err, told.afterwards(s, dir)); err != nil {
					t.Errorf("step %d, %s, %v: %v", n, b.where, told.err, err)
				}
				return b.where != ""
			})
			t.Logf("%d deeds were refused for it", failures)
		})
	}
}

// A machine is a server whose power may fail: what is on its disk then is what was synced, in one of several ways.
type machine struct {
	shadow disktest.Shadow
	dir    string

	mu       sync.Mutex
	database []byte // as of its last commit
}

// A lastingStore takes a copy of the database after each commit. After the power has failed, it commits nothing.
type lastingStore struct {
	deploy.Store
	machine *machine
}

func (l lastingStore) Commit(ctx context.Context, t deploy.Transition) error {
	if l.machine.shadow.Failed() {
		return disktest.ErrPower
	}
	err := l.Store.Commit(ctx, t)
	return errors.Join(err, l.machine.copyDatabase())
}

func (m *machine) copyDatabase() error {
	text, err := os.ReadFile(filepath.Join(m.dir, "handoff.db"))
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.database = text
	return nil
}

func (m *machine) options() local.Options {
	return local.Options{Folder: folder.Options{Tap: m.shadow.Tap}, Pipeline: func(c *deploy.Config) {
		hurried(c)
		c.Store = lastingStore{c.Store, m}
	}}
}

// restart makes the data folder that is left, in a folder of its own.
func (m *machine) restart(dir string, loss disktest.Loss) error {
	if err := m.shadow.Write(dir, loss); err != nil || m.database == nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "handoff.db"), m.database, 0o600)
}

// TestPowerFailsAfterEveryStep lets the power fail after each step that changes something or makes it last.
func TestPowerFailsAfterEveryStep(t *testing.T) {
	t.Parallel()
	each(t, func(n int) bool {
		m := &machine{dir: scratch(t)}
		defer os.RemoveAll(m.dir)
		m.shadow.Fail(n)
		s, err := local.Open(m.dir, m.options())
		var told telling
		if err == nil {
			must(t, m.copyDatabase())
			told = tell(s, story)
			s.Wait()
			must(t, s.Close())
		}
		for name, loss := range disktest.Losses() {
			dir := scratch(t)
			if err := m.restart(dir, loss); err != nil {
				t.Fatal(err)
			}
			if err := told.afterwards(open(t, dir, local.Options{}), dir); err != nil {
				t.Errorf("step %d (%v), %s: %v", n, told.err, name, err)
			}
			must(t, os.RemoveAll(dir))
		}
		return m.shadow.Failed()
	})
}

// A brokenStore lets one commit fail, before it is written or after.
type brokenStore struct {
	deploy.Store
	left  *int
	after bool
}

var errBroken = errors.New("the database fails")

func (b brokenStore) Commit(ctx context.Context, t deploy.Transition) error {
	*b.left--
	if *b.left != -1 {
		return b.Store.Commit(ctx, t)
	}
	if b.after {
		return errors.Join(b.Store.Commit(ctx, t), errBroken)
	}
	return errBroken
}

// TestEveryCommitFails lets each commit fail once. What it belonged to is finished by the next resume.
func TestEveryCommitFails(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		each(t, func(n int) bool {
			dir, left := scratch(t), n
			defer os.RemoveAll(dir)
			s := open(t, dir, local.Options{Pipeline: func(c *deploy.Config) {
				hurried(c)
				c.Store = brokenStore{c.Store, &left, after}
			}})
			told := tell(s, story)
			s.Wait()
			reached := left < 0
			left = math.MaxInt // nothing fails any more
			err := told.serving(s)
			if n%2 == 0 {
				s = reopen(t, s, dir)
			}
			if err := errors.Join(err, told.afterwards(s, dir)); err != nil {
				t.Errorf("commit %d, written: %v, %v: %v", n, after, told.err, err)
			}
			return reached
		})
	}
}
