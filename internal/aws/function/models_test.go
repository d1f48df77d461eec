package function_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/function"
)

func TestModelsThatCannotBeOpened(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, c := range []struct{ name, file, want string }{
		{"absent", filepath.Join(folder, "absent.bin"), "no such file"},
		{"damaged", write("damaged.bin", "not a model"), "damaged"},
		{"bad id/", write("other.bin", "not a model"), "not valid"},
	} {
		if _, err := function.Model(c.name, c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	write("damaged.json", "{")
	if _, err := function.Models(folder); err == nil || !strings.Contains(err.Error(), "damaged.json") {
		t.Errorf("%v", err)
	}
}

func TestModelsOfAnEmptyFolder(t *testing.T) {
	if _, err := function.Models(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no compiled models") {
		t.Errorf("a function that was packed without models starts: %v", err)
	}
}
