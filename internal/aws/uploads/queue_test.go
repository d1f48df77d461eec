package uploads_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/uploads"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// site is a bucket whose notifications go to a queue, and what is deployed of it: whoever looks at a key deploys what lies
// there then. Now and then a look fails.
type site struct {
	mu       sync.Mutex
	objects  map[string]int // by key: which content
	deployed map[string]int
	random   *rand.Rand
	failing  float64

	at    time.Time
	queue *awstest.Queue
	dead  *awstest.Queue
	pipe  *pipeline
}

func newSite(seed uint64, failing float64) *site {
	s := &site{objects: map[string]int{}, deployed: map[string]int{}, random: rand.New(rand.NewPCG(seed, 1)), failing: failing,
		at: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}
	now := func() time.Time { return s.at }
	s.dead = awstest.NewQueue(awstest.QueueConfig{Now: now})
	s.queue = awstest.NewQueue(awstest.QueueConfig{Now: now, Seed: seed, Reorder: true, Duplicates: .3, MaxReceives: 5, DeadLetters: s.dead})
	s.pipe = &pipeline{look: s.look}
	return s
}

func (s *site) look(_ context.Context, key string) (deploy.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.random.Float64() < s.failing {
		return deploy.Outcome{}, errors.New("throttled")
	}
	delete(s.deployed, key)
	if content, there := s.objects[key]; there {
		s.deployed[key] = content
	}
	return deploy.Outcome{}, nil
}

// change puts or deletes what lies under a key, of which the queue hears sooner or later.
func (s *site) change(key string, content int) {
	delete(s.objects, key)
	if content > 0 {
		s.objects[key] = content
	}
	s.queue.Send(put(bucket, key))
}

// drain lets Lambda poll until the queue is empty.
func (s *site) drain(t *testing.T, invoke func(context.Context, []byte) ([]byte, error)) {
	t.Helper()
	m := awstest.Mapping{Queue: s.queue, Batch: 5, Invoke: invoke}
	for range 2000 {
		if len(s.queue.Bodies()) == 0 {
			return
		}
		_, _ = m.Poll(t.Context()) // an invocation that fails comes again
		s.at = s.at.Add(10 * time.Second)
	}
	t.Fatalf("the queue still has %v", s.queue.Bodies())
}

// However often events come, and in whatever order, what is deployed in the end is what lies in the bucket.
func TestDuplicatesAndOrderDoNotMatter(t *testing.T) {
	for seed := range uint64(50) {
		s := newSite(seed, .1)
		h := handler(t, s.pipe, nil)
		m := awstest.Mapping{Queue: s.queue, Batch: 3, Invoke: h.Invoke}
		for i := range 40 {
			s.change(doc(fmt.Sprint("m", s.random.IntN(4))), s.random.IntN(4)*(i+1))
			if s.random.IntN(3) == 0 {
				if _, err := m.Poll(t.Context()); err != nil {
					t.Fatal(err)
				}
				s.at = s.at.Add(time.Second)
			}
		}
		s.failing = 0
		s.drain(t, h.Invoke)
		if !maps.Equal(s.objects, s.deployed) || len(s.dead.Bodies()) != 0 {
			t.Errorf("seed %d: in the bucket lies %v, deployed is %v; dead letters: %v", seed, s.objects, s.deployed, s.dead.Bodies())
		}
	}
}

func TestAPoisonMessageKeepsNobodyBack(t *testing.T) {
	const poison = `{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"` + bucket + `"},"object":{"key":"models/%zz.pmml"}}}]}`
	for seed := range uint64(20) {
		s := newSite(seed, 0)
		stubborn := doc("stubborn") // a look at it panics each time
		s.pipe.look = func(ctx context.Context, key string) (deploy.Outcome, error) {
			if key == stubborn {
				panic("a mistake of ours")
			}
			return s.look(ctx, key)
		}
		s.queue.Send(poison)
		s.queue.Send(put(bucket, stubborn))
		for i := range 10 {
			s.change(doc(fmt.Sprint("m", i)), i+1)
		}
		s.drain(t, handler(t, s.pipe, nil).Invoke)
		dead := slices.Compact(slices.Sorted(slices.Values(s.dead.Bodies())))
		want := slices.Sorted(slices.Values([]string{poison, put(bucket, stubborn)}))
		if !maps.Equal(s.objects, s.deployed) || !slices.Equal(dead, want) {
			t.Errorf("seed %d: in the bucket lies %v, deployed is %v; dead letters: %v", seed, s.objects, s.deployed, dead)
		}
	}
}

// A process that ends in the middle of a batch answers nothing: all of the batch comes again.
func TestAnInvocationThatCrashes(t *testing.T) {
	s := newSite(7, 0)
	for i := range 10 {
		s.change(doc(fmt.Sprint("m", i)), i+1)
	}
	h := handler(t, s.pipe, func(c *uploads.Config) { c.Models = 1 })
	crashes := 0
	s.drain(t, func(ctx context.Context, payload []byte) ([]byte, error) {
		answer, err := h.Invoke(ctx, payload)
		if crashes++; crashes <= 4 {
			return nil, errors.New("signal: killed")
		}
		return answer, err
	})
	if !maps.Equal(s.objects, s.deployed) || len(s.dead.Bodies()) != 0 {
		t.Errorf("in the bucket lies %v, deployed is %v; dead letters: %v", s.objects, s.deployed, s.dead.Bodies())
	}
}
