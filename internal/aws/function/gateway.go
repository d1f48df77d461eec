package function

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// gateway answers API Gateway's events. aws-lambda-go-api-proxy does the translation; what it leaves out is done here:
// paths that API Gateway has decoded, stage prefixes, the host, who the caller is, and what net/http's server does after
// a handler.
type gateway struct {
	v1 *httpadapter.HandlerAdapter
	v2 *httpadapter.HandlerAdapterV2
}

func newGateway(rest http.Handler) gateway {
	served := serverManners(rest)
	return gateway{v1: httpadapter.New(served), v2: httpadapter.NewV2(served)}
}

func (g gateway) serveV2(ctx context.Context, e event) ([]byte, error) {
	ctx, request, err := readV2(ctx, e)
	if err == nil {
		err = e.readBody(&request.Body, &request.IsBase64Encoded)
	}
	if err != nil {
		return nil, err
	}
	if request.IsBase64Encoded && !isBase64(request.Body) {
		return encode(refusal(http.StatusBadRequest, "The body of the event is not base64").v2())
	}
	response, err := g.v2.ProxyWithContext(ctx, request)
	if err != nil {
		return encode(refusal(http.StatusBadRequest, "The event is not a request: "+err.Error()).v2())
	}
	instead := refusal(http.StatusRequestEntityTooLarge, answerTooLarge)
	instead.request = response.Headers[requestHeader]
	return fit(response, instead.v2())
}

func (g gateway) serveV1(ctx context.Context, e event) ([]byte, error) {
	ctx, request, err := readV1(ctx, e)
	if err == nil {
		err = e.readBody(&request.Body, &request.IsBase64Encoded)
	}
	if err != nil {
		return nil, err
	}
	if request.IsBase64Encoded && !isBase64(request.Body) {
		return encode(refusal(http.StatusBadRequest, "The body of the event is not base64").v1())
	}
	response, err := g.v1.ProxyWithContext(ctx, request)
	if err != nil {
		return encode(refusal(http.StatusBadRequest, "The event is not a request: "+err.Error()).v1())
	}
	instead := refusal(http.StatusRequestEntityTooLarge, answerTooLarge)
	instead.request = http.Header(response.MultiValueHeaders).Get(requestHeader)
	return fit(response, instead.v1())
}

// readV2 reads all of an event but its body, and puts into the context what the handler is to know of it.
func readV2(ctx context.Context, e event) (context.Context, events.APIGatewayV2HTTPRequest, error) {
	var request events.APIGatewayV2HTTPRequest
	err := e.read(map[string]any{
		"rawPath": &request.RawPath, "rawQueryString": &request.RawQueryString, "cookies": &request.Cookies,
		"headers": &request.Headers, "queryStringParameters": &request.QueryStringParameters,
		"pathParameters": &request.PathParameters, "requestContext": &request.RequestContext,
	})
	if err != nil {
		return ctx, request, err
	}
	path, prefix := cutStage(request.RawPath, request.RequestContext.Stage)
	request.RawPath = escapePath(path)
	ctx = context.WithValue(withPrefix(ctx, prefix), callerKey{}, callerOfV2(&request))
	return ctx, request, nil
}

// readV1 does the same for payload format 1.0.
func readV1(ctx context.Context, e event) (context.Context, events.APIGatewayProxyRequest, error) {
	var request events.APIGatewayProxyRequest
	err := e.read(map[string]any{
		"path": &request.Path, "httpMethod": &request.HTTPMethod,
		"headers": &request.Headers, "multiValueHeaders": &request.MultiValueHeaders,
		"queryStringParameters":           &request.QueryStringParameters,
		"multiValueQueryStringParameters": &request.MultiValueQueryStringParameters,
		"requestContext":                  &request.RequestContext,
	})
	if err != nil {
		return ctx, request, err
	}
	stage, prefix := request.RequestContext.Stage, ""
	if request.RequestContext.Path == "/"+stage+request.Path {
		prefix = "/" + stage // a REST API has cut its stage from path, but not from requestContext.path
	} else {
		request.Path, prefix = cutStage(request.Path, stage)
	}
	request.Path = escapePath(request.Path)
	ctx = context.WithValue(withPrefix(ctx, prefix), callerKey{}, callerOfV1(&request.RequestContext))
	return ctx, request, nil
}

// Head gives the request that an event of API Gateway holds, as a handler sees it but without its body, which is not even
// decoded. ok is false for an event of another kind, and for one that is no request.
func Head(ctx context.Context, payload []byte) (r *http.Request, ok bool) {
	e, err := readEvent(payload)
	if err != nil {
		return nil, false
	}
	switch e.kind() {
	case gatewayV2:
		ctx, request, err := readV2(ctx, e)
		if err != nil {
			return nil, false
		}
		r, err = new(core.RequestAccessorV2).EventToRequestWithContext(ctx, request)
		if err != nil {
			return nil, false
		}
	case gatewayV1:
		ctx, request, err := readV1(ctx, e)
		if err != nil {
			return nil, false
		}
		r, err = new(core.RequestAccessor).EventToRequestWithContext(ctx, request)
		if err != nil {
			return nil, false
		}
	default:
		return nil, false
	}
	teachManners(r)
	return r, true
}

// application is what every answer says of itself, also those that the REST API has no part in.
const application = rest.Application

const answerTooLarge = "The answer is larger than the 6 MB that AWS Lambda passes on; send fewer records at a time"

// fit encodes an answer, or the other one if that is too large for Lambda.
func fit(response, tooLarge any) ([]byte, error) {
	encoded, err := encode(response)
	if err == nil && len(encoded) > maxAnswer {
		return encode(tooLarge)
	}
	return encoded, err
}

// encode makes JSON. Markup stays as it is: a document of 4 MB would have 6 with every < escaped.
func encode(response any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(response)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func isBase64(body string) bool {
	_, err := base64.StdEncoding.DecodeString(body)
	return err == nil
}

// cutStage cuts the prefix that a named stage puts before the paths of an HTTP API.
func cutStage(path, stage string) (rest, prefix string) {
	if stage == "" || stage == "$default" {
		return path, ""
	}
	prefix = "/" + stage
	rest, found := strings.CutPrefix(path, prefix)
	if !found || rest != "" && rest[0] != '/' {
		return path, ""
	}
	return "/" + strings.TrimPrefix(rest, "/"), prefix
}

// escapePath makes a path safe to be parsed as part of an address. HTTP APIs send paths decoded, REST APIs and function
// URLs as they came; so only those bytes are escaped that an encoded path cannot have.
func escapePath(path string) string {
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		bare := c == '%' && !(i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]))
		if bare || c <= ' ' || c >= 0x7f || strings.IndexByte(`?#"<>\^{|}`+"`", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

type prefixKey struct{}

func withPrefix(ctx context.Context, prefix string) context.Context {
	return context.WithValue(ctx, prefixKey{}, prefix)
}

// serverManners brings a request of the proxy to the form of net/http's server, and treats the answer as that does.
func serverManners(rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		teachManners(r)
		a := &answer{ResponseWriter: w, bodiless: r.Method == http.MethodHead}
		rest.ServeHTTP(a, r)
		a.WriteHeader(http.StatusOK)
	})
}

// teachManners gives a request of the proxy the form of one of net/http's server.
func teachManners(r *http.Request) {
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
		r.Header.Del("Host")
	}
	r.URL.Scheme, r.URL.Host = "", ""
	if r.Header.Get("X-Forwarded-Proto") == "" {
		r.Header.Set("X-Forwarded-Proto", "https")
	}
	r.RemoteAddr = net.JoinHostPort(r.RemoteAddr, "0")
	if prefix, _ := r.Context().Value(prefixKey{}).(string); prefix != "" {
		r.Header.Set("X-Forwarded-Prefix", prefix) // so that Location is where the client can fetch it
	}
}

// answer is a response of the proxy with the rules of net/http's server: the first status counts, 200 is the default,
// and HEAD has no body.
type answer struct {
	http.ResponseWriter
	bodiless bool
	begun    bool
}

func (a *answer) WriteHeader(status int) {
	if a.begun || status < http.StatusOK {
		return
	}
	a.begun = true
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(body []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.bodiless {
		return len(body), nil
	}
	return a.ResponseWriter.Write(body)
}

// refused is an answer that the REST API has no part in.
type refused struct {
	status  int
	body    string
	request string // name of the answer in whose place this is; empty: it has one of its own
}

const requestHeader = "X-Request-Id"

// refusal gives an answer in Openscoring's words.
func refusal(status int, message string) refused {
	body, _ := json.Marshal(map[string]string{"message": message}) // strings cannot fail
	return refused{status: status, body: string(body)}
}

func (r refused) headers() map[string]string {
	return map[string]string{"Content-Type": "application/json", "X-Application": application, requestHeader: cmp.Or(r.request, rest.RequestID())}
}

func (r refused) v1() events.APIGatewayProxyResponse {
	return events.APIGatewayProxyResponse{StatusCode: r.status, Headers: r.headers(), Body: r.body}
}

func (r refused) v2() events.APIGatewayV2HTTPResponse {
	return events.APIGatewayV2HTTPResponse{StatusCode: r.status, Headers: r.headers(), Body: r.body}
}
