package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/handoff-pmml/handoff/internal/aws/command"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

const (
	model    = "iris"
	patience = 2 * time.Minute // of one step
	glance   = 100 * time.Millisecond
)

// A tale is the life of one model, and how long its parts took.
type tale struct {
	*cloud
	rows     rows
	document string
	alone    container
	times    []string
}

// story plays the life of a model, with every step checked, and prints how long the parts took. poll must run.
func (c *cloud) story(ctx context.Context, samples string, alone container) error {
	folder := filepath.Join(samples, model)
	document, err := os.ReadFile(filepath.Join(folder, "model.pmml"))
	if err != nil {
		return err
	}
	rows, err := readRows(folder)
	if err != nil {
		return err
	}
	t := &tale{cloud: c, rows: rows, document: string(document), alone: alone}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"an upload becomes a live function", t.upload},
		{"it answers as scikit-learn does", t.score},
		{"so does its package, started by itself", t.start},
		{"a second document replaces it, beside a message that nobody understands", t.replace},
		{"a repeated event changes nothing", t.repeat},
		{"a document that scores otherwise is rejected", t.rejectMismatch},
		{"a document that is none is rejected", t.rejectMalformed},
		{"rolling back takes one command and fails no request", t.rollback},
		{"deleting the object takes the model away", t.remove},
		{"it comes back by one command", t.undelete},
		{"the clock finds nothing to do", t.clock},
		{"the message that nobody understands is a dead letter", t.deadLetter},
		{"the history says all of it", t.history},
	} {
		begun := time.Now()
		if err := t.step(ctx, step.do); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Printf("ok   %5.1f s  %s\n", time.Since(begun).Seconds(), step.name)
	}
	for _, line := range t.times {
		fmt.Println("time", line)
	}
	return nil
}

// deploy uploads the sample model and waits until it is live. poll must run.
func (c *cloud) deploy(ctx context.Context, samples string) error {
	document, err := os.ReadFile(filepath.Join(samples, model, "model.pmml"))
	if err != nil {
		return err
	}
	t := &tale{cloud: c}
	return t.step(ctx, func(ctx context.Context) error { return t.deploys(ctx, string(document), deploy.Live, 1) })
}

func (t *tale) step(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return do(ctx)
}

// took notes how long something took that a person waits for.
func (t *tale) took(what string, since time.Time) {
	t.times = append(t.times, fmt.Sprintf("%-28s %7.2f s", what, time.Since(since).Seconds()))
}

func (t *tale) upload(ctx context.Context) error {
	golden, err := t.rows.golden(t.document)
	if err != nil {
		return err
	}
	if err := t.put(ctx, deploy.SidecarOf(model, deploy.GoldenName), golden); err != nil {
		return err
	}
	begun := time.Now()
	if err := t.deploys(ctx, t.document, deploy.Live, 1); err != nil {
		return err
	}
	t.took("upload to live", begun)
	return nil
}

func (t *tale) score(ctx context.Context) error {
	for _, what := range []string{"first call", "second call"} {
		begun := time.Now()
		if err := t.serves(ctx, 1); err != nil {
			return err
		}
		t.took(what+" (new container)", begun)
	}
	return nil
}

func (t *tale) replace(ctx context.Context) error {
	url, err := t.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(queue)})
	if err != nil {
		return err
	}
	if _, err := t.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url.QueueUrl, MessageBody: aws.String("not an event")}); err != nil {
		return err
	}
	t.document = strings.Replace(t.document, "<Header>", `<Header description="another one">`, 1)
	begun := time.Now()
	if err := t.deploys(ctx, t.document, deploy.Live, 2); err != nil {
		return err
	}
	t.took("new version to live", begun)
	return t.serves(ctx, 2)
}

// repeat sends the event of the last upload again, by hand, and one with another model's key between.
func (t *tale) repeat(ctx context.Context) error {
	before, err := t.store.Status(ctx, model)
	if err != nil {
		return err
	}
	event := fmt.Sprintf(`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",`+
		`"s3":{"bucket":{"name":%q},"object":{"key":%q,"size":%d}}}]}`, uploads, deploy.KeyOf(model), len(t.document))
	if _, err := t.invoke(ctx, deployFunction, []byte(event)); err != nil {
		return err
	}
	after, err := t.store.Status(ctx, model)
	if err != nil {
		return err
	}
	if before.Model.Latest.ID != after.Model.Latest.ID {
		return fmt.Errorf("there is a new deployment: %+v", after.Model.Latest)
	}
	return nil
}

func (t *tale) rejectMismatch(ctx context.Context) error {
	wrong := strings.Replace(t.document, `score="setosa"`, `score="virginica"`, 1)
	wrong = strings.Replace(wrong, `<ScoreDistribution value="setosa" recordCount="1"/>`, `<ScoreDistribution value="setosa" recordCount="0"/>`, 1)
	wrong = strings.Replace(wrong, `<ScoreDistribution value="virginica" recordCount="0"/>`, `<ScoreDistribution value="virginica" recordCount="1"/>`, 1)
	if err := t.deploys(ctx, wrong, deploy.Rejected, 2); err != nil {
		return err
	}
	return t.serves(ctx, 2)
}

func (t *tale) rejectMalformed(ctx context.Context) error {
	if err := t.deploys(ctx, t.document[:len(t.document)/2], deploy.Rejected, 2); err != nil {
		return err
	}
	return t.serves(ctx, 2)
}

// rollback goes back while somebody calls all the time.
func (t *tale) rollback(ctx context.Context) error {
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		calls := 0
		for {
			if _, err := t.answer(ctx); err != nil {
				done <- fmt.Errorf("call %d failed: %w", calls, err)
				return
			}
			calls++
			select {
			case <-stop:
				fmt.Printf("     %d calls meanwhile, all answered\n", calls)
				done <- nil
				return
			default:
			}
		}
	}()
	begun := time.Now()
	outcome, err := t.command().Rollback(ctx, model, 1, deploy.By{Actor: "e2e", Reason: "the second one is worse"})
	if err == nil {
		t.took("rollback", begun)
	}
	close(stop)
	if err := errors.Join(err, <-done); err != nil {
		return err
	}
	if outcome.Model.Live != 1 {
		return fmt.Errorf("version %d is live", outcome.Model.Live)
	}
	return t.serves(ctx, 1)
}

func (t *tale) remove(ctx context.Context) error {
	begun := time.Now()
	err := t.ends(ctx, deploy.Deleted, 0, func() error {
		_, err := t.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(uploads), Key: aws.String(deploy.KeyOf(model))})
		return err
	})
	if err != nil {
		return err
	}
	t.took("delete to gone", begun)
	_, err = t.answer(ctx)
	var gone *types.ResourceNotFoundException
	if !errors.As(err, &gone) {
		return fmt.Errorf("it still answers: %w", err)
	}
	return nil
}

func (t *tale) undelete(ctx context.Context) error {
	begun := time.Now()
	if _, err := t.command().Rollback(ctx, model, 1, deploy.By{Actor: "e2e", Reason: "it was needed"}); err != nil {
		return err
	}
	t.took("undelete", begun)
	return t.serves(ctx, 1)
}

func (t *tale) clock(ctx context.Context) error {
	_, err := t.invoke(ctx, deployFunction, []byte(`{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events",`+
		`"account":"`+account+`","time":"2026-01-01T00:00:00Z","region":"`+region+`","resources":[],"detail":{}}`))
	if err != nil {
		return err
	}
	unfinished, err := t.store.Unfinished(ctx)
	if err == nil && len(unfinished) > 0 {
		return fmt.Errorf("unfinished: %v", unfinished)
	}
	return err
}

func (t *tale) deadLetter(ctx context.Context) error {
	url, err := t.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(deadLetters)})
	if err != nil {
		return err
	}
	for {
		got, err := t.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url.QueueUrl, WaitTimeSeconds: 1})
		if err != nil {
			return err
		}
		if len(got.Messages) > 0 {
			if body := *got.Messages[0].Body; body != "not an event" {
				return fmt.Errorf("a dead letter says %q", body)
			}
			return nil
		}
	}
}

// history compares the table's deployments, oldest first, with what was done.
func (t *tale) history(ctx context.Context) error {
	deployments, err := t.store.Deployments(ctx, model, "", 100)
	if err != nil {
		return err
	}
	var told strings.Builder
	for i := len(deployments) - 1; i >= 0; i-- {
		d := deployments[i]
		fmt.Fprintf(&told, "%s", d.Kind)
		for _, s := range d.Steps {
			fmt.Fprintf(&told, " %s", s.State)
		}
		fmt.Fprintln(&told)
	}
	if told.String() != wanted {
		return fmt.Errorf("the history is\n%swant\n%s", &told, wanted)
	}
	audits, err := t.store.Audits(ctx, model, "", 100)
	if err == nil && len(audits) != len(deployments) {
		return fmt.Errorf("%d deployments, %d audits", len(deployments), len(audits))
	}
	return err
}

const wanted = `UPLOAD RECEIVED CHECKED COMPILED VERIFIED PACKAGED PUBLISHED SMOKED LIVE
UPLOAD RECEIVED CHECKED COMPILED VERIFIED PACKAGED PUBLISHED SMOKED LIVE
UPLOAD RECEIVED CHECKED COMPILED REJECTED
UPLOAD RECEIVED CHECKED REJECTED
ROLLBACK SMOKED LIVE
REMOVAL DRAINING DELETED
UNDELETE SMOKED LIVE
`

// ---- What the steps are made of

func (t *tale) put(ctx context.Context, key, text string) error {
	_, err := t.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(uploads), Key: &key, Body: strings.NewReader(text)})
	return err
}

// deploys uploads a document, and waits for its deployment, which must end in a state with that version live.
func (t *tale) deploys(ctx context.Context, document string, want deploy.State, live int) error {
	return t.ends(ctx, want, live, func() error { return t.put(ctx, deploy.KeyOf(model), document) })
}

func (t *tale) ends(ctx context.Context, want deploy.State, live int, do func() error) error {
	before, err := t.store.Status(ctx, model)
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	for {
		now, err := t.store.Status(ctx, model)
		if err != nil {
			return err
		}
		if m := now.Model; m.Latest.ID != before.Model.Latest.ID && m.Latest.State.Final() {
			if m.Latest.State != want || m.Live != live {
				return fmt.Errorf("%s: %s; version %d is live", m.Latest.State, m.Latest.Message, m.Live)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("nothing came of it: %+v", now.Model.Latest)
		case <-time.After(glance):
		}
	}
}

func (t *tale) command() command.Client {
	return command.Client{Invoke: func(ctx context.Context, payload []byte) ([]byte, error) {
		return t.invoke(ctx, deployFunction, payload)
	}}
}

// serves has the live version score all rows and compares.
func (t *tale) serves(ctx context.Context, version int) error {
	a, err := t.answer(ctx)
	if err != nil {
		return err
	}
	if got := a.header("X-Handoff-Version"); got != fmt.Sprint(version) {
		return fmt.Errorf("version %s answers, want %d", got, version)
	}
	return t.rows.compare([]byte(a.Body))
}

// answer sends all rows to the live version, as functions/api does.
func (t *tale) answer(ctx context.Context) (answer, error) {
	payload, err := httpEvent("/model/"+model+"/batch", t.rows.body)
	if err != nil {
		return answer{}, err
	}
	out, err := t.invoke(ctx, lambda.FunctionName(stage, model), payload)
	if err != nil {
		return answer{}, err
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		return a, fmt.Errorf("the function answered %q: %w", out, err)
	}
	if a.StatusCode != 200 {
		return a, fmt.Errorf("%d %s", a.StatusCode, bytes.TrimSpace([]byte(a.Body)))
	}
	return a, nil
}
