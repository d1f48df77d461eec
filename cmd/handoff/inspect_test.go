package main

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestInspectWraps: on a terminal no line is longer than it, and what is wrapped stays in its column.
func TestInspectWraps(t *testing.T) {
	values := strings.Fields(strings.Repeat("value ", 8))
	d := description{
		Structure: "decision tree", Model: "TreeModel", MiningFunction: "classification",
		Inputs: []fieldDescription{
			{Name: "colour", DataType: "string", OpType: "categorical", Values: values, InvalidTreatment: "returnInvalid"},
			{Name: strings.Repeat("long", 40), DataType: "string", OpType: "categorical", InvalidTreatment: "asIs"},
		},
	}
	for _, width := range []int{0, 110, 120} {
		var b bytes.Buffer
		out := bufio.NewWriter(&b)
		page{out: out, width: width}.print(d)
		out.Flush() //nolint:errcheck // into memory
		wrapped := false
		for line := range strings.SplitSeq(b.String(), "\n") {
			if width > 0 && utf8.RuneCountInString(line) > width {
				t.Errorf("width %d: %q", width, line)
			}
			wrapped = wrapped || strings.HasPrefix(line, strings.Repeat(" ", 70)+"  ") && strings.TrimSpace(line) != ""
		}
		if wrapped != (width > 0) {
			t.Errorf("width %d: wrapped %v:\n%s", width, wrapped, b.String())
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"short", 30, "short"},
		{"one two three four five six seven", 24, "one two three four five|six seven"},
		{"one two three four five six seven", 10, "one two three four five six seven"}, // no room for reading
		{"one two three four five six seven", 0, "one two three four five six seven"},
		{"  one two three four five six seven", 24, "  one two three four|  five six seven"},
		{strings.Repeat("x", 40) + " y", 24, strings.Repeat("x", 40) + "|y"},
	} {
		if got := strings.Join(wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}
