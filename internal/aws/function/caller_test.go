package function_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/aws/function"
)

// Who the caller is says API Gateway in the event's context, and nobody else: headers of that kind are just headers.
func TestCaller(t *testing.T) {
	for _, c := range []struct {
		name, event string
		want        function.Caller
	}{
		{"nobody", `{"rawPath":"/model","headers":{"x-routekey":"PUT /model/{id}"},"routeKey":"PUT /model/{id}",` +
			`"requestContext":{"routeKey":"$default","http":{"method":"GET","sourceIp":"192.0.2.1"}}}`,
			function.Caller{RouteKey: "$default", Address: "192.0.2.1"}},
		{"IAM", `{"rawPath":"/model","pathParameters":{"id":"iris"},"requestContext":{"routeKey":"PUT /model/{id}","http":{"method":"PUT","sourceIp":"::1"},` +
			`"authorizer":{"iam":{"userArn":"arn:aws:iam::123456789012:user/ana","cognitoIdentity":null,"principalOrgId":null}}}}`,
			function.Caller{RouteKey: "PUT /model/{id}", Parameters: map[string]string{"id": "iris"}, Address: "::1", Principal: "arn:aws:iam::123456789012:user/ana"}},
		{"JWT", `{"rawPath":"/model","requestContext":{"http":{"method":"PUT"},"authorizer":{"jwt":{"claims":{"sub":"7"},"scopes":["a"]}}}}`,
			function.Caller{Claims: map[string]string{"sub": "7"}}},
		{"JWT without scopes", `{"rawPath":"/model","requestContext":{"http":{"method":"PUT"},"authorizer":{"jwt":{"claims":{},"scopes":null}}}}`,
			function.Caller{Claims: map[string]string{}}},
		{"REST API", `{"path":"/model","httpMethod":"PUT","resource":"/model/{id}","requestContext":{"identity":{"sourceIp":"192.0.2.1","userArn":"arn"}}}`,
			function.Caller{Address: "192.0.2.1", Principal: "arn"}},
	} {
		var got function.Caller
		h := function.NewHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = function.CallerOf(r.Context()) }), "")
		if _, err := h.Invoke(context.Background(), []byte(c.event)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
		if r, ok := function.Head(context.Background(), []byte(c.event)); !ok || !reflect.DeepEqual(function.CallerOf(r.Context()), c.want) {
			t.Errorf("%s: the head does not have %+v", c.name, c.want)
		}
	}
	if got := function.CallerOf(context.Background()); !reflect.DeepEqual(got, function.Caller{}) {
		t.Errorf("a request that is no event comes from %+v", got)
	}
}

// A head is the handler's request without the body, which may be anything.
func TestHead(t *testing.T) {
	for _, event := range []string{
		`{"rawPath":"/prod/model/a b","rawQueryString":"x=%20&y","headers":{"host":"a.example","x-many":"1, 2","content-type":"text/csv, b"},` +
			`"cookies":["token=t","b=1"],"requestContext":{"stage":"prod","domainName":"d","http":{"method":"post","sourceIp":"192.0.2.1"}},"body":BODY}`,
		`{"path":"/model/iris","httpMethod":"POST","headers":{"Host":"a.example"},"multiValueHeaders":{"Host":["a.example"],"X":["1","2"]},` +
			`"multiValueQueryStringParameters":{"a":["1","2"]},"requestContext":{"path":"/prod/model/iris","stage":"prod"},"body":BODY}`,
	} {
		var want *http.Request
		h := function.NewHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { want = r }), "")
		if _, err := h.Invoke(context.Background(), withBody(event, `"text"`)); err != nil {
			t.Fatal(err)
		}
		got, ok := function.Head(context.Background(), withBody(event, `"*","isBase64Encoded":true`))
		if !ok {
			t.Fatalf("%s has no head", event)
		}
		type shown struct {
			Method, URL, Host, Address string
			Header                     http.Header
		}
		show := func(r *http.Request) shown { return shown{r.Method, r.URL.String(), r.Host, r.RemoteAddr, r.Header} }
		if diff := cmp.Diff(show(want), show(got)); diff != "" {
			t.Error(diff)
		}
		if body, err := io.ReadAll(got.Body); err != nil || len(body) > 0 {
			t.Errorf("the head has a body: %q, %v", body, err)
		}
	}
	for _, event := range []string{``, `[]`, `{"arguments":{}}`, `{"requestContext":{}}`, `{"requestContext":{"http":{"method":"\u0000"}}}`, `{"requestContext":{"http":1}}`, `{"a":1}x`, `{"a":`} {
		if _, ok := function.Head(context.Background(), []byte(event)); ok {
			t.Errorf("%s has a head", event)
		}
	}
}

func withBody(event, body string) []byte { return []byte(strings.Replace(event, "BODY", body, 1)) }

// large is an event with a body of 5 MB, full of the quotation marks that JSON has.
func large() []byte {
	body := strings.Repeat(`{\"id\":\"1\",\"arguments\":{\"sepal_length\":5.1}},`, 5<<20/48)
	return []byte(`{"version":"2.0","routeKey":"$default","rawPath":"/model/iris/batch","rawQueryString":"","headers":{"content-type":"application/json",` +
		`"host":"a.example"},"requestContext":{"routeKey":"$default","stage":"$default","http":{"method":"POST","path":"/model/iris/batch",` +
		`"sourceIp":"192.0.2.1"}},"body":"` + body + `","isBase64Encoded":false}`)
}

func BenchmarkInvokeWithLargeBody(b *testing.B) {
	event := large()
	h := function.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }), "")
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		if out, err := h.Invoke(context.Background(), event); err != nil || !bytes.Contains(out, []byte("200")) {
			b.Fatal(err)
		}
	}
}

func BenchmarkHeadOfLargeBody(b *testing.B) {
	event := large()
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := function.Head(context.Background(), event); !ok {
			b.Fatal("no head")
		}
	}
}
