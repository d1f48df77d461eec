package lambda

import (
	"maps"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

const (
	modelTag = "handoff:model" // tag with the id of the model that a function is for
	stageTag = "handoff:stage"

	bootstrapFile  = "bootstrap" // in the package; also the handler, which Lambda ignores
	runtimeID      = types.RuntimeProvidedal2023
	defaultTimeout = 30 // seconds: no caller behind API Gateway waits longer
)

// The environment of functions/score.
const (
	envModel    = "HANDOFF_MODEL_ID"
	envVersion  = "HANDOFF_MODEL_VERSION"
	envSize     = "HANDOFF_DOCUMENT_SIZE"
	envChecksum = "HANDOFF_DOCUMENT_CHECKSUM"
	envCreated  = "HANDOFF_CREATED"
)

// wanted is the function as it is to be published.
type wanted struct {
	name         string
	mark         mark
	role         string
	architecture types.Architecture
	environment  map[string]string
	memory       int32 // MB
	timeout      int32 // seconds
	logging      *types.LoggingConfig
	bucket, key  string // of the package
	checksum     string // of it, as CodeSha256
}

func (r *Runtime) wanted(v deploy.Version, m deploy.Model) (*wanted, error) {
	key, err := r.FileKey(v.Model, v.Number, deploy.PackageFile)
	if err != nil {
		return nil, err
	}
	w := &wanted{
		name: FunctionName(r.Stage, v.Model), mark: markOf(m, v.Number), role: r.Role, architecture: r.Architecture,
		environment: map[string]string{
			envModel: v.Model, envVersion: strconv.Itoa(v.Number), envSize: strconv.FormatInt(v.Document.Size, 10),
			envChecksum: v.Document.Checksum, envCreated: v.Created.UTC().Format(time.RFC3339Nano),
		},
		memory: int32(r.memory(v)), timeout: defaultTimeout, bucket: r.ArtifactsBucket, key: key, checksum: v.Package.Checksum,
	}
	if v.Settings.Timeout > 0 {
		w.timeout = int32(v.Settings.Timeout)
	}
	if r.LogGroup != "" {
		w.logging = &types.LoggingConfig{LogFormat: types.LogFormatJson, LogGroup: &r.LogGroup}
	}
	return w, nil
}

// What functions/score takes, in bytes. Opening a compiled form takes up to four times its size, as measured; the program
// and the largest event take the rest, with the body of such an event (four times its 6 MB while it is read) and its answer
// (six times, until Lambda has it). Go is given 85 % of a function's memory before it collects garbage harder.
const (
	scoreMemory  = (24 + 30 + 4*6 + 6*6) << 20
	openedFactor = 4
	memoryStep   = 64 // MB
	minMemory    = 128
)

// memory gives the MB of the function of a version.
func (r *Runtime) memory(v deploy.Version) int64 {
	if v.Settings.Memory > 0 {
		return int64(v.Settings.Memory)
	}
	needed := (scoreMemory+openedFactor*v.CompiledBytes)/85*100>>20 + 1
	return (max(needed, int64(r.Memory), minMemory) + memoryStep - 1) / memoryStep * memoryStep
}

func (w *wanted) create(stage, model string) *sdk.CreateFunctionInput {
	return &sdk.CreateFunctionInput{
		FunctionName: &w.name, Description: new(w.mark.String()), Role: &w.role, Architectures: []types.Architecture{w.architecture},
		PackageType: types.PackageTypeZip, Runtime: runtimeID, Handler: new(bootstrapFile),
		Code: &types.FunctionCode{S3Bucket: &w.bucket, S3Key: &w.key}, Environment: &types.Environment{Variables: w.environment},
		MemorySize: &w.memory, Timeout: &w.timeout, LoggingConfig: w.logging,
		Tags: map[string]string{modelTag: model, stageTag: stage},
	}
}

func (w *wanted) configure(revision *string) *sdk.UpdateFunctionConfigurationInput {
	return &sdk.UpdateFunctionConfigurationInput{
		FunctionName: &w.name, Description: new(w.mark.String()), Role: &w.role, Runtime: runtimeID, Handler: new(bootstrapFile),
		Environment: &types.Environment{Variables: w.environment}, MemorySize: &w.memory, Timeout: &w.timeout,
		LoggingConfig: w.logging, RevisionId: revision,
	}
}

func (w *wanted) code(revision *string) *sdk.UpdateFunctionCodeInput {
	return &sdk.UpdateFunctionCodeInput{
		FunctionName: &w.name, Architectures: []types.Architecture{w.architecture}, S3Bucket: &w.bucket, S3Key: &w.key, RevisionId: revision,
	}
}

// isConfigured says whether all that UpdateFunctionConfiguration sets is as it is wanted, but for the description.
func (w *wanted) isConfigured(c *types.FunctionConfiguration) bool {
	return text(c.Role) == w.role && c.Runtime == runtimeID && text(c.Handler) == bootstrapFile && w.isEnvironment(c.Environment) &&
		number(c.MemorySize) == w.memory && number(c.Timeout) == w.timeout &&
		(w.logging == nil || c.LoggingConfig == nil || text(c.LoggingConfig.LogGroup) == *w.logging.LogGroup && c.LoggingConfig.LogFormat == w.logging.LogFormat)
}

func (w *wanted) isEnvironment(e *types.EnvironmentResponse) bool {
	return e != nil && e.Error == nil && maps.Equal(e.Variables, w.environment)
}

// isCode says whether the package is the one that is wanted.
func (w *wanted) isCode(c *types.FunctionConfiguration) bool {
	return text(c.CodeSha256) == w.checksum && (len(c.Architectures) == 0 || c.Architectures[0] == w.architecture)
}

func number(n *int32) int32 {
	if n == nil {
		return 0
	}
	return *n
}
