package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Artifacts are the files of versions. It implements deploy.Artifacts.
type Artifacts struct{ data *Data }

// versionDir gives the folder of a version.
func versionDir(id string, version int) (string, error) {
	if !catalog.ValidID(id) || version < 1 {
		return "", fmt.Errorf("there can be no version %d of a model %.200q", version, id)
	}
	return path.Join(versionsDir, id, fmt.Sprintf("%06d", version)), nil
}

// fileOf gives the place of a file of a version.
func fileOf(id string, version int, name string) (string, error) {
	dir, err := versionDir(id, version)
	if err != nil {
		return "", err
	}
	if !catalog.ValidID(name) { // letters and digits, dots: no path
		return "", fmt.Errorf("a version can have no file %.200q", name)
	}
	return path.Join(dir, name), nil
}

// Put writes one file of a version. What the reader answers is handed on.
func (a *Artifacts) Put(ctx context.Context, id string, version int, name string, body io.Reader) error {
	file, err := fileOf(id, version, name)
	if err != nil {
		return err
	}
	d := a.data.disk
	temporary := aside()
	if err := d.Fill(temporary, copyFrom(ctx, body)); err != nil {
		return err
	}
	if err = d.MakeDir(path.Dir(file)); err == nil {
		err = d.Place(temporary, file)
	}
	if err != nil {
		d.Remove(temporary) //nolint:errcheck // it is in its place, or only in the way
	}
	return err
}

// Get reads one file.
func (a *Artifacts) Get(_ context.Context, id string, version int, name string) (io.ReadCloser, int64, error) {
	file, err := fileOf(id, version, name)
	if err != nil {
		return nil, 0, err
	}
	f, err := a.data.disk.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("%s: %w", file, deploy.ErrGone)
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// Remove removes all files of a version: they are there all, or none is.
func (a *Artifacts) Remove(_ context.Context, id string, version int) error {
	dir, err := versionDir(id, version)
	if err != nil {
		return err
	}
	d := a.data.disk
	temporary := aside()
	err = d.Rename(dir, temporary)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := path.Dir(dir)
	if err := d.SyncDir(parent); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.RemoveAll(temporary); err != nil {
		return err
	}
	d.Remove(parent) //nolint:errcheck // if that was the last version; else it is not empty
	return nil
}

// A Stored is a version that has files.
type Stored struct {
	Model   string
	Version int
}

// All gives the versions that have files, to make a lost database anew.
func (a *Artifacts) All(context.Context) ([]Stored, error) {
	models, err := a.data.disk.List(versionsDir)
	if err != nil {
		return nil, err
	}
	var all []Stored
	for _, m := range models {
		if !m.IsDir() || !catalog.ValidID(m.Name()) {
			continue
		}
		versions, err := a.data.disk.List(path.Join(versionsDir, m.Name()))
		if err != nil {
			return nil, err
		}
		for _, v := range versions {
			n, err := strconv.Atoi(v.Name())
			if dir, dirErr := versionDir(m.Name(), n); err == nil && dirErr == nil && v.IsDir() && path.Base(dir) == v.Name() {
				all = append(all, Stored{m.Name(), n})
			}
		}
	}
	return all, nil
}

// copyFrom writes what a reader gives, until ctx ends.
func copyFrom(ctx context.Context, body io.Reader) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.Copy(w, until{ctx, body})
		return err
	}
}

// An until reads until ctx ends.
type until struct {
	ctx context.Context
	src io.Reader
}

func (u until) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.src.Read(b)
}
