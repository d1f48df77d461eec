package awstest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// keys are whose signatures Addresses takes.
var keys = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not/a+secret"}

// Presigner gives AWS's own, which signs addresses that lead to an Addresses at an endpoint such as http://127.0.0.1:1234.
func Presigner(endpoint string) *s3.PresignClient {
	return s3.NewPresignClient(s3.New(s3.Options{
		Region: "eu-central-1", BaseEndpoint: &endpoint, UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil }),
	}))
}

// Addresses serves signed addresses of buckets, and nothing else: whoever has one may do what it was signed for, until it
// is over.
type Addresses struct {
	Buckets []*Bucket
	Now     func() time.Time // nil: time.Now
}

func (a *Addresses) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := a.verify(r); err != nil {
		http.Error(w, "AccessDenied: "+err.Error(), http.StatusForbidden)
		return
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	at := slices.IndexFunc(a.Buckets, func(b *Bucket) bool { return b.config.Name == name })
	if at < 0 {
		http.Error(w, "NoSuchBucket", http.StatusNotFound)
		return
	}
	switch r.Method {
	case http.MethodPut:
		a.put(w, r, a.Buckets[at], key)
	case http.MethodGet:
		a.get(w, r, a.Buckets[at], key)
	default:
		http.Error(w, "MethodNotAllowed", http.StatusMethodNotAllowed)
	}
}

func (a *Addresses) put(w http.ResponseWriter, r *http.Request, b *Bucket, key string) {
	in := &s3.PutObjectInput{Bucket: &b.config.Name, Key: &key, Body: r.Body, Metadata: map[string]string{}, ContentType: aws.String(r.Header.Get("Content-Type"))}
	for name := range r.Header {
		if user, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-meta-"); ok {
			in.Metadata[user] = r.Header.Get(name)
		}
	}
	out, err := b.PutObject(r.Context(), in)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("ETag", *out.ETag)
	w.Header().Set("X-Amz-Version-Id", *out.VersionId)
}

func (a *Addresses) get(w http.ResponseWriter, r *http.Request, b *Bucket, key string) {
	out, err := b.GetObject(r.Context(), &s3.GetObjectInput{Bucket: &b.config.Name, Key: &key})
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", aws.ToString(out.ContentType))
	if disposition := r.URL.Query().Get("response-content-disposition"); disposition != "" {
		w.Header().Set("Content-Disposition", disposition)
	}
	io.Copy(w, out.Body) //nolint:errcheck // the client hears of it
}

// verify works out the signature of a request again. Headers that say something about an object must be signed.
func (a *Addresses) verify(r *http.Request) error {
	query := r.URL.Query()
	signature := query.Get("X-Amz-Signature")
	at, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	if err != nil {
		return fmt.Errorf("X-Amz-Date: %w", err)
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	if err != nil {
		return fmt.Errorf("X-Amz-Expires: %w", err)
	}
	now := time.Now
	if a.Now != nil {
		now = a.Now
	}
	if now().After(at.Add(time.Duration(seconds) * time.Second)) {
		return fmt.Errorf("the address was good until %s", at.Add(time.Duration(seconds)*time.Second))
	}
	again, err := again(r, query)
	if err != nil {
		return err
	}
	address, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		PresignHTTP(context.Background(), keys, again, "UNSIGNED-PAYLOAD", "s3", "eu-central-1", at)
	if err != nil {
		return err
	}
	want, err := url.Parse(address)
	if err != nil {
		return err
	}
	if want := want.Query().Get("X-Amz-Signature"); signature != want {
		return fmt.Errorf("SignatureDoesNotMatch: %s, want %s", signature, want)
	}
	return nil
}

// again gives the request as it was before it was signed.
func again(r *http.Request, query url.Values) (*http.Request, error) {
	signed := strings.Split(query.Get("X-Amz-SignedHeaders"), ";")
	for _, name := range []string{"X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Security-Token"} {
		query.Del(name)
	}
	address := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: query.Encode()}
	again, err := http.NewRequest(r.Method, address.String(), bytes.NewReader(nil))
	if err != nil {
		return nil, err
	}
	for name := range r.Header {
		lower := strings.ToLower(name)
		if slices.Contains(signed, lower) && lower != "content-length" {
			again.Header[name] = r.Header[name]
		} else if strings.HasPrefix(lower, "x-amz-meta-") {
			return nil, fmt.Errorf("the header %s was not signed", name)
		}
	}
	return again, nil
}
