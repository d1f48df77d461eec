package awstest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/awstest"
)

// ticking is a clock that only the test moves.
type ticking struct{ at time.Time }

func newTicking() *ticking { return &ticking{time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)} }

func (c *ticking) now() time.Time { return c.at }

func ids(received []awstest.Received) (ids []string) {
	for _, r := range received {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestAReceivedMessageIsHiddenUntilItIsDeletedOrTooOld(t *testing.T) {
	clock := newTicking()
	q := awstest.NewQueue(awstest.QueueConfig{Now: clock.now, Visibility: time.Minute})
	a, b := q.Send("a"), q.Send("b")
	first := q.Receive(1)
	if !slices.Equal(ids(first), []string{a}) || !slices.Equal(ids(q.Receive(10)), []string{b}) || len(q.Receive(10)) != 0 {
		t.Fatal("messages came in another order, or twice")
	}
	clock.at = clock.at.Add(time.Minute)
	again := q.Receive(1)
	if !slices.Equal(ids(again), []string{a}) || again[0].Receives != 2 || again[0].First != first[0].First {
		t.Fatalf("%+v", again)
	}
	q.Delete(first[0].Receipt)
	if got := q.Bodies(); len(got) != 2 {
		t.Errorf("a receipt of an earlier receive deleted a message: %v are left", got)
	}
	q.Delete(again[0].Receipt)
	q.Delete(again[0].Receipt)
	if got := q.Bodies(); !slices.Equal(got, []string{"b"}) {
		t.Errorf("%v are left", got)
	}
}

func TestAMessageThatNobodyDeletesGoesToTheDeadLetters(t *testing.T) {
	clock := newTicking()
	dead := awstest.NewQueue(awstest.QueueConfig{Now: clock.now})
	q := awstest.NewQueue(awstest.QueueConfig{Now: clock.now, MaxReceives: 3, DeadLetters: dead})
	id := q.Send("poison")
	for receive := 1; receive <= 3; receive++ {
		if got := q.Receive(10); len(got) != 1 || got[0].Receives != receive || got[0].ID != id {
			t.Fatalf("receive %d: %+v", receive, got)
		}
		clock.at = clock.at.Add(30 * time.Second)
	}
	if got := q.Receive(10); len(got) != 0 || len(q.Bodies()) != 0 {
		t.Errorf("it came again: %+v", got)
	}
	if got := dead.Receive(10); len(got) != 1 || got[0].ID != id || got[0].Body != "poison" {
		t.Errorf("in the dead letters lies %+v", got)
	}
}

func TestReorderingAndDuplicatesComeBySeed(t *testing.T) {
	const many = 50
	deliver := func(seed uint64) (order []string) {
		clock := newTicking()
		q := awstest.NewQueue(awstest.QueueConfig{Now: clock.now, Seed: seed, Reorder: true, Duplicates: .3})
		for i := range many {
			q.Send(fmt.Sprint(i))
		}
		for range 2 * many {
			for _, r := range q.Receive(10) {
				order = append(order, r.Body)
				q.Delete(r.Receipt)
			}
			clock.at = clock.at.Add(time.Second)
		}
		return order
	}
	one, same, other := deliver(1), deliver(1), deliver(2)
	if !slices.Equal(one, same) || slices.Equal(one, other) {
		t.Error("the seed does not decide")
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(one)))
	if len(distinct) != many || len(one) <= many || slices.IsSorted(one) {
		t.Errorf("%d deliveries of %d messages", len(one), len(distinct))
	}
}

func TestMappingDeletesWhatDidNotFail(t *testing.T) {
	crash := errors.New("crashed")
	second := "00000002-0000-4000-8000-000000000000"
	for _, test := range []struct {
		name, answer string
		err          error
		left         int
		wrong        bool
	}{
		{"none failed", `{"batchItemFailures":[]}`, nil, 0, false},
		{"an answer that says nothing", `{}`, nil, 0, false},
		{"null", `null`, nil, 0, false},
		{"no answer", ``, nil, 0, false},
		{"one failed", `{"batchItemFailures":[{"itemIdentifier":"` + second + `"}]}`, nil, 1, false},
		{"an empty id", `{"batchItemFailures":[{"itemIdentifier":""}]}`, nil, 3, true},
		{"a null id", `{"batchItemFailures":[{"itemIdentifier":null}]}`, nil, 3, true},
		{"another key", `{"batchItemFailures":[{"id":"` + second + `"}]}`, nil, 3, true},
		{"an unknown id", `{"batchItemFailures":[{"itemIdentifier":"x"}]}`, nil, 3, true},
		{"no JSON", `failed`, nil, 3, true},
		{"a crash", ``, crash, 3, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := awstest.NewQueue(awstest.QueueConfig{Name: "uploads"})
			for _, body := range []string{"a", "b", "c"} {
				q.Send(body)
			}
			var payload string
			m := awstest.Mapping{Queue: q, Invoke: func(_ context.Context, p []byte) ([]byte, error) {
				payload = string(p)
				return []byte(test.answer), test.err
			}}
			n, err := m.Poll(t.Context())
			if n != 3 || len(q.Bodies()) != test.left || (err != nil) != test.wrong {
				t.Errorf("received %d, left %v, error %v", n, q.Bodies(), err)
			}
			if !strings.Contains(payload, `"eventSourceARN":"arn:aws:sqs:eu-central-1:123456789012:uploads"`) || strings.Count(payload, `"messageId"`) != 3 {
				t.Errorf("the event was %s", payload)
			}
			if n, err := m.Poll(t.Context()); n != 0 || err != nil {
				t.Errorf("an empty queue gave %d messages, error %v", n, err)
			}
		})
	}
}
