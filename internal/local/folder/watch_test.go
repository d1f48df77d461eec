package folder_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local/disk"
	"github.com/handoff-pmml/handoff/internal/local/folder"
)

const whole = `<?xml version="1.0"?><PMML version="4.4"></PMML>`

// A scene is a watched folder in a bubble of time.
type scene struct {
	*testing.T
	dir     string
	data    *folder.Data
	watcher *folder.Watcher
	events  chan fsnotify.Event
	errors  chan error
	seen    map[string]string
	fault   func(s disk.Step) error

	mu      sync.Mutex
	looks   []string // "key" or "key is gone"
	running map[string]bool
	look    func(key, version string) error
	log     bytes.Buffer
}

// play prepares a folder, watches it, and plays.
func play(t *testing.T, prepare, act func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{T: t, dir: t.TempDir(), events: make(chan fsnotify.Event), errors: make(chan error), seen: map[string]string{}, running: map[string]bool{}}
		log := slog.New(slog.NewTextHandler(&s.log, nil))
		s.data = open(t, s.dir, folder.Options{Log: log, Tap: s.tap})
		if prepare != nil {
			prepare(s)
		}
		options := folder.WithEvents(folder.WatchOptions{}, s.events, s.errors, func(string) error { return nil })
		s.watcher = s.data.Watch(s.lookAt, s.known, options)
		ctx, cancel := context.WithCancel(background)
		ended := make(chan struct{})
		go func() { s.watcher.Run(ctx); close(ended) }()
		synctest.Wait()
		act(s)
		cancel()
		<-ended
	})
}

// set changes how the scene behaves from now on.
func (s *scene) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *scene) known(context.Context) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.seen), nil
}

func (s *scene) tap(step disk.Step, do func() error) error {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault != nil {
		if err := fault(step); err != nil {
			return err
		}
	}
	return do()
}

func (s *scene) lookAt(_ context.Context, key, version string) error {
	s.mu.Lock()
	if s.running[key] {
		s.Errorf("%s is looked at twice at a time", key)
	}
	s.running[key] = true
	what := key
	if version == "" {
		what += " is gone"
	}
	s.looks = append(s.looks, what)
	look := s.look
	s.mu.Unlock()
	var err error
	if look != nil {
		err = look(key, version)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[key] = false
	if err == nil {
		if s.seen[key] = version; version == "" {
			delete(s.seen, key)
		}
	}
	return err
}

// write writes a file, as somebody does who knows nothing of us.
func (s *scene) write(key, text string) {
	s.Helper()
	file := filepath.Join(s.dir, key)
	s.must(os.MkdirAll(filepath.Dir(file), 0o700))
	s.must(os.WriteFile(file, []byte(text), 0o600))
}

// age sets the time of a file back beyond the time of the bubble.
func (s *scene) age(key string) {
	at := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	s.must(os.Chtimes(filepath.Join(s.dir, key), at, at))
}

func (s *scene) rename(from, to string) {
	s.Helper()
	s.must(os.Rename(filepath.Join(s.dir, from), filepath.Join(s.dir, to)))
}

func (s *scene) remove(key string) {
	s.Helper()
	s.must(os.RemoveAll(filepath.Join(s.dir, key)))
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// tell tells the watcher that something happened.
func (s *scene) tell(op fsnotify.Op, names ...string) {
	for _, name := range names {
		s.events <- fsnotify.Event{Name: filepath.Join(s.dir, name), Op: op}
	}
	synctest.Wait()
}

// after lets time pass and checks what was looked at until then, in any order, since the last time.
func (s *scene) after(d time.Duration, want ...string) {
	s.Helper()
	time.Sleep(d)
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	got := slices.Sorted(slices.Values(s.looks))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Errorf("after %s: looked at %q, want %q\n%s", d, got, want, s.log.String())
	}
	s.looks = nil
}

func (s *scene) pending() (all []string) {
	for _, p := range s.watcher.Waiting() {
		what := p.Key
		if p.Unfinished {
			what += " unfinished"
		}
		if p.Failure != "" {
			what += " failed: " + p.Failure
		}
		all = append(all, what)
	}
	return all
}

func (s *scene) wantPending(want ...string) {
	s.Helper()
	if got := s.pending(); !slices.Equal(got, want) {
		s.Errorf("pending %q, want %q", got, want)
	}
}

// logged checks how often the log has a text.
func (s *scene) logged(text string, times int) {
	s.Helper()
	if n := strings.Count(s.log.String(), text); n != times {
		s.Errorf("%d times %q, want %d, in\n%s", n, text, times, s.log.String())
	}
}

// unlisted is a folder that cannot be read.
func unlisted(name string) func(s disk.Step) error {
	return func(s disk.Step) error {
		if s.Op == disk.List && s.Name == name {
			return syscall.EIO
		}
		return nil
	}
}

const iris = "models/iris.pmml"

// known prepares a folder in which iris.pmml was looked at.
func known(s *scene) {
	s.write(iris, whole)
	head, err := s.data.Objects().Head(background, iris)
	s.must(err)
	s.seen[iris] = head.Version
}

func TestWatch(t *testing.T) {
	for name, c := range map[string]struct{ prepare, act func(s *scene) }{
		"written slowly": {nil, func(s *scene) {
			s.write(iris, whole[:20])
			s.tell(fsnotify.Create, iris)
			s.after(900 * time.Millisecond)
			s.write(iris, whole)
			s.tell(fsnotify.Write, iris)
			s.after(900 * time.Millisecond)
			s.wantPending(iris)
			s.after(200*time.Millisecond, iris)
			s.wantPending()
			s.after(time.Hour)
		}},
		"written without events": {nil, func(s *scene) {
			s.write(iris, whole)
			s.after(10 * time.Second)
			s.after(1100*time.Millisecond, iris)
		}},
		"left half": {nil, func(s *scene) {
			s.write(iris, whole[:30])
			s.tell(fsnotify.Create, iris)
			s.after(50 * time.Second)
			s.wantPending(iris + " unfinished")
			s.after(20*time.Second, iris)
			s.wantPending()
			s.logged("had no end for a long time", 1)
			s.after(time.Hour)
			s.write(iris, whole)
			s.tell(fsnotify.Write, iris)
			s.after(2*time.Second, iris)
		}},
		"half, then whole": {nil, func(s *scene) {
			s.write(iris, whole[:30])
			s.tell(fsnotify.Create, iris)
			s.after(50 * time.Second)
			s.write(iris, whole)
			s.tell(fsnotify.Write, iris)
			s.after(1500*time.Millisecond, iris)
		}},
		"moved here": {nil, func(s *scene) {
			s.write("models/.part", whole)
			s.age("models/.part")
			s.rename("models/.part", iris)
			s.tell(fsnotify.Create, iris)
			s.after(200*time.Millisecond, iris)
		}},
		"removed": {known, func(s *scene) {
			s.remove(iris)
			s.tell(fsnotify.Remove, iris)
			s.after(900 * time.Millisecond)
			s.after(200*time.Millisecond, iris+" is gone")
			s.after(time.Hour)
		}},
		"removed without events": {known, func(s *scene) {
			s.remove(iris)
			s.after(12*time.Second, iris+" is gone")
		}},
		"removed while nobody watched": {func(s *scene) { s.seen[iris] = "1" }, func(s *scene) {
			s.after(2*time.Second, iris+" is gone")
		}},
		"saved by an editor": {known, func(s *scene) {
			s.rename(iris, iris+"~")
			s.tell(fsnotify.Rename, iris)
			s.tell(fsnotify.Create, iris+"~")
			s.after(500 * time.Millisecond)
			s.write(iris, whole+"\n")
			s.tell(fsnotify.Create, iris)
			s.write("models/4913", "")
			s.write("models/.iris.pmml.swp", "x")
			s.tell(fsnotify.Create, "models/4913", "models/.iris.pmml.swp")
			s.after(1100*time.Millisecond, iris)
			s.after(time.Hour)
			s.logged("ignored", 0)
		}},
		"came and went": {nil, func(s *scene) {
			s.write(iris, whole)
			s.tell(fsnotify.Create, iris)
			s.remove(iris)
			s.tell(fsnotify.Remove, iris)
			s.after(time.Hour)
			s.wantPending()
		}},
		"unchanged": {known, func(s *scene) {
			s.tell(fsnotify.Chmod, iris)
			s.after(time.Hour)
		}},
		"renamed to another id": {known, func(s *scene) {
			s.rename(iris, "models/flower.pmml")
			s.tell(fsnotify.Rename, iris)
			s.tell(fsnotify.Create, "models/flower.pmml")
			s.after(1200*time.Millisecond, iris+" is gone", "models/flower.pmml")
		}},
		"a folder": {nil, func(s *scene) {
			s.write("models/a/model.pmml", whole)
			s.write("models/a/model.json", `{"keepVersions": 2}`)
			s.write("models/a/golden.csv", "x\n")
			s.tell(fsnotify.Create, "models/a")
			s.after(1200*time.Millisecond, "models/a/model.pmml", "models/a/model.json", "models/a/golden.csv")
			s.write("models/a/model.json", `{"keepVersions": 3`)
			s.write("models/a/golden.csv", "y\n")
			s.tell(fsnotify.Write, "models/a/model.json", "models/a/golden.csv")
			s.after(5*time.Second, "models/a/golden.csv")
			s.wantPending("models/a/model.json unfinished")
			s.write("models/a/model.json", `{"keepVersions": 3}`)
			s.tell(fsnotify.Write, "models/a/model.json")
			s.after(1200*time.Millisecond, "models/a/model.json")
			s.rename("models/a", "models/b")
			s.tell(fsnotify.Rename, "models/a")
			s.tell(fsnotify.Create, "models/b")
			s.after(1200*time.Millisecond, "models/a/model.pmml is gone", "models/a/model.json is gone", "models/a/golden.csv is gone",
				"models/b/model.pmml", "models/b/model.json", "models/b/golden.csv")
			s.remove("models/b")
			s.tell(fsnotify.Remove, "models/b")
			s.after(1200*time.Millisecond, "models/b/model.pmml is gone", "models/b/model.json is gone", "models/b/golden.csv is gone")
			s.after(time.Hour)
		}},
		"a folder that is copied slowly": {nil, func(s *scene) {
			s.write("models/a/model.pmml", whole)
			s.tell(fsnotify.Create, "models/a")
			for i := range 5 {
				s.after(800 * time.Millisecond)
				s.write("models/a/golden.csv", strings.Repeat("x\n", i))
				s.tell(fsnotify.Write, "models/a/golden.csv")
			}
			s.after(1200*time.Millisecond, "models/a/model.pmml", "models/a/golden.csv")
			s.after(time.Hour)
		}},
		"two files of one model": {known, func(s *scene) {
			s.write("models/iris/model.pmml", whole)
			s.tell(fsnotify.Create, "models/iris")
			s.after(1200*time.Millisecond, "models/iris/model.pmml") // and is refused
			s.remove(iris)
			s.tell(fsnotify.Remove, iris)
			s.after(5*time.Second, iris+" is gone", "models/iris/model.pmml")
		}},
		"the pipeline forgets": {known, func(s *scene) {
			s.set(func() { delete(s.seen, iris) })
			s.after(2*time.Minute, iris)
		}},
		"the folder goes and comes": {known, func(s *scene) {
			s.rename("models", "elsewhere")
			s.tell(fsnotify.Rename, "models")
			s.after(time.Hour)
			s.must(os.Mkdir(filepath.Join(s.dir, "models"), 0o700))
			s.after(time.Hour)
			s.logged("cannot be looked at", 1)
			s.remove("models")
			s.rename("elsewhere", "models")
			s.after(time.Hour)
			s.logged("is there again", 1)
			s.remove(iris)
			s.after(12*time.Second, iris+" is gone")
		}},
		"the folder goes while something is missing": {known, func(s *scene) {
			s.remove(iris)
			s.tell(fsnotify.Remove, iris)
			s.after(500 * time.Millisecond)
			s.rename("models", "elsewhere")
			s.tell(fsnotify.Rename, "models")
			s.after(time.Hour)
		}},
		"a folder that cannot be read": {func(s *scene) {
			s.write("models/a/model.pmml", whole)
			head, err := s.data.Objects().Head(background, "models/a/model.pmml")
			s.must(err)
			s.seen["models/a/model.pmml"] = head.Version
		}, func(s *scene) {
			s.set(func() { s.fault = unlisted("models/a") })
			s.after(time.Hour)
			s.logged("input/output error", 1)
		}},
		"the folder cannot be listed": {known, func(s *scene) {
			s.set(func() { s.fault = unlisted("models") })
			s.after(time.Minute)
			s.set(func() { s.fault = nil })
			s.after(time.Minute)
		}},
		"a link that points out": {known, func(s *scene) {
			s.remove(iris)
			s.must(os.Symlink("/etc/passwd", filepath.Join(s.dir, iris)))
			s.tell(fsnotify.Create, iris)
			s.after(time.Hour)
			s.logged("may lead to files in the data folder only", 1)
		}},
		"names that nobody may have": {nil, func(s *scene) {
			for _, name := range []string{"models/my model.pmml", "models/Überschrift.pmml.gz", "models/a/other.pmml", "models/b c/model.pmml"} {
				s.write(name, whole)
			}
			for _, name := range []string{"models/README.md", "models/a/notes.txt", "models/.hidden.pmml", "models/a/.x.pmml", "models/iris.pmml.tmp"} {
				s.write(name, whole)
			}
			ignored := 5
			if err := makePipe(filepath.Join(s.dir, "models", "pipe.pmml")); errors.Is(err, errors.ErrUnsupported) {
				ignored--
			} else {
				s.must(err)
			}
			s.after(time.Hour)
			s.logged("is ignored", ignored)
		}},
		"it cannot be deployed now": {nil, func(s *scene) {
			s.set(func() { s.look = func(string, string) error { return errors.New("no luck") } })
			s.write(iris, whole)
			s.tell(fsnotify.Create, iris)
			s.after(1200*time.Millisecond, iris)
			s.wantPending(iris + " failed: no luck")
			s.after(10*time.Second, iris)
			s.logged("no luck", 1)
			s.set(func() { s.look = nil })
			s.after(10*time.Second, iris)
			s.after(time.Hour)
			s.wantPending()
		}},
		"changed while it is deployed": {nil, func(s *scene) {
			s.set(func() { s.look = func(string, string) error { time.Sleep(5 * time.Second); return nil } })
			s.write(iris, whole)
			s.tell(fsnotify.Create, iris)
			s.after(1200*time.Millisecond, iris)
			s.write(iris, whole+" ")
			s.tell(fsnotify.Write, iris)
			s.after(3 * time.Second)
			s.remove(iris)
			s.tell(fsnotify.Remove, iris)
			s.after(3*time.Second, iris+" is gone")
			s.after(time.Hour)
		}},
		"ended while something is deployed": {nil, func(s *scene) {
			s.set(func() { s.look = func(string, string) error { time.Sleep(time.Hour); return nil } })
			s.write(iris, whole)
			s.tell(fsnotify.Create, iris)
			s.after(2*time.Second, iris)
		}},
		"thousands at once, and events get lost": {nil, func(s *scene) {
			var want []string
			for i := range 3000 {
				key := fmt.Sprintf("models/m%d/model.pmml", i)
				s.write(key, whole)
				want = append(want, key)
			}
			s.tell(fsnotify.Create, "models/m0")
			s.errors <- fsnotify.ErrEventOverflow
			s.after(3*time.Second, want...)
			s.after(20 * time.Second)
		}},
		"the system stops telling": {nil, func(s *scene) {
			close(s.events)
			close(s.errors)
			s.write(iris, whole)
			s.after(12*time.Second, iris)
		}},
	} {
		t.Run(name, func(t *testing.T) { play(t, c.prepare, c.act) })
	}
}

// TestWatchSystem drops files into a folder that the system watches: what comes from it must come soon.
func TestWatchSystem(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, folder.Options{})
	looks := make(chan string, 100)
	look := func(_ context.Context, key, version string) error {
		if version == "" {
			key += " is gone"
		}
		looks <- key
		return nil
	}
	seen := func(context.Context) (map[string]string, error) { return nil, nil }
	w := d.Watch(look, seen, folder.WatchOptions{Rescan: time.Hour, Settle: 20 * time.Millisecond})
	ctx, cancel := context.WithCancel(background)
	ended := make(chan struct{})
	go func() { w.Run(ctx); close(ended) }()
	want := func(key string) {
		t.Helper()
		select {
		case got := <-looks:
			if got != key {
				t.Fatalf("%s, want %s", got, key)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("nobody told of %s", key)
		}
	}
	nested := filepath.Join(dir, "models", "a")
	for range 2 {
		if err := os.Mkdir(nested, 0o700); err != nil {
			t.Fatal(err)
		}
		rewrite(t, filepath.Join(nested, "model.pmml"), whole)
		want("models/a/model.pmml")
		rewrite(t, filepath.Join(nested, "model.pmml"), whole+"\n")
		want("models/a/model.pmml")
		if err := os.RemoveAll(nested); err != nil {
			t.Fatal(err)
		}
		want("models/a/model.pmml is gone")
	}
	mustPut(t, d.Objects(), "models/b.pmml", whole, deploy.Metadata{})
	want("models/b.pmml")
	cancel()
	<-ended
}

func TestIsComplete(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	wide := func(text string) string {
		var b strings.Builder
		b.WriteString("\xFF\xFE")
		for _, c := range []byte(text) {
			b.WriteString(string([]byte{c, 0}))
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"whole":                         {whole, true},
		"a byte less":                   {whole[:len(whole)-1], false},
		"nothing":                       {"", false},
		"white space":                   {" \n", false},
		"no XML":                        {"age,income\n1,2\n", false},
		"white space after":             {whole + " \r\n\t", true},
		"white space within":            {"<PMML></PMML \n>", true},
		"comments and more after":       {whole + "<!-- </x> --> <?a b?>\n<!---->", true},
		"open comment after":            {whole + "<!-- ", false},
		"ends with a comment only":      {"<PMML><!-- -->", false},
		"prefix":                        {"<p:PMML xmlns:p='u'></p:PMML>", true},
		"another prefix":                {"<p:PMML xmlns:p='u'></q:PMML>", false},
		"another root":                  {"<x></x>", true},
		"another end":                   {"<PMML></Header>", false},
		"longer end":                    {"<PMML></xPMML>", false},
		"comment before":                {"\xEF\xBB\xBF<!-- <x> --><!DOCTYPE PMML><?a?><PMML></PMML>", true},
		"empty root":                    {"<PMML a='>/' />", true},
		"start tag is cut":              {"<PMML a='/>", false},
		"name is cut":                   {"<PM", false},
		"long":                          {"<PMML a='" + long + "'>" + long + "</PMML>", true},
		"long and cut":                  {"<PMML a='" + long + "'>" + long, false},
		"wide":                          {wide(whole), true},
		"wide and cut":                  {wide(whole[:len(whole)-1]), false},
		"compressed":                    {zipped(t, whole), true},
		"compressed and long":           {zipped(t, "<PMML>"+long+long+"</PMML>"), true},
		"compressed and cut within":     {zipped(t, whole[:20]), false},
		"compressed and cut":            {zipped(t, whole)[:40], false},
		"compressed and cut at the end": {zipped(t, whole)[:len(zipped(t, whole))-1], false},
		"compressed and begun":          {"\x1f\x8b", false},
		"compressed and something else": {zipped(t, whole) + "x", false},
	} {
		if got := folder.IsComplete([]byte(c.text)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// FuzzIsComplete cuts documents: no beginning of one that ends with its only end tag looks complete.
func FuzzIsComplete(f *testing.F) {
	f.Add("<a/>", 3)
	f.Add("<PMML><!-- </PMM --></PMML>", 20)
	f.Add("<?x?><p:a b='>'/>", 9)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		folder.IsComplete([]byte(text))
		whole := "<PMML>" + strings.ReplaceAll(text, "</PMML", "") + "</PMML>"
		if strings.Contains(whole[6:len(whole)-7], "<") || strings.HasPrefix(text, "<") {
			return
		}
		if cut < 0 || cut >= len(whole) {
			cut = len(whole) - 1
		}
		if folder.IsComplete([]byte(whole[:cut])) {
			t.Errorf("%q", whole[:cut])
		}
	})
}

// BenchmarkRescan looks through 10,000 models of which nothing is new.
func BenchmarkRescan(b *testing.B) {
	for _, shape := range []string{"models/m%d.pmml", "models/m%d/model.pmml"} {
		b.Run(shape, func(b *testing.B) {
			dir := b.TempDir()
			d := open(b, dir, folder.Options{})
			seen := map[string]string{}
			for i := range 10_000 {
				key := fmt.Sprintf(shape, i)
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, key)), 0o700); err != nil {
					b.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, key), []byte(whole), 0o600); err != nil {
					b.Fatal(err)
				}
				head, err := d.Objects().Head(background, key)
				if err != nil {
					b.Fatal(err)
				}
				seen[key] = head.Version
			}
			look := func(_ context.Context, key, _ string) error { b.Error(key); return nil }
			w := d.Watch(look, func(context.Context) (map[string]string, error) { return seen, nil }, folder.WatchOptions{})
			for b.Loop() {
				w.ScanAll(background)
			}
		})
	}
}
