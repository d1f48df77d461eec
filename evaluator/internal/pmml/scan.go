package pmml

import (
	"encoding/xml"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
)

// A problem is the first thing that makes text no document.
type problem struct {
	at       int    // offset of what is wrong
	token    int    // offset up to which the text is whole markup and character data
	tag      string // name in the start tag at token, if the problem lies in that tag's attributes
	cut      bool   // the text ended too early
	code     diag.Code
	message  string
	expected string
}

// An extent is where a large element begins and ends: from the '<' of its start tag to behind the '>' of its end tag.
type extent struct{ start, end uint32 }

// A scanner reads text once, byte by byte, and accepts it only if it is a well-formed document within the limits, by
// the rules of XML 1.0 and Namespaces in XML without document types. It is stricter than encoding/xml, so that whatever
// it accepts can be parsed in pieces later. It allocates per large element and per level, never per token.
type scanner struct {
	text   string
	pos    int
	token  int // where the markup or character data began that is being read
	limits Limits

	open       []openElement
	namespaces []binding
	attributes []attribute
	elements   int64
	largeFrom  int // an element of at least so many bytes is large
	names      map[string]bool

	// What the rest of the package wants to know about the document.
	large     []extent // in document order of their ends
	root      rootElement
	prefixed  bool // an element's name has a prefix
	redeclare bool // an element other than the root declares a namespace
	spaced    bool // a start tag holds white space other than blanks, which becomes blanks in attribute values
}

type openElement struct {
	start int
	name  string // with its prefix
	bound int    // namespaces in scope outside it
}

type binding struct{ prefix, uri string }

type attribute struct {
	at          int
	name, value string // value as written, without quotes
}

type rootElement struct {
	start              int
	name               string
	namespace, version string
	versioned          bool // it has an attribute named version
}

// largeSize is the least size in bytes of an element whose children are streamed. It grows with the document so that
// the list of large elements stays small however they are nested.
func largeSize(text int) int { return max(64<<10, text/4096) }

func scan(text string, l Limits) (*scanner, *problem) {
	s := &scanner{text: text, limits: l, largeFrom: largeSize(len(text)), names: map[string]bool{}}
	return s, s.document()
}

func (s *scanner) document() *problem {
	if p := s.declaration(); p != nil {
		return p
	}
	for s.pos < len(s.text) {
		s.token = s.pos
		var p *problem
		if s.text[s.pos] == '<' {
			p = s.markup()
		} else {
			p = s.characters()
		}
		if p != nil {
			return p
		}
	}
	s.token = s.pos
	switch {
	case len(s.open) > 0:
		return s.ended("the document ends before the end tag of %s", s.open[len(s.open)-1].name)
	case s.elements == 0:
		return s.ended("the document has no element")
	}
	slices.SortFunc(s.large, func(a, b extent) int { return int(int64(a.start) - int64(b.start)) })
	return nil
}

// wrong reports malformed XML at an offset.
func (s *scanner) wrong(at int, format string, args ...any) *problem {
	return &problem{at: at, token: s.token, code: diag.Malformed, message: fmt.Sprintf(format, args...)}
}

// ended reports that the text stops where it must not.
func (s *scanner) ended(format string, args ...any) *problem {
	p := s.wrong(len(s.text), format, args...)
	p.cut = true
	return p
}

// unclosed reports that the markup that begins at the token never ends.
func (s *scanner) unclosed(what string) *problem {
	p := s.wrong(s.token, "%s does not end", what)
	p.cut = true
	return p
}

func (s *scanner) tooLarge(at int, format string, args ...any) *problem {
	return &problem{at: at, token: s.token, code: diag.TooLarge, message: fmt.Sprintf(format, args...)}
}

// inTag says that a problem lies within the start tag of name.
func (p *problem) inTag(name string) *problem {
	p.tag = name
	return p
}

var declarationForm = regexp.MustCompile(`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*("1\.[0-9]+"|'1\.[0-9]+')` +
	`([ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*("[A-Za-z][A-Za-z0-9._-]*"|'[A-Za-z][A-Za-z0-9._-]*'))?` +
	`([ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*("(yes|no)"|'(yes|no)'))?[ \t\r\n]*\?>`)

// declaration reads the XML declaration, if there is one.
func (s *scanner) declaration() *problem {
	if !strings.HasPrefix(s.text, "<?xml") || len(s.text) > 5 && !isSpace(s.text[5]) {
		return nil
	}
	n := len(declarationForm.FindString(s.text[:min(len(s.text), 1024)]))
	if n == 0 {
		p := s.wrong(0, "the XML declaration is damaged")
		p.expected = `<?xml version="1.0" encoding="UTF-8"?>`
		return p
	}
	s.pos = n
	return nil
}

// Classes of bytes. In character data and attribute values all that is not plain needs a look.
const (
	plain     = 0
	reference = 1 << iota // '&'
	less                  // '<'
	bracket               // ']'
	control               // a control character that XML does not have
	lineSpace             // tab or line end
	quotes                // '"' or '\''
	highest               // first byte of U+F000 to U+FFFF
)

var byteClass = func() (c [256]uint8) {
	for i := range 0x20 {
		c[i] = control
	}
	c['\t'], c['\n'], c['\r'] = lineSpace, lineSpace, lineSpace
	c['&'], c['<'], c[']'], c['"'], c['\''], c[0xEF] = reference, less, bracket, quotes, quotes, highest
	return c
}()

// characters reads character data up to the next markup.
func (s *scanner) characters() *problem {
	text, i := s.text, s.pos
	outside := len(s.open) == 0
	for i < len(text) {
		class := byteClass[text[i]]
		switch {
		case class == less:
			s.pos = i
			return nil
		case outside && !isSpace(text[i]):
			return s.outside(i)
		case class == plain || class == lineSpace || class == quotes:
			i++
			continue
		case class == bracket:
			if strings.HasPrefix(text[i:], "]]>") {
				return s.wrong(i, "]]> stands outside a CDATA section")
			}
			i++
			continue
		}
		n, p := s.special(i)
		if p != nil {
			return p
		}
		i += n
	}
	s.pos = i
	return nil
}

// outside reports text before or after the root element.
func (s *scanner) outside(at int) *problem {
	if s.elements == 0 {
		return s.wrong(at, "text before the root element")
	}
	return s.wrong(at, "text after the root element")
}

// special checks the reference, the control character or the last characters of the basic plane at offset i, and
// gives how many bytes to go on.
func (s *scanner) special(i int) (int, *problem) {
	switch c := s.text[i]; c {
	case '&':
		return s.reference(i)
	case 0xEF:
		if strings.HasPrefix(s.text[i:], "\uFFFE") || strings.HasPrefix(s.text[i:], "\uFFFF") {
			return 0, s.wrong(i, "a character that XML does not have: U+FFFE or U+FFFF")
		}
		return 3, nil
	default:
		return 0, s.wrong(i, "a control character that XML does not have: U+%04X", c)
	}
}

// reference checks the character or entity reference at offset i.
func (s *scanner) reference(i int) (int, *problem) {
	const longest = 64 // bytes of a reference: more than any needs
	body := s.text[i+1 : min(len(s.text), i+longest)]
	semicolon := strings.IndexByte(body, ';')
	if semicolon < 0 || strings.ContainsAny(body[:semicolon], " \t\r\n<>&\"'") {
		p := s.wrong(i, "& does not begin a reference")
		p.expected = "&amp;"
		return 0, p
	}
	body = body[:semicolon]
	if _, ok := dereference(body); !ok {
		p := s.wrong(i, "&%s; is not a reference that PMML documents may use", strings.ToValidUTF8(body, "?"))
		p.expected = "&amp; &lt; &gt; &quot; &apos; or the number of a character"
		return 0, p
	}
	return len(body) + 2, nil
}

// dereference gives the character that a reference means, without its '&' and ';'.
func dereference(body string) (rune, bool) {
	switch body {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if !strings.HasPrefix(body, "#") {
		return 0, false
	}
	digits, base := body[1:], 10
	if strings.HasPrefix(digits, "x") {
		digits, base = digits[1:], 16
	}
	n := 0
	for _, c := range []byte(digits) {
		d := digit(c)
		if d >= base {
			return 0, false
		}
		if n = n*base + d; n > 0x10FFFF {
			return 0, false
		}
	}
	return rune(n), len(digits) > 0 && isChar(rune(n))
}

// digit gives the value of a hexadecimal digit, or one that no base has.
func digit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return math.MaxInt8
}

// isChar says that XML 1.0 has the character.
func isChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r >= 0xD800 && r < 0xE000, r == 0xFFFE, r == 0xFFFF:
		return false
	}
	return r <= 0x10FFFF
}

// markup reads what begins with the '<' at pos.
func (s *scanner) markup() *problem {
	rest := s.text[s.pos:]
	switch {
	case strings.HasPrefix(rest, "</"):
		return s.endTag()
	case strings.HasPrefix(rest, "<?"):
		return s.instruction()
	case strings.HasPrefix(rest, "<!--"):
		return s.comment()
	case strings.HasPrefix(rest, "<![CDATA["):
		return s.cdata()
	case strings.HasPrefix(rest, "<!DOCTYPE"):
		return &problem{at: s.pos, token: s.token, code: diag.Doctype,
			message: "a document type declaration is not accepted", expected: "a document without <!DOCTYPE"}
	case strings.HasPrefix(rest, "<!"):
		return s.wrong(s.pos, "<! begins neither a comment nor a CDATA section")
	}
	return s.startTag()
}

func (s *scanner) comment() *problem {
	body := s.pos + len("<!--")
	n := strings.Index(s.text[body:], "--")
	if n < 0 {
		return s.unclosed("a comment")
	}
	end := body + n + len("--")
	if end == len(s.text) {
		return s.unclosed("a comment")
	}
	if s.text[end] != '>' {
		return s.wrong(body+n, "-- stands within a comment")
	}
	s.pos = end + 1
	return s.onlyChars(body, body+n)
}

func (s *scanner) cdata() *problem {
	if len(s.open) == 0 {
		return s.outside(s.pos)
	}
	body := s.pos + len("<![CDATA[")
	n := strings.Index(s.text[body:], "]]>")
	if n < 0 {
		return s.unclosed("a CDATA section")
	}
	s.pos = body + n + len("]]>")
	return s.onlyChars(body, body+n)
}

func (s *scanner) instruction() *problem {
	s.pos += len("<?")
	target, p := s.name("a processing instruction")
	if p != nil {
		return p
	}
	if strings.EqualFold(target, "xml") {
		return s.wrong(s.token, "an XML declaration stands after the beginning of the document")
	}
	n := strings.Index(s.text[s.pos:], "?>")
	if n < 0 {
		return s.unclosed("a processing instruction")
	}
	if n > 0 && !isSpace(s.text[s.pos]) {
		return s.wrong(s.pos, "white space must follow the target of a processing instruction")
	}
	body := s.pos
	s.pos += n + len("?>")
	return s.onlyChars(body, body+n)
}

// onlyChars checks text in which no reference or markup is recognized.
func (s *scanner) onlyChars(from, to int) *problem {
	for i := from; i < to; i++ {
		if byteClass[s.text[i]]&(control|highest) != 0 {
			if _, p := s.special(i); p != nil {
				return p
			}
		}
	}
	return nil
}

// Bytes that a name may begin with and go on with. Above ASCII every byte is let through and the whole name is checked.
var nameFirst, nameByte = func() (first, other [256]bool) {
	for c := range 256 {
		b := byte(c)
		letter := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b == '_' || b == ':' || b >= 0x80
		first[c] = letter
		other[c] = letter || '0' <= b && b <= '9' || b == '-' || b == '.'
	}
	return first, other
}()

// name reads a name, perhaps with a prefix. of says whose.
func (s *scanner) name(of string) (string, *problem) {
	text, start := s.text, s.pos
	if start >= len(text) {
		return "", s.unclosed(of)
	}
	if !nameFirst[text[start]] {
		return "", s.wrong(start, "a name must follow at the beginning of %s", of)
	}
	i := start + 1
	or := text[start]
	colons := 0
	if text[start] == ':' {
		colons = 2 // a prefix is never empty
	}
	for i < len(text) && nameByte[text[i]] {
		or |= text[i]
		if text[i] == ':' {
			colons++
		}
		i++
	}
	name := text[start:i]
	switch {
	case int64(len(name)) > s.limits.Name:
		return "", s.tooLarge(start, "the name of %s has %d bytes, at most %d are accepted", of, len(name), s.limits.Name)
	case colons > 1 || name[len(name)-1] == ':':
		return "", s.wrong(start, "%q is not a name with at most one prefix", name)
	case or >= 0x80 && !s.validName(name):
		return "", s.wrong(start, "%q is not a name", name)
	}
	s.pos = i
	return name, nil
}

// validName asks encoding/xml about a name that is not ASCII: the tables of letters are there.
func (s *scanner) validName(name string) bool {
	valid, known := s.names[name]
	if !known {
		_, err := xml.NewDecoder(strings.NewReader("<" + name + "/>")).Token()
		valid = err == nil
		if len(s.names) < 1000 {
			s.names[name] = valid
		}
	}
	return valid
}

// space moves over white space and says whether there was any.
func (s *scanner) space() bool {
	start := s.pos
	for s.pos < len(s.text) && isSpace(s.text[s.pos]) {
		s.spaced = s.spaced || s.text[s.pos] != ' '
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) endTag() *problem {
	start := s.pos
	s.pos += len("</")
	name, p := s.name("an end tag")
	if p != nil {
		return p
	}
	for s.pos < len(s.text) && isSpace(s.text[s.pos]) {
		s.pos++
	}
	switch {
	case s.pos == len(s.text):
		return s.unclosed("an end tag")
	case s.text[s.pos] != '>':
		return s.wrong(s.pos, "> must follow in the end tag of %s", name)
	case len(s.open) == 0:
		return s.wrong(start, "the end tag of %s has no start tag", name)
	}
	if top := s.open[len(s.open)-1].name; top != name {
		p := s.wrong(start, "the end tag of %s stands where that of %s must", name, top)
		p.expected = "</" + top + ">"
		return p
	}
	s.pos++
	s.close()
	return nil
}

// close ends the innermost open element at pos.
func (s *scanner) close() {
	e := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	s.namespaces = s.namespaces[:e.bound]
	if s.pos-e.start >= s.largeFrom {
		s.large = append(s.large, extent{uint32(e.start), uint32(s.pos)})
	}
}

func (s *scanner) startTag() *problem {
	start := s.pos
	s.pos++
	name, p := s.name("a start tag")
	if p != nil {
		return p
	}
	if p := s.admit(start, name); p != nil {
		return p.inTag(name)
	}
	empty, p := s.tagAttributes(name)
	if p == nil {
		p = s.checkAttributes(start)
	}
	if p != nil {
		return p.inTag(name)
	}
	s.open = append(s.open, openElement{start: start, name: name, bound: len(s.namespaces)})
	if p := s.bind(start, name); p != nil {
		return p.inTag(name)
	}
	if empty {
		s.close()
	}
	return nil
}

// admit checks that another element may begin here.
func (s *scanner) admit(start int, name string) *problem {
	s.elements++
	switch {
	case len(s.open) == 0 && s.elements > 1:
		return s.wrong(start, "a second root element: %s", name)
	case int64(len(s.open)) >= s.limits.Depth:
		return s.tooLarge(start, "elements are nested deeper than %d", s.limits.Depth)
	case s.elements > s.limits.Elements:
		return s.tooLarge(start, "the document has more than %d elements", s.limits.Elements)
	}
	return nil
}

// tagAttributes reads from behind the name to behind the '>', and says whether the tag is empty.
func (s *scanner) tagAttributes(name string) (empty bool, p *problem) {
	s.attributes = s.attributes[:0]
	for {
		spaced := s.space()
		if s.pos >= len(s.text) {
			return false, s.unclosed("the start tag of " + name)
		}
		switch c := s.text[s.pos]; {
		case c == '>':
			s.pos++
			return false, nil
		case strings.HasPrefix(s.text[s.pos:], "/>"):
			s.pos += 2
			return true, nil
		case c == '/' && s.pos+1 == len(s.text):
			return false, s.unclosed("the start tag of " + name)
		case !spaced:
			return false, s.wrong(s.pos, "white space or > must follow in the start tag of %s", name)
		}
		if p := s.attribute(); p != nil {
			return false, p
		}
	}
}

// attribute reads name="value".
func (s *scanner) attribute() *problem {
	at := s.pos
	name, p := s.name("an attribute")
	if p != nil {
		return p
	}
	s.space()
	if s.pos < len(s.text) && s.text[s.pos] != '=' {
		return s.wrong(at, "= must follow the name of attribute %s", name)
	}
	s.pos++
	s.space()
	if s.pos >= len(s.text) {
		return s.unclosed("attribute " + name)
	}
	quote := s.text[s.pos]
	if quote != '"' && quote != '\'' {
		return s.wrong(at, "the value of attribute %s must be quoted", name)
	}
	s.pos++
	start := s.pos
	if p := s.value(name, quote); p != nil {
		return p
	}
	s.attributes = append(s.attributes, attribute{at, name, s.text[start : s.pos-1]})
	return nil
}

// value reads an attribute's value from behind its first quote to behind its last.
func (s *scanner) value(name string, quote byte) *problem {
	text, i := s.text, s.pos
	for i < len(text) {
		switch byteClass[text[i]] {
		case plain, bracket:
			i++
		case quotes:
			if text[i] == quote {
				s.pos = i + 1
				return nil
			}
			i++
		case lineSpace:
			s.spaced = true
			i++
		case less:
			p := s.wrong(i, "< stands in the value of attribute %s", name)
			p.expected = "&lt;"
			return p
		default:
			n, p := s.special(i)
			if p != nil {
				return p
			}
			i += n
		}
	}
	return s.unclosed("the value of attribute " + name)
}

// checkAttributes checks the attributes of one start tag together.
func (s *scanner) checkAttributes(start int) *problem {
	if n := int64(len(s.attributes)); n > s.limits.Attributes {
		return s.tooLarge(start, "the element has %d attributes, at most %d are accepted", n, s.limits.Attributes)
	}
	if n := int64(s.pos - start); n > s.limits.Tag {
		return s.tooLarge(start, "the start tag has %d bytes, at most %d are accepted", n, s.limits.Tag)
	}
	const few = 32 // up to here comparing each with each is faster than a set
	if len(s.attributes) > few {
		return s.distinctMany()
	}
	for i, a := range s.attributes {
		for _, b := range s.attributes[:i] {
			if a.name == b.name {
				return s.wrong(a.at, "attribute %s stands twice", a.name)
			}
		}
	}
	return nil
}

func (s *scanner) distinctMany() *problem {
	seen := make(map[string]bool, len(s.attributes))
	for _, a := range s.attributes {
		if seen[a.name] {
			return s.wrong(a.at, "attribute %s stands twice", a.name)
		}
		seen[a.name] = true
	}
	return nil
}

// bind takes the namespace declarations of a start tag and resolves the prefixes of its names.
func (s *scanner) bind(start int, name string) *problem {
	isRoot := s.elements == 1
	for _, a := range s.attributes {
		if a.name != "xmlns" && !strings.HasPrefix(a.name, "xmlns:") {
			continue
		}
		s.redeclare = s.redeclare || !isRoot
		if p := s.declare(a); p != nil {
			return p
		}
	}
	if strings.IndexByte(name, ':') >= 0 {
		s.prefixed = true
		if p := s.bound(start, name); p != nil {
			return p
		}
	}
	for _, a := range s.attributes {
		if strings.IndexByte(a.name, ':') >= 0 {
			if p := s.bound(a.at, a.name); p != nil {
				return p
			}
		}
	}
	if isRoot {
		s.rememberRoot(start, name)
	}
	return nil
}

func (s *scanner) declare(a attribute) *problem {
	prefix := ""
	if a.name != "xmlns" {
		prefix = local(a.name)
	}
	switch {
	case prefix != "" && a.value == "":
		return s.wrong(a.at, "the prefix %s is declared without a namespace", prefix)
	case prefix == "xmlns":
		return s.wrong(a.at, "the prefix xmlns cannot be declared")
	case len(a.value) > longestNamespaceURI:
		return s.tooLarge(a.at, "a namespace has %d bytes, at most %d are accepted", len(a.value), longestNamespaceURI)
	case len(s.namespaces) >= mostNamespaces:
		return s.tooLarge(a.at, "more than %d namespace declarations in scope", mostNamespaces)
	}
	uri, _ := unescape(a.value)
	s.namespaces = append(s.namespaces, binding{prefix, uri})
	return nil
}

// bound checks that the prefix of a name is declared.
func (s *scanner) bound(at int, name string) *problem {
	prefix := prefixOf(name)
	if prefix == "xml" || prefix == "xmlns" && strings.HasPrefix(s.text[at:], "xmlns") {
		return nil
	}
	if _, ok := lookup(s.namespaces, prefix); !ok {
		return s.wrong(at, "the prefix of %s is not declared", name)
	}
	return nil
}

// lookup finds what a prefix is bound to; the empty prefix is the default namespace.
func lookup(namespaces []binding, prefix string) (uri string, ok bool) {
	for i := len(namespaces) - 1; i >= 0; i-- {
		if namespaces[i].prefix == prefix {
			return namespaces[i].uri, true
		}
	}
	return "", false
}

func (s *scanner) rememberRoot(start int, name string) {
	s.root = rootElement{start: start, name: name}
	s.root.namespace, _ = lookup(s.namespaces, prefixOf(name))
	for _, a := range s.attributes {
		if a.name == "version" {
			s.root.version, _ = unescape(a.value)
			s.root.versioned = true
		}
	}
}

// unescape gives text that the scanner has accepted with its references resolved and its line ends as XML has them. It
// says whether that changed anything; if not, the result shares the memory of text.
func unescape(text string) (string, bool) {
	if !strings.ContainsAny(text, "&\r") {
		return text, false
	}
	var b strings.Builder
	for len(text) > 0 {
		i := strings.IndexAny(text, "&\r")
		if i < 0 {
			b.WriteString(text)
			break
		}
		b.WriteString(text[:i])
		if text[i] == '\r' {
			b.WriteByte('\n')
			text = strings.TrimPrefix(text[i+1:], "\n")
			continue
		}
		body, rest, _ := strings.Cut(text[i+1:], ";")
		r, _ := dereference(body)
		b.WriteRune(r)
		text = rest
	}
	return b.String(), true
}
