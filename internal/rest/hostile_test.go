package rest_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/rest"
)

// The tokens that must appear in no answer and in no log.
const (
	userSecret  = "user-secret-4711"
	adminSecret = "admin-secret-0815"
	valueSecret = "value-secret-1234" // a value of a record: not in the log
)

// leaks are parts of what a stranger must not learn: paths, stacks, Go's own words, tokens.
var leaks = regexp.MustCompile(`goroutine |\.go:\d|/tmp/|/work|handoff-pmml|runtime error|panic|nil pointer|` + userSecret + `|` + adminSecret)

// A lockedLog collects the log of a server.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// guarded starts a service with tokens that has the model iris.
func guarded(t *testing.T) (*httptest.Server, *lockedLog) {
	t.Helper()
	log := &lockedLog{}
	server := newServer(t, func(c *rest.Config) {
		c.Roles = rest.Tokens(userSecret, adminSecret)
		c.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Limits = rest.Limits{Body: 16 << 20, Document: 32 << 20, BodyTime: 5 * time.Second, DocumentTime: 5 * time.Second}
	})
	got := send(t, server, request{"PUT", "/model/iris", "Authorization: Bearer " + adminSecret, irisDocument(t)})
	if got.status != 201 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	return server, log
}

// unharmed makes sure that the model still answers, and that neither an answer nor the log told too much.
func unharmed(t *testing.T, server *httptest.Server, log *lockedLog) {
	t.Helper()
	got := send(t, server, request{"POST", "/model/iris", "Authorization: Bearer " + userSecret, record})
	if got.status != 200 || got.body != setosa {
		t.Errorf("afterwards: %d %s", got.status, got.body)
	}
	if leak := leaks.FindString(log.String()); leak != "" {
		t.Errorf("the log has %q", leak)
	}
	if strings.Contains(log.String(), valueSecret) {
		t.Error("the log has a value of a record")
	}
}

// refused checks an answer that must be an error of the caller.
func refused(t *testing.T, got reply, status ...int) {
	t.Helper()
	if got.status < 400 || got.status >= 500 || len(status) > 0 && !slices.Contains(status, got.status) {
		t.Errorf("%d %.300s, want %v", got.status, got.body, status)
	}
	proper(t, got)
}

// proper checks what holds for all answers.
func proper(t *testing.T, got reply) {
	t.Helper()
	if got.status >= 500 {
		t.Errorf("%d %.300s", got.status, got.body)
	}
	if got.header.Get("X-Application") == "" {
		t.Errorf("%d without X-Application: %v", got.status, got.header)
	}
	if got.status >= 400 && strings.HasPrefix(got.message(), "not a message") {
		t.Errorf("%d %.300s", got.status, got.body)
	}
	if leak := leaks.FindString(got.body[:min(len(got.body), 100_000)]); leak != "" {
		t.Errorf("the answer has %q: %.300s", leak, got.body)
	}
	for name, values := range got.header {
		if leak := leaks.FindString(strings.Join(values, " ")); leak != "" {
			t.Errorf("the header %s has %q", name, leak)
		}
	}
}

// TestHostileJSON scores bodies that are no JSON, no proper JSON, or JSON of another shape.
func TestHostileJSON(t *testing.T) {
	server, log := guarded(t)
	deep := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	argument := func(value string) string { return `{"arguments":{"Petal_Length":` + value + `}}` }
	bad := map[string]string{
		"nothing": "", "a blank": " ", "text": "hello", "a text": `"hello"`, "a number": "1", "null": "null", "an array": "[]", "two values": `{}{}`,
		"open": "{", "open array": "[", "no colon": `{"arguments" {}}`, "comma at the end": `{"arguments":{},}`, "single quotes": `{'arguments':{}}`,
		"no quotes": `{arguments:{}}`, "a comment": `{/*x*/"arguments":{}}`, "NaN": argument("NaN"), "Infinity": argument("Infinity"),
		"-Infinity": argument("-Infinity"), "+1": argument("+1"), "01": argument("01"), ".5": argument(".5"), "1.": argument("1."), "1e": argument("1e"),
		"hexadecimal": argument("0x10"), "True": argument("True"), "undefined": argument("undefined"), "a tab in a text": argument("\"a\tb\""),
		"NUL": argument("\"a\x00b\""), "half an escape": argument(`"\u12"`), "an unknown escape": argument(`"\x41"`), "half a character": argument(`"\ud800"`),
		"second half": argument(`"\udc00"`), "invalid UTF-8": argument("\"\xff\""), "overlong UTF-8": argument("\"\xc0\xaf\""), "a surrogate in UTF-8": argument("\"\xed\xa0\x80\""),
		"truncated text": `{"arguments":{"Petal_Length":"`, "arguments null": `{"arguments":null}`, "arguments a text": `{"arguments":"x"}`,
		"arguments an array": `{"arguments":[1]}`, "arguments a number": `{"arguments":1}`, "an object as id": `{"id":{},"arguments":{}}`,
		"a number of 2,000 digits": argument(strings.Repeat("1", 2000)), "an exponent without end": argument("1e" + strings.Repeat("9", 2000)),
		"1e999 as a value": argument("1e999"), "an object as a value": argument(`{"a":1}`), "2,000 levels": argument(deep("[", "1", "]", 2000)),
		"100,000 levels": deep("[", "", "]", 100_000), "100,000 objects": deep(`{"a":`, "1", "}", 100_000), "1,000,000 open arrays": strings.Repeat("[", 1_000_000),
		"1,000,000 levels of something unknown": `{"arguments":{"x":` + deep("[", "", "]", 1_000_000) + `}}`,
		"a list of 200,000":                     argument("[" + strings.Repeat("1,", 200_000) + "1]"),
		"UTF-16":                                "\xff\xfe{\x00}\x00", "gzip without saying so": gzipped(record), "XML": "<arguments/>", "a form": "arguments=1",
		"a text that is no value": argument(`"` + valueSecret + `"`),
	}
	for name, body := range bad {
		for _, path := range []string{"/model/iris", "/model/iris/batch"} {
			t.Run(name+" "+path, func(t *testing.T) {
				got := send(t, server, request{"POST", path, "Authorization: Bearer " + userSecret, body})
				if path == "/model/iris/batch" && strings.HasPrefix(body, `{"arguments"`) {
					body = `{"requests":[` + body + `]}`
					got = send(t, server, request{"POST", path, "Authorization: Bearer " + userSecret, body})
					if got.status == 200 { // the batch is right, the record is not
						proper(t, got)
						if !strings.Contains(got.body, `"message"`) {
							t.Errorf("%d %.300s", got.status, got.body)
						}
						return
					}
				}
				refused(t, got, 400)
			})
		}
	}
	for name, body := range map[string]string{ // odd, but right
		"a member twice": `{"arguments":{"Petal_Length":9},"arguments":{"Petal_Length":1.4}}`, "an input twice": `{"arguments":{"Petal_Length":6.9,"Petal_Length":1.4}}`,
		"escaped names": `{"\u0061rguments":{"Petal\u005fLength":1.4}}`, "unknown inputs": `{"arguments":{"y":{},"Petal_Length":1.4}}`,
		"a byte order mark": "\xEF\xBB\xBF" + record, "blanks": strings.Repeat(" \r\n\t", 10_000) + record,
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, server, request{"POST", "/model/iris", "Authorization: Bearer " + userSecret, body})
			if got.status != 200 || got.body != setosa {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	unharmed(t, server, log)
}

// TestHostileTables scores bodies that are no tables.
func TestHostileTables(t *testing.T) {
	server, log := guarded(t)
	const header = "Petal_Length,Petal_Width\n"
	for name, body := range map[string]string{
		"nothing": "", "a newline": "\n", "ragged rows": header + "1\n1,2,3\n", "a column twice": "Petal_Length,Petal_Length\n1,2\n",
		"an open quote": header + "\"1,2\n", "a quote inside": header + "1\"2,3\n", "NUL": header + "1\x00,2\n", "invalid UTF-8": header + "\xff,2\n",
		"a text that is no value": header + valueSecret + ",2\n", "NaN": header + "NaN,\n" + header, "100,000 columns": strings.Repeat("a,", 100_000) + "b\n",
		"a line of 10 MB": strings.Repeat("x", 10<<20), "a cell of 10 MB": header + strings.Repeat("1", 10<<20) + ",2\n", "JSON": record, "UTF-16": "\xff\xfea\x00,\x00b\x00",
		"a quoted cell of 10 MB": header + `"` + strings.Repeat("1\n", 5<<20),
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, server, request{"POST", "/model/iris/csv", "Content-Type: text/csv\nAuthorization: Bearer " + userSecret, body})
			refused(t, got, 400, 413)
		})
	}
	unharmed(t, server, log)
}

// TestHostilePaths has paths that try to be another: none is found, whatever the role.
func TestHostilePaths(t *testing.T) {
	server, log := guarded(t)
	paths := []string{
		"//model", "/model//iris", "/./model", "/model/.", "/model/..", "/model/./iris", "/model/../model", "/model/../../etc/passwd", "/model/%2e%2e", "/model/%2e%2e%2fetc",
		"/model/iris%2fpmml", "/model/iris%2Fpmml", "/model/iris/%70mml", "/model/%69ris", "/model/iris%00", "/model/iris%0d%0aX-Evil:1", "/model/iris%0a",
		"/model/iris;x=1", "/model/iris;/pmml", "/model/..;/model/iris", "/model/iris\\pmml", "/model/..\\..\\etc", "/model/iris%5cpmml", "/model/iris%255c",
		"/model/iris ", "/model/ iris", "/model/iris%20", "/model/iris.pmml/..", "/openscoring//model", "/openscoring/./model", "/openscoring/../model", "/openscoring%2fmodel",
		"/Openscoring/model", "/MODEL/iris", "/model/iris/PMML", "/model/iris/pmml/", "/model/iris/pmml//", "/model/iris/pmml/..", "/model/iris/batch/x", "/model/-iris", "/model/.iris",
		"/model/_iris", "/model/ıris", "/model/iris\u200b", "/model/%E2%80%8Biris", "/model/ｉris", "/model/" + strings.Repeat("a", 129), "/model/" + strings.Repeat("a", 8000),
		"/model/iris/version", "/metrics/", "/metrics/..", "/healthz/../model", "/debug/pprof/", "/debug/vars", "/favicon.ico", "/.git/config", "/index.html", "/model/iris/../../metrics",
	}
	for _, path := range paths {
		for _, method := range []string{"GET", "PUT", "DELETE", "POST"} {
			t.Run(fmt.Sprintf("%s %.40s", method, path), func(t *testing.T) {
				got := raw(t, server, method+" "+path+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+userSecret+"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
				switch {
				case path == "/model/iris/pmml/", strings.HasPrefix(path, "/model/aaa"): // a model's, with a slash too many or an id too long
					refused(t, got, 403, 404, 405, 415)
				default:
					refused(t, got, 400, 404, 405, 414, 431)
				}
				for name := range got.header {
					if strings.EqualFold(name, "X-Evil") {
						t.Error("a header was smuggled in")
					}
				}
			})
		}
	}
	unharmed(t, server, log)
}

// TestHostileRoles tries to get at what only the admin may do.
func TestHostileRoles(t *testing.T) {
	server, log := guarded(t)
	document := irisDocument(t)
	for _, method := range []string{"PUT", "DELETE", "GET", "POST"} {
		path := "/model/iris"
		if method == "GET" {
			path = "/model/iris/pmml"
		}
		for _, header := range []string{
			"", "Authorization: Bearer", "Authorization: Bearer  ", "Authorization: Bearer x", "Authorization: Bearer " + userSecret, "Authorization: Bearer " + adminSecret + "x",
			"Authorization: Bearer " + adminSecret[:len(adminSecret)-1], "Authorization: Bearer " + strings.ToUpper(adminSecret), "Authorization: Basic " + adminSecret,
			"Authorization: Bearer, " + adminSecret, "Authorization: Bearer=" + adminSecret, "Authorization: " + adminSecret, "Authorization: Bearer\t" + adminSecret,
			"Proxy-Authorization: Bearer " + adminSecret, "X-Authorization: Bearer " + adminSecret, "Cookie: admin=" + adminSecret, "Cookie: TOKEN=" + adminSecret,
			"Cookie: token=x; xtoken=" + adminSecret, "Cookie: token%3d" + adminSecret, "Cookie: xtoken=1; path=token=" + adminSecret,
			"X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1;host=localhost", "X-Forwarded-Host: localhost", "X-Original-URL: /model", "X-Rewrite-URL: /model",
			"X-Role: admin", "Host: localhost", "Host: 127.0.0.1", "Origin: null", "Origin: http://localhost", "Referer: http://localhost/", "X-HTTP-Method: GET", "X-Method-Override: GET",
			"X-HTTP-Method-Override: GET, PUT",
		} {
			t.Run(method+" "+header, func(t *testing.T) {
				if method == "POST" { // the scoring door, with an override
					for _, override := range []string{"X-HTTP-Method-Override: PUT", "X-HTTP-Method-Override: DELETE", "x-http-method-override:PUT", "X-HTTP-Method-Override: put", "X-HTTP-Method-Override: PUT\nX-HTTP-Method-Override: POST"} {
						got := send(t, server, request{"POST", path, "Content-Type: application/xml\n" + override + "\n" + header, document})
						refused(t, got, 403, 405, 415)
					}
					for _, query := range []string{"?_method=PUT", "?_method=DELETE", "?_method=%50UT", "?_METHOD=PUT&_method=DELETE", "?_method=PUT&_method=POST", "?x=1;_method=PUT", "?_method=delete"} {
						got := send(t, server, request{"POST", path + query, "Content-Type: application/xml\n" + header, document})
						refused(t, got, 403, 405, 415)
					}
					return
				}
				got := send(t, server, request{method, path, "Content-Type: application/xml\n" + header, document})
				refused(t, got, 403)
			})
		}
	}
	unharmed(t, server, log)
}

// TestHostileBodies has faulty codings, lengths and forms, byte by byte.
func TestHostileBodies(t *testing.T) {
	server, log := guarded(t)
	var deflated bytes.Buffer
	w, _ := flate.NewWriter(&deflated, 9)
	io.WriteString(w, record) //nolint:errcheck // into memory
	w.Close()                 //nolint:errcheck // into memory
	post := func(header, body string) string {
		return "POST /model/iris HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + userSecret + "\r\nContent-Type: application/json\r\nConnection: close\r\n" + header + "\r\n" + body
	}
	sized := func(header, body string) string {
		return post(header+fmt.Sprintf("Content-Length: %d\r\n", len(body)), body)
	}
	put := func(header, body string) string {
		return "PUT /model/iris HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + adminSecret + "\r\nConnection: close\r\n" + header + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body
	}
	form := func(boundary, body string) string {
		return put("Content-Type: multipart/form-data; boundary="+boundary+"\r\n", body)
	}
	for name, text := range map[string]string{
		"gzip that is none": sized("Content-Encoding: gzip\r\n", record), "gzip cut": sized("Content-Encoding: gzip\r\n", gzipped(record)[:20]),
		"gzip with a wrong sum": sized("Content-Encoding: gzip\r\n", gzipped(record)[:len(gzipped(record))-8]+"12345678"),
		"deflate that is none":  sized("Content-Encoding: deflate\r\n", "\x78\x9c"+record), "nothing, deflated": sized("Content-Encoding: deflate\r\n", ""),
		"brotli": sized("Content-Encoding: br\r\n", record), "two codings": sized("Content-Encoding: gzip, gzip\r\n", gzipped(gzipped(record))),
		"two headers of coding": sized("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", gzipped(record)),
		"a bomb":                sized("Content-Encoding: gzip\r\n", gzipped(strings.Repeat(" ", 64<<20))),
		"too short":             post("Content-Length: 3\r\n", record), "a negative length": post("Content-Length: -1\r\n", record),
		"a length that is none": post("Content-Length: ten\r\n", record), "a length in hexadecimal": post("Content-Length: 0x10\r\n", record),
		"a length of 2^64": post("Content-Length: 18446744073709551616\r\n", record), "a huge length": post("Content-Length: 9223372036854775807\r\n", ""),
		"length and chunks":    post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
		"chunked twice":        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
		"chunked and identity": post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
		"chunked, in disguise": post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"),
		"gzip as transfer":     post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
		"a chunk with a sign":  post("Transfer-Encoding: chunked\r\n", "+2\r\n{}\r\n0\r\n\r\n"),
		"a chunk of 2^64":      post("Transfer-Encoding: chunked\r\n", "10000000000000000\r\n{}\r\n0\r\n\r\n"),
		"a chunk too short":    post("Transfer-Encoding: chunked\r\n", "5\r\n{}\r\n0\r\n\r\n"),
		"a chunk with bare LF": post("Transfer-Encoding: chunked\r\n", "2;\n{}\n0\n\n"),
		"a long chunk header":  post("Transfer-Encoding: chunked\r\n", "2;"+strings.Repeat("x", 100_000)+"\r\n{}\r\n0\r\n\r\n"),
		"no colon":             post("Nonsense\r\n", ""), "a blank before the colon": post("X : y\r\n", ""), "a folded header": post("X: a\r\n b\r\n", ""), "NUL in a header": post("X: a\x00b\r\n", ""),
		"10,000 headers": post(strings.Repeat("X: y\r\n", 10_000), ""), "a header of 1 MB": post("X: "+strings.Repeat("y", 1<<20)+"\r\n", ""),
		"another type": strings.Replace(sized("", record), "application/json", "text/html", 1), "a type that is none": strings.Replace(sized("", record), "application/json", ";;;", 1),
		"a charset nobody knows":  strings.Replace(sized("", "\xff"), "application/json", "application/json; charset=klingon", 1),
		"a form without boundary": put("Content-Type: multipart/form-data\r\n", "x"), "a form without end": form("B", "--B\r\nContent-Disposition: form-data; name=\"pmml\"\r\n\r\n<PMML"),
		"an empty form": form("B", "--B--\r\n"), "a form of 10,000 parts": form("B", strings.Repeat("--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny\r\n", 10_000)+"--B--\r\n"),
		"a form with a huge header":      form("B", "--B\r\nX: "+strings.Repeat("y", 1<<20)+"\r\n\r\ny\r\n--B--\r\n"),
		"a form with 50,000 headers":     form("B", "--B\r\n"+strings.Repeat("X: y\r\n", 50_000)+"\r\ny\r\n--B--\r\n"),
		"a form whose part names a file": form("B", "--B\r\nContent-Disposition: form-data; name=\"pmml\"; filename=\"../../../etc/passwd\"\r\n\r\n<PMML>\r\n--B--\r\n"),
		"a form with a long boundary":    form(strings.Repeat("B", 200), "--x"), "a document that is none": put("Content-Type: application/xml\r\n", "hello"),
		"a document with entities":  put("", `<!DOCTYPE PMML [<!ENTITY a SYSTEM "file:///etc/passwd">]><PMML>&a;</PMML>`),
		"a document that is a bomb": put("", gzipped(strings.Repeat(" ", 64<<20))), "a document of 200,000 levels": put("", strings.Repeat("<a>", 200_000)),
		"a document for a transfer coding": put("Content-Encoding: compress\r\n", irisDocument(t)),
		"an expectation":                   sized("Expect: 200-ok\r\n", record),
		"no host":                          "GET /model HTTP/1.1\r\n\r\n", "two hosts": "GET /model HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "a host that is none": "GET /model HTTP/1.1\r\nHost: a b\r\n\r\n",
		"HTTP/2 in clear": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "no version": "GET /model\r\n\r\n", "a version of 9.9": "GET /model HTTP/9.9\r\nHost: x\r\n\r\n",
		"a method that is none": "G(T /model HTTP/1.1\r\nHost: x\r\n\r\n", "a long method": strings.Repeat("G", 10_000) + " /model HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT": "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n", "TRACE": "TRACE /model/iris HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"another address": "GET http://example.com/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "binary": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"an upgrade": "GET /model HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n", "bare LF": "GET /model HTTP/1.1\nHost: x\nConnection: close\n\n",
		"a percent sign": "GET /model/% HTTP/1.1\r\nHost: x\r\n\r\n", "a blank in the path": "GET /model /iris HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.0": "GET /model HTTP/1.0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) { refused(t, raw(t, server, text)) })
	}
	for name, text := range map[string]string{ // odd, but right
		"deflate without a head": sized("Content-Encoding: deflate\r\n", deflated.String()),
		"chunks":                 post("Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n%s\r\n0\r\nX: y\r\n\r\n", len(record), record)),
		"many chunks":            post("Transfer-Encoding: chunked\r\n", chunksOf(record)+"0\r\n\r\n"),
		"continue":               sized("Expect: 100-continue\r\n", record),
		"HTTP/1.0":               strings.Replace(sized("", record), "HTTP/1.1", "HTTP/1.0", 1),
		"an absolute address":    strings.Replace(sized("", record), "POST /", "POST http://x/", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if got := raw(t, server, text); got.status != 200 && got.status != 100 || got.status == 200 && got.body != setosa {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	unharmed(t, server, log)
}

// chunksOf sends a text byte by byte.
func chunksOf(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "1\r\n%s\r\n", text[i:i+1])
	}
	return b.String()
}

// TestHostileDeployments tries documents over HTTP that are refused; the old model stays, and its version does not change.
func TestHostileDeployments(t *testing.T) {
	server, log := guarded(t)
	before := send(t, server, request{"GET", "/model/iris/pmml", "Authorization: Bearer " + adminSecret, ""})
	whole := irisDocument(t)
	for name, document := range map[string]string{
		"half": whole[:len(whole)/2], "twice": whole + whole, "another root": "<html/>", "nothing": "", "wrong field": strings.ReplaceAll(whole, `field="Petal`, `field="Pedal`),
		"a type": strings.Replace(whole, `dataType="double"`, `dataType="triple"`, 1), "no model": whole[:strings.Index(whole, "<TreeModel")] + "</PMML>",
		"gzip cut": gzipped(whole)[:100], "a compiled form": "\x00HANDOFF", "another encoding": strings.Replace("<?xml version='1.0' encoding='klingon'?>"+whole, "", "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, server, request{"PUT", "/model/iris", "Authorization: Bearer " + adminSecret + "\nContent-Type: application/xml", document})
			refused(t, got, 400)
		})
	}
	after := send(t, server, request{"GET", "/model/iris/pmml", "Authorization: Bearer " + adminSecret, ""})
	if after.status != 200 || after.body != before.body {
		t.Errorf("the document is another: %d, %d bytes, %d before", after.status, len(after.body), len(before.body))
	}
	unharmed(t, server, log)
}

// TestCrowd keeps hundreds of connections open that say nothing or speak slowly: others are served meanwhile.
func TestCrowd(t *testing.T) {
	server, log := guarded(t)
	for i := range 300 {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		switch i % 3 {
		case 1:
			io.WriteString(conn, "POST /model/iris HTTP/1.1\r\nHost: x\r\nX: ") //nolint:errcheck // it may be closed at once
		case 2:
			io.WriteString(conn, "POST /model/iris HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+userSecret+"\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{") //nolint:errcheck // see above
		}
	}
	var took []time.Duration
	for range 200 {
		begun := time.Now()
		got := send(t, server, request{"POST", "/model/iris", "Authorization: Bearer " + userSecret, record})
		took = append(took, time.Since(begun))
		if got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	slices.Sort(took)
	t.Logf("p50 %v, p95 %v", took[len(took)/2], took[len(took)*95/100])
	if p95 := took[len(took)*95/100]; p95 > time.Second { // 100 ms on a machine that does nothing else
		t.Errorf("p95 is %v", p95)
	}
	unharmed(t, server, log)
}

// TestBreakingOff ends connections in the middle of requests and of answers.
func TestBreakingOff(t *testing.T) {
	server, log := guarded(t)
	large := strings.Repeat("{\"arguments\":{\"Petal_Length\":1.4}},", 20_000)
	body := `{"requests":[` + large[:len(large)-1] + `]}`
	head := "POST /model/iris/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + userSecret + "\r\nContent-Type: application/json\r\n" + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body))
	for i := range 50 {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			io.WriteString(conn, head+body[:len(body)*i/50]) //nolint:errcheck // it is broken off anyway
		} else {
			io.WriteString(conn, head+body)  //nolint:errcheck // see above
			bufio.NewReader(conn).ReadByte() //nolint:errcheck // the answer has begun
		}
		conn.(*net.TCPConn).SetLinger(0) //nolint:errcheck // ends with a reset where it can
		conn.Close()                     //nolint:errcheck // see above
	}
	unharmed(t, server, log)
	if strings.Contains(log.String(), `"status":5`) {
		t.Errorf("some were answered with an error of the server: %s", log.String())
	}
}

// TestDeployingWhileScoring replaces a model with good and bad documents while it scores: each answer is right.
func TestDeployingWhileScoring(t *testing.T) {
	server, log := guarded(t)
	document := irisDocument(t)
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for ctx.Err() == nil {
				got := send(t, server, request{"POST", "/model/iris", "Authorization: Bearer " + userSecret, record})
				if got.status != 200 || got.body != setosa {
					t.Errorf("%d %s", got.status, got.body)
					return
				}
			}
		})
		group.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				text, want := document, 200
				if (i+n)%2 == 0 {
					text, want = document[:len(document)-20], 400
				}
				if got := send(t, server, request{"PUT", "/model/iris", "Authorization: Bearer " + adminSecret, text}); got.status != want {
					t.Errorf("%d %s", got.status, got.body)
					return
				}
			}
		})
	}
	group.Wait()
	unharmed(t, server, log)
}

// TestMemoryComesBack sends what takes much memory; ten seconds later it must be given back. The test does not wait: it
// asks the collector, as the server does when it has nothing to do.
func TestMemoryComesBack(t *testing.T) {
	server, log := guarded(t)
	heap := func() uint64 {
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	attacks := []request{
		{"POST", "/model/iris", "", `{"arguments":{"Petal_Length":"` + strings.Repeat("x", 15<<20) + `"}}`},
		{"POST", "/model/iris", "", `{"arguments":{"Petal_Length":` + strings.Repeat("[", 8<<20)},
		{"POST", "/model/iris/batch", "", `{"requests":[` + strings.Repeat(`{"arguments":{}},`, 500_000) + `{}]}`},
		{"POST", "/model/iris/csv", "Content-Type: text/csv", "Petal_Length\n" + strings.Repeat("1\n", 1<<20)},
		{"POST", "/model/iris", "Content-Encoding: gzip", gzipped(strings.Repeat(" ", 15<<20))},
		{"PUT", "/model/x", "Content-Type: application/xml", `<PMML xmlns="http://www.dmg.org/PMML-4_4">` + strings.Repeat("<a/>", 1<<20) + "</PMML>"},
	}
	var group sync.WaitGroup
	for range 3 {
		for _, q := range attacks {
			q.header += "\nAuthorization: Bearer " + adminSecret
			group.Go(func() { proper(t, send(t, server, q)) })
		}
	}
	group.Wait()
	attacks = nil
	http.DefaultClient.CloseIdleConnections()
	after := heap()
	t.Logf("heap %d KB before, %d KB after", before>>10, after>>10)
	if after > before+64<<20 {
		t.Errorf("%d MB are kept", (after-before)>>20)
	}
	unharmed(t, server, log)
}

// TestNoFiles makes sure that no id, whatever it is, makes a file outside of the data folder or of another name.
func TestNoFiles(t *testing.T) {
	outside := t.TempDir()
	server := withIris(t, nil)
	for _, id := range []string{"../x", "..%2fx", "%2e%2e%2fx", strings.ReplaceAll(outside, "/", "%2f") + "%2fx", "a%00b", "con", "NUL.pmml", "x.pmml", "..."} {
		got := raw(t, server, "PUT /model/"+id+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5\r\n\r\n<PMML")
		refused(t, got, 400, 404)
	}
	files, err := os.ReadDir(outside)
	if err != nil || len(files) > 0 {
		t.Errorf("%v %v", files, err)
	}
	if got := send(t, server, request{"GET", "/model", "", ""}); strings.Count(got.body, `"id"`) != 1 {
		t.Errorf("%s", got.body)
	}
}

// TestRelieved has what takes much memory and what does not: the former is told when it has ended, right or wrong.
func TestRelieved(t *testing.T) {
	var told atomic.Int32
	server := withIris(t, func(c *rest.Config) { c.Relieved = func() { told.Add(1) } })
	for _, c := range []struct {
		request
		want int32
	}{
		{request{"POST", "/model/iris", "", record}, 0},
		{request{"GET", "/model/iris/pmml", "", ""}, 0},
		{request{"POST", "/model/iris", "", strings.Repeat(" ", 4<<20) + record}, 1},
		{request{"POST", "/model/iris", "", strings.Repeat("[", 4<<20)}, 1},
		{request{"PUT", "/model/iris", "", irisDocument(t)}, 1},
		{request{"PUT", "/model/iris", "", "<PMML"}, 1},
	} {
		told.Store(0)
		send(t, server, c.request)
		for range 100 { // the answer comes before its exchange is over
			if told.Load() == c.want {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if told.Load() != c.want {
			t.Errorf("%s %s: told %d times, want %d", c.method, c.path, told.Load(), c.want)
		}
	}
}
