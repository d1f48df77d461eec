package deploy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// How far a document may grow when it is decompressed: real forests compress 25 : 1.
const (
	mostBytes     = 512 << 20
	mostRatio     = 1000
	freeExpansion = 10 << 20 // up to here any ratio is fine
)

// A plainReader reads a document without compression, which is told by its first bytes, and takes its checksum.
type plainReader struct {
	wire      *countingReader
	src       io.Reader // nil: not begun
	sum       hash.Hash
	size      int64
	zipped    bool
	rejection *catalog.Rejection // what is wrong with the compression
}

func newPlainReader(src io.Reader) *plainReader {
	return &plainReader{wire: &countingReader{src: src}, sum: sha256.New()}
}

func (r *plainReader) Read(b []byte) (int, error) {
	if r.src == nil {
		if err := r.begin(); err != nil {
			return 0, err
		}
	}
	n, err := r.src.Read(b)
	r.size += int64(n)
	r.sum.Write(b[:n])
	switch {
	case r.zipped && (r.size > mostBytes || r.size > freeExpansion && r.size/mostRatio > r.wire.read):
		return n, r.reject("grows beyond all proportion when it is decompressed")
	case err != nil && err != io.EOF && r.zipped && r.wire.err == nil:
		return n, r.reject("begins as gzip does, but its gzip stream is damaged")
	}
	return n, err
}

func (r *plainReader) begin() error {
	buffered := bufio.NewReaderSize(r.wire, 64<<10)
	r.src = buffered
	if head, _ := buffered.Peek(2); !bytes.Equal(head, []byte{0x1F, 0x8B}) {
		return nil
	}
	r.zipped = true
	expanded, err := gzip.NewReader(buffered)
	if err != nil {
		if r.wire.err != nil {
			return r.wire.err
		}
		return r.reject("begins as gzip does, but its gzip stream is damaged")
	}
	r.src = expanded
	return nil
}

func (r *plainReader) reject(what string) error {
	r.rejection = &catalog.Rejection{Code: "document", Message: fmt.Sprintf("The document %s", what)}
	return r.rejection
}

func (r *plainReader) document() Document {
	return Document{Size: r.size, Checksum: hex.EncodeToString(r.sum.Sum(nil))}
}

// A countingReader tells an error of reading from one of decompression.
type countingReader struct {
	src  io.Reader
	read int64
	err  error
}

func (r *countingReader) Read(b []byte) (int, error) {
	n, err := r.src.Read(b)
	r.read += int64(n)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
