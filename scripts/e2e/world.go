package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	dynamosdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/handoff-pmml/handoff/internal/aws/dynamodb"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
)

// The names are those of template.yaml for the stage test, but for the buckets, which need not be alone in the world here.
const (
	stage          = "test"
	account        = "123456789012"
	region         = "us-east-1"
	table          = "handoff-" + stage
	uploads        = "handoff-" + stage + "-uploads" // as the events of events/deploy say
	artifacts      = "handoff-" + stage + "-artifacts"
	queue          = "handoff-" + stage + "-uploads"
	deadLetters    = "handoff-" + stage + "-dead-letters"
	deployFunction = "handoff-" + stage + "-deploy"
	modelRole      = "arn:aws:iam::" + account + ":role/handoff-" + stage + "-model"
	deployRole     = "arn:aws:iam::" + account + ":role/handoff-" + stage + "-deploy"
	modelLogGroup  = "/handoff/" + stage + "/models"
)

// The tokens that the stand-in's secret knows by their hashes: those of Openscoring's recorded exchanges, and those of the
// events in events/api.
var (
	adminTokens = []string{"admin-tok", "sample-admin"}
	userTokens  = []string{"user-tok", "sample-user"}
)

// deploySeconds is the timeout of functions/deploy.
const deploySeconds = 120

// A cloud is the stand-in.
type cloud struct {
	s3      *s3.Client
	sqs     *sqs.Client
	lambda  *lambdasdk.Client
	dynamo  *dynamosdk.Client
	secrets *secretsmanager.Client
	store   *dynamodb.Store
}

func connect(ctx context.Context) (*cloud, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, err
	}
	dynamo := dynamosdk.NewFromConfig(c)
	return &cloud{
		s3: s3.NewFromConfig(c, func(o *s3.Options) {
			o.UsePathStyle = true
			o.DisableLogOutputChecksumValidationSkipped = true // moto has no checksum of what is in parts
		}),
		sqs:     sqs.NewFromConfig(c),
		lambda:  lambdasdk.NewFromConfig(c, func(o *lambdasdk.Options) { o.RetryMaxAttempts = 1 }),
		dynamo:  dynamo,
		secrets: secretsmanager.NewFromConfig(c),
		store:   dynamodb.New(dynamo, table),
	}, nil
}

// world makes what a stack has, but for the API and the roles, which functions cannot tell from the stand-in's.
func (c *cloud) world(ctx context.Context, folder, architecture, samEnv string) error {
	for _, bucket := range []string{uploads, artifacts} {
		if err := c.bucket(ctx, bucket); err != nil {
			return err
		}
	}
	if _, err := c.dynamo.CreateTable(ctx, dynamodb.TableInput(table)); err != nil {
		return err
	}
	if err := c.queues(ctx); err != nil {
		return err
	}
	secret, err := c.tokens(ctx)
	if err != nil {
		return err
	}
	variables := deployVariables(architecture)
	if err := writeSAM(samEnv, secret, variables); err != nil {
		return err
	}
	return c.deployFunction(ctx, folder, architecture, variables)
}

func (c *cloud) bucket(ctx context.Context, name string) error {
	if _, err := c.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		return err
	}
	_, err := c.s3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
	})
	return err
}

// queues makes the queue of uploads, with its dead-letter queue, and has the bucket tell it.
func (c *cloud) queues(ctx context.Context) error {
	dead, err := c.queue(ctx, deadLetters, nil)
	if err != nil {
		return err
	}
	policy, err := json.Marshal(map[string]any{"deadLetterTargetArn": dead, "maxReceiveCount": 3})
	if err != nil {
		return err
	}
	arn, err := c.queue(ctx, queue, map[string]string{"VisibilityTimeout": "5", "RedrivePolicy": string(policy)})
	if err != nil {
		return err
	}
	_, err = c.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
		Bucket: aws.String(uploads),
		NotificationConfiguration: &s3types.NotificationConfiguration{QueueConfigurations: []s3types.QueueConfiguration{{
			QueueArn: &arn, Events: []s3types.Event{"s3:ObjectCreated:*", "s3:ObjectRemoved:*"},
			Filter: &s3types.NotificationConfigurationFilter{Key: &s3types.S3KeyFilter{
				FilterRules: []s3types.FilterRule{{Name: s3types.FilterRuleNamePrefix, Value: aws.String("models/")}},
			}},
		}}},
	})
	return err
}

func (c *cloud) queue(ctx context.Context, name string, attributes map[string]string) (arn string, err error) {
	made, err := c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		return "", err
	}
	got, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: made.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return "", err
	}
	return got.Attributes[string(sqstypes.QueueAttributeNameQueueArn)], nil
}

// tokens makes the secret with the hashes of the tokens and gives its ARN.
func (c *cloud) tokens(ctx context.Context) (string, error) {
	text, err := json.Marshal(map[string][]string{"admin": hashes(adminTokens), "user": hashes(userTokens)})
	if err != nil {
		return "", err
	}
	made, err := c.secrets.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String("handoff-" + stage + "-tokens"), SecretString: aws.String(string(text)),
	})
	if err != nil {
		return "", err
	}
	return *made.ARN, nil
}

func hashes(tokens []string) []string {
	var all []string
	for _, token := range tokens {
		sum := sha256.Sum256([]byte(token))
		all = append(all, hex.EncodeToString(sum[:]))
	}
	return all
}

func deployVariables(architecture string) map[string]string {
	return map[string]string{
		"HANDOFF_STAGE":            stage,
		"HANDOFF_TABLE":            table,
		"HANDOFF_UPLOADS_BUCKET":   uploads,
		"HANDOFF_ARTIFACTS_BUCKET": artifacts,
		"HANDOFF_MODEL_ROLE":       modelRole,
		"HANDOFF_MODEL_LOG_GROUP":  modelLogGroup,
		"HANDOFF_MODEL_MEMORY":     "512",
		"HANDOFF_ARCHITECTURE":     architecture,
		"HANDOFF_KEEP_VERSIONS":    "3",
		"HANDOFF_BOOTSTRAP":        "score/bootstrap",
	}
}

// writeSAM writes the variables that the SAM CLI would not resolve as CloudFormation does.
func writeSAM(file, secret string, deploy map[string]string) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(map[string]map[string]string{
		"DeployFunction": deploy,
		"ApiFunction": {
			"HANDOFF_STAGE":                 stage,
			"HANDOFF_TABLE":                 table,
			"HANDOFF_UPLOADS_BUCKET":        uploads,
			"HANDOFF_ARTIFACTS_BUCKET":      artifacts,
			"HANDOFF_DEPLOY_FUNCTION":       deployFunction + ":" + lambda.Alias,
			"HANDOFF_ADMIN_AUTHORIZATION":   "TOKEN",
			"HANDOFF_SCORING_AUTHORIZATION": "TOKEN",
			"HANDOFF_TOKENS_SECRET":         secret,
		},
	}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// deployFunction makes functions/deploy with the alias live, as a stack does.
func (c *cloud) deployFunction(ctx context.Context, folder, architecture string, variables map[string]string) error {
	code, err := zipped(folder)
	if err != nil {
		return err
	}
	key := "functions/deploy.zip"
	if _, err := c.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(artifacts), Key: &key, Body: bytes.NewReader(code)}); err != nil {
		return err
	}
	made, err := c.lambda.CreateFunction(ctx, &lambdasdk.CreateFunctionInput{
		FunctionName:  aws.String(deployFunction),
		Role:          aws.String(deployRole),
		Runtime:       lambdatypes.RuntimeProvidedal2023,
		Handler:       aws.String("bootstrap"),
		Architectures: []lambdatypes.Architecture{lambdatypes.Architecture(architecture)},
		MemorySize:    aws.Int32(1024),
		Timeout:       aws.Int32(deploySeconds),
		Environment:   &lambdatypes.Environment{Variables: variables},
		Code:          &lambdatypes.FunctionCode{S3Bucket: aws.String(artifacts), S3Key: &key},
		Publish:       true,
	})
	if err != nil {
		return err
	}
	_, err = c.lambda.CreateAlias(ctx, &lambdasdk.CreateAliasInput{
		FunctionName: aws.String(deployFunction), Name: aws.String(lambda.Alias), FunctionVersion: made.Version,
	})
	return err
}

// zipped gives the zip of a folder, with programs that may be executed.
func zipped(folder string) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestSpeed)
	})
	files := os.DirFS(folder)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)}
		h.SetMode(0o755)
		file, err := w.CreateHeader(h)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		_, err = file.Write(text)
		return err
	})
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	return out.Bytes(), nil
}
