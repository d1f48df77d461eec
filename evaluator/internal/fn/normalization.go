package fn

import (
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A normalizer applies one table to a text.
type normalizer struct {
	rows      []normalRow
	recursive bool
	tokenize  bool
	folds     bool // regardless of case
	distance  int
	split     *splitter
}

// A normalRow replaces by a regular expression, or a literal, which is whole words if the table tokenizes.
type normalRow struct {
	regex *replacement
	words []string
	stem  string
}

func newNormalizer(o *Normalization) (*normalizer, error) {
	if err := checkDistance(o.MaxLevenshteinDistance); err != nil {
		return nil, err
	}
	split, err := newSplitter(o.WordSeparatorCharacterRE, "", o.Tokenize)
	if err != nil {
		return nil, err
	}
	n := &normalizer{
		recursive: o.Recursive, tokenize: o.Tokenize, folds: !o.IsCaseSensitive, distance: o.MaxLevenshteinDistance, split: split,
	}
	for _, row := range o.Rows {
		r, err := n.row(row)
		if err != nil {
			return nil, err
		}
		n.rows = append(n.rows, r)
	}
	return n, nil
}

func (n *normalizer) row(row NormalizationRow) (r normalRow, err error) {
	if row.Regex || !n.tokenize {
		expression, stem := row.String, row.Stem
		if !row.Regex {
			expression, stem = `\Q`+strings.ReplaceAll(row.String, `\E`, `\E\\E\Q`)+`\E`, literalReplacement(row.Stem)
		}
		prefix := ""
		if n.folds {
			prefix = "(?i)"
		}
		r.regex, err = compileReplacement(expression, prefix, stem)
		return r, err
	}
	r.stem = row.Stem
	spans, err := n.split.spans(nil, row.String, nil)
	for _, at := range spans {
		r.words = append(r.words, row.String[at.start:at.end])
	}
	return r, err
}

// literalReplacement writes a text so that it stands for itself as a replacement.
func literalReplacement(text string) string {
	return strings.NewReplacer(`\`, `\\`, `$`, `\$`).Replace(text)
}

// normalize applies all rows in their order; a recursive table again and again, until nothing changes.
func (n *normalizer) normalize(text string, b *value.Budget) (string, error) {
	limit := len(text) + maxNormalGrowth
	for range maxPasses {
		before := text
		for i := range n.rows {
			var err error
			if text, err = n.rows[i].apply(n, text, b); err != nil || len(text) > limit {
				return text, err
			}
		}
		if !n.recursive || text == before {
			break
		}
	}
	return text, nil
}

func (r *normalRow) apply(n *normalizer, text string, b *value.Budget) (string, error) {
	if r.regex != nil {
		return r.regex.apply(text, b)
	}
	return n.replaceWords(text, r, b)
}

// replaceWords replaces the row's words where they stand one after the other in text; what is between them goes too.
func (n *normalizer) replaceWords(text string, r *normalRow, budget *value.Budget) (string, error) {
	spans, err := n.split.spans(nil, text, budget)
	if err != nil || len(r.words) == 0 {
		return text, err
	}
	if n.distance > 0 && !budget.Spend(distanceWork(len(text), r.words)) {
		return text, errTooLong
	}
	var b strings.Builder
	end := 0
	for at := 0; at+len(r.words) <= len(spans); at++ {
		window := spans[at : at+len(r.words)]
		if !n.near(text, window, r.words) {
			continue
		}
		if b.Len() > maxText {
			return "", errTooLong
		}
		b.WriteString(text[end:window[0].start])
		b.WriteString(r.stem)
		end = window[len(window)-1].end
		at += len(r.words) - 1
	}
	b.WriteString(text[end:])
	return b.String(), nil
}

// near says that the words in the window differ by no more letters than the table allows.
func (n *normalizer) near(text string, window []span, words []string) bool {
	left := n.distance
	for i, word := range words {
		a := text[window[i].start:window[i].end]
		if n.folds && strings.EqualFold(a, word) {
			continue
		}
		if n.folds && left > 0 {
			a, word = strings.ToLower(a), strings.ToLower(word)
		}
		if left -= levenshtein(a, word, left); left < 0 {
			return false
		}
	}
	return true
}
