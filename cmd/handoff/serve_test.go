package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
)

// A lockedBuffer is written by the server while the test reads it. When it holds a blank line behind a command, what a
// server says at its start is complete.
type lockedBuffer struct {
	mu       sync.Mutex
	text     bytes.Buffer
	complete chan struct{}
	once     sync.Once
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.text.Write(p)
	if strings.HasSuffix(b.text.String(), "\n\n") {
		b.once.Do(func() { close(b.complete) })
	}
	return n, err
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// startServe runs serve on a free port; stop ends it and gives its error.
func startServe(t *testing.T, args ...string) (out *lockedBuffer, base string, stop func() error) {
	t.Helper()
	out = &lockedBuffer{complete: make(chan struct{})}
	cmd := newServeCommand()
	cmd.SetOut(out)
	cmd.SetErr(io.Discard)
	cmd.SetArgs(append([]string{"--addr", "127.0.0.1:0"}, args...))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	select {
	case <-out.complete:
	case err := <-ended:
		cancel()
		t.Fatalf("serve ended: %v", err)
	}
	stop = func() error {
		cancel()
		return <-ended
	}
	base = regexp.MustCompile(`http://\S+`).FindString(out.String())
	return out, base, stop
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// samplesFolder has one model in each form that --samples knows, and one that cannot be deployed.
func samplesFolder(t *testing.T) string {
	t.Helper()
	document, err := os.ReadFile("../../internal/scoring/testdata/iris.pmml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "iris"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"iris/model.pmml": document, "plain.pmml": document, "broken.pmml": []byte("<PMML"), "-id.pmml": document} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestServe runs the command it prints, and finds the models again after a restart.
func TestServe(t *testing.T) {
	data, samples := filepath.Join(t.TempDir(), "new", "data"), samplesFolder(t)
	out, _, stop := startServe(t, "--data", data, "--samples", samples)
	printed := regexp.MustCompile(`curl (\S+) -H 'Content-Type: application/json' -d '(.*)'`).FindStringSubmatch(out.String())
	if printed == nil || !strings.Contains(out.String(), "Deployed: iris, plain. Try one:") {
		t.Fatal(out.String())
	}
	resp, err := http.Post(printed[1], "application/json", strings.NewReader(printed[2]))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || !bytes.Contains(body, []byte(`"Species":"versicolor"`)) {
		t.Errorf("%s: %d %s", printed[0], resp.StatusCode, body)
	}
	if err := stop(); err != nil {
		t.Errorf("stopped: %v", err)
	}
	_, base, stop := startServe(t, "--data", data, "--samples", samples)
	if status, body := get(t, base+"/model"); status != 200 || !strings.Contains(body, `"plain"`) || strings.Contains(body, `"broken"`) {
		t.Errorf("after a restart: %d %s", status, body)
	}
	if status, _ := get(t, base+"/readyz"); status != 200 {
		t.Errorf("readyz: %d", status)
	}
	if err := stop(); err != nil {
		t.Errorf("stopped: %v", err)
	}
}

// TestServeEmpty says how to deploy the first model.
func TestServeEmpty(t *testing.T) {
	t.Setenv("HANDOFF_ADMIN_TOKEN", "secret")
	out, base, stop := startServe(t, "--data", t.TempDir(), "--base-path", "/stage")
	if text := out.String(); !strings.Contains(text, `curl -X PUT `+base+`/model/mine -H "Authorization: Bearer $HANDOFF_ADMIN_TOKEN"`) || strings.Contains(text, "secret") {
		t.Error(text)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestServeSettings takes settings from flags, environment and file, in this order.
func TestServeSettings(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, c := range []struct {
		name        string
		args        []string
		environment map[string]string
		admin, user string
		err         string
		code        int
	}{
		{"nothing", nil, nil, "", "", "", 0},
		{"flags", []string{"--admin-token", "a", "--user-token=b"}, map[string]string{"HANDOFF_ADMIN_TOKEN": "x"}, "a", "b", "", 0},
		{"environment", nil, map[string]string{"HANDOFF_ADMIN_TOKEN": "a", "HANDOFF_USER_TOKEN": "b"}, "a", "b", "", 0},
		{"files", []string{"--admin-token-file", write("a", "a\n")}, map[string]string{"HANDOFF_USER_TOKEN_FILE": write("b", " b")}, "a", "b", "", 0},
		{"token before file", []string{"--admin-token", "a"}, map[string]string{"HANDOFF_ADMIN_TOKEN_FILE": write("i", "x")}, "a", "", "", 0},
		{"file before token", []string{"--admin-token-file", write("j", "a")}, map[string]string{"HANDOFF_ADMIN_TOKEN": "x"}, "a", "", "", 0},
		{"configuration", []string{"--config", write("c", "# tokens\n\nadmin-token = a=1\nuser-token=b\n")}, map[string]string{"HANDOFF_USER_TOKEN": "e"}, "a=1", "e", "", 0},
		{"configuration by environment", nil, map[string]string{"HANDOFF_CONFIG": write("d", "admin-token=a")}, "a", "", "", 0},
		{"unknown setting", []string{"--config", write("e", "\nadmin = x")}, nil, "", "", `e:2: there is no setting "admin"`, exitUsage},
		{"bad setting", []string{"--config", write("f", "max-body = x")}, nil, "", "", "f:1: ", exitUsage},
		{"bad environment", nil, map[string]string{"HANDOFF_MAX_BODY": "x"}, "", "", "HANDOFF_MAX_BODY: ", exitUsage},
		{"no configuration", []string{"--config", filepath.Join(dir, "none")}, nil, "", "", "read the configuration", exitIO},
		{"no token file", []string{"--user-token-file", filepath.Join(dir, "none")}, nil, "", "", "read the token", exitIO},
		{"empty token file", []string{"--user-token-file", write("g", "\n")}, nil, "", "", "is empty", exitUsage},
		{"token and file", []string{"--user-token", "x", "--user-token-file", write("h", "y")}, nil, "", "", "cannot be given together", exitUsage},
		{"size", []string{"--max-answer", "0"}, nil, "", "", "--max-answer are MiB", exitUsage},
		{"base path", []string{"--base-path", "x"}, nil, "", "", "must begin with /", exitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, value := range c.environment {
				t.Setenv(name, value)
			}
			f, flags := newServeFlags()
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			err := f.complete(flags)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || codeOf(err) != c.code {
					t.Errorf("%v, want %s", err, c.err)
				}
				return
			}
			if err != nil || f.adminToken != c.admin || f.userToken != c.user {
				t.Errorf("admin %q, user %q, %v", f.adminToken, f.userToken, err)
			}
		})
	}
}

// TestServeAddress refuses addresses that other machines reach, unless there is an admin token.
func TestServeAddress(t *testing.T) {
	for _, c := range []struct {
		addr, admin string
		ok          bool
	}{
		{"127.0.0.1:0", "", true}, {"localhost:0", "", true}, {"[::1]:0", "", true}, {"127.9.9.9:0", "", true},
		{"0.0.0.0:0", "", false}, {":0", "", false}, {"[::]:0", "", false}, {"192.0.2.1:0", "", false}, {"nonsense", "x", false}, {"", "", false},
		{"0.0.0.0:0", "x", true}, {":0", "x", true}, {"127.0.0.1:99999", "", false},
	} {
		log, err := newLog("none", io.Discard, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = allowedAddress(serveFlags{addr: c.addr, adminToken: c.admin}, log)
		if (err == nil) != c.ok || err != nil && codeOf(err) != exitUsage {
			t.Errorf("%s with the token %q: %v", c.addr, c.admin, err)
		}
	}
}

func TestServeErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"--log", "loud"}, exitUsage},
		{[]string{"--addr", "0.0.0.0:0"}, exitUsage},
		{[]string{"--data", file}, exitIO},
		{[]string{"--addr", "192.0.2.1:1", "--admin-token", "x", "--data", t.TempDir()}, exitIO},
		{[]string{"something"}, exitUsage},
	} {
		cmd := newServeCommand()
		cmd.SetOut(io.Discard)
		cmd.SetErr(io.Discard)
		cmd.SetArgs(c.args)
		if err := cmd.ExecuteContext(context.Background()); err == nil || codeOf(err) != c.code {
			t.Errorf("%v: %v", c.args, err)
		}
	}
}

func TestExampleBody(t *testing.T) {
	got := exampleBody([]evaluator.Field{
		{Name: "it's", DataType: "double"},
		{Name: "a", DataType: "double", Intervals: []evaluator.Interval{{Left: "4.3", Right: "7.9"}}},
		{Name: "b", DataType: "integer", Intervals: []evaluator.Interval{{Left: "3"}}},
		{Name: "c", DataType: "float", Intervals: []evaluator.Interval{{Right: "3"}}},
		{Name: "d", DataType: "string", Values: []string{"x\"", "y"}},
		{Name: "e", DataType: "integer", Values: []string{"5"}},
		{Name: "f", DataType: "boolean"}, {Name: "g", DataType: "date"}, {Name: "h", DataType: "dateTime"}, {Name: "i", DataType: "time"},
		{Name: "j", DataType: "string"},
	})
	want := `{"arguments": {"it'\''s": 1, "a": 6.1, "b": 3, "c": 2.5, "d": "x\"", "e": 5, "f": true, "g": "2026-01-31", "h": "2026-01-31T12:00:00", "i": "12:00:00", "j": "text"}}`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
