package local

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// A folder is the data folder. Nothing outside it can be reached; names in it are digests, never what a caller sent. A
// file is written under another name, synced and renamed, so that it is there whole or not at all.
type folder struct {
	root *os.Root
	held *os.File // the folder itself, locked: a second process would remove what this one needs
}

// The folders inside it.
const (
	documentsDir = "documents" // {SHA-256 of the document}.pmml
	compiledDir  = "compiled"  // {SHA-256 of document and model name}.bin
	modelsDir    = "models"    // {SHA-256 of the id}.json: what is deployed; its renaming into place is the deployment
	uploadsDir   = "uploads"   // what is being written
)

func openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root}
	if err := f.prepare(); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func (f *folder) prepare() (err error) {
	if f.held, err = f.root.Open("."); err != nil {
		return err
	}
	if err := lock(f.held); err != nil {
		return err
	}
	for _, name := range []string{documentsDir, compiledDir, modelsDir, uploadsDir} {
		if err := f.root.MkdirAll(name, 0o750); err != nil {
			return err
		}
	}
	f.clear(uploadsDir) // left over from a process that ended while writing
	return nil
}

func (f *folder) close() error {
	err := f.root.Close()
	if f.held != nil {
		err = errors.Join(err, f.held.Close())
	}
	return err
}

// An upload is a document that was written down, but not put into its place.
type upload struct {
	folder   *folder
	name     string // where it lies
	size     int64
	checksum string
}

// receive writes a document down.
func (f *folder) receive(document io.Reader) (*upload, error) {
	u := &upload{folder: f, name: uploadName()}
	file, err := f.root.OpenFile(u.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, err
	}
	digest := sha256.New()
	u.size, err = io.Copy(io.MultiWriter(file, digest), document)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		u.discard()
		return nil, err
	}
	u.checksum = hex.EncodeToString(digest.Sum(nil))
	return u, nil
}

func uploadName() string { return path.Join(uploadsDir, rand.Text()) }

// open reads the upload.
func (u *upload) open() (io.ReadCloser, error) { return u.folder.root.Open(u.name) }

// discard removes the upload if it has not been put into its place.
func (u *upload) discard() { u.folder.remove(u.name) }

// keep puts the upload into its place.
func (u *upload) keep() error {
	return u.folder.place(u.name, documentName(u.checksum))
}

func documentName(checksum string) string { return path.Join(documentsDir, checksum+".pmml") }

func compiledName(checksum, modelName string) string {
	return path.Join(compiledDir, digestOf(checksum+"\n"+modelName)+".bin")
}

func modelName(id string) string { return path.Join(modelsDir, digestOf(id)+".json") }

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// write replaces a file.
func (f *folder) write(name string, data []byte) error {
	temporary := uploadName()
	file, err := f.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		f.remove(temporary)
		return err
	}
	return f.place(temporary, name)
}

// place renames a file that is synced and makes that last.
func (f *folder) place(from, to string) error {
	if err := f.root.Rename(from, to); err != nil {
		f.remove(from)
		return err
	}
	return f.sync(path.Dir(to))
}

func (f *folder) sync(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// erase removes a file for good.
func (f *folder) erase(name string) error {
	if err := f.root.Remove(name); err != nil {
		return err
	}
	return f.sync(path.Dir(name))
}

// remove removes a file that nobody needs; should that fail, it is only in the way.
func (f *folder) remove(name string) { f.root.Remove(name) } //nolint:errcheck // see above

// names lists the files of a folder.
func (f *folder) names(dir string) ([]string, error) {
	entries, err := fs.ReadDir(f.root.FS(), dir)
	if err != nil {
		return nil, fmt.Errorf("read the data folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names, nil
}

// clear removes the files of a folder that are of no use.
func (f *folder) clear(dir string) {
	names, err := f.names(dir)
	if err != nil {
		return // then they stay
	}
	for _, name := range names {
		f.remove(name)
	}
}
