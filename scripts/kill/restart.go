package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// measureRestart deploys models, kills the server, starts it several times, and prints how long it took from the start to
// the first score of the last model.
func measureRestart(c config, models int, out io.Writer) (err error) {
	dir, err := os.MkdirTemp(c.dir, "handoff-restart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	data := filepath.Join(dir, "data")
	begin := time.Now()
	s, err := start(c.server, data, io.Discard)
	if err != nil {
		return err
	}
	err = s.deployMany(models)
	s.kill()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d models, deployed in %.1f s; ready and first score after the start:", models, time.Since(begin).Seconds())
	for range 5 {
		begin := time.Now()
		s, err := start(c.server, data, io.Discard)
		if err != nil {
			return err
		}
		status, body, _, err := s.call("POST", fmt.Sprintf("/model/m%d", models), []byte(`{"arguments": {"x": 1}}`))
		took := time.Since(begin)
		s.kill()
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("score: %d %s, %w", status, body, err)
		}
		fmt.Fprintf(out, " %d %d ms", s.took.Milliseconds(), took.Milliseconds())
	}
	fmt.Fprintln(out)
	return nil
}

// deployMany deploys as many models, m1 and so on.
func (s *server) deployMany(models int) error {
	var made documents
	ids := make(chan int)
	failed := make(chan error, models)
	var working sync.WaitGroup
	for range 8 {
		working.Go(func() {
			for n := range ids {
				status, body, _, err := s.call("PUT", fmt.Sprintf("/model/m%d", n), []byte(made.make(0).text))
				if err != nil || status != http.StatusCreated {
					failed <- fmt.Errorf("deploy: %d %s, %w", status, body, err)
				}
			}
		})
	}
	for n := range models {
		ids <- n + 1
	}
	close(ids)
	working.Wait()
	close(failed)
	return <-failed
}
