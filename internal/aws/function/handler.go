// Package function runs the REST API inside AWS Lambda. It turns what may invoke a function into requests to an
// http.Handler and the answers back:
//
//   - events of API Gateway, HTTP API (payload format 2.0) and REST API (1.0), and of function URLs;
//   - a direct Invoke of a model's function with Openscoring's own bodies, {"id","arguments"} or {"requests"};
//   - a scheduled event, which only keeps the environment warm.
//
// The REST API itself is package rest, here and in the local server alike.
package function

import (
	"context"
	"net/http"
	"time"
)

// maxAnswer is the largest answer that Lambda passes on from a synchronous invocation, in bytes.
const maxAnswer = 6 << 20

// reserve is the time that is left between the end of a request and the end of the invocation, so that there is an
// answer instead of a timeout of Lambda's.
const reserve = 200 * time.Millisecond

// A Handler answers invocations. It is the handler that aws-lambda-go runs.
type Handler struct {
	rest  http.Handler
	proxy gateway
	model string
}

// NewHandler gives the handler of a function that serves the REST API. A function of one model names it, so that
// a direct Invoke reaches it; elsewhere model is empty and a direct Invoke with Openscoring's bodies is refused.
func NewHandler(rest http.Handler, model string) *Handler {
	return &Handler{rest: rest, proxy: newGateway(rest), model: model}
}

// Invoke answers one invocation. It fails only if the event is none of those that the package documentation names:
// what is wrong with a request is part of its answer.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	e, err := readEvent(payload)
	if err != nil {
		return nil, err
	}
	ctx, cancel := Reserve(ctx)
	defer cancel()
	switch asked := e.kind(); asked {
	case gatewayV2:
		return h.proxy.serveV2(ctx, e)
	case gatewayV1:
		return h.proxy.serveV1(ctx, e)
	case single, batch:
		return h.direct(ctx, asked, payload)
	case scheduled:
		return []byte(`{"ready":true}`), nil
	}
	return nil, errUnknownEvent
}

// Reserve gives the context of an invocation with a deadline that leaves time for an answer.
func Reserve(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, end.Add(-reserve))
	}
	return context.WithCancel(ctx)
}
