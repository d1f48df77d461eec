package pmml

// Fragments grow from the first size to the last, so that who wants the first child only does not pay for the rest.
const (
	firstFragment = 4 << 10 // bytes
	lastFragment  = 64 << 10
)

// element makes the Element at an offset, or nil if it cannot be parsed.
func (d *Document) element(start int, parent string, s *scope) *Element {
	i := d.largeFrom(start)
	if i < len(d.large) && int(d.large[i].start) == start {
		return d.largeElement(d.large[i], parent, s)
	}
	c := newCutter(d, s)
	defer c.release()
	t := tags{text: d.text, pos: start}
	c.copy(&t, t.next())
	f := c.parse(parent)
	if f == nil {
		return nil
	}
	f.normalize(s)
	return &f.elements[0]
}

// largeElement makes the Element of a large element, or nil if its start tag cannot be parsed.
func (d *Document) largeElement(at extent, parent string, around *scope) *Element {
	c := newCutter(d, around)
	defer c.release()
	content := c.single(int(at.start))
	f := c.parse(parent)
	if f == nil {
		return nil
	}
	e := &f.elements[0]
	end := int(at.end)
	if content < end { // otherwise the tag is empty
		for end--; d.text[end] != '<'; end-- {
		}
	}
	e.big = &big{content: content, end: end, scope: around.within(e.node.Attr)}
	f.normalize(around)
	return e
}

// A content steps through what stands directly inside a large element.
type content struct {
	tags
	doc   *Document
	large int // index of the next large element
}

// inside begins at an offset that lies between the children of e.
func (e *Element) inside(from int) content {
	d := e.frag.doc
	return content{tags{text: d.text[:e.big.end], pos: from}, d, d.largeFrom(from)}
}

// isLarge says that the child whose start tag was just found is large.
func (c *content) isLarge() bool {
	return c.large < len(c.doc.large) && int(c.doc.large[c.large].start) == c.start
}

// leave moves behind the child whose start tag was just found. Nothing within a large child is looked at.
func (c *content) leave(m markup) {
	if !c.isLarge() {
		c.skip(m)
		return
	}
	c.pos = int(c.doc.large[c.large].end)
	c.large = c.doc.largeFrom(c.pos)
}

// child gives the name of the child whose start tag was just found.
func (c *content) child(parent string) string { return elementName(parent, local(c.name())) }

// mostKinds bounds how many names of children are remembered. PMML has no element with so many.
const mostKinds = 64

// spans finds where the children of each name are, once.
func (e *Element) spans() map[string]span {
	e.big.once.Do(func() {
		kinds := map[string]span{}
		c := e.inside(e.big.content)
		for m := c.next(); m != endOfText; m = c.next() {
			if !m.opens() {
				continue
			}
			start, name := c.start, c.child(e.name)
			c.leave(m)
			s, known := kinds[name]
			if !known {
				s.first = start
			}
			s.last = start
			if kinds[name] = s; len(kinds) > mostKinds {
				return
			}
		}
		e.big.kinds = kinds
	})
	return e.big.kinds
}

// reach gives from where to where children of these names may begin; to is -1 if there are none.
func (e *Element) reach(names []string) (from, to int) {
	if len(names) == 0 {
		return e.big.content, e.big.end
	}
	kinds := e.spans()
	if kinds == nil {
		return e.big.content, e.big.end
	}
	from, to = e.big.end, -1
	for _, name := range names {
		if s, ok := kinds[name]; ok {
			from, to = min(from, s.first), max(to, s.last)
		}
	}
	return from, to
}

// A stream yields the wanted children of a large element. While the caller has one of them, the stream holds no memory
// but its fragment: there may be as many streams as elements are nested.
type stream struct {
	content
	e     *Element
	names []string
	yield func(*Element) bool
	cut   *cutter // nil while nothing has been copied
	size  int     // at which the fragment is parsed
}

func (e *Element) stream(names []string, yield func(*Element) bool) {
	from, to := e.reach(names)
	if to < from {
		return
	}
	s := stream{content: e.inside(from), e: e, names: names, yield: yield, size: firstFragment}
	for {
		m := s.next()
		if m == endOfText || s.start > to || s.doc.stopped.Load() {
			s.flush()
			return
		}
		if m.opens() && !s.step(m) {
			return
		}
	}
}

// step deals with the child whose start tag was just found. It says whether to go on.
func (s *stream) step(m markup) bool {
	if !wanted(s.child(s.e.name), s.names) {
		s.leave(m)
		return true
	}
	if !s.isLarge() {
		if s.cut == nil {
			s.cut = newCutter(s.doc, s.e.big.scope)
		}
		s.cut.copy(&s.tags, m)
		return len(s.cut.body) < s.size || s.flush()
	}
	if !s.flush() {
		return false
	}
	child := s.doc.largeElement(s.doc.large[s.large], s.e.name, s.e.big.scope)
	s.leave(m)
	return child == nil || s.yield(child)
}

// flush parses and yields what has been copied. It says whether to go on.
func (s *stream) flush() bool {
	if s.cut == nil {
		return true
	}
	f := s.cut.parse(s.e.name)
	s.cut.release()
	s.cut = nil
	s.size = min(2*s.size, lastFragment)
	if f == nil {
		return true
	}
	f.normalize(s.e.big.scope)
	for i := int32(0); int(i) < len(f.elements); i = f.elements[i].next {
		if !s.yield(&f.elements[i]) {
			return false
		}
	}
	return true
}
