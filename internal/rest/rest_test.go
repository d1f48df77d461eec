package rest_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/rest"
)

// TestRoutes has every path with every method: what it answers, and that the answer says what it must.
func TestRoutes(t *testing.T) {
	server := withIris(t, nil)
	for _, c := range []struct {
		method, path, header, body string
		status                     int
		contains                   string
	}{
		{"GET", "/model", "", "", 200, `{"responses":[{"id":"iris","miningFunction":"classification","summary":"Tree model","properties":{"created.timestamp":"`},
		{"GET", "/model/", "", "", 200, `"iris"`},
		{"GET", "/openscoring/model", "", "", 200, `"iris"`},
		{"HEAD", "/model", "", "", 200, ""},
		{"PUT", "/model", "", "", 405, "Method Not Allowed"},
		{"DELETE", "/model", "", "", 405, "Method Not Allowed"},
		{"PATCH", "/model", "", "", 405, "Method Not Allowed"},
		{"OPTIONS", "/model", "", "", 200, ""},
		{"GET", "/Model", "", "", 404, "Not Found"},
		{"GET", "//model", "", "", 404, "Not Found"},
		{"GET", "/model//", "", "", 404, "Not Found"},
		{"GET", "/", "", "", 404, "Not Found"},
		{"GET", "/openscoring", "", "", 404, "Not Found"},
		{"GET", "/openscoring/openscoring/model", "", "", 404, "Not Found"},
		{"GET", "/model/iris", "", "", 200, `"schema":{"inputFields":[{"id":"Petal_Length","dataType":"double","opType":"continuous","values":["[1, 6.9]"]}`},
		{"GET", "/model/iris/", "", "", 200, `"iris"`},
		{"GET", "/openscoring/model/iris", "", "", 200, `"iris"`},
		{"GET", "/model/i%72is", "", "", 404, "Not Found"},
		{"GET", "/model/iris%2F", "", "", 404, "Not Found"},
		{"GET", "/model/../model/iris", "", "", 404, "Not Found"},
		{"GET", "/model/Iris", "", "", 404, "Not Found"},
		{"GET", "/model/none", "", "", 404, "Not Found"},
		{"GET", "/model/" + strings.Repeat("a", 129), "", "", 404, "Not Found"},
		{"POST", "/model/" + strings.Repeat("a", 129), "", record, 404, "Not Found"},
		{"PUT", "/model/" + strings.Repeat("a", 129), "", "<PMML/>", 400, "Invalid identifier: it has more than 128 characters"},
		{"PUT", "/model/" + strings.Repeat("a", 129) + "!", "", "<PMML/>", 404, "Not Found"},
		{"HEAD", "/model/iris", "", "", 200, ""},
		{"HEAD", "/model/none", "", "", 404, ""},
		{"PATCH", "/model/iris", "", "", 405, "Method Not Allowed"},
		{"TRACE", "/model/iris", "", "", 405, "Method Not Allowed"},
		{"POST", "/model/iris", "", record, 200, setosa},
		{"POST", "/openscoring/model/iris", "", record, 200, setosa},
		{"POST", "/model/iris/", "", record, 200, setosa},
		{"POST", "/model/none", "", record, 404, "Not Found"},
		{"POST", "/model/none", "", "{", 400, "malformed JSON"},
		{"POST", "/model/iris", "Content-Type: -", record, 415, "Unsupported Media Type"},
		{"POST", "/model/iris", "Content-Type: text/plain", record, 415, "Unsupported Media Type"},
		{"POST", "/model/iris", "Content-Type: application/json;charset=x; y", record, 200, setosa},
		{"POST", "/model/iris", "Content-Type: Application/JSON", record, 200, setosa},
		{"POST", "/model/iris/batch", "", `{"requests":[` + record + `]}`, 200, `{"responses":[` + strings.TrimSpace(setosa) + `]}`},
		{"POST", "/model/none/batch", "", `{"requests":[]}`, 404, "Not Found"},
		{"POST", "/model/none/batch", "", `[]`, 400, "must be an object"},
		{"GET", "/model/iris/batch", "", "", 405, "Method Not Allowed"},
		{"POST", "/model/iris/csv", "Content-Type: text/csv", "Petal_Length,Petal_Width\n1.4,\n", 200, columns + "setosa,0.0,2,,,,,\n"},
		{"POST", "/model/iris/csv", "Content-Type: text/plain", "Petal_Length,Petal_Width\n1.4,\n", 200, columns},
		{"POST", "/model/iris/csv", "Content-Type: application/csv", "Petal_Length,Petal_Width\n1.4,\n", 200, columns},
		{"POST", "/model/iris/csv", "Content-Type: -", "Petal_Length,Petal_Width\n1.4,\n", 200, columns},
		{"POST", "/model/iris/csv", "", "Petal_Length,Petal_Width\n1.4,\n", 415, "Unsupported Media Type"},
		{"POST", "/model/none/csv", "Content-Type: text/csv", "a,b\n1,\n", 404, "Not Found"},
		{"POST", "/model/none/csv", "Content-Type: text/csv", "a,b\n1\n", 400, "Unrecognized CSV format"},
		{"GET", "/model/iris/csv", "", "", 405, "Method Not Allowed"},
		{"GET", "/model/iris/pmml", "", "", 200, "<PMML"},
		{"GET", "/model/none/pmml", "", "", 404, "Not Found"},
		{"POST", "/model/iris/pmml", "", "{}", 405, "Method Not Allowed"},
		{"GET", "/model/iris/nothing", "", "", 404, "Not Found"},
		{"GET", "/model/iris/pmml/x", "", "", 404, "Not Found"},
		{"GET", "/metric/model", "", "", 200, `"gauges":{},"counters":{"iris.records":`},
		{"GET", "/metric/model/", "", "", 200, `"version":"3.0.0"`},
		{"GET", "/openscoring/metric/model/iris", "", "", 200, `"timers":{"evaluate":`},
		{"GET", "/metric/model/none", "", "", 404, `Model \"none\" not found`},
		{"GET", "/metric/model/-", "", "", 404, "Not Found"},
		{"GET", "/metric/model/iris/csv", "", "", 404, "Not Found"},
		{"GET", "/metric", "", "", 404, "Not Found"},
		{"POST", "/metric/model/iris", "", "{}", 405, "Method Not Allowed"},
		{"GET", "/livez", "", "", 200, `{"status":"ok"}`},
		{"GET", "/readyz", "", "", 200, `{"status":"ok"}`},
		{"GET", "/healthz", "", "", 200, `{"status":"ok"}`},
		{"HEAD", "/healthz", "", "", 200, ""},
		{"POST", "/healthz", "", "", 405, "Method Not Allowed"},
		{"GET", "/openscoring/healthz", "", "", 404, "Not Found"},
		{"DELETE", "/model/none", "", "", 404, "Not Found"},
		{"POST", "/model/none", "X-HTTP-Method-Override: DELETE", "", 404, "Not Found"},
		{"POST", "/model/none?_method=DELETE", "", "", 404, "Not Found"},
		{"POST", "/model/iris", "X-HTTP-Method-Override: delete", record, 405, "Method Not Allowed"},
		{"POST", "/model/iris", "X-HTTP-Method-Override: BREW", record, 405, "Method Not Allowed"},
		{"POST", "/model/iris", "X-HTTP-Method-Override: GET", "", 200, `"iris"`},
		{"GET", "/model/iris?_method=DELETE", "X-HTTP-Method-Override: DELETE", "", 200, `"iris"`},
		{"GET", "/metrics", "", "", 200, "handoff_models 1\n"},
	} {
		t.Run(c.method+" "+c.path+" "+c.header, func(t *testing.T) {
			got := send(t, server, request{c.method, c.path, c.header, c.body})
			if got.status != c.status || !strings.Contains(got.body, c.contains) {
				t.Errorf("%d %s\nwant %d … %s", got.status, got.body, c.status, c.contains)
			}
			if got.header.Get("X-Application") != "Openscoring/2.2.1" || !strings.Contains(got.header.Get("Vary"), "Accept-Encoding") {
				t.Errorf("header %v", got.header)
			}
			if c.method == "HEAD" && got.body != "" {
				t.Errorf("HEAD has a body: %s", got.body)
			}
			if got.status >= 400 && c.method != "HEAD" && (got.header.Get("Content-Type") != "application/json" || strings.HasPrefix(got.message(), "not a message")) {
				t.Errorf("%s %s", got.header.Get("Content-Type"), got.body)
			}
		})
	}
}

func TestAllow(t *testing.T) {
	server := newServer(t, nil)
	for path, want := range map[string]string{
		"/model":         "GET, HEAD, OPTIONS, POST",
		"/model/x":       "DELETE, GET, HEAD, OPTIONS, POST, PUT",
		"/model/x/pmml":  "GET, HEAD, OPTIONS",
		"/model/x/batch": "OPTIONS, POST",
		"/model/x/csv":   "OPTIONS, POST",
	} {
		for _, method := range []string{"OPTIONS", "PATCH"} {
			if got := send(t, server, request{method: method, path: path}); got.header.Get("Allow") != want {
				t.Errorf("%s %s: %s, want %s", method, path, got.header.Get("Allow"), want)
			}
		}
	}
}

// TestDeploy deploys in every form.
func TestDeploy(t *testing.T) {
	server := newServer(t, nil)
	document := irisDocument(t)
	var zlibbed, deflated bytes.Buffer
	z := zlib.NewWriter(&zlibbed)
	io.WriteString(z, document)
	z.Close()
	d, _ := flate.NewWriter(&deflated, 1)
	io.WriteString(d, document)
	d.Close()
	form := func(parts ...string) string {
		var b strings.Builder
		for i := 0; i < len(parts); i += 2 {
			fmt.Fprintf(&b, "--B\r\nContent-Disposition: form-data; name=%q; filename=\"f\"\r\n\r\n%s\r\n", parts[i], parts[i+1])
		}
		return b.String() + "--B--\r\n"
	}
	const formType = "Content-Type: multipart/form-data; boundary=B"
	for i, c := range []struct {
		name    string
		request request
		status  int
		message string
	}{
		{"XML", request{"PUT", "", "Content-Type: application/xml", document}, 201, ""},
		{"text/xml with charset", request{"PUT", "", "Content-Type: text/xml; charset=utf-8", document}, 201, ""},
		{"no type", request{"PUT", "", "", document}, 201, ""},
		{"gzip", request{"PUT", "", "Content-Encoding: gzip", gzipped(document)}, 201, ""},
		{"x-gzip", request{"PUT", "", "Content-Encoding: X-GZIP", gzipped(document)}, 201, ""},
		{"gzip that nobody speaks of", request{"PUT", "", "", gzipped(document)}, 201, ""},
		{"deflate", request{"PUT", "", "Content-Encoding: deflate", zlibbed.String()}, 201, ""},
		{"raw deflate", request{"PUT", "", "Content-Encoding: deflate", deflated.String()}, 201, ""},
		{"form", request{"PUT", "", formType, form("x", "1", "pmml", document)}, 201, ""},
		{"override by header", request{"POST", "", "Content-Type: application/xml\nX-HTTP-Method-Override: PUT", document}, 201, ""},
		{"override by query", request{"POST", "?_method=PUT", "Content-Type: application/xml", document}, 201, ""},
		{"model name", request{"PUT", "?modelName=Iris", "", document}, 201, ""},
		{"unknown model name", request{"PUT", "?modelName=none", "", document}, 400, ""},
		{"JSON", request{"PUT", "", "Content-Type: application/json", "{}"}, 415, "Unsupported Media Type"},
		{"octets", request{"PUT", "", "Content-Type: application/octet-stream", document}, 415, "Unsupported Media Type"},
		{"unknown encoding", request{"PUT", "", "Content-Encoding: br", document}, 415, "Unsupported Media Type"},
		{"no gzip", request{"PUT", "", "Content-Encoding: gzip", document}, 400, "The body is not compressed as its Content-Encoding says"},
		{"half a gzip", request{"PUT", "", "Content-Encoding: gzip", gzipped(document)[:200]}, 400, "The body is not compressed as its Content-Encoding says"},
		{"no deflate", request{"PUT", "", "Content-Encoding: deflate", "\xFF\xFFno"}, 400, "The body is not compressed as its Content-Encoding says"},
		{"form without the part", request{"PUT", "", formType, form("other", "x")}, 400, `The form has no part "pmml"`},
		{"form without boundary", request{"PUT", "", "Content-Type: multipart/form-data", form()}, 400, "The Content-Type has no usable boundary of the form's parts"},
		{"form with a long boundary", request{"PUT", "", "Content-Type: multipart/form-data; boundary=" + strings.Repeat("b", 71), form()}, 400, "The Content-Type has no usable boundary of the form's parts"},
		{"half a form", request{"PUT", "", formType, form("pmml", document)[:400]}, 400, "The form is malformed"},
		{"no form", request{"PUT", "", formType, "x"}, 400, "The form is malformed"},
		{"many parts", request{"PUT", "", formType, form(strings.Split(strings.Repeat("x,", 202), ",")[:202]...)}, 400, "The form has more than 100 parts"},
		{"empty", request{"PUT", "", "", ""}, 400, ""},
		{"not XML", request{"PUT", "", "", "<PMML"}, 400, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := fmt.Sprintf("m%d", i)
			c.request.path = "/model/" + id + c.request.path
			got := send(t, server, c.request)
			if got.status != c.status || c.message != "" && got.message() != c.message {
				t.Fatalf("%d %s", got.status, got.body)
			}
			scored := send(t, server, request{"POST", "/model/" + id, "", record})
			if c.status != 201 {
				if scored.status != 404 && scored.status != 400 {
					t.Errorf("scored nevertheless: %d %s", scored.status, scored.body)
				}
				return
			}
			if location := got.header.Get("Location"); location != server.URL+"/model/"+id {
				t.Errorf("Location %s", location)
			}
			if scored.body != setosa {
				t.Errorf("scored %s", scored.body)
			}
			if back := send(t, server, request{"GET", "/model/" + id + "/pmml", "", ""}); back.body != document {
				t.Errorf("another document comes back: %.200s", back.body)
			}
		})
	}
}

func TestDeployByForm(t *testing.T) {
	server := newServer(t, nil)
	document := irisDocument(t)
	const formType = "Content-Type: multipart/form-data; boundary=B"
	part := func(name, text string) string {
		return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + text + "\r\n"
	}
	id, pmml, end := part("id", " a.b-c_9 "), part("pmml", document), "--B--\r\n"
	for _, c := range []struct {
		name, body string
		status     int
		message    string
	}{
		{"id first", id + pmml + end, 201, ""},
		{"again", id + pmml + end, 200, ""},
		{"document first", pmml + id + end, 200, ""},
		{"bad id", part("id", "-x") + pmml + end, 400, "Invalid identifier"},
		{"no id", pmml + end, 400, "Invalid identifier"},
		{"no document", id + end, 400, `The form has no part "pmml"`},
		{"no form", "x", 400, "The form is malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := send(t, server, request{"POST", "/model", formType, c.body})
			if got.status != c.status || c.message != "" && got.message() != c.message {
				t.Errorf("%d %s", got.status, got.body)
			}
			if location := got.header.Get("Location"); (c.status == 201) != (location == server.URL+"/model/a.b-c_9") {
				t.Errorf("Location %s", location)
			}
		})
	}
	if got := send(t, server, request{"POST", "/model", "Content-Type: application/xml", document}); got.status != 415 {
		t.Errorf("XML: %d", got.status)
	}
}

// TestUpdate replaces a model, fails to, and takes it away.
func TestUpdate(t *testing.T) {
	server := withIris(t, nil)
	changed := strings.Replace(irisDocument(t), `modelVersion="1"`, `modelVersion="2"`, 1)
	if got := send(t, server, request{"PUT", "/model/iris", "", changed}); got.status != 200 || got.header.Get("Location") != "" || !strings.Contains(got.body, `"model.version":"2"`) {
		t.Errorf("update: %d %s", got.status, got.body)
	}
	if got := send(t, server, request{"PUT", "/model/iris", "", "<PMML"}); got.status != 400 {
		t.Errorf("faulty update: %d %s", got.status, got.body)
	}
	if got := send(t, server, request{"POST", "/model/iris", "", record}); got.body != setosa {
		t.Errorf("after a faulty update: %d %s", got.status, got.body)
	}
	if got := send(t, server, request{"GET", "/model/iris", "", ""}); !strings.Contains(got.body, `"model.version":"2"`) || strings.Contains(got.body, `"accessed.timestamp":null`) {
		t.Errorf("after scoring: %s", got.body)
	}
	if got := send(t, server, request{"DELETE", "/model/iris", "Content-Type: application/x-www-form-urlencoded", ""}); got.status != 200 || got.body != "{}\n" {
		t.Errorf("undeploy: %d %s", got.status, got.body)
	}
	if got := send(t, server, request{"POST", "/model/iris", "", record}); got.status != 404 {
		t.Errorf("after undeployment: %d %s", got.status, got.body)
	}
	if got := send(t, server, request{"GET", "/model", "", ""}); got.body != "{}\n" {
		t.Errorf("list: %s", got.body)
	}
}

// TestRejected scores with a model whose document was rejected: it is said why there is none.
func TestRejected(t *testing.T) {
	server := newServer(t, nil)
	unknown := strings.Replace(irisDocument(t), `function="greaterThan"`, `function="no.such"`, 1)
	put := send(t, server, request{"PUT", "/model/iris", "", unknown})
	if put.status != 400 || !regexp.MustCompile(`^\d+: /PMML/.*no\.such.* \[unknown-function\]$`).MatchString(put.message()) {
		t.Fatalf("deploy: %d %s", put.status, put.body)
	}
	if !regexp.MustCompile(`^\d+: /PMML/.* \[unknown-function\]$`).MatchString(put.header.Get("X-Handoff-Fault")) {
		t.Errorf("X-Handoff-Fault: %s", put.header.Get("X-Handoff-Fault"))
	}
	if got := send(t, server, request{"POST", "/model/iris", "", record}); got.status != 400 || got.message() != put.message() {
		t.Errorf("score: %d %s", got.status, got.body)
	}
	if got := send(t, server, request{"GET", "/model/iris", "", ""}); got.status != 404 {
		t.Errorf("describe: %d %s", got.status, got.body)
	}
	if got := send(t, server, request{"DELETE", "/model/iris", "", ""}); got.status != 404 {
		t.Errorf("undeploy: %d %s", got.status, got.body)
	}
	if got := send(t, server, request{"POST", "/model/iris", "", record}); got.status != 404 {
		t.Errorf("score after undeployment: %d %s", got.status, got.body)
	}
}

// TestRoles has every operation with every role in the configurations of tokens.
func TestRoles(t *testing.T) {
	for _, tokens := range []struct {
		name, user, admin string
		callers           map[string]rest.Role // role by header
	}{
		{"none", "", "", map[string]rest.Role{
			"": rest.Admin, "Authorization: Bearer x": rest.Admin, "X-Forwarded-For: 203.0.113.9": rest.Admin,
			"Host: evil.example": rest.User, "Origin: https://evil.example": rest.User, "Sec-Fetch-Site: cross-site": rest.User,
			"Sec-Fetch-Site: same-site": rest.User, "Sec-Fetch-Site: same-origin": rest.Admin, "Host: localhost:80": rest.Admin,
			"Host: [::1]:80": rest.Admin,
		}},
		{"admin", "", "A", map[string]rest.Role{
			"": rest.User, "Authorization: Bearer A": rest.Admin, "Authorization: bearer  A": rest.Admin, "Cookie: token=A": rest.Admin,
			"Authorization: Bearer a": rest.User, "Authorization: Basic A": rest.User, "Authorization: A": rest.User,
			"Authorization: Bearer": rest.User, "X-Forwarded-For: 127.0.0.1": rest.User, "Authorization: Bearer AA": rest.User,
		}},
		{"user and admin", "U", "A", map[string]rest.Role{
			"": rest.Nobody, "Authorization: Bearer U": rest.User, "Authorization: Bearer A": rest.Admin, "Authorization: Bearer x": rest.Nobody,
			"Cookie: token=U": rest.User, "Cookie: token=A; x=1": rest.Admin, "Cookie: token=x": rest.Nobody, "Cookie: Token=A": rest.Nobody,
			"Authorization: Bearer A\nCookie: token=x": rest.Admin, "Authorization: Basic VTpB": rest.Nobody, "Authorization: Bearer ": rest.Nobody,
		}},
		{"user", "U", "", map[string]rest.Role{
			"": rest.Admin, "Host: evil.example": rest.Nobody, "Host: evil.example\nAuthorization: Bearer U": rest.User,
			"Host: evil.example\nAuthorization: Bearer ": rest.Nobody,
		}},
	} {
		server := newServer(t, func(c *rest.Config) { c.Roles = rest.Tokens(tokens.user, tokens.admin) })
		for header, role := range tokens.callers {
			t.Run(tokens.name+" "+header, func(t *testing.T) { tryRole(t, server, header, role) })
		}
	}
}

// tryRole tries all operations; a caller without the role is refused before anything is looked at.
func tryRole(t *testing.T, server *httptest.Server, header string, role rest.Role) {
	for _, c := range []struct {
		needs        rest.Role
		method, path string
		header, body string
		status       int // if the caller has the role
	}{
		{rest.User, "GET", "/model", "", "", 200},
		{rest.User, "GET", "/openscoring/model", "", "", 200},
		{rest.User, "HEAD", "/model", "", "", 200},
		{rest.User, "GET", "/model/none", "", "", 404},
		{rest.User, "POST", "/model/none", "", record, 404},
		{rest.User, "POST", "/model/none", "", "{", 400},
		{rest.User, "POST", "/model/none/batch", "", `{"requests":[]}`, 404},
		{rest.User, "POST", "/model/none/csv", "Content-Type: text/csv", "a,b\n", 404},
		{rest.User, "GET", "/metrics", "", "", 200},
		{rest.Admin, "GET", "/metric/model", "", "", 200},
		{rest.Admin, "GET", "/metric/model/none", "", "", 404},
		{rest.Admin, "PUT", "/model/none", "", "<PMML", 400},
		{rest.Admin, "PUT", "/openscoring/model/none/", "", "<PMML", 400},
		{rest.Admin, "POST", "/model/none?_method=PUT", "Content-Type: text/xml", "<PMML", 400},
		{rest.Admin, "POST", "/model/none", "Content-Type: text/xml\nX-HTTP-Method-Override: PUT", "<PMML", 400},
		{rest.Admin, "POST", "/model/none?_method=GET", "Content-Type: text/xml\nX-HTTP-Method-Override: PUT", "<PMML", 400},
		{rest.Admin, "POST", "/model", "Content-Type: multipart/form-data; boundary=B", "--B--\r\n", 400},
		{rest.Admin, "DELETE", "/model/none", "", "", 404},
		{rest.Admin, "POST", "/model/none", "X-HTTP-Method-Override: DELETE", "", 404},
		{rest.Admin, "POST", "/model/none?_method=DELETE", "", "", 404},
		{rest.Admin, "GET", "/model/none/pmml", "", "", 404},
		{rest.Admin, "HEAD", "/model/none/pmml", "", "", 404},
		{rest.Admin, "POST", "/model/none/pmml?_method=GET", "", "", 404},
		{rest.Nobody, "PUT", "/model/none", "Content-Type: application/json", "", 415},
		{rest.Nobody, "POST", "/model/none", "X-HTTP-Method-Override: put", record, 405},
		{rest.Nobody, "GET", "/model", "Accept: text/html", "", 406},
		{rest.Nobody, "GET", "/livez", "", "", 200},
		{rest.Nobody, "OPTIONS", "/model", "", "", 200},
	} {
		want := c.status
		if role < c.needs {
			want = 403
		}
		got := send(t, server, request{c.method, c.path, c.header + "\n" + header, c.body})
		if got.status != want || want == 403 && c.method != "HEAD" && got.message() != "User not authorized." {
			t.Errorf("%s %s %s: %d %s, want %d", c.method, c.path, c.header, got.status, got.body, want)
		}
	}
}

func TestAccept(t *testing.T) {
	server := withIris(t, nil)
	const jsonType, problem = "application/json", "application/problem+json"
	for _, c := range []struct {
		path, accept, contentType string
		status                    int
	}{
		{"/model/iris", "*/*", jsonType, 200},
		{"/model/iris", "", jsonType, 200},
		{"/model/iris", "application/*", jsonType, 200},
		{"/model/iris", "text/html;q=0.9, application/json;q=0.5", jsonType, 200},
		{"/model/iris", "application/json;charset=utf-8", jsonType, 200},
		{"/model/iris", problem, jsonType, 200},
		{"/model/iris", "text/html", jsonType, 406},
		{"/model/iris", "application/json;q=0", jsonType, 406},
		{"/model/iris", "*/*, application/json;q=0", jsonType, 406},
		{"/model/none", "*/*", jsonType, 404},
		{"/model/none", problem, problem, 404},
		{"/model/none", "application/json, " + problem, problem, 404},
		{"/model/none", problem + ";q=0", jsonType, 406},
		{"/model/iris/pmml", "application/xml", "application/xml;charset=UTF-8", 200},
		{"/model/iris/pmml", "application/json", jsonType, 406},
	} {
		got := send(t, server, request{"GET", c.path, "Accept: " + c.accept, ""})
		if got.status != c.status || got.header.Get("Content-Type") != c.contentType {
			t.Errorf("%s, Accept %s: %d %s", c.path, c.accept, got.status, got.header.Get("Content-Type"))
		}
	}
	const table = "Petal_Length,Petal_Width\n1.4,\n"
	for accept, contentType := range map[string]string{
		"*/*": "text/plain;charset=utf-8", "text/plain": "text/plain;charset=utf-8", "text/csv": "text/csv;charset=utf-8",
		"text/*": "text/plain;charset=utf-8", "text/csv, text/plain;q=0.5": "text/csv;charset=utf-8",
		"application/json": "", "application/json,text/plain": "text/plain;charset=utf-8", problem: "text/plain;charset=utf-8",
	} {
		got := send(t, server, request{"POST", "/model/iris/csv", "Content-Type: text/csv\nAccept: " + accept, table})
		if contentType == "" && got.status != 406 || contentType != "" && (got.status != 200 || got.header.Get("Content-Type") != contentType) {
			t.Errorf("csv, Accept %s: %d %s", accept, got.status, got.header.Get("Content-Type"))
		}
	}
}

func TestAcceptEncoding(t *testing.T) {
	server := withIris(t, nil)
	for accept, encoding := range map[string]string{
		"": "", "gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "gzip, deflate": "gzip", "deflate, gzip": "gzip",
		"deflate;q=1, gzip;q=0.5": "deflate", "gzip;q=0": "", "br": "", "*": "", "br, gzip;q=0.1": "gzip",
		"identity, gzip;q=0.5": "", "GZIP": "gzip", ";;;,,": "",
	} {
		for _, path := range []string{"/model/iris", "/model/none", "/model/iris/pmml"} {
			got := send(t, server, request{"GET", path, "Accept-Encoding: " + accept, ""})
			if got.header.Get("Content-Encoding") != encoding || len(got.body) < 10 {
				t.Errorf("%s, %q: %q, %s", path, accept, got.header.Get("Content-Encoding"), got.body)
			}
		}
	}
}

// TestProblem asks for RFC 9457: field, row, line, path and code.
// TestMessages: a fault inside a model has its place; one of the model as a whole is told in Openscoring's words alone.
func TestMessages(t *testing.T) {
	server := newServer(t, nil)
	for _, c := range []struct{ change, by, want string }{
		{` functionName="classification"`, "", `^Required attribute TreeModel@functionName is not defined$`},
		{`http://www.dmg.org/PMML-4_4`, "http://www.dmg.org/PMML-9_9", `^PMML namespace URI http://www.dmg.org/PMML-9_9 is not supported$`},
		{`<SimplePredicate field="Petal_Length"`, "<SimplePredicate", `^\d+: /PMML/TreeModel/[^@]*: Required attribute SimplePredicate@field is not defined \[missing-attribute\]`},
	} {
		document := strings.Replace(irisDocument(t), c.change, c.by, 1)
		if document == irisDocument(t) {
			t.Fatalf("the document has no %s", c.change)
		}
		got := send(t, server, request{"PUT", "/model/x", "", document})
		if got.status != 400 || !regexp.MustCompile(c.want).MatchString(got.message()) || got.header.Get("X-Handoff-Fault") == "" {
			t.Errorf("%d %s %s, want %s", got.status, got.body, got.header.Get("X-Handoff-Fault"), c.want)
		}
	}
}

func TestDamagedGzip(t *testing.T) {
	server := newServer(t, nil)
	for header, want := range map[string]string{
		"": "The document begins as gzip does, but its gzip stream is damaged", "Content-Encoding: gzip": "The body is not compressed as its Content-Encoding says",
	} {
		for _, body := range []string{"\x1F\x8Bgarbage", gzipped(irisDocument(t))[:100]} {
			if got := send(t, server, request{"PUT", "/model/x", header, body}); got.status != 400 || got.message() != want {
				t.Errorf("%d %s, want %s", got.status, got.body, want)
			}
		}
	}
}

func TestProblem(t *testing.T) {
	server := withIris(t, nil)
	broken := strings.Replace(irisDocument(t), `field="Petal_Width"`, `field="Nothing"`, 1)
	const csvType = "Content-Type: text/csv"
	for _, c := range []struct {
		name    string
		request request
		want    map[string]any // members of the first error
	}{
		{"record", request{"POST", "/model/iris", "", `{"arguments":{"Petal_Length":"abc"}}`}, map[string]any{"field": "Petal_Length", "code": "invalid-value"}},
		{"table", request{"POST", "/model/iris/csv", csvType, "Id,Petal_Length\n\na,1.4\nb,99\n"},
			map[string]any{"field": "Petal_Length", "code": "invalid-value", "row": 2.0, "line": 4.0}},
		{"shape of a table", request{"POST", "/model/iris/csv?delimiterChar=,", csvType, "Id,Petal_Length\na\n"}, map[string]any{"code": "malformed-body", "row": 1.0, "line": 2.0}},
		{"JSON", request{"POST", "/model/iris", "", "{\n\"arguments\":["}, map[string]any{"code": "malformed-body", "line": 2.0}},
		{"document", request{"PUT", "/model/x", "", broken}, map[string]any{"code": "unknown-field"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.request.header += "\nAccept: application/problem+json, */*"
			got := send(t, server, c.request)
			var p struct {
				Type, Title, Detail string
				Status              int
				Errors              []map[string]any
			}
			if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != 400 || p.Status != 400 || p.Detail == "" ||
				p.Title != "Bad Request" || !strings.HasPrefix(p.Type, "urn:handoff:problem:") || len(p.Errors) == 0 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			for member, want := range c.want {
				if p.Errors[0][member] != want {
					t.Errorf("%s is %v, want %v: %s", member, p.Errors[0][member], want, got.body)
				}
			}
			if c.name == "document" && (p.Errors[0]["line"] == nil || !strings.HasPrefix(p.Errors[0]["path"].(string), "/PMML/")) {
				t.Errorf("no place: %s", got.body)
			}
		})
	}
}

// TestTables has what HTTP adds to tables: parameters, charsets, forms.
func TestTables(t *testing.T) {
	server := withIris(t, nil)
	form := func(name, contentType, text string) string {
		return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"in.csv\"\r\nContent-Type: " + contentType + "\r\n\r\n" + text + "\r\n--B--\r\n"
	}
	const formType = "Content-Type: multipart/form-data; boundary=B"
	for _, c := range []struct {
		name, query, header, body string
		status                    int
		want                      string
	}{
		{"escaped tab", `?delimiterChar=%5Ct`, "", "Petal_Length\tNote\n1.4\tx\n", 200, "setosa\t0.0"},
		{"python's", "?delimiterChar=%09&quoteChar=%22", "", "Petal_Length\tNote\n1.4\t\"x\"\n", 200, "\tx\t"},
		{"quote alone", "?quoteChar=%5C'", "", "Petal_Length,Note\n'1.4','a,b'\n", 200, "'a,b'"},
		{"two characters", "?delimiterChar=ab", "", "a\n", 400, `Invalid CSV delimiter character: \"ab\"`},
		{"no character", "?delimiterChar=", "", "a\n", 400, `Invalid CSV delimiter character: \"\"`},
		{"newline", "?delimiterChar=%0A", "", "a\n", 400, "Invalid CSV delimiter character"},
		{"beyond ASCII", "?delimiterChar=%C2%A7", "", "a\n", 400, "Invalid CSV delimiter character"},
		{"invalid UTF-8", "?delimiterChar=%FF", "", "a\n", 400, "Invalid CSV delimiter character"},
		{"bad quote", "?quoteChar=ab", "", "a\n", 400, `Invalid CSV quote character: \"ab\"`},
		{"both the same", "?delimiterChar=%22", "", "a\n", 400, "should not be the same character"},
		{"Latin 1", "", "Content-Type: text/csv;charset=ISO-8859-1", "Petal_Length,Note\n1.4,Gr\xF6\xDFe\n", 200, "Gr\xF6\xDFe"},
		{"UTF-16", "", "Content-Type: text/plain;charset=UTF-16", "\xFE\xFF\x00a\x00,\x00b\x00\n", 200, "\x00S\x00p\x00e\x00c\x00i\x00e\x00s"},
		{"half a pair of UTF-16", "", "Content-Type: text/plain;charset=UTF-16LE", "a\x00,\x00b\x00\n\x00\x00\xD8,\x00x\x00\n\x00", 400, "The body is not text in utf-16le"},
		{"half a unit of UTF-16", "", "Content-Type: text/plain;charset=UTF-16BE", "\x00a\x00,\x00b\x00\n\x00", 400, "The body is not text in utf-16be"},
		{"unknown charset", "", "Content-Type: text/csv;charset=klingon", "a,b\n", 400, `Unsupported charset \"klingon\"`},
		{"form", "", formType, form("csv", "text/csv", "Petal_Length,Note\n1.4,x\n"), 200, "setosa"},
		{"form of another type", "", formType, form("csv", "application/vnd.ms-excel", "Petal_Length,Note\n1.4,x\n"), 200, "setosa"},
		{"form in Latin 1", "", formType, form("csv", "text/csv; charset=iso-8859-1", "Petal_Length,Note\n1.4,\xE4\n"), 200, "\xE4"},
		{"form without the part", "", formType, form("data", "text/csv", "a"), 400, `The form has no part \"csv\"`},
		{"half a form", "", formType, form("csv", "text/csv", "a,b\n")[:100], 400, "The form is malformed"},
		{"gzip", "", "Content-Encoding: gzip", gzipped("Petal_Length,Note\n1.4,x\n"), 200, "setosa"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := send(t, server, request{"POST", "/model/iris/csv" + c.query, "Content-Type: text/csv\n" + c.header, c.body})
			if got.status != c.status || !strings.Contains(got.body, c.want) {
				t.Errorf("%d %q", got.status, got.body)
			}
			if got.status == 200 && got.header.Get("Content-Disposition") != "attachment; filename=results.csv" {
				t.Errorf("Content-Disposition %s", got.header.Get("Content-Disposition"))
			}
		})
	}
}

func TestLocation(t *testing.T) {
	server := newServer(t, func(c *rest.Config) { c.BasePath = "/stage/" })
	document := irisDocument(t)
	for i, c := range []struct{ prefix, header, want string }{
		{"/stage", "", "http://HOST/stage/model/"},
		{"/stage/openscoring", "", "http://HOST/stage/openscoring/model/"},
		{"/stage", "X-Forwarded-Proto: https\nX-Forwarded-Host: models.example", "https://models.example/stage/model/"},
		{"/stage", "X-Forwarded-Proto: https, http\nX-Forwarded-Prefix: /a/", "https://HOST/a/stage/model/"},
		{"/stage", "X-Forwarded-Proto: javascript\nX-Forwarded-Host: a/b\nX-Forwarded-Prefix: //evil", "http://HOST/stage/model/"},
	} {
		id := fmt.Sprintf("m%d", i)
		got := send(t, server, request{"PUT", c.prefix + "/model/" + id, c.header, document})
		want := strings.Replace(c.want, "HOST", strings.TrimPrefix(server.URL, "http://"), 1) + id
		if got.status != 201 || got.header.Get("Location") != want {
			t.Errorf("%d Location %s, want %s", got.status, got.header.Get("Location"), want)
		}
	}
	if got := send(t, server, request{"GET", "/model", "", ""}); got.status != 404 {
		t.Errorf("outside the base path: %d", got.status)
	}
}

func TestCORS(t *testing.T) {
	preflight := request{"OPTIONS", "/model/x", "Origin: https://app.example\nAccess-Control-Request-Method: POST", ""}
	if got := send(t, newServer(t, nil), preflight); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without configuration: %v", got.header)
	}
	server := newServer(t, func(c *rest.Config) { c.AllowOrigins = []string{"https://app.example"} })
	got := send(t, server, preflight)
	if got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Errorf("%d %v", got.status, got.header)
	}
	for _, name := range []string{"Content-Type", "Authorization", "X-Amz-Date", "X-Amz-Security-Token"} { // of tokens, and of AWS's signatures
		if !strings.Contains(got.header.Get("Access-Control-Allow-Headers"), name) {
			t.Errorf("%s may not be sent: %v", name, got.header)
		}
	}
	preflight.header = "Origin: https://other.example"
	if got := send(t, server, preflight); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin: %v", got.header)
	}
}

// TestReadOnly has neither a deployer nor documents, as in a function.
func TestReadOnly(t *testing.T) {
	server := newServer(t, func(c *rest.Config) { c.Deployer, c.Documents, c.Operations = nil, nil, false })
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/model", 200}, {"PUT", "/model/x", 405}, {"DELETE", "/model/x", 405}, {"POST", "/model", 405},
		{"POST", "/model/x?_method=PUT", 405}, {"GET", "/model/x/pmml", 404}, {"GET", "/livez", 404}, {"GET", "/metrics", 404},
	} {
		if got := send(t, server, request{c.method, c.path, "", ""}); got.status != c.status {
			t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.body)
		}
	}
}

// TestLimits sends more than is allowed.
func TestLimits(t *testing.T) {
	small := rest.Limits{Body: 1000, Document: 100_000, Answer: 5000}
	server := withIris(t, func(c *rest.Config) { c.Limits = small })
	many := `{"requests":[` + strings.Repeat(record+",", 20) + record + `]}`
	large := `{"arguments":{"x":"` + strings.Repeat("x", 1000) + `"}}`
	for _, c := range []struct {
		name    string
		request request
		status  int
		message string
	}{
		{"body", request{"POST", "/model/iris", "", large}, 413, "The body has more than 1000 bytes"},
		{"expanded body", request{"POST", "/model/iris", "Content-Encoding: gzip", gzipped(large)}, 413, "The body has more than 1000 bytes"},
		{"table", request{"POST", "/model/iris/csv", "Content-Type: text/csv", large}, 413, "The body has more than 1000 bytes"},
		{"answer", request{"POST", "/model/iris/csv", "Content-Type: text/csv", "Id,Petal_Length\n" + strings.Repeat(",1\n", 300)}, 413, "The answer would be too large, send fewer records"},
		{"batch", request{"POST", "/model/iris/batch", "", many}, 200, ""},
		{"document", request{"PUT", "/model/x", "", strings.Repeat(" ", 100_001)}, 413, "The body has more than 100000 bytes"},
		{"expanded document", request{"PUT", "/model/x", "Content-Encoding: gzip", gzipped(strings.Repeat(" ", 100_001))}, 413, "The body has more than 100000 bytes"},
		{"gzipped document", request{"PUT", "/model/x", "", gzipped(strings.Repeat(" ", 100_001))}, 413, "The body has more than 100000 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := send(t, server, c.request)
			if got.status != c.status || c.message != "" && got.message() != c.message {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	if got := send(t, server, request{"POST", "/model/iris", "", record}); got.body != setosa {
		t.Errorf("afterwards: %d %s", got.status, got.body)
	}
}

// TestExpansion sends bodies that grow out of all proportion.
func TestExpansion(t *testing.T) {
	server := withIris(t, func(c *rest.Config) { c.Limits = rest.Limits{Ratio: 10} })
	bomb := gzipped(strings.Repeat(" ", 20<<20))
	for _, q := range []request{
		{"POST", "/model/iris", "Content-Encoding: gzip", bomb},
		{"POST", "/model/iris/csv", "Content-Type: text/csv\nContent-Encoding: gzip", bomb},
		{"PUT", "/model/x", "Content-Encoding: gzip", bomb},
		{"PUT", "/model/x", "", bomb},
	} {
		if got := send(t, server, q); got.status != 413 || got.message() != "The body grows more than 10 times when it is decompressed" {
			t.Errorf("%s %s %s: %d %s", q.method, q.path, q.header, got.status, got.body)
		}
	}
}

// TestLargeRefusal sends all of a body that nobody wants and then reads the answer, as many clients do.
func TestLargeRefusal(t *testing.T) {
	server := withIris(t, func(c *rest.Config) { c.Limits = rest.Limits{Body: 1000} })
	for _, transfer := range []string{"Content-Length: 67108864", "Transfer-Encoding: chunked"} {
		body := strings.Repeat(" ", 64<<20)
		if strings.Contains(transfer, "chunked") {
			body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		}
		got := raw(t, server, "POST /model/iris HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+transfer+"\r\n\r\n"+body)
		if got.status != 413 {
			t.Errorf("%s: %d %s", transfer, got.status, got.body)
		}
	}
}

// TestBusy has one body wait for its end, and take what others need meanwhile.
func TestBusy(t *testing.T) {
	server := withIris(t, func(c *rest.Config) { c.Limits = rest.Limits{Held: 20_000} })
	half := strings.Repeat(" ", 9000)
	slow, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := fmt.Fprintf(slow, "POST /model/iris HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 18000\r\n\r\n%s", half); err != nil {
		t.Fatal(err)
	}
	got := send(t, server, request{"POST", "/model/iris", "", half + record})
	for tries := 0; got.status == 200 && tries < 1000; tries++ { // the server has not read what was sent
		got = send(t, server, request{"POST", "/model/iris", "", half + record})
	}
	if got.status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := send(t, server, request{"POST", "/model/iris", "", record}); got.status != 200 {
		t.Errorf("a small one meanwhile: %d %s", got.status, got.body)
	}
}

// TestTooMuch sends what would take more memory than there is, however often it is tried again.
func TestTooMuch(t *testing.T) {
	server := withIris(t, func(c *rest.Config) { c.Limits = rest.Limits{Held: 10_000} })
	large := `{"arguments":{"x":"` + strings.Repeat("x", 30_000) + `"}}`
	if got := send(t, server, request{"POST", "/model/iris", "", large}); got.status != 413 || !strings.Contains(got.message(), "more memory than there is") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := send(t, server, request{"POST", "/model/iris", "", record}); got.status != 200 {
		t.Errorf("afterwards: %d %s", got.status, got.body)
	}
}

// TestTooMuchToAnswer has a small body with a large answer.
func TestTooMuchToAnswer(t *testing.T) {
	server := withIris(t, func(c *rest.Config) { c.Limits = rest.Limits{Held: 1 << 20} })
	many := `{"requests":[` + strings.Repeat("{},", 60_000) + `{}]}`
	if got := send(t, server, request{"POST", "/model/iris/batch", "", many}); got.status != 413 {
		t.Errorf("%d, %d bytes", got.status, len(got.body))
	}
	if got := send(t, server, request{"POST", "/model/iris", "", record}); got.status != 200 {
		t.Errorf("afterwards: %d %s", got.status, got.body)
	}
}

// TestSlowBody waits for a body that never comes to its end.
func TestSlowBody(t *testing.T) {
	server := withIris(t, func(c *rest.Config) { c.Limits = rest.Limits{BodyTime: 50 * time.Millisecond} })
	got := raw(t, server, "POST /model/iris HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	if got.status != 408 || got.message() != "The body did not arrive in time" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// raw sends bytes as they are and reads one answer.
func raw(t *testing.T, server *httptest.Server, text string) reply {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return read(t, resp)
}

// TestUnreadable has requests that never reach a handler.
func TestUnreadable(t *testing.T) {
	server := newServer(t, nil)
	for _, c := range []struct {
		name, text string
		status     int
	}{
		{"no HTTP", "hello\r\n\r\n", 400},
		{"no host", "GET /model HTTP/1.1\r\n\r\n", 400},
		{"header without a colon", "GET /model HTTP/1.1\r\nHost: x\r\nx\r\n\r\n", 400},
		{"large header", "GET /model HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n", 431},
		{"transfer coding", "POST /model HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n", 400},
		{"version", "GET /model HTTP/3.0\r\nHost: x\r\n\r\n", 400},
		{"two lengths", "POST /model HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
		{"expectation", "POST /model HTTP/1.1\r\nHost: x\r\nExpect: cake\r\nContent-Length: 1\r\n\r\nx", 417},
		{"chunks", "POST /model/x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
		{"options of nothing", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404},
		{"bad percent sign", "GET /model/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := raw(t, server, c.text)
			if got.status != c.status || strings.HasPrefix(got.message(), "not a message") || got.header.Get("X-Application") == "" {
				t.Errorf("%d %v %s", got.status, got.header, got.body)
			}
		})
	}
}

func TestInternalErrors(t *testing.T) {
	var log bytes.Buffer
	server := newServer(t, func(c *rest.Config) {
		c.Models = nil // the worst adapter: it panics
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	got := send(t, server, request{"GET", "/model", "", ""})
	if got.status != 500 || got.message() != "Internal Server Error" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if !strings.Contains(log.String(), "panic") || !strings.Contains(log.String(), got.header.Get("X-Request-Id")) {
		t.Errorf("log: %s", log.String())
	}
}

// TestLog makes sure that no value of a record is written down.
func TestLog(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	server := withIris(t, func(c *rest.Config) {
		c.Log = slog.New(slog.NewJSONHandler(writerFunc(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return log.Write(p)
		}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	for _, body := range []string{record, `{"id":"SECRET","arguments":{"Petal_Length":"SECRET"}}`, `{"SECRET":1}`, "SECRET"} {
		send(t, server, request{"POST", "/model/iris", "Authorization: Bearer SECRET", body})
		send(t, server, request{"POST", "/model/iris/csv", "Content-Type: text/csv", "Id,Petal_Length\nSECRET,SECRET\n"})
		send(t, server, request{"POST", "/SECRET?SECRET=1", "", body})
		send(t, server, request{"SECRET", "/model/iris", "", body})
	}
	mu.Lock()
	defer mu.Unlock()
	if strings.Contains(log.String(), "SECRET") {
		t.Error(log.String())
	}
	line := regexp.MustCompile(`"msg":"request","request":"[0-9a-f]{16}","method":"POST","route":"/model/\{id\}","model":"iris","status":200,"bytes":\d+,"ms":[\d.]+,"records":1,"failed":0`)
	if !line.MatchString(log.String()) {
		t.Error(log.String())
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestMetrics(t *testing.T) {
	server := withIris(t, nil)
	send(t, server, request{"POST", "/model/iris", "", record})
	send(t, server, request{"POST", "/model/iris/batch", "", `{"requests":[` + record + `,null]}`})
	got := send(t, server, request{"GET", "/metrics", "", ""})
	for _, line := range []string{
		`handoff_requests_total{route="/model/{id}",method="POST",status="200"} 1`,
		`handoff_requests_total{route="/model/{id}",method="PUT",status="201"} 1`,
		`handoff_request_seconds_count{route="/model/{id}/batch"} 1`,
		`handoff_request_seconds_bucket{route="/model/{id}/batch",le="+Inf"} 1`,
		`handoff_records_total{model="iris"} 3`,
		`handoff_record_errors_total{model="iris"} 1`,
		`handoff_models 1`,
	} {
		if !strings.Contains(got.body, line+"\n") {
			t.Errorf("no line %s in\n%s", line, got.body)
		}
	}
	for name, least := range map[string]float64{"go_goroutines": 2, "go_memstats_heap_alloc_bytes": 1 << 16, "go_memstats_sys_bytes": 1 << 20} {
		if value := metric(got.body, name); value < least {
			t.Errorf("%s is %v", name, value)
		}
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Logf("the system does not tell what a process takes: %v", err)
		return
	}
	for name, least := range map[string]float64{
		"process_resident_memory_bytes": 1 << 20, "process_virtual_memory_bytes": 1 << 20, "process_open_fds": 3,
		"process_cpu_seconds_total": 0, "process_start_time_seconds": 1.7e9,
	} {
		if value := metric(got.body, name); value < least {
			t.Errorf("%s is %v", name, value)
		}
	}
}

// metric gives the value of a metric without labels; -1: it is not there.
func metric(text, name string) float64 {
	_, rest, _ := strings.Cut(text, "\n"+name+" ")
	line, _, _ := strings.Cut(rest, "\n")
	value, err := strconv.ParseFloat(line, 64)
	if err != nil {
		return -1
	}
	return value
}

func TestReady(t *testing.T) {
	ready := false
	server := newServer(t, func(c *rest.Config) { c.Ready = func(*http.Request) bool { return ready } })
	if got := send(t, server, request{"GET", "/readyz", "", ""}); got.status != 503 || got.message() != "Not ready" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := send(t, server, request{"GET", "/livez", "", ""}); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestRedeployWhileScoring replaces a model again and again; every answer is of one version or the other, and says of
// which.
func TestRedeployWhileScoring(t *testing.T) {
	server := withIris(t, nil)
	one := irisDocument(t)
	two := strings.Replace(one, `<Node id="2" score="setosa"`, `<Node id="two" score="setosa"`, 1)
	changed := strings.Replace(setosa, `"2"`, `"two"`, 1)
	done := make(chan struct{})
	var scorers sync.WaitGroup
	for range 4 {
		scorers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				got := send(t, server, request{"POST", "/model/iris", "", record})
				version, document, want := got.header.Get("X-Handoff-Version"), one, setosa
				if n, err := strconv.Atoi(version); err != nil || n%2 == 0 { // the first was one
					document, want = two, changed
				}
				if got.body != want || got.header.Get("X-Handoff-Checksum") != checksum(document) {
					t.Errorf("version %s: %d %s", version, got.status, got.body)
				}
			}
		})
	}
	for i := range 20 {
		document := one
		if i%2 == 0 {
			document = two
		}
		if got := send(t, server, request{"PUT", "/model/iris", "", document}); got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	close(done)
	scorers.Wait()
}

// TestVersionHeaders looks for what says which version has answered: on whatever a model has looked at, and nowhere else.
func TestVersionHeaders(t *testing.T) {
	server := withIris(t, nil)
	for _, c := range []struct {
		request
		version string
	}{
		{request{"POST", "/model/iris", "", record}, "1"},
		{request{"POST", "/model/iris/batch", "", `{"requests":[]}`}, "1"},
		{request{"POST", "/model/iris/csv", "Content-Type: text/plain", "Petal_Length\n1.4"}, "1"},
		{request{"POST", "/model/iris", "", `{"arguments":{"Petal_Length":"long"}}`}, "1"},
		{request{"POST", "/model/iris", "", `{`}, "1"},
		{request{"POST", "/model/none", "", record}, ""},
		{request{"GET", "/model/iris", "", ""}, ""},
	} {
		got := send(t, server, c.request)
		known := ""
		if c.version != "" {
			known = checksum(irisDocument(t))
		}
		if got.header.Get("X-Handoff-Version") != c.version || got.header.Get("X-Handoff-Checksum") != known {
			t.Errorf("%s %s %s: %d %v", c.method, c.path, c.body, got.status, got.header)
		}
	}
}

func checksum(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

// TestConcurrentDeployments deploys and undeploys one id from many sides at once.
func TestConcurrentDeployments(t *testing.T) {
	server := newServer(t, nil)
	document := irisDocument(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 5 {
				got := send(t, server, request{"PUT", "/model/x", "", document})
				if got.status != 200 && got.status != 201 {
					t.Errorf("deploy: %d %s", got.status, got.body)
				}
				if i%2 == 0 {
					if got := send(t, server, request{"DELETE", "/model/x", "", ""}); got.status != 200 && got.status != 404 {
						t.Errorf("undeploy: %d %s", got.status, got.body)
					}
				}
				if got := send(t, server, request{"GET", "/model/x/pmml", "", ""}); got.status != 404 && got.body != document {
					t.Errorf("download: %d %.100s", got.status, got.body)
				}
			}
		})
	}
	all.Wait()
}
