package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// TestWatchOnTerminal keeps a terminal up to date until it is interrupted.
func TestWatchOnTerminal(t *testing.T) {
	var state atomic.Value
	state.Store("CHECKED")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"models":[{"id":"m","latest":{"id":"d","kind":"UPLOAD","version":1,"state":"`+state.Load().(string)+ //nolint:errcheck // the command would miss it
			`","actor":"`+strings.Repeat("long ", 30)+`"}}]}`)
	}))
	defer server.Close()
	r := &terminalRun{}
	r.screen, r.tty = pseudoTerminal(t)
	r.cmd = exec.Command("handoff", "status", "--watch", "--interval", "100ms", "--server", server.URL)
	r.cmd.Env = append(os.Environ(), "TERM=xterm")
	r.cmd.Stdout = r.tty
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.cmd.Process.Kill() }) //nolint:errcheck // mostly over already
	r.await(t, "upload of version 1 CHECKED")
	state.Store("LIVE")
	r.await(t, "upload of version 1 LIVE")
	r.cmd.Process.Signal(os.Interrupt) //nolint:errcheck // it has not ended
	r.tty.Close()
	io.Copy(&r.seen, r.screen) //nolint:errcheck // a terminal without a process ends with EIO
	r.cmd.Wait()               //nolint:errcheck // the exit code says it
	if pages := strings.Count(r.seen.String(), "\x1b[H"); pages != 2 || !strings.HasSuffix(r.seen.String(), "…\x1b[K\r\n\x1b[J") {
		t.Errorf("%d pages: %q", pages, r.seen.String())
	}
	if got := r.cmd.ProcessState.ExitCode(); got != exitInterrupted {
		t.Errorf("exit code %d", got)
	}
}
