// Package porttest says what every deploy.Objects, deploy.Artifacts and deploy.Runtime must do, as tests. They use nothing but these
// interfaces.
package porttest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

const key = "models/iris/model.pmml"

var background = context.Background()

// Objects runs all tests, each on uploads that open gives, in which nothing lies.
func Objects(t *testing.T, open func(t *testing.T) deploy.Objects) {
	for name, test := range map[string]func(t *testing.T, o deploy.Objects){
		"absent":     absentObject,
		"life":       life,
		"metadata":   metadata,
		"gzip":       compressed,
		"keys":       keys,
		"sizes":      sizes,
		"discarding": discarding,
		"broken":     brokenBody,
		"cancelled":  cancelledBody,
		"together":   together,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func absentObject(t *testing.T, o deploy.Objects) {
	wantNone(t, o, key)
	if err := o.Delete(background, key); err != nil {
		t.Errorf("delete what is not there: %v", err)
	}
	wantNone(t, o, key)
}

func life(t *testing.T, o deploy.Objects) {
	first := putObject(t, o, key, "one", deploy.Metadata{})
	wantObject(t, o, first, "one")
	second := putObject(t, o, key, "two", deploy.Metadata{})
	wantObject(t, o, second, "two")
	wantOld(t, o, first, "one")
	third := putObject(t, o, key, "two", deploy.Metadata{})
	wantObject(t, o, third, "two")
	if first.Version == second.Version || second.Version == third.Version {
		t.Errorf("one version twice: %s, %s, %s", first.Version, second.Version, third.Version)
	}
	for range 2 {
		if err := o.Delete(background, key); err != nil {
			t.Fatal(err)
		}
		wantNone(t, o, key)
	}
	wantOld(t, o, third, "two")
	again := putObject(t, o, key, "two", deploy.Metadata{})
	wantObject(t, o, again, "two")
	if again.Version == third.Version {
		t.Errorf("the version of what was deleted came back: %s", again.Version)
	}
}

func metadata(t *testing.T, o deploy.Objects) {
	for _, m := range []deploy.Metadata{
		{ModelName: "Iris"},
		{ModelName: "größte <Iris> & \"co\" \u2028 🌸", Schema: deploy.SchemaAllow, Otherwise: deploy.SchemaRefuse,
			By: deploy.By{Actor: "admin 127.0.0.1", Reason: "two\nlines, a tab\t and a = sign"}},
		{},
	} {
		put := putObject(t, o, key, "one", m)
		if put.Metadata != m {
			t.Errorf("%+v, want %+v", put.Metadata, m)
		}
		wantObject(t, o, put, "one")
	}
}

func compressed(t *testing.T, o deploy.Objects) {
	text := strings.Repeat("<Node/>", 1000)
	for _, key := range []string{"models/iris/model.pmml.gz", "models/iris.pmml.gz"} {
		put := putObject(t, o, key, text, deploy.Metadata{})
		head, err := o.Head(background, key)
		if err != nil || head != put {
			t.Fatalf("%+v, %v, want %+v", head, err, put)
		}
		got, err := getObject(o, put)
		if err != nil || int64(len(got)) != put.Size || len(got) > len(text)/2 {
			t.Fatalf("%s: %d bytes of %d, %v", key, len(got), put.Size, err)
		}
		z, err := gzip.NewReader(strings.NewReader(got))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(z); string(plain) != text || err != nil {
			t.Errorf("%s: %.100q, %v", key, plain, err)
		}
	}
}

func keys(t *testing.T, o deploy.Objects) {
	put := map[string]deploy.Object{}
	for _, id := range []string{"iris", "iris.7", "Iris2", "a-b_c.d"} {
		for _, key := range append(deploy.SidecarsOf(id), deploy.KeysOf(id)...) {
			if !deploy.IsGzip(key) {
				put[key] = putObject(t, o, key, key, deploy.Metadata{ModelName: key})
			}
		}
	}
	gone := deploy.SidecarOf("iris", deploy.GoldenName)
	if err := o.Delete(background, gone); err != nil {
		t.Fatal(err)
	}
	for key, object := range put {
		if key == gone {
			wantNone(t, o, key)
		} else {
			wantObject(t, o, object, key)
		}
	}
}

func sizes(t *testing.T, o deploy.Objects) {
	for _, size := range []int{0, 1, 100_000, 6 << 20} {
		text := noise(size)
		wantObject(t, o, putObject(t, o, key, text, deploy.Metadata{}), text)
	}
}

func discarding(t *testing.T, o deploy.Objects) {
	body, err := o.Receive(background, strings.NewReader("one"))
	if err != nil {
		t.Fatal(err)
	}
	body.Discard()
	body.Discard()
	wantNone(t, o, key)
	if body, err = o.Receive(background, strings.NewReader("two")); err != nil {
		t.Fatal(err)
	}
	put, err := o.Put(background, key, body, deploy.Metadata{})
	if err != nil {
		t.Fatal(err)
	}
	body.Discard()
	wantObject(t, o, put, "two")
}

var errBroken = errors.New("the line is broken")

func broken() io.Reader {
	return io.MultiReader(strings.NewReader(noise(100_000)), iotest.ErrReader(errBroken))
}

func brokenBody(t *testing.T, o deploy.Objects) {
	if _, err := o.Receive(background, broken()); !errors.Is(err, errBroken) {
		t.Errorf("%v, want what the reader answered", err)
	}
}

func cancelledBody(t *testing.T, o deploy.Objects) {
	ctx, cancel := context.WithCancel(background)
	cancel()
	if _, err := o.Receive(ctx, strings.NewReader("one")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

func together(t *testing.T, o deploy.Objects) {
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			key := deploy.KeyOf(fmt.Sprint("m", i))
			text := noise(10_000 * i)
			body, err := o.Receive(background, iotest.HalfReader(strings.NewReader(text)))
			if err != nil {
				t.Error(err)
				return
			}
			put, err := o.Put(background, key, body, deploy.Metadata{})
			if err != nil {
				t.Error(err)
				return
			}
			wantObject(t, o, put, text)
		})
	}
	wait.Wait()
}

// noise gives a text that nobody can compress, always the same.
func noise(size int) string {
	text := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(text) //nolint:errcheck // never fails
	return string(text)
}

func putObject(t *testing.T, o deploy.Objects, key, text string, m deploy.Metadata) deploy.Object {
	t.Helper()
	body, err := o.Receive(background, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	put, err := o.Put(background, key, body, m)
	if err != nil {
		t.Fatal(err)
	}
	if put.Key != key || put.Version == "" {
		t.Errorf("put under %s: %+v", key, put)
	}
	return put
}

func getObject(o deploy.Objects, object deploy.Object) (string, error) {
	r, err := o.Get(background, object)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	_, err = text.ReadFrom(r)
	return text.String(), errors.Join(err, r.Close())
}

// wantObject checks that an object lies under its key, with a text.
func wantObject(t *testing.T, o deploy.Objects, want deploy.Object, text string) {
	t.Helper()
	head, err := o.Head(background, want.Key)
	if err != nil || head != want {
		t.Errorf("%+v, %v, want %+v", head, err, want)
	}
	if got, err := getObject(o, want); got != text || err != nil || want.Size != int64(len(text)) {
		t.Errorf("%s: %.100q, %v, size %d; want %.100q", want.Key, got, err, want.Size, text)
	}
}

// wantOld checks an object that something else has replaced: it can be read as it was, or is gone.
func wantOld(t *testing.T, o deploy.Objects, old deploy.Object, text string) {
	t.Helper()
	if got, err := getObject(o, old); !errors.Is(err, deploy.ErrGone) && (got != text || err != nil) {
		t.Errorf("%s: %.100q, %v, want %.100q or %v", old.Key, got, err, text, deploy.ErrGone)
	}
}

func wantNone(t *testing.T, o deploy.Objects, key string) {
	t.Helper()
	if head, err := o.Head(background, key); !errors.Is(err, deploy.ErrGone) {
		t.Errorf("%+v, %v, want %v", head, err, deploy.ErrGone)
	}
}
