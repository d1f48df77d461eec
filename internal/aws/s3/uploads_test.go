package s3_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// TestPresign uploads with nothing but a signed address.
func TestPresign(t *testing.T) {
	c := server(t, nil)
	if real := standIn(); real != nil {
		c = real
	}
	name := newBucket(t, c, true)
	u := s3.NewUploads(sdk.NewPresignClient(c), name, "artifacts")
	for _, m := range []deploy.Metadata{{}, {ModelName: "größte", By: deploy.By{Actor: "admin", Reason: strings.Repeat("r", 5000)}}} {
		address, headers, err := u.Presign(background, key, m, 20*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		query := parse(t, address)
		if query.Get("X-Amz-Expires") != "1200" || query.Get("X-Amz-SignedHeaders") != "host;x-amz-meta-handoff" {
			t.Errorf("signed: %v", query)
		}
		if strings.Contains(strings.ToLower(address), "checksum") || len(headers) != 1 || headers["x-amz-meta-handoff"] == "" {
			t.Errorf("%s, %v", address, headers)
		}
		send(t, address, headers, "text")
		head, err := s3.NewObjects(c, name).Head(background, key)
		if err != nil || head.Size != 4 || head.Metadata.ModelName != m.ModelName || head.Metadata.By.Actor != m.By.Actor {
			t.Errorf("%+v, %v", head, err)
		}
	}
	if _, _, err := u.Presign(background, key, deploy.Metadata{ModelName: strings.Repeat("n", 3000)}, time.Minute); err == nil {
		t.Error("a name that does not fit")
	}
}

func parse(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func send(t *testing.T, address string, headers map[string]string, text string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPut, address, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body) // for the message
		t.Fatalf("%s: %s", answer.Status, text)
	}
}

func TestPresignGet(t *testing.T) {
	c := server(t, nil)
	name := newBucket(t, c, true)
	a, u := s3.NewArtifacts(c, name), s3.NewUploads(sdk.NewPresignClient(c), "uploads", name)
	if err := a.Put(background, "iris", 7, "document.pmml", strings.NewReader("<PMML/>")); err != nil {
		t.Fatal(err)
	}
	file, err := s3.FileKey("iris", 7, "document.pmml")
	if err != nil {
		t.Fatal(err)
	}
	for filename, want := range map[string]string{
		"iris.pmml":         "attachment; filename=iris.pmml",
		"a \"b\"\r\nc.pmml": "attachment; filename*=utf-8''a%20%22b%22%0D%0Ac.pmml",
		"größte.pmml":       "attachment; filename*=utf-8''gr%C3%B6%C3%9Fte.pmml",
	} {
		address, err := u.PresignGet(background, file, filename, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if query := parse(t, address); query.Get("response-content-disposition") != want || query.Get("X-Amz-Expires") != "60" {
			t.Errorf("%s: %v", filename, query)
		}
		answer, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close() //nolint:errcheck // it was read
		if string(text) != "<PMML/>" || err != nil || answer.Header.Get("Content-Type") != "application/xml" {
			t.Errorf("%q, %v, %v", text, err, answer.Header)
		}
	}
}

func TestPreviews(t *testing.T) {
	c := server(t, nil)
	a := s3.NewArtifacts(c, newBucket(t, c, true))
	key, err := a.PutPreview(background, "01JH", strings.NewReader("<PMML/>"))
	if key != "previews/01JH" || err != nil {
		t.Fatal(key, err)
	}
	r, err := a.Preview(background, key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); string(text) != "<PMML/>" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}
