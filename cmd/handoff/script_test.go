package main

import (
	"bufio"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/bench"
	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the commands print into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"handoff": func() {
			benchEffort = bench.Effort{WarmUp: time.Millisecond, Latency: time.Millisecond, Throughput: time.Millisecond}
			if os.Getenv("HANDOFF_TEST_PROGRESS") != "" {
				progressAfter, progressEvery = time.Millisecond, time.Millisecond
			}
			os.Exit(run())
		},
	})
}

// TestScripts runs the command as a user does. The models of testdata lie in each script's folder. "exits N" wants an
// exit code, "gzip FILE" makes FILE.gz, "rows FILE N" makes a table of N rows, "faults FILE N" a document with N faults,
// "mode FILE OUT" writes the permissions of FILE to OUT, "noise FILE" makes a document so large that it needs uploading,
// and "server FLAGS" runs a server on a free port until the script's end, or until it is called again, and sets
// HANDOFF_SERVER.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "1")
			idle := func() {}
			env.Values["server"] = &idle
			models, err := filepath.Glob("testdata/*.pmml")
			for _, model := range models {
				data, readErr := os.ReadFile(model)
				err = errors.Join(err, readErr, os.WriteFile(filepath.Join(env.WorkDir, filepath.Base(model)), data, 0o666))
			}
			return err
		},
		Condition: func(name string) (bool, error) {
			if name != "dev-full" {
				return false, fmt.Errorf("there is no condition %q", name)
			}
			_, err := os.Stat("/dev/full")
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "gzip": compress, "rows": rows, "faults": faults, "mode": mode, "noise": noise, "server": server,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func compress(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[0] + ".gz"))
	ts.Check(err)
	w := gzip.NewWriter(f)
	_, err = w.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(errors.Join(err, w.Close(), f.Close()))
}

func rows(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b strings.Builder
	b.WriteString("size,colour\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,red\n", i%11)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o666))
}

func faults(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	const place = `<NumericPredictor name="b" coefficient="2"/>`
	text := ts.ReadFile("faulty.pmml")
	text = strings.Replace(strings.Replace(text, `"one"`, `"1"`, 1), place, strings.Repeat(place+"\n", n), 1)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}

// mode writes the permissions of a file to another file.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(info.Mode().String()+"\n"), 0o666))
}

// noise puts a comment into a document that cannot be compressed much.
func noise(ts *testscript.TestScript, _ bool, args []string) {
	b := make([]byte, 5<<20)
	rand.NewChaCha8([32]byte{}).Read(b) //nolint:errcheck // never fails
	text := strings.Replace(ts.ReadFile(args[0]), "</PMML>", "<!-- "+hex.EncodeToString(b)+" --></PMML>", 1)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}

var address = regexp.MustCompile(`http://\S+`)

// server runs a server; what it says on standard error is kept in server.log. One that runs is stopped before.
func server(ts *testscript.TestScript, _ bool, args []string) {
	running := ts.Value("server").(*func())
	(*running)()
	log, err := os.OpenFile(ts.MkAbs("server.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	ts.Check(err)
	defer log.Close()
	cmd := exec.Command("handoff", append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	cmd.Dir, cmd.Stderr = ts.MkAbs("."), log
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	stop := sync.OnceFunc(func() {
		cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may be over already
		io.Copy(io.Discard, out)            //nolint:errcheck // nobody wants it
		cmd.Wait()                          //nolint:errcheck // it was asked to end
	})
	ts.Defer(stop)
	first, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		ts.Fatalf("the server does not begin: %v\n%s", err, ts.ReadFile("server.log"))
	}
	ts.Setenv("HANDOFF_SERVER", address.FindString(first))
	*running = stop
}

// TestInterrupt ends score while it waits for its input: nothing may stay of what it has written.
func TestInterrupt(t *testing.T) {
	folder := t.TempDir()
	cmd := exec.Command("handoff", "score", "--model", "testdata/regression.pmml", "--output", filepath.Join(folder, "out.csv"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte("a\n" + strings.Repeat("1\n", 200_000))); err != nil { // more than a pipe holds: it is at work
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() //nolint:errcheck // the exit code says it
	if got := cmd.ProcessState.ExitCode(); got != exitInterrupted {
		t.Errorf("exit code %d, want %d", got, exitInterrupted)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v left behind: %v", left, err)
	}
}
