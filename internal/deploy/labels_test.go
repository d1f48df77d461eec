package deploy_test

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
)

// What is going on when no effect is.
const (
	request    = "the request"
	afterwards = "looking again"
)

// labels tell of each call in a run which effect it belongs to: the one that Next asked for last.
type labels struct {
	mu   sync.Mutex
	now  string
	list []string // by call
}

// set says what goes on. Nobody wants to know it if l is nil.
func (l *labels) set(now string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = now
}

func (l *labels) called() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, l.now)
}

// committed asks Next what there is to do after a transition.
func (l *labels) committed(store *deploytest.Store, t deploy.Transition) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = request
	s, err := store.Clone(&deploytest.Tape{}).Status(context.Background(), t.Model.ID)
	if err != nil {
		return
	}
	_, effects, err := deploy.Next(s, deploy.Resumed{}, turnOf(s, t.Model.Updated))
	if err == nil && len(effects) > 0 {
		l.now = reflect.TypeOf(effects[0]).Name()
	}
}

// turnOf is the turn of whoever is at the open deployment.
func turnOf(s deploy.Status, at time.Time) deploy.Turn {
	t := deploy.Turn{At: at}
	if s.Deployment != nil {
		t.Worker = s.Deployment.Worker
	}
	return t
}
