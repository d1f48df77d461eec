package client

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// An Upload is a document with what is said about it.
type Upload struct {
	Document     io.Reader // plain or gzip
	ModelName    string    // the model element to take; empty: the settings', else the first
	Reason       string    // for the history
	SchemaChange string    // deploy.SchemaAllow or deploy.SchemaRefuse
}

func (u Upload) query() url.Values {
	return texts("modelName", u.ModelName, "reason", u.Reason, "schemaChange", u.SchemaChange)
}

// Deploy sends a document. What is wrong with it is an *Error; one that takes long is under way when this returns.
func (c *Client) Deploy(ctx context.Context, id string, u Upload) (Change, error) {
	r, err := u.request(http.MethodPut, "model", id)
	if err != nil {
		return Change{}, err
	}
	return c.change(ctx, c.slow, r)
}

// Preview says what would be different if a document were deployed.
func (c *Client) Preview(ctx context.Context, id string, u Upload) (deploy.Report, error) {
	r, err := u.request(http.MethodPost, "model", id, "report")
	if err != nil {
		return deploy.Report{}, err
	}
	var report deploy.Report
	return report, c.do(ctx, c.slow, r, &report)
}

// largeDocument is from where a document is compressed on its way, and sent only after the server wants it.
const largeDocument = 64 << 10

func (u Upload) request(method string, path ...string) (request, error) {
	r := request{method: method, path: path, query: u.query(), contentType: "application/xml"}
	document := bufio.NewReaderSize(&documentReader{u.Document}, largeDocument)
	head, err := document.Peek(largeDocument)
	if bytes.HasPrefix(head, []byte{0x1F, 0x8B}) {
		r.encoding = "gzip"
	}
	switch {
	case errors.Is(err, io.EOF):
		r.body = bytes.NewReader(head)
	case err != nil:
		return r, err
	case r.encoding != "":
		r.ask, r.body = true, document
	default:
		r.ask, r.body, r.encoding = true, compressed(document), "gzip"
	}
	return r, nil
}

// compressed compresses while it is read. Closing it, as HTTP does, ends that.
func compressed(document io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	go func() {
		w, err := gzip.NewWriterLevel(in, gzip.BestSpeed)
		if err == nil {
			_, err = io.Copy(w, document)
		}
		if err == nil {
			err = w.Close()
		}
		in.CloseWithError(err) //nolint:errcheck,gosec // never fails
	}()
	return out
}

// A documentReader tells an error of reading from those of sending.
type documentReader struct{ io.Reader }

func (r *documentReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &ReadError{err}
	}
	return n, err
}
