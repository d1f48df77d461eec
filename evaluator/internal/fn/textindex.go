package fn

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A LocalTermWeight says what is made of the number of hits.
type LocalTermWeight uint8

// The local term weights; the zero one is the default.
const (
	TermFrequency                    LocalTermWeight = iota // the number of hits
	Binary                                                  // 1 if there is a hit, else 0
	Logarithmic                                             // log10(1 + hits)
	AugmentedNormalizedTermFrequency                        // 0.5·(1 + hits / hits of the most frequent word), 0 without a hit
)

// TextIndexOptions are the attributes and tables of a TextIndex element, defaults applied.
type TextIndexOptions struct {
	LocalTermWeights         LocalTermWeight
	IsCaseSensitive          bool
	MaxLevenshteinDistance   int
	BestHits                 bool   // countHits is bestHits
	WordSeparatorCharacterRE string // what is between words; none means \s+
	WordRE                   string // x-wordRE: what is a word; it goes before WordSeparatorCharacterRE
	Tokenize                 bool
	Normalizations           []Normalization
}

// A Normalization is a TextIndexNormalization element, with what it inherits from its TextIndex filled in.
type Normalization struct {
	IsCaseSensitive          bool
	MaxLevenshteinDistance   int
	WordSeparatorCharacterRE string
	Tokenize                 bool
	Recursive                bool
	Rows                     []NormalizationRow
}

// A NormalizationRow replaces a text by another, blanks included.
type NormalizationRow struct {
	String, Stem string
	Regex        bool // String is a regular expression, Stem may have its groups
}

// Bounds of a text index.
const (
	maxLevenshtein  = 255
	maxPasses       = 100     // of a recursive normalization
	maxNormalGrowth = 1 << 20 // bytes that normalizations may add to a text
)

// A TextIndex counts how often terms occur in texts. It never changes.
type TextIndex struct {
	key        TextIndexKey
	options    TextIndexOptions
	split      *splitter
	normalizer []*normalizer
}

// A TextIndexKey is equal for text indexes of equal options.
type TextIndexKey [sha256.Size]byte

// Key tells whether the words that x makes of a text are also those of another.
func (x *TextIndex) Key() TextIndexKey { return x.key }

// NewTextIndex prepares a text index; the error says which option is bad.
func NewTextIndex(o TextIndexOptions) (*TextIndex, error) {
	if err := checkDistance(o.MaxLevenshteinDistance); err != nil {
		return nil, err
	}
	x := &TextIndex{key: sha256.Sum256(fmt.Appendf(nil, "%#v", o)), options: o}
	var err error
	if x.split, err = newSplitter(o.WordSeparatorCharacterRE, o.WordRE, o.Tokenize); err != nil {
		return nil, err
	}
	for i := range o.Normalizations {
		n, err := newNormalizer(&o.Normalizations[i])
		if err != nil {
			return nil, err
		}
		x.normalizer = append(x.normalizer, n)
	}
	return x, nil
}

func checkDistance(n int) error {
	if n < 0 || n > maxLevenshtein {
		return fmt.Errorf("a Levenshtein distance of %d; it may be 0 to %d", n, maxLevenshtein)
	}
	return nil
}

// Options gives what x was made of, for encoding.
func (x *TextIndex) Options() TextIndexOptions { return x.options }

// Result is the type of Weight's cells.
func (x *TextIndex) Result() value.Type {
	if x.options.LocalTermWeights <= Binary {
		return value.Integer
	}
	return value.Double
}

// Tokens are the words of one text, as one TextIndex sees them. The zero Tokens can be used again and again; after some
// texts it has the memory it needs.
type Tokens struct {
	words []string
	bytes int     // of the text
	heads []int32 // of chains of words by hash: index + 1
	next  []int32
	ranks []int32 // of each word: how often it stood there up to here; empty until it is asked for
	spans []span
}

// Tokenize makes dst the words of text, after all normalizations. ok is false if that is more work than b allows.
func (x *TextIndex) Tokenize(dst *Tokens, text string, b *value.Budget) (ok bool) {
	const each = 256 // a word is kept with all that finding it takes
	var err error
	for _, n := range x.normalizer {
		if text, err = n.normalize(text, b); err != nil {
			b.Exhaust()
			return false
		}
	}
	if dst.spans, err = x.split.spans(dst.spans[:0], text, b); err != nil || !b.Spend(each*len(dst.spans)) {
		b.Exhaust()
		return false
	}
	dst.words, dst.bytes = x.words(dst.words[:0], text, dst.spans), len(text)
	dst.index()
	return true
}

// words appends the words of a text or a term as they are compared.
func (x *TextIndex) words(dst []string, text string, spans []span) []string {
	for _, at := range spans {
		word := text[at.start:at.end]
		if !x.options.IsCaseSensitive {
			word = strings.ToLower(word)
		}
		dst = append(dst, word)
	}
	return dst
}

// index builds the chains, so that finding a word does not depend on the length of the text.
func (t *Tokens) index() {
	size := 8
	for size < 2*len(t.words) {
		size *= 2
	}
	if cap(t.heads) < size {
		t.heads = make([]int32, size)
	}
	t.heads = t.heads[:size]
	clear(t.heads)
	t.next = t.next[:0]
	t.ranks = t.ranks[:0]
	for i, word := range t.words {
		h := hash(word) & uint32(size-1)
		t.next = append(t.next, t.heads[h])
		t.heads[h] = int32(i + 1)
	}
}

// hash is FNV-1a.
func hash(text string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(text); i++ {
		h = (h ^ uint32(text[i])) * 16777619
	}
	return h
}

// A Term is what is looked for: one word or several.
type Term struct {
	words []string
	hash  uint32
}

// Term prepares a term. It is taken apart as texts are, but not normalized: the tables are for texts. ok is false if that
// is more work than b allows.
func (x *TextIndex) Term(text string, b *value.Budget) (t Term, ok bool) {
	spans, err := x.split.spans(nil, text, b)
	if err != nil {
		return Term{}, false
	}
	t.words = x.words(nil, text, spans)
	if len(t.words) > 0 {
		t.hash = hash(t.words[0])
	}
	return t, true
}

// Weight gives the weight of a term in a text: an Integer, or a Double where the weight is not a count. It is Undefined if
// that is more work than b allows.
func (x *TextIndex) Weight(text *Tokens, term *Term, b *value.Budget) value.Cell {
	hits := x.hits(text, term, b)
	if hits < 0 {
		return value.Undefined()
	}
	switch x.options.LocalTermWeights {
	case Binary:
		return value.IntegerOf(int64(min(hits, 1)))
	case Logarithmic:
		return value.DoubleOf(math.Log10(1 + float64(hits)))
	case AugmentedNormalizedTermFrequency:
		if hits == 0 {
			return value.DoubleOf(0)
		}
		most := text.mostFrequent(b)
		if most < 0 {
			return value.Undefined()
		}
		return value.DoubleOf(0.5 * (1 + float64(hits)/float64(max(most, hits))))
	}
	return value.IntegerOf(int64(hits))
}

// hits counts where a term stands in a text; it is negative if that is more work than b allows.
func (x *TextIndex) hits(text *Tokens, term *Term, b *value.Budget) int {
	switch {
	case len(term.words) == 0 || len(term.words) > len(text.words):
		return 0
	case x.options.MaxLevenshteinDistance == 0:
		return text.count(term.words, term.hash, b)
	case !b.Spend(distanceWork(text.bytes, term.words)):
		return -1
	}
	return x.nearHits(text.words, term.words)
}

// count counts the places where words stand one after the other. A text can have been made so that the chains are long.
func (t *Tokens) count(words []string, hash uint32, b *value.Budget) (n int) {
	for i := t.heads[hash&uint32(len(t.heads)-1)]; i != 0; i = t.next[i-1] {
		if !b.Spend(len(words)) {
			return -1
		}
		if at := int(i - 1); at+len(words) <= len(t.words) && equalWords(t.words[at:at+len(words)], words) {
			n++
		}
	}
	return n
}

func equalWords(a, b []string) bool {
	for i := range b {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// mostFrequent gives the frequency of the most frequent word; it is negative if that is more work than b allows.
func (t *Tokens) mostFrequent(b *value.Budget) (most int) {
	for i := len(t.ranks); i < len(t.words); i++ {
		rank := int32(1)
		for before := t.next[i]; before != 0; before = t.next[before-1] {
			if !b.Spend(1) {
				return -1
			}
			if t.words[before-1] == t.words[i] {
				rank = t.ranks[before-1] + 1
				break
			}
		}
		t.ranks = append(t.ranks, rank)
	}
	for _, rank := range t.ranks {
		most = max(most, int(rank))
	}
	return most
}

// nearHits counts the places where the words stand, or words that differ by few letters altogether; with bestHits only
// those that differ the least.
func (x *TextIndex) nearHits(text, term []string) (n int) {
	limit := x.options.MaxLevenshteinDistance
	for at := 0; at+len(term) <= len(text); at++ {
		d := distance(text[at:at+len(term)], term, limit)
		switch {
		case d > limit:
		case x.options.BestHits && d < limit:
			limit, n = d, 1
		default:
			n++
		}
	}
	return n
}
