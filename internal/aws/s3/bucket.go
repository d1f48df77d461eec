// Package s3 keeps documents and what is made of them in two buckets: uploads under their keys in one whose objects have
// versions, and the files of versions in another.
//
//	uploads      models/iris.pmml, models/iris/model.pmml, models/iris/model.json …
//	artifacts    versions/iris/000042/document.pmml, model.bin …
//	artifacts    previews/01JH…: documents that are only to be looked at
//
// That something is missing is told by S3 only to who may list the bucket (s3:ListBucket); everybody else hears that access
// is denied, which is an error and not deploy.ErrGone.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// API is what is used of S3. *s3.Client of the SDK has it.
type API interface {
	PutObject(context.Context, *sdk.PutObjectInput, ...func(*sdk.Options)) (*sdk.PutObjectOutput, error)
	HeadObject(context.Context, *sdk.HeadObjectInput, ...func(*sdk.Options)) (*sdk.HeadObjectOutput, error)
	GetObject(context.Context, *sdk.GetObjectInput, ...func(*sdk.Options)) (*sdk.GetObjectOutput, error)
	DeleteObject(context.Context, *sdk.DeleteObjectInput, ...func(*sdk.Options)) (*sdk.DeleteObjectOutput, error)
	DeleteObjects(context.Context, *sdk.DeleteObjectsInput, ...func(*sdk.Options)) (*sdk.DeleteObjectsOutput, error)
	ListObjectsV2(context.Context, *sdk.ListObjectsV2Input, ...func(*sdk.Options)) (*sdk.ListObjectsV2Output, error)
	HeadBucket(context.Context, *sdk.HeadBucketInput, ...func(*sdk.Options)) (*sdk.HeadBucketOutput, error)
}

// A bucket is one bucket, whose errors say what was done with which key.
type bucket struct {
	api  API
	name string
}

// failed says what an error was about.
func (b bucket) failed(what, key string, err error) error {
	return fmt.Errorf("%s s3://%s/%s: %w", what, b.name, key, err)
}

// put puts what was spooled under a key. One request is whole or not at all, up to 5 GB, and can be repeated.
func (b bucket) put(ctx context.Context, key string, s *spool, metadata map[string]string) (*sdk.PutObjectOutput, error) {
	out, err := b.api.PutObject(ctx, &sdk.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: s.reader(), ContentLength: &s.size, ContentType: contentType(key), Metadata: metadata,
	})
	if err != nil {
		return nil, b.failed("put", key, err)
	}
	return out, nil
}

// get reads what lies under a key: the version that in asks for. It is ErrGone if that is not there.
func (b bucket) get(ctx context.Context, key string, in *sdk.GetObjectInput) (*sdk.GetObjectOutput, error) {
	in.Bucket, in.Key = &b.name, &key
	out, err := b.api.GetObject(ctx, in)
	switch {
	case isCode(err, "NoSuchKey", "NoSuchVersion", "PreconditionFailed", "MethodNotAllowed"): // the last: a delete marker
		return nil, b.failed("get", key, fmt.Errorf("%w: %w", deploy.ErrGone, err))
	case err != nil:
		return nil, b.failed("get", key, err)
	}
	out.Body = &reader{out.Body, b, key}
	return out, nil
}

// A reader reads an object and says of which one an error is.
type reader struct {
	io.ReadCloser
	bucket bucket
	key    string
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = r.bucket.failed("read", r.key, err)
	}
	return n, err
}

// isCode says whether S3 has answered with one of these error codes.
func isCode(err error, codes ...string) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && slices.Contains(codes, answer.ErrorCode())
}

var contentTypes = map[string]string{
	".pmml": "application/xml",
	".json": "application/json",
	".csv":  "text/csv",
	".gz":   "application/gzip",
	".zip":  "application/zip",
}

// contentType gives the type with which browsers and downloads get what lies under a key; nil: S3's own.
func contentType(key string) *string {
	if t, ok := contentTypes[path.Ext(key)]; ok {
		return aws.String(t)
	}
	return nil
}
