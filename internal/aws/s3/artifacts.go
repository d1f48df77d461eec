package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

const (
	versionsPrefix = "versions/"
	previewsPrefix = "previews/"
)

// Artifacts are the files of versions. It implements deploy.Artifacts.
type Artifacts struct{ bucket bucket }

var _ deploy.Artifacts = (*Artifacts)(nil)

// NewArtifacts gives the files of versions in a bucket.
func NewArtifacts(api API, name string) *Artifacts { return &Artifacts{bucket{api, name}} }

// versionKey gives what the keys of a version's files begin with.
func versionKey(id string, version int) (string, error) {
	if !catalog.ValidID(id) || version < 1 {
		return "", fmt.Errorf("there can be no version %d of a model %.200q", version, id)
	}
	return fmt.Sprintf("%s%s/%06d/", versionsPrefix, id, version), nil
}

// FileKey gives the key of a file of a version in the artifacts bucket.
func FileKey(id string, version int, name string) (string, error) {
	prefix, err := versionKey(id, version)
	if err != nil {
		return "", err
	}
	if !catalog.ValidID(name) { // letters and digits, dots: no path
		return "", fmt.Errorf("a version can have no file %.200q", name)
	}
	return prefix + name, nil
}

// Put writes one file of a version. What the reader answers is handed on.
func (a *Artifacts) Put(ctx context.Context, id string, version int, name string, src io.Reader) error {
	key, err := FileKey(id, version, name)
	if err != nil {
		return err
	}
	return a.put(ctx, key, src)
}

func (a *Artifacts) put(ctx context.Context, key string, src io.Reader) error {
	body, err := receive(ctx, src)
	if err != nil {
		return err
	}
	defer body.Discard()
	_, err = a.bucket.put(ctx, key, body, nil)
	return err
}

// Get reads one file.
func (a *Artifacts) Get(ctx context.Context, id string, version int, name string) (io.ReadCloser, int64, error) {
	key, err := FileKey(id, version, name)
	if err != nil {
		return nil, 0, err
	}
	out, err := a.bucket.get(ctx, key, &sdk.GetObjectInput{})
	if err != nil {
		return nil, 0, err
	}
	return out.Body, aws.ToInt64(out.ContentLength), nil
}

// Remove removes all files of a version.
func (a *Artifacts) Remove(ctx context.Context, id string, version int) error {
	prefix, err := versionKey(id, version)
	if err != nil {
		return err
	}
	keys, err := a.list(ctx, prefix)
	if err != nil {
		return err
	}
	const most = 1000 // keys in one request
	var left []error
	for some := range slices.Chunk(keys, most) {
		left = append(left, a.remove(ctx, prefix, some))
	}
	return errors.Join(left...)
}

func (a *Artifacts) remove(ctx context.Context, prefix string, keys []string) error {
	doomed := &types.Delete{Quiet: aws.Bool(true)}
	for _, key := range keys {
		doomed.Objects = append(doomed.Objects, types.ObjectIdentifier{Key: &key})
	}
	out, err := a.bucket.api.DeleteObjects(ctx, &sdk.DeleteObjectsInput{Bucket: &a.bucket.name, Delete: doomed})
	if err != nil {
		return a.bucket.failed("delete", prefix, err)
	}
	var left []error
	for _, e := range out.Errors {
		left = append(left, a.bucket.failed("delete", aws.ToString(e.Key), fmt.Errorf("%s: %s", aws.ToString(e.Code), aws.ToString(e.Message))))
	}
	return errors.Join(left...)
}

// list gives all keys that begin so, ascending.
func (a *Artifacts) list(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	pages := sdk.NewListObjectsV2Paginator(a.bucket.api, &sdk.ListObjectsV2Input{Bucket: &a.bucket.name, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, a.bucket.failed("list", prefix, err)
		}
		for _, o := range page.Contents {
			keys = append(keys, aws.ToString(o.Key))
		}
	}
	return keys, nil
}

// isFile says whether a key is that of a file of a version.
func isFile(key string) bool {
	parts := strings.Split(key, "/")
	if len(parts) != 4 {
		return false
	}
	n, err := strconv.Atoi(parts[2])
	if err != nil {
		return false
	}
	ours, err := FileKey(parts[1], n, parts[3])
	return err == nil && ours == key
}

// PutPreview keeps a document that is only to be looked at, and gives its key. The bucket's lifecycle removes it after a day.
func (a *Artifacts) PutPreview(ctx context.Context, id string, document io.Reader) (key string, err error) {
	key = previewsPrefix + id
	if err := checkPreview(key); err != nil {
		return "", err
	}
	return key, a.put(ctx, key, document)
}

// Preview reads such a document; deploy.ErrGone.
func (a *Artifacts) Preview(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := checkPreview(key); err != nil {
		return nil, err
	}
	out, err := a.bucket.get(ctx, key, &sdk.GetObjectInput{})
	if err != nil {
		return nil, err
	}
	return out.Body, nil
}

func checkPreview(key string) error {
	if id, ok := strings.CutPrefix(key, previewsPrefix); !ok || !catalog.ValidID(id) {
		return fmt.Errorf("%.300q is no key of a preview", key)
	}
	return nil
}
