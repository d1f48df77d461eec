package pmml

import (
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
)

// locate works out the line and path of places, which must be sorted by offset, in two scans: the first finds the
// elements on the way to each place, the second counts their siblings. Both need memory for those elements only.
func locate(text string, places []diag.Place) []diag.Fault {
	l := newLocator(text, places)
	l.find()
	l.count()
	return l.faults()
}

// locateProblem works out the line and path of what stopped the scanner.
func locateProblem(text string, p *problem) diag.Fault {
	l := newLocator(text[:p.token], []diag.Place{{Offset: p.token}})
	l.tag = p.tag
	l.find()
	l.count()
	path := "/"
	if l.at[0] >= 0 {
		path = l.path(l.at[0], "")
	}
	lines := lineCounter{text: text}
	return diag.Fault{Line: lines.upTo(p.at), Path: path}
}

// A locator numbers the elements on the way from the root to the places.
type locator struct {
	text   string
	places []diag.Place
	tag    string // an element to be taken as begun at the end of text, because its start tag is damaged

	steps []step // in document order
	at    []int32
	names map[string]int32
	name  []string
	seen  map[siblings]int32 // how many there were
}

// A step is one element on the way to a place.
type step struct {
	parent int32 // the step before, -1 for the root
	name   int32 // which of the locator's names
	index  int32 // which of its siblings of that name, from 1
	start  uint32
}

// siblings are the elements of one name in one step.
type siblings struct{ parent, name int32 }

func newLocator(text string, places []diag.Place) *locator {
	return &locator{text: text, places: places, at: make([]int32, 0, len(places)),
		names: map[string]int32{}, seen: map[siblings]int32{}}
}

// An ancestor is an element that is open while find scans.
type ancestor struct {
	start int
	name  string
	step  int32 // -1 until a place lies within
}

// find makes the steps to each place: to the innermost element that has begun at its offset and not ended.
func (l *locator) find() {
	var open []ancestor
	t := tags{text: l.text}
	for len(l.at) < len(l.places) {
		m := t.next()
		for len(l.at) < len(l.places) && l.places[len(l.at)].Offset < t.start {
			l.at = append(l.at, l.reach(open))
		}
		switch {
		case m == endOfText:
			if l.tag != "" {
				open = append(open, ancestor{len(l.text), local(l.tag), -1})
			}
			for len(l.at) < len(l.places) {
				l.at = append(l.at, l.reach(open))
			}
		case m.opens():
			open = append(open, ancestor{t.start, local(t.name()), -1})
		}
		if m == emptyTag {
			l.within(t.pos, open)
		}
		if m.closes() && len(open) > 0 {
			open = open[:len(open)-1]
		}
	}
}

// within reaches the places before an offset.
func (l *locator) within(end int, open []ancestor) {
	for len(l.at) < len(l.places) && l.places[len(l.at)].Offset < end {
		l.at = append(l.at, l.reach(open))
	}
}

// reach gives the step of the innermost open element and makes those that are missing on the way to it.
func (l *locator) reach(open []ancestor) int32 {
	first := len(open)
	for first > 0 && open[first-1].step < 0 {
		first--
	}
	parent := int32(-1)
	if first > 0 {
		parent = open[first-1].step
	}
	for i := first; i < len(open); i++ {
		l.steps = append(l.steps, step{parent: parent, name: l.intern(open[i].name), start: uint32(open[i].start)})
		parent = int32(len(l.steps) - 1)
		open[i].step = parent
		l.seen[siblings{l.steps[parent].parent, l.steps[parent].name}] = 0
	}
	return parent
}

func (l *locator) intern(name string) int32 {
	id, ok := l.names[name]
	if !ok {
		id = int32(len(l.name))
		l.names[name] = id
		l.name = append(l.name, name)
	}
	return id
}

// count gives each step its index and finds how many siblings it has. Steps are in document order, so the next one
// that is reached is always the next in the list.
func (l *locator) count() {
	if len(l.steps) == 0 {
		return
	}
	var open []int32 // the step of each open element, or offPath
	const offPath = -2
	next := 0
	begin := func(start int, name string) int32 {
		parent := int32(-1)
		if len(open) > 0 {
			parent = open[len(open)-1]
		}
		if parent == offPath {
			return offPath
		}
		n := l.sibling(parent, name)
		if next < len(l.steps) && int(l.steps[next].start) == start {
			l.steps[next].index = n
			next++
			return int32(next - 1)
		}
		return offPath
	}
	t := tags{text: l.text}
	for m := t.next(); m != endOfText; m = t.next() {
		if m.opens() {
			open = append(open, begin(t.start, local(t.name())))
		}
		if m.closes() && len(open) > 0 {
			open = open[:len(open)-1]
		}
	}
	if l.tag != "" {
		begin(len(l.text), local(l.tag))
	}
}

// sibling counts an element if it shares its name and parent with a step.
func (l *locator) sibling(parent int32, name string) int32 {
	id, ok := l.names[name]
	if !ok {
		return 0
	}
	key := siblings{parent, id}
	n, ok := l.seen[key]
	if !ok {
		return 0
	}
	l.seen[key] = n + 1
	return n + 1
}

func (l *locator) faults() []diag.Fault {
	lines := lineCounter{text: l.text}
	out := make([]diag.Fault, len(l.places))
	for i, p := range l.places {
		out[i].Path = "/"
		if l.at[i] >= 0 {
			out[i].Path = l.path(l.at[i], p.Attr)
		}
		out[i].Line = lines.upTo(min(p.Offset, len(l.text)))
	}
	return out
}

const (
	longestPath     = 32 << 10 // bytes; what is longer loses its middle
	longestPathName = 100      // bytes of one name in a path
)

// path writes the way from the root to a step, and to its attribute if attr is not empty.
func (l *locator) path(at int32, attr string) string {
	var way []int32
	for ; at >= 0; at = l.steps[at].parent {
		way = append(way, at)
	}
	var b strings.Builder
	for i := len(way) - 1; i >= 0; i-- {
		s := l.steps[way[i]]
		b.WriteByte('/')
		b.WriteString(clipName(l.name[s.name]))
		if l.seen[siblings{s.parent, s.name}] > 1 {
			b.WriteByte('[')
			b.WriteString(strconv.Itoa(int(s.index)))
			b.WriteByte(']')
		}
	}
	if attr != "" {
		b.WriteString("/@")
		b.WriteString(clipName(attr))
	}
	path := b.String()
	if len(path) > longestPath {
		head := path[:strings.LastIndexByte(path[:longestPath/2], '/')]
		tail := path[len(path)-longestPath/2:]
		path = head + "/…" + tail[strings.IndexByte(tail, '/'):]
	}
	return path
}

func clipName(name string) string {
	if len(name) <= longestPathName {
		return name
	}
	return strings.ToValidUTF8(name[:longestPathName], "") + "…"
}

// A lineCounter gives the lines of ascending offsets. A line ends with \n, \r\n or a \r alone.
type lineCounter struct {
	text string
	pos  int
	ends int
}

// upTo gives the line, from 1, in which the offset lies. An offset before an earlier one is taken as the earlier one.
func (c *lineCounter) upTo(offset int) int {
	if offset <= c.pos {
		return c.ends + 1
	}
	part := c.text[c.pos:offset]
	c.ends += strings.Count(part, "\n")
	for i := strings.IndexByte(part, '\r'); i >= 0; {
		if at := c.pos + i; at+1 >= len(c.text) || c.text[at+1] != '\n' {
			c.ends++
		}
		next := strings.IndexByte(part[i+1:], '\r')
		if next < 0 {
			break
		}
		i += next + 1
	}
	c.pos = offset
	return c.ends + 1
}
