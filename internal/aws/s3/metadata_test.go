package s3_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// one is an S3 in which one object lies, with metadata.
type one struct {
	s3.API
	metadata map[string]string
}

func (o *one) PutObject(_ context.Context, in *sdk.PutObjectInput, _ ...func(*sdk.Options)) (*sdk.PutObjectOutput, error) {
	o.metadata = in.Metadata
	id := "v1"
	return &sdk.PutObjectOutput{VersionId: &id}, nil
}

func (o *one) HeadObject(context.Context, *sdk.HeadObjectInput, ...func(*sdk.Options)) (*sdk.HeadObjectOutput, error) {
	id := "v1"
	return &sdk.HeadObjectOutput{VersionId: &id, Metadata: o.metadata}, nil
}

// told puts an object with metadata and gives what Put and then Head say about it.
func told(t *testing.T, o *one, m deploy.Metadata) (put, head deploy.Metadata, err error) {
	t.Helper()
	objects := s3.NewObjects(o, "uploads")
	body, err := objects.Receive(background, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	object, err := objects.Put(background, key, body, m)
	if err != nil {
		return put, head, err
	}
	found, err := objects.Head(background, key)
	return object.Metadata, found.Metadata, err
}

// size is what S3 counts of metadata; it takes 2 kB.
func size(metadata map[string]string) (n int) {
	for name, value := range metadata {
		n += len("x-amz-meta-"+name) + len(value)
	}
	return n
}

func TestMetadata(t *testing.T) {
	long := func(what string, n int) string { return strings.Repeat(what, n) }
	for name, c := range map[string]struct {
		m     deploy.Metadata
		cut   bool // the reason or the actor loses its end
		wrong bool
	}{
		"nothing":             {m: deploy.Metadata{}},
		"all":                 {m: deploy.Metadata{ModelName: "Iris", Schema: "allow", Otherwise: "refuse", By: deploy.By{Actor: "a", Reason: "r"}}},
		"beyond ASCII":        {m: deploy.Metadata{ModelName: "größte 🌸 \x00\r\n", By: deploy.By{Actor: "Ünal", Reason: "日本語"}}},
		"a long reason":       {m: deploy.Metadata{ModelName: "Iris", By: deploy.By{Actor: "a", Reason: long("because ", 1000)}}, cut: true},
		"a huge reason":       {m: deploy.Metadata{By: deploy.By{Reason: long("日", 1_000_000)}}, cut: true},
		"a reason of quotes":  {m: deploy.Metadata{By: deploy.By{Actor: "a", Reason: long("\"\x01", 1000)}}, cut: true},
		"a long actor":        {m: deploy.Metadata{ModelName: "Iris", By: deploy.By{Actor: long("é", 2000), Reason: "r"}}, cut: true},
		"a long name and all": {m: deploy.Metadata{ModelName: long("n", 1400), By: deploy.By{Actor: long("a", 2000), Reason: long("r", 2000)}}, cut: true},
		"a name that is too long": {
			m: deploy.Metadata{ModelName: long("n", 1600), By: deploy.By{Actor: "a", Reason: "r"}}, wrong: true},
		"no such change": {m: deploy.Metadata{Schema: "perhaps"}, wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := &one{}
			put, head, err := told(t, o, c.m)
			if (err != nil) != c.wrong {
				t.Fatal(err)
			}
			if c.wrong {
				if o.metadata != nil {
					t.Error("it was put nevertheless")
				}
				return
			}
			if n := size(o.metadata); n > 2048 || c.cut && n < 2000 {
				t.Errorf("%d bytes", n)
			}
			if put != head || (head == c.m) == c.cut {
				t.Errorf("put %+v\nhead %+v", put, head)
			}
			rest := head
			rest.By = c.m.By
			if rest != c.m || !isCut(head.By.Reason, c.m.By.Reason) || !isCut(head.By.Actor, c.m.By.Actor) {
				t.Errorf("%+v", head)
			}
		})
	}
}

// isCut says whether text is long, or a beginning of it.
func isCut(text, long string) bool {
	begin, cut := strings.CutSuffix(text, "…")
	return text == long || text == "" || cut && strings.HasPrefix(long, begin) && utf8.ValidString(begin)
}

// TestForeignMetadata: what we would not have written says nothing.
func TestForeignMetadata(t *testing.T) {
	encoded := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	good := encoded(`{"modelName":"Iris","by":{"actor":"a"}}`)
	want := deploy.Metadata{ModelName: "Iris", By: deploy.By{Actor: "a"}}
	for name, c := range map[string]struct {
		metadata map[string]string
		want     deploy.Metadata
	}{
		"ours":              {map[string]string{"handoff": good, "other": "x"}, want},
		"a later one":       {map[string]string{"handoff": encoded(`{"modelName":"Iris","later":[1],"by":{"actor":"a"}}`)}, want},
		"none":              {nil, deploy.Metadata{}},
		"others":            {map[string]string{"modelname": "Iris"}, deploy.Metadata{}},
		"empty":             {map[string]string{"handoff": ""}, deploy.Metadata{}},
		"padded":            {map[string]string{"handoff": good + "="}, deploy.Metadata{}},
		"plain JSON":        {map[string]string{"handoff": `{"modelName":"Iris"}`}, deploy.Metadata{}},
		"no object":         {map[string]string{"handoff": encoded(`[1]`)}, deploy.Metadata{}},
		"cut":               {map[string]string{"handoff": encoded(`{"modelName":"Iris"`)}, deploy.Metadata{}},
		"more after":        {map[string]string{"handoff": encoded(`{"modelName":"Iris"}{}`)}, deploy.Metadata{}},
		"wrong in its end":  {map[string]string{"handoff": encoded(`{"by":{"actor":"a"},"modelName":1}`)}, deploy.Metadata{}},
		"no such change":    {map[string]string{"handoff": encoded(`{"by":{"actor":"a"},"schema":"all"}`)}, deploy.Metadata{}},
		"longer than S3's":  {map[string]string{"handoff": encoded(`{"modelName":"` + strings.Repeat("n", 2000) + `"}`)}, deploy.Metadata{}},
		"something in UTF8": {map[string]string{"handoff": "größer"}, deploy.Metadata{}},
	} {
		head, err := s3.NewObjects(&one{metadata: c.metadata}, "uploads").Head(background, key)
		if err != nil || head.Metadata != c.want {
			t.Errorf("%s: %+v, %v", name, head.Metadata, err)
		}
	}
}

// FuzzMetadata reads any metadata. What is understood can be written and says the same then, unless it is too long.
func FuzzMetadata(f *testing.F) {
	for _, text := range []string{`{}`, `{"modelName":"Iris","schema":"allow","by":{"actor":"a","reason":"ü"}}`, `{"by":{"actor":"\ud800"}}`, `null`} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	f.Fuzz(func(t *testing.T, value string) {
		head, err := s3.NewObjects(&one{metadata: map[string]string{"handoff": value}}, "uploads").Head(background, key)
		if err != nil {
			t.Fatal(err)
		}
		o := &one{}
		put, again, err := told(t, o, head.Metadata)
		if err != nil || put != again || size(o.metadata) > 2048 {
			if err != nil && len(head.Metadata.ModelName) > 200 { // it is longer where it is written with escapes
				return
			}
			t.Fatalf("%+v, %+v, %v", put, again, err)
		}
		if put != head.Metadata && size(o.metadata) < 2000 {
			t.Errorf("%+v, want %+v", put, head.Metadata)
		}
	})
}
