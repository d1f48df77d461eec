package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
)

// A connection that is found broken is made anew; an answer of Lambda's is an answer, however bad.
func TestInvokingOverBrokenConnections(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, sent int32)
		sent   int32
		ok     bool
	}{
		{"broken once", func(w http.ResponseWriter, sent int32) {
			if sent == 1 {
				panic(http.ErrAbortHandler)
			}
			w.Write([]byte("{}"))
		}, 2, true},
		{"broken for good", func(http.ResponseWriter, int32) { panic(http.ErrAbortHandler) }, 2, false},
		{"throttled", func(w http.ResponseWriter, _ int32) {
			w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 1, false},
		{"Lambda fails", func(w http.ResponseWriter, _ int32) { w.WriteHeader(http.StatusInternalServerError) }, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sent atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { c.answer(w, sent.Add(1)) }))
			defer server.Close()
			invoke := lambda.Invoker(lambdasdk.New(lambdasdk.Options{
				Region: "us-east-1", BaseEndpoint: &server.URL, Retryer: overBrokenConnections(),
				Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, nil
				}),
			}))
			_, _, err := invoke(context.Background(), "handoff-dev-m-iris-0:live", []byte("{}"))
			if (err == nil) != c.ok || sent.Load() != c.sent {
				t.Errorf("sent %d times: %v", sent.Load(), err)
			}
		})
	}
}
