// Package pmml reads PMML documents as they are written.
//
// A document of 100 MB would be a tree of 1.2 GB, so there never is a whole tree. Read decodes the text and scans it
// once for all that XML and the limits forbid. Then only the text exists, and where its large elements begin and end.
// The children of a large element are streamed: runs of small ones are parsed by xmlquery when the iteration reaches
// them and forgotten when it goes on; large ones are streamed in turn. So memory is bounded whatever the document's
// size, and each byte is looked at a constant number of times whatever its nesting.
//
// Places are byte offsets. Lines and paths are worked out by Locate, for faults only.
//
// Names and values that older versions spell differently are given as PMML 4.4 has them; see versions.go.
package pmml

import (
	"regexp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
)

// A Document is the text of a document that is well-formed. Several goroutines may read it at the same time.
type Document struct {
	text    string
	version string
	large   []extent // in document order
	root    *Element

	prefixed, redeclare, spaced bool // see scanner

	parsed   atomic.Int64 // bytes given to xmlquery so far
	stopped  atomic.Bool
	mu       sync.Mutex
	unparsed []diag.Place // elements that the scanner accepted and xmlquery did not
}

func newDocument(text string, s *scanner) *Document {
	d := &Document{text: text, large: s.large, prefixed: s.prefixed, redeclare: s.redeclare, spaced: s.spaced}
	d.version, _ = s.root.supportedVersion()
	d.root = d.element(s.root.start, "", nil)
	return d
}

// Root gives the PMML element.
func (d *Document) Root() *Element { return d.root }

// Version gives the version of PMML in the form "4.4": the namespace's, else the version attribute's, else "4.4".
func (d *Document) Version() string { return d.version }

// Size gives the number of bytes of the text, after decompression and as UTF-8.
func (d *Document) Size() int { return len(d.text) }

// Stop ends the document: large elements have no further children. Whoever reads them comes to an end soon.
func (d *Document) Stop() { d.stopped.Store(true) }

// Locate gives the collected faults and notes, sorted, with their lines and paths; either is nil if there are none.
// Its cost is that of a few scans, and it needs memory only for the elements on the way to the faults.
func (d *Document) Locate(c *diag.Collector) (faults, notes *diag.Faults) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.unparsed {
		c.Fault(p, diag.Malformed, "", "the element cannot be parsed")
	}
	return c.Located(func(places []diag.Place) []diag.Fault { return locate(d.text, places) })
}

// fail records that xmlquery refuses what the scanner accepted.
func (d *Document) fail(start int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unparsed = append(d.unparsed, diag.Place{Offset: start})
}

// largeFrom gives the index of the first large element that begins at an offset or later.
func (d *Document) largeFrom(start int) int {
	i, _ := slices.BinarySearchFunc(d.large, uint32(start), func(e extent, at uint32) int {
		return int(int64(e.start) - int64(at))
	})
	return i
}

// collect keeps garbage in bounds: the collector waits until there is as much of it as there is live memory, and a
// document's text is live. Trees are about twenty times the size of their text, so a collection every four megabytes
// keeps some 80 MB, and costs little because hardly anything else is live.
func (d *Document) collect(parsed int) {
	const (
		big   = 32 << 20 // bytes of a document below which the collector does well by itself
		every = 4 << 20  // bytes of text
	)
	if len(d.text) < big {
		return
	}
	after := d.parsed.Add(int64(parsed))
	if after/every != (after-int64(parsed))/every {
		runtime.GC()
	}
}

var pmmlNamespace = regexp.MustCompile(`^https?://www\.dmg\.org/PMML-(\d+)[_-](\d+)`)

var versionNumber = regexp.MustCompile(`^\s*(\d+)\.(\d+)`)

// versions are those that are read.
var versions = []string{"3.0", "3.1", "3.2", "4.0", "4.1", "4.2", "4.3", "4.4"}

// supportedVersion gives the version that a root element says it has. The namespace wins over the attribute, because
// some producers write one namespace for all their documents.
func (r rootElement) supportedVersion() (string, bool) {
	m := pmmlNamespace.FindStringSubmatch(r.namespace)
	if m == nil && r.namespace == "" {
		if !r.versioned {
			return versions[len(versions)-1], true
		}
		m = versionNumber.FindStringSubmatch(r.version)
	}
	if m == nil {
		return "", false
	}
	v := m[1] + "." + m[2]
	return v, slices.Contains(versions, v)
}

// check gives what is wrong with the root element.
func (r rootElement) check() *problem {
	if local(r.name) != "PMML" {
		return &problem{at: r.start, token: r.start, tag: r.name, code: diag.WrongRoot, expected: "PMML",
			message: "the root element must be PMML, not " + r.name}
	}
	v, ok := r.supportedVersion()
	if ok {
		return nil
	}
	p := &problem{at: r.start, token: r.start, tag: r.name, code: diag.Version, expected: "PMML 3.0 to 4.4"}
	switch {
	case r.namespace != "":
		p.message = "PMML namespace URI " + r.namespace + " is not supported"
	case v != "":
		p.message = "PMML " + v + " is not a version that is read"
	default:
		p.message = "the version " + r.version + " is not one of PMML"
	}
	return p
}
