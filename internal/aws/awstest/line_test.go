package awstest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
)

func TestFatesOfCalls(t *testing.T) {
	for _, test := range []struct {
		name  string
		fate  awstest.Fate
		err   string // of the call
		done  bool
		ended bool
	}{
		{"pass", awstest.Pass, "", true, false},
		{"throttle", awstest.Throttle, "SlowDown", false, false},
		{"fail", awstest.Fail, "InternalError", false, false},
		{"lose", awstest.Lost, "connection reset", true, false},
		{"end before", awstest.Before, awstest.ErrEnded.Error(), false, true},
		{"end after", awstest.After, awstest.ErrEnded.Error(), true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			bucket, fate := newBucket("uploads"), test.fate
			var asked []string
			line := &awstest.Line{Decide: func(call string) awstest.Fate {
				asked = append(asked, call)
				return fate
			}}
			ctx, forget := line.Begin(t.Context())
			defer forget()
			s3 := awstest.S3Line{Line: line, Buckets: []*awstest.Bucket{bucket}}
			put := func() error {
				_, err := s3.PutObject(ctx, &sdk.PutObjectInput{Bucket: ptr("uploads"), Key: ptr("k"), Body: strings.NewReader("x")})
				return err
			}
			err := put()
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%v, want %s", err, test.err)
			}
			if _, done := bucket.Text("k"); done != test.done {
				t.Errorf("done: %v", done)
			}
			if line.Ended() != test.ended || test.ended && !errors.Is(context.Cause(ctx), awstest.ErrEnded) {
				t.Errorf("ended: %v, %v", line.Ended(), context.Cause(ctx))
			}
			fate = awstest.Pass
			if err := put(); errors.Is(err, awstest.ErrEnded) != test.ended {
				t.Errorf("the next call: %v", err)
			}
			if asked[0] != "s3.PutObject k" {
				t.Errorf("asked about %v", asked)
			}
		})
	}
}

func TestALineWithoutTheBucket(t *testing.T) {
	s3 := awstest.S3Line{Line: &awstest.Line{}}
	_, err := s3.HeadBucket(t.Context(), &sdk.HeadBucketInput{Bucket: ptr("none")})
	if err == nil || !strings.Contains(err.Error(), "NoSuchBucket") {
		t.Errorf("%v", err)
	}
}
