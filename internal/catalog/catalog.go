// Package catalog has the words of the service: what a deployed model is, where documents and metadata lie, what runs a
// model and what deploys one. It knows neither HTTP nor any store; adapters implement its interfaces.
package catalog

import (
	"context"
	"errors"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// ErrNotFound says that no model is deployed under an id.
var ErrNotFound = errors.New("no such model")

// MaxID is the greatest length of a model's id.
const MaxID = 128

// ValidID says whether id may name a model: it is well formed and has at most MaxID characters.
func ValidID(id string) bool { return len(id) <= MaxID && WellFormedID(id) }

// WellFormedID says whether id is a letter or digit, then letters, digits and . _ - .
func WellFormedID(id string) bool {
	if id == "" {
		return false
	}
	for i, c := range []byte(id) {
		switch {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z':
		case i > 0 && (c == '.' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return true
}

// A Model is what is known of a deployed model besides its document and its compiled form.
type Model struct {
	ID       string
	Schema   *evaluator.Schema
	Size     int64     // bytes of the document
	Checksum string    // SHA-256 of the document in lower-case hexadecimal digits
	Created  time.Time // when this version was deployed
	Version  int       // number of the version; 0: versions are not counted
	Accessed time.Time // when it was last scored or downloaded; zero: never
}

// Models is where metadata lies.
type Models interface {
	// Models gives all models in the order of Sort.
	Models(ctx context.Context) ([]Model, error)
	// Model gives one; ErrNotFound.
	Model(ctx context.Context, id string) (Model, error)
	// Accessed records that a model was scored or downloaded. It is cheap and never fails: this is a hint for people.
	Accessed(ctx context.Context, id string, at time.Time)
}

// Documents is where documents lie.
type Documents interface {
	// Document gives the document as it was uploaded, and its size in bytes; ErrNotFound.
	Document(ctx context.Context, id string) (io.ReadCloser, int64, error)
}

// Scorers is what runs models.
type Scorers interface {
	// Scorer gives the model that is live now; it can be used on after a newer one has replaced it. ErrNotFound, or a
	// *Rejection if the document that was to become this model was rejected.
	Scorer(ctx context.Context, id string) (*scoring.Model, error)
}

// A Rejection says why a document cannot be deployed, in a form that can be kept. It is an error.
type Rejection struct {
	Code    string            `json:"code"`             // "document", "verification", "golden", "schema", "settings", "key" or "resources"
	Message string            `json:"message"`          // in one sentence, with the place
	Faults  []evaluator.Fault `json:"faults,omitempty"` // of a document: the first of them
	More    int               `json:"more,omitempty"`   // how many faults are not among them
	File    string            `json:"file,omitempty"`   // of what lies beside the document: its name
	Line    int               `json:"line,omitempty"`   // in that file
	Row     int               `json:"row,omitempty"`    // of verification or golden rows, from 1
	Field   string            `json:"field,omitempty"`  // input, target or output that it is about
}

func (r *Rejection) Error() string { return r.Message }

// maxFaults is how many faults of a document a Rejection keeps.
const maxFaults = 50

// Reject gives the rejection for an error of compiling or verifying a document: *evaluator.Faults,
// *evaluator.VerificationError, or an evaluator.RecordError. Any other error is not the document's fault: then it is nil.
func Reject(err error) *Rejection {
	var (
		faults *evaluator.Faults
		verify *evaluator.VerificationError
		record evaluator.RecordError
	)
	switch {
	case errors.As(err, &faults):
		r := &Rejection{Code: "document", Message: faultMessage(faults), More: faults.More}
		for i, f := range faults.List {
			if i == maxFaults {
				r.More += len(faults.List) - maxFaults
				break
			}
			r.Faults = append(r.Faults, *f)
		}
		return r
	case errors.As(err, &verify):
		f := verify.Fault()
		return &Rejection{Code: "verification", Message: f.Error(), Faults: []evaluator.Fault{*f}, Row: verify.Row, Field: verify.Field}
	case errors.As(err, &record):
		return &Rejection{Code: "verification", Message: err.Error(), Field: record.FieldName()}
	}
	return nil
}

// exactFaults are the kinds of faults whose bare message Openscoring's users know by heart: "Required attribute
// RegressionModel@functionName is not defined", "PMML namespace URI … is not supported", "Element TextModel is not
// supported". Where nothing else is wrong it stands alone, if it is about the document or a model as a whole, so that
// the message itself names the place.
var exactFaults = map[evaluator.FaultCode]bool{
	"missing-attribute":   true,
	"unsupported-element": true,
	"version":             true,
}

// faultMessage gives the first fault with its place, and how many more there are.
func faultMessage(faults *evaluator.Faults) string {
	if len(faults.List) == 0 {
		return faults.Error()
	}
	only := faults.List[0]
	if len(faults.List) == 1 && faults.More == 0 && exactFaults[only.Code] && ofWhole(only.Path) {
		return only.Message
	}
	return faults.Error()
}

// ofWhole says whether a path is of PMML, of an element below it, or of one of their attributes.
func ofWhole(path string) bool {
	element, _, _ := strings.Cut(path, "/@")
	return strings.Count(element, "/") <= 2
}

// Sort puts models into the order of lists: by id, capital and small letters alike.
func Sort(models []Model) {
	sort.Slice(models, func(i, j int) bool {
		a, b := strings.ToLower(models[i].ID), strings.ToLower(models[j].ID)
		if a == b {
			return models[i].ID < models[j].ID
		}
		return a < b
	})
}
