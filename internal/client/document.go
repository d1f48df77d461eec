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
