package process_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/deploy/porttest"
	"github.com/handoff-pmml/handoff/internal/local/process"
)

func TestContract(t *testing.T) {
	porttest.Runtime(t, func(*testing.T) porttest.Site {
		files := &deploytest.Artifacts{Tape: &deploytest.Tape{}}
		r := process.New(files, nil, slog.New(slog.DiscardHandler))
		return porttest.Site{Runtime: r, Artifacts: files, Serving: func(t *testing.T, id string) int {
			m, err := r.Model(t.Context(), id)
			if err != nil && !errors.Is(err, catalog.ErrNotFound) {
				t.Error(err)
			}
			return m.Version
		}}
	})
}
