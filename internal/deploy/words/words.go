// Package words has what messages about files of a model are made of.
package words

import (
	"fmt"
	"slices"
	"strings"
)

// Clip keeps a message readable when what it quotes is long.
func Clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// Suggest asks for the known name that is most like a wrong one: ", did you mean …?". It is empty if none is.
func Suggest(name string, known []string) string {
	const longest = 60 // of the names that are compared: distances take time
	if len(name) > longest {
		return ""
	}
	best, least := "", 1+max(1, len(name)/3)
	for _, k := range slices.Sorted(slices.Values(known)) {
		if len(k) > longest {
			continue
		}
		if d := distance(fold(name), fold(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// fold makes names alike that people mix up.
func fold(s string) []rune {
	return []rune(strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(s)))
}

// distance counts the letters to insert, delete or replace between two names (Levenshtein).
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			next := min(row[j+1], row[j]) + 1
			if x == y {
				next = min(next, diagonal)
			} else {
				next = min(next, diagonal+1)
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

// Quantity gives a number with its noun, whose plural ends in s.
func Quantity(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
