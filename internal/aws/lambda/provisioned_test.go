package lambda_test

import (
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// TestProvisionedSwitch goes from one version to another, and back, while environments stand ready: all requests go to the
// other one at once.
func TestProvisionedSwitch(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{})
	ready := deploy.Settings{ProvisionedConcurrency: 2}
	one := w.live(t, 1)
	if err := w.switchWith(one, ready); err != nil {
		t.Fatal(err)
	}
	two := w.keep(t, 2)
	name, err := w.runtime.Publish(t.Context(), two, w.model("iris"))
	if err != nil {
		t.Fatal(err)
	}
	two.Published = []string{name}
	for i, v := range []deploy.Version{two, one, one} {
		if err := w.switchWith(v, ready); err != nil {
			t.Fatalf("switch %d: %v", i, err)
		}
		f := w.function(t)
		a := f.Aliases["live"]
		if *a.FunctionVersion != v.Published[0] || a.RoutingConfig != nil && len(a.RoutingConfig.AdditionalVersionWeights) > 0 || f.Provisioned["live"] != 2 {
			t.Errorf("switch %d: %+v, %v provisioned", i, a, f.Provisioned)
		}
	}
}
