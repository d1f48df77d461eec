package awstest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// QueueConfig says how a Queue behaves. The zero value is SQS's standard queue at its kindest: in order, each message once.
type QueueConfig struct {
	Name        string
	Visibility  time.Duration    // how long a received message is hidden from others; 0: 30 seconds, SQS's default
	MaxReceives int              // how often a message is received before it goes to DeadLetters; needed with those
	DeadLetters *Queue           // nil: a message that nobody deletes comes for ever
	Now         func() time.Time // nil: time.Now

	Seed       uint64  // of what follows
	Reorder    bool    // receive in any order, as a standard queue may
	Duplicates float64 // probability that a message which is sent is delivered by two of the queue's machines
}

// A Queue is a standard queue of SQS in memory, with what such a queue may do but a test seldom meets: it delivers late,
// twice and in any order.
type Queue struct {
	config QueueConfig
	mu     sync.Mutex
	random *rand.Rand
	copies []*delivery
	sent   int
}

// delivery is a message as one of the queue's machines has it.
type delivery struct {
	id, body  string
	sent      time.Time
	visible   time.Time // from when on it may be received
	receives  int
	firstTime time.Time
	receipt   string // of the last receive; an older one deletes nothing
}

// A Received is a message as it was received.
type Received struct {
	ID       string
	Body     string
	Receipt  string
	Receives int // how often it was received, this time included
	Sent     time.Time
	First    time.Time // when it was received first
}

// NewQueue gives an empty queue.
func NewQueue(c QueueConfig) *Queue {
	if c.Visibility == 0 {
		c.Visibility = 30 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Queue{config: c, random: rand.New(rand.NewPCG(c.Seed, 0))}
}

// Send puts a message into the queue and gives its id.
func (q *Queue) Send(body string) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sent++
	id, now := fmt.Sprintf("%08d-0000-4000-8000-%012x", q.sent, q.config.Seed&0xffffffffffff), q.config.Now()
	q.copies = append(q.copies, &delivery{id: id, body: body, sent: now})
	if q.random.Float64() < q.config.Duplicates {
		q.copies = append(q.copies, &delivery{id: id, body: body, sent: now})
	}
	return id
}

// Receive gives at most so many messages, which others do not get for the visibility timeout. Those that were received too
// often go to the dead letters instead.
func (q *Queue) Receive(most int) []Received {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.config.Now()
	if q.config.Reorder {
		q.random.Shuffle(len(q.copies), func(i, j int) { q.copies[i], q.copies[j] = q.copies[j], q.copies[i] })
	}
	var (
		received []Received
		kept     []*delivery
		here     = map[string]bool{}
	)
	for _, d := range q.copies {
		switch {
		case len(received) == most, now.Before(d.visible), here[d.id]:
		case q.config.DeadLetters != nil && d.receives >= q.config.MaxReceives:
			q.config.DeadLetters.take(d)
			continue
		default:
			here[d.id] = true
			received = append(received, q.receive(d, now))
		}
		kept = append(kept, d)
	}
	q.copies = kept
	return received
}

func (q *Queue) receive(d *delivery, now time.Time) Received {
	if d.receives == 0 {
		d.firstTime = now
	}
	d.receives++
	d.visible = now.Add(q.config.Visibility)
	d.receipt = fmt.Sprintf("%s/%d/%x", d.id, d.receives, q.random.Uint64())
	return Received{d.id, d.body, d.receipt, d.receives, d.sent, d.firstTime}
}

// take keeps a message that another queue could not get rid of. It has its id and its age still.
func (q *Queue) take(d *delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.copies = append(q.copies, &delivery{id: d.id, body: d.body, sent: d.sent})
}

// Delete removes a message by the receipt of its last receive. Any other receipt does nothing, as with SQS.
func (q *Queue) Delete(receipt string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, d := range q.copies {
		if d.receipt == receipt {
			q.copies = append(q.copies[:i:i], q.copies[i+1:]...)
			return
		}
	}
}

// Bodies gives the bodies of all messages, also of those that are hidden.
func (q *Queue) Bodies() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var bodies []string
	for _, d := range q.copies {
		bodies = append(bodies, d.body)
	}
	return bodies
}

// A Mapping is what Lambda does for a queue that is an event source: it receives, invokes, and deletes what did not fail.
type Mapping struct {
	Queue  *Queue
	Batch  int                                                       // messages of one invocation; 0: 10, Lambda's default
	Invoke func(ctx context.Context, payload []byte) ([]byte, error) // of the function; an error: it failed or crashed
}

// Poll receives once and invokes the function with what is there. It gives how many messages there were, and the function's
// error: then all of them come again. ReportBatchItemFailures is on.
func (m Mapping) Poll(ctx context.Context) (int, error) {
	batch := m.Batch
	if batch == 0 {
		batch = 10
	}
	received := m.Queue.Receive(batch)
	if len(received) == 0 {
		return 0, nil
	}
	payload, err := json.Marshal(m.event(received))
	if err != nil {
		return len(received), fmt.Errorf("event of the queue: %w", err)
	}
	answer, err := m.Invoke(ctx, payload)
	if err != nil {
		return len(received), err
	}
	failed, err := failures(answer, received)
	if err != nil {
		return len(received), err
	}
	for _, r := range received {
		if !failed[r.ID] {
			m.Queue.Delete(r.Receipt)
		}
	}
	return len(received), nil
}

// failures reads which messages failed. Lambda takes what it cannot understand for the failure of all.
func failures(answer []byte, received []Received) (map[string]bool, error) {
	known, failed := map[string]bool{}, map[string]bool{}
	for _, r := range received {
		known[r.ID] = true
	}
	var response *struct {
		Failures []struct {
			ID *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if len(answer) == 0 { // nothing is success
		return failed, nil
	}
	if err := json.Unmarshal(answer, &response); err != nil {
		return nil, fmt.Errorf("answer of the function: %w", err)
	}
	if response == nil {
		return failed, nil
	}
	for _, f := range response.Failures {
		if f.ID == nil || !known[*f.ID] {
			return nil, fmt.Errorf("answer of the function: %s names a message that was not in the batch", answer)
		}
		failed[*f.ID] = true
	}
	return failed, nil
}

func (m Mapping) event(received []Received) events.SQSEvent {
	var e events.SQSEvent
	for _, r := range received {
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: r.ID, ReceiptHandle: r.Receipt, Body: r.Body,
			Attributes: map[string]string{
				"ApproximateReceiveCount":          strconv.Itoa(r.Receives),
				"SentTimestamp":                    strconv.FormatInt(r.Sent.UnixMilli(), 10),
				"ApproximateFirstReceiveTimestamp": strconv.FormatInt(r.First.UnixMilli(), 10),
			},
			EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:" + m.Queue.config.Name, AWSRegion: "eu-central-1",
		})
	}
	return e
}
