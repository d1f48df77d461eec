package rest

import (
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"
)

// live is GET /livez and /healthz: the process answers.
func (x *exchange) live() error {
	x.answer(http.StatusOK, jsonTypes[0], []byte(`{"status":"ok"}`+"\n"))
	return nil
}

// ready is GET /readyz: requests may be sent here.
func (x *exchange) ready() error {
	if x.service.Ready != nil && !x.service.Ready(x.r) {
		return &callerError{http.StatusServiceUnavailable, "not-ready", "Not ready"}
	}
	return x.live()
}

// isOperations says whether a request was one of the machinery's, which comes every few seconds.
func isOperations(r *resource) bool {
	return r != nil && (strings.HasSuffix(r.name, "z") || r.name == "/metrics")
}

// metrics count what the service does. The zero metrics are ready to use.
type metrics struct {
	mu       sync.Mutex
	requests map[requestKey]int64
	seconds  map[string]*histogram // by route
	models   map[string]*modelCount
}

type requestKey struct {
	route, method string
	status        int
}

type modelCount struct {
	records, failed int64
}

// bounds are the upper ends of the histogram's buckets in seconds.
var bounds = [...]float64{.0001, .0003, .001, .003, .01, .03, .1, .3, 1, 3, 10}

type histogram struct {
	buckets [len(bounds) + 1]int64 // the last: above all bounds
	sum     float64
	count   int64
}

func (h *histogram) add(seconds float64) {
	h.buckets[sort.SearchFloat64s(bounds[:], seconds)]++
	h.sum += seconds
	h.count++
}

// count adds an exchange that is over.
func (m *metrics) count(x *exchange, took time.Duration) {
	route := x.route()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.requests == nil {
		m.requests, m.seconds, m.models = map[requestKey]int64{}, map[string]*histogram{}, map[string]*modelCount{}
	}
	m.requests[requestKey{route, x.shownMethod(), x.status}]++
	if m.seconds[route] == nil {
		m.seconds[route] = &histogram{}
	}
	m.seconds[route].add(took.Seconds())
	if x.records > 0 {
		if m.models[x.id] == nil {
			m.models[x.id] = &modelCount{}
		}
		m.models[x.id].records += int64(x.records)
		m.models[x.id].failed += int64(x.failed)
	}
}

// showMetrics is GET /metrics, in Prometheus's text format.
func (x *exchange) showMetrics() error {
	models, err := x.service.Models.Models(x.r.Context())
	if err != nil {
		return err
	}
	var b strings.Builder
	x.service.metrics.write(&b)
	fmt.Fprintf(&b, "# HELP handoff_models Models that are deployed.\n# TYPE handoff_models gauge\nhandoff_models %d\n", len(models))
	writeProcess(&b)
	x.answer(http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", []byte(b.String()))
	return nil
}

func (m *metrics) write(w io.Writer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprint(w, "# HELP handoff_requests_total Requests that were answered.\n# TYPE handoff_requests_total counter\n")
	for _, line := range sorted(m.requests, func(k requestKey, n int64) string {
		return fmt.Sprintf("handoff_requests_total{route=%q,method=%q,status=\"%d\"} %d\n", k.route, k.method, k.status, n)
	}) {
		fmt.Fprint(w, line)
	}
	fmt.Fprint(w, "# HELP handoff_request_seconds Time from a request to the end of its answer.\n# TYPE handoff_request_seconds histogram\n")
	for _, text := range sorted(m.seconds, histogramText) {
		fmt.Fprint(w, text)
	}
	fmt.Fprint(w, "# HELP handoff_records_total Records that were to be scored.\n# TYPE handoff_records_total counter\n")
	for _, line := range sorted(m.models, func(id string, c *modelCount) string {
		return fmt.Sprintf("handoff_records_total{model=%q} %d\n", id, c.records)
	}) {
		fmt.Fprint(w, line)
	}
	fmt.Fprint(w, "# HELP handoff_record_errors_total Records that could not be scored.\n# TYPE handoff_record_errors_total counter\n")
	for _, line := range sorted(m.models, func(id string, c *modelCount) string {
		return fmt.Sprintf("handoff_record_errors_total{model=%q} %d\n", id, c.failed)
	}) {
		fmt.Fprint(w, line)
	}
}

func histogramText(route string, h *histogram) string {
	var b strings.Builder
	below := int64(0)
	for i, bound := range bounds {
		below += h.buckets[i]
		fmt.Fprintf(&b, "handoff_request_seconds_bucket{route=%q,le=\"%g\"} %d\n", route, bound, below)
	}
	fmt.Fprintf(&b, "handoff_request_seconds_bucket{route=%q,le=\"+Inf\"} %d\n", route, h.count)
	fmt.Fprintf(&b, "handoff_request_seconds_sum{route=%q} %g\nhandoff_request_seconds_count{route=%q} %d\n", route, h.sum, route, h.count)
	return b.String()
}

// sorted gives the texts of a map's entries in their order.
func sorted[K comparable, V any](of map[K]V, text func(K, V) string) []string {
	var all []string
	for k, v := range of {
		all = append(all, text(k, v))
	}
	sort.Strings(all)
	return all
}
