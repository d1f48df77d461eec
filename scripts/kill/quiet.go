package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

type version struct {
	Version    int
	State      string
	Deployment string
	Document   struct{ Checksum string }
}

type versions struct {
	Live     int
	Versions []version
}

type deployment struct {
	ID, Kind, State string
	Version         int
}

// all reads all pages of a list.
func all[T any](s *server, path string, list func() *[]T, into any, id func(T) string) ([]T, error) {
	const page = 500
	var found []T
	for before := ""; ; {
		*list() = nil
		if err := s.get(fmt.Sprintf("%s?limit=%d&before=%s", path, page, before), into); err != nil {
			return nil, err
		}
		found = append(found, *list()...)
		if len(*list()) < page {
			return found, nil
		}
		before = id(found[len(found)-1])
	}
}

func (s *server) deployments(id string) ([]deployment, error) {
	var answer struct{ Deployments []deployment }
	return all(s, "/model/"+id+"/deployments", func() *[]deployment { return &answer.Deployments }, &answer, func(d deployment) string { return d.ID })
}

func (s *server) audits(id string) ([]audit, error) {
	var answer struct{ Audit []audit }
	return all(s, "/model/"+id+"/audit", func() *[]audit { return &answer.Audit }, &answer, func(a audit) string { return a.ID })
}

type audit struct{ ID, Outcome string }

var finalStates = map[string]bool{"LIVE": true, "REJECTED": true, "SUPERSEDED": true, "FAILED": true, "DELETED": true}

// quiesce waits until everything has happened that should, and gives what serves then: an error says why it has not, or
// that the server is gone.
func (r *run) quiesce(s *server, id string, final func() set, lately func() string) (n int, err error) {
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		var numbers [3]int
		if numbers, err = r.observe(s, id); err != nil {
			return 0, err
		}
		unfinished, err := r.unfinished(s, id)
		if err != nil {
			return 0, err
		}
		if unfinished == "" && numbers[0] == numbers[1] && numbers[1] == numbers[2] && final()[numbers[0]] {
			return numbers[0], nil
		}
		if time.Since(begin) > patience {
			if unfinished != "" {
				r.fault(half, "%s: after %s: %s", id, patience, unfinished)
			} else {
				r.fault(lost, "%s: after %s: %v serves, expected %v: %s", id, patience, numbers, final(), lately())
			}
			return numbers[0], nil
		}
	}
}

// unfinished says what is still to be done for a model: "" is nothing.
func (r *run) unfinished(s *server, id string) (string, error) {
	status, body, _, err := s.call("GET", "/model/"+id+"/versions?limit=1000", nil)
	if err != nil {
		return "", err
	}
	var known versions
	if status == 200 {
		if err := s.get("/model/"+id+"/versions?limit=1000", &known); err != nil {
			return "", err
		}
		deployments, err := s.deployments(id)
		if err != nil {
			return "", err
		}
		for _, d := range deployments {
			if !finalStates[d.State] {
				return fmt.Sprintf("deployment %s is %s", d.ID, d.State), nil
			}
		}
	} else if status != 404 {
		return fmt.Sprintf("versions: %d %.200s", status, body), nil
	}
	kept := []int{}
	for _, v := range known.Versions {
		if v.State == "LIVE" || v.State == "RETIRED" || v.State == "ROLLED_BACK" {
			kept = append(kept, v.Version)
		}
	}
	slices.Sort(kept)
	if there := foldersOf(filepath.Join(r.data, "versions", id)); !slices.Equal(kept, there) {
		return fmt.Sprintf("versions %v are kept, and the folders are %v", kept, there), nil
	}
	return "", nil
}

func foldersOf(dir string) []int {
	numbers := []int{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return numbers
	}
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			n = -1
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

// checkHistory holds the history of a model against what was acknowledged and what serves.
func (r *run) checkHistory(s *server, id string, serves int, acked []acked, removals int) error {
	var known versions
	status, _, _, err := s.call("GET", "/model/"+id+"/versions", nil)
	if err != nil || status == 404 && serves <= 0 && len(acked) == 0 {
		return err
	}
	var deployments []deployment
	var audits []audit
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if deployments, err = s.deployments(id); err != nil {
			return err
		}
		if audits, err = s.audits(id); err != nil {
			return err
		}
		if err := s.get("/model/"+id+"/versions?limit=1000", &known); err != nil {
			return err
		}
		after, err := s.deployments(id)
		if err != nil {
			return err
		}
		// A file that was dropped may be looked at just now: these three are read one after the other.
		under := func(d deployment) bool { return !finalStates[d.State] }
		if slices.Equal(deployments, after) && !slices.ContainsFunc(after, under) || time.Since(begin) > patience {
			break
		}
	}
	r.count(&r.quiet)
	r.checkVersions(id, known, serves)
	r.checkDeployments(id, deployments, audits)
	r.checkAcked(id, known, deployments, acked, removals)
	return nil
}

// uncertain stands for what serves where a file may be looked at at any moment.
const uncertain = -1

// checkVersions: numbers without a gap, one version live, and it is what serves.
func (r *run) checkVersions(id string, known versions, serves int) {
	live := 0
	for i, v := range known.Versions {
		if want := len(known.Versions) - i; v.Version != want {
			r.fault(history, "%s: version %d where %d should be", id, v.Version, want)
			return
		}
		if v.State != "LIVE" || serves == uncertain {
			continue
		}
		live++
		if d := r.documents.find(v.Document.Checksum); v.Version != known.Live || d == nil || d.number != serves {
			r.fault(history, "%s: version %d is live with document %v, the model has %d, and %d serves", id, v.Version, d, known.Live, serves)
		}
	}
	if serves == uncertain {
		return
	}
	if live > 1 || live == 0 && (known.Live != 0 || serves != 0) {
		r.fault(history, "%s: %d versions are live, the model has %d, and %d serves", id, live, known.Live, serves)
	}
}

// checkDeployments: in order, each with one entry of the audit, no version brought twice.
func (r *run) checkDeployments(id string, deployments []deployment, audits []audit) {
	outcomes := map[string]string{}
	for _, a := range audits {
		outcomes[a.ID] = a.Outcome
	}
	if len(outcomes) != len(deployments) || len(audits) != len(deployments) {
		r.fault(history, "%s: %d deployments and %d entries of the audit", id, len(deployments), len(audits))
	}
	brought := map[int]string{}
	for i, d := range deployments {
		if i > 0 && d.ID >= deployments[i-1].ID {
			r.fault(history, "%s: %s comes after %s", id, d.ID, deployments[i-1].ID)
		}
		if outcomes[d.ID] != d.State {
			r.fault(history, "%s: deployment %s is %s, and the audit says %q", id, d.ID, d.State, outcomes[d.ID])
		}
		if d.Kind != "UPLOAD" || d.Version == 0 {
			continue
		}
		if brought[d.Version] != "" {
			r.fault(history, "%s: %s and %s have both brought version %d", id, d.ID, brought[d.Version], d.Version)
		}
		brought[d.Version] = d.ID
	}
}

// checkAcked: what was acknowledged is there, with its document.
func (r *run) checkAcked(id string, known versions, deployments []deployment, acked []acked, removals int) {
	byID, byNumber, deleted := map[string]deployment{}, map[int]version{}, 0
	for _, d := range deployments {
		byID[d.ID] = d
		if d.Kind == "REMOVAL" && d.State == "DELETED" {
			deleted++
		}
	}
	for _, v := range known.Versions {
		byNumber[v.Version] = v
	}
	for _, a := range acked {
		d, ok := byID[a.deployment]
		made := r.documents.find(byNumber[d.Version].Document.Checksum)
		if !ok || d.State != "LIVE" || made == nil || made.number != a.number || (d.Kind == "UPLOAD") != (a.kind == "UPLOAD") {
			r.fault(history, "%s: acknowledged %+v, found %+v with document %v", id, a, d, made)
		}
	}
	if deleted < removals {
		r.fault(history, "%s: %d removals were acknowledged, %d are there", id, removals, deleted)
	}
}

// checkFolder: nothing is left that nobody knows.
func (r *run) checkFolder() {
	for _, dir := range []string{"uploads", "models"} {
		entries, err := os.ReadDir(filepath.Join(r.data, dir))
		if err != nil {
			r.fault(failure, "%v", err)
			continue
		}
		for _, e := range entries {
			if dir == "uploads" || e.Name()[0] == '.' && e.Name() != ".handoff" {
				r.fault(half, "left: %s/%s", dir, e.Name())
			}
		}
	}
	known := map[string]bool{}
	for id := range maps.Keys(r.ids) {
		known[id] = true
	}
	entries, err := os.ReadDir(filepath.Join(r.data, "versions"))
	if err != nil {
		r.fault(failure, "%v", err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			r.fault(half, "left: versions/%s", e.Name())
		}
	}
}
