package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/handoff-pmml/handoff/internal/aws/function"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// A Mode says how callers show that they may do something.
type Mode string

// The modes.
const (
	IAM   Mode = "AWS_IAM" // they sign requests, API Gateway and IAM decide route by route
	JWT   Mode = "JWT"     // an identity provider signs for them, API Gateway checks that; AdminScope makes an admin
	Token Mode = "TOKEN"   // they send a bearer token, which is checked here
	None  Mode = "NONE"    // anyone may score and read; nobody is an admin by this
)

// AdminScope is the scope of a JWT whose bearer may deploy.
const AdminScope = "handoff/admin"

// AdminRoutes are the routes of the HTTP API with the authorization of admins; all else comes by $default. It is what
// package rest says takes an admin, and the template must have exactly these.
var AdminRoutes = rest.AdminRoutes()

// Authorization says what callers may do, by the effective method of their requests and by what API Gateway tells of
// them. What may score may read.
type Authorization struct {
	Admin   Mode
	Scoring Mode
	Tokens  func(context.Context) (rest.TokenHashes, error) // required if one of the modes is Token
	Log     *slog.Logger
}

// Check says what is wrong with the modes.
func (a *Authorization) Check() error {
	for _, mode := range []Mode{a.Admin, a.Scoring} {
		switch mode {
		case IAM, JWT, Token, None:
		default:
			return fmt.Errorf("%q is no way to authorize: it is AWS_IAM, JWT, TOKEN or NONE", mode)
		}
	}
	if a.hasTokens() && a.Tokens == nil {
		return fmt.Errorf("authorization by tokens needs tokens")
	}
	return nil
}

func (a *Authorization) hasTokens() bool { return a.Admin == Token || a.Scoring == Token }

// Role gives what a caller may do.
func (a *Authorization) Role(r *http.Request) rest.Role {
	role, _ := a.judge(r)
	return role
}

// Actor names a caller for the history: what showed who it is, and the address.
func (a *Authorization) Actor(r *http.Request) string {
	_, name := a.judge(r)
	return strings.TrimSpace(name + " " + function.CallerOf(r.Context()).Address)
}

// judge gives the role of a caller, and the name by which that is known.
func (a *Authorization) judge(r *http.Request) (rest.Role, string) {
	caller, byToken := function.CallerOf(r.Context()), rest.Nobody
	if a.hasTokens() {
		byToken = a.tokenRole(r)
	}
	if isAdmin(a.Admin, caller, byToken, r) {
		return rest.Admin, nameOf(a.Admin, caller, "admin")
	}
	if isUser(a.Scoring, caller, byToken) {
		return rest.User, nameOf(a.Scoring, caller, "user")
	}
	return rest.Nobody, "nobody"
}

// tokenRole gives the role of a caller's tokens. Tokens that cannot be read open no door.
func (a *Authorization) tokenRole(r *http.Request) rest.Role {
	known, err := a.Tokens(r.Context())
	if err != nil {
		a.Log.Error("cannot tell tokens", slog.String("cause", err.Error()))
		return rest.Nobody
	}
	return known.Role(r)
}

func isAdmin(mode Mode, caller function.Caller, byToken rest.Role, r *http.Request) bool {
	switch mode {
	case IAM:
		return caller.Principal != "" && isAdminRoute(caller, r)
	case JWT:
		return slices.Contains(scopes(caller), AdminScope)
	case Token:
		return byToken == rest.Admin
	}
	return false
}

func isUser(mode Mode, caller function.Caller, byToken rest.Role) bool {
	switch mode {
	case IAM:
		return caller.Principal != ""
	case JWT:
		return caller.Claims != nil
	case Token:
		return byToken >= rest.User
	case None:
		return true
	}
	return false
}

// isAdminRoute says whether IAM has let the caller do what the request does. IAM decided on the path as it was sent, and
// the event has it decoded: an id with an encoded slash or question mark could make another path of it. So the path must
// be the route's, with the parameters that the route has matched, and the method its own: an override of the method on a
// scoring route was let in as scoring.
func isAdminRoute(caller function.Caller, r *http.Request) bool {
	method, route, _ := strings.Cut(caller.RouteKey, " ")
	if !slices.Contains(AdminRoutes, caller.RouteKey) || method != rest.EffectiveMethod(r) {
		return false
	}
	parts := strings.Split(strings.TrimSuffix(r.URL.EscapedPath(), "/"), "/")
	pattern := strings.Split(route, "/")
	if len(parts) != len(pattern) {
		return false
	}
	for i, want := range pattern {
		if name, ok := strings.CutPrefix(want, "{"); ok {
			want = caller.Parameters[strings.TrimSuffix(name, "}")]
		}
		if parts[i] != want {
			return false
		}
	}
	return true
}

// scopes gives the scopes of a JWT: the claim is scope, separated by spaces, with some providers scp, which API Gateway
// shows as a list in brackets.
func scopes(caller function.Caller) []string {
	return append(strings.Fields(caller.Claims["scope"]), strings.Fields(strings.Trim(caller.Claims["scp"], "[]"))...)
}

func nameOf(mode Mode, caller function.Caller, kind string) string {
	switch mode {
	case IAM:
		return caller.Principal
	case JWT:
		for _, claim := range []string{"sub", "client_id"} {
			if name := caller.Claims[claim]; name != "" {
				return "jwt " + name
			}
		}
		return "jwt"
	case Token:
		return "token " + kind
	}
	return "anyone"
}
