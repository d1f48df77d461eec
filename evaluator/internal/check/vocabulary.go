package check

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// A vocabulary is what the documents of one version of PMML may have.
type vocabulary struct {
	version  string
	elements map[string]*elementRule
	values   map[string][]string
	groups   map[string]string
}

// An elementRule is what an element may have.
type elementRule struct {
	attributes   map[string]attributeRule
	required     []string
	content      content
	anyAttribute bool
}

// An attributeRule is the type of an attribute.
type attributeRule struct {
	kind   string   // boolean, integer, …, or "" for any text
	values []string // of an enumeration
}

//go:embed vocabulary.txt
var vocabularyText string

var vocabularies struct {
	sync.Mutex
	byVersion map[string]*vocabulary
}

// vocabularyOf gives the vocabulary of a version such as "4.4".
func vocabularyOf(version string) *vocabulary {
	vocabularies.Lock()
	defer vocabularies.Unlock()
	v := vocabularies.byVersion[version]
	if v == nil {
		v = readVocabulary(version)
		if vocabularies.byVersion == nil {
			vocabularies.byVersion = map[string]*vocabulary{}
		}
		vocabularies.byVersion[version] = v
	}
	return v
}

// readVocabulary reads the lines that hold for a version.
func readVocabulary(version string) *vocabulary {
	v := &vocabulary{version: version, elements: map[string]*elementRule{}, values: map[string][]string{}, groups: map[string]string{}}
	var element *elementRule
	for line := range strings.Lines(vocabularyText) {
		line = strings.TrimRight(line, "\r\n")
		if content, below := strings.CutPrefix(line, "\t"); below {
			if content, holds := v.holdsBefore(content); holds && element != nil {
				element.setContent(v, content)
			}
			continue
		}
		kind, rest, _ := strings.Cut(line, " ")
		head, body, _ := strings.Cut(rest, ":")
		name, holds := v.holds(head)
		if kind == "element" {
			element = nil
		}
		if !holds {
			continue
		}
		body = strings.TrimSpace(body)
		switch kind {
		case "values":
			v.values[name] = v.words(body)
		case "group":
			v.groups[name] = body
		case "element":
			element = v.readElement(name, body)
			v.elements[name] = element
		}
	}
	return v
}

func (v *vocabulary) words(body string) []string {
	var words []string
	for _, word := range strings.Fields(body) {
		if word, holds := v.holds(word); holds {
			words = append(words, word)
		}
	}
	return words
}

func (v *vocabulary) readElement(name, body string) *elementRule {
	e := &elementRule{attributes: map[string]attributeRule{}}
	for _, word := range v.words(body) {
		attr, kind, _ := strings.Cut(word, ":")
		attr, optional := strings.CutSuffix(attr, "?")
		if !optional {
			e.required = append(e.required, attr)
		}
		if kind == "*" {
			kind = name + "@" + attr
		}
		rule := attributeRule{kind: kind}
		if values := v.values[kind]; values != nil {
			rule = attributeRule{values: values}
		}
		e.attributes[attr] = rule
	}
	return e
}

// holds takes the range off the end of text and says whether the version lies in it.
func (v *vocabulary) holds(text string) (string, bool) {
	open := strings.LastIndexByte(text, '[')
	if open < 0 || !strings.HasSuffix(text, "]") || !strings.Contains(text[open:], ".") {
		return text, true // without a point the brackets belong to a value, such as dateDaysSince[1960]
	}
	return text[:open], v.within(text[open+1 : len(text)-1])
}

// holdsBefore is holds for a range at the beginning.
func (v *vocabulary) holdsBefore(text string) (string, bool) {
	versions, rest, found := strings.Cut(text, "] ")
	if !found || !strings.HasPrefix(versions, "[") {
		return text, true
	}
	return rest, v.within(versions[1:])
}

// within says that the version lies in a range such as "3.1-4.0". Versions have one digit before the point and one behind.
func (v *vocabulary) within(versions string) bool {
	from, to, isRange := strings.Cut(versions, "-")
	if !isRange {
		return v.version == versions
	}
	return from <= v.version && (to == "" || v.version <= to)
}

// A content is what may stand in an element.
type content struct {
	any  bool   // whatever
	text bool   // text
	list string // type of the members of a list, or ""

	// The automaton. State 0 is the beginning, and each further one is behind one child name of the expression, whose
	// name is names[state-1].
	names  []string
	follow [][]int32 // states that may come behind a state
	last   []bool    // whether the content may end in a state
}

// next gives the state behind a child.
func (c *content) next(state int32, name string) (int32, bool) {
	for _, to := range c.follow[state] {
		if c.names[to-1] == name {
			return to, true
		}
	}
	return state, false
}

// expected gives the names that may come behind a state.
func (c *content) expected(state int32) []string {
	var names []string
	for _, to := range c.follow[state] {
		if name := c.names[to-1]; name != "Extension" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// setContent reads the text of a content.
func (e *elementRule) setContent(v *vocabulary, text string) {
	c := &e.content
	for strings.HasPrefix(text, "#") {
		var word string
		word, text, _ = strings.Cut(text, " ")
		switch word {
		case "#any":
			c.any = true
		case "#anything":
			c.any, e.anyAttribute = true, true
		case "#text":
			c.text = true
		default:
			c.list = strings.TrimPrefix(word, "#list-")
			c.text = c.list != word
		}
	}
	if !c.text {
		c.list = ""
	}
	p := contentParser{v: v, c: c}
	p.compile(text)
}

// A contentParser makes the automaton of an expression, in which each name becomes a state.
type contentParser struct {
	v    *vocabulary
	c    *content
	text string
}

// A part is a piece of an expression: the states in which it can begin and end, and whether it can be left out.
type part struct {
	first, last []int32
	empty       bool
}

func (p *contentParser) compile(text string) {
	p.c.follow = [][]int32{nil}
	all := p.expression(text)
	p.c.follow[0] = all.first
	p.c.last = make([]bool, len(p.c.follow))
	p.c.last[0] = all.empty
	for _, state := range all.last {
		p.c.last[state] = true
	}
}

// expression reads a whole text, such as that of a group.
func (p *contentParser) expression(text string) part {
	around := p.text
	p.text = text
	read := p.choice()
	p.text = around
	return read
}

func (p *contentParser) choice() part {
	all := p.sequence()
	for p.take('|') {
		other := p.sequence()
		all = part{slices.Concat(all.first, other.first), slices.Concat(all.last, other.last), all.empty || other.empty}
	}
	return all
}

func (p *contentParser) sequence() part {
	all := part{empty: true}
	for p.text = strings.TrimLeft(p.text, " "); p.text != "" && p.text[0] != '|' && p.text[0] != ')'; p.text = strings.TrimLeft(p.text, " ") {
		all = p.then(all, p.repeated())
	}
	return all
}

// then joins two parts.
func (p *contentParser) then(a, b part) part {
	p.connect(a.last, b.first)
	if a.empty {
		a.first = slices.Concat(a.first, b.first)
	}
	if b.empty {
		b.last = slices.Concat(a.last, b.last)
	}
	return part{a.first, b.last, a.empty && b.empty}
}

func (p *contentParser) connect(from, to []int32) {
	for _, state := range from {
		for _, next := range to {
			if !slices.Contains(p.c.follow[state], next) {
				p.c.follow[state] = append(p.c.follow[state], next)
			}
		}
	}
}

// repeated reads a name, a group or a choice in parentheses, and how often it stands.
func (p *contentParser) repeated() part {
	begin := p.text
	one := p.single()
	length := len(begin) - len(p.text)
	switch {
	case p.take('?'):
		one.empty = true
	case p.take('*'):
		p.connect(one.last, one.first)
		one.empty = true
	case p.take('+'):
		p.connect(one.last, one.first)
	case p.take('{'):
		bounds, rest, _ := strings.Cut(p.text, "}")
		p.text = rest
		one = p.counted(one, begin[:length], bounds)
	}
	return one
}

// counted repeats what text says, of which one is the first, within bounds such as "2," or "1,3".
func (p *contentParser) counted(one part, text, bounds string) part {
	least, most, _ := strings.Cut(bounds, ",")
	n := int(least[0] - '0')
	all := one
	all.empty = all.empty || n == 0
	if most == "" {
		for i := 1; i < n; i++ {
			one = p.expression(text)
			all = p.then(all, one)
		}
		p.connect(one.last, one.first)
		return all
	}
	for i := 1; i < int(most[0]-'0'); i++ {
		one = p.expression(text)
		one.empty = one.empty || i >= n
		all = p.then(all, one)
	}
	return all
}

func (p *contentParser) single() part {
	if p.take('(') {
		inner := p.choice()
		p.take(')')
		return inner
	}
	end := strings.IndexAny(p.text, " |()?*+{")
	if end < 0 {
		end = len(p.text)
	}
	name := p.text[:end]
	p.text = p.text[end:]
	if group, ok := strings.CutPrefix(name, "%"); ok {
		return p.expression(p.v.groups[group])
	}
	p.c.names = append(p.c.names, name)
	p.c.follow = append(p.c.follow, nil)
	state := []int32{int32(len(p.c.names))}
	return part{first: state, last: state}
}

// take moves behind a character if it comes next.
func (p *contentParser) take(c byte) bool {
	p.text = strings.TrimLeft(p.text, " ")
	if p.text == "" || p.text[0] != c {
		return false
	}
	p.text = p.text[1:]
	return true
}
