package sign_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/sign"
	"github.com/handoff-pmml/handoff/internal/aws/sign/signtest"
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

// TestSigned sends requests to a gateway that works the signature out again from what arrived.
func TestSigned(t *testing.T) {
	signtest.Environment(t)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := signtest.Verify(r, "eu-central-1"); err != nil {
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

func TestNothingToSignWith(t *testing.T) {
	signtest.Environment(t)
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
	signtest.Environment(t)
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
