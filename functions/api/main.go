// Command api is the function behind all routes of the HTTP API: it authorizes, passes what is to be scored on to the
// functions of the models, and answers all else from the table and the buckets. What changes something is a command to
// functions/deploy, or an object in the bucket of uploads. It reads HANDOFF_STAGE, HANDOFF_TABLE, HANDOFF_UPLOADS_BUCKET,
// HANDOFF_ARTIFACTS_BUCKET, HANDOFF_DEPLOY_FUNCTION, HANDOFF_ADMIN_AUTHORIZATION, HANDOFF_SCORING_AUTHORIZATION,
// HANDOFF_TOKENS_SECRET (if tokens authorize) and HANDOFF_CORS_ORIGINS (if pages of other origins may call).
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	runtime "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	dynamodbsdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	s3sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/handoff-pmml/handoff/internal/aws/command"
	"github.com/handoff-pmml/handoff/internal/aws/dynamodb"
	"github.com/handoff-pmml/handoff/internal/aws/gateway"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/aws/secrets"
	"github.com/handoff-pmml/handoff/internal/aws/stack"
)

// patience is how long a caller waits for a deployment: API Gateway waits 30 seconds.
const patience = 25 * time.Second

func main() { stack.Start(front) }

// overBrokenConnections lets a request be sent once more if its connection was broken, as those are that stood open while
// the environment was frozen: scoring twice does no harm. Whatever else Lambda answers, the caller decides, who knows how
// long there is to wait; and a command is sent once, since a rollback that is done twice leads somewhere else.
func overBrokenConnections() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 2
		o.Retryables = []retry.IsErrorRetryable{retry.NoRetryCanceledError{}, retry.RetryableConnectionError{}}
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

func front(ctx context.Context, log *slog.Logger) (runtime.Handler, error) {
	e := stack.NewEnvironment(os.Getenv)
	stage, table := e.Text("HANDOFF_STAGE"), e.Text("HANDOFF_TABLE")
	uploads, artifacts := e.Text("HANDOFF_UPLOADS_BUCKET"), e.Text("HANDOFF_ARTIFACTS_BUCKET")
	deploy, origins := e.Text("HANDOFF_DEPLOY_FUNCTION"), e.List("HANDOFF_CORS_ORIGINS")
	authorization := &gateway.Authorization{Log: log,
		Admin: gateway.Mode(e.Text("HANDOFF_ADMIN_AUTHORIZATION")), Scoring: gateway.Mode(e.Text("HANDOFF_SCORING_AUTHORIZATION"))}
	secret := e.Or("HANDOFF_TOKENS_SECRET", "")
	if err := e.Err(); err != nil {
		return nil, err
	}
	config, err := stack.Config(ctx)
	if err != nil {
		return nil, err
	}
	if secret != "" {
		authorization.Tokens = secrets.New(secretsmanager.NewFromConfig(config), secret, time.Now, log).Hashes
	}
	score := lambda.Invoker(lambdasdk.NewFromConfig(config, func(o *lambdasdk.Options) { o.Retryer = overBrokenConnections() }))
	tell := lambda.Invoker(lambdasdk.NewFromConfig(config, func(o *lambdasdk.Options) { o.Retryer = aws.NopRetryer{} }))
	files := s3.NewArtifacts(stack.S3(config, os.Getenv), artifacts)
	remote := gateway.NewRemote(gateway.RemoteConfig{
		Store:     dynamodb.New(dynamodbsdk.NewFromConfig(config), table),
		Objects:   s3.NewObjects(stack.S3(config, os.Getenv), uploads),
		Artifacts: files,
		Addresses: s3.NewUploads(s3sdk.NewPresignClient(stack.S3(config, os.Getenv)), uploads, artifacts),
		Commands:  &command.Client{Keep: files.PutPreview, Patience: patience, Invoke: gateway.Commands(tell, deploy)},
		Patience:  patience, Log: log,
	})
	return gateway.New(gateway.Config{Stage: stage, Invoke: score, Authorization: authorization, Remote: remote, AllowOrigins: origins, Log: log})
}
