package folder_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local/disk"
	"github.com/handoff-pmml/handoff/internal/local/folder"
)

var (
	background = context.Background()

	_ deploy.Objects   = (*folder.Objects)(nil)
	_ deploy.Artifacts = (*folder.Artifacts)(nil)
)

func open(t testing.TB, dir string, o folder.Options) *folder.Data {
	t.Helper()
	d, err := folder.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func put(o *folder.Objects, key, text string, m deploy.Metadata) (deploy.Object, error) {
	body, err := o.Receive(background, strings.NewReader(text))
	if err != nil {
		return deploy.Object{}, err
	}
	defer body.Discard()
	return o.Put(background, key, body, m)
}

func mustPut(t testing.TB, o *folder.Objects, key, text string, m deploy.Metadata) deploy.Object {
	t.Helper()
	object, err := put(o, key, text, m)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func get(o *folder.Objects, object deploy.Object) (string, error) {
	r, err := o.Get(background, object)
	if err != nil {
		return "", err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	return string(text), err
}

func TestObjects(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir, folder.Options{}).Objects()
	const key = "models/iris/model.pmml"
	if _, err := o.Head(background, key); !errors.Is(err, deploy.ErrGone) {
		t.Fatalf("nothing was put there: %v", err)
	}
	said := deploy.Metadata{ModelName: "Iris", By: deploy.By{Actor: "somebody"}}
	first := mustPut(t, o, key, "one", said)
	head, err := o.Head(background, key)
	if err != nil || head != first || head.Metadata != said {
		t.Fatalf("%+v, %v, want %+v", head, err, first)
	}
	second := mustPut(t, o, key, "two", deploy.Metadata{})
	if _, err := get(o, first); !errors.Is(err, deploy.ErrGone) {
		t.Errorf("the first version: %v", err)
	}
	if text, err := get(o, second); text != "two" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if head, _ := o.Head(background, key); head.Metadata != (deploy.Metadata{}) || head.Version == first.Version {
		t.Errorf("%+v", head)
	}
	for range 2 {
		if err := o.Delete(background, key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Get(background, second); !errors.Is(err, deploy.ErrGone) {
		t.Errorf("deleted: %v", err)
	}
	if left := files(t, dir); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}

// files gives the names of the files in a folder.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			names = append(names, strings.TrimPrefix(name, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestDroppedFileInheritsNothing: what somebody said about an upload does not hold for a file that takes its place.
func TestDroppedFileInheritsNothing(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir, folder.Options{}).Objects()
	const key = "models/iris.pmml"
	mustPut(t, o, key, "one", deploy.Metadata{ModelName: "Iris"})
	if err := os.WriteFile(filepath.Join(dir, key), []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(dir, key), time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	head, err := o.Head(background, key)
	if err != nil || head.Metadata != (deploy.Metadata{}) {
		t.Errorf("%+v, %v", head, err)
	}
}

// TestVersionsDiffer puts the same bytes again and again, while the clock stands, goes back, or the last file is of the
// far future.
func TestVersionsDiffer(t *testing.T) {
	dir := t.TempDir()
	at := time.Now()
	o := open(t, dir, folder.Options{Now: func() time.Time { return at }}).Objects()
	const key = "models/iris.pmml"
	seen := map[string]bool{}
	last := time.Time{}
	for i, change := range []time.Duration{0, 0, -time.Hour, time.Minute, 200 * 365 * 24 * time.Hour, -250 * 365 * 24 * time.Hour} {
		at = at.Add(change)
		object := mustPut(t, o, key, "same", deploy.Metadata{})
		info, err := os.Stat(filepath.Join(dir, key))
		if err != nil {
			t.Fatal(err)
		}
		if seen[object.Version] || !info.ModTime().After(last) {
			t.Errorf("%d: %s again, %s after %s", i, object.Version, info.ModTime(), last)
		}
		seen[object.Version], last = true, info.ModTime()
	}
}

func TestGzip(t *testing.T) {
	o := open(t, t.TempDir(), folder.Options{}).Objects()
	object := mustPut(t, o, "models/iris.pmml.gz", "plain", deploy.Metadata{})
	zipped, err := get(o, object)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(strings.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(z); string(text) != "plain" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	again := mustPut(t, o, "models/iris.pmml.gz", zipped, deploy.Metadata{})
	if text, err := get(o, again); text != zipped || err != nil {
		t.Errorf("compressed twice: %d bytes, %v", len(text), err)
	}
	empty := mustPut(t, o, "models/empty.pmml.gz", "", deploy.Metadata{})
	if empty.Size == 0 {
		t.Error("nothing, compressed, is something")
	}
}

// TestChangedWhileRead changes an object between the bytes that are read of it.
func TestChangedWhileRead(t *testing.T) {
	const key = "models/iris.pmml"
	old := strings.Repeat("old ", 10_000)
	for name, c := range map[string]struct {
		change func(t *testing.T, o *folder.Objects, file string)
		gone   bool
		whole  bool // the reader may end well
	}{
		"replaced by an upload": {func(t *testing.T, o *folder.Objects, _ string) {
			mustPut(t, o, key, strings.Repeat("new ", 10_000), deploy.Metadata{})
		}, true, false},
		"written to": {func(t *testing.T, _ *folder.Objects, file string) { rewrite(t, file, strings.Repeat("new ", 10_000)) }, true, false},
		"grown":      {func(t *testing.T, _ *folder.Objects, file string) { rewrite(t, file, strings.Repeat("new ", 20_000)) }, true, false},
		"cut":        {func(t *testing.T, _ *folder.Objects, file string) { rewrite(t, file, "new") }, true, false},
		"written to, and the time set back": {func(t *testing.T, _ *folder.Objects, file string) {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			rewrite(t, file, strings.Repeat("new ", 10_000))
			if err := os.Chtimes(file, time.Time{}, info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}, false, false},
		"removed": {func(t *testing.T, _ *folder.Objects, file string) {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}, true, false},
		"untouched": {func(*testing.T, *folder.Objects, string) {}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o := open(t, dir, folder.Options{}).Objects()
			r, err := o.Get(background, mustPut(t, o, key, old, deploy.Metadata{}))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			head := make([]byte, 100)
			if _, err := io.ReadFull(r, head); err != nil {
				t.Fatal(err)
			}
			c.change(t, o, filepath.Join(dir, key))
			rest, err := io.ReadAll(r)
			if c.whole != (err == nil) || c.gone != errors.Is(err, deploy.ErrGone) {
				t.Errorf("%d bytes, %v", len(rest), err)
			}
			if bytes.Contains(rest, []byte("new")) {
				t.Error("a mixture")
			}
		})
	}
}

func rewrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestKeys: what is no key of a model is no path either.
func TestKeys(t *testing.T) {
	dir := t.TempDir()
	d := open(t, filepath.Join(dir, "data"), folder.Options{})
	o, a := d.Objects(), d.Artifacts()
	for _, key := range []string{"", "models/", "models/../x.pmml", "models/a/../../x.pmml", "../x.pmml", "/etc/passwd", "models/a/model.pmml/..",
		"models/.pmml", "models/a\x00.pmml", "models/a/model.xml", "layout", "models/.handoff", "models/a\\..\\b.pmml", "models//model.pmml"} {
		if _, err := o.Head(background, key); err == nil || errors.Is(err, deploy.ErrGone) {
			t.Errorf("head %q: %v", key, err)
		}
		if _, err := put(o, key, "x", deploy.Metadata{}); err == nil {
			t.Errorf("put %q", key)
		}
		if _, err := o.Get(background, deploy.Object{Key: key}); err == nil {
			t.Errorf("get %q", key)
		}
		if err := o.Delete(background, key); err == nil {
			t.Errorf("delete %q", key)
		}
	}
	for _, c := range []struct {
		id, name string
		version  int
	}{{"..", "a", 1}, {"a/b", "a", 1}, {"", "a", 1}, {"a", "..", 1}, {"a", "../b", 1}, {"a", "", 1}, {"a", "b/c", 1}, {"a", "a", 0}, {"a", "a", -1}, {"a", ".x", 1}} {
		if err := a.Put(background, c.id, c.version, c.name, strings.NewReader("x")); err == nil {
			t.Errorf("put %+v", c)
		}
		if _, _, err := a.Get(background, c.id, c.version, c.name); err == nil || errors.Is(err, deploy.ErrGone) {
			t.Errorf("get %+v: %v", c, err)
		}
	}
	if err := a.Remove(background, "..", 1); err == nil {
		t.Error("removed ..")
	}
	if left := files(t, dir); len(left) != 2 {
		t.Errorf("%v", left)
	}
}

// TestNoFile finds other things than files under keys.
func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir, folder.Options{}).Objects()
	outside := filepath.Join(t.TempDir(), "outside.pmml")
	rewrite(t, outside, "secret")
	models := filepath.Join(dir, "models")
	rewrite(t, filepath.Join(models, "file"), "x")
	for name, c := range map[string]struct {
		make func(file string) error
		gone bool
	}{
		"a folder":                       {func(file string) error { return os.Mkdir(file, 0o700) }, true},
		"a pipe":                         {makePipe, false},
		"a link that points out":         {func(file string) error { return os.Symlink(outside, file) }, false},
		"a link that points out with ..": {func(file string) error { return os.Symlink("../../../../etc/passwd", file) }, false},
		"a link to nothing":              {func(file string) error { return os.Symlink("nothing", file) }, true},
		"a link to itself":               {func(file string) error { return os.Symlink(filepath.Base(file), file) }, false},
	} {
		key := "models/a.pmml"
		err := c.make(filepath.Join(dir, key))
		if errors.Is(err, errors.ErrUnsupported) {
			t.Logf("%s: this system has none", name)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Head(background, key); err == nil || errors.Is(err, deploy.ErrGone) != c.gone {
			t.Errorf("head of %s: %v", name, err)
		}
		if _, err := get(o, deploy.Object{Key: key}); err == nil {
			t.Errorf("read %s", name)
		}
		if err := os.RemoveAll(filepath.Join(dir, key)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Head(background, "models/file/model.pmml"); !errors.Is(err, deploy.ErrGone) {
		t.Errorf("below a file: %v", err)
	}
	if err := os.Symlink("file", filepath.Join(models, "within.pmml")); err != nil {
		t.Fatal(err)
	}
	head, err := o.Head(background, "models/within.pmml")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := get(o, head); text != "x" || err != nil {
		t.Errorf("a link within the folder: %q, %v", text, err)
	}
}

// TestUnmounted takes the models folder away and puts another one in its place.
func TestUnmounted(t *testing.T) {
	for name, away := range map[string]func(models string) error{
		"missing": func(models string) error { return os.Rename(models, models+".away") },
		"empty": func(models string) error {
			return errors.Join(os.Rename(models, models+".away"), os.Mkdir(models, 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := open(t, dir, folder.Options{})
			o := d.Objects()
			object := mustPut(t, o, "models/iris.pmml", "x", deploy.Metadata{})
			if err := away(filepath.Join(dir, "models")); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := o.Head(background, object.Key); err == nil || errors.Is(err, deploy.ErrGone) || !strings.Contains(err.Error(), "Mount it") {
					t.Errorf("head: %v", err)
				}
				if _, err := o.Get(background, object); err == nil || errors.Is(err, deploy.ErrGone) {
					t.Errorf("get: %v", err)
				}
				if _, err := put(o, object.Key, "y", deploy.Metadata{}); err == nil {
					t.Error("put")
				}
				if err := o.Delete(background, object.Key); err == nil {
					t.Error("delete")
				}
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
				d = open(t, dir, folder.Options{}) // a restart does not make it the right one
				o = d.Objects()
			}
		})
	}
}

// TestMounted has the models folder on another file system than the uploads.
func TestMounted(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir, folder.Options{Tap: func(s disk.Step, do func() error) error {
		if s.Op == disk.Rename && strings.HasPrefix(s.Name, "uploads/") && strings.HasPrefix(s.To, "models/") {
			return syscall.EXDEV
		}
		return do()
	}}).Objects()
	object := mustPut(t, o, "models/iris.pmml", "x", deploy.Metadata{ModelName: "a"})
	if head, err := o.Head(background, object.Key); head != object || err != nil {
		t.Errorf("%+v, %v, want %+v", head, err, object)
	}
	if left := files(t, dir); len(left) != 4 {
		t.Errorf("left: %v", left)
	}
}

func TestData(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(dir string) error
		want    string // of the error
	}{
		"new":         {func(string) error { return nil }, ""},
		"with models": {func(dir string) error { return os.MkdirAll(filepath.Join(dir, "models", "a"), 0o700) }, ""},
		"of another":  {func(dir string) error { return os.WriteFile(filepath.Join(dir, "layout"), []byte("2\n"), 0o600) }, `"2\n"`},
		"of a former": {func(dir string) error { return os.Mkdir(filepath.Join(dir, "compiled"), 0o700) }, "earlier version"},
		"with a file": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "uploads"), nil, 0o600) }, "something else than a folder"},
		"with a link": {func(dir string) error { return os.Symlink("/tmp", filepath.Join(dir, "models")) }, "escapes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.prepare(dir); err != nil {
				t.Fatal(err)
			}
			d, err := folder.Open(dir, folder.Options{})
			if err == nil {
				defer d.Close()
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestOneProcess refuses a folder that is in use, and clears what the last process left unfinished.
func TestOneProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	d := open(t, dir, folder.Options{})
	if _, err := folder.Open(dir, folder.Options{}); err == nil || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("opened twice: %v", err)
	}
	if _, err := d.Objects().Receive(background, strings.NewReader("never put")); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(dir, "models", ".handoff-left"), "x")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, folder.Options{})
	if left := files(t, dir); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}

func TestReceive(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir, folder.Options{}).Objects()
	broken := errors.New("broken")
	if _, err := o.Receive(background, io.MultiReader(strings.NewReader("x"), failing{broken})); err != broken {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(background)
	cancel()
	if _, err := o.Receive(gone, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	body, err := o.Receive(background, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	body.Discard()
	if left := files(t, dir); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestArtifacts(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, folder.Options{}).Artifacts()
	for _, text := range []string{"one", "two"} {
		if err := a.Put(background, "iris", 42, "model.bin", strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		r, size, err := a.Get(background, "iris", 42, "model.bin")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if got, err := io.ReadAll(r); string(got) != text || size != 3 || err != nil {
			t.Errorf("%q, %d, %v", got, size, err)
		}
	}
	if err := a.Put(background, "iris", 1_000_000, "x", strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	if all, err := a.All(background); len(all) != 2 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	for range 2 {
		for _, n := range []int{42, 1_000_000} {
			if err := a.Remove(background, "iris", n); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, _, err := a.Get(background, "iris", 42, "model.bin"); !errors.Is(err, deploy.ErrGone) {
		t.Errorf("%v", err)
	}
	if left := files(t, dir); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
