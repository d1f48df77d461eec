package fn

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// Limits of patterns: a document brings them, every record runs them.
const (
	maxPattern  = 64 << 10
	maxGroups   = 1000 // nested
	matchLimit  = 100 * time.Millisecond
	matchTrials = 3
	maxMatches  = 1 << 20 // with their groups, in one text
)

// A pattern is a regular expression in the dialect that Java, Python and PCRE share. The standard library runs it, in
// linear time; regexp2 runs what that cannot: patterns with look-around or back references, and the texts about which
// the dialects differ.
type pattern struct {
	linear      *regexp.Regexp  // nil if the pattern has what it cannot do
	complete    *regexp2.Regexp // nil if linear does for all texts
	words, ends bool            // the meaning depends on word boundaries, on the end of a line
	size        int             // see PatternSize
}

// compilePattern compiles a regular expression; prefix is put before it, such as (?i).
func compilePattern(expression, prefix string) (*pattern, error) {
	t := translator{in: expression}
	if err := t.run(); err != nil {
		return nil, err
	}
	p := &pattern{words: t.words, ends: t.ends, size: PatternSize(expression)}
	var err error
	if !t.backtracks {
		if p.linear, err = regexp.Compile(prefix + t.linear.String()); err == nil && !t.words && !t.ends {
			return p, nil
		}
	}
	complete, err2 := regexp2.Compile(prefix+t.complete.String(), regexp2.None)
	if err2 != nil {
		if err == nil {
			err = err2
		}
		return nil, fmt.Errorf("regular expression %s: %w", shorten(expression), err)
	}
	complete.MatchTimeout = matchLimit
	p.complete = complete
	return p, nil
}

// shorten quotes a text for a message.
func shorten(text string) string {
	const limit = 60
	if len(text) > limit {
		return fmt.Sprintf("%.*q…", limit, text)
	}
	return fmt.Sprintf("%q", text)
}

// linearFor says that the standard library gives text the meaning of the dialect. Its word boundaries are those of
// ASCII, and its $ does not match before a newline that ends the text.
func (p *pattern) linearFor(text string) bool {
	switch {
	case p.complete == nil:
		return true
	case p.linear == nil, p.words && !isASCII(text), p.ends && strings.HasSuffix(text, "\n"):
		return false
	}
	return true
}

var errTimeout = errors.New("the regular expression takes too long")

// affords says that the budget is enough for matching text. At worst the standard library goes through the whole pattern
// for each byte of it.
func (p *pattern) affords(text string, b *value.Budget) bool {
	const each = 32 // for a byte, if little of the pattern is tried there
	return len(text) <= maxText && b.Spend(len(text)*(each+p.size/2))
}

// matches says that p matches some part of text.
func (p *pattern) matches(text string, b *value.Budget) (bool, error) {
	if !p.affords(text, b) {
		return false, errTimeout
	}
	if p.linearFor(text) {
		return p.linear.MatchString(text), nil
	}
	var found bool
	err := timed(b, func() (err error) {
		found, err = p.complete.MatchString(text)
		return err
	})
	return found, err
}

// timed runs a match that ends with an error when its time is over. The clock of regexp2 may be late on a starved machine
// and then end a match at once, so a match that had no time gets another. Much time counts as work, so that a record with
// many such matches ends as well.
func timed(b *value.Budget, match func() error) error {
	for range matchTrials {
		start := time.Now()
		err := match()
		took := time.Since(start)
		if took > matchLimit/10 && !b.Spend(int(took)) {
			return errTimeout
		}
		if err == nil || err == errTooLong {
			return err
		}
		if took > matchLimit/2 {
			break
		}
	}
	return errTimeout
}

// find gives the places of all matches in text: for each the byte offsets of the whole and of its groups, -1 where a
// group took no part.
func (p *pattern) find(text string, b *value.Budget) ([][]int, error) {
	if !p.affords(text, b) {
		return nil, errTimeout
	}
	most := maxMatches / (1 + p.groups())
	if p.linearFor(text) {
		all := p.linear.FindAllStringSubmatchIndex(text, most+1)
		if len(all) > most {
			return nil, errTooLong
		}
		return all, nil
	}
	offsets := runeOffsets(text)
	var all [][]int
	err := timed(b, func() error {
		all = all[:0]
		m, err := p.complete.FindStringMatch(text)
		for m != nil && err == nil {
			if len(all) == most {
				return errTooLong
			}
			all = append(all, places(m, offsets))
			m, err = p.complete.FindNextMatch(m)
		}
		return err
	})
	return all, err
}

// runeOffsets gives the byte offset of each character, and the length.
func runeOffsets(text string) []int {
	offsets := make([]int, 0, len(text)+1)
	for i := range text {
		offsets = append(offsets, i)
	}
	return append(offsets, len(text))
}

func places(m *regexp2.Match, offsets []int) []int {
	var ends []int
	for _, g := range m.Groups() {
		if len(g.Captures) == 0 {
			ends = append(ends, -1, -1)
			continue
		}
		ends = append(ends, offsets[g.Index], offsets[g.Index+g.Length])
	}
	return ends
}

// group gives the number of a named group, or -1; count is the number of groups.
func (p *pattern) group(name string) int {
	if p.linear != nil {
		return p.linear.SubexpIndex(name)
	}
	return p.complete.GroupNumberFromName(name)
}

func (p *pattern) groups() int {
	if p.linear != nil {
		return p.linear.NumSubexp()
	}
	return len(p.complete.GetGroupNumbers()) - 1
}
