package client

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// A parcel is the body of a request: its size is known before it is sent, and it can be sent more than once. A large one
// lies in a file.
type parcel struct {
	zipped bool
	size   int64
	memory []byte
	file   *os.File // nil: all of it is in memory
}

// packed makes a parcel of bytes.
func packed(text []byte) *parcel { return &parcel{size: int64(len(text)), memory: text} }

// Write adds to a parcel.
func (p *parcel) Write(b []byte) (n int, err error) {
	switch {
	case p.file != nil:
		n, err = p.file.Write(b)
	case p.size+int64(len(b)) <= largest:
		p.memory = append(p.memory, b...)
		n = len(b)
	default:
		if err = p.spill(); err == nil {
			return p.Write(b)
		}
	}
	p.size += int64(n)
	if err != nil {
		err = &ReadError{fmt.Errorf("keep the document until it is sent: %w", err)}
	}
	return n, err
}

// spill begins a file with what is in memory.
func (p *parcel) spill() error {
	f, err := os.CreateTemp("", "handoff-*")
	if err != nil {
		return err
	}
	p.file = f
	os.Remove(f.Name()) //nolint:errcheck // so that it goes when this process does; where that cannot be, discard does it
	_, err = f.Write(p.memory)
	p.memory = nil
	return err
}

// open gives what is in the parcel, from its beginning.
func (p *parcel) open() (io.ReadCloser, error) {
	if p.file == nil {
		return io.NopCloser(bytes.NewReader(p.memory)), nil
	}
	return io.NopCloser(io.NewSectionReader(p.file, 0, p.size)), nil
}

// discard removes the parcel's file.
func (p *parcel) discard() {
	if p.file != nil {
		p.file.Close()           //nolint:errcheck,gosec // only read by now
		os.Remove(p.file.Name()) //nolint:errcheck,gosec // it may be gone already
	}
}
