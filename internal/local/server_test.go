package local_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/local/disk"
	"github.com/handoff-pmml/handoff/internal/rest"
)

var background = context.Background()

// documentOf gives a document whose score for x = 0 is n.
func documentOf(n int) string {
	return fmt.Sprintf(`<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>
<DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema>
<RegressionTable intercept="%d"><NumericPredictor name="x" coefficient="1"/></RegressionTable></RegressionModel></PMML>
`, n)
}

const wrong = `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/></PMML>`

// unsynced does not wait for the disk, which is not what is tested.
func unsynced(s disk.Step, do func() error) error {
	if s.Op == disk.Sync || s.Op == disk.SyncDir {
		return nil
	}
	return do()
}

func hurried(c *deploy.Config) {
	c.Pause = func(context.Context, time.Duration) error { return nil }
}

func open(t *testing.T, dir string, o local.Options) *local.Server {
	t.Helper()
	if o.Folder.Tap == nil {
		o.Folder.Tap = unsynced
	}
	if o.Pipeline == nil {
		o.Pipeline = hurried
	}
	s, err := local.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reopen closes a server and opens its folder again.
func reopen(t *testing.T, s *local.Server, dir string) *local.Server {
	t.Helper()
	must(t, s.Close())
	return open(t, dir, local.Options{})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(s *local.Server, id string, n int) (deploy.Outcome, error) {
	return s.Deploy(background, id, strings.NewReader(documentOf(n)), deploy.Metadata{By: deploy.By{Actor: "test"}})
}

// serves gives the number of the document that answers for a model, 0 if none does. The error says what does not belong
// together.
func serves(s *local.Server, id string) (int, error) {
	request := httptest.NewRequest("POST", "/model/"+id, strings.NewReader(`{"arguments": {"x": 0}}`))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	rest.New(rest.Config{Models: s, Scorers: s, Documents: s, Roles: rest.Tokens("", "")}).ServeHTTP(answer, request)
	described, err := s.Model(background, id)
	if answer.Code >= 400 && answer.Code < 500 && errors.Is(err, catalog.ErrNotFound) {
		return 0, nil
	}
	var score struct{ Results struct{ Y float64 } }
	if err := errors.Join(err, json.Unmarshal(answer.Body.Bytes(), &score)); err != nil || answer.Code != 200 {
		return 0, fmt.Errorf("score: %d %s, model: %w", answer.Code, answer.Body, err)
	}
	document, _, err := s.Document(background, id)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(document)
	n := int(score.Results.Y)
	sum := sha256.Sum256(text)
	if string(text) != documentOf(n) || described.Checksum != hex.EncodeToString(sum[:]) {
		err = errors.Join(err, fmt.Errorf("the score is %d, the checksum %s, the document %s", n, described.Checksum, text))
	}
	return n, errors.Join(err, document.Close())
}

// consistent says what does not fit together in the history and the files of a model of which nothing is unfinished.
func consistent(s *local.Server, dir, id string) error {
	m, err := s.Known(background, id)
	if errors.Is(err, catalog.ErrNotFound) {
		return folders(dir, id, nil)
	}
	if err != nil {
		return err
	}
	if m.Unfinished() {
		return fmt.Errorf("unfinished: %+v", m)
	}
	versions, err := s.Versions(background, id, 1000)
	if err != nil {
		return err
	}
	live, kept := 0, []int{}
	for i, v := range versions {
		if v.Number != len(versions)-i {
			return fmt.Errorf("version %d is in place %d of %d", v.Number, i, len(versions))
		}
		switch v.State {
		case deploy.Live:
			live = v.Number
			kept = append(kept, v.Number)
		case deploy.Retired, deploy.RolledBack:
			kept = append(kept, v.Number)
		case deploy.Rejected, deploy.Superseded, deploy.Failed, deploy.Collected:
		default:
			return fmt.Errorf("version %d is %s", v.Number, v.State)
		}
	}
	running, err := s.Model(background, id)
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	if live != m.Live || live != running.Version {
		return fmt.Errorf("version %d is LIVE, the model has %d, and %d runs", live, m.Live, running.Version)
	}
	slices.Sort(kept)
	return folders(dir, id, kept)
}

// folders compares the folders of versions with those that are kept.
func folders(dir, id string, kept []int) error {
	entries, err := os.ReadDir(filepath.Join(dir, "versions", id))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var there []int
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			return err
		}
		there = append(there, n)
	}
	if !slices.Equal(there, kept) {
		return fmt.Errorf("versions %v are kept, and there are folders of %v", kept, there)
	}
	return nil
}

// tidied says what is left of uploads in a folder that was just opened.
func tidied(dir string) error {
	left, err := os.ReadDir(filepath.Join(dir, "uploads"))
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("left: %v", left)
	}
	return err
}

// scratch gives a folder in memory, where there is one: the disk is not what is tested.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "handoff-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
