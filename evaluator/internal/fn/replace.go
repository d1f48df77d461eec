package fn

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// prepareMatches compiles a constant pattern.
func prepareMatches(consts []*string) (Eval, error) {
	if consts[1] == nil {
		return matches, nil
	}
	p, err := compilePattern(*consts[1], "")
	if err != nil {
		return nil, err
	}
	return func(s *value.Strings, args []value.Cell) value.Cell {
		return matchesPattern(p, textOf(s, args[0]), s.Budget())
	}, nil
}

func matches(s *value.Strings, args []value.Cell) value.Cell {
	p, err := compilePattern(textOf(s, args[1]), "")
	if err != nil {
		return value.Undefined()
	}
	return matchesPattern(p, textOf(s, args[0]), s.Budget())
}

func matchesPattern(p *pattern, text string, b *value.Budget) value.Cell {
	found, err := p.matches(text, b)
	if err != nil {
		return value.Undefined()
	}
	return value.BooleanOf(found)
}

// prepareReplace compiles a constant pattern with a constant replacement.
func prepareReplace(consts []*string) (Eval, error) {
	if consts[1] == nil || consts[2] == nil {
		return replace, nil
	}
	r, err := compileReplacement(*consts[1], "", *consts[2])
	if err != nil {
		return nil, err
	}
	return func(s *value.Strings, args []value.Cell) value.Cell { return r.eval(s, args[0]) }, nil
}

func replace(s *value.Strings, args []value.Cell) value.Cell {
	r, err := compileReplacement(textOf(s, args[1]), "", textOf(s, args[2]))
	if err != nil {
		return value.Undefined()
	}
	return r.eval(s, args[0])
}

// A replacement replaces all matches of a pattern.
type replacement struct {
	pattern *pattern
	parts   []part
}

// A part of a replacement is a text, or a group of the match if group is not negative.
type part struct {
	text  string
	group int
}

func compileReplacement(expression, prefix, with string) (*replacement, error) {
	p, err := compilePattern(expression, prefix)
	if err != nil {
		return nil, err
	}
	r := &replacement{pattern: p}
	if r.parts, err = parseReplacement(with, p); err != nil {
		return nil, fmt.Errorf("replacement %s: %w", shorten(with), err)
	}
	return r, nil
}

func (r *replacement) eval(s *value.Strings, c value.Cell) value.Cell {
	text := textOf(s, c)
	replaced, err := r.apply(text, s.Budget())
	switch {
	case err != nil:
		return value.Undefined()
	case replaced == text && c.Type == value.String:
		return c
	}
	return made(s, replaced)
}

// apply gives text with all matches replaced.
func (r *replacement) apply(text string, budget *value.Budget) (string, error) {
	all, err := r.pattern.find(text, budget)
	if err != nil || len(all) == 0 {
		return text, err
	}
	var b strings.Builder
	end := 0
	for _, match := range all {
		b.WriteString(text[end:match[0]])
		for _, p := range r.parts {
			switch {
			case b.Len() > maxText:
				return "", errTooLong
			case p.group < 0:
				b.WriteString(p.text)
			case match[2*p.group] >= 0:
				b.WriteString(text[match[2*p.group]:match[2*p.group+1]])
			}
		}
		end = match[1]
	}
	b.WriteString(text[end:])
	return b.String(), nil
}

// parseReplacement reads Java's and Python's ways of writing: $1, ${1}, ${name}, \1, \g<1>, \g<name> are groups, $0 the
// whole match; $$ and \$ are a dollar, \\ is a backslash.
func parseReplacement(text string, p *pattern) ([]part, error) {
	r := replacementParser{rest: text, pattern: p}
	for r.rest != "" {
		c, next := r.rest[0], byte(0)
		if len(r.rest) > 1 {
			next = r.rest[1]
		}
		var err error
		switch {
		case c != '$' && c != '\\':
			r.literal(1)
		case next == 0:
			err = fmt.Errorf("a single %c at the end", c)
		case next >= '0' && next <= '9':
			err = r.number()
		case c == '$' && next == '{':
			err = r.name("${", "}")
		case c == '\\' && next == 'g':
			err = r.name(`\g<`, ">")
		case c == '$' && next != '$':
			err = errors.New("a $ that names no group")
		default:
			r.rest = r.rest[1:]
			r.literal(1)
		}
		if err != nil {
			return nil, err
		}
	}
	return r.parts, nil
}

type replacementParser struct {
	rest    string
	pattern *pattern
	parts   []part
}

// literal takes n bytes as they are.
func (r *replacementParser) literal(n int) {
	if last := len(r.parts) - 1; last >= 0 && r.parts[last].group < 0 {
		r.parts[last].text += r.rest[:n]
	} else {
		r.parts = append(r.parts, part{text: r.rest[:n], group: -1})
	}
	r.rest = r.rest[n:]
}

// number takes as many digits as make the number of a group that there is, at least one.
func (r *replacementParser) number() error {
	group, end := int(r.rest[1]-'0'), 2
	for end < len(r.rest) && r.rest[end] >= '0' && r.rest[end] <= '9' {
		longer := group*10 + int(r.rest[end]-'0')
		if longer > r.pattern.groups() {
			break
		}
		group = longer
		end++
	}
	return r.add(group, strconv.Itoa(group), end)
}

// name takes the name or the number of a group between open and end.
func (r *replacementParser) name(open, end string) error {
	if !strings.HasPrefix(r.rest, open) {
		return fmt.Errorf("%s expected", open)
	}
	name, _, found := strings.Cut(r.rest[len(open):], end)
	if !found {
		return fmt.Errorf("%s without %s", open, end)
	}
	group, err := strconv.Atoi(name)
	if err != nil {
		group = r.pattern.group(name)
	}
	return r.add(group, name, len(open)+len(name)+len(end))
}

// add takes a group that was written with n bytes.
func (r *replacementParser) add(group int, name string, n int) error {
	if group < 0 || group > r.pattern.groups() {
		return fmt.Errorf("the pattern has no group %s", name)
	}
	r.parts = append(r.parts, part{group: group})
	r.rest = r.rest[n:]
	return nil
}
