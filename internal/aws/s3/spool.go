package s3

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// A spool is a body that was received whole: a file in the folder for temporary files. With it, memory is bounded whatever
// comes, a request has a length and can be repeated, and what breaks before its end never reaches S3. It implements
// deploy.Body.
type spool struct {
	file *os.File
	size int64 // bytes
}

// receive takes a body. What src answers is handed on.
func receive(ctx context.Context, src io.Reader) (*spool, error) {
	return fill(func(w io.Writer) error {
		_, err := io.Copy(w, until{ctx, src})
		return err
	})
}

// fill makes a spool of what is written.
func fill(write func(io.Writer) error) (*spool, error) {
	file, err := os.CreateTemp("", "handoff-*")
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	// Without a name the file goes with the process, however that ends. Where an open file has to keep its name, Discard
	// removes it.
	os.Remove(file.Name()) //nolint:errcheck // see above
	s := &spool{file: file}
	err = write(file)
	if err == nil {
		s.size, err = file.Seek(0, io.SeekCurrent)
	}
	if err != nil {
		s.Discard()
		return nil, err
	}
	return s, nil
}

// Discard forgets the body.
func (s *spool) Discard() {
	s.file.Close()           //nolint:errcheck // nobody needs what is in it
	os.Remove(s.file.Name()) //nolint:errcheck // it has no name any more, or is only in the way
}

// reader reads from the beginning. It has no Close that somebody else could call.
func (s *spool) reader() *io.SectionReader { return io.NewSectionReader(s.file, 0, s.size) }

// isGzip says whether the body is compressed.
func (s *spool) isGzip() (bool, error) {
	head := make([]byte, 2)
	_, err := io.ReadFull(s.reader(), head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return false, nil
	}
	return head[0] == 0x1F && head[1] == 0x8B, err
}

// compress gives the body as a gzip stream: itself, if it is one.
func (s *spool) compress(ctx context.Context) (*spool, error) {
	done, err := s.isGzip()
	if err != nil || done {
		return s, err
	}
	return fill(func(w io.Writer) error {
		z := gzip.NewWriter(w)
		_, err := io.Copy(z, until{ctx, s.reader()})
		return errors.Join(err, z.Close())
	})
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
