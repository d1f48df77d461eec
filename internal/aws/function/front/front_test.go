package front_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/handoff-pmml/handoff/internal/aws/function/front"
)

// function is a Lambda handler made of a Go function.
type function func(payload []byte) ([]byte, error)

func (f function) Invoke(_ context.Context, payload []byte) ([]byte, error) { return f(payload) }

// send passes a request through the front and gives the event that it became, and the response.
func send(t *testing.T, r *http.Request, answer string) (events.APIGatewayV2HTTPRequest, *http.Response) {
	t.Helper()
	var event events.APIGatewayV2HTTPRequest
	f := front.New(function(func(payload []byte) ([]byte, error) {
		return []byte(answer), json.Unmarshal(payload, &event)
	}), front.Options{})
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return event, w.Result()
}

const ok = `{"statusCode":200,"headers":{"Content-Type":"text/plain"},"body":"yes"}`

func TestRequestLine(t *testing.T) {
	for _, c := range []struct{ target, path, query string }{
		{"/model/iris?delimiterChar=%09&quoteChar=%22", "/model/iris", "delimiterChar=%09&quoteChar=%22"},
		{"/model/a%20b", "/model/a b", ""},
		{"/model/a%2Fb", "/model/a/b", ""},
		{"/model/a%3Fb?x=1", "/model/a", "x=1"},
	} {
		event, _ := send(t, httptest.NewRequest("POST", c.target, nil), ok)
		if event.RawPath != c.path || event.RequestContext.HTTP.Path != c.path || event.RawQueryString != c.query {
			t.Errorf("%s became path %q, query %q", c.target, event.RawPath, event.RawQueryString)
		}
		if event.RequestContext.HTTP.Method != "POST" || event.RouteKey != "$default" || event.Version != "2.0" {
			t.Errorf("%s became %+v", c.target, event)
		}
	}
}

func TestHeadersAndCookies(t *testing.T) {
	r := httptest.NewRequest("GET", "http://scores.example/model?a=1&a=2", nil)
	r.RemoteAddr = "192.0.2.7:4711"
	r.Header.Set("X-HTTP-Method-Override", "PUT")
	r.Header["Accept"] = []string{"text/plain", "application/json"}
	r.Header["Cookie"] = []string{"token=t; other=1"}
	r.Header.Set("X-Forwarded-For", "10.0.0.1")
	r.Header.Set("X-Forwarded-Proto", "gopher")
	event, _ := send(t, r, ok)
	for name, want := range map[string]string{
		"x-http-method-override": "PUT",
		"accept":                 "text/plain,application/json",
		"host":                   "scores.example",
		"x-forwarded-for":        "10.0.0.1,192.0.2.7",
		"x-forwarded-proto":      "http",
		"cookie":                 "",
	} {
		if got := event.Headers[name]; got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
	if got := strings.Join(event.Cookies, "|"); got != "token=t|other=1" {
		t.Errorf("cookies %q", got)
	}
	if event.QueryStringParameters["a"] != "1,2" || event.RequestContext.HTTP.SourceIP != "192.0.2.7" {
		t.Errorf("event %+v", event)
	}
}

func TestBodiesByType(t *testing.T) {
	for _, c := range []struct {
		contentType, encoding, body string
		isBase64                    bool
	}{
		{"text/csv", "", "a,b", false},
		{"application/json; charset=utf-8", "", "{}", false},
		{"application/xml", "", "<PMML/>", false},
		{"application/octet-stream", "", "<PMML/>", true},
		{"application/x-www-form-urlencoded", "", "a=b", true},
		{"multipart/form-data; boundary=x", "", "--x--", true},
		{"", "", "<PMML/>", true},
		{"application/json", "gzip", "\x1f\x8b", true},
		{"text/csv; charset=ISO-8859-1", "", "\xe9", true},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.contentType)
		if c.contentType == "" {
			r.Header.Del("Content-Type")
		}
		if c.encoding != "" {
			r.Header.Set("Content-Encoding", c.encoding)
		}
		if event, _ := send(t, r, ok); event.IsBase64Encoded != c.isBase64 {
			t.Errorf("%q %q: base64 %t", c.contentType, c.encoding, event.IsBase64Encoded)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, answer, body, contentType string
		status                          int
	}{
		{"text", ok, "yes", "text/plain", 200},
		{"base64", `{"statusCode":201,"headers":{"Content-Type":"application/xml"},"body":"PGEvPg==","isBase64Encoded":true}`, "<a/>", "application/xml", 201},
		{"no type", `{"statusCode":404,"body":"{}"}`, "{}", "application/json", 404},
		{"not base64", `{"statusCode":200,"body":"*","isBase64Encoded":true}`, `{"message":"Internal Server Error"}`, "application/json", 500},
		{"no status", `{"body":"yes"}`, `{"message":"Internal Server Error"}`, "application/json", 500},
		{"not JSON", `yes`, `{"message":"Internal Server Error"}`, "application/json", 500},
		{"too large", `"` + strings.Repeat("x", 6<<20) + `"`, `{"message":"Internal Server Error"}`, "application/json", 500},
	} {
		_, response := send(t, httptest.NewRequest("GET", "/", nil), c.answer)
		body, err := io.ReadAll(response.Body)
		if err != nil || string(body) != c.body || response.StatusCode != c.status || response.Header.Get("Content-Type") != c.contentType {
			t.Errorf("%s: %d %s %q %v", c.name, response.StatusCode, response.Header, body, err)
		}
	}
}

func TestFunctionThatFails(t *testing.T) {
	w := httptest.NewRecorder()
	front.New(function(func([]byte) ([]byte, error) { return nil, errors.New("crashed") }), front.Options{}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || w.Body.String() != `{"message":"Internal Server Error"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestBodyAboveTheLimit(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", 5<<20))) // 6.7 MB as base64
	if _, response := send(t, r, ok); response.StatusCode != 413 {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestRoutes(t *testing.T) {
	for _, c := range []struct{ method, target, route, id string }{
		{"PUT", "/model/iris", "PUT /model/{id}", "iris"},
		{"PUT", "/model/a%2Fb", "PUT /model/{id}", "a/b"},
		{"POST", "/model/iris", "$default", ""},
		{"PUT", "/model/", "$default", ""},
		{"PUT", "/model/iris/", "$default", ""},
		{"POST", "/model", "POST /model", ""},
		{"GET", "/model/iris/pmml", "GET /model/{id}/pmml", "iris"},
		{"GET", "/other/iris/pmml", "$default", ""},
	} {
		var event events.APIGatewayV2HTTPRequest
		f := front.New(function(func(payload []byte) ([]byte, error) { return []byte(ok), json.Unmarshal(payload, &event) }), front.Options{
			Routes: []string{"PUT /model/{id}", "POST /model", "GET /model/{id}/pmml"},
			Authorize: func(route string, r *http.Request) (*front.Authorizer, bool) {
				return &front.Authorizer{Lambda: map[string]any{"route": route}}, r.Header.Get("X-Stranger") == ""
			},
		})
		r := httptest.NewRequest(c.method, c.target, nil)
		f.ServeHTTP(httptest.NewRecorder(), r)
		if event.RouteKey != c.route || event.RequestContext.RouteKey != c.route || event.PathParameters["id"] != c.id ||
			event.RequestContext.Authorizer.Lambda["route"] != c.route {
			t.Errorf("%s %s became %+v", c.method, c.target, event)
		}
		r.Header.Set("X-Stranger", "yes")
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != 403 || w.Body.String() != `{"message":"Forbidden"}` {
			t.Errorf("a stranger is answered %d %s", w.Code, w.Body)
		}
	}
}
