package rest

import (
	"net/http"
	"slices"
	"sort"
	"strings"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// A resource is a path with the methods that it knows.
type resource struct {
	name       string                // its path with {id}, for logs and metrics
	operations map[string]*operation // by method
	allow      string                // the methods, for the header of that name
}

// An operation is a method of a resource.
type operation struct {
	role     Role     // what the caller must be at least
	consumes []string // media types of the body; nil: there is none, or any
	bare     bool     // a body without a Content-Type is taken as the first of consumes
	produces []string // media types of the answer
	handle   func(*exchange) error
}

var (
	jsonTypes = []string{"application/json"}
	xmlTypes  = []string{"application/xml"}
	csvTypes  = []string{"text/plain", "text/csv"}

	documentBodies = []string{"application/xml", "text/xml", "multipart/form-data"}
	formBodies     = []string{"multipart/form-data"}
	tableBodies    = []string{"text/csv", "text/plain", "application/csv", "multipart/form-data"}
)

// The resources by their position in routes.
const (
	modelsResource = iota
	modelResource
	documentResource
	batchResource
	tableResource
	versionsResource
	deploymentsResource
	deploymentResource
	auditResource
	rollbackResource
	reportResource
	latestResource
	uploadResource
	receiveResource
	usagesResource
	usageResource
	livezResource
	readyzResource
	healthzResource
	metricsResource
)

// routes is the table of all that the service answers. What has no adapter behind it does not exist.
func (s *service) routes() []resource {
	all := []resource{
		modelsResource: {name: "/model", operations: map[string]*operation{
			"GET":  {role: User, produces: jsonTypes, handle: (*exchange).list},
			"POST": {role: Admin, consumes: formBodies, produces: jsonTypes, handle: (*exchange).deployForm},
		}},
		modelResource: {name: "/model/{id}", operations: map[string]*operation{
			"GET":    {role: User, produces: jsonTypes, handle: (*exchange).describe},
			"PUT":    {role: Admin, consumes: documentBodies, bare: true, produces: jsonTypes, handle: (*exchange).deploy},
			"POST":   {role: User, consumes: jsonTypes, produces: jsonTypes, handle: (*exchange).scoreRecord},
			"DELETE": {role: Admin, produces: jsonTypes, handle: (*exchange).undeploy},
		}},
		documentResource: {name: "/model/{id}/pmml", operations: map[string]*operation{
			"GET": {role: Admin, produces: xmlTypes, handle: (*exchange).download},
		}},
		batchResource: {name: "/model/{id}/batch", operations: map[string]*operation{
			"POST": {role: User, consumes: jsonTypes, produces: jsonTypes, handle: (*exchange).scoreBatch},
		}},
		tableResource: {name: "/model/{id}/csv", operations: map[string]*operation{
			"POST": {role: User, consumes: tableBodies, bare: true, produces: csvTypes, handle: (*exchange).scoreTable},
		}},
		versionsResource: {name: "/model/{id}/versions", operations: map[string]*operation{
			"GET": {role: User, produces: jsonTypes, handle: (*exchange).versions},
		}},
		deploymentsResource: {name: "/model/{id}/deployments", operations: map[string]*operation{
			"GET": {role: User, produces: jsonTypes, handle: (*exchange).deployments},
		}},
		deploymentResource: {name: "/model/{id}/deployments/{deployment}", operations: map[string]*operation{
			"GET": {role: User, produces: jsonTypes, handle: (*exchange).deployment},
		}},
		auditResource: {name: "/model/{id}/audit", operations: map[string]*operation{
			"GET": {role: Admin, produces: jsonTypes, handle: (*exchange).audit},
		}},
		rollbackResource: {name: "/model/{id}/rollback", operations: map[string]*operation{
			"POST": {role: Admin, consumes: jsonTypes, bare: true, produces: jsonTypes, handle: (*exchange).rollback},
		}},
		reportResource: {name: "/model/{id}/report", operations: map[string]*operation{
			"GET":  {role: User, produces: jsonTypes, handle: (*exchange).report},
			"POST": {role: Admin, consumes: documentBodies, bare: true, produces: jsonTypes, handle: (*exchange).preview},
		}},
		latestResource: {name: "/deployments", operations: map[string]*operation{
			"GET": {role: User, produces: jsonTypes, handle: (*exchange).latest},
		}},
		uploadResource: {name: "/model/{id}/upload", operations: map[string]*operation{
			"POST": {role: Admin, consumes: jsonTypes, bare: true, produces: jsonTypes, handle: (*exchange).upload},
		}},
		receiveResource: {name: "/model/{id}/upload/{file}", operations: map[string]*operation{
			"PUT": {role: Nobody, produces: jsonTypes, handle: (*exchange).receive},
		}},
		usagesResource: {name: "/metric/model", operations: map[string]*operation{
			"GET": {role: Admin, produces: jsonTypes, handle: (*exchange).showUsages},
		}},
		usageResource: {name: "/metric/model/{id}", operations: map[string]*operation{
			"GET": {role: Admin, produces: jsonTypes, handle: (*exchange).showUsage},
		}},
		livezResource:   {name: "/livez", operations: map[string]*operation{"GET": {handle: (*exchange).live}}},
		readyzResource:  {name: "/readyz", operations: map[string]*operation{"GET": {handle: (*exchange).ready}}},
		healthzResource: {name: "/healthz", operations: map[string]*operation{"GET": {handle: (*exchange).live}}},
		metricsResource: {name: "/metrics", operations: map[string]*operation{"GET": {role: User, handle: (*exchange).showMetrics}}},
	}
	if s.History == nil {
		for i := versionsResource; i <= latestResource; i++ {
			all[i].operations = nil
		}
	}
	if s.Deployer == nil {
		all[rollbackResource].operations = nil
		delete(all[reportResource].operations, "POST")
		delete(all[modelsResource].operations, "POST")
		delete(all[modelResource].operations, "PUT")
		delete(all[modelResource].operations, "DELETE")
	}
	if s.Uploads == nil {
		all[uploadResource].operations = nil
	}
	if s.Receiver == nil {
		all[receiveResource].operations = nil
	}
	if s.Documents == nil {
		all[documentResource].operations = nil
	}
	for i := range all {
		all[i].allow = allowed(all[i].operations)
	}
	return all
}

func allowed(operations map[string]*operation) string {
	methods := []string{"OPTIONS"}
	for method := range operations {
		methods = append(methods, method)
		if method == "GET" {
			methods = append(methods, "HEAD")
		}
	}
	sort.Strings(methods)
	return strings.Join(methods, ", ")
}

// resolve finds the resource of a path, the id and the last part in it; mount is what stands in front of /model. The path is as it was
// sent: an id is matched before percent-decoding. One slash at the end is passed over.
func (s *service) resolve(path string) (found *resource, id, part, mount string) {
	rest, ok := strings.CutPrefix(path, s.BasePath)
	if !ok {
		return nil, "", "", ""
	}
	mount = s.BasePath
	if i := operationsResource(rest); i >= 0 && s.Operations && (i != metricsResource || s.Metrics) {
		return &s.resources[i], "", "", mount
	}
	if below, ok := strings.CutPrefix(rest, "/openscoring/"); ok {
		rest, mount = "/"+below, mount+"/openscoring"
	}
	i, id, part := modelPath(rest)
	if i < 0 {
		i, id = metricPath(rest)
	}
	if i < 0 || s.resources[i].operations == nil {
		return nil, "", "", mount
	}
	return &s.resources[i], id, part, mount
}

func operationsResource(path string) int {
	switch path {
	case "/livez":
		return livezResource
	case "/readyz":
		return readyzResource
	case "/healthz":
		return healthzResource
	case "/metrics":
		return metricsResource
	}
	return -1
}

// views are the resources below a model by the last element of their path.
var views = map[string]int{
	"pmml": documentResource, "batch": batchResource, "csv": tableResource, "versions": versionsResource,
	"deployments": deploymentsResource, "audit": auditResource, "rollback": rollbackResource, "report": reportResource,
	"upload": uploadResource,
}

// modelPath takes /model/{id}/… apart; the position is negative if there is no such path.
func modelPath(path string) (resource int, id, part string) {
	path = strings.TrimSuffix(path, "/")
	switch path {
	case "/model":
		return modelsResource, "", ""
	case "/deployments":
		return latestResource, "", ""
	}
	path, ok := strings.CutPrefix(path, "/model/")
	if !ok {
		return -1, "", ""
	}
	id, view, nested := strings.Cut(path, "/")
	if !catalog.WellFormedID(id) {
		return -1, "", ""
	}
	if !nested {
		return modelResource, id, ""
	}
	if part, ok := strings.CutPrefix(view, "deployments/"); ok && catalog.WellFormedID(part) {
		return deploymentResource, id, part
	}
	if part, ok := strings.CutPrefix(view, "upload/"); ok && slices.Contains(uploadFiles, part) {
		return receiveResource, id, part
	}
	if i, ok := views[view]; ok {
		return i, id, ""
	}
	return -1, "", ""
}

// effectiveMethod is the method that counts: a POST may name another one, which then decides about everything, the role
// included.
func effectiveMethod(r *http.Request) string {
	if r.Method != http.MethodPost {
		return r.Method
	}
	if method := r.Header.Get("X-HTTP-Method-Override"); method != "" {
		return method
	}
	if strings.Contains(r.URL.RawQuery, "_method") {
		if method := r.URL.Query().Get("_method"); method != "" {
			return method
		}
	}
	return r.Method
}
