package main

import (
	"io"
	"sync"
	"time"
)

// A lineBuffer writes what is logged in a goroutine of its own. Otherwise whoever logs waits for the one before, who waits
// for the system: under load all requests queue there. What comes while there is much to do is written together.
type lineBuffer struct {
	to    io.Writer
	pause time.Duration // between two writes
	most  int           // bytes that may wait; whoever logs more than that waits, too
	ended chan struct{}
	spare []byte // to go on with while waiting is written; the goroutine's own

	mu      sync.Mutex // guards what follows
	changed sync.Cond
	waiting []byte
	closed  bool
}

// mostSpare is how many bytes a lineBuffer keeps for itself.
const mostSpare = 1 << 20

// newLineBuffer makes a lineBuffer, which must be closed.
func newLineBuffer(to io.Writer) *lineBuffer {
	b := &lineBuffer{to: to, pause: 10 * time.Millisecond, most: 4 << 20, ended: make(chan struct{})}
	b.changed.L = &b.mu
	go b.run()
	return b
}

// Write takes lines. What the writer below says of them nobody learns: there is no better place to tell it.
func (b *lineBuffer) Write(lines []byte) (int, error) {
	if b.keep(lines) {
		return len(lines), nil
	}
	<-b.ended
	return b.to.Write(lines)
}

// keep lets lines wait; false: the buffer is closed.
func (b *lineBuffer) keep(lines []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.waiting) > b.most && !b.closed {
		b.changed.Wait()
	}
	if b.closed {
		return false
	}
	if b.waiting = append(b.waiting, lines...); len(b.waiting) == len(lines) {
		b.changed.Broadcast()
	}
	return true
}

func (b *lineBuffer) run() {
	defer close(b.ended)
	for {
		b.mu.Lock()
		for len(b.waiting) == 0 && !b.closed {
			b.changed.Wait()
		}
		lines, closed := b.waiting, b.closed
		b.waiting = b.spare[:0]
		b.mu.Unlock()
		b.changed.Broadcast()
		if len(lines) > 0 {
			b.to.Write(lines) //nolint:errcheck // see Write
		}
		if closed {
			return
		}
		b.spare = nil
		if cap(lines) <= mostSpare { // after a burst, its memory is given back
			b.spare = lines
		}
		time.Sleep(b.pause)
	}
}

// Close writes what is waiting. What is logged later is written at once.
func (b *lineBuffer) Close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.changed.Broadcast()
	<-b.ended
}
