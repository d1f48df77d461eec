package porttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Artifacts runs all tests, each on an empty place for files that open gives.
func Artifacts(t *testing.T, open func(t *testing.T) deploy.Artifacts) {
	for name, test := range map[string]func(t *testing.T, a deploy.Artifacts){
		"absent":    absentFile,
		"replacing": replacing,
		"sizes":     fileSizes,
		"broken":    brokenFile,
		"cancelled": cancelledFile,
		"removing":  removing,
		"together":  filesTogether,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// A file is one file of a version.
type file struct {
	id      string
	version int
	name    string
}

var model = file{"iris", 7, deploy.CompiledFile}

func absentFile(t *testing.T, a deploy.Artifacts) {
	wantNoFile(t, a, model)
	if err := a.Remove(background, "iris", 7); err != nil {
		t.Errorf("remove what is not there: %v", err)
	}
	putFile(t, a, model, "x")
	for _, other := range []file{{"iris", 7, "document.pmml"}, {"iris", 70, "model.bin"}, {"Iris2", 7, "model.bin"}, {"iris", 7, "model.bi"}} {
		wantNoFile(t, a, other)
	}
}

func replacing(t *testing.T, a deploy.Artifacts) {
	for _, text := range []string{"one", "a longer text", ""} {
		putFile(t, a, model, text)
		wantFile(t, a, model, text)
	}
}

func fileSizes(t *testing.T, a deploy.Artifacts) {
	for _, size := range []int{0, 1, 100_000, 6 << 20} {
		text := noise(size)
		putFile(t, a, model, text)
		wantFile(t, a, model, text)
	}
}

func brokenFile(t *testing.T, a deploy.Artifacts) {
	put := func() {
		t.Helper()
		if err := a.Put(background, model.id, model.version, model.name, broken()); !errors.Is(err, errBroken) {
			t.Errorf("%v, want what the reader answered", err)
		}
	}
	put()
	wantNoFile(t, a, model)
	putFile(t, a, model, "old")
	put()
	wantFile(t, a, model, "old")
}

func cancelledFile(t *testing.T, a deploy.Artifacts) {
	ctx, cancel := context.WithCancel(background)
	cancel()
	if err := a.Put(ctx, model.id, model.version, model.name, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
	wantNoFile(t, a, model)
}

func removing(t *testing.T, a deploy.Artifacts) {
	gone := []file{model, {"iris", 7, "golden.csv"}, {"iris", 7, "a"}}
	kept := []file{{"iris", 1, "model.bin"}, {"iris", 70, "model.bin"}, {"iris", 7_000_000, "model.bin"}, {"iri", 7, "model.bin"},
		{"iris.7", 7, "model.bin"}, {"iris2", 7, "model.bin"}}
	for _, f := range append(gone, kept...) {
		putFile(t, a, f, f.name)
	}
	for range 2 {
		if err := a.Remove(background, "iris", 7); err != nil {
			t.Fatal(err)
		}
		for _, f := range gone {
			wantNoFile(t, a, f)
		}
		for _, f := range kept {
			wantFile(t, a, f, f.name)
		}
	}
	putFile(t, a, model, "again")
	wantFile(t, a, model, "again")
}

func filesTogether(t *testing.T, a deploy.Artifacts) {
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			f, text := file{"iris", 1 + i%2, fmt.Sprint("f", i)}, noise(10_000*i)
			if err := a.Put(background, f.id, f.version, f.name, iotest.HalfReader(strings.NewReader(text))); err != nil {
				t.Error(err)
				return
			}
			wantFile(t, a, f, text)
		})
	}
	wait.Wait()
}

func putFile(t *testing.T, a deploy.Artifacts, f file, text string) {
	t.Helper()
	// The reader is nothing but a reader: nobody can tell beforehand how much comes.
	if err := a.Put(background, f.id, f.version, f.name, io.MultiReader(strings.NewReader(text))); err != nil {
		t.Fatal(err)
	}
}

func wantFile(t *testing.T, a deploy.Artifacts, f file, want string) {
	t.Helper()
	r, size, err := a.Get(background, f.id, f.version, f.name)
	if err != nil {
		t.Errorf("%v: %v", f, err)
		return
	}
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || string(text) != want || size != int64(len(want)) {
		t.Errorf("%v: %.100q, size %d, %v, want %.100q", f, text, size, err, want)
	}
}

func wantNoFile(t *testing.T, a deploy.Artifacts, f file) {
	t.Helper()
	if _, _, err := a.Get(background, f.id, f.version, f.name); !errors.Is(err, deploy.ErrGone) {
		t.Errorf("%v: %v, want %v", f, err, deploy.ErrGone)
	}
}
