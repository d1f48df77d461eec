package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// FuzzRequest sends requests of any method, path and header to an empty service: never a panic, never a 5xx.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/model", "*/*", "gzip", "", "")
	f.Add("POST", "/model/x/csv?delimiterChar=%5Ct", "text/csv, application/problem+json", "deflate;q=0.5", "multipart/form-data; boundary=B",
		"--B\r\nContent-Disposition: form-data; name=\"csv\"\r\n\r\na,b\n--B--\r\n")
	f.Add("POST", "/openscoring/model/x?_method=DELETE", "", "", "application/json;;", "{")
	f.Add("PUT", "/model/a%2Fb", "application/json;q=2", "x-gzip", "text/xml", "\x1f\x8b")
	var empty catalog.Fixed
	service := rest.New(rest.Config{Models: &empty, Scorers: &empty, Roles: rest.Tokens("", ""), Operations: true, Metrics: true})
	f.Fuzz(func(t *testing.T, method, path, accept, encoding, contentType, body string) {
		r, err := http.NewRequest(method, "http://x"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Accept", accept)
		r.Header.Set("Accept-Encoding", encoding)
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		service.ServeHTTP(w, r)
		if w.Code >= 500 || w.Header().Get("X-Application") != rest.Application {
			t.Errorf("%s %s: %d", method, path, w.Code)
		}
	})
}
