package deploytest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// A Runtime is a deploy.Runtime in memory. What it keeps outlives a process, as functions do.
type Runtime struct {
	Local     bool                              // it ends with its process and opens what it runs, as a server does
	Tape      *Tape                             // required
	Artifacts deploy.Artifacts                  // for Invoke, which runs the compiled form: must not be on the tape
	Answer    func(body []byte) ([]byte, error) // nil: Invoke answers as the version does

	count     int
	live      map[string]Serving
	published map[string]map[string]int // by model, by name: number of the version
	fences    map[string]int64
}

// A Serving is what answers for a model.
type Serving struct {
	Version int
	Name    string // under which it is published
}

var _ deploy.Runtime = (*Runtime)(nil)

// Clone gives a runtime that runs the same, and from now on goes its own way on another tape.
func (r *Runtime) Clone(t *Tape, a deploy.Artifacts) *Runtime {
	r.Tape.mu.Lock()
	defer r.Tape.mu.Unlock()
	c := &Runtime{Local: r.Local, Tape: t, Artifacts: a, Answer: r.Answer, count: r.count, live: maps.Clone(r.live), fences: maps.Clone(r.fences),
		published: map[string]map[string]int{}}
	for id, names := range r.published {
		c.published[id] = maps.Clone(names)
	}
	return c
}

// Pack is as deploy.Runtime says. What it makes is as large as the number of the version.
func (r *Runtime) Pack(ctx context.Context, v deploy.Version) (made deploy.Package, err error) {
	err = r.Tape.do(ctx, func() error {
		made = deploy.Package{Size: int64(v.Number), Checksum: "p" + strconv.Itoa(v.Number)}
		return nil
	}, "Runtime.Pack", v.Model, v.Number)
	return made, err
}

// Publish is as deploy.Runtime says. Names are "1", "2", … over all models.
func (r *Runtime) Publish(ctx context.Context, v deploy.Version, m deploy.Model) (name string, err error) {
	err = r.Tape.do(ctx, func() error {
		if err := r.fence(m); err != nil {
			return err
		}
		names := r.published[v.Model]
		for n, number := range names {
			if number == v.Number && !slices.Contains(v.Published, n) { // by a process that could not write it down
				name = n
				return nil
			}
		}
		if names == nil {
			names = map[string]int{}
			if r.published == nil {
				r.published = map[string]map[string]int{}
			}
			r.published[v.Model] = names
		}
		r.count++
		name = strconv.Itoa(r.count)
		names[name] = v.Number
		return nil
	}, "Runtime.Publish", v.Model, v.Number)
	return name, err
}

// Unpublish removes what is published of a version, as somebody does who does not know the service. It is no call.
func (r *Runtime) Unpublish(id string, version int) {
	r.Tape.mu.Lock()
	defer r.Tape.mu.Unlock()
	maps.DeleteFunc(r.published[id], func(_ string, number int) bool { return number == version })
}

// ready says whether a version stands ready as it was published last.
func (r *Runtime) ready(v deploy.Version) error {
	if len(v.Published) == 0 {
		return fmt.Errorf("version %d of %s was never published", v.Number, v.Model)
	}
	if r.published[v.Model][v.Published[len(v.Published)-1]] != v.Number {
		return deploy.ErrUnpublished
	}
	return nil
}

// refuse refuses those who have not seen what others have.
func (r *Runtime) refuse(m deploy.Model) error {
	if m.Rev < r.fences[m.ID] {
		return fmt.Errorf("%s was changed meanwhile", m.ID)
	}
	return nil
}

// fence does the same, and lets others be refused from now on who have not seen this.
func (r *Runtime) fence(m deploy.Model) error {
	if err := r.refuse(m); err != nil {
		return err
	}
	if r.fences == nil {
		r.fences = map[string]int64{}
	}
	r.fences[m.ID] = m.Rev
	return nil
}

// Invoke is as deploy.Runtime says.
func (r *Runtime) Invoke(ctx context.Context, v deploy.Version, body []byte) (answer []byte, err error) {
	err = r.Tape.do(ctx, func() error {
		if err := r.ready(v); err != nil {
			return err
		}
		if r.Answer != nil {
			answer, err = r.Answer(body)
			return err
		}
		answer, err = r.score(ctx, v, body)
		return err
	}, "Runtime.Invoke", v.Model, v.Number)
	return answer, err
}

func (r *Runtime) score(ctx context.Context, v deploy.Version, body []byte) ([]byte, error) {
	var compiled []byte
	if a, ok := r.Artifacts.(*Artifacts); ok {
		compiled = a.files[folderOf(v.Model, v.Number)][deploy.CompiledFile]
	}
	m, err := evaluator.Open(compiled)
	if err != nil {
		return nil, err
	}
	answer, _, err := scoring.New(m).Batch(&scoring.Job{Context: ctx, Body: body})
	return answer, err
}

// Switch is as deploy.Runtime says.
func (r *Runtime) Switch(ctx context.Context, v deploy.Version, m deploy.Model) error {
	return r.Tape.do(ctx, func() error {
		if err := r.fence(m); err != nil {
			return err
		}
		s := Serving{Version: v.Number}
		if len(v.Published) > 0 {
			s.Name = v.Published[len(v.Published)-1]
		}
		if !r.Local {
			if err := r.ready(v); err != nil {
				return err
			}
		}
		if r.live == nil {
			r.live = map[string]Serving{}
		}
		r.live[v.Model] = s
		return nil
	}, "Runtime.Switch", v.Model, v.Number)
}

// Stop is as deploy.Runtime says.
func (r *Runtime) Stop(ctx context.Context, m deploy.Model) error {
	return r.Tape.do(ctx, func() error {
		if err := r.fence(m); err != nil {
			return err
		}
		delete(r.live, m.ID)
		return nil
	}, "Runtime.Stop", m.ID)
}

// Collect is as deploy.Runtime says. As on Lambda, it lets nobody be refused.
func (r *Runtime) Collect(ctx context.Context, m deploy.Model, keep []string) error {
	return r.Tape.do(ctx, func() error {
		if err := r.refuse(m); err != nil {
			return err
		}
		maps.DeleteFunc(r.published[m.ID], func(name string, _ int) bool {
			return !slices.Contains(keep, name) && r.live[m.ID].Name != name
		})
		if len(r.published[m.ID]) == 0 {
			delete(r.published, m.ID)
		}
		return nil
	}, "Runtime.Collect", m.ID)
}

// Live gives what answers for each model. It is no call.
func (r *Runtime) Live() map[string]int {
	r.Tape.mu.Lock()
	defer r.Tape.mu.Unlock()
	live := map[string]int{}
	for id, s := range r.live {
		live[id] = s.Version
	}
	return live
}

// Published gives, by model and name, the numbers of the versions that stand ready. It is no call.
func (r *Runtime) Published() map[string]map[string]int {
	r.Tape.mu.Lock()
	defer r.Tape.mu.Unlock()
	published := map[string]map[string]int{}
	for id, names := range r.published {
		published[id] = maps.Clone(names)
	}
	return published
}
