package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// runtimePath is where Lambda's runtime interface lies.
const runtimePath = "/2018-06-01/runtime/"

// An environment is one process of a bootstrap, as Lambda keeps it: it asks for invocations and answers one at a time.
type environment struct {
	process *exec.Cmd
	server  *http.Server
	stderr  *bytes.Buffer
	started time.Time

	asked       chan time.Time // when the process asked for an invocation: it is ready
	invocations chan invocation
	answers     chan answer
	ended       chan struct{} // closed when the process has ended and stderr is complete
}

type invocation struct {
	payload  []byte
	deadline time.Time
}

// An answer is what the process made of an invocation, or of its start.
type answer struct {
	payload []byte
	failed  bool // it is an error of the function
	at      time.Time
}

// start starts the bootstrap of a folder, with the variables besides those that Lambda sets itself.
func start(folder string, memory int, variables []string) (*environment, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &environment{
		asked: make(chan time.Time), invocations: make(chan invocation), answers: make(chan answer, 1), ended: make(chan struct{}),
		stderr: new(bytes.Buffer),
	}
	e.server = &http.Server{Handler: e.routes(), ReadHeaderTimeout: 10 * time.Second}
	go e.server.Serve(listener) //nolint:errcheck // it ends with stop
	bootstrap, err := filepath.Abs(filepath.Join(folder, "bootstrap"))
	if err != nil {
		return nil, err
	}
	e.process = exec.Command(bootstrap)
	e.process.Dir, e.process.Stderr, e.process.Stdout = folder, e.stderr, e.stderr
	e.process.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=local", "AWS_LAMBDA_FUNCTION_VERSION=1",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(memory), "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_REGION=eu-central-1", "LAMBDA_TASK_ROOT=" + folder, "_HANDLER=bootstrap", "TZ=:UTC", "PATH=" + os.Getenv("PATH"),
	}, variables...)
	e.started = time.Now()
	if err := e.process.Start(); err != nil {
		e.server.Close()
		return nil, err
	}
	go func() {
		e.process.Wait() //nolint:errcheck // that it ended is what matters
		close(e.ended)
	}()
	return e, nil
}

// routes are those of the runtime interface that a bootstrap without extensions uses.
func (e *environment) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+runtimePath+"invocation/next", e.next)
	mux.HandleFunc("POST "+runtimePath+"invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) { e.take(w, r, false) })
	mux.HandleFunc("POST "+runtimePath+"invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) { e.take(w, r, true) })
	mux.HandleFunc("POST "+runtimePath+"init/error", func(w http.ResponseWriter, r *http.Request) { e.take(w, r, true) })
	return mux
}

// next gives the process its next invocation, as soon as there is one.
func (e *environment) next(w http.ResponseWriter, r *http.Request) {
	select {
	case e.asked <- time.Now():
	case <-r.Context().Done():
		return
	}
	select {
	case i := <-e.invocations:
		header := w.Header()
		header.Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:local")
		header.Set("Content-Type", "application/json")
		w.Write(i.payload) //nolint:errcheck // a process that is gone gives no answer, which is noticed
	case <-r.Context().Done():
	}
}

// take takes an answer.
func (e *environment) take(w http.ResponseWriter, r *http.Request, failed bool) {
	payload, err := io.ReadAll(r.Body)
	at := time.Now()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	e.answers <- answer{payload, failed, at}
}

// An initError says that a process ended before it was ready.
type initError struct{ told, stderr string }

func (e *initError) Error() string { return "the bootstrap did not start: " + e.told + "\n" + e.stderr }

// ready waits until the process asks for an invocation, and gives when that was. The error is an *initError if it ends
// before.
func (e *environment) ready(ctx context.Context) (time.Time, error) {
	select {
	case at := <-e.asked:
		return at, nil
	case <-e.ended:
		failure := &initError{stderr: e.stderr.String()}
		select {
		case told := <-e.answers:
			failure.told = string(told.payload)
		default:
		}
		return time.Time{}, failure
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
}

// invoke has an environment that is ready answer an event, within the time that a function would have.
func (e *environment) invoke(ctx context.Context, payload []byte, within time.Duration) (answer, error) {
	select {
	case e.invocations <- invocation{payload, time.Now().Add(within)}:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	select {
	case a := <-e.answers:
		return a, nil
	case <-e.ended:
		return answer{}, errors.New("the bootstrap ended during an invocation:\n" + e.stderr.String())
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// peak gives the most memory that the process has had, in bytes, as Linux counts it.
func (e *environment) peak() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, errors.New("the system does not say how much memory a process has had")
}

// stop ends the process, as Lambda does with one that has no extensions: without a word.
func (e *environment) stop() {
	e.process.Process.Kill() //nolint:errcheck // it may have ended
	<-e.ended
	e.server.Close()
}
