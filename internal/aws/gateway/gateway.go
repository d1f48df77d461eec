// Package gateway is the front of a stage: functions/api. It decides what callers may do, passes what is to be scored on
// to the functions of the models as it came, and answers all else by package rest: over the table, the buckets, and
// commands to functions/deploy.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/function"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// maxAnswer is the largest body of an answer, in bytes: 6 MB are for the answer as a whole, as JSON.
const maxAnswer = 6<<20 - 16<<10

// maxDocument is the largest document that is taken, in bytes when decompressed: it is spooled to the 512 MB of disk that
// a function has. Larger ones are uploaded to the bucket with a ticket.
const maxDocument = 448 << 20

// An Invoker invokes a function, by name:alias, and waits for its answer. functionError is not empty if the function was
// invoked and failed; then the answer tells how.
type Invoker func(ctx context.Context, function string, payload []byte) (answer []byte, functionError string, err error)

// Config says what a Front stands on. All fields but AllowOrigins are required.
type Config struct {
	Stage         string // part of every function's name
	Invoke        Invoker
	Authorization *Authorization
	Remote        *Remote
	AllowOrigins  []string // origins whose pages may call the service (CORS), or "*"; empty: none
	Log           *slog.Logger
}

// A Front answers the events of the HTTP API. It is the handler that aws-lambda-go runs.
type Front struct {
	Config
	rest *function.Handler
}

// New makes a Front. It is an error if the authorization makes no sense.
func New(c Config) (*Front, error) {
	if err := c.Authorization.Check(); err != nil {
		return nil, err
	}
	handler := rest.New(rest.Config{
		Models: c.Remote, Scorers: c.Remote, Documents: c.Remote, Deployer: c.Remote, History: c.Remote, Uploads: c.Remote,
		Roles: c.Authorization.Role, Actor: c.Authorization.Actor, AllowOrigins: c.AllowOrigins,
		Operations: true, Ready: c.Remote.Ready, Log: c.Log, Limits: rest.Limits{Answer: maxAnswer, Document: maxDocument},
	})
	return &Front{Config: c, rest: function.NewHandler(c.Authorization.withTokens(handler), "")}, nil
}

// Invoke answers one event.
func (f *Front) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	within, cancel := function.Reserve(ctx)
	defer cancel()
	if r, ok := function.Head(within, payload); ok {
		if id, ok := rest.Scored(r); ok && f.Authorization.Role(r) >= rest.User {
			answer, err := f.forward(within, id, payload)
			if err == nil {
				return allowOrigin(answer, r.Header.Get("Origin"), f.AllowOrigins), nil
			}
			ctx = withFailure(ctx, err)
		}
	}
	return f.rest.Invoke(ctx, payload)
}

// forward passes an event on to the function of a model, as it came, and gives its answer, as it is. It fails with what
// the caller is to be told; catalog.ErrNotFound if no version of the model is live.
func (f *Front) forward(ctx context.Context, id string, payload []byte) ([]byte, error) {
	name := lambda.FunctionName(f.Stage, id) + ":" + lambda.Alias
	begun := time.Now()
	answer, functionError, err := f.Config.Invoke(ctx, name, payload)
	log := f.Log.With(slog.String("model", id), slog.String("function", name), slog.Float64("ms", float64(time.Since(begun).Microseconds())/1000))
	switch {
	case err != nil:
		failure := invokeFailure(ctx, err)
		if !errors.Is(failure, catalog.ErrNotFound) {
			log.Error("cannot invoke", slog.String("cause", err.Error()))
		}
		return nil, failure
	case functionError != "":
		kind, failure := functionFailure(answer)
		log.Error("a function failed", slog.String("cause", kind))
		return nil, failure
	}
	f.Remote.Accessed(ctx, id, begun)
	log.Info("forwarded", slog.Int("bytes", len(answer)))
	return answer, nil
}

// withTokens answers 503 as long as the tokens cannot be read, instead of telling callers that theirs are wrong.
func (a *Authorization) withTokens(rest http.Handler) http.Handler {
	if !a.hasTokens() {
		return rest
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := a.Tokens(r.Context()); err != nil {
			a.Log.Error("cannot tell tokens", slog.String("cause", err.Error()))
			refuse(w)
			return
		}
		rest.ServeHTTP(w, r)
	})
}

// refuse says that nobody can be let in now.
func refuse(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("X-Application", rest.Application)
	header.Set("X-Request-Id", rest.RequestID())
	header.Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	w.Write([]byte(`{"message":"Tokens cannot be checked at this moment, try again"}` + "\n")) //nolint:errcheck // it is memory
}
