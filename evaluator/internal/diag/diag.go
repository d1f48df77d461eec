// Package diag says what is wrong with a document: faults with a place, a stable code and what was expected.
//
// While a document is read and checked, a fault knows only the byte offset of its element. Lines and paths are worked
// out for the faults that are left at the end, in one scan, so that a correct document never pays for them.
package diag

import (
	"fmt"
	"sort"
	"strings"
)

// A Place is where something stands in a document: the offset of its element's start tag in the text that was scanned
// (UTF-8, after decompression and decoding) and, if it is about one attribute, that attribute's name.
type Place struct {
	Offset int
	Attr   string
}

// A Fault is one thing that is wrong with a document.
type Fault struct {
	Line     int    `json:"line"`               // line of the element's start tag, from 1
	Path     string `json:"path"`               // XPath of the element or attribute, such as /PMML/TreeModel/Node[3]/@score
	Code     Code   `json:"code"`               // stable name of the rule that was broken; see Codes
	Message  string `json:"message"`            // what is wrong, in one sentence without a full stop
	Expected string `json:"expected,omitempty"` // what would have been right, if that can be said

	place Place
}

// Error gives the fault in the form "LINE: XPATH: message [code]".
func (f *Fault) Error() string {
	return fmt.Sprintf("%d: %s: %s [%s]", f.Line, f.Path, f.Message, f.Code)
}

// Faults is everything that is wrong with a document, in document order: an error.
type Faults struct {
	List []*Fault // at most Limit
	More int      // how many further faults were found and not kept
}

// Limit is how many faults of one document are kept; the others are counted.
const Limit = 1000

// Enough is how many faults are counted beside those that are kept. Then checking stops.
const Enough = 100_000

// Error gives the first fault and says how many more there are.
func (f *Faults) Error() string {
	if len(f.List) == 0 {
		return "no faults"
	}
	if n := len(f.List) - 1 + f.More; n > 0 {
		return fmt.Sprintf("%s (and %d more)", f.List[0].Error(), n)
	}
	return f.List[0].Error()
}

// A Collector gathers faults and notes. The zero Collector is ready to use.
type Collector struct {
	Stop func() // is called once there are Enough faults; may be nil

	faults, notes list
}

type list struct {
	kept []*Fault
	seen map[key]bool
	more int
}

type key struct {
	place Place
	code  Code
	msg   string
}

// full says that no more faults are kept, and counts another.
func (l *list) full() bool {
	if len(l.kept) < Limit {
		return false
	}
	l.more++
	return true
}

func (l *list) add(p Place, code Code, expected, msg string) {
	k := key{p, code, msg}
	if l.seen[k] { // the same element may be looked at twice: by name, then in full
		return
	}
	if l.seen == nil {
		l.seen = map[key]bool{}
	}
	l.seen[k] = true
	l.kept = append(l.kept, &Fault{Code: code, Message: msg, Expected: expected, place: p})
}

// Fault records that something at p breaks the rule code. expected may be empty.
func (c *Collector) Fault(p Place, code Code, expected, format string, args ...any) {
	if !c.faults.full() {
		c.faults.add(p, code, expected, clip(fmt.Sprintf(format, args...)))
		return
	}
	if c.faults.more == Enough && c.Stop != nil {
		c.Stop()
		c.faults.kept[Limit-1] = &Fault{Code: ManyFaults, Message: "there are too many faults: what follows is not checked", place: p}
	}
}

// Note records something at p that is odd but does not change a score.
func (c *Collector) Note(p Place, code Code, expected, format string, args ...any) {
	if !c.notes.full() {
		c.notes.add(p, code, expected, clip(fmt.Sprintf(format, args...)))
	}
}

// clip keeps a message readable when a document holds a name of a megabyte.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// Has says that a fault of this code has been recorded at p and kept.
func (c *Collector) Has(p Place, code Code) bool {
	for _, f := range c.faults.kept {
		if f.place == p && f.Code == code {
			return true
		}
	}
	return false
}

// OK says that no fault has been recorded.
func (c *Collector) OK() bool { return len(c.faults.kept) == 0 }

// Located gives the faults and the notes in document order after asking locate for the line and path of each of their
// places, which it is handed sorted by offset. Either result is nil if there are none.
func (c *Collector) Located(locate func([]Place) []Fault) (faults, notes *Faults) {
	return c.faults.located(locate), c.notes.located(locate)
}

func (l *list) located(locate func([]Place) []Fault) *Faults {
	if len(l.kept) == 0 {
		return nil
	}
	sort.SliceStable(l.kept, func(i, j int) bool { return l.kept[i].place.Offset < l.kept[j].place.Offset })
	places := make([]Place, len(l.kept))
	for i, f := range l.kept {
		places[i] = f.place
	}
	for i, at := range locate(places) {
		l.kept[i].Line, l.kept[i].Path = at.Line, at.Path
	}
	return &Faults{List: l.kept, More: l.more}
}
