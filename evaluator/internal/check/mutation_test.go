package check_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// A mutator makes documents out of others that are still well-formed: elements are taken away, doubled and exchanged,
// attributes get each other's values.
type mutator struct {
	r      *rand.Rand
	values []string
}

// A span is where an element stands.
type span struct{ start, end int }

var tagText = regexp.MustCompile(`<(/?)([A-Za-z:-]+)[^>]*?(/?)>`)

// elements gives where all elements but the root stand.
func elements(text string) []span {
	var all []span
	var open []int
	for _, m := range tagText.FindAllStringSubmatchIndex(text, -1) {
		switch {
		case m[3] > m[2]: // an end tag
			if len(open) > 1 {
				all = append(all, span{open[len(open)-1], m[1]})
			}
			open = open[:max(0, len(open)-1)]
		case m[7] > m[6]: // an empty element
			all = append(all, span{m[0], m[1]})
		default:
			open = append(open, m[0])
		}
	}
	return all
}

var valueText = regexp.MustCompile(`="([^"]*)"`)

func (m *mutator) mutate(text string) string {
	for range 1 + m.r.IntN(3) {
		all := elements(text)
		if len(all) < 2 {
			return text
		}
		s, other := all[m.r.IntN(len(all))], all[m.r.IntN(len(all))]
		switch m.r.IntN(5) {
		case 0:
			text = text[:s.start] + text[s.end:]
		case 1:
			text = text[:s.end] + text[s.start:s.end] + text[s.end:]
		case 2: // put a copy of one in the place of another
			text = text[:s.start] + text[other.start:other.end] + text[s.end:]
		default:
			values := valueText.FindAllStringSubmatchIndex(text, -1)
			v := values[1+m.r.IntN(len(values)-1)] // not the namespace
			text = text[:v[2]] + m.values[m.r.IntN(len(m.values))] + text[v[3]:]
		}
	}
	return text
}

// TestMutated checks thousands of changed documents: each is right or has faults, and nothing panics.
func TestMutated(t *testing.T) {
	var documents []string
	m := &mutator{r: rand.New(rand.NewPCG(1, 2)), values: []string{"", "1", "-1", "0.5", "x", "NaN", "1e999", "2147483648"}}
	files, _ := filepath.Glob("testdata/forms/*.pmml")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, string(b))
		for _, v := range valueText.FindAllStringSubmatch(string(b), -1) {
			m.values = append(m.values, v[1])
		}
	}
	right, wrong := 0, 0
	for range 5000 {
		text := m.mutate(documents[m.r.IntN(len(documents))])
		doc, err := pmml.Read(strings.NewReader(text), pmml.DefaultLimits())
		if err != nil {
			continue // a prefix lost its declaration
		}
		var c diag.Collector
		out := check.Check(doc, check.Options{}, &c, func(check.Model) {})
		if (out == nil) == c.OK() {
			t.Fatalf("the document is nil: %v\n%s", out == nil, text)
		}
		if out != nil {
			right++
		} else {
			wrong++
		}
	}
	t.Logf("%d right, %d wrong", right, wrong)
}
