package rest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// A registry is the answer of /metric/model. Its timers have text members, too.
type registry struct {
	Version  string
	Counters map[string]map[string]int64
	Timers   map[string]map[string]any
}

func readRegistry(t testing.TB, body string) registry {
	t.Helper()
	var r registry
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return r
}

// TestUsages scores records and reads how many there were.
func TestUsages(t *testing.T) {
	server := withIris(t, nil)
	show := func(path string) registry {
		t.Helper()
		got := send(t, server, request{"GET", path, "", ""})
		if got.status != 200 || got.header.Get("Content-Type") != "application/json" {
			t.Fatalf("%d %v %s", got.status, got.header, got.body)
		}
		return readRegistry(t, got.body)
	}
	counts := func(path, prefix string, want ...int64) {
		t.Helper()
		r := show(path)
		got := []any{r.Counters[prefix+"records"]["count"], len(r.Timers)}
		for _, name := range []string{"evaluate", "evaluate.batch", "evaluate.csv"} {
			got = append(got, int64(num(r.Timers[prefix+name]["count"])))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	deploy := func() {
		send(t, server, request{"PUT", "/model/iris", "Content-Type: application/xml", irisDocument(t)})
	}
	counts("/metric/model/iris", "", 0, 0, 0, 0, 0)
	for range 3 {
		send(t, server, request{"POST", "/model/iris", "", record})
	}
	send(t, server, request{"POST", "/model/iris/batch", "", `{"requests":[` + record + `,` + record + `,{"arguments":{"Petal_Length":"no"}}]}`})
	send(t, server, request{"POST", "/model/iris/csv", "Content-Type: text/csv", "Petal_Length,x\n1,1\n2,1\n"})
	counts("/metric/model/iris", "", 8, 3, 3, 1, 1)
	counts("/metric/model", "iris.", 8, 3, 3, 1, 1)

	r := show("/metric/model")
	m := r.Timers["iris.evaluate"]
	last := 0.0
	for _, name := range []string{"min", "p50", "p75", "p95", "p98", "p99", "p999", "max"} {
		if now := num(m[name]); now < last || now <= 0 || now > 60 {
			t.Errorf("%s is %v: %v", name, m[name], m)
		} else {
			last = now
		}
	}
	if mean := num(m["mean"]); mean < num(m["min"]) || mean > num(m["max"]) || num(m["stddev"]) > num(m["max"]) || num(m["mean_rate"]) <= 0 {
		t.Errorf("%v", m)
	}
	if m["duration_units"] != "seconds" || m["rate_units"] != "calls/second" || len(m) != 17 || r.Version != "3.0.0" {
		t.Errorf("%v", r)
	}

	deploy() // a model that is deployed again goes on counting
	counts("/metric/model/iris", "", 8, 3, 3, 1, 1)
	send(t, server, request{"DELETE", "/model/iris", "", ""})
	if got := send(t, server, request{"GET", "/metric/model/iris", "", ""}); got.status != 404 || got.message() != `Model "iris" not found` {
		t.Errorf("%d %s", got.status, got.body)
	}
	counts("/metric/model", "iris.", 0, 0, 0, 0, 0)
	deploy() // one that was undeployed begins anew
	counts("/metric/model/iris", "", 0, 0, 0, 0, 0)
}

func num(v any) float64 { f, _ := v.(float64); return f }

// fixed is a service without a store that has the model iris, and no clock of its own.
func fixed(t testing.TB) http.Handler {
	t.Helper()
	compiled, err := compile.Compile(strings.NewReader(irisDocument(t)), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var f catalog.Fixed
	if err := f.Add(catalog.Model{ID: "iris"}, compiled); err != nil {
		t.Fatal(err)
	}
	return rest.New(rest.Config{
		Models: &f, Scorers: &f, Log: slog.New(slog.DiscardHandler),
		Roles: func(*http.Request) rest.Role { return rest.Admin },
	})
}

// served sends a request to a handler.
func served(service http.Handler, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	service.ServeHTTP(w, r)
	return w
}

// TestRates scores two records a second for some minutes of a clock that the test moves.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := fixed(t)
		timer := func() map[string]any {
			return readRegistry(t, served(service, "GET", "/metric/model/iris", "").Body.String()).Timers["evaluate"]
		}
		near := func(m map[string]any, name string, want float64) {
			t.Helper()
			if got := num(m[name]); math.Abs(got-want) > .02*want+1e-9 {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		served(service, "POST", "/model/iris", record)
		near(timer(), "m1_rate", 0) // there was no tick yet
		for range 2*5 - 1 {
			time.Sleep(time.Second / 2)
			served(service, "POST", "/model/iris", record)
		}
		for range 600 {
			time.Sleep(time.Second / 2)
			served(service, "POST", "/model/iris", record)
		}
		m := timer()
		for _, name := range []string{"mean_rate", "m1_rate", "m5_rate", "m15_rate"} {
			near(m, name, 2)
		}
		time.Sleep(10 * time.Minute)
		m = timer()
		near(m, "mean_rate", 610/904.5)
		near(m, "m1_rate", 2*math.Exp(-119*5./60)) // the records' own tick was the first of 120
		near(m, "m5_rate", 2*math.Exp(-119*5./300))
		near(m, "m15_rate", 2*math.Exp(-119*5./900))
	})
}

// TestUsagesTogether counts while others read.
func TestUsagesTogether(t *testing.T) {
	service := fixed(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				served(service, "POST", "/model/iris", record)
				served(service, "GET", "/metric/model", "")
			}
		})
	}
	all.Wait()
	r := readRegistry(t, served(service, "GET", "/metric/model", "").Body.String())
	if r.Counters["iris.records"]["count"] != 400 {
		t.Errorf("%v", r)
	}
}

// BenchmarkRecord scores one record a request, without a network.
func BenchmarkRecord(b *testing.B) {
	service := fixed(b)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/model/iris", strings.NewReader(record))
		r.Header.Set("Content-Type", "application/json")
		service.ServeHTTP(discarding{}, r)
	}
}

// discarding is a ResponseWriter that keeps nothing.
type discarding struct{}

func (discarding) Header() http.Header         { return http.Header{} }
func (discarding) Write(p []byte) (int, error) { return io.Discard.Write(p) }
func (discarding) WriteHeader(int)             {}
