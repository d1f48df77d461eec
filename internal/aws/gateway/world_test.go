package gateway_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/aws/command"
	"github.com/handoff-pmml/handoff/internal/aws/function"
	"github.com/handoff-pmml/handoff/internal/aws/gateway"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// created is when everything happened.
var created = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

// A world is a stage with the table and the buckets in memory. Nothing of functions/deploy is in it but its answers: what
// it would have written down is put into the table by the tests.
type world struct {
	t         *testing.T
	store     *deploytest.Store
	objects   *deploytest.Objects
	artifacts *deploytest.Artifacts
	commands  *commands
	pipeline  command.Pipeline // instead of commands, if it is not nil

	admin, scoring gateway.Mode
	tokens         func(context.Context) (rest.TokenHashes, error)
	origins        []string
	log            bytes.Buffer

	clock    time.Time
	pauses   []time.Duration
	onPut    func(deploy.Object) // something that happens when a document was put
	onPause  func()              // something that happens while somebody waits
	document string              // of the version of iris that is live

	invoked []string                                          // functions, in the order in which they were invoked
	invoke  func(ctx context.Context) (string, string, error) // answers instead of the model's function
	score   map[string]*function.Handler                      // functions of models by name
	sent    []byte                                            // what a function was sent last
}

// commands answers what functions/deploy is told.
type commands struct {
	asked   []string
	outcome deploy.Outcome
	err     error
}

func (c *commands) Rollback(_ context.Context, id string, to int, by deploy.By) (deploy.Outcome, error) {
	c.asked = append(c.asked, fmt.Sprintf("rollback %s %d by %q because %q", id, to, by.Actor, by.Reason))
	return c.outcome, c.err
}

func (c *commands) Undeploy(_ context.Context, id string, by deploy.By) (deploy.Outcome, error) {
	c.asked = append(c.asked, fmt.Sprintf("undeploy %s by %q", id, by.Actor))
	return c.outcome, c.err
}

func (c *commands) Report(_ context.Context, id string, version, against int) (deploy.Report, error) {
	c.asked = append(c.asked, fmt.Sprintf("report %s %d %d", id, version, against))
	return deploy.Report{Model: id}, c.err
}

func (c *commands) Preview(_ context.Context, id string, document io.Reader, m deploy.Metadata) (deploy.Report, error) {
	text, err := io.ReadAll(document)
	c.asked = append(c.asked, fmt.Sprintf("preview %s of %d bytes by %q", id, len(text), m.By.Actor))
	return deploy.Report{Model: id}, errors.Join(err, c.err)
}

func hash(token string) rest.TokenHash { return sha256.Sum256([]byte(token)) }

// newWorld gives a stage whose callers have tokens, with version 1 of the model iris live and its function ready.
func newWorld(t *testing.T) *world {
	t.Helper()
	tape := new(deploytest.Tape)
	w := &world{
		t: t, store: &deploytest.Store{Tape: tape}, objects: &deploytest.Objects{Tape: tape}, artifacts: &deploytest.Artifacts{Tape: tape},
		commands: new(commands), admin: gateway.Token, scoring: gateway.Token, clock: created,
		tokens: func(context.Context) (rest.TokenHashes, error) {
			return rest.TokenHashes{Admin: []rest.TokenHash{hash("boss"), hash("boss2")}, User: []rest.TokenHash{hash("user")}}, nil
		},
		score: map[string]*function.Handler{},
	}
	document, err := os.ReadFile("../../../testdata/samples/iris/model.pmml")
	if err != nil {
		t.Fatal(err)
	}
	w.document = string(document)
	compiled, err := compile.Compile(bytes.NewReader(document), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := evaluator.Open(compiled)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(document)
	m := catalog.Model{ID: "iris", Size: int64(len(document)), Checksum: hex.EncodeToString(sum[:]), Created: created, Version: 1}
	models := new(catalog.Fixed)
	if err := models.Add(m, compiled); err != nil {
		t.Fatal(err)
	}
	w.score[lambda.FunctionName("dev", "iris")+":live"] = function.NewHandler(rest.New(function.ReadOnly(models, slog.New(slog.DiscardHandler))), "iris")
	schema, err := json.Marshal(opened.Schema())
	if err != nil {
		t.Fatal(err)
	}
	w.keep(1, deploy.SchemaFile, schema)
	w.keep(1, deploy.DocumentFile, document)
	w.commit(deploy.Transition{
		Model: deploy.Model{ID: "iris", Rev: 1, Source: deploy.KeyOf("iris"), Live: 1, Last: 1, Kept: []int{1}, Latest: deploy.Summary{ID: "01A"},
			Serves: deploy.Portrait{Element: "TreeModel", MiningFunction: "classification", Document: deploy.Document{Size: m.Size, Checksum: m.Checksum}, Created: created}},
		Versions: []deploy.Version{{
			Model: "iris", Number: 1, State: deploy.Live, Document: deploy.Document{Size: m.Size, Checksum: m.Checksum}, Created: created,
		}},
		Deployments: []deploy.Deployment{{Model: "iris", ID: "01A", Kind: deploy.Upload, State: deploy.Live, Version: 1,
			Object: &deploy.Object{Key: deploy.KeyOf("iris"), Version: "first"}, Steps: []deploy.Step{{State: deploy.Live, At: created}}}},
		Audits: []deploy.Audit{{Model: "iris", ID: "01A", Actor: "ana", Action: deploy.Upload, Outcome: deploy.Live, After: 1, Deployment: "01A"}},
	})
	w.commit(deploy.Transition{Model: deploy.Model{ID: "wrong", Rev: 1, Rejection: &catalog.Rejection{Code: "document", Message: "line 7: it is wrong"}}})
	w.commit(deploy.Transition{Model: deploy.Model{ID: "gone", Rev: 1, Last: 1, Deleted: created}})
	return w
}

func (w *world) keep(version int, name string, text []byte) {
	w.t.Helper()
	if err := w.artifacts.Put(context.Background(), "iris", version, name, bytes.NewReader(text)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) commit(t deploy.Transition) {
	w.t.Helper()
	if err := w.store.Commit(context.Background(), t); err != nil {
		w.t.Fatal(err)
	}
}

// ended writes down what functions/deploy came to with an object.
func (w *world) ended(o deploy.Object, id string, state deploy.State, change func(*deploy.Deployment)) {
	w.t.Helper()
	s, err := w.store.Status(context.Background(), "iris")
	if err != nil {
		w.t.Fatal(err)
	}
	d := deploy.Deployment{Model: "iris", ID: id, Kind: deploy.Upload, State: state, Version: 1, From: 1, Object: &o}
	if change != nil {
		change(&d)
	}
	s.Model.Rev++
	s.Model.Latest = d.Summary()
	w.commit(deploy.Transition{Model: s.Model, Deployments: []deploy.Deployment{d}})
}

// watched are the world's uploads, and tell of what is put there.
type watched struct {
	*deploytest.Objects
	w *world
}

func (o watched) Put(ctx context.Context, key string, b deploy.Body, m deploy.Metadata) (deploy.Object, error) {
	object, err := o.Objects.Put(ctx, key, b, m)
	if err == nil && o.w.onPut != nil {
		object.Metadata = m
		o.w.onPut(object)
	}
	return object, err
}

// addresses gives addresses that tell what they are for.
type addresses struct{}

func (addresses) Presign(_ context.Context, key string, m deploy.Metadata, expires time.Duration) (string, map[string]string, error) {
	return fmt.Sprintf("https://uploads.example/%s?for=%s", key, expires), map[string]string{"x-amz-meta-handoff": m.By.Actor}, nil
}

func (addresses) PresignGet(_ context.Context, key, filename string, expires time.Duration) (string, error) {
	return fmt.Sprintf("https://artifacts.example/%s?as=%s&for=%s", key, filename, expires), nil
}

func (w *world) front() *gateway.Front {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	pipeline := w.pipeline
	if pipeline == nil {
		pipeline = w.commands
	}
	remote := gateway.NewRemote(gateway.RemoteConfig{
		Store: w.store, Objects: watched{w.objects, w}, Artifacts: w.artifacts, Addresses: addresses{}, Commands: pipeline, Log: log,
		Now: func() time.Time { return w.clock },
		Pause: func(ctx context.Context, d time.Duration) error {
			w.pauses, w.clock = append(w.pauses, d), w.clock.Add(d)
			if w.onPause != nil {
				w.onPause()
			}
			return ctx.Err()
		},
	})
	f, err := gateway.New(gateway.Config{
		Stage: "dev", Remote: remote, AllowOrigins: w.origins, Log: log, Invoke: w.lambda,
		Authorization: &gateway.Authorization{Admin: w.admin, Scoring: w.scoring, Tokens: w.tokens, Log: log},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// notFound is an error as AWS's SDK has them.
type awsError string

func (e awsError) Error() string     { return "operation error Lambda: Invoke, " + string(e) }
func (e awsError) ErrorCode() string { return string(e) }

// lambda is Lambda's operation Invoke.
func (w *world) lambda(ctx context.Context, name string, payload []byte) ([]byte, string, error) {
	w.invoked, w.sent = append(w.invoked, name), payload
	if w.invoke != nil {
		answer, failed, err := w.invoke(ctx)
		return []byte(answer), failed, err
	}
	model := w.score[name]
	if model == nil {
		return nil, "", awsError("ResourceNotFoundException")
	}
	answer, err := model.Invoke(ctx, payload)
	return answer, "", err
}

// A request is an event of the HTTP API in the making.
type request struct {
	method, path string
	route        string // the route that was matched; empty: $default
	headers      map[string]string
	authorizer   *events.APIGatewayV2HTTPRequestContextAuthorizerDescription
	body         string
}

func (r request) event() []byte {
	path, query, _ := strings.Cut(r.path, "?")
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: "$default", RawPath: path, RawQueryString: query, Headers: r.headers, Body: r.body}
	if r.route != "" {
		e.RouteKey = r.route
		if pattern := strings.Split(r.route, "/"); strings.Contains(r.route, "{id}") {
			for i, part := range strings.Split(path, "/") {
				if i < len(pattern) && pattern[i] == "{id}" {
					e.PathParameters = map[string]string{"id": part}
				}
			}
		}
	}
	e.RequestContext.RouteKey, e.RequestContext.Stage, e.RequestContext.DomainName = e.RouteKey, "$default", "api.example"
	e.RequestContext.HTTP.Method, e.RequestContext.HTTP.Path, e.RequestContext.HTTP.SourceIP = r.method, path, "198.51.100.7"
	e.RequestContext.Authorizer = r.authorizer
	encoded, _ := json.Marshal(e) // strings cannot fail
	return encoded
}

// send gives the front's answer to a request.
func send(t *testing.T, f *gateway.Front, r request) events.APIGatewayV2HTTPResponse {
	t.Helper()
	out, err := f.Invoke(context.Background(), r.event())
	if err != nil {
		t.Fatal(err)
	}
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(out, &response); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return response
}

func bearer(token string) map[string]string {
	return map[string]string{"authorization": "Bearer " + token, "content-type": "application/json"}
}

const record = `{"id":"record-001","arguments":{"sepal_length":5.1,"petal_length":1.4,"petal_width":0.2}}`
