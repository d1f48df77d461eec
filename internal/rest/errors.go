package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// A problem is an error as a caller sees it.
type problem struct {
	status  int
	code    string // stable name of the kind of problem
	message string
	details []detail
	more    int // how many things that are wrong are not among the details
}

// A detail is one thing that is wrong, with its place.
type detail struct {
	field    string // input, target or output field
	row      int    // of a table, from 1 without the header
	line     int    // of the body or document, from 1
	path     string // XPath in a document
	code     string // rule that was broken
	message  string
	expected string // what would have been right
}

// A callerError is a problem that the service itself found with a request.
type callerError struct {
	status  int
	code    string
	message string
}

func (e *callerError) Error() string { return e.message }

func badRequest(code, message string) error {
	return &callerError{http.StatusBadRequest, code, message}
}

// The errors that say no more than their status. Their texts are part of Openscoring's protocol.
var (
	errForbidden    = &callerError{http.StatusForbidden, "forbidden", "User not authorized."}
	errNotFound     = &callerError{http.StatusNotFound, "not-found", "Not Found"}
	errMethod       = &callerError{http.StatusMethodNotAllowed, "method-not-allowed", "Method Not Allowed"}
	errAccept       = &callerError{http.StatusNotAcceptable, "not-acceptable", "Not Acceptable"}
	errContentType  = &callerError{http.StatusUnsupportedMediaType, "unsupported-media-type", "Unsupported Media Type"}
	errTimeout      = &callerError{http.StatusRequestTimeout, "timeout", "The body did not arrive in time"}
	errBusy         = &callerError{http.StatusTooManyRequests, "busy", "Too much is being scored at this moment, try again"}
	errMemory       = &callerError{http.StatusRequestEntityTooLarge, "too-much", "Scoring all of the body takes more memory than there is, send fewer records"}
	errUnfinished   = &callerError{http.StatusBadRequest, "unfinished-body", "The body ends too early"}
	errServer       = problem{status: http.StatusInternalServerError, code: "internal", message: "Internal Server Error"}
	errChanging     = problem{status: http.StatusConflict, code: "conflict", message: "Another change of the model is under way, try again"}
	errFull         = problem{status: http.StatusInsufficientStorage, code: "storage-full", message: "There is no space left to keep the document"}
	errFailed       = problem{status: http.StatusServiceUnavailable, code: "deployment-failed", message: "The deployment failed, what was live still is; the model's deployments say more"}
	errGone         = problem{status: 499, code: "client-gone", message: "The caller went away"}
	errNoTime       = problem{status: http.StatusGatewayTimeout, code: "timeout", message: "The answer was not ready in time"}
	errLargeAnswer  = problem{status: http.StatusRequestEntityTooLarge, code: "answer-too-large", message: "The answer would be too large, send fewer records"}
	problemNotFound = asProblem(errNotFound)
)

func tooLarge(limit int64) error {
	return &callerError{http.StatusRequestEntityTooLarge, "body-too-large", fmt.Sprintf("The body has more than %d bytes", limit)}
}

func asProblem(e *callerError) problem {
	return problem{status: e.status, code: e.code, message: e.message}
}

// problemOf says how an error is told to the caller; only what the caller sent is ever in it.
func problemOf(err error) problem {
	var (
		caller *callerError
		body   *scoring.BodyError
		large  *http.MaxBytesError
		record evaluator.RecordError
		reject *catalog.Rejection
		refuse *deploy.RefusedError
		failed *deploy.FailedError
	)
	switch {
	case errors.As(err, &caller):
		return asProblem(caller)
	case errors.Is(err, catalog.ErrNotFound):
		return problemNotFound
	case errors.As(err, &reject):
		return rejection(reject)
	case errors.As(err, &refuse):
		return problem{status: http.StatusConflict, code: "conflict", message: refuse.Message}
	case errors.Is(err, deploy.ErrBusy), errors.Is(err, deploy.ErrConflict):
		return errChanging
	case errors.Is(err, syscall.ENOSPC):
		return errFull
	case errors.As(err, &failed):
		return errFailed
	case errors.As(err, &body):
		return problem{status: http.StatusBadRequest, code: "malformed-body", message: body.Error(),
			details: []detail{{row: body.Row, line: body.Line, code: "malformed-body", message: body.Message}}}
	case errors.As(err, &record):
		return recordProblem(err, record)
	case errors.Is(err, scoring.ErrAnswerTooLarge):
		return errLargeAnswer
	case errors.As(err, &large):
		return problemOf(tooLarge(large.Limit))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return asProblem(errTimeout)
	case errors.Is(err, context.DeadlineExceeded):
		return errNoTime
	case errors.Is(err, context.Canceled):
		return errGone
	}
	return errServer
}

// recordProblem is about a record that cannot be scored.
func recordProblem(err error, record evaluator.RecordError) problem {
	d := detail{field: record.FieldName(), code: record.Code(), message: record.Error()}
	if row := (*scoring.RowError)(nil); errors.As(err, &row) {
		d.row, d.line = row.Row, row.Line
	}
	var invalid *evaluator.InvalidValueError
	if errors.As(err, &invalid) {
		d.expected = invalid.Allowed
	}
	return problem{status: http.StatusBadRequest, code: record.Code(), message: err.Error(), details: []detail{d}}
}

// rejection is about a document that cannot be deployed.
func rejection(r *catalog.Rejection) problem {
	p := problem{status: http.StatusBadRequest, code: "invalid-document", message: r.Message, more: r.More}
	for _, f := range r.Faults {
		p.details = append(p.details, detail{
			field: r.Field, row: r.Row, line: f.Line, path: f.Path, code: string(f.Code), message: f.Message, expected: f.Expected,
		})
	}
	if len(r.Faults) == 0 {
		p.details = []detail{{field: r.Field, row: r.Row, line: r.Line, path: r.File, code: r.Code, message: r.Message}}
	}
	return p
}

// place tells where the first fault of a document is, for a header; empty if there is none.
func (p *problem) place() string {
	if len(p.details) == 0 || p.details[0].path == "" {
		return ""
	}
	d := p.details[0]
	text := fmt.Sprintf("%d: %s [%s]", d.line, d.path, d.code)
	if len(text) > 500 {
		text = text[:500]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}

// body gives the problem as Openscoring tells it, or as RFC 9457 has it.
func (p *problem) body(rfc9457 bool) []byte {
	if !rfc9457 {
		b := appendString([]byte(`{"message":`), p.message)
		return append(b, "}\n"...)
	}
	b := appendString([]byte(`{"type":`), "urn:handoff:problem:"+p.code)
	b = appendString(append(b, `,"title":`...), p.title())
	b = strconv.AppendInt(append(b, `,"status":`...), int64(p.status), 10)
	b = appendString(append(b, `,"detail":`...), p.message)
	if len(p.details) > 0 {
		b = append(b, `,"errors":[`...)
		for i := range p.details {
			if i > 0 {
				b = append(b, ',')
			}
			b = p.details[i].append(b)
		}
		b = append(b, ']')
	}
	if p.more > 0 {
		b = strconv.AppendInt(append(b, `,"more":`...), int64(p.more), 10)
	}
	return append(b, "}\n"...)
}

func (p *problem) title() string {
	if text := http.StatusText(p.status); text != "" {
		return text
	}
	return "Error"
}

func (d *detail) append(b []byte) []byte {
	b = append(b, '{')
	member := func(name string) {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ':')
	}
	text := func(name, value string) {
		if value != "" {
			member(name)
			b = appendString(b, value)
		}
	}
	number := func(name string, value int) {
		if value > 0 {
			member(name)
			b = strconv.AppendInt(b, int64(value), 10)
		}
	}
	text("field", d.field)
	number("row", d.row)
	number("line", d.line)
	text("path", d.path)
	text("code", d.code)
	text("detail", d.message)
	text("expected", d.expected)
	return append(b, '}')
}

// appendString appends s as a JSON text; what is not UTF-8 in it is replaced.
func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

// quote puts a value of the caller's into a message, cut to 100 characters.
func quote(s string) string {
	if short := []rune(s); len(short) > 100 {
		s = string(short[:100]) + "…"
	}
	return string(appendString(nil, s))
}
