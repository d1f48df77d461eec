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
	// *RejectedError if the document that was to become this model was rejected.
	Scorer(ctx context.Context, id string) (*scoring.Model, error)
}

// A Deployer brings documents into service and takes models out of it.
type Deployer interface {
	// Deploy puts a document into service under id; created is false if it replaces another. When it returns without an
	// error, the model is live and will be so after a restart. The error is a *RejectedError if the document is at fault,
	// and then the model that was live before still is. What the reader answers is handed on.
	Deploy(ctx context.Context, id string, document io.Reader, o DeployOptions) (m Model, created bool, err error)
	// Undeploy takes a model out of service; ErrNotFound.
	Undeploy(ctx context.Context, id string) error
}

// DeployOptions says how a document is to be deployed.
type DeployOptions struct {
	ModelName string // name of the model element to deploy; empty: the first that can be scored
}

// A RejectedError says that a document cannot be deployed: Err is an *evaluator.Faults, an
// *evaluator.VerificationError or an evaluator.RecordError of one of its verification rows.
type RejectedError struct {
	Err error
}

func (e *RejectedError) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong with the document.
func (e *RejectedError) Unwrap() error { return e.Err }

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
