package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/handoff-pmml/handoff/internal/aws/gateway"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// What is to be scored goes to the model's function as it came, and its answer comes back as it is; the table is not asked.
func TestForwarding(t *testing.T) {
	w := newWorld(t)
	f, function := w.front(), lambda.FunctionName("dev", "iris")+":live"
	before := len(w.store.Tape.Calls())
	const answer = `{"statusCode":200, "headers":{"X":"1"},"body":"\u00e4 <as it is>","isBase64Encoded":false}`
	w.invoke = func(context.Context) (string, string, error) { return answer, "", nil }
	for _, r := range []request{
		{method: "POST", path: "/model/iris", headers: bearer("user"), body: record},
		{method: "POST", path: "/model/iris/batch", headers: bearer("user"), body: "not even JSON"},
		{method: "POST", path: "/openscoring/model/iris/csv?delimiterChar=%09", headers: bearer("boss"), body: "a\tb\n"},
		{method: "POST", path: "/model/iris", headers: map[string]string{"cookie": "", "authorization": "bearer user"}},
	} {
		event := r.event()
		got, err := f.Invoke(context.Background(), event)
		if err != nil || string(got) != answer || string(w.sent) != string(event) || w.invoked[len(w.invoked)-1] != function {
			t.Errorf("%s: %s, %v, by %q", r.path, got, err, w.invoked)
		}
	}
	v1 := `{"path":"/model/iris","httpMethod":"POST","headers":{"Authorization":"Bearer user"},"requestContext":{"path":"/prod/model/iris","stage":"prod"}}`
	if got, err := f.Invoke(context.Background(), []byte(v1)); err != nil || string(got) != answer || string(w.sent) != v1 {
		t.Errorf("payload format 1.0: %s, %v", got, err)
	}
	if calls := w.store.Tape.Calls(); len(calls) != before {
		t.Errorf("the table was asked: %q", calls[before:])
	}
}

func TestWhatIsNotForwarded(t *testing.T) {
	w := newWorld(t)
	f := w.front()
	for _, r := range []request{
		{method: "GET", path: "/model/iris", headers: bearer("user")},
		{method: "PUT", path: "/model/iris/csv", headers: bearer("user")},
		{method: "POST", path: "/model/iris/pmml", headers: bearer("user")},
		{method: "POST", path: "/model/" + strings.Repeat("x", 129), headers: bearer("user"), body: record},
		{method: "POST", path: "/model/-x", headers: bearer("user"), body: record},
		{method: "OPTIONS", path: "/model/iris", headers: bearer("user")},
	} {
		send(t, f, r)
		if len(w.invoked) > 0 {
			t.Errorf("%s %s was forwarded", r.method, r.path)
		}
	}
	if _, err := f.Invoke(context.Background(), []byte(`{"detail-type":"Scheduled Event"}`)); err != nil {
		t.Error(err)
	}
	if _, err := f.Invoke(context.Background(), []byte(`{}`)); err == nil {
		t.Error("an event of no kind is answered")
	}
}

// slow is an error that comes when there is no time left.
func slow(ctx context.Context) (string, string, error) {
	<-ctx.Done()
	return "", "", fmt.Errorf("operation error Lambda: Invoke, canceled, %w", ctx.Err())
}

// Every failure of Lambda's has its status, and is told in Openscoring's words.
func TestFailures(t *testing.T) {
	fails := func(name string) func(context.Context) (string, string, error) {
		return func(context.Context) (string, string, error) {
			return "", "", fmt.Errorf("wrapped: %w", awsError(name))
		}
	}
	crashes := func(answer string) func(context.Context) (string, string, error) {
		return func(context.Context) (string, string, error) { return answer, "Unhandled", nil }
	}
	for _, c := range []struct {
		name    string
		path    string
		invoke  func(context.Context) (string, string, error)
		status  int
		message string
		retry   bool
	}{
		{"not found", "/model/none", fails("ResourceNotFoundException"), 404, "Not Found", false},
		{"not found, deleted", "/model/gone", fails("ResourceNotFoundException"), 404, "Not Found", false},
		{"not found, never right", "/model/wrong", fails("ResourceNotFoundException"), 400, "line 7: it is wrong", false},
		{"not found, but live", "/model/iris", fails("ResourceNotFoundException"), 503, "The model's function is not ready, try again", true},
		{"throttled", "/model/iris", fails("TooManyRequestsException"), 429, "The model is asked too much at this moment, try again", true},
		{"network throttled", "/model/iris", fails("EC2ThrottledException"), 429, "The model is asked too much at this moment, try again", true},
		{"pending", "/model/iris", fails("ResourceConflictException"), 503, "The model's function is not ready, try again", true},
		{"inactive", "/model/iris", fails("ResourceNotReadyException"), 503, "The model's function is not ready, try again", true},
		{"too large", "/model/iris", fails("RequestTooLargeException"), 413, "The request is larger than the 6 MB that AWS Lambda passes on; send fewer records at a time", false},
		{"Lambda fails", "/model/iris", fails("ServiceException"), 503, "The model's function cannot be reached, try again", true},
		{"a new error", "/model/iris", fails("ENILimitReachedException"), 503, "The model's function cannot be reached, try again", true},
		{"no network", "/model/iris", func(context.Context) (string, string, error) { return "", "", errors.New("connection refused") }, 503, "The model's function cannot be reached, try again", true},
		{"forbidden", "/model/iris", fails("AccessDeniedException"), 502, "The model's function failed", false},
		{"broken package", "/model/iris", fails("InvalidZipFileException"), 502, "The model's function failed", false},
		{"our deadline", "/model/iris", slow, 504, "The model's function did not answer in time", false},
		{"crash", "/model/iris", crashes(`{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: Runtime exited with error: signal: killed"}`), 502, "The model's function failed", false},
		{"own error", "/model/iris", crashes(`{"errorMessage":"the event is none"}`), 502, "The model's function failed", false},
		{"no JSON", "/model/iris", crashes(`null`), 502, "The model's function failed", false},
		{"its timeout", "/model/iris", crashes(`{"errorMessage":"2026-03-10T09:30:00.000Z 1-2-3 Task timed out after 3.00 seconds"}`), 504, "The model's function did not answer in time", false},
		{"its timeout, as now", "/model/iris", crashes(`{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1 Error: Task timed out after 3.00 seconds"}`), 504, "The model's function did not answer in time", false},
		{"answer too large", "/model/iris", crashes(`{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded"}`), 413, "The answer is larger than the 6 MB that AWS Lambda passes on; send fewer records at a time", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.invoke, w.origins = c.invoke, []string{"https://page.example"}
			headers := bearer("user")
			headers["origin"] = "https://page.example"
			ctx := context.Background()
			if c.status == 504 {
				within, cancel := context.WithTimeout(ctx, 250*time.Millisecond) // of which 200 ms are for the answer
				defer cancel()
				ctx = within
			}
			out, err := w.front().Invoke(ctx, request{method: "POST", path: c.path, headers: headers, body: record}.event())
			if err != nil {
				t.Fatal(err)
			}
			var got events.APIGatewayV2HTTPResponse
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatal(err)
			}
			want, _ := json.Marshal(map[string]string{"message": c.message})
			if got.StatusCode != c.status || got.Body != string(want)+"\n" {
				t.Errorf("%d %s, want %d %s", got.StatusCode, got.Body, c.status, want)
			}
			if got.Headers["X-Application"] != rest.Application || got.Headers["X-Request-Id"] == "" || got.Headers["Content-Type"] != "application/json" ||
				got.Headers["Access-Control-Allow-Origin"] != "https://page.example" || (got.Headers["Retry-After"] != "") != c.retry {
				t.Errorf("%v", got.Headers)
			}
			if c.status >= 502 && !strings.Contains(w.log.String(), "level=ERROR") && c.path == "/model/iris" && c.name != "not found, but live" {
				t.Errorf("the log says nothing: %s", w.log.String())
			}
			if strings.Contains(w.log.String(), "5.1") {
				t.Error("the log tells values of a record")
			}
		})
	}
}

// A failure has the same words for clients that take RFC 9457's.
func TestFailureAsProblem(t *testing.T) {
	w := newWorld(t)
	w.invoke = func(context.Context) (string, string, error) { return "", "", awsError("TooManyRequestsException") }
	headers := bearer("user")
	headers["accept"] = "application/json, application/problem+json"
	got := send(t, w.front(), request{method: "POST", path: "/model/iris", headers: headers, body: record})
	if got.StatusCode != 429 || got.Headers["Content-Type"] != "application/problem+json" || !strings.Contains(got.Body, `"status":429`) {
		t.Errorf("%+v", got)
	}
}

// Where the table fails while it is asked why there is no function, that is our fault.
func TestFailureOfTheTable(t *testing.T) {
	w := newWorld(t)
	f := w.front()
	w.store.Tape.Restart(func(int, string) deploytest.Fate { return deploytest.Fail })
	if got := send(t, f, request{method: "POST", path: "/model/none", headers: bearer("user"), body: record}); got.StatusCode != 500 {
		t.Errorf("%+v", got)
	}
	if got := send(t, f, request{method: "GET", path: "/readyz"}); got.StatusCode != 503 {
		t.Errorf("%+v", got)
	}
	w.store.Tape.Restart(nil)
	if got := send(t, f, request{method: "GET", path: "/readyz"}); got.StatusCode != 200 {
		t.Errorf("%+v", got)
	}
}

// Pages of allowed origins may read what a model's function answers, which knows nothing of them.
func TestOriginsOfForwardedAnswers(t *testing.T) {
	for _, c := range []struct {
		origin, answer string
		allowed        []string
		want           map[string]string
	}{
		{"https://a.example", `{"statusCode":200,"headers":{"Vary":"Accept-Encoding"},"body":"x"}`, []string{"https://a.example"},
			map[string]string{"Vary": "Accept-Encoding,Origin", "Access-Control-Allow-Origin": "https://a.example"}},
		{"https://b.example", `{"statusCode":200,"headers":{},"body":"x"}`, []string{"*"}, map[string]string{"Vary": "Origin", "Access-Control-Allow-Origin": "*"}},
		{"https://b.example", `{"statusCode":200,"headers":null,"body":"x"}`, []string{"https://a.example"}, map[string]string{"Vary": "Origin"}},
		{"", `{"statusCode":200,"headers":{"X":"1"},"body":"x"}`, []string{"*"}, map[string]string{"X": "1"}},
		{"https://b.example", `{"statusCode":200,"headers":{"X":"1"},"body":"x"}`, nil, map[string]string{"X": "1"}},
		{"https://b.example", `{"statusCode":200,"body":"x"}`, []string{"*"}, nil},
	} {
		w := newWorld(t)
		w.origins = c.allowed
		w.invoke = func(context.Context) (string, string, error) { return c.answer, "", nil }
		got := send(t, w.front(), request{method: "POST", path: "/model/iris", headers: map[string]string{"origin": c.origin, "authorization": "Bearer user"}})
		if c.want["Access-Control-Allow-Origin"] != "" {
			if !strings.Contains(got.Headers["Access-Control-Expose-Headers"], "X-Handoff-Version") {
				t.Errorf("%v", got.Headers)
			}
			delete(got.Headers, "Access-Control-Expose-Headers")
		}
		if got.Body != "x" || got.StatusCode != 200 || fmt.Sprint(got.Headers) != fmt.Sprint(c.want) {
			t.Errorf("%s from %q: %+v, want %v", c.answer, c.origin, got, c.want)
		}
	}
}

func FuzzFront(f *testing.F) {
	f.Add([]byte(`{"rawPath":"/model/iris","headers":{"origin":"o"},"requestContext":{"http":{"method":"POST"}},"body":"{}"}`), []byte(`{"headers":{"a":"b"},"body":"c"}`))
	f.Add([]byte(`{"path":"/model/iris","httpMethod":"POST","headers":{"Origin":"o"},"requestContext":{}}`), []byte(`[`))
	f.Fuzz(func(t *testing.T, event, answer []byte) {
		tape := new(deploytest.Tape)
		log := slog.New(slog.NewTextHandler(io.Discard, nil))
		front, err := gateway.New(gateway.Config{
			Stage: "dev", AllowOrigins: []string{"*"}, Log: log,
			Invoke:        func(context.Context, string, []byte) ([]byte, string, error) { return answer, "", nil },
			Authorization: &gateway.Authorization{Admin: gateway.None, Scoring: gateway.None, Log: log},
			Remote: gateway.NewRemote(gateway.RemoteConfig{
				Store: &deploytest.Store{Tape: tape}, Objects: &deploytest.Objects{Tape: tape}, Artifacts: &deploytest.Artifacts{Tape: tape},
				Addresses: addresses{}, Commands: &commands{},
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := front.Invoke(context.Background(), event)
		if err == nil && json.Valid(answer) && !json.Valid(got) {
			t.Errorf("%s became %s", answer, got)
		}
	})
}

func deleted() deploy.Outcome {
	return deploy.Outcome{Deployment: deploy.Deployment{Model: "iris", ID: "01B", Kind: deploy.Removal, State: deploy.Deleted}}
}

// A body of 5 MB costs one look at the event that it came in.
func BenchmarkForward(b *testing.B) {
	tape, log := new(deploytest.Tape), slog.New(slog.DiscardHandler)
	front, err := gateway.New(gateway.Config{
		Stage: "dev", Log: log,
		Invoke:        func(context.Context, string, []byte) ([]byte, string, error) { return []byte(`{}`), "", nil },
		Authorization: &gateway.Authorization{Admin: gateway.None, Scoring: gateway.None, Log: log},
		Remote:        gateway.NewRemote(gateway.RemoteConfig{Store: &deploytest.Store{Tape: tape}, Commands: &commands{}}),
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{0, 5 << 20} {
		event := request{method: "POST", path: "/model/iris/batch", body: strings.Repeat(record+",", size/len(record)+1)}.event()
		b.Run(fmt.Sprint(len(event)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := front.Invoke(context.Background(), event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
