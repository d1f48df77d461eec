package main

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestLoad loads a server a little and changes its models much more often than anybody would. It measures nothing: other
// tests run at the same time.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and takes some seconds")
	}
	handoff := filepath.Join(t.TempDir(), "handoff")
	if out, err := exec.Command("go", "build", "-o", handoff, "../../cmd/handoff").CombinedOutput(); err != nil {
		t.Fatalf("build the command: %v\n%s", err, out)
	}
	r, err := run(t.Context(), settings{
		handoff: handoff, samples: "../../testdata/samples",
		duration: 4 * time.Second, idle: time.Second / 2, rate: 150, workers: 8,
		redeploy: 200 * time.Millisecond, rollback: 600 * time.Millisecond, undeploy: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	r.print(&text)
	t.Log("\n" + text.String())
	if !r.good() || r.Warned > 0 {
		t.Error("something failed, was wrong or is in the log")
	}
	if r.Requests == 0 || r.Changes.Put+r.Changes.ByFile == 0 {
		t.Error("nothing was tried")
	}
}

// TestAnswersAreChecked gives the check answers that must not be.
func TestAnswersAreChecked(t *testing.T) {
	m := newChanging("m")
	m.ask(1)
	m.ack(1)
	one := numberedCalls("host", &m.numbered, "batch")[0]
	answer := func(xs []int, n int) []byte {
		return []byte(`{"responses":[` + results(xs, n) + `]}`)
	}
	first := m.floor()
	m.ask(2)
	for _, c := range []struct {
		what   string
		status int
		body   []byte
		good   bool
	}{
		{"the version before", 200, answer(one.xs, 1), true},
		{"the one that is asked for", 200, answer(one.xs, 2), true},
		{"one that nobody asked for", 200, answer(one.xs, 3), false},
		{"both at once", 200, []byte(`{"responses":[` + results(one.xs[:1], 1) + `,` + results(one.xs[1:], 2) + `]}`), false},
		{"too few", 200, answer(one.xs[1:], 1), false},
		{"another x", 200, answer(append([]int{7}, one.xs[1:]...), 1), false},
		{"none", 200, nil, false},
		{"not found", 404, nil, false},
		{"an error", 500, answer(one.xs, 1), false},
	} {
		if err := one.check(c.status, c.body, first); (err == nil) != c.good {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if err := one.check(200, answer(one.xs, 1), m.floor()); err == nil {
		t.Error("an older version answers after a newer one has")
	}
	m.ack(2)
	late := m.floor()
	m.ask(absent)
	if err := one.check(404, nil, late); err != nil {
		t.Errorf("out of service: %v", err)
	}
	if err := one.check(200, answer(one.xs, 2), m.floor()); err == nil {
		t.Error("a model answers after it was out of service")
	}
}

func results(xs []int, n int) string {
	texts := make([]string, len(xs))
	for i, x := range xs {
		texts[i] = `{"results":{"y":` + strconv.Itoa(n*step+x) + `}}`
	}
	return strings.Join(texts, ",")
}

// TestHistogram compares quantiles with those that are known.
func TestHistogram(t *testing.T) {
	var h, other histogram
	for i := 1; i <= 1000; i++ {
		to := &h
		if i%2 == 0 {
			to = &other
		}
		to.add(time.Duration(i) * time.Millisecond)
	}
	h.merge(&other)
	for share, want := range map[float64]float64{.5: 500, .99: 990, .999: 1000, 1: 1000} {
		if got := h.quantile(share); got < want || got > want*1.04 {
			t.Errorf("%v: %v ms, want %v", share, got, want)
		}
	}
	for _, d := range []time.Duration{0, 1, 31, 32, 63, 64, 65, 1000, time.Hour} {
		if at := top(index(d)); at < d || float64(at) > float64(d)*1.04 {
			t.Errorf("%v is counted as up to %v", d, at)
		}
	}
}
