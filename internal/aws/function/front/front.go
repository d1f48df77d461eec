// Package front is API Gateway for tests: an HTTP server's requests become events of an HTTP API (payload format 2.0),
// a Lambda handler answers them, and its answers become HTTP again, by the gateway's rules. It is for loopback: recorded
// exchanges and existing clients reach the functions' code without AWS.
package front

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

const (
	maxBody    = 10 << 20 // what API Gateway takes, in bytes
	maxPayload = 6 << 20  // what Lambda takes and gives, in bytes
)

// An Authorizer is what API Gateway has found out about a caller.
type Authorizer = events.APIGatewayV2HTTPRequestContextAuthorizerDescription

// Options say how an API is set up. The zero value has the route $default alone, without authorization.
type Options struct {
	Routes    []string                                                     // beside $default, such as "PUT /model/{id}"
	Authorize func(route string, r *http.Request) (a *Authorizer, ok bool) // nil: everybody is let in, and nothing is found out
}

// New gives a handler that passes every request on to a function, on the stage $default.
func New(function lambda.Handler, o Options) http.Handler {
	return &front{function: function, now: time.Now, options: o}
}

type front struct {
	function lambda.Handler
	now      func() time.Time
	options  Options
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		refuse(w, http.StatusBadRequest, "Bad Request")
		return
	}
	route, parameters := f.match(r)
	var authorizer *Authorizer
	if f.options.Authorize != nil {
		var ok bool
		if authorizer, ok = f.options.Authorize(route, r); !ok {
			refuse(w, http.StatusForbidden, "Forbidden")
			return
		}
	}
	request := f.event(r, body)
	request.RouteKey, request.RequestContext.RouteKey, request.PathParameters = route, route, parameters
	request.RequestContext.Authorizer = authorizer
	event, err := json.Marshal(request)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	if len(body) > maxBody || len(event) > maxPayload {
		refuse(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	answer, err := f.function.Invoke(r.Context(), event)
	if err != nil || len(answer) > maxPayload {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	if err := write(w, answer); err != nil {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
	}
}

// refuse answers in the gateway's own words: without X-Application, which an HTTP API cannot add to them.
func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":%q}`, message)
}

// event gives the event that API Gateway sends for a request.
func (f *front) event(r *http.Request, body []byte) events.APIGatewayV2HTTPRequest {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		ip = r.RemoteAddr
	}
	now := f.now().UTC()
	path := decodedPath(r)
	event := events.APIGatewayV2HTTPRequest{
		Version:               "2.0",
		RawPath:               path,
		RawQueryString:        r.URL.RawQuery,
		Cookies:               cookies(r.Header),
		Headers:               headers(r, ip),
		QueryStringParameters: query(r.URL.RawQuery),
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			AccountID:    "123456789012",
			Stage:        "$default",
			RequestID:    strconv.FormatInt(now.UnixNano(), 36),
			APIID:        "local",
			DomainName:   r.Host,
			DomainPrefix: "local",
			Time:         now.Format("02/Jan/2006:15:04:05 -0700"),
			TimeEpoch:    now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: ip, UserAgent: r.UserAgent(),
			},
		},
	}
	if len(body) > 0 {
		event.Body, event.IsBase64Encoded = encode(body, r.Header)
	}
	return event
}

// match gives the route of a request, and what stands for its parameters in the path. The path is matched as it was sent.
func (f *front) match(r *http.Request) (route string, parameters map[string]string) {
	parts := strings.Split(r.URL.EscapedPath(), "/")
	for _, route := range f.options.Routes {
		method, path, _ := strings.Cut(route, " ")
		if parameters, ok := matchPath(strings.Split(path, "/"), parts); ok && method == r.Method {
			return route, parameters
		}
	}
	return "$default", nil
}

func matchPath(pattern, parts []string) (parameters map[string]string, ok bool) {
	if len(pattern) != len(parts) {
		return nil, false
	}
	parameters = map[string]string{}
	for i, want := range pattern {
		name, isParameter := strings.CutPrefix(want, "{")
		if !isParameter && want != parts[i] || isParameter && parts[i] == "" {
			return nil, false
		}
		if isParameter {
			value, err := url.PathUnescape(parts[i])
			if err != nil {
				return nil, false
			}
			parameters[strings.TrimSuffix(name, "}")] = value
		}
	}
	return parameters, true
}

// decodedPath gives the path as an HTTP API gives it in rawPath, whose name misleads: decoded, and cut at a question mark
// that decoding has brought out.
func decodedPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.URL.Path, "?")
	return path
}

// encode gives the body as text where the gateway takes it for text, by its type. Everything else goes as base64, a body
// without a type too; so does what JSON cannot carry: compressed bytes, and text that is not UTF-8.
func encode(body []byte, h http.Header) (text string, isBase64 bool) {
	if isText(h.Get("Content-Type")) && h.Get("Content-Encoding") == "" && utf8.Valid(body) {
		return string(body), false
	}
	return base64.StdEncoding.EncodeToString(body), true
}

func isText(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch media {
	case "application/json", "application/xml", "application/javascript":
		return true
	}
	return strings.HasPrefix(media, "text/")
}

// headers gives the names in small letters, several values of a name joined by commas, and the gateway's own.
func headers(r *http.Request, ip string) map[string]string {
	all := map[string]string{
		"host":              r.Host,
		"x-forwarded-for":   ip,
		"x-forwarded-proto": "http",
		"x-amzn-trace-id":   "Root=1-00000000-000000000000000000000000",
	}
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		all["x-forwarded-port"] = port
	}
	if r.ContentLength > 0 {
		all["content-length"] = strconv.FormatInt(r.ContentLength, 10)
	}
	for name, values := range r.Header {
		name = strings.ToLower(name)
		switch name {
		case "cookie", "connection", "transfer-encoding", "x-forwarded-proto", "x-forwarded-port":
			continue
		case "x-forwarded-for":
			values = append(values[:len(values):len(values)], ip)
		}
		all[name] = strings.Join(values, ",")
	}
	return all
}

func cookies(h http.Header) []string {
	var all []string
	for _, line := range h.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				all = append(all, cookie)
			}
		}
	}
	return all
}

func query(raw string) map[string]string {
	values, _ := url.ParseQuery(raw) // what cannot be read is left out, as the gateway does; rawQueryString has it all
	if len(values) == 0 {
		return nil
	}
	all := make(map[string]string, len(values))
	for name, list := range values {
		all[name] = strings.Join(list, ",")
	}
	return all
}

// notForwarded are headers of a function's answer that API Gateway sets itself.
var notForwarded = map[string]bool{"Connection": true, "Content-Length": true, "Date": true, "Server": true, "Transfer-Encoding": true}

// write turns a function's answer into a response. It fails before anything is written if the answer is not of payload
// format 2.0.
func write(w http.ResponseWriter, answer []byte) error {
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return fmt.Errorf("answer of the function: %w", err)
	}
	if response.StatusCode < 200 || response.StatusCode > 599 {
		return fmt.Errorf("answer of the function: status %d", response.StatusCode)
	}
	body := []byte(response.Body)
	if response.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(response.Body); err != nil {
			return fmt.Errorf("answer of the function: %w", err)
		}
	}
	writeHeader(w.Header(), response)
	w.WriteHeader(response.StatusCode)
	_, err := io.Copy(w, bytes.NewReader(body))
	return err
}

func writeHeader(h http.Header, response events.APIGatewayV2HTTPResponse) {
	for name, value := range response.Headers {
		if !notForwarded[http.CanonicalHeaderKey(name)] {
			h.Set(name, value)
		}
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	for _, cookie := range response.Cookies {
		h.Add("Set-Cookie", cookie)
	}
}
