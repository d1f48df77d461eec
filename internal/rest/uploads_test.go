package rest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/local/folder"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// An uploadServer is a service that takes uploads by tickets; its time stands.
type uploadServer struct {
	*httptest.Server
	dir string

	mu  sync.Mutex
	now time.Time
}

func (s *uploadServer) time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// newUploadServer starts a service of which files in the models folder are deployed at once. The admin's token is secret.
func newUploadServer(t *testing.T) *uploadServer {
	t.Helper()
	s := &uploadServer{dir: t.TempDir(), now: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
	store, err := local.Open(s.dir, local.Options{Watch: folder.WatchOptions{Rescan: 20 * time.Millisecond, Settle: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	uploads := store.Uploads(s.time)
	s.Server = httptest.NewServer(rest.New(rest.Config{
		Models: store, Scorers: store, Documents: store, Deployer: store, History: store, Uploads: uploads, Receiver: uploads,
		Roles: rest.Tokens("", "secret"), BasePath: "/base", Limits: rest.Limits{Document: 1 << 20},
	}))
	ctx, stop := context.WithCancel(context.Background())
	running := make(chan error, 1)
	go func() { running <- store.Run(ctx) }()
	t.Cleanup(func() {
		s.Close()
		stop()
		if err := <-running; err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

const asAdmin = "Authorization: Bearer secret"

// ticket asks for a ticket.
func (s *uploadServer) ticket(t *testing.T, id, body string) (ticket rest.Ticket) {
	t.Helper()
	got := send(t, s.Server, request{"POST", "/base/model/" + id + "/upload", asAdmin, body})
	decode(t, got, http.StatusOK, &ticket)
	if ticket.Method != "PUT" || got.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(ticket.URL, "upload/") {
		t.Fatalf("%+v %v", ticket, got.header)
	}
	return ticket
}

// put sends a file as its ticket says, without any token.
func (s *uploadServer) put(t *testing.T, id string, ticket rest.Ticket, body []byte) (int, rest.UploadAnswer) {
	t.Helper()
	got := send(t, s.Server, request{"PUT", "/base/model/" + id + "/" + ticket.URL, "", string(body)})
	var answer rest.UploadAnswer
	if got.status == http.StatusOK {
		decode(t, got, http.StatusOK, &answer)
	}
	return got.status, answer
}

// deployed waits for the deployment of an object.
func (s *uploadServer) deployed(t *testing.T, id string, o rest.UploadAnswer) deploy.Deployment {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		got := send(t, s.Server, request{method: "GET", path: "/base/model/" + id + "/deployments"})
		var history rest.DeploymentsAnswer
		if got.status == http.StatusOK && json.Unmarshal([]byte(got.body), &history) == nil {
			for _, d := range history.Deployments {
				if d.State.Final() && d.Object != nil && d.Object.Key == o.Key && d.Object.Version == o.Version {
					return d
				}
			}
		}
	}
	t.Fatalf("%+v is not deployed", o)
	return deploy.Deployment{}
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestUpload deploys by tickets, as plain text and compressed, with a file beside it.
func TestUpload(t *testing.T) {
	s := newUploadServer(t)
	const settings = `{"description": "flowers"}`
	beside := s.ticket(t, "iris", `{"file":"model.json","reason":"first"}`)
	status, answer := s.put(t, "iris", beside, []byte(settings))
	if status != http.StatusOK || answer.Key != "models/iris/model.json" || answer.Version == "" {
		t.Fatalf("%d %+v", status, answer)
	}
	if got, err := os.ReadFile(filepath.Join(s.dir, answer.Key)); err != nil || string(got) != settings {
		t.Errorf("%s, %v", got, err)
	}
	for i, c := range []struct {
		file string
		body []byte
	}{
		{"model.pmml", []byte(irisDocument(t))},
		{"model.pmml.gz", zipped(t, irisDocument(t)+"<!-- 2 -->")}, // the model belongs to its first key
	} {
		ticket := s.ticket(t, "iris", `{"file":"`+c.file+`","reason":"nightly"}`)
		status, answer := s.put(t, "iris", ticket, c.body)
		if status != http.StatusOK || answer.Key != ticket.Key || answer.Key != "models/iris/model.pmml" {
			t.Fatalf("%d %+v", status, answer)
		}
		d := s.deployed(t, "iris", answer)
		if d.State != deploy.Live || d.Version != i+1 || d.By.Reason != "nightly" || !strings.HasPrefix(d.By.Actor, "admin ") {
			t.Errorf("%+v", d)
		}
	}
	compressed := s.ticket(t, "other", `{"file":"model.pmml.gz"}`)
	if _, answer := s.put(t, "other", compressed, zipped(t, irisDocument(t))); answer.Key != "models/other/model.pmml.gz" {
		t.Errorf("%+v", answer)
	} else if d := s.deployed(t, "other", answer); d.State != deploy.Live {
		t.Errorf("%+v", d)
	}
	// What would break callers is refused, unless the ticket allows it.
	broken := strings.ReplaceAll(irisDocument(t), "Petal_Length", "Length")
	for _, c := range []struct {
		schema string
		want   deploy.State
	}{{"", deploy.Rejected}, {`,"schemaChange":"allow"`, deploy.Live}} {
		_, answer := s.put(t, "iris", s.ticket(t, "iris", `{"file":"model.pmml"`+c.schema+`}`), []byte(broken))
		if d := s.deployed(t, "iris", answer); d.State != c.want {
			t.Errorf("%s: %+v", c.schema, d)
		}
	}
}

// TestTickets sends what no ticket is for.
func TestTickets(t *testing.T) {
	s := newUploadServer(t)
	good := s.ticket(t, "iris", `{"file":"golden.csv"}`)
	_, signed, _ := strings.Cut(good.URL, "?ticket=")
	text, _, _ := strings.Cut(signed, ".")
	for name, c := range map[string]struct{ id, path string }{
		"none":          {"iris", "upload/golden.csv"},
		"empty":         {"iris", "upload/golden.csv?ticket="},
		"no base64":     {"iris", "upload/golden.csv?ticket=%25.%25"},
		"not signed":    {"iris", "upload/golden.csv?ticket=" + text},
		"cut":           {"iris", good.URL[:len(good.URL)-2]},
		"another file":  {"iris", "upload/model.json?ticket=" + signed},
		"another model": {"wine", good.URL},
	} {
		if status, _ := s.put(t, c.id, rest.Ticket{URL: c.path}, []byte("x")); status != http.StatusForbidden {
			t.Errorf("%s: status %d", name, status)
		}
	}
	for name, c := range map[string]struct {
		request
		status int
	}{
		"nobody":           {request{"POST", "/base/model/iris/upload", "", `{"file":"model.pmml"}`}, http.StatusForbidden},
		"no file":          {request{"POST", "/base/model/iris/upload", asAdmin, `{}`}, http.StatusBadRequest},
		"empty":            {request{"POST", "/base/model/iris/upload", asAdmin, ``}, http.StatusBadRequest},
		"a path":           {request{"POST", "/base/model/iris/upload", asAdmin, `{"file":"../model.pmml"}`}, http.StatusBadRequest},
		"no such member":   {request{"POST", "/base/model/iris/upload", asAdmin, `{"file":"model.pmml","key":"x"}`}, http.StatusBadRequest},
		"two bodies":       {request{"POST", "/base/model/iris/upload", asAdmin, `{"file":"model.pmml"}{}`}, http.StatusBadRequest},
		"schema change":    {request{"POST", "/base/model/iris/upload", asAdmin, `{"file":"model.pmml","schemaChange":"maybe"}`}, http.StatusBadRequest},
		"no method":        {request{"GET", "/base/model/iris/upload", asAdmin, ""}, http.StatusMethodNotAllowed},
		"a file by itself": {request{"GET", "/base/model/iris/upload/golden.csv", asAdmin, ""}, http.StatusMethodNotAllowed},
		"no such file":     {request{"PUT", "/base/model/iris/upload/document.pmml", asAdmin, ""}, http.StatusNotFound},
		"an id that is none": {request{"POST", "/base/model/" + strings.Repeat("i", 129) + "/upload", asAdmin, `{"file":"model.pmml"}`},
			http.StatusNotFound},
	} {
		if got := send(t, s.Server, c.request); got.status != c.status {
			t.Errorf("%s: status %d, want %d: %s", name, got.status, c.status, got.body)
		}
	}
	if status, _ := s.put(t, "iris", good, bytes.Repeat([]byte("x"), 1<<20+1)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: status %d", status)
	}
	s.mu.Lock()
	s.now = s.now.Add(16 * time.Minute)
	s.mu.Unlock()
	if status, _ := s.put(t, "iris", good, []byte("x")); status != http.StatusForbidden {
		t.Errorf("too late: status %d", status)
	}
	if left, err := filepath.Glob(filepath.Join(s.dir, "uploads", "*")); err != nil || len(left) > 0 {
		t.Errorf("%v left behind, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "models", "iris")); err == nil {
		t.Error("something was put there")
	}
}

// TestNoUploads asks a service that gives no tickets: the paths do not exist.
func TestNoUploads(t *testing.T) {
	server := newServer(t, nil)
	for _, q := range []request{
		{"POST", "/model/iris/upload", "", `{"file":"model.pmml"}`}, {"OPTIONS", "/model/iris/upload", "", ""},
		{"PUT", "/model/iris/upload/model.pmml", "", "x"},
	} {
		if got := send(t, server, q); got.status != http.StatusNotFound || got.message() != "Not Found" {
			t.Errorf("%s %s: %d %s", q.method, q.path, got.status, got.body)
		}
	}
}

// TestTicketBeforeBody: who has no ticket cannot make the service wait for a body, nor hear what is wrong with one.
func TestTicketBeforeBody(t *testing.T) {
	s := newUploadServer(t)
	for name, r := range map[string]request{
		"not compressed, as it says": {"PUT", "/base/model/iris/upload/model.pmml?ticket=x.y", "Content-Encoding: gzip", "plain"},
		"half compressed":            {"PUT", "/base/model/iris/upload/model.pmml?ticket=x.y", "", "\x1f\x8b"},
		"too large":                  {"PUT", "/base/model/iris/upload/model.pmml?ticket=x.y", "", strings.Repeat(" ", 1<<20+1)},
	} {
		if got := send(t, s.Server, r); got.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}
