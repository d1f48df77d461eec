package sign_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/handoff-pmml/handoff/internal/aws/sign"
)

func TestRegionOf(t *testing.T) {
	for host, want := range map[string]string{
		"abc123.execute-api.eu-central-1.amazonaws.com":        "eu-central-1",
		"abc123.execute-api.cn-north-1.amazonaws.com.cn":       "cn-north-1",
		"abc-vpce-1.execute-api.us-east-1.amazonaws.com":       "us-east-1",
		"ABC.Execute-API.us-gov-west-1.AMAZONAWS.COM":          "us-gov-west-1",
		"models.example.com":                                   "",
		"execute-api.eu-central-1.amazonaws.com":               "",
		"abc.execute-api.eu-central-1.amazonaws.com.evil.test": "",
		"abc.execute-api.amazonaws.com":                        "",
		"abc.execute-api..amazonaws.com":                       "",
		"x.abc.execute-api.eu-central-1.amazonaws.com":         "",
		"abc.lambda-url.eu-central-1.on.aws":                   "",
		"127.0.0.1":                                            "",
		"":                                                     "",
	} {
		if got, ok := sign.RegionOf(host); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s, %v", host, got, ok)
		}
	}
}

// credentials sets the environment as for a person who has keys, and nothing else of AWS's.
func credentials(t *testing.T) aws.Credentials {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not/a+secret", "AWS_SESSION_TOKEN": "session",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not/a+secret", SessionToken: "session"}
}

// TestSigned sends requests to a gateway that works the signature out again from what arrived.
func TestSigned(t *testing.T) {
	keys := credentials(t)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := verify(r, keys, "eu-central-1"); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
	}))
	defer gateway.Close()
	signer, err := sign.New(t.Context(), "eu-central-1")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: signer.Sign(http.DefaultTransport)}
	once := func() io.Reader { return io.MultiReader(strings.NewReader("read "), strings.NewReader("once")) }
	for _, c := range []struct {
		method, path string
		body         io.Reader
	}{
		{"GET", "/model", nil},
		{"GET", "/prod/model/a.b-c_9/versions?limit=5&before=x", nil},
		{"DELETE", "/model/m?reason=" + "a+b%26c%2Fd", nil},
		{"PUT", "/model/m?schemaChange=refuse", bytes.NewReader([]byte("<PMML/>"))},
		{"POST", "/model/m/rollback", once()},
		{"POST", "/model/m/report", http.NoBody},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, gateway.URL+c.path, c.body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Encoding", "gzip")
		before := request.Header.Clone()
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close() //nolint:errcheck // it is empty
		if len(before) != len(request.Header) {
			t.Errorf("the request has changed: %v", request.Header)
		}
	}
}

// verify works the signature of a request out again.
func verify(r *http.Request, keys aws.Credentials, region string) error {
	got := r.Header.Get("Authorization")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	_, signed, _ := strings.Cut(got, "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	for name := range strings.SplitSeq(signed, ";") {
		if name != "host" && name != "content-length" {
			again.Header[http.CanonicalHeaderKey(name)] = r.Header[http.CanonicalHeaderKey(name)]
		}
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(context.Background(), keys, again, hex.EncodeToString(sum[:]), "execute-api", region, at); err != nil {
		return err
	}
	if want := again.Header.Get("Authorization"); got != want {
		return errors.New(got + " is not " + want)
	}
	return nil
}

func TestNothingToSignWith(t *testing.T) {
	credentials(t)
	if _, err := sign.New(t.Context(), ""); !errors.Is(err, sign.ErrNoRegion) {
		t.Errorf("no region: %v", err)
	}
	t.Setenv("AWS_REGION", "us-east-1")
	if _, err := sign.New(t.Context(), ""); err != nil {
		t.Errorf("the environment's region: %v", err)
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sign.New(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "no AWS credentials") {
		t.Errorf("no credentials: %v", err)
	}
}

// TestUnreadableBody ends with the body's own error.
func TestUnreadableBody(t *testing.T) {
	credentials(t)
	signer, err := sign.New(t.Context(), "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the disk is gone")
	request, err := http.NewRequest("PUT", "http://127.0.0.1:1/", io.MultiReader(strings.NewReader("a"), failing{broken}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Sign(http.DefaultTransport).RoundTrip(request); !errors.Is(err, broken) { //nolint:bodyclose // there is none
		t.Errorf("%v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
