package s3

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Objects are the uploads: a bucket whose objects have versions. It implements deploy.Objects. An earlier version can be
// read until the bucket's lifecycle removes it.
type Objects struct{ bucket bucket }

var _ deploy.Objects = (*Objects)(nil)

// NewObjects gives the uploads in a bucket.
func NewObjects(api API, name string) *Objects { return &Objects{bucket{api, name}} }

// Receive writes a body into a temporary file. What src answers is handed on.
func (o *Objects) Receive(ctx context.Context, src io.Reader) (deploy.Body, error) {
	s, err := receive(ctx, src)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Put puts a body under a key. The object that it gives has the metadata as S3 has taken it: a reason, or an actor, that is
// too long loses its end.
func (o *Objects) Put(ctx context.Context, key string, received deploy.Body, m deploy.Metadata) (deploy.Object, error) {
	body, ok := received.(*spool)
	if !ok {
		return deploy.Object{}, fmt.Errorf("what was received is a %T", received)
	}
	defer body.Discard()
	if err := checkKey(key); err != nil {
		return deploy.Object{}, err
	}
	metadata, kept, err := encodeMetadata(m)
	if err != nil {
		return deploy.Object{}, o.bucket.failed("put", key, err)
	}
	if deploy.IsGzip(key) {
		if body, err = body.compress(ctx); err != nil {
			return deploy.Object{}, o.bucket.failed("compress", key, err)
		}
		defer body.Discard()
	}
	out, err := o.bucket.put(ctx, key, body, metadata)
	if err != nil {
		return deploy.Object{}, err
	}
	version, err := o.versionPut(ctx, key, out)
	if err != nil {
		return deploy.Object{}, err
	}
	return deploy.Object{Key: key, Version: version, Size: body.size, Metadata: kept}, nil
}

// Head gives the object that lies under a key now.
func (o *Objects) Head(ctx context.Context, key string) (deploy.Object, error) {
	if err := checkKey(key); err != nil {
		return deploy.Object{}, err
	}
	out, err := o.bucket.api.HeadObject(ctx, &sdk.HeadObjectInput{Bucket: &o.bucket.name, Key: &key})
	switch {
	case isCode(err, "NotFound", "NoSuchKey"):
		return deploy.Object{}, o.absent(ctx, key)
	case err != nil:
		return deploy.Object{}, o.bucket.failed("head", key, err)
	}
	return deploy.Object{
		Key: key, Version: versionOf(out.VersionId, out.ETag, out.LastModified),
		Size: aws.ToInt64(out.ContentLength), Metadata: decodeMetadata(out.Metadata),
	}, nil
}

// absent is ErrGone if the bucket is there: in one that is not, all models would seem to be removed.
func (o *Objects) absent(ctx context.Context, key string) error {
	if _, err := o.bucket.api.HeadBucket(ctx, &sdk.HeadBucketInput{Bucket: &o.bucket.name}); err != nil {
		return o.bucket.failed("look for the bucket of", key, err)
	}
	return o.bucket.failed("head", key, deploy.ErrGone)
}

// Get reads one version of an object.
func (o *Objects) Get(ctx context.Context, object deploy.Object) (io.ReadCloser, error) {
	if err := checkKey(object.Key); err != nil {
		return nil, err
	}
	var in sdk.GetObjectInput
	etag, bare := bareETag(object.Version)
	if bare {
		in.IfMatch = &etag
	} else {
		in.VersionId = &object.Version
	}
	out, err := o.bucket.get(ctx, object.Key, &in)
	if err != nil {
		return nil, err
	}
	if bare && versionOf(out.VersionId, out.ETag, out.LastModified) != object.Version {
		out.Body.Close() //nolint:errcheck // it is not what was asked for
		return nil, o.bucket.failed("get", object.Key, deploy.ErrGone)
	}
	return out.Body, nil
}

// Delete removes what lies under a key: in a bucket with versions, S3 marks the key as deleted.
func (o *Objects) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if _, err := o.bucket.api.DeleteObject(ctx, &sdk.DeleteObjectInput{Bucket: &o.bucket.name, Key: &key}); err != nil {
		return o.bucket.failed("delete", key, err)
	}
	return nil
}

func checkKey(key string) error {
	if _, _, ok := deploy.ModelOf(key); !ok {
		return fmt.Errorf("%.300q is no key of a model", key)
	}
	return nil
}

// An object in a bucket without versions, or from before it had any, is told by its ETag and the time of its last change,
// which S3 gives in seconds: the same bytes twice in one second are one version.
const etagPrefix = "etag:"

// versionOf gives the version of an object.
func versionOf(id, etag *string, modified *time.Time) string {
	if v := aws.ToString(id); v != "" && v != "null" {
		return v
	}
	return etagPrefix + strings.Trim(aws.ToString(etag), `"`) + "@" + strconv.FormatInt(aws.ToTime(modified).Unix(), 10)
}

// bareETag gives the ETag of a version that has no id.
func bareETag(version string) (etag string, ok bool) {
	version, ok = strings.CutPrefix(version, etagPrefix)
	etag, _, _ = strings.Cut(version, "@")
	return strconv.Quote(etag), ok
}

// versionPut gives the version that an object was given. Where S3 gives no id, the time is missing; if something else lies
// there already, the version is one that nobody will find.
func (o *Objects) versionPut(ctx context.Context, key string, out *sdk.PutObjectOutput) (string, error) {
	unseen := versionOf(out.VersionId, out.ETag, nil)
	if _, bare := bareETag(unseen); !bare {
		return unseen, nil
	}
	head, err := o.bucket.api.HeadObject(ctx, &sdk.HeadObjectInput{Bucket: &o.bucket.name, Key: &key})
	switch {
	case err == nil && aws.ToString(head.ETag) == aws.ToString(out.ETag):
		return versionOf(head.VersionId, head.ETag, head.LastModified), nil
	case err == nil, isCode(err, "NotFound", "NoSuchKey"):
		return unseen, nil
	}
	return "", o.bucket.failed("head", key, err)
}
