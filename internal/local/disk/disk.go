// Package disk changes files so that they are there whole or not at all, also after the power fails. All that it does in a
// folder goes step by step through one function, so that tests can let any of the steps fail, or be the last.
package disk

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"
)

// An Op is a kind of step.
type Op string

// The kinds of steps: first those that change something, then those that make it last, then those that read.
const (
	Mkdir   Op = "mkdir"
	Create  Op = "create"
	Write   Op = "write"
	Chtimes Op = "chtimes"
	Rename  Op = "rename"
	Remove  Op = "remove"
	Close   Op = "close"

	Sync    Op = "sync"     // makes a file's contents and time last
	SyncDir Op = "sync-dir" // makes the names in a folder last

	Open Op = "open"
	Read Op = "read"
	Stat Op = "stat"
	List Op = "list"
)

// A Step is the least that can be done with a file.
type Step struct {
	Op   Op
	Name string    // within the folder, with slashes
	To   string    // of Rename
	Data []byte    // of Write, which may not be kept
	Time time.Time // of Chtimes
}

// A Tap is what every step goes through: it does it, or says why it was not done.
type Tap func(s Step, do func() error) error

// A Disk is a folder. Nothing outside it can be reached, not by symbolic links either. It may be used by many goroutines.
type Disk struct {
	root   *os.Root
	prefix string // of the names in steps
	tap    Tap    // nil: steps are simply done
}

// New opens a folder, which is made if there is none. All steps in it go through tap; nil: they are simply done.
func New(dir string, tap Tap) (*Disk, error) {
	if err := makeLasting(filepath.Clean(dir)); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Disk{root: root, tap: tap}, nil
}

// makeLasting makes a folder with all above it that are missing.
func makeLasting(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeLasting(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	above, err := os.Open(parent)
	if err != nil {
		return err
	}
	return errors.Join(above.Sync(), above.Close())
}

// Sub opens a folder within the folder: the one that has the name now, whatever has it later.
func (d *Disk) Sub(name string) (*Disk, error) {
	sub := &Disk{prefix: d.full(name), tap: d.tap}
	err := d.do(Step{Op: Open, Name: name}, func() (err error) {
		sub.root, err = d.root.OpenRoot(name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return sub, nil
}

// Close closes the folder; files that are open stay so.
func (d *Disk) Close() error { return d.root.Close() }

// Path gives the path of a file for other packages than this.
func (d *Disk) Path(name string) string {
	return filepath.Join(d.root.Name(), filepath.FromSlash(name))
}

func (d *Disk) full(name string) string { return path.Join(d.prefix, name) }

func (d *Disk) do(s Step, f func() error) error {
	if d.tap == nil {
		return f()
	}
	s.Name = d.full(s.Name)
	if s.Op == Rename {
		s.To = d.full(s.To)
	}
	return d.tap(s, f)
}

// A File is an open file.
type File struct {
	disk *Disk
	name string
	file *os.File
}

// Create makes a file that was not there.
func (d *Disk) Create(name string) (*File, error) {
	f := &File{disk: d, name: name}
	err := d.do(Step{Op: Create, Name: name}, func() (err error) {
		f.file, err = d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// ErrIrregular says that there is something else than a file under a name.
var ErrIrregular = errors.New("it is no regular file")

// Open reads a file.
func (d *Disk) Open(name string) (*File, error) {
	f := &File{disk: d, name: name}
	err := d.do(Step{Op: Open, Name: name}, func() (err error) {
		// Without O_NONBLOCK, the opening of a pipe waits for somebody who writes to it.
		f.file, err = d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrIrregular}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *File) Write(b []byte) (n int, err error) {
	err = f.disk.do(Step{Op: Write, Name: f.name, Data: b}, func() (err error) {
		n, err = f.file.Write(b)
		return err
	})
	return n, err
}

func (f *File) Read(b []byte) (n int, err error) {
	err = f.disk.do(Step{Op: Read, Name: f.name}, func() (err error) {
		n, err = f.file.Read(b)
		return err
	})
	return n, err
}

// ReadAt reads from an offset.
func (f *File) ReadAt(b []byte, offset int64) (n int, err error) {
	err = f.disk.do(Step{Op: Read, Name: f.name}, func() (err error) {
		n, err = f.file.ReadAt(b, offset)
		return err
	})
	return n, err
}

// Stat describes the file, whatever has its name by now.
func (f *File) Stat() (info fs.FileInfo, err error) {
	err = f.disk.do(Step{Op: Stat, Name: f.name}, func() (err error) {
		info, err = f.file.Stat()
		return err
	})
	return info, err
}

// Sync makes the contents and the time last.
func (f *File) Sync() error { return f.disk.do(Step{Op: Sync, Name: f.name}, f.file.Sync) }

// Close closes the file, also if it gives an error.
func (f *File) Close() error {
	closed := false
	err := f.disk.do(Step{Op: Close, Name: f.name}, func() error {
		closed = true
		return f.file.Close()
	})
	if !closed {
		f.file.Close() //nolint:errcheck // it failed already
	}
	return err
}

// Stat describes what has a name; symbolic links are followed within the folder.
func (d *Disk) Stat(name string) (info fs.FileInfo, err error) {
	err = d.do(Step{Op: Stat, Name: name}, func() (err error) {
		info, err = d.root.Stat(name)
		return err
	})
	return info, err
}

// Lstat describes what has a name; symbolic links are not followed.
func (d *Disk) Lstat(name string) (info fs.FileInfo, err error) {
	err = d.do(Step{Op: Stat, Name: name}, func() (err error) {
		info, err = d.root.Lstat(name)
		return err
	})
	return info, err
}

// List gives the entries of a folder in no order.
func (d *Disk) List(name string) (entries []fs.DirEntry, err error) {
	err = d.do(Step{Op: List, Name: name}, func() error {
		dir, err := d.root.Open(name)
		if err != nil {
			return err
		}
		entries, err = dir.ReadDir(-1)
		return errors.Join(err, dir.Close())
	})
	return entries, err
}

// Chtimes sets the time of a file's last change.
func (d *Disk) Chtimes(name string, at time.Time) error {
	return d.do(Step{Op: Chtimes, Name: name, Time: at}, func() error { return d.root.Chtimes(name, at, at) })
}

// Rename gives a file another name, without making that last.
func (d *Disk) Rename(from, to string) error {
	return d.do(Step{Op: Rename, Name: from, To: to}, func() error { return d.root.Rename(from, to) })
}

// Remove removes a file or an empty folder, without making that last.
func (d *Disk) Remove(name string) error {
	return d.do(Step{Op: Remove, Name: name}, func() error { return d.root.Remove(name) })
}

// SyncDir makes the names in a folder last.
func (d *Disk) SyncDir(name string) error {
	return d.do(Step{Op: SyncDir, Name: name}, func() error {
		dir, err := d.root.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(dir.Sync(), dir.Close())
	})
}

// MakeDir makes a folder with all that are above it, and makes their names last: also of those that were there, since
// whoever made them may not have done so.
func (d *Disk) MakeDir(name string) error {
	if name == "." {
		return nil
	}
	if err := d.MakeDir(path.Dir(name)); err != nil {
		return err
	}
	err := d.do(Step{Op: Mkdir, Name: name}, func() error { return d.root.Mkdir(name, 0o750) })
	if errors.Is(err, fs.ErrExist) {
		err = d.mustBeDir(name)
	}
	if err != nil {
		return err
	}
	return d.SyncDir(path.Dir(name))
}

func (d *Disk) mustBeDir(name string) error {
	info, err := d.Stat(name)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "mkdir", Path: d.Path(name), Err: errors.New("there is something else than a folder")}
	}
	return err
}

// Place renames a file whose contents last, and makes that last. The folder of the new name must be there.
func (d *Disk) Place(from, to string) error {
	if err := d.Rename(from, to); err != nil {
		return err
	}
	return d.SyncDir(path.Dir(to))
}

// Erase removes a file and makes that last. It is no error if there is none.
func (d *Disk) Erase(name string) error {
	if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := d.SyncDir(path.Dir(name)) // in vain or not: who removed it before may not have come so far
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// RemoveAll removes a file or a folder with all that is in it, without making that last.
func (d *Disk) RemoveAll(name string) error {
	err := d.Remove(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	entries, listErr := d.List(name)
	if listErr != nil {
		return err
	}
	errs := []error{}
	for _, e := range entries {
		errs = append(errs, d.RemoveAll(path.Join(name, e.Name())))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return d.Remove(name)
}

// Fill makes a file of what is written to it and makes its contents last, but not its name. An error leaves no file.
func (d *Disk) Fill(name string, write func(io.Writer) error) error {
	f, err := d.Create(name)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		d.Remove(name) //nolint:errcheck // should that fail, too, it is only in the way
	}
	return err
}

// SetTime sets the time of a file's last change and makes it last.
func (d *Disk) SetTime(name string, at time.Time) error {
	if err := d.Chtimes(name, at); err != nil {
		return err
	}
	f, err := d.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Replace gives a file new contents, whole or not at all, and makes that last. Until then they lie under a name of their
// own in the folder aside.
func (d *Disk) Replace(name, aside string, contents []byte) error {
	temporary := path.Join(aside, rand.Text())
	err := d.Fill(temporary, func(w io.Writer) error { _, err := w.Write(contents); return err })
	if err != nil {
		return err
	}
	if err := d.Place(temporary, name); err != nil {
		d.Remove(temporary) //nolint:errcheck // it is away if only its new name could not be made to last
		return err
	}
	return nil
}

// Lock makes the folder this process's own until held is closed.
func (d *Disk) Lock() (held io.Closer, err error) {
	dir, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	if err := lock(dir); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}
