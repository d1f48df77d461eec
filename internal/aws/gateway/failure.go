package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// What is said of a model's function that cannot answer.
var (
	errThrottled = rest.Unavailable(http.StatusTooManyRequests, "The model is asked too much at this moment, try again")
	errBroken    = rest.Unavailable(http.StatusBadGateway, "The model's function failed")
	errNotReady  = rest.Unavailable(http.StatusServiceUnavailable, "The model's function is not ready, try again")
	errNoAnswer  = rest.Unavailable(http.StatusServiceUnavailable, "The model's function cannot be reached, try again")
	errTimeout   = rest.Unavailable(http.StatusGatewayTimeout, "The model's function did not answer in time")
	errLarge     = rest.Unavailable(http.StatusRequestEntityTooLarge, "The request is larger than the 6 MB that AWS Lambda passes on; send fewer records at a time")
	errAnswer    = rest.Unavailable(http.StatusRequestEntityTooLarge, "The answer is larger than the 6 MB that AWS Lambda passes on; send fewer records at a time")
)

// errorCode gives the name that AWS has for an error; empty: it is none of AWS's.
func errorCode(err error) string {
	var named interface{ ErrorCode() string }
	if errors.As(err, &named) {
		return named.ErrorCode()
	}
	return ""
}

// invokeErrors are the errors of Lambda's operation Invoke by their names. What is not here is a fault of AWS's, or of the
// way to it, and another attempt may succeed.
var invokeErrors = map[string]error{
	"ResourceNotFoundException": catalog.ErrNotFound,

	"TooManyRequestsException": errThrottled,
	"ThrottlingException":      errThrottled,
	"EC2ThrottledException":    errThrottled,

	"RequestTooLargeException": errLarge,

	"ResourceConflictException":  errNotReady, // its state is Pending or Inactive
	"ResourceNotReadyException":  errNotReady,
	"SnapStartNotReadyException": errNotReady,

	"AccessDeniedException":          errBroken,
	"InvalidRequestContentException": errBroken,
	"InvalidRuntimeException":        errBroken,
	"InvalidZipFileException":        errBroken,
	"InvalidParameterValueException": errBroken,
	"KMSAccessDeniedException":       errBroken,
	"KMSDisabledException":           errBroken,
	"KMSInvalidStateException":       errBroken,
	"KMSNotFoundException":           errBroken,
	"RecursiveInvocationException":   errBroken,
	"SnapStartException":             errBroken,
	"UnsupportedMediaTypeException":  errBroken,

	"SnapStartTimeoutException": errTimeout,
}

// invokeFailure tells why Lambda did not invoke a function; catalog.ErrNotFound if there is no such function or nothing is
// live.
func invokeFailure(ctx context.Context, err error) error {
	if known := invokeErrors[errorCode(err)]; known != nil {
		return known
	}
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return errTimeout
	}
	return errNoAnswer
}

// functionFailure tells what became of a function that was invoked and failed. kind is Lambda's name for what happened.
func functionFailure(answer []byte) (kind string, failure error) {
	var told struct {
		ErrorType    string `json:"errorType"`
		ErrorMessage string `json:"errorMessage"`
	}
	json.Unmarshal(answer, &told) //nolint:errcheck // what tells nothing is a failure all the same
	switch {
	case told.ErrorType == "Sandbox.Timedout", strings.Contains(told.ErrorMessage, "Task timed out"):
		return told.ErrorType, errTimeout
	case told.ErrorType == "Function.ResponseSizeTooLarge":
		return told.ErrorType, errAnswer
	}
	return told.ErrorType, errBroken
}

// A failureKey leads to the failure of the model's function in the context of a request that is answered here instead.
type failureKey struct{}

func withFailure(ctx context.Context, err error) context.Context {
	return context.WithValue(ctx, failureKey{}, err)
}

func failureOf(ctx context.Context) error {
	err, _ := ctx.Value(failureKey{}).(error)
	return err
}
