package check

import (
	"slices"
	"testing"
)

// TestVocabulary checks that the vocabulary of each version is complete in itself.
func TestVocabulary(t *testing.T) {
	kinds := []string{"", "boolean", "integer", "natural", "positive", "double", "share"}
	for _, version := range []string{"3.0", "3.1", "3.2", "4.0", "4.1", "4.2", "4.3", "4.4"} {
		v := vocabularyOf(version)
		if len(v.elements) < 150 {
			t.Errorf("%s has %d elements", version, len(v.elements))
		}
		for name, e := range v.elements {
			for attr, a := range e.attributes {
				if a.values == nil && !slices.Contains(kinds, a.kind) {
					t.Errorf("%s: %s@%s is of type %q", version, name, attr, a.kind)
				}
			}
			for _, child := range e.content.names {
				if v.elements[child] == nil {
					t.Errorf("%s: %s has a child %q", version, name, child)
				}
			}
			if e.content.list != "" && !slices.Contains(kinds, e.content.list) {
				t.Errorf("%s: %s is a list of %q", version, name, e.content.list)
			}
			if len(e.content.last) != len(e.content.names)+1 {
				t.Errorf("%s: %s has no content line", version, name)
			}
		}
	}
}
