package pmml

import "strings"

// A markup is one kind of what stands between '<' and '>'.
type markup uint8

const (
	endOfText markup = iota
	startTag
	emptyTag // a start tag that is its own end
	endTag
	cdata
	comment // or a processing instruction: nothing that has content
)

// opens says that an element begins here.
func (m markup) opens() bool { return m == startTag || m == emptyTag }

// closes says that an element ends here.
func (m markup) closes() bool { return m == endTag || m == emptyTag }

// tags steps through the markup of text that the scanner has accepted, so it checks nothing.
type tags struct {
	text  string
	start int // of the markup that next found: the offset of its '<'
	pos   int // behind it
}

// next finds the next markup. What lies between the old pos and the new start is character data.
func (t *tags) next() markup {
	i := strings.IndexByte(t.text[t.pos:], '<')
	if i < 0 {
		t.start, t.pos = len(t.text), len(t.text)
		return endOfText
	}
	t.start = t.pos + i
	rest := t.text[t.start:]
	switch {
	case strings.HasPrefix(rest, "</"):
		return t.upTo(">", endTag)
	case strings.HasPrefix(rest, "<?"):
		return t.upTo("?>", comment)
	case strings.HasPrefix(rest, "<!--"):
		t.pos = t.start + len("<!--") // so that "<!-->" does not end here
		return t.upTo("-->", comment)
	case strings.HasPrefix(rest, "<![CDATA["):
		return t.upTo("]]>", cdata)
	}
	t.pos = tagEnd(t.text, t.start+1)
	if t.text[t.pos-2] == '/' {
		return emptyTag
	}
	return startTag
}

// upTo moves behind the terminator of markup of kind m.
func (t *tags) upTo(terminator string, m markup) markup {
	from := max(t.pos, t.start)
	i := strings.Index(t.text[from:], terminator)
	if i < 0 {
		t.pos = len(t.text)
		return endOfText
	}
	t.pos = from + i + len(terminator)
	return m
}

// name gives the name in the start tag that next found, with its prefix.
func (t *tags) name() string { return tagName(t.text, t.start) }

// skip moves behind the element whose start tag next found.
func (t *tags) skip(m markup) {
	for depth := 0; ; m = t.next() {
		switch m {
		case startTag:
			depth++
		case endTag:
			depth--
		case endOfText:
			return
		}
		if depth == 0 && m.closes() {
			return
		}
	}
}

// tagEnd gives the offset behind the '>' of the start tag in which i lies, outside quotes.
func tagEnd(text string, i int) int {
	for i < len(text) {
		switch c := text[i]; c {
		case '>':
			return i + 1
		case '"', '\'':
			n := strings.IndexByte(text[i+1:], c)
			if n < 0 {
				return len(text)
			}
			i += n + 2
		default:
			i++
		}
	}
	return len(text)
}

// tagName gives the name, with its prefix, in the start tag at offset start.
func tagName(text string, start int) string {
	i := start + 1
	for i < len(text) && !endsName[text[i]] {
		i++
	}
	return text[start+1 : i]
}

var endsName = [256]bool{' ': true, '\t': true, '\n': true, '\r': true, '/': true, '>': true}

// local gives the name without its prefix.
func local(name string) string { return name[strings.IndexByte(name, ':')+1:] }

// prefixOf gives the prefix of a name, or "".
func prefixOf(name string) string {
	prefix, _, ok := strings.Cut(name, ":")
	if !ok {
		return ""
	}
	return prefix
}

// blank says that s is white space only.
func blank(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isSpace(s[i]) {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
