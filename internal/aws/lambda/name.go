package lambda

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Alias is the name under which the version of a function answers that is live.
const Alias = "live"

const (
	maxSlug    = 24 // characters of a model's id that people can still read in its function's name
	hashDigits = 12 // hexadecimal digits that tell models apart whose slugs are equal
)

var slugs = strings.NewReplacer(".", "-", "_", "-")

// FunctionName gives the name of the function that runs a model: handoff-{stage}-m-{slug}-{hash}. It is computed, so that
// nobody has to look it up, and has at most 60 of the 64 characters that Lambda allows.
func FunctionName(stage, id string) string {
	slug := slugs.Replace(id)
	if len(slug) > maxSlug {
		slug = slug[:maxSlug]
	}
	sum := sha256.Sum256([]byte(id))
	return "handoff-" + stage + "-m-" + strings.TrimRight(slug, "-") + "-" + hex.EncodeToString(sum[:])[:hashDigits]
}
