// Package lambda runs versions as versions of Lambda functions: one function for each model, and its alias `live` is what
// answers.
//
// Whoever changes a function writes into a description for which revision of the model that was done: into the function's
// before anything else, and into the alias's. The newest of them is the fence: whoever comes with an older one is refused
// with deploy.ErrConflict. Every write names the RevisionId of what was read before, so that of two processes one begins
// anew.
package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// API is what is needed of Lambda's client, which should try again by itself what was throttled. Its role needs the actions
// of these names, lambda:ListTags for GetFunction, and iam:PassRole for the role of the functions.
type API interface {
	GetFunction(context.Context, *sdk.GetFunctionInput, ...func(*sdk.Options)) (*sdk.GetFunctionOutput, error)
	GetFunctionConfiguration(context.Context, *sdk.GetFunctionConfigurationInput, ...func(*sdk.Options)) (*sdk.GetFunctionConfigurationOutput, error)
	ListVersionsByFunction(context.Context, *sdk.ListVersionsByFunctionInput, ...func(*sdk.Options)) (*sdk.ListVersionsByFunctionOutput, error)
	CreateFunction(context.Context, *sdk.CreateFunctionInput, ...func(*sdk.Options)) (*sdk.CreateFunctionOutput, error)
	UpdateFunctionConfiguration(context.Context, *sdk.UpdateFunctionConfigurationInput, ...func(*sdk.Options)) (*sdk.UpdateFunctionConfigurationOutput, error)
	UpdateFunctionCode(context.Context, *sdk.UpdateFunctionCodeInput, ...func(*sdk.Options)) (*sdk.UpdateFunctionCodeOutput, error)
	PublishVersion(context.Context, *sdk.PublishVersionInput, ...func(*sdk.Options)) (*sdk.PublishVersionOutput, error)
	DeleteFunction(context.Context, *sdk.DeleteFunctionInput, ...func(*sdk.Options)) (*sdk.DeleteFunctionOutput, error)
	Invoke(context.Context, *sdk.InvokeInput, ...func(*sdk.Options)) (*sdk.InvokeOutput, error)

	ListAliases(context.Context, *sdk.ListAliasesInput, ...func(*sdk.Options)) (*sdk.ListAliasesOutput, error)
	GetAlias(context.Context, *sdk.GetAliasInput, ...func(*sdk.Options)) (*sdk.GetAliasOutput, error)
	CreateAlias(context.Context, *sdk.CreateAliasInput, ...func(*sdk.Options)) (*sdk.CreateAliasOutput, error)
	UpdateAlias(context.Context, *sdk.UpdateAliasInput, ...func(*sdk.Options)) (*sdk.UpdateAliasOutput, error)
	DeleteAlias(context.Context, *sdk.DeleteAliasInput, ...func(*sdk.Options)) (*sdk.DeleteAliasOutput, error)

	PutFunctionConcurrency(context.Context, *sdk.PutFunctionConcurrencyInput, ...func(*sdk.Options)) (*sdk.PutFunctionConcurrencyOutput, error)
	DeleteFunctionConcurrency(context.Context, *sdk.DeleteFunctionConcurrencyInput, ...func(*sdk.Options)) (*sdk.DeleteFunctionConcurrencyOutput, error)
	PutProvisionedConcurrencyConfig(context.Context, *sdk.PutProvisionedConcurrencyConfigInput, ...func(*sdk.Options)) (*sdk.PutProvisionedConcurrencyConfigOutput, error)
	DeleteProvisionedConcurrencyConfig(context.Context, *sdk.DeleteProvisionedConcurrencyConfigInput, ...func(*sdk.Options)) (*sdk.DeleteProvisionedConcurrencyConfigOutput, error)
	TagResource(context.Context, *sdk.TagResourceInput, ...func(*sdk.Options)) (*sdk.TagResourceOutput, error)
	UntagResource(context.Context, *sdk.UntagResourceInput, ...func(*sdk.Options)) (*sdk.UntagResourceOutput, error)
}

// Config says how versions run. All fields but LogGroup, Memory, Pause and Log are required.
type Config struct {
	Stage        string             // part of every function's name
	Role         string             // ARN of the role of the functions: it may write its log and nothing else
	LogGroup     string             // name of the log group of all models; empty: Lambda gives each function its own
	Memory       int                // MB that a function has at least where the settings do not say; 0: by the size of the model
	Architecture types.Architecture // that the bootstrap was built for
	Bootstrap    string             // path of functions/score, built

	Artifacts       deploy.Artifacts
	ArtifactsBucket string                                                            // name of the bucket in which those lie
	FileKey         func(id string, version int, name string) (key string, err error) // of a file of a version there

	Pause func(ctx context.Context, d time.Duration) error // waits; nil: by the clock
	Log   *slog.Logger                                     // nil: none
}

// A Runtime runs versions. It implements deploy.Runtime and may be used by many goroutines.
type Runtime struct {
	api API
	Config
}

var _ deploy.Runtime = (*Runtime)(nil)

// New makes a Runtime.
func New(api API, c Config) *Runtime {
	if c.Pause == nil {
		c.Pause = deploy.Pause
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Runtime{api: api, Config: c}
}

// How long one call of the port waits for Lambda in all: functions are ready within a few seconds.
const (
	firstPause = 100 * time.Millisecond
	longPause  = 2 * time.Second
	patience   = time.Minute
)

// work is what one call of the port does to the function of a model.
type work struct {
	*Runtime
	name  string // of the function
	model string
	next  time.Duration // of the next pause
	left  time.Duration // of the patience
}

func (r *Runtime) begin(model string) *work {
	return &work{Runtime: r, name: FunctionName(r.Stage, model), model: model, next: firstPause, left: patience}
}

// wait waits a while. It fails if that was done for long enough, with what is in the way.
func (w *work) wait(ctx context.Context, why error) error {
	if w.left <= 0 {
		return fmt.Errorf("waited %v in vain: %w", patience, why)
	}
	d := w.next
	w.left -= d
	w.next = min(2*d, longPause)
	return w.Pause(ctx, d)
}

// errUnsettled says that Lambda has not finished yet what was asked for.
var errUnsettled = errors.New("the function is not ready")

// A verb is one method of the API.
type verb[I, O any] func(context.Context, *I, ...func(*sdk.Options)) (*O, error)

// call calls Lambda. What was throttled is asked again.
func call[I, O any](ctx context.Context, w *work, what string, do verb[I, O], in *I) (*O, error) {
	return callUntil(ctx, w, what, do, in, isThrottled)
}

// insist calls Lambda, and calls again while another operation is in progress.
func insist[I, O any](ctx context.Context, w *work, what string, do verb[I, O], in *I) (*O, error) {
	return callUntil(ctx, w, what, do, in, func(err error) bool { return isThrottled(err) || isConflict(err) })
}

func callUntil[I, O any](ctx context.Context, w *work, what string, do verb[I, O], in *I, again func(error) bool) (*O, error) {
	for {
		out, err := do(ctx, in)
		if err == nil {
			return out, nil
		}
		err = fmt.Errorf("%s %s: %w", what, w.name, err)
		if !again(err) {
			return nil, err
		}
		if err := w.wait(ctx, err); err != nil {
			return nil, err
		}
	}
}

// is says whether an error is one of Lambda's errors.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func isNotFound(err error) bool { return is[*types.ResourceNotFoundException](err) }

// isConflict says that a resource is there already, that an operation is in progress, or that somebody has changed what was
// read.
func isConflict(err error) bool {
	return is[*types.ResourceConflictException](err) || is[*types.PreconditionFailedException](err) ||
		is[*types.ResourceInUseException](err) || errors.Is(err, errUnsettled)
}

func isThrottled(err error) bool {
	var e smithy.APIError
	if !errors.As(err, &e) {
		return false
	}
	switch e.ErrorCode() {
	case "TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded":
		return true
	}
	return false
}

// find gives the function, nil if there is none. It is an error if it runs another model, or is nobody's that we know, or if
// somebody has changed it for a newer revision of the model.
func (w *work) find(ctx context.Context, m deploy.Model) (*sdk.GetFunctionOutput, error) {
	f, err := call(ctx, w, "GetFunction", w.api.GetFunction, &sdk.GetFunctionInput{FunctionName: &w.name})
	switch {
	case isNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case f.Configuration == nil:
		return nil, fmt.Errorf("GetFunction %s: the answer has no configuration", w.name)
	case f.TagsError != nil:
		return nil, fmt.Errorf("GetFunction %s: the tags cannot be read: %s", w.name, text(f.TagsError.Message))
	case f.Tags[modelTag] != w.model:
		return nil, &takenError{w.name, w.model, f.Tags[modelTag]}
	}
	return f, w.fence(m, f.Configuration.Description)
}

// A takenError says that a function has the name of a model's and is not the model's.
type takenError struct{ function, model, by string }

func (e *takenError) Error() string {
	if e.by == "" {
		return fmt.Sprintf("the function %s is not model %s's: it has no tag %s", e.function, e.model, modelTag)
	}
	return fmt.Sprintf("the function %s is not model %s's: its tag %s is %q", e.function, e.model, modelTag, e.by)
}

// alias gives the alias that answers, nil if there is none.
func (w *work) alias(ctx context.Context) (*sdk.GetAliasOutput, error) {
	a, err := call(ctx, w, "GetAlias", w.api.GetAlias, &sdk.GetAliasInput{FunctionName: &w.name, Name: new(Alias)})
	if isNotFound(err) {
		return nil, nil
	}
	return a, err
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
