// Package sign signs requests to API Gateway with the caller's AWS credentials (Signature Version 4), for the command
// line: a stack whose authorization is AWS_IAM takes no others.
package sign

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
)

// service is what the signature is for: API Gateway as a caller of APIs sees it, also under a domain of one's own.
const service = "execute-api"

// A Signer signs requests. It may be used by many goroutines.
type Signer struct {
	credentials aws.CredentialsProvider
	region      string
	signer      *v4.Signer
	now         func() time.Time
}

// ErrNoRegion says that nothing tells in which region the server is.
var ErrNoRegion = errors.New("in which AWS region is the server? Neither its address tells, nor the environment, nor the AWS configuration")

// RegionOf gives the region of one of API Gateway's own host names, {api}.execute-api.{region}.amazonaws.com; ok is false
// for any other.
func RegionOf(host string) (region string, ok bool) {
	_, rest, _ := strings.Cut(strings.ToLower(host), ".")
	rest, ok = strings.CutPrefix(rest, service+".")
	if !ok {
		return "", false
	}
	region, domain, _ := strings.Cut(rest, ".")
	return region, region != "" && (domain == "amazonaws.com" || domain == "amazonaws.com.cn")
}

// New makes a Signer with the credentials that AWS's own tools would take: the environment, profiles, the machine's role.
// Without a region it is that of the same configuration. The error says that there are no credentials, or no region.
func New(ctx context.Context, region string) (*Signer, error) {
	var options []func(*config.LoadOptions) error
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	if c.Region == "" {
		return nil, ErrNoRegion
	}
	if _, err := c.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("no AWS credentials: %w", err)
	}
	return &Signer{credentials: c.Credentials, region: c.Region, signer: v4.NewSigner(), now: time.Now}, nil
}

// Sign makes a RoundTripper that signs what goes through it. Whatever is to be sent to one server only is the caller's
// concern: a signature is good for the host that it is made for and no other.
func (s *Signer) Sign(through http.RoundTripper) http.RoundTripper {
	return &transport{s, through}
}

type transport struct {
	*Signer
	through http.RoundTripper
}

// RoundTrip sends a signed copy of a request.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	signed, hash, err := copyOf(r)
	if err != nil {
		return nil, err
	}
	credentials, err := t.credentials.Retrieve(r.Context())
	if err == nil {
		err = t.signer.SignHTTP(r.Context(), credentials, signed, hash, service, t.region, t.now())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sign the request: %w", err), closeBody(signed))
	}
	return t.through.RoundTrip(signed)
}

// copyOf gives a copy of a request, which a RoundTripper must leave as it is, and the hash of its body.
func copyOf(r *http.Request) (*http.Request, string, error) {
	signed := r.Clone(r.Context())
	sum := sha256.New()
	if r.Body == nil || r.Body == http.NoBody {
		return signed, hex.EncodeToString(sum.Sum(nil)), nil
	}
	body, err := again(signed)
	if err != nil {
		return nil, "", errors.Join(err, closeBody(r))
	}
	_, err = io.Copy(sum, body)
	if err := errors.Join(err, body.Close()); err != nil {
		return nil, "", errors.Join(err, closeBody(r))
	}
	return signed, hex.EncodeToString(sum.Sum(nil)), nil
}

// again gives the body of a request a second time. One that can be read only once is read into memory first.
func again(r *http.Request) (io.ReadCloser, error) {
	if r.GetBody != nil {
		return r.GetBody()
	}
	text, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return nil, err
	}
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(text)), int64(len(text)), nil
	return io.NopCloser(bytes.NewReader(text)), nil
}

func closeBody(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	return r.Body.Close()
}
