package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"
)

// standardStream stands for standard input or output in place of a file's name.
const standardStream = "-"

// openInput opens a file, or gives standard input.
func openInput(path string, stdin io.Reader) (io.ReadCloser, error) {
	if path == standardStream {
		if f, ok := stdin.(*os.File); ok {
			return f, nil
		}
		return io.NopCloser(stdin), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, ioError("read", err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close() //nolint:errcheck // nothing was done with it
		return nil, ioError("read", &fs.PathError{Op: "open", Path: path, Err: errors.New("is a directory")})
	}
	return f, nil
}

// files are the outputs of a command: all of them appear, complete, when the command ends well, or none.
type files struct {
	mu   sync.Mutex
	list []*output
	bar  *progress
	over bool // nothing may appear any more
}

// An output is a file that is being written under another name, or a stream that is written as it comes.
type output struct {
	*bufio.Writer
	path   string   // where it will be; empty for a stream
	temp   string   // where it is until then
	handle *os.File // nil for standard output
}

// create begins an output. A device or a pipe is written as it comes, like standard output.
func (fs *files) create(path string, stdout io.Writer) (*output, error) {
	if path == standardStream {
		return fs.add(&output{Writer: bufio.NewWriter(stdout)})
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, ioError("write", fmt.Errorf("%s is a directory", path))
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, ioError("write", err)
		}
		return fs.add(&output{Writer: bufio.NewWriter(f), handle: f})
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays a link
	}
	f, err := createBeside(path)
	if err != nil {
		return nil, ioError("write", err)
	}
	if info != nil {
		f.Chmod(info.Mode().Perm()) //nolint:errcheck // the rights of a new file are also right
	}
	return fs.add(&output{Writer: bufio.NewWriter(f), path: path, temp: f.Name(), handle: f})
}

// createBeside makes a new file in the folder of path, so that renaming it to path is one step.
func createBeside(path string) (*os.File, error) {
	for {
		name := fmt.Sprintf(".%s.%08x.tmp", filepath.Base(path), rand.Uint32())
		f, err := os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
}

func (fs *files) add(o *output) (*output, error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.list = append(fs.list, o)
	if fs.over {
		o.remove()
	}
	return o, nil
}

// compiling shows that a document is being compiled, where somebody sees that and has not said otherwise.
func (fs *files) compiling(cmd *cobra.Command, path string) *progress {
	quiet, _ := cmd.Flags().GetBool("quiet")
	asJSON, _ := cmd.Flags().GetBool("json")
	var in any
	if path == standardStream {
		in = cmd.InOrStdin()
	}
	if quiet || asJSON || !watchedBy(cmd.ErrOrStderr(), in, nil) {
		return nil
	}
	return fs.show(cmd.ErrOrStderr(), "reading "+printable(path), nil, 0)
}

// show shows the progress of the work, unless that is over already.
func (fs *files) show(out io.Writer, what string, table *countedReader, size int64) *progress {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.over {
		return nil
	}
	fs.bar = newProgress(out, what, table, size)
	return fs.bar
}

// finish makes the outputs appear if the work went well, and removes them if not.
func (fs *files) finish(err error) error {
	fs.mu.Lock()
	bar := fs.bar
	fs.mu.Unlock()
	bar.stop() // before the error is printed
	if err == nil {
		err = fs.commit()
	}
	if err != nil {
		fs.discard()
	}
	return err
}

// commit writes all outputs to the end before the first of them appears.
func (fs *files) commit() error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, o := range fs.list {
		if err := o.complete(); err != nil {
			return ioError("write", err)
		}
	}
	for _, o := range fs.list {
		if o.temp == "" || fs.over {
			continue
		}
		if err := os.Rename(o.temp, o.path); err != nil {
			return ioError("write", err)
		}
		o.temp = ""
	}
	return nil
}

// discard removes what has not appeared yet.
func (fs *files) discard() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.over = true
	fs.bar.stop() // before it is said that the work was interrupted
	for _, o := range fs.list {
		o.remove()
	}
}

// complete brings everything that was written to the disk, or to whoever reads the stream.
func (o *output) complete() error {
	if err := o.Flush(); err != nil || o.handle == nil {
		return err
	}
	if o.temp != "" {
		if err := o.handle.Sync(); err != nil {
			return err
		}
	}
	return o.handle.Close()
}

func (o *output) remove() {
	if o.temp != "" {
		os.Remove(o.temp) //nolint:errcheck // there is no better answer to this than the error that led here
		o.temp = ""
	}
}
