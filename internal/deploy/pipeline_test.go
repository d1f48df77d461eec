package deploy_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
)

// TestLookAgain mends what lies beside a document after it was the reason of a rejection.
func TestLookAgain(t *testing.T) {
	key := deploy.KeyOf("m")
	for _, test := range []struct{ sidecar, wrong, right string }{
		{deploy.GoldenName, "x,y\n1,4\n", "x,y\n1,3\n"},
		{deploy.GoldenName, "x,z\n1,4\n", ""},
		{deploy.BaselineName, "z\n1\n", "x\n1\n"},
		{deploy.SettingsName, `{"owner": 7}`, `{"owner": "ann"}`},
		{deploy.SettingsName, `{"ownr": "ann"}`, ""},
	} {
		s := newShelf()
		p := s.pipeline(t)
		look := func(key string, want deploy.State) {
			t.Helper()
			o, err := p.Look(context.Background(), key, deploy.By{Actor: "folder"})
			if err != nil || o.Deployment.State != want {
				t.Errorf("%s %q: looking at %s: state %q, want %q (%v, %v)", test.sidecar, test.wrong, key, o.Deployment.State, want, o.Deployment.Rejection, err)
			}
		}
		sidecar := deploy.SidecarOf("m", test.sidecar)
		s.lay(key, line{coefficient: 2}.String())
		s.lay(sidecar, test.wrong)
		look(key, deploy.Rejected)
		look(key, "")
		look(sidecar, "") // it is still the one that was wrong
		if test.right == "" {
			delete(s.objects, sidecar)
		} else {
			s.lay(sidecar, test.right)
		}
		look(sidecar, deploy.Live)
		look(sidecar, "")
	}
}

// TestSchemaChangeByDefault says who may replace a model by one that breaks callers.
func TestSchemaChangeByDefault(t *testing.T) {
	for _, test := range []struct {
		name, settings string
		metadata       deploy.Metadata
		want           deploy.State
	}{
		{name: "a file", want: deploy.Rejected},
		{name: "a file, the settings allow it", settings: deploy.SchemaAllow, want: deploy.Live},
		{name: "over HTTP", metadata: deploy.Metadata{Otherwise: deploy.SchemaAllow}, want: deploy.Live},
		{name: "over HTTP, the settings refuse it", settings: deploy.SchemaRefuse, metadata: deploy.Metadata{Otherwise: deploy.SchemaAllow}, want: deploy.Rejected},
		{name: "the caller refuses it", settings: deploy.SchemaAllow, metadata: deploy.Metadata{Schema: deploy.SchemaRefuse}, want: deploy.Rejected},
		{name: "the caller allows it", settings: deploy.SchemaRefuse, metadata: deploy.Metadata{Schema: deploy.SchemaAllow}, want: deploy.Live},
	} {
		s := newShelf()
		p := s.pipeline(t)
		key := deploy.KeyOf("m")
		s.lay(key, line{coefficient: 2}.String())
		if o, err := p.Look(context.Background(), key, deploy.By{}); err != nil || o.Deployment.State != deploy.Live {
			t.Fatalf("%+v %v", o, err)
		}
		if test.settings != "" {
			s.lay(deploy.SidecarOf("m", deploy.SettingsName), `{"schemaChange": "`+test.settings+`"}`)
		}
		s.layFor(key, line{coefficient: 2, target: "z"}.String(), test.metadata)
		o, err := p.Look(context.Background(), key, deploy.By{})
		if err != nil || o.Deployment.State != test.want {
			t.Errorf("%s: %s, want %s: %v %v", test.name, o.Deployment.State, test.want, o.Deployment.Rejection, err)
		}
	}
}

// TestPatience deploys something that takes longer than the caller waits: both callers are told what is known of their own
// deployment, and both go live.
func TestPatience(t *testing.T) {
	s := newShelf()
	compiling, goOn := make(chan struct{}, 2), make(chan struct{})
	p := deploy.New(deploy.Config{Store: shelfStore{s}, Objects: shelfObjects{s}, Artifacts: shelfArtifacts{s}, Runtime: shelfRuntime{s},
		Patience: time.Millisecond,
		Settings: settings.Read,
		Compile: func(_ context.Context, document io.Reader, name string) ([]byte, error) {
			compiling <- struct{}{}
			<-goOn
			return compile.Compile(document, compile.Options{ModelName: name})
		}})
	ctx := context.Background()
	first, err := p.Deploy(ctx, "m", strings.NewReader(line{coefficient: 2}.String()), deploy.Metadata{})
	if err != nil || first.Deployment.State.Final() {
		t.Fatalf("%+v %v", first, err)
	}
	<-compiling
	second, err := p.Deploy(ctx, "m", strings.NewReader(line{coefficient: 3}.String()), deploy.Metadata{})
	if err != nil || second.Deployment.ID != "" || second.Deployment.State.Final() {
		t.Errorf("what waits behind another one is told as %+v, %v", second.Deployment, err)
	}
	close(goOn)
	p.Wait()
	known, err := p.Known(ctx, "m")
	if err != nil || known.Live != 2 || known.Last != 2 {
		t.Errorf("%+v %v", known, err)
	}
	if first.Deployment.ID != "" {
		if d, err := p.Deployment(ctx, "m", first.Deployment.ID); err != nil || d.State != deploy.Live {
			t.Errorf("%+v %v", d, err)
		}
	}
}

// slowPipeline makes a Pipeline that says when it compiles, and goes on with that once it is told to. Callers wait for 10 ms.
func slowPipeline() (p *deploy.Pipeline, compiling, goOn chan struct{}) {
	s := newSite(false)
	compiling, goOn = make(chan struct{}), make(chan struct{})
	p = deploy.New(deploy.Config{Store: s.store, Objects: s.objects, Artifacts: s.artifacts, Runtime: s.runtime,
		Patience: 10 * time.Millisecond,
		Settings: settings.Read,
		Compile: func(_ context.Context, document io.Reader, name string) ([]byte, error) {
			compiling <- struct{}{}
			<-goOn
			return compile.Compile(document, compile.Options{ModelName: name})
		}})
	return p, compiling, goOn
}

// TestCallersThatGoAway makes two callers wait behind a long deployment. One is told that its upload waits, and goes: that
// is deployed. The other goes away before it was told anything: that is forgotten.
func TestCallersThatGoAway(t *testing.T) {
	p, compiling, goOn := slowPipeline()
	upload := func(ctx context.Context, coefficient float64) (deploy.Outcome, error) {
		return p.Deploy(ctx, "m", strings.NewReader(line{coefficient: coefficient}.String()), deploy.Metadata{})
	}
	if o, err := upload(context.Background(), 2); err != nil || !o.Pending() {
		t.Fatalf("%+v %v", o, err)
	}
	<-compiling
	told, leave := context.WithCancel(context.Background())
	if o, err := upload(told, 3); err != nil || !o.Pending() {
		t.Fatalf("%+v %v", o, err)
	}
	leave()
	away, leave := context.WithCancel(context.Background())
	leave()
	if _, err := upload(away, 4); err == nil {
		t.Error("who is gone is told something")
	}
	if o, err := p.Undeploy(context.Background(), "other", deploy.By{}); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("%+v %v", o, err)
	}
	go func() { <-compiling }()
	close(goOn)
	p.Wait()
	known, err := p.Known(context.Background(), "m")
	if err != nil || known.Live != 2 || known.Last != 2 {
		t.Errorf("%+v %v", known, err)
	}
}

// TestUndeployWaits is told that a removal waits behind a deployment, not that it is done.
func TestUndeployWaits(t *testing.T) {
	p, compiling, goOn := slowPipeline()
	if o, err := p.Deploy(context.Background(), "m", strings.NewReader(line{coefficient: 2}.String()), deploy.Metadata{}); err != nil || !o.Pending() {
		t.Fatalf("%+v %v", o, err)
	}
	<-compiling
	if o, err := p.Undeploy(context.Background(), "m", deploy.By{}); err != nil || !o.Pending() {
		t.Errorf("%+v %v", o, err)
	}
	close(goOn)
	p.Wait()
	if known, err := p.Known(context.Background(), "m"); err != nil || known.Live != 0 || known.Latest.Kind != deploy.Removal {
		t.Errorf("%+v %v", known, err)
	}
}

// TestMistakes lets the compiler panic: that deployment fails, and the process lives on.
func TestMistakes(t *testing.T) {
	s := newSite(false)
	p := deploy.New(deploy.Config{Store: s.store, Objects: s.objects, Artifacts: s.artifacts, Runtime: s.runtime,
		Pause:    func(context.Context, time.Duration) error { return nil },
		Settings: settings.Read,
		Compile:  func(context.Context, io.Reader, string) ([]byte, error) { panic("a mistake") }})
	o, err := p.Deploy(context.Background(), "m", strings.NewReader(line{coefficient: 2}.String()), deploy.Metadata{})
	if failed := (*deploy.FailedError)(nil); !errors.As(err, &failed) || !strings.Contains(o.Deployment.Failure, "a mistake") {
		t.Errorf("%+v %v", o, err)
	}
}

// A forgetful store has let go of all deployments, as one does after half a year.
type forgetful struct{ deploy.Store }

func (forgetful) Deployment(context.Context, string, string) (deploy.Deployment, error) {
	return deploy.Deployment{}, catalog.ErrNotFound
}

// TestLookLongAfter looks at a sidecar of a model whose newest deployment was rejected so long ago that only the model
// knows of it.
func TestLookLongAfter(t *testing.T) {
	s := newSite(false)
	s.objects.Drop(deploy.KeyOf("m"), []byte("<PMML/>"))
	if o, err := s.pipeline.Look(context.Background(), deploy.KeyOf("m"), deploy.By{}); err != nil || o.Deployment.State != deploy.Rejected {
		t.Fatalf("%+v %v", o, err)
	}
	s.objects.Drop(deploy.SidecarOf("m", deploy.GoldenName), []byte("x,y\n1,2\n"))
	p := deploy.New(deploy.Config{Store: forgetful{s.store}, Objects: s.objects, Artifacts: s.artifacts, Runtime: s.runtime, Settings: settings.Read})
	if o, err := p.Look(context.Background(), deploy.SidecarOf("m", deploy.GoldenName), deploy.By{}); err != nil || o.Pending() {
		t.Errorf("%+v %v", o, err)
	}
}

// TestOvertaken copies a file over what was uploaded before that was read: whoever uploaded it is not told that it is live.
func TestOvertaken(t *testing.T) {
	s := newSite(false)
	other := line{coefficient: 3}.String()
	s.replaced = &other
	_, err := s.pipeline.Deploy(context.Background(), "m", strings.NewReader(line{coefficient: 2}.String()), deploy.Metadata{})
	if refused := (*deploy.RefusedError)(nil); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	if o, err := s.pipeline.Look(context.Background(), deploy.KeyOf("m"), deploy.By{}); err != nil || o.Deployment.State != deploy.Live {
		t.Errorf("%+v %v", o, err)
	}
}
