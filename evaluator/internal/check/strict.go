package check

import (
	"slices"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// strictly checks the whole document, what no model needs included, against the vocabulary of its version, as a schema
// validator would: elements and their order, attributes and their types, text where there is none. What does not depend
// on the schema stays with the rest of the package. Markup of vendors, such as JPMML's x- attributes, is unknown here,
// and so are the spellings of other versions.
func (c *checker) strictly() {
	w := strictWalk{c: c, vocabulary: vocabularyOf(c.doc.Version()), namespace: c.doc.Root().Namespace()}
	c.doc.Written(&w)
}

// A strictWalk goes through a document in document order.
type strictWalk struct {
	c          *checker
	vocabulary *vocabulary
	namespace  string // of the root element: that of all others
	open       []strictElement
	list       []string // pieces of text of the innermost element, if it is a list: nearly always one
}

// A strictElement is an element that has begun and not ended.
type strictElement struct {
	name  string
	place diag.Place
	rule  *elementRule
	state int32 // of the content's automaton
	lost  bool  // a child was in the wrong place: what should follow cannot be said
}

// Begin checks a start tag.
func (w *strictWalk) Begin(t *pmml.WrittenTag) bool {
	rule := w.vocabulary.elements[t.Name]
	if len(w.open) > 0 {
		parent := &w.open[len(w.open)-1]
		if rule == nil || !w.inNamespace(t, parent) || !slices.Contains(parent.rule.content.names, t.Name) {
			w.c.strictElement(t, parent.name)
			return false
		}
		w.place(t, parent)
	}
	if rule == nil {
		return false // only the root element comes here, and it is PMML
	}
	w.attributes(t, rule)
	if rule.content.any {
		return false
	}
	w.open = append(w.open, strictElement{name: t.Name, place: t.Place, rule: rule})
	w.list = w.list[:0]
	return true
}

// inNamespace says that a tag is in the namespace that it must be in. The parts of sparse arrays were in none before 3.2.
func (w *strictWalk) inNamespace(t *pmml.WrittenTag, parent *strictElement) bool {
	return t.Namespace == w.namespace ||
		t.Namespace == "" && w.vocabulary.version < "3.2" && strings.HasSuffix(parent.name, "-SparseArray")
}

// place checks the order and number of children.
func (w *strictWalk) place(t *pmml.WrittenTag, parent *strictElement) {
	if parent.lost {
		return
	}
	state, ok := parent.rule.content.next(parent.state, t.Name)
	if !ok {
		parent.lost = true
		w.c.strictOrder(t, parent.name, parent.rule.content.expected(parent.state))
		return
	}
	parent.state = state
}

const schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"

func (w *strictWalk) attributes(t *pmml.WrittenTag, rule *elementRule) {
	for _, a := range t.Attrs {
		if a.Namespace == schemaInstance || rule.anyAttribute {
			continue
		}
		of, known := rule.attributes[a.Name]
		switch {
		case !known || a.Namespace != "":
			w.c.strictAttribute(t, a)
		case of.values != nil && !slices.Contains(of.values, a.Value):
			w.c.strictValue(a.Place, diag.InvalidValue, a.Value, "one of "+strings.Join(of.values, ", "))
		case of.values == nil && !w.vocabulary.is(of.kind, a.Value):
			w.c.strictValue(a.Place, codeOfKind(of.kind), a.Value, expectedOfKind(of.kind))
		}
	}
	for _, name := range rule.required {
		if !slices.ContainsFunc(t.Attrs, func(a pmml.WrittenAttr) bool { return a.Name == name && a.Namespace == "" }) {
			w.c.strictMissingAttribute(t, name)
		}
	}
}

// Text checks character data.
func (w *strictWalk) Text(text string) {
	e := &w.open[len(w.open)-1]
	switch content := &e.rule.content; {
	case content.list != "":
		w.list = append(w.list, text)
	case !content.text && !e.lost && strings.Trim(text, " \t\r\n") != "":
		e.lost = true
		w.c.strictText(e)
	}
}

// End checks what an element has together.
func (w *strictWalk) End() {
	e := &w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	content := &e.rule.content
	if !content.last[e.state] && !e.lost {
		w.c.strictEnd(e, content.expected(e.state))
	}
	if content.list == "" {
		return
	}
	for member := range strings.FieldsSeq(strings.Join(w.list, "")) {
		if !w.vocabulary.is(content.list, member) {
			w.c.strictValue(e.place, codeOfKind(content.list), member, expectedOfKind(content.list))
			return
		}
	}
}

// is says that text is a value of a kind as a schema has it.
func (v *vocabulary) is(kind, text string) bool {
	if kind == "" {
		return true
	}
	text = strings.Trim(text, " ")
	switch kind {
	case "boolean":
		return text == "true" || text == "false" || text == "1" || text == "0"
	case "integer", "natural", "positive":
		return isWhole(kind, text)
	case "share":
		if v.version < "4.3" {
			return isDecimal(text)
		}
	}
	if text == "INF" || text == "-INF" || text == "NaN" {
		return true
	}
	number, exponent, scaled := strings.Cut(strings.Replace(text, "E", "e", 1), "e")
	return isDecimal(number) && (!scaled || isWhole("integer", exponent))
}

// isWhole says that text is a whole number; natural ones have no sign but +, or are nothing, and positive ones are more.
func isWhole(kind, text string) bool {
	digits := strings.TrimPrefix(text, "+")
	negative := false
	if digits == text {
		digits, negative = strings.CutPrefix(text, "-")
	}
	if !allDigits(digits) || digits == "" {
		return false
	}
	zero := strings.Trim(digits, "0") == ""
	switch kind {
	case "natural":
		return !negative || zero
	case "positive":
		return !negative && !zero
	}
	return true
}

func isDecimal(text string) bool {
	if text != "" && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	return whole+fraction != "" && allDigits(whole) && allDigits(fraction)
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

func codeOfKind(kind string) diag.Code {
	if kind == "boolean" {
		return diag.InvalidValue
	}
	return diag.InvalidNumber
}

func expectedOfKind(kind string) string {
	switch kind {
	case "boolean":
		return "true or false"
	case "integer":
		return "a whole number"
	case "natural":
		return "a whole number from 0"
	case "positive":
		return "a whole number from 1"
	}
	return "a number"
}

// The complaints of strict checking. They are not made where another one of the kind has been made.

func (c *checker) strictFault(at diag.Place, code diag.Code, expected, format string, args ...any) {
	if !c.faults.Has(at, code) {
		c.faults.Fault(at, code, expected, format, args...)
	}
}

func (c *checker) strictElement(t *pmml.WrittenTag, parent string) {
	c.strictFault(t.Place, diag.UnknownElement, "", "Element %s is not known in %s", t.Name, parent)
}

func (c *checker) strictOrder(t *pmml.WrittenTag, parent string, expected []string) {
	if c.faults.Has(t.Place, diag.DuplicateElement) {
		return
	}
	c.strictFault(t.Place, diag.UnknownElement, oneOf(expected, "the end of "+parent), "Element %s cannot stand here in %s", t.Name, parent)
}

func (c *checker) strictEnd(e *strictElement, expected []string) {
	c.strictFault(e.place, diag.MissingElement, oneOf(expected, ""), "Required element %s/%s is not defined", e.name, strings.Join(expected, "|"))
}

func (c *checker) strictAttribute(t *pmml.WrittenTag, a pmml.WrittenAttr) {
	c.strictFault(a.Place, diag.UnknownAttribute, "", "%s has no attribute %s", t.Name, a.Place.Attr)
}

func (c *checker) strictMissingAttribute(t *pmml.WrittenTag, name string) {
	c.faults.Fault(t.Place, diag.MissingAttribute, "an attribute "+name, "Required attribute %s@%s is not defined", t.Name, name)
}

func (c *checker) strictValue(at diag.Place, code diag.Code, text, expected string) {
	c.strictFault(at, code, expected, "%q is not %s", text, expected)
}

func (c *checker) strictText(e *strictElement) {
	c.strictFault(e.place, diag.InvalidValue, "elements only", "%s holds text", e.name)
}

// oneOf lists names.
func oneOf(names []string, otherwise string) string {
	switch len(names) {
	case 0:
		return otherwise
	case 1:
		return names[0]
	}
	return "one of " + strings.Join(names, ", ")
}
