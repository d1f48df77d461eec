package s3

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sort"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// What is said about an upload travels in one header of the object, x-amz-meta-handoff: base64url, without padding, of
// JSON, since S3 takes ASCII only. S3 takes 2 kB of such headers in all.
const (
	metadataKey    = "handoff"
	metadataHeader = "x-amz-meta-" + metadataKey
	maxMetadata    = 2<<10 - len(metadataHeader) // bytes of the header's value
)

// encodeMetadata gives the user metadata of an object, and what of m is in it: what is too long for S3 loses the end of the
// reason first, then that of the actor. Nothing else may be too long. The header is there also if nothing is said: a
// signed address allows nobody to say more.
func encodeMetadata(m deploy.Metadata) (map[string]string, deploy.Metadata, error) {
	if !isChange(m.Schema) || !isChange(m.Otherwise) {
		return nil, m, fmt.Errorf("changes of the schema are %s or %s, not %.100q, %.100q", deploy.SchemaAllow, deploy.SchemaRefuse, m.Schema, m.Otherwise)
	}
	if text := metadataText(m); len(text) <= maxMetadata {
		return user(text)
	}
	for _, long := range []*string{&m.By.Reason, &m.By.Actor} {
		shorten(long, func() bool { return len(metadataText(m)) <= maxMetadata })
		if text := metadataText(m); len(text) <= maxMetadata {
			return user(text)
		}
	}
	return nil, m, fmt.Errorf("the model name of %d bytes does not fit into the metadata of an object, which has room for %d",
		len(m.ModelName), maxMetadata)
}

// user gives the metadata as an object carries it, and as it is read from there.
func user(text string) (map[string]string, deploy.Metadata, error) {
	kept := decodeMetadata(map[string]string{metadataKey: text})
	return map[string]string{metadataKey: text}, kept, nil
}

func metadataText(m deploy.Metadata) string {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(m) // texts, into memory
	return base64.RawURLEncoding.EncodeToString(bytes.TrimSpace(text.Bytes()))
}

// shorten cuts the end of a text so that it fits, or empties it.
func shorten(text *string, fits func() bool) {
	runes := []rune((*text)[:min(len(*text), maxMetadata)]) // more never fits
	over := sort.Search(len(runes), func(n int) bool {
		*text = string(runes[:n+1]) + "…"
		return !fits()
	})
	*text = ""
	if over > 0 {
		*text = string(runes[:over]) + "…"
	}
}

// decodeMetadata reads the user metadata of an object. Whoever may write to the bucket can write anything there: what we
// would not have written says nothing, not even who.
func decodeMetadata(user map[string]string) (m deploy.Metadata) {
	value := user[metadataKey]
	if value == "" || len(value) > maxMetadata {
		return deploy.Metadata{}
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || json.Unmarshal(text, &m) != nil || !isChange(m.Schema) || !isChange(m.Otherwise) {
		return deploy.Metadata{}
	}
	return m
}

func isChange(s string) bool { return s == "" || s == deploy.SchemaAllow || s == deploy.SchemaRefuse }
