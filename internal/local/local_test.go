package local_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

var (
	background = context.Background()
	quiet      = slog.New(slog.DiscardHandler)
)

func open(t *testing.T, dir string) *local.Store {
	t.Helper()
	s, err := local.Open(dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../scoring/testdata/iris.pmml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func deploy(t *testing.T, s *local.Store, id, document string) catalog.Model {
	t.Helper()
	m, _, err := s.Deploy(background, id, strings.NewReader(document), catalog.DeployOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// score gives the species of a short petal.
func score(t *testing.T, s *local.Store, id string) string {
	t.Helper()
	m, err := s.Scorer(background, id)
	if err != nil {
		return err.Error()
	}
	answer, err := m.Record(&scoring.Job{Context: background, Body: []byte(`{"arguments":{"Petal_Length":1.4}}`)})
	if err != nil {
		return err.Error()
	}
	return string(answer)
}

// files gives the files of the data folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestRestart finds after a restart what was deployed before it.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	deployed := deploy(t, s, "iris", document(t))
	deploy(t, s, "Iris", strings.Replace(document(t), `score="setosa"`, `score="virginica"`, 2))
	s.Accessed(background, "iris", time.UnixMilli(1_700_000_000_123))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	defer s.Close()
	models, err := s.Models(background)
	if err != nil || len(models) != 2 || models[0].ID != "Iris" || models[1].ID != "iris" {
		t.Fatalf("%+v, %v", models, err)
	}
	m := models[1]
	if m.Checksum != deployed.Checksum || m.Size != int64(len(document(t))) || !m.Created.Equal(deployed.Created) || m.Accessed.UnixMilli() != 1_700_000_000_123 {
		t.Errorf("%+v\nwant %+v", m, deployed)
	}
	if got := score(t, s, "iris"); !strings.Contains(got, "setosa") {
		t.Error(got)
	}
	if got := score(t, s, "Iris"); !strings.Contains(got, "virginica") {
		t.Error(got)
	}
	r, size, err := s.Document(background, "iris")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); err != nil || string(text) != document(t) || size != m.Size {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

// TestDamage damages each file of the data folder.
func TestDamage(t *testing.T) {
	for _, c := range []struct {
		name   string
		folder string
		damage func(name string) error
		lost   bool // the model cannot be had any more
	}{
		{"compiled form is cut", "compiled", func(name string) error { return os.Truncate(name, 100) }, false},
		{"compiled form is empty", "compiled", func(name string) error { return os.Truncate(name, 0) }, false},
		{"compiled form is away", "compiled", os.Remove, false},
		{"compiled form is something else", "compiled", func(name string) error { return os.WriteFile(name, []byte(strings.Repeat("x", 1000)), 0o600) }, false},
		{"document is away", "documents", os.Remove, false},
		{"metadata is cut", "models", func(name string) error { return os.Truncate(name, 10) }, true},
		{"metadata is of another model", "models", func(name string) error {
			return os.WriteFile(name, []byte(`{"id":"../x"}`), 0o600)
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			deploy(t, s, "iris", document(t))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			for _, name := range files(t, filepath.Join(dir, c.folder)) {
				if err := c.damage(name); err != nil {
					t.Fatal(err)
				}
			}
			s = open(t, dir)
			defer s.Close()
			if got := score(t, s, "iris"); strings.Contains(got, "setosa") == c.lost {
				t.Error(got)
			}
			deploy(t, s, "iris", document(t))
			if got := score(t, s, "iris"); !strings.Contains(got, "setosa") {
				t.Errorf("deployed again: %s", got)
			}
		})
	}
}

// TestNothingLeft makes sure that neither refusals nor undeployments leave files.
func TestNothingLeft(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer s.Close()
	broken := errors.New("broken")
	for name, r := range map[string]io.Reader{
		"not XML":      strings.NewReader("<PMML"),
		"broken off":   io.MultiReader(strings.NewReader("<PMML"), failing{broken}),
		"verification": strings.NewReader(verified(t, "virginica")),
	} {
		_, _, err := s.Deploy(background, "x", r, catalog.DeployOptions{})
		var rejected *catalog.Rejection
		if err == nil || errors.As(err, &rejected) == errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	deploy(t, s, "a", document(t))
	deploy(t, s, "b", document(t))
	deploy(t, s, "b", verified(t, "setosa"))
	deploy(t, s, "b", document(t))
	if n := len(files(t, dir)); n != 4 {
		t.Errorf("%d files for one document and two models: %v", n, files(t, dir))
	}
	if err := s.Undeploy(background, "b"); err != nil {
		t.Fatal(err)
	}
	if got := score(t, s, "a"); !strings.Contains(got, "setosa") {
		t.Errorf("after another model of the same document went: %s", got)
	}
	if err := s.Undeploy(background, "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Undeploy(background, "a"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("undeployed twice: %v", err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// verified gives the document with a row of verification.
func verified(t *testing.T, species string) string {
	return strings.Replace(document(t), "<Node id=\"1\"", `<ModelVerification>
      <VerificationFields><VerificationField field="Petal_Length" column="x"/><VerificationField field="Species" column="y"/></VerificationFields>
      <InlineTable><row><x>1.4</x><y>`+species+`</y></row></InlineTable>
    </ModelVerification>
    <Node id="1"`, 1)
}

// TestReplaced scores with a version that is not deployed any more.
func TestReplaced(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	deploy(t, s, "iris", document(t))
	old, err := s.Scorer(background, "iris")
	if err != nil {
		t.Fatal(err)
	}
	_, created, err := s.Deploy(background, "iris", strings.NewReader(verified(t, "setosa")), catalog.DeployOptions{ModelName: "Iris"})
	if err != nil || created {
		t.Errorf("created %v, %v", created, err)
	}
	if err := s.Undeploy(background, "iris"); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Record(&scoring.Job{Context: background, Body: []byte(`{"arguments":{"Petal_Length":1.4}}`)}); err != nil {
		t.Error(err)
	}
}

// TestUnusableFolder opens what is no folder.
func TestUnusableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := local.Open(file, quiet); err == nil {
		t.Error("a file was opened as a folder")
	}
}

// TestTwoStores: a second one would remove what the first is writing, and documents that only the first knows.
func TestTwoStores(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" {
		t.Skip("this system has no flock")
	}
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := local.Open(dir, quiet); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("opened twice: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCanceledDeployment(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	ctx, cancel := context.WithCancel(background)
	cancel()
	// Either nothing happens or all of it: the caller went away before its document was looked at, or too late.
	_, _, err := s.Deploy(ctx, "iris", strings.NewReader(document(t)), catalog.DeployOptions{})
	if live := strings.Contains(score(t, s, "iris"), "setosa"); live != (err == nil) {
		t.Errorf("live %v, error %v", live, err)
	}
}
