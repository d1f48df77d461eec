package s3

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Presigner is what is used to sign addresses. *s3.PresignClient of the SDK has it.
type Presigner interface {
	PresignPutObject(context.Context, *sdk.PutObjectInput, ...func(*sdk.PresignOptions)) (*v4.PresignedHTTPRequest, error)
	PresignGetObject(context.Context, *sdk.GetObjectInput, ...func(*sdk.PresignOptions)) (*v4.PresignedHTTPRequest, error)
}

// Uploads gives addresses at S3 that stand for the right to do one thing for a while. They are over earlier if the
// credentials are that they were signed with.
type Uploads struct {
	presigner          Presigner
	uploads, artifacts string
}

// NewUploads signs for an uploads bucket and an artifacts bucket.
func NewUploads(p Presigner, uploads, artifacts string) *Uploads {
	return &Uploads{p, uploads, artifacts}
}

// Presign gives the address to which an object can be PUT under a key, and the headers that must be sent so: what is said
// about the object is one of them, and signed. A key that ends in .gz takes what is compressed already.
func (u *Uploads) Presign(ctx context.Context, key string, m deploy.Metadata, expires time.Duration) (address string, headers map[string]string, err error) {
	if err := checkKey(key); err != nil {
		return "", nil, err
	}
	metadata, _, err := encodeMetadata(m)
	if err != nil {
		return "", nil, u.failed(u.uploads, key, err)
	}
	in := &sdk.PutObjectInput{Bucket: &u.uploads, Key: &key, Metadata: metadata}
	out, err := u.presigner.PresignPutObject(ctx, in, sdk.WithPresignExpires(expires))
	if err != nil {
		return "", nil, u.failed(u.uploads, key, err)
	}
	return out.URL, toSend(out.SignedHeader), nil
}

// toSend gives the signed headers but the one that every client sends by itself.
func toSend(signed http.Header) map[string]string {
	headers := map[string]string{}
	for name := range signed {
		if name = strings.ToLower(name); name != "host" {
			headers[name] = signed.Get(name)
		}
	}
	return headers
}

// PresignGet gives the address from which what lies under a key of the artifacts bucket (FileKey) can be downloaded, as a
// file of that name.
func (u *Uploads) PresignGet(ctx context.Context, key, filename string, expires time.Duration) (address string, err error) {
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": filename})
	if !isFile(key) || disposition == "" {
		return "", fmt.Errorf("there can be no download of %.300q as %.300q", key, filename)
	}
	in := &sdk.GetObjectInput{Bucket: &u.artifacts, Key: &key, ResponseContentDisposition: &disposition}
	out, err := u.presigner.PresignGetObject(ctx, in, sdk.WithPresignExpires(expires))
	if err != nil {
		return "", u.failed(u.artifacts, key, err)
	}
	return out.URL, nil
}

func (u *Uploads) failed(name, key string, err error) error {
	return bucket{name: name}.failed("presign", key, err)
}
