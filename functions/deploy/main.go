// Command deploy is the function that makes models of what is uploaded: events of the bucket of uploads come to it through
// a queue, the schedule lets it go on with what was interrupted, and functions/api sends it commands. Beside its bootstrap
// lies that of functions/score, of which each model's function is made. It reads HANDOFF_STAGE, HANDOFF_TABLE,
// HANDOFF_UPLOADS_BUCKET, HANDOFF_ARTIFACTS_BUCKET, HANDOFF_MODEL_ROLE, HANDOFF_MODEL_LOG_GROUP, HANDOFF_MODEL_MEMORY,
// HANDOFF_ARCHITECTURE, HANDOFF_KEEP_VERSIONS and HANDOFF_BOOTSTRAP.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	runtime "github.com/aws/aws-lambda-go/lambda"
	dynamodbsdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/aws/dynamodb"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/aws/stack"
	"github.com/handoff-pmml/handoff/internal/aws/uploads"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
)

// patience is longer than any invocation: whoever waits for a deployment here waits for its end.
const patience = time.Hour

func main() { stack.Start(handler) }

func handler(ctx context.Context, log *slog.Logger) (runtime.Handler, error) {
	e := stack.NewEnvironment(os.Getenv)
	table, bucket, artifactsBucket := e.Text("HANDOFF_TABLE"), e.Text("HANDOFF_UPLOADS_BUCKET"), e.Text("HANDOFF_ARTIFACTS_BUCKET")
	keep := e.Number("HANDOFF_KEEP_VERSIONS")
	c := lambda.Config{
		Stage: e.Text("HANDOFF_STAGE"), Role: e.Text("HANDOFF_MODEL_ROLE"), LogGroup: e.Text("HANDOFF_MODEL_LOG_GROUP"),
		Memory: e.Number("HANDOFF_MODEL_MEMORY"), Architecture: types.Architecture(e.Text("HANDOFF_ARCHITECTURE")),
		Bootstrap: e.Or("HANDOFF_BOOTSTRAP", "score/bootstrap"), ArtifactsBucket: artifactsBucket, FileKey: s3.FileKey, Log: log,
	}
	if err := e.Err(); err != nil {
		return nil, err
	}
	config, err := stack.Config(ctx)
	if err != nil {
		return nil, err
	}
	artifacts := s3.NewArtifacts(stack.S3(config, os.Getenv), artifactsBucket)
	c.Artifacts = artifacts
	return uploads.NewHandler(uploads.Config{
		Pipeline: deploy.New(deploy.Config{
			Store:     dynamodb.New(dynamodbsdk.NewFromConfig(config), table),
			Objects:   s3.NewObjects(stack.S3(config, os.Getenv), bucket),
			Artifacts: artifacts,
			Runtime:   lambda.New(lambdasdk.NewFromConfig(config), c),
			Compile:   compileDocument, Settings: settings.Read,
			Keep: keep, Ends: true, Patience: patience, Log: log,
		}),
		Bucket: bucket, Preview: artifacts.Preview, Log: log,
	}), nil
}

func compileDocument(_ context.Context, document io.Reader, modelName string) ([]byte, error) {
	return compile.Compile(document, compile.Options{ModelName: modelName})
}
