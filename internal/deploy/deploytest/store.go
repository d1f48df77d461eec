package deploytest

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// A Store is a deploy.Store in memory.
type Store struct {
	Tape *Tape // required

	models map[string]*partition
}

// A partition is what is known of one model. Nothing in it is shared with callers.
type partition struct {
	model       deploy.Model
	versions    map[int]deploy.Version
	deployments map[string]deploy.Deployment
	audits      map[string]deploy.Audit
}

var _ deploy.Store = (*Store)(nil)

func copyModel(m deploy.Model) deploy.Model {
	m.Seen, m.Kept, m.Garbage = maps.Clone(m.Seen), slices.Clone(m.Kept), slices.Clone(m.Garbage)
	m.Rejection, m.Settings = copyRejection(m.Rejection), copySettings(m.Settings)
	return m
}

func copyVersion(v deploy.Version) deploy.Version {
	v.Settings = copySettings(v.Settings)
	return v
}

func copyDeployment(d deploy.Deployment) deploy.Deployment {
	d.Object, d.Rejection = copyOf(d.Object), copyRejection(d.Rejection)
	d.Warnings, d.Steps = slices.Clone(d.Warnings), slices.Clone(d.Steps)
	return d
}

func copySettings(s deploy.Settings) deploy.Settings {
	s.Tags = maps.Clone(s.Tags)
	s.Tolerance.Relative, s.Tolerance.Absolute = copyOf(s.Tolerance.Relative), copyOf(s.Tolerance.Absolute)
	return s
}

func copyRejection(r *catalog.Rejection) *catalog.Rejection {
	if r = copyOf(r); r != nil {
		r.Faults = slices.Clone(r.Faults)
	}
	return r
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// Status is as deploy.Store says.
func (s *Store) Status(ctx context.Context, id string) (status deploy.Status, err error) {
	err = s.Tape.do(ctx, func() error {
		status.Model.ID = id
		p := s.models[id]
		if p == nil {
			return nil
		}
		m := copyModel(p.model)
		status.Model = m
		numbers := slices.Clone(m.Kept)
		if m.Open != "" {
			d := copyDeployment(p.deployments[m.Open])
			status.Deployment = &d
			if d.Version != 0 {
				numbers = append(numbers, d.Version)
			}
		}
		slices.Sort(numbers)
		for _, n := range slices.Compact(numbers) {
			status.Versions = append(status.Versions, copyVersion(p.versions[n]))
		}
		return nil
	}, "Store.Status", id)
	return status, err
}

// Commit is as deploy.Store says.
func (s *Store) Commit(ctx context.Context, t deploy.Transition) error {
	return s.Tape.do(ctx, func() error {
		p := s.models[t.Model.ID]
		if p == nil {
			p = &partition{versions: map[int]deploy.Version{}, deployments: map[string]deploy.Deployment{}, audits: map[string]deploy.Audit{}}
		}
		if p.model.Rev != t.Model.Rev-1 {
			return deploy.ErrConflict
		}
		p.model = copyModel(t.Model)
		for _, v := range t.Versions {
			p.versions[v.Number] = copyVersion(v)
		}
		for _, d := range t.Deployments {
			p.deployments[d.ID] = copyDeployment(d)
		}
		for _, a := range t.Audits {
			p.audits[a.ID] = a
		}
		if s.models == nil {
			s.models = map[string]*partition{}
		}
		s.models[t.Model.ID] = p
		return nil
	}, "Store.Commit", t.Model.ID, t.Model.Rev)
}

// Models is as deploy.Store says.
func (s *Store) Models(ctx context.Context) (list []deploy.Model, err error) {
	err = s.Tape.do(ctx, func() error {
		for _, id := range slices.Sorted(maps.Keys(s.models)) {
			list = append(list, copyModel(s.models[id].model))
		}
		return nil
	}, "Store.Models")
	return list, err
}

// Unfinished is as deploy.Store says.
func (s *Store) Unfinished(ctx context.Context) (ids []string, err error) {
	err = s.Tape.do(ctx, func() error {
		for _, id := range slices.Sorted(maps.Keys(s.models)) {
			if s.models[id].model.Unfinished() {
				ids = append(ids, id)
			}
		}
		return nil
	}, "Store.Unfinished")
	return ids, err
}

// Version is as deploy.Store says.
func (s *Store) Version(ctx context.Context, id string, number int) (v deploy.Version, err error) {
	err = s.Tape.do(ctx, func() error {
		found, ok := s.partition(id).versions[number]
		if !ok {
			return catalog.ErrNotFound
		}
		v = copyVersion(found)
		return nil
	}, "Store.Version", id, number)
	return v, err
}

// Versions is as deploy.Store says.
func (s *Store) Versions(ctx context.Context, id string, limit int) (list []deploy.Version, err error) {
	err = s.Tape.do(ctx, func() error {
		list = newest(s.partition(id).versions, nil, limit, copyVersion)
		return nil
	}, "Store.Versions", id)
	return list, err
}

// Deployment is as deploy.Store says.
func (s *Store) Deployment(ctx context.Context, id, deployment string) (d deploy.Deployment, err error) {
	err = s.Tape.do(ctx, func() error {
		found, ok := s.partition(id).deployments[deployment]
		if !ok {
			return catalog.ErrNotFound
		}
		d = copyDeployment(found)
		return nil
	}, "Store.Deployment", id, deployment)
	return d, err
}

// Deployments is as deploy.Store says.
func (s *Store) Deployments(ctx context.Context, id, before string, limit int) (list []deploy.Deployment, err error) {
	err = s.Tape.do(ctx, func() error {
		list = newest(s.partition(id).deployments, older(before), limit, copyDeployment)
		return nil
	}, "Store.Deployments", id)
	return list, err
}

// Audits is as deploy.Store says.
func (s *Store) Audits(ctx context.Context, id, before string, limit int) (list []deploy.Audit, err error) {
	err = s.Tape.do(ctx, func() error {
		list = newest(s.partition(id).audits, older(before), limit, func(a deploy.Audit) deploy.Audit { return a })
		return nil
	}, "Store.Audits", id)
	return list, err
}

func (s *Store) partition(id string) partition {
	if p := s.models[id]; p != nil {
		return *p
	}
	return partition{}
}

func older(before string) func(id string) bool {
	return func(id string) bool { return before == "" || id < before }
}

// newest gives what lies under the greatest keys that fit, descending. fits may be nil.
func newest[T any, K cmp.Ordered](m map[K]T, fits func(K) bool, limit int, copied func(T) T) []T {
	var list []T
	keys := slices.Sorted(maps.Keys(m))
	slices.Reverse(keys)
	for _, key := range keys {
		if len(list) < limit && (fits == nil || fits(key)) {
			list = append(list, copied(m[key]))
		}
	}
	return list
}
