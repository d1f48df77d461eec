package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// wide writes as many versions at once as a transition may have, and reads as many as a model may keep.
func wide(t *testing.T, s deploy.Store) {
	const atOnce, kept = 50, 100
	ctx := context.Background()
	m := known(t, s, "m")
	var want []deploy.Version
	for n := 1; n <= kept; n++ {
		want = append(want, deploy.Version{Model: "m", Number: n, State: deploy.Retired, Created: start,
			Settings: deploy.Settings{Description: strings.Repeat("é", 2_000), Tags: map[string]string{"n": fmt.Sprint(n)}}})
		m.Kept = append(m.Kept, n)
	}
	for versions := range slices.Chunk(want, atOnce) {
		m.Rev++
		commit(t, s, deploy.Transition{Model: m, Versions: versions})
	}
	differ(t, "all versions", must[deploy.Status](t)(s.Status(ctx, "m")), deploy.Status{Model: m, Versions: want})

	d := deploy.Deployment{Model: "m", ID: ulid(1), Kind: deploy.Upload, State: deploy.Received, Version: kept + 1}
	v := deploy.Version{Model: "m", Number: kept + 1, State: deploy.Received}
	m.Rev++
	m.Open = d.ID // of a version that is not among those that are kept
	commit(t, s, deploy.Transition{Model: m, Versions: []deploy.Version{v}, Deployments: []deploy.Deployment{d}})
	differ(t, "and the open one's", must[deploy.Status](t)(s.Status(ctx, "m")), deploy.Status{Model: m, Versions: append(want, v), Deployment: &d})

	m.Rev++
	m.Open, m.Kept, m.Garbage = "", m.Kept[atOnce:], m.Kept[:atOnce]
	var collected []deploy.Version
	for _, v := range want[:atOnce] {
		v.State = deploy.Collected
		collected = append(collected, v)
	}
	commit(t, s, deploy.Transition{Model: m, Versions: collected})
	differ(t, "half of them", must[deploy.Status](t)(s.Status(ctx, "m")), deploy.Status{Model: m, Versions: want[atOnce:]})
	differ(t, "a collected one", must[deploy.Version](t)(s.Version(ctx, "m", atOnce)), collected[atOnce-1])
}

// torn lets one read while another writes, each time one version of several: what is read beside a revision is what each
// item was at it, neither newer nor older.
func torn(t *testing.T, s deploy.Store) {
	const commits, versions = 200, 3
	ctx := context.Background()
	m := known(t, s, "m")
	var all []deploy.Version
	for n := 1; n <= versions; n++ {
		m.Kept = append(m.Kept, n)
		all = append(all, deploy.Version{Model: "m", Number: n})
	}
	m.Rev++
	commit(t, s, deploy.Transition{Model: m, Versions: all})
	done := make(chan error, 1)
	go func() {
		done <- func() error {
			for m := m; m.Rev < commits; {
				m.Rev++
				v := deploy.Version{Model: "m", Number: 1 + int(m.Rev)%versions, Rows: int(m.Rev)}
				if err := s.Commit(ctx, deploy.Transition{Model: m, Versions: []deploy.Version{v}}); err != nil {
					return err
				}
			}
			return nil
		}()
	}()
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			running = false
		default:
		}
		got := must[deploy.Status](t)(s.Status(ctx, "m"))
		rev := int(got.Model.Rev)
		for i, v := range got.Versions {
			written := rev - (rev-i+versions)%versions // the last revision that wrote this one
			if rev >= 2+versions && v.Rows != written {
				t.Fatalf("at revision %d, version %d is of revision %d, not %d", rev, v.Number, v.Rows, written)
			}
		}
	}
}

// fence says that whoever has missed a commit writes nothing at all, not even into the indexes.
func fence(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	stale := first("m") // somebody knows nothing of what others do meanwhile
	m := known(t, s, "m")
	for range 12 { // revisions that are greater as text and as numbers
		stale.Model.Rev = m.Rev
		m.Rev++
		commit(t, s, deploy.Transition{Model: m})
		stale.Audits = []deploy.Audit{{Model: "m", ID: ulid(9)}}
		if err := s.Commit(ctx, stale); !errors.Is(err, deploy.ErrConflict) {
			t.Fatalf("revision %d after %d: %v", stale.Model.Rev, m.Rev, err)
		}
	}
	differ(t, "status", must[deploy.Status](t)(s.Status(ctx, "m")), deploy.Status{Model: m})
	differ(t, "unfinished", must[[]string](t)(s.Unfinished(ctx)), []string(nil))
	differ(t, "versions", must[[]deploy.Version](t)(s.Versions(ctx, "m", 9)), []deploy.Version(nil))
	differ(t, "deployments", must[[]deploy.Deployment](t)(s.Deployments(ctx, "m", "", 9)), []deploy.Deployment(nil))
	differ(t, "audits", must[[]deploy.Audit](t)(s.Audits(ctx, "m", "", 9)), []deploy.Audit(nil))
	m.Rev = math.MaxInt64
	if err := s.Commit(ctx, deploy.Transition{Model: m}); !errors.Is(err, deploy.ErrConflict) {
		t.Errorf("the greatest revision: %v", err)
	}
}

// crowd lets many models begin, and all but every tenth end.
func crowd(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	var open []string
	for i := range 60 {
		tr := first(fmt.Sprintf("m%02d", i*7%60))
		commit(t, s, tr)
		if i%10 == 0 {
			open = append(open, tr.Model.ID)
			continue
		}
		tr.Model.Rev, tr.Model.Open = 2, ""
		commit(t, s, deploy.Transition{Model: tr.Model})
	}
	slices.Sort(open)
	differ(t, "unfinished", must[[]string](t)(s.Unfinished(ctx)), open)
	if n := len(must[[]deploy.Model](t)(s.Models(ctx))); n != 60 {
		t.Errorf("%d models", n)
	}
}

// texts writes texts that are hard to keep.
func texts(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	tr := first("m")
	strange := map[string]string{}
	for _, text := range []string{"", " ", "\x00", "a\x00b", `\`, `\\`, `"`, "'", "\r\n\t", "<&>", "\u2028", "\uFEFF", "é", "e\u0301", "𝄞", "\U0010FFFF", "日本語",
		"null", "0", "1e5", "PK", "SK", "rev", "META", "#", ":", "$", strings.Repeat("長", 128)} {
		strange[text] = text
		tr.Deployments[0].Warnings = append(tr.Deployments[0].Warnings, text)
		tr.Audits = append(tr.Audits, deploy.Audit{Model: "m", ID: ulid(len(strange)), Actor: text, Reason: text})
	}
	tr.Model.Seen = strange
	tr.Model.Settings.Tags = strange
	tr.Versions[0].Settings.Tags = strange
	commit(t, s, tr)
	differ(t, "status", must[deploy.Status](t)(s.Status(ctx, "m")), deploy.Status{Model: tr.Model, Versions: tr.Versions, Deployment: &tr.Deployments[0]})
	differ(t, "models", must[[]deploy.Model](t)(s.Models(ctx)), []deploy.Model{tr.Model})
	slices.Reverse(tr.Audits)
	differ(t, "audits", must[[]deploy.Audit](t)(s.Audits(ctx, "m", "", 100)), tr.Audits)
}

// numbers writes numbers that are hard to keep. Nothing is rounded, and what is zero is not what is missing.
func numbers(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	m := known(t, s, "m")
	for i, x := range []float64{0, 1e-9, 1e-6, 0.1, 1.0 / 3, 1, 1e21, 123456789012345680000, 1e125, 1e126, 1e300, math.MaxFloat64, 1e-130, 1e-131, math.SmallestNonzeroFloat64} {
		m.Rev++
		m.Settings.Tolerance = deploy.Tolerance{Relative: &x}
		v := deploy.Version{Model: "m", Number: i + 1, Settings: deploy.Settings{Tolerance: deploy.Tolerance{Absolute: &x}}, Created: start}
		commit(t, s, deploy.Transition{Model: m, Versions: []deploy.Version{v}})
		differ(t, fmt.Sprint("model with ", x), must[deploy.Status](t)(s.Status(ctx, "m")).Model, m)
		differ(t, fmt.Sprint("version with ", x), must[deploy.Version](t)(s.Version(ctx, "m", i+1)), v)
	}
	for i, n := range []int64{0, 1, 1 << 53, 1<<53 + 1, 1e18, math.MaxInt64, math.MinInt64} {
		m.Rev++
		v := deploy.Version{Model: "m", Number: 100 + i, CompiledBytes: n, Document: deploy.Document{Size: n}, Created: start}
		commit(t, s, deploy.Transition{Model: m, Versions: []deploy.Version{v}})
		differ(t, fmt.Sprint("version with ", n), must[deploy.Version](t)(s.Version(ctx, "m", 100+i)), v)
	}
}

// bounds asks for lists from and to anywhere.
func bounds(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	m := known(t, s, "m")
	const most = 9
	for n := 1; n <= most; n++ {
		m.Rev++
		commit(t, s, deploy.Transition{Model: m, Versions: []deploy.Version{{Model: "m", Number: n}},
			Deployments: []deploy.Deployment{{Model: "m", ID: ulid(n)}}, Audits: []deploy.Audit{{Model: "m", ID: ulid(n)}}})
	}
	for _, test := range []struct {
		before      string
		limit       int
		first, many int
	}{
		{"", math.MaxInt, most, most},
		{"", -1, 0, 0},
		{ulid(5), 3, 4, 3},
		{ulid(5), math.MaxInt32, 4, 4},
		{ulid(1), 5, 0, 0},
		{ulid(2), 5, 1, 1},
		{ulid(0), 5, 0, 0},
		{ulid(most + 1), 2, most, 2},
		{"0", 5, 0, 0},
		{"!", 5, 0, 0},
		{"7", 5, most, 5},
		{"z", 5, most, 5},
		{"é", 5, most, 5},
		{"#", 5, 0, 0},
		{strings.Repeat("0", 5_000), 5, 0, 0},
		{strings.Repeat("z", 5_000), 5, most, 5},
		{ulid(5) + strings.Repeat("0", 5_000), 5, 5, 5},
	} {
		var want []string
		for n := test.first; n > test.first-test.many; n-- {
			want = append(want, ulid(n))
		}
		what := fmt.Sprintf("at most %d before %.30s", test.limit, test.before)
		var deployments, audits []string
		for _, d := range must[[]deploy.Deployment](t)(s.Deployments(ctx, "m", test.before, test.limit)) {
			deployments = append(deployments, d.ID)
		}
		for _, a := range must[[]deploy.Audit](t)(s.Audits(ctx, "m", test.before, test.limit)) {
			audits = append(audits, a.ID)
		}
		differ(t, "deployments: "+what, deployments, want)
		differ(t, "audits: "+what, audits, want)
	}
	for _, limit := range []int{-1, 1, math.MaxInt32, math.MaxInt} {
		if n := len(must[[]deploy.Version](t)(s.Versions(ctx, "m", limit))); n != max(0, min(limit, most)) {
			t.Errorf("at most %d versions: %d", limit, n)
		}
	}
	for _, id := range []string{"0", "!", "é", ulid(1)[:5], strings.Repeat("0", 5_000)} {
		if _, err := s.Deployment(ctx, "m", id); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("deployment %.30s: %v", id, err)
		}
	}
	for _, number := range []int{-1, 0, most + 1, math.MaxInt} {
		if _, err := s.Version(ctx, "m", number); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("version %d: %v", number, err)
		}
	}
}

// full says that a record as large as an item may be is kept whole.
func full(t *testing.T, s deploy.Store) {
	ctx := context.Background()
	tr := first("m")
	for range 380 { // names and sizes of members count, too, and JSON writes a text longer than it is
		tr.Deployments[0].Warnings = append(tr.Deployments[0].Warnings, strings.Repeat("x", 1_000))
	}
	if n := len(must[[]byte](t)(json.Marshal(tr.Deployments[0]))); n > MaxItem {
		t.Fatalf("%d bytes", n)
	}
	commit(t, s, tr)
	differ(t, "status", must[deploy.Status](t)(s.Status(ctx, "m")), deploy.Status{Model: tr.Model, Versions: tr.Versions, Deployment: &tr.Deployments[0]})
}
