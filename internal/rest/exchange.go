package rest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// An exchange is one request on its way to its answer.
type exchange struct {
	service *service
	w       http.ResponseWriter
	r       *http.Request
	rc      *http.ResponseController
	begun   time.Time

	request    string // name of the exchange in the log and for the caller
	resource   *resource
	id         string // of the model
	part       string // what the path names below it: a deployment
	mount      string // path in front of /model
	method     string // the effective one
	mediaType  string // of the request's body
	parameters map[string]string
	produces   string // media type of the answer
	problem    bool   // errors as problem+json

	held    int64 // bytes counted in service.held
	large   bool  // it takes memory that is not counted there: a document is compiled
	status  int   // 0: nothing has been answered yet
	sent    int64 // bytes of the answer's body
	records int
	failed  int
	reason  string // code of the problem that was answered
}

// What every answer has in these headers. They are shared: whoever wants other values sets or adds them, which leaves these
// alone.
var (
	applicationHeader = []string{Application}
	varyHeader        = []string{"Accept-Encoding"}
)

// ServeHTTP answers a request.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{service: s, w: w, r: r, rc: http.NewResponseController(w), begun: time.Now(), method: r.Method}
	x.request = requestID()
	defer x.finish()
	header := w.Header()
	header["X-Application"], header["Vary"] = applicationHeader, varyHeader
	header.Set("X-Request-Id", x.request)
	if err := x.serve(); err != nil {
		x.fail(err)
	}
}

func requestID() string {
	var b [8]byte
	rand.Read(b[:]) //nolint:errcheck // never fails
	return hex.EncodeToString(b[:])
}

// serve goes through the checks in Openscoring's order: path, method, type of the body, type of the answer, role. What
// is in the body and whether there is such a model comes after them.
func (x *exchange) serve() error {
	x.resource, x.id, x.part, x.mount = x.service.resolve(x.r.URL.EscapedPath())
	if x.resource == nil {
		return errNotFound
	}
	x.method = effectiveMethod(x.r)
	x.allowOrigin()
	if x.method == http.MethodOptions {
		x.w.Header().Set("Allow", x.resource.allow)
		x.answer(http.StatusOK, "", nil)
		return nil
	}
	op := x.operation()
	if op == nil {
		x.w.Header().Set("Allow", x.resource.allow)
		return errMethod
	}
	if !x.readContentType(op) {
		return errContentType
	}
	x.produces, x.problem = choose(x.r.Header["Accept"], op.produces)
	if x.produces == "" && op.produces != nil {
		return errAccept
	}
	if x.service.Roles(x.r) < op.role {
		return errForbidden
	}
	if len(x.id) > catalog.MaxID {
		return x.longID()
	}
	return op.handle(x)
}

// longID answers for an id that is well formed but that no model can have.
func (x *exchange) longID() error {
	x.id = ""
	if x.method == http.MethodPut {
		return badRequest("invalid-id", fmt.Sprintf("Invalid identifier: it has more than %d characters", catalog.MaxID))
	}
	return errNotFound
}

func (x *exchange) operation() *operation {
	if x.method == http.MethodHead {
		return x.resource.operations[http.MethodGet]
	}
	return x.resource.operations[x.method]
}

// readContentType says whether the operation takes bodies of the request's type.
func (x *exchange) readContentType(op *operation) bool {
	if op.consumes == nil {
		return true
	}
	header := x.r.Header.Get("Content-Type")
	if header == "" {
		x.mediaType = op.consumes[0]
		return op.bare
	}
	x.mediaType, x.parameters = mediaTypeOf(header)
	for _, mediaType := range op.consumes {
		if x.mediaType == mediaType {
			return true
		}
	}
	return false
}

// allowedHeaders are what pages may send: what the service reads, and what AWS's signature of a request consists of.
const allowedHeaders = "Authorization, Content-Type, Content-Encoding, X-HTTP-Method-Override, X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-Sha256"

// allowOrigin lets the pages of configured origins call the service.
func (x *exchange) allowOrigin() {
	header := x.w.Header()
	if AllowOrigin(header, x.r.Header.Get("Origin"), x.service.AllowOrigins) {
		header.Set("Access-Control-Allow-Methods", x.resource.allow)
		header.Set("Access-Control-Allow-Headers", allowedHeaders)
	}
}

// fail answers with what went wrong.
func (x *exchange) fail(err error) {
	p := problemOf(err)
	x.reason = p.code
	if p.status >= http.StatusInternalServerError {
		x.service.Log.Error("cannot answer", slog.String("request", x.request), slog.String("cause", err.Error()))
	}
	if x.status != 0 {
		return // the answer is half sent; the connection ends with it
	}
	if x.rejectedEarly(p.status) {
		x.drain()
	}
	header := x.w.Header()
	if place := p.place(); place != "" {
		header.Set("X-Handoff-Fault", place)
	}
	if p.status == http.StatusTooManyRequests || p.status == http.StatusServiceUnavailable && p.code == unavailable {
		header.Set("Retry-After", "1")
	}
	contentType := jsonTypes[0]
	if x.problem {
		contentType = problemType
	}
	x.answer(p.status, contentType, p.body(x.problem))
}

// rejectedEarly says whether the client may still be sending a body that nobody read.
func (x *exchange) rejectedEarly(status int) bool {
	return x.r.ContentLength != 0 && status != http.StatusRequestTimeout && x.r.Header.Get("Expect") == ""
}

// drain reads what is left of a body of reasonable size, so that the client comes to read the answer instead of finding
// its connection broken.
func (x *exchange) drain() {
	const most, within = 1 << 30, 5 * time.Second
	if x.r.ContentLength > most {
		return
	}
	x.setReadDeadline(time.Now().Add(within))
	io.CopyN(io.Discard, x.r.Body, most) //nolint:errcheck // a kindness, no more
	x.setReadDeadline(time.Time{})
}

// finish makes an error of a panic, and writes the exchange down.
func (x *exchange) finish() {
	if cause := recover(); cause != nil {
		if cause == http.ErrAbortHandler {
			x.service.held.Add(-x.held)
			if (x.large || x.held > 1<<20) && x.service.Relieved != nil {
				x.service.Relieved()
			}
			panic(cause)
		}
		x.service.Log.Error("panic", slog.String("request", x.request), slog.String("cause", fmt.Sprint(cause)),
			slog.String("stack", string(debug.Stack())))
		x.fail(fmt.Errorf("panic: %v", cause))
	}
	x.service.held.Add(-x.held)
	if (x.large || x.held > 1<<20) && x.service.Relieved != nil {
		x.service.Relieved()
	}
	took := time.Since(x.begun)
	x.service.metrics.count(x, took)
	level := slog.LevelInfo
	if isOperations(x.resource) {
		level = slog.LevelDebug
	}
	x.service.Log.LogAttrs(x.r.Context(), level, "request",
		slog.String("request", x.request), slog.String("method", x.shownMethod()), slog.String("route", x.route()),
		slog.String("model", x.id), slog.Int("status", x.status), slog.Int64("bytes", x.sent),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int("records", x.records), slog.Int("failed", x.failed),
		slog.String("reason", x.reason))
}

func (x *exchange) route() string {
	if x.resource == nil {
		return "none"
	}
	return x.resource.name
}

// shownMethod keeps methods that somebody made up out of log and metrics.
func (x *exchange) shownMethod() string {
	switch x.method {
	case "GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT":
		return x.method
	}
	return "other"
}

// setReadDeadline bounds the time in which the body must come; a writer without deadlines, as in a function, has none.
func (x *exchange) setReadDeadline(at time.Time) {
	x.rc.SetReadDeadline(at) //nolint:errcheck // see above
}
