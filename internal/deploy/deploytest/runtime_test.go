package deploytest_test

import (
	"testing"

	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/deploy/porttest"
)

func TestRuntime(t *testing.T) {
	porttest.Runtime(t, func(*testing.T) porttest.Site {
		tape := &deploytest.Tape{}
		files := &deploytest.Artifacts{Tape: tape}
		r := &deploytest.Runtime{Tape: tape, Artifacts: files}
		return porttest.Site{Runtime: r, Artifacts: files, Fenced: true,
			Serving: func(_ *testing.T, id string) int { return r.Live()[id] }}
	})
}
