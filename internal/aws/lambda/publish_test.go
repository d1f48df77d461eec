package lambda_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/function"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

func TestPublishedFunction(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{})
	v := w.keep(t, 1)
	name, err := w.runtime.Publish(t.Context(), v, w.model("iris"))
	if err != nil {
		t.Fatal(err)
	}
	f := w.function(t)
	c := f.Versions[name]
	if got := *c.Description; got != "version 1 of iris, revision 1 of 2026-03-10T09:30:01.000Z" {
		t.Errorf("description %q", got)
	}
	if diff := cmp.Diff(map[string]string{"handoff:model": "iris", "handoff:stage": "test"}, f.Tags); diff != "" {
		t.Error(diff)
	}
	if c.Runtime != types.RuntimeProvidedal2023 || *c.Handler != "bootstrap" || c.Architectures[0] != types.ArchitectureArm64 ||
		*c.LoggingConfig.LogGroup != "/handoff/test/models" || c.LoggingConfig.LogFormat != types.LogFormatJson ||
		*c.MemorySize != 192 || *c.Timeout != 30 || *c.CodeSha256 != v.Package.Checksum {
		t.Errorf("%+v", c)
	}
	want := map[string]string{"HANDOFF_MODEL_ID": "iris", "HANDOFF_MODEL_VERSION": "1", "HANDOFF_CREATED": "2026-03-10T09:30:00Z",
		"HANDOFF_DOCUMENT_SIZE": c.Environment.Variables["HANDOFF_DOCUMENT_SIZE"], "HANDOFF_DOCUMENT_CHECKSUM": v.Document.Checksum}
	if diff := cmp.Diff(want, c.Environment.Variables); diff != "" {
		t.Error(diff)
	}
	_, m, err := function.Model(func(key string) string { return c.Environment.Variables[key] })
	if m.ID != "iris" || m.Version != 1 || m.Size != v.Document.Size || !m.Created.Equal(v.Created) || m.Checksum != v.Document.Checksum {
		t.Errorf("functions/score reads %+v, %v", m, err)
	}
}

func TestMemoryAndTimeout(t *testing.T) {
	for _, test := range []struct {
		compiled              int64
		configured            int
		settings              deploy.Settings
		wantMemory, wantLimit int32
	}{
		{wantMemory: 192, wantLimit: 30},
		{configured: 500, wantMemory: 512, wantLimit: 30},
		{configured: 512, compiled: 10 << 20, wantMemory: 512, wantLimit: 30},
		{configured: 512, compiled: 200 << 20, wantMemory: 1088, wantLimit: 30},
		{configured: 512, settings: deploy.Settings{Memory: 300, Timeout: 5}, wantMemory: 300, wantLimit: 5},
		{compiled: 200 << 20, settings: deploy.Settings{Memory: 2000}, wantMemory: 2000, wantLimit: 30},
	} {
		w := newWorld(t, awstest.LambdaConfig{})
		c := w.config(bootstrap(t))
		c.Memory = test.configured
		w.runtime = lambda.New(w.aws, c)
		v := w.keep(t, 1)
		v.CompiledBytes, v.Settings = test.compiled, test.settings
		if _, err := w.runtime.Publish(t.Context(), v, w.model("iris")); err != nil {
			t.Fatal(err)
		}
		if f := w.function(t).Latest; *f.MemorySize != test.wantMemory || *f.Timeout != test.wantLimit {
			t.Errorf("%+v: %d MB, %d s", test, *f.MemorySize, *f.Timeout)
		}
	}
}

// Settings that a published version has for ever give another one; going back gives the one that there is.
func TestPublishWithOtherSettings(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{})
	v := w.live(t, 1)
	for _, test := range []struct {
		memory int
		want   string
	}{{0, "1"}, {1024, "2"}, {1024, "2"}, {0, "1"}} {
		v.Settings.Memory = test.memory
		name, err := w.runtime.Publish(t.Context(), v, w.model("iris"))
		if err != nil || name != test.want {
			t.Errorf("%d MB: %q, %v, want %q", test.memory, name, err, test.want)
		}
	}
	if got := alias(w.function(t)); got != "1" {
		t.Errorf("the alias names %q", got)
	}
}

// What is right already is not written again.
func TestPublishWritesLittle(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{})
	v := w.live(t, 1)
	v.Settings.Memory = 1024
	w.aws.Set(func(*awstest.LambdaConfig) {})
	for _, want := range [][]string{
		{"GetFunction", "GetAlias", "ListVersionsByFunction", "UpdateFunctionConfiguration", "GetFunction", "PublishVersion", "GetFunctionConfiguration"},
		{"GetFunction", "GetAlias", "ListVersionsByFunction", "GetFunctionConfiguration"},
	} {
		if _, err := w.runtime.Publish(t.Context(), v, w.model("iris")); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, w.aws.Calls()); diff != "" {
			t.Error(diff)
		}
		w.aws.Set(func(*awstest.LambdaConfig) {})
	}
}

func TestPublishFails(t *testing.T) {
	denied := errors.New("not allowed to do this")
	for _, test := range []struct {
		name    string
		config  awstest.LambdaConfig
		before  func(t *testing.T, w *world, v *deploy.Version)
		message string
	}{
		{name: "never packed", before: func(_ *testing.T, _ *world, v *deploy.Version) { v.Package = deploy.Package{} }, message: "never packed"},
		{name: "no package in the bucket", before: func(t *testing.T, w *world, _ *deploy.Version) {
			if err := w.files.Remove(t.Context(), "iris", 1); err != nil {
				t.Fatal(err)
			}
		}, message: "CreateFunction " + iris},
		{name: "another package in the bucket", before: func(t *testing.T, w *world, _ *deploy.Version) {
			if err := w.files.Put(t.Context(), "iris", 1, deploy.PackageFile, strings.NewReader("x")); err != nil {
				t.Fatal(err)
			}
		}, message: "Could not unzip"},
		{name: "fails to become active", config: awstest.LambdaConfig{Settle: func(string, string) awstest.Settled { return awstest.FailsToSettle }},
			message: "cannot run: Lambda could not prepare it (InternalError)"},
		{name: "never becomes active", config: awstest.LambdaConfig{Settle: func(string, string) awstest.Settled { return awstest.NeverSettles }},
			message: "waited 1m0s in vain"},
		{name: "fails when published", config: awstest.LambdaConfig{Settle: func(_, version string) awstest.Settled {
			if version == "$LATEST" {
				return awstest.Settles
			}
			return awstest.FailsToSettle
		}}, message: iris + ":1 cannot run"},
		{name: "never active when published", config: awstest.LambdaConfig{Settle: func(_, version string) awstest.Settled {
			if version == "$LATEST" {
				return awstest.Settles
			}
			return awstest.NeverSettles
		}}, message: iris + ":1 is Pending"},
		{name: "denied", config: awstest.LambdaConfig{Before: func(int, string) error { return denied }}, message: "GetFunction " + iris},
		{name: "throttled for ever", config: awstest.LambdaConfig{Throttle: 1}, message: "waited 1m0s in vain: GetFunction"},
		{name: "taken by another model", before: func(t *testing.T, w *world, _ *deploy.Version) { w.take(t, map[string]string{"handoff:model": "Iris"}) },
			message: `its tag handoff:model is "Iris"`},
		{name: "taken by somebody", before: func(t *testing.T, w *world, _ *deploy.Version) { w.take(t, nil) }, message: "it has no tag handoff:model"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, test.config)
			v := w.keep(t, 1)
			if test.before != nil {
				test.before(t, w, &v)
			}
			name, err := w.runtime.Publish(t.Context(), v, w.model("iris"))
			if err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("%q, %v, want an error with %q", name, err, test.message)
			}
		})
	}
}

// take gives the function of iris to somebody else.
func (w *world) take(t *testing.T, tags map[string]string) {
	t.Helper()
	_, err := w.aws.CreateFunction(t.Context(), &sdk.CreateFunctionInput{FunctionName: &iris, Role: new("r"), Handler: new("h"),
		Runtime: types.RuntimeProvidedal2023, Tags: tags, Code: &types.FunctionCode{S3Bucket: new(bucket), S3Key: new("versions/iris/000001/package.zip")}})
	if err != nil {
		t.Fatal(err)
	}
}

// An update that has failed is begun again by the next try, whose revision is another one.
func TestPublishAfterFailedUpdate(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{})
	w.live(t, 1)
	v := w.keep(t, 2)
	w.aws.Set(func(c *awstest.LambdaConfig) {
		c.Settle = func(string, string) awstest.Settled { return awstest.FailsToSettle }
	})
	m := w.model("iris")
	for range 2 {
		if _, err := w.runtime.Publish(t.Context(), v, m); err == nil || !strings.Contains(err.Error(), "cannot be updated: Lambda could not update it") {
			t.Fatal(err)
		}
	}
	w.aws.Set(func(c *awstest.LambdaConfig) { c.Settle = nil })
	if name, err := w.runtime.Publish(t.Context(), v, w.model("iris")); err != nil || name != "2" {
		t.Errorf("%q, %v", name, err)
	}
}

// Whatever was idle for weeks is woken.
func TestIdle(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{Polls: 2})
	first := w.live(t, 1)
	w.live(t, 2)
	w.aws.Idle(iris)
	if err := w.runtime.Switch(t.Context(), first, w.model("iris")); err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"requests":[{"id":"1","arguments":{"x":1}}]}`)
	if answer, err := w.runtime.Invoke(t.Context(), first, body); err != nil || !strings.Contains(string(answer), `"y":2`) {
		t.Errorf("%s, %v", answer, err)
	}
	w.aws.Idle(iris)
	if _, err := w.runtime.Invoke(t.Context(), first, body); err != nil {
		t.Error(err)
	}
	w.aws.Idle(iris)
	third := w.keep(t, 3)
	if name, err := w.runtime.Publish(t.Context(), third, w.model("iris")); err != nil || name != "3" {
		t.Errorf("%q, %v", name, err)
	}
}

// A second process is at the same function between any two calls of the first one. The newer revision wins.
func TestTwoPublish(t *testing.T) {
	for n := 0; ; n++ {
		w := newWorld(t, awstest.LambdaConfig{Polls: 1})
		w.live(t, 1)
		older, newer := w.keep(t, 2), w.keep(t, 3)
		old, young := w.model("iris"), w.model("iris")
		between, other := false, lambda.New(w.aws, w.config(bootstrap(t)))
		c := w.config(bootstrap(t))
		first := lambda.New(&interrupted{API: w.aws, at: n, do: func() {
			between = true
			if _, err := other.Publish(t.Context(), newer, young); err != nil {
				t.Error(err)
			}
		}}, c)
		name, err := first.Publish(t.Context(), older, old)
		if !between {
			return
		}
		f := w.function(t)
		if err == nil {
			if got := f.Versions[name].Environment.Variables["HANDOFF_MODEL_VERSION"]; got != "2" {
				t.Errorf("at call %d: %s is version %s", n, name, got)
			}
		} else if !errors.Is(err, deploy.ErrConflict) {
			t.Errorf("at call %d: %v", n, err)
		}
		numbers := map[string]int{}
		for _, v := range f.Versions {
			numbers[v.Environment.Variables["HANDOFF_MODEL_VERSION"]]++
			if sum := map[string]string{"2": older.Package.Checksum, "3": newer.Package.Checksum}[v.Environment.Variables["HANDOFF_MODEL_VERSION"]]; sum != "" && sum != *v.CodeSha256 {
				t.Errorf("at call %d: version %s has the code of another one", n, *v.Version)
			}
		}
		if numbers["3"] != 1 || numbers["2"] > 1 {
			t.Errorf("at call %d: published %v", n, numbers)
		}
	}
}

// interrupted does something before one of the calls that change something, or look whether that may be done.
type interrupted struct {
	lambda.API
	at, count int
	do        func()
}

func (i *interrupted) tick() {
	if i.count == i.at {
		i.do()
	}
	i.count++
}

func (i *interrupted) GetFunction(ctx context.Context, in *sdk.GetFunctionInput, o ...func(*sdk.Options)) (*sdk.GetFunctionOutput, error) {
	i.tick()
	return i.API.GetFunction(ctx, in, o...)
}

func (i *interrupted) ListVersionsByFunction(ctx context.Context, in *sdk.ListVersionsByFunctionInput, o ...func(*sdk.Options)) (*sdk.ListVersionsByFunctionOutput, error) {
	i.tick()
	return i.API.ListVersionsByFunction(ctx, in, o...)
}

func (i *interrupted) UpdateFunctionConfiguration(ctx context.Context, in *sdk.UpdateFunctionConfigurationInput, o ...func(*sdk.Options)) (*sdk.UpdateFunctionConfigurationOutput, error) {
	i.tick()
	return i.API.UpdateFunctionConfiguration(ctx, in, o...)
}

func (i *interrupted) UpdateFunctionCode(ctx context.Context, in *sdk.UpdateFunctionCodeInput, o ...func(*sdk.Options)) (*sdk.UpdateFunctionCodeOutput, error) {
	i.tick()
	return i.API.UpdateFunctionCode(ctx, in, o...)
}

func (i *interrupted) PublishVersion(ctx context.Context, in *sdk.PublishVersionInput, o ...func(*sdk.Options)) (*sdk.PublishVersionOutput, error) {
	i.tick()
	return i.API.PublishVersion(ctx, in, o...)
}

func (i *interrupted) CreateAlias(ctx context.Context, in *sdk.CreateAliasInput, o ...func(*sdk.Options)) (*sdk.CreateAliasOutput, error) {
	i.tick()
	return i.API.CreateAlias(ctx, in, o...)
}

func (i *interrupted) UpdateAlias(ctx context.Context, in *sdk.UpdateAliasInput, o ...func(*sdk.Options)) (*sdk.UpdateAliasOutput, error) {
	i.tick()
	return i.API.UpdateAlias(ctx, in, o...)
}

// TestCrashes ends the process before and after every call of every method, and begins anew with a newer revision: the end
// is the same as without, and nothing is published twice.
func TestCrashes(t *testing.T) {
	lost := errors.New("the connection is lost")
	for name, test := range map[string]struct {
		prepare func(t *testing.T, w *world) deploy.Version
		do      func(w *world, v deploy.Version) error
	}{
		"create": {func(t *testing.T, w *world) deploy.Version { return w.keep(t, 1) }, (*world).publishOnly},
		"update": {func(t *testing.T, w *world) deploy.Version { w.live(t, 1); return w.keep(t, 2) }, (*world).publishOnly},
		"first switch": {func(t *testing.T, w *world) deploy.Version { return w.publishedWith(t, 1, manySettings) },
			func(w *world, v deploy.Version) error { return w.switchWith(v, manySettings) }},
		"switch": {func(t *testing.T, w *world) deploy.Version {
			v := w.live(t, 1)
			second := w.publishedWith(t, 2, deploy.Settings{})
			if err := w.switchWith(v, manySettings); err != nil {
				t.Fatal(err)
			}
			return second
		}, func(w *world, v deploy.Version) error { return w.switchWith(v, deploy.Settings{}) }},
		"stop": {func(t *testing.T, w *world) deploy.Version {
			v := w.live(t, 1)
			if err := w.switchWith(v, manySettings); err != nil {
				t.Fatal(err)
			}
			return v
		}, func(w *world, _ deploy.Version) error { return w.runtime.Stop(context.Background(), w.model("iris")) }},
		"collect": {func(t *testing.T, w *world) deploy.Version {
			for i := range 4 {
				w.live(t, i+1)
			}
			return deploy.Version{}
		}, func(w *world, _ deploy.Version) error {
			return w.runtime.Collect(context.Background(), w.model("iris"), []string{"2"})
		}},
		"collect all": {func(t *testing.T, w *world) deploy.Version {
			w.publishedWith(t, 1, deploy.Settings{})
			return deploy.Version{}
		}, func(w *world, _ deploy.Version) error {
			return w.runtime.Collect(context.Background(), w.model("iris"), nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(polls int, change func(*awstest.LambdaConfig)) (seen, bool) {
				w := newWorld(t, awstest.LambdaConfig{Polls: polls, Page: 1})
				v := test.prepare(t, w)
				w.aws.Set(change)
				err := test.do(w, v)
				w.aws.Set(func(c *awstest.LambdaConfig) { c.Before, c.After = nil, nil })
				for err != nil {
					if !errors.Is(err, lost) {
						t.Fatal(err)
					}
					if err = test.do(w, v); err == nil {
						return w.seen(), true
					}
				}
				return w.seen(), false
			}
			want, _ := run(1, func(*awstest.LambdaConfig) {})
			for n := 0; ; n++ {
				fail := func(i int, _ string) error {
					if i == n {
						return lost
					}
					return nil
				}
				before, failed := run(1, func(c *awstest.LambdaConfig) { c.Before = fail })
				after, _ := run(1, func(c *awstest.LambdaConfig) { c.After = fail })
				if diff := cmp.Diff(want, before); diff != "" {
					t.Errorf("lost before call %d: %s", n, diff)
				}
				if diff := cmp.Diff(want, after); diff != "" {
					t.Errorf("lost after call %d: %s", n, diff)
				}
				if !failed {
					return
				}
			}
		})
	}
}

var manySettings = deploy.Settings{Tags: map[string]string{"team": "risk", "handoff:model": "x"}, ReservedConcurrency: 5, ProvisionedConcurrency: 2}

func (w *world) publishOnly(v deploy.Version) error {
	_, err := w.runtime.Publish(context.Background(), v, w.model("iris"))
	return err
}

func (w *world) publishedWith(t *testing.T, number int, s deploy.Settings) deploy.Version {
	t.Helper()
	v := w.keep(t, number)
	v.Settings = s
	name, err := w.runtime.Publish(t.Context(), v, w.model("iris"))
	if err != nil {
		t.Fatal(err)
	}
	v.Published = []string{name}
	return v
}

func (w *world) switchWith(v deploy.Version, s deploy.Settings) error {
	m := w.model("iris")
	m.Settings = s
	return w.runtime.Switch(context.Background(), v, m)
}

// seen is what counts of the function of iris in the end.
type seen struct {
	There       bool
	Versions    []string // numbers of Handoff's versions, ascending
	Alias       string
	Tags        map[string]string
	Reserved    int
	Provisioned map[string]int32
}

func (w *world) seen() seen {
	f, ok := w.aws.Function(iris)
	s := seen{There: ok, Alias: alias(f), Tags: f.Tags, Reserved: f.Reserved, Provisioned: f.Provisioned}
	for _, name := range slices.Sorted(maps.Keys(f.Versions)) {
		s.Versions = append(s.Versions, f.Versions[name].Environment.Variables["HANDOFF_MODEL_VERSION"])
	}
	return s
}
