package stagetest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/stagetest"
)

// A document that is too large for a request is put to a signed address, and takes the same road.
func TestUploadByTicket(t *testing.T) {
	var w *world
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) { w.Addresses.ServeHTTP(answer, r) }))
	t.Cleanup(server.Close)
	w = newWorld(t, stagetest.Config{Endpoint: server.URL})
	put := func(file, text string) {
		t.Helper()
		var ticket struct {
			URL, Method string
			Headers     map[string]string
		}
		if err := json.Unmarshal([]byte(w.want(http.StatusOK, "POST", "/model/iris/upload", `{"file":"`+file+`"}`)), &ticket); err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), ticket.Method, ticket.URL, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range ticket.Headers {
			r.Header.Set(name, value)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s to %s", answer.Status, ticket.URL)
		}
	}
	put("model.json", `{"memory":512}`)
	put("model.pmml", document(1))
	w.serves(map[string]int{"iris": 1})
	if f, _ := w.Lambda.Function(functionOf("iris")); *f.Latest.MemorySize != 512 {
		t.Errorf("the function has %d MB", *f.Latest.MemorySize)
	}
	audits, err := w.Store().Audits(t.Context(), "iris", "", 10)
	if err != nil || len(audits) != 1 || !strings.HasPrefix(audits[0].Actor, "jwt ada ") {
		t.Errorf("%+v, %v", audits, err)
	}
}
