package awstest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// A Fate is what becomes of one call of a service.
type Fate int

// The fates.
const (
	Pass     Fate = iota
	Throttle      // it does nothing: there were too many calls, the SDK's own repetitions included
	Fail          // it does nothing: the service has an error
	Lost          // it is done, but the answer is lost
	Before        // the process ends before it
	After         // the process ends after it
)

// ErrEnded is the error of all calls of a process that has ended. They do nothing.
var ErrEnded = errors.New("the process has ended")

var errLost = errors.New("read tcp 192.0.2.7:443: connection reset by peer")

// A Line is what connects one process with the services. All of the process's calls go over it.
type Line struct {
	// Decide gives the fate of a call, such as "s3.PutObject models/iris/model.pmml" or "dynamodb.Query". It may call
	// anything itself. nil: all pass.
	Decide func(call string) Fate

	mu    sync.Mutex
	ended bool
	end   map[int]context.CancelCauseFunc
	count int
}

// Begin gives the context of something that the process does. It ends with the process.
func (l *Line) Begin(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		cancel(ErrEnded)
	}
	if l.end == nil {
		l.end = map[int]context.CancelCauseFunc{}
	}
	l.count++
	n := l.count
	l.end[n] = cancel
	return ctx, func() {
		cancel(nil)
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.end, n)
	}
}

// End ends the process: nothing that it does has an effect any more.
func (l *Line) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	for _, cancel := range l.end {
		cancel(ErrEnded)
	}
}

// Ended says whether the process has ended.
func (l *Line) Ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

// Over makes a call over a line.
func Over[In, Out, Options any](ctx context.Context, l *Line, name string, in *In, call func(context.Context, *In, ...func(*Options)) (*Out, error)) (*Out, error) {
	if l.Ended() {
		return nil, ErrEnded
	}
	fate := Pass
	if l.Decide != nil {
		fate = l.Decide(strings.TrimSpace(name))
	}
	service, _, _ := strings.Cut(name, ".")
	switch fate {
	case Throttle:
		return nil, throttled(service)
	case Fail:
		return nil, apiError("InternalError", "We encountered an internal error. Please try again.")
	case Before:
		l.End()
	}
	if l.Ended() { // perhaps while the fate was decided
		return nil, ErrEnded
	}
	out, err := call(ctx, in)
	switch fate {
	case Lost:
		return nil, errLost
	case After:
		l.End()
		return nil, ErrEnded
	}
	return out, err
}

// throttled is how a service says that there were too many calls.
func throttled(service string) error {
	switch service {
	case "dynamodb":
		return &dynamodbtypes.ProvisionedThroughputExceededException{Message: aws.String("The level of configured provisioned throughput was exceeded")}
	case "lambda":
		return apiError("TooManyRequestsException", "Rate exceeded")
	}
	return apiError("SlowDown", "Please reduce your request rate.")
}

// S3Line is S3 with some buckets, over a line.
type S3Line struct {
	*Line
	Buckets []*Bucket
}

func (s S3Line) bucket(name *string) (*Bucket, error) {
	for _, b := range s.Buckets {
		if b.config.Name == aws.ToString(name) {
			return b, nil
		}
	}
	return nil, apiError("NoSuchBucket", fmt.Sprintf("there is no bucket %s", aws.ToString(name)))
}

// overS3 makes a call of the bucket of that name over a line.
func overS3[In, Out any](ctx context.Context, s S3Line, operation string, bucket, key *string, in *In,
	call func(*Bucket, context.Context, *In, ...func(*s3.Options)) (*Out, error)) (*Out, error) {
	return Over(ctx, s.Line, "s3."+operation+" "+aws.ToString(key), in, func(ctx context.Context, in *In, _ ...func(*s3.Options)) (*Out, error) {
		b, err := s.bucket(bucket)
		if err != nil {
			return nil, err
		}
		return call(b, ctx, in)
	})
}

// PutObject is the operation of this name.
func (s S3Line) PutObject(ctx context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	return overS3(ctx, s, "PutObject", in.Bucket, in.Key, in, (*Bucket).PutObject)
}

// HeadObject is the operation of this name.
func (s S3Line) HeadObject(ctx context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return overS3(ctx, s, "HeadObject", in.Bucket, in.Key, in, (*Bucket).HeadObject)
}

// GetObject is the operation of this name.
func (s S3Line) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return overS3(ctx, s, "GetObject", in.Bucket, in.Key, in, (*Bucket).GetObject)
}

// DeleteObject is the operation of this name.
func (s S3Line) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, _ ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	return overS3(ctx, s, "DeleteObject", in.Bucket, in.Key, in, (*Bucket).DeleteObject)
}

// DeleteObjects is the operation of this name.
func (s S3Line) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput, _ ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error) {
	return overS3(ctx, s, "DeleteObjects", in.Bucket, nil, in, (*Bucket).DeleteObjects)
}

// ListObjectsV2 is the operation of this name.
func (s S3Line) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	return overS3(ctx, s, "ListObjectsV2", in.Bucket, in.Prefix, in, (*Bucket).ListObjectsV2)
}

// HeadBucket is the operation of this name.
func (s S3Line) HeadBucket(ctx context.Context, in *s3.HeadBucketInput, _ ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	return overS3(ctx, s, "HeadBucket", in.Bucket, nil, in, (*Bucket).HeadBucket)
}

// DynamoDBLine is a table over a line.
type DynamoDBLine struct {
	*Line
	Table *Table
}

// GetItem is the operation of this name.
func (d DynamoDBLine) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return Over(ctx, d.Line, "dynamodb.GetItem", in, d.Table.GetItem)
}

// Query is the operation of this name.
func (d DynamoDBLine) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return Over(ctx, d.Line, "dynamodb.Query", in, d.Table.Query)
}

// TransactGetItems is the operation of this name.
func (d DynamoDBLine) TransactGetItems(ctx context.Context, in *dynamodb.TransactGetItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactGetItemsOutput, error) {
	return Over(ctx, d.Line, "dynamodb.TransactGetItems", in, d.Table.TransactGetItems)
}

// TransactWriteItems is the operation of this name.
func (d DynamoDBLine) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return Over(ctx, d.Line, "dynamodb.TransactWriteItems", in, d.Table.TransactWriteItems)
}
