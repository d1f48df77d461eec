package awstest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// BucketConfig says how a Bucket behaves. The zero value has versions and tells nobody of anything.
type BucketConfig struct {
	Name   string
	Now    func() time.Time // nil: time.Now
	Tell   func(Notice)     // hears of what happens in the bucket, after it has happened; nil: nobody does
	Prefix string           // of the keys of which Tell hears
}

// A Bucket is a bucket of S3 in memory that keeps all versions of its objects.
type Bucket struct {
	config BucketConfig
	mu     sync.Mutex
	keys   map[string][]version // the newest last
	count  int
}

// version is what was put under a key at one time.
type version struct {
	id       string
	deleted  bool // it is a delete marker
	text     []byte
	metadata map[string]string
	kind     string // content type
	modified time.Time
}

func (v version) etag() string {
	sum := md5.Sum(v.text)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// NewBucket gives an empty bucket.
func NewBucket(c BucketConfig) *Bucket {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Bucket{config: c, keys: map[string][]version{}}
}

// A Notice is what S3 tells of one change.
type Notice struct {
	Event     string // such as "ObjectCreated:Put"
	Bucket    string
	Key       string
	Version   string
	Size      int64
	ETag      string
	Sequencer string
	At        time.Time
}

// JSON gives the event as S3 sends it to queues, keys encoded as in a form.
func (n Notice) JSON(principal string) events.S3Event {
	return events.S3Event{Records: []events.S3EventRecord{{
		EventVersion: "2.1", EventSource: "aws:s3", AWSRegion: "eu-central-1", EventTime: n.At.UTC(), EventName: n.Event,
		PrincipalID:       events.S3UserIdentity{PrincipalID: principal},
		RequestParameters: events.S3RequestParameters{SourceIPAddress: "198.51.100.7"},
		S3: events.S3Entity{
			SchemaVersion: "1.0", ConfigurationID: "uploads",
			Bucket: events.S3Bucket{Name: n.Bucket, Arn: "arn:aws:s3:::" + n.Bucket, OwnerIdentity: events.S3UserIdentity{PrincipalID: "A3NL1KOZZKExample"}},
			Object: events.S3Object{Key: url.QueryEscape(n.Key), Size: n.Size, ETag: n.ETag, VersionID: n.Version, Sequencer: n.Sequencer},
		},
	}}}
}

// An apiError is an error as S3's operations have it.
func apiError(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

func (b *Bucket) named(name *string) error {
	if aws.ToString(name) != b.config.Name {
		return &types.NoSuchBucket{Message: aws.String("there is no bucket " + aws.ToString(name))}
	}
	return nil
}

// maxMetadata is how many bytes of user metadata S3 takes, names included.
const maxMetadata = 2 << 10

// PutObject is the operation of this name.
func (b *Bucket) PutObject(ctx context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	text, err := io.ReadAll(cmp.Or[io.Reader](in.Body, strings.NewReader("")))
	if err = cmp.Or(err, ctx.Err(), b.named(in.Bucket)); err != nil {
		return nil, err
	}
	if in.ContentLength != nil && *in.ContentLength != int64(len(text)) {
		return nil, apiError("IncompleteBody", "there are fewer bytes than were promised")
	}
	size := 0
	for name, value := range in.Metadata {
		size += len(name) + len(value)
	}
	if size > maxMetadata {
		return nil, apiError("MetadataTooLarge", "too much metadata")
	}
	v := b.add(*in.Key, version{text: text, metadata: maps.Clone(in.Metadata), kind: aws.ToString(in.ContentType)}, "ObjectCreated:Put")
	return &s3.PutObjectOutput{VersionId: &v.id, ETag: aws.String(v.etag())}, nil
}

// add puts a version under a key and tells of it.
func (b *Bucket) add(key string, v version, event string) version {
	b.mu.Lock()
	b.count++
	v.id, v.modified = versionID(b.config.Name, b.count), b.config.Now().Truncate(time.Second)
	b.keys[key] = append(b.keys[key], v)
	n := Notice{event, b.config.Name, key, v.id, int64(len(v.text)), strings.Trim(v.etag(), `"`), fmt.Sprintf("%018X", b.count), b.config.Now()}
	b.mu.Unlock()
	if b.config.Tell != nil && strings.HasPrefix(key, b.config.Prefix) {
		b.config.Tell(n)
	}
	return v
}

// versionID gives the id of the nth version in a bucket. As with S3, ids have no order.
func versionID(bucket string, n int) string {
	sum := md5.Sum(fmt.Appendf(nil, "%s %d", bucket, n))
	return hex.EncodeToString(sum[:])
}

// newest gives what lies under a key now.
func (b *Bucket) newest(key string) (version, bool) {
	all := b.keys[key]
	if len(all) == 0 || all[len(all)-1].deleted {
		return version{}, false
	}
	return all[len(all)-1], true
}

// find gives a version of a key; without an id, the newest.
func (b *Bucket) find(key string, id *string) (version, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id == nil {
		v, ok := b.newest(key)
		if !ok {
			return v, &types.NoSuchKey{Message: aws.String("The specified key does not exist.")}
		}
		return v, nil
	}
	for _, v := range b.keys[key] {
		if v.id == *id && v.deleted {
			return v, apiError("MethodNotAllowed", "it is a delete marker")
		}
		if v.id == *id {
			return v, nil
		}
	}
	return version{}, apiError("NoSuchVersion", "The specified version does not exist.")
}

// HeadObject is the operation of this name.
func (b *Bucket) HeadObject(ctx context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if err := cmp.Or(ctx.Err(), b.named(in.Bucket)); err != nil {
		return nil, err
	}
	v, err := b.find(*in.Key, in.VersionId)
	if err != nil { // an answer to HEAD has no body that could say more
		return nil, &types.NotFound{Message: aws.String("Not Found")}
	}
	return &s3.HeadObjectOutput{
		VersionId: &v.id, ETag: aws.String(v.etag()), ContentLength: aws.Int64(int64(len(v.text))), LastModified: &v.modified,
		Metadata: maps.Clone(v.metadata), ContentType: &v.kind,
	}, nil
}

// GetObject is the operation of this name.
func (b *Bucket) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	if err := cmp.Or(ctx.Err(), b.named(in.Bucket)); err != nil {
		return nil, err
	}
	v, err := b.find(*in.Key, in.VersionId)
	if err != nil {
		return nil, err
	}
	if in.IfMatch != nil && *in.IfMatch != v.etag() {
		return nil, apiError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	}
	return &s3.GetObjectOutput{
		Body: io.NopCloser(bytes.NewReader(v.text)), VersionId: &v.id, ETag: aws.String(v.etag()), ContentLength: aws.Int64(int64(len(v.text))),
		LastModified: &v.modified, Metadata: maps.Clone(v.metadata), ContentType: &v.kind,
	}, nil
}

// DeleteObject is the operation of this name. It marks the key as deleted, also one under which nothing lies.
func (b *Bucket) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, _ ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	if err := cmp.Or(ctx.Err(), b.named(in.Bucket)); err != nil {
		return nil, err
	}
	if in.VersionId != nil {
		return nil, apiError("AccessDenied", "nobody here removes a version for good")
	}
	v := b.add(*in.Key, version{deleted: true}, "ObjectRemoved:DeleteMarkerCreated")
	return &s3.DeleteObjectOutput{VersionId: &v.id, DeleteMarker: aws.Bool(true)}, nil
}

// maxDeletes is how many keys S3 takes in one request.
const maxDeletes = 1000

// DeleteObjects is the operation of this name.
func (b *Bucket) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput, _ ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error) {
	if len(in.Delete.Objects) == 0 || len(in.Delete.Objects) > maxDeletes {
		return nil, apiError("MalformedXML", "there are no keys, or too many")
	}
	for _, o := range in.Delete.Objects {
		if _, err := b.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: in.Bucket, Key: o.Key, VersionId: o.VersionId}); err != nil {
			return nil, err
		}
	}
	return &s3.DeleteObjectsOutput{}, nil
}

// pageSize is how many keys ListObjectsV2 gives at a time. S3 gives a thousand; it may give fewer.
const pageSize = 3

// ListObjectsV2 is the operation of this name.
func (b *Bucket) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	if err := cmp.Or(ctx.Err(), b.named(in.Bucket)); err != nil {
		return nil, err
	}
	out := &s3.ListObjectsV2Output{IsTruncated: aws.Bool(false)}
	for _, key := range b.Keys() {
		if !strings.HasPrefix(key, aws.ToString(in.Prefix)) || key <= aws.ToString(in.ContinuationToken) {
			continue
		}
		if len(out.Contents) == pageSize {
			out.IsTruncated, out.NextContinuationToken = aws.Bool(true), out.Contents[pageSize-1].Key
			break
		}
		out.Contents = append(out.Contents, types.Object{Key: &key})
	}
	return out, nil
}

// HeadBucket is the operation of this name.
func (b *Bucket) HeadBucket(ctx context.Context, in *s3.HeadBucketInput, _ ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	if err := cmp.Or(ctx.Err(), b.named(in.Bucket)); err != nil {
		return nil, err
	}
	return &s3.HeadBucketOutput{}, nil
}

// Keys gives the keys under which something lies now, ascending.
func (b *Bucket) Keys() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var keys []string
	for key := range b.keys {
		if _, ok := b.newest(key); ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Text gives what lies under a key now; ok is false if nothing does.
func (b *Bucket) Text(key string) (text []byte, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok := b.newest(key)
	return v.text, ok
}
