package local_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/local/disk"
	"github.com/handoff-pmml/handoff/internal/local/folder"
)

// expect checks what serves, and that nothing contradicts it.
func expect(t *testing.T, s *local.Server, dir string, want int) {
	t.Helper()
	s.Wait()
	got, err := serves(s, id)
	if got != want || err != nil {
		t.Errorf("%d serves, %v, want %d", got, err, want)
	}
	if err := consistent(s, dir, id); err != nil {
		t.Error(err)
	}
}

// TestUploadsAtOnce lets many upload one model at once: each is told that its version was live, and the last one is.
func TestUploadsAtOnce(t *testing.T) {
	dir := scratch(t)
	s := open(t, dir, local.Options{})
	var uploading sync.WaitGroup
	outcomes := make([]deploy.Outcome, 20)
	for i := range outcomes {
		uploading.Go(func() {
			var err error
			if outcomes[i], err = put(s, id, i+1); err != nil {
				t.Error(err)
			}
		})
	}
	uploading.Wait()
	last, versions := 0, map[int]bool{}
	for i, o := range outcomes {
		versions[o.Deployment.Version] = true
		if o.Deployment.State != deploy.Live {
			t.Errorf("%+v", o.Deployment)
		}
		if o.Deployment.Version == len(outcomes) {
			last = i + 1
		}
	}
	if len(versions) != len(outcomes) {
		t.Errorf("versions %v", versions)
	}
	expect(t, s, dir, last)
	s = reopen(t, s, dir)
	expect(t, s, dir, last)
	must(t, s.Close())
}

// TestUploadsAndDeletesAtOnce: whatever came last is what is, and the next start agrees.
func TestUploadsAndDeletesAtOnce(t *testing.T) {
	dir := scratch(t)
	s := open(t, dir, local.Options{})
	for round := range 10 {
		var working sync.WaitGroup
		for i := range 3 {
			working.Go(func() {
				if _, err := put(s, id, 10*round+i+1); err != nil {
					t.Error(err)
				}
			})
			working.Go(func() {
				if _, err := s.Undeploy(background, id, deploy.By{}); err != nil && !errors.Is(err, catalog.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		working.Wait()
		n, err := serves(s, id)
		if err != nil {
			t.Fatal(err)
		}
		s = reopen(t, s, dir)
		must(t, catchUp(s)) // what lies in the models folder agrees, too
		expect(t, s, dir, n)
	}
	must(t, s.Close())
}

// drop puts a file into the models folder, as a person does, with a time of its own.
func drop(t *testing.T, dir, name string, n int) {
	t.Helper()
	file := filepath.Join(dir, "models", name)
	must(t, os.MkdirAll(filepath.Dir(file), 0o700))
	must(t, os.WriteFile(file, []byte(documentOf(n)), 0o600))
	at := time.Unix(int64(1_700_000_000+n), 0)
	must(t, os.Chtimes(file, at, at))
}

func look(t *testing.T, s *local.Server, key string) deploy.Deployment {
	t.Helper()
	o, err := s.Look(background, key, deploy.By{Actor: "folder"})
	must(t, err)
	return o.Deployment
}

// TestTwoFiles: a model belongs to the file that came first, until that is removed.
func TestTwoFiles(t *testing.T) {
	dir := scratch(t)
	s := open(t, dir, local.Options{})
	drop(t, dir, "m.pmml", 1)
	drop(t, dir, "m/model.pmml", 2)
	look(t, s, "models/m.pmml")
	if d := look(t, s, "models/m/model.pmml"); d.State != deploy.Rejected || d.Rejection == nil || !strings.Contains(d.Rejection.Message, "models/m.pmml") {
		t.Errorf("the other file: %+v", d)
	}
	expect(t, s, dir, 1)
	s = reopen(t, s, dir)
	expect(t, s, dir, 1)
	must(t, os.Remove(filepath.Join(dir, "models", "m.pmml")))
	look(t, s, "models/m.pmml")
	expect(t, s, dir, 0)
	look(t, s, "models/m/model.pmml")
	expect(t, s, dir, 2)
	must(t, s.Close())
}

// TestReplacedWhileRead replaces a file at each of the steps in which it is read: it is never half of each that goes live.
func TestReplacedWhileRead(t *testing.T) {
	for at := int64(0); ; at++ {
		dir := scratch(t)
		var steps, armed atomic.Int64
		s := open(t, dir, local.Options{Folder: folder.Options{Tap: func(step disk.Step, do func() error) error {
			if step.Name == "models/m.pmml" && armed.Load() == 1 && steps.Add(1)-1 == at {
				drop(t, dir, "new.txt", 2)
				must(t, os.Rename(filepath.Join(dir, "models", "new.txt"), filepath.Join(dir, "models", "m.pmml")))
			}
			return unsynced(step, do)
		}}})
		drop(t, dir, "m.pmml", 1)
		armed.Store(1)
		d := look(t, s, "models/m.pmml")
		if n, err := serves(s, id); err != nil || n == 0 && d.State != deploy.Superseded {
			t.Errorf("step %d: %d serves, %v, %+v", at, n, err, d)
		}
		armed.Store(0)
		look(t, s, "models/m.pmml")
		expected := 2
		if steps.Load() <= at { // it was read before that
			expected = 1
		}
		expect(t, s, dir, expected)
		must(t, s.Close())
		if expected == 1 {
			return
		}
	}
}

// TestNoSpace: on a full disk, and in a folder that cannot be written to, what is live stays so, and the caller is told.
func TestNoSpace(t *testing.T) {
	for name, c := range map[string]struct {
		under string // which files are concerned
		err   error
	}{
		"a full disk":                    {"", syscall.ENOSPC},
		"a models folder that is frozen": {"models/", syscall.EROFS},
		"versions that are frozen":       {"versions/", syscall.EROFS},
	} {
		t.Run(name, func(t *testing.T) {
			dir := scratch(t)
			var full atomic.Bool
			s := open(t, dir, local.Options{Folder: folder.Options{Tap: func(step disk.Step, do func() error) error {
				concerned := strings.HasPrefix(step.Name, c.under) || strings.HasPrefix(step.To, c.under)
				changing := slices.Contains([]disk.Op{disk.Mkdir, disk.Create, disk.Write, disk.Rename, disk.Chtimes, disk.Remove}, step.Op)
				if full.Load() && concerned && changing && (c.err != syscall.ENOSPC || step.Op != disk.Remove) {
					return &fs.PathError{Op: string(step.Op), Path: step.Name, Err: c.err}
				}
				return unsynced(step, do)
			}}})
			_, err := put(s, id, 1)
			must(t, err)
			full.Store(true)
			if _, err := put(s, id, 2); err == nil {
				t.Error("an upload was taken")
			}
			if n, err := serves(s, id); n != 1 || err != nil {
				t.Errorf("%d serves, %v", n, err)
			}
			full.Store(false)
			s = reopen(t, s, dir)
			must(t, s.Resume(background))
			expect(t, s, dir, 1)
			_, err = put(s, id, 3)
			must(t, err)
			expect(t, s, dir, 3)
			must(t, s.Close())
		})
	}
}

// artifact gives a file of the first version.
func artifact(dir, name string) string { return filepath.Join(dir, "versions", id, "000001", name) }

// damage changes a byte in the middle of a file.
func damage(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text[len(text)/2] ^= 0x10
	return os.WriteFile(file, text, 0o600)
}

// another writes a document that is right, but is not the one that was uploaded.
func another(file string) error { return os.WriteFile(file, []byte(documentOf(99)), 0o600) }

// TestDamage: what is damaged is found at start, named, and made anew where that is possible. What cannot be is left out,
// and the other models are there.
func TestDamage(t *testing.T) {
	for name, c := range map[string]struct {
		do    func(dir string) error
		after int    // what serves
		log   string // what the log says
	}{
		"a compiled form that is damaged": {func(dir string) error { return damage(artifact(dir, "model.bin")) }, 1, "compiling a version again"},
		"a compiled form that is missing": {func(dir string) error { return os.Remove(artifact(dir, "model.bin")) }, 1, "compiling a version again"},
		"a compiled form that is empty":   {func(dir string) error { return os.Truncate(artifact(dir, "model.bin"), 0) }, 1, "compiling a version again"},
		"a database that is damaged":      {func(dir string) error { return damage(filepath.Join(dir, "handoff.db")) }, 1, ""},
		"a database that is empty":        {func(dir string) error { return os.Truncate(filepath.Join(dir, "handoff.db"), 0) }, 1, "the database is damaged"},
		"a database that is missing":      {func(dir string) error { return os.Remove(filepath.Join(dir, "handoff.db")) }, 1, "a database is made"},
		"no files of the version":         {func(dir string) error { return os.RemoveAll(filepath.Join(dir, "versions", id)) }, 0, "cannot open a live model"},
		"a compiled form and another document": {func(dir string) error {
			return errors.Join(damage(artifact(dir, "model.bin")), another(artifact(dir, "document.pmml")))
		}, 0, "cannot open a live model"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := scratch(t)
			s := open(t, dir, local.Options{})
			_, err := put(s, id, 1)
			must(t, err)
			_, err = put(s, "other", 5)
			must(t, err)
			must(t, s.Close())
			must(t, c.do(dir))
			var log bytes.Buffer
			s = open(t, dir, local.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			if n, err := serves(s, id); n != c.after || err != nil {
				t.Errorf("%d serves, %v", n, err)
			}
			if n, err := serves(s, "other"); n != 5 || err != nil {
				t.Errorf("of the other model, %d serves, %v", n, err)
			}
			if !strings.Contains(log.String(), c.log) || c.after == 0 && !strings.Contains(log.String(), "model=m ") {
				t.Errorf("the log: %s", &log)
			}
			_, err = put(s, id, 7)
			must(t, err)
			if n, err := serves(s, id); n != 7 || err != nil {
				t.Errorf("after another upload, %d serves, %v", n, err)
			}
			must(t, s.Close())
		})
	}
}

// TestDamagedDocument: bytes that nobody uploaded are not handed out as the document; the model serves on.
func TestDamagedDocument(t *testing.T) {
	dir := scratch(t)
	s := open(t, dir, local.Options{})
	_, err := put(s, id, 1)
	must(t, err)
	must(t, damage(artifact(dir, "document.pmml")))
	if document, _, err := s.Document(background, id); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("%v %v", document, err)
	}
	if _, err := s.Scorer(background, id); err != nil {
		t.Error(err)
	}
	_, err = put(s, id, 2)
	must(t, err)
	if n, err := serves(s, id); n != 2 || err != nil {
		t.Errorf("%d serves, %v", n, err)
	}
	must(t, s.Close())
}

// TestLost: a version whose files cannot be read at start is served as soon as they can.
func TestLost(t *testing.T) {
	dir := scratch(t)
	s := open(t, dir, local.Options{})
	_, err := put(s, id, 1)
	must(t, err)
	must(t, s.Close())
	files, away := filepath.Join(dir, "versions", id), filepath.Join(dir, "away")
	must(t, os.Rename(files, away))
	s = open(t, dir, local.Options{})
	must(t, s.Restore(background, id))
	if n, err := serves(s, id); n != 0 || err != nil {
		t.Errorf("%d serves without files, %v", n, err)
	}
	must(t, os.RemoveAll(files))
	must(t, os.Rename(away, files))
	must(t, s.Resume(background))
	if n, err := serves(s, id); n != 1 || err != nil {
		t.Errorf("%d serves, %v", n, err)
	}
	must(t, consistent(s, dir, id))
	must(t, s.Close())
}

// TestClock lets the clock jump by years between any two readings: the history is in order nevertheless.
func TestClock(t *testing.T) {
	dir := scratch(t)
	var readings atomic.Int64
	clock := func() time.Time {
		n := readings.Add(1)
		return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(int(n*7%11)-5, int(n%5), 0)
	}
	s := open(t, dir, local.Options{Folder: folder.Options{Now: clock, Tap: unsynced}, Pipeline: func(c *deploy.Config) {
		hurried(c)
		c.Now = clock
	}})
	told := tell(s, story)
	must(t, told.err)
	s.Wait()
	if err := told.check(s, dir); err != nil {
		t.Error(err)
	}
	deployments, err := s.Deployments(background, id, "", 100)
	must(t, err)
	if len(deployments) != len(story) {
		t.Errorf("%d deployments", len(deployments))
	}
	for i, d := range deployments {
		if d.Updated.Before(d.Created) {
			t.Errorf("ended before it began: %+v", d)
		}
		if d.ID != told.acknowledged[len(story)-1-i].ID {
			t.Errorf("deployment %d is %s", i, d.ID)
		}
		if i > 0 && deployments[i-1].Created.Before(d.Updated) {
			t.Errorf("%+v is older than %+v", deployments[i-1], d)
		}
	}
	if err := told.afterwards(s, dir); err != nil {
		t.Error(err)
	}
}

// TestTwoServers: the second one on a folder is refused, and does the first no harm.
func TestTwoServers(t *testing.T) {
	dir := scratch(t)
	s := open(t, dir, local.Options{})
	_, err := put(s, id, 1)
	must(t, err)
	if _, err := local.Open(dir, local.Options{}); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "another process") {
		t.Error(err)
	}
	_, err = put(s, id, 2)
	must(t, err)
	expect(t, s, dir, 2)
	s = reopen(t, s, dir)
	expect(t, s, dir, 2)
	must(t, s.Close())
}
