package stagetest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/aws/stagetest"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// world is a stage with a caller of its HTTP API.
type world struct {
	*stagetest.Stage
	t   *testing.T
	api http.Handler
}

func newWorld(t *testing.T, c stagetest.Config) *world {
	t.Helper()
	c.Dir = t.TempDir()
	s, err := stagetest.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return &world{s, t, s.Gateway()}
}

// document is a line with a slope of its own, which it is verified to have.
func document(slope int) string { return lineOf(slope, slope) }

// lineOf is a line whose verification rows are those of another slope.
func lineOf(slope, verified int) string {
	return fmt.Sprintf(`<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>
<DataDictionary><DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema>
<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="%d"/></RegressionTable>
<ModelVerification recordCount="1" fieldCount="2"><VerificationFields><VerificationField field="x" column="x"/><VerificationField field="y" column="y"/></VerificationFields>
<InlineTable><row><x>10</x><y>%d</y></row></InlineTable></ModelVerification></RegressionModel></PMML>`, slope, 10*verified+1)
}

// send sends a request to the HTTP API and gives status and body of the answer.
func (w *world) send(method, path, body string) (int, string) {
	r := httptest.NewRequest(method, "http://api.example"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if method == http.MethodPut {
		r.Header.Set("Content-Type", "application/xml")
	}
	answer := httptest.NewRecorder()
	w.api.ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

// want sends a request that must be answered so.
func (w *world) want(status int, method, path, body string) string {
	w.t.Helper()
	got, text := w.send(method, path, body)
	if got != status {
		w.t.Fatalf("%s %s: %d %s, want %d", method, path, got, text, status)
	}
	return text
}

// drop puts something into the bucket of uploads as somebody does who does not know the service; empty: it removes it.
func (w *world) drop(key, text string) {
	w.t.Helper()
	objects := s3.NewObjects(w.Uploads, "handoff-test-uploads")
	if text == "" {
		if err := objects.Delete(w.t.Context(), key); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	body, err := objects.Receive(w.t.Context(), strings.NewReader(text))
	if err == nil {
		_, err = objects.Put(w.t.Context(), key, body, deploy.Metadata{})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) settle() {
	w.t.Helper()
	if err := w.Settle(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// slope gives the slope of the line that answers for a model; 0: none does.
func (w *world) slope(id string) int {
	w.t.Helper()
	status, text := w.send("POST", "/model/"+id, `{"id":"1","arguments":{"x":1000}}`)
	if status == http.StatusNotFound || status == http.StatusBadRequest { // the latter tells what is wrong with the only document
		return 0
	}
	var answer struct{ Results struct{ Y float64 } }
	if err := json.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK {
		w.t.Errorf("%s: %d %s", id, status, text)
		return -1
	}
	return int(answer.Results.Y-1) / 1000
}

// serves says that nothing is left to do, that these lines answer, by model (0: none), and that nothing else is there of
// these or other models.
func (w *world) serves(slopes map[string]int) {
	w.t.Helper()
	w.settle()
	kept := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(slopes)) {
		if got := w.slope(id); got != slopes[id] {
			w.t.Errorf("the slope of %s is %d, want %d\n%s", id, got, slopes[id], strings.Join(w.history(id), "\n"))
		}
		w.tidy(id, kept)
	}
	for _, key := range w.Files.Keys() {
		if parts := strings.Split(key, "/"); parts[0] == "versions" && !kept[parts[1]+" "+parts[2]] {
			w.t.Errorf("orphaned: %s", key)
		}
	}
}

// tidy says that what is published of a model, and the files that are kept, are those that the table knows.
func (w *world) tidy(id string, kept map[string]bool) {
	w.t.Helper()
	s, err := w.Store().Status(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	m := s.Model
	if m.Unfinished() {
		w.t.Errorf("%s has something unfinished: %+v", id, m)
	}
	known, live := map[string]bool{}, ""
	for _, v := range s.Versions {
		kept[fmt.Sprintf("%s %06d", id, v.Number)] = true
		for _, name := range v.Published {
			known[name] = true
		}
		if v.Number == m.Live {
			live = v.Published[len(v.Published)-1]
		}
		for _, name := range []string{deploy.DocumentFile, deploy.CompiledFile, deploy.PackageFile, deploy.SchemaFile} {
			key, err := s3.FileKey(id, v.Number, name)
			if _, there := w.Files.Text(key); err != nil || !there {
				w.t.Errorf("%s of version %d of %s is missing", name, v.Number, id)
			}
		}
	}
	f, there := w.Lambda.Function(functionOf(id))
	if there != (len(known) > 0) {
		w.t.Errorf("%s has a function: %v; published is %v", id, there, known)
	}
	for name := range f.Versions {
		if !known[name] {
			w.t.Errorf("version %s of the function of %s is orphaned: %s", name, id, *f.Versions[name].Description)
		}
	}
	for name := range known {
		if _, there := f.Versions[name]; !there {
			w.t.Errorf("version %s of the function of %s is gone", name, id)
		}
	}
	if alias := f.Aliases[lambda.Alias]; there && live != cmp.Or(deref(alias.FunctionVersion), "") || len(f.Aliases) > 1 {
		w.t.Errorf("the alias of %s names %q, want %q", id, deref(alias.FunctionVersion), live)
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// history gives what is in the history of a model, oldest first: kind, state, version and actor.
func (w *world) history(id string) []string {
	w.t.Helper()
	all, err := w.Store().Deployments(w.t.Context(), id, "", 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Reverse(all)
	var told []string
	for _, d := range all {
		line := fmt.Sprintf("%s %s %d", d.Kind, d.State, d.Version)
		if d.Rejection != nil {
			line += ": " + d.Rejection.Message
		} else if d.Failure != "" {
			line += ": " + d.Failure
		}
		told = append(told, line)
	}
	return told
}

// tells says what is in the history of a model; of a line that ends with …, the beginning.
func (w *world) tells(id string, want ...string) {
	w.t.Helper()
	got := w.history(id)
	same := slices.EqualFunc(got, want, func(g, x string) bool {
		begin, open := strings.CutSuffix(x, "…")
		return g == x || open && strings.HasPrefix(g, begin)
	})
	if !same {
		w.t.Errorf("the history of %s is\n%s\nwant\n%s", id, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	audits, err := w.Store().Audits(w.t.Context(), id, "", 1000)
	if err != nil || len(audits) != len(got) {
		w.t.Errorf("%d entries of the audit for %d deployments, %v", len(audits), len(got), err)
	}
}

// dead says how many messages lie among the dead letters.
func (w *world) dead(want int) {
	w.t.Helper()
	if got := w.Dead.Bodies(); len(got) != want {
		w.t.Errorf("dead letters: %v", got)
	}
}

func key(id string) string { return deploy.KeyOf(id) }

func functionOf(id string) string { return lambda.FunctionName(stagetest.Name, id) }
