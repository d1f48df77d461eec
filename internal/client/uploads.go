package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// ErrNoUploads says that a server takes documents only, each in one request.
var ErrNoUploads = errors.New("the server takes no uploads: no files beside a document, and no documents of any size")

// Send puts a file beside the document of a model: deploy.SettingsName, deploy.GoldenName or deploy.BaselineName. The
// error is ErrNoUploads if the server takes none.
func (c *Client) Send(ctx context.Context, id, name string, text []byte, reason string) error {
	_, err := c.upload(ctx, id, packed(text), rest.UploadRequest{File: name, Reason: reason})
	return err
}

// upload asks where a file is to be put and puts it there.
func (c *Client) upload(ctx context.Context, id string, p *parcel, what rest.UploadRequest) (deploy.Object, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return deploy.Object{}, err
	}
	var ticket rest.Ticket
	err = c.do(ctx, c.quick, request{method: http.MethodPost, path: []string{"model", id, "upload"}, body: packed(body), header: jsonBody}, &ticket)
	if answer := (*Error)(nil); errors.As(err, &answer) && (answer.Status == http.StatusNotFound || answer.Status == http.StatusMethodNotAllowed) {
		return deploy.Object{}, ErrNoUploads
	}
	if err != nil {
		return deploy.Object{}, err
	}
	at, own, err := c.place(id, ticket)
	if err != nil {
		return deploy.Object{}, err
	}
	return c.put(ctx, at, own, ticket, p)
}

// place gives the address of a ticket, and whether it is the server's own.
func (c *Client) place(id string, t rest.Ticket) (at *url.URL, own bool, err error) {
	at, err = c.base.JoinPath("model", id, "upload").Parse(t.URL)
	switch {
	case err != nil, t.Method != http.MethodPut, at.Scheme != "http" && at.Scheme != "https", at.Host == "":
		return nil, false, &Error{Status: http.StatusOK, Message: "the server's answer does not say where to put the file"}
	case at.Scheme == "http" && c.base.Scheme == "https":
		return nil, false, &Error{Status: http.StatusOK, Message: fmt.Sprintf("the server wants the file to be sent to %s without encryption", at.Host)}
	}
	return at, at.Scheme == c.base.Scheme && at.Host == c.base.Host, nil
}

// put sends a file as its ticket says. Only the server itself gets what the client proves itself with.
func (c *Client) put(ctx context.Context, at *url.URL, own bool, t rest.Ticket, p *parcel) (deploy.Object, error) {
	var answered http.Response
	var answer rest.UploadAnswer
	r := request{method: t.Method, at: at, header: t.Headers, body: p, answered: &answered}
	by, into := c.slow, any(&answer)
	if !own {
		by, into, r.foreign = c.storage, nil, true
	}
	if err := c.do(ctx, by, r, into); err != nil {
		return deploy.Object{}, err
	}
	return deploy.Object{
		Key: t.Key, Version: cmp.Or(answer.Version, answered.Header.Get("X-Amz-Version-Id")), Size: p.size,
	}, nil
}

// beginTime is how long the deployment of an object may take to begin: others may be before it.
const beginTime = 10 * time.Minute

// Begun waits until the deployment of an object has begun.
func (c *Client) Begun(ctx context.Context, id string, o deploy.Object) (deploy.Deployment, error) {
	waited := time.Duration(0)
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		d, found, err := c.deploymentOf(ctx, id, o)
		if err != nil || found {
			return d, err
		}
		if waited > beginTime {
			return d, &Error{Status: http.StatusGatewayTimeout, Message: fmt.Sprintf("%s was put there, and has not been deployed for %v", o.Key, beginTime)}
		}
		if err := c.Pause(ctx, wait); err != nil {
			return d, err
		}
		waited += wait
	}
}

// deploymentOf looks for the deployment of an object among the newest.
func (c *Client) deploymentOf(ctx context.Context, id string, o deploy.Object) (deploy.Deployment, bool, error) {
	const newest = 20
	deployments, err := c.Deployments(ctx, id, newest)
	if answer := (*Error)(nil); errors.As(err, &answer) && answer.Status == http.StatusNotFound {
		return deploy.Deployment{}, false, nil // nobody has heard of the model yet
	}
	for _, d := range deployments {
		if d.Object != nil && d.Object.Key == o.Key && d.Object.Version == o.Version {
			return d, true, err
		}
	}
	return deploy.Deployment{}, false, err
}
