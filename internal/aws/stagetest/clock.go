package stagetest

import (
	"context"
	"sync"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/awstest"
)

// start is when time begins where it goes on only when somebody waits: so late that no timer of the system's ends
// anything before.
var start = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// A clock is the time of a stage.
type clock struct {
	real bool

	mu     sync.Mutex
	at     time.Time
	count  int
	ending map[int]ending
}

// ending is a process that ends when its invocation has lasted too long.
type ending struct {
	at   time.Time
	line *awstest.Line
}

func newClock(real bool) *clock { return &clock{real: real, at: start, ending: map[int]ending{}} }

// now gives the time. Where it stands still, asking takes a millisecond.
func (c *clock) now() time.Time {
	if c.real {
		return time.Now()
	}
	return c.advance(time.Millisecond)
}

// advance lets time go on. Processes whose invocations have lasted too long end.
func (c *clock) advance(d time.Duration) time.Time {
	c.mu.Lock()
	c.at = c.at.Add(d)
	at := c.at
	var over []*awstest.Line
	for n, e := range c.ending {
		if !at.Before(e.at) {
			over = append(over, e.line)
			delete(c.ending, n)
		}
	}
	c.mu.Unlock()
	for _, line := range over {
		line.End()
	}
	return at
}

// within gives the context of an invocation that may last so long.
func (c *clock) within(ctx context.Context, lasts time.Duration, line *awstest.Line) (context.Context, context.CancelFunc) {
	at := c.now().Add(lasts)
	ctx, forget := line.Begin(ctx)
	ctx, cancel := context.WithDeadline(ctx, at)
	if c.real {
		return ctx, func() { cancel(); forget() }
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	n := c.count
	c.ending[n] = ending{at, line}
	return ctx, func() {
		cancel()
		forget()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.ending, n)
	}
}
