package gateway_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/command"
	"github.com/handoff-pmml/handoff/internal/aws/gateway"
)

// What keeps functions/deploy from answering has its status. Only what was not begun may be asked for again: a rollback to
// the version before is not the same twice.
func TestFailuresOfCommands(t *testing.T) {
	fails := func(err error) gateway.Invoker {
		return func(context.Context, string, []byte) ([]byte, string, error) { return nil, "", err }
	}
	for _, c := range []struct {
		name   string
		invoke gateway.Invoker
		status int
		words  string
		retry  bool
	}{
		{"throttled", fails(awsError("TooManyRequestsException")), 429, "try again", true},
		{"pending", fails(awsError("ResourceConflictException")), 503, "not ready, try again", true},
		{"not found", fails(awsError("ResourceNotFoundException")), 502, "may be done nevertheless", false},
		{"Lambda fails", fails(awsError("ServiceException")), 502, "may be done nevertheless", false},
		{"no network", fails(errors.New("connection reset by peer")), 502, "may be done nevertheless", false},
		{"crash", func(context.Context, string, []byte) ([]byte, string, error) {
			return []byte(`{"errorType":"Runtime.ExitError","errorMessage":"signal: killed"}`), "Unhandled", nil
		}, 502, "may be done nevertheless", false},
		{"no time", func(ctx context.Context, _ string, _ []byte) ([]byte, string, error) {
			<-ctx.Done()
			return nil, "", ctx.Err()
		}, 202, `"properties":{}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			patience := time.Minute
			if c.status == 202 {
				patience = time.Millisecond
			}
			w.pipeline = command.Client{Invoke: gateway.Commands(c.invoke, "handoff-dev-deploy:live"), Patience: patience}
			got := send(t, w.front(), request{method: "POST", path: "/model/iris/rollback", headers: bearer("boss")})
			if got.StatusCode != c.status || !strings.Contains(got.Body, c.words) || (got.Headers["Retry-After"] != "") != c.retry {
				t.Errorf("%d %s %v", got.StatusCode, got.Body, got.Headers)
			}
		})
	}
}
