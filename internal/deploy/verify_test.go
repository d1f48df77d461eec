package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
)

func put(t *testing.T, p *deploy.Pipeline, document string, m deploy.Metadata) (deploy.Deployment, *catalog.Rejection) {
	t.Helper()
	defer p.Wait() // files are removed after the answer
	o, err := p.Deploy(context.Background(), "m", strings.NewReader(document), m)
	var r *catalog.Rejection
	if err != nil && !errors.As(err, &r) {
		t.Fatal(err)
	}
	return o.Deployment, r
}

func TestGolden(t *testing.T) {
	var many strings.Builder
	many.WriteString("x,y\n")
	for range 100_001 {
		many.WriteString("1,3\n")
	}
	straight := line{coefficient: 2, output: "out"}.String()
	for _, c := range []struct {
		name, document, golden, settings string
		want                             string // of the message; empty: it goes live
		line, row                        int
		field                            string
	}{
		{name: "right", document: straight, golden: "x,y\n1,3\n2,5\n"},
		{name: "outputs", document: straight, golden: "out,x\n3,1\n"},
		{name: "within the tolerance", document: straight, golden: "x,y\n1,3.000002\n"},
		{name: "beyond the tolerance", document: straight, golden: "x,y\n2,5\n1,3.00001\n3,8\n", line: 3, row: 2, field: "y",
			want: `golden.csv:3: row 2, y is "3.0", expected "3.00001"; 2 of 3 rows differ, in 2 places; the largest difference is 1, relative 0.125`},
		{name: "within the settings' tolerance", document: straight, golden: "x,y\n1,3.1\n", settings: `{"tolerance": {"relative": 0.05}}`},
		{name: "absolute", document: straight, golden: "x,y\n1,3.1\n", settings: `{"tolerance": {"absolute": 0.2}}`},
		{name: "no tolerance", document: straight, golden: "x,y\n1,3.0000001\n", settings: `{"tolerance": {"absolute": 0, "relative": 0}}`, line: 2, row: 1, field: "y", want: "y is"},
		{name: "mark and quotation marks", document: straight, golden: "\xEF\xBB\xBF\"x\",\"y\"\r\n\"1\",\"3\"\r\n"},
		{name: "text", document: colours(3), golden: "x,colour,warm\n4,warm,true\n2,cold,0\n1,cold,False\n"},
		{name: "other text", document: colours(3), golden: "x,colour\n4,Warm\n", line: 2, row: 1, field: "colour", want: `colour is "warm", expected "Warm"`},
		{name: "other truth", document: colours(3), golden: "x,warm\n4,no\n", line: 2, row: 1, field: "warm", want: `warm is "true", expected "no"`},
		{name: "nothing is right", document: colours(3), golden: "x,colour\n4,warm\n,\n"},
		{name: "nothing expected", document: colours(3), golden: "x,colour\n4,warm\n4,\n", line: 3, row: 2, field: "colour", want: `colour is "warm", expected nothing`},
		{name: "something expected", document: colours(3), golden: "x,colour\n,warm\n", line: 2, row: 1, field: "colour", want: `colour is nothing, expected "warm"`},
		{name: "no expected value", document: colours(3), golden: "x,colour\n,\n", line: 1, field: "colour", want: "no row expects a value"},
		{name: "not a number", document: straight, golden: "x,y\n1,three\n", line: 2, row: 1, field: "y", want: `expected "three"`},
		{name: "cannot be scored", document: straight, golden: "x,y\none,3\n", line: 2, row: 1, field: "x", want: `row 1 cannot be scored: Field "x" cannot accept invalid value "one"; y is expected to be "3"`},
		{name: "cannot be scored, nothing expected", document: straight, golden: "x,y\none,\n1,3\n"},
		{name: "no expectation", document: straight, golden: "x\n1\n", line: 1, want: "no column is a target or an output"},
		{name: "unknown column", document: straight, golden: "X,y\n1,3\n", line: 1, field: "X", want: `column "X" is neither an input nor a result of the model, did you mean "x"?`},
		{name: "unknown result", document: straight, golden: "x,outt\n1,3\n", line: 1, field: "outt", want: `did you mean "out"?`},
		{name: "repeated column", document: straight, golden: "x,y,x\n1,3,1\n", line: 1, field: "x", want: "twice"},
		{name: "wrong width", document: straight, golden: "x,y\n1,3\n1\n", line: 3, row: 2, want: "golden.csv:3: the row has 1 cell, the header 2"},
		{name: "open quotation mark", document: straight, golden: "x,y\n1,\"3\n", line: 2, row: 1, want: "never closed"},
		{name: "not UTF-8", document: straight, golden: "x,y\n1,\xff\n", line: 2, row: 1, field: "y", want: "UTF-8"},
		{name: "empty", document: straight, golden: "", line: 1, want: "the table is empty"},
		{name: "no rows", document: straight, golden: "x,y\n", line: 1, want: "the table has no rows"},
		{name: "too many rows", document: straight, golden: many.String(), line: 100_002, row: 100_001, want: "more than 100000 rows"},
		{name: "too large", document: straight, golden: "x,y\n" + strings.Repeat("1,3\n", 17<<20), want: "larger than 64 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShelf()
			p := s.pipeline(t)
			s.lay("models/m/golden.csv", c.golden)
			if c.settings != "" {
				s.lay("models/m/model.json", c.settings)
			}
			d, r := put(t, p, c.document, deploy.Metadata{})
			if c.want == "" {
				if r != nil || len(d.Warnings) > 0 {
					t.Fatalf("%v, %q", r, d.Warnings)
				}
				v := s.versions["m/1"]
				if want := strings.Count(c.golden, "\n") - 1; v.Rows != want || v.Schema == "" || !v.Golden {
					t.Errorf("%+v", v)
				}
				return
			}
			if r == nil || r.Code != "golden" || r.File != "golden.csv" || r.Line != c.line || r.Row != c.row || r.Field != c.field || !strings.Contains(r.Message, c.want) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestVerifiedRows(t *testing.T) {
	s := newShelf()
	p := s.pipeline(t)
	d, r := put(t, p, line{coefficient: 2}.String(), deploy.Metadata{})
	if r != nil || len(d.Warnings) != 1 || !strings.HasPrefix(d.Warnings[0], "unverified") {
		t.Error(r, d.Warnings)
	}
	s.lay("models/m/golden.csv", "x,y\n1,3\n")
	d, r = put(t, p, line{coefficient: 2, rows: "<row><x>1</x><y>3</y></row><row><x>2</x><y>5</y></row>"}.String(), deploy.Metadata{})
	if v := s.versions["m/2"]; r != nil || len(d.Warnings) != 0 || v.Rows != 3 {
		t.Error(r, d.Warnings, v.Rows)
	}
	if _, r = put(t, p, line{coefficient: 2, rows: "<row><x>1</x><y>4</y></row>"}.String(), deploy.Metadata{}); r == nil || r.Code != "verification" || r.Row != 1 || r.Field != "y" {
		t.Error(r)
	}
}

func TestBaseline(t *testing.T) {
	s := newShelf()
	p := s.pipeline(t)
	s.lay("models/m/baseline.csv", "x\n1\n2\n")
	if _, r := put(t, p, line{coefficient: 2}.String(), deploy.Metadata{}); r != nil || !s.versions["m/1"].Baseline {
		t.Error(r)
	}
	for text, want := range map[string]string{
		"x,z\n1,2\n":    `baseline.csv:1: column "z" is neither an input nor a result of the model`,
		"x,y\n1,2\n1\n": "baseline.csv:3: the row has 1 cell",
	} {
		s.lay("models/m/baseline.csv", text)
		if _, r := put(t, p, line{coefficient: 2}.String(), deploy.Metadata{}); r == nil || r.Code != "baseline" || r.File != "baseline.csv" || !strings.Contains(r.Message, want) {
			t.Error(r)
		}
	}
}

func TestSchemaChange(t *testing.T) {
	plain := line{coefficient: 2}
	breaking := line{coefficient: 2, more: "z", output: "out"}
	harmless := line{coefficient: 2, output: "out"}
	for _, c := range []struct {
		name     string
		next     line
		settings string
		asked    string
		refused  bool
		warned   string
	}{
		{name: "harmless", next: harmless},
		{name: "breaking", next: breaking, refused: true},
		{name: "settings allow", next: breaking, settings: `{"schemaChange": "allow"}`, warned: `callers may break: input "z": it is new and must be given`},
		{name: "caller allows", next: breaking, asked: deploy.SchemaAllow, warned: `callers may break`},
		{name: "caller refuses", next: breaking, settings: `{"schemaChange": "allow"}`, asked: deploy.SchemaRefuse, refused: true},
		{name: "narrower", next: line{coefficient: 2, inside: `<Interval closure="closedClosed" leftMargin="0" rightMargin="1"/>`}, refused: true},
		{name: "narrower, but missing", next: line{coefficient: 2, mining: `invalidValueTreatment="asMissing"`,
			inside: `<Interval closure="closedClosed" leftMargin="0" rightMargin="1"/>`}, warned: "treated asMissing"},
		{name: "renamed", next: line{coefficient: 2, target: "yy"}, refused: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShelf()
			p := s.pipeline(t)
			if _, r := put(t, p, plain.String(), deploy.Metadata{}); r != nil {
				t.Fatal(r)
			}
			if c.settings != "" {
				s.lay("models/m/model.json", c.settings)
			}
			d, r := put(t, p, c.next.String(), deploy.Metadata{Schema: c.asked})
			if (r != nil) != c.refused {
				t.Fatal(r)
			}
			if c.refused && (r.Code != "schema" || len(r.Faults) == 0 || !strings.Contains(r.Message, "callers of version 1 would break: ")) {
				t.Errorf("%+v", r)
			}
			if c.warned != "" && !slices.ContainsFunc(d.Warnings, func(w string) bool { return strings.Contains(w, c.warned) }) {
				t.Errorf("%q", d.Warnings)
			}
			if live := s.models["m"].Live; (live == 1) != c.refused {
				t.Error(live)
			}
		})
	}
}

// The same names, types and values give the same hash, whatever the model computes.
func TestSchemaHash(t *testing.T) {
	s := newShelf()
	p := s.pipeline(t)
	for i, l := range []line{{coefficient: 2}, {coefficient: 3}, {coefficient: 3, more: "z"}, {coefficient: 3, output: "o"},
		{coefficient: 3, inside: `<Interval closure="closedClosed" leftMargin="0" rightMargin="1"/>`}} {
		if _, r := put(t, p, l.String(), deploy.Metadata{Schema: deploy.SchemaAllow}); r != nil {
			t.Fatal(i, r)
		}
	}
	hashes := map[string]bool{}
	for n := 1; n <= 5; n++ {
		hashes[s.versions[fmt.Sprint("m/", n)].Schema] = true
	}
	if len(hashes) != 4 || s.versions["m/1"].Schema != s.versions["m/2"].Schema {
		t.Error(hashes)
	}
}

// Whatever has become of the live version's files, the next version can go live.
func TestSchemaOfAVersionThatIsDamaged(t *testing.T) {
	for _, c := range []struct {
		name    string
		damage  func(*shelf)
		warned  string
		refused bool
	}{
		{"compiled form damaged", func(s *shelf) { s.files["m/1/model.bin"] = s.files["m/1/model.bin"][:50] }, "", true},
		{"compiled form gone", func(s *shelf) { delete(s.files, "m/1/model.bin") }, "", true},
		{"both gone", func(s *shelf) { delete(s.files, "m/1/model.bin"); delete(s.files, "m/1/document.pmml") }, "could not be compared", false},
		{"both damaged", func(s *shelf) { s.files["m/1/model.bin"] = nil; s.files["m/1/document.pmml"] = []byte("<PMML>") }, "could not be compared", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShelf()
			p := s.pipeline(t)
			put(t, p, line{coefficient: 2}.String(), deploy.Metadata{})
			c.damage(s)
			d, r := put(t, p, line{coefficient: 2, target: "z"}.String(), deploy.Metadata{})
			if (r != nil) != c.refused {
				t.Fatal(r)
			}
			if c.warned != "" && !strings.Contains(strings.Join(d.Warnings, "\n"), c.warned) {
				t.Errorf("%q", d.Warnings)
			}
		})
	}
}

func TestSidecarsAreKept(t *testing.T) {
	s := newShelf()
	p := s.pipeline(t)
	settings, golden, baseline := `{"owner": "a", "keepVersions": 2}`, "x,y\n1,3\n", "x\n1\n"
	s.lay("models/m/model.json", settings)
	s.lay("models/m/golden.csv", golden)
	s.lay("models/m/baseline.csv", baseline)
	if _, r := put(t, p, line{coefficient: 2}.String(), deploy.Metadata{}); r != nil {
		t.Fatal(r)
	}
	for name, want := range map[string]string{"model.json": settings, "golden.csv": golden, "baseline.csv": baseline} {
		if got := string(s.files["m/1/"+name]); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	want := deploy.Settings{Owner: "a", Keep: 2}
	if d := cmp.Diff(want, s.models["m"].Settings); d != "" {
		t.Error(d)
	}
	delete(s.objects, "models/m/model.json")
	delete(s.objects, "models/m/golden.csv")
	delete(s.objects, "models/m/baseline.csv")
	if _, r := put(t, p, line{coefficient: 2}.String(), deploy.Metadata{}); r != nil {
		t.Fatal(r)
	}
	if v := s.versions["m/2"]; v.Golden || v.Baseline || v.Settings.Owner != "" || s.models["m"].Settings.Owner != "" {
		t.Errorf("%+v", v)
	}
}

func TestSettingsAreRefused(t *testing.T) {
	s := newShelf()
	p := s.pipeline(t)
	put(t, p, line{coefficient: 2}.String(), deploy.Metadata{})
	s.lay("models/m/model.json", "{\n\"keepVersion\": 1}")
	_, r := put(t, p, line{coefficient: 2}.String(), deploy.Metadata{})
	if r == nil || r.Code != "settings" || r.File != "model.json" || r.Line != 2 || r.Field != "/keepVersion" || s.models["m"].Live != 1 {
		t.Errorf("%+v", r)
	}
}

func TestModelNameOfSettings(t *testing.T) {
	two := strings.Replace(line{coefficient: 2}.String(), "</PMML>", `<RegressionModel functionName="regression" modelName="other"><MiningSchema><MiningField name="x"/></MiningSchema><RegressionTable intercept="7"/></RegressionModel></PMML>`, 1)
	for _, c := range []struct{ settings, asked, want string }{
		{`{}`, "", ""}, {`{"modelName": "other"}`, "", "other"}, {`{"modelName": "other"}`, "line", "line"},
	} {
		s := newShelf()
		p := s.pipeline(t)
		s.lay("models/m/model.json", c.settings)
		if _, r := put(t, p, two, deploy.Metadata{ModelName: c.asked}); r != nil || s.versions["m/1"].ModelName != c.want {
			t.Error(c, r, s.versions["m/1"].ModelName)
		}
	}
}

// A sidecar that is replaced while it is read is read again.
func TestSidecarReplacedWhileRead(t *testing.T) {
	for _, when := range []string{"before", "while"} {
		s := newShelf()
		p := s.pipeline(t)
		s.lay("models/m/golden.csv", "x,y\n1,99\n")
		s.lay("models/m/model.json", `{"owner": "old"}`)
		replaced := map[string]bool{}
		replacement := map[string]string{"models/m/golden.csv": "x,y\n1,3\n", "models/m/model.json": `{"owner": "new"}`}
		if when == "before" {
			s.onGet = func(key string) {
				if text, ok := replacement[key]; ok && !replaced[key] {
					replaced[key] = true
					s.lay(key, text)
				}
			}
		} else {
			s.onRead = func(key string) error {
				if text, ok := replacement[key]; ok && !replaced[key] {
					replaced[key] = true
					s.objects[key] = laid{deploy.Object{Key: key, Version: "new"}, []byte(text)}
					return deploy.ErrGone
				}
				return nil
			}
		}
		_, r := put(t, p, line{coefficient: 2}.String(), deploy.Metadata{})
		if v := s.versions["m/1"]; r != nil || v.Settings.Owner != "new" || string(s.files["m/1/golden.csv"]) != "x,y\n1,3\n" {
			t.Errorf("%s: %v, %+v", when, r, v)
		}
	}
}

// One that is replaced again and again, or that cannot be read, is no fault of the document.
func TestSidecarThatCannotBeRead(t *testing.T) {
	for name, act := range map[string]func(*shelf){
		"replaced": func(s *shelf) {
			s.onGet = func(key string) {
				if key == "models/m/golden.csv" {
					s.lay(key, "x,y\n1,3\n")
				}
			}
		},
		"broken": func(s *shelf) {
			s.onRead = func(key string) error {
				if key == "models/m/golden.csv" {
					return errors.New("a bad disk")
				}
				return nil
			}
		},
	} {
		s := newShelf()
		p := s.pipeline(t)
		s.lay("models/m/golden.csv", "x,y\n1,3\n")
		act(s)
		o, err := p.Deploy(context.Background(), "m", strings.NewReader(line{coefficient: 2}.String()), deploy.Metadata{})
		var r *catalog.Rejection
		if err == nil || errors.As(err, &r) || o.Deployment.State != deploy.Failed {
			t.Errorf("%s: %v, %+v", name, err, o.Deployment)
		}
	}
}

func TestLookAtSettings(t *testing.T) {
	ctx := context.Background()
	s := newShelf()
	p := s.pipeline(t)
	put(t, p, line{coefficient: 2}.String(), deploy.Metadata{})
	look := func() deploy.Deployment {
		t.Helper()
		o, err := p.Look(ctx, "models/m/model.json", deploy.By{Actor: "folder"})
		if err != nil {
			t.Fatal(err)
		}
		return o.Deployment
	}
	if d := look(); d.ID != "" {
		t.Errorf("there are no settings: %+v", d)
	}
	s.lay("models/m/model.json", `{"owner": "a"}`)
	if d := look(); d.State != deploy.Live || d.Kind != deploy.Change || s.models["m"].Settings.Owner != "a" {
		t.Errorf("%+v", d)
	}
	s.lay("models/m/model.json", `{"owner": 1}`)
	if d := look(); d.State != deploy.Rejected || d.Rejection == nil || d.Rejection.Field != "/owner" || s.models["m"].Settings.Owner != "a" {
		t.Errorf("%+v", d)
	}
	if d := look(); d.ID != "" {
		t.Errorf("nothing is new: %+v", d)
	}
	delete(s.objects, "models/m/model.json")
	if d := look(); d.State != deploy.Live || s.models["m"].Settings.Owner != "" {
		t.Errorf("%+v", d)
	}
}

func FuzzGolden(f *testing.F) {
	for _, seed := range []string{"x,y\n1,3\n", "x,colour,warm\n4,warm,true\n", "\"x\",colour\n\"\",\n", "x,colour\n1e400,NaN\n", "x\n", "colour\nx"} {
		f.Add(seed)
	}
	s := newShelf()
	p := s.pipeline(f)
	f.Fuzz(func(t *testing.T, golden string) {
		s.lay("models/m/golden.csv", golden)
		r, err := p.Preview(context.Background(), "m", strings.NewReader(colours(3)), deploy.Metadata{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Rejection == nil {
			if r.New.Verified == 0 {
				t.Fatalf("%q verifies nothing", golden)
			}
			return
		}
		if r.Rejection.Code != "golden" || r.Rejection.File != "golden.csv" || r.Rejection.Message == "" || len(r.Rejection.Message) > 2000 {
			t.Fatalf("%q: %+v", golden, r.Rejection)
		}
	})
}

// Rows of a basket are one record: what any of them expects is expected of the basket.
func TestGoldenOfBaskets(t *testing.T) {
	document, err := os.ReadFile("../../evaluator/compile/testdata/golden/association.pmml")
	if err != nil {
		t.Fatal(err)
	}
	for golden, want := range map[string]string{
		"basket,item,next\n1,beer,\n2,chips,[beer]\n1,chips,\"[chips, wine]\"\n": "",
		"basket,item,next\n1,beer,beer\n2,chips,\n1,chips,\n":                    `golden.csv:2: row 1, next is "[chips, wine]", expected "beer"; 2 of 2 groups differ, in 2 places`,
		"basket,item,next\n1,beer,\n2,chips,[beer]\n":                            `golden.csv:2: row 1, next is "[chips, wine]", expected nothing; 1 of 2 groups differ`,
		"basket,itm,next\n1,beer,\n":                                             `did you mean "item"?`,
	} {
		s := newShelf()
		p := s.pipeline(t)
		s.lay("models/m/golden.csv", golden)
		_, r := put(t, p, string(document), deploy.Metadata{})
		if want == "" && r != nil || want != "" && (r == nil || !strings.Contains(r.Message, want)) {
			t.Errorf("%q: %v", golden, r)
		}
	}
}

// A model that would take hours for its golden rows is refused.
func TestGoldenTakesTooLong(t *testing.T) {
	s := newShelf()
	s.lay("models/m/golden.csv", "x,y\n"+strings.Repeat("1,3\n", 1000))
	var mu sync.Mutex
	now := time.Now()
	p := deploy.New(deploy.Config{Store: shelfStore{s}, Objects: shelfObjects{s}, Artifacts: shelfArtifacts{s}, Runtime: shelfRuntime{s},
		Settings: settings.Read,
		Compile: func(_ context.Context, document io.Reader, name string) ([]byte, error) {
			return compile.Compile(document, compile.Options{ModelName: name})
		},
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(4 * time.Second)
			return now
		}})
	_, r := put(t, p, line{coefficient: 2}.String(), deploy.Metadata{})
	if r == nil || r.Code != "golden" || r.Row != 192 || r.Line != 193 || !strings.Contains(r.Message, "took more than 10s") {
		t.Errorf("%+v", r)
	}
}
