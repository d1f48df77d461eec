// Package signtest works signatures out again, for tests that stand in for API Gateway.
package signtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Keys are the credentials that Environment sets.
var Keys = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not/a+secret", SessionToken: "session"}

// Environment sets Keys as AWS's tools look for them, and lets them find nothing else.
func Environment(t testing.TB) {
	t.Helper()
	none := t.TempDir() + "/none"
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": Keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY": Keys.SecretAccessKey, "AWS_SESSION_TOKEN": Keys.SessionToken,
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
}

// Verify says what is wrong with the signature of a request for API Gateway in a region; nil if it is Keys' own. It reads
// the body, and puts it back.
func Verify(r *http.Request, region string) error {
	got := r.Header.Get("Authorization")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return fmt.Errorf("X-Amz-Date: %w", err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	_, signed, _ := strings.Cut(got, "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	for name := range strings.SplitSeq(signed, ";") {
		if name != "host" && name != "content-length" { // those of the request itself
			name = http.CanonicalHeaderKey(name)
			again.Header[name] = r.Header[name]
		}
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(context.Background(), Keys, again, hex.EncodeToString(sum[:]), "execute-api", region, at); err != nil {
		return err
	}
	if want := again.Header.Get("Authorization"); got != want {
		return fmt.Errorf("authorization %q, want %q", got, want)
	}
	return nil
}
