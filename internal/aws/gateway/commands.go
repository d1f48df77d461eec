package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/handoff-pmml/handoff/internal/rest"
)

// What is said of functions/deploy if it does not answer. Only where it was not even begun is the caller asked to try again:
// a rollback that is done twice leads somewhere else.
var (
	errCommandThrottled = rest.Unavailable(http.StatusTooManyRequests, "Too much is being deployed at this moment, try again")
	errCommandNotReady  = rest.Unavailable(http.StatusServiceUnavailable, "The function that deploys is not ready, try again")
	errCommandBroken    = rest.Unavailable(http.StatusBadGateway, "The function that deploys did not answer; what was asked for may be done nevertheless, the model's deployments show it")
)

// maxTold is how many bytes of what a function says at its end go into the log.
const maxTold = 500

// Commands sends payloads to functions/deploy, for command.Client. Its errors say by what status the caller is told.
func Commands(invoke Invoker, deploy string) func(ctx context.Context, payload []byte) ([]byte, error) {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		answer, functionError, err := invoke(ctx, deploy, payload)
		switch {
		case err != nil:
			return nil, commandFailure(ctx, err)
		case functionError != "":
			return nil, fmt.Errorf("%w: %s: %.*s", errCommandBroken, functionError, maxTold, answer)
		}
		return answer, nil
	}
}

func commandFailure(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return err
	}
	switch invokeErrors[errorCode(err)] {
	case errThrottled:
		return fmt.Errorf("%w: %w", errCommandThrottled, err)
	case errNotReady:
		return fmt.Errorf("%w: %w", errCommandNotReady, err)
	}
	return fmt.Errorf("%w: %w", errCommandBroken, err)
}
