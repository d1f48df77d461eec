// Package storetest says what every deploy.Store must do, as tests.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Run runs all tests, each against an empty store that open gives. They use nothing but deploy.Store.
func Run(t *testing.T, open func(t *testing.T) deploy.Store) {
	for name, test := range map[string]func(t *testing.T, s deploy.Store){
		"unknown":     unknown,
		"life":        life,
		"conflict":    conflict,
		"race":        race,
		"isolation":   isolation,
		"ids":         ids,
		"models":      models,
		"unfinished":  unfinished,
		"versions":    versions,
		"deployments": deployments,
		"audits":      audits,
		"times":       times,
		"overwriting": overwriting,
		"large":       large,
		"cancelled":   cancelled,
		"wide":        wide,
		"torn":        torn,
		"fence":       fence,
		"crowd":       crowd,
		"texts":       texts,
		"numbers":     numbers,
		"bounds":      bounds,
		"full":        full,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

var (
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	same  = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0), cmpopts.IgnoreUnexported(evaluator.Fault{})}
)

func differ(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, same); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func commit(t *testing.T, s deploy.Store, tr deploy.Transition) {
	t.Helper()
	if err := s.Commit(context.Background(), tr); err != nil {
		t.Fatal(err)
	}
}

// first is the first transition of a model: a deployment has begun.
func first(id string) deploy.Transition {
	d := deploy.Deployment{Model: id, ID: ulid(1), Kind: deploy.Upload, State: deploy.Received, Version: 1, Created: start, Updated: start,
		Steps: []deploy.Step{{State: deploy.Received, At: start}}}
	return deploy.Transition{
		Model:       deploy.Model{ID: id, Rev: 1, Last: 1, Desired: 1, Kept: []int{1}, Open: d.ID, Created: start, Updated: start},
		Versions:    []deploy.Version{{Model: id, Number: 1, State: deploy.Received, Deployment: d.ID, Created: start}},
		Deployments: []deploy.Deployment{d},
	}
}

// ulid gives the nth id of a deployment: later ones are greater.
func ulid(n int) string { return fmt.Sprintf("01HZ%022d", n) }

// known brings a model into a store, at rest.
func known(t *testing.T, s deploy.Store, id string) deploy.Model {
	t.Helper()
	m := deploy.Model{ID: id, Rev: 1, Created: start, Updated: start}
	commit(t, s, deploy.Transition{Model: m})
	return m
}

func unknown(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	differ(t, "status", must[deploy.Status](t)(s.Status(ctx, "nobody")), deploy.Status{Model: deploy.Model{ID: "nobody"}})
	known(t, s, "known")
	for _, id := range []string{"nobody", "known", "know", "known1"} {
		if _, err := s.Version(ctx, id, 1); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("version of %s: %v", id, err)
		}
		if _, err := s.Deployment(ctx, id, ulid(1)); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("deployment of %s: %v", id, err)
		}
		differ(t, "versions", must[[]deploy.Version](t)(s.Versions(ctx, id, 10)), []deploy.Version(nil))
		differ(t, "deployments", must[[]deploy.Deployment](t)(s.Deployments(ctx, id, "", 10)), []deploy.Deployment(nil))
		differ(t, "audits", must[[]deploy.Audit](t)(s.Audits(ctx, id, "", 10)), []deploy.Audit(nil))
	}
	differ(t, "unfinished", must[[]string](t)(s.Unfinished(ctx)), []string(nil))
}

// A journey brings one model through events, and keeps by itself what the store must then give.
type journey struct {
	t           *testing.T
	store       deploy.Store
	id          string
	at          time.Time
	versions    map[int]deploy.Version
	deployments map[string]deploy.Deployment
	audits      map[string]deploy.Audit
}

func newJourney(t *testing.T, s deploy.Store, id string) *journey {
	return &journey{t: t, store: s, id: id, at: start,
		versions: map[int]deploy.Version{}, deployments: map[string]deploy.Deployment{}, audits: map[string]deploy.Audit{}}
}

// events sends events: each transition is committed, and all that it writes must be there.
func (j *journey) events(events ...deploy.Event) {
	ctx, t := context.Background(), j.t
	t.Helper()
	for _, e := range events {
		before := must[deploy.Status](t)(j.store.Status(ctx, j.id))
		j.at = j.at.Add(time.Second)
		tr, _, err := deploy.Next(before, e, deploy.Turn{At: j.at})
		if err != nil {
			t.Fatalf("%T: %v", e, err)
		}
		if tr.Model.ID == "" {
			continue
		}
		commit(t, j.store, tr)
		j.remember(tr)
		j.compare(fmt.Sprintf("after %T", e), tr.Model)
	}
}

func (j *journey) remember(tr deploy.Transition) {
	for _, v := range tr.Versions {
		j.versions[v.Number] = v
	}
	for _, d := range tr.Deployments {
		j.deployments[d.ID] = d
	}
	for _, a := range tr.Audits {
		j.audits[a.ID] = a
	}
}

func (j *journey) compare(what string, m deploy.Model) {
	ctx, t := context.Background(), j.t
	t.Helper()
	want := deploy.Status{Model: m}
	numbers := slices.Clone(m.Kept)
	if m.Open != "" {
		d := j.deployments[m.Open]
		want.Deployment = &d
		if d.Version != 0 && !slices.Contains(numbers, d.Version) {
			numbers = append(numbers, d.Version)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		want.Versions = append(want.Versions, j.versions[n])
	}
	differ(t, what+": status", must[deploy.Status](t)(j.store.Status(ctx, j.id)), want)
	for n, v := range j.versions {
		differ(t, what+": version", must[deploy.Version](t)(j.store.Version(ctx, j.id, n)), v)
	}
	for id, d := range j.deployments {
		differ(t, what+": deployment", must[deploy.Deployment](t)(j.store.Deployment(ctx, j.id, id)), d)
	}
	differ(t, what+": audits", must[[]deploy.Audit](t)(j.store.Audits(ctx, j.id, "", 1000)), newest(j.audits))
	differ(t, what+": deployments", must[[]deploy.Deployment](t)(j.store.Deployments(ctx, j.id, "", 1000)), newest(j.deployments))
	var open []string
	if m.Unfinished() {
		open = []string{j.id}
	}
	differ(t, what+": unfinished", must[[]string](t)(j.store.Unfinished(ctx)), open)
	differ(t, what+": models", must[[]deploy.Model](t)(j.store.Models(ctx)), []deploy.Model{m})
}

// newest gives what lies under the keys, the greatest first.
func newest[T any](m map[string]T) []T {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	slices.Reverse(keys)
	var list []T
	for _, key := range keys {
		list = append(list, m[key])
	}
	return list
}

func life(t *testing.T, s deploy.Store) {
	j := newJourney(t, s, "life")
	key := deploy.KeyOf("life")
	n := 0
	by := deploy.By{Actor: "admin 127.0.0.1", Reason: "„Grüße“ <&>\u2028\n"}
	upload := func() deploy.Event {
		n++
		return deploy.Uploaded{ID: ulid(n), By: by, Object: deploy.Object{Key: key, Version: fmt.Sprint("v", n), Size: int64(n)}}
	}
	relative := 0.1
	checked := deploy.WasChecked{Document: deploy.Document{Size: 1 << 40, Checksum: strings.Repeat("ab", 32)}, ModelName: "m", Sidecars: map[string]string{deploy.SidecarOf("m", deploy.SettingsName): "s1"},
		Settings: deploy.Settings{Description: "d", Tags: map[string]string{"a": "b", "": "ü"}, Keep: 2, Tolerance: deploy.Tolerance{Relative: &relative}}, Golden: true}
	live := []deploy.Event{checked, deploy.WasCompiled{Evaluator: "7", Bytes: 1 << 33}, deploy.WasVerified{Schema: "ff", Rows: 3, Warnings: []string{"w", "ö"},
		Portrait: deploy.Portrait{Element: "TreeModel", MiningFunction: "regression"}}, deploy.WasPackaged{Package: deploy.Package{Size: 1 << 33, Checksum: "+/="}},
		deploy.WasPublished{Name: "$LATEST"}, deploy.WasSmoked{Cold: time.Second, Warm: time.Millisecond}, deploy.WasSwitched{}}
	for range 4 {
		j.events(append([]deploy.Event{upload()}, live...)...)
	}
	j.events(deploy.WasCollected{Versions: []int{1, 2}})
	j.events(upload(), deploy.WasRejected{Rejection: catalog.Rejection{Code: "document", Message: "no", Line: 3}})
	j.events(upload(), upload(), deploy.Resumed{}, deploy.WasFailed{Effect: deploy.Check{}, Cause: "disk"})
	j.events(live...)
	j.events(deploy.RollbackAsked{ID: ulid(50), By: by}, deploy.WasSwitched{})
	j.events(deploy.SettingsChanged{ID: ulid(51), Object: deploy.Object{Key: deploy.SidecarOf("life", deploy.SettingsName), Version: "s2"}}, deploy.WasSwitched{})
	j.events(deploy.Removed{ID: ulid(52), By: by}, deploy.WasStopped{})
	j.events(deploy.RollbackAsked{ID: ulid(53), By: by}, deploy.WasSwitched{})
	j.events(deploy.Removed{ID: ulid(54), By: by}, deploy.WasStopped{})
	j.at = j.at.Add(31 * 24 * time.Hour)
	j.events(deploy.Expired{})
	if got := must[deploy.Status](t)(s.Status(context.Background(), "life")); len(got.Model.Garbage) == 0 {
		t.Error("the journey ends without garbage")
	}
}

func conflict(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	one := first("a")
	commit(t, s, one)
	for _, rev := range []int64{-1, 0, 1, 3, 100} {
		late := first("a")
		late.Model.Rev, late.Model.Last = rev, 99
		late.Versions[0].Rows, late.Deployments[0].Failure = 99, "late"
		late.Audits = []deploy.Audit{{Model: "a", ID: ulid(1)}}
		if err := s.Commit(ctx, late); !errors.Is(err, deploy.ErrConflict) {
			t.Errorf("revision %d after 1: %v", rev, err)
		}
	}
	for _, rev := range []int64{0, 2} {
		early := first("b")
		early.Model.Rev = rev
		if err := s.Commit(ctx, early); !errors.Is(err, deploy.ErrConflict) {
			t.Errorf("revision %d of an unknown model: %v", rev, err)
		}
	}
	differ(t, "status", must[deploy.Status](t)(s.Status(ctx, "a")), deploy.Status{Model: one.Model, Versions: one.Versions, Deployment: &one.Deployments[0]})
	differ(t, "audits", must[[]deploy.Audit](t)(s.Audits(ctx, "a", "", 9)), []deploy.Audit(nil))
	differ(t, "models", must[[]deploy.Model](t)(s.Models(ctx)), []deploy.Model{one.Model})
	differ(t, "deployments of b", must[[]deploy.Deployment](t)(s.Deployments(ctx, "b", "", 9)), []deploy.Deployment(nil))
	differ(t, "unfinished", must[[]string](t)(s.Unfinished(ctx)), []string{"a"})
}

// race lets many write from the same revision: one wins, and all that is there is the winner's.
func race(t *testing.T, s deploy.Store) {
	const writers, rounds = 16, 8
	ctx := context.Background()
	for round := range rounds {
		rev := int64(round + 1)
		errs := make([]error, writers)
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				tr := first("race")
				tr.Model.Rev, tr.Model.Last = rev, i
				tr.Versions[0].Rows, tr.Deployments[0].Attempts = i, i
				tr.Audits = []deploy.Audit{{Model: "race", ID: fmt.Sprintf("%s-%02d", ulid(round), i)}}
				errs[i] = s.Commit(ctx, tr)
			})
		}
		all.Wait()
		won := -1
		for i, err := range errs {
			switch {
			case err == nil && won < 0:
				won = i
			case err == nil:
				t.Errorf("round %d: %d and %d have won", round, won, i)
			case !errors.Is(err, deploy.ErrConflict):
				t.Error(err)
			}
		}
		got := must[deploy.Status](t)(s.Status(ctx, "race"))
		if got.Model.Rev != rev || got.Model.Last != won || got.Versions[0].Rows != won || got.Deployment.Attempts != won {
			t.Errorf("round %d: %d has won, but there is %+v", round, won, got)
		}
		if n := len(must[[]deploy.Audit](t)(s.Audits(ctx, "race", "", 1000))); n != round+1 {
			t.Errorf("round %d: %d audits", round, n)
		}
	}
}

// isolation lets one read while another writes: what is read together was written together.
func isolation(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	commit(t, s, first("a"))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 2; i <= 50; i++ {
			tr := first("a")
			tr.Model.Rev, tr.Versions[0].Rows, tr.Deployments[0].Attempts = int64(i), i, i
			if err := s.Commit(ctx, tr); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for last, running := int64(0), true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		got := must[deploy.Status](t)(s.Status(ctx, "a"))
		if rev := got.Model.Rev; rev > 1 && (got.Versions[0].Rows != int(rev) || got.Deployment.Attempts != int(rev)) {
			t.Fatalf("a mixture: %+v", got)
		}
		if got.Model.Rev < last {
			t.Fatalf("revision %d after %d", got.Model.Rev, last)
		}
		last = got.Model.Rev
	}
}

// ids brings in models whose ids are hard to tell apart.
func ids(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	list := []string{"a", "A", "a.", "a-", "a_", "a.a", "a.META", "aa", "ab", "Ab", "AB", "0", "9.8-7_6", "META", "MODEL", "a.b", "a-VERSION", "CON", "nul.pmml",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", strings.Repeat("x", 127), strings.Repeat("x", 128), strings.Repeat("x", 127) + "y"}
	for i, id := range list {
		if !catalog.ValidID(id) {
			t.Fatal(id)
		}
		tr := first(id)
		tr.Versions[0].Rows = i
		tr.Audits = []deploy.Audit{{Model: id, ID: ulid(i)}}
		commit(t, s, tr)
	}
	for i, id := range list {
		got := must[deploy.Status](t)(s.Status(ctx, id))
		if got.Model.ID != id || got.Versions[0].Model != id || got.Versions[0].Rows != i || got.Deployment.Model != id {
			t.Errorf("%s: %+v", id, got)
		}
		differ(t, id, must[[]deploy.Audit](t)(s.Audits(ctx, id, "", 9)), []deploy.Audit{{Model: id, ID: ulid(i)}})
		if n := len(must[[]deploy.Deployment](t)(s.Deployments(ctx, id, "", 9))); n != 1 {
			t.Errorf("%s has %d deployments", id, n)
		}
		if n := len(must[[]deploy.Version](t)(s.Versions(ctx, id, 9))); n != 1 {
			t.Errorf("%s has %d versions", id, n)
		}
	}
	slices.Sort(list)
	differ(t, "unfinished", must[[]string](t)(s.Unfinished(ctx)), list)
	var got []string
	for _, m := range must[[]deploy.Model](t)(s.Models(ctx)) {
		got = append(got, m.ID)
	}
	differ(t, "models", got, list)
}

func models(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	differ(t, "none", must[[]deploy.Model](t)(s.Models(ctx)), []deploy.Model(nil))
	var want []deploy.Model
	for i := range 120 {
		m := deploy.Model{ID: fmt.Sprintf("m%03d", i), Rev: 1, Live: i, Created: start, Updated: start, Settings: deploy.Settings{Owner: fmt.Sprint(i)}}
		if i%3 == 0 {
			m.Deleted = start
		}
		want = append(want, m)
	}
	for i := range want { // not in their order
		commit(t, s, deploy.Transition{Model: want[i*77%len(want)]})
	}
	differ(t, "models", must[[]deploy.Model](t)(s.Models(ctx)), want)
}

func unfinished(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	m := known(t, s, "m")
	known(t, s, "other")
	for i, change := range []func(m *deploy.Model){
		func(m *deploy.Model) { m.Garbage = []int{1} },
		func(m *deploy.Model) { m.Garbage = nil },
		func(m *deploy.Model) { m.Restore = true },
		func(m *deploy.Model) { m.Garbage = []int{2} },
		func(m *deploy.Model) { m.Garbage, m.Restore = nil, false },
		func(m *deploy.Model) { m.Live = 7 },
	} {
		m.Rev++
		change(&m)
		commit(t, s, deploy.Transition{Model: m})
		var want []string
		if m.Unfinished() {
			want = []string{"m"}
		}
		differ(t, fmt.Sprint("change ", i), must[[]string](t)(s.Unfinished(ctx)), want)
	}
}

func versions(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	numbers := []int{1, 2, 9, 10, 11, 99, 100, 101, 999_999, 1_000_000, 1_000_001, 10_000_000}
	m := known(t, s, "m")
	known(t, s, "m.")
	for i := range numbers {
		m.Rev++
		commit(t, s, deploy.Transition{Model: m, Versions: []deploy.Version{{Model: "m", Number: numbers[i*5%len(numbers)], Created: start}}})
	}
	slices.Reverse(numbers)
	for _, limit := range []int{0, 1, 5, len(numbers), 100} {
		var got []int
		for _, v := range must[[]deploy.Version](t)(s.Versions(ctx, "m", limit)) {
			got = append(got, v.Number)
		}
		differ(t, fmt.Sprint("limit ", limit), got, numbers[:min(limit, len(numbers))])
	}
}

// page reads a list page by page.
func page[T any](t *testing.T, size int, read func(before string, limit int) ([]T, error), id func(T) string) []string {
	t.Helper()
	var got []string
	for before := ""; ; {
		list := must[[]T](t)(read(before, size))
		for _, v := range list {
			got = append(got, id(v))
		}
		if len(list) < size {
			return got
		}
		before = got[len(got)-1]
	}
}

func deployments(t *testing.T, s deploy.Store) {
	m := known(t, s, "m")
	known(t, s, "m-")
	var want []string
	for i := range 25 {
		m.Rev++
		n := i * 7 % 25
		commit(t, s, deploy.Transition{Model: m, Deployments: []deploy.Deployment{{Model: "m", ID: ulid(n), State: deploy.Live, Attempts: n}}})
		want = append(want, ulid(24-i))
	}
	read := func(before string, limit int) ([]deploy.Deployment, error) {
		return s.Deployments(context.Background(), "m", before, limit)
	}
	for _, size := range []int{1, 5, 7, 25, 100} {
		differ(t, fmt.Sprint("pages of ", size), page(t, size, read, func(d deploy.Deployment) string { return d.ID }), want)
	}
	if list := must[[]deploy.Deployment](t)(read(ulid(10)+"0", 1)); len(list) != 1 || list[0].ID != ulid(10) {
		t.Errorf("before an id that is not there: %v", list)
	}
	if list := must[[]deploy.Deployment](t)(read("", 0)); len(list) != 0 {
		t.Errorf("limit 0: %v", list)
	}
}

func audits(t *testing.T, s deploy.Store) {
	m := known(t, s, "m")
	var want []string
	for i := range 25 {
		m.Rev++
		a := deploy.Audit{Model: "m", ID: ulid(i), At: start, Actor: "a", Action: deploy.Rollback, Outcome: deploy.Failed, Before: i, After: i + 1, Deployment: ulid(i)}
		commit(t, s, deploy.Transition{Model: m, Audits: []deploy.Audit{a}, Deployments: []deploy.Deployment{{Model: "m", ID: ulid(i)}}})
		want = append(want, ulid(24-i))
	}
	read := func(before string, limit int) ([]deploy.Audit, error) {
		return s.Audits(context.Background(), "m", before, limit)
	}
	for _, size := range []int{1, 5, 7, 25, 100} {
		differ(t, fmt.Sprint("pages of ", size), page(t, size, read, func(a deploy.Audit) string { return a.ID }), want)
	}
}

func times(t *testing.T, s deploy.Store) {
	at := time.Date(2026, 10, 25, 2, 30, 0, 123_456_789, time.FixedZone("odd", -(9*3600+1800)))
	m := deploy.Model{ID: "m", Rev: 1, Created: at, Updated: at.Add(time.Nanosecond), Latest: deploy.Summary{At: time.Unix(0, 0)}}
	v := deploy.Version{Model: "m", Number: 1, Created: time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)}
	commit(t, s, deploy.Transition{Model: m, Versions: []deploy.Version{v}})
	got := must[deploy.Status](t)(s.Status(context.Background(), "m"))
	differ(t, "model", got.Model, m)
	differ(t, "version", must[deploy.Version](t)(s.Version(context.Background(), "m", 1)), v)
	if !got.Model.Deleted.IsZero() || !got.Model.Updated.After(got.Model.Created) {
		t.Errorf("times became %+v", got.Model)
	}
}

// overwriting writes the same items again: nothing of the old ones stays.
func overwriting(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	full := first("m")
	full.Model.Seen = map[string]string{"k": "v"}
	full.Model.Rejection = &catalog.Rejection{Code: "key"}
	full.Deployments[0].Warnings = []string{"w"}
	commit(t, s, full)
	bare := deploy.Transition{Model: deploy.Model{ID: "m", Rev: 2}, Versions: []deploy.Version{{Model: "m", Number: 1}}, Deployments: []deploy.Deployment{{Model: "m", ID: ulid(1)}}}
	commit(t, s, bare)
	differ(t, "status", must[deploy.Status](t)(s.Status(ctx, "m")), deploy.Status{Model: bare.Model})
	differ(t, "version", must[deploy.Version](t)(s.Version(ctx, "m", 1)), bare.Versions[0])
	differ(t, "deployment", must[deploy.Deployment](t)(s.Deployment(ctx, "m", ulid(1))), bare.Deployments[0])
	commit(t, s, deploy.Transition{Model: deploy.Model{ID: "m", Rev: 3}})
	differ(t, "untouched version", must[deploy.Version](t)(s.Version(ctx, "m", 1)), bare.Versions[0])
}

// MaxItem is how many bytes an item may have: DynamoDB's limit.
const MaxItem = 400_000

// large commits what Next makes of the longest texts that reach it, and holds each item against MaxItem.
func large(t *testing.T, s deploy.Store) {
	long := strings.Repeat("x", 300)
	var r catalog.Rejection
	for range 50 {
		r.Faults = append(r.Faults, evaluator.Fault{Code: "value", Path: long, Message: long, Line: 1})
	}
	r.Code, r.Message, r.File, r.Field = "document", long, long, long
	j := newJourney(t, s, strings.Repeat("x", 128))
	endless := strings.Repeat("y", 1<<20)
	warnings := make([]string, 5_000)
	for i := range warnings {
		warnings[i] = long
	}
	by := deploy.By{Actor: endless, Reason: endless}
	key := deploy.KeyOf(j.id)
	for n := range 2 {
		up := deploy.Uploaded{ID: ulid(n), By: by, Object: deploy.Object{Key: key, Version: fmt.Sprint(n), Metadata: deploy.Metadata{By: by, ModelName: long}}}
		j.events(up, deploy.WasFailed{Effect: deploy.Check{}, Cause: endless}, deploy.WasChecked{}, deploy.WasCompiled{}, deploy.WasVerified{Warnings: warnings}, deploy.WasSwitched{})
	}
	j.events(deploy.Uploaded{ID: ulid(9), By: by, Object: deploy.Object{Key: key, Version: "9"}}, deploy.WasRejected{Rejection: r})
	j.events(deploy.Removed{ID: ulid(10), By: by}, deploy.WasStopped{})
	j.events(deploy.Uploaded{ID: ulid(11), By: by, Object: deploy.Object{Key: key, Version: "11"}}, deploy.WasRejected{Rejection: r})
	for i := range 20 { // one upload after the other
		j.events(deploy.Uploaded{ID: ulid(20 + i), By: by, Object: deploy.Object{Key: key, Version: fmt.Sprint("w", i)}})
	}
	items := map[string]any{"model": must[deploy.Status](t)(s.Status(context.Background(), j.id)).Model}
	for n, v := range j.versions {
		items[fmt.Sprint("version ", n)] = v
	}
	for id, d := range j.deployments {
		items["deployment "+id] = d
	}
	for id, a := range j.audits {
		items["audit "+id] = a
	}
	for name, v := range items {
		if text := must[[]byte](t)(json.Marshal(v)); len(text) > MaxItem {
			t.Errorf("%s has %d bytes", name, len(text))
		}
	}
}

// cancelled says that a call whose time is over writes nothing.
func cancelled(t *testing.T, s deploy.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Commit(ctx, first("m")); !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v", err)
	}
	if _, err := s.Status(ctx, "m"); !errors.Is(err, context.Canceled) {
		t.Errorf("status: %v", err)
	}
	differ(t, "models", must[[]deploy.Model](t)(s.Models(context.Background())), []deploy.Model(nil))
}
