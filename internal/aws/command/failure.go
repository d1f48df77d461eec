package command

import (
	"context"
	"errors"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// A Kind says what whoever asked can make of a failure.
type Kind string

// The kinds of failures, with the error that each is in Go.
const (
	Rejection Kind = "rejection" // *catalog.Rejection
	Refused   Kind = "refused"   // *deploy.RefusedError
	NotFound  Kind = "not-found" // catalog.ErrNotFound
	Busy      Kind = "busy"      // deploy.ErrBusy; deploy.ErrConflict becomes it, too
	Failed    Kind = "failed"    // *deploy.FailedError: the outcome says which deployment
	Timeout   Kind = "timeout"   // context.DeadlineExceeded
	Internal  Kind = "internal"  // any other
)

// A Failure is an error on its way.
type Failure struct {
	Kind      Kind               `json:"kind"`
	Message   string             `json:"message"`
	Rejection *catalog.Rejection `json:"rejection,omitempty"`
}

// FailureOf gives an error as it travels; nil for none.
func FailureOf(err error) *Failure {
	var (
		rejection *catalog.Rejection
		refused   *deploy.RefusedError
		failed    *deploy.FailedError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &rejection):
		return &Failure{Rejection, err.Error(), rejection}
	case errors.As(err, &refused):
		return &Failure{Kind: Refused, Message: refused.Message}
	case errors.Is(err, catalog.ErrNotFound):
		return &Failure{Kind: NotFound, Message: err.Error()}
	case errors.Is(err, deploy.ErrBusy), errors.Is(err, deploy.ErrConflict):
		return &Failure{Kind: Busy, Message: err.Error()}
	case errors.As(err, &failed):
		return &Failure{Kind: Failed, Message: err.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &Failure{Kind: Timeout, Message: err.Error()}
	}
	return &Failure{Kind: Internal, Message: err.Error()}
}

// Err gives the error that a failure was, so that errors.As and errors.Is find in it what they found before it travelled;
// nil for nil. o is the outcome that came with it.
func (f *Failure) Err(o deploy.Outcome) error {
	if f == nil {
		return nil
	}
	switch f.Kind {
	case Rejection:
		if f.Rejection != nil {
			return &remoteError{f.Message, f.Rejection}
		}
	case Refused:
		return &deploy.RefusedError{Message: f.Message}
	case NotFound:
		return &remoteError{f.Message, catalog.ErrNotFound}
	case Busy:
		return &remoteError{f.Message, deploy.ErrBusy}
	case Failed:
		return &remoteError{f.Message, &deploy.FailedError{Deployment: o.Deployment}}
	case Timeout:
		return &remoteError{f.Message, context.DeadlineExceeded}
	}
	return &remoteError{message: f.Message}
}

// A remoteError is an error of functions/deploy, in its words.
type remoteError struct {
	message string
	cause   error // as it would be here; nil: it has no name
}

func (e *remoteError) Error() string { return e.message }

func (e *remoteError) Unwrap() error { return e.cause }
