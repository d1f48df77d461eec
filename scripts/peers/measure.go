package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// figures are what one engine needs for one model. The peers give those that they can.
type figures struct {
	SingleP50     float64 `json:"single_ns_p50"`
	SingleP99     float64 `json:"single_ns_p99"`
	BoundP50      float64 `json:"bound_ns_p50,omitempty"`
	Allocs        float64 `json:"allocs_per_record"`
	RowsPerCPU    float64 `json:"rows_per_cpu_second"`
	LoadMS        float64 `json:"load_ms"`
	OpenMS        float64 `json:"open_ms,omitempty"`
	DocumentBytes int     `json:"document_bytes,omitempty"`
	CompiledBytes int     `json:"compiled_bytes,omitempty"`
	BadRows       int     `json:"bad_rows,omitempty"`
}

// measurement is all engines with one model.
type measurement struct {
	Name    string              `json:"name"`
	Engines map[string]*figures `json:"engines"`          // those that could score it
	Failed  map[string]string   `json:"failed,omitempty"` // why a peer could not
	Answers map[string]answers  `json:"answers"`          // how the peers' answers compare with Handoff's
}

// unsupported is the reason why Handoff does not take a model.
type unsupported struct{ reason string }

func (u unsupported) Error() string { return u.reason }

const handoff = "handoff"

var peers = []string{"jpmml", "pmml4s"}

// measure runs every engine on the model of a folder.
func (s settings) measure(folder string) (*measurement, error) {
	model, err := modelFile(folder)
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "peers")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	input := filepath.Join(folder, "input.csv")
	own, err := s.score(model, input, work)
	if err != nil {
		return nil, err
	}
	m := &measurement{Name: filepath.Base(folder), Engines: map[string]*figures{}, Failed: map[string]string{}, Answers: map[string]answers{}}
	for range s.rounds {
		for _, peer := range peers {
			place := filepath.Join(work, peer+".csv")
			err := m.add(peer, s.java(peer, model, input, place))
			if err != nil {
				m.Failed[peer] = err.Error()
				continue
			}
			if m.Answers[peer], err = compareWith(own, place); err != nil {
				return nil, err
			}
		}
		if err := m.add(handoff, s.onCore(s.handoff, "bench", "--json", "--model", model, "--input", input, "--missing", s.missing)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// add runs a command that prints figures and keeps them where they are the best yet.
func (m *measurement) add(engine string, cmd *exec.Cmd) error {
	out, err := output(cmd)
	if err != nil {
		return err
	}
	var f figures
	if err := json.Unmarshal(out, &f); err != nil {
		return fmt.Errorf("%s printed no figures: %w", engine, err)
	}
	if best := m.Engines[engine]; best != nil {
		f.SingleP50, f.SingleP99 = min(f.SingleP50, best.SingleP50), min(f.SingleP99, best.SingleP99)
		f.BoundP50, f.Allocs = min(f.BoundP50, best.BoundP50), min(f.Allocs, best.Allocs)
		f.RowsPerCPU = max(f.RowsPerCPU, best.RowsPerCPU)
		f.LoadMS, f.OpenMS = min(f.LoadMS, best.LoadMS), min(f.OpenMS, best.OpenMS)
	}
	m.Engines[engine] = &f
	return nil
}

// java is the command that measures a peer and writes its first results to a place.
func (s settings) java(peer, model, input, place string) *exec.Cmd {
	return s.onCore("java", "-XX:+UseSerialGC", "-Xmx4g", "-cp", s.classpath, "handoff.peers.Bench", model, input, place,
		"--engine", peer, "--rows", strconv.Itoa(s.rows), "--missing", s.missing)
}

// onCore is a command that runs on the one core, where taskset can be had.
func (s settings) onCore(name string, args ...string) *exec.Cmd {
	if taskset, err := exec.LookPath("taskset"); err == nil && s.core >= 0 {
		return exec.Command(taskset, append([]string{"-c", strconv.Itoa(s.core), name}, args...)...)
	}
	return exec.Command(name, args...)
}

// score has Handoff score the first rows and returns the table of its answers.
func (s settings) score(model, input, work string) (*table, error) {
	head, place := filepath.Join(work, "input.csv"), filepath.Join(work, "handoff.csv")
	if err := copyHead(head, input, s.rows); err != nil {
		return nil, err
	}
	cmd := exec.Command(s.handoff, "score", "--model", model, "--input", head, "--output", place, "--missing", s.missing,
		"--errors", filepath.Join(work, "errors.csv"))
	_, err := output(cmd)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return nil, unsupported{err.Error()}
	}
	if err != nil {
		return nil, err
	}
	return readTable(place)
}

// output runs a command and puts what it complained of, briefly, into the error.
func output(cmd *exec.Cmd) ([]byte, error) {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
		return nil, fmt.Errorf("%w: %.300s", err, first)
	}
	return out, nil
}

func modelFile(folder string) (string, error) {
	for _, name := range []string{"model.pmml", "model.pmml.gz"} {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s has no model.pmml or model.pmml.gz", folder)
}

// copyHead copies a table's header and first rows.
func copyHead(to, from string, rows int) error {
	t, err := readTable(from)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(append([][]string{t.header}, t.rows[:min(rows, len(t.rows))]...)); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o600)
}
