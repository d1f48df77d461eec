package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/handoff-pmml/handoff/internal/aws/function"
	"github.com/handoff-pmml/handoff/internal/aws/gateway"
	"github.com/handoff-pmml/handoff/internal/rest"
)

type authorizer = events.APIGatewayV2HTTPRequestContextAuthorizerDescription

func principal() *authorizer {
	return &authorizer{IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{UserARN: "arn:aws:iam::123456789012:user/ana"}}
}

func claims(pairs ...string) *authorizer {
	all := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return &authorizer{JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: all}}
}

// What a request may do is decided by the effective method, by what API Gateway tells, and never by a header that is not a
// token.
func TestRoles(t *testing.T) {
	const put, remove, back = "PUT /model/{id}", "DELETE /model/{id}", "POST /model/{id}/rollback"
	override := map[string]string{"x-http-method-override": "PUT"}
	for _, c := range []struct {
		name           string
		admin, scoring gateway.Mode
		request        request
		want           rest.Role
		actor          string
	}{
		{"IAM, admin route", gateway.IAM, gateway.IAM, request{method: "PUT", path: "/model/iris", route: put, authorizer: principal()}, rest.Admin, "arn:aws:iam::123456789012:user/ana 198.51.100.7"},
		{"IAM, admin route with prefix", gateway.IAM, gateway.IAM, request{method: "PUT", path: "/openscoring/model/iris", route: "PUT /openscoring/model/{id}", authorizer: principal()}, rest.Admin, "arn:aws:iam::123456789012:user/ana 198.51.100.7"},
		{"IAM, admin route without parameter", gateway.IAM, gateway.IAM, request{method: "POST", path: "/model", route: "POST /model", authorizer: principal()}, rest.Admin, "arn:aws:iam::123456789012:user/ana 198.51.100.7"},
		{"IAM, admin route, nobody signed", gateway.IAM, gateway.IAM, request{method: "PUT", path: "/model/iris", route: put}, rest.Nobody, "nobody 198.51.100.7"},
		{"IAM, scoring route", gateway.IAM, gateway.IAM, request{method: "POST", path: "/model/iris", authorizer: principal()}, rest.User, "arn:aws:iam::123456789012:user/ana 198.51.100.7"},
		{"IAM, override on the scoring route", gateway.IAM, gateway.IAM, request{method: "POST", path: "/model/iris", headers: override, authorizer: principal()}, rest.User, "arn:aws:iam::123456789012:user/ana 198.51.100.7"},
		{"IAM, override in the query", gateway.IAM, gateway.IAM, request{method: "POST", path: "/model/iris?_method=DELETE", authorizer: principal()}, rest.User, "arn:aws:iam::123456789012:user/ana 198.51.100.7"},
		{"IAM, override on an admin route", gateway.IAM, gateway.IAM, request{method: "POST", path: "/model/iris/rollback", route: back, headers: override, authorizer: principal()}, rest.User, "arn:aws:iam::123456789012:user/ana 198.51.100.7"},
		{"IAM, path became another", gateway.IAM, gateway.IAM, request{method: "POST", path: "/model/iris/rollback", route: "POST /model/{id}/report", authorizer: principal()}, rest.User, "arn:aws:iam::123456789012:user/ana 198.51.100.7"},
		{"IAM, claims do not count", gateway.IAM, gateway.IAM, request{method: "PUT", path: "/model/iris", route: put, authorizer: claims("scope", "handoff/admin")}, rest.Nobody, "nobody 198.51.100.7"},
		{"IAM for admins, anyone scores", gateway.IAM, gateway.None, request{method: "POST", path: "/model/iris"}, rest.User, "anyone 198.51.100.7"},
		{"IAM for admins, override by anyone", gateway.IAM, gateway.None, request{method: "POST", path: "/model/iris", headers: override}, rest.User, "anyone 198.51.100.7"},

		{"JWT with scope", gateway.JWT, gateway.JWT, request{method: "PUT", path: "/model/iris", route: put, authorizer: claims("scope", "openid handoff/admin", "sub", "7")}, rest.Admin, "jwt 7 198.51.100.7"},
		{"JWT with scp", gateway.JWT, gateway.JWT, request{method: "PUT", path: "/model/iris", route: put, authorizer: claims("scp", "[openid handoff/admin]", "client_id", "ci")}, rest.Admin, "jwt ci 198.51.100.7"},
		{"JWT with scope, override", gateway.JWT, gateway.JWT, request{method: "POST", path: "/model/iris", headers: override, authorizer: claims("scope", "handoff/admin", "sub", "7")}, rest.Admin, "jwt 7 198.51.100.7"},
		{"JWT without scope", gateway.JWT, gateway.JWT, request{method: "PUT", path: "/model/iris", route: put, authorizer: claims("scope", "handoff/adminX openid", "sub", "7")}, rest.User, "jwt 7 198.51.100.7"},
		{"JWT of nobody", gateway.JWT, gateway.JWT, request{method: "PUT", path: "/model/iris", route: put, authorizer: claims()}, rest.User, "jwt 198.51.100.7"},
		{"no JWT", gateway.JWT, gateway.JWT, request{method: "PUT", path: "/model/iris", route: put, headers: bearer("a.b.c")}, rest.Nobody, "nobody 198.51.100.7"},
		{"JWT for admins only", gateway.JWT, gateway.None, request{method: "POST", path: "/model/iris", headers: override}, rest.User, "anyone 198.51.100.7"},

		{"admin token", gateway.Token, gateway.Token, request{method: "PUT", path: "/model/iris", route: put, headers: bearer("boss")}, rest.Admin, "token admin 198.51.100.7"},
		{"the next admin token", gateway.Token, gateway.Token, request{method: "POST", path: "/model/iris", headers: bearer("boss2")}, rest.Admin, "token admin 198.51.100.7"},
		{"user token", gateway.Token, gateway.Token, request{method: "PUT", path: "/model/iris", route: put, headers: bearer("user")}, rest.User, "token user 198.51.100.7"},
		{"unknown token", gateway.Token, gateway.Token, request{method: "GET", path: "/model/iris", headers: bearer("user2")}, rest.Nobody, "nobody 198.51.100.7"},
		{"no token", gateway.Token, gateway.Token, request{method: "GET", path: "/model/iris"}, rest.Nobody, "nobody 198.51.100.7"},
		{"admin token where IAM decides on admins", gateway.IAM, gateway.Token, request{method: "PUT", path: "/model/iris", route: put, headers: bearer("boss")}, rest.User, "token user 198.51.100.7"},
		{"user token where anyone scores", gateway.Token, gateway.None, request{method: "PUT", path: "/model/iris", route: put, headers: bearer("user")}, rest.User, "anyone 198.51.100.7"},

		{"anyone", gateway.None, gateway.None, request{method: "DELETE", path: "/model/iris", route: remove, headers: bearer("boss"), authorizer: principal()}, rest.User, "anyone 198.51.100.7"},
	} {
		w := newWorld(t)
		a := &gateway.Authorization{Admin: c.admin, Scoring: c.scoring, Tokens: w.tokens}
		r, ok := function.Head(context.Background(), c.request.event())
		if !ok {
			t.Fatalf("%s: no request", c.name)
		}
		if got, actor := a.Role(r), a.Actor(r); got != c.want || actor != c.actor {
			t.Errorf("%s: role %d, want %d; actor %q, want %q", c.name, got, c.want, actor, c.actor)
		}
	}
}

// IAM has decided on the path as it was sent; the event has it decoded, and cut at a question mark.
func TestIAMDecidedOnThePathAsSent(t *testing.T) {
	for _, path := range []string{"/model/prod", "/model/prod/", "/model/prod-dev/x", "/model/prod%3F-dev", "//model/prod-dev"} {
		r := request{method: "DELETE", path: path, route: "DELETE /model/{id}", authorizer: principal()}
		event := strings.Replace(string(r.event()), `"pathParameters":{"id":"`, `"pathParameters":{"id":"prod?-dev","was":"`, 1)
		a := &gateway.Authorization{Admin: gateway.IAM, Scoring: gateway.IAM}
		head, ok := function.Head(context.Background(), []byte(event))
		if !ok || a.Role(head) != rest.User {
			t.Errorf("%s is an admin's", path)
		}
	}
}

func TestModesThatMakeNoSense(t *testing.T) {
	for _, a := range []gateway.Authorization{
		{Admin: "", Scoring: gateway.IAM}, {Admin: gateway.IAM, Scoring: "iam"}, {Admin: gateway.Token, Scoring: gateway.None}, {Admin: gateway.IAM, Scoring: gateway.Token},
	} {
		if _, err := gateway.New(gateway.Config{Authorization: &a}); err == nil {
			t.Errorf("%+v is taken", a)
		}
	}
}

func TestAdminRoutes(t *testing.T) {
	if len(gateway.AdminRoutes) != 20 || !slices.Contains(gateway.AdminRoutes, "PUT /openscoring/model/{id}") {
		t.Errorf("%q", gateway.AdminRoutes)
	}
}

// Each request goes through the whole front: what must not be done is not.
func TestWhoMayDoWhat(t *testing.T) {
	override := func(headers map[string]string, method string) map[string]string {
		headers["x-http-method-override"] = method
		return headers
	}
	for _, c := range []struct {
		name           string
		admin, scoring gateway.Mode
		request        request
		status         int
	}{
		{"score with a token", gateway.Token, gateway.Token, request{method: "POST", path: "/model/iris", headers: bearer("user"), body: record}, 200},
		{"score as admin", gateway.Token, gateway.Token, request{method: "POST", path: "/model/iris", headers: bearer("boss"), body: record}, 200},
		{"score without", gateway.Token, gateway.Token, request{method: "POST", path: "/model/iris", headers: map[string]string{"content-type": "application/json"}, body: record}, 403},
		{"roll back as user", gateway.Token, gateway.Token, request{method: "POST", path: "/model/iris/rollback", headers: bearer("user")}, 403},
		{"roll back as admin", gateway.Token, gateway.Token, request{method: "POST", path: "/model/iris/rollback", headers: bearer("boss")}, 200},
		{"delete by override as user", gateway.Token, gateway.Token, request{method: "POST", path: "/model/iris", headers: override(bearer("user"), "DELETE")}, 403},
		{"delete by override as admin", gateway.Token, gateway.Token, request{method: "POST", path: "/model/iris", headers: override(bearer("boss"), "DELETE")}, 200},
		{"delete by override on the scoring route, signed", gateway.IAM, gateway.IAM, request{method: "POST", path: "/model/iris", headers: override(bearer("x"), "DELETE"), authorizer: principal()}, 403},
		{"delete, signed", gateway.IAM, gateway.IAM, request{method: "DELETE", path: "/model/iris", route: "DELETE /model/{id}", authorizer: principal()}, 200},
		{"delete on $default, signed", gateway.IAM, gateway.IAM, request{method: "DELETE", path: "/model/iris", authorizer: principal()}, 403},
		{"audit as user", gateway.JWT, gateway.JWT, request{method: "GET", path: "/model/iris/audit", route: "GET /model/{id}/audit", authorizer: claims("sub", "7")}, 403},
		{"audit as admin", gateway.JWT, gateway.JWT, request{method: "GET", path: "/model/iris/audit", route: "GET /model/{id}/audit", authorizer: claims("scope", "handoff/admin")}, 200},
		{"document by anyone", gateway.IAM, gateway.None, request{method: "GET", path: "/model/iris/pmml"}, 403},
		{"describe by anyone", gateway.IAM, gateway.None, request{method: "GET", path: "/model/iris"}, 200},
		{"live by nobody", gateway.Token, gateway.Token, request{method: "GET", path: "/livez"}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.admin, w.scoring = c.admin, c.scoring
			w.commands.outcome = deleted()
			if got := send(t, w.front(), c.request); got.StatusCode != c.status {
				t.Errorf("%d %s", got.StatusCode, got.Body)
			}
			if c.status == 403 && (len(w.commands.asked) > 0 || len(w.invoked) > 0) {
				t.Errorf("was done: %q, %q", w.commands.asked, w.invoked)
			}
		})
	}
}

// Without the tokens nobody can be let in, which is no fault of the callers'.
func TestTokensThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	w.tokens = func(context.Context) (rest.TokenHashes, error) {
		return rest.TokenHashes{}, errors.New("no such secret")
	}
	got := send(t, w.front(), request{method: "POST", path: "/model/iris", headers: bearer("boss"), body: record})
	if got.StatusCode != http.StatusServiceUnavailable || got.Headers["Retry-After"] == "" || got.Headers["X-Application"] != rest.Application || len(w.invoked) > 0 {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(w.log.String(), "no such secret") {
		t.Error("the log does not tell why")
	}
}
