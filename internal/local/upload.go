package local

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// ticketTime is how long a ticket is valid.
const ticketTime = 15 * time.Minute

// Uploads gives tickets for uploads to this server, and takes what is sent with them. What a ticket says is signed, so
// that nothing needs to be remembered; a server that is started anew does not know those of the one before. It implements
// rest.Uploads and rest.Receiver.
type Uploads struct {
	server *Server
	secret []byte
	now    func() time.Time
}

// Uploads makes Uploads with a secret of their own. A nil now is time.Now.
func (s *Server) Uploads(now func() time.Time) *Uploads {
	if now == nil {
		now = time.Now
	}
	u := &Uploads{server: s, secret: make([]byte, sha256.Size), now: now}
	rand.Read(u.secret) //nolint:errcheck // never fails
	return u
}

// A grant is what a ticket allows.
type grant struct {
	ID       string          `json:"id"`
	File     string          `json:"file"`
	Key      string          `json:"key"`
	Metadata deploy.Metadata `json:"metadata"`
	Expires  time.Time       `json:"expires"`
}

// Upload gives a ticket for a file.
func (u *Uploads) Upload(ctx context.Context, id, file string, m deploy.Metadata) (rest.Ticket, error) {
	s, err := u.server.Store.Status(ctx, id)
	if err != nil {
		return rest.Ticket{}, err
	}
	g := grant{id, file, rest.UploadKey(s.Model, id, file), m, u.now().Add(ticketTime).UTC().Truncate(time.Second)}
	text, err := json.Marshal(g)
	if err != nil {
		return rest.Ticket{}, err
	}
	said := base64.RawURLEncoding.EncodeToString(text)
	at := url.URL{Path: "upload/" + file, RawQuery: "ticket=" + said + "." + u.sign(said)}
	return rest.Ticket{URL: at.String(), Method: "PUT", Headers: map[string]string{}, Key: g.Key, Expires: g.Expires}, nil
}

// Receive puts a file into the models folder, where it is found like any other.
func (u *Uploads) Receive(ctx context.Context, id, file, ticket string, body io.Reader) (deploy.Object, error) {
	g, err := u.open(ticket)
	switch {
	case err != nil:
		return deploy.Object{}, err
	case g.ID != id || g.File != file || u.now().After(g.Expires):
		return deploy.Object{}, rest.ErrTicket
	}
	received, err := u.server.Objects.Receive(ctx, body)
	if err != nil {
		return deploy.Object{}, err
	}
	defer received.Discard()
	return u.server.Objects.Put(ctx, g.Key, received, g.Metadata)
}

// sign gives the signature of what a ticket says, as text.
func (u *Uploads) sign(said string) string {
	mac := hmac.New(sha256.New, u.secret)
	mac.Write([]byte(said)) //nolint:errcheck // never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (u *Uploads) open(ticket string) (g grant, err error) {
	said, signature, _ := strings.Cut(ticket, ".")
	if !hmac.Equal([]byte(signature), []byte(u.sign(said))) {
		return g, rest.ErrTicket
	}
	text, err := base64.RawURLEncoding.DecodeString(said)
	if err != nil {
		return g, err
	}
	return g, json.Unmarshal(text, &g)
}
