package s3_test

import (
	"context"
	"crypto/rand"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/porttest"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

var background = context.Background()

// A ticking time goes on a second whenever somebody asks: S3 tells times in seconds.
type ticking struct{ seconds atomic.Int64 }

func (t *ticking) Now() time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("GMT", 0)).Add(time.Duration(t.seconds.Add(1)) * time.Second)
}

func (t *ticking) Since(at time.Time) time.Duration { return t.Now().Sub(at) }

// server gives S3 in memory, through handlers in front of it.
func server(t *testing.T, before func(http.Handler) http.Handler) *sdk.Client {
	t.Helper()
	clock := &ticking{}
	fake := gofakes3.New(s3mem.New(s3mem.WithTimeSource(clock)), gofakes3.WithTimeSource(clock), gofakes3.WithTimeSkewLimit(0),
		gofakes3.WithMetadataSizeLimit(0)).Server() // it counts headers that are no metadata
	if before != nil {
		fake = before(fake)
	}
	s := httptest.NewUnstartedServer(fake)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // the fake writes some headers twice
	s.Start()
	t.Cleanup(s.Close)
	return client(s.URL)
}

func client(endpoint string) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: &endpoint, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
}

// standIn gives the S3 that HANDOFF_S3 is the endpoint of, or nil.
func standIn() *sdk.Client {
	if endpoint := os.Getenv("HANDOFF_S3"); endpoint != "" {
		return client(endpoint)
	}
	return nil
}

// newBucket makes a bucket, and removes it with all that is in it after the test.
func newBucket(t *testing.T, c *sdk.Client, versions bool) string {
	t.Helper()
	name := "handoff-" + strings.ToLower(rand.Text())
	_, err := c.CreateBucket(background, &sdk.CreateBucketInput{Bucket: &name,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"}})
	if err == nil && versions {
		_, err = c.PutBucketVersioning(background, &sdk.PutBucketVersioningInput{Bucket: &name,
			VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeBucket(t, c, name) })
	return name
}

func removeBucket(t *testing.T, c *sdk.Client, name string) {
	list, err := c.ListObjectVersions(background, &sdk.ListObjectVersionsInput{Bucket: &name})
	if err != nil {
		t.Error(err)
		return
	}
	remove := func(key, version *string) {
		if _, err := c.DeleteObject(background, &sdk.DeleteObjectInput{Bucket: &name, Key: key, VersionId: version}); err != nil {
			t.Error(err)
		}
	}
	for _, v := range list.Versions {
		remove(v.Key, v.VersionId)
	}
	for _, m := range list.DeleteMarkers {
		remove(m.Key, m.VersionId)
	}
	if _, err := c.DeleteBucket(background, &sdk.DeleteBucketInput{Bucket: &name}); err != nil {
		t.Error(err)
	}
}

func TestObjects(t *testing.T) {
	porttest.Objects(t, func(t *testing.T) deploy.Objects {
		c := server(t, nil)
		return s3.NewObjects(c, newBucket(t, c, true))
	})
}

// unversioned takes the ids out of answers: the fake has them also where nobody has asked for versions.
func unversioned(fake http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		fake.ServeHTTP(answer, r)
		answer.Header().Del("x-amz-version-id")
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		answer.Body.WriteTo(w) //nolint:errcheck // the client hears of it
	})
}

func TestObjectsWithoutVersions(t *testing.T) {
	porttest.Objects(t, func(t *testing.T) deploy.Objects {
		c := server(t, unversioned)
		return s3.NewObjects(c, newBucket(t, c, false))
	})
}

func TestArtifacts(t *testing.T) {
	for name, versions := range map[string]bool{"with versions": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			porttest.Artifacts(t, func(t *testing.T) deploy.Artifacts {
				c := server(t, nil)
				return s3.NewArtifacts(c, newBucket(t, c, versions))
			})
		})
	}
}

// TestStandIn asks the same of an S3 that somebody has started: HANDOFF_S3=http://127.0.0.1:5000.
func TestStandIn(t *testing.T) {
	c := standIn()
	if c == nil {
		t.Skip("HANDOFF_S3 is not set: it is the endpoint of an S3, or of a stand-in for it")
	}
	t.Run("objects", func(t *testing.T) {
		porttest.Objects(t, func(t *testing.T) deploy.Objects { return s3.NewObjects(c, newBucket(t, c, true)) })
	})
	t.Run("artifacts", func(t *testing.T) {
		porttest.Artifacts(t, func(t *testing.T) deploy.Artifacts { return s3.NewArtifacts(c, newBucket(t, c, true)) })
	})
}
