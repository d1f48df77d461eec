package s3_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

const key = "models/iris/model.pmml"

// answering gives S3 that answers as f does. A HEAD of the bucket itself is for bucket to answer.
func answering(t *testing.T, bucket int, f http.HandlerFunc) *sdk.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Trim(r.URL.Path, "/") == "uploads" && r.Method == http.MethodHead {
			w.WriteHeader(bucket)
			return
		}
		f(w, r)
	}))
	t.Cleanup(s.Close)
	return client(s.URL)
}

// refusing gives S3 that answers everything with an error.
func refusing(t *testing.T, bucket, status int, code string) *sdk.Client {
	return answering(t, bucket, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>in words</Message></Error>", code)
		}
	})
}

// calls are all that can be asked of S3, and what of its errors they say.
var calls = map[string]func(c *sdk.Client) error{
	"head": func(c *sdk.Client) error {
		_, err := s3.NewObjects(c, "uploads").Head(background, key)
		return err
	},
	"get": func(c *sdk.Client) error {
		_, err := s3.NewObjects(c, "uploads").Get(background, deploy.Object{Key: key, Version: "v1"})
		return err
	},
	"get without version": func(c *sdk.Client) error {
		_, err := s3.NewObjects(c, "uploads").Get(background, deploy.Object{Key: key, Version: "etag:abc@1"})
		return err
	},
	"put":    func(c *sdk.Client) error { return putText(s3.NewObjects(c, "uploads"), "x") },
	"delete": func(c *sdk.Client) error { return s3.NewObjects(c, "uploads").Delete(background, key) },
	"get file": func(c *sdk.Client) error {
		_, _, err := s3.NewArtifacts(c, "uploads").Get(background, "iris", 7, "model.bin")
		return err
	},
	"put file": func(c *sdk.Client) error {
		return s3.NewArtifacts(c, "uploads").Put(background, "iris", 7, "model.bin", strings.NewReader("x"))
	},
	"remove files": func(c *sdk.Client) error { return s3.NewArtifacts(c, "uploads").Remove(background, "iris", 7) },
	"preview": func(c *sdk.Client) error {
		_, err := s3.NewArtifacts(c, "uploads").Preview(background, "previews/a")
		return err
	},
}

func putText(o *s3.Objects, text string) error {
	body, err := o.Receive(background, strings.NewReader(text))
	if err != nil {
		return err
	}
	_, err = o.Put(background, key, body, deploy.Metadata{})
	return err
}

func TestErrors(t *testing.T) {
	reads := []string{"get", "get without version", "get file", "preview"}
	for name, c := range map[string]struct {
		bucket, status int
		code           string
		gone           []string // calls that say ErrGone
	}{
		"no such key":               {200, 404, "NoSuchKey", append(reads, "head")},
		"no such version":           {200, 404, "NoSuchVersion", append(reads, "head")},
		"a delete marker":           {200, 405, "MethodNotAllowed", reads},
		"another object lies there": {200, 412, "PreconditionFailed", reads},
		"no such bucket":            {404, 404, "NoSuchBucket", nil},
		"forbidden":                 {403, 403, "AccessDenied", nil},
		"the bucket is forbidden":   {403, 404, "NoSuchBucket", nil},
		"no version at all":         {200, 400, "InvalidArgument", nil},
		"too fast":                  {200, 503, "SlowDown", nil},
		"broken":                    {200, 500, "InternalError", nil},
	} {
		s := refusing(t, c.bucket, c.status, c.code)
		for call, do := range calls {
			err := do(s)
			gone := false
			for _, g := range c.gone {
				gone = gone || g == call
			}
			if err == nil || errors.Is(err, deploy.ErrGone) != gone || !strings.Contains(err.Error(), " s3://uploads/") {
				t.Errorf("%s, %s: %v, want ErrGone: %v", name, call, err, gone)
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	cancel()
	s := refusing(t, 200, 404, "NoSuchKey")
	o, a := s3.NewObjects(s, "uploads"), s3.NewArtifacts(s, "uploads")
	_, head := o.Head(ctx, key)
	_, get := o.Get(ctx, deploy.Object{Key: key, Version: "v1"})
	_, _, file := a.Get(ctx, "iris", 7, "model.bin")
	for call, err := range map[string]error{"head": head, "get": get, "delete": o.Delete(ctx, key), "file": file, "remove": a.Remove(ctx, "iris", 7)} {
		if !errors.Is(err, context.Canceled) || errors.Is(err, deploy.ErrGone) {
			t.Errorf("%s: %v, want %v", call, err, context.Canceled)
		}
	}
}

// TestBrokenAnswer: what ends early is an error, not a shorter document.
func TestBrokenAnswer(t *testing.T) {
	s := answering(t, 200, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "<PMML>") //nolint:errcheck // it is to break
	})
	r, err := s3.NewObjects(s, "uploads").Get(background, deploy.Object{Key: key, Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "s3://uploads/"+key) {
		t.Errorf("%q, %v", text, err)
	}
}

// TestNothingIsLeft: whatever becomes of a body, no temporary file stays.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for name, c := range map[string]*sdk.Client{"taken": nil, "refused": refusing(t, 200, 500, "InternalError")} {
		bucket := "uploads"
		if c == nil {
			c = server(t, nil)
			bucket = newBucket(t, c, true)
		}
		o := s3.NewObjects(c, bucket)
		for _, key := range []string{key, key + ".gz", "models/no model"} {
			body, err := o.Receive(background, strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = o.Put(background, key, body, deploy.Metadata{})
			if good := name == "taken" && key != "models/no model"; good != (err == nil) {
				t.Errorf("%s, %s: %v", name, key, err)
			}
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("%s: %v, %v", name, left, err)
		}
	}
}

type foreignBody struct{}

func (foreignBody) Discard() {}

func TestWrongNames(t *testing.T) {
	s := refusing(t, 200, 418, "Asked")
	o, a, u := s3.NewObjects(s, "uploads"), s3.NewArtifacts(s, "artifacts"), s3.NewUploads(sdk.NewPresignClient(s), "uploads", "artifacts")
	var errs []error
	say := func(err error) { errs = append(errs, err) }
	for _, key := range []string{"", "models/", "models/my model.pmml", "models/iris/../model.pmml", "other/iris.pmml", "versions/iris/000001/model.bin"} {
		_, err := o.Head(background, key)
		say(err)
		_, err = o.Get(background, deploy.Object{Key: key, Version: "v1"})
		say(err)
		say(o.Delete(background, key))
		_, _, err = u.Presign(background, key, deploy.Metadata{}, 0)
		say(err)
		_, err = a.Preview(background, key)
		say(err)
	}
	for _, f := range []struct {
		id      string
		version int
		name    string
	}{{"", 1, "a"}, {"a/b", 1, "a"}, {"iris", 0, "a"}, {"iris", -1, "a"}, {"iris", 1, ""}, {"iris", 1, "../a"}, {"..", 1, "a"}} {
		say(a.Put(background, f.id, f.version, f.name, strings.NewReader("")))
		_, _, err := a.Get(background, f.id, f.version, f.name)
		say(err)
		_, err = s3.FileKey(f.id, f.version, f.name)
		say(err)
	}
	say(a.Remove(background, "", 1))
	say(a.Remove(background, "iris", 0))
	for _, key := range []string{"previews/a", "versions/iris/1/a", "versions/iris/000001/", key} {
		_, err := u.PresignGet(background, key, "a", 0)
		say(err)
	}
	_, err := a.PutPreview(background, "a/b", strings.NewReader(""))
	say(err)
	_, err = o.Put(background, key, foreignBody{}, deploy.Metadata{})
	say(err)
	for i, err := range errs {
		if err == nil || strings.Contains(err.Error(), "Asked") || errors.Is(err, deploy.ErrGone) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestGzip(t *testing.T) {
	c := server(t, nil)
	o := s3.NewObjects(c, newBucket(t, c, true))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("<PMML/>")) //nolint:errcheck // into memory
	z.Close()                  //nolint:errcheck // into memory
	for name, text := range map[string]string{"compressed already": packed.String(), "empty": "", "one byte": "\x1f", "plain": "<PMML/>"} {
		body, err := o.Receive(background, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		put, err := o.Put(background, key+".gz", body, deploy.Metadata{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := o.Get(background, put)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		want := text
		if name == "compressed already" {
			want = "<PMML/>"
		}
		if err := errors.Join(err, r.Close()); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// paging is an S3 that has many files, and gives and removes them by the thousand.
type paging struct {
	s3.API
	keys   []string
	stuck  string // this one cannot be removed
	called int
}

func (p *paging) ListObjectsV2(_ context.Context, in *sdk.ListObjectsV2Input, _ ...func(*sdk.Options)) (*sdk.ListObjectsV2Output, error) {
	p.called++
	out := &sdk.ListObjectsV2Output{}
	for _, key := range p.keys {
		switch {
		case !strings.HasPrefix(key, aws.ToString(in.Prefix)) || key <= aws.ToString(in.ContinuationToken):
		case len(out.Contents) == 1000:
			out.IsTruncated, out.NextContinuationToken = aws.Bool(true), out.Contents[999].Key
			return out, nil
		default:
			out.Contents = append(out.Contents, types.Object{Key: &key})
		}
	}
	return out, nil
}

func (p *paging) DeleteObjects(_ context.Context, in *sdk.DeleteObjectsInput, _ ...func(*sdk.Options)) (*sdk.DeleteObjectsOutput, error) {
	p.called++
	if len(in.Delete.Objects) > 1000 {
		return nil, errors.New("MalformedXML")
	}
	out, doomed := &sdk.DeleteObjectsOutput{}, map[string]bool{}
	for _, o := range in.Delete.Objects {
		if *o.Key == p.stuck {
			out.Errors = append(out.Errors, types.Error{Key: o.Key, Code: aws.String("InternalError"), Message: aws.String("try again")})
			continue
		}
		doomed[*o.Key] = true
	}
	var left []string
	for _, key := range p.keys {
		if !doomed[key] {
			left = append(left, key)
		}
	}
	p.keys = left
	return out, nil
}

func TestRemoveMany(t *testing.T) {
	p := &paging{stuck: "versions/iris/000007/f0042"}
	for i := range 2500 {
		p.keys = append(p.keys, fmt.Sprintf("versions/iris/000007/f%04d", i))
	}
	p.keys = append(p.keys, "versions/iris/000008/model.bin")
	a := s3.NewArtifacts(p, "artifacts")
	if err := a.Remove(background, "iris", 7); err == nil || !strings.Contains(err.Error(), "s3://artifacts/"+p.stuck) || !strings.Contains(err.Error(), "try again") {
		t.Errorf("a file that cannot be removed: %v", err)
	}
	if len(p.keys) != 2 || p.called != 6 {
		t.Errorf("%d left after %d calls", len(p.keys), p.called)
	}
	p.stuck = ""
	if err := a.Remove(background, "iris", 7); err != nil || len(p.keys) != 1 {
		t.Errorf("%d left: %v", len(p.keys), err)
	}
}
