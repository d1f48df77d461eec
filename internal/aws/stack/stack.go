// Package stack has what the functions of a stage share when they start: how they read their environment, and clients of
// AWS's services. What AWS_ENDPOINT_URL names takes the place of AWS, in tests.
package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/handoff-pmml/handoff/internal/aws/function"
)

// An Environment reads variables of the environment, and remembers what is wrong with them, so that all of it is told at
// once.
type Environment struct {
	getenv func(string) string
	errs   []error
}

// NewEnvironment reads by getenv, such as os.Getenv.
func NewEnvironment(getenv func(string) string) *Environment { return &Environment{getenv: getenv} }

// Text gives a variable that must be there.
func (e *Environment) Text(name string) string {
	value := e.getenv(name)
	if value == "" {
		e.errs = append(e.errs, fmt.Errorf("%s is not set", name))
	}
	return value
}

// Or gives a variable, or what holds where it is not set.
func (e *Environment) Or(name, otherwise string) string {
	if value := e.getenv(name); value != "" {
		return value
	}
	return otherwise
}

// Number gives a variable that must be a number, and at least 1.
func (e *Environment) Number(name string) int {
	n, err := strconv.Atoi(e.Text(name))
	if (err != nil || n < 1) && e.getenv(name) != "" {
		e.errs = append(e.errs, fmt.Errorf("%s is %q, not a number of at least 1", name, e.getenv(name)))
	}
	return n
}

// List gives the parts of a variable between commas; none if it is not set.
func (e *Environment) List(name string) []string {
	var parts []string
	for part := range strings.SplitSeq(e.getenv(name), ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// Err says what is wrong with what was read so far.
func (e *Environment) Err() error { return errors.Join(e.errs...) }

// Config gives the configuration of all clients: region, credentials, endpoints, from the environment.
func Config(ctx context.Context) (aws.Config, error) {
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return c, fmt.Errorf("configuration of AWS's SDK: %w", err)
	}
	return c, nil
}

// S3 gives a client of S3. Stand-ins have no host names for their buckets, so that there the bucket is part of the path.
func S3(c aws.Config, getenv func(string) string) *s3.Client {
	return s3.NewFromConfig(c, func(o *s3.Options) {
		o.UsePathStyle = getenv("AWS_ENDPOINT_URL") != "" || getenv("AWS_ENDPOINT_URL_S3") != ""
	})
}

// Start makes a handler and answers invocations with it until the environment ends; it does not return. Logs are lines of
// JSON.
func Start(make func(context.Context, *slog.Logger) (lambda.Handler, error)) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	slog.SetDefault(log) // also of what the libraries say
	function.LimitMemory(os.Getenv)
	handler, err := make(context.Background(), log)
	if err != nil {
		function.Fail(log, err)
	}
	lambda.Start(handler)
}
