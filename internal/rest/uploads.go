package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Uploads gives addresses to put objects to that are too large for a request to the service, or that lie beside a
// document.
type Uploads interface {
	// Upload gives the ticket for a file of UploadFiles, which is about the model; m is what is said about it.
	Upload(ctx context.Context, id, file string, m deploy.Metadata) (Ticket, error)
}

// A Receiver takes what is put to the addresses of tickets, where these are the service's own.
type Receiver interface {
	// Receive puts a file where its ticket says, whole or not at all; ErrTicket if the ticket is not for that file, or
	// is over.
	Receive(ctx context.Context, id, file, ticket string, body io.Reader) (deploy.Object, error)
}

// ErrTicket says that a ticket does not allow what is done with its address.
var ErrTicket = errors.New("the address is not valid for this file, or not any more")

// The files that tickets are given for: a document in one of two forms, and what lies beside it.
const (
	DocumentUpload     = "model.pmml"
	GzipDocumentUpload = "model.pmml.gz"
)

var uploadFiles = []string{DocumentUpload, GzipDocumentUpload, deploy.SettingsName, deploy.GoldenName, deploy.BaselineName}

// UploadKey gives the key of a file that is uploaded for a model: a document's is the one that the model belongs to.
func UploadKey(m deploy.Model, id, file string) string {
	switch {
	case file != DocumentUpload && file != GzipDocumentUpload:
		return deploy.SidecarOf(id, file)
	case m.Source != "":
		return m.Source
	case file == GzipDocumentUpload:
		return deploy.KeyOf(id) + ".gz"
	}
	return deploy.KeyOf(id)
}

// A Ticket says how an object is uploaded: whoever sends its bytes so needs no other authorization.
type Ticket struct {
	URL     string            `json:"url"`     // relative to that of the request, or of another server
	Method  string            `json:"method"`  // PUT
	Headers map[string]string `json:"headers"` // that must be sent as they are here
	Key     string            `json:"key"`     // of the object
	Expires time.Time         `json:"expires"` // when the upload must have begun
}

// UploadRequest is the body of POST /model/{id}/upload.
type UploadRequest struct {
	File         string `json:"file"`                   // model.pmml, model.pmml.gz, model.json, golden.csv or baseline.csv
	ModelName    string `json:"modelName,omitempty"`    // of a document with several models: the one to take
	SchemaChange string `json:"schemaChange,omitempty"` // allow or refuse; empty: as the settings say, else refuse
	Reason       string `json:"reason,omitempty"`       // for the history
}

// upload is POST /model/{id}/upload: where a file can be put.
func (x *exchange) upload() error {
	body, err := x.readBody()
	if err != nil {
		return err
	}
	var request UploadRequest
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil || decoder.More() {
		return badRequest("malformed-body", `The body is not {"file": NAME, "modelName": TEXT, "schemaChange": TEXT, "reason": TEXT}, of which all but the first may be left out`)
	}
	m := deploy.Metadata{ModelName: request.ModelName, Schema: request.SchemaChange, By: x.by(request.Reason)}
	switch {
	case !slices.Contains(uploadFiles, request.File):
		return badRequest("invalid-parameter", "file is one of "+strings.Join(uploadFiles, ", "))
	case m.Schema != "" && m.Schema != deploy.SchemaAllow && m.Schema != deploy.SchemaRefuse:
		return badRequest("invalid-parameter", "schemaChange is allow or refuse")
	}
	ticket, err := x.service.Uploads.Upload(x.r.Context(), x.id, request.File, m)
	if err != nil {
		return fmt.Errorf("a ticket for %s of %s: %w", request.File, x.id, err)
	}
	x.w.Header().Set("Cache-Control", "no-store")
	return x.answerJSON(http.StatusOK, ticket)
}

// receive is PUT /model/{id}/upload/{file}: the file itself. The ticket in the address stands for the caller's role.
func (x *exchange) receive() error {
	body := &lateReader{open: x.uploaded}
	object, err := x.service.Receiver.Receive(x.r.Context(), x.id, x.part, x.r.URL.Query().Get("ticket"), formReader{body})
	if errors.Is(err, ErrTicket) {
		return &callerError{http.StatusForbidden, "forbidden", "The address is not valid for this file, or not any more"}
	}
	if err != nil {
		return fmt.Errorf("receive %s of %s: %w", x.part, x.id, err)
	}
	return x.answerJSON(http.StatusOK, UploadAnswer{object.Key, object.Version})
}

// uploaded opens the body of an upload; a document is decompressed.
func (x *exchange) uploaded() (io.Reader, error) {
	src, err := x.content(x.service.Limits.Document, x.service.Limits.DocumentTime)
	if err == nil && (x.part == DocumentUpload || x.part == GzipDocumentUpload) {
		src, err = x.ungzip(src)
	}
	return src, err
}

// A lateReader opens what it reads only when somebody wants it: nobody waits for a body that no ticket allows.
type lateReader struct {
	open func() (io.Reader, error)
	src  io.Reader
}

func (r *lateReader) Read(p []byte) (n int, err error) {
	if r.src == nil {
		if r.src, err = r.open(); err != nil {
			return 0, err
		}
	}
	return r.src.Read(p)
}

// An UploadAnswer says what an upload has become.
type UploadAnswer struct {
	Key     string `json:"key"`
	Version string `json:"version"` // of the object: a deployment that comes of it names it
}
