package pmml

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/antchfx/xmlquery"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
)

// An Element is one element, with names and values brought to the form of PMML 4.4. It stays valid as long as it is
// held, but holds the tree of up to 128 kB of text around it: keep what you need of many elements, not the elements.
type Element struct {
	frag  *fragment
	node  *xmlquery.Node
	name  string
	start uint32
	index int32 // of this element in the fragment
	next  int32 // index behind the last element within this one
	big   *big  // of a large element: node has its attributes only
}

// A big is where the content of a large element lies.
type big struct {
	content, end int // from behind the start tag to the '<' of the end tag, or both behind an empty tag
	scope        *scope
	once         sync.Once
	kinds        map[string]span // where children of each name begin; nil if there are too many names
}

// A span is where the first and the last child of one name begin.
type span struct{ first, last int }

// Name gives the element's name without prefix.
func (e *Element) Name() string { return e.name }

// Namespace gives the namespace of the element's name, or "".
func (e *Element) Namespace() string {
	if e.node.NamespaceURI == "" && !e.frag.declared {
		return e.frag.namespace
	}
	return e.node.NamespaceURI
}

// Place gives where the element stands.
func (e *Element) Place() diag.Place { return diag.Place{Offset: int(e.start)} }

// At gives where the element's attribute of that name stands. The place has the name as the document writes it.
func (e *Element) At(attr string) diag.Place {
	if written, ok := e.frag.written[renamedAttribute{e.index, attr}]; ok {
		attr = written
	}
	return diag.Place{Offset: int(e.start), Attr: attr}
}

// Attr gives the value of an attribute and whether there is one.
func (e *Element) Attr(name string) (value string, ok bool) {
	for i := range e.node.Attr {
		if a := &e.node.Attr[i]; a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// Attrs yields the names, without prefixes, and values of the attributes in document order. Namespace declarations and
// attributes of other namespaces, such as xml:lang and xsi:schemaLocation, are left out.
func (e *Element) Attrs() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := range e.node.Attr {
			if a := &e.node.Attr[i]; !yield(a.Name.Local, a.Value) {
				return
			}
		}
	}
}

// Text gives the character data directly inside the element, with CDATA sections and resolved references. White space
// that only separates child elements is left out.
func (e *Element) Text() string {
	if e.big != nil {
		return e.bigText()
	}
	text := ""
	var b strings.Builder
	for n := e.node.FirstChild; n != nil; n = n.NextSibling {
		if n.Type != xmlquery.TextNode && n.Type != xmlquery.CharDataNode {
			continue
		}
		if text == "" && b.Len() == 0 { // most elements have their text in one piece
			text = n.Data
			continue
		}
		if b.Len() == 0 {
			b.WriteString(text)
		}
		b.WriteString(n.Data)
	}
	if b.Len() > 0 {
		return b.String()
	}
	return text
}

// bigText reads the text of a large element. It shares the document's memory if it stands there in one piece.
func (e *Element) bigText() string {
	var pieces []string
	c := e.inside(e.big.content)
	before := startTag
	for {
		from := c.pos
		m := c.next()
		if piece := c.text[from:c.start]; !separates(piece, before, m) {
			piece, _ = unescape(piece)
			pieces = append(pieces, piece)
		}
		before = m
		switch {
		case m == endOfText:
			return strings.Join(pieces, "")
		case m == cdata:
			pieces = append(pieces, lineEnds(c.text[c.start+len("<![CDATA["):c.pos-len("]]>")]))
		case m.opens():
			c.leave(m)
			before = endTag
		}
	}
}

// lineEnds gives the line ends of text as XML has them.
func lineEnds(text string) string {
	if strings.IndexByte(text, '\r') < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// Children yields the child elements in document order: those of the given names, and without names all but Extension.
// The children of a large element are parsed as the iteration reaches them; others than those of the given names are
// not parsed at all. Children may be called any number of times, also while iterating.
func (e *Element) Children(names ...string) iter.Seq[*Element] {
	if e.big != nil {
		return func(yield func(*Element) bool) { e.stream(names, yield) }
	}
	return func(yield func(*Element) bool) {
		elements := e.frag.elements
		for i := e.index + 1; i < e.next; i = elements[i].next {
			if wanted(elements[i].name, names) && !yield(&elements[i]) {
				return
			}
		}
	}
}

// wanted says that Children with these names yields an element of that name.
func wanted(name string, names []string) bool {
	if len(names) == 0 {
		return name != "Extension"
	}
	return slices.Contains(names, name)
}

// Child gives the first child element of that name, or nil.
func (e *Element) Child(name string) *Element {
	for c := range e.Children(name) {
		return c
	}
	return nil
}
