package lambda_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Settings that belong to the function or its alias come and go with Switch; Stop gives back what costs money.
func TestSettings(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{})
	v := w.live(t, 1)
	own := map[string]string{"handoff:model": "iris", "handoff:stage": "test"}
	if _, err := w.aws.TagResource(t.Context(), &sdk.TagResourceInput{Resource: &iris, Tags: map[string]string{"aws:cloudformation:stack-id": "s"}}); err != nil {
		t.Fatal(err)
	}
	own["aws:cloudformation:stack-id"] = "s"
	with := func(more map[string]string) map[string]string {
		all := map[string]string{}
		for _, tags := range []map[string]string{own, more} {
			for k, v := range tags {
				all[k] = v
			}
		}
		return all
	}
	for i, test := range []struct {
		settings    deploy.Settings
		tags        map[string]string
		reserved    int
		provisioned map[string]int32
	}{
		{deploy.Settings{}, nil, -1, nil},
		{manySettings, map[string]string{"team": "risk"}, 5, map[string]int32{"live": 2}},
		{manySettings, map[string]string{"team": "risk"}, 5, map[string]int32{"live": 2}},
		{deploy.Settings{Tags: map[string]string{"team": "fraud", "a": ""}, ReservedConcurrency: 7, ProvisionedConcurrency: 7},
			map[string]string{"team": "fraud", "a": ""}, 7, map[string]int32{"live": 7}},
		{deploy.Settings{Tags: map[string]string{"a": ""}, ReservedConcurrency: 1}, map[string]string{"a": ""}, 1, nil},
		{deploy.Settings{}, nil, -1, nil},
		{manySettings, map[string]string{"team": "risk"}, 5, map[string]int32{"live": 2}},
	} {
		if err := w.switchWith(v, test.settings); err != nil {
			t.Fatal(err)
		}
		f := w.function(t)
		if test.provisioned == nil {
			test.provisioned = map[string]int32{}
		}
		if diff := cmp.Diff(with(test.tags), f.Tags) + cmp.Diff(test.provisioned, f.Provisioned) + cmp.Diff(test.reserved, f.Reserved); diff != "" {
			t.Errorf("settings %d: %s", i, diff)
		}
	}
	if err := w.runtime.Stop(t.Context(), w.model("iris")); err != nil {
		t.Fatal(err)
	}
	w.aws.Set(func(*awstest.LambdaConfig) {})
	if f := w.function(t); len(f.Provisioned) > 0 || alias(f) != "" {
		t.Errorf("after Stop: alias %q, provisioned %v", alias(f), f.Provisioned)
	}
}

func TestSwitchFails(t *testing.T) {
	for _, test := range []struct {
		name     string
		config   awstest.LambdaConfig
		settings deploy.Settings
		before   func(t *testing.T, w *world, v *deploy.Version)
		message  string
		is       error
		moved    bool // the alias names the new version though
	}{
		{name: "more executions than the account has", settings: deploy.Settings{ReservedConcurrency: 901},
			message: "the account cannot set 901 concurrent executions aside for " + iris},
		{name: "more environments than the account has", settings: deploy.Settings{ProvisionedConcurrency: 901},
			message: "the account cannot keep 901 environments of " + iris, moved: true},
		{name: "never published", before: func(_ *testing.T, _ *world, v *deploy.Version) { v.Published = nil }, is: deploy.ErrUnpublished},
		{name: "deleted by hand", before: func(t *testing.T, w *world, v *deploy.Version) {
			if _, err := w.aws.DeleteFunction(t.Context(), &sdk.DeleteFunctionInput{FunctionName: &iris, Qualifier: &v.Published[0]}); err != nil {
				t.Fatal(err)
			}
		}, is: deploy.ErrUnpublished},
		{name: "another version under the name", before: func(_ *testing.T, _ *world, v *deploy.Version) { v.Published = []string{"1"} }, is: deploy.ErrUnpublished},
		{name: "taken by another model", before: func(t *testing.T, w *world, _ *deploy.Version) {
			if _, err := w.aws.TagResource(t.Context(), &sdk.TagResourceInput{Resource: &iris, Tags: map[string]string{"handoff:model": "Iris"}}); err != nil {
				t.Fatal(err)
			}
		}, message: `its tag handoff:model is "Iris"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, test.config)
			w.live(t, 1)
			v := w.publishedWith(t, 2, deploy.Settings{})
			name := v.Published[0]
			if test.before != nil {
				test.before(t, w, &v)
			}
			err := w.switchWith(v, test.settings)
			if err == nil || !strings.Contains(err.Error(), test.message) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v, want %q %v", err, test.message, test.is)
			}
			want := "1"
			if test.moved {
				want = name
			}
			if got := alias(w.function(t)); got != want {
				t.Errorf("the alias names %q, want %q", got, want)
			}
		})
	}
}

// A whole function that was deleted by hand is no error to those who want less of it, and lets the others publish again.
func TestFunctionDeletedByHand(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{})
	v := w.live(t, 1)
	if _, err := w.aws.DeleteFunction(t.Context(), &sdk.DeleteFunctionInput{FunctionName: &iris}); err != nil {
		t.Fatal(err)
	}
	if err := w.switchWith(v, deploy.Settings{}); !errors.Is(err, deploy.ErrUnpublished) {
		t.Error(err)
	}
	if err := w.runtime.Stop(t.Context(), w.model("iris")); err != nil {
		t.Error(err)
	}
	name, err := w.runtime.Publish(t.Context(), v, w.model("iris"))
	if err != nil || name != "2" {
		t.Errorf("%q, %v", name, err)
	}
}

// What somebody has done to the alias by hand is put right, also for the same revision.
func TestAliasMovedByHand(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{})
	w.live(t, 1)
	v := w.publishedWith(t, 2, deploy.Settings{})
	m := w.model("iris")
	for _, in := range []*sdk.UpdateAliasInput{{}, {FunctionVersion: new("1")},
		{RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"1": .1}}}} {
		if err := w.runtime.Switch(t.Context(), v, m); err != nil {
			t.Fatal(err)
		}
		in.FunctionName, in.Name = &iris, new(lambda.Alias)
		if _, err := w.aws.UpdateAlias(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.runtime.Switch(t.Context(), v, m); err != nil {
		t.Fatal(err)
	}
	if a := w.function(t).Aliases[lambda.Alias]; *a.FunctionVersion != "2" || len(a.RoutingConfig.AdditionalVersionWeights) > 0 {
		t.Errorf("%+v", a)
	}
}

// A table that was lost and made anew counts revisions from 1 again, which is later all the same.
func TestRevisionsFromTheBeginning(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{})
	v := w.live(t, 1)
	w.rev = 0
	if err := w.switchWith(v, deploy.Settings{}); err != nil {
		t.Error(err)
	}
	w.live(t, 2)
	if err := w.runtime.Stop(t.Context(), w.model("iris")); err != nil {
		t.Error(err)
	}
}

// A Switch that is under way while the model is stopped for a newer revision leaves nothing that answers.
func TestSwitchDuringStop(t *testing.T) {
	for n := 0; ; n++ {
		w := newWorld(t, awstest.LambdaConfig{})
		v := w.publishedWith(t, 1, deploy.Settings{})
		old, young := w.model("iris"), w.model("iris")
		between := false
		r := lambda.New(&interrupted{API: w.aws, at: n, do: func() {
			between = true
			if err := w.runtime.Stop(context.Background(), young); err != nil {
				t.Error(err)
			}
		}}, w.config(bootstrap(t)))
		err := r.Switch(t.Context(), v, old)
		if !between {
			if n < 3 {
				t.Errorf("only %d calls", n)
			}
			return
		}
		if got := alias(w.function(t)); got != "" {
			t.Errorf("at call %d: %v, and the alias names %q", n, err, got)
		}
		if !errors.Is(err, deploy.ErrConflict) {
			t.Errorf("at call %d: %v", n, err)
		}
	}
}

func TestInvokeFails(t *testing.T) {
	for _, test := range []struct {
		name    string
		config  awstest.LambdaConfig
		before  func(v *deploy.Version)
		crash   string // the message of the *deploy.CrashError
		is      error
		message string
	}{
		{name: "crash", config: awstest.LambdaConfig{Crash: func(string, string) string { return "RequestId: 1 Error: Runtime exited with error: exit status 2" }},
			crash: "RequestId: 1 Error: Runtime exited with error: exit status 2"},
		{name: "time out", config: awstest.LambdaConfig{Crash: func(string, string) string { return "2026-03-10T09:30:00Z 1 Task timed out after 30.00 seconds" }},
			crash: "2026-03-10T09:30:00Z 1 Task timed out after 30.00 seconds"},
		{name: "no start", config: awstest.LambdaConfig{Start: func(map[string][]byte, func(string) string) (awstest.Answer, error) { return nil, errors.New("no") }},
			crash: "the function cannot start"},
		{name: "gone", before: func(v *deploy.Version) { v.Published = []string{"9"} }, is: deploy.ErrUnpublished},
		{name: "never published", before: func(v *deploy.Version) { v.Published = nil }, is: deploy.ErrUnpublished},
		{name: "no such function", before: func(v *deploy.Version) { v.Model = "other" }, is: deploy.ErrUnpublished},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, test.config)
			v := w.publishedWith(t, 1, deploy.Settings{})
			if test.before != nil {
				test.before(&v)
			}
			answer, err := w.runtime.Invoke(t.Context(), v, []byte(`{"requests":[]}`))
			if test.is != nil {
				if !errors.Is(err, test.is) {
					t.Errorf("%s, %v, want %v", answer, err, test.is)
				}
				return
			}
			var crash *deploy.CrashError
			if !errors.As(err, &crash) || crash.Message != test.crash {
				t.Errorf("%s, %v, want %q", answer, err, test.crash)
			}
		})
	}
	w := newWorld(t, awstest.LambdaConfig{})
	v := w.publishedWith(t, 1, deploy.Settings{})
	if _, err := w.aws.PutFunctionConcurrency(t.Context(), &sdk.PutFunctionConcurrencyInput{FunctionName: &iris, ReservedConcurrentExecutions: new(int32(0))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.runtime.Invoke(t.Context(), v, []byte(`{"requests":[]}`)); err == nil || !strings.Contains(err.Error(), "waited 1m0s in vain: Invoke "+iris) {
		t.Errorf("throttled: %v", err)
	}
}

func TestCollect(t *testing.T) {
	for _, test := range []struct {
		name string
		keep []string
		do   func(w *world, t *testing.T)
		want []string // names; nil: no function
	}{
		{"some", []string{"2"}, nil, []string{"2", "4"}},
		{"none but the live one", nil, nil, []string{"4"}},
		{"all", nil, (*world).stop, nil},
		{"all but what another alias names", nil, func(w *world, t *testing.T) {
			w.stop(t)
			if _, err := w.aws.CreateAlias(t.Context(), &sdk.CreateAliasInput{FunctionName: &iris, Name: new("mine"), FunctionVersion: new("1"),
				RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"3": .5}}}); err != nil {
				t.Fatal(err)
			}
		}, []string{"1", "3"}},
		{"kept names that are gone", []string{"17"}, (*world).stop, []string{}},
		{"another model's", nil, func(w *world, t *testing.T) {
			w.stop(t)
			if _, err := w.aws.TagResource(t.Context(), &sdk.TagResourceInput{Resource: &iris, Tags: map[string]string{"handoff:model": "Iris"}}); err != nil {
				t.Fatal(err)
			}
		}, []string{"1", "2", "3", "4"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, awstest.LambdaConfig{Page: 1})
			for i := range 4 {
				w.live(t, i+1)
			}
			if test.do != nil {
				test.do(w, t)
			}
			if err := w.runtime.Collect(t.Context(), w.model("iris"), test.keep); err != nil {
				t.Fatal(err)
			}
			f, there := w.aws.Function(iris)
			if there != (test.want != nil) || len(f.Versions) != len(test.want) {
				t.Errorf("%t, %v, want %v", there, w.seen().Versions, test.want)
			}
			for _, name := range test.want {
				if _, ok := f.Versions[name]; !ok {
					t.Errorf("version %s is gone", name)
				}
			}
		})
	}
}

func (w *world) stop(t *testing.T) {
	t.Helper()
	if err := w.runtime.Stop(t.Context(), w.model("iris")); err != nil {
		t.Fatal(err)
	}
}
