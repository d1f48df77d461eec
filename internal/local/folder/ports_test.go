package folder_test

import (
	"testing"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/porttest"
	"github.com/handoff-pmml/handoff/internal/local/folder"
)

func TestObjectsContract(t *testing.T) {
	porttest.Objects(t, func(t *testing.T) deploy.Objects { return open(t, t.TempDir(), folder.Options{}).Objects() })
}

func TestArtifactsContract(t *testing.T) {
	porttest.Artifacts(t, func(t *testing.T) deploy.Artifacts { return open(t, t.TempDir(), folder.Options{}).Artifacts() })
}
