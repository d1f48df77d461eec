// Readme runs the console blocks of a Markdown file, in order, in one shell folder, and compares what they print.
//
//	go run ./scripts/readme README.md
//
// In a block, lines that begin with "$ " are commands (continued by a backslash at the end) and the lines below each are
// its output, in which … stands for anything within a line. A command that is still running when it has printed what is
// expected, such as a server, goes on in the background until the end.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long a command may take to print what is expected of it.
const patience = 3 * time.Minute

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: readme FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A step is a command and the lines that it prints.
type step struct {
	line    int
	command string
	want    []string
}

func run(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	steps := parse(string(text))
	if len(steps) == 0 {
		return fmt.Errorf("%s has no console blocks", path)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait() // servers end before we do
	defer stop()
	failed := 0
	for _, s := range steps {
		fmt.Printf("%s:%d: $ %s\n", path, s.line, s.command)
		if err := s.run(ctx, &running); err != nil {
			failed++
			fmt.Printf("FAIL %s:%d: %v\n", path, s.line, err)
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(steps)-failed, failed)
	if failed > 0 {
		return errors.New("the document does not tell the truth")
	}
	return nil
}

// parse finds the steps of all blocks that are marked as console.
func parse(text string) []step {
	var steps []step
	inside, continued := false, false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
			continued = false
		case !inside:
		case continued:
			s := &steps[len(steps)-1]
			s.command += "\n" + line
			continued = strings.HasSuffix(line, "\\")
		case strings.HasPrefix(line, "$ "):
			steps = append(steps, step{line: i + 1, command: line[2:]})
			continued = strings.HasSuffix(line, "\\")
		case len(steps) > 0:
			s := &steps[len(steps)-1]
			s.want = append(s.want, line)
		}
	}
	return steps
}

// run starts the command and compares what it prints, in order.
func (s *step) run(ctx context.Context, running *sync.WaitGroup) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", s.command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		return err
	}
	lines, done := make(chan string), make(chan error, 1)
	running.Go(func() {
		err := cmd.Wait()
		in.Close()
		done <- err
	})
	go func() {
		defer close(lines)
		r := bufio.NewScanner(out)
		r.Buffer(nil, 1<<20)
		for r.Scan() {
			lines <- r.Text()
		}
	}()
	if err := s.compare(lines); err != nil {
		go count(lines) // what comes later must not block
		return err
	}
	rest := make(chan int, 1)
	go func() { rest <- count(lines) }()
	server := time.After(time.Second)
	if len(s.want) == 0 {
		server = time.After(patience) // a command that prints nothing may take its time
	}
	select {
	case err := <-done:
		if n := <-rest; err == nil && n > 0 {
			err = fmt.Errorf("printed %d more lines than expected", n)
		}
		return err
	case <-server: // still running
		return nil
	}
}

// compare reads as many lines as are expected.
func (s *step) compare(lines <-chan string) error {
	deadline := time.After(patience)
	for _, want := range s.want {
		select {
		case got, ok := <-lines:
			if !ok {
				return fmt.Errorf("printed nothing, expected %q", want)
			}
			if !matches(want, got) {
				return fmt.Errorf("printed %q, expected %q", got, want)
			}
		case <-deadline:
			return fmt.Errorf("printed nothing for %v, expected %q", patience, want)
		}
	}
	return nil
}

// count reads all lines that are left.
func count(lines <-chan string) (n int) {
	for range lines {
		n++
	}
	return n
}

// matches compares a line with an expected one in which … stands for anything.
func matches(want, got string) bool {
	parts := strings.Split(strings.TrimRight(want, " "), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	ok, err := regexp.MatchString("^"+strings.Join(parts, ".*")+" *$", got)
	return err == nil && ok
}
