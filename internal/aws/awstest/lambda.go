package awstest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// LambdaConfig says how a Lambda behaves. Only Code is required.
type LambdaConfig struct {
	Code func(bucket, key string) ([]byte, error) // reads an object, for packages
	// Start starts an environment of a function from its unpacked package and its variables; nil: StartScore.
	Start func(files map[string][]byte, getenv func(string) string) (Answer, error)

	Polls       int // how often somebody looks before a function is active or updated; 0: it is at once
	Page        int // versions or aliases in one answer; 0: 50
	Concurrency int // executions that the account may have at one time; 0: 1000

	Seed     uint64  // of what follows
	Throttle float64 // probability that a call is throttled

	// Before and After are asked before and after every call but Invoke's, which are counted from 0, and named by operation. An
	// error of Before prevents the call; one of After loses the answer. nil: none.
	Before, After func(n int, call string) error
	// Settle says what becomes of a function or a version on its way to be active or updated; nil: it becomes so.
	Settle func(name, version string) Settled
	// Crash gives the message with which a version ends instead of answering; empty: it answers. nil: all do.
	Crash func(name, version string) string
}

// A Settled is what becomes of what Lambda prepares.
type Settled int

// What can become of it.
const (
	Settles Settled = iota
	FailsToSettle
	NeverSettles
)

// Answer answers one invocation. An error is what the function fails with.
type Answer func(ctx context.Context, payload []byte) ([]byte, error)

// A Lambda is Lambda's control plane in memory, and runs what is invoked in this process. It has those operations that a
// Runtime and a front need, and keeps to what AWS documents: a function is Pending before it is Active, no call gets between
// it and an update in progress, RevisionIds are preconditions, versions are immutable and their numbers never given twice,
// and a version that an alias names cannot be deleted.
type Lambda struct {
	config LambdaConfig

	mu        sync.Mutex
	random    *rand.Rand
	functions map[string]*function
	numbers   map[string]int // last number of a version, by name: also of functions that are gone
	revisions int
	calls     []string
}

type function struct {
	latest    *image
	versions  map[string]*image
	aliases   map[string]*types.AliasConfiguration
	tags      map[string]string
	reserved  *int32
	prepared  map[string]int32 // provisioned concurrency, by alias
	published string           // last version that was published
	since     bool             // it has changed since
}

// An image is a function as it is, or as it was published.
type image struct {
	types.FunctionConfiguration
	files map[string][]byte
	polls int
	run   Answer
}

// NewLambda gives a Lambda without functions.
func NewLambda(c LambdaConfig) *Lambda {
	if c.Page == 0 {
		c.Page = 50
	}
	if c.Concurrency == 0 {
		c.Concurrency = 1000
	}
	if c.Start == nil {
		c.Start = StartScore
	}
	return &Lambda{config: c, random: rand.New(rand.NewPCG(c.Seed, 0)), functions: map[string]*function{}, numbers: map[string]int{}}
}

// Set changes how it behaves from now on.
func (l *Lambda) Set(change func(*LambdaConfig)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.config)
	l.calls = nil
}

// Calls gives the operations that were asked for since Set, in order.
func (l *Lambda) Calls() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// do does one call, as the configuration says.
func do[O any](ctx context.Context, l *Lambda, call string, do func() (*O, error)) (*O, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.calls)
	l.calls = append(l.calls, call)
	if l.random.Float64() < l.config.Throttle {
		return nil, &types.TooManyRequestsException{Message: new("Rate exceeded")}
	}
	if before := l.config.Before; before != nil {
		if err := before(n, call); err != nil {
			return nil, err
		}
	}
	out, err := do()
	if after := l.config.After; after != nil && err == nil {
		if err := after(n, call); err != nil {
			return nil, err
		}
	}
	return out, err
}

func (l *Lambda) revision() *string {
	l.revisions++
	return new(fmt.Sprintf("%08d-0000-4000-8000-000000000000", l.revisions))
}

func arnOf(name string) string { return "arn:aws:lambda:eu-central-1:123456789012:function:" + name }

func notFound(name string) error {
	return &types.ResourceNotFoundException{Message: new("Function not found: " + arnOf(name))}
}

func conflict(format string, words ...any) error {
	return &types.ResourceConflictException{Message: new(fmt.Sprintf(format, words...))}
}

func invalid(format string, words ...any) error {
	return &types.InvalidParameterValueException{Message: new(fmt.Sprintf(format, words...))}
}

// get gives a function by its name or its ARN.
func (l *Lambda) get(name *string) (*function, error) {
	short := strings.TrimPrefix(value(name), arnOf(""))
	if f := l.functions[short]; f != nil {
		return f, nil
	}
	return nil, notFound(short)
}

// qualified gives a function, and the version that a qualifier means: a number, an alias, $LATEST or nothing.
func (l *Lambda) qualified(name, qualifier *string) (*function, *image, error) {
	f, err := l.get(name)
	if err != nil {
		return nil, nil, err
	}
	q := value(qualifier)
	if a := f.aliases[q]; a != nil {
		q = *a.FunctionVersion
	}
	if q == "" || q == "$LATEST" {
		return f, f.latest, nil
	}
	if v := f.versions[q]; v != nil {
		return f, v, nil
	}
	return nil, nil, notFound(value(name) + ":" + q)
}

// look lets time pass for what is on its way: each look is one poll.
func (l *Lambda) look(v *image) {
	waiting := v.State == types.StatePending || v.LastUpdateStatus == types.LastUpdateStatusInProgress
	if !waiting {
		return
	}
	if v.polls > 0 {
		v.polls--
		return
	}
	settled := Settles
	if l.config.Settle != nil {
		settled = l.config.Settle(*v.FunctionName, *v.Version)
	}
	switch settled {
	case Settles:
		v.State, v.LastUpdateStatus = types.StateActive, types.LastUpdateStatusSuccessful
	case FailsToSettle:
		if v.State == types.StatePending {
			v.State, v.StateReason, v.StateReasonCode = types.StateFailed, new("Lambda could not prepare it"), types.StateReasonCodeInternalError
		}
		v.LastUpdateStatus, v.LastUpdateStatusReason = types.LastUpdateStatusFailed, new("Lambda could not update it")
		v.LastUpdateStatusReasonCode = types.LastUpdateStatusReasonCodeInternalError
	case NeverSettles:
		return
	}
	v.RevisionId = l.revision()
}

// busy says why nothing can be done with a function now.
func busy(v *image) error {
	switch {
	case v.State == types.StatePending:
		return conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending")
	case v.LastUpdateStatus == types.LastUpdateStatusInProgress:
		return conflict("The operation cannot be performed at this time. An update is in progress for resource: %s", value(v.FunctionArn))
	}
	return nil
}

func stale(asked, is *string) error {
	if asked != nil && *asked != value(is) {
		return &types.PreconditionFailedException{Message: new("The Revision Id provided does not match the latest Revision Id. " +
			"Call the GetFunction/GetAlias API to retrieve the latest Revision Id")}
	}
	return nil
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func environment(e *types.Environment) *types.EnvironmentResponse {
	if e == nil {
		return nil
	}
	return &types.EnvironmentResponse{Variables: maps.Clone(e.Variables)}
}

// prepare lets a function be prepared again.
func (l *Lambda) prepare(v *image) {
	v.polls, v.run = l.config.Polls, nil
	v.RevisionId = l.revision()
	l.look(v)
}

// read reads a package.
func (l *Lambda) read(v *image, bucket, key *string) error {
	zipped, err := l.config.Code(value(bucket), value(key))
	if err != nil {
		return invalid("Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: %v", err)
	}
	files, err := unzip(zipped)
	if err != nil {
		return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
	}
	sum := sha256.Sum256(zipped)
	v.files, v.CodeSize, v.CodeSha256 = files, int64(len(zipped)), new(base64.StdEncoding.EncodeToString(sum[:]))
	return nil
}

// CreateFunction is as AWS documents it, for packages in S3.
func (l *Lambda) CreateFunction(ctx context.Context, in *sdk.CreateFunctionInput, _ ...func(*sdk.Options)) (*sdk.CreateFunctionOutput, error) {
	return do(ctx, l, "CreateFunction", func() (*sdk.CreateFunctionOutput, error) {
		name := value(in.FunctionName)
		if l.functions[name] != nil {
			return nil, conflict("Function already exist: %s", name)
		}
		if value(in.Role) == "" || in.Runtime == "" || value(in.Handler) == "" {
			return nil, invalid("Role, Runtime and Handler are mandatory for functions created with deployment packages.")
		}
		v := &image{FunctionConfiguration: types.FunctionConfiguration{
			FunctionName: in.FunctionName, FunctionArn: new(arnOf(name)), Version: new("$LATEST"), Description: in.Description, Role: in.Role,
			Runtime: in.Runtime, Handler: in.Handler, Architectures: in.Architectures, PackageType: in.PackageType,
			Environment: environment(in.Environment), MemorySize: in.MemorySize, Timeout: in.Timeout, LoggingConfig: in.LoggingConfig,
			State: types.StatePending, LastUpdateStatus: types.LastUpdateStatusSuccessful,
		}}
		if err := l.read(v, in.Code.S3Bucket, in.Code.S3Key); err != nil {
			return nil, err
		}
		l.functions[name] = &function{latest: v, versions: map[string]*image{}, aliases: map[string]*types.AliasConfiguration{},
			tags: maps.Clone(in.Tags), prepared: map[string]int32{}, since: true}
		l.prepare(v)
		return &sdk.CreateFunctionOutput{FunctionArn: v.FunctionArn, RevisionId: v.RevisionId, State: v.State, CodeSha256: v.CodeSha256}, nil
	})
}

// update begins an update of a function.
func (l *Lambda) update(name, revision *string, change func(*image) error) (*image, error) {
	f, err := l.get(name)
	if err != nil {
		return nil, err
	}
	v := f.latest
	if err := busy(v); err != nil {
		return nil, err
	}
	if err := stale(revision, v.RevisionId); err != nil {
		return nil, err
	}
	if err := change(v); err != nil {
		return nil, err
	}
	if v.State != types.StateActive {
		v.State = types.StatePending
	}
	v.LastUpdateStatus, f.since = types.LastUpdateStatusInProgress, true
	l.prepare(v)
	return v, nil
}

// UpdateFunctionConfiguration is as AWS documents it.
func (l *Lambda) UpdateFunctionConfiguration(ctx context.Context, in *sdk.UpdateFunctionConfigurationInput, _ ...func(*sdk.Options)) (*sdk.UpdateFunctionConfigurationOutput, error) {
	return do(ctx, l, "UpdateFunctionConfiguration", func() (*sdk.UpdateFunctionConfigurationOutput, error) {
		v, err := l.update(in.FunctionName, in.RevisionId, func(v *image) error {
			set(&v.Description, in.Description)
			set(&v.Role, in.Role)
			set(&v.Handler, in.Handler)
			set(&v.MemorySize, in.MemorySize)
			set(&v.Timeout, in.Timeout)
			set(&v.LoggingConfig, in.LoggingConfig)
			set(&v.Environment, environment(in.Environment))
			if in.Runtime != "" {
				v.Runtime = in.Runtime
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return &sdk.UpdateFunctionConfigurationOutput{RevisionId: v.RevisionId}, nil
	})
}

func set[T any](to **T, from *T) {
	if from != nil {
		*to = from
	}
}

// UpdateFunctionCode is as AWS documents it, for packages in S3.
func (l *Lambda) UpdateFunctionCode(ctx context.Context, in *sdk.UpdateFunctionCodeInput, _ ...func(*sdk.Options)) (*sdk.UpdateFunctionCodeOutput, error) {
	return do(ctx, l, "UpdateFunctionCode", func() (*sdk.UpdateFunctionCodeOutput, error) {
		v, err := l.update(in.FunctionName, in.RevisionId, func(v *image) error {
			if len(in.Architectures) > 0 {
				v.Architectures = in.Architectures
			}
			return l.read(v, in.S3Bucket, in.S3Key)
		})
		if err != nil {
			return nil, err
		}
		return &sdk.UpdateFunctionCodeOutput{CodeSha256: v.CodeSha256, RevisionId: v.RevisionId}, nil
	})
}

// PublishVersion is as AWS documents it. It counts as a change of the function's RevisionId.
func (l *Lambda) PublishVersion(ctx context.Context, in *sdk.PublishVersionInput, _ ...func(*sdk.Options)) (*sdk.PublishVersionOutput, error) {
	return do(ctx, l, "PublishVersion", func() (*sdk.PublishVersionOutput, error) {
		f, err := l.get(in.FunctionName)
		if err != nil {
			return nil, err
		}
		if err := busy(f.latest); err != nil {
			return nil, err
		}
		if err := stale(in.RevisionId, f.latest.RevisionId); err != nil {
			return nil, err
		}
		if in.CodeSha256 != nil && *in.CodeSha256 != *f.latest.CodeSha256 {
			return nil, invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.",
				*in.CodeSha256, *f.latest.CodeSha256)
		}
		v := f.versions[f.published]
		if v == nil || f.since {
			v = l.publish(f, in.Description)
		}
		return &sdk.PublishVersionOutput{Version: v.Version, CodeSha256: v.CodeSha256, Environment: v.Environment, Description: v.Description,
			State: v.State, RevisionId: v.RevisionId}, nil
	})
}

func (l *Lambda) publish(f *function, description *string) *image {
	name := *f.latest.FunctionName
	l.numbers[name]++
	number := strconv.Itoa(l.numbers[name])
	v := *f.latest
	v.Version, v.FunctionArn, v.State = &number, new(arnOf(name)+":"+number), types.StatePending
	set(&v.Description, description)
	v.Environment = &types.EnvironmentResponse{}
	if e := f.latest.Environment; e != nil {
		v.Environment.Variables = maps.Clone(e.Variables)
	}
	f.versions[number], f.published, f.since = &v, number, false
	f.latest.RevisionId = l.revision()
	l.prepare(&v)
	return &v
}

// GetFunction is as AWS documents it.
func (l *Lambda) GetFunction(ctx context.Context, in *sdk.GetFunctionInput, _ ...func(*sdk.Options)) (*sdk.GetFunctionOutput, error) {
	return do(ctx, l, "GetFunction", func() (*sdk.GetFunctionOutput, error) {
		f, v, err := l.qualified(in.FunctionName, in.Qualifier)
		if err != nil {
			return nil, err
		}
		l.look(v)
		out := &sdk.GetFunctionOutput{Configuration: new(v.FunctionConfiguration), Tags: maps.Clone(f.tags)}
		if f.reserved != nil {
			out.Concurrency = &types.Concurrency{ReservedConcurrentExecutions: new(*f.reserved)}
		}
		return out, nil
	})
}

// GetFunctionConfiguration is as AWS documents it.
func (l *Lambda) GetFunctionConfiguration(ctx context.Context, in *sdk.GetFunctionConfigurationInput, _ ...func(*sdk.Options)) (*sdk.GetFunctionConfigurationOutput, error) {
	return do(ctx, l, "GetFunctionConfiguration", func() (*sdk.GetFunctionConfigurationOutput, error) {
		_, v, err := l.qualified(in.FunctionName, in.Qualifier)
		if err != nil {
			return nil, err
		}
		l.look(v)
		return &sdk.GetFunctionConfigurationOutput{FunctionName: v.FunctionName, Version: v.Version, Description: v.Description, State: v.State,
			StateReason: v.StateReason, StateReasonCode: v.StateReasonCode, LastUpdateStatus: v.LastUpdateStatus, Environment: v.Environment,
			MemorySize: v.MemorySize, Timeout: v.Timeout, CodeSha256: v.CodeSha256, RevisionId: v.RevisionId}, nil
	})
}

// page gives the part of all that begins at a marker, and the marker of the next part.
func page[T any](l *Lambda, all []T, marker *string) ([]T, *string) {
	from, _ := strconv.Atoi(value(marker)) // empty: the beginning
	from = min(from, len(all))
	to := min(from+l.config.Page, len(all))
	if to == len(all) {
		return all[from:to], nil
	}
	return all[from:to], new(strconv.Itoa(to))
}

// ListVersionsByFunction is as AWS documents it: without states.
func (l *Lambda) ListVersionsByFunction(ctx context.Context, in *sdk.ListVersionsByFunctionInput, _ ...func(*sdk.Options)) (*sdk.ListVersionsByFunctionOutput, error) {
	return do(ctx, l, "ListVersionsByFunction", func() (*sdk.ListVersionsByFunctionOutput, error) {
		f, err := l.get(in.FunctionName)
		if err != nil {
			return nil, err
		}
		all := []types.FunctionConfiguration{f.latest.FunctionConfiguration}
		for _, number := range f.numbers() {
			all = append(all, f.versions[number].FunctionConfiguration)
		}
		for i := range all {
			all[i].State, all[i].LastUpdateStatus = "", ""
		}
		out := &sdk.ListVersionsByFunctionOutput{}
		out.Versions, out.NextMarker = page(l, all, in.Marker)
		return out, nil
	})
}

// numbers gives the versions, ascending.
func (f *function) numbers() []string {
	return slices.SortedFunc(maps.Keys(f.versions), func(a, b string) int {
		m, _ := strconv.Atoi(a) // they were made from numbers
		n, _ := strconv.Atoi(b)
		return m - n
	})
}

// DeleteFunction is as AWS documents it. A version that is not there is no error, as AWS does.
func (l *Lambda) DeleteFunction(ctx context.Context, in *sdk.DeleteFunctionInput, _ ...func(*sdk.Options)) (*sdk.DeleteFunctionOutput, error) {
	return do(ctx, l, "DeleteFunction", func() (*sdk.DeleteFunctionOutput, error) {
		f, err := l.get(in.FunctionName)
		if err != nil {
			return nil, err
		}
		if in.Qualifier == nil {
			delete(l.functions, value(in.FunctionName))
			return &sdk.DeleteFunctionOutput{StatusCode: 204}, nil
		}
		var names []string
		for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
			if a := f.aliases[name]; *a.FunctionVersion == *in.Qualifier {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			return nil, conflict("Unable to delete version because the following aliases reference it: %v", names)
		}
		delete(f.versions, *in.Qualifier)
		return &sdk.DeleteFunctionOutput{StatusCode: 204}, nil
	})
}

// Invoke is as AWS documents it, synchronous. Name may have a qualifier.
func (l *Lambda) Invoke(ctx context.Context, in *sdk.InvokeInput, _ ...func(*sdk.Options)) (*sdk.InvokeOutput, error) {
	run, v, err := l.environment(ctx, in)
	if err != nil {
		return nil, err
	}
	failed := func(message, kind string) (*sdk.InvokeOutput, error) {
		told, err := json.Marshal(map[string]string{"errorMessage": message, "errorType": kind})
		return &sdk.InvokeOutput{StatusCode: 200, FunctionError: new("Unhandled"), ExecutedVersion: v.Version, Payload: told}, err
	}
	if run == nil {
		return failed("the function cannot start", "Runtime.ExitError")
	}
	if message := l.crash(*v.FunctionName, *v.Version); message != "" {
		return failed(message, "Runtime.ExitError")
	}
	answer, err := run(ctx, in.Payload)
	if err != nil {
		return failed(err.Error(), "errorString")
	}
	return &sdk.InvokeOutput{StatusCode: 200, ExecutedVersion: v.Version, Payload: answer}, nil
}

func (l *Lambda) crash(name, version string) string {
	l.mu.Lock()
	crash := l.config.Crash
	l.mu.Unlock()
	if crash == nil {
		return ""
	}
	return crash(name, version)
}

// environment gives what runs a version. What was idle is prepared again, and cannot be invoked until it is.
func (l *Lambda) environment(ctx context.Context, in *sdk.InvokeInput) (Answer, image, error) {
	if err := ctx.Err(); err != nil {
		return nil, image{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	name, qualifier, _ := strings.Cut(value(in.FunctionName), ":")
	if in.Qualifier != nil {
		qualifier = *in.Qualifier
	}
	f, v, err := l.qualified(&name, &qualifier)
	if err != nil {
		return nil, image{}, err
	}
	if f.reserved != nil && *f.reserved == 0 {
		return nil, image{}, &types.TooManyRequestsException{Reason: types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded}
	}
	l.look(v)
	if v.State == types.StateInactive {
		v.State = types.StatePending
		l.prepare(v)
		return nil, image{}, conflict("The operation cannot be performed at this time. The function is currently in the following state: Inactive")
	}
	if v.State == types.StatePending || v.State == types.StateFailed {
		return nil, image{}, conflict("The operation cannot be performed at this time. The function is currently in the following state: %s", v.State)
	}
	if v.run == nil {
		variables := v.Environment
		getenv := func(key string) string {
			if variables == nil {
				return ""
			}
			return variables.Variables[key]
		}
		if v.run, err = l.config.Start(v.files, getenv); err != nil {
			return nil, *v, nil
		}
	}
	return v.run, *v, nil
}
