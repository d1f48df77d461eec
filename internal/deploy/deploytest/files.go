package deploytest

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Objects is a deploy.Objects in memory.
type Objects struct {
	Tape *Tape // required

	count   int
	objects map[string]object
}

type object struct {
	deploy.Object
	bytes []byte
}

var _ deploy.Objects = (*Objects)(nil)

type body struct{ bytes []byte }

func (body) Discard() {}

// Receive is as deploy.Objects says.
func (o *Objects) Receive(ctx context.Context, r io.Reader) (b deploy.Body, err error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	err = o.Tape.do(ctx, func() error { return nil }, "Objects.Receive")
	if err != nil {
		return nil, err
	}
	return body{text}, nil
}

// Put is as deploy.Objects says. Versions are "1", "2", … over all keys.
func (o *Objects) Put(ctx context.Context, key string, b deploy.Body, m deploy.Metadata) (put deploy.Object, err error) {
	err = o.Tape.do(ctx, func() error {
		text := b.(body).bytes
		if deploy.IsGzip(key) {
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			_, _ = w.Write(text) // into memory
			_ = w.Close()
			text = packed.Bytes()
		}
		put = o.drop(key, text, m)
		return nil
	}, "Objects.Put", key)
	return put, err
}

// Drop lays an object under a key, as somebody does who does not know the service. It is no call.
func (o *Objects) Drop(key string, text []byte) deploy.Object {
	o.Tape.mu.Lock()
	defer o.Tape.mu.Unlock()
	return o.drop(key, text, deploy.Metadata{})
}

func (o *Objects) drop(key string, text []byte, m deploy.Metadata) deploy.Object {
	if o.objects == nil {
		o.objects = map[string]object{}
	}
	o.count++
	put := deploy.Object{Key: key, Version: strconv.Itoa(o.count), Size: int64(len(text)), Metadata: m}
	o.objects[key] = object{put, bytes.Clone(text)}
	return put
}

// Take removes what lies under a key, as somebody does who does not know the service. It is no call.
func (o *Objects) Take(key string) {
	o.Tape.mu.Lock()
	defer o.Tape.mu.Unlock()
	delete(o.objects, key)
}

// Keys gives the keys under which something lies, ascending.
func (o *Objects) Keys() []string {
	o.Tape.mu.Lock()
	defer o.Tape.mu.Unlock()
	return slices.Sorted(maps.Keys(o.objects))
}

// Head is as deploy.Objects says.
func (o *Objects) Head(ctx context.Context, key string) (head deploy.Object, err error) {
	err = o.Tape.do(ctx, func() error {
		found, ok := o.objects[key]
		if !ok {
			return deploy.ErrGone
		}
		head = found.Object
		return nil
	}, "Objects.Head", key)
	return head, err
}

// Get is as deploy.Objects says.
func (o *Objects) Get(ctx context.Context, want deploy.Object) (r io.ReadCloser, err error) {
	err = o.Tape.do(ctx, func() error {
		found, ok := o.objects[want.Key]
		if !ok || found.Version != want.Version {
			return deploy.ErrGone
		}
		r = io.NopCloser(bytes.NewReader(found.bytes))
		return nil
	}, "Objects.Get", want.Key, want.Version)
	return r, err
}

// Delete is as deploy.Objects says.
func (o *Objects) Delete(ctx context.Context, key string) error {
	return o.Tape.do(ctx, func() error {
		delete(o.objects, key)
		return nil
	}, "Objects.Delete", key)
}

// Artifacts is a deploy.Artifacts in memory.
type Artifacts struct {
	Tape *Tape // required

	files map[string]map[string][]byte // by version, by name
}

var _ deploy.Artifacts = (*Artifacts)(nil)

func folderOf(id string, version int) string { return fmt.Sprint(id, "/", version) }

// Put is as deploy.Artifacts says.
func (a *Artifacts) Put(ctx context.Context, id string, version int, name string, r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return a.Tape.do(ctx, func() error {
		folder := folderOf(id, version)
		if a.files == nil {
			a.files = map[string]map[string][]byte{}
		}
		if a.files[folder] == nil {
			a.files[folder] = map[string][]byte{}
		}
		a.files[folder][name] = text
		return nil
	}, "Artifacts.Put", id, version, name)
}

// Get is as deploy.Artifacts says.
func (a *Artifacts) Get(ctx context.Context, id string, version int, name string) (r io.ReadCloser, size int64, err error) {
	err = a.Tape.do(ctx, func() error {
		text, ok := a.files[folderOf(id, version)][name]
		if !ok {
			return deploy.ErrGone
		}
		r, size = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		return nil
	}, "Artifacts.Get", id, version, name)
	return r, size, err
}

// Remove is as deploy.Artifacts says.
func (a *Artifacts) Remove(ctx context.Context, id string, version int) error {
	return a.Tape.do(ctx, func() error {
		delete(a.files, folderOf(id, version))
		return nil
	}, "Artifacts.Remove", id, version)
}

// Folders gives the versions that have files, as "m/3", ascending as texts. It is no call.
func (a *Artifacts) Folders() []string {
	a.Tape.mu.Lock()
	defer a.Tape.mu.Unlock()
	return slices.Sorted(maps.Keys(a.files))
}

// File gives a file, or nil. It is no call.
func (a *Artifacts) File(id string, version int, name string) []byte {
	a.Tape.mu.Lock()
	defer a.Tape.mu.Unlock()
	return a.files[folderOf(id, version)][name]
}
