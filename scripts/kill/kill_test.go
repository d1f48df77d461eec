package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build makes the server that is killed.
func build(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "handoff")
	if out, err := exec.Command("go", "build", "-o", file, "../../cmd/handoff").CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	return file
}

// TestKill is the small form of make kill.
func TestKill(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 6
	}
	var out strings.Builder
	all := runAll(config{server: build(t), dir: scratchDir(), wanted: kills / 2}, 1, 2, 2, &out)
	if !all.print(&out) || all.kills < kills {
		t.Error(out.String())
	}
	t.Log(out.String())
}

// TestSabotage shows that a server that loses what it has acknowledged is found out: while it is down, its database is
// replaced by an earlier one, or a version's document by another one.
func TestSabotage(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: TestKill has the same parts")
	}
	file := build(t)
	for name, c := range map[string]struct {
		sabotage func(data string) error
		kinds    []string
	}{
		"an earlier database": {forgetful(), []string{lost, history}},
		"another document":    {swapped, []string{lost, mixed, failure, history}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := runSeed(config{server: file, dir: t.TempDir(), wanted: 8, sabotage: c.sabotage}, 7)
			for _, f := range all.faults {
				for _, kind := range c.kinds {
					if f.kind == kind {
						return
					}
				}
			}
			t.Errorf("not found out: %v", all.faults)
		})
	}
}

// forgetful puts the first database that it sees in place of all later ones.
func forgetful() func(data string) error {
	var first []byte
	return func(data string) error {
		name := filepath.Join(data, "handoff.db")
		if first != nil {
			return os.WriteFile(name, first, 0o600)
		}
		text, err := os.ReadFile(name)
		if err == nil {
			first = text
		}
		return nil // it may have been killed before there was one
	}
}

// swapped puts the document of one version in place of another's.
func swapped(data string) error {
	documents, err := filepath.Glob(filepath.Join(data, "versions", "by-*", "*", "document.pmml"))
	if err != nil || len(documents) < 2 {
		return err
	}
	for i, name := range documents[1:] {
		text, err := os.ReadFile(documents[i])
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// TestTwoServers starts a second server on a data folder: it ends at once, with a clear word and exit code 3.
func TestTwoServers(t *testing.T) {
	file, data := build(t), filepath.Join(t.TempDir(), "data")
	s, err := start(file, data, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	second := exec.Command(file, "serve", "--addr", "127.0.0.1:0", "--data", data)
	out, err := second.CombinedOutput()
	if second.ProcessState.ExitCode() != 3 || !strings.Contains(string(out), data) || !strings.Contains(string(out), "another process uses it") {
		t.Errorf("%v: %s", err, out)
	}
	if status, _, _, err := s.call("GET", "/readyz", nil); status != 200 || err != nil {
		t.Errorf("the first one: %d, %v", status, err)
	}
}
