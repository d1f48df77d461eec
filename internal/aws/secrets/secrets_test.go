package secrets_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/handoff-pmml/handoff/internal/aws/secrets"
)

// manager is a Secrets Manager with one secret.
type manager struct {
	secret string
	err    error
	calls  int
}

func (m *manager) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	m.calls++
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if aws.ToString(in.SecretId) != "arn" {
		return nil, errors.New("another secret")
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: &m.secret}, m.err
}

func hexOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func TestTokensAreCachedAndRotate(t *testing.T) {
	now := time.Unix(0, 0)
	m := &manager{secret: `{"admin":["` + hexOf("old") + `"]}`}
	tokens := secrets.New(m, "arn", func() time.Time { return now }, slog.New(slog.DiscardHandler))
	expect := func(what string, admins, calls int, fails bool) {
		t.Helper()
		known, err := tokens.Hashes(context.Background())
		if len(known.Admin) != admins || m.calls != calls || (err != nil) != fails {
			t.Errorf("%s: %d admin tokens, %v, after %d calls", what, len(known.Admin), err, m.calls)
		}
	}
	expect("first", 1, 1, false)
	m.secret = `{"admin":["` + hexOf("old") + `","` + hexOf("new") + `"],"user":[]}`
	now = now.Add(5*time.Minute - 1)
	expect("kept", 1, 1, false)
	now = now.Add(1)
	expect("read again", 2, 2, false)
	m.err = errors.New("throttled")
	now = now.Add(5 * time.Minute)
	expect("stale", 2, 3, false)
	now = now.Add(time.Second)
	expect("no call each time", 2, 3, false)
	now = now.Add(4 * time.Second)
	expect("tried again", 2, 4, false)
	now = now.Add(55 * time.Minute)
	expect("too old", 0, 5, true)
	m.err, m.secret = nil, `{"admin":["no hash"]}`
	now = now.Add(5 * time.Second)
	expect("a broken secret", 0, 6, true)
	m.secret = `{}`
	now = now.Add(5 * time.Second)
	expect("empty", 0, 7, false)
}

func TestTokensThatNeverCame(t *testing.T) {
	m := &manager{err: errors.New("denied")}
	tokens := secrets.New(m, "arn", nil, slog.New(slog.DiscardHandler))
	if _, err := tokens.Hashes(context.Background()); !errors.Is(err, m.err) {
		t.Error(err)
	}
	if _, err := tokens.Hashes(context.Background()); !errors.Is(err, m.err) || m.calls != 1 {
		t.Errorf("%v after %d calls", err, m.calls)
	}
}

// A caller who gives up does not make the next one wait.
func TestTokensOfAnImpatientCaller(t *testing.T) {
	m := &manager{secret: `{"user":["` + hexOf("u") + `"]}`}
	tokens := secrets.New(m, "arn", nil, slog.New(slog.DiscardHandler))
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := tokens.Hashes(gone); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if known, err := tokens.Hashes(context.Background()); err != nil || len(known.User) != 1 {
		t.Errorf("%v, %v", known, err)
	}
}

func TestParse(t *testing.T) {
	h := hexOf("x")
	for text, fault := range map[string]string{
		`{}`: "", `{"admin":[],"user":null}`: "", `{"admin":["` + h + `"],"user":["` + strings.ToUpper(h) + `"]}`: "",
		``: "it is not", `[]`: "it is not", `"secret"`: "it is not", `{"admin":"` + h + `"}`: "it is not", `{"admins":[]}`: "it is not",
		`{} {}`: "something follows", `{"admin":["` + h + `","` + h[1:] + `"]}`: `entry 2 of "admin"`, `{"user":["g` + h[1:] + `"]}`: `entry 1 of "user"`,
	} {
		_, err := secrets.Parse([]byte(text))
		if (err != nil) != (fault != "") || err != nil && !strings.HasPrefix(err.Error(), fault) {
			t.Errorf("%s: %v, want %q", text, err, fault)
		}
		if err != nil && strings.Contains(err.Error(), h[1:]) {
			t.Errorf("%v tells the secret", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"admin":["` + hexOf("x") + `"],"user":[]}`))
	f.Fuzz(func(t *testing.T, secret []byte) {
		known, err := secrets.Parse(secret)
		if err != nil && (known.Admin != nil || known.User != nil) {
			t.Error("hashes beside an error")
		}
	})
}
