package infra

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/rest"
)

func either(condition string, yes, no any) object {
	return object{"Fn::If": []any{condition, yes, no}}
}

// TestRoutes: an operation that takes an Admin has a route of its own with the admin's authorization; everything else but
// a browser's question beforehand is the default route, with that of scoring.
func TestRoutes(t *testing.T) {
	type authorization struct {
		Type, Authorizer, Scopes any
		Condition                string
	}
	none := object{"Ref": "AWS::NoValue"}
	admin := authorization{
		Type:       either("AdminByIam", "AWS_IAM", either("AdminByJwt", "JWT", "NONE")),
		Authorizer: either("AdminByJwt", object{"Ref": "JwtAuthorizer"}, none),
		Scopes:     either("AdminByJwt", []any{"handoff/admin"}, none),
	}
	want := map[string]authorization{
		"$default": {
			Type:       either("ScoringByIam", "AWS_IAM", either("ScoringByJwt", "JWT", "NONE")),
			Authorizer: either("ScoringByJwt", object{"Ref": "JwtAuthorizer"}, none),
		},
		"OPTIONS /{proxy+}": {Type: "NONE", Condition: "HasOrigins"},
	}
	for _, route := range rest.AdminRoutes() {
		want[route] = admin
	}
	got := map[string]authorization{}
	for id, r := range read(t, "template.yaml").of("AWS::ApiGatewayV2::Route") {
		p := r.Properties
		key := text(p["RouteKey"])
		if _, twice := got[key]; twice {
			t.Errorf("%s: a second route %s", id, key)
		}
		got[key] = authorization{p["AuthorizationType"], p["AuthorizerId"], p["AuthorizationScopes"], r.Condition}
		if show(p["Target"]) != "integrations/${ApiIntegration}" || show(p["ApiId"]) != "${Api}" {
			t.Errorf("%s leads elsewhere: %v", id, p)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

func TestAuthorizationIsAParameter(t *testing.T) {
	template := read(t, "template.yaml")
	for name, want := range map[string][]string{
		"AdminAuthorization":   {"AWS_IAM", "JWT", "TOKEN"},
		"ScoringAuthorization": {"AWS_IAM", "JWT", "TOKEN", "NONE"},
	} {
		p := child(template.Parameters, name)
		if got := texts(p["AllowedValues"]); !slices.Equal(got, want) || p["Default"] != "AWS_IAM" {
			t.Errorf("%s is one of %q, by default %v", name, got, p["Default"])
		}
	}
	for condition, want := range map[string]object{
		"AdminByIam":   equals("AdminAuthorization", "AWS_IAM"),
		"ScoringByIam": equals("ScoringAuthorization", "AWS_IAM"),
		"AdminByJwt":   equals("AdminAuthorization", "JWT"),
		"ScoringByJwt": equals("ScoringAuthorization", "JWT"),
		"ByJwt":        {"Fn::Or": []any{object{"Condition": "AdminByJwt"}, object{"Condition": "ScoringByJwt"}}},
		"ByToken":      {"Fn::Or": []any{equals("AdminAuthorization", "TOKEN"), equals("ScoringAuthorization", "TOKEN")}},
	} {
		if diff := cmp.Diff(want, template.Conditions[condition]); diff != "" {
			t.Errorf("%s:\n%s", condition, diff)
		}
	}
	if got := slices.Sorted(maps.Keys(template.Rules)); !slices.Equal(got, []string{"AdminIsSomebody", "JwtHasIssuerAndAudience", "OneWayToTellOfAlarms"}) {
		t.Errorf("rules %q", got)
	}
	for _, id := range []string{"JwtAuthorizer", "Tokens"} {
		if got := template.Resources[id].Condition; !strings.HasPrefix(got, "By") {
			t.Errorf("%s is made under the condition %q", id, got)
		}
	}
}

func equals(parameter, want string) object {
	return object{"Fn::Equals": []any{object{"Ref": parameter}, want}}
}

// TestTheApiCallsTheAlias: whoever is called is the version that gradual deployment has let through.
func TestTheApiCallsTheAlias(t *testing.T) {
	template := read(t, "template.yaml")
	uri := show(template.Resources["ApiIntegration"].Properties["IntegrationUri"])
	if !strings.HasSuffix(uri, ":function:handoff-${Stage}-api:live") {
		t.Errorf("the API calls %s", uri)
	}
	permission := template.Resources["ApiPermission"].Properties
	if show(permission["FunctionName"]) != "${ApiFunction.Alias}" || permission["Principal"] != "apigateway.amazonaws.com" ||
		!strings.HasSuffix(show(permission["SourceArn"]), ":${Api}/*") {
		t.Errorf("the API may call: %v", permission)
	}
	if got := child(template.Globals, "Function")["AutoPublishAlias"]; got != "live" {
		t.Errorf("functions have the alias %v", got)
	}
}

// TestTheLastWordIsOurs: the API answers in its own words if a function takes longer than it waits, a cold start included.
func TestTheLastWordIsOurs(t *testing.T) {
	template := read(t, "template.yaml")
	waits := number(t, template.Resources["ApiIntegration"].Properties["TimeoutInMillis"])
	if takes := 1000 * number(t, template.Resources["ApiFunction"].Properties["Timeout"]); takes > waits-1000 {
		t.Errorf("the function may take %d ms, and the API waits for %d", takes, waits)
	}
}

// TestGradualDeployment: new versions of our own functions meet a few callers first, and an alarm that exists.
func TestGradualDeployment(t *testing.T) {
	var alarms []string
	for _, r := range read(t, "infra/alarms.yaml").of("AWS::CloudWatch::Alarm") {
		alarms = append(alarms, show(r.Properties["AlarmName"]))
	}
	parameter := regexp.MustCompile(`\$\{(\w+)\}`)
	template := read(t, "template.yaml")
	for id, r := range template.of("AWS::Serverless::Function") {
		preference := child(r.Properties, "DeploymentPreference")
		if preference["Type"] != "Canary10Percent5Minutes" || len(list(preference["Alarms"])) == 0 {
			t.Errorf("%s is deployed by %v", id, preference)
		}
		for _, alarm := range list(preference["Alarms"]) {
			if !slices.Contains(alarms, show(alarm)) {
				t.Errorf("%s asks for the alarm %s, of %q", id, show(alarm), alarms)
			}
		}
		described := show(r.Properties["VersionDescription"])
		for name, v := range child(r.Properties, "Environment", "Variables") {
			for _, ref := range parameter.FindAllStringSubmatch(show(v), -1) {
				_, isParameter := template.Parameters[ref[1]]
				if isParameter && ref[1] != "Stage" && !strings.Contains(described, ref[0]) {
					t.Errorf("%s: %s changes with %s, but no version is published then: %s", id, name, ref[1], described)
				}
			}
		}
	}
}
