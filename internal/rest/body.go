package rest

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"
)

// freeExpansion is how far any body may grow when it is decompressed, whatever the ratio.
const freeExpansion = 10 << 20

// content gives the request's body without its Content-Encoding. It ends with an error beyond limit bytes, if it grows
// out of all proportion, and if it does not arrive within the time.
func (x *exchange) content(limit int64, within time.Duration) (io.Reader, error) {
	if x.r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	x.setReadDeadline(time.Now().Add(within))
	wire := &wireReader{src: http.MaxBytesReader(x.w, x.r.Body, limit), x: x, damage: errNotCompressed}
	expanded, err := expand(wire, x.r.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, wire.explain(err)
	}
	if expanded == nil {
		return wire, nil
	}
	return &limitedReader{src: expanded, wire: wire, limit: limit, ratio: x.service.Limits.Ratio}, nil
}

// expand gives a reader that removes a Content-Encoding; nil if there is none.
func expand(src io.Reader, encoding string) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return nil, nil
	case "gzip", "x-gzip":
		return gzip.NewReader(src)
	case "deflate":
		buffered := bufio.NewReader(src)
		head, err := buffered.Peek(2)
		if err != nil {
			return nil, err
		}
		if head[0]&0x0F == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			return zlib.NewReader(buffered)
		}
		return flate.NewReader(buffered), nil // what some clients take "deflate" for
	}
	return nil, errContentType
}

// A wireReader reads the body as it was sent.
type wireReader struct {
	src    io.Reader
	x      *exchange
	damage error // what to say if it cannot be decompressed
	read   int64
	err    error // what ended it, if not the body's end
}

var (
	errNotCompressed = badRequest("compression", "The body is not compressed as its Content-Encoding says")
	errDamagedGzip   = badRequest("compression", "The document begins as gzip does, but its gzip stream is damaged")
)

func (r *wireReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	r.read += int64(n)
	if err == io.EOF {
		r.x.setReadDeadline(time.Time{}) // else it would end a long computation
	} else if err != nil {
		err = transferError(err)
		r.err = err
	}
	return n, err
}

// transferError says what went wrong on the way.
func transferError(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errTimeout
	}
	return errUnfinished // the connection broke, or the chunks are faulty
}

// explain says whether an error of decompression is one of the way or of the bytes.
func (r *wireReader) explain(err error) error {
	var caller *callerError
	switch {
	case r.err != nil:
		return r.err
	case errors.As(err, &caller):
		return caller
	}
	return r.damage
}

// A limitedReader reads the body decompressed.
type limitedReader struct {
	src   io.Reader
	wire  *wireReader
	limit int64
	ratio int64
	read  int64
}

func (r *limitedReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	r.read += int64(n)
	switch {
	case r.read > r.limit:
		return 0, tooLarge(r.limit)
	case r.read > freeExpansion && r.read/r.ratio > r.wire.read:
		return 0, &callerError{http.StatusRequestEntityTooLarge, "expansion",
			fmt.Sprintf("The body grows more than %d times when it is decompressed", r.ratio)}
	case err != nil && err != io.EOF:
		return n, r.wire.explain(err)
	}
	return n, err
}

// readBody reads a body to score. Its bytes count as held until the exchange is over.
func (x *exchange) readBody() ([]byte, error) {
	src, err := x.content(x.service.Limits.Body, x.service.Limits.BodyTime)
	if err != nil {
		return nil, err
	}
	return x.readAll(src)
}

// readAll reads src in memory that grows with what really comes, not with what a header promises.
func (x *exchange) readAll(src io.Reader) ([]byte, error) {
	body := make([]byte, 0, 4<<10)
	for {
		n, err := src.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		}
		if len(body) == cap(body) {
			if err := x.hold(int64(cap(body))); err != nil {
				return nil, err
			}
			body = append(make([]byte, 0, 2*cap(body)), body...)
		}
	}
}

// hold counts bytes that the exchange keeps in memory.
func (x *exchange) hold(n int64) error {
	x.held += n
	switch all := x.service.held.Add(n); {
	case x.held > x.service.Limits.Held:
		return errMemory
	case all > x.service.Limits.Held:
		return errBusy
	}
	return nil
}

// document gives the PMML document of the request: the body, or its form's part pmml; decompressed if it is gzipped
// without saying so.
func (x *exchange) document() (io.Reader, error) {
	src, err := x.content(x.service.Limits.Document, x.service.Limits.DocumentTime)
	if err != nil {
		return nil, err
	}
	if x.mediaType == "multipart/form-data" {
		form, err := x.form(src)
		if err != nil {
			return nil, err
		}
		part, err := form.part("pmml")
		if err != nil {
			return nil, err
		}
		src = part
	}
	return x.ungzip(src)
}

// ungzip decompresses what begins like gzip.
func (x *exchange) ungzip(src io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(src)
	if head, _ := buffered.Peek(2); !bytes.Equal(head, []byte{0x1F, 0x8B}) {
		return buffered, nil
	}
	wire := &wireReader{src: buffered, x: x, damage: errDamagedGzip}
	expanded, err := gzip.NewReader(wire)
	if err != nil {
		return nil, wire.explain(err)
	}
	return &limitedReader{src: expanded, wire: wire, limit: x.service.Limits.Document, ratio: x.service.Limits.Ratio}, nil
}

// maxParts bounds the parts of a form.
const maxParts = 100

// A form is a body of multipart/form-data.
type form struct {
	*multipart.Reader
	parts int
}

func (x *exchange) form(src io.Reader) (*form, error) {
	boundary := x.parameters["boundary"]
	if boundary == "" || len(boundary) > 70 { // RFC 2046
		return nil, badRequest("malformed-form", "The Content-Type has no usable boundary of the form's parts")
	}
	return &form{Reader: multipart.NewReader(src, boundary)}, nil
}

// next gives the next part.
func (f *form) next() (*multipart.Part, error) {
	part, err := f.NextRawPart()
	var caller *callerError
	switch f.parts++; {
	case err == io.EOF:
		return nil, io.EOF
	case errors.As(err, &caller):
		return nil, caller
	case err != nil:
		return nil, badRequest("malformed-form", "The form is malformed")
	case f.parts > maxParts:
		return nil, badRequest("malformed-form", fmt.Sprintf("The form has more than %d parts", maxParts))
	}
	return part, nil
}

// part passes over the parts in front of the one of that name.
func (f *form) part(name string) (*multipart.Part, error) {
	for {
		part, err := f.next()
		switch {
		case err == io.EOF:
			return nil, badRequest("missing-part", "The form has no part "+quote(name))
		case err != nil:
			return nil, err
		case part.FormName() == name:
			return part, nil
		}
	}
}
