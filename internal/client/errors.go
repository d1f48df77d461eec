package client

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// An Error is what a server answered instead of what it was asked for.
type Error struct {
	Status  int      // of HTTP
	Code    string   // stable name of the kind of problem, such as "invalid-document"; empty: the server does not say
	Message string   //
	Details []Detail // what is wrong, each at its place
	More    int      // how many details are not among them

	later time.Duration // when the server wants to be asked again; 0: it does not say
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
	e.later = laterOf(got.Header.Get("Retry-After"))
	if json.Unmarshal(text, &problem) != nil {
		e.Message += storageError(text)
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

// storageError gives what S3 has against an upload; empty if that is not where the answer is from.
func storageError(text []byte) string {
	var answer struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}
	if xml.Unmarshal(text, &answer) != nil || answer.Code == "" {
		return ""
	}
	return fmt.Sprintf(": %s: %s", answer.Code, answer.Message)
}

// laterOf reads Retry-After: seconds, or a time.
func laterOf(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<20)) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(time.Until(at), 0)
}

// askLater says whether, and after how long, it makes sense to send a request again that has got an error: it was not
// begun with then, or may be repeated.
func askLater(method string, err error, tries int) (time.Duration, bool) {
	const most, longest = 4, 30 * time.Second
	var answer *Error
	if !errors.As(err, &answer) || tries >= most || answer.later > longest {
		return 0, false
	}
	busy := answer.Status == http.StatusTooManyRequests
	away := answer.Status == http.StatusServiceUnavailable && (method == http.MethodGet || answer.later > 0)
	if answer.later > 0 {
		return answer.later, busy || away
	}
	return time.Second / 2 << tries, busy || away
}

// isAway says whether an error may be over in some seconds.
func isAway(err error) bool {
	var gone *UnreachableError
	var answer *Error
	return errors.As(err, &gone) ||
		errors.As(err, &answer) && (answer.Status >= 500 || answer.Status == http.StatusTooManyRequests)
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

// A WriteError says that a document could not be written to its end.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return e.Err.Error() }

func (e *WriteError) Unwrap() error { return e.Err }

// unreachable says why there is no answer: what we did not want any more, or could not read, is not the server's doing.
func (c *Client) unreachable(ctx context.Context, sent *http.Request, err error) error {
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
	server := c.base.String()
	if sent.URL.Host != c.base.Host { // where uploads go
		server = sent.URL.Scheme + "://" + sent.URL.Host
	}
	return &UnreachableError{server, err}
}
