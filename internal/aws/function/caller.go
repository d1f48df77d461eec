package function

import (
	"context"

	"github.com/aws/aws-lambda-go/events"
)

// A Caller is what API Gateway itself says of who sends a request. Nothing of it is a header that anyone could set.
type Caller struct {
	RouteKey   string            // route that was matched, such as "PUT /model/{id}" or "$default"
	Parameters map[string]string // what stands in the path for the route's {…}
	Address    string            // of the socket
	Principal  string            // ARN of whoever signed the request for AWS IAM; empty: nobody did
	Claims     map[string]string // of the JWT that an authorizer has checked; nil: none has
}

type callerKey struct{}

// CallerOf gives the caller of a request that came as an event; the zero Caller for any other request.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// callerOfV2 reads what an event with payload format 2.0 says of the caller. Of a JWT the claims count: the list of scopes
// beside them is about the route.
func callerOfV2(request *events.APIGatewayV2HTTPRequest) Caller {
	c := &request.RequestContext
	caller := Caller{RouteKey: c.RouteKey, Parameters: request.PathParameters, Address: c.HTTP.SourceIP}
	if c.Authorizer == nil {
		return caller
	}
	if c.Authorizer.IAM != nil {
		caller.Principal = c.Authorizer.IAM.UserARN
	}
	if c.Authorizer.JWT != nil {
		caller.Claims = c.Authorizer.JWT.Claims
	}
	return caller
}

// callerOfV1 reads the context of an event with payload format 1.0. It has no route: what such an event may do is what
// any route lets one do.
func callerOfV1(c *events.APIGatewayProxyRequestContext) Caller {
	return Caller{Address: c.Identity.SourceIP, Principal: c.Identity.UserArn}
}
