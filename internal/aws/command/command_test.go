package command_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/aws/command"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// The client stands where a pipeline stands on one machine.
var (
	_ interface {
		Rollback(context.Context, string, int, deploy.By) (deploy.Outcome, error)
		Undeploy(context.Context, string, deploy.By) (deploy.Outcome, error)
		Preview(context.Context, string, io.Reader, deploy.Metadata) (deploy.Report, error)
	} = rest.Deployer(nil)
	_ command.Pipeline = command.Client{}
	_ command.Pipeline = (*deploy.Pipeline)(nil)
)

// pipeline answers always the same and remembers what it was asked.
type pipeline struct {
	outcome deploy.Outcome
	report  deploy.Report
	err     error
	asked   string
}

func (p *pipeline) Rollback(_ context.Context, id string, to int, by deploy.By) (deploy.Outcome, error) {
	p.asked = fmt.Sprintf("rollback %s to %d by %s because %s", id, to, by.Actor, by.Reason)
	return p.outcome, p.err
}

func (p *pipeline) Undeploy(_ context.Context, id string, by deploy.By) (deploy.Outcome, error) {
	p.asked = fmt.Sprintf("undeploy %s by %s because %s", id, by.Actor, by.Reason)
	return p.outcome, p.err
}

func (p *pipeline) Report(_ context.Context, id string, version, against int) (deploy.Report, error) {
	p.asked = fmt.Sprintf("report %s %d against %d", id, version, against)
	return p.report, p.err
}

func (p *pipeline) Preview(_ context.Context, id string, document io.Reader, m deploy.Metadata) (deploy.Report, error) {
	text, err := io.ReadAll(document)
	p.asked = fmt.Sprintf("preview %s of %s as %s by %s", id, text, m.ModelName, m.By.Actor)
	return p.report, errors.Join(err, p.err)
}

// connect gives a client of a pipeline, with both in between.
func connect(p command.Pipeline) command.Client {
	kept := map[string]string{}
	return command.Client{
		Invoke: func(ctx context.Context, payload []byte) ([]byte, error) {
			return command.Serve(ctx, p, func(_ context.Context, key string) (io.ReadCloser, error) {
				text, found := kept[key]
				if !found {
					return nil, deploy.ErrGone
				}
				return io.NopCloser(strings.NewReader(text)), nil
			}, payload)
		},
		Keep: func(_ context.Context, id string, document io.Reader) (string, error) {
			text, err := io.ReadAll(document)
			kept["previews/"+id] = string(text)
			return "previews/" + id, err
		},
	}
}

var by = deploy.By{Actor: "admin arn:aws:iam::1:user/ada", Reason: "it is <wrong> & ünusable"}

func TestCommandsArriveAndAreAnswered(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	p := &pipeline{
		outcome: deploy.Outcome{
			Deployment: deploy.Deployment{Model: "iris", ID: "01J", Kind: deploy.Rollback, State: deploy.Live, Version: 3, By: by, Created: at,
				Steps: []deploy.Step{{State: deploy.Live, At: at}}},
			Model: deploy.Model{ID: "iris", Rev: 7, Live: 3, Kept: []int{3, 4}, Seen: map[string]string{"k": "v"}, Updated: at},
		},
		report: deploy.Report{Model: "iris", New: deploy.Side{Version: 3}, Warnings: []string{"look"}},
	}
	c := connect(p)
	ctx := t.Context()
	for _, test := range []struct {
		asked string
		ask   func() (any, error)
		want  any
	}{
		{"rollback iris to 3 by " + by.Actor + " because " + by.Reason, func() (any, error) { return c.Rollback(ctx, "iris", 3, by) }, p.outcome},
		{"undeploy iris by " + by.Actor + " because " + by.Reason, func() (any, error) { return c.Undeploy(ctx, "iris", by) }, p.outcome},
		{"report iris 4 against 0", func() (any, error) { return c.Report(ctx, "iris", 4, 0) }, p.report},
		{"preview iris of <PMML/> as tree by " + by.Actor, func() (any, error) {
			return c.Preview(ctx, "iris", strings.NewReader("<PMML/>"), deploy.Metadata{ModelName: "tree", By: by})
		}, p.report},
	} {
		got, err := test.ask()
		if err != nil || p.asked != test.asked {
			t.Errorf("asked %q, want %q; error %v", p.asked, test.asked, err)
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s: %s", test.asked, d)
		}
	}
}

func TestErrorsAreTheSameOnBothSides(t *testing.T) {
	rejection := &catalog.Rejection{Code: "document", Message: "line 3: no such field", Line: 3,
		Faults: []evaluator.Fault{{Line: 3, Path: "/PMML/TreeModel", Code: "unknown-field", Message: "no such field"}}}
	deployment := deploy.Deployment{Model: "iris", ID: "01J", State: deploy.Failed, Failure: "S3 does not answer"}
	cases := []struct {
		name  string
		err   error
		kind  command.Kind
		check func(error) bool
	}{
		{"rejection", fmt.Errorf("roll back: %w", rejection), command.Rejection, func(err error) bool {
			got := (*catalog.Rejection)(nil)
			return errors.As(err, &got) && reflect.DeepEqual(got, rejection)
		}},
		{"refused", fmt.Errorf("roll back: %w", &deploy.RefusedError{Message: "version 3 is live"}), command.Refused, func(err error) bool {
			got := (*deploy.RefusedError)(nil)
			return errors.As(err, &got) && got.Message == "version 3 is live"
		}},
		{"not found", fmt.Errorf("version 9: %w", catalog.ErrNotFound), command.NotFound, func(err error) bool { return errors.Is(err, catalog.ErrNotFound) }},
		{"busy", fmt.Errorf("roll back: %w", deploy.ErrBusy), command.Busy, func(err error) bool { return errors.Is(err, deploy.ErrBusy) }},
		{"conflict", deploy.ErrConflict, command.Busy, func(err error) bool { return errors.Is(err, deploy.ErrBusy) }},
		{"failed", &deploy.FailedError{Deployment: deployment}, command.Failed, func(err error) bool {
			got := (*deploy.FailedError)(nil)
			return errors.As(err, &got) && cmp.Equal(got.Deployment, deployment)
		}},
		{"timeout", fmt.Errorf("store: %w", context.DeadlineExceeded), command.Timeout, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		{"internal", errors.New("disk on fire"), command.Internal, func(err error) bool { return errors.Unwrap(err) == nil && err.Error() == "disk on fire" }},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			if f := command.FailureOf(test.err); f.Kind != test.kind {
				t.Errorf("kind %s, want %s", f.Kind, test.kind)
			}
			p := &pipeline{err: test.err}
			if _, failed := errors.AsType[*deploy.FailedError](test.err); failed {
				p.outcome.Deployment = deployment
			}
			o, err := connect(p).Rollback(t.Context(), "iris", 1, by)
			if !test.check(err) {
				t.Errorf("%v does not say what %v said", err, test.err)
			}
			if d := cmp.Diff(p.outcome, o); d != "" {
				t.Error(d)
			}
		})
	}
	if command.FailureOf(nil) != nil || (*command.Failure)(nil).Err(deploy.Outcome{}) != nil {
		t.Error("no error became one")
	}
	for _, f := range []command.Failure{{Kind: "another", Message: "m"}, {Kind: command.Rejection, Message: "m"}} {
		if err := f.Err(deploy.Outcome{}); err == nil || err.Error() != "m" {
			t.Errorf("%v became %v", f, err)
		}
	}
}

func TestPreviewOfWhatCannotBeRead(t *testing.T) {
	c := connect(&pipeline{})
	broken := errors.New("the body broke off")
	if _, err := c.Preview(t.Context(), "iris", io.MultiReader(strings.NewReader("<PM"), failing{broken}), deploy.Metadata{}); !errors.Is(err, broken) {
		t.Errorf("%v does not hand on %v", err, broken)
	}
	c.Keep = func(context.Context, string, io.Reader) (string, error) { return "previews/gone", nil }
	if _, err := c.Preview(t.Context(), "iris", strings.NewReader(""), deploy.Metadata{}); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a document that is gone: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAChangeThatTakesLongIsPending(t *testing.T) {
	c := command.Client{Patience: time.Millisecond, Invoke: func(ctx context.Context, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	o, err := c.Rollback(t.Context(), "iris", 0, by)
	if err != nil || !o.Pending() || o.Deployment.Model != "iris" {
		t.Errorf("%+v, %v", o, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Rollback(gone, "iris", 0, by); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who went away: %v", err)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for answer, want := range map[string]string{
		`{}`:                       "without",
		`null`:                     "without",
		`{"errorMessage":"crash"}`: "without",
		`nonsense`:                 "invalid character",
	} {
		c := command.Client{Invoke: func(context.Context, []byte) ([]byte, error) { return []byte(answer), nil }}
		_, changed := c.Rollback(t.Context(), "iris", 0, by)
		_, reported := c.Report(t.Context(), "iris", 0, 0)
		for _, err := range []error{changed, reported} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", answer, err)
			}
		}
	}
}

func TestPayloadsThatAreNoCommands(t *testing.T) {
	for _, payload := range []string{
		``, `null`, `{}`, `[]`, `{"handoff":null}`, `{"handoff":{}}`, `{"handoff":{"rollback":null}}`,
		`{"handoff":{"rollback":{"model":"a"},"report":{"model":"a"}}}`,
		`{"handoff":{"rollback":{"model":"a","version":3}}}`, // "to" was meant: going elsewhere would be wrong
		`{"handoff":{"delete":{"model":"a"}}}`, `{"handoff":{"rollback":{"model":"a","to":"3"}}}`,
		`{"handoff":{"rollback":{"model":"a"}}} {}`, `{"handoff":{"rollback":{"model":"a"}},"Records":[]}`,
	} {
		p := &pipeline{}
		if answer, err := command.Serve(t.Context(), p, nil, []byte(payload)); err == nil || p.asked != "" {
			t.Errorf("%s was done: %s, %s", payload, p.asked, answer)
		}
	}
}

func TestAnAnswerThatIsTooLarge(t *testing.T) {
	p := &pipeline{report: deploy.Report{Warnings: []string{strings.Repeat("w", 7_000_000)}}}
	refused := (*deploy.RefusedError)(nil)
	if _, err := connect(p).Report(t.Context(), "iris", 0, 0); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
}

func FuzzServe(f *testing.F) {
	f.Add([]byte(`{"handoff":{"rollback":{"model":"iris","to":3,"by":{"actor":"a","reason":"r"}}}}`))
	f.Add([]byte(`{"handoff":{"preview":{"model":"iris","key":"previews/01J","metadata":{"modelName":"m"}}}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		p := &pipeline{}
		answer, err := command.Serve(t.Context(), p, func(context.Context, string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("")), nil
		}, payload)
		if (err == nil) != (p.asked != "") || (err == nil) != (len(answer) > 0) {
			t.Errorf("asked %q, answered %q, %v", p.asked, answer, err)
		}
	})
}
