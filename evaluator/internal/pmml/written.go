package pmml

import (
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
)

// A WrittenTag is a start tag as the document has it: nothing is brought to the form of 4.4, and nothing is left out but
// namespace declarations.
type WrittenTag struct {
	Name      string // without prefix
	Namespace string // "" if it is in none
	Attrs     []WrittenAttr
	Place     diag.Place
}

// A WrittenAttr is an attribute of a WrittenTag.
type WrittenAttr struct {
	Name      string // without prefix
	Namespace string // "" if it has no prefix
	Value     string
	Place     diag.Place
}

// A Visitor is told of what a document holds, in document order.
type Visitor interface {
	// Begin is told of a start tag, which is only valid until it returns. It says whether to go into the element; if
	// not, the visitor is told neither of what is in it nor of its end.
	Begin(t *WrittenTag) bool
	// Text is told of a piece of character data within the element that began last and has not ended.
	Text(text string)
	// End is told that this element ends.
	End()
}

// Written tells a visitor of the whole document as it is written. Its memory is that of one tag and of what is open.
func (d *Document) Written(v Visitor) {
	w := writtenWalk{tags: tags{text: d.text}, v: v}
	for !d.stopped.Load() {
		from := w.pos
		m := w.next()
		if len(w.open) > 0 && w.start > from {
			text, _ := unescape(w.text[from:w.start])
			v.Text(text)
		}
		switch {
		case m == endOfText:
			return
		case m == cdata:
			v.Text(lineEnds(w.text[w.start+len("<![CDATA[") : w.pos-len("]]>")]))
		case m.opens():
			w.begin(m)
		case m == endTag:
			w.end()
		}
	}
}

// A writtenWalk is on its way through a document.
type writtenWalk struct {
	tags
	v          Visitor
	namespaces []binding
	open       []int // how many namespaces were in scope around each open element
	tag        WrittenTag
}

// begin deals with the start tag that was just found.
func (w *writtenWalk) begin(m markup) {
	bound := len(w.namespaces)
	w.read()
	if !w.v.Begin(&w.tag) {
		w.namespaces = w.namespaces[:bound]
		w.skip(m)
		return
	}
	w.open = append(w.open, bound)
	if m == emptyTag {
		w.end()
	}
}

func (w *writtenWalk) end() {
	w.v.End()
	last := len(w.open) - 1
	w.namespaces = w.namespaces[:w.open[last]]
	w.open = w.open[:last]
}

// read takes the start tag that was just found apart.
func (w *writtenWalk) read() {
	name := w.name()
	at := diag.Place{Offset: w.start}
	w.tag = WrittenTag{Name: local(name), Attrs: w.tag.Attrs[:0], Place: at}
	rest := w.text[w.start+1+len(name) : w.pos]
	for {
		var written, value string
		if written, value, rest = nextAttribute(rest); written == "" {
			break
		}
		value = attributeValue(value)
		if written == "xmlns" || strings.HasPrefix(written, "xmlns:") {
			w.namespaces = append(w.namespaces, binding{strings.TrimPrefix(strings.TrimPrefix(written, "xmlns"), ":"), value})
			continue
		}
		at.Attr = written
		w.tag.Attrs = append(w.tag.Attrs, WrittenAttr{Name: written, Value: value, Place: at})
	}
	w.tag.Namespace, _ = lookup(w.namespaces, prefixOf(name))
	for i := range w.tag.Attrs {
		a := &w.tag.Attrs[i]
		if prefix := prefixOf(a.Name); prefix != "" {
			a.Namespace, a.Name = w.attributeNamespace(prefix), local(a.Name)
		}
	}
}

func (w *writtenWalk) attributeNamespace(prefix string) string {
	if prefix == "xml" {
		return "http://www.w3.org/XML/1998/namespace"
	}
	uri, _ := lookup(w.namespaces, prefix)
	return uri
}

// nextAttribute takes the first attribute, with the value as written, off what follows in a start tag that the scanner
// has accepted. The name is empty if there is none.
func nextAttribute(text string) (name, value, rest string) {
	i := 0
	for i < len(text) && isSpace(text[i]) {
		i++
	}
	text = text[i:]
	equals := strings.IndexByte(text, '=')
	if equals < 0 || text[0] == '>' || text[0] == '/' {
		return "", "", ""
	}
	name = strings.TrimRight(text[:equals], " \t\r\n")
	text = strings.TrimLeft(text[equals+1:], " \t\r\n")
	value, rest, _ = strings.Cut(text[1:], text[:1])
	return name, value, rest
}

// attributeValue gives a value as XML has it: white space as written becomes blanks.
func attributeValue(written string) string {
	if strings.ContainsAny(written, "\t\r\n") {
		written = strings.ReplaceAll(written, "\r\n", " ")
		written = strings.Map(func(r rune) rune {
			if r == '\t' || r == '\r' || r == '\n' {
				return ' '
			}
			return r
		}, written)
	}
	value, _ := unescape(written)
	return value
}
