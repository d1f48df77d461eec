package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/aws/function/front/fronttest"
	"github.com/handoff-pmml/handoff/internal/aws/gateway"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

const eventsFolder = "../../../events/api"

// modesOf gives the authorization of the stage that an event of events/api is sent to, by the beginning of its name: iam-,
// jwt- and token- have their mode for both; to the others, anyone may score and IAM decides on admins.
func modesOf(event string) (admin, scoring gateway.Mode) {
	switch kind, _, _ := strings.Cut(event, "-"); kind {
	case "iam":
		return gateway.IAM, gateway.IAM
	case "jwt":
		return gateway.JWT, gateway.JWT
	case "token":
		return gateway.Token, gateway.Token
	}
	return gateway.IAM, gateway.None
}

// Every event of events/api/NAME.json has its answer in testdata/NAME.json: that of a stage on which version 1 of the
// sample iris is live, and nothing else, and whose tokens are sample-user and sample-admin.
func TestEvents(t *testing.T) {
	for _, name := range sampleEvents(t) {
		t.Run(name, func(t *testing.T) {
			event, err := os.ReadFile(filepath.Join(eventsFolder, name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := sampleStage(t, name).front().Invoke(context.Background(), event)
			if err != nil {
				answer, _ = json.Marshal(map[string]string{"errorMessage": err.Error()})
			}
			fronttest.Golden(t, name, answer, *update)
		})
	}
}

// TestEventsAnsweredElsewhere compares the answers of the function in a container.
func TestEventsAnsweredElsewhere(t *testing.T) {
	folder := os.Getenv("HANDOFF_ANSWERS")
	if folder == "" {
		t.Skip("skipped: HANDOFF_ANSWERS names no folder with answers; scripts/sam-local.sh makes one")
	}
	for _, name := range sampleEvents(t) {
		got, err := os.ReadFile(filepath.Join(folder, "api-"+name+".json"))
		if err != nil {
			t.Error(err)
			continue
		}
		fronttest.Golden(t, name, got, false)
	}
}

func sampleEvents(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(eventsFolder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no events: %v", err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	return names
}

// sampleStage is a stage whose functions/deploy answers what events ask of it.
func sampleStage(t *testing.T, event string) *world {
	t.Helper()
	w := newWorld(t)
	w.admin, w.scoring = modesOf(event)
	w.tokens = func(context.Context) (rest.TokenHashes, error) {
		return rest.TokenHashes{Admin: []rest.TokenHash{hash("sample-admin")}, User: []rest.TokenHash{hash("sample-user")}}, nil
	}
	w.commands.err = catalog.ErrNotFound
	if strings.Contains(event, "rollback") {
		w.commands.err = &deploy.RefusedError{Message: "there is no earlier version"}
	}
	w.onPut = func(o deploy.Object) {
		_, err := compile.Compile(bytes.NewReader(w.objects.Text(o.Key)), compile.Options{})
		w.ended(o, "01C", deploy.Rejected, func(d *deploy.Deployment) { d.Rejection = catalog.Reject(err) })
	}
	return w
}
