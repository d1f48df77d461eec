package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
)

// A fault is what becomes of one call of a run, and of later ones.
type fault struct {
	at     int // number of the call, from 0 where the steps of the scenario begin, through all restarts
	fate   deploytest.Fate
	times  int  // how often the same call meets the fate; 0: once
	always bool // all later calls of the method fail, too, until somebody has mended what is the matter
}

// A plan is the faults of one run.
type plan struct {
	faults []fault

	mu     sync.Mutex
	calls  []string
	disks  []string       // by call: what lies on the disks before it, and what was answered; alike if that is the same
	asked  int            // how often something was asked, and the process began
	done   int            // how many calls may have changed what lies on the disks
	left   map[string]int // by call: how often it meets a fate yet
	fates  map[string]deploytest.Fate
	broken string // method of which all calls fail
	how    deploytest.Fate
}

// decide gives the fate of a call.
func (p *plan) decide(_ int, call string) deploytest.Fate {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.calls)
	p.calls = append(p.calls, call)
	p.disks = append(p.disks, p.disk())
	if mutates(call) {
		p.done++
	}
	name := nameOf(call)
	for _, f := range p.faults {
		if f.at != n {
			continue
		}
		if f.times > 1 {
			p.left, p.fates = map[string]int{name: f.times - 1}, map[string]deploytest.Fate{name: f.fate}
		}
		if f.always {
			p.broken, p.how = methodOf(call), f.fate
		}
		return f.fate
	}
	if p.broken != "" && methodOf(call) == p.broken {
		return p.how
	}
	if p.left[name] > 0 {
		p.left[name]--
		return p.fates[name]
	}
	return deploytest.Pass
}

func (p *plan) disk() string { return fmt.Sprint(p.asked, " ", p.done) }

// begins says that something new begins: a request, or a process.
func (p *plan) begins() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
}

// second gives the faults that may follow after call n: an error of each call, and one end of the process for all calls
// that find the same on the disks, and after which the same was answered. What was only in memory is gone anyway.
func (p *plan) second(n int) []fault {
	var faults []fault
	ended := map[string]bool{}
	end := func(disk string, f fault) {
		if !ended[disk] {
			ended[disk] = true
			faults = append(faults, f)
		}
	}
	for at := n + 1; at < len(p.calls); at++ {
		faults = append(faults, fault{at: at, fate: deploytest.Fail})
		end(p.disks[at], fault{at: at, fate: deploytest.Before})
		if mutates(p.calls[at]) {
			after := p.disks[at] + " done"
			if at+1 < len(p.calls) && strings.HasPrefix(p.disks[at+1], p.disks[at][:strings.IndexByte(p.disks[at], ' ')+1]) {
				after = p.disks[at+1]
			}
			end(after, fault{at: at, fate: deploytest.After})
		}
	}
	return faults
}

// mend ends a fault that lasts.
func (p *plan) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = ""
}

func methodOf(call string) string {
	method, _, _ := strings.Cut(call, " ")
	return method
}

// nameOf gives a call without what changes when it is repeated.
func nameOf(call string) string {
	if methodOf(call) == "Store.Commit" {
		return call[:strings.LastIndexByte(call, ' ')]
	}
	return call
}

// mutates says whether a call may change what lies on the disks. In one scenario, somebody replaces what is read.
func mutates(call string) bool {
	switch methodOf(call) {
	case "Store.Commit", "Objects.Put", "Objects.Get", "Objects.Delete", "Artifacts.Put", "Artifacts.Remove",
		"Runtime.Publish", "Runtime.Switch", "Runtime.Stop", "Runtime.Collect": // where what runs outlives a process
		return true
	}
	return false
}

// An observation is what a run shows from outside.
type observation struct {
	site    *site
	calls   []string
	labels  []string            // by call: what was going on; of a run without faults
	running []map[string]string // before the steps, and after each
	first   error               // the answer to whom the first fault hit; nil: as if nothing had happened
	hit     int                 // step that the first fault hit; -1: none
	serving map[string]string   // what answered after that, before anything was mended
	failed  bool                // a deployment had to be given up
}

// play plays a scenario from its start. often says how often each step is done in vain, for the count; nil: once.
type play struct {
	scenario
	t     testing.TB
	start *site
	usual []map[string]string // observation.running of the run without faults; nil: this is it

	mu   sync.Mutex
	ends map[string]string // by variant: the ends without faults
}

func newPlay(t testing.TB, sc scenario, remote bool) *play {
	t.Helper()
	ctx := context.Background()
	s := newSite(remote)
	for i, st := range sc.before {
		if st.put != nil {
			st.put(s)
		}
		if sc.open && i == len(sc.before)-1 {
			s.tape.Decide = func(_ int, call string) deploytest.Fate {
				if methodOf(call) == "Artifacts.Put" {
					return deploytest.Before
				}
				return deploytest.Pass
			}
		}
		if _, err := st.ask(ctx, s, deploy.By{Actor: fmt.Sprint("before ", i)}); err != nil && !s.tape.Crashed() {
			t.Fatal(err)
		}
		s.pipeline.Wait()
	}
	s.tape.Restart(nil)
	return &play{scenario: sc, t: t, start: s, ends: map[string]string{}}
}

// run plays the scenario. The steps that are repeated are done several times, as by somebody who did not get an answer.
func (p *play) run(t testing.TB, pl *plan, repeat map[int]int, healFirst bool, l *labels) observation {
	t.Helper()
	ctx := context.Background()
	s := p.start.clone()
	o := observation{site: s, hit: -1}
	if err := s.load(ctx); err != nil {
		t.Fatal(err)
	}
	if healFirst {
		if err := s.heal(ctx, func() {}); err != nil {
			t.Fatal(err)
		}
	}
	o.running = append(o.running, s.running())
	decide := pl.decide
	if l != nil {
		s.labels = l
		decide = func(n int, call string) deploytest.Fate {
			l.called()
			return pl.decide(n, call)
		}
	}
	s.tape.Restart(decide)
	for k, st := range p.steps {
		l.set(request)
		p.step(ctx, t, &o, k, st, pl)
		for range repeat[k] {
			p.step(ctx, t, &o, k, step{ask: st.ask}, pl)
		}
		o.running = append(o.running, s.running())
		p.mayRun(t, s, k+1, k+1)
	}
	l.set(afterwards)
	p.mend(ctx, t, s, len(p.steps), len(p.steps), pl)
	o.calls = pl.calls
	if l != nil {
		o.labels = l.list
	}
	return o
}

// step does one step, and again until there is an answer. Whenever the process ends, another one begins.
func (p *play) step(ctx context.Context, t testing.TB, o *observation, k int, st step, pl *plan) {
	t.Helper()
	s := o.site
	if st.put != nil {
		st.put(s)
	}
	for tries := 0; ; tries++ {
		if tries > 6 {
			t.Fatalf("step %d gets no answer", k)
		}
		begun := len(pl.calls)
		pl.begins()
		outcome, err := st.ask(ctx, s, deploy.By{Actor: fmt.Sprint("step ", k)})
		s.pipeline.Wait()
		failed := outcome.Deployment.State == deploy.Failed
		first := o.hit < 0 && slices.ContainsFunc(pl.faults, func(f fault) bool { return begun <= f.at && f.at < len(pl.calls) })
		if failed && err == nil {
			err = errors.New("FAILED")
		}
		done := answered(err)
		if first {
			o.hit, o.first, o.failed = k, err, failed
		}
		crashed := s.tape.Crashed()
		switch {
		case crashed:
			s.restart(ctx, t, pl, func() {
				if done {
					p.mayRun(t, s, k+1, k+1)
				} else {
					p.mayRun(t, s, k, k+1)
				}
				if first && o.serving == nil {
					o.serving = s.running()
				}
			})
		case !done:
			p.mayRun(t, s, k, k+1)
		}
		if first && o.serving == nil {
			o.serving = s.running()
		}
		if !done && !crashed {
			p.mend(ctx, t, s, k, k+1, pl)
		}
		if st.file != "" && s.givenUp(ctx) {
			s.touch(st.file) // somebody sees that, and lays the file there again
			continue
		}
		if done {
			if crashed {
				p.mayRun(t, s, k+1, k+1)
			}
			return
		}
	}
}

// mend lets the server help itself, at first while the fault lasts.
func (p *play) mend(ctx context.Context, t testing.TB, s *site, from, to int, pl *plan) {
	t.Helper()
	err := s.helpItself(ctx)
	if !s.tape.Crashed() {
		p.mayRun(t, s, from, to)
		pl.mend()
		err = s.heal(ctx, pl.mend)
	}
	if s.tape.Crashed() {
		s.restart(ctx, t, pl, func() { p.mayRun(t, s, from, to) })
	} else if err != nil {
		t.Fatal(err)
	}
	p.mayRun(t, s, from, to)
	if len(pl.faults) == 1 { // of two, the second may be yet to come
		if err := s.consistent(ctx); err != nil {
			t.Fatalf("before it is asked for again: %v", err)
		}
	}
}

// mayRun looks at what runs: it must be what runs after one of the steps from and to in the run without faults, or one of
// the scenario's other documents.
func (p *play) mayRun(t testing.TB, s *site, from, to int) {
	t.Helper()
	if p.usual == nil {
		return
	}
	running := s.running()
	for k := from; k <= to; k++ {
		if maps.Equal(running, p.usual[k]) {
			return
		}
	}
	for _, document := range p.also {
		if len(running) == 1 && running["m"] == checksum(document) {
			return
		}
	}
	t.Fatalf("%v runs, which is neither of %v", running, p.usual[from:to+1])
}

// An end is all that is left of a run, without what may differ between runs.
type end struct {
	Models      []deploy.Model
	Versions    []deploy.Version
	Deployments []deploy.Deployment
	Audits      []deploy.Audit
	Files       map[string][]string
	Running     map[string]string
}

func (s *site) end(ctx context.Context) end {
	store := s.quietly()
	e := end{Files: map[string][]string{}, Running: s.running()}
	e.Models, _ = store.Models(ctx)
	for i := range e.Models {
		m := &e.Models[i]
		v, _ := store.Versions(ctx, m.ID, 1000)
		d, _ := store.Deployments(ctx, m.ID, "", 1000)
		a, _ := store.Audits(ctx, m.ID, "", 1000)
		e.Versions, e.Deployments, e.Audits = append(e.Versions, v...), append(e.Deployments, d...), append(e.Audits, a...)
		m.Rev, m.Created, m.Updated, m.Deleted = 0, time.Time{}, time.Time{}, dayOf(m.Deleted)
		m.Latest.ID, m.Latest.At, m.Latest.Actor, m.Serves.Created = "", time.Time{}, "", time.Time{}
		for key, version := range m.Seen {
			if o, err := s.objects.Clone(&deploytest.Tape{}).Head(ctx, key); err != nil || o.Version != version {
				m.Seen[key] = "another"
			} else {
				m.Seen[key] = "this"
			}
		}
	}
	for i := range e.Versions {
		v := &e.Versions[i]
		v.Deployment, v.Object.Version, v.Created, v.Since = "", "", time.Time{}, dayOf(v.Since)
		v.Portrait.Created, v.Published, v.ColdMS, v.WarmMS = time.Time{}, nil, 0, 0
	}
	for i := range e.Deployments {
		d := &e.Deployments[i]
		d.ID, d.Created, d.Updated, d.Published = "", time.Time{}, time.Time{}, ""
		if d.Kind != deploy.Upload {
			d.By, d.Object = deploy.By{}, nil // the folder may have been faster than the caller
		}
		if d.Object != nil {
			d.Object.Version = ""
		}
		for j := range d.Steps {
			d.Steps[j].At = time.Time{}
		}
		for d.Again > 0 { // what a process had published went with it
			j := slices.Index(d.Steps, deploy.Step{State: deploy.Packaged})
			d.Steps = slices.Delete(slices.Clone(d.Steps), j, j+1)
			if j < len(d.Steps) && d.Steps[j].State == deploy.Published {
				d.Steps = slices.Delete(d.Steps, j, j+1)
			}
			d.Again--
		}
	}
	for i := range e.Audits {
		a := &e.Audits[i]
		a.ID, a.Deployment, a.At = "", "", time.Time{}
		if a.Action != deploy.Upload {
			a.Actor = ""
		}
	}
	for _, f := range s.artifacts.Folders() {
		id, number, _ := strings.Cut(f, "/")
		n := 0
		_, _ = fmt.Sscan(number, &n)
		e.Files[f] = slices.Sorted(maps.Keys(s.artifacts.Files(id, n)))
	}
	return e
}

func dayOf(at time.Time) time.Time { return at.Truncate(24 * time.Hour) }

func (e end) String() string {
	text, err := json.MarshalIndent(e, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// ends gives the ends that the scenario may come to without faults, if the uploads were put as often as the end that is to
// be compared says.
func (p *play) endsFor(t testing.TB, e end) []string {
	t.Helper()
	repeat, name := map[int]int{}, ""
	for k, st := range p.steps {
		n := 0
		for _, d := range e.Deployments {
			if d.Kind == deploy.Upload && d.By.Actor == fmt.Sprint("step ", k) {
				n++
			}
		}
		if st.file == "" && n > 1 {
			repeat[k] = n - 1
		}
		name += fmt.Sprint(repeat[k], " ")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, healFirst := range []bool{false, true} {
		variant := fmt.Sprint(name, healFirst)
		if _, ok := p.ends[variant]; !ok {
			o := p.run(t, &plan{}, repeat, healFirst, nil)
			if err := o.site.consistent(context.Background()); err != nil {
				t.Fatalf("without faults: %v", err)
			}
			p.ends[variant] = o.site.end(context.Background()).String()
		}
		list = append(list, p.ends[variant])
	}
	return list
}

// sameEnd compares the end of a run with those without faults.
func (p *play) sameEnd(t testing.TB, o observation) {
	t.Helper()
	e := o.site.end(context.Background())
	got := e.String()
	ends := p.endsFor(t, e)
	if !slices.Contains(ends, got) {
		t.Fatalf("another end than without faults (-without +with):\n%s", cmp.Diff(ends[0], got))
	}
}

// goodEnd looks at the end of a run in which a deployment may have been given up.
func (p *play) goodEnd(t testing.TB, o observation) {
	t.Helper()
	if err := o.site.consistent(context.Background()); err != nil {
		t.Fatal(err)
	}
	if want := p.usual[len(p.usual)-1]; !maps.Equal(o.site.running(), want) {
		t.Fatalf("%v runs at the end, not %v", o.site.running(), want)
	}
}

// without plays the scenario without faults.
func (p *play) without(t testing.TB) observation {
	t.Helper()
	o := p.run(t, &plan{}, nil, false, &labels{now: request})
	if err := o.site.consistent(context.Background()); err != nil {
		t.Fatal(err)
	}
	p.usual = o.running
	return o
}

// TestCrash lets each call of each scenario fail, and the process end before and after it. What becomes of that is the table
// in docs/deployment-faults.md.
func TestCrash(t *testing.T) {
	table := newFaultTable()
	t.Run("scenarios", func(t *testing.T) {
		for name, sc := range everywhere() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := newPlay(t, sc.scenario, sc.remote)
				usual := p.without(t)
				pairs := 0
				p.pairs(t, func(fault, fault) { pairs++ })
				table.played(usual, pairs)
				for n, call := range usual.calls {
					for _, f := range singles {
						what := within{t, fmt.Sprintf("%s, call %d, %s", f.name, n, call)}
						one := f.fault
						one.at = n
						o := p.run(what, &plan{faults: []fault{one}}, nil, false, nil)
						p.goodEnd(what, o)
						if !f.always && f.times == 0 {
							p.sameEnd(what, o)
						}
						table.add(usual, o, usual.labels[n], call, f.name)
					}
				}
			})
		}
	})
	if t.Failed() || table.scenarios < len(everywhere()) {
		return // the table is not complete
	}
	table.everyEffect(t)
	table.everyCall(t)
	table.compare(t, "../../docs/deployment-faults.md")
}

// TestPairs lets all pairs of calls fail, or be the last ones of a process. The second one is any that follows on the first,
// also in what is done to make up for it.
func TestPairs(t *testing.T) {
	var sum, played atomic.Int64
	t.Run("scenarios", func(t *testing.T) {
		i := 0
		for name, sc := range everywhere() {
			i++
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := newPlay(t, sc.scenario, sc.remote)
				p.without(t)
				n := 0
				p.pairs(t, func(first, second fault) {
					n++
					if testing.Short() && n%50 != i%50 || !sc.remote && n%10 != i%10 {
						return // what ends with its process is the lesser half: a tenth of its pairs, others each time a scenario changes
					}
					played.Add(1)
					what := within{t, fmt.Sprintf("%+v, %+v", first, second)}
					o := p.run(what, &plan{faults: []fault{first, second}}, nil, false, nil)
					p.sameEnd(what, o)
				})
				sum.Add(int64(n))
			})
		}
	})
	t.Logf("%d of %d pairs", played.Load(), sum.Load())
}

// pairs gives all pairs of faults.
func (p *play) pairs(t testing.TB, do func(first, second fault)) {
	alone := &plan{}
	p.run(t, alone, nil, false, nil)
	for _, first := range alone.second(-1) {
		pl := &plan{faults: []fault{first}}
		p.run(t, pl, nil, false, nil)
		for _, second := range pl.second(first.at) {
			do(first, second)
		}
	}
}

// within says of each complaint what it is about.
type within struct {
	testing.TB
	what string
}

func (w within) Fatal(a ...any) {
	w.Helper()
	w.TB.Fatal(w.what, ": ", fmt.Sprint(a...))
}

func (w within) Fatalf(format string, a ...any) {
	w.Helper()
	w.Fatal(fmt.Sprintf(format, a...))
}

// singles are the faults that a call meets, by the names of the table.
var singles = []struct {
	name string
	fault
}{
	{"error once", fault{fate: deploytest.Fail}},
	{"done, but an error once", fault{fate: deploytest.Lost}},
	{"error always", fault{fate: deploytest.Fail, always: true}},
	{"done, but an error always", fault{fate: deploytest.Lost, always: true}},
	{"crash before", fault{fate: deploytest.Before}},
	{"crash after", fault{fate: deploytest.After}},
	{"crash three times", fault{fate: deploytest.Before, times: 3}},
}
