package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const irisDocument = "../../testdata/samples/iris/model.pmml"

// programs is where the programs lie that the tests have built.
var programs string

func TestMain(m *testing.M) {
	var err error
	if programs, err = os.MkdirTemp("", "runtime-api-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(programs) //nolint:errcheck // temporary
	os.Exit(code)
}

// build builds a program of this repository as functions are built, once.
func build(t *testing.T, program string) string {
	t.Helper()
	output := filepath.Join(programs, filepath.Base(program))
	if _, err := os.Stat(output); err == nil {
		return output
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-tags", "lambda.norpc", "-o", output, "../../"+program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return output
}

// iris gives the function of the sample model iris.
func iris(t *testing.T) *function {
	t.Helper()
	f, err := scoreFunction(build(t, "functions/score"), irisDocument, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func begin(t *testing.T, f *function, memory int) *environment {
	t.Helper()
	e, err := start(f.folder, memory, f.variables)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.stop)
	return e
}

// A gatewayAnswer is what API Gateway makes of a function's answer.
type gatewayAnswer struct {
	StatusCode      int
	Headers         map[string]string
	Body            string
	IsBase64Encoded bool
}

// call sends one event to an environment.
func call(t *testing.T, e *environment, event []byte, within time.Duration) ([]byte, time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := e.ready(ctx); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	a, err := e.invoke(ctx, event, within)
	if err != nil || a.failed {
		t.Fatalf("%s, %v", a.payload, err)
	}
	return a.payload, a.at.Sub(begun)
}

func callGateway(t *testing.T, e *environment, event []byte, within time.Duration) (a gatewayAnswer, took time.Duration) {
	t.Helper()
	payload, took := call(t, e, event, within)
	if err := json.Unmarshal(payload, &a); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return a, took
}

// post gives the event of a POST to the model iris.
func post(t *testing.T, path, contentType, body string) []byte {
	t.Helper()
	event, err := gatewayEvent("/model/iris"+path, contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// zipped makes an event's body a compressed one.
func zipped(t *testing.T, event []byte) []byte {
	t.Helper()
	var decoded map[string]any
	if err := json.Unmarshal(event, &decoded); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(decoded["body"].(string))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	decoded["body"], decoded["isBase64Encoded"] = base64.StdEncoding.EncodeToString(packed.Bytes()), true
	headers := decoded["headers"].(map[string]any)
	headers["content-encoding"], headers["accept-encoding"] = "gzip", "gzip"
	encoded, err := json.Marshal(decoded)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// TestMeasure measures the real bootstrap, and looks at what is printed.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it builds and starts programs, and these are the short tests")
	}
	empty, err := emptyFunction(build(t, "scripts/runtime-api/empty"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var all []*measurement
	for _, f := range []*function{empty, iris(t)} {
		m, err := measure(t.Context(), f, 512, 2, 20)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.init) != 2 || len(m.warm) != 40 || m.peak == 0 || at(m.init, 50) <= 0 || at(m.cold, 50) < at(m.init, 50) {
			t.Errorf("%+v", m)
		}
		all = append(all, m)
	}
	var printed strings.Builder
	report(&printed, all)
	t.Log("\n" + printed.String())
	if !strings.Contains(printed.String(), "iris") || strings.Count(printed.String(), "\n") != 3 {
		t.Errorf("%s", printed.String())
	}
}

// TestInvocations has one environment answer one kind of event after the other.
func TestInvocations(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it builds and starts a program, and these are the short tests")
	}
	f := iris(t)
	e := begin(t, f, 512)
	if a, _ := callGateway(t, e, f.events[0], timeout); a.StatusCode != 200 || a.Headers["X-Handoff-Version"] != "1" || !strings.Contains(a.Body, "setosa") {
		t.Errorf("%+v", a)
	}
	secret := `{"id":"secret-id","arguments":{"petal_length":1.375,"petal_width":"secret"}}`
	if a, _ := call(t, e, []byte(secret), timeout); !strings.Contains(string(a), `"message"`) {
		t.Errorf("%s", a)
	}
	if a, _ := call(t, e, []byte(`{"requests":[{"id":"1","arguments":{"petal_length":1.4,"petal_width":0.2}}]}`), timeout); !strings.Contains(string(a), "setosa") {
		t.Errorf("%s", a)
	}
	e.stop()
	for line := range strings.Lines(e.stderr.String()) {
		if !json.Valid([]byte(line)) || strings.Contains(line, "secret") || strings.Contains(line, "1.375") {
			t.Errorf("in the log: %s", line)
		}
	}
	if !strings.Contains(e.stderr.String(), `"route":"/model/{id}"`) {
		t.Errorf("the log is\n%s", e.stderr)
	}
}

// TestInitError starts a function that does not know its version: Lambda is told why.
func TestInitError(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it builds and starts a program, and these are the short tests")
	}
	f := iris(t)
	f.variables = append(f.variables, "HANDOFF_MODEL_VERSION=latest")
	_, err := begin(t, f, 512).ready(t.Context())
	var failed *initError
	if !errors.As(err, &failed) || !strings.Contains(failed.told, `HANDOFF_MODEL_VERSION is \"latest\"`) || !strings.Contains(failed.told, `"errorType"`) ||
		!strings.Contains(failed.stderr, "cannot start") {
		t.Errorf("%v", err)
	}
}

// TestDeadline sends a batch that cannot end within the function's time. There is an answer before that is over.
func TestDeadline(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it builds and starts a program, and these are the short tests")
	}
	e := begin(t, iris(t), 512)
	records := strings.Repeat(`{"arguments":{"petal_length":1.4,"petal_width":0.2}},`, 100_000)
	event := post(t, "/batch", "application/json", `{"requests":[`+records+`{}]}`)
	const within = 210 * time.Millisecond
	a, took := callGateway(t, e, event, within)
	if a.StatusCode != 504 || !strings.Contains(a.Body, `"message"`) {
		t.Errorf("%d %.200s", a.StatusCode, a.Body)
	}
	t.Logf("answered after %v of %v", took, within)
}

// TestMemory sends to functions what takes the most memory. They must neither fail nor take more than they have.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it builds and starts a program, and these are the short tests")
	}
	row := `1.4,0.2` + "\n"
	table := func(size int) string { return "petal_length,petal_width\n" + strings.Repeat(row, size/len(row)) }
	batch := func(size int) string {
		record := `{"arguments":{"petal_length":1.4,"petal_width":0.2}},`
		return `{"requests":[` + strings.Repeat(record, size/len(record)) + `{}]}`
	}
	f := iris(t)
	for _, c := range []struct {
		name   string
		memory int // in MB
		event  []byte
		status int
	}{
		{"a batch that fits", 128, post(t, "/batch", "application/json", batch(1<<20)), 200},
		{"the largest batch", 128, post(t, "/batch", "application/json", batch(5<<20)), 413},
		{"a table that fits", 128, post(t, "/csv", "text/plain", table(1<<20)), 200},
		{"the largest table", 128, post(t, "/csv", "text/plain", table(5<<20)), 413},
		{"the largest body without records", 128, post(t, "", "application/json", strings.Repeat(" ", 59<<20/10)), 400},
		{"a compressed table", 128, zipped(t, post(t, "/csv", "text/plain", table(2<<20))), 200},
		{"a compressed table that grows", 128, zipped(t, post(t, "/csv", "text/plain", table(60<<20))), 413},
		{"a compressed batch that grows", 128, zipped(t, post(t, "/batch", "application/json", batch(100<<20))), 413},
		{"a larger compressed table", 512, zipped(t, post(t, "/csv", "text/plain", table(9<<20))), 200},
		{"a compressed table with a large answer", 512, zipped(t, post(t, "/csv", "text/plain", table(40<<20))), 413},
		{"the largest batch", 512, post(t, "/batch", "application/json", batch(5<<20)), 413},
		{"a compressed batch that grows", 512, zipped(t, post(t, "/batch", "application/json", batch(100<<20))), 413},
	} {
		t.Run(fmt.Sprintf("%s, %d MB", c.name, c.memory), func(t *testing.T) {
			e := begin(t, f, c.memory)
			for range 2 { // what the first has left is in the way of the second
				a, _ := callGateway(t, e, c.event, timeout)
				if a.StatusCode != c.status {
					t.Errorf("%d %.200s", a.StatusCode, a.Body)
				}
			}
			peak, err := e.peak()
			if err != nil || peak > int64(c.memory)<<20 {
				t.Errorf("%d MB, %v", peak>>20, err)
			}
			t.Logf("an event of %d kB took up to %d MB", len(c.event)>>10, peak>>20)
		})
	}
}
