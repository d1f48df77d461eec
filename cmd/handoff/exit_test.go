package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistake makes sure that a mistake of ours leaves nothing half-written and does not look like a wrong command line.
func TestMistake(t *testing.T) {
	folder := t.TempDir()
	err := interruptible(t.Context(), func(out *files) error {
		o, err := out.create(filepath.Join(folder, "out.csv"), nil)
		if err != nil {
			return err
		}
		o.WriteString("half") //nolint:errcheck // it is thrown away
		panic("seven is not a number")
	})
	if codeOf(err) != exitBad || !strings.Contains(err.Error(), "internal error: seven is not a number") {
		t.Errorf("got exit code %d: %v", codeOf(err), err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v left behind: %v", left, err)
	}
}

// TestAllOrNone makes sure that no output appears if one of them cannot be written.
func TestAllOrNone(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skipf("no device that is full: %v", err)
	}
	folder := t.TempDir()
	err := interruptible(t.Context(), func(out *files) error {
		first, err := out.create(filepath.Join(folder, "first"), nil)
		if err != nil {
			return err
		}
		second, err := out.create("/dev/full", nil)
		if err != nil {
			return err
		}
		_, err1 := first.WriteString("whole")
		_, err2 := second.WriteString("whole")
		return errors.Join(err1, err2)
	})
	if codeOf(err) != exitIO {
		t.Errorf("got exit code %d: %v", codeOf(err), err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v left behind: %v", left, err)
	}
}
