// Package folder keeps documents and what is made of them in a data folder: uploads under their keys in a folder that
// people drop files into and that is watched, and the files of versions.
//
//	layout               the version of this arrangement
//	models/              the uploads: iris.pmml, iris/model.pmml, iris/model.json …
//	models/.handoff      says that this is the folder we know, not one that something else was mounted upon
//	metadata/            what was said about uploads
//	uploads/             what is being received
//	versions/iris/000042/document.pmml, model.bin …
package folder

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/local/disk"
)

const (
	layoutName  = "layout"
	modelsDir   = "models"
	markerName  = ".handoff"
	metadataDir = "metadata"
	uploadsDir  = "uploads"
	versionsDir = "versions"

	asidePrefix = ".handoff-" // of what is being received, where uploads/ lies on another file system than models/
	layout      = "1\n"
)

// Options say what a data folder stands on. The zero value will do.
type Options struct {
	Log *slog.Logger     // nil: none
	Now func() time.Time // nil: time.Now
	Tap disk.Tap         // what every step on the disk goes through
}

// Data is an open data folder. It is this process's own until it is closed, and may be used by many goroutines.
type Data struct {
	disk *disk.Disk
	held io.Closer
	log  *slog.Logger
	now  func() time.Time
}

// Open opens a data folder, which is made if there is none, and clears what a process left in it that ended while it
// received something.
func Open(dir string, o Options) (*Data, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	root, err := disk.New(dir, o.Tap)
	if err != nil {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	d := &Data{disk: root, log: o.Log, now: o.Now}
	if d.held, err = root.Lock(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the data folder %s: %w", dir, err), root.Close())
	}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the data folder %s: %w", dir, err), d.Close())
	}
	return d, nil
}

// Close lets another process have the folder.
func (d *Data) Close() error { return errors.Join(d.disk.Close(), d.held.Close()) }

// Path gives the path of a file in the data folder that other packages keep there.
func (d *Data) Path(name string) string { return d.disk.Path(name) }

// Objects gives the uploads.
func (d *Data) Objects() *Objects { return &Objects{d} }

// Artifacts gives the files of versions.
func (d *Data) Artifacts() *Artifacts { return &Artifacts{d} }

func (d *Data) prepare() error {
	first, err := d.checkLayout()
	if err != nil {
		return err
	}
	for _, name := range []string{metadataDir, uploadsDir, versionsDir} {
		if err := d.disk.MakeDir(name); err != nil {
			return err
		}
	}
	d.clear()
	if err := d.probe(); err != nil {
		return fmt.Errorf("it cannot be written to: %w", err)
	}
	if first {
		return d.begin()
	}
	if err := d.present(); err != nil {
		d.log.Warn("the models folder is not there: what is live stays so, and nothing can be uploaded", slog.String("cause", err.Error()))
	}
	return nil
}

// checkLayout says whether the folder is used for the first time.
func (d *Data) checkLayout() (first bool, err error) {
	text, err := d.read(layoutName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := d.disk.Stat("compiled"); err == nil {
			return false, errors.New("an earlier version of this program kept its models there, in another arrangement: " +
				"take a new folder and deploy the documents again, which are in its folder documents")
		}
		return true, nil
	case err != nil:
		return false, err
	case string(text) != layout:
		return false, fmt.Errorf("its arrangement is %.20q, and this program knows only %q", text, layout)
	}
	return false, nil
}

// begin makes the models folder. The layout comes last: whoever finds it knows that all the rest was made.
func (d *Data) begin() error {
	if err := d.disk.MakeDir(modelsDir); err != nil {
		return err
	}
	marker := []byte("The folder that is known by this file holds the models of a Handoff server. Where it is missing, nothing is undeployed.\n")
	if err := d.disk.Replace(path.Join(modelsDir, markerName), modelsDir, marker); err != nil {
		return err
	}
	return d.disk.Replace(layoutName, uploadsDir, []byte(layout))
}

// probe finds out whether files can be made.
func (d *Data) probe() error {
	name := aside()
	if err := d.disk.Fill(name, func(io.Writer) error { return nil }); err != nil {
		return err
	}
	return d.disk.Remove(name)
}

// clear removes what nobody will finish. What cannot be removed is only in the way.
func (d *Data) clear() {
	for dir, prefix := range map[string]string{uploadsDir: "", modelsDir: asidePrefix} {
		entries, err := d.disk.List(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), prefix) {
				continue
			}
			if err := d.disk.RemoveAll(path.Join(dir, e.Name())); err != nil {
				d.log.Warn("cannot remove what is left of an upload", slog.String("cause", err.Error()))
			}
		}
	}
}

// present is nil if the models folder is there and is the one that we know.
func (d *Data) present() error {
	models, err := d.models()
	if err != nil {
		return err
	}
	return models.Close()
}

// models opens the models folder. What is found to be missing in it is missing; in another folder that lies under the
// same name, because the right one is not mounted, everything is.
func (d *Data) models() (*disk.Disk, error) {
	models, err := d.disk.Sub(modelsDir)
	if err != nil {
		return nil, &absentError{err}
	}
	if _, err := models.Stat(markerName); err != nil {
		return nil, errors.Join(&absentError{err}, models.Close())
	}
	return models, nil
}

// An absentError says why the models folder is not the one that we know.
type absentError struct{ cause error }

func (e *absentError) Error() string {
	return fmt.Sprintf("the models folder is missing, or is not the one that was there before: it has no %s (%v). Mount it again; "+
		"if this is the right one, make an empty file of that name in it", path.Join(modelsDir, markerName), e.cause)
}

// read gives the contents of a small file.
func (d *Data) read(name string) ([]byte, error) {
	f, err := d.disk.Open(name)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	_, err = io.Copy(&text, io.LimitReader(f, 1<<20))
	return text.Bytes(), errors.Join(err, f.Close())
}

// aside gives a name for what is not in its place yet.
func aside() string { return path.Join(uploadsDir, rand.Text()) }
