package folder

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"syscall"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local/disk"
)

// Objects are the uploads. A key is the name of a file in the data folder; a version of an object is the time of the
// file's last change and its size. It implements deploy.Objects.
type Objects struct{ data *Data }

// A body is an upload in the folder uploads. It implements deploy.Body.
type body struct {
	disk *disk.Disk
	name string
}

func (b *body) Discard() { b.disk.Remove(b.name) } //nolint:errcheck // it was put under a key, or is only in the way

// Receive writes a document down.
func (o *Objects) Receive(ctx context.Context, src io.Reader) (deploy.Body, error) {
	b := &body{o.data.disk, aside()}
	if err := o.data.disk.Fill(b.name, copyFrom(ctx, src)); err != nil {
		return nil, err
	}
	return b, nil
}

// Put puts a body under a key. Its version is not that of what lay there: the time is later, whatever the clock says.
func (o *Objects) Put(_ context.Context, key string, received deploy.Body, m deploy.Metadata) (deploy.Object, error) {
	b, ok := received.(*body)
	if !ok {
		return deploy.Object{}, fmt.Errorf("what was received is a %T", received)
	}
	if err := checkKey(key); err != nil {
		return deploy.Object{}, err
	}
	if err := o.data.present(); err != nil {
		return deploy.Object{}, err
	}
	if err := o.compress(key, b); err != nil {
		return deploy.Object{}, err
	}
	if err := o.data.disk.MakeDir(path.Dir(key)); err != nil {
		return deploy.Object{}, err
	}
	object, err := o.place(b, key, m)
	if errors.Is(err, syscall.EXDEV) { // models/ is mounted
		if err := o.rewrite(b, path.Join(modelsDir, asidePrefix+rand.Text()), copyFile); err != nil {
			return deploy.Object{}, err
		}
		object, err = o.place(b, key, m)
	}
	if err != nil {
		b.Discard()
		return deploy.Object{}, err
	}
	return object, nil
}

func (o *Objects) place(b *body, key string, m deploy.Metadata) (deploy.Object, error) {
	before, err := o.data.disk.Stat(key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return deploy.Object{}, err
	}
	info, err := o.stamp(b.name, before)
	if err != nil {
		return deploy.Object{}, err
	}
	object := deploy.Object{Key: key, Version: versionOf(info), Size: info.Size(), Metadata: m}
	if err := o.describe(object, before); err != nil {
		return deploy.Object{}, err
	}
	return object, o.data.disk.Place(b.name, key)
}

// stamp gives a file a time that is later than that of another one, which may be nil.
func (o *Objects) stamp(name string, before fs.FileInfo) (fs.FileInfo, error) {
	at := o.data.now()
	if before != nil && !at.After(before.ModTime()) {
		at = before.ModTime().Add(1)
	}
	for range 2 {
		if err := o.data.disk.SetTime(name, at); err != nil {
			return nil, err
		}
		info, err := o.data.disk.Stat(name)
		if err != nil || before == nil || info.ModTime().After(before.ModTime()) {
			return info, err
		}
		at = before.ModTime().Add(4 * time.Second) // the file system keeps seconds only, or every other one
	}
	return nil, fmt.Errorf("the time of %s cannot be set to a later one than that of the file that it replaces", name)
}

// compress compresses a body if its key says so, and the body is not compressed yet.
func (o *Objects) compress(key string, b *body) error {
	if !deploy.IsGzip(key) {
		return nil
	}
	f, err := o.data.disk.Open(b.name)
	if err != nil {
		return err
	}
	head := make([]byte, 2)
	n, err := f.ReadAt(head, 0)
	if err := errors.Join(notEOF(err), f.Close()); err != nil {
		return err
	}
	if isGzip(head[:n]) {
		return nil
	}
	return o.rewrite(b, aside(), func(w io.Writer, r io.Reader) error {
		z := gzip.NewWriter(w)
		_, err := io.Copy(z, r)
		return errors.Join(err, z.Close())
	})
}

// rewrite makes another file of a body.
func (o *Objects) rewrite(b *body, name string, convert func(io.Writer, io.Reader) error) error {
	f, err := o.data.disk.Open(b.name)
	if err != nil {
		return err
	}
	err = o.data.disk.Fill(name, func(w io.Writer) error { return convert(w, f) })
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	b.Discard()
	b.name = name
	return nil
}

func copyFile(w io.Writer, r io.Reader) error {
	_, err := io.Copy(w, r)
	return err
}

// Head gives what lies under a key now.
func (o *Objects) Head(_ context.Context, key string) (deploy.Object, error) {
	if err := checkKey(key); err != nil {
		return deploy.Object{}, err
	}
	info, err := o.data.disk.Stat(key)
	if err != nil || !info.Mode().IsRegular() {
		return deploy.Object{}, o.missing(key, info, err)
	}
	object := deploy.Object{Key: key, Version: versionOf(info), Size: info.Size()}
	object.Metadata, err = o.metadata(key, object.Version)
	return object, err
}

// missing is ErrGone if a key has no file though the models folder is there.
func (o *Objects) missing(key string, info fs.FileInfo, err error) error {
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s: %w", key, disk.ErrIrregular)
	}
	if err != nil && !isAbsent(err) {
		return err
	}
	models, err := o.data.models()
	if err != nil {
		return err
	}
	info, err = models.Stat(key[len(modelsDir)+1:])
	if err := models.Close(); err != nil {
		return err
	}
	switch {
	case isAbsent(err), err == nil && info.IsDir():
		return fmt.Errorf("%s: %w", key, deploy.ErrGone)
	case err != nil:
		return err
	}
	return fmt.Errorf("%s has appeared just now", key)
}

// isAbsent says whether there is nothing under a name, also since what should be a folder above it is a file.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// Get reads an object.
func (o *Objects) Get(_ context.Context, object deploy.Object) (io.ReadCloser, error) {
	if err := checkKey(object.Key); err != nil {
		return nil, err
	}
	f, err := o.data.disk.Open(object.Key)
	if isAbsent(err) {
		return nil, o.missing(object.Key, nil, err)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && versionOf(info) != object.Version {
		err = fmt.Errorf("%s: %w", object.Key, deploy.ErrGone)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &reader{o, object, f, changeTime(info)}, nil
}

// A reader reads one version of an object.
type reader struct {
	objects *Objects
	object  deploy.Object
	file    *disk.File
	changed time.Time // the time of the file's last change that nobody can set; zero: the system has none
}

// Read gives no byte that was read after the file has changed.
func (r *reader) Read(b []byte) (int, error) {
	n, err := r.file.Read(b)
	if checkErr := r.check(err == io.EOF); checkErr != nil {
		return 0, checkErr
	}
	return n, err
}

func (r *reader) Close() error { return r.file.Close() }

func (r *reader) check(end bool) error {
	info, err := r.file.Stat()
	switch {
	case err != nil:
		return err
	case versionOf(info) != r.object.Version:
		return fmt.Errorf("%s was written to: %w", r.object.Key, deploy.ErrGone)
	}
	touched := !changeTime(info).Equal(r.changed)
	if end || touched {
		now, err := r.objects.Head(context.Background(), r.object.Key)
		if err != nil {
			return err
		}
		if now.Version != r.object.Version {
			return fmt.Errorf("%s was replaced: %w", r.object.Key, deploy.ErrGone)
		}
	}
	if touched { // somebody may have written to it and set the time back: it is to be read again
		return fmt.Errorf("%s was touched while it was read", r.object.Key)
	}
	return nil
}

// Delete removes what lies under a key.
func (o *Objects) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := o.data.present(); err != nil {
		return err
	}
	d := o.data.disk
	if info, err := d.Stat(key); err == nil && info.IsDir() || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err := d.Erase(key); err != nil {
		return err
	}
	if dir := path.Dir(key); dir != modelsDir {
		d.Remove(dir) //nolint:errcheck // it is not empty, or only in the way
	}
	d.Remove(metadataName(key)) //nolint:errcheck // it is about a version that is gone
	return nil
}

func checkKey(key string) error {
	if _, _, ok := deploy.ModelOf(key); !ok {
		return fmt.Errorf("%.300q is no key of a model", key)
	}
	return nil
}

// versionOf gives the version of an object. It does not overflow, as nanoseconds since 1970 alone do after 2262.
func versionOf(info fs.FileInfo) string {
	at := info.ModTime()
	return fmt.Sprintf("%d.%09d-%d", at.Unix(), at.Nanosecond(), info.Size())
}

func isGzip(head []byte) bool { return bytes.HasPrefix(head, []byte{0x1F, 0x8B}) }

func notEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// ---- what is said about objects

// described is what is kept about the objects under a key: about the one that lies there, and while another takes its
// place about that, too. What a person drops there later has another version and inherits nothing.
type described struct {
	Key      string                     `json:"key"`
	Versions map[string]deploy.Metadata `json:"versions"`
}

func metadataName(key string) string {
	sum := sha256.Sum256([]byte(key)) // keys have slashes, and capitals that some file systems do not tell apart
	return path.Join(metadataDir, hex.EncodeToString(sum[:])+".json")
}

// describe keeps what is said about an object that is about to take the place of another one.
func (o *Objects) describe(object deploy.Object, before fs.FileInfo) error {
	kept, err := o.described(object.Key)
	if err != nil {
		return err
	}
	if len(kept.Versions) == 0 && object.Metadata == (deploy.Metadata{}) {
		return nil
	}
	after := described{Key: object.Key, Versions: map[string]deploy.Metadata{object.Version: object.Metadata}}
	if before != nil {
		if m, ok := kept.Versions[versionOf(before)]; ok {
			after.Versions[versionOf(before)] = m
		}
	}
	text, err := json.Marshal(after)
	if err != nil {
		return err
	}
	return o.data.disk.Replace(metadataName(object.Key), uploadsDir, append(text, '\n'))
}

func (o *Objects) metadata(key, version string) (deploy.Metadata, error) {
	kept, err := o.described(key)
	return kept.Versions[version], err
}

// described gives what is kept about the objects under a key. What is damaged is told to the log, and forgotten.
func (o *Objects) described(key string) (kept described, err error) {
	text, err := o.data.read(metadataName(key))
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err != nil {
		return kept, err
	}
	err = json.Unmarshal(text, &kept)
	if err != nil || kept.Key != key {
		o.data.log.Warn("what was said about an upload is lost: the file is damaged",
			slog.String("key", key), slog.String("file", o.data.Path(metadataName(key))))
		return described{}, nil
	}
	return kept, nil
}
