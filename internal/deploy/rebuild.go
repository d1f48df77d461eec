package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// SnapshotFile is the name of the file of a version that says what the store was about to know when the version went live
// or out of service. If the store is lost, these files have enough to go on.
const SnapshotFile = "version.json"

// A Snapshot is what lies in a SnapshotFile.
type Snapshot struct {
	Model   Model   `json:"model"` // as it is after the switch
	Version Version `json:"version"`
}

// maxSnapshot is how many bytes a snapshot has at most: two items of a store.
const maxSnapshot = 1 << 20

func parseSnapshot(text []byte) (Snapshot, error) {
	var s Snapshot
	if len(text) > maxSnapshot {
		return s, fmt.Errorf("%s has more than %d bytes", SnapshotFile, maxSnapshot)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w", SnapshotFile, err)
	}
	if !catalog.ValidID(s.Model.ID) || s.Version.Model != s.Model.ID || s.Version.Number < 1 {
		return s, fmt.Errorf("%s says nothing of a version", SnapshotFile)
	}
	return s, nil
}

// keepSnapshot writes down what follows from the answer of an effect that changes what runs, before the effect begins. It
// lies with the version that goes live, or the one that was. ErrConflict, if the effect is not what is to be done any more.
func (p *Pipeline) keepSnapshot(ctx context.Context, id string, answer Event, turn Turn) error {
	s, err := p.Store.Status(ctx, id)
	if err != nil {
		return err
	}
	if s.Model.Rev != turn.Rev {
		return ErrConflict
	}
	t, _, err := Next(s, answer, p.turn(ctx, turn))
	if err != nil || t.Model.ID == "" {
		return err
	}
	number := t.Model.Live
	if number == 0 {
		number = t.Model.Previous
	}
	version, ok := find(slices.Concat(t.Versions, s.Versions), number)
	if !ok {
		return nil // what nothing is kept of needs no way back
	}
	text, err := json.Marshal(Snapshot{Model: t.Model, Version: version})
	if err != nil {
		return err
	}
	return p.Artifacts.Put(ctx, id, number, SnapshotFile, bytes.NewReader(text))
}

func find(versions []Version, number int) (Version, bool) {
	i := slices.IndexFunc(versions, func(v Version) bool { return v.Number == number })
	if i < 0 {
		return Version{}, false
	}
	return versions[i], true
}

// Recovery is the kind of deployment with which the history of a model begins anew, after the store was lost.
const Recovery Kind = "RECOVERY"

// Remains are what the files of one version tell.
type Remains struct {
	Model    string
	Number   int
	Snapshot *Snapshot // nil: the version never was live, or its snapshot cannot be read
}

// RemainsOf reads what the files of one version tell. A snapshot that is damaged, or another version's, tells nothing; one
// that cannot be read is an error, since it may be right.
func RemainsOf(ctx context.Context, a Artifacts, model string, number int) (Remains, error) {
	r := Remains{Model: model, Number: number}
	file, _, err := a.Get(ctx, model, number, SnapshotFile)
	if errors.Is(err, ErrGone) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxSnapshot+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return r, fmt.Errorf("read %s of version %d of %s: %w", SnapshotFile, number, model, err)
	}
	if s, err := parseSnapshot(text); err == nil && s.Model.ID == model && s.Version.Number == number {
		r.Snapshot = &s
	}
	return r, nil
}

// Rebuild gives the first transition of each model for an empty store, from what remains of all versions, in any order. A
// model is as it was after its last switch; what was live then is live, and other versions are retired. What lies in the
// uploads and is newer than that is deployed when somebody looks there. Files of versions that never were live, or whose
// time was over, are garbage. id gives new ULIDs.
func Rebuild(remains []Remains, id func(at time.Time) string, at time.Time) []Transition {
	models := map[string][]Remains{}
	for _, r := range remains {
		models[r.Model] = append(models[r.Model], r)
	}
	var transitions []Transition
	for _, name := range slices.Sorted(maps.Keys(models)) {
		transitions = append(transitions, rebuild(name, models[name], id, at.UTC().Truncate(time.Millisecond)))
	}
	return transitions
}

func rebuild(name string, list []Remains, id func(at time.Time) string, at time.Time) Transition {
	m := Model{ID: name, Created: at}
	versions := map[int]Version{}
	for _, r := range list {
		if r.Snapshot == nil {
			continue
		}
		versions[r.Number] = r.Snapshot.Version
		if r.Snapshot.Model.Rev > m.Rev {
			m = r.Snapshot.Model
		}
	}
	kept := func(n int) bool { _, ok := versions[n]; return ok && slices.Contains(m.Kept, n) }
	var garbage []int
	for _, r := range list {
		m.Last = max(m.Last, r.Number)
		garbage = append(garbage, r.Number)
	}
	m.Kept = slices.DeleteFunc(slices.Concat(m.Kept), func(n int) bool { return !kept(n) })
	garbage = slices.DeleteFunc(garbage, kept)
	slices.Sort(garbage)
	m.Garbage = slices.Compact(garbage)
	if !kept(m.Live) {
		m.Live = 0
	}
	if !kept(m.Previous) {
		m.Previous = 0
	}
	m.Rev, m.Desired, m.Open, m.Restore, m.Rejection = 1, m.Live, "", false, nil
	m.Untidy = true // what was published and never went live left no trace here
	if at.Before(m.Updated) {
		at = m.Updated
	}
	m.Updated = at
	if m.Live == 0 && m.Deleted.IsZero() {
		m.Deleted = at
	}
	t := recovery(m, id(at), at)
	for _, n := range m.Kept {
		t.Versions = append(t.Versions, rebuildVersion(versions[n], m.Live))
	}
	return t
}

// recovery is the beginning of a model's new history.
func recovery(m Model, id string, at time.Time) Transition {
	d := Deployment{Model: m.ID, ID: id, Kind: Recovery, State: Live, Version: m.Live, From: m.Live, Created: at, Updated: at,
		By: By{Actor: "handoff", Reason: "the database was lost: this is what the files of the versions tell"}}
	if m.Live == 0 {
		d.State = Deleted
	}
	d.Steps = []Step{{d.State, at}}
	m.Latest = d.Summary()
	a := Audit{Model: m.ID, ID: id, At: at, Actor: d.By.Actor, Reason: d.By.Reason, Action: Recovery, Outcome: d.State,
		Before: m.Live, After: m.Live, Deployment: id}
	return Transition{Model: m, Deployments: []Deployment{d}, Audits: []Audit{a}}
}

// rebuildVersion puts a version into the state that fits what is live.
func rebuildVersion(v Version, live int) Version {
	v.State = Retired
	if v.Number == live {
		v.State = Live
	}
	return v
}
