package local

import (
	"errors"
	"slices"
	"sync"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// rejections remember why there is no model under an id: the document that was to be deployed there was rejected. Who
// scores is then told that, as Openscoring tells it, which finds some of these faults only at that moment. The zero value
// is ready to use.
type rejections struct {
	mu     sync.Mutex
	causes map[string]*catalog.Rejection
	ids    []string // in the order in which they came
}

// maxRejections bounds what is remembered.
const maxRejections = 1000

func (r *rejections) add(id string, cause *catalog.Rejection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(id)
	if len(r.ids) == maxRejections {
		r.drop(r.ids[0])
	}
	if r.causes == nil {
		r.causes = map[string]*catalog.Rejection{}
	}
	r.causes[id] = cause
	r.ids = append(r.ids, id)
}

func (r *rejections) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(id)
}

func (r *rejections) drop(id string) {
	if _, known := r.causes[id]; !known {
		return
	}
	delete(r.causes, id)
	r.ids = slices.DeleteFunc(r.ids, func(other string) bool { return other == id })
}

// of gives the cause if id is among them, otherwise instead.
func (r *rejections) of(id string, instead error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cause := r.causes[id]; cause != nil {
		return cause
	}
	return instead
}

// remember keeps the cause of a rejection if no other version of the model is live.
func (s *Store) remember(id string, err error) {
	var rejected *catalog.Rejection
	if !errors.As(err, &rejected) {
		return
	}
	if _, err := s.model(id); err != nil {
		s.rejected.add(id, rejected)
	}
}
