package deploy_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets garbage lie longer: tens of thousands of pipelines live and die here, and a third of the time would go into
// collecting them early.
func TestMain(m *testing.M) {
	debug.SetGCPercent(500)
	os.Exit(m.Run())
}
