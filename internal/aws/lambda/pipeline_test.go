package lambda_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/deploy/porttest"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
)

// A stage is a pipeline on a world.
type stage struct {
	*world
	objects  *deploytest.Objects
	pipeline *deploy.Pipeline
	ids      int
}

func newStage(t *testing.T, c awstest.LambdaConfig) *stage {
	w := newWorld(t, c)
	s := &stage{world: w, objects: &deploytest.Objects{Tape: w.files.Tape}}
	s.pipeline = deploy.New(deploy.Config{
		Store: &deploytest.Store{Tape: w.files.Tape}, Objects: s.objects, Artifacts: w.files, Runtime: w.runtime,
		Compile: func(_ context.Context, document io.Reader, name string) ([]byte, error) {
			return compile.Compile(document, compile.Options{ModelName: name})
		},
		Settings: settings.Read,
		Now:      func() time.Time { w.at = w.at.Add(time.Millisecond); return w.at },
		ID:       func(time.Time) string { s.ids++; return fmt.Sprintf("%026d", s.ids) },
		Pause:    func(context.Context, time.Duration) error { return nil }, Patience: time.Hour,
	})
	return s
}

func (s *stage) put(t *testing.T, document string) error {
	_, err := s.pipeline.Deploy(t.Context(), "iris", strings.NewReader(document), deploy.Metadata{})
	s.pipeline.Wait()
	return err
}

func (s *stage) settings(t *testing.T, text string) error {
	t.Helper()
	key := deploy.SidecarOf("iris", deploy.SettingsName)
	s.objects.Drop(key, []byte(text))
	_, err := s.pipeline.Look(t.Context(), key, deploy.By{Actor: "test"})
	s.pipeline.Wait()
	return err
}

// answer is what callers of the alias get for x = 0: the number of the document.
func (s *stage) answer(t *testing.T) string {
	t.Helper()
	name := iris + ":" + lambda.Alias
	out, err := s.aws.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: &name, Payload: []byte(`{"requests":[{"id":"1","arguments":{"x":0}}]}`)})
	if err != nil {
		return "none"
	}
	_, after, _ := strings.Cut(string(out.Payload), `"y":`)
	number, _, _ := strings.Cut(after, "}")
	return strings.TrimSuffix(number, ".0")
}

// TestPipeline is the life of a model on Lambda.
func TestPipeline(t *testing.T) {
	for name, c := range map[string]awstest.LambdaConfig{"at once": {}, "slow": {Polls: 2, Page: 1}, "throttled": {Seed: 3, Throttle: .2}} {
		t.Run(name, func(t *testing.T) { life(t, newStage(t, c)) })
	}
}

func life(t *testing.T, s *stage) {
	var rejection *catalog.Rejection
	rejected := func(err error) error {
		if !errors.As(err, &rejection) {
			return fmt.Errorf("%v, want a rejection", err)
		}
		return nil
	}
	type state struct {
		Answer   string   // of the alias
		Versions []string // numbers of documents that are published
		There    bool
	}
	ctx := t.Context()
	rollback := func(to int) error {
		_, err := s.pipeline.Rollback(ctx, "iris", to, deploy.By{})
		s.pipeline.Wait()
		return err
	}
	for i, step := range []struct {
		name string
		do   func() error
		want state
	}{
		{"deploy", func() error { return s.put(t, porttest.Line(1)) }, state{"1", []string{"1"}, true}},
		{"update", func() error { return s.put(t, porttest.Line(2)) }, state{"2", []string{"1", "2"}, true}},
		{"bad document", func() error { return rejected(s.put(t, "<PMML")) }, state{"2", []string{"1", "2"}, true}},
		{"bad where it runs", func() error {
			s.aws.Set(func(c *awstest.LambdaConfig) { c.Crash = func(string, string) string { return "Runtime exited" } })
			defer s.aws.Set(func(c *awstest.LambdaConfig) { c.Crash = nil })
			return rejected(s.put(t, porttest.Line(3)))
		}, state{"2", []string{"1", "2"}, true}},
		{"rollback", func() error { return rollback(1) }, state{"1", []string{"1", "2"}, true}},
		{"forward", func() error { return rollback(2) }, state{"2", []string{"1", "2"}, true}},
		{"memory", func() error { return s.settings(t, `{"memory": 1024}`) }, state{"2", []string{"1", "2", "2"}, true}},
		{"memory again", func() error { return s.settings(t, `{"memory": 2048}`) }, state{"2", []string{"1", "2", "2"}, true}},
		{"tags", func() error {
			return s.settings(t, `{"memory": 2048, "tags": {"team": "risk"}, "reservedConcurrency": 3}`)
		},
			state{"2", []string{"1", "2", "2"}, true}},
		{"too much", func() error { return s.settings(t, `{"memory": 2048, "reservedConcurrency": 2000}`) }, state{"2", []string{"1", "2", "2"}, true}},
		{"put right", func() error { return s.settings(t, `{"memory": 2048, "reservedConcurrency": 4}`) }, state{"2", []string{"1", "2", "2"}, true}},
		{"delete", func() error { _, err := s.pipeline.Undeploy(ctx, "iris", deploy.By{}); s.pipeline.Wait(); return err },
			state{"none", []string{"1", "2", "2"}, true}},
		{"undelete", func() error { return rollback(2) }, state{"2", []string{"1", "2", "2"}, true}},
		{"published by hand no more", func() error {
			_, err := s.aws.DeleteFunction(ctx, &sdk.DeleteFunctionInput{FunctionName: &iris})
			for tries := 0; err != nil && tries < 20; tries++ { // it may be throttled
				_, err = s.aws.DeleteFunction(ctx, &sdk.DeleteFunctionInput{FunctionName: &iris})
			}
			return errors.Join(err, rollback(1))
		}, state{"1", []string{"1"}, true}},
		{"delete again", func() error { _, err := s.pipeline.Undeploy(ctx, "iris", deploy.By{}); s.pipeline.Wait(); return err },
			state{"none", []string{"1"}, true}},
		{"expire", func() error {
			s.at = s.at.Add(31 * 24 * time.Hour)
			err := s.pipeline.Expire(ctx)
			s.pipeline.Wait()
			return err
		}, state{"none", nil, false}},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("step %d, %s: %v", i, step.name, err)
		}
		got := s.seen()
		if diff := cmp.Diff(step.want, state{s.answer(t), got.Versions, got.There}); diff != "" {
			t.Fatalf("step %d, %s: %s", i, step.name, diff)
		}
		if step.name == "tags" {
			if f := s.function(t); f.Tags["team"] != "risk" || f.Reserved != 3 || *f.Versions[alias(f)].MemorySize != 2048 {
				t.Errorf("%v, %d, %d MB", f.Tags, f.Reserved, *f.Versions[alias(f)].MemorySize)
			}
		}
		if unfinished, err := s.pipeline.Store.Unfinished(ctx); err != nil || len(unfinished) > 0 {
			t.Errorf("step %d, %s: %v is unfinished, %v", i, step.name, unfinished, err)
		}
	}
}
