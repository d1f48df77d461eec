package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// storage is a bucket behind presigned addresses: it refuses what they were not signed for.
func storage(t *testing.T, received *[]byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		signed := r.Method == "PUT" && r.URL.RequestURI() == "/models/m/model.pmml.gz?X-Amz-Signature=abc" && r.Header.Get("X-Amz-Meta-Handoff") == "e30"
		if err != nil || !signed || r.ContentLength != int64(len(body)) || r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>They differ</Message></Error>") //nolint:errcheck // the client would miss it
			return
		}
		*received = body
		w.Header().Set("X-Amz-Version-Id", "v7")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestLargeDocument puts a document where the server wants it.
func TestLargeDocument(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	var received []byte
	bucket := storage(t, &received)
	var asked []string
	c := connect(t, "secret", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, fmt.Sprintf("%s %s %s", r.Method, r.URL, body))
		fmt.Fprintf(w, `{"url":"%s/models/m/model.pmml.gz?X-Amz-Signature=abc","method":"PUT","headers":{"X-Amz-Meta-Handoff":"e30"},"key":"models/m/model.pmml.gz"}`, bucket) //nolint:errcheck // the client would miss it
	})
	document := random(5 << 20)
	change, err := c.Deploy(context.Background(), "m", client.Upload{Document: bytes.NewReader(document), ModelName: "two", Reason: "new", SchemaChange: "refuse"})
	want := deploy.Object{Key: "models/m/model.pmml.gz", Version: "v7", Size: int64(len(received))}
	if err != nil || !change.Accepted || change.Deployment != "" || change.Object != want {
		t.Errorf("%+v, %v", change, err)
	}
	if want := `POST /base/model/m/upload {"file":"model.pmml.gz","modelName":"two","schemaChange":"refuse","reason":"new"}`; strings.Join(asked, "\n") != want {
		t.Errorf("%s\nwant\n%s", asked, want)
	}
	z, err := gzip.NewReader(bytes.NewReader(received))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, document) {
		t.Errorf("%d bytes arrived, %v", len(got), err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("%v left behind, %v", left, err)
	}
}

// TestPlaces refuses places that a document must not go to, and tells what one has against it.
func TestPlaces(t *testing.T) {
	var received []byte
	bucket := storage(t, &received)
	for name, c := range map[string]struct{ ticket, want string }{
		"not signed":    {`{"url":"` + bucket + `/other","method":"PUT"}`, "403 Forbidden: SignatureDoesNotMatch: They differ"},
		"another way":   {`{"url":"` + bucket + `","method":"POST"}`, "does not say where"},
		"no place":      {`{}`, "does not say where"},
		"a file":        {`{"url":"file:///etc/passwd","method":"PUT"}`, "does not say where"},
		"not an answer": {`<html>`, "not that of a Handoff server"},
		"nobody there":  {`{"url":"http://127.0.0.1:1/x?signature=abc","method":"PUT"}`, "cannot reach http://127.0.0.1:1: "},
	} {
		server := connect(t, "secret", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, c.ticket) //nolint:errcheck // the client would miss it
		})
		err := server.Send(context.Background(), "m", "golden.csv", []byte("x,y\n"), "")
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "abc") {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestUnencryptedPlace makes sure that what is sent to a server with encryption goes nowhere without.
func TestUnencryptedPlace(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"url":"http://127.0.0.1:1/x","method":"PUT"}`) //nolint:errcheck // the client would miss it
	}))
	defer server.Close()
	c, err := client.New(server.URL, client.Options{Sign: func(http.RoundTripper) http.RoundTripper { return server.Client().Transport }})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(context.Background(), "m", "golden.csv", nil, ""); err == nil || !strings.Contains(err.Error(), "without encryption") {
		t.Error(err)
	}
}

// TestOwnPlace puts a file to the server itself, which is told who sends it.
func TestOwnPlace(t *testing.T) {
	var put string
	c := connect(t, "secret", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			io.WriteString(w, `{"url":"upload/golden.csv?ticket=t","method":"PUT","key":"models/m/golden.csv"}`) //nolint:errcheck // the client would miss it
			return
		}
		body, _ := io.ReadAll(r.Body)
		put = fmt.Sprintf("%s %s %s %s", r.Method, r.URL, body, r.Header.Get("Authorization"))
		io.WriteString(w, `{"key":"models/m/golden.csv","version":"1"}`) //nolint:errcheck // the client would miss it
	})
	if err := c.Send(context.Background(), "m", "golden.csv", []byte("x,y\n"), ""); err != nil {
		t.Error(err)
	}
	if want := "PUT /base/model/m/upload/golden.csv?ticket=t x,y\n Bearer secret"; put != want {
		t.Errorf("%s, want %s", put, want)
	}
}

// TestNoUploads sends files to servers that take none.
func TestNoUploads(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusMethodNotAllowed} {
		put := 0
		c := connect(t, "", func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(status)
				return
			}
			n, _ := io.Copy(io.Discard, r.Body)
			put = int(n)
			io.WriteString(w, `{}`) //nolint:errcheck // the client would miss it
		})
		if err := c.Send(context.Background(), "m", "golden.csv", nil, ""); !errors.Is(err, client.ErrNoUploads) {
			t.Errorf("%d: %v", status, err)
		}
		if _, err := c.Deploy(context.Background(), "m", client.Upload{Document: bytes.NewReader(random(5 << 20))}); err != nil || put < 5<<20 {
			t.Errorf("%d: %v, %d bytes", status, err, put)
		}
	}
}

// TestBegun waits for the deployment of an object among those of others.
func TestBegun(t *testing.T) {
	answers := []string{"", `{"deployments":[]}`, `{"deployments":[{"id":"b","object":{"key":"k","version":"2"}},{"id":"x"}]}`,
		`{"deployments":[{"id":"c","object":{"key":"k","version":"3"}},{"id":"b","object":{"key":"k","version":"2"}}]}`}
	c := connect(t, "", func(w http.ResponseWriter, r *http.Request) {
		text := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		if text == "" {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, text) //nolint:errcheck // the client would miss it
	})
	d, err := c.Begun(context.Background(), "m", deploy.Object{Key: "k", Version: "3"})
	if err != nil || d.ID != "c" {
		t.Errorf("%+v, %v", d, err)
	}
	waited := time.Duration(0)
	c.Pause = func(_ context.Context, d time.Duration) error { waited += d; return nil }
	if _, err := c.Begun(context.Background(), "m", deploy.Object{Key: "k", Version: "4"}); err == nil || waited < 9*time.Minute || waited > 11*time.Minute {
		t.Errorf("%v after %v", err, waited)
	}
}

// TestLater asks again when the server says so, and not for ever.
func TestLater(t *testing.T) {
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		name, method string
		status       int
		header       string
		want         string // pauses
	}{
		{"busy", "PUT", 429, "2", "2s 2s 2s 2s"},
		{"busy, without a time", "PUT", 429, "", "500ms 1s 2s 4s"},
		{"busy for long", "PUT", 429, "3600", ""},
		{"busy until tomorrow", "GET", 429, tomorrow, ""},
		{"a time that is none", "GET", 429, "soon", "500ms 1s 2s 4s"},
		{"away", "GET", 503, "", "500ms 1s 2s 4s"},
		{"away for a while", "PUT", 503, "7", "7s 7s 7s 7s"},
		{"failed", "PUT", 503, "", ""},
		{"broken", "GET", 500, "1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			server := connect(t, "", func(w http.ResponseWriter, r *http.Request) {
				asked++
				if body, err := io.ReadAll(r.Body); err != nil || r.Method == "PUT" && string(body) != "<PMML/>" {
					t.Errorf("%q, %v", body, err)
				}
				if c.header != "" {
					w.Header().Set("Retry-After", c.header)
				}
				w.WriteHeader(c.status)
			})
			var pauses []string
			server.Pause = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d.String()); return nil }
			var err error
			if c.method == "GET" {
				_, err = server.Latest(context.Background())
			} else {
				_, err = server.Deploy(context.Background(), "m", client.Upload{Document: strings.NewReader("<PMML/>")})
			}
			var got *client.Error
			if !errors.As(err, &got) || got.Status != c.status || strings.Join(pauses, " ") != c.want || asked != len(pauses)+1 {
				t.Errorf("%v after %v", err, pauses)
			}
		})
	}
}
