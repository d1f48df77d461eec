package uploads_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/command"
	"github.com/handoff-pmml/handoff/internal/aws/uploads"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
)

// stage is a bucket, a queue and functions/deploy with a real pipeline, whose world is in memory.
type stage struct {
	t         *testing.T
	at        time.Time
	objects   *deploytest.Objects
	store     *deploytest.Store
	artifacts *deploytest.Artifacts
	runtime   *deploytest.Runtime
	handler   *uploads.Handler
	mapping   awstest.Mapping
	dead      *awstest.Queue
}

func newStage(t *testing.T, seed uint64) *stage {
	tape := &deploytest.Tape{}
	s := &stage{t: t, at: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC), objects: &deploytest.Objects{Tape: tape}, store: &deploytest.Store{Tape: tape},
		artifacts: &deploytest.Artifacts{Tape: tape}}
	s.runtime = &deploytest.Runtime{Tape: tape, Artifacts: s.artifacts}
	s.start(time.Now)
	now := func() time.Time { return s.at }
	s.dead = awstest.NewQueue(awstest.QueueConfig{Now: now})
	queue := awstest.NewQueue(awstest.QueueConfig{Now: now, Seed: seed, Reorder: true, Duplicates: .3, MaxReceives: 5, DeadLetters: s.dead})
	s.mapping = awstest.Mapping{Queue: queue, Batch: 5, Invoke: s.invoke}
	return s
}

// start begins a process. Only the clock of its pipeline is another one: deadlines are real.
func (s *stage) start(now func() time.Time) {
	p := deploy.New(deploy.Config{
		Store: s.store, Objects: s.objects, Artifacts: s.artifacts, Runtime: s.runtime, Settings: settings.Read, Ends: true, Now: now,
		Pause: func(context.Context, time.Duration) error { return nil },
		Compile: func(_ context.Context, document io.Reader, name string) ([]byte, error) {
			return compile.Compile(document, compile.Options{ModelName: name})
		},
	})
	s.handler = uploads.NewHandler(uploads.Config{Pipeline: p, Bucket: bucket})
}

// invoke is Lambda's Invoke, whose functions have ten minutes.
func (s *stage) invoke(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	return s.handler.Invoke(ctx, payload)
}

// change puts a document under the key of a model, or removes it. The queue hears of it.
func (s *stage) change(id, document string) {
	if document == "" {
		s.objects.Take(deploy.KeyOf(id))
	} else {
		s.objects.Drop(deploy.KeyOf(id), []byte(document))
	}
	s.mapping.Queue.Send(put(bucket, deploy.KeyOf(id)))
}

func (s *stage) poll() {
	s.t.Helper()
	if _, err := s.mapping.Poll(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.at = s.at.Add(10 * time.Second)
}

func (s *stage) drain() {
	s.t.Helper()
	for range 500 {
		if len(s.mapping.Queue.Bodies()) == 0 {
			return
		}
		s.poll()
	}
	s.t.Fatalf("the queue still has %v", s.mapping.Queue.Bodies())
}

// live gives the document that answers for a model; empty: none.
func (s *stage) live(id string) string {
	return string(s.artifacts.Files(id, s.runtime.Live()[id])[deploy.DocumentFile])
}

// document is a line with a slope of its own.
func document(slope int) string {
	return fmt.Sprintf(`<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>
<DataDictionary><DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema>
<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="%d"/></RegressionTable></RegressionModel></PMML>`, slope)
}

// What lies in the bucket in the end is live, whatever the queue made of its events; each object was deployed at most once.
func TestPipelineBehindAQueue(t *testing.T) {
	for seed := range uint64(10) {
		s := newStage(t, seed)
		random := rand.New(rand.NewPCG(seed, 2))
		want := map[string]string{}
		for i := range 24 {
			id := fmt.Sprint("m", random.IntN(3))
			want[id] = document(i)
			if random.IntN(4) == 0 {
				want[id] = ""
			}
			s.change(id, want[id])
			if random.IntN(3) == 0 {
				s.poll()
			}
		}
		s.drain()
		for id, document := range want {
			if got := s.live(id); got != document {
				t.Errorf("seed %d: live of %s is\n%s\nwant\n%s", seed, id, got, document)
			}
			s.deployedOnce(id)
		}
		if dead := s.dead.Bodies(); len(dead) > 0 {
			t.Errorf("seed %d: dead letters: %v", seed, dead)
		}
	}
}

// deployedOnce says that no object of a model had two deployments.
func (s *stage) deployedOnce(id string) {
	s.t.Helper()
	deployments, err := s.store.Deployments(s.t.Context(), id, "", 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, d := range deployments {
		if d.Kind != deploy.Upload {
			continue
		}
		if seen[d.Object.Version] {
			s.t.Errorf("%s: object %s was deployed twice", id, d.Object.Version)
		}
		seen[d.Object.Version] = true
		if d.By.Actor != "s3 ada" {
			s.t.Errorf("%s was deployed by %q", id, d.By.Actor)
		}
	}
}

func TestStoryOfAModel(t *testing.T) {
	s := newStage(t, 1)
	client := command.Client{Invoke: s.invoke}
	ada := deploy.By{Actor: "admin ada", Reason: "it was better"}
	expect := func(what, document string) {
		t.Helper()
		s.drain()
		if got := s.live("iris"); got != document {
			t.Fatalf("%s: live is %q", what, got)
		}
	}
	s.change("iris", document(1))
	expect("an upload", document(1))
	s.change("iris", document(2))
	expect("a new version", document(2))
	s.change("iris", "<PMML")
	expect("a bad document", document(2))
	if _, err := client.Rollback(t.Context(), "iris", 0, ada); err != nil {
		t.Fatal(err)
	}
	expect("a rollback", document(1))
	s.mapping.Queue.Send(put(bucket, deploy.KeyOf("iris")))
	expect("an event that comes late", document(1))
	s.change("iris", "")
	expect("a removal", "")
	o, err := client.Rollback(t.Context(), "iris", 2, ada)
	if err != nil || o.Deployment.Kind != deploy.Undelete || o.Deployment.By != ada {
		t.Fatalf("%+v, %v", o, err)
	}
	expect("an undelete", document(2))
	if o, err = client.Undeploy(t.Context(), "iris", ada); err != nil || o.Deployment.State != deploy.Deleted {
		t.Fatalf("%+v, %v", o, err)
	}
	expect("a removal of what lies under no key any more", "")
	if _, err := client.Rollback(t.Context(), "iris", 9, ada); err == nil || !strings.Contains(err.Error(), "version 9 cannot come back") {
		t.Errorf("%v", err)
	}
}

// An invocation that ends in the middle of a deployment leaves it to the clock, once its time is over.
func TestTheClockGoesOnWithWhatWasLeft(t *testing.T) {
	s := newStage(t, 1)
	s.change("iris", document(1))
	s.runtime.Tape.Decide = func(_ int, call string) deploytest.Fate {
		if strings.HasPrefix(call, "Runtime.Switch") {
			return deploytest.Before
		}
		return deploytest.Pass
	}
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	s.mapping.Invoke = func(_ context.Context, payload []byte) ([]byte, error) { return s.handler.Invoke(ctx, payload) }
	s.poll()
	if got := s.live("iris"); got != "" {
		t.Fatal("it is live")
	}
	s.runtime.Tape.Restart(nil)
	s.start(func() time.Time { return time.Now().Add(time.Minute) })
	if _, err := s.invoke(t.Context(), []byte(`{"detail-type":"Scheduled Event","source":"aws.events"}`)); err != nil {
		t.Fatal(err)
	}
	if got := s.live("iris"); got != document(1) {
		t.Errorf("live is %q", got)
	}
}
