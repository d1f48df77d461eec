package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// pseudoTerminal makes a terminal: what is written to tty can be read from screen.
func pseudoTerminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 100}); err != nil {
		t.Fatal(err)
	}
	return screen, tty
}

// A terminalRun is score on a terminal, whose records come when the test lets them.
type terminalRun struct {
	cmd     *exec.Cmd
	records *os.File // what score reads
	screen  *os.File
	tty     *os.File
	seen    bytes.Buffer
}

func startOnTerminal(t *testing.T, args ...string) *terminalRun {
	t.Helper()
	r := &terminalRun{}
	r.start(t, append([]string{"score", "--model", "testdata/regression.pmml"}, args...)...)
	r.write(t, "a\n1\n")
	return r
}

// start runs a command whose standard input is r.records.
func (r *terminalRun) start(t *testing.T, args ...string) {
	t.Helper()
	r.screen, r.tty = pseudoTerminal(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.records = write
	r.cmd = exec.Command("handoff", args...)
	r.cmd.Env = append(os.Environ(), "TERM=xterm", "HANDOFF_TEST_PROGRESS=1")
	r.cmd.Stdin, r.cmd.Stderr = read, r.tty
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read.Close()
	hung := time.AfterFunc(20*time.Second, func() { r.cmd.Process.Kill(); r.tty.Close() }) //nolint:errcheck // await then says what was seen
	t.Cleanup(func() { hung.Stop() })
	t.Cleanup(func() { write.Close(); r.cmd.Process.Kill(); r.cmd.Wait() }) //nolint:errcheck // mostly over already
}

func (r *terminalRun) write(t *testing.T, text string) {
	t.Helper()
	if _, err := r.records.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// await reads the screen until it has shown text.
func (r *terminalRun) await(t *testing.T, text string) {
	t.Helper()
	b := make([]byte, 4096)
	for !strings.Contains(r.seen.String(), text) {
		n, err := r.screen.Read(b)
		r.seen.Write(b[:n])
		if err != nil {
			t.Fatalf("%v; the screen has shown %q", err, r.seen.String())
		}
	}
}

// finish ends the records and gives what the screen has shown until the command ended.
func (r *terminalRun) finish(t *testing.T) (shown string, code int) {
	t.Helper()
	r.records.Close()
	r.tty.Close()
	io.Copy(&r.seen, r.screen) //nolint:errcheck // a terminal without a process ends with EIO
	r.cmd.Wait()               //nolint:errcheck // the exit code says it
	return r.seen.String(), r.cmd.ProcessState.ExitCode()
}

// left gives what stays on the screen's lines when what was written to each since the last return is seen over it.
func left(shown string) string {
	var lines []string
	for line := range strings.SplitSeq(shown, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if at := strings.LastIndex(line, "\x1b[2K"); at >= 0 {
			line = line[at+len("\x1b[2K"):]
		}
		lines = append(lines, strings.TrimLeft(line, "\r"))
	}
	return strings.Join(lines, "\n")
}

func TestProgressIsShownAndCleared(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.csv")
	r := startOnTerminal(t, "--output", out)
	r.await(t, "1 rows, ")
	r.write(t, strings.Repeat("2\n", 1999))
	r.await(t, "2,000 rows, ")
	shown, code := r.finish(t)
	if code != exitDone || left(shown) != "" {
		t.Errorf("exit code %d, %q stays", code, left(shown))
	}
}

func TestProgressGivesWayToAnError(t *testing.T) {
	r := startOnTerminal(t, "--output", filepath.Join(t.TempDir(), "out.csv"))
	r.await(t, "1 rows, ")
	r.write(t, "\"x\n")
	shown, code := r.finish(t)
	if text := left(shown); code != exitBad || !strings.HasPrefix(text, "handoff: -:3: ") {
		t.Errorf("exit code %d, %q stays", code, text)
	}
}

func TestProgressGivesWayToAnInterrupt(t *testing.T) {
	r := startOnTerminal(t, "--output", filepath.Join(t.TempDir(), "out.csv"))
	r.await(t, "1 rows, ")
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r.await(t, "interrupted")
	shown, code := r.finish(t)
	if text := left(shown); code != exitInterrupted || text != "handoff: interrupted\n" {
		t.Errorf("exit code %d, %q stays", code, text)
	}
}

// TestProgressOfCompiling: a document that comes slowly is named, and nothing of that stays.
func TestProgressOfCompiling(t *testing.T) {
	document, err := os.ReadFile("testdata/tree.pmml")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"compile", "--model", "-", "--output", filepath.Join(t.TempDir(), "out.bin")}, {"check", "-"}, {"inspect", "--model", "-"},
	} {
		t.Run(args[0], func(t *testing.T) {
			r := &terminalRun{}
			r.start(t, args...)
			r.await(t, "reading -")
			r.write(t, string(document))
			shown, code := r.finish(t)
			if text := left(shown); code != exitDone || text != "" && text != "-: no faults\n" {
				t.Errorf("exit code %d, %q stays", code, text)
			}
		})
	}
}

// TestNoProgress: where results go to the same terminal, or somebody has asked for none, nothing but the answer is seen.
func TestNoProgress(t *testing.T) {
	for name, args := range map[string][]string{"quiet": {"--quiet"}, "json": {"--json"}} {
		t.Run(name, func(t *testing.T) {
			r := startOnTerminal(t, append(args, "--output", filepath.Join(t.TempDir(), "out.csv"))...)
			r.write(t, strings.Repeat("2\n", 100_000))
			shown, code := r.finish(t)
			if code != exitDone || strings.Contains(shown, "rows, ") {
				t.Errorf("exit code %d, %q", code, shown)
			}
		})
	}
	t.Run("the results are on the same terminal", func(t *testing.T) {
		screen, tty := pseudoTerminal(t)
		if watchedBy(tty, nil, tty) || watchedBy(tty, tty, nil) || !watchedBy(tty, nil, nil) {
			t.Error("a bar must not stand in the way of results or of typing")
		}
		if widthOf(tty) != 100 || widthOf(&bytes.Buffer{}) != 0 {
			t.Errorf("width %d", widthOf(tty))
		}
		screen.Close()
	})
}

// TestInspectOnATerminal: titles stand out, unless NO_COLOR is set, and lines are as wide as the terminal at most.
func TestInspectOnATerminal(t *testing.T) {
	for _, c := range []struct {
		environment string
		coloured    bool
	}{{"NO_COLOR=", true}, {"NO_COLOR=1", false}, {"TERM=dumb", false}} {
		t.Run(c.environment, func(t *testing.T) {
			screen, tty := pseudoTerminal(t)
			cmd := exec.Command("handoff", "inspect", "--model", "testdata/tree.pmml")
			cmd.Env = append(os.Environ(), "NO_COLOR=", "TERM=xterm", c.environment)
			cmd.Stdout = tty
			if err := cmd.Run(); err != nil { // a terminal keeps more than this page
				t.Fatal(err)
			}
			tty.Close()
			shown, _ := io.ReadAll(screen) // ends with EIO
			if got := strings.Contains(string(shown), "\x1b[1mInputs\x1b[0m"); got != c.coloured {
				t.Errorf("coloured %v, want %v: %q", got, c.coloured, shown)
			}
			for line := range strings.SplitSeq(string(shown), "\r\n") {
				if utf8.RuneCountInString(line) > 100 && c.environment != "TERM=dumb" {
					t.Errorf("wider than the terminal: %q", line)
				}
			}
		})
	}
}
