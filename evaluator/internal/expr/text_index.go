package expr

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A TextIndex weighs how often a term occurs in a text.
type TextIndex struct {
	Text, Term Expr
	Index      *fn.TextIndex
}

// A corpus keeps, in a frame, the words of the last text that a TextIndex saw and all terms that it was asked for: many
// features ask about one text.
type corpus struct {
	text   string
	known  bool // text has been taken apart
	tokens fn.Tokens
	terms  map[string]fn.Term
}

// What a frame remembers of terms that come with records.
const (
	maxTerms = 100_000
	maxTerm  = 1000 // bytes
)

// Eval gives a count or a weight; missing if the text or the term is.
func (e *TextIndex) Eval(f *Frame) value.Cell {
	text, term := e.Text.Eval(f), e.Term.Eval(f)
	for _, c := range [...]value.Cell{text, term} {
		switch {
		case c.State == value.Failed, c.State == value.Missing:
			return c
		case c.Type != value.String:
			return f.Fail("Expected string value, got " + quoted(c, f.Strings))
		}
	}
	if f.corpora == nil {
		f.corpora, f.shared = map[*TextIndex]*corpus{}, map[fn.TextIndexKey]*corpus{}
	}
	k := f.corpora[e]
	if k == nil {
		k = f.corpus(e.Index)
		f.corpora[e] = k
	}
	return k.weigh(f, e.Index, f.Strings.Text(text), f.Strings.Text(term))
}

// corpus gives what TextIndexes of equal options share.
func (f *Frame) corpus(x *fn.TextIndex) *corpus {
	k := f.shared[x.Key()]
	if k == nil {
		k = &corpus{terms: map[string]fn.Term{}}
		f.shared[x.Key()] = k
	}
	return k
}

func (k *corpus) weigh(f *Frame, x *fn.TextIndex, text, term string) value.Cell {
	const slow = "TextIndex: the text takes too long"
	budget := f.Strings.Budget()
	if !k.known || k.text != text {
		k.text, k.known = text, x.Tokenize(&k.tokens, text, budget)
		if !k.known {
			return f.Fail(slow)
		}
	}
	t, ok := k.terms[term]
	if !ok {
		if t, ok = x.Term(term, budget); !ok {
			return f.Fail(slow)
		}
		if len(k.terms) < maxTerms && len(term) <= maxTerm {
			k.terms[term] = t
		}
	}
	c := x.Weight(&k.tokens, &t, budget)
	if c.State == value.Invalid {
		return f.Fail(slow)
	}
	return c
}

func (e *TextIndex) code(c *codec.Coder) {
	Code(c, &e.Text)
	Code(c, &e.Term)
	var o fn.TextIndexOptions
	if !c.Reading() {
		o = e.Index.Options()
	}
	codec.Enum(c, &o.LocalTermWeights, fn.AugmentedNormalizedTermFrequency+1)
	c.Bool(&o.IsCaseSensitive)
	c.Int(&o.MaxLevenshteinDistance)
	c.Bool(&o.BestHits)
	c.String(&o.WordSeparatorCharacterRE)
	c.String(&o.WordRE)
	c.Bool(&o.Tokenize)
	codec.Slice(c, &o.Normalizations, 6, func(n *fn.Normalization) {
		c.Bool(&n.IsCaseSensitive)
		c.Int(&n.MaxLevenshteinDistance)
		c.String(&n.WordSeparatorCharacterRE)
		c.Bool(&n.Tokenize)
		c.Bool(&n.Recursive)
		codec.Slice(c, &n.Rows, 3, func(r *fn.NormalizationRow) {
			c.String(&r.String)
			c.String(&r.Stem)
			c.Bool(&r.Regex)
		})
	})
	if !c.Reading() || c.Err() != nil {
		return
	}
	x, err := fn.NewTextIndex(o)
	if err != nil {
		c.Failf("a text index: %v", err)
	}
	e.Index = x
}

func (e *TextIndex) print(p *Printer) {
	p.put("TextIndex(")
	e.Text.print(p)
	p.put(", ")
	e.Term.print(p)
	p.put(")")
}
