package words_test

import (
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/deploy/words"
)

func TestSuggest(t *testing.T) {
	known := []string{"keepVersions", "owner", "petal_length", strings.Repeat("x", 61)}
	for name, want := range map[string]string{
		"keepVersion":           `, did you mean "keepVersions"?`,
		"Petal.Length":          `, did you mean "petal_length"?`,
		"ownr":                  `, did you mean "owner"?`,
		"on":                    "",
		"":                      "",
		strings.Repeat("x", 60): "",
		strings.Repeat("x", 61): "",
	} {
		if got := words.Suggest(name, known); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestClip(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		strings.Repeat("x", 100):       strings.Repeat("x", 100),
		strings.Repeat("x", 101):       strings.Repeat("x", 100) + "…",
		strings.Repeat("x", 99) + "éé": strings.Repeat("x", 99) + "…", // no half letters
	} {
		if got := words.Clip(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
