package deploy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// A shelf is the plainest world that a Pipeline can stand on: maps. It is Store, Objects, Artifacts and Runtime.
type shelf struct {
	mu          sync.Mutex
	models      map[string]deploy.Model
	versions    map[string]deploy.Version    // by "id/number"
	deployments map[string]deploy.Deployment // by "id/deployment"
	objects     map[string]laid              // by key
	files       map[string][]byte            // by "id/number/name"
	puts        int

	onGet  func(key string)       // called before an object is read
	onRead func(key string) error // called while it is: its error ends the reading
}

type laid struct {
	deploy.Object
	text []byte
}

type received struct{ text []byte }

func (received) Discard() {}

func newShelf() *shelf {
	return &shelf{models: map[string]deploy.Model{}, versions: map[string]deploy.Version{}, deployments: map[string]deploy.Deployment{},
		objects: map[string]laid{}, files: map[string][]byte{}}
}

func (s *shelf) pipeline(t testing.TB) *deploy.Pipeline {
	t.Helper()
	p := deploy.New(deploy.Config{Store: shelfStore{s}, Objects: shelfObjects{s}, Artifacts: shelfArtifacts{s}, Runtime: shelfRuntime{s},
		Pause:    func(context.Context, time.Duration) error { return nil },
		Settings: settings.Read,
		Compile: func(_ context.Context, document io.Reader, name string) ([]byte, error) {
			return compile.Compile(document, compile.Options{ModelName: name})
		}})
	t.Cleanup(p.Wait)
	return p
}

// lay puts an object under a key.
func (s *shelf) lay(key, text string) deploy.Object {
	return s.layFor(key, text, deploy.Metadata{})
}

func (s *shelf) layFor(key, text string, m deploy.Metadata) deploy.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts++
	o := deploy.Object{Key: key, Version: strconv.Itoa(s.puts), Size: int64(len(text)), Metadata: m}
	s.objects[key] = laid{o, []byte(text)}
	return o
}

type (
	shelfStore     struct{ *shelf }
	shelfObjects   struct{ *shelf }
	shelfArtifacts struct{ *shelf }
	shelfRuntime   struct{ *shelf }
)

func (shelfRuntime) Pack(context.Context, deploy.Version) (deploy.Package, error) {
	return deploy.Package{}, nil
}
func (shelfRuntime) Publish(context.Context, deploy.Version, deploy.Model) (string, error) {
	return "1", nil
}
func (r shelfRuntime) Invoke(ctx context.Context, v deploy.Version, body []byte) ([]byte, error) {
	m, err := evaluator.Open(r.file(v.Model, v.Number, deploy.CompiledFile))
	if err != nil {
		return nil, err
	}
	answer, _, err := scoring.New(m).Batch(&scoring.Job{Context: ctx, Body: body})
	return answer, err
}
func (shelfRuntime) Switch(context.Context, deploy.Version, deploy.Model) error { return nil }
func (shelfRuntime) Stop(context.Context, deploy.Model) error                   { return nil }
func (shelfRuntime) Collect(context.Context, deploy.Model, []string) error      { return nil }

func (s *shelf) file(id string, version int, name string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[fmt.Sprint(id, "/", version, "/", name)]
}

func (s shelfStore) Status(_ context.Context, id string) (deploy.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := deploy.Status{Model: s.models[id]}
	st.Model.ID = id
	for _, n := range st.Model.Kept {
		st.Versions = append(st.Versions, s.versions[fmt.Sprint(id, "/", n)])
	}
	if d, ok := s.deployments[id+"/"+st.Model.Open]; ok {
		st.Deployment = &d
	}
	return st, nil
}

func (s shelfStore) Commit(_ context.Context, t deploy.Transition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.models[t.Model.ID].Rev != t.Model.Rev-1 {
		return deploy.ErrConflict
	}
	s.models[t.Model.ID] = t.Model
	for _, v := range t.Versions {
		s.versions[fmt.Sprint(v.Model, "/", v.Number)] = v
	}
	for _, d := range t.Deployments {
		s.deployments[d.Model+"/"+d.ID] = d
	}
	return nil
}

func (s shelfStore) Version(_ context.Context, id string, number int) (deploy.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.versions[fmt.Sprint(id, "/", number)]
	if !ok {
		return v, catalog.ErrNotFound
	}
	return v, nil
}

func (s shelfStore) Deployment(_ context.Context, id, deployment string) (deploy.Deployment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.deployments[id+"/"+deployment]
	if !ok {
		return d, catalog.ErrNotFound
	}
	return d, nil
}

// What a shelf is never asked for.
func (shelfStore) Models(context.Context) ([]deploy.Model, error)                  { return nil, nil }
func (shelfStore) Unfinished(context.Context) ([]string, error)                    { return nil, nil }
func (shelfStore) Versions(context.Context, string, int) ([]deploy.Version, error) { return nil, nil }
func (shelfStore) Deployments(context.Context, string, string, int) ([]deploy.Deployment, error) {
	return nil, nil
}
func (shelfStore) Audits(context.Context, string, string, int) ([]deploy.Audit, error) {
	return nil, nil
}

func (shelfObjects) Receive(_ context.Context, body io.Reader) (deploy.Body, error) {
	text, err := io.ReadAll(body)
	return received{text}, err
}

func (s shelfObjects) Put(_ context.Context, key string, body deploy.Body, m deploy.Metadata) (deploy.Object, error) {
	return s.layFor(key, string(body.(received).text), m), nil
}

func (s shelfObjects) Head(_ context.Context, key string) (deploy.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[key]
	if !ok {
		return deploy.Object{}, deploy.ErrGone
	}
	return o.Object, nil
}

func (s shelfObjects) Get(_ context.Context, o deploy.Object) (io.ReadCloser, error) {
	if s.onGet != nil {
		s.onGet(o.Key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	there, ok := s.objects[o.Key]
	if !ok || there.Version != o.Version {
		return nil, deploy.ErrGone
	}
	if s.onRead != nil {
		if err := s.onRead(o.Key); err != nil {
			half := bytes.NewReader(there.text[:len(there.text)/2])
			return io.NopCloser(io.MultiReader(half, failing{err})), nil
		}
	}
	return io.NopCloser(bytes.NewReader(there.text)), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (s shelfObjects) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, key)
	return nil
}

func (s shelfArtifacts) Put(_ context.Context, id string, version int, name string, body io.Reader) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[fmt.Sprint(id, "/", version, "/", name)] = text
	return nil
}

func (s shelfArtifacts) Get(_ context.Context, id string, version int, name string) (io.ReadCloser, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.files[fmt.Sprint(id, "/", version, "/", name)]
	if !ok {
		return nil, 0, deploy.ErrGone
	}
	return io.NopCloser(bytes.NewReader(text)), int64(len(text)), nil
}

func (s shelfArtifacts) Remove(_ context.Context, id string, version int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.files {
		if strings.HasPrefix(name, fmt.Sprint(id, "/", version, "/")) {
			delete(s.files, name)
		}
	}
	return nil
}

// names gives what lies in the artifacts, sorted.
func (s *shelf) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for name := range s.files {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// ---- documents

// A line is a document: y = intercept + coefficient * x.
type line struct {
	coefficient float64
	field       string // attributes of x's DataField
	inside      string // what is in it
	mining      string // attributes of x's MiningField
	more        string // further inputs: name, name
	target      string // empty: y
	output      string // name of an output with the prediction; empty: none
	rows        string // rows of ModelVerification: <row>…</row>
}

func (l line) String() string {
	var fields, mining, terms strings.Builder
	for _, name := range strings.Fields(l.more) {
		fmt.Fprintf(&fields, `<DataField name="%s" optype="continuous" dataType="double"/>`, name)
		fmt.Fprintf(&mining, `<MiningField name="%s"/>`, name)
		fmt.Fprintf(&terms, `<NumericPredictor name="%s" coefficient="1"/>`, name)
	}
	if l.field == "" {
		l.field = `optype="continuous" dataType="double"`
	}
	target := l.target
	if target == "" {
		target = "y"
	}
	output := ""
	if l.output != "" {
		output = fmt.Sprintf(`<Output><OutputField name="%s" optype="continuous" dataType="double" feature="predictedValue"/></Output>`, l.output)
	}
	verification := ""
	if l.rows != "" {
		verification = `<ModelVerification><VerificationFields><VerificationField field="x"/><VerificationField field="` + target +
			`"/></VerificationFields><InlineTable>` + l.rows + `</InlineTable></ModelVerification>`
	}
	return fmt.Sprintf(`<?xml version="1.0"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header><Application name="by hand" version="1"/></Header>
<DataDictionary><DataField name="x" %s>%s</DataField>%s<DataField name="%s" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="regression" modelName="line"><MiningSchema><MiningField name="x" %s/>%s<MiningField name="%[4]s" usageType="target"/></MiningSchema>%[7]s
<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="%[8]v"/>%[9]s</RegressionTable>%[10]s</RegressionModel></PMML>`,
		l.field, l.inside, fields.String(), target, l.mining, mining.String(), output, l.coefficient, terms.String(), verification)
}

// colours is a document that says "warm" above a threshold, else "cold", and nothing without x.
func colours(threshold float64) string {
	return fmt.Sprintf(`<?xml version="1.0"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>
<DataDictionary><DataField name="x" optype="continuous" dataType="double"/>
<DataField name="colour" optype="categorical" dataType="string"><Value value="warm"/><Value value="cold"/></DataField></DataDictionary>
<TreeModel functionName="classification" missingValueStrategy="nullPrediction"><MiningSchema><MiningField name="x"/><MiningField name="colour" usageType="target"/></MiningSchema>
<Output><OutputField name="warm" optype="categorical" dataType="boolean" feature="transformedValue"><Apply function="greaterThan"><FieldRef field="x"/><Constant>%[1]v</Constant></Apply></OutputField></Output>
<Node id="1"><True/><Node id="2" score="warm"><SimplePredicate field="x" operator="greaterThan" value="%[1]v"/></Node>
<Node id="3" score="cold"><SimplePredicate field="x" operator="lessOrEqual" value="%[1]v"/></Node></Node></TreeModel></PMML>`, threshold)
}
