package function_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/aws/function"
	"github.com/handoff-pmml/handoff/internal/aws/function/front/fronttest"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

const (
	eventsFolder  = "../../../events"
	samplesFolder = "../../../testdata/samples"
)

// Every event of events/score/NAME.json has its answer in testdata/score-NAME.json. The function is made here as its
// make target makes it; make sam-local sends the same events to the function in a container.
// There as here, each event comes to an environment that has just started.
func TestEvents(t *testing.T) {
	folder := compiledSamples(t)
	for _, file := range eventsOf(t, "score") {
		name := "score-" + strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			event, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fronttest.Golden(t, name, answerOf(startScore(t, folder), event), *update)
		})
	}
}

// TestEventsAnsweredElsewhere compares the answers that make sam-local got from the functions in containers.
func TestEventsAnsweredElsewhere(t *testing.T) {
	folder := os.Getenv("HANDOFF_ANSWERS")
	if folder == "" {
		t.Skip("skipped: HANDOFF_ANSWERS names no folder with answers; scripts/sam-local.sh makes one")
	}
	for _, file := range eventsOf(t, "score") {
		name := "score-" + strings.TrimSuffix(filepath.Base(file), ".json")
		got, err := os.ReadFile(filepath.Join(folder, name+".json"))
		if err != nil {
			t.Error(err)
			continue
		}
		fronttest.Golden(t, name, got, false)
	}
}

func eventsOf(t *testing.T, function string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(eventsFolder, function, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no events for %s: %v", function, err)
	}
	return files
}

// compiledSamples compiles the sample models to a folder.
func compiledSamples(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	documents, err := filepath.Glob(filepath.Join(samplesFolder, "*", "model.pmml"))
	if err != nil || len(documents) == 0 {
		t.Fatalf("no sample models: %v", err)
	}
	for _, document := range documents {
		read, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := compile.Compile(bytes.NewReader(read), compile.Options{})
		if err != nil {
			t.Fatalf("%s:%v", document, err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(filepath.Dir(document))+".bin"), compiled, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func startScore(t *testing.T, folder string) *function.Handler {
	t.Helper()
	service, id, err := function.Score(irisEnvironment(t, folder), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return function.NewHandler(service, id)
}

// answerOf gives what Lambda gives: the handler's answer, or its error as an object.
func answerOf(h *function.Handler, event []byte) []byte {
	answer, err := h.Invoke(context.Background(), event)
	if err != nil {
		answer, _ = json.Marshal(map[string]string{"errorMessage": err.Error()})
	}
	return answer
}
