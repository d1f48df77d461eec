package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Deploy puts a document under the model's key and waits until functions/deploy, which hears of that as of any other
// upload, has deployed it. Outcome and errors are those of deploy.Pipeline.Deploy.
func (r *Remote) Deploy(ctx context.Context, id string, document io.Reader, m deploy.Metadata) (deploy.Outcome, error) {
	o, err := r.deploy(ctx, id, document, m)
	if err != nil {
		return o, fmt.Errorf("deploy %s: %w", id, err)
	}
	return o, o.Err()
}

func (r *Remote) deploy(ctx context.Context, id string, document io.Reader, m deploy.Metadata) (deploy.Outcome, error) {
	end := r.config.Now().Add(r.config.Patience) // a large document is long on its way
	body, err := r.config.Objects.Receive(ctx, document)
	if err != nil {
		return deploy.Outcome{}, err
	}
	defer body.Discard()
	s, err := r.config.Store.Status(ctx, id)
	if err != nil {
		return deploy.Outcome{}, err
	}
	key := s.Model.Source
	if key == "" {
		key = deploy.KeyOf(id)
	}
	object, err := r.config.Objects.Put(ctx, key, body, m)
	if err != nil {
		return deploy.Outcome{}, err
	}
	w := waiting{r: r, id: id, object: object, newest: s.Model.Latest.ID}
	return w.wait(ctx, end)
}

const (
	firstPause = 100 * time.Millisecond
	lastPause  = time.Second
	// lately is among how many of the newest deployments an object's is looked for.
	lately = 20
)

// A waiting waits for the end of the deployment of one object.
type waiting struct {
	r      *Remote
	id     string
	object deploy.Object
	newest string // id of the newest deployment that was looked at
}

// wait gives the outcome when the deployment has ended, or a pending one at the end of patience. The document is there by
// now, so that no want of time makes a failure of it.
func (w *waiting) wait(ctx context.Context, end time.Time) (deploy.Outcome, error) {
	for step := firstPause; ; step = min(2*step, lastPause) {
		o, err := w.look(ctx)
		if left := end.Sub(w.r.config.Now()); err == nil && !o.Deployment.State.Final() && left > 0 {
			if err = w.r.config.Pause(ctx, min(step, left)); err == nil {
				continue
			}
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = nil
		}
		return o, err
	}
}

// look gives what the deployment has come to.
func (w *waiting) look(ctx context.Context) (deploy.Outcome, error) {
	object := deploy.Object{Key: w.object.Key, Version: w.object.Version} // by which the deployment can be told once it begins
	pending := deploy.Outcome{Deployment: deploy.Deployment{Model: w.id, Object: &object}}
	d, newest, err := w.find(ctx)
	if err != nil {
		return pending, err
	}
	if d == nil && newest > w.newest { // somebody else's has begun since
		replaced, err := w.replaced(ctx)
		if err != nil {
			return pending, err
		}
		if d, _, err = w.find(ctx); err != nil { // it may have had its turn before that
			return pending, err
		}
		if d == nil && replaced {
			return pending, deploy.ErrSuperseded
		}
		w.newest = newest
	}
	if d == nil {
		return pending, nil
	}
	return w.found(ctx, *d)
}

// find gives the deployment of the object, nil if there is none yet, and the id of the newest one of all.
func (w *waiting) find(ctx context.Context) (found *deploy.Deployment, newest string, err error) {
	deployments, err := w.r.config.Store.Deployments(ctx, w.id, "", lately)
	if err != nil || len(deployments) == 0 {
		return nil, "", err
	}
	for i, d := range deployments {
		if d.Kind == deploy.Upload && d.Object != nil && d.Object.Key == w.object.Key && d.Object.Version == w.object.Version {
			return &deployments[i], deployments[0].ID, nil
		}
	}
	return nil, deployments[0].ID, nil
}

func (w *waiting) found(ctx context.Context, d deploy.Deployment) (deploy.Outcome, error) {
	if !d.State.Final() {
		return deploy.Outcome{Deployment: d}, nil
	}
	s, err := w.r.config.Store.Status(ctx, w.id)
	return deploy.Outcome{Deployment: d, Model: s.Model}, err
}

// replaced says whether something else, or nothing, lies under the key by now: then nobody will ever deploy this object,
// since whoever hears of an upload looks at what lies there.
func (w *waiting) replaced(ctx context.Context) (bool, error) {
	now, err := w.r.config.Objects.Head(ctx, w.object.Key)
	if errors.Is(err, deploy.ErrGone) {
		return true, nil
	}
	return err == nil && now.Version != w.object.Version, err
}
