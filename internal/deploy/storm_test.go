package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
)

// An acknowledgement is what somebody was told of a deployment.
type acknowledgement struct {
	model, id string
	state     deploy.State
	version   int
}

// A storm is several people who ask for things on several models at once, while calls fail.
type storm struct {
	*site
	t     testing.TB
	seed  uint64
	fates int // one call in so many fails

	told sync.Mutex
	acks []acknowledgement
}

// TestStorm sends random requests from several goroutines, while calls fail at random and now and then the process ends.
// When all is quiet, what runs, the store, the files and the history must agree, and everything that somebody was told must
// be in the history. Goroutines run as they like; what each of them asks for, and which calls fail, is given by the seed.
func TestStorm(t *testing.T) {
	seeds := 150
	if testing.Short() {
		seeds = 15
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := &storm{site: newSite(seed%2 == 0), t: t, seed: uint64(seed), fates: []int{0, 200, 40, 15}[seed%4]}
			for round := range 3 {
				s.round(round)
			}
		})
	}
}

// round lets people ask until they are tired or the process ends, and looks at what is left.
func (s *storm) round(round int) {
	s.t.Helper()
	ctx := context.Background()
	pl := &plan{}
	s.tape.Restart(func(_ int, call string) deploytest.Fate { return s.fate(round, pl.count(call), call) })
	var people sync.WaitGroup
	for who := range 4 {
		people.Go(func() {
			random := rand.New(rand.NewPCG(s.seed, uint64(10*round+who)))
			for range 12 {
				s.ask(ctx, random, who)
			}
		})
	}
	people.Wait()
	s.pipeline.Wait()
	calm := &plan{}
	if s.tape.Crashed() {
		s.restart(ctx, s.t, calm, func() {})
	}
	s.tape.Restart(calm.decide)
	for range 2 { // a file whose turn has come, since another one is gone, is deployed the next time
		if err := s.heal(ctx, func() {}); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := s.consistent(ctx); err != nil {
		s.t.Fatalf("after round %d: %v", round, err)
	}
	s.remembered(ctx)
	s.lies(ctx)
}

// count says how often the same call was made before.
func (p *plan) count(call string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == nil {
		p.left = map[string]int{}
	}
	p.left[call]++
	return p.left[call]
}

// fate gives the fate of a call by what it is, so that it does not depend on the order in which goroutines run.
func (s *storm) fate(round, n int, call string) deploytest.Fate {
	if s.fates == 0 {
		return deploytest.Pass
	}
	h := fnv.New64a()
	fmt.Fprint(h, s.seed, round, n, call)
	random := rand.New(rand.NewPCG(h.Sum64(), s.seed))
	switch {
	case random.IntN(20*s.fates) == 0:
		return []deploytest.Fate{deploytest.Before, deploytest.After}[random.IntN(2)]
	case random.IntN(s.fates) == 0:
		return []deploytest.Fate{deploytest.Fail, deploytest.Lost}[random.IntN(2)]
	}
	return deploytest.Pass
}

// ask asks for something, and notes what it is told.
func (s *storm) ask(ctx context.Context, random *rand.Rand, who int) {
	id := []string{"m", "n"}[random.IntN(2)]
	by := deploy.By{Actor: fmt.Sprint("person ", who)}
	documents := []string{first, second, third, fourth, checked, wrong, broken, renamed}
	document := documents[random.IntN(len(documents))]
	keys := deploy.KeysOf(id)
	key := keys[2*random.IntN(2)] // those without compression
	var o deploy.Outcome
	var err error
	switch random.IntN(12) {
	case 0, 1, 2, 3:
		o, err = s.pipeline.Deploy(ctx, id, strings.NewReader(document), deploy.Metadata{By: by})
	case 4, 5:
		s.objects.Drop(key, []byte(document))
		o, err = s.pipeline.Look(ctx, key, folder)
	case 6:
		s.objects.Take(key)
		o, err = s.pipeline.Look(ctx, key, folder)
	case 7, 8:
		o, err = s.pipeline.Rollback(ctx, id, random.IntN(4), by)
	case 9:
		o, err = s.pipeline.Undeploy(ctx, id, by)
	case 10:
		sidecar := deploy.SidecarOf(id, deploy.SettingsName)
		s.objects.Drop(sidecar, []byte([]string{`{"keepVersions": 2}`, `{"owner": "o"}`, `{"owner": 7}`, `{"memory": 512}`, `{"tags": {"a": "b"}}`}[random.IntN(5)]))
		o, err = s.pipeline.Look(ctx, sidecar, folder)
	case 11:
		s.pass(time.Hour)
		err = s.pipeline.Resume(ctx)
	}
	s.note(o, err)
}

// note notes what somebody was told, if that is how a deployment ended.
func (s *storm) note(o deploy.Outcome, err error) {
	var failed *deploy.FailedError
	if !answered(err) && !errors.As(err, &failed) || !o.Deployment.State.Final() {
		return
	}
	d := o.Deployment
	s.told.Lock()
	defer s.told.Unlock()
	s.acks = append(s.acks, acknowledgement{d.Model, d.ID, d.State, d.Version})
}

// remembered looks for everything that somebody was told in the history.
func (s *storm) remembered(ctx context.Context) {
	s.t.Helper()
	store := s.quietly()
	for _, a := range s.acks {
		d, err := store.Deployment(ctx, a.model, a.id)
		if err != nil || d.State != a.state || d.Version != a.version {
			s.t.Errorf("somebody was told %+v, the history says %s of version %d: %v", a, d.State, d.Version, err)
		}
		audits, err := store.Audits(ctx, a.model, "", 1000)
		if err != nil || !slices.ContainsFunc(audits, func(u deploy.Audit) bool { return u.Deployment == a.id && u.Outcome == a.state }) {
			s.t.Errorf("somebody was told %+v, of which the audit does not know: %v", a, err)
		}
	}
}

// lies holds what is live against what lies in the uploads: a model that belongs to a key must have been told of what lies
// there.
func (s *storm) lies(ctx context.Context) {
	s.t.Helper()
	models, err := s.quietly().Models(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	objects := s.objects.Clone(&deploytest.Tape{})
	for _, m := range models {
		for _, key := range deploy.KeysOf(m.ID) {
			o, err := objects.Head(ctx, key)
			if err != nil && !errors.Is(err, deploy.ErrGone) {
				s.t.Fatal(err)
			}
			if m.Seen[key] != o.Version {
				s.t.Errorf("%s: version %q lies under %s, %q was seen", m.ID, o.Version, key, m.Seen[key])
			}
		}
	}
}
