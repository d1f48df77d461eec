package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local/db"
	"go.etcd.io/bbolt"
)

// fill commits models with some history, and goes back and forth so that there are free pages.
func fill(t testing.TB, s deploy.Store, models, rounds int) {
	t.Helper()
	for round := range rounds {
		for i := range models {
			id := fmt.Sprintf("model-%05d", i)
			d := deploy.Deployment{Model: id, ID: fmt.Sprintf("%026d", round), State: deploy.Live, Failure: strings.Repeat("x", 50*round)}
			m := deploy.Model{ID: id, Rev: int64(round + 1), Live: round + 1, Kept: []int{round + 1}}
			if i%7 == 0 {
				m.Garbage = []int{round}
			}
			err := s.Commit(context.Background(), deploy.Transition{Model: m, Versions: []deploy.Version{{Model: id, Number: round + 1}},
				Deployments: []deploy.Deployment{d}, Audits: []deploy.Audit{{Model: id, ID: d.ID}}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// contents gives all that a database has.
func contents(s *db.DB) (map[string]any, error) {
	ctx := context.Background()
	all := map[string]any{}
	models, err := s.Models(ctx)
	if err != nil {
		return nil, err
	}
	unfinished, err := s.Unfinished(ctx)
	if err != nil {
		return nil, err
	}
	all["unfinished"] = unfinished
	for _, m := range models {
		status, err := s.Status(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		deployments, err := s.Deployments(ctx, m.ID, "", 1000)
		if err != nil {
			return nil, err
		}
		audits, err := s.Audits(ctx, m.ID, "", 1000)
		if err != nil {
			return nil, err
		}
		all[m.ID] = []any{m, status, deployments, audits}
	}
	return all, nil
}

// image makes a database and gives its bytes and contents.
func image(t *testing.T, models, rounds int) ([]byte, map[string]any) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whole.db")
	d := open(t, path, db.Options{})
	fill(t, d, models, rounds)
	if err := d.Touch(context.Background(), map[string]time.Time{"model-00001": time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	all, err := contents(d)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file, all
}

// reopen opens damaged bytes: either the damage is found, or it harms nothing.
func reopen(t *testing.T, what string, file []byte, want map[string]any) (found bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(path, db.Options{})
	if err != nil {
		var damaged *db.DamagedError
		if !errors.As(err, &damaged) || damaged.Path != path || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", what, err)
		}
		return true
	}
	defer d.Close()
	got, err := contents(d)
	if err != nil {
		t.Errorf("%s: not found, and then: %v", what, err)
		return false
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: not found, and there is something else:\n%s", what, diff)
	}
	if err := d.Commit(context.Background(), deploy.Transition{Model: deploy.Model{ID: "new", Rev: 1}}); err != nil {
		t.Errorf("%s: not found, and then: %v", what, err)
	}
	return false
}

func TestTruncated(t *testing.T) {
	file, all := image(t, 12, 4)
	pageSize := os.Getpagesize()
	for size := 0; size < len(file); size += pageSize / 2 {
		for _, n := range []int{size, size + 1, size + pageSize/2 - 1} {
			reopen(t, fmt.Sprintf("cut to %d of %d bytes", n, len(file)), file[:min(n, len(file))], all)
		}
	}
	if !reopen(t, "empty", nil, all) {
		t.Error("an empty file is taken for a new database")
	}
}

func TestFlipped(t *testing.T) {
	file, all := image(t, 12, 4)
	pageSize := os.Getpagesize()
	random := rand.New(rand.NewPCG(1, 2))
	pages, found := 0, 0
	for page := 0; page*pageSize < len(file); page++ {
		if bytes.Count(file[page*pageSize:(page+1)*pageSize], []byte{0}) == pageSize {
			continue // room to grow
		}
		pages++
		offsets := []int{random.IntN(pageSize), random.IntN(pageSize)}
		for i := range 24 { // header and first elements
			offsets = append(offsets, i*2+random.IntN(2))
		}
		for _, offset := range offsets {
			damaged := bytes.Clone(file)
			damaged[page*pageSize+offset] ^= byte(1 + random.IntN(255))
			if reopen(t, fmt.Sprintf("page %d, byte %d", page, offset), damaged, all) {
				found++
			}
		}
	}
	t.Logf("%d pages: %d of %d changes are found", pages, found, pages*26)
	if pages < 10 || found < pages*6 {
		t.Error("these are too few to mean anything")
	}
}

func TestPagesLost(t *testing.T) {
	file, all := image(t, 12, 4)
	pageSize := os.Getpagesize()
	pages := len(file) / pageSize
	zeros := make([]byte, pageSize)
	for page := range pages {
		from := page * pageSize
		damaged := bytes.Clone(file)
		copy(damaged[from:], zeros)
		reopen(t, fmt.Sprintf("page %d is empty", page), damaged, all)
		for _, other := range []int{0, 1, 2, 3, (page + 1) % pages} {
			damaged := bytes.Clone(file)
			copy(damaged[from:from+pageSize], file[other*pageSize:])
			reopen(t, fmt.Sprintf("page %d is page %d", page, other), damaged, all)
		}
	}
	for name, content := range map[string]string{"text": strings.Repeat("a text\n", 3000), "short text": "a", "zeros": strings.Repeat("\x00", 1<<16)} {
		if !reopen(t, name, []byte(content), nil) {
			t.Errorf("%s is taken for a database", name)
		}
	}
}

// TestOracle holds our reading of the file against that of bbolt: what we find right, it must find right too.
func TestOracle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d := open(t, path, db.Options{})
	for round := range 3 {
		fill(t, db2{d, int64(2 * round)}, 40, 2)
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(copied, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := open(t, copied, db.Options{}).Close(); err != nil {
			t.Fatal(err)
		}
		b, err := bbolt.Open(copied, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.View(func(tx *bbolt.Tx) error {
			var errs []error
			for err := range tx.Check() {
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		}); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// db2 commits revisions that go on after others.
type db2 struct {
	*db.DB
	after int64
}

func (d db2) Commit(ctx context.Context, t deploy.Transition) error {
	t.Model.Rev += d.after
	return d.DB.Commit(ctx, t)
}

// TestCutWhileOpen cuts the file off while it is in use: no panic, no hang, and a clear error.
func TestCutWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d := open(t, path, db.Options{})
	fill(t, d, 60, 4)
	if err := os.Truncate(path, int64(2*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var damaged *db.DamagedError
		if _, err := d.Models(context.Background()); !errors.As(err, &damaged) {
			t.Errorf("reading: %v", err)
		}
		if err := d.Commit(context.Background(), deploy.Transition{Model: deploy.Model{ID: "x", Rev: 1}}); !errors.As(err, &damaged) {
			t.Errorf("writing: %v", err)
		}
	}
}
