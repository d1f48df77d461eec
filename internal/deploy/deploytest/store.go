package deploytest

import (
	"cmp"
	"context"
	"encoding/json"
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

// A partition is what is known of one model, as JSON, so that nothing is shared with callers.
type partition struct {
	model       []byte
	versions    map[int][]byte
	deployments map[string][]byte
	audits      map[string][]byte
}

var _ deploy.Store = (*Store)(nil)

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a type of ours that has no JSON
	}
	return text
}

func decode[T any](text []byte) T {
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		panic(err)
	}
	return v
}

// Status is as deploy.Store says.
func (s *Store) Status(ctx context.Context, id string) (status deploy.Status, err error) {
	err = s.Tape.do(ctx, func() error {
		status.Model.ID = id
		p := s.models[id]
		if p == nil {
			return nil
		}
		m := decode[deploy.Model](p.model)
		status.Model = m
		numbers := slices.Clone(m.Kept)
		if m.Open != "" {
			d := decode[deploy.Deployment](p.deployments[m.Open])
			status.Deployment = &d
			if d.Version != 0 {
				numbers = append(numbers, d.Version)
			}
		}
		slices.Sort(numbers)
		for _, n := range slices.Compact(numbers) {
			status.Versions = append(status.Versions, decode[deploy.Version](p.versions[n]))
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
			p = &partition{model: encode(deploy.Model{}), versions: map[int][]byte{}, deployments: map[string][]byte{}, audits: map[string][]byte{}}
		}
		if decode[deploy.Model](p.model).Rev != t.Model.Rev-1 {
			return deploy.ErrConflict
		}
		p.model = encode(t.Model)
		for _, v := range t.Versions {
			p.versions[v.Number] = encode(v)
		}
		for _, d := range t.Deployments {
			p.deployments[d.ID] = encode(d)
		}
		for _, a := range t.Audits {
			p.audits[a.ID] = encode(a)
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
			list = append(list, decode[deploy.Model](s.models[id].model))
		}
		return nil
	}, "Store.Models")
	return list, err
}

// Unfinished is as deploy.Store says.
func (s *Store) Unfinished(ctx context.Context) (ids []string, err error) {
	err = s.Tape.do(ctx, func() error {
		for _, id := range slices.Sorted(maps.Keys(s.models)) {
			if decode[deploy.Model](s.models[id].model).Unfinished() {
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
		text, ok := s.partition(id).versions[number]
		if !ok {
			return catalog.ErrNotFound
		}
		v = decode[deploy.Version](text)
		return nil
	}, "Store.Version", id, number)
	return v, err
}

// Versions is as deploy.Store says.
func (s *Store) Versions(ctx context.Context, id string, limit int) (list []deploy.Version, err error) {
	err = s.Tape.do(ctx, func() error {
		list = newest[deploy.Version](s.partition(id).versions, nil, limit)
		return nil
	}, "Store.Versions", id)
	return list, err
}

// Deployment is as deploy.Store says.
func (s *Store) Deployment(ctx context.Context, id, deployment string) (d deploy.Deployment, err error) {
	err = s.Tape.do(ctx, func() error {
		text, ok := s.partition(id).deployments[deployment]
		if !ok {
			return catalog.ErrNotFound
		}
		d = decode[deploy.Deployment](text)
		return nil
	}, "Store.Deployment", id, deployment)
	return d, err
}

// Deployments is as deploy.Store says.
func (s *Store) Deployments(ctx context.Context, id, before string, limit int) (list []deploy.Deployment, err error) {
	err = s.Tape.do(ctx, func() error {
		list = newest[deploy.Deployment](s.partition(id).deployments, older(before), limit)
		return nil
	}, "Store.Deployments", id)
	return list, err
}

// Audits is as deploy.Store says.
func (s *Store) Audits(ctx context.Context, id, before string, limit int) (list []deploy.Audit, err error) {
	err = s.Tape.do(ctx, func() error {
		list = newest[deploy.Audit](s.partition(id).audits, older(before), limit)
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
func newest[T any, K cmp.Ordered](m map[K][]byte, fits func(K) bool, limit int) []T {
	var list []T
	keys := slices.Sorted(maps.Keys(m))
	slices.Reverse(keys)
	for _, key := range keys {
		if len(list) < limit && (fits == nil || fits(key)) {
			list = append(list, decode[T](m[key]))
		}
	}
	return list
}
