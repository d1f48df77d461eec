package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A server is a running `handoff serve`.
type server struct {
	cmd    *exec.Cmd
	dir    string // its data folder is in here, and files that are on their way there
	addr   string
	ended  chan struct{}
	result error

	mu       sync.Mutex
	warnings []string // of its log
	warned   int
}

const (
	mostTexts = 20 // how many warnings and faults are kept; the others are counted
	patience  = time.Minute
)

// start starts a server with the sample models and waits until it serves.
func start(ctx context.Context, handoff, samples string) (*server, error) {
	dir, err := os.MkdirTemp("", "handoff-load-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, ended: make(chan struct{})}
	s.cmd = exec.Command(handoff, "serve", "--addr", "127.0.0.1:0", "--data", s.data(), "--samples", samples, "--log", "json")
	if err := s.begin(ctx); err != nil {
		s.remove()
		return nil, fmt.Errorf("start %s: %w", handoff, err)
	}
	return s, nil
}

func (s *server) begin(ctx context.Context) error {
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	log, err := s.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		close(s.ended)
		return err
	}
	said := make(chan string, 1)
	var reading sync.WaitGroup
	reading.Go(func() { s.readLog(log) })
	reading.Go(func() { readAddress(out, said) })
	go func() {
		reading.Wait()
		s.result = s.cmd.Wait()
		close(s.ended)
	}()
	select {
	case s.addr = <-said:
		return nil
	case <-s.ended:
		return errors.Join(errors.New("the server ended"), s.result, errors.New(strings.Join(s.warnings, "\n")))
	case <-time.After(patience):
		return errors.New("the server does not say that it serves")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func readAddress(out io.Reader, said chan<- string) {
	address := regexp.MustCompile(`http://([0-9.:]+)`)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if found := address.FindStringSubmatch(lines.Text()); found != nil {
			select {
			case said <- found[1]:
			default:
			}
		}
	}
}

// readLog keeps what is not only information.
func (s *server) readLog(log io.Reader) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if bytes.Contains(lines.Bytes(), []byte(`"level":"INFO"`)) {
			continue
		}
		s.mu.Lock()
		if s.warned++; len(s.warnings) < mostTexts {
			s.warnings = append(s.warnings, lines.Text())
		}
		s.mu.Unlock()
	}
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

// stop asks the server to end, which must leave with 0.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		return errors.New("the server does not stop")
	}
	var exit *exec.ExitError
	if errors.As(s.result, &exit) && exit.ExitCode() == 130 { // it was interrupted
		return nil
	}
	return s.result
}

// remove ends the server and removes its folder.
func (s *server) remove() {
	if s.cmd.Process != nil {
		s.cmd.Process.Kill() //nolint:errcheck // it may have ended
		<-s.ended
	}
	os.RemoveAll(s.dir) //nolint:errcheck // a temporary folder
}

// A gauge is what the server takes at one moment.
type gauge struct {
	At         float64 `json:"at_s"` // since the watch began
	RSS        int64   `json:"rss_bytes"`
	Goroutines int     `json:"goroutines"`
	CPU        float64 `json:"cpu_s"` // since the server began
}

// gauge reads what the server takes.
func (s *server) gauge(ctx context.Context) (g gauge, err error) {
	metrics, err := s.metrics(ctx)
	if err != nil {
		return g, err
	}
	g.Goroutines = int(metrics["go_goroutines"])
	g.RSS, g.CPU = int64(metrics["process_resident_memory_bytes"]), metrics["process_cpu_seconds_total"]
	if g.Goroutines == 0 {
		err = errors.New("/metrics does not say how many goroutines there are")
	}
	return g, err
}

// metrics reads those of the server's metrics that have no labels.
func (s *server) metrics(ctx context.Context) (map[string]float64, error) {
	status, body, err := s.do(ctx, http.MethodGet, "/metrics", "", nil)
	if err != nil || status != http.StatusOK {
		return nil, errors.Join(err, fmt.Errorf("GET /metrics: %d", status))
	}
	values := map[string]float64{}
	for line := range strings.Lines(string(body)) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		if value, err := strconv.ParseFloat(text, 64); err == nil {
			values[name] = value
		}
	}
	return values, nil
}

// control is for what is not load.
var control = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

// do sends one request.
func (s *server) do(ctx context.Context, method, path, contentType string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := control.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}
