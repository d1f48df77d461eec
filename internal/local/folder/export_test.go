package folder

import (
	"bytes"
	"context"

	"github.com/fsnotify/fsnotify"
)

// WithEvents gives options with which events come from a test.
func WithEvents(o WatchOptions, events <-chan fsnotify.Event, errors <-chan error, add func(dir string) error) WatchOptions {
	o.notify = func() (notifier, error) {
		return notifier{events, errors, add, func() error { return nil }}, nil
	}
	return o
}

// IsComplete says whether a document looks complete.
func IsComplete(document []byte) bool {
	ok, err := isComplete(bytes.NewReader(document), int64(len(document)))
	return ok && err == nil
}

// ScanAll looks through the whole folder.
func (w *Watcher) ScanAll(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.notifier.add == nil {
		w.notifier.add = func(string) error { return nil }
	}
	w.scanAll(ctx)
}
