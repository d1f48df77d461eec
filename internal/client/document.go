package client

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
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

const (
	// compressFrom is from how many bytes on a document is compressed on its way. What is so large on its way, too, is sent
	// only after the server wants it.
	compressFrom = 64 << 10
	// largest is how many bytes are sent in one request to a server that also takes uploads: gateways take about so many.
	largest = 4 << 20
)

// Deploy sends a document: to the server itself, or where that wants large ones to be put. What is wrong with it is an
// *Error; one that takes long is under way when this returns.
func (c *Client) Deploy(ctx context.Context, id string, u Upload) (Change, error) {
	p, err := pack(u.Document)
	if err != nil {
		return Change{}, err
	}
	defer p.discard()
	if p.size > largest {
		o, err := c.upload(ctx, id, p, rest.UploadRequest{
			File: rest.GzipDocumentUpload, ModelName: u.ModelName, SchemaChange: u.SchemaChange, Reason: u.Reason,
		})
		if !errors.Is(err, ErrNoUploads) {
			return Change{Object: o, Accepted: true}, err
		}
	}
	return c.change(ctx, c.slow, u.request(p, http.MethodPut, "model", id))
}

// Preview says what would be different if a document were deployed.
func (c *Client) Preview(ctx context.Context, id string, u Upload) (deploy.Report, error) {
	p, err := pack(u.Document)
	if err != nil {
		return deploy.Report{}, err
	}
	defer p.discard()
	var report deploy.Report
	return report, c.do(ctx, c.slow, u.request(p, http.MethodPost, "model", id, "report"), &report)
}

func (u Upload) request(p *parcel, method string, path ...string) request {
	r := request{method: method, path: path, query: u.query(), body: p, header: map[string]string{"Content-Type": "application/xml"}}
	if p.zipped {
		r.header["Content-Encoding"] = "gzip"
	}
	return r
}

// Document writes the document of the live version. A server that keeps it elsewhere says where, once; nothing that proves
// who asks goes there. An error of to is a *WriteError.
func (c *Client) Document(ctx context.Context, id string, to io.Writer) error {
	var answered http.Response
	r := request{method: http.MethodGet, path: []string{"model", id, "pmml"}, header: map[string]string{"Accept": "application/xml, application/problem+json;q=0.5"},
		answered: &answered, into: to}
	err := c.do(ctx, c.slow, r, nil)
	if answered.StatusCode != http.StatusTemporaryRedirect {
		return err
	}
	at, err := url.Parse(answered.Header.Get("Location"))
	switch {
	case err != nil, at.Scheme != "http" && at.Scheme != "https", at.Host == "":
		return &Error{Status: answered.StatusCode, Message: "the server's answer does not say where the document is"}
	case at.Scheme == "http" && c.base.Scheme == "https":
		return &Error{Status: answered.StatusCode, Message: fmt.Sprintf("the server wants the document to be read from %s without encryption", at.Host)}
	}
	return c.do(ctx, c.storage, request{method: http.MethodGet, at: at, foreign: true, into: to}, nil)
}

// copy writes the body of an answer.
func (c *Client) copy(ctx context.Context, sent *http.Request, to io.Writer, body io.Reader) error {
	w := &writer{to: to}
	switch _, err := io.Copy(w, body); {
	case w.err != nil:
		return &WriteError{w.err}
	case err != nil:
		return c.unreachable(ctx, sent, err)
	}
	return nil
}

// A writer tells an error of writing from those of reading.
type writer struct {
	to  io.Writer
	err error
}

func (w *writer) Write(b []byte) (int, error) {
	n, err := w.to.Write(b)
	w.err = err
	return n, err
}

// pack makes a parcel of a document, compressed if that is worth it.
func pack(document io.Reader) (*parcel, error) {
	in := bufio.NewReaderSize(&documentReader{document}, compressFrom)
	head, err := in.Peek(compressFrom)
	zipped := bytes.HasPrefix(head, []byte{0x1F, 0x8B})
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case err != nil && !zipped:
		return packed(bytes.Clone(head)), nil
	}
	p := &parcel{zipped: true}
	if zipped {
		_, err = io.Copy(p, in)
	} else {
		err = compress(p, in)
	}
	if err != nil {
		p.discard()
		return nil, err
	}
	return p, nil
}

func compress(to io.Writer, document io.Reader) error {
	w, err := gzip.NewWriterLevel(to, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, document); err != nil {
		return err
	}
	return w.Close()
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
