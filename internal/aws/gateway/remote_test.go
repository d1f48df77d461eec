package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
)

// A document that is PUT is put under the model's key, and what the table says of its deployment is the answer.
func TestDeploy(t *testing.T) {
	put := request{method: "PUT", path: "/model/iris?reason=better", route: "PUT /model/{id}", body: "<PMML/>",
		headers: map[string]string{"authorization": "Bearer boss", "content-type": "application/xml"}}
	at := func(id string, state deploy.State, change func(*deploy.Deployment)) func(*world, deploy.Object) {
		return func(w *world, o deploy.Object) { w.ended(o, id, state, change) }
	}
	for _, c := range []struct {
		name   string
		came   func(*world, deploy.Object)   // while the document is put
		later  []func(*world, deploy.Object) // after each pause
		status int
		body   string
		pauses int
	}{
		{"live at once", at("01C", deploy.Live, nil), nil, 200, `"id":"iris"`, 0},
		{"live later", at("01C", deploy.Received, nil), []func(*world, deploy.Object){nil, at("01C", deploy.Verified, nil), at("01C", deploy.Live, nil)}, 200, `"id":"iris"`, 3},
		{"a new model", at("01C", deploy.Live, func(d *deploy.Deployment) { d.From = 0 }), nil, 201, `"id":"iris"`, 0},
		{"rejected", at("01C", deploy.Rejected, func(d *deploy.Deployment) {
			d.Rejection = &catalog.Rejection{Code: "document", Message: "line 7: it is wrong"}
		}), nil, 400, `{"message":"line 7: it is wrong"}`, 0},
		{"failed", at("01C", deploy.Failed, func(d *deploy.Deployment) { d.Failure = "no luck" }), nil, 503, "The deployment failed", 0},
		{"superseded", at("01C", deploy.Superseded, nil), nil, 409, "took the place of this one", 0},
		{"another's deployment", func(w *world, o deploy.Object) {
			w.ended(deploy.Object{Key: o.Key, Version: "other"}, "01C", deploy.Live, nil)
		}, []func(*world, deploy.Object){at("01D", deploy.Live, nil)}, 200, `"id":"iris"`, 1},
		{"another took its place unseen", func(w *world, o deploy.Object) {
			w.ended(w.objects.Drop(o.Key, []byte("<other/>")), "01C", deploy.Live, nil)
		}, nil, 409, "took the place of this one", 0},
		{"removed unseen", func(w *world, o deploy.Object) {
			w.objects.Take(o.Key)
			w.ended(deploy.Object{Key: o.Key}, "01C", deploy.Deleted, func(d *deploy.Deployment) { d.Kind = deploy.Removal })
		}, nil, 409, "took the place of this one", 0},
		{"another took its place after its turn", func(w *world, o deploy.Object) {
			w.ended(o, "01C", deploy.Live, nil)
			w.ended(w.objects.Drop(o.Key, []byte("<other/>")), "01D", deploy.Received, nil)
		}, nil, 200, `"id":"iris"`, 0},
		{"too slow", at("01C", deploy.Compiled, nil), nil, 202, `"deployment":"01C","deployment.state":"COMPILED"`, 28},
		{"never heard of", nil, nil, 202, `{"id":"iris","properties":{"object.key":"models/iris/model.pmml","object.version":"1"}}`, 28},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			var object deploy.Object
			w.onPut = func(o deploy.Object) {
				if object = o; c.came != nil {
					c.came(w, o)
				}
			}
			w.onPause = func() {
				if n := len(w.pauses) - 1; n < len(c.later) && c.later[n] != nil {
					c.later[n](w, object)
				}
			}
			got := send(t, w.front(), put)
			if got.StatusCode != c.status || !strings.Contains(got.Body, c.body) {
				t.Errorf("%d %s, want %d", got.StatusCode, got.Body, c.status)
			}
			by := deploy.By{Actor: "token admin 198.51.100.7", Reason: "better"}
			if object.Key != "models/iris/model.pmml" || object.Metadata.By != by || object.Metadata.Otherwise != deploy.SchemaAllow {
				t.Errorf("%+v was put", object)
			}
			if len(w.pauses) != c.pauses || len(w.pauses) > 4 && (w.pauses[0] != 100*time.Millisecond || w.pauses[5] != time.Second) {
				t.Errorf("waited %v", w.pauses)
			}
			if w.clock.Sub(created) > 25*time.Second {
				t.Errorf("waited until %v", w.clock.Sub(created))
			}
			if c.status == 202 && !strings.HasPrefix(got.Headers["Location"], "https://api.example/model/iris/deployments") {
				t.Errorf("%v", got.Headers)
			}
		})
	}
}

// Patience begins with the request: what a document takes on its way is not left for waiting. Nor does the end of the
// invocation make a failure of a document that is there.
func TestDeployWithLittleTime(t *testing.T) {
	put := request{method: "PUT", path: "/model/iris", route: "PUT /model/{id}", body: "<PMML/>", headers: bearer("boss")}
	put.headers["content-type"] = "application/xml"
	w := newWorld(t)
	w.onPut = func(deploy.Object) { w.clock = w.clock.Add(24 * time.Second) }
	if got := send(t, w.front(), put); got.StatusCode != 202 || w.clock.Sub(created) != 25*time.Second {
		t.Errorf("%d %s after %v", got.StatusCode, got.Body, w.clock.Sub(created))
	}
	w = newWorld(t)
	ctx, cancel := context.WithTimeout(context.Background(), 250*time.Millisecond) // of which 200 ms are for the answer
	defer cancel()
	waited := make(chan struct{})
	context.AfterFunc(ctx, func() { close(waited) })
	w.onPause = func() { <-waited }
	out, err := w.front().Invoke(ctx, put.event())
	if err != nil || !strings.Contains(string(out), `"statusCode":202`) || !strings.Contains(string(out), "object.version") {
		t.Errorf("%s, %v", out, err)
	}
}

func TestDeployWhereSomethingFails(t *testing.T) {
	put := request{method: "PUT", path: "/model/iris", route: "PUT /model/{id}", body: "<PMML/>", headers: bearer("boss")}
	put.headers["content-type"] = "application/xml"
	for _, call := range []string{"Objects.Receive", "Store.Status", "Objects.Put", "Store.Deployments", "Objects.Head"} {
		w := newWorld(t)
		f := w.front()
		w.onPut = func(o deploy.Object) { w.ended(deploy.Object{Key: o.Key, Version: "other"}, "01C", deploy.Live, nil) }
		w.store.Tape.Restart(func(_ int, made string) deploytest.Fate {
			if strings.HasPrefix(made, call) {
				return deploytest.Fail
			}
			return deploytest.Pass
		})
		if call == "Store.Status" {
			w.onPut = nil
		}
		if got := send(t, f, put); got.StatusCode != 500 {
			t.Errorf("%s fails: %d %s", call, got.StatusCode, got.Body)
		}
	}
	w := newWorld(t)
	gone, cancel := context.WithCancel(context.Background())
	w.onPause = cancel
	out, err := w.front().Invoke(gone, put.event())
	if err != nil || !strings.Contains(string(out), `"statusCode":499`) {
		t.Errorf("%s, %v", out, err)
	}
}

// What no object asks for, functions/deploy is told; who asks is told with it.
func TestCommands(t *testing.T) {
	live := deploy.Outcome{Deployment: deploy.Deployment{Model: "iris", ID: "01C", Kind: deploy.Rollback, State: deploy.Live, From: 3}}
	for _, c := range []struct {
		request request
		outcome deploy.Outcome
		err     error
		asked   string
		status  int
		body    string
	}{
		{request{method: "DELETE", path: "/model/iris"}, deleted(), nil, `undeploy iris by "token admin 198.51.100.7"`, 200, "{}\n"},
		{request{method: "DELETE", path: "/model/iris"}, deploy.Outcome{}, fmt.Errorf("undeploy: %w", catalog.ErrNotFound), `undeploy iris by "token admin 198.51.100.7"`, 404, "Not Found"},
		{request{method: "DELETE", path: "/model/iris"}, deploy.Outcome{Deployment: deploy.Deployment{Model: "iris"}}, nil, `undeploy iris by "token admin 198.51.100.7"`, 202, `{"id":"iris","properties":{}}`},
		{request{method: "POST", path: "/model/iris/rollback", body: `{"version":2,"reason":"bad"}`}, live, nil, `rollback iris 2 by "token admin 198.51.100.7" because "bad"`, 200, `"id":"iris"`},
		{request{method: "POST", path: "/model/iris/rollback"}, deploy.Outcome{}, &deploy.RefusedError{Message: "there is no earlier version"}, `rollback iris 0 by "token admin 198.51.100.7" because ""`, 409, "there is no earlier version"},
		{request{method: "GET", path: "/model/iris/report?version=3&against=2"}, deploy.Outcome{}, nil, "report iris 3 2", 200, `"model":"iris"`},
		{request{method: "POST", path: "/model/iris/report", body: "<PMML/>"}, deploy.Outcome{}, nil, `preview iris of 7 bytes by "token admin 198.51.100.7"`, 200, `"model":"iris"`},
		{request{method: "GET", path: "/model/iris/report"}, deploy.Outcome{}, errors.New("no permission"), "report iris 0 0", 500, "Internal Server Error"},
	} {
		w := newWorld(t)
		w.commands.outcome, w.commands.err = c.outcome, c.err
		c.request.headers = map[string]string{"authorization": "Bearer boss"}
		got := send(t, w.front(), c.request)
		if got.StatusCode != c.status || !strings.Contains(got.Body, c.body) || !slices.Equal(w.commands.asked, []string{c.asked}) {
			t.Errorf("%s %s: %d %s, asked %q", c.request.method, c.request.path, got.StatusCode, got.Body, w.commands.asked)
		}
	}
}

// Models and their history come from table and bucket.
func TestReading(t *testing.T) {
	for _, c := range []struct {
		path, token string
		status      int
		body        string
	}{
		{"/model", "user", 200, `{"responses":[{"id":"iris","miningFunction":"classification","summary":"Tree model"`},
		{"/model/iris", "user", 200, `"schema":{"inputFields":[{"id":"sepal_length"`},
		{"/model/none", "user", 404, "Not Found"},
		{"/model/gone", "user", 404, "Not Found"},
		{"/model/wrong", "user", 404, "Not Found"},
		{"/model/iris/versions", "user", 200, `"live":1`},
		{"/model/gone/versions", "user", 200, `"live":0`},
		{"/model/none/versions", "user", 404, "Not Found"},
		{"/model/iris/deployments", "user", 200, `"id":"01A"`},
		{"/model/iris/deployments/01A", "user", 200, `"state":"LIVE"`},
		{"/model/iris/deployments/01B", "user", 404, "Not Found"},
		{"/model/iris/audit", "boss", 200, `"actor":"ana"`},
		{"/deployments", "user", 200, `{"id":"wrong","live":0`},
		{"/model/iris/pmml", "boss", 200, "<PMML "},
		{"/model/gone/pmml", "boss", 404, "Not Found"},
		{"/metric/model", "boss", 200, `{`},
	} {
		w := newWorld(t)
		got := send(t, w.front(), request{method: "GET", path: c.path, headers: bearer(c.token)})
		if got.StatusCode != c.status || !strings.Contains(got.Body, c.body) {
			t.Errorf("%s: %d %s", c.path, got.StatusCode, got.Body)
		}
	}
}

// A description is read once for each version, which never changes.
func TestSchemasAreKept(t *testing.T) {
	w := newWorld(t)
	f := w.front()
	w.store.Tape.Restart(nil)
	describe := request{method: "GET", path: "/model/iris", headers: bearer("user")}
	first := send(t, f, describe)
	if again := send(t, f, describe); again.Body != first.Body {
		t.Errorf("%s, then %s", first.Body, again.Body)
	}
	reads := 0
	for _, call := range w.store.Tape.Calls() {
		if strings.HasPrefix(call, "Artifacts.Get") {
			reads++
		}
	}
	if reads != 1 {
		t.Errorf("the schema was read %d times", reads)
	}
}

// An environment tells when it has passed something on to a model.
func TestLastUse(t *testing.T) {
	w := newWorld(t)
	f := w.front()
	describe := request{method: "GET", path: "/model/iris", headers: bearer("user")}
	if got := send(t, f, describe); !strings.Contains(got.Body, `"accessed.timestamp":null`) {
		t.Errorf("%s", got.Body)
	}
	send(t, f, request{method: "POST", path: "/model/iris", headers: bearer("user"), body: record})
	if got := send(t, f, describe); !strings.Contains(got.Body, `"accessed.timestamp":"`) {
		t.Errorf("%s", got.Body)
	}
	s, err := w.store.Status(context.Background(), "iris")
	if err != nil {
		t.Fatal(err)
	}
	v := s.Versions[0]
	v.Since = time.Now().Add(time.Minute)
	s.Model.Rev++
	w.commit(deploy.Transition{Model: s.Model, Versions: []deploy.Version{v}})
	if got := send(t, f, describe); !strings.Contains(got.Body, `"accessed.timestamp":null`) {
		t.Errorf("of a version that went live since: %s", got.Body)
	}
}

// What goes away between two looks is looked for again, but not for ever.
func TestFilesThatAreGone(t *testing.T) {
	w := newWorld(t)
	f := w.front()
	if err := w.artifacts.Remove(context.Background(), "iris", 1); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/model/iris", "/model/iris/pmml"} {
		if got := send(t, f, request{method: "GET", path: path, headers: bearer("boss")}); got.StatusCode != 500 {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Body)
		}
	}
	w.keep(1, deploy.SchemaFile, []byte("{"))
	if got := send(t, f, request{method: "GET", path: "/model/iris", headers: bearer("boss")}); got.StatusCode != 500 {
		t.Errorf("a damaged schema: %d %s", got.StatusCode, got.Body)
	}
}

// A document that does not fit into an answer is fetched elsewhere.
func TestLargeDocument(t *testing.T) {
	w := newWorld(t)
	s, err := w.store.Status(context.Background(), "iris")
	if err != nil {
		t.Fatal(err)
	}
	v := s.Versions[0]
	v.Document.Size = 4 << 20
	s.Model.Rev++
	w.commit(deploy.Transition{Model: s.Model, Versions: []deploy.Version{v}})
	got := send(t, w.front(), request{method: "GET", path: "/model/iris/pmml", headers: bearer("boss")})
	if got.StatusCode != 307 || got.Headers["Location"] != "https://artifacts.example/versions/iris/000001/document.pmml?as=model.pmml.xml&for=15m0s" || got.Headers["Cache-Control"] != "no-store" {
		t.Errorf("%+v", got)
	}
}

// A ticket is an address in the bucket, under the key that the model belongs to.
func TestTickets(t *testing.T) {
	for _, c := range []struct{ id, file, key string }{
		{"iris", "model.pmml.gz", "models/iris/model.pmml"},
		{"new", "model.pmml.gz", "models/new/model.pmml.gz"},
		{"iris", "golden.csv", "models/iris/golden.csv"},
	} {
		w := newWorld(t)
		got := send(t, w.front(), request{method: "POST", path: "/model/" + c.id + "/upload", headers: bearer("boss"), body: `{"file":"` + c.file + `"}`})
		var ticket struct {
			URL, Method, Key string
			Headers          map[string]string
			Expires          time.Time
		}
		if err := json.Unmarshal([]byte(got.Body), &ticket); err != nil {
			t.Fatal(err)
		}
		if got.StatusCode != 200 || ticket.Key != c.key || ticket.URL != "https://uploads.example/"+c.key+"?for=15m0s" || ticket.Method != "PUT" ||
			ticket.Headers["x-amz-meta-handoff"] != "token admin 198.51.100.7" || !ticket.Expires.Equal(created.Add(15*time.Minute)) {
			t.Errorf("%s of %s: %s", c.file, c.id, got.Body)
		}
	}
}
