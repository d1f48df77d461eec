package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// An Error is what a server answered instead of what it was asked for.
type Error struct {
	Status  int      // of HTTP
	Code    string   // stable name of the kind of problem, such as "invalid-document"; empty: the server does not say
	Message string   //
	Details []Detail // what is wrong, each at its place
	More    int      // how many details are not among them
}

// A Detail is one thing that is wrong.
type Detail struct {
	Field    string `json:"field"`    // input, target or output
	Row      int    `json:"row"`      // of a table, from 1 without the header
	Line     int    `json:"line"`     // of the document, or of the file beside it that is wrong
	Path     string `json:"path"`     // XPath in the document, or the name of that file
	Code     string `json:"code"`     // rule that was broken
	Message  string `json:"detail"`   //
	Expected string `json:"expected"` // what would have been right
}

// InDocument says whether the detail is about a place in the document itself.
func (d Detail) InDocument() bool { return strings.HasPrefix(d.Path, "/") }

func (e *Error) Error() string { return e.Message }

// Rejected says whether the document can never go live as it is.
func (e *Error) Rejected() bool { return e.Code == "invalid-document" }

// Refused says whether the server understood and does not want to, so that asking again is in vain.
func (e *Error) Refused() bool {
	return e.Status >= 400 && e.Status < 500 && e.Status != http.StatusRequestTimeout && e.Status != http.StatusTooManyRequests
}

// errorOf reads an answer that is an error.
func errorOf(got *http.Response, text []byte) error {
	if got.StatusCode < 400 {
		return redirected(got)
	}
	var problem struct {
		Type    string   `json:"type"`
		Detail  string   `json:"detail"`
		Message string   `json:"message"` // of answers that know no problems
		Errors  []Detail `json:"errors"`
		More    int      `json:"more"`
	}
	e := &Error{Status: got.StatusCode, Message: "the server answers " + got.Status}
	if json.Unmarshal(text, &problem) != nil {
		return e
	}
	e.Code, _ = strings.CutPrefix(problem.Type, "urn:handoff:problem:")
	e.Details, e.More = problem.Errors, problem.More
	switch {
	case problem.Detail != "":
		e.Message = problem.Detail
	case problem.Message != "":
		e.Message = problem.Message
	}
	return e
}

func redirected(got *http.Response) error {
	to, err := got.Location()
	if err != nil {
		return &Error{Status: got.StatusCode, Message: "the server answers " + got.Status}
	}
	to.RawQuery, to.User = "", nil
	return &Error{Status: got.StatusCode, Message: fmt.Sprintf("the server sends us on to %s, where no token and no document follows: is that its address?", to)}
}

// An UnreachableError says that there was no answer.
type UnreachableError struct {
	Server string // its address
	Err    error
}

func (e *UnreachableError) Error() string {
	if slow := net.Error(nil); errors.As(e.Err, &slow) && slow.Timeout() {
		return fmt.Sprintf("%s does not answer in time", e.Server)
	}
	return fmt.Sprintf("cannot reach %s: %v", e.Server, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// A ReadError says that the document could not be read to its end.
type ReadError struct{ Err error }

func (e *ReadError) Error() string { return e.Err.Error() }

func (e *ReadError) Unwrap() error { return e.Err }

// unreachable says why there is no answer: what we did not want any more, or could not read, is not the server's doing.
func (c *Client) unreachable(ctx context.Context, err error) error {
	var unread *ReadError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.As(err, &unread):
		return unread
	}
	if outer := (*url.Error)(nil); errors.As(err, &outer) {
		err = outer.Err
	}
	return &UnreachableError{c.base.String(), err}
}
