// Package secrets reads the hashes of bearer tokens from AWS Secrets Manager. The secret is
//
//	{"admin": ["…"], "user": ["…"]}
//
// with the SHA-256 of each token in hexadecimal digits: who can read the secret cannot use the tokens.
package secrets

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/handoff-pmml/handoff/internal/rest"
)

const (
	// fresh is how long hashes are used before they are read again: so long an environment may still take a token that was
	// taken out of the secret.
	fresh = 5 * time.Minute
	// stale is how long they are used if they cannot be read again.
	stale = time.Hour
	// pause is the time between two attempts, so that a secret that cannot be read does not cost every request one.
	pause = 5 * time.Second
)

// API is what Tokens needs of Secrets Manager; *secretsmanager.Client has it.
type API interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// Tokens are the tokens of one secret. They may be used by many goroutines.
type Tokens struct {
	api    API
	secret string
	now    func() time.Time
	log    *slog.Logger

	mu     sync.Mutex
	known  rest.TokenHashes
	read   time.Time // when known was read; zero: never
	tried  time.Time // when it was tried last
	failed error     // what came of that
}

// New gives the tokens of a secret, which is named by its ARN. now may be nil: time.Now.
func New(api API, secret string, now func() time.Time, log *slog.Logger) *Tokens {
	if now == nil {
		now = time.Now
	}
	return &Tokens{api: api, secret: secret, now: now, log: log}
}

// Hashes gives the hashes as they were in the secret not more than five minutes ago; an hour if it cannot be read. The
// error never holds anything of the secret.
func (t *Tokens) Hashes(ctx context.Context) (rest.TokenHashes, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if t.read.IsZero() || now.Sub(t.read) >= fresh {
		t.renew(ctx, now)
	}
	if t.read.IsZero() || now.Sub(t.read) >= stale {
		return rest.TokenHashes{}, t.failed
	}
	return t.known, nil
}

// renew reads the secret, if that was not tried just now.
func (t *Tokens) renew(ctx context.Context, now time.Time) {
	if t.failed != nil && now.Sub(t.tried) < pause {
		return
	}
	known, err := t.get(ctx)
	if ctx.Err() != nil {
		if t.failed == nil {
			t.failed = ctx.Err()
		}
		return // the caller had no time left, which says nothing of the secret
	}
	t.tried, t.failed = now, err
	if err != nil {
		t.log.Error("cannot read the tokens", slog.String("cause", err.Error()))
		return
	}
	t.known, t.read = known, now
}

func (t *Tokens) get(ctx context.Context) (rest.TokenHashes, error) {
	secret, err := t.api.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &t.secret})
	if err != nil {
		return rest.TokenHashes{}, fmt.Errorf("read secret %s: %w", t.secret, err)
	}
	known, err := Parse([]byte(aws.ToString(secret.SecretString)))
	if err != nil {
		return rest.TokenHashes{}, fmt.Errorf("secret %s: %w", t.secret, err)
	}
	return known, nil
}

// Parse reads the text of a secret. Errors hold nothing of it.
func Parse(secret []byte) (rest.TokenHashes, error) {
	var text struct{ Admin, User []string }
	d := json.NewDecoder(bytes.NewReader(secret))
	d.DisallowUnknownFields()
	if err := d.Decode(&text); err != nil {
		return rest.TokenHashes{}, errors.New(`it is not {"admin": [HASH, …], "user": [HASH, …]}`)
	}
	if _, err := d.Token(); err != io.EOF {
		return rest.TokenHashes{}, errors.New("something follows the object")
	}
	admin, err := hashes("admin", text.Admin)
	if err != nil {
		return rest.TokenHashes{}, err
	}
	user, err := hashes("user", text.User)
	if err != nil {
		return rest.TokenHashes{}, err
	}
	return rest.TokenHashes{Admin: admin, User: user}, nil
}

func hashes(kind string, texts []string) ([]rest.TokenHash, error) {
	var all []rest.TokenHash
	for i, text := range texts {
		var hash rest.TokenHash
		digits, err := hex.DecodeString(text)
		if err != nil || len(digits) != len(hash) {
			return nil, fmt.Errorf("entry %d of %q is not a SHA-256 in %d hexadecimal digits", i+1, kind, 2*len(hash))
		}
		copy(hash[:], digits)
		all = append(all, hash)
	}
	return all, nil
}
