package intern_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/intern"
)

func TestTexts(t *testing.T) {
	var texts intern.Texts
	long := strings.Repeat("long ", 200_000)
	want := []string{"a", "", "b", long, "ä", "a b"}
	for i, s := range want {
		if n, added := texts.Add(s); n != i || !added {
			t.Errorf("%.10q is number %d, new %v", s, n, added)
		}
	}
	for i, s := range want {
		if n, added := texts.Add(s); n != i || added {
			t.Errorf("%.10q again is number %d, new %v", s, n, added)
		}
	}
	if !slices.Equal(texts.List(), want) || texts.Len() != len(want) {
		t.Errorf("%d texts, want %d", texts.Len(), len(want))
	}
}

// TestViewsStay adds so many texts that everything moves, and looks at those that were given out before.
func TestViewsStay(t *testing.T) {
	var texts intern.Texts
	var views []string
	for i := range 300_000 {
		n, _ := texts.Add(fmt.Sprint("text ", i))
		views = append(views, texts.Text(n))
	}
	for i, v := range views {
		if want := fmt.Sprint("text ", i); v != want || texts.Text(i) != want {
			t.Fatalf("text %d is %q, then %q", i, v, texts.Text(i))
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	all := make([]string, 100_000)
	for i := range all {
		all[i] = fmt.Sprint("text ", i)
	}
	for b.Loop() {
		var texts intern.Texts
		for _, s := range all {
			texts.Add(s)
		}
	}
}
