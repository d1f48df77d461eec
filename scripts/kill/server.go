package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A server is a running process.
type server struct {
	command *exec.Cmd
	base    string
	client  *http.Client
	took    time.Duration // from its start until it was ready
}

// launch starts a server on a data folder.
func launch(file, data string, log io.Writer) (*exec.Cmd, *bufio.Reader, error) {
	command := exec.Command(file, "serve", "--addr", "127.0.0.1:0", "--data", data)
	command.Env = append(os.Environ(), "GOMAXPROCS=2")
	command.Stderr = log
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return command, bufio.NewReader(out), command.Start()
}

// start starts a server and waits until it is ready.
func start(file, data string, log io.Writer) (*server, error) {
	begin := time.Now()
	command, out, err := launch(file, data, log)
	if err != nil {
		return nil, err
	}
	line, err := out.ReadString('\n')
	at := strings.Index(line, "http://")
	if err != nil || at < 0 {
		return nil, errors.Join(fmt.Errorf("it printed %q", line), err, command.Process.Kill(), command.Wait())
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // it ends with the process
	s := &server{command: command, base: strings.TrimSpace(line[at:]), client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}}
	for time.Since(begin) < 20*time.Second {
		if status, _, _, err := s.call("GET", "/readyz", nil); err == nil && status == http.StatusOK {
			s.took = time.Since(begin)
			return s, nil
		}
		time.Sleep(time.Millisecond)
	}
	s.kill()
	return nil, errors.New("it did not become ready")
}

// kill ends the process as a power cut would: it hears nothing of it.
func (s *server) kill() {
	s.command.Process.Kill() //nolint:errcheck // it may have ended
	s.command.Wait()         //nolint:errcheck // it was killed
	s.client.CloseIdleConnections()
}

// call sends a request. The error says that there was no answer.
func (s *server) call(method, path string, body []byte) (status int, answer []byte, header http.Header, err error) {
	r, err := http.NewRequest(method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if method == "PUT" {
		r.Header.Set("Content-Type", "application/xml")
	}
	response, err := s.client.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, response.Header, err
}

// get reads an answer in JSON.
func (s *server) get(path string, into any) error {
	status, body, _, err := s.call("GET", path, nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("GET %s: %d %.200s", path, status, body)
	}
	return json.Unmarshal(body, into)
}

// A description is what PUT, GET and rollback say of a model.
type description struct {
	Properties struct {
		Checksum string `json:"file.checksum"`
		Version  string `json:"model.version"`
	} `json:"properties"`
}

// logFile takes what the servers of a seed tell.
func logFile(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}
