package stagetest

import (
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/handoff-pmml/handoff/internal/aws/function/front"
	"github.com/handoff-pmml/handoff/internal/aws/gateway"
)

// Gateway gives the stage's HTTP API: requests become events with the payload format 2.0. Where a JWT is what authorizes,
// everybody has that of an admin.
func (s *Stage) Gateway() http.Handler {
	return front.New(s.Front(), front.Options{Routes: gateway.AdminRoutes, Authorize: func(string, *http.Request) (*front.Authorizer, bool) {
		if s.Admin != gateway.JWT && s.Scoring != gateway.JWT {
			return nil, true
		}
		return &front.Authorizer{JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
			Claims: map[string]string{"sub": "ada", "scope": gateway.AdminScope},
		}}, true
	}})
}
