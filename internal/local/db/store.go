package db

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"go.etcd.io/bbolt"
)

var _ deploy.Store = (*DB)(nil)

// separator ends a partition key: no model's id has it.
const separator = "\x00"

func itemKey(id, sort string) []byte { return []byte(deploy.PartitionKey(id) + separator + sort) }

// Status gives what is known of a model; of one that is not known, a Status with nothing but the id.
func (d *DB) Status(ctx context.Context, id string) (deploy.Status, error) {
	s := deploy.Status{Model: deploy.Model{ID: id}}
	err := d.view(ctx, func(tx *bbolt.Tx) error {
		items := tx.Bucket(itemsBucket)
		found, err := get(items, id, deploy.MetaKey, &s.Model)
		if err != nil || !found {
			return err
		}
		numbers := slices.Clone(s.Model.Kept)
		if s.Model.Open != "" {
			s.Deployment = &deploy.Deployment{}
			if err := mustGet(items, id, deploy.DeploymentKey(s.Model.Open), s.Deployment); err != nil {
				return err
			}
			if n := s.Deployment.Version; n != 0 && !slices.Contains(numbers, n) {
				numbers = append(numbers, n)
			}
		}
		slices.Sort(numbers)
		for _, n := range numbers {
			var v deploy.Version
			if err := mustGet(items, id, deploy.VersionKey(n), &v); err != nil {
				return err
			}
			s.Versions = append(s.Versions, v)
		}
		return nil
	})
	if err != nil {
		return deploy.Status{}, fmt.Errorf("read the status of %s: %w", id, err)
	}
	return s, nil
}

// Commit writes a transition if the model has the Rev before it; otherwise deploy.ErrConflict.
func (d *DB) Commit(ctx context.Context, t deploy.Transition) error {
	items, err := itemsOf(t)
	if err == nil {
		err = d.update(ctx, func(tx *bbolt.Tx) error {
			return write(tx, func(w *writing) error { return commit(w, t, items) })
		})
	}
	if err != nil {
		return fmt.Errorf("commit a transition of %s: %w", t.Model.ID, err)
	}
	return nil
}

// An item is one key and what lies under it.
type item struct{ key, value []byte }

// itemsOf gives what a transition writes.
func itemsOf(t deploy.Transition) ([]item, error) {
	var items []item
	put := func(sort string, v any) error {
		value, err := json.Marshal(v)
		items = append(items, item{itemKey(t.Model.ID, sort), value})
		return err
	}
	if err := put(deploy.MetaKey, t.Model); err != nil {
		return nil, err
	}
	for _, v := range t.Versions {
		if err := put(deploy.VersionKey(v.Number), v); err != nil {
			return nil, err
		}
	}
	for _, v := range t.Deployments {
		if err := put(deploy.DeploymentKey(v.ID), v); err != nil {
			return nil, err
		}
	}
	for _, v := range t.Audits {
		if err := put(deploy.AuditKey(v.ID), v); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func commit(w *writing, t deploy.Transition, items []item) error {
	var before struct {
		Rev int64 `json:"rev"`
	}
	if _, err := get(w.tx.Bucket(itemsBucket), t.Model.ID, deploy.MetaKey, &before); err != nil {
		return err
	}
	if before.Rev != t.Model.Rev-1 {
		return deploy.ErrConflict
	}
	for _, i := range items {
		if err := w.put(itemsBucket, i.key, i.value); err != nil {
			return err
		}
	}
	id := []byte(t.Model.ID)
	if t.Model.Unfinished() {
		return w.put(openBucket, id, []byte("open"))
	}
	return w.remove(openBucket, id)
}

// Models gives all models that are known, by id.
func (d *DB) Models(ctx context.Context) ([]deploy.Model, error) {
	var models []deploy.Model
	err := d.view(ctx, func(tx *bbolt.Tx) error {
		return eachModel(ctx, tx, func(id string) error {
			var m deploy.Model
			if err := mustGet(tx.Bucket(itemsBucket), id, deploy.MetaKey, &m); err != nil {
				return err
			}
			models = append(models, m)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list the models: %w", err)
	}
	return models, nil
}

// eachModel calls do with the id of each model, and skips from one partition to the next.
func eachModel(ctx context.Context, tx *bbolt.Tx, do func(id string) error) error {
	c := tx.Bucket(itemsBucket).Cursor()
	none := deploy.PartitionKey("")
	for key, _ := c.First(); key != nil; {
		if err := ctx.Err(); err != nil {
			return err
		}
		partition, _, _ := bytes.Cut(key, []byte(separator))
		partition = bytes.Clone(partition)
		if err := do(string(partition[len(none):])); err != nil {
			return err
		}
		key, _ = c.Seek(append(partition, separator[0]+1))
	}
	return nil
}

// Unfinished gives the ids of the models with something unfinished.
func (d *DB) Unfinished(ctx context.Context) ([]string, error) {
	var ids []string
	err := d.view(ctx, func(tx *bbolt.Tx) error {
		return tx.Bucket(openBucket).ForEach(func(id, _ []byte) error {
			ids = append(ids, string(id))
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list what is unfinished: %w", err)
	}
	return ids, nil
}

// Version gives one version; catalog.ErrNotFound.
func (d *DB) Version(ctx context.Context, id string, number int) (deploy.Version, error) {
	return one[deploy.Version](ctx, d, id, deploy.VersionKey(number))
}

// Versions gives the newest versions, at most limit of them, descending.
func (d *DB) Versions(ctx context.Context, id string, limit int) ([]deploy.Version, error) {
	return newest[deploy.Version](ctx, d, id, deploy.VersionPrefix, "", limit)
}

// Deployment gives one deployment; catalog.ErrNotFound.
func (d *DB) Deployment(ctx context.Context, id, deployment string) (deploy.Deployment, error) {
	return one[deploy.Deployment](ctx, d, id, deploy.DeploymentKey(deployment))
}

// Deployments gives the newest deployments older than before, at most limit of them, descending.
func (d *DB) Deployments(ctx context.Context, id, before string, limit int) ([]deploy.Deployment, error) {
	return newest[deploy.Deployment](ctx, d, id, deploy.DeploymentPrefix, before, limit)
}

// Audits gives the newest entries older than before, at most limit of them, descending.
func (d *DB) Audits(ctx context.Context, id, before string, limit int) ([]deploy.Audit, error) {
	return newest[deploy.Audit](ctx, d, id, deploy.AuditPrefix, before, limit)
}

// one reads one item.
func one[T any](ctx context.Context, d *DB, id, sort string) (T, error) {
	var v T
	err := d.view(ctx, func(tx *bbolt.Tx) error {
		found, err := get(tx.Bucket(itemsBucket), id, sort, &v)
		if err == nil && !found {
			return catalog.ErrNotFound
		}
		return err
	})
	if err != nil {
		return v, fmt.Errorf("read %s of %s: %w", sort, id, err)
	}
	return v, nil
}

// newest reads the last items whose sort keys begin with prefix and come before prefix+before.
func newest[T any](ctx context.Context, d *DB, id, prefix, before string, limit int) ([]T, error) {
	var list []T
	first := itemKey(id, prefix)
	after := append(bytes.Clone(first), 0xFF) // above all ids, which are text
	if before != "" {
		after = append(bytes.Clone(first), before...)
	}
	err := d.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(itemsBucket).Cursor()
		last := c.Prev
		if key, _ := c.Seek(after); key == nil {
			last = c.Last
		}
		for key, value := last(); len(list) < limit && bytes.HasPrefix(key, first); key, value = c.Prev() {
			var v T
			if err := decode(key, value, &v); err != nil {
				return err
			}
			list = append(list, v)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s of %s: %w", prefix, id, err)
	}
	return list, nil
}

// get reads an item, if it is there.
func get(items *bbolt.Bucket, id, sort string, v any) (bool, error) {
	key := itemKey(id, sort)
	value := items.Get(key)
	if value == nil {
		return false, nil
	}
	return true, decode(key, value, v)
}

// mustGet reads an item that another one speaks of.
func mustGet(items *bbolt.Bucket, id, sort string, v any) error {
	found, err := get(items, id, sort, v)
	if err == nil && !found {
		return fmt.Errorf("item %s is not there", sort)
	}
	return err
}

func decode(key, value []byte, v any) error {
	if err := json.Unmarshal(value, v); err != nil {
		return fmt.Errorf("item %q: %w", key, err)
	}
	return nil
}
