package porttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// A Site is a Runtime on which nothing was published yet, with what a test needs to know of it.
type Site struct {
	Runtime   deploy.Runtime
	Artifacts deploy.Artifacts // from which it reads the files of versions
	// Serving gives the number of the version that answers for a model now; 0: none does.
	Serving func(t *testing.T, id string) int
	Fenced  bool // it refuses who has not seen what others have; else there is nobody else
}

// Runtime runs all tests, each on a site that open gives.
func Runtime(t *testing.T, open func(t *testing.T) Site) {
	for name, test := range map[string]func(t *testing.T, s *site){
		"life":       runtimeLife,
		"repeating":  repeating,
		"absent":     nothingPublished,
		"collecting": collecting,
		"models":     otherModels,
		"fence":      fence,
	} {
		t.Run(name, func(t *testing.T) { test(t, &site{Site: open(t), at: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}) })
	}
}

// A site counts the revisions of all models.
type site struct {
	Site
	at  time.Time
	rev int64
}

// model gives a model as it is a moment later.
func (s *site) model(id string) deploy.Model {
	s.rev++
	s.at = s.at.Add(time.Second)
	return deploy.Model{ID: id, Rev: s.rev, Updated: s.at}
}

// Line is a document that adds a number to x.
func Line(number int) string {
	return fmt.Sprintf(`<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>
<DataDictionary><DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema>
<RegressionTable intercept="%d"><NumericPredictor name="x" coefficient="1"/></RegressionTable></RegressionModel></PMML>`, number)
}

var body = []byte(`{"requests":[{"id":"1","arguments":{"x":1}},{"id":"2","arguments":{"x":2.5}}]}`)

// keep makes a version and its files, and what runs it.
func (s *site) keep(t *testing.T, id string, number int) deploy.Version {
	t.Helper()
	document := Line(number)
	compiled, err := compile.Compile(strings.NewReader(document), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(document))
	v := deploy.Version{Model: id, Number: number, Created: s.at, CompiledBytes: int64(len(compiled)),
		Document: deploy.Document{Size: int64(len(document)), Checksum: hex.EncodeToString(sum[:])}}
	putFile(t, s.Artifacts, file{id, number, deploy.DocumentFile}, document)
	putFile(t, s.Artifacts, file{id, number, deploy.CompiledFile}, string(compiled))
	if v.Package, err = s.Runtime.Pack(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	return v
}

// publish publishes a version.
func (s *site) publish(t *testing.T, v *deploy.Version) {
	t.Helper()
	name, err := s.Runtime.Publish(t.Context(), *v, s.model(v.Model))
	if err != nil {
		t.Fatal(err)
	}
	v.Published = append(v.Published, name)
}

func (s *site) published(t *testing.T, id string, number int) deploy.Version {
	t.Helper()
	v := s.keep(t, id, number)
	s.publish(t, &v)
	return v
}

func (s *site) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func (s *site) turn(t *testing.T, v deploy.Version) {
	t.Helper()
	s.must(t, s.Runtime.Switch(t.Context(), v, s.model(v.Model)))
	s.serves(t, v.Model, v.Number)
}

func (s *site) serves(t *testing.T, id string, want int) {
	t.Helper()
	if got := s.Serving(t, id); got != want {
		t.Errorf("version %d of %s answers, want %d", got, id, want)
	}
}

// answers expects that a version answers as it does here.
func (s *site) answers(t *testing.T, v deploy.Version) {
	t.Helper()
	compiled, err := compile.Compile(strings.NewReader(Line(v.Number)), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := evaluator.Open(compiled)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := scoring.New(m).Batch(&scoring.Job{Context: t.Context(), Body: body})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Runtime.Invoke(t.Context(), v, body)
	if err != nil || !bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(want)) {
		t.Errorf("version %d answers %s, %v, want %s", v.Number, got, err, want)
	}
}

// gone expects that nothing stands ready as a version was published.
func (s *site) gone(t *testing.T, v deploy.Version) {
	t.Helper()
	if answer, err := s.Runtime.Invoke(t.Context(), v, body); !errors.Is(err, deploy.ErrUnpublished) {
		t.Errorf("version %d answers %s, %v, want %v", v.Number, answer, err, deploy.ErrUnpublished)
	}
}

func runtimeLife(t *testing.T, s *site) {
	first := s.published(t, "iris", 1)
	s.serves(t, "iris", 0)
	s.answers(t, first)
	s.turn(t, first)
	second := s.published(t, "iris", 2)
	s.serves(t, "iris", 1)
	s.answers(t, second)
	s.turn(t, second)
	s.turn(t, first)
	s.answers(t, first)
	s.must(t, s.Runtime.Stop(t.Context(), s.model("iris")))
	s.serves(t, "iris", 0)
	s.turn(t, second)
	s.answers(t, second)
}

func repeating(t *testing.T, s *site) {
	v := s.keep(t, "iris", 1)
	made, err := s.Runtime.Pack(t.Context(), v)
	if err != nil || made != v.Package {
		t.Errorf("packed again: %v, %v, want %v", made, err, v.Package)
	}
	name, err := s.Runtime.Publish(t.Context(), v, s.model("iris"))
	s.must(t, err)
	again, err := s.Runtime.Publish(t.Context(), v, s.model("iris"))
	if err != nil || again != name {
		t.Errorf("published again: %q, %v, want %q", again, err, name)
	}
	v.Published = []string{name}
	s.turn(t, v)
	s.turn(t, v)
	for range 2 {
		s.must(t, s.Runtime.Stop(t.Context(), s.model("iris")))
		s.serves(t, "iris", 0)
	}
	for range 2 {
		s.must(t, s.Runtime.Collect(t.Context(), s.model("iris"), nil))
	}
	s.gone(t, v)
}

func nothingPublished(t *testing.T, s *site) {
	s.must(t, s.Runtime.Stop(t.Context(), s.model("iris")))
	s.must(t, s.Runtime.Collect(t.Context(), s.model("iris"), nil))
	s.must(t, s.Runtime.Collect(t.Context(), s.model("iris"), []string{"1"}))
	s.serves(t, "iris", 0)
	v := s.keep(t, "iris", 1)
	v.Published = []string{"1"}
	s.gone(t, v)
}

func collecting(t *testing.T, s *site) {
	first := s.published(t, "iris", 1)
	s.turn(t, first)
	second := s.published(t, "iris", 2)
	s.must(t, s.Runtime.Collect(t.Context(), s.model("iris"), first.Published))
	s.gone(t, second)
	s.serves(t, "iris", 1)
	s.answers(t, first)
	s.must(t, s.Runtime.Collect(t.Context(), s.model("iris"), nil)) // what answers stays
	s.serves(t, "iris", 1)
	s.answers(t, first)
	s.publish(t, &second)
	s.answers(t, second)
	s.turn(t, second)
	s.must(t, s.Runtime.Stop(t.Context(), s.model("iris")))
	s.must(t, s.Runtime.Collect(t.Context(), s.model("iris"), nil))
	s.gone(t, first)
	s.gone(t, second)
	s.publish(t, &first)
	s.turn(t, first)
	s.answers(t, first)
}

func otherModels(t *testing.T, s *site) {
	ids := []string{"iris", "Iris2", "iris.2", "iris_2"}
	for i, id := range ids {
		s.turn(t, s.published(t, id, i+1))
	}
	s.must(t, s.Runtime.Stop(t.Context(), s.model("iris.2")))
	s.must(t, s.Runtime.Collect(t.Context(), s.model("iris.2"), nil))
	for i, id := range ids {
		if id == "iris.2" {
			i = -1
		}
		s.serves(t, id, i+1)
	}
}

func fence(t *testing.T, s *site) {
	if !s.Fenced {
		return // whoever works on a model is the only one
	}
	first, second := s.published(t, "iris", 1), s.keep(t, "iris", 2)
	refused := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s was done for a revision that is not the newest", what)
		}
	}
	before := s.model("iris")
	s.publish(t, &second)
	_, err := s.Runtime.Publish(t.Context(), first, before)
	refused("Publish", err)

	before = s.model("iris")
	s.turn(t, first)
	refused("Switch", s.Runtime.Switch(t.Context(), second, before))
	refused("Stop", s.Runtime.Stop(t.Context(), before))
	refused("Collect", s.Runtime.Collect(t.Context(), before, nil))
	s.serves(t, "iris", 1)

	before = s.model("iris")
	s.must(t, s.Runtime.Stop(t.Context(), s.model("iris")))
	refused("Switch after Stop", s.Runtime.Switch(t.Context(), first, before))
	s.serves(t, "iris", 0)
	s.turn(t, second)
}
