// Package deploytest has everything that a Pipeline stands on, in memory. All parts write into one Tape what is asked of
// them, in order, and a test may let any call fail, or end the process before or after it.
package deploytest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Fate is what becomes of one call.
type Fate int

// The fates.
const (
	Pass   Fate = iota
	Fail        // it does nothing and gives an error
	Before      // the process ends before it: nobody hears of it again
	After       // the process ends after it: it is done, but nobody hears of it
	Lost        // it is done, but gives an error
)

// ErrInjected is the error of a call that was to fail.
var ErrInjected = fmt.Errorf("injected failure")

// ErrCrashed is the error of all calls once the process has ended. They do nothing, as if nobody were there to call.
var ErrCrashed = fmt.Errorf("the process has ended")

// A Tape is what was asked of the parts.
type Tape struct {
	// Decide gives the fate of the nth call (from 0), which is named as in Calls. nil: all pass.
	Decide func(n int, call string) Fate

	mu      sync.Mutex
	calls   []string
	crashed bool
}

// Calls gives all calls so far, such as "Store.Commit m 3" or "Artifacts.Put m 1 model.bin", without those after a crash.
func (t *Tape) Calls() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.calls)
}

// Crashed says whether a fate has ended the process.
func (t *Tape) Crashed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.crashed
}

// Restart begins a new process on what the parts have kept, with an empty tape.
func (t *Tape) Restart(decide func(n int, call string) Fate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Decide, t.calls, t.crashed = decide, nil, false
}

// do writes a call down and does it as its fate says. One call is done at a time.
func (t *Tape) do(ctx context.Context, do func() error, words ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.crashed {
		return ErrCrashed
	}
	n, call, fate := len(t.calls), strings.TrimSpace(fmt.Sprintln(words...)), Pass
	t.calls = append(t.calls, call)
	if t.Decide != nil {
		fate = t.Decide(n, call)
	}
	switch fate {
	case Fail:
		return ErrInjected
	case Before:
		t.crashed = true
		return ErrCrashed
	}
	err := do()
	switch fate {
	case After:
		t.crashed = true
		return ErrCrashed
	case Lost:
		return ErrInjected
	}
	return err
}
