package function_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/handoff-pmml/handoff/internal/aws/function"
)

// seen is what a handler saw of a request.
type seen struct {
	request *http.Request
	body    string
}

// invokeV2 passes an event to a handler that notes what it sees and answers by the given function.
func invokeV2(t *testing.T, event events.APIGatewayV2HTTPRequest, answer http.HandlerFunc) (seen, events.APIGatewayV2HTTPResponse) {
	t.Helper()
	if event.RequestContext.HTTP.Method == "" {
		event.RequestContext.HTTP.Method = "GET"
	}
	var s seen
	var response events.APIGatewayV2HTTPResponse
	invoke(t, event, &s, answer, &response)
	return s, response
}

func invoke(t *testing.T, event any, s *seen, answer http.HandlerFunc, response any) {
	t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	h := function.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*s = seen{r, string(body)}
		answer(w, r)
	}), "")
	out, err := h.Invoke(context.Background(), payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, response); err != nil {
		t.Fatal(err)
	}
}

func plain(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "plain") }

func TestPathsOfV2(t *testing.T) {
	for _, c := range []struct{ raw, stage, path string }{
		{"/model/iris", "$default", "/model/iris"},
		{"/model/a b", "$default", "/model/a b"},
		{"/model/ü", "$default", "/model/ü"},
		{"/model/a%20b", "$default", "/model/a b"}, // function URLs send paths encoded
		{"/model/100%", "$default", "/model/100%"},
		{"/model/a#b", "$default", "/model/a#b"},
		{"/model/a?b", "$default", "/model/a?b"},
		{"/model/a\x01b", "$default", "/model/a\x01b"},
		{"//evil.example/model", "$default", "//evil.example/model"},
		{"/prod/model", "prod", "/model"},
		{"/prod", "prod", "/"},
		{"/production/model", "prod", "/production/model"},
		{"", "$default", "/"},
	} {
		event := events.APIGatewayV2HTTPRequest{RawPath: c.raw}
		event.RequestContext.Stage = c.stage
		event.RequestContext.DomainName = "api.example"
		s, _ := invokeV2(t, event, plain)
		if s.request == nil || s.request.URL.Path != c.path || s.request.Host != "api.example" || s.request.URL.Host != "" {
			t.Errorf("%q became %+v", c.raw, s.request)
		}
	}
}

func TestPathsOfV1(t *testing.T) {
	for _, c := range []struct{ path, whole, stage, want string }{
		{"/model/iris", "/prod/model/iris", "prod", "/model/iris"},
		{"/model/iris", "/model/model/iris", "model", "/model/iris"},
		{"/prod/model/iris", "/prod/model/iris", "prod", "/model/iris"},
		{"/model/iris", "/model/iris", "$default", "/model/iris"},
	} {
		event := events.APIGatewayProxyRequest{HTTPMethod: "GET", Path: c.path}
		event.RequestContext.Path, event.RequestContext.Stage = c.whole, c.stage
		var s seen
		invoke(t, event, &s, plain, &events.APIGatewayProxyResponse{})
		if s.request.URL.Path != c.want {
			t.Errorf("%+v became %q", c, s.request.URL.Path)
		}
	}
}

func TestRequestOfV2(t *testing.T) {
	event := events.APIGatewayV2HTTPRequest{
		RawPath:         "/model/iris/csv",
		RawQueryString:  "delimiterChar=%09&quoteChar=%22",
		Headers:         map[string]string{"host": "scores.example", "content-type": "text/csv", "authorization": "Bearer a,b"},
		Cookies:         []string{"token=t"},
		Body:            base64.StdEncoding.EncodeToString([]byte{0xff, 0}),
		IsBase64Encoded: true,
	}
	event.RequestContext.HTTP.Method = "POST"
	event.RequestContext.HTTP.SourceIP = "2001:db8::1"
	s, _ := invokeV2(t, event, plain)
	r := s.request
	cookie, err := r.Cookie("token")
	if err != nil || cookie.Value != "t" || r.Host != "scores.example" || r.Header.Get("Host") != "" || r.Method != "POST" ||
		r.URL.RawQuery != event.RawQueryString || r.RemoteAddr != "[2001:db8::1]:0" || r.Header.Get("Authorization") != "Bearer a,b" ||
		r.Header.Get("X-Forwarded-Proto") != "https" || s.body != "\xff\x00" {
		t.Errorf("%+v, body %q, %v", r, s.body, err)
	}
}

func TestDeadlineLeavesTimeForAnAnswer(t *testing.T) {
	end := time.Now().Add(10 * time.Second)
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	h := function.NewHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got, ok := r.Context().Deadline(); !ok || end.Sub(got) != 200*time.Millisecond {
			t.Errorf("deadline %v, the function's is %v", got, end)
		}
	}), "")
	if _, err := h.Invoke(ctx, []byte(`{"requestContext":{"http":{"method":"GET"}},"rawPath":"/model"}`)); err != nil {
		t.Error(err)
	}
}

func TestAnswersOfV2(t *testing.T) {
	for _, c := range []struct {
		name, method string
		answer       http.HandlerFunc
		status       int
		body         string
		isBase64     bool
	}{
		{"text", "GET", plain, 200, "plain", false},
		{"nothing written", "GET", func(http.ResponseWriter, *http.Request) {}, 200, "", false},
		{"first status counts", "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); w.WriteHeader(500) }, 201, "", false},
		{"HEAD", "HEAD", plain, 200, "", false},
		{"binary", "GET", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte{0x1f, 0x8b, 0}) }, 200, "H4sA", true},
		{"too large", "GET", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 7<<20)) }, 413,
			`{"message":"The answer is larger than the 6 MB that AWS Lambda passes on; send fewer records at a time"}`, false},
	} {
		event := events.APIGatewayV2HTTPRequest{RawPath: "/"}
		event.RequestContext.HTTP.Method = c.method
		_, response := invokeV2(t, event, c.answer)
		if response.StatusCode != c.status || response.Body != c.body || response.IsBase64Encoded != c.isBase64 {
			t.Errorf("%s: %+v", c.name, response)
		}
	}
}

func TestBodyThatIsNotBase64(t *testing.T) {
	h := function.NewHandler(http.HandlerFunc(plain), "")
	for _, event := range []string{
		`{"requestContext":{"http":{"method":"POST"}},"rawPath":"/","body":"*","isBase64Encoded":true}`,
		`{"requestContext":{},"httpMethod":"POST","path":"/","body":"*","isBase64Encoded":true}`,
	} {
		out, err := h.Invoke(context.Background(), []byte(event))
		if err != nil || !strings.Contains(string(out), `"statusCode":400`) || !strings.Contains(string(out), "Openscoring/2.2") || !strings.Contains(string(out), `"X-Request-Id":"`) {
			t.Errorf("%s: %s, %v", event, out, err)
		}
	}
}

// An answer that is too large is refused under the name that the log has of it.
func TestAnswerTooLargeKeepsItsName(t *testing.T) {
	h := function.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "as logged")
		w.Write(make([]byte, 7<<20))
	}), "")
	for _, event := range []string{
		`{"requestContext":{"http":{"method":"GET"}},"rawPath":"/"}`,
		`{"requestContext":{},"httpMethod":"GET","path":"/"}`,
	} {
		out, err := h.Invoke(context.Background(), []byte(event))
		if err != nil || !strings.Contains(string(out), `"statusCode":413`) || !strings.Contains(string(out), `"X-Request-Id":"as logged"`) {
			t.Errorf("%s: %s, %v", event, out, err)
		}
	}
}

func TestLocationKeepsTheStage(t *testing.T) {
	event := events.APIGatewayV2HTTPRequest{RawPath: "/prod/model/iris"}
	event.RequestContext.Stage = "prod"
	if s, _ := invokeV2(t, event, plain); s.request.Header.Get("X-Forwarded-Prefix") != "/prod" {
		t.Errorf("%+v", s.request.Header)
	}
	event.RawPath, event.RequestContext.Stage = "/model/iris", "$default"
	if s, _ := invokeV2(t, event, plain); s.request.Header.Get("X-Forwarded-Prefix") != "" {
		t.Errorf("%+v", s.request.Header)
	}
}

func FuzzInvoke(f *testing.F) {
	f.Add(`{"requestContext":{"http":{"method":"GET"},"stage":"prod"},"rawPath":"/prod/model","rawQueryString":"a=%zz"}`)
	f.Add(`{"requestContext":{"path":"/prod/x"},"httpMethod":"PO ST","path":"/x","multiValueHeaders":{"a b":["\u0000"]}}`)
	f.Add(`{"id":"1","arguments":{}}`)
	f.Add(`{"requests":[]}`)
	h := function.NewHandler(http.HandlerFunc(plain), "iris")
	f.Fuzz(func(t *testing.T, event string) {
		if out, err := h.Invoke(context.Background(), []byte(event)); err == nil && len(out) == 0 {
			t.Error("neither an answer nor an error")
		}
	})
}
