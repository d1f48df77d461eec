package fn_test

import (
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// weigh gives the weight of a term in a text.
func weigh(t *testing.T, o fn.TextIndexOptions, text, term string) value.Cell {
	t.Helper()
	x, err := fn.NewTextIndex(o)
	if err != nil {
		t.Fatal(err)
	}
	var tokens fn.Tokens
	prepared, ok := x.Term(term, nil)
	if !ok || !x.Tokenize(&tokens, text, nil) {
		t.Fatalf("%q in %q took too long", term, text)
	}
	c := x.Weight(&tokens, &prepared, nil)
	if c.Type != x.Result() {
		t.Errorf("the weight is a %v, but a %v by Result", c.Type, x.Result())
	}
	return c
}

func TestTextIndex(t *testing.T) {
	const text = "The sun shines, the Sun sets; suns and sons: don't care. user_friendly! (end)"
	options := func(change func(*fn.TextIndexOptions)) fn.TextIndexOptions {
		o := fn.TextIndexOptions{Tokenize: true}
		if change != nil {
			change(&o)
		}
		return o
	}
	plain := options(nil)
	for _, test := range []struct {
		what    string
		options fn.TextIndexOptions
		text    string
		term    string
		want    float64
	}{
		{"any case", plain, text, "SUN", 2},
		{"punctuation is trimmed", plain, text, "end", 1},
		{"punctuation inside is not", plain, text, "don't", 1},
		{"several words", plain, text, "the sun", 2},
		{"not over another word", plain, text, "the shines", 0},
		{"longer than the text", plain, "a", "a b", 0},
		{"no word", plain, text, " .. ", 0},
		{"empty text", plain, "", "a", 0},
		{"overlapping", plain, "a a a a", "a a", 3},
		{"case", options(func(o *fn.TextIndexOptions) { o.IsCaseSensitive = true }), text, "Sun", 1},
		{"binary", options(func(o *fn.TextIndexOptions) { o.LocalTermWeights = fn.Binary }), text, "sun", 1},
		{"binary, none", options(func(o *fn.TextIndexOptions) { o.LocalTermWeights = fn.Binary }), text, "moon", 0},
		{"logarithmic", options(func(o *fn.TextIndexOptions) { o.LocalTermWeights = fn.Logarithmic }), strings.Repeat("a ", 99), "a", 2},
		{"augmented", options(func(o *fn.TextIndexOptions) { o.LocalTermWeights = fn.AugmentedNormalizedTermFrequency }), "a b b c b b c", "c", 0.75},
		{"augmented, most frequent", options(func(o *fn.TextIndexOptions) { o.LocalTermWeights = fn.AugmentedNormalizedTermFrequency }), "a b b c", "b", 1},
		{"augmented, none", options(func(o *fn.TextIndexOptions) { o.LocalTermWeights = fn.AugmentedNormalizedTermFrequency }), "a b", "c", 0},
		{"near, all", options(func(o *fn.TextIndexOptions) { o.MaxLevenshteinDistance = 1 }), text, "sun", 3},
		{"near, best", options(func(o *fn.TextIndexOptions) { o.MaxLevenshteinDistance, o.BestHits = 1, true }), text, "sun", 2},
		{"near, best is not exact", options(func(o *fn.TextIndexOptions) { o.MaxLevenshteinDistance, o.BestHits = 3, true }), text, "sunss", 1},
		{"near, the sum counts", options(func(o *fn.TextIndexOptions) { o.MaxLevenshteinDistance = 1 }), "thu sung", "the sun", 0},
		{"near, the sum fits", options(func(o *fn.TextIndexOptions) { o.MaxLevenshteinDistance = 2 }), "thu sung", "the sun", 1},
		{"separator", options(func(o *fn.TextIndexOptions) { o.WordSeparatorCharacterRE = `[;:,]\s*` }), "a b; c,d", "a b", 1},
		{"separator of one blank", options(func(o *fn.TextIndexOptions) { o.WordSeparatorCharacterRE = `\s` }), "a  b", "a b", 1},
		{"separator \\W+", options(func(o *fn.TextIndexOptions) { o.WordSeparatorCharacterRE = `\W+` }), "don't", "t", 1},
		{"words", options(func(o *fn.TextIndexOptions) { o.WordRE = `(?u)\b\w\w+\b` }), "é à-propos I'm été2 _x", "été2", 1},
		{"words of two letters only", options(func(o *fn.TextIndexOptions) { o.WordRE = `(?u)\b\w\w+\b` }), "I am a man", "i", 0},
		{"words of two letters, next to each other", options(func(o *fn.TextIndexOptions) { o.WordRE = `(?u)\b\w\w+\b` }), "I am a man", "am man", 1},
		{"words by a pattern", options(func(o *fn.TextIndexOptions) { o.WordRE = `[a-z]{3,}` }), "an ant, ants", "ant", 1},
		{"one word", options(func(o *fn.TextIndexOptions) { o.Tokenize = false }), "a b", "A B", 1},
		{"a part of one word", options(func(o *fn.TextIndexOptions) { o.Tokenize = false }), "a b", "a", 0},
	} {
		if got := weigh(t, test.options, test.text, test.term).Float64(); got != test.want {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
}

// TestNormalization begins with the standard's example: two tables, the second of which sees what the first made.
func TestNormalization(t *testing.T) {
	words := fn.Normalization{Tokenize: true, Rows: []fn.NormalizationRow{
		{String: "interfaces?", Stem: "interface", Regex: true},
		{String: "is|are|seem(ed|s?)|were", Stem: "be", Regex: true},
		{String: "user friendl(y|iness)", Stem: "user_friendly", Regex: true},
	}}
	phrases := fn.Normalization{Tokenize: true, Rows: []fn.NormalizationRow{
		{String: "interface be (user_friendly|well designed|excellent)", Stem: "ui_good", Regex: true},
	}}
	literal := func(rows ...fn.NormalizationRow) fn.Normalization {
		return fn.Normalization{Tokenize: true, Rows: rows}
	}
	row := func(from, to string) fn.NormalizationRow { return fn.NormalizationRow{String: from, Stem: to} }
	near := literal(row("color", "hue"))
	near.MaxLevenshteinDistance = 1
	cased := literal(row("US", "usa"))
	cased.IsCaseSensitive = true
	whole := literal(row("a.b", "$1"))
	whole.Tokenize = false
	stop := fn.Normalization{Recursive: true, Rows: []fn.NormalizationRow{{String: `(\W+)(of|the)(\W+)`, Stem: " ", Regex: true}}}
	endless := fn.Normalization{Recursive: true, Rows: []fn.NormalizationRow{{String: "a", Stem: "aa", Regex: true}}}
	groups := fn.Normalization{Rows: []fn.NormalizationRow{{String: `(\w+)ing`, Stem: "$1", Regex: true}}}
	for _, test := range []struct {
		what   string
		tables []fn.Normalization
		text   string
		term   string
		want   float64
	}{
		{"the standard's example", []fn.Normalization{words, phrases}, "Testing the app for a few days convinced me the interfaces are excellent!", "ui_good", 1},
		{"a literal is whole words", []fn.Normalization{literal(row("is", "be"))}, "This is it", "this", 1},
		{"a literal is replaced", []fn.Normalization{literal(row("is", "be"))}, "This IS it", "be", 1},
		{"several words", []fn.Normalization{literal(row("well  designed", "good"))}, "it is well designed, well designed!", "good", 2},
		{"near", []fn.Normalization{near}, "the colour", "hue", 1},
		{"case", []fn.Normalization{cased}, "us in the US", "usa", 1},
		{"not tokenized", []fn.Normalization{whole}, "xa.bx", "x$1x", 1},
		{"recursive", []fn.Normalization{stop}, "one of the of two", "one two", 1},
		{"not recursive", []fn.Normalization{{Rows: stop.Rows}}, "one of the two", "one two", 0},
		{"groups", []fn.Normalization{groups}, "sleeping", "sleep", 1},
		{"without end", []fn.Normalization{endless}, "b a", "b", 1},
	} {
		options := fn.TextIndexOptions{Tokenize: true, Normalizations: test.tables}
		if got := weigh(t, options, test.text, test.term).Float64(); got != test.want {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
}

func TestBadTextIndex(t *testing.T) {
	for _, test := range []struct {
		options fn.TextIndexOptions
		want    string
	}{
		{fn.TextIndexOptions{Tokenize: true, WordSeparatorCharacterRE: "("}, "regular expression"},
		{fn.TextIndexOptions{Tokenize: true, WordRE: "["}, "regular expression"},
		{fn.TextIndexOptions{MaxLevenshteinDistance: -1}, "Levenshtein"},
		{fn.TextIndexOptions{Normalizations: []fn.Normalization{{MaxLevenshteinDistance: 1000}}}, "Levenshtein"},
		{fn.TextIndexOptions{Normalizations: []fn.Normalization{{Rows: []fn.NormalizationRow{{String: "a", Stem: "$1", Regex: true}}}}}, "group"},
		{fn.TextIndexOptions{Normalizations: []fn.Normalization{{Tokenize: true, WordSeparatorCharacterRE: "("}}}, "regular expression"},
	} {
		if _, err := fn.NewTextIndex(test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v", test.options, err)
		}
	}
}

func TestTokensDoNotAllocate(t *testing.T) {
	x, err := fn.NewTextIndex(fn.TextIndexOptions{Tokenize: true, WordRE: `(?u)\b\w\w+\b`})
	if err != nil {
		t.Fatal(err)
	}
	var tokens fn.Tokens
	term, _ := x.Term("phone", nil)
	if n := testing.AllocsPerRun(10, func() {
		x.Tokenize(&tokens, "so there is no way for this phone to work", nil)
		x.Weight(&tokens, &term, nil)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzTextIndex wants an end, and as many hits as counting by hand gives.
func FuzzTextIndex(f *testing.F) {
	f.Add("a b a", "a", `\s+`, `\w+`, "b", "a", uint8(1))
	f.Add("don't stop", "stop", `\W+`, "", "(d)on", "$1", uint8(0))
	f.Fuzz(func(t *testing.T, text, term, separator, word, from, to string, flags uint8) {
		if len(text) > 300 || len(separator)+len(word)+len(from)+len(to) > 100 {
			return
		}
		options := fn.TextIndexOptions{
			LocalTermWeights: fn.LocalTermWeight(flags & 3), IsCaseSensitive: flags&4 != 0, MaxLevenshteinDistance: int(flags >> 3 & 3),
			BestHits: flags&32 != 0, Tokenize: flags&64 == 0, WordSeparatorCharacterRE: separator, WordRE: word,
			Normalizations: []fn.Normalization{{Tokenize: flags&64 == 0, Recursive: flags&8 != 0, MaxLevenshteinDistance: int(flags >> 4 & 3),
				Rows: []fn.NormalizationRow{{String: from, Stem: to, Regex: flags&128 != 0}}}},
		}
		x, err := fn.NewTextIndex(options)
		if err != nil {
			return
		}
		var tokens fn.Tokens
		prepared, ok := x.Term(term, nil)
		if !ok || !x.Tokenize(&tokens, text, nil) {
			return
		}
		if c := x.Weight(&tokens, &prepared, nil); c.State != value.Valid || c.Float64() < 0 {
			t.Fatalf("the weight of %q in %q is %v", term, text, c)
		}
	})
}
