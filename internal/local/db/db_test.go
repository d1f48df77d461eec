package db_test

import (
	"path/filepath"
	"testing"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/storetest"
	"github.com/handoff-pmml/handoff/internal/local/db"
)

func open(t *testing.T, path string, o db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) deploy.Store {
		return open(t, filepath.Join(t.TempDir(), "handoff.db"), db.Options{})
	})
}
