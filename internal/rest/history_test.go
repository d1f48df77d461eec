package rest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// decode sends a request, wants the status, and reads the answer into v.
func decode(t *testing.T, got reply, status int, v any) {
	t.Helper()
	if got.status != status {
		t.Fatalf("status %d, want %d: %s", got.status, status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), v); err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
}

// TestHistory deploys, updates, breaks, rolls back, removes and brings back a model, and reads what is told of it.
func TestHistory(t *testing.T) {
	server := withIris(t, nil)
	get := func(path string, status int, v any) {
		t.Helper()
		decode(t, send(t, server, request{method: "GET", path: path}), status, v)
	}
	put := func(document string, status int) {
		t.Helper()
		got := send(t, server, request{method: "PUT", path: "/model/iris?reason=nightly", header: "Content-Type: application/xml", body: document})
		if got.status != status {
			t.Fatalf("status %d, want %d: %s", got.status, status, got.body)
		}
	}
	put(irisDocument(t)+"<!-- second -->", http.StatusOK)
	put("<PMML>", http.StatusBadRequest)

	var versions rest.VersionsAnswer
	get("/model/iris/versions", http.StatusOK, &versions)
	if versions.Live != 2 || versions.Previous != 1 || len(versions.Versions) != 3 || versions.Versions[0].State != deploy.Rejected ||
		versions.Versions[1].State != deploy.Live || versions.Versions[2].State != deploy.Retired {
		t.Errorf("%+v", versions)
	}
	var deployments rest.DeploymentsAnswer
	get("/model/iris/deployments", http.StatusOK, &deployments)
	if len(deployments.Deployments) != 3 || deployments.Deployments[0].Rejection == nil || deployments.Deployments[1].By.Reason != "nightly" {
		t.Errorf("%+v", deployments)
	}
	var one deploy.Deployment
	get("/model/iris/deployments/"+deployments.Deployments[1].ID, http.StatusOK, &one)
	if one.State != deploy.Live || len(one.Steps) != 8 || !strings.HasPrefix(one.By.Actor, "admin 127.0.0.1") {
		t.Errorf("%+v", one)
	}
	get("/openscoring/model/iris/deployments?limit=1&before="+one.ID, http.StatusOK, &deployments)
	if len(deployments.Deployments) != 1 || deployments.Deployments[0].Version != 1 {
		t.Errorf("%+v", deployments)
	}

	// The description is that of the version that is live, also after going back.
	var model struct {
		Properties map[string]any
	}
	get("/model/iris", http.StatusOK, &model)
	second := model.Properties["file.checksum"]
	got := send(t, server, request{method: "POST", path: "/model/iris/rollback", body: `{"reason": "worse"}`})
	decode(t, got, http.StatusOK, &model)
	if model.Properties["file.checksum"] == second {
		t.Error("going back changed nothing")
	}
	got = send(t, server, request{method: "POST", path: "/model/iris/rollback", body: `{"version": 1}`})
	var problem struct{ Message string }
	decode(t, got, http.StatusConflict, &problem)
	if problem.Message != "version 1 is live" {
		t.Errorf("%q", problem.Message)
	}

	if got := send(t, server, request{method: "DELETE", path: "/model/iris"}); got.status != http.StatusOK {
		t.Fatal(got)
	}
	get("/model/iris", http.StatusNotFound, &problem)
	var audit rest.AuditAnswer
	get("/model/iris/audit", http.StatusOK, &audit)
	actions := ""
	for _, a := range audit.Audit {
		actions += string(a.Action) + " " + string(a.Outcome) + "\n"
	}
	if want := "REMOVAL DELETED\nROLLBACK LIVE\nUPLOAD REJECTED\nUPLOAD LIVE\nUPLOAD LIVE\n"; actions != want {
		t.Errorf("%s", actions)
	}
	got = send(t, server, request{method: "POST", path: "/model/iris/rollback"})
	if got.status != http.StatusOK {
		t.Fatal(got)
	}
	var latest struct{ Models []rest.LatestModel }
	get("/deployments", http.StatusOK, &latest)
	if len(latest.Models) != 1 || latest.Models[0].Live != 1 || latest.Models[0].Latest.Kind != deploy.Undelete {
		t.Errorf("%+v", latest)
	}
}

func TestHistoryRefuses(t *testing.T) {
	server := withIris(t, nil)
	for _, r := range []struct {
		request
		status int
	}{
		{request{method: "GET", path: "/model/none/versions"}, 404},
		{request{method: "GET", path: "/model/none/deployments"}, 404},
		{request{method: "GET", path: "/model/none/audit"}, 404},
		{request{method: "GET", path: "/model/iris/deployments/none"}, 404},
		{request{method: "GET", path: "/model/iris/deployments/a/b"}, 404},
		{request{method: "GET", path: "/model/iris/versions?limit=0"}, 400},
		{request{method: "GET", path: "/model/iris/versions?limit=x"}, 400},
		{request{method: "GET", path: "/model/iris/report?version=x"}, 400},
		{request{method: "POST", path: "/model/none/rollback"}, 404},
		{request{method: "POST", path: "/model/iris/rollback", body: `{"version": "1"}`}, 400},
		{request{method: "POST", path: "/model/iris/rollback", body: `{"verson": 1}`}, 400},
		{request{method: "POST", path: "/model/iris/rollback", body: `{"version": 7}`}, 409},
		{request{method: "POST", path: "/model/iris/rollback"}, 409},
		{request{method: "PUT", path: "/model/iris/versions", header: "Content-Type: application/xml"}, 405},
		{request{method: "PUT", path: "/model/iris?schemaChange=perhaps", header: "Content-Type: application/xml", body: irisDocument(t)}, 400},
	} {
		got := send(t, server, r.request)
		if got.status != r.status || !strings.Contains(got.body, `"message"`) {
			t.Errorf("%s %s: %d, want %d: %s", r.method, r.path, got.status, r.status, got.body)
		}
	}
}

// TestAccepted asks for changes that take longer than the server is patient: none is told as if it were done.
func TestAccepted(t *testing.T) {
	compiling, goOn := make(chan struct{}), make(chan struct{})
	server := newServerWith(t, local.Options{Patience: 300 * time.Millisecond, Pipeline: func(c *deploy.Config) {
		compile := c.Compile
		c.Compile = func(ctx context.Context, document io.Reader, modelName string) ([]byte, error) {
			compiling <- struct{}{}
			<-goOn
			return compile(ctx, document, modelName)
		}
	}}, nil)
	type answer struct {
		ID         string            `json:"id"`
		Properties map[string]string `json:"properties"`
	}
	ask := func(r request, begun bool) {
		t.Helper()
		var got answer
		sent := send(t, server, r)
		decode(t, sent, http.StatusAccepted, &got)
		list := server.URL + "/model/iris/deployments"
		want := list
		if id := got.Properties["deployment"]; id != "" {
			want += "/" + id
		}
		if at := sent.header.Get("Location"); got.ID != "iris" || at != want || begun == (at == list) {
			t.Errorf("%s: %s, Location %q", r.method, sent.body, at)
		}
	}
	ask(request{method: "PUT", path: "/model/iris", header: "Content-Type: application/xml", body: irisDocument(t)}, true)
	<-compiling
	ask(request{method: "POST", path: "/model/iris/rollback"}, false)
	ask(request{method: "DELETE", path: "/model/iris"}, false)
	close(goOn)
}
