package uploads_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/uploads"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// put is S3's notification of a key, as it stands in a message.
func put(in string, keys ...string) string {
	var records []string
	for _, key := range keys {
		records = append(records, fmt.Sprintf(`{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","userIdentity":{"principalId":"ada"},
			"s3":{"bucket":{"name":%q},"object":{"key":%q,"sequencer":"1"}}}`, in, key))
	}
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

// batch is an event of SQS; the ids of its messages are "1", "2", ….
func batch(bodies ...string) []byte {
	var records []string
	for i, body := range bodies {
		text, _ := json.Marshal(body)
		records = append(records, fmt.Sprintf(`{"messageId":"%d","eventSource":"aws:sqs","body":%s}`, i+1, text))
	}
	return []byte(`{"Records":[` + strings.Join(records, ",") + `]}`)
}

// failures gives the ids of the messages that must come again.
func failures(t *testing.T, answer []byte, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var a struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, f := range a.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}

func doc(id string) string { return "models/" + id + "/model.pmml" }

func TestAMessageFailsAlone(t *testing.T) {
	slow := errors.New("the table does not answer")
	for _, test := range []struct {
		name   string
		look   func(ctx context.Context, key string) (deploy.Outcome, error)
		failed bool
	}{
		{"it went well", nil, false},
		{"rejected", func(context.Context, string) (deploy.Outcome, error) {
			return deploy.Outcome{Deployment: deploy.Deployment{Model: "b", ID: "1", State: deploy.Rejected}}, nil
		}, false},
		{"failed, and written down", func(context.Context, string) (deploy.Outcome, error) {
			return deploy.Outcome{Deployment: deploy.Deployment{Model: "b", ID: "1", State: deploy.Failed}}, nil
		}, false},
		{"a removal that has failed", func(context.Context, string) (deploy.Outcome, error) {
			return deploy.Outcome{Deployment: deploy.Deployment{Model: "b", ID: "1", Kind: deploy.Removal, State: deploy.Failed}}, nil
		}, true},
		{"rejection", func(context.Context, string) (deploy.Outcome, error) {
			return deploy.Outcome{}, fmt.Errorf("deploy: %w", &catalog.Rejection{Code: "document"})
		}, false},
		{"refused", func(context.Context, string) (deploy.Outcome, error) {
			return deploy.Outcome{}, &deploy.RefusedError{Message: "no"}
		}, false},
		{"busy", func(context.Context, string) (deploy.Outcome, error) { return deploy.Outcome{}, deploy.ErrBusy }, true},
		{"an error", func(context.Context, string) (deploy.Outcome, error) { return deploy.Outcome{}, slow }, true},
		{"a panic", func(context.Context, string) (deploy.Outcome, error) { panic("a mistake") }, true},
		{"still pending", func(context.Context, string) (deploy.Outcome, error) {
			return deploy.Outcome{Deployment: deploy.Deployment{Model: "b"}}, nil
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &pipeline{look: func(ctx context.Context, key string) (deploy.Outcome, error) {
				if key == doc("b") && test.look != nil {
					return test.look(ctx, key)
				}
				return deploy.Outcome{}, nil
			}}
			h := handler(t, p, nil)
			want := []string{}
			if test.failed {
				want = []string{"2", "4"} // both tell of it
			}
			answer, err := h.Invoke(t.Context(), batch(put(bucket, doc("a")), put(bucket, doc("b")), put(bucket, doc("c")), put(bucket, doc("a"), doc("b"))))
			if got := failures(t, answer, err); !slices.Equal(got, want) {
				t.Errorf("messages %v must come again, want %v", got, want)
			}
			for _, key := range []string{doc("a"), doc("c")} {
				if n := count(p, "look at "+key+" for s3 ada"); n != 1 {
					t.Errorf("%s was looked at %d times", key, n)
				}
			}
			_, err = h.Invoke(t.Context(), []byte(put(bucket, doc("a"), doc("b"))))
			if (err != nil) != test.failed {
				t.Errorf("a direct event: %v", err)
			}
		})
	}
}

func count(p *pipeline, asked string) int {
	n := 0
	for _, a := range p.sorted() {
		if a == asked {
			n++
		}
	}
	return n
}

func TestWhatIsNoneOfOurBusinessIsDone(t *testing.T) {
	var log bytes.Buffer
	p := &pipeline{}
	h := handler(t, p, func(c *uploads.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	answer, err := h.Invoke(t.Context(), batch(put("another-bucket", doc("a")), put(bucket, "readme.txt"), put(bucket, "models/-/model.pmml"), put(bucket, "models/../model.pmml")))
	if got := failures(t, answer, err); len(got) != 0 || len(p.asked) != 0 {
		t.Errorf("%v failed, asked %v", got, p.asked)
	}
	for _, key := range []string{doc("a"), "readme.txt", "models/-/model.pmml", "models/../model.pmml"} {
		if !strings.Contains(log.String(), key) {
			t.Errorf("the log does not tell of %s: %s", key, log.String())
		}
	}
}

func TestKeysOfAModelAreInOrderAndModelsAreNot(t *testing.T) {
	var (
		mu       sync.Mutex
		running  = map[string]bool{}
		most     int
		arrived  = make(chan struct{}, 100)
		released = make(chan struct{})
	)
	p := &pipeline{look: func(_ context.Context, key string) (deploy.Outcome, error) {
		id, _, _ := deploy.ModelOf(key)
		mu.Lock()
		if running[id] {
			t.Errorf("%s is looked at twice at the same time", id)
		}
		running[id] = true
		most = max(most, len(running))
		mu.Unlock()
		arrived <- struct{}{}
		<-released
		mu.Lock()
		delete(running, id)
		mu.Unlock()
		return deploy.Outcome{}, nil
	}}
	h := handler(t, p, func(c *uploads.Config) { c.Models = 3 })
	var bodies []string
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		bodies = append(bodies, put(bucket, "models/"+id+"/golden.csv"), put(bucket, "models/"+id+"/model.json"), put(bucket, doc(id)))
	}
	go func() {
		for range 3 {
			<-arrived
		}
		close(released)
	}()
	answer, err := h.Invoke(t.Context(), batch(bodies...))
	if got := failures(t, answer, err); len(got) != 0 || most != 3 || len(p.asked) != 15 {
		t.Errorf("%v failed, %d at the same time, %d looks", got, most, len(p.asked))
	}
	for _, id := range []string{"a", "e"} {
		var order []string
		for _, asked := range p.asked {
			if strings.Contains(asked, "/"+id+"/") {
				order = append(order, strings.TrimSuffix(strings.TrimPrefix(asked, "look at models/"+id+"/"), " for s3 ada"))
			}
		}
		if !slices.Equal(order, []string{"golden.csv", "model.json", "model.pmml"}) {
			t.Errorf("%s: %v", id, order)
		}
	}
}

func TestWhatThereIsNoTimeForIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{look: func(ctx context.Context, _ string) (deploy.Outcome, error) {
			time.Sleep(4 * time.Second)
			return deploy.Outcome{}, ctx.Err()
		}}
		h := handler(t, p, func(c *uploads.Config) { c.Models = 1 })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		answer, err := h.Invoke(ctx, batch(put(bucket, doc("a")), put(bucket, doc("b")), put(bucket, doc("c")), put("another", doc("d"))))
		if got := failures(t, answer, err); !slices.Equal(got, []string{"3"}) || len(p.asked) != 2 {
			t.Errorf("%v failed, asked %v", got, p.asked)
		}
		if _, err := h.Invoke(ctx, []byte(put(bucket, doc("c")))); err == nil || len(p.asked) != 2 {
			t.Errorf("a direct event: %v, asked %v", err, p.asked)
		}
	})
}

// Whatever is begun must have time to end, and the batch to be answered, before Lambda ends the process.
func TestEverythingEndsBeforeTheInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{look: func(ctx context.Context, key string) (deploy.Outcome, error) {
			if key == doc("a") {
				return deploy.Outcome{}, nil
			}
			<-ctx.Done()
			return deploy.Outcome{}, ctx.Err()
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		answer, err := handler(t, p, nil).Invoke(ctx, batch(put(bucket, doc("a")), put(bucket, doc("b"))))
		if got := failures(t, answer, err); !slices.Equal(got, []string{"2"}) || ctx.Err() != nil {
			t.Errorf("%v failed, the invocation: %v", got, ctx.Err())
		}
	})
}

func TestAnImpatientPipelineIsWaitedFor(t *testing.T) {
	var mu sync.Mutex
	ended := map[string]bool{}
	p := &pipeline{}
	p.look = func(_ context.Context, key string) (deploy.Outcome, error) {
		mu.Lock()
		defer mu.Unlock()
		if key == doc("a") && !ended[key] {
			return deploy.Outcome{Deployment: deploy.Deployment{Model: "a", ID: "1", State: deploy.Compiled}}, nil
		}
		return deploy.Outcome{}, nil
	}
	p.wait = func() {
		mu.Lock()
		defer mu.Unlock()
		ended[doc("a")] = true
	}
	answer, err := handler(t, p, nil).Invoke(t.Context(), batch(put(bucket, doc("a")), put(bucket, doc("b"))))
	if got := failures(t, answer, err); len(got) != 0 || count(p, "look at "+doc("a")+" for s3 ada") != 2 || len(p.asked) != 3 {
		t.Errorf("%v failed, asked %v", got, p.asked)
	}
}

func TestNothingReturnsBeforeWhatWasBegunHasEnded(t *testing.T) {
	for _, event := range []string{
		put(bucket, doc("a")), string(batch(put(bucket, doc("a")))), `{"detail-type":"Scheduled Event","source":"aws.events"}`,
		`{"handoff":{"rollback":{"model":"a","by":{"actor":"ada"}}}}`,
	} {
		ended := false
		p := &pipeline{wait: func() { ended = true }}
		if _, err := handler(t, p, nil).Invoke(t.Context(), []byte(event)); err != nil || !ended {
			t.Errorf("%s: ended is %v, %v", event, ended, err)
		}
	}
}

func TestSchedule(t *testing.T) {
	down := errors.New("the table does not answer")
	at := time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	p := &pipeline{}
	h := handler(t, p, func(c *uploads.Config) { c.Now = func() time.Time { return at } })
	for i, test := range []struct {
		after          time.Duration
		expire, resume error
		asked          string
	}{
		{0, down, nil, "expire resume"},
		{time.Minute, nil, down, "expire resume"},
		{time.Minute, nil, nil, "resume"},
		{58 * time.Minute, nil, nil, "resume"},
		{time.Minute, nil, nil, "expire resume"},
	} {
		at = at.Add(test.after)
		p.asked = nil
		p.expire = func(ctx context.Context) error {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("expiring may take for ever")
			}
			return test.expire
		}
		p.resume = func(context.Context) error { return test.resume }
		source := []string{"aws.events", "aws.scheduler"}[i%2]
		_, err := h.Invoke(t.Context(), []byte(`{"detail-type":"Scheduled Event","source":"`+source+`","detail":"{}"}`))
		if failed := test.expire != nil || test.resume != nil; strings.Join(p.asked, " ") != test.asked || errors.Is(err, down) != failed {
			t.Errorf("%d: asked %v, error %v", i, p.asked, err)
		}
	}
}

func TestParse(t *testing.T) {
	bridged := func(kind, detail string) string {
		return `{"source":"aws.s3","detail-type":"` + kind + `","detail":` + detail + `}`
	}
	recorded := func(name, key string) string {
		return `{"Records":[{"eventSource":"aws:s3","eventName":"` + name + `","s3":{"bucket":{"name":"b"},"object":{"key":"` + key + `"}}}]}`
	}
	quoted := func(s string) string { return fmt.Sprintf("%q", s) }
	sns := func(message string) string { return `{"Type":"Notification","Message":` + quoted(message) + `}` }
	for _, test := range []struct {
		name, event string
		kind        uploads.Kind
		keys        string // of the hints, separated by commas
		wrong       string // what the error says
	}{
		{"put", recorded("ObjectCreated:Put", "k"), uploads.Objects, "k", ""},
		{"deleted", recorded("ObjectRemoved:Delete", "k"), uploads.Objects, "k", ""},
		{"expired", recorded("LifecycleExpiration:DeleteMarkerCreated", "k"), uploads.Objects, "k", ""},
		{"restored", recorded("ObjectRestore:Completed", "k"), uploads.Objects, "k", ""},
		{"an event of tomorrow", recorded("ObjectTeleported:Copy", "k"), uploads.Objects, "k", ""},
		{"a plus sign and a space", recorded("ObjectCreated:Put", "a%2Bb+c%20d"), uploads.Objects, "a+b c d", ""},
		{"letters beyond ASCII", recorded("ObjectCreated:Put", "caf%C3%A9"), uploads.Objects, "café", ""},
		{"half an escape", recorded("ObjectCreated:Put", "a%2"), uploads.Objects, "", "invalid URL escape"},
		{"bytes that are no UTF-8", recorded("ObjectCreated:Put", "caf%E9"), uploads.Objects, "", "not UTF-8"},
		{"no key", recorded("ObjectCreated:Put", ""), uploads.Objects, "", "names no object"},
		{"one of two wrong", `{"Records":[{"s3":{"bucket":{"name":"b"},"object":{"key":"%"}}},{"s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}`,
			uploads.Objects, "k", "invalid URL escape"},
		{"a record of another shape", `{"Records":[{"s3":7},{"s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}`, uploads.Objects, "k", "record"},
		{"a test", `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`, uploads.Objects, "", ""},

		{"EventBridge's keys are not encoded", bridged("Object Created", `{"bucket":{"name":"b"},"object":{"key":"a+b%20c"}}`), uploads.Objects, "a+b%20c", ""},
		{"EventBridge, restored", bridged("Object Restore Completed", `{"bucket":{"name":"b"},"object":{"key":"k"}}`), uploads.Objects, "k", ""},
		{"EventBridge without an object", bridged("Object Created", `{}`), uploads.Objects, "", "names no object"},
		{"EventBridge without a detail", `{"source":"aws.s3","detail-type":"Object Created"}`, uploads.Objects, "", "detail"},
		{"CloudTrail", bridged("AWS API Call via CloudTrail", `{"bucket":{"name":"b"},"object":{"key":"k"}}`), uploads.Unknown, "", "none that"},
		{"EventBridge, of something else", `{"source":"aws.ec2","detail-type":"Object Created","detail":{}}`, uploads.Unknown, "", "none that"},

		{"SNS", `{"Records":[{"EventSource":"aws:sns","Sns":{"Message":` + quoted(recorded("ObjectCreated:Put", "k")) + `}}]}`, uploads.Objects, "k", ""},
		{"SNS with nonsense", `{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"hello"}}]}`, uploads.Objects, "", "notification"},
		{"SNS within SNS within SNS", sns(sns(sns(recorded("ObjectCreated:Put", "k")))), uploads.Unknown, "", "none that"},

		{"a rule", `{"source":"aws.events","detail-type":"Scheduled Event"}`, uploads.Schedule, "", ""},
		{"a clock of somebody else", `{"source":"mine","detail-type":"Scheduled Event"}`, uploads.Unknown, "", "none that"},
		{"a command", `{"handoff":{}}`, uploads.Command, "", ""},

		{"nothing", `{}`, uploads.Unknown, "", "none that"},
		{"null", `null`, uploads.Unknown, "", "none that"},
		{"no records", `{"Records":[]}`, uploads.Unknown, "", "none that"},
		{"a record of nobody", `{"Records":[{}]}`, uploads.Unknown, "", "none that"},
		{"no JSON", `PMML`, uploads.Unknown, "", "invalid character"},
		{"API Gateway", `{"version":"2.0","routeKey":"$default","rawPath":"/"}`, uploads.Unknown, "", "none that"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := uploads.Parse([]byte(test.event))
			if e.Kind != test.kind || keysOf(e.Hints) != test.keys {
				t.Errorf("kind %d, keys %q", e.Kind, keysOf(e.Hints))
			}
			says(t, err, test.wrong)
			if test.kind == uploads.Schedule || test.kind == uploads.Command {
				test.wrong, test.keys = "none that", "" // a message of a queue is neither
			}
			e, err = uploads.Parse(batch(test.event))
			if err != nil || e.Kind != uploads.Queue || len(e.Messages) != 1 || keysOf(e.Messages[0].Hints) != test.keys {
				t.Fatalf("in a queue: %+v, %v", e, err)
			}
			says(t, e.Messages[0].Err, test.wrong)
		})
	}
}

func keysOf(hints []uploads.Hint) string {
	var keys []string
	for _, h := range hints {
		keys = append(keys, h.Key)
	}
	return strings.Join(keys, ",")
}

func says(t *testing.T, err error, what string) {
	t.Helper()
	if (err != nil) != (what != "") || err != nil && !strings.Contains(err.Error(), what) {
		t.Errorf("error %v, want %q", err, what)
	}
}

func TestBatchesThatAreNone(t *testing.T) {
	for _, test := range []struct{ event, wrong string }{
		{`{"Records":[{"eventSource":"aws:sqs","body":"{}"}]}`, "no id"},
		{`{"Records":[{"messageId":"1","eventSource":"aws:sqs","body":"{}"},7]}`, "no id"},
	} {
		p := &pipeline{}
		_, err := handler(t, p, nil).Invoke(t.Context(), []byte(test.event))
		says(t, err, test.wrong)
	}
	p := &pipeline{}
	answer, err := handler(t, p, nil).Invoke(t.Context(), []byte(`{"Records":[{"messageId":"1","eventSource":"aws:sqs"},
		{"messageId":"2","eventSource":"aws:sqs","body":7},{"messageId":"3","eventSource":"aws:kafka","body":"{}"}]}`))
	if got := failures(t, answer, err); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("%v failed", got)
	}
}
