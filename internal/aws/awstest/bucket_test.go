package awstest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/porttest"
)

var _ s3.API = (*awstest.Bucket)(nil)

func newBucket(name string) *awstest.Bucket {
	return awstest.NewBucket(awstest.BucketConfig{Name: name})
}

func TestBucketAsUploads(t *testing.T) {
	porttest.Objects(t, func(*testing.T) deploy.Objects { return s3.NewObjects(newBucket("uploads"), "uploads") })
}

func TestBucketAsArtifacts(t *testing.T) {
	porttest.Artifacts(t, func(*testing.T) deploy.Artifacts { return s3.NewArtifacts(newBucket("artifacts"), "artifacts") })
}

func TestABucketHasItsName(t *testing.T) {
	o := s3.NewObjects(newBucket("uploads"), "others")
	if _, err := o.Head(t.Context(), deploy.KeyOf("iris")); err == nil || strings.Contains(err.Error(), deploy.ErrGone.Error()) {
		t.Errorf("of a bucket that is not there: %v", err)
	}
}

func TestABucketTellsWhatHappens(t *testing.T) {
	var told []awstest.Notice
	b := awstest.NewBucket(awstest.BucketConfig{Name: "uploads", Prefix: "models/", Tell: func(n awstest.Notice) { told = append(told, n) }})
	o, key := s3.NewObjects(b, "uploads"), deploy.KeyOf("a.b")
	body, err := o.Receive(t.Context(), strings.NewReader("<PMML/>"))
	if err != nil {
		t.Fatal(err)
	}
	put, err := o.Put(t.Context(), key, body, deploy.Metadata{})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	elsewhere := "other/a b+c"
	if _, err := b.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: ptr("uploads"), Key: &elsewhere}); err != nil {
		t.Fatal(err)
	}
	if len(told) != 2 || told[0].Event != "ObjectCreated:Put" || told[0].Version != put.Version || told[0].Size != put.Size ||
		told[1].Event != "ObjectRemoved:DeleteMarkerCreated" || told[0].Sequencer >= told[1].Sequencer {
		t.Errorf("%+v", told)
	}
	event := awstest.Notice{Event: "ObjectCreated:Put", Bucket: "uploads", Key: "models/a b+ü.pmml"}.JSON("ada")
	if got := event.Records[0].S3.Object.Key; got != "models%2Fa+b%2B%C3%BC.pmml" {
		t.Errorf("key in the event: %s", got)
	}
}

func ptr[T any](v T) *T { return &v }

func send(t *testing.T, method, address string, headers map[string]string, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestSignedAddresses(t *testing.T) {
	uploads, artifacts := newBucket("uploads"), newBucket("artifacts")
	now := time.Now()
	handler := &awstest.Addresses{Buckets: []*awstest.Bucket{uploads, artifacts}, Now: func() time.Time { return now }}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	signed := s3.NewUploads(awstest.Presigner(server.URL), "uploads", "artifacts")
	key := deploy.KeyOf("iris")
	address, headers, err := signed.Presign(t.Context(), key, deploy.Metadata{ModelName: "größte"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []struct {
		name, method, address string
		headers               map[string]string
	}{
		{"no signature", "PUT", server.URL + "/uploads/" + key, headers},
		{"another key", "PUT", strings.Replace(address, "iris", "wine", 1), headers},
		{"another method", "GET", address, headers},
		{"without what it says about the object", "PUT", address, nil},
		{"with other metadata", "PUT", address, map[string]string{"x-amz-meta-handoff": "e30"}},
		{"with more metadata", "PUT", address, map[string]string{"x-amz-meta-handoff": headers["x-amz-meta-handoff"], "x-amz-meta-more": "x"}},
		{"for longer", "PUT", strings.Replace(address, "X-Amz-Expires=60", "X-Amz-Expires=6000", 1), headers},
	} {
		if status, text := send(t, wrong.method, wrong.address, wrong.headers, "<PMML/>"); status != http.StatusForbidden {
			t.Errorf("%s: %d %s", wrong.name, status, text)
		}
	}
	if status, text := send(t, "PUT", address, headers, "<PMML/>"); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	head, err := s3.NewObjects(uploads, "uploads").Head(t.Context(), key)
	if err != nil || head.Metadata.ModelName != "größte" || head.Size != 7 {
		t.Errorf("%+v, %v", head, err)
	}
	now = now.Add(2 * time.Minute)
	if status, text := send(t, "PUT", address, headers, "<PMML/>"); status != http.StatusForbidden || !strings.Contains(text, "good until") {
		t.Errorf("an address that is over: %d %s", status, text)
	}
}

func TestSignedDownload(t *testing.T) {
	artifacts := newBucket("artifacts")
	server := httptest.NewServer(&awstest.Addresses{Buckets: []*awstest.Bucket{artifacts}})
	t.Cleanup(server.Close)
	if err := s3.NewArtifacts(artifacts, "artifacts").Put(context.Background(), "iris", 1, deploy.DocumentFile, strings.NewReader("<PMML/>")); err != nil {
		t.Fatal(err)
	}
	file, err := s3.FileKey("iris", 1, deploy.DocumentFile)
	if err != nil {
		t.Fatal(err)
	}
	address, err := s3.NewUploads(awstest.Presigner(server.URL), "uploads", "artifacts").PresignGet(t.Context(), file, "a b.pmml", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if status, text := send(t, "GET", address, nil, ""); status != http.StatusOK || text != "<PMML/>" {
		t.Errorf("%d %s", status, text)
	}
}
