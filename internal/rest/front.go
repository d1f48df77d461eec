package rest

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// This file has what a function in front of others must know of the protocol without answering in it.

// AdminRoutes gives the operations that take an Admin, the way API Gateway writes routes: "PUT /model/{id}".
func AdminRoutes() []string {
	all := &service{Config: Config{
		Documents: struct{ catalog.Documents }{}, Deployer: struct{ Deployer }{}, Uploads: struct{ Uploads }{},
		History: struct{ History }{},
	}}
	var routes []string
	for _, resource := range all.routes() {
		for method, op := range resource.operations {
			if op.role == Admin {
				routes = append(routes, method+" "+resource.name, method+" /openscoring"+resource.name)
			}
		}
	}
	slices.Sort(routes)
	return routes
}

// EffectiveMethod is the method that counts: a POST may name another one, which then decides about everything, the role
// included.
func EffectiveMethod(r *http.Request) string { return effectiveMethod(r) }

// RequestID names an answer that is given in front of the service, as the service names its own in X-Request-Id.
func RequestID() string { return requestID() }

// Scored gives the model that a request asks to score, judged by its path and its effective method. It knows nothing of
// a path in front of all others (Config.BasePath).
func Scored(r *http.Request) (id string, ok bool) {
	if effectiveMethod(r) != http.MethodPost {
		return "", false
	}
	path := r.URL.EscapedPath()
	if below, ok := strings.CutPrefix(path, "/openscoring/"); ok {
		path = "/" + below
	}
	at, id, _ := modelPath(path)
	return id, (at == modelResource || at == batchResource || at == tableResource) && catalog.ValidID(id)
}

// unavailable is the code of what Unavailable says.
const unavailable = "unavailable"

// Unavailable is an error of a Scorers or Deployer that stands for others and cannot reach them now. The status is one
// of 413, 429, 502, 503 and 504; with 429 and 503 the caller is asked to try again.
func Unavailable(status int, message string) error {
	return &callerError{status, unavailable, message}
}

// Addresses may be implemented by Config.Documents: it gives the address of a document that is too large for an answer,
// where whoever has it can fetch the document without further rights for some minutes; empty for one that is not.
type Addresses interface {
	DocumentAddress(ctx context.Context, id string) (string, error)
}

// AllowOrigin says in the header of an answer that pages of its request's origin may read it, if they may (CORS).
func AllowOrigin(header http.Header, origin string, allowed []string) bool {
	if origin == "" || len(allowed) == 0 {
		return false
	}
	header.Add("Vary", "Origin")
	for _, one := range allowed {
		if one == "*" || one == origin {
			header.Set("Access-Control-Allow-Origin", one)
			header.Set("Access-Control-Expose-Headers", "Location, X-Application, X-Request-Id, X-Handoff-Fault, X-Handoff-Version, X-Handoff-Checksum")
			return true
		}
	}
	return false
}
