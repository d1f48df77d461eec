package pmml

import (
	"bufio"
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/antchfx/xmlquery"
)

// A fragment is a run of small sibling elements, parsed together, or the start tag of a large one.
type fragment struct {
	doc       *Document
	namespace string // the default namespace around it
	declared  bool   // its text declares namespaces, so that xmlquery was told the default one
	elements  []Element
	written   map[renamedAttribute]string
}

// A renamedAttribute is an attribute of the n-th element of a fragment by its name in PMML 4.4.
type renamedAttribute struct {
	index int32
	name  string
}

// A scope is the namespaces in scope within a large element: its own declarations and those around it.
type scope struct {
	namespaces []binding
}

// within adds the declarations of a start tag, given as the attributes that xmlquery read.
func (s *scope) within(attrs []xmlquery.Attr) *scope {
	var own []binding
	for _, a := range attrs {
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			own = append(own, binding{"", a.Value})
		case a.Name.Space == "xmlns":
			own = append(own, binding{a.Name.Local, a.Value})
		}
	}
	if s == nil {
		return &scope{own}
	}
	if own == nil {
		return s
	}
	return &scope{slices.Concat(s.namespaces, own)}
}

// find gives what a prefix is bound to, or "".
func (s *scope) find(prefix string) string {
	if s == nil {
		return ""
	}
	uri, _ := lookup(s.namespaces, prefix)
	return uri
}

// A cutter copies elements out of a document into the text of a fragment and has it parsed. It leaves out what costs
// xmlquery time and means nothing: white space between tags, comments, processing instructions.
type cutter struct {
	doc      *Document
	scope    *scope
	body     []byte
	marks    []mark
	open     []int32
	prefixes []string // of the elements copied
	whole    []byte
	reader   *bufio.Reader
}

// A mark is where an element begins in the document, and the index behind the last element within it.
type mark struct {
	start uint32
	next  int32
}

var cutters = sync.Pool{New: func() any { return &cutter{reader: bufio.NewReader(nil)} }}

// newCutter takes a cutter from the pool; the caller puts it back when nothing of it is in use.
func newCutter(d *Document, s *scope) *cutter {
	c := cutters.Get().(*cutter)
	c.doc, c.scope = d, s
	c.reset()
	return c
}

func (c *cutter) release() {
	const keep = 1 << 20 // an attribute can be larger than any fragment: such memory is not kept
	if cap(c.body) > keep || cap(c.whole) > keep {
		c.body, c.whole = nil, nil
	}
	c.doc, c.scope = nil, nil
	cutters.Put(c)
}

func (c *cutter) reset() {
	c.body, c.marks, c.open, c.prefixes = c.body[:0], c.marks[:0], c.open[:0], c.prefixes[:0]
}

// separates says that the character data between two pieces of markup is white space that only separates elements.
func separates(piece string, before, after markup) bool {
	return piece == "" || (before.closes() || after.opens()) && blank(piece)
}

// copy adds the element whose start tag t has just found and moves t behind it.
func (c *cutter) copy(t *tags, m markup) {
	outer := len(c.open)
	var before markup
	for {
		c.add(t, m)
		if len(c.open) == outer && m.closes() {
			return
		}
		before = m
		from := t.pos
		m = t.next()
		if piece := t.text[from:t.start]; !separates(piece, before, m) {
			c.body = append(c.body, piece...)
		}
		if m == endOfText {
			return
		}
	}
}

// add adds one piece of markup.
func (c *cutter) add(t *tags, m markup) {
	switch m {
	case comment:
		// An empty comment keeps the character data before and after it from joining to "]]>".
		if n := len(c.body); n > 0 && c.body[n-1] != '>' {
			c.body = append(c.body, "<!---->"...)
		}
		return
	case cdata:
		c.body = append(c.body, t.text[t.start:t.pos]...)
		return
	}
	if m.opens() {
		c.open = append(c.open, int32(len(c.marks)))
		c.marks = append(c.marks, mark{start: uint32(t.start)})
		c.tag(t.text[t.start:t.pos])
	} else {
		c.body = append(c.body, t.text[t.start:t.pos]...)
	}
	if m.closes() {
		last := len(c.open) - 1
		c.marks[c.open[last]].next = int32(len(c.marks))
		c.open = c.open[:last]
	}
}

// tag adds a start tag.
func (c *cutter) tag(tag string) {
	if c.doc.prefixed {
		if p := prefixOf(tagName(tag, 0)); p != "" && !slices.Contains(c.prefixes, p) {
			c.prefixes = append(c.prefixes, p)
		}
	}
	if c.doc.spaced && strings.ContainsAny(tag, "\t\r\n") {
		// White space in attribute values means blanks, which encoding/xml does not do.
		tag = strings.ReplaceAll(tag, "\r\n", " ")
		tag = strings.Map(func(r rune) rune {
			if r == '\t' || r == '\r' || r == '\n' {
				return ' '
			}
			return r
		}, tag)
	}
	c.body = append(c.body, tag...)
}

// single adds the start tag of a large element as an empty element and gives the offset behind it.
func (c *cutter) single(start int) int {
	end := tagEnd(c.doc.text, start+1)
	c.marks = append(c.marks, mark{uint32(start), 1})
	c.tag(c.doc.text[start : end-1])
	if c.body[len(c.body)-1] != '/' {
		c.body = append(c.body, '/')
	}
	c.body = append(c.body, '>')
	return end
}

// parse has xmlquery parse what was copied, and forgets it. The fragment is as written: normalize is still to come. It
// is nil if xmlquery refuses it. parent is the name of the element around it.
func (c *cutter) parse(parent string) *fragment {
	f := &fragment{doc: c.doc, namespace: c.scope.find("")}
	c.wrap(f)
	c.reader.Reset(bytes.NewReader(c.whole))
	root, err := xmlquery.Parse(c.reader)
	c.reader.Reset(nil)
	if err != nil || !f.fill(root, c.marks, parent) {
		c.doc.fail(int(c.marks[0].start))
		f = nil
	}
	c.doc.collect(len(c.whole))
	c.reset()
	return f
}

// wrap writes the copied elements into one that declares the namespaces they need. The default namespace is needed
// only to see where a fragment changes it: without one xmlquery is faster.
func (c *cutter) wrap(f *fragment) {
	c.whole = append(c.whole[:0], "<f"...)
	f.declared = c.doc.redeclare && bytes.Contains(c.body, []byte("xmlns"))
	if f.declared {
		c.declare("xmlns", f.namespace)
	}
	for _, p := range c.prefixes {
		if uri := c.scope.find(p); uri != "" {
			c.declare("xmlns:"+p, uri)
		}
	}
	c.whole = append(c.whole, '>')
	c.whole = append(c.whole, c.body...)
	c.whole = append(c.whole, "</f>"...)
}

var escapeAttribute = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;")

func (c *cutter) declare(name, uri string) {
	c.whole = append(c.whole, ' ')
	c.whole = append(c.whole, name...)
	c.whole = append(c.whole, `="`...)
	c.whole = append(c.whole, escapeAttribute.Replace(uri)...)
	c.whole = append(c.whole, '"')
}

// fill matches the elements that xmlquery found with where they begin: the n-th with the n-th. It says whether there
// are as many.
func (f *fragment) fill(root *xmlquery.Node, marks []mark, parent string) bool {
	f.elements = make([]Element, len(marks))
	top := elementIn(root.FirstChild)
	n := 0
	for node := following(top, top); node != nil; node = following(node, top) {
		if n == len(marks) {
			return false
		}
		above := parent
		if node.Parent != top {
			above = node.Parent.Data
		}
		f.elements[n] = Element{frag: f, node: node, name: elementName(above, node.Data),
			start: marks[n].start, index: int32(n), next: marks[n].next}
		n++
	}
	return n == len(marks)
}

// elementIn gives the first element among node and its later siblings, or nil.
func elementIn(node *xmlquery.Node) *xmlquery.Node {
	for node != nil && node.Type != xmlquery.ElementNode {
		node = node.NextSibling
	}
	return node
}

// following gives the element after node in document order within top, or nil.
func following(node, top *xmlquery.Node) *xmlquery.Node {
	if next := elementIn(node.FirstChild); next != nil {
		return next
	}
	for node != top {
		if next := elementIn(node.NextSibling); next != nil {
			return next
		}
		node = node.Parent
	}
	return nil
}
