package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// A cancellation says why nothing of a transaction was done, or why its end is not known.
type cancellation struct {
	cause     error    // what DynamoDB, or the SDK, said
	condition bool     // a condition did not hold
	conflict  bool     // another transaction on one of the items was under way
	throttled bool     // it was too much at the moment
	others    []string // what else is wrong with which item
}

// whyCancelled reads the error of a transaction on items with these sort keys.
func whyCancelled(err error, sorts []string) cancellation {
	c := cancellation{cause: err}
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return c
	}
	for i, r := range cancelled.CancellationReasons {
		switch code := aws.ToString(r.Code); code {
		case "", "None":
		case "ConditionalCheckFailed":
			c.condition = true
		case "TransactionConflict":
			c.conflict = true
		case "ThrottlingError", "ProvisionedThroughputExceeded":
			c.throttled = true
		default:
			c.others = append(c.others, strings.TrimSpace(fmt.Sprintf("%s: %s %s", sortAt(sorts, i), code, aws.ToString(r.Message))))
		}
	}
	return c
}

func sortAt(sorts []string, i int) string {
	if i < len(sorts) {
		return sorts[i]
	}
	return "an item"
}

// writing gives the error of a commit. A conflict is tried again before it is told: that another transaction was under
// way does not mean that it was done.
func (c cancellation) writing() error {
	switch {
	case c.condition:
		return deploy.ErrConflict
	case c.conflict && len(c.others) == 0:
		return &busyError{fmt.Errorf("%w, or is being changed", deploy.ErrConflict)}
	}
	return c.other()
}

// reading gives the error of a snapshot.
func (c cancellation) reading() error {
	if c.conflict && len(c.others) == 0 {
		return &busyError{errChanging}
	}
	return c.other()
}

func (c cancellation) other() error {
	switch {
	case len(c.others) > 0:
		return fmt.Errorf("%s: %w", strings.Join(c.others, "; "), c.cause)
	case c.throttled:
		return &busyError{c.cause}
	}
	return c.cause
}

// A busyError says that nothing was done, and that the same may be tried again in a moment.
type busyError struct{ cause error }

func (e *busyError) Error() string { return e.cause.Error() }
func (e *busyError) Unwrap() error { return e.cause }

// What is tried again waits for these times: it is given up after about four seconds, in which whoever is in the way has ended.
const (
	firstWait = 5 * time.Millisecond
	lastWait  = 2560 * time.Millisecond
)

// again does something until it ends otherwise than with a *busyError, or that has lasted too long.
func again(ctx context.Context, do func() error) error {
	for wait := firstWait; ; wait *= 2 {
		err := do()
		if !errors.As(err, new(*busyError)) || wait > lastWait {
			return err
		}
		timer := time.NewTimer(wait/2 + rand.N(wait/2)) // who collided once does not collide at the same moment again
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}
