package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// connect makes a client of a server that answers as handler does.
func connect(t *testing.T, token string, handler http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return dial(t, server.URL+"/base", token)
}

func dial(t *testing.T, server, token string) *client.Client {
	t.Helper()
	c, err := client.New(server, client.Options{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	c.Pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return c
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:8080": "", "https://models.example.com/base/": "", "localhost:8080": "", "[::1]:8080/base": "",
		"": "names no host", "ftp://host": "neither http nor https", "http://": "names no host", "http://a b": "not a URL",
		"http://me:secret@host": "never sent", "http://host?x=y": "query", "http://host#x": "fragment", "http:///path": "names no host",
	} {
		_, err := client.New(address, client.Options{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%v shows a password", err)
		}
	}
}

// TestRequests looks at what is sent.
func TestRequests(t *testing.T) {
	ctx := context.Background()
	upload := client.Upload{Document: strings.NewReader("<PMML/>"), ModelName: "a b", Reason: "x&y", SchemaChange: "refuse"}
	for want, call := range map[string]func(*client.Client) error{
		"GET /base/model ":                                         func(c *client.Client) error { _, err := c.Models(ctx); return err },
		"GET /base/deployments ":                                   func(c *client.Client) error { _, err := c.Latest(ctx); return err },
		"GET /base/model/m/versions?limit=5 ":                      func(c *client.Client) error { _, err := c.Versions(ctx, "m", 5); return err },
		"GET /base/model/m/deployments?limit=5 ":                   func(c *client.Client) error { _, err := c.Deployments(ctx, "m", 5); return err },
		"GET /base/model/m/deployments/d ":                         func(c *client.Client) error { _, err := c.Deployment(ctx, "m", "d"); return err },
		"GET /base/model/m/audit?limit=5 ":                         func(c *client.Client) error { _, err := c.Audit(ctx, "m", 5); return err },
		"GET /base/model/m/report?against=2&version=3 ":            func(c *client.Client) error { _, err := c.Report(ctx, "m", 3, 2); return err },
		"GET /base/model/m/report ":                                func(c *client.Client) error { _, err := c.Report(ctx, "m", 0, 0); return err },
		"DELETE /base/model/m?reason=old ":                         func(c *client.Client) error { _, err := c.Undeploy(ctx, "m", "old"); return err },
		`POST /base/model/m/rollback {"version":2,"reason":"bad"}`: func(c *client.Client) error { _, err := c.Rollback(ctx, "m", 2, "bad"); return err },
		"PUT /base/model/m?modelName=a+b&reason=x%26y&schemaChange=refuse <PMML/>": func(c *client.Client) error {
			change, err := c.Deploy(ctx, "m", upload)
			if change.Deployment != "d" {
				t.Errorf("deployment %q", change.Deployment)
			}
			return err
		},
		"POST /base/model/m/report <PMML/>": func(c *client.Client) error {
			_, err := c.Preview(ctx, "m", client.Upload{Document: strings.NewReader("<PMML/>")})
			return err
		},
	} {
		c := connect(t, "secret", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if got := fmt.Sprintf("%s %s %s", r.Method, r.URL, body); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			if got := r.Header.Get("Authorization"); got != "Bearer secret" {
				t.Errorf("%s: token %q", want, got)
			}
			if r.Method == "PUT" {
				w.Header().Set("X-Handoff-Deployment", "d")
			}
			io.WriteString(w, "{}") //nolint:errcheck // the client would miss it
		})
		if err := call(c); err != nil {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestDocuments sends small and large documents, plain and gzip, which all arrive as they are.
func TestDocuments(t *testing.T) {
	small, large := "<PMML/>", strings.Repeat("<Node/>", 1<<20)
	noise := strings.ToUpper(hex.EncodeToString(random(500_000)))
	for _, c := range []struct {
		name, document string
		zipped, asked  bool
	}{
		{"small", small, false, false}, {"large", large, false, false}, {"small gzip", small, true, false},
		{"large gzip", large, true, false}, {"noise", noise, false, true}, {"noise gzip", noise, true, true}, {"empty", "", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			document := []byte(c.document)
			if c.zipped {
				document = zip(t, c.document)
			}
			sent := connect(t, "", func(w http.ResponseWriter, r *http.Request) {
				if asked := r.Header.Get("Expect") != ""; asked != c.asked {
					t.Errorf("asked before it sent: %v", asked)
				}
				var body io.Reader = r.Body
				if r.Header.Get("Content-Encoding") == "gzip" {
					body, _ = gzip.NewReader(r.Body)
				} else if c.zipped || len(document) > 1<<20 {
					t.Error("not compressed")
				}
				got, err := io.ReadAll(body)
				if err != nil || string(got) != c.document {
					t.Errorf("%d bytes arrived, %v", len(got), err)
				}
				w.WriteHeader(http.StatusAccepted)
				io.WriteString(w, `{"id":"m","properties":{"deployment":"d","deployment.state":"RECEIVED"}}`) //nolint:errcheck // the client would miss it
			})
			change, err := sent.Deploy(context.Background(), "m", client.Upload{Document: bytes.NewReader(document)})
			if err != nil || change.Deployment != "d" {
				t.Errorf("%+v, %v", change, err)
			}
		})
	}
}

func zip(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// random gives bytes that cannot be compressed.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b) //nolint:errcheck // never fails
	return b
}

// TestEarlyRefusal gets the answer of a server that does not want all of a document.
func TestEarlyRefusal(t *testing.T) {
	document := random(8 << 20)
	for name, wanted := range map[string]int64{"nothing": 0, "all, in vain": 9 << 20} {
		c := connect(t, "", func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost { // no uploads are taken
				http.NotFound(w, r)
				return
			}
			io.CopyN(io.Discard, r.Body, wanted) //nolint:errcheck // it is there
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			io.WriteString(w, `{"message":"too large"}`) //nolint:errcheck // the client would miss it
		})
		_, err := c.Deploy(context.Background(), "m", client.Upload{Document: bytes.NewReader(document)})
		var got *client.Error
		if !errors.As(err, &got) || got.Message != "too large" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnreadableDocument makes sure that nothing is deployed of a document that ends with an error, and that this error is
// told and not blamed on the server.
func TestUnreadableDocument(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, size := range []int{10, 1 << 20} {
		c := connect(t, "", func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err == nil {
				t.Error("half a document arrived as a whole one")
			}
		})
		document := io.MultiReader(strings.NewReader(strings.Repeat("<Node/>", size)), iotest.ErrReader(broken))
		_, err := c.Deploy(context.Background(), "m", client.Upload{Document: document})
		var unread *client.ReadError
		if !errors.As(err, &unread) || !errors.Is(err, broken) {
			t.Errorf("%d: %v", size, err)
		}
	}
}

// TestRedirects makes sure that a token and a document stay with the server that they are for.
func TestRedirects(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s with token %q went to another server", r.Method, r.URL, r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := connect(t, "secret", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/x?token=1", status) })
		_, err := c.Latest(context.Background())
		if want := "sends us on to " + other.URL + "/x, "; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v, want %s", status, err, want)
		}
		if _, err = c.Deploy(context.Background(), "m", client.Upload{Document: strings.NewReader("<PMML/>")}); err == nil {
			t.Errorf("%d: deployed", status)
		}
	}
	c := connect(t, "secret", func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + r.URL.Path {
		case "GET/base/deployments":
			http.Redirect(w, r, "/new/deployments", http.StatusMovedPermanently)
		case "GET/new/deployments":
			if r.Header.Get("Authorization") != "Bearer secret" {
				t.Error("the token was lost on the way")
			}
			io.WriteString(w, `{"models":[{"id":"m"}]}`) //nolint:errcheck // the client would miss it
		case "PUT/base/model/m":
			http.Redirect(w, r, "/new/model/m", http.StatusSeeOther)
		default:
			t.Errorf("%s %s", r.Method, r.URL)
		}
	})
	if latest, err := c.Latest(context.Background()); err != nil || len(latest.Models) != 1 {
		t.Errorf("%v, %v", latest, err)
	}
	if _, err := c.Deploy(context.Background(), "m", client.Upload{Document: strings.NewReader("<PMML/>")}); err == nil {
		t.Error("a GET in place of the PUT was taken for a deployment")
	}
}

// TestDocument reads a document from the server, and from where it sends us on to, which must not see the token.
func TestDocument(t *testing.T) {
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.URL.RawQuery != "X-Amz-Signature=abc" {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>") //nolint:errcheck // the client would miss it
			return
		}
		io.WriteString(w, "<PMML/>") //nolint:errcheck // the client would miss it
	}))
	t.Cleanup(bucket.Close)
	for name, c := range map[string]struct {
		status         int
		location, want string
	}{
		"here":          {200, "", ""},
		"there":         {307, bucket.URL + "/d?X-Amz-Signature=abc", ""},
		"not there":     {307, bucket.URL + "/d?X-Amz-Signature=abd", "400 Bad Request: InvalidArgument: "},
		"nowhere":       {307, "", "does not say where"},
		"in a file":     {307, "file:///etc/passwd", "does not say where"},
		"moved":         {302, bucket.URL, "sends us on to"},
		"not a model's": {404, "", "404 Not Found"},
	} {
		server := connect(t, "secret", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer secret" || r.URL.Path != "/base/model/m/pmml" {
				t.Errorf("%s %v", r.URL, r.Header)
			}
			if c.location != "" {
				w.Header().Set("Location", c.location)
			}
			w.WriteHeader(c.status)
			if c.status == http.StatusOK {
				io.WriteString(w, "<PMML/>") //nolint:errcheck // the client would miss it
			}
		})
		var got bytes.Buffer
		err := server.Document(context.Background(), "m", &got)
		if c.want == "" && (err != nil || got.String() != "<PMML/>") || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || got.Len() > 0) {
			t.Errorf("%s: %q, %v, want %s", name, &got, err, c.want)
		}
		if c.status == http.StatusOK {
			full := errors.New("no space left")
			var unwritten *client.WriteError
			if err := server.Document(context.Background(), "m", failing{full}); !errors.As(err, &unwritten) || !errors.Is(err, full) {
				t.Errorf("%v", err)
			}
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name              string
		status            int
		body              string
		message           string
		rejected, refused bool
		details           int
	}{
		{"problem", 400, `{"type":"urn:handoff:problem:invalid-document","detail":"bad","more":7,"errors":[{"line":3,"path":"/PMML","code":"c","detail":"d"}]}`,
			"bad", true, true, 1},
		{"Openscoring's", 400, `{"message":"bad"}`, "bad", false, true, 0},
		{"conflict", 409, `{"type":"urn:handoff:problem:conflict","detail":"version 1 is live"}`, "version 1 is live", false, true, 0},
		{"busy", 429, `{"message":"busy"}`, "busy", false, false, 0},
		{"slow", 408, `{"message":"slow"}`, "slow", false, false, 0},
		{"internal", 500, `{"message":"oh"}`, "oh", false, false, 0},
		{"a proxy's page", 502, `<html>Bad Gateway</html>`, "the server answers 502 Bad Gateway", false, false, 0},
		{"nothing", 503, ``, "the server answers 503 Service Unavailable", false, false, 0},
		{"another kind of server", 200, `<html>Hello</html>`, "not that of a Handoff server", false, false, 0},
		{"redirection to nowhere", 302, ``, "the server answers 302 Found", false, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := connect(t, "", func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				io.WriteString(w, c.body) //nolint:errcheck // the client would miss it
			})
			_, err := server.Deploy(context.Background(), "m", client.Upload{Document: strings.NewReader("<PMML/>")})
			var got *client.Error
			if !errors.As(err, &got) || !strings.Contains(got.Message, c.message) || got.Rejected() != c.rejected || got.Refused() != c.refused || len(got.Details) != c.details {
				t.Errorf("%+v", err)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := dial(t, server.URL, "secret")
	_, err := c.Latest(context.Background())
	var gone *client.UnreachableError
	if !errors.As(err, &gone) || !strings.HasPrefix(err.Error(), "cannot reach "+server.URL+": ") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	cut := connect(t, "", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write([]byte("{")) //nolint:errcheck // the client would miss it
	})
	if _, err := cut.Latest(context.Background()); !errors.As(err, &gone) {
		t.Errorf("half an answer: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Latest(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestWait asks until a deployment has ended, over a server that is away for a while.
func TestWait(t *testing.T) {
	var mu sync.Mutex
	states := []string{"RECEIVED", "", "CHECKED", "", "", "VERIFIED", "LIVE"}
	c := connect(t, "", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		state := states[0]
		if states = states[1:]; state == "" {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(w, `{"id":"d","state":%q,"version":3}`, state) //nolint:errcheck // the client would miss it
	})
	var shown []string
	d, err := c.Wait(context.Background(), "m", "d", func(d deploy.Deployment) { shown = append(shown, string(d.State)) })
	mu.Lock()
	defer mu.Unlock()
	if err != nil || d.State != deploy.Live || len(states) > 0 || strings.Join(shown, " ") != "RECEIVED CHECKED VERIFIED" {
		t.Errorf("%+v, %v, %v left", d, err, states)
	}

	var asked atomic.Int32
	away := connect(t, "", func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler)
	})
	var gone *client.UnreachableError
	if _, err := away.Wait(context.Background(), "m", "d", nil); !errors.As(err, &gone) || asked.Load() < 5 || asked.Load() > 50 {
		t.Errorf("%v after %d questions", err, asked.Load())
	}
	unknown := connect(t, "", http.NotFound)
	if _, err := unknown.Wait(context.Background(), "m", "d", nil); err == nil {
		t.Error("an unknown deployment ended")
	}
}

func TestSince(t *testing.T) {
	c := connect(t, "", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"responses":[{"id":"a","summary":"Tree model","properties":{"created.timestamp":"2026-01-31T12:00:00.500+00:00"}},{"id":"b"}]}`) //nolint:errcheck // the client would miss it
	})
	models, err := c.Models(context.Background())
	if err != nil || len(models) != 2 || models[0].Summary != "Tree model" || models[0].Since().UnixMilli() != 1769860800500 || !models[1].Since().IsZero() {
		t.Errorf("%+v, %v", models, err)
	}
}
