// Package db keeps the metadata of deployments in one file: a database of bbolt. Every item has the partition and sort key
// that it has in DynamoDB, too. What a database cannot notice by itself, a byte that has changed or a page that was lost,
// is found when it is opened: then the whole file is read once, and the sum over all items must be the one written beside
// them.
package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrBusy says that another process has the database open.
var ErrBusy = errors.New("another process has this data folder open")

// A DamagedError says that what lies in the file is not what was written there.
type DamagedError struct {
	Path string
	What string // that was found, for a person who knows databases
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the database %s is damaged (%s): move it away, and a new one is made from the files of the versions beside it", e.Path, e.What)
}

// Options says how a database is opened. The zero value has the defaults.
type Options struct {
	Timeout time.Duration // how long to wait for another process to let go; 0: one second
	MaxSize int           // bytes that the file may grow to; 0: no limit

	noSync bool // commits need not be there after a crash
}

// A DB is a database. It implements deploy.Store and may be used by many goroutines.
type DB struct {
	path    string
	options Options

	mu      sync.RWMutex // held for writing while bolt is replaced
	bolt    *bbolt.DB    // nil: closed, or to be opened again
	closed  bool
	suspect atomic.Bool           // a commit failed at an unknown point: what lies in the file decides
	dead    atomic.Pointer[error] // bbolt has panicked: nothing may touch it any more
}

// The buckets of the file.
var (
	itemsBucket   = []byte("items")   // the table: partition key, zero byte, sort key → item
	openBucket    = []byte("open")    // index: ids of models that have something unfinished
	touchedBucket = []byte("touched") // when a model was last used
	sealBucket    = []byte("seal")    // the sum over all items of the other buckets
)

var buckets = [][]byte{itemsBucket, openBucket, touchedBucket, sealBucket}

// Open opens the database under a path, or makes one. Before anything else the whole file is checked. Errors: ErrBusy,
// *DamagedError.
func Open(path string, o Options) (*DB, error) {
	if o.Timeout == 0 {
		o.Timeout = time.Second
	}
	d := &DB{path: path, options: o}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = d.create()
	case err == nil && info.Size() == 0: // bbolt would take it for a new one
		err = &DamagedError{Path: path, What: "it is empty"}
	case err == nil:
		err = d.check()
	}
	if err == nil {
		err = d.open()
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return d, nil
}

// Close waits for what has begun and closes the database.
func (d *DB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.bolt == nil || d.dead.Load() != nil { // after a panic bbolt may hold its own locks for ever
		return nil
	}
	err := d.bolt.Close()
	d.bolt = nil
	return err
}

// create makes an empty database under another name first, so that a file under its own is always whole.
func (d *DB) create() error {
	unfinished := d.path + ".new"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b, err := bbolt.Open(unfinished, 0o600, &bbolt.Options{Timeout: d.options.Timeout})
	if err != nil {
		return d.name(err)
	}
	err = b.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return seal{}.write(tx)
	})
	if err := errors.Join(err, b.Close()); err != nil {
		return err
	}
	if err := os.Rename(unfinished, d.path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(d.path))
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// check reads the file while no other process writes it.
func (d *DB) check() error {
	var reader *bbolt.DB
	opening := guard(func() (err error) {
		reader, err = bbolt.Open(d.path, 0o600, &bbolt.Options{Timeout: d.options.Timeout, ReadOnly: true})
		return err
	})
	var path *fs.PathError
	if errors.Is(opening, bolterrors.ErrTimeout) || errors.As(opening, &path) {
		return d.name(opening)
	}
	if opening == nil {
		defer reader.Close()
	}
	if err := checkFile(d.path); err != nil {
		return err
	}
	if opening != nil {
		return &DamagedError{Path: d.path, What: opening.Error()}
	}
	return nil
}

func (d *DB) open() error {
	return guard(func() error {
		b, err := bbolt.Open(d.path, 0o600, &bbolt.Options{Timeout: d.options.Timeout, MaxSize: d.options.MaxSize, NoSync: d.options.noSync})
		if err != nil {
			return d.name(err)
		}
		d.bolt = b
		return nil
	})
}

func (d *DB) name(err error) error {
	if errors.Is(err, bolterrors.ErrTimeout) {
		return fmt.Errorf("%w: %s", ErrBusy, d.path)
	}
	return err
}

// A panicError is what bbolt, or the machine below it, has panicked with.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprint(e.value) }

// guard turns a panic into an error, also one that comes from reading a mapped file that was cut off.
func guard(do func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if v := recover(); v != nil {
			err = &panicError{v}
		}
	}()
	return do()
}

// view runs a transaction that reads.
func (d *DB) view(ctx context.Context, do func(tx *bbolt.Tx) error) error {
	return d.use(ctx, func(b *bbolt.DB) error { return b.View(do) })
}

// update runs a transaction that writes. If the disk fails, the file is read anew before the next one: it alone knows
// whether the transaction is in it.
func (d *DB) update(ctx context.Context, do func(tx *bbolt.Tx) error) error {
	return d.use(ctx, func(b *bbolt.DB) error {
		committing := false
		err := b.Update(func(tx *bbolt.Tx) error {
			err := do(tx)
			committing = err == nil
			return err
		})
		if err != nil && committing {
			d.suspect.Store(true)
			return fmt.Errorf("write the database %s: %w", d.path, err)
		}
		return err
	})
}

// use runs something on the open database.
func (d *DB) use(ctx context.Context, do func(b *bbolt.DB) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.suspect.Load() {
		if err := d.reopen(); err != nil {
			return err
		}
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if err := d.dead.Load(); err != nil {
		return *err
	}
	if d.bolt == nil {
		return errClosed
	}
	err := guard(func() error { return do(d.bolt) })
	var panicked *panicError
	if errors.As(err, &panicked) {
		var damaged error = &DamagedError{Path: d.path, What: panicked.Error()}
		d.dead.Store(&damaged)
		return damaged
	}
	return err
}

var errClosed = errors.New("the database is closed")

// reopen reads the file anew.
func (d *DB) reopen() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.dead.Load() != nil || !d.suspect.Load() {
		return nil
	}
	if d.bolt != nil {
		_ = d.bolt.Close() // what it could say was said by the failed commit
		d.bolt = nil
	}
	err := d.check()
	if err == nil {
		err = d.open()
	}
	if err != nil {
		return fmt.Errorf("read the database anew after it could not be written: %w", err)
	}
	d.suspect.Store(false)
	return nil
}
