package main

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/sign/signtest"
)

// A stack is API Gateway with a stage behind it, as far as the command line sees them: it wants every request signed, and
// gives presigned addresses of a bucket.
type stack struct {
	t      *testing.T
	bucket *httptest.Server
	seen   []string // requests, in order
	polls  int
	end    string // state that the deployment comes to
}

// newStack starts a stack and gives its address.
func newStack(t *testing.T, end string) (*stack, string) {
	t.Helper()
	signtest.Environment(t)
	s := &stack{t: t, end: end}
	s.bucket = httptest.NewServer(http.HandlerFunc(s.store))
	gateway := httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(func() { gateway.Close(); s.bucket.Close() })
	return s, gateway.URL + "/prod"
}

// store is the bucket: it takes what the address was signed for, by nobody who shows credentials besides.
func (s *stack) store(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.ContentLength != int64(len(body)) || r.Header.Get("X-Amz-Meta-Handoff") != "e30" ||
		r.Header.Get("Authorization") != "" || r.URL.Query().Get("X-Amz-Signature") != "abc" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	text := string(body)
	if strings.HasSuffix(r.URL.Path, ".gz") {
		z, err := gzip.NewReader(strings.NewReader(text))
		if err != nil {
			s.t.Error(err)
			return
		}
		document, err := io.ReadAll(z)
		if err != nil {
			s.t.Error(err)
		}
		text = string(document[:min(8, len(document))])
	}
	s.seen = append(s.seen, r.Method+" bucket"+r.URL.Path+" "+text)
	w.Header().Set("X-Amz-Version-Id", "v1")
}

func (s *stack) answer(w http.ResponseWriter, r *http.Request) {
	if err := signtest.Verify(r, "eu-central-1"); err != nil {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"message":"Forbidden"}`) //nolint:errcheck // the command would miss it
		return
	}
	s.seen = append(s.seen, r.Method+" "+r.URL.String())
	switch r.Method + " " + r.URL.Path {
	case "POST /prod/model/m/upload":
		var ticket struct{ File string }
		if err := json.NewDecoder(r.Body).Decode(&ticket); err != nil {
			s.t.Error(err)
		}
		fmt.Fprintf(w, `{"url":"%s/models/m/%s?X-Amz-Signature=abc","method":"PUT","headers":{"X-Amz-Meta-Handoff":"e30"},"key":"models/m/%[2]s"}`, s.bucket.URL, ticket.File) //nolint:errcheck // the command would miss it
	case "PUT /prod/model/m":
		w.WriteHeader(http.StatusAccepted)                                                                         // it was put into the bucket, and nobody has looked there yet
		io.WriteString(w, `{"id":"m","properties":{"object.key":"models/m/model.pmml.gz","object.version":"v1"}}`) //nolint:errcheck // the command would miss it
	case "DELETE /prod/model/m":
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"id":"m","properties":{"deployment":"d","deployment.state":"DRAINING"}}`) //nolint:errcheck // the command would miss it
	case "GET /prod/model/m/deployments":
		if s.polls++; s.polls == 1 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		io.WriteString(w, `{"id":"m","deployments":[{"id":"d","object":{"key":"models/m/model.pmml.gz","version":"v1"}}]}`) //nolint:errcheck // the command would miss it
	case "GET /prod/model/m/deployments/d":
		state := s.end
		if s.polls++; s.polls < 5 {
			state = "PACKAGED"
		}
		fmt.Fprintf(w, `{"model":"m","id":"d","kind":"UPLOAD","version":1,"state":%q}`, state) //nolint:errcheck // the command would miss it
	case "GET /prod/model/m/versions":
		io.WriteString(w, `{"id":"m","versions":[{"version":1,"rows":3}]}`) //nolint:errcheck // the command would miss it
	default:
		s.t.Errorf("%s %s", r.Method, r.URL)
	}
}

// largeDocument writes a document that is large also when it is compressed.
func largeDocument(t *testing.T, path string) {
	t.Helper()
	b := make([]byte, 5<<20)
	rand.NewChaCha8([32]byte{}).Read(b) //nolint:errcheck // never fails
	if err := os.WriteFile(path, []byte("<PMML/><!-- "+hex.EncodeToString(b)+" -->"), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestStack deploys to a stack: what lies beside the document goes first, a large document to the bucket.
func TestStack(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "m")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	large, small := filepath.Join(folder, "model.pmml"), filepath.Join(folder, "small.pmml")
	largeDocument(t, large)
	for path, text := range map[string]string{small: "<PMML/>", filepath.Join(folder, "model.json"): "{}", filepath.Join(folder, "golden.csv"): "x,y\n"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	sidecars := "POST /prod/model/m/upload\nPUT bucket/models/m/model.json {}\nPOST /prod/model/m/upload\nPUT bucket/models/m/golden.csv x,y\n\n"
	waiting := "GET /prod/model/m/deployments?limit=20\nGET /prod/model/m/deployments?limit=20\n" +
		"GET /prod/model/m/deployments/d\nGET /prod/model/m/deployments/d\nGET /prod/model/m/deployments/d\n"
	rows := "GET /prod/model/m/versions?limit=1000"
	for _, c := range []struct {
		name, end, path string
		args            []string
		code            int
		seen            string
		stdout, stderr  string
	}{
		{"large", "LIVE", large, nil, exitDone,
			sidecars + "POST /prod/model/m/upload\nPUT bucket/models/m/model.pmml.gz <PMML/><\n" + waiting + rows,
			"m: version 1 is live, verified with 3 rows\n",
			"m: model.json, golden.csv beside the document: sent\nm: models/m/model.pmml.gz is uploaded\nm: deployment d is under way\nm: PACKAGED\n"},
		{"small", "LIVE", small, []string{"--with-sidecars=false", "--quiet"}, exitDone,
			"PUT /prod/model/m?schemaChange=refuse\n" + waiting + rows, "m: version 1 is live, verified with 3 rows\n", ""},
		{"not waited for", "LIVE", large, []string{"--with-sidecars=false", "--no-wait"}, exitDone,
			"POST /prod/model/m/upload\nPUT bucket/models/m/model.pmml.gz <PMML/><",
			"m is not changed yet: that takes longer, 'handoff status' shows it\n", ""},
		{"failed", "FAILED", small, []string{"--with-sidecars=false", "--quiet"}, exitIO,
			"PUT /prod/model/m?schemaChange=refuse\n" + strings.TrimSuffix(waiting, "\n"), "", "handoff: m: upload of version 1 is FAILED\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, address := newStack(t, c.end)
			args := append([]string{"deploy", c.path, "m", "--server", address, "--auth", "iam", "--region", "eu-central-1"}, c.args...)
			code, stdout, stderr := runCommand(t, args...)
			if seen := strings.Join(s.seen, "\n"); code != c.code || stdout != c.stdout || stderr != c.stderr || seen != c.seen {
				t.Errorf("exit code %d\n%s\n%s\n%s", code, stdout, stderr, seen)
			}
		})
	}
	t.Run("undeploy", func(t *testing.T) {
		s, address := newStack(t, "DELETED")
		code, stdout, stderr := runCommand(t, "undeploy", "m", "--server", address, "--auth", "iam", "--region", "eu-central-1")
		if code != exitDone || stdout != "m is undeployed\n" || s.polls != 5 {
			t.Errorf("exit code %d\n%s\n%s\n%s", code, stdout, stderr, s.seen)
		}
	})
	t.Run("another region", func(t *testing.T) {
		_, address := newStack(t, "LIVE")
		code, _, stderr := runCommand(t, "undeploy", "m", "--server", address, "--auth", "iam", "--region", "us-east-1")
		if code != exitBad || !strings.Contains(stderr, "Forbidden. These AWS credentials may not do that") {
			t.Errorf("exit code %d: %s", code, stderr)
		}
	})
}

// TestDeployByWhoMayNotRead: where deploying and reading are authorized in two ways, what is live is live, though whoever
// deployed it may not ask.
func TestDeployByWhoMayNotRead(t *testing.T) {
	for _, c := range []struct {
		name, answer   string
		status         int
		code           int
		stdout, stderr string
	}{
		{"live", `{"id":"m"}`, http.StatusOK, exitDone, "m is live\n", ""},
		{"under way", `{"id":"m","properties":{"deployment":"d"}}`, http.StatusAccepted, exitBad, "", "Unauthorized. Another token may be needed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPut {
					w.WriteHeader(http.StatusUnauthorized)
					io.WriteString(w, `{"message":"Unauthorized"}`) //nolint:errcheck // the command would miss it
					return
				}
				w.Header().Set("X-Handoff-Deployment", "d")
				w.WriteHeader(c.status)
				io.WriteString(w, c.answer) //nolint:errcheck // the command would miss it
			}))
			defer server.Close()
			path := filepath.Join(t.TempDir(), "m.pmml")
			if err := os.WriteFile(path, []byte("<PMML/>"), 0o666); err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := runCommand(t, "deploy", path, "m", "--server", server.URL)
			if code != c.code || stdout != c.stdout || !strings.Contains(stderr, c.stderr) {
				t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
			}
		})
	}
}

// TestAuthorization looks at what decides between a token and AWS credentials.
func TestAuthorization(t *testing.T) {
	const gateway = "https://abc.execute-api.eu-central-1.amazonaws.com/prod"
	for name, c := range map[string]struct {
		auth, token, server string
		first               given
		signed              bool
		code                int
	}{
		"nothing":                           {"", "", "https://models.example.com", given{}, false, exitDone},
		"API Gateway":                       {"", "", gateway, given{}, true, exitDone},
		"API Gateway with a token":          {"", "t", gateway, given{}, false, exitDone},
		"API Gateway, open":                 {"token", "", gateway, given{auth: true}, false, exitDone},
		"a domain of one's own":             {"iam", "", "https://models.example.com", given{auth: true}, true, exitDone},
		"a token in the environment":        {"iam", "t", gateway, given{auth: true}, true, exitDone},
		"iam in the environment":            {"iam", "t", gateway, given{token: true}, false, exitDone},
		"both in the environment":           {"iam", "t", gateway, given{}, true, exitDone},
		"both":                              {"iam", "t", gateway, given{auth: true, token: true}, false, exitUsage},
		"a kind of proof that nobody knows": {"basic", "", gateway, given{auth: true}, false, exitUsage},
		"no address":                        {"", "", "http://a b", given{}, false, exitDone},
	} {
		f := connection{auth: c.auth, token: c.token, server: c.server}
		err := f.authorize(c.first)
		code := exitDone
		if err != nil {
			code = codeOf(err)
		}
		if code != c.code || f.signed != c.signed {
			t.Errorf("%s: signed %v, %v", name, f.signed, err)
		}
	}
}

// TestNoCredentials asks for signed requests where there is nothing to sign them with.
func TestNoCredentials(t *testing.T) {
	signtest.Environment(t)
	code, _, stderr := runCommand(t, "models", "--server", "https://models.example.com", "--auth", "iam")
	if code != exitUsage || !strings.Contains(stderr, "in which AWS region is the server?") {
		t.Errorf("no region: exit code %d, %s", code, stderr)
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
	code, _, stderr = runCommand(t, "models", "--server", "https://abc.execute-api.eu-central-1.amazonaws.com")
	if code != exitIO || !strings.Contains(stderr, "no AWS credentials") {
		t.Errorf("no credentials: exit code %d, %s", code, stderr)
	}
}

// TestFront says what may help when something in front of a server answers.
func TestFront(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusRequestEntityTooLarge: "takes no request of that size", http.StatusBadGateway: "'handoff status' shows it",
		http.StatusGatewayTimeout: "may be done nevertheless", http.StatusUnauthorized: "--auth iam", http.StatusForbidden: "Another token may be needed",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, `{"message":"No"}`) //nolint:errcheck // the command would miss it
		}))
		code, _, stderr := runCommand(t, "deploy", "testdata/tree.pmml", "m", "--server", server.URL)
		server.Close()
		if code == exitDone || !strings.Contains(stderr, want) {
			t.Errorf("%d: exit code %d, %s", status, code, stderr)
		}
	}
}

// TestSidecarsOfNoServer sends files to a server that takes documents only.
func TestSidecarsOfNoServer(t *testing.T) {
	put := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut {
			http.NotFound(w, r)
			return
		}
		put++
		io.WriteString(w, `{"id":"m"}`) //nolint:errcheck // the command would miss it
	}))
	defer server.Close()
	folder := t.TempDir()
	for name, text := range map[string]string{"a.pmml": "<PMML/>", "golden.csv": "x,y\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	document, id := filepath.Join(folder, "a.pmml"), "m"+filepath.Base(folder)
	code, _, stderr := runCommand(t, "deploy", document, id, "--server", server.URL, "--with-sidecars")
	if code != exitBad || put != 0 || !strings.Contains(stderr, "the server takes no uploads") {
		t.Errorf("exit code %d, %d documents, %s", code, put, stderr)
	}
	code, _, stderr = runCommand(t, "deploy", document, filepath.Base(folder), "--server", server.URL)
	if code != exitDone || put != 1 || !strings.Contains(stderr, "golden.csv beside the document: not sent") {
		t.Errorf("exit code %d, %d documents, %s", code, put, stderr)
	}
}

func TestToken(t *testing.T) {
	seen := map[string]bool{}
	for _, role := range []string{"admin", "user"} {
		code, stdout, _ := runCommand(t, "token", "--role", role)
		token, secret, _ := strings.Cut(stdout, "\n")
		var known map[string][]string
		if err := json.Unmarshal([]byte(secret), &known); code != exitDone || err != nil || len(token) < 40 || len(known[role]) != 1 || len(known[role][0]) != 64 || seen[token] {
			t.Errorf("exit code %d: %s", code, stdout)
		}
		seen[token] = true
	}
	if code, _, _ := runCommand(t, "token", "--role", "root"); code != exitUsage {
		t.Errorf("exit code %d", code)
	}
}
