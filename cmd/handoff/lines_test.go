package main

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A slowWriter takes its time, and counts how often it is called.
type slowWriter struct {
	takes time.Duration
	mu    sync.Mutex
	text  bytes.Buffer
	calls int
}

func (w *slowWriter) Write(p []byte) (int, error) {
	time.Sleep(w.takes)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	return w.text.Write(p)
}

// TestLineBuffer logs from many goroutines to something that is slow.
func TestLineBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const writers, each = 20, 50
		to := &slowWriter{takes: time.Second}
		b := newLineBuffer(to)
		begun := time.Now()
		var writing sync.WaitGroup
		for i := range writers {
			writing.Go(func() {
				for n := range each {
					fmt.Fprintf(b, "writer %d line %d\n", i, n)
				}
			})
		}
		writing.Wait()
		if took := time.Since(begun); took > 0 {
			t.Errorf("logging took %v", took)
		}
		b.Close()
		if to.calls > 2 {
			t.Errorf("written %d times", to.calls)
		}
		fmt.Fprintln(b, "afterwards")
		inOrder(t, to.text.String(), writers, each)
		if !strings.HasSuffix(to.text.String(), "\nafterwards\n") {
			t.Error("what came after the end is lost")
		}
	})
}

// inOrder makes sure that nothing is lost, and that what one goroutine wrote is in its order.
func inOrder(t *testing.T, text string, writers, each int) {
	t.Helper()
	next := make([]int, writers)
	for line := range strings.Lines(text) {
		var i, n int
		if _, err := fmt.Sscanf(line, "writer %d line %d\n", &i, &n); err != nil {
			continue
		}
		if next[i] != n {
			t.Fatalf("%q comes when %d should", line, next[i])
		}
		next[i]++
	}
	for i, n := range next {
		if n != each {
			t.Errorf("of writer %d there are %d lines", i, n)
		}
	}
}

// TestLineBufferIsPrompt has a line written at once if nothing else is, and no more often than need be if much is.
func TestLineBufferIsPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &slowWriter{}
		b := newLineBuffer(to)
		defer b.Close()
		fmt.Fprintln(b, "first")
		synctest.Wait()
		if got := to.text.String(); got != "first\n" {
			t.Errorf("%q", got)
		}
		for range 1000 { // one second
			fmt.Fprintln(b, "more")
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if to.calls > 110 {
			t.Errorf("written %d times", to.calls)
		}
	})
}

// TestLineBufferIsBounded lets those who log wait for a writer that cannot follow.
func TestLineBufferIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &slowWriter{takes: time.Minute}
		b := newLineBuffer(to)
		megabyte := bytes.Repeat([]byte("x"), 1<<20)
		begun := time.Now()
		for range 20 {
			b.Write(megabyte) //nolint:errcheck // never fails
		}
		if took := time.Since(begun); took < 2*time.Minute {
			t.Errorf("logging took only %v", took)
		}
		b.Close()
		if got := to.text.Len(); got != 20<<20 {
			t.Errorf("%d bytes were written", got)
		}
	})
}
