package function_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/function"
)

// TestHostileEvents sends what no service of AWS sends, and what callers may put into what it does send: there is an
// answer or an error, and neither fails the environment.
func TestHostileEvents(t *testing.T) {
	h := startScore(t, compiledSamples(t))
	v2 := func(members string) string {
		return `{"rawPath":"/model/iris","requestContext":{"http":{"method":"POST"}},"headers":{"content-type":"application/json"},` + members + `}`
	}
	const record = `{\"arguments\":{\"petal_length\":1.4,\"petal_width\":0.2}}`
	for _, c := range []struct{ name, event, want string }{
		{"nothing", ``, "error"},
		{"no object", `[]`, "error"},
		{"null", `null`, "error"},
		{"cut", `{"requestContext":{"http":{"method":"POST"`, "error"},
		{"more behind", `{"arguments":{}}{}`, "error"},
		{"deep", strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000), "error"},
		{"context of another kind", `{"requestContext":1,"rawPath":"/model/iris"}`, "error"},
		{"body of another kind", v2(`"body":{}`), `"statusCode":400`},
		{"body in base64 that is none", v2(`"body":"*","isBase64Encoded":true`), `"statusCode":400`},
		{"body without records", v2(`"body":""`), `"statusCode":400`},
		{"body that is not UTF-8", v2(`"isBase64Encoded":true,"body":"eyJhcmd1bWVudHMiOnsiYSI6Iv8ifX0="`), `"statusCode":400`},
		{"record", v2(`"body":"` + record + `"`), `"X-Handoff-Version":"1"`},
		{"content-length that lies", strings.Replace(v2(`"body":"`+record+`"`), `"headers":{`, `"headers":{"content-length":"1","transfer-encoding":"chunked",`, 1), `setosa`},
		{"path with an escape that is none", `{"rawPath":"/model/%zz","requestContext":{"http":{"method":"GET"}}}`, `"statusCode":404`},
		{"path out of the API", `{"rawPath":"/model/../../etc/passwd","requestContext":{"http":{"method":"GET"}}}`, `"statusCode":404`},
		{"method that is none", `{"rawPath":"/model/iris","requestContext":{"http":{"method":"P T"}}}`, `"statusCode":4`},
		{"override", strings.Replace(v2(`"body":""`), `"headers":{`, `"headers":{"x-http-method-override":"DELETE",`, 1), `"statusCode":405`},
		{"document", `{"rawPath":"/model/iris/pmml","requestContext":{"http":{"method":"GET"}}}`, `"statusCode":404`},
		{"direct: arguments of another kind", `{"arguments":[]}`, `"message"`},
		{"direct: both", `{"arguments":{},"requests":[]}`, `"message"`},
		{"direct: the same member twice", `{"requests":[],"requests":{}}`, `"message"`},
		{"direct: a number beyond all", `{"arguments":{"petal_length":1e999}}`, `"message"`},
		{"direct: a record that is null", `{"requests":[null]}`, `"message"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := h.Invoke(context.Background(), []byte(c.event))
			got := string(out)
			if err != nil {
				got = "error"
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("%.300s, %v; want %s", out, err, c.want)
			}
		})
	}
	if a := answerOf(h, []byte(`{"arguments":{"petal_length":1.4,"petal_width":0.2}}`)); !strings.Contains(string(a), "setosa") {
		t.Errorf("afterwards: %s", a)
	}
}

// TestWarm starts the functions of all sample models: they are warm without a complaint, and nobody has used them yet.
func TestWarm(t *testing.T) {
	folder := compiledSamples(t)
	files, err := filepath.Glob(filepath.Join(folder, "*.bin"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d models, %v", len(files), err)
	}
	for _, file := range files {
		id := strings.TrimSuffix(filepath.Base(file), ".bin")
		variables := irisVariables(t, folder)
		variables["HANDOFF_MODEL_ID"], variables["HANDOFF_MODEL_FILE"] = id, file
		var log strings.Builder
		service, _, err := function.Score(func(name string) string { return variables[name] }, slog.New(slog.NewJSONHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), `"msg":"opened"`) || strings.Contains(log.String(), "WARN") {
			t.Errorf("%s: the log is %s", id, log.String())
		}
		answer := httptest.NewRecorder()
		service.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/model/"+id, nil))
		if !strings.Contains(answer.Body.String(), `"accessed.timestamp":null`) || !strings.Contains(answer.Body.String(), `"created.timestamp":"2026-03-10T09:30:00.123+00:00"`) {
			t.Errorf("%s: %.300s", id, answer.Body)
		}
	}
}

// TestBatchBeyondTheDeadline has no time left when it comes to scoring.
func TestBatchBeyondTheDeadline(t *testing.T) {
	h := startScore(t, compiledSamples(t))
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(time.Millisecond))
	defer cancel()
	event := `{"rawPath":"/model/iris/batch","requestContext":{"http":{"method":"POST"}},"headers":{"content-type":"application/json"},"body":"{\"requests\":[{},{}]}"}`
	out, err := h.Invoke(ctx, []byte(event))
	if err != nil || !strings.Contains(string(out), `"statusCode":504`) || !strings.Contains(string(out), "The answer was not ready in time") {
		t.Errorf("%s, %v", out, err)
	}
	if out, err = h.Invoke(ctx, []byte(`{"requests":[{},{}]}`)); err != nil || !strings.Contains(string(out), `"message"`) {
		t.Errorf("%s, %v", out, err)
	}
}

// TestLimitsByMemory asks functions of different sizes how large a body may be: they say so when there is more.
func TestLimitsByMemory(t *testing.T) {
	folder := compiledSamples(t)
	for memory, want := range map[string]string{
		"128": "The body has more than 6291456 bytes", "256": "The body has more than 214", "": "The body has more than 67108864 bytes",
	} {
		variables := irisVariables(t, folder)
		variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], variables["GOMEMLIMIT"] = memory, "off"
		service, _, err := function.Score(func(name string) string { return variables[name] }, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/model/iris", io.LimitReader(spaces{}, 65<<20))
		r.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		service.ServeHTTP(answer, r)
		var said struct{ Message string }
		if err := json.Unmarshal(answer.Body.Bytes(), &said); err != nil || answer.Code != 413 || !strings.HasPrefix(said.Message, want) {
			t.Errorf("%s MB: %d %s", memory, answer.Code, answer.Body)
		}
	}
}

// spaces are as many as anybody reads.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
