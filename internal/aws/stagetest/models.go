package stagetest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
)

// makeLambda makes Lambda, and the program of the models' functions: nobody runs it here, awstest.StartScore does what it
// would do.
func (s *Stage) makeLambda() error {
	if err := os.WriteFile(s.bootstrap(), []byte("#!/bin/false\n"), 0o700); err != nil {
		return fmt.Errorf("the program of the models' functions: %w", err)
	}
	s.Lambda = awstest.NewLambda(awstest.LambdaConfig{Code: func(bucket, key string) ([]byte, error) {
		text, ok := s.Files.Text(key)
		if bucket != filesAt || !ok {
			return nil, fmt.Errorf("there is no s3://%s/%s", bucket, key)
		}
		return text, nil
	}})
	return nil
}

func (s *Stage) bootstrap() string { return filepath.Join(s.Dir, "bootstrap") }

func (s *Stage) newRuntime(api lambda.API, files *s3.Artifacts, pause func(context.Context, time.Duration) error, log *slog.Logger) *lambda.Runtime {
	return lambda.New(api, lambda.Config{
		Stage: Name, Role: "arn:aws:iam::123456789012:role/handoff-test-model", LogGroup: "/handoff/test/models", Memory: 256,
		Architecture: types.ArchitectureArm64, Bootstrap: s.bootstrap(),
		Artifacts: files, ArtifactsBucket: filesAt, FileKey: s3.FileKey, Pause: pause, Log: log,
	})
}
