package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// runCommand runs a command line in this process.
func runCommand(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	root := newRootCommand()
	root.SetOut(&out)
	root.SetErr(&err)
	root.SetArgs(args)
	code = execute(t.Context(), root)
	return code, out.String(), err.String()
}

// slowServer is a server whose deployment takes longer than it lets callers wait, and comes to an end when it is asked the
// third time.
func slowServer(t *testing.T, end string) string {
	t.Helper()
	asked := 0
	answers := http.NewServeMux()
	answer := func(pattern, text string) {
		answers.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }) //nolint:errcheck // the command would miss it
	}
	answers.HandleFunc("PUT /model/m", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://elsewhere.invalid/model/m/deployments/d")
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"id":"m","properties":{"deployment":"d"}}`) //nolint:errcheck // the command would miss it
	})
	answers.HandleFunc("GET /model/m/deployments/d", func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			end := `{"model":"m","id":"d","kind":"UPLOAD","version":2,"state":"CHECKED"}`
			io.WriteString(w, end) //nolint:errcheck // the command would miss it
			return
		}
		io.WriteString(w, `{"model":"m","id":"d","kind":"UPLOAD","version":2,`+end) //nolint:errcheck // the command would miss it
	})
	answer("GET /model/m/versions", `{"id":"m","versions":[{"version":2,"rows":1234}]}`)
	server := httptest.NewServer(answers)
	t.Cleanup(server.Close)
	return server.URL
}

// TestSlowDeployment waits for what a deployment comes to.
func TestSlowDeployment(t *testing.T) {
	for _, c := range []struct {
		name, end      string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"live", `"state":"LIVE","warnings":["odd\u001b[31m"]}`, nil, exitDone,
			"m: version 2 is live, verified with 1,234 rows\n", "m: deployment d is under way\nm: CHECKED\nwarning: odd\ufffd[31m\n"},
		{"not waited for", `"state":"LIVE"}`, []string{"--no-wait"}, exitDone, "m: upload of version 2 is CHECKED\n", ""},
		{"quiet", `"state":"LIVE","warnings":["odd"]}`, []string{"-q"}, exitDone, "m: version 2 is live, verified with 1,234 rows\n", ""},
		{"faulty", `"state":"REJECTED","rejection":{"code":"document","message":"bad","more":4,"faults":[{"line":3,"path":"/PMML","code":"c","message":"bad"}]}}`,
			[]string{"-q"}, exitBad, "testdata/tree.pmml:3: /PMML: bad [c]\ntestdata/tree.pmml: and 4 more\n",
			"handoff: testdata/tree.pmml is rejected, what was live of m still is\n"},
		{"golden rows", `"state":"REJECTED","rejection":{"code":"golden","message":"golden.csv:3: row 2: y is 1","file":"golden.csv","line":3,"row":2}}`,
			[]string{"-q"}, exitBad, "golden.csv:3: row 2: y is 1 [golden]\n", "handoff: testdata/tree.pmml is rejected, what was live of m still is\n"},
		{"superseded", `"state":"SUPERSEDED"}`, []string{"-q"}, exitBad, "", "handoff: m: upload of version 2 is SUPERSEDED: a newer document took its place\n"},
		{"failed", `"state":"FAILED","failure":"no space left"}`, []string{"-q"}, exitIO, "", "handoff: m: upload of version 2 is FAILED: no space left\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"deploy", "testdata/tree.pmml", "m", "--server", slowServer(t, c.end)}, c.args...)
			code, stdout, stderr := runCommand(t, args...)
			if code != c.code || stdout != c.stdout || stderr != c.stderr {
				t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
			}
		})
	}
}

// TestOpenscoring deploys to a server that keeps no history.
func TestOpenscoring(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut {
			http.NotFound(w, r)
			return
		}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id":"m"}`) //nolint:errcheck // the command would miss it
	}))
	defer server.Close()
	code, stdout, stderr := runCommand(t, "deploy", "testdata/tree.pmml", "m", "--server", server.URL)
	if code != exitDone || stdout != "m is live\n" || stderr != "" {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	code, _, stderr = runCommand(t, "models", "--server", server.URL)
	if code != exitBad || !strings.Contains(stderr, "is it a Handoff server's address?") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// TestWatch watches a server in a pipe: every change is a line, until it is interrupted.
func TestWatch(t *testing.T) {
	_, base, stop := startServe(t, "--data", t.TempDir())
	defer stop() //nolint:errcheck // another test looks at that
	deployTo := func(document string) {
		t.Helper()
		runCommand(t, "deploy", document, "m", "--server", base, "--quiet", "--allow-schema-change")
	}
	deployTo("testdata/tree.pmml")
	cmd := exec.Command("handoff", "status", "m", "--watch", "--interval", "100ms", "--server", base)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	expect := func(wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !lines.Scan() || !strings.HasSuffix(lines.Text(), want) {
				t.Fatalf("%q, want %s", lines.Text(), want)
			}
		}
	}
	const upload = " m: upload of version "
	expect(upload+"1 RECEIVED", upload+"1 CHECKED", upload+"1 COMPILED", upload+"1 VERIFIED", upload+"1 PACKAGED", upload+"1 PUBLISHED", upload+"1 SMOKED", upload+"1 LIVE")
	deployTo("testdata/faulty.pmml")
	expect(upload+"2 RECEIVED", upload+"2 CHECKED", "[invalid-number] (and 1 more)")
	cmd.Process.Signal(os.Interrupt) //nolint:errcheck // it has not ended
	if lines.Scan() {
		t.Errorf("%q behind the end", lines.Text())
	}
	cmd.Wait() //nolint:errcheck // the exit code says it
	if got := cmd.ProcessState.ExitCode(); got != exitInterrupted {
		t.Errorf("exit code %d", got)
	}
}

// TestWatchers shows what is seen of changes.
func TestWatchers(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.Local)
	model := func(state deploy.State, message string) status {
		return status{Models: []rest.LatestModel{{ID: "never"}, {ID: "m", Live: 1, Latest: deploy.Summary{
			ID: "d", Kind: deploy.Upload, Version: 2, State: state, At: at, Message: message}}}}
	}
	var lines, screen bytes.Buffer
	for _, w := range []watcher{&lineWatcher{out: &lines, seen: map[string]bool{}}, &screenWatcher{out: &screen}} {
		for _, s := range []status{model(deploy.Checked, ""), model(deploy.Checked, ""), model(deploy.Rejected, "bad\nworse")} {
			if err := w.show(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := "2026-01-31 12:00:00 m: upload of version 2 CHECKED\n2026-01-31 12:00:00 m: upload of version 2 REJECTED: bad worse\n"
	if lines.String() != want {
		t.Errorf("%s\nwant\n%s", &lines, want)
	}
	if pages := strings.Count(screen.String(), "\x1b[H"); pages != 2 || !strings.HasSuffix(screen.String(), "bad worse\x1b[K\n\x1b[J") {
		t.Errorf("%d pages: %q", pages, &screen)
	}
}

func TestReferences(t *testing.T) {
	for text, want := range map[string]string{
		"iris": "{iris 0}", "iris@3": "{iris 3}", "a.b-c_9@12": "{a.b-c_9 12}",
		"": "", "@3": "", "iris@": "", "iris@0": "", "iris@-1": "", "iris@x": "", "iris@3@4": "", "a b": "", "-a": "", strings.Repeat("x", 129): "",
	} {
		r, err := parseReference(text)
		if got := fmt.Sprint(r); (err == nil) != (want != "") || err == nil && got != want || err != nil && codeOf(err) != exitUsage {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

func TestNamesOfModels(t *testing.T) {
	for path, want := range map[string]string{
		"iris.pmml": "iris", "/a/b/iris.pmml.gz": "iris", "iris.xml": "iris", "x/wine/model.pmml": "wine", "x/wine/model.pmml.gz": "wine",
		"v1.2.pmml": "v1.2", "iris": "iris", "model.pmml": "handoff", // this folder's name
		"-": "", "ä.pmml": "", ".pmml": "", "/model.pmml": "", "a b.pmml": "",
	} {
		if got, err := idOf([]string{path}); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

func TestIsFile(t *testing.T) {
	for arg, want := range map[string]bool{
		"iris": false, "iris@3": false, "v1.2": false, "iris.json": false,
		"-": true, "./iris": true, "iris.pmml": true, "iris.pmml.gz": true, "iris.xml": true, "iris.bin": true, "a/b": true,
	} {
		if got := isFile(arg); got != want {
			t.Errorf("%s: %v", arg, got)
		}
	}
}

// TestConnection looks at which token is sent to which server.
func TestConnection(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization") + " " + r.URL.Path
		io.WriteString(w, "{}") //nolint:errcheck // the command would miss it
	}))
	defer server.Close()
	file := t.TempDir() + "/token"
	if err := os.WriteFile(file, []byte("in-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args        []string
		environment map[string]string
		want        string
		code        int
	}{
		"flag":                      {[]string{"--token", "a"}, nil, "Bearer a", 0},
		"environment":               {nil, map[string]string{"HANDOFF_TOKEN": "b"}, "Bearer b", 0},
		"file":                      {[]string{"--token-file", file}, nil, "Bearer in-file", 0},
		"file in the environment":   {nil, map[string]string{"HANDOFF_TOKEN_FILE": file}, "Bearer in-file", 0},
		"flag before environment":   {[]string{"--token", "a"}, map[string]string{"HANDOFF_TOKEN": "b", "HANDOFF_TOKEN_FILE": file}, "Bearer a", 0},
		"file before environment":   {[]string{"--token-file", file}, map[string]string{"HANDOFF_TOKEN": "b"}, "Bearer in-file", 0},
		"both":                      {[]string{"--token", "a", "--token-file", file}, nil, "", exitUsage},
		"both in the environment":   {nil, map[string]string{"HANDOFF_TOKEN": "b", "HANDOFF_TOKEN_FILE": file}, "", exitUsage},
		"no file":                   {[]string{"--token-file", file + "x"}, nil, "", exitIO},
		"none":                      {nil, nil, "", 0},
		"a token that is no header": {[]string{"--token", "a\nb"}, nil, "", exitIO},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HANDOFF_SERVER", server.URL+"/base")
			for key, value := range c.environment {
				t.Setenv(key, value)
			}
			got = ""
			code, _, stderr := runCommand(t, append([]string{"status", "--json"}, c.args...)...)
			want := c.want + " /base/deployments"
			if c.code != 0 {
				want = ""
			}
			if code != c.code || got != want {
				t.Errorf("exit code %d, %q, want %q: %s", code, got, want, stderr)
			}
		})
	}
}

// TestInterruptedDeployment ends deploy while it waits: the deployment goes on without it.
func TestInterruptedDeployment(t *testing.T) {
	asked := make(chan bool, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			asked <- true
		}
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"id":"d","state":"CHECKED","properties":{"deployment":"d"}}`) //nolint:errcheck // the command would miss it
	}))
	defer server.Close()
	cmd := exec.Command("handoff", "deploy", "testdata/tree.pmml", "--server", server.URL)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	<-asked
	cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it waits
	cmd.Wait()                          //nolint:errcheck // the exit code says it
	if got := cmd.ProcessState.ExitCode(); got != exitInterrupted {
		t.Errorf("exit code %d", got)
	}
}

// TestAccepted asks a server for changes that others are before: nothing is said to be done.
func TestAccepted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"id":"m","properties":{}}`) //nolint:errcheck // the command would miss it
	}))
	defer server.Close()
	for _, args := range [][]string{{"deploy", "testdata/tree.pmml", "m"}, {"rollback", "m"}, {"undeploy", "m"}} {
		code, out, stderr := runCommand(t, append(args, "--server", server.URL)...)
		if want := "m is not changed yet: that takes longer, 'handoff status' shows it\n"; code != exitDone || out != want {
			t.Errorf("%v: exit code %d, %q: %s", args, code, out, stderr)
		}
	}
}
