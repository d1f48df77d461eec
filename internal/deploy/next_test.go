package deploy_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// A world applies transitions as a store does, and remembers everything that was ever written.
type world struct {
	t           *testing.T
	model       deploy.Model
	versions    map[int]deploy.Version
	deployments map[string]deploy.Deployment
	audits      map[string]deploy.Audit
	at          time.Time
	workers     int       // processes that have ended
	ends        time.Time // the process's invocation; zero: it has none
	pending     []deploy.Effect
}

func newWorld(t *testing.T) *world {
	return &world{
		t: t, model: deploy.Model{ID: "m"}, versions: map[int]deploy.Version{}, deployments: map[string]deploy.Deployment{},
		audits: map[string]deploy.Audit{}, at: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC),
	}
}

func (w *world) status() deploy.Status {
	s := deploy.Status{Model: w.model}
	numbers := slices.Clone(w.model.Kept)
	if d, ok := w.deployments[w.model.Open]; ok {
		s.Deployment = &d
		if d.Version != 0 && !slices.Contains(numbers, d.Version) {
			numbers = append(numbers, d.Version)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		s.Versions = append(s.Versions, w.versions[n])
	}
	return s
}

func (w *world) turn() deploy.Turn {
	return deploy.Turn{At: w.at, Worker: fmt.Sprint("worker ", w.workers), Until: w.ends}
}

// crash ends the process and begins another one, which looks after what is unfinished.
func (w *world) crash() error {
	w.t.Helper()
	w.workers++
	return w.send(deploy.Resumed{})
}

// send gives an event to Next and applies what comes of it.
func (w *world) send(e deploy.Event) error {
	w.t.Helper()
	before, again := w.status(), w.status()
	t, effects, err := deploy.Next(before, e, w.turn())
	t2, effects2, err2 := deploy.Next(again, e, w.turn())
	if !reflect.DeepEqual(t, t2) || !reflect.DeepEqual(effects, effects2) || fmt.Sprint(err) != fmt.Sprint(err2) {
		w.t.Fatalf("%T: the same again gives something else", e)
	}
	if !reflect.DeepEqual(before, w.status()) {
		w.t.Fatalf("%T: Next has changed what it was given", e)
	}
	if err != nil {
		return err
	}
	w.pending = effects
	if t.Model.ID == "" {
		return nil
	}
	if t.Model.Rev != w.model.Rev+1 {
		w.t.Fatalf("%T: rev %d after %d", e, t.Model.Rev, w.model.Rev)
	}
	if t.Model.Updated.Before(w.model.Updated) {
		w.t.Fatalf("%T: time goes back", e)
	}
	w.check(e, t)
	w.model = t.Model
	for _, v := range t.Versions {
		w.versions[v.Number] = v
	}
	for _, d := range t.Deployments {
		w.deployments[d.ID] = d
	}
	for _, a := range t.Audits {
		w.audits[a.ID] = a
	}
	w.invariants(e)
	return nil
}

// check looks at one transition.
func (w *world) check(e deploy.Event, t deploy.Transition) {
	w.t.Helper()
	if t.Model.Live != w.model.Live {
		switch e.(type) {
		case deploy.WasSwitched, deploy.WasStopped:
		default:
			w.t.Fatalf("%T changes what is live from %d to %d", e, w.model.Live, t.Model.Live)
		}
	}
	for _, d := range t.Deployments {
		if old, ok := w.deployments[d.ID]; ok && old.State.Final() {
			w.t.Fatalf("%T writes deployment %s, which was over (%s)", e, d.ID, old.State)
		}
		if d.State.Final() && !slices.ContainsFunc(t.Audits, func(a deploy.Audit) bool { return a.ID == d.ID && a.Outcome == d.State }) {
			w.t.Fatalf("%T ends deployment %s without an audit", e, d.ID)
		}
	}
	for _, a := range t.Audits {
		if _, ok := w.audits[a.ID]; ok {
			w.t.Fatalf("%T writes audit %s again", e, a.ID)
		}
	}
}

// invariants hold after each transition.
func (w *world) invariants(e deploy.Event) {
	w.t.Helper()
	m := w.model
	lives := 0
	for n, v := range w.versions {
		if n < 1 || n > m.Last || v.Number != n {
			w.t.Fatalf("%T: there is a version %d", e, n)
		}
		if v.State == deploy.Live {
			lives++
			if n != m.Live {
				w.t.Fatalf("%T: version %d is LIVE, but %d is live", e, n, m.Live)
			}
		}
		kept, garbage := slices.Contains(m.Kept, n), slices.Contains(m.Garbage, n)
		if kept && garbage {
			w.t.Fatalf("%T: version %d is kept and garbage", e, n)
		}
		if (v.State == deploy.Live || v.State == deploy.Retired || v.State == deploy.RolledBack) != kept && n != w.deployments[m.Open].Version {
			w.t.Fatalf("%T: version %d in state %s: kept is %v", e, n, v.State, kept)
		}
	}
	if lives > 1 || lives == 0 && m.Live != 0 {
		w.t.Fatalf("%T: %d versions are LIVE, %d is live", e, lives, m.Live)
	}
	if !slices.IsSorted(m.Kept) {
		w.t.Fatalf("%T: kept %v", e, m.Kept)
	}
	open := 0
	for _, d := range w.deployments {
		if !d.State.Final() {
			open++
			if d.ID != m.Open {
				w.t.Fatalf("%T: deployment %s is open (%s), the model says %q", e, d.ID, d.State, m.Open)
			}
		}
	}
	if open == 0 && m.Open != "" {
		w.t.Fatalf("%T: the model says that %s is open", e, m.Open)
	}
	if m.Open == "" && m.Desired != m.Live {
		w.t.Fatalf("%T: nothing is open, %d is desired, %d is live", e, m.Desired, m.Live)
	}
	if m.Previous == m.Live && m.Live != 0 || m.Previous != 0 && !slices.Contains(m.Kept, m.Previous) {
		w.t.Fatalf("%T: previous is %d, live %d, kept %v", e, m.Previous, m.Live, m.Kept)
	}
	if m.Latest.ID == "" && len(w.deployments) > 0 {
		w.t.Fatalf("%T: no latest deployment", e)
	}
}

// answer gives the answer that an effect has if all goes well.
func answer(e deploy.Effect) deploy.Event {
	switch e := e.(type) {
	case deploy.Check:
		return deploy.WasChecked{Document: deploy.Document{Size: 3, Checksum: "c" + e.Version.Object.Version}}
	case deploy.Compile:
		return deploy.WasCompiled{Evaluator: "1", Bytes: 10}
	case deploy.Verify:
		return deploy.WasVerified{Rows: 1}
	case deploy.Pack:
		return deploy.WasPackaged{}
	case deploy.Publish:
		return deploy.WasPublished{Name: fmt.Sprint("name ", e.Model.Rev)}
	case deploy.Smoke:
		return deploy.WasSmoked{Cold: 2 * time.Second, Warm: time.Second}
	case deploy.Switch:
		return deploy.WasSwitched{}
	case deploy.Stop:
		return deploy.WasStopped{}
	case deploy.Collect:
		return deploy.WasCollected{Versions: e.Versions}
	}
	panic("an effect without an answer")
}

// settle performs effects until there are none.
func (w *world) settle() {
	w.t.Helper()
	for n := 0; len(w.pending) > 0; n++ {
		if n > 100 {
			w.t.Fatalf("there is no end: %#v", w.pending)
		}
		if err := w.send(answer(w.pending[0])); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) upload(key, version string) string {
	w.t.Helper()
	id := fmt.Sprintf("D%03d", len(w.deployments))
	if err := w.send(deploy.Uploaded{ID: id, Object: deploy.Object{Key: key, Version: version}}); err != nil {
		w.t.Fatal(err)
	}
	return id
}

const nested = "models/m/model.pmml"

func TestNextLife(t *testing.T) {
	w := newWorld(t)
	states := func(want ...deploy.State) {
		t.Helper()
		var got []deploy.State
		for n := 1; n <= len(w.versions); n++ {
			got = append(got, w.versions[n].State)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("versions are %v, want %v", got, want)
		}
	}
	for i := 1; i <= 4; i++ {
		w.upload(nested, fmt.Sprint(i))
		w.settle()
	}
	states(deploy.Collected, deploy.Retired, deploy.Retired, deploy.Live)
	if w.model.Source != nested || w.model.Live != 4 || w.model.Previous != 3 || len(w.model.Garbage) != 0 {
		t.Fatalf("%+v", w.model)
	}
	d := w.deployments["D003"]
	var steps []deploy.State
	for _, s := range d.Steps {
		steps = append(steps, s.State)
	}
	if want := []deploy.State{deploy.Received, deploy.Checked, deploy.Compiled, deploy.Verified, deploy.Packaged, deploy.Published, deploy.Smoked,
		deploy.Live}; !slices.Equal(steps, want) {
		t.Fatalf("steps %v", steps)
	}

	// The same object again is no news.
	rev := w.model.Rev
	w.upload(nested, "4")
	if w.model.Rev != rev || len(w.pending) != 0 {
		t.Fatal("a duplicate was deployed")
	}

	// Back twice: never forward to what was left.
	for _, want := range []int{3, 2} {
		if err := w.send(deploy.RollbackAsked{ID: fmt.Sprint("R", want)}); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if w.model.Live != want {
			t.Fatalf("%d is live, want %d", w.model.Live, want)
		}
	}
	states(deploy.Collected, deploy.Live, deploy.RolledBack, deploy.RolledBack)
	var refused *deploy.RefusedError
	for _, to := range []int{0, 1, 2, 5} {
		if err := w.send(deploy.RollbackAsked{ID: "R", To: to}); !errors.As(err, &refused) {
			t.Errorf("back to %d: %v", to, err)
		}
	}
	if err := w.send(deploy.RollbackAsked{ID: "F", To: 4}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	states(deploy.Collected, deploy.Retired, deploy.RolledBack, deploy.Live)

	// Another key does not take the model over, until its own is gone.
	id := w.upload("models/m.pmml", "1")
	if r := w.deployments[id].Rejection; r == nil || r.Code != "key" || w.model.Live != 4 {
		t.Fatalf("%+v", w.deployments[id])
	}
	if err := w.send(deploy.Removed{ID: "X", Key: "models/m.pmml"}); err != nil || w.model.Live != 4 || len(w.pending) != 0 {
		t.Fatal("removing what was refused does something", err)
	}
	w.upload("models/m.pmml", "1")
	if err := w.send(deploy.Removed{ID: "Y", Key: nested}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if w.model.Live != 0 || w.model.Previous != 4 || w.model.Deleted.IsZero() || w.deployments["Y"].State != deploy.Deleted {
		t.Fatalf("%+v", w.model)
	}
	if err := w.send(deploy.RollbackAsked{ID: "U"}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if w.model.Live != 4 || !w.model.Deleted.IsZero() || w.deployments["U"].Kind != deploy.Undelete {
		t.Fatalf("%+v", w.model)
	}
	w.upload("models/m.pmml", "1")
	w.settle()
	if w.model.Live != 5 || w.model.Source != "models/m.pmml" {
		t.Fatalf("%+v", w.model)
	}

	// Deleted for long: the files go, the history stays.
	if err := w.send(deploy.Removed{ID: "Z"}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.at = w.at.Add(29 * 24 * time.Hour)
	if err := w.send(deploy.Expired{}); err != nil || len(w.model.Kept) == 0 {
		t.Fatal("too early", err)
	}
	w.at = w.at.Add(48 * time.Hour)
	if err := w.send(deploy.Expired{}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if len(w.model.Kept) != 0 || w.versions[5].State != deploy.Collected {
		t.Fatalf("%+v", w.model)
	}
}

func TestNextRejects(t *testing.T) {
	w := newWorld(t)
	id := w.upload(nested, "1")
	rejection := deploy.WasRejected{Rejection: catalog.Rejection{Code: "document", Message: "it is wrong"}}
	if err := w.send(rejection); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if d := w.deployments[id]; d.State != deploy.Rejected || w.model.Rejection == nil || w.versions[1].State != deploy.Rejected {
		t.Fatalf("%+v", d)
	}
	w.upload(nested, "2")
	w.settle()
	if w.model.Live != 2 || w.model.Rejection != nil {
		t.Fatalf("%+v", w.model)
	}
	w.upload(nested, "3")
	w.send(answer(w.pending[0])) //nolint:errcheck // answers give no errors
	if err := w.send(rejection); err != nil {
		t.Fatal(err)
	}
	if w.model.Live != 2 || w.model.Desired != 2 || w.model.Rejection != nil {
		t.Fatalf("%+v", w.model)
	}
}

func TestNextSupersedes(t *testing.T) {
	w := newWorld(t)
	first := w.upload(nested, "1")
	second := w.upload(nested, "2")
	if w.deployments[first].State != deploy.Superseded || w.deployments[second].State != deploy.Received {
		t.Fatal(w.deployments)
	}
	w.settle()
	if w.model.Live != 2 || w.versions[1].State != deploy.Superseded {
		t.Fatalf("%+v", w.model)
	}
	// At its last step a deployment is not stopped any more.
	w.upload(nested, "3")
	for w.deployments[w.model.Open].State != deploy.Smoked {
		w.send(answer(w.pending[0])) //nolint:errcheck // answers give no errors
	}
	if err := w.send(deploy.Removed{ID: "X", Key: nested}); !errors.Is(err, deploy.ErrBusy) {
		t.Fatal(err)
	}
	w.settle()
	if w.model.Live != 3 {
		t.Fatalf("%+v", w.model)
	}
	// The object was replaced before anybody read it.
	id := w.upload(nested, "4")
	if err := w.send(deploy.WasReplaced{}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if w.deployments[id].State != deploy.Superseded || w.model.Live != 3 {
		t.Fatalf("%+v", w.model)
	}
}

// TestNextGivesUp fails each effect as often as it is tried, and ends the process at each as often.
// TestNextRemovesWhatNeverWasLive: whoever removes a model while its first version is on the way ends that, and is in the
// history.
func TestNextRemovesWhatNeverWasLive(t *testing.T) {
	w := newWorld(t)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.send(deploy.Uploaded{ID: "A", Object: deploy.Object{Key: nested, Version: "1"}}))
	must(w.send(deploy.Removed{ID: "B", By: deploy.By{Actor: "somebody"}}))
	if a, b := w.deployments["A"], w.deployments["B"]; a.State != deploy.Superseded || b.State != deploy.Deleted || b.Kind != deploy.Removal {
		t.Errorf("%+v, %+v", a, b)
	}
	if audit := w.audits["B"]; audit.Actor != "somebody" || audit.Outcome != deploy.Deleted || w.model.Latest.ID != "B" {
		t.Errorf("%+v, %+v", audit, w.model.Latest)
	}
	must(w.send(deploy.Removed{ID: "C"}))
	if _, there := w.deployments["C"]; there {
		t.Error("the removal of nothing is in the history")
	}
}

func TestNextGivesUp(t *testing.T) {
	for _, state := range []deploy.State{deploy.Received, deploy.Checked, deploy.Compiled, deploy.Verified, deploy.Packaged, deploy.Published,
		deploy.Smoked, deploy.Draining} {
		for _, crash := range []bool{false, true} {
			w := newWorld(t)
			w.upload(nested, "1")
			w.settle()
			id := "X"
			if state == deploy.Draining {
				if err := w.send(deploy.Removed{ID: id, Key: nested}); err != nil {
					t.Fatal(err)
				}
			} else {
				id = w.upload(nested, "2")
			}
			for w.deployments[id].State != state {
				w.send(answer(w.pending[0])) //nolint:errcheck // answers give no errors
			}
			for n := 0; n < 3; n++ {
				if w.deployments[id].State != state {
					t.Fatalf("%s, crash %v: over after %d attempts", state, crash, n)
				}
				err := error(nil)
				if crash {
					err = w.crash()
				} else {
					err = w.send(deploy.WasFailed{Effect: w.pending[0], Cause: "the disk is full"})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			d := w.deployments[id]
			switch {
			case crash && (state == deploy.Checked || state == deploy.Compiled):
				if d.State != deploy.Rejected || d.Rejection.Code != "resources" {
					t.Errorf("%s, crash: %+v", state, d)
				}
			case crash && state != deploy.Received && state != deploy.Draining:
				if d.State != deploy.Failed || d.Failure == "" {
					t.Errorf("%s, crash: %+v", state, d)
				}
			case crash:
				if d.State != state {
					t.Errorf("%s, crash: %+v", state, d)
				}
				w.settle()
				continue
			case d.State != deploy.Failed || d.Failure != "the disk is full":
				t.Errorf("%s: %+v", state, d)
			}
			// What runs is put right, whatever the last attempt did.
			restores := len(w.pending) > 0 && reflect.TypeOf(w.pending[0]) == reflect.TypeOf(deploy.Switch{})
			if want := state == deploy.Smoked || state == deploy.Draining; restores != want {
				t.Errorf("%s: what runs is put right: %v", state, restores)
			}
			if restores {
				again := func(e deploy.Effect) bool { return reflect.TypeOf(e) == reflect.TypeOf(deploy.Switch{}) }
				if err := w.send(deploy.WasFailed{Effect: w.pending[0]}); err != nil || slices.ContainsFunc(w.pending, again) {
					t.Errorf("%s: it is tried without end: %v", state, err)
				}
				if err := w.send(deploy.Resumed{}); err != nil || len(w.pending) == 0 {
					t.Errorf("%s: it is forgotten: %v", state, err)
				}
			}
			w.settle()
			if w.model.Live != 1 || w.model.Restore || len(w.model.Garbage) > 0 {
				t.Errorf("%s: %+v", state, w.model)
			}
			w.upload(nested, "3")
			w.settle()
			if w.versions[w.model.Live].Object.Version != "3" {
				t.Errorf("%s: the next upload is not live", state)
			}
		}
	}
}

func TestNextSettings(t *testing.T) {
	w := newWorld(t)
	settings := func(version, owner string, r *catalog.Rejection) {
		t.Helper()
		e := deploy.SettingsChanged{ID: "S" + version, Object: deploy.Object{Key: "models/m/model.json", Version: version},
			Settings: deploy.Settings{Owner: owner}, Rejection: r}
		if err := w.send(e); err != nil {
			t.Fatal(err)
		}
		w.settle()
	}
	settings("1", "ann", nil) // nobody has heard of the model
	if w.model.Rev != 0 {
		t.Fatalf("%+v", w.model)
	}
	w.upload(nested, "1")
	w.settle()
	settings("2", "ann", nil)
	if w.model.Settings.Owner != "ann" || w.deployments["S2"].State != deploy.Live || w.model.Live != 1 {
		t.Fatalf("%+v", w.model)
	}
	settings("3", "", &catalog.Rejection{Code: "settings", Message: "no"})
	if w.model.Settings.Owner != "ann" || w.deployments["S3"].State != deploy.Rejected {
		t.Fatalf("%+v", w.model)
	}
}

// TestNextSettingsThatFail leaves the settings as they were when a change of them cannot be done, at once or by publishing.
func TestNextSettingsThatFail(t *testing.T) {
	for _, changed := range []deploy.Settings{{Memory: 512}, {ReservedConcurrency: 99999}} {
		w := newWorld(t)
		w.upload(nested, "1")
		w.settle()
		e := deploy.SettingsChanged{ID: "S", Object: deploy.Object{Key: "models/m/model.json", Version: "1"}, Settings: changed}
		if err := w.send(e); err != nil {
			t.Fatal(err)
		}
		for w.model.Open != "" {
			if err := w.send(deploy.WasFailed{Effect: w.pending[0], Cause: "no"}); err != nil {
				t.Fatal(err)
			}
		}
		if d := w.deployments["S"]; d.State != deploy.Failed || w.model.Settings.Memory != 0 || w.model.Settings.ReservedConcurrency != 0 {
			t.Errorf("%+v, %+v", d, w.model.Settings)
		}
		w.settle()
		if w.model.Unfinished() || w.model.Live != 1 {
			t.Errorf("%+v", w.model)
		}
		e.ID, e.Object.Version = "T", "2"
		if err := w.send(e); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if w.model.Settings.Memory != changed.Memory || w.model.Settings.ReservedConcurrency != changed.ReservedConcurrency || w.versions[1].Settings.Memory != changed.Memory {
			t.Errorf("%+v", w.model)
		}
	}
}

// TestNextResumedHere begins an effect again as often as it takes: no process has ended over it.
func TestNextResumedHere(t *testing.T) {
	for _, state := range []deploy.State{deploy.Received, deploy.Checked, deploy.Compiled, deploy.Verified, deploy.Packaged, deploy.Published, deploy.Smoked} {
		w := newWorld(t)
		id := w.upload(nested, "1")
		for w.deployments[id].State != state {
			w.send(answer(w.pending[0])) //nolint:errcheck // answers give no errors
		}
		rev := w.model.Rev
		for range 10 {
			if err := w.send(deploy.Resumed{}); err != nil || w.model.Rev != rev || len(w.pending) != 1 {
				t.Fatalf("%s: %+v, %v", state, w.model, err)
			}
		}
		w.settle()
		if w.model.Live != 1 {
			t.Errorf("%s: %+v", state, w.deployments[id])
		}
	}
}

// TestNextCollectsWhileLost removes garbage though what is lost cannot be brought back.
func TestNextCollectsWhileLost(t *testing.T) {
	w := newWorld(t)
	for i := range 4 {
		w.upload(nested, fmt.Sprint(i))
		for len(w.model.Garbage) == 0 && len(w.pending) > 0 {
			w.send(answer(w.pending[0])) //nolint:errcheck // answers give no errors
		}
	}
	if err := w.send(deploy.Lost{}); err != nil || len(w.model.Garbage) == 0 {
		t.Fatalf("%+v %v", w.model, err)
	}
	for _, failed := range []deploy.Effect{deploy.Switch{}, deploy.Collect{}} {
		if len(w.pending) == 0 || reflect.TypeOf(w.pending[0]) != reflect.TypeOf(failed) {
			t.Fatalf("%#v, want a %T", w.pending, failed)
		}
		if err := w.send(deploy.WasFailed{Effect: w.pending[0], Cause: "no"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.pending) != 0 {
		t.Fatalf("it is tried without end: %#v", w.pending)
	}
	if err := w.send(deploy.Resumed{}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if w.model.Unfinished() {
		t.Fatalf("%+v", w.model)
	}
}

// TestNextLost brings a version back that does not run, and goes on trying.
func TestNextLost(t *testing.T) {
	w := newWorld(t)
	for _, e := range []deploy.Event{deploy.Lost{}, deploy.Lost{}} { // nothing is live
		if err := w.send(e); err != nil || w.model.Rev != 0 || len(w.pending) != 0 {
			t.Fatalf("%+v %v", w.model, err)
		}
	}
	w.upload(nested, "1")
	w.settle()
	if err := w.send(deploy.Lost{}); err != nil || !w.model.Unfinished() {
		t.Fatalf("%+v %v", w.model, err)
	}
	for range 5 {
		e, ok := w.pending[0].(deploy.Switch)
		if !ok || e.Version.Number != 1 {
			t.Fatalf("%+v", w.pending)
		}
		if err := w.send(deploy.WasFailed{Effect: e, Cause: "no"}); err != nil || len(w.pending) != 0 {
			t.Fatal(w.pending, err)
		}
		if err := w.send(deploy.Resumed{}); err != nil {
			t.Fatal(err)
		}
	}
	w.settle()
	if w.model.Restore || w.model.Live != 1 {
		t.Fatalf("%+v", w.model)
	}
}

// TestNextLostThenRejected cannot put right what runs before a document comes that is wrong: it is put right after that.
func TestNextLostThenRejected(t *testing.T) {
	w := newWorld(t)
	w.upload(nested, "1")
	w.settle()
	if err := w.send(deploy.Lost{}); err != nil {
		t.Fatal(err)
	}
	w.upload(nested, "2")
	if err := w.send(deploy.WasRejected{Rejection: catalog.Rejection{Code: "document", Message: "no"}}); err != nil {
		t.Fatal(err)
	}
	if len(w.pending) == 0 || !w.model.Unfinished() || !reflect.DeepEqual(w.pending[0].(deploy.Switch).Version, w.versions[1]) {
		t.Fatalf("%+v %+v", w.model, w.pending)
	}
	w.settle()
	if w.model.Restore || w.model.Live != 1 {
		t.Fatalf("%+v", w.model)
	}
}

// TestNextSettingsMeanwhile changes settings while a document is deployed that has read others: the newer ones hold.
func TestNextSettingsMeanwhile(t *testing.T) {
	for _, live := range []bool{false, true} {
		w := newWorld(t)
		if live {
			w.upload(nested, "1")
			w.settle()
		}
		w.upload(nested, "2")
		settings := "models/m/model.json"
		if err := w.send(deploy.WasChecked{Sidecars: map[string]string{settings: "1"}, Settings: deploy.Settings{Owner: "ann"}}); err != nil {
			t.Fatal(err)
		}
		changed := deploy.SettingsChanged{ID: "S", Object: deploy.Object{Key: settings, Version: "2"}, Settings: deploy.Settings{Owner: "bob"}}
		for errors.Is(w.send(changed), deploy.ErrBusy) {
			if err := w.send(deploy.Resumed{}); err != nil {
				t.Fatal(err)
			}
			w.settle()
		}
		w.settle()
		if w.model.Settings.Owner != "bob" || w.model.Seen[settings] != "2" {
			t.Errorf("live %t: %+v", live, w.model)
		}
	}
}

// TestNextRemovesWhatIsNotLive brings a deleted model back and lays a wrong document for it, then another right one, and
// takes them away again: what was brought back stays.
func TestNextRemovesWhatIsNotLive(t *testing.T) {
	for _, rejected := range []bool{false, true} {
		w := newWorld(t)
		w.upload(nested, "1")
		w.settle()
		for _, e := range []deploy.Event{deploy.Removed{ID: "R", Key: nested}, deploy.RollbackAsked{ID: "U"}} {
			if err := w.send(e); err != nil {
				t.Fatal(err)
			}
			w.settle()
		}
		id := w.upload(nested, "2")
		if rejected {
			if err := w.send(deploy.WasRejected{Rejection: catalog.Rejection{Code: "document", Message: "no"}}); err != nil {
				t.Fatal(err)
			}
			w.settle()
		}
		if err := w.send(deploy.Removed{ID: "Q", Key: nested}); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if w.model.Live != 1 || w.model.Open != "" || w.model.Seen[nested] != "" || !w.deployments[id].State.Final() {
			t.Errorf("rejected %t: %+v", rejected, w.model)
		}
	}
}

// TestNextClock lets the clock go back by a year.
func TestNextClock(t *testing.T) {
	w := newWorld(t)
	w.upload(nested, "1")
	w.settle()
	before := w.model.Updated
	w.at = w.at.AddDate(-1, 0, 0)
	w.upload(nested, "2")
	w.settle()
	if w.model.Live != 2 || w.model.Updated.Before(before) {
		t.Fatalf("%+v", w.model)
	}
}

// FuzzNext sends events in any order and answers effects in any way: world checks what must hold all the time, and at the
// end everything comes to rest.
func FuzzNext(f *testing.F) {
	for seed := uint64(0); seed < 1000; seed++ {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t)
		for i := range 120 {
			id := fmt.Sprintf("D%03d", i)
			var e deploy.Event
			keys := deploy.KeysOf("m")
			switch n := r.IntN(24); {
			case n < 4:
				e = deploy.Uploaded{ID: id, Object: deploy.Object{Key: keys[r.IntN(len(keys))*r.IntN(2)], Version: fmt.Sprint(r.IntN(9))}}
			case n == 4:
				e = deploy.Removed{ID: id, Key: keys[r.IntN(len(keys))*r.IntN(2)]}
			case n == 5:
				e = deploy.Removed{ID: id}
			case n == 6:
				e = deploy.RollbackAsked{ID: id, To: r.IntN(6) * r.IntN(2)}
			case n == 7:
				w.workers += r.IntN(2)
				e = deploy.Resumed{}
			case n == 8:
				e = deploy.SettingsChanged{ID: id, Object: deploy.Object{Key: "models/m/model.json", Version: fmt.Sprint(r.IntN(9))}, Settings: deploy.Settings{Keep: r.IntN(4), Memory: 128 * r.IntN(3), ReservedConcurrency: r.IntN(2)}}
			case n == 9:
				e = deploy.Expired{}
				w.at = w.at.AddDate(0, 0, r.IntN(60)-20)
			case n == 10:
				e = []deploy.Event{deploy.WasReplaced{}, deploy.Lost{}}[r.IntN(2)]
			case n == 11:
				e = deploy.WasRejected{Rejection: catalog.Rejection{Code: "document"}}
			case n == 12 && len(w.pending) > 0:
				e = deploy.WasFailed{Effect: w.pending[0], Cause: "no"}
			case n == 13:
				e = []deploy.Event{deploy.WasChecked{}, deploy.WasCompiled{}, deploy.WasVerified{}, deploy.WasPackaged{}, deploy.WasPublished{Name: "stray"},
					deploy.WasSmoked{}, deploy.WasUnpublished{}, deploy.WasCollected{Versions: []int{1, 2}}}[r.IntN(8)]
			case len(w.pending) > 0:
				e = answer(w.pending[r.IntN(len(w.pending))])
			default:
				continue
			}
			if stray(w, e) {
				continue
			}
			w.send(e) //nolint:errcheck // refusals are answers, too
		}
		w.send(deploy.Resumed{}) //nolint:errcheck // gives none
		w.settle()
		if w.model.Unfinished() {
			t.Fatalf("it does not come to rest: %+v", w.model)
		}
	})
}

// stray says that e is an answer that nobody can give: what is live changes only if it really did.
func stray(w *world, e deploy.Event) bool {
	collected, ok := e.(deploy.WasCollected)
	return ok && slices.ContainsFunc(collected.Versions, func(n int) bool { return slices.Contains(w.model.Kept, n) })
}
