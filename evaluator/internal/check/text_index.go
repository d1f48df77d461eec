package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A textIndex is a TextIndex as written.
type textIndex struct {
	text  reference
	term  term
	at    diag.Place // of the term
	index *fn.TextIndex
}

var localTermWeights = []string{"termFrequency", "binary", "logarithmic", "augmentedNormalizedTermFrequency"}

func (r formulaReader) textIndex(e *pmml.Element) term {
	r.c.attributes(e, "textField", "localTermWeights", "isCaseSensitive", "maxLevenshteinDistance", "countHits",
		"wordSeparatorCharacterRE", "tokenize", "x-wordRE")
	o := fn.TextIndexOptions{
		LocalTermWeights:       fn.LocalTermWeight(r.c.choice(e, "localTermWeights", localTermWeights...)),
		IsCaseSensitive:        r.c.boolean(e, "isCaseSensitive", false),
		MaxLevenshteinDistance: int(r.c.whole(e, "maxLevenshteinDistance", 0, 0)),
		BestHits:               r.c.choice(e, "countHits", "allHits", "bestHits") == 1,
		Tokenize:               r.c.boolean(e, "tokenize", true),
	}
	o.WordSeparatorCharacterRE, _ = e.Attr("wordSeparatorCharacterRE")
	o.WordRE, _ = e.Attr("x-wordRE")
	t := &textIndex{}
	text, ok := r.field(e, "textField")
	t.text = text
	for child := range e.Children() {
		switch name := child.Name(); {
		case name == "TextIndexNormalization":
			r.normalization(&o, child)
		case !isExpression(name):
			r.c.unknownElement(child, e)
		case t.term != nil:
			r.c.duplicateExpression(child, e)
		default:
			t.term, t.at = r.term(child), child.Place()
			ok = ok && t.term != nil
		}
	}
	if t.at == (diag.Place{}) {
		r.c.missingElement(e, "<Expression>")
		return nil
	}
	if !r.spendPatterns(e, &o) {
		return nil
	}
	index, err := fn.NewTextIndex(o)
	if err != nil {
		r.c.badPattern(e.Place(), "TextIndex", err)
		return nil
	}
	t.index = index
	if !ok {
		return nil
	}
	return t
}

// normalization reads a table of replacements. What it does not say itself is as its TextIndex says.
func (r formulaReader) normalization(o *fn.TextIndexOptions, e *pmml.Element) {
	r.c.attributes(e, "inField", "outField", "regexField", "recursive", "isCaseSensitive", "maxLevenshteinDistance",
		"wordSeparatorCharacterRE", "tokenize")
	n := fn.Normalization{
		IsCaseSensitive:          r.c.boolean(e, "isCaseSensitive", o.IsCaseSensitive),
		MaxLevenshteinDistance:   int(r.c.whole(e, "maxLevenshteinDistance", 0, int32(o.MaxLevenshteinDistance))),
		WordSeparatorCharacterRE: o.WordSeparatorCharacterRE,
		Tokenize:                 r.c.boolean(e, "tokenize", o.Tokenize),
		Recursive:                r.c.boolean(e, "recursive", false),
	}
	if text, ok := e.Attr("wordSeparatorCharacterRE"); ok {
		n.WordSeparatorCharacterRE = text
	}
	table := r.c.inlineTable(e, r.c.single(e, []string{"InlineTable", "TableLocator"}))
	if table == nil {
		return
	}
	columns := columnsOf(table)
	in, out := columns.find(attributeOr(e, "inField", "string")), columns.find(attributeOr(e, "outField", "stem"))
	regex := columns.find(attributeOr(e, "regexField", "regex"))
	for row := range table.Rows() {
		if in < 0 || out < 0 {
			r.c.inconsistent(e.Place(), "the table has no columns for what is replaced and by what")
			return
		}
		n.Rows = append(n.Rows, r.normalizationRow(table, row, in, out, regex))
	}
	o.Normalizations = append(o.Normalizations, n)
}

// spendPatterns counts the patterns of a text index.
func (r formulaReader) spendPatterns(e *pmml.Element, o *fn.TextIndexOptions) bool {
	ok := r.c.spendPattern(e.Place(), o.WordSeparatorCharacterRE) && r.c.spendPattern(e.Place(), o.WordRE)
	for i := range o.Normalizations {
		for _, row := range o.Normalizations[i].Rows {
			if row.Regex {
				ok = ok && r.c.spendPattern(e.Place(), row.String)
			}
		}
	}
	return ok
}

func attributeOr(e *pmml.Element, attr, def string) string {
	if text, ok := e.Attr(attr); ok {
		return text
	}
	return def
}

// normalizationRow reads a replacement. The pattern must be there; without a replacement it is taken away.
func (r formulaReader) normalizationRow(t *pmml.Table, row, in, out, regex int) fn.NormalizationRow {
	var n fn.NormalizationRow
	var ok bool
	if n.String, ok = t.Cell(row, in); !ok {
		r.c.inconsistent(t.Place(row), "the row does not say what is replaced")
	}
	n.Stem, _ = t.Cell(row, out)
	if regex < 0 {
		return n
	}
	if text, ok := t.Cell(row, regex); ok {
		b, ok := value.Parse(value.Boolean, text, nil)
		if !ok {
			r.c.invalidValue(t.Place(row), text, "true or false")
		}
		n.Regex = b.True()
	}
	return n
}

func (t *textIndex) resolve(r *resolver, _ value.Type) (expr.Expr, value.Type) {
	text := r.operand(t.text)
	if text.typ != value.NoType && text.typ != value.String {
		r.c.wrongOperand(t.text.at, text.name, text.typ, "text")
	}
	word, typ := t.term.resolve(r, value.String)
	if typ != value.NoType && typ != value.String {
		r.c.wrongTerm(t.at, typ)
	}
	return &expr.TextIndex{Text: text.x, Term: word, Index: t.index}, t.index.Result()
}
