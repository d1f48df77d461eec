package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// A Pipeline is who does what a command says. *deploy.Pipeline is one.
type Pipeline interface {
	Rollback(ctx context.Context, id string, to int, by deploy.By) (deploy.Outcome, error)
	Undeploy(ctx context.Context, id string, by deploy.By) (deploy.Outcome, error)
	Report(ctx context.Context, id string, version, against int) (deploy.Report, error)
	Preview(ctx context.Context, id string, document io.Reader, m deploy.Metadata) (deploy.Report, error)
}

// A Previews reads a document that is to be previewed, by the key that Client.Keep has given.
type Previews func(ctx context.Context, key string) (io.ReadCloser, error)

// maxAnswer is how many bytes an answer may have: Lambda's 6 MB, less some room for what counts it otherwise.
const maxAnswer = 6_000_000

// Serve does what the payload says, and gives the answer. The error is about a payload that is no command; what a command
// itself comes to is in the answer.
func Serve(ctx context.Context, p Pipeline, previews Previews, payload []byte) ([]byte, error) {
	r, err := parse(payload)
	if err != nil {
		return nil, err
	}
	answer, err := json.Marshal(r.do(ctx, p, previews))
	if err == nil && len(answer) > maxAnswer {
		answer, err = json.Marshal(Answer{Error: &Failure{Kind: Refused, Message: "the answer is larger than a function may give"}})
	}
	if err != nil {
		return nil, fmt.Errorf("answer of a command: %w", err)
	}
	return answer, nil
}

// parse reads a command. What it does not know it refuses: half of a command might be the opposite of it.
func parse(payload []byte) (Request, error) {
	var e Envelope
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return Request{}, fmt.Errorf("command: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Request{}, errors.New("command: there is something behind it")
	}
	if e.Handoff == nil || e.Handoff.count() != 1 {
		return Request{}, errors.New("command: it must be exactly one of rollback, undeploy, report and preview")
	}
	return *e.Handoff, nil
}

func (r *Request) count() int {
	n := 0
	for _, there := range []bool{r.Rollback != nil, r.Undeploy != nil, r.Report != nil, r.Preview != nil} {
		if there {
			n++
		}
	}
	return n
}

func (r *Request) do(ctx context.Context, p Pipeline, previews Previews) Answer {
	switch {
	case r.Rollback != nil:
		return outcome(p.Rollback(ctx, r.Rollback.Model, r.Rollback.To, r.Rollback.By))
	case r.Undeploy != nil:
		return outcome(p.Undeploy(ctx, r.Undeploy.Model, r.Undeploy.By))
	case r.Report != nil:
		return report(p.Report(ctx, r.Report.Model, r.Report.Version, r.Report.Against))
	default:
		return report(r.Preview.do(ctx, p, previews))
	}
}

func (r *Preview) do(ctx context.Context, p Pipeline, previews Previews) (deploy.Report, error) {
	document, err := previews(ctx, r.Key)
	if err != nil {
		return deploy.Report{}, fmt.Errorf("preview %s: %w", r.Model, err)
	}
	defer document.Close()
	return p.Preview(ctx, r.Model, document, r.Metadata)
}

func outcome(o deploy.Outcome, err error) Answer {
	answered := Outcome(o)
	if err != nil && o.Deployment.ID == "" { // nothing has begun
		return Answer{Error: FailureOf(err)}
	}
	return Answer{Outcome: &answered, Error: FailureOf(err)}
}

func report(r deploy.Report, err error) Answer {
	if err != nil {
		return Answer{Error: FailureOf(err)}
	}
	return Answer{Report: &r}
}
