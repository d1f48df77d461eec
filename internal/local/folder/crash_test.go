package folder_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local/disk"
	"github.com/handoff-pmml/handoff/internal/local/disk/disktest"
	"github.com/handoff-pmml/handoff/internal/local/folder"
)

const nested, packed = "models/iris/model.pmml", "models/iris.pmml.gz"

// changes are all that changes something in a data folder. Whatever happens, what lies there is as it was before or as
// it is to be, and the latter if there was no error.
var changes = map[string]struct {
	before   func(d *folder.Data) error // nil: nothing
	change   func(d *folder.Data) error
	state    func(d *folder.Data) (string, error)
	old, new string
}{
	"a first upload": {
		change: putting(nested, "new"), state: object(nested), old: "gone", new: "new by new",
	},
	"an upload in place of another": {
		before: putting(nested, "old"), change: putting(nested, "new"), state: object(nested), old: "old by old", new: "new by new",
	},
	"an upload of which nobody says anything": {
		before: putting(nested, "old"), change: puttingWith(nested, "new", deploy.Metadata{}), state: object(nested), old: "old by old", new: "new",
	},
	"an upload that is to be compressed": {
		before: putting(packed, "old"), change: putting(packed, "new"), state: object(packed), old: "old by old", new: "new by new",
	},
	"a removal": {
		before: putting(nested, "old"),
		change: func(d *folder.Data) error { return d.Objects().Delete(background, nested) },
		state:  object(nested), old: "old by old", new: "gone",
	},
	"a first file of a version": {
		change: keeping("new", "model.bin"), state: version, old: "", new: "model.bin=new",
	},
	"a file in place of another": {
		before: keeping("old", "a", "b"), change: keeping("new", "a"), state: version, old: "a=old b=old", new: "a=new b=old",
	},
	"the removal of a version": {
		before: keeping("old", "a", "b", "model.bin"),
		change: func(d *folder.Data) error { return d.Artifacts().Remove(background, "iris", 7) },
		state:  version, old: "a=old b=old model.bin=old", new: "",
	},
}

func putting(key, text string) func(d *folder.Data) error {
	return puttingWith(key, text, deploy.Metadata{By: deploy.By{Actor: text}})
}

func puttingWith(key, text string, m deploy.Metadata) func(d *folder.Data) error {
	return func(d *folder.Data) error {
		_, err := put(d.Objects(), key, text, m)
		return err
	}
}

// object tells what lies under a key, and who put it there.
func object(key string) func(d *folder.Data) (string, error) {
	return func(d *folder.Data) (string, error) {
		head, err := d.Objects().Head(background, key)
		if errors.Is(err, deploy.ErrGone) {
			return "gone", nil
		}
		if err != nil {
			return "", err
		}
		text, err := get(d.Objects(), head)
		if err == nil && deploy.IsGzip(key) {
			text, err = expand(text)
		}
		if who := head.Metadata.By.Actor; who != "" {
			text += " by " + who
		}
		return text, err
	}
}

func expand(zipped string) (string, error) {
	z, err := gzip.NewReader(strings.NewReader(zipped))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(z)
	return string(text), err
}

func keeping(text string, names ...string) func(d *folder.Data) error {
	return func(d *folder.Data) error {
		for _, name := range names {
			if err := d.Artifacts().Put(background, "iris", 7, name, strings.NewReader(text)); err != nil {
				return err
			}
		}
		return nil
	}
}

// version tells what files there are.
func version(d *folder.Data) (string, error) {
	var all []string
	for _, name := range []string{"a", "b", "model.bin"} {
		r, _, err := d.Artifacts().Get(context.Background(), "iris", 7, name)
		if errors.Is(err, deploy.ErrGone) {
			continue
		}
		if err != nil {
			return "", err
		}
		text, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return "", err
		}
		all = append(all, name+"="+string(text))
	}
	return strings.Join(all, " "), nil
}

// A fault lets steps fail.
type fault struct {
	armed  bool
	at     int  // the step that fails
	steps  int  // so far
	lasts  bool // all later ones fail, too
	after  bool // the step is done, and fails nevertheless
	err    error
	failed bool
	where  string
}

func (f *fault) tap(s disk.Step, do func() error) error {
	if s.Op == disk.Sync || s.Op == disk.SyncDir { // what the disk itself does is not what is tested
		do = func() error { return nil }
	}
	if !f.armed {
		return do()
	}
	f.steps++
	if f.steps-1 != f.at && !(f.lasts && f.steps > f.at) {
		return do()
	}
	if !f.failed {
		f.where = fmt.Sprintf("%s %s", s.Op, s.Name)
	}
	f.failed = true
	if f.after {
		return errors.Join(do(), f.err)
	}
	return f.err
}

// TestFaults lets each step of each change fail: once, once after it was done, and from then on. Then it goes well.
func TestFaults(t *testing.T) {
	for name, c := range changes {
		for kind, plan := range map[string]fault{
			"a full disk":           {err: syscall.ENOSPC},
			"an error after all":    {err: syscall.EIO, after: true},
			"a disk that is frozen": {err: syscall.EROFS, lasts: true},
			"another file system":   {err: syscall.EXDEV},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				for n := 0; ; n++ {
					f := plan
					f.at = n
					if !tryFault(t, &f, c.before, c.change, c.state, c.old, c.new) {
						return
					}
				}
			})
		}
	}
}

func tryFault(t *testing.T, f *fault, before, change func(*folder.Data) error, state func(*folder.Data) (string, error), was, want string) bool {
	t.Helper()
	dir := scratch(t)
	d := open(t, dir, folder.Options{Tap: f.tap})
	if before != nil {
		must(t, before(d))
	}
	f.armed = true
	err := change(d)
	f.armed = false
	got, stateErr := state(d)
	if stateErr != nil || got != want && (err == nil || got != was) {
		t.Errorf("after step %d, %s (%v): %q, %v", f.at, f.where, err, got, stateErr)
	}
	must(t, change(d)) // as if nothing had been
	must(t, d.Close())
	d = open(t, dir, folder.Options{Tap: unsynced})
	if got, err := state(d); got != want || err != nil {
		t.Errorf("after step %d, %s, once more: %q, %v", f.at, f.where, got, err)
	}
	for _, name := range files(t, dir) {
		if strings.HasPrefix(name, "uploads/") || strings.Contains(name, "/.handoff-") {
			t.Errorf("left: %s", name)
		}
	}
	must(t, d.Close())
	return f.failed
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestPower lets the power fail after each step of each change, and looks at what is left then.
func TestPower(t *testing.T) {
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			for n, failed := 0, true; failed; n++ {
				shadow := &disktest.Shadow{}
				d := open(t, scratch(t), folder.Options{Tap: shadow.Tap})
				if c.before != nil {
					must(t, c.before(d))
				}
				shadow.Fail(n)
				changeErr := c.change(d)
				failed = shadow.Failed()
				for how, loss := range disktest.Losses() {
					dir := scratch(t)
					must(t, shadow.Write(dir, loss))
					d := open(t, dir, folder.Options{Tap: unsynced})
					got, err := c.state(d)
					if err != nil || got != c.new && (changeErr == nil || got != c.old) {
						t.Errorf("after step %d (%v), %s: %q, %v", n, changeErr, how, got, err)
					}
					must(t, d.Close())
				}
				must(t, d.Close())
			}
		})
	}
}

func unsynced(s disk.Step, do func() error) error {
	if s.Op == disk.Sync || s.Op == disk.SyncDir {
		return nil
	}
	return do()
}

// TestPowerWhileOpened lets the power fail, or a step, while a data folder is made. The next time it is opened well.
func TestPowerWhileOpened(t *testing.T) {
	for n, failed := 0, true; failed; n++ {
		shadow := &disktest.Shadow{}
		shadow.Fail(n)
		d, openErr := folder.Open(scratch(t), folder.Options{Tap: shadow.Tap})
		if openErr == nil {
			must(t, d.Close())
		}
		failed = shadow.Failed()
		for how, loss := range disktest.Losses() {
			dir := scratch(t)
			must(t, shadow.Write(dir, loss))
			d := open(t, dir, folder.Options{Tap: unsynced})
			if _, err := put(d.Objects(), nested, "new", deploy.Metadata{}); err != nil {
				t.Errorf("after step %d (%v), %s: %v", n, openErr, how, err)
			}
			must(t, d.Close())
		}
	}
	for n, failed := 0, true; failed; n++ {
		f := &fault{armed: true, at: n, err: syscall.ENOSPC}
		dir := scratch(t)
		if d, err := folder.Open(dir, folder.Options{Tap: f.tap}); err == nil {
			must(t, d.Close())
		}
		failed = f.failed
		d := open(t, dir, folder.Options{Tap: unsynced})
		if _, err := put(d.Objects(), nested, "new", deploy.Metadata{}); err != nil {
			t.Errorf("after %s failed: %v", f.where, err)
		}
		must(t, d.Close())
	}
}

// scratch gives a folder in memory, where there is one: the disk is not what is tested.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "handoff-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
