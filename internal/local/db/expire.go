package db

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"go.etcd.io/bbolt"
)

// keepDeployments is how long the deployments of a model are kept after they have ended. Its audit is kept for ever.
const keepDeployments = 180 * 24 * time.Hour

// expireAtOnce is how many items one transaction removes, so that others come through in between.
const expireAtOnce = 1_000

// Expire removes deployments that have ended long before now, and gives how many.
func (d *DB) Expire(ctx context.Context, now time.Time) (int, error) {
	before := now.Add(-keepDeployments)
	var keys [][]byte
	err := d.view(ctx, func(tx *bbolt.Tx) error {
		return eachModel(ctx, tx, func(id string) error {
			old, err := endedBefore(tx, id, before)
			keys = append(keys, old...)
			return err
		})
	})
	removed := 0
	for err == nil && removed < len(keys) {
		some := keys[removed:min(removed+expireAtOnce, len(keys))]
		err = d.update(ctx, func(tx *bbolt.Tx) error {
			return write(tx, func(w *writing) error {
				for _, key := range some {
					if err := w.remove(itemsBucket, key); err != nil {
						return err
					}
				}
				return nil
			})
		})
		if err == nil {
			removed += len(some)
		}
	}
	if err != nil {
		return removed, fmt.Errorf("remove old deployments: %w", err)
	}
	return removed, nil
}

// endedBefore gives the keys of a model's deployments that ended before a time. They lie in the order in which they
// began.
func endedBefore(tx *bbolt.Tx, id string, before time.Time) ([][]byte, error) {
	var keys [][]byte
	prefix := itemKey(id, deploy.DeploymentPrefix)
	c := tx.Bucket(itemsBucket).Cursor()
	for key, value := c.Seek(prefix); bytes.HasPrefix(key, prefix); key, value = c.Next() {
		var d deploy.Deployment
		if err := decode(key, value, &d); err != nil {
			return nil, err
		}
		if !d.Created.Before(before) {
			break
		}
		if d.State.Final() && d.Updated.Before(before) {
			keys = append(keys, bytes.Clone(key))
		}
	}
	return keys, nil
}

// Touch writes down when models were last used. A time before the one that is known changes nothing.
func (d *DB) Touch(ctx context.Context, used map[string]time.Time) error {
	err := d.update(ctx, func(tx *bbolt.Tx) error {
		return write(tx, func(w *writing) error {
			for id, at := range used {
				if err := touch(w, id, at); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("write down when models were used: %w", err)
	}
	return nil
}

func touch(w *writing, id string, at time.Time) error {
	if old := w.tx.Bucket(touchedBucket).Get([]byte(id)); old != nil {
		var known time.Time
		if err := known.UnmarshalText(old); err != nil {
			return err
		}
		if !at.After(known) {
			return nil
		}
	}
	text, err := at.UTC().MarshalText()
	if err != nil {
		return err
	}
	return w.put(touchedBucket, []byte(id), text)
}

// Touched gives when models were last used.
func (d *DB) Touched(ctx context.Context) (map[string]time.Time, error) {
	used := map[string]time.Time{}
	err := d.view(ctx, func(tx *bbolt.Tx) error {
		return tx.Bucket(touchedBucket).ForEach(func(id, text []byte) error {
			var at time.Time
			err := at.UnmarshalText(text)
			used[string(id)] = at
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read when models were used: %w", err)
	}
	return used, nil
}
