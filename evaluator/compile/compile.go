// Package compile makes compiled forms of PMML documents: it reads a document, checks all of it, and lowers the model to
// the form that package evaluator opens and runs.
package compile

import (
	"io"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// Limits bound what a document may ask for. A zero field means its default.
type Limits = pmml.Limits

// Options say how to compile. The zero Options compile the first scorable model within the default limits.
type Options struct {
	ModelName string                // the model with this modelName; empty: the first scorable one
	Notes     func(evaluator.Fault) // is told of what is odd but harmless, in document order
	Limits    Limits

	// Strict refuses what the schema of the document's version does not have, anywhere in the document: unknown elements
	// and attributes, JPMML's x- attributes included, children in another order, attributes that are not of their type.
	Strict bool
}

// Compile reads a document (XML in any usual encoding, or gzip of it) and returns the compiled form of its model. The
// error is *evaluator.Faults if the document is at fault, with everything that is wrong with it; anything else comes
// from r.
func Compile(r io.Reader, o Options) ([]byte, error) {
	doc, err := pmml.Read(r, o.Limits)
	if err != nil {
		return nil, err
	}
	var found diag.Collector
	l := newLowering()
	checked := check.Check(doc, check.Options{ModelName: o.ModelName, Strict: o.Strict}, &found, l.lower)
	faults, notes := doc.Locate(&found)
	if o.Notes != nil && notes != nil {
		for _, n := range notes.List {
			o.Notes(*n)
		}
	}
	if faults != nil {
		return nil, faults
	}
	p := l.finish(checked)
	if v := checked.Verify; v != nil {
		p.Verify.Line, p.Verify.Path = locate(doc, v.Place)
	}
	return p.Encode(), nil
}

// locate gives the line and the path of a place.
func locate(doc *pmml.Document, at diag.Place) (line int, path string) {
	var one diag.Collector
	one.Note(at, diag.Verification, "", "here")
	_, notes := doc.Locate(&one)
	return notes.List[0].Line, notes.List[0].Path
}
