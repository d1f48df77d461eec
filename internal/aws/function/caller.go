package function

import (
	"context"

	"github.com/aws/aws-lambda-go/events"
)

// A Caller is what API Gateway itself says of who sends a request. Nothing of it is a header that anyone could set.
type Caller struct {
	RouteKey  string            // route that was matched, such as "PUT /model/{id}" or "$default"
	Address   string            // of the socket
	Principal string            // ARN of whoever signed the request for AWS IAM; empty: nobody did
	Claims    map[string]string // of the JWT that an authorizer has checked; nil: none has
	Scopes    []string          // that the authorizer found in it
}

type callerKey struct{}

// CallerOf gives the caller of a request that came as an event; the zero Caller for any other request.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// callerOfV2 reads the context of an event with payload format 2.0.
func callerOfV2(c *events.APIGatewayV2HTTPRequestContext) Caller {
	caller := Caller{RouteKey: c.RouteKey, Address: c.HTTP.SourceIP}
	if c.Authorizer == nil {
		return caller
	}
	if c.Authorizer.IAM != nil {
		caller.Principal = c.Authorizer.IAM.UserARN
	}
	if c.Authorizer.JWT != nil {
		caller.Claims, caller.Scopes = c.Authorizer.JWT.Claims, c.Authorizer.JWT.Scopes
	}
	return caller
}

// callerOfV1 reads the context of an event with payload format 1.0. It has no route: what such an event may do is what
// any route lets one do.
func callerOfV1(c *events.APIGatewayProxyRequestContext) Caller {
	return Caller{Address: c.Identity.SourceIP, Principal: c.Identity.UserArn}
}
