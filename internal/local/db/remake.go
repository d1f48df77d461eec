package db

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Remake makes a new database of what fill commits, and puts it in place of what lies under the path, which is put aside.
// No process may have that open. After a crash either lies there, or nothing does if the old one was put aside already:
// never a part of the new one.
func Remake(path string, fill func(s deploy.Store) error) error {
	unfinished := path + ".remade"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d, err := Open(unfinished, Options{noSync: true})
	if err != nil {
		return err
	}
	if err := errors.Join(fill(d), d.bolt.Sync(), d.Close()); err != nil {
		return fmt.Errorf("make the database anew: %w", err)
	}
	if err := PutAside(path); err != nil {
		return err
	}
	if err := os.Rename(unfinished, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// PutAside gives what lies under the path another name, with .damaged-1 or the next number that is free, so that a person
// can look at it. It is no error if nothing lies there.
func PutAside(path string) error {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.damaged-%d", path, n)
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		err := os.Rename(path, aside)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("put the damaged database aside: %w", err)
		}
		return syncFolder(filepath.Dir(path))
	}
}
