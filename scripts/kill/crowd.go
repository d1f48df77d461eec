package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// A crowd is a model that several clients change at once, by HTTP. What serves in the end is what one of them wanted that
// nobody has changed after it was acknowledged.
type crowd struct {
	run *run
	id  string

	mu      sync.Mutex
	wishes  []wish
	settled int // what served when last everything had happened
}

// A wish is a request with the time from which it may have been done, and until when.
type wish struct {
	number     int
	begin, end time.Time // end is zero without an answer
}

func (c *crowd) work(ctx context.Context, s *server, random *rand.Rand) {
	for ctx.Err() == nil {
		w := wish{begin: time.Now()}
		method, text := "DELETE", ""
		if random.IntN(5) > 0 {
			d := c.run.documents.make(0)
			method, text, w.number = "PUT", d.text, d.number
		}
		status, body, _, err := s.call(method, "/model/"+c.id, []byte(text))
		if err == nil {
			w.end = time.Now()
		}
		switch {
		case err != nil:
			c.run.count(&c.run.unanswered)
		case status == http.StatusOK, status == http.StatusCreated:
			c.run.count(&c.run.acknowledged)
		case status == http.StatusNotFound && w.number == 0:
			continue
		case status == http.StatusConflict || status == http.StatusNotFound:
			w.end = time.Time{}
		default:
			c.run.fault(failure, "%s: %s: %d %.300s", c.id, method, status, body)
		}
		c.mu.Lock()
		c.wishes = append(c.wishes, w)
		c.mu.Unlock()
		if err != nil {
			return
		}
		wait(ctx, time.Duration(random.IntN(80))*time.Millisecond)
	}
}

// allowed is what may serve.
func (c *crowd) allowed() set {
	c.mu.Lock()
	defer c.mu.Unlock()
	over := time.Time{} // what was acknowledged before this was changed by somebody
	for _, w := range c.wishes {
		if !w.end.IsZero() && w.begin.After(over) {
			over = w.begin
		}
	}
	all := set{}
	if over.IsZero() {
		all[c.settled] = true
	}
	for _, w := range c.wishes {
		if w.end.IsZero() || !w.end.Before(over) {
			all[w.number] = true
		}
	}
	return all
}

// look compares what the model says with what it may, while nobody changes it.
func (c *crowd) look(s *server, when string) (int, error) {
	numbers, err := c.run.observe(s, c.id)
	if err != nil {
		return 0, err
	}
	for _, n := range numbers {
		if allowed := c.allowed(); !allowed[n] {
			c.run.fault(lost, "%s %s: %d serves, expected %v", c.id, when, n, allowed)
		}
	}
	return numbers[0], nil
}

// settle takes what serves after everything has happened. If that was not certain, what was never answered may be still
// to come.
func (c *crowd) settle(n int) {
	certain := len(c.allowed()) == 1
	c.mu.Lock()
	defer c.mu.Unlock()
	if certain {
		c.wishes, c.settled = nil, n
	}
}
