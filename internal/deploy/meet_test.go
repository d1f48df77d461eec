package deploy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
)

// A bucket has objects whose earlier versions can be read, as those of S3.
type bucket struct {
	*deploytest.Objects
	earlier *sync.Map // bytes by version
}

func (b bucket) drop(key, document string) deploy.Object {
	o := b.Drop(key, []byte(document))
	b.earlier.Store(o.Version, document)
	return o
}

func (b bucket) Get(ctx context.Context, want deploy.Object) (io.ReadCloser, error) {
	body, err := b.Objects.Get(ctx, want)
	if document, ok := b.earlier.Load(want.Version); ok && errors.Is(err, deploy.ErrGone) {
		return io.NopCloser(bytes.NewReader([]byte(document.(string)))), nil
	}
	return body, err
}

// A hook does something once, the first time that somebody comes by; nil: nothing.
type hook struct{ do func() }

func (h *hook) pass() {
	if do := h.do; do != nil {
		h.do = nil
		do()
	}
}

// A worker is one of the processes on a site, in the way of which something can be put.
type worker struct {
	*deploy.Pipeline
	bucket
	*deploytest.Runtime
	most                        int  // bytes that an answer of a version may have; 0: any number
	looked, compiles, publishes hook // after an object was looked at, and before those effects
}

func (w *worker) Head(ctx context.Context, key string) (deploy.Object, error) {
	o, err := w.bucket.Head(ctx, key)
	w.looked.pass()
	return o, err
}

func (w *worker) Publish(ctx context.Context, v deploy.Version, m deploy.Model) (string, error) {
	w.publishes.pass()
	return w.Runtime.Publish(ctx, v, m)
}

func (w *worker) Invoke(ctx context.Context, v deploy.Version, body []byte) ([]byte, error) {
	answer, err := w.Runtime.Invoke(ctx, v, body)
	if err == nil && w.most > 0 && len(answer) > w.most {
		return nil, &deploy.CrashError{Message: "the answer is too large"}
	}
	return answer, err
}

// hire begins a process beside others, as functions of Lambda are: it ends with its invocation, and others can read that.
func (s *site) hire(name string, b bucket) *worker {
	w := &worker{bucket: b, Runtime: s.runtime}
	w.Pipeline = deploy.New(deploy.Config{
		Store: s.store, Objects: w, Artifacts: s.artifacts, Runtime: w,
		Compile: func(ctx context.Context, document io.Reader, name string) ([]byte, error) {
			w.compiles.pass()
			return compileOnce(ctx, document, name)
		},
		Settings: settings.Read, Worker: name, Ends: true, Now: s.now, ID: s.id,
		Pause: func(context.Context, time.Duration) error { return nil }, Patience: time.Hour,
	})
	return w
}

// look looks at the document of a model within one invocation.
func (w *worker) look(t *testing.T, s *site) deploy.Outcome {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), s.now().Add(10*365*24*time.Hour)) // the clock of the site is not the system's
	defer cancel()
	o, err := w.Look(ctx, deploy.KeyOf("m"), deploy.By{Actor: w.Worker})
	w.Wait()
	if err != nil {
		t.Errorf("%s: %v", w.Worker, err)
	}
	return o
}

func meet(t *testing.T) (*site, bucket, *worker, *worker) {
	s := newSite(true)
	b := bucket{s.objects, &sync.Map{}}
	t.Cleanup(func() {
		s.pass(20 * 365 * 24 * time.Hour) // nobody who was at the model can be alive, and garbage need not wait any more
		if err := s.pipeline.Resume(context.Background()); err != nil {
			t.Error(err)
		}
		s.pipeline.Wait()
		if err := s.consistent(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, b, s.hire("ann", b), s.hire("bob", b)
}

// TestAnswerOfAnother lets an effect end when another process has begun the same effect for a newer document: the answer is
// not about that one.
func TestAnswerOfAnother(t *testing.T) {
	s, b, ann, bob := meet(t)
	b.drop(deploy.KeyOf("m"), line{coefficient: 2}.String())
	ended, compiling := make(chan struct{}), make(chan struct{})
	bob.compiles.do = func() {
		close(compiling)
		<-ended
	}
	var bobs deploy.Outcome
	var people sync.WaitGroup
	ann.compiles.do = func() {
		b.drop(deploy.KeyOf("m"), line{coefficient: 3, target: "nothing"}.String()+"<!")
		people.Go(func() { bobs = bob.look(t, s) })
		<-compiling
	}
	ann.look(t, s)
	close(ended)
	people.Wait()
	if bobs.Deployment.State != deploy.Rejected || bobs.Model.Live != 0 {
		t.Errorf("%+v", bobs)
	}
}

// TestOldLook lets a process find a document, and come to write that down when a newer one is live already.
func TestOldLook(t *testing.T) {
	s, b, ann, bob := meet(t)
	b.drop(deploy.KeyOf("m"), line{coefficient: 2}.String())
	ann.looked.do = func() {
		b.drop(deploy.KeyOf("m"), line{coefficient: 3}.String())
		bob.look(t, s)
	}
	ann.look(t, s)
	status, err := s.store.Status(t.Context(), "m")
	if err != nil || status.Model.Live != 1 || status.Model.Last != 1 || s.content("m", 1) != checksum(line{coefficient: 3}.String()) {
		t.Errorf("%+v, %v", status.Model, err)
	}
}

// TestOldLookAtWhatIsGone lets a process find a document that is gone when it comes to write that down.
func TestOldLookAtWhatIsGone(t *testing.T) {
	s, b, ann, bob := meet(t)
	b.drop(deploy.KeyOf("m"), line{coefficient: 2}.String())
	ann.looked.do = func() {
		b.Take(deploy.KeyOf("m"))
		bob.look(t, s)
	}
	if o := ann.look(t, s); o.Deployment.State != deploy.Superseded || o.Model.Live != 0 {
		t.Errorf("%+v", o)
	}
}

// TestDoneForNobody lets a process make a file, or publish, of a version that another one has given up, and tidied up after.
func TestDoneForNobody(t *testing.T) {
	for what, at := range map[string]func(*worker) *hook{
		"compile": func(w *worker) *hook { return &w.compiles }, "publish": func(w *worker) *hook { return &w.publishes },
	} {
		t.Run(what, func(t *testing.T) {
			s, b, ann, bob := meet(t)
			b.drop(deploy.KeyOf("m"), line{coefficient: 2}.String())
			at(ann).do = func() {
				b.drop(deploy.KeyOf("m"), "<PMML/>")
				bob.look(t, s)
			}
			ann.look(t, s)
		})
	}
}

// TestCollectedBefore lets a process tidy up while another one leaves something behind.
func TestCollectedBefore(t *testing.T) {
	for _, garbage := range []bool{false, true} {
		w := newWorld(t)
		w.upload(nested, "1")
		w.settle()
		w.upload(nested, "2")
		w.until(deploy.Packaged)
		w.send(deploy.WasRejected{}) //nolint:errcheck // answers give no errors
		w.upload(nested, "3")        // gives version 2 up
		collect := w.model.Rev
		w.until(deploy.Published)
		w.send(deploy.WasRejected{}) //nolint:errcheck // answers give no errors
		e := deploy.WasCollected{}
		if garbage {
			e.Versions = []int{2}
		}
		transition, effects, err := deploy.Next(w.status(), e, deploy.Turn{At: w.at, Worker: "another", Effect: deploy.Collect{}, Rev: collect})
		if err != nil || transition.Model.ID != "" || len(effects) != 1 {
			t.Errorf("%+v, %#v, %v", transition, effects, err)
		}
	}
}

// until answers effects until the open deployment is in a state.
func (w *world) until(state deploy.State) {
	w.t.Helper()
	for w.deployments[w.model.Open].State != state {
		if err := w.send(answer(w.pending[0])); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestOutOfTime lets the same effect run out of time in one invocation of a process after another: that is an end, too.
func TestOutOfTime(t *testing.T) {
	for state, want := range map[deploy.State]deploy.State{deploy.Compiled: deploy.Rejected, deploy.Published: deploy.Failed} {
		w := newWorld(t)
		id := w.upload(nested, "1")
		w.until(state)
		for n := 0; !w.deployments[id].State.Final(); n++ {
			if n > 10 {
				t.Fatalf("%s: there is no end", state)
			}
			w.invocation()
		}
		if got := w.deployments[id].State; got != want {
			t.Errorf("%s: %s", state, got)
		}
	}
}

// invocation is one more of the same process, which has ten minutes.
func (w *world) invocation() {
	w.t.Helper()
	w.at = w.at.Add(10 * time.Minute)
	w.ends = w.at.Add(10 * time.Minute)
	if err := w.send(deploy.Resumed{}); err != nil {
		w.t.Fatal(err)
	}
}

// TestLongAnswers tries a version out whose answers are long: not with so many rows that it could not answer.
func TestLongAnswers(t *testing.T) {
	s, b, ann, _ := meet(t)
	ann.most = 6 << 20
	var rows, outputs strings.Builder
	for range 1000 {
		rows.WriteString("1,3\n")
	}
	for i := range 100 {
		fmt.Fprintf(&outputs, `<OutputField name="%s%d" optype="continuous" dataType="double" feature="predictedValue"/>`, strings.Repeat("a", 60), i)
	}
	document := strings.Replace(line{coefficient: 2}.String(), "</MiningSchema>", "</MiningSchema><Output>"+outputs.String()+"</Output>", 1)
	b.drop(deploy.SidecarOf("m", deploy.GoldenName), "x,y\n"+rows.String())
	b.drop(deploy.KeyOf("m"), document)
	if o := ann.look(t, s); o.Deployment.State != deploy.Live {
		t.Errorf("%+v", o.Deployment)
	}
}

// TestWaitsForAnother changes settings while another process is at a document: they hold when that is live.
func TestWaitsForAnother(t *testing.T) {
	s, b, ann, bob := meet(t)
	b.drop(deploy.KeyOf("m"), line{coefficient: 2}.String())
	pauses, waits, ended := 0, make(chan struct{}), make(chan struct{})
	bob.Pause = func(context.Context, time.Duration) error {
		if pauses++; pauses == 100 {
			close(waits)
			<-ended
		}
		return nil
	}
	var people sync.WaitGroup
	ann.publishes.do = func() {
		b.drop(deploy.SidecarOf("m", deploy.SettingsName), `{"owner": "bob"}`)
		people.Go(func() {
			ctx, cancel := context.WithDeadline(t.Context(), s.now().Add(10*365*24*time.Hour))
			defer cancel()
			if _, err := bob.Look(ctx, deploy.SidecarOf("m", deploy.SettingsName), deploy.By{Actor: "bob"}); err != nil {
				t.Error(err)
			}
		})
		<-waits
	}
	ann.look(t, s)
	close(ended)
	people.Wait()
	if m, err := ann.Known(t.Context(), "m"); err != nil || m.Settings.Owner != "bob" {
		t.Errorf("%+v, %v", m, err)
	}
}
