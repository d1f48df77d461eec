package db_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/storetest"
	"github.com/handoff-pmml/handoff/internal/local/db"
)

func open(t *testing.T, path string, o db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) deploy.Store {
		return open(t, filepath.Join(t.TempDir(), "handoff.db"), db.Options{})
	})
}

func commit(t *testing.T, s deploy.Store, id string, rev int64) {
	t.Helper()
	if err := s.Commit(context.Background(), deploy.Transition{Model: deploy.Model{ID: id, Rev: rev}}); err != nil {
		t.Fatal(err)
	}
}

func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d := open(t, path, db.Options{})
	if models, err := d.Models(context.Background()); err != nil || len(models) != 0 {
		t.Errorf("a new database has %v, %v", models, err)
	}
	// Another open file is to bbolt as another process.
	if _, err := db.Open(path, db.Options{Timeout: 10 * time.Millisecond}); !errors.Is(err, db.ErrBusy) {
		t.Errorf("opened twice: %v", err)
	}
	commit(t, d, "m", 1)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Status(context.Background(), "m"); err == nil {
		t.Error("a closed database answers")
	}
	if models, err := open(t, path, db.Options{}).Models(context.Background()); err != nil || len(models) != 1 {
		t.Errorf("an old database has %v, %v", models, err)
	}
}

// TestDurable copies the file after each commit, as a crash would leave it.
func TestDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d := open(t, path, db.Options{})
	for rev := int64(1); rev <= 20; rev++ {
		commit(t, d, "m", rev)
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(copied, file, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := open(t, copied, db.Options{}).Status(context.Background(), "m")
		if err != nil || s.Model.Rev != rev {
			t.Errorf("after a crash there is revision %d, not %d: %v", s.Model.Rev, rev, err)
		}
	}
}

func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d := open(t, path, db.Options{MaxSize: 1 << 17})
	committed := 0
	var err error
	for ; err == nil && committed < 1000; committed++ {
		m := deploy.Model{ID: fmt.Sprintf("m%03d", committed), Rev: 1, Settings: deploy.Settings{Description: strings.Repeat("x", 3000)}}
		err = d.Commit(context.Background(), deploy.Transition{Model: m})
	}
	committed--
	if err == nil || !strings.Contains(err.Error(), path) || committed < 5 {
		t.Fatalf("after %d commits: %v", committed, err)
	}
	for range 2 { // also after the file was read anew
		models, err := d.Models(context.Background())
		if err != nil || len(models) != committed {
			t.Errorf("%d models after %d commits: %v", len(models), committed, err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, path, db.Options{})
	commit(t, d, "more", 1)
	if models, err := d.Models(context.Background()); err != nil || len(models) != committed+1 {
		t.Errorf("with more room: %d models, %v", len(models), err)
	}
}

// TestFileLimit runs this test in a process of its own, which may not write files beyond a size: writing fails in the
// midst of a commit, as on a full disk.
func TestFileLimit(t *testing.T) {
	if path := os.Getenv("HANDOFF_TEST_LIMITED"); path != "" {
		limited(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "x.db")
	test := exec.Command(os.Args[0], "-test.run=^TestFileLimit$", "-test.v")
	test.Env = append(os.Environ(), "HANDOFF_TEST_LIMITED="+path)
	out, err := test.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	var before int
	for line := range strings.Lines(string(out)) {
		fmt.Sscanf(line, "committed %d", &before)
	}
	models, err := open(t, path, db.Options{}).Models(context.Background())
	if err != nil || before < 5 || len(models) != before {
		t.Errorf("%d models after %d commits: %v", len(models), before, err)
	}
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.db")
	d := open(t, path, db.Options{})
	commit(t, d, "m", 1)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if d, err := db.Open(path, db.Options{}); err == nil {
		d.Close()
		t.Skip("this user may write what is read-only")
	} else if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), path) {
		t.Errorf("read-only: %v", err)
	}
}

func TestFolderIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "x.db")
	if _, err := db.Open(path, db.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
	if _, err := db.Open(t.TempDir(), db.Options{}); err == nil {
		t.Error("a folder is opened")
	}
}

func TestRemake(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.db")
	for i, old := range []string{"", "rubbish", "more rubbish"} {
		if old != "" {
			if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		failed := errors.New("no")
		err := db.Remake(path, func(s deploy.Store) error { commit(t, s, "half", 1); return failed })
		if now, _ := os.ReadFile(path); !errors.Is(err, failed) || string(now) != old {
			t.Errorf("after a failure: %v, and there is %.20q", err, now)
		}
		if err := db.Remake(path, func(s deploy.Store) error { commit(t, s, "m", 1); return nil }); err != nil {
			t.Fatal(err)
		}
		d := open(t, path, db.Options{})
		if models, err := d.Models(context.Background()); err != nil || len(models) != 1 || models[0].ID != "m" {
			t.Errorf("remade: %v, %v", models, err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if old != "" {
			aside, err := os.ReadFile(fmt.Sprint(path, ".damaged-", i))
			if err != nil || string(aside) != old {
				t.Errorf("what was put aside: %q, %v", aside, err)
			}
		}
	}
}

func TestExpire(t *testing.T) {
	ctx := context.Background()
	d := open(t, filepath.Join(t.TempDir(), "x.db"), db.Options{})
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	for _, id := range []string{"a", "b"} {
		tr := deploy.Transition{Model: deploy.Model{ID: id, Rev: 1, Open: "02"}}
		for i, x := range []struct {
			state deploy.State
			ended time.Time
		}{{deploy.Rejected, day(10)}, {deploy.Live, day(200)}, {deploy.Received, day(12)}, {deploy.Deleted, day(30)}} {
			tr.Deployments = append(tr.Deployments, deploy.Deployment{Model: id, ID: fmt.Sprintf("%02d", i), State: x.state, Created: day(10 + i), Updated: x.ended})
			tr.Audits = append(tr.Audits, deploy.Audit{Model: id, ID: fmt.Sprintf("%02d", i)})
		}
		if err := d.Commit(ctx, tr); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		at      time.Time
		removed int
		left    []string
	}{
		{day(10 + 180), 0, []string{"03", "02", "01", "00"}},
		{day(11 + 180), 2, []string{"03", "02", "01"}},
		{day(31 + 180), 2, []string{"02", "01"}},
		{day(31 + 180), 0, []string{"02", "01"}},
		{day(201 + 180), 2, []string{"02"}},
	} {
		removed, err := d.Expire(ctx, test.at)
		if err != nil || removed != test.removed {
			t.Errorf("%v: removed %d, %v", test.at, removed, err)
		}
		for _, id := range []string{"a", "b"} {
			var left []string
			list, err := d.Deployments(ctx, id, "", 10)
			for _, x := range list {
				left = append(left, x.ID)
			}
			if diff := cmp.Diff(test.left, left); err != nil || diff != "" {
				t.Errorf("%v: %s %v", test.at, diff, err)
			}
			if audits, err := d.Audits(ctx, id, "", 10); err != nil || len(audits) != 4 {
				t.Errorf("%d audits: %v", len(audits), err)
			}
		}
	}
	if s, err := d.Status(ctx, "a"); err != nil || s.Deployment == nil {
		t.Errorf("the open deployment: %v", err)
	}
}

func TestTouch(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "x.db")
	d := open(t, path, db.Options{})
	one, two := time.Unix(1, 5).UTC(), time.Unix(2, 0).UTC()
	for _, used := range []map[string]time.Time{{"a": two, "b": one}, {"a": one, "A": one}, {}} {
		if err := d.Touch(ctx, used); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, path, db.Options{}).Touched(ctx)
	if diff := cmp.Diff(map[string]time.Time{"a": two, "A": one, "b": one}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// BenchmarkMany measures a database of 10,000 models.
func BenchmarkMany(b *testing.B) {
	const models = 10_000
	path := filepath.Join(b.TempDir(), "x.db")
	if err := db.Remake(path, func(s deploy.Store) error { fill(b, s, models, 3); return nil }); err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			d, err := db.Open(path, db.Options{})
			if err != nil {
				b.Fatal(err)
			}
			d.Close()
		}
	})
	d, err := db.Open(path, db.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	b.Run("models", func(b *testing.B) {
		for b.Loop() {
			if list, err := d.Models(ctx); err != nil || len(list) != models {
				b.Fatal(len(list), err)
			}
		}
	})
	b.Run("unfinished", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.Unfinished(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("status", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.Status(ctx, "model-05000"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("expire", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.Expire(ctx, time.Unix(0, 0)); err != nil {
				b.Fatal(err)
			}
		}
	})
	rev := int64(0)
	b.Run("commit", func(b *testing.B) {
		for b.Loop() {
			rev++
			if err := d.Commit(ctx, deploy.Transition{Model: deploy.Model{ID: "one", Rev: rev}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
