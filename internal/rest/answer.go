package rest

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// answer sends a body that is complete.
func (x *exchange) answer(status int, contentType string, body []byte) {
	header := x.w.Header()
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	encoding := ""
	if len(body) > 0 {
		encoding = chooseEncoding(x.r.Header["Accept-Encoding"])
	}
	if encoding != "" {
		var packed bytes.Buffer
		if err := compress(&packed, encoding, bytes.NewReader(body)); err == nil {
			header.Set("Content-Encoding", encoding)
			body = packed.Bytes()
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	x.begin(status)
	if x.r.Method != http.MethodHead {
		x.write(body)
	}
}

// write sends the body in pieces, so that a slow client has time as long as it takes some.
func (x *exchange) write(body []byte) {
	const piece = 1 << 20
	to := &countingWriter{x}
	for len(body) > 0 {
		n, err := to.Write(body[:min(piece, len(body))])
		if err != nil {
			return // the client went away; there is nobody left to tell
		}
		body = body[n:]
	}
}

// begin sends the header.
func (x *exchange) begin(status int) {
	x.rc.SetWriteDeadline(time.Now().Add(x.service.Limits.AnswerTime)) //nolint:errcheck // a function has no deadlines
	x.status = status
	x.w.WriteHeader(status)
}

// stream sends a body of a known size from src.
func (x *exchange) stream(contentType string, src io.Reader, size int64) error {
	header := x.w.Header()
	header.Set("Content-Type", contentType)
	encoding := chooseEncoding(x.r.Header["Accept-Encoding"])
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	} else {
		header.Set("Content-Length", strconv.FormatInt(size, 10))
	}
	x.begin(http.StatusOK)
	if x.r.Method == http.MethodHead {
		return nil
	}
	to, err := &countingWriter{x}, error(nil)
	if encoding != "" {
		err = compress(to, encoding, src)
	} else {
		_, err = io.Copy(to, src)
	}
	if err != nil { // the answer has begun: only a broken connection tells the client that it is not whole
		x.service.Log.Warn("an answer broke off", slog.String("request", x.request), slog.String("cause", err.Error()))
		panic(http.ErrAbortHandler)
	}
	return nil
}

// A countingWriter writes the answer's body. As long as the client takes some, it has time for the rest.
type countingWriter struct{ x *exchange }

func (w *countingWriter) Write(p []byte) (int, error) {
	w.x.rc.SetWriteDeadline(time.Now().Add(w.x.service.Limits.AnswerTime)) //nolint:errcheck // see begin
	n, err := w.x.w.Write(p)
	w.x.sent += int64(n)
	return n, err
}

// compressors have the large memory of their kind, to be used again.
var (
	gzipWriters = sync.Pool{New: func() any { w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed); return w }}
	zlibWriters = sync.Pool{New: func() any { w, _ := zlib.NewWriterLevel(nil, zlib.BestSpeed); return w }}
)

type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

// compress copies src compressed; encoding is gzip or deflate.
func compress(to io.Writer, encoding string, src io.Reader) error {
	pool := &gzipWriters
	if encoding == "deflate" {
		pool = &zlibWriters
	}
	w := pool.Get().(compressor)
	defer pool.Put(w)
	w.Reset(to)
	if _, err := io.Copy(w, src); err != nil {
		return err
	}
	return w.Close()
}

// keptBuffer is the largest memory of an answer that is kept for the next one.
const keptBuffer = 1 << 20

// buffer gives memory for an answer.
func (s *service) buffer() []byte {
	if b, ok := s.buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 4<<10)
}

// keep takes the memory of an answer back.
func (s *service) keep(b []byte) {
	if cap(b) <= keptBuffer {
		s.buffers.Put(&b)
	}
}
