package rest_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// newServer starts a service over an empty folder; change may alter its configuration.
func newServer(t testing.TB, change func(*rest.Config)) *httptest.Server {
	t.Helper()
	return newServerWith(t, local.Options{}, change)
}

// newStrictServer starts a service that refuses what the schemas do not know.
func newStrictServer(t testing.TB) *httptest.Server {
	t.Helper()
	return newServerWith(t, local.Options{Strict: true}, nil)
}

func newServerWith(t testing.TB, o local.Options, change func(*rest.Config)) *httptest.Server {
	t.Helper()
	store, err := local.Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	c := rest.Config{
		Models: store, Scorers: store, Documents: store, Deployer: store, History: store,
		Roles: rest.Tokens("", ""), Operations: true, Metrics: true,
	}
	if change != nil {
		change(&c)
	}
	server := httptest.NewUnstartedServer(rest.New(c))
	server.Listener = rest.Listener(server.Listener)
	server.Config.DisableGeneralOptionsHandler = true
	server.Config.MaxHeaderBytes = 64 << 10
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// withIris starts a service that has the model iris.
func withIris(t testing.TB, change func(*rest.Config)) *httptest.Server {
	t.Helper()
	server := newServer(t, change)
	deployIris(t, server)
	return server
}

func irisDocument(t testing.TB) string {
	t.Helper()
	document, err := os.ReadFile("../scoring/testdata/iris.pmml")
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

func deployIris(t testing.TB, server *httptest.Server) {
	t.Helper()
	got := send(t, server, request{method: "PUT", path: "/model/iris", header: "Content-Type: application/xml", body: irisDocument(t)})
	if got.status != http.StatusCreated {
		t.Fatalf("cannot deploy: %d %s", got.status, got.body)
	}
}

// A request of a test. Its header is lines of "Name: value"; without a Content-Type a POST has application/json.
type request struct {
	method, path, header, body string
}

type reply struct {
	status int
	header http.Header
	body   string // without its Content-Encoding
}

func (r reply) message() string {
	var answer map[string]any
	if json.Unmarshal([]byte(r.body), &answer) != nil || len(answer) != 1 {
		return "not a message: " + r.body
	}
	text, _ := answer["message"].(string)
	return text
}

func send(t testing.TB, server *httptest.Server, q request) reply {
	t.Helper()
	req, err := http.NewRequest(q.method, server.URL+q.path, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	if q.method == "POST" {
		req.Header.Set("Content-Type", "application/json")
	}
	for line := range strings.Lines(q.header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch {
		case name == "":
		case name == "Host":
			req.Host = value
		case value == "-":
			req.Header.Del(name)
		default:
			req.Header.Set(name, value)
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return read(t, resp)
}

func read(t testing.TB, resp *http.Response) reply {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(body) > 0 {
		body = decoded(t, body, resp.Header.Get("Content-Encoding"))
	}
	return reply{resp.StatusCode, resp.Header, string(body)}
}

func decoded(t testing.TB, body []byte, encoding string) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	var err error
	switch encoding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "deflate":
		r, err = zlib.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err = io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text) //nolint:errcheck // a Buffer has no errors
	w.Close()
	return b.String()
}

const (
	record  = `{"arguments":{"Petal_Length":1.4}}`
	setosa  = `{"results":{"Species":"setosa","p":0.0,"node":"2","count":null,"many":null,"note":null,"day":null,"far":null}}` + "\n"
	columns = "Species,p,node,count,many,note,day,far\n"
)
