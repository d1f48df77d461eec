package local_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// FuzzTicket sends tickets that were not given: none of them may put anything anywhere, and none may do harm.
func FuzzTicket(f *testing.F) {
	server, err := local.Open(f.TempDir(), local.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := server.Close(); err != nil {
			f.Error(err)
		}
	})
	uploads, others := server.Uploads(nil), server.Uploads(nil)
	given := func(u *local.Uploads, id string) string {
		ticket, err := u.Upload(f.Context(), id, deploy.GoldenName, deploy.Metadata{})
		if err != nil {
			f.Fatal(err)
		}
		at, err := url.Parse(ticket.URL)
		if err != nil {
			f.Fatal(err)
		}
		return at.Query().Get("ticket")
	}
	good := given(uploads, "m")
	if _, err := uploads.Receive(f.Context(), "m", deploy.GoldenName, good, strings.NewReader("x,y\n")); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", ".", good[:len(good)-1], good + "A", given(others, "m"), given(uploads, "n"), strings.Repeat("A", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ticket string) {
		o, err := uploads.Receive(t.Context(), "m", deploy.GoldenName, ticket, strings.NewReader(""))
		if ticket != good && !errors.Is(err, rest.ErrTicket) {
			t.Errorf("%q: %+v, %v", ticket, o, err)
		}
	})
}
