// Package client speaks to a Handoff server over HTTP, for people at a command line: it waits for what takes long, and
// gives the server's answers and errors as values.
package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
)

const (
	dialTime     = 10 * time.Second // to reach the server
	answerTime   = 30 * time.Second // for a request without a document, to its end
	documentTime = 15 * time.Minute // from the last byte of a document to the first of the answer: large ones compile slowly
	maxAnswer    = 64 << 20         // bytes of an answer
)

// A Client speaks to one server. It may be used by many goroutines.
type Client struct {
	base    *url.URL
	token   string
	quick   *http.Client // for what is answered at once
	slow    *http.Client // for documents
	storage *http.Client // for uploads elsewhere: nothing that proves who we are goes there

	// Pause waits between two questions for the same; by the clock unless something else is set.
	Pause func(ctx context.Context, d time.Duration) error
}

// Options say how a client proves who it is. With the zero value it does not.
type Options struct {
	Token string                                            // goes to the server only
	Sign  func(through http.RoundTripper) http.RoundTripper // signs what goes to the server; nil: nothing does
}

// New makes a client of the server at an address such as http://127.0.0.1:8080/base. The error is about the address.
func New(server string, o Options) (*Client, error) {
	base, err := parseServer(server)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: dialTime}).DialContext
	transport.ResponseHeaderTimeout = documentTime
	transport.ExpectContinueTimeout = 2 * time.Second
	signing := http.RoundTripper(transport)
	if o.Sign != nil {
		signing = o.Sign(transport)
	}
	return &Client{
		base: base, token: o.Token, Pause: deploy.Pause,
		quick:   &http.Client{Transport: signing, CheckRedirect: checkRedirect, Timeout: answerTime},
		slow:    &http.Client{Transport: signing, CheckRedirect: checkRedirect},
		storage: &http.Client{Transport: transport, CheckRedirect: checkRedirect},
	}, nil
}

func parseServer(server string) (*url.URL, error) {
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	base, err := url.Parse(server)
	switch {
	case err != nil:
		return nil, errors.New("it is not a URL") // the error would show a password
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, fmt.Errorf("%s is neither http nor https", base.Scheme)
	case base.Hostname() == "":
		return nil, errors.New("it names no host")
	case base.User != nil:
		return nil, errors.New("a user or password in it is never sent")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("it has a query or a fragment")
	}
	return base, nil
}

// checkRedirect follows only what stays at the same address, so that no token goes elsewhere, and no document is taken
// for deployed because a GET in place of the PUT went well.
func checkRedirect(next *http.Request, before []*http.Request) error {
	first := before[0]
	if first.Method != http.MethodGet || next.URL.Scheme != first.URL.Scheme || next.URL.Host != first.URL.Host || len(before) > 5 {
		return http.ErrUseLastResponse
	}
	return nil
}

// A Model is what GET /model says of one.
type Model struct {
	ID             string `json:"id"`
	MiningFunction string `json:"miningFunction"`
	Summary        string `json:"summary"` // its kind, in words
	Properties     struct {
		Created string `json:"created.timestamp"` // when the live version was deployed
	} `json:"properties"`
}

// Since says when the live version was deployed; zero if the server does not say.
func (m Model) Since() time.Time {
	at, err := time.Parse("2006-01-02T15:04:05.000-07:00", m.Properties.Created)
	if err != nil {
		return time.Time{}
	}
	return at
}

// Models gives what is live.
func (c *Client) Models(ctx context.Context) ([]Model, error) {
	var answer struct {
		Responses []Model `json:"responses"`
	}
	return answer.Responses, c.get(ctx, &answer, nil, "model")
}

// Latest gives all models that the server knows, with their newest deployments, and the files that are not deployed yet.
func (c *Client) Latest(ctx context.Context) (rest.LatestAnswer, error) {
	var answer rest.LatestAnswer
	err := c.get(ctx, &answer, nil, "deployments")
	return answer, err
}

// Versions gives the newest versions of a model, at most limit of them.
func (c *Client) Versions(ctx context.Context, id string, limit int) (rest.VersionsAnswer, error) {
	var answer rest.VersionsAnswer
	err := c.get(ctx, &answer, numbers("limit", limit), "model", id, "versions")
	return answer, err
}

// Deployments gives the newest deployments of a model, at most limit of them.
func (c *Client) Deployments(ctx context.Context, id string, limit int) ([]deploy.Deployment, error) {
	var answer rest.DeploymentsAnswer
	err := c.get(ctx, &answer, numbers("limit", limit), "model", id, "deployments")
	return answer.Deployments, err
}

// Deployment gives one deployment.
func (c *Client) Deployment(ctx context.Context, id, deployment string) (deploy.Deployment, error) {
	var answer deploy.Deployment
	err := c.get(ctx, &answer, nil, "model", id, "deployments", deployment)
	return answer, err
}

// Audit gives who did what to a model, the newest limit entries.
func (c *Client) Audit(ctx context.Context, id string, limit int) ([]deploy.Audit, error) {
	var answer rest.AuditAnswer
	err := c.get(ctx, &answer, numbers("limit", limit), "model", id, "audit")
	return answer.Audit, err
}

// Report compares two versions: see deploy.Pipeline.Report.
func (c *Client) Report(ctx context.Context, id string, version, against int) (deploy.Report, error) {
	var answer deploy.Report
	err := c.do(ctx, c.slow, request{method: http.MethodGet, path: []string{"model", id, "report"},
		query: numbers("version", version, "against", against)}, &answer)
	return answer, err
}

// A Change is something that was asked for and became a deployment.
type Change struct {
	Deployment string        // its id; empty: the server tells none
	Accepted   bool          // it had not ended when the server answered; without an id, it had not begun
	Object     deploy.Object // that is to be deployed, by Key and Version, where the deployment is not known yet
}

// Rollback makes an earlier version live; 0 is the one that was live before.
func (c *Client) Rollback(ctx context.Context, id string, to int, reason string) (Change, error) {
	body, err := json.Marshal(rest.RollbackRequest{Version: to, Reason: reason})
	if err != nil {
		return Change{}, err
	}
	return c.change(ctx, c.slow, request{method: http.MethodPost, path: []string{"model", id, "rollback"},
		body: packed(body), header: jsonBody})
}

// Undeploy takes a model out of service.
func (c *Client) Undeploy(ctx context.Context, id, reason string) (Change, error) {
	return c.change(ctx, c.slow, request{method: http.MethodDelete, path: []string{"model", id}, query: texts("reason", reason)})
}

// Wait asks for a deployment until it has ended, and shows it as it comes on; show may be nil. A server that is started
// anew meanwhile goes on with it, so one that is away for some seconds is asked again.
func (c *Client) Wait(ctx context.Context, id, deployment string, show func(deploy.Deployment)) (deploy.Deployment, error) {
	const patience = 8 // the last pauses are the longest: about 10 seconds in all
	lost := 0
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		d, err := c.Deployment(ctx, id, deployment)
		switch {
		case isAway(err) && lost < patience:
			lost++
		case err != nil || d.State.Final():
			return d, err
		default:
			lost = 0
			if show != nil {
				show(d)
			}
		}
		if err := c.Pause(ctx, wait); err != nil {
			return d, err
		}
	}
}

func (c *Client) get(ctx context.Context, answer any, query url.Values, path ...string) error {
	return c.do(ctx, c.quick, request{method: http.MethodGet, path: path, query: query}, answer)
}

// change asks for a change and gives the deployment that it became.
func (c *Client) change(ctx context.Context, by *http.Client, r request) (Change, error) {
	var answer struct {
		Properties struct {
			Deployment string `json:"deployment"`
			Key        string `json:"object.key"`
			Version    string `json:"object.version"`
		} `json:"properties"`
	}
	var answered http.Response
	r.answered = &answered
	if err := c.do(ctx, by, r, &answer); err != nil {
		return Change{}, err
	}
	return Change{
		Deployment: cmp.Or(answered.Header.Get("X-Handoff-Deployment"), answer.Properties.Deployment),
		Accepted:   answered.StatusCode == http.StatusAccepted,
		Object:     deploy.Object{Key: answer.Properties.Key, Version: answer.Properties.Version},
	}, nil
}

// A request is one question to the server.
type request struct {
	method  string
	path    []string
	query   url.Values
	at      *url.URL          // instead of path and query
	foreign bool              // it goes elsewhere: the token does not
	header  map[string]string // besides what all requests have
	body    *parcel           // nil: none

	answered *http.Response // is given the answer, without its body
	into     io.Writer      // is given the body of an answer that is no error, which may then be elsewhere
}

var jsonBody = map[string]string{"Content-Type": "application/json"}

// do sends a request and reads the answer, if it is not nil. What the server wants to be asked later is asked again a few
// times. Errors: *Error, *UnreachableError, the context's, or that of the body.
func (c *Client) do(ctx context.Context, by *http.Client, r request, answer any) error {
	for tries := 0; ; tries++ {
		err := c.once(ctx, by, r, answer)
		wait, later := askLater(r.method, err, tries)
		if !later {
			return err
		}
		if err := c.Pause(ctx, wait); err != nil {
			return err
		}
	}
}

func (c *Client) once(ctx context.Context, by *http.Client, r request, answer any) error {
	sent, err := c.requestOf(ctx, r)
	if err != nil {
		return err
	}
	got, err := by.Do(sent)
	if err != nil {
		return c.unreachable(ctx, sent, err)
	}
	defer got.Body.Close() //nolint:errcheck // only read
	if r.answered != nil {
		*r.answered = http.Response{StatusCode: got.StatusCode, Header: got.Header}
	}
	if r.into != nil && got.StatusCode < 300 {
		return c.copy(ctx, sent, r.into, got.Body)
	}
	text, err := io.ReadAll(io.LimitReader(got.Body, maxAnswer+1))
	switch {
	case err != nil:
		return c.unreachable(ctx, sent, err)
	case len(text) > maxAnswer:
		return &Error{Status: got.StatusCode, Message: fmt.Sprintf("the answer has more than %d bytes", maxAnswer)}
	case got.StatusCode >= 300:
		return errorOf(got, text)
	case answer == nil:
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return &Error{Status: got.StatusCode, Message: "the answer is not that of a Handoff server: is the address right?"}
	}
	return nil
}

// requestOf makes a request as HTTP has it.
func (c *Client) requestOf(ctx context.Context, r request) (*http.Request, error) {
	at := r.at
	if at == nil {
		at = c.base.JoinPath(r.path...)
		at.RawQuery = r.query.Encode()
	}
	sent, err := http.NewRequestWithContext(ctx, r.method, at.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	sent.Header.Set("Accept", "application/json, application/problem+json")
	sent.Header.Set("User-Agent", "handoff")
	for name, value := range r.header {
		sent.Header.Set(name, value)
	}
	if c.token != "" && !r.foreign {
		sent.Header.Set("Authorization", "Bearer "+c.token)
	}
	if r.body == nil || r.body.size == 0 {
		return sent, nil
	}
	if r.body.size >= compressFrom {
		sent.Header.Set("Expect", "100-continue")
	}
	sent.ContentLength, sent.GetBody = r.body.size, r.body.open
	sent.Body, err = r.body.open()
	return sent, err
}

// texts makes a query of names and values; empty ones are left out.
func texts(pairs ...string) url.Values {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return query
}

// numbers makes a query of names and values; 0 is left out.
func numbers(pairs ...any) url.Values {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if n, _ := pairs[i+1].(int); n != 0 {
			query.Set(fmt.Sprint(pairs[i]), strconv.Itoa(n))
		}
	}
	return query
}
