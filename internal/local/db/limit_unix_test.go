//go:build unix

package db_test

import (
	"context"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local/db"
)

// limited commits until it cannot any more, and says how often it could.
func limited(t *testing.T, path string) {
	d := open(t, path, db.Options{})
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 150_000, Max: 150_000}); err != nil {
		t.Fatal(err)
	}
	n := 0
	var err error
	for ; err == nil && n < 1000; n++ {
		m := deploy.Model{ID: fmt.Sprintf("m%03d", n), Rev: 1, Settings: deploy.Settings{Description: strings.Repeat("x", 3000)}}
		err = d.Commit(context.Background(), deploy.Transition{Model: m})
	}
	n--
	fmt.Printf("committed %d\n", n)
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("it never fails: %v", err)
	}
	for range 2 {
		if models, err := d.Models(context.Background()); err != nil || len(models) != n {
			t.Errorf("%d models after %d commits: %v", len(models), n, err)
		}
	}
}
