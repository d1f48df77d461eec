package deploytest_test

import (
	"testing"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/deploy/porttest"
)

func TestObjects(t *testing.T) {
	porttest.Objects(t, func(*testing.T) deploy.Objects { return &deploytest.Objects{Tape: &deploytest.Tape{}} })
}

func TestArtifacts(t *testing.T) {
	porttest.Artifacts(t, func(*testing.T) deploy.Artifacts { return &deploytest.Artifacts{Tape: &deploytest.Tape{}} })
}
