package function_test

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/function"
)

// irisEnvironment gives what the function of the sample model iris has in its environment, as os.Getenv does; its compiled
// form lies in the folder.
func irisEnvironment(t testing.TB, folder string) func(string) string {
	t.Helper()
	variables := irisVariables(t, folder)
	return func(name string) string { return variables[name] }
}

func irisVariables(t testing.TB, folder string) map[string]string {
	t.Helper()
	document, err := os.ReadFile(filepath.Join(samplesFolder, "iris", "model.pmml"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(document)
	return map[string]string{
		"HANDOFF_MODEL_ID":          "iris",
		"HANDOFF_MODEL_VERSION":     "1",
		"HANDOFF_MODEL_FILE":        filepath.Join(folder, "iris.bin"),
		"HANDOFF_DOCUMENT_SIZE":     strconv.Itoa(len(document)),
		"HANDOFF_DOCUMENT_CHECKSUM": hex.EncodeToString(sum[:]),
		"HANDOFF_CREATED":           "2026-03-10T09:30:00.123Z",
	}
}

// TestEnvironment has every variable wrong or missing: the function does not start, and says why.
func TestEnvironment(t *testing.T) {
	folder := compiledSamples(t)
	write := func(name, content string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, c := range []struct{ name, value, want string }{
		{"HANDOFF_MODEL_ID", "", `HANDOFF_MODEL_ID is ""`},
		{"HANDOFF_MODEL_ID", "bad id/", `HANDOFF_MODEL_ID is "bad id/"`},
		{"HANDOFF_MODEL_VERSION", "", "HANDOFF_MODEL_VERSION"},
		{"HANDOFF_MODEL_VERSION", "0", "HANDOFF_MODEL_VERSION"},
		{"HANDOFF_MODEL_VERSION", "$LATEST", "HANDOFF_MODEL_VERSION"},
		{"HANDOFF_DOCUMENT_SIZE", "", "HANDOFF_DOCUMENT_SIZE"},
		{"HANDOFF_DOCUMENT_SIZE", "-1", "HANDOFF_DOCUMENT_SIZE"},
		{"HANDOFF_DOCUMENT_CHECKSUM", "", "HANDOFF_DOCUMENT_CHECKSUM"},
		{"HANDOFF_DOCUMENT_CHECKSUM", strings.Repeat("A0", 32), "HANDOFF_DOCUMENT_CHECKSUM"},
		{"HANDOFF_DOCUMENT_CHECKSUM", strings.Repeat("a0", 31), "HANDOFF_DOCUMENT_CHECKSUM"},
		{"HANDOFF_CREATED", "", "HANDOFF_CREATED"},
		{"HANDOFF_CREATED", "10 March", "HANDOFF_CREATED"},
		{"HANDOFF_MODEL_FILE", "", "model.bin: no such file"},
		{"HANDOFF_MODEL_FILE", filepath.Join(folder, "absent.bin"), "no such file"},
		{"HANDOFF_MODEL_FILE", folder, "not a file"},
		{"HANDOFF_MODEL_FILE", write("empty.bin", ""), "not a file"},
		{"HANDOFF_MODEL_FILE", write("damaged.bin", "not a model"), "damaged"},
	} {
		variables := maps.Clone(irisVariables(t, folder))
		variables[c.name] = c.value
		_, _, err := function.Score(func(name string) string { return variables[name] }, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v", c.name, c.value, err)
		}
	}
}
