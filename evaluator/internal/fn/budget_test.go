package fn_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// TestLongTexts gives functions texts and patterns that together would take minutes or gigabytes: each ends soon, without
// a result.
func TestLongTexts(t *testing.T) {
	blanks := strings.Repeat("a ", 4<<20)
	for _, test := range []struct {
		name  string
		apply func(s *value.Strings) value.Cell
	}{
		{"concat that doubles", func(s *value.Strings) value.Cell {
			c := s.Cell("ab")
			for range 40 {
				c = evaluate(t, s, "concat", c, c)
			}
			return c
		}},
		{"many long texts", func(s *value.Strings) value.Cell {
			c := s.Cell(blanks)
			for range 1000 {
				c = evaluate(t, s, "concat", s.Cell(blanks), value.IntegerOf(1))
			}
			return c
		}},
		{"concat of many arguments", func(s *value.Strings) value.Cell {
			args := make([]value.Cell, 10_000)
			for i := range args {
				args[i] = s.Cell(blanks)
			}
			return evaluate(t, s, "concat", args...)
		}},
		{"too many matches", func(s *value.Strings) value.Cell {
			return evaluate(t, s, "replace", s.Cell(blanks), s.Cell("a?"), s.Cell("b"))
		}},
		{"too many matches that go back", func(s *value.Strings) value.Cell {
			return evaluate(t, s, "replace", s.Cell(blanks), s.Cell("(?=a)a"), s.Cell("b"))
		}},
		{"a large pattern", func(s *value.Strings) value.Cell {
			return evaluate(t, s, "matches", s.Cell(strings.Repeat("a", 4<<20)), s.Cell("(a{1,500}){2}b"))
		}},
		{"many patterns that go back", func(s *value.Strings) value.Cell {
			text, c := s.Cell(strings.Repeat("a", 40)), value.Cell{}
			for i := range 100 {
				c = evaluate(t, s, "matches", text, s.Cell(fmt.Sprintf(`^(a+)+\1b{%d}$`, i+1)))
			}
			return c
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			got := test.apply(value.NewStrings(nil, nil))
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if got.State != value.Invalid {
				t.Errorf("gave %v", got)
			}
		})
	}
}

func evaluate(t *testing.T, s *value.Strings, name string, args ...value.Cell) value.Cell {
	t.Helper()
	f, ok := fn.Lookup(name)
	if !ok {
		t.Fatalf("there is no function %s", name)
	}
	return f.Missing.Call(f.Eval, s, args)
}

// TestCostlyTextIndex does the same with tables and terms.
func TestCostlyTextIndex(t *testing.T) {
	rows := make([]fn.NormalizationRow, 5000)
	for i := range rows {
		rows[i] = fn.NormalizationRow{String: fmt.Sprintf("a%d", i), Stem: fmt.Sprintf("a%d", i+1), Regex: true}
	}
	colliding := strings.Repeat("a b ", 1<<18)
	for _, test := range []struct {
		name    string
		options fn.TextIndexOptions
		text    string
		terms   int
	}{
		{"words", fn.TextIndexOptions{Tokenize: true}, strings.Repeat("a ", 4<<20), 1},
		{"normalization", fn.TextIndexOptions{Tokenize: true, Normalizations: []fn.Normalization{{Tokenize: true, Recursive: true, Rows: rows}}}, colliding, 1},
		{"distance", fn.TextIndexOptions{Tokenize: true, MaxLevenshteinDistance: 200}, strings.Repeat(strings.Repeat("x", 900)+" ", 1000), 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			x, err := fn.NewTextIndex(test.options)
			if err != nil {
				t.Fatal(err)
			}
			var tokens fn.Tokens
			var budget value.Budget
			ok := x.Tokenize(&tokens, test.text, &budget)
			for i := 0; ok && i < test.terms; i++ {
				term, _ := x.Term(fmt.Sprintf("%d%s", i, strings.Repeat("y", 900)), &budget)
				ok = x.Weight(&tokens, &term, &budget).State == value.Valid
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if ok {
				t.Error("it was done, which cannot be")
			}
			if budget.Spend(0) {
				t.Error("some budget is left")
			}
		})
	}
}
