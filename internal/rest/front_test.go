package rest_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/rest"
)

func TestAdminRoutes(t *testing.T) {
	var want []string
	for _, route := range []string{
		"POST /model", "PUT /model/{id}", "DELETE /model/{id}", "GET /model/{id}/pmml", "POST /model/{id}/rollback",
		"POST /model/{id}/upload", "POST /model/{id}/report", "GET /model/{id}/audit", "GET /metric/model", "GET /metric/model/{id}",
	} {
		want = append(want, route, strings.Replace(route, " ", " /openscoring", 1))
	}
	slices.Sort(want)
	if got := rest.AdminRoutes(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestScored(t *testing.T) {
	for _, c := range []struct{ method, target, override, id string }{
		{"POST", "/model/iris", "", "iris"},
		{"POST", "/model/iris/", "", "iris"},
		{"POST", "/model/iris/batch", "", "iris"},
		{"POST", "/openscoring/model/iris/csv?delimiterChar=%09", "", "iris"},
		{"POST", "/model/iris", "POST", "iris"},
		{"POST", "/model/iris", "PUT", ""},
		{"POST", "/model/iris?_method=DELETE", "", ""},
		{"POST", "/model/iris?_method=POST", "", "iris"},
		{"PUT", "/model/iris", "POST", ""},
		{"GET", "/model/iris", "", ""},
		{"POST", "/model", "", ""},
		{"POST", "/model/iris/pmml", "", ""},
		{"POST", "/model/iris/rollback", "", ""},
		{"POST", "/model/ir%69s", "", ""},
		{"POST", "/model/iris%2Fcsv", "", ""},
		{"POST", "/openscoring/openscoring/model/iris", "", ""},
		{"POST", "/metric/model/iris", "", ""},
		{"POST", "/model/" + strings.Repeat("x", 129), "", ""},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		if c.override != "" {
			r.Header.Set("X-HTTP-Method-Override", c.override)
		}
		if id, ok := rest.Scored(r); ok != (c.id != "") || ok && id != c.id {
			t.Errorf("%s %s (%s) scores %q, %v", c.method, c.target, c.override, id, ok)
		}
	}
}

func TestTokenHashes(t *testing.T) {
	hash := func(token string) rest.TokenHash { return sha256.Sum256([]byte(token)) }
	known := rest.TokenHashes{Admin: []rest.TokenHash{hash("old"), hash("new")}, User: []rest.TokenHash{hash("u1"), hash("u2")}}
	for _, c := range []struct {
		header, cookie string
		want           rest.Role
	}{
		{"Bearer old", "", rest.Admin}, {"bearer new", "", rest.Admin}, {"Bearer u1", "", rest.User}, {"", "u2", rest.User},
		{"Bearer u1", "new", rest.Admin}, {"Bearer nobody", "u1", rest.User},
		{"Bearer ", "", rest.Nobody}, {"Basic old", "", rest.Nobody}, {"", "", rest.Nobody}, {"Bearer old2", "", rest.Nobody},
	} {
		r := httptest.NewRequest("GET", "/model", nil)
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "token", Value: c.cookie})
		}
		if got := known.Role(r); got != c.want {
			t.Errorf("%q, cookie %q: %v, want %v", c.header, c.cookie, got, c.want)
		}
		if got := (rest.TokenHashes{}).Role(r); got != rest.Nobody {
			t.Errorf("%q without tokens: %v", c.header, got)
		}
	}
}
