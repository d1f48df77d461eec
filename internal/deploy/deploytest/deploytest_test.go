package deploytest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/deploy/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) deploy.Store { return &deploytest.Store{Tape: &deploytest.Tape{}} })
}

func TestFates(t *testing.T) {
	for _, test := range []struct {
		fate        deploytest.Fate
		err, second error
		done        bool
	}{
		{fate: deploytest.Pass, done: true},
		{fate: deploytest.Fail, err: deploytest.ErrInjected},
		{fate: deploytest.Lost, err: deploytest.ErrInjected, done: true},
		{fate: deploytest.Before, err: deploytest.ErrCrashed, second: deploytest.ErrCrashed},
		{fate: deploytest.After, err: deploytest.ErrCrashed, second: deploytest.ErrCrashed, done: true},
	} {
		tape := &deploytest.Tape{Decide: func(n int, call string) deploytest.Fate {
			if n == 0 {
				return test.fate
			}
			return deploytest.Pass
		}}
		r := &deploytest.Runtime{Tape: tape, Local: true}
		m := deploy.Model{ID: "m"}
		if err := r.Switch(context.Background(), deploy.Version{Model: "m", Number: 3}, m); !errors.Is(err, test.err) {
			t.Errorf("fate %d: %v", test.fate, err)
		}
		if done := r.Live()["m"] == 3; done != test.done {
			t.Errorf("fate %d: done %v", test.fate, done)
		}
		if err := r.Stop(context.Background(), m); !errors.Is(err, test.second) {
			t.Errorf("after fate %d: %v", test.fate, err)
		}
		want := []string{"Runtime.Switch m 3", "Runtime.Stop m"}
		if test.second != nil {
			want = want[:1]
		}
		if d := cmp.Diff(want, tape.Calls()); d != "" || tape.Crashed() != (test.second != nil) {
			t.Errorf("fate %d: %s", test.fate, d)
		}
		tape.Restart(nil)
		if err := r.Stop(context.Background(), m); err != nil || len(tape.Calls()) != 1 {
			t.Errorf("after a restart: %v", err)
		}
	}
}
