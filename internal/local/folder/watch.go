package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local/disk"
)

// WatchOptions say how patient a Watcher is. The zero value has the defaults.
type WatchOptions struct {
	Rescan   time.Duration // how often the whole folder is looked through, since events get lost; 0: 10 s
	Settle   time.Duration // how long a file must not have changed; 0: 1 s
	Patience time.Duration // after how long without a change a file that looks unfinished is looked at; 0: 1 minute

	notify func() (notifier, error) // nil: the system's
}

// A LookFunc looks at what was found under a key: another version than the last that was looked at, which has settled, or
// nothing any more, which is the empty version. After an error, it is called again later. It is called for several keys
// at a time, but not twice for one.
type LookFunc func(ctx context.Context, key, version string) error

// A SeenFunc gives, by key, the versions that were looked at already, by this process or one before it.
type SeenFunc func(ctx context.Context) (map[string]string, error)

func (o *WatchOptions) setDefaults() {
	for at, standard := range map[*time.Duration]time.Duration{&o.Rescan: 10 * time.Second, &o.Settle: time.Second, &o.Patience: time.Minute} {
		if *at == 0 {
			*at = standard
		}
	}
	if o.notify == nil {
		o.notify = notifySystem
	}
}

const (
	compareEvery = time.Minute // how often it is asked what was looked at
	lookers      = 8           // how many keys are looked at at a time
	mostReports  = 10_000      // how many names are remembered that are of no use
)

// A notifier tells early what a rescan would find later.
type notifier struct {
	events <-chan fsnotify.Event
	errors <-chan error
	add    func(dir string) error
	close  func() error
}

func notifySystem() (notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return notifier{}, err
	}
	return notifier{w.Events, w.Errors, w.Add, w.Close}, nil
}

// A Watcher watches the models folder while it runs.
type Watcher struct {
	WatchOptions
	lookAt   LookFunc
	seen     SeenFunc
	data     *Data
	log      *slog.Logger
	notifier notifier
	results  chan result

	mu       sync.Mutex                   // guards what follows
	known    map[string]map[string]string // by entry of the folder and key: version that was looked at last
	waiting  map[string]*candidate        // by key: what was found there instead
	busy     map[string]bool              // keys that are being looked at
	ready    []string                     // keys that are to be looked at, in the order in which they settled
	dirty    map[string]bool              // entries of which something was heard
	watched  map[string]bool              // entries that are folders and tell what happens in them
	reported map[string]bool              // names that are of no use, and about which the log was told
	away     bool                         // the models folder is not there
	deaf     bool                         // the log was told that the system does not tell what happens
	scan     time.Time                    // when the whole folder is looked through next
	compare  time.Time                    // when it is asked next what was looked at
	swept    time.Time                    // when the waiting ones were gone through last
}

// A candidate is what was found under a key and is not known yet.
type candidate struct {
	version    string // empty: nothing
	beside     string // versions of the sidecars of a document: they count, too
	size       int64
	since      time.Time // when it was found first
	due        time.Time // when something is to be done about it; zero: it is among the ready ones
	unfinished bool      // its end is missing
	failure    string    // of the last look
}

// A result is what came of looking at a key.
type result struct {
	key, version string
	unfinished   bool
	err          error
}

// Watch makes a Watcher, which is to be run.
func (d *Data) Watch(look LookFunc, seen SeenFunc, o WatchOptions) *Watcher {
	o.setDefaults()
	return &Watcher{
		WatchOptions: o, lookAt: look, seen: seen, data: d, log: d.log, results: make(chan result),
		known: map[string]map[string]string{}, waiting: map[string]*candidate{}, busy: map[string]bool{},
		dirty: map[string]bool{}, watched: map[string]bool{}, reported: map[string]bool{},
	}
}

// Run watches until ctx ends. When it returns, nothing is being looked at any more. It is called once.
func (w *Watcher) Run(ctx context.Context) {
	var err error
	if w.notifier, err = w.notify(); err != nil {
		w.notifier = notifier{add: func(string) error { return nil }, close: func() error { return nil }}
		w.goDeaf(err)
	}
	w.run(ctx)
	if err := w.notifier.close(); err != nil {
		w.log.Warn("watching the models folder", slog.String("cause", err.Error()))
	}
}

// Waiting gives the files that are there and not deployed yet, by key.
func (w *Watcher) Waiting() []deploy.Waiting {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []deploy.Waiting
	for _, key := range slices.Sorted(maps.Keys(w.waiting)) {
		if c := w.waiting[key]; c.version != "" {
			all = append(all, deploy.Waiting{Key: key, Size: c.size, Since: c.since, Unfinished: c.unfinished, Failure: c.failure})
		}
	}
	return all
}

func (w *Watcher) goDeaf(err error) {
	if !w.deaf {
		w.deaf = true
		w.log.Warn("the system does not tell all changes of the models folder: they are found by looking through it",
			slog.Duration("every", w.Rescan), slog.String("cause", err.Error()))
	}
}

// run handles what happens, one after the other.
func (w *Watcher) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		w.mu.Lock()
		wait := w.step(ctx)
		w.mu.Unlock()
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			w.drain()
			return
		case e, ok := <-w.notifier.events:
			w.hear(e, ok)
		case err, ok := <-w.notifier.errors:
			w.miss(err, ok)
		case r := <-w.results:
			w.mu.Lock()
			w.finish(r)
			w.mu.Unlock()
		case <-timer.C:
		}
	}
}

// drain waits for those that are looking.
func (w *Watcher) drain() {
	for range len(w.busy) {
		<-w.results
	}
}

// hear notes that something happened to an entry of the folder, or to the folder itself.
func (w *Watcher) hear(e fsnotify.Event, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !ok {
		w.notifier.events = nil
		return
	}
	name, err := filepath.Rel(w.data.Path(modelsDir), e.Name)
	if err != nil || name == "." {
		w.scan = time.Time{}
		return
	}
	entry, _, below := strings.Cut(filepath.ToSlash(name), "/")
	if !below && e.Has(fsnotify.Create|fsnotify.Remove|fsnotify.Rename) {
		delete(w.watched, entry) // if it is a folder, it is another one now
	}
	w.dirty[entry] = true
}

// miss notes that events were lost.
func (w *Watcher) miss(err error, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !ok {
		w.notifier.errors = nil
		return
	}
	if !errors.Is(err, fsnotify.ErrEventOverflow) {
		w.log.Warn("watching the models folder", slog.String("cause", err.Error()))
	}
	w.scan = time.Time{}
	clear(w.watched)
}

// pause is how long events gather before their entries are looked at, and what waits is gone through at the most.
func (w *Watcher) pause() time.Duration { return w.Settle / 20 }

// step does what is due, and says how long nothing will be.
func (w *Watcher) step(ctx context.Context) time.Duration {
	now := time.Now()
	if next := w.swept.Add(w.pause()); now.Before(next) {
		w.dispatch(ctx)
		return next.Sub(now)
	}
	w.swept = now
	if !now.Before(w.scan) {
		w.scanAll(ctx)
		w.scan = now.Add(w.Rescan)
	} else if len(w.dirty) > 0 {
		w.scanDirty()
	}
	next := w.scan
	now = time.Now()
	for key, c := range w.waiting {
		switch {
		case c.due.IsZero():
		case !now.Before(c.due):
			c.due = time.Time{}
			w.ready = append(w.ready, key)
		case c.due.Before(next):
			next = c.due
		}
	}
	w.dispatch(ctx)
	return max(0, next.Sub(now))
}

// dispatch looks at what is ready.
func (w *Watcher) dispatch(ctx context.Context) {
	for len(w.ready) > 0 && len(w.busy) < lookers {
		key := w.ready[0]
		w.ready = w.ready[1:]
		c := w.waiting[key]
		if c == nil || !c.due.IsZero() { // it has changed meanwhile
			continue
		}
		if w.busy[key] {
			c.due = time.Now().Add(w.Settle)
			continue
		}
		w.busy[key] = true
		go func(version string, whole bool) { w.results <- w.look(ctx, key, version, whole) }(c.version, !c.unfinished)
	}
}

// look looks at a key, if what lies there is finished or need not be.
func (w *Watcher) look(ctx context.Context, key, version string, whole bool) result {
	r := result{key: key, version: version}
	if version != "" && whole {
		finished, err := w.isFinished(key, version)
		if err != nil || !finished {
			r.unfinished, r.err = err == nil, err
			return r
		}
	}
	r.err = w.lookAt(ctx, key, version)
	return r
}

// isFinished says whether a file has its end.
func (w *Watcher) isFinished(key, version string) (finished bool, err error) {
	f, err := w.data.disk.Open(key)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if versionOf(info) != version {
		return false, errChanged
	}
	switch _, sidecar, _ := deploy.ModelOf(key); sidecar {
	case "":
		finished, err = isComplete(f, info.Size())
	case deploy.SettingsName:
		finished, err = isCompleteSettings(f, info.Size())
	default:
		finished = true // a table has no end that could be missing
	}
	if err != nil {
		return false, err
	}
	if info, err = f.Stat(); err == nil && versionOf(info) != version {
		err = errChanged
	}
	return finished, err
}

// finish takes what came of looking at a key.
func (w *Watcher) finish(r result) {
	delete(w.busy, r.key)
	c := w.waiting[r.key]
	same := c != nil && c.version == r.version
	switch {
	case r.unfinished:
		if same {
			c.unfinished = true
			c.due = c.since.Add(w.Patience)
		}
	case errors.Is(r.err, errChanged), errors.Is(r.err, fs.ErrNotExist):
		if same {
			delete(w.waiting, r.key) // to be found again as it is now
		}
		w.dirty[entryOf(r.key)] = true
	case r.err != nil:
		w.retry(r, c, same)
	default:
		if same {
			if c.unfinished {
				w.log.Warn("a file had no end for a long time and was taken as it is",
					slog.String("key", r.key), slog.Duration("after", w.Patience))
			}
			delete(w.waiting, r.key)
		}
		w.know(r.key, r.version)
		w.dirty[entryOf(r.key)] = true
	}
}

func (w *Watcher) retry(r result, c *candidate, same bool) {
	if !same {
		return
	}
	if c.failure != r.err.Error() {
		c.failure = r.err.Error()
		w.log.Error("cannot look at what lies in the models folder: it is tried again",
			slog.String("key", r.key), slog.String("cause", c.failure))
	}
	c.due = time.Now().Add(w.Rescan)
}

// know notes what was looked at. When a model's document is gone, those under its other keys may take its place, though
// they were refused before.
func (w *Watcher) know(key, version string) {
	entry := entryOf(key)
	if version != "" {
		if w.known[entry] == nil {
			w.known[entry] = map[string]string{}
		}
		w.known[entry][key] = version
		return
	}
	w.forget(key)
	id, sidecar, _ := deploy.ModelOf(key)
	if sidecar != "" {
		return
	}
	for _, other := range append(deploy.KeysOf(id), deploy.SidecarsOf(id)...) {
		if w.known[entryOf(other)][other] != "" {
			w.forget(other)
			w.dirty[entryOf(other)] = true
		}
	}
}

func (w *Watcher) forget(key string) {
	entry := entryOf(key)
	delete(w.known[entry], key)
	if len(w.known[entry]) == 0 {
		delete(w.known, entry)
	}
}

// entryOf gives the entry of the models folder that a key is about.
func entryOf(key string) string {
	entry, _, _ := strings.Cut(key[len(modelsDir)+1:], "/")
	return entry
}

// ---- what is found

// scanAll looks through the whole folder.
func (w *Watcher) scanAll(ctx context.Context) {
	models, ok := w.open()
	if !ok {
		return
	}
	defer models.Close()
	w.remember(ctx)
	w.listen("")
	entries, err := models.List(".")
	if err != nil {
		w.log.Error("cannot look through the models folder", slog.String("cause", err.Error()))
		return
	}
	clear(w.dirty)
	there := make(map[string]bool, len(entries))
	for _, e := range entries {
		there[e.Name()] = true
		w.compareEntry(e.Name(), w.find(models, e))
	}
	for entry := range w.known {
		if !there[entry] {
			w.compareEntry(entry, finding{})
		}
	}
	for key := range w.waiting {
		if entry := entryOf(key); !there[entry] && w.known[entry] == nil {
			delete(w.waiting, key)
		}
	}
	maps.DeleteFunc(w.watched, func(entry string, _ bool) bool { return !there[entry] })
}

// scanDirty looks at what events told of.
func (w *Watcher) scanDirty() {
	models, ok := w.open()
	if !ok {
		return
	}
	defer models.Close()
	for entry := range w.dirty {
		info, err := models.Lstat(entry)
		switch {
		case err == nil:
			w.compareEntry(entry, w.find(models, fs.FileInfoToDirEntry(info)))
		case isAbsent(err):
			w.compareEntry(entry, finding{})
		}
	}
	clear(w.dirty)
}

// open opens the models folder. While it is away, nothing counts as removed.
func (w *Watcher) open() (*disk.Disk, bool) {
	models, err := w.data.models()
	if err != nil {
		if !w.away {
			w.log.Warn("the models folder cannot be looked at: what is live stays so", slog.String("cause", err.Error()))
		}
		w.away = true
		clear(w.waiting)
		clear(w.dirty)
		clear(w.watched)
		return nil, false
	}
	if w.away {
		w.away = false
		w.log.Info("the models folder is there again")
	}
	return models, true
}

// remember asks what was looked at.
func (w *Watcher) remember(ctx context.Context) {
	now := time.Now()
	if now.Before(w.compare) {
		return
	}
	seen, err := w.seen(ctx)
	if err != nil {
		w.log.Warn("cannot tell what of the models folder is new", slog.String("cause", err.Error()))
		return
	}
	w.compare = now.Add(compareEvery)
	clear(w.known)
	for key, version := range seen {
		if _, _, ok := deploy.ModelOf(key); ok && version != "" {
			w.know(key, version)
		}
	}
}

// A finding is what an entry of the folder has under keys.
type finding struct {
	files   map[string]fs.FileInfo // by key
	beside  []string               // versions of sidecars
	unclear bool                   // there may be more
}

// sidecars gives one text for all sidecars. Whoever copies a folder may be done with the document before the golden rows.
func (f finding) sidecars() string {
	slices.Sort(f.beside)
	return strings.Join(f.beside, " ")
}

// compareEntry compares what was found with what is known.
func (w *Watcher) compareEntry(entry string, found finding) {
	beside := found.sidecars()
	for key, info := range found.files {
		w.compareKey(key, versionOf(info), beside, info)
	}
	if found.unclear {
		return
	}
	for key := range w.known[entry] {
		if found.files[key] == nil {
			w.compareKey(key, "", "", nil)
		}
	}
	if len(w.waiting) == 0 {
		return
	}
	for _, key := range keysOf(entry) {
		if found.files[key] == nil && w.known[entry][key] == "" {
			delete(w.waiting, key) // it came and went
		}
	}
}

// keysOf gives the keys that an entry of the models folder can have.
func keysOf(entry string) []string {
	return append(deploy.KeysOf(entry)[:2], modelsDir+"/"+entry, deploy.SidecarOf(entry, deploy.SettingsName))
}

func (w *Watcher) compareKey(key, version, beside string, info fs.FileInfo) {
	if w.known[entryOf(key)][key] == version {
		delete(w.waiting, key)
		return
	}
	if _, sidecar, _ := deploy.ModelOf(key); sidecar != "" {
		beside = ""
	}
	if c := w.waiting[key]; c != nil && c.version == version && c.beside == beside {
		return
	}
	now := time.Now()
	c := &candidate{version: version, beside: beside, since: now, due: now.Add(w.Settle)}
	if info != nil {
		c.size = info.Size()
		if now.Sub(info.ModTime()) >= w.Settle { // it was moved here: nobody writes to it
			c.due = now.Add(w.Settle / 10)
		}
	}
	w.waiting[key] = c
}

// find finds what an entry of the folder has under keys.
func (w *Watcher) find(models *disk.Disk, e fs.DirEntry) finding {
	name := e.Name()
	if strings.HasPrefix(name, ".") {
		return finding{}
	}
	found := finding{files: map[string]fs.FileInfo{}}
	info := w.describe(models, name, e, &found)
	switch {
	case info == nil:
	case !info.IsDir():
		w.add(modelsDir+"/"+name, info, &found)
	case !isKey(deploy.KeyOf(name)):
		w.report(name, "no model can have this name")
	default:
		w.findBelow(models, name, &found)
	}
	return found
}

// findBelow finds what a model's folder has.
func (w *Watcher) findBelow(models *disk.Disk, dir string, found *finding) {
	w.listen(dir)
	entries, err := models.List(dir)
	if err != nil {
		found.unclear = found.unclear || !isAbsent(err)
		if found.unclear {
			w.report(dir, err.Error())
		}
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := path.Join(dir, e.Name())
		if info := w.describe(models, name, e, found); info != nil && !info.IsDir() {
			w.add(modelsDir+"/"+name, info, found)
		}
	}
}

// describe describes an entry, or what a link in its place leads to; nil: there is nothing of use.
func (w *Watcher) describe(models *disk.Disk, name string, e fs.DirEntry, found *finding) fs.FileInfo {
	var info fs.FileInfo
	var err error
	if kind := e.Type(); kind.IsRegular() || kind.IsDir() {
		info, err = e.Info()
	} else {
		info, err = models.Stat(name)
	}
	switch {
	case err == nil && (info.Mode().IsRegular() || info.IsDir()):
		return info
	case isAbsent(err):
		return nil
	case err == nil:
		err = disk.ErrIrregular
	}
	found.unclear = true // what was there may still be meant
	w.report(name, fmt.Sprintf("%v; a symbolic link may lead to files in the data folder only", err))
	return nil
}

// add adds a file, if its key is a model's, and the pipeline is to look at it.
func (w *Watcher) add(key string, info fs.FileInfo, found *finding) {
	_, sidecar, ok := deploy.ModelOf(key)
	if sidecar != "" {
		found.beside = append(found.beside, sidecar+" "+versionOf(info))
	}
	switch {
	case !ok && (strings.HasSuffix(key, ".pmml") || strings.HasSuffix(key, ".pmml.gz")):
		w.report(key[len(modelsDir)+1:], "a model's document is {id}.pmml or {id}/model.pmml, with or without .gz, and an id has "+
			"letters, digits and . _ - only")
	case ok:
		found.files[key] = info
	}
}

func isKey(key string) bool {
	_, _, ok := deploy.ModelOf(key)
	return ok
}

// report tells the log once that something is of no use.
func (w *Watcher) report(name, why string) {
	if w.reported[name] || len(w.reported) >= mostReports {
		return
	}
	w.reported[name] = true
	w.log.Warn("something in the models folder is ignored", slog.String("name", name), slog.String("cause", why))
}

// listen lets the system tell what happens in a folder: "" is the models folder itself, which may be another one than
// before.
func (w *Watcher) listen(dir string) {
	if dir != "" && w.watched[dir] {
		return
	}
	if err := w.notifier.add(w.data.Path(path.Join(modelsDir, dir))); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			w.goDeaf(err)
		}
		return
	}
	if dir != "" {
		w.watched[dir] = true
	}
}
