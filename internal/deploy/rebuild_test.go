package deploy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
)

// lost is a model's way through switches, told by nothing but the files of its versions.
type lost struct {
	t         *testing.T
	store     *deploytest.Store
	artifacts *deploytest.Artifacts
	pipeline  *deploy.Pipeline
	at        time.Time
	ids       int
}

func newLost(t *testing.T) *lost {
	tape := &deploytest.Tape{}
	l := &lost{t: t, store: &deploytest.Store{Tape: tape}, artifacts: &deploytest.Artifacts{Tape: tape},
		at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	l.pipeline = deploy.New(deploy.Config{Store: l.store, Artifacts: l.artifacts, Objects: &deploytest.Objects{Tape: tape},
		Runtime: &deploytest.Runtime{Tape: tape, Local: true}, Settings: settings.Read, Now: func() time.Time { return l.at }, ID: l.id})
	return l
}

func (l *lost) id(time.Time) string {
	l.ids++
	return fmt.Sprintf("%026d", l.ids)
}

// send commits what follows from an event, without doing anything.
func (l *lost) send(e deploy.Event) {
	l.t.Helper()
	ctx := context.Background()
	l.at = l.at.Add(time.Minute)
	s, err := l.store.Status(ctx, "m")
	if err != nil {
		l.t.Fatal(err)
	}
	tr, _, err := deploy.Next(s, e, turnOf(s, l.at))
	if err != nil {
		l.t.Fatal(err)
	}
	if tr.Model.ID != "" {
		if err := l.store.Commit(ctx, tr); err != nil {
			l.t.Fatal(err)
		}
	}
}

// resume lets the pipeline do what there is to do.
func (l *lost) resume() {
	l.t.Helper()
	l.at = l.at.Add(time.Minute)
	if err := l.pipeline.Resume(context.Background()); err != nil {
		l.t.Fatal(err)
	}
	l.pipeline.Wait()
}

func (l *lost) upload(version string) {
	l.send(deploy.Uploaded{ID: l.id(l.at), Object: deploy.Object{Key: deploy.KeyOf("m"), Version: version}, By: deploy.By{Actor: "a"}})
	l.send(deploy.WasChecked{Settings: deploy.Settings{Owner: "owner of " + version, Keep: 2}})
	s, _ := l.store.Status(context.Background(), "m")
	for _, name := range []string{deploy.DocumentFile, deploy.CompiledFile} {
		if err := l.artifacts.Put(context.Background(), "m", s.Model.Last, name, strings.NewReader(version)); err != nil {
			l.t.Fatal(err)
		}
	}
	l.send(deploy.WasCompiled{})
	l.send(deploy.WasVerified{})
	l.send(deploy.WasPackaged{})
	l.send(deploy.WasPublished{Name: version})
	l.send(deploy.WasSmoked{})
	l.resume()
}

// remains reads what the files tell.
func (l *lost) remains() []deploy.Remains {
	var list []deploy.Remains
	for _, folder := range l.artifacts.Folders() {
		var number int
		if _, err := fmt.Sscanf(folder, "m/%d", &number); err != nil {
			l.t.Fatal(err)
		}
		r, err := deploy.RemainsOf(context.Background(), l.artifacts, "m", number)
		if err != nil {
			l.t.Fatal(err)
		}
		list = append(list, r)
	}
	slices.Reverse(list)
	return list
}

func TestRebuild(t *testing.T) {
	undeploy := func(l *lost) {
		l.send(deploy.Removed{ID: l.id(l.at)})
		l.resume()
	}
	to := func(l *lost, version int) {
		l.send(deploy.RollbackAsked{ID: l.id(l.at), To: version})
		l.resume()
	}
	back := func(l *lost) { to(l, 0) }
	for name, journey := range map[string]func(l *lost){
		"one":      func(l *lost) { l.upload("a") },
		"several":  func(l *lost) { l.upload("a"); l.upload("b"); l.upload("c"); l.upload("d") },
		"rollback": func(l *lost) { l.upload("a"); l.upload("b"); back(l) },
		"forward":  func(l *lost) { l.upload("a"); l.upload("b"); back(l); to(l, 2) },
		"deleted":  func(l *lost) { l.upload("a"); l.upload("b"); undeploy(l) },
		"undelete": func(l *lost) { l.upload("a"); l.upload("b"); undeploy(l); back(l) },
		"again":    func(l *lost) { l.upload("a"); undeploy(l); l.upload("a") },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLost(t)
			journey(l)
			ctx := context.Background()
			before, _ := l.store.Status(ctx, "m")
			before.Model.Untidy = true // nobody knows what was published and never went live
			transitions := deploy.Rebuild(l.remains(), l.id, l.at)
			if len(transitions) != 1 {
				t.Fatalf("%d transitions", len(transitions))
			}
			rebuilt := &deploytest.Store{Tape: &deploytest.Tape{}}
			if err := rebuilt.Commit(ctx, transitions[0]); err != nil {
				t.Fatal(err)
			}
			after, err := rebuilt.Status(ctx, "m")
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range before.Versions {
				if v.State == deploy.RolledBack {
					before.Versions[i].State = deploy.Retired
				}
			}
			same := cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreFields(deploy.Model{}, "Rev", "Latest", "Updated")}
			if d := cmp.Diff(before, after, same); d != "" {
				t.Errorf("the model became another (-before +after):\n%s", d)
			}
			if audits, _ := rebuilt.Audits(ctx, "m", "", 9); len(audits) != 1 || audits[0].Action != deploy.Recovery || after.Model.Latest.Kind != deploy.Recovery {
				t.Errorf("history says %+v", audits)
			}
		})
	}
}

// TestRebuildPart rebuilds from files of which some are lost.
func TestRebuildPart(t *testing.T) {
	l := newLost(t)
	for _, v := range []string{"a", "b"} {
		l.upload(v)
	}
	all := l.remains() // the newest first
	for _, test := range []struct {
		name                 string
		remains              []deploy.Remains
		live, previous, last int
		garbage              []int
	}{
		{"the live version's snapshot", []deploy.Remains{{Model: "m", Number: 2}, all[1]}, 1, 0, 2, []int{2}},
		{"the live version", all[1:], 1, 0, 1, nil},
		{"the previous version", all[:1], 2, 0, 2, nil},
		{"the previous version's snapshot", []deploy.Remains{all[0], {Model: "m", Number: 1}}, 2, 0, 2, []int{1}},
		{"all snapshots", []deploy.Remains{{Model: "m", Number: 2}, {Model: "m", Number: 7}}, 0, 0, 7, []int{2, 7}},
		{"the database only, before a switch", append([]deploy.Remains{{Model: "m", Number: 3}}, all...), 2, 1, 3, []int{3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := deploy.Rebuild(test.remains, l.id, l.at)[0].Model
			if m.Live != test.live || m.Desired != test.live || m.Previous != test.previous || m.Last != test.last || m.Rev != 1 {
				t.Errorf("%+v", m)
			}
			if d := cmp.Diff(test.garbage, m.Garbage, cmpopts.EquateEmpty()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRemainsOf(t *testing.T) {
	right := `{"model":{"id":"m","rev":7},"version":{"model":"m","version":1}}`
	for text, want := range map[string]bool{
		right: true, " " + right + "\n": true,
		"": false, "{": false, "null": false, "{}": false, right + " x": false, strings.Repeat(" ", 2<<20) + right: false,
		`{"model":{"id":"../x"},"version":{"model":"../x","version":1}}`: false,
		`{"model":{"id":"m"},"version":{"model":"n","version":1}}`:       false,
		`{"model":{"id":"n"},"version":{"model":"n","version":1}}`:       false,
		`{"model":{"id":"m"},"version":{"model":"m","version":2}}`:       false,
	} {
		ctx := context.Background()
		tape := &deploytest.Tape{}
		a := &deploytest.Artifacts{Tape: tape}
		if r, err := deploy.RemainsOf(ctx, a, "m", 1); err != nil || r.Snapshot != nil {
			t.Errorf("without a file: %+v, %v", r, err)
		}
		if err := a.Put(ctx, "m", 1, deploy.SnapshotFile, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		r, err := deploy.RemainsOf(ctx, a, "m", 1)
		if err != nil || r.Model != "m" || r.Number != 1 || (r.Snapshot != nil) != want {
			t.Errorf("%.60q gives %+v, %v", text, r, err)
		}
		tape.Restart(func(int, string) deploytest.Fate { return deploytest.Fail })
		if _, err := deploy.RemainsOf(ctx, a, "m", 1); err == nil {
			t.Error("what cannot be read is taken for nothing")
		}
	}
}

// TestSnapshotFirst says that whatever runs, or does not any more, was written down before.
func TestSnapshotFirst(t *testing.T) {
	l := newLost(t)
	l.upload("a")
	l.send(deploy.Removed{ID: l.id(l.at)})
	l.resume()
	calls := l.store.Tape.Calls()
	for _, want := range [][]string{
		{"Artifacts.Put m 1 version.json", "Runtime.Switch m 1", "Store.Commit m 9"},
		{"Artifacts.Put m 1 version.json", "Runtime.Stop m", "Store.Commit m 12"},
	} {
		for _, call := range want {
			i := slices.Index(calls, call)
			if i < 0 {
				t.Fatalf("%q is not among %q, or too early", call, calls)
			}
			calls = calls[i+1:]
		}
	}
	if r := l.remains(); len(r) != 1 || r[0].Snapshot == nil || r[0].Snapshot.Model.Live != 0 || r[0].Snapshot.Model.Deleted.IsZero() {
		t.Errorf("what remains is %+v", r)
	}
}
