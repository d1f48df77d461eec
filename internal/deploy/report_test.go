package deploy_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

func opened(t *testing.T, document string) *evaluator.Model {
	t.Helper()
	compiled, err := compile.Compile(strings.NewReader(document), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := evaluator.Open(compiled)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func rowsOf(t *testing.T, source, text string) deploy.Rows {
	t.Helper()
	rows, err := deploy.TableRows(source, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestCompareNumbers(t *testing.T) {
	old, new := opened(t, line{coefficient: 2}.String()), opened(t, line{coefficient: 3, more: "z"}.String())
	c, err := deploy.Compare(context.Background(), old, new, deploy.Tolerance{},
		rowsOf(t, "golden.csv", "x,z,y\n0,0,9\n1,0,9\n2,0,9\n1,0,8\n"), // the fourth has the inputs of the second
		rowsOf(t, "baseline.csv", "z,x\n0,4\n,2\n0,1\nbad,3\n0,bad\n"))
	if err != nil {
		t.Fatal(err)
	}
	// 1 + 2x and 1 + 3x + z at x = 0, 1, 2, 4; without z the new one gives nothing.
	want := deploy.Comparison{
		Sources: []deploy.Source{{"golden.csv", 3}, {"baseline.csv", 4}},
		Rows:    7, Both: 5, OnlyOld: 1, Neither: 1, NeitherWhy: `baseline.csv row 5: Field "x" cannot accept invalid value "bad"`, Differ: 4,
		Results: []deploy.ResultChange{{Name: "y", Compared: 5, Differ: 4, Gone: 1,
			Absolute: &deploy.Difference{Typical: 1.5, Largest: 4}, Relative: &deploy.Difference{Typical: (1/3. + 2/5.) / 2, Largest: 4 / 9.}}},
		Examples: []deploy.ComparedExample{
			{Source: "baseline.csv", Row: 4, Inputs: []deploy.Cell{{"x", "3"}, {"z", "bad"}}, Old: []deploy.Cell{}, New: []deploy.Cell{},
				Errors: &deploy.ComparedErrors{New: `Field "z" cannot accept invalid value "bad"`}},
			{Source: "baseline.csv", Row: 2, Inputs: []deploy.Cell{{"x", "2"}}, Old: []deploy.Cell{{"y", "5.0"}}, New: []deploy.Cell{{"y", ""}}},
			{Source: "baseline.csv", Row: 1, Inputs: []deploy.Cell{{"x", "4"}, {"z", "0"}}, Old: []deploy.Cell{{"y", "9.0"}}, New: []deploy.Cell{{"y", "13.0"}}},
			{Source: "golden.csv", Row: 3, Inputs: []deploy.Cell{{"x", "2"}, {"z", "0"}}, Old: []deploy.Cell{{"y", "5.0"}}, New: []deploy.Cell{{"y", "7.0"}}},
			{Source: "golden.csv", Row: 2, Inputs: []deploy.Cell{{"x", "1"}, {"z", "0"}}, Old: []deploy.Cell{{"y", "3.0"}}, New: []deploy.Cell{{"y", "4.0"}}},
		},
	}
	if d := cmp.Diff(want, c, cmpopts.EquateApprox(1e-12, 0)); d != "" {
		t.Error(d)
	}
}

func TestCompareCategories(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("x,colour\n")
	for x := range 100 {
		fmt.Fprintf(&rows, "%d,\n", x)
	}
	rows.WriteString(",\n")
	c, err := deploy.Compare(context.Background(), opened(t, colours(30)), opened(t, colours(50)), deploy.Tolerance{}, rowsOf(t, "baseline.csv", rows.String()))
	if err != nil {
		t.Fatal(err)
	}
	want := []deploy.ResultChange{
		{Name: "colour", Compared: 101, Differ: 20, Counts: []deploy.ClassCount{{"warm", 69, 49}, {"cold", 31, 51}}, Pairs: []deploy.ChangedTo{{"warm", "cold", 20}}},
		{Name: "warm", Compared: 101, Differ: 20, Counts: []deploy.ClassCount{{"true", 69, 49}, {"false", 31, 51}}, Pairs: []deploy.ChangedTo{{"true", "false", 20}}},
	}
	if d := cmp.Diff(want, c.Results); d != "" {
		t.Error(d)
	}
	if len(c.Examples) != 10 || c.Examples[0].Row != 32 || c.Differ != 20 {
		t.Errorf("%+v", c)
	}
}

func TestCompareSame(t *testing.T) {
	m := opened(t, line{coefficient: 2}.String())
	c, err := deploy.Compare(context.Background(), m, opened(t, line{coefficient: 2 + 1e-9}.String()), deploy.Tolerance{}, rowsOf(t, "rows", "x\n1\n2\n"))
	if err != nil || c.Differ != 0 || c.Both != 2 || c.Results[0].Absolute.Largest == 0 || len(c.Examples) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = deploy.Compare(context.Background(), m, m, deploy.Tolerance{})
	if err != nil || c.Rows != 0 || c.Sources == nil || c.Examples == nil {
		t.Errorf("%+v, %v", c, err)
	}
}

// Numbers that JSON does not know stay out of a report.
func TestCompareIsJSON(t *testing.T) {
	c, err := deploy.Compare(context.Background(), opened(t, line{coefficient: 1}.String()), opened(t, line{coefficient: 1e300}.String()), deploy.Tolerance{},
		rowsOf(t, "rows", "x\n1e308\n-0.5\n1\n-1e308\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(c); err != nil {
		t.Error(err)
	}
	if r := c.Results[0]; r.Differ != 4 || math.IsInf(r.Absolute.Largest, 0) || math.IsInf(r.Relative.Largest, 0) {
		t.Errorf("%+v", r)
	}
}

func TestCompareEnds(t *testing.T) {
	m := opened(t, line{coefficient: 2}.String())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := deploy.Compare(ctx, m, m, deploy.Tolerance{}, rowsOf(t, "rows", "x\n"+strings.Repeat("1\n", 100))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var r *catalog.Rejection
	if _, err := deploy.Compare(context.Background(), m, m, deploy.Tolerance{}, rowsOf(t, "rows", "x\n1,2\n")); !errors.As(err, &r) || r.Line != 2 {
		t.Error(err)
	}
	if _, err := deploy.TableRows("rows", strings.NewReader("")); !errors.As(err, &r) {
		t.Error(err)
	}
}

func TestCompareModels(t *testing.T) {
	old := opened(t, line{coefficient: 2, rows: "<row><x>1</x><y>3</y></row><row><x>2</x><y>5</y></row>"}.String())
	new := opened(t, line{coefficient: 2.5, output: "out"}.String())
	r, err := deploy.CompareModels(context.Background(), old, new, deploy.Tolerance{}, rowsOf(t, "my.csv", "x\n2\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]deploy.Source{{"my.csv", 1}, {"ModelVerification", 1}}, r.Rows.Sources); d != "" {
		t.Error(d)
	}
	if r.Old.VerificationRows != 2 || r.New.Framework == "" || len(r.Schema.Breaking) != 0 || len(r.Schema.Other) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestReport(t *testing.T) {
	ctx := context.Background()
	s := newShelf()
	p := s.pipeline(t)
	if _, err := p.Report(ctx, "m", 0, 0); !errors.Is(err, catalog.ErrNotFound) {
		t.Error(err)
	}
	put(t, p, line{coefficient: 2}.String(), deploy.Metadata{})
	r, err := p.Report(ctx, "m", 0, 0)
	if err != nil || r.Old != nil || r.New.Version != 1 || r.New.State != deploy.Live || r.Rows != nil || len(r.Warnings) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	s.lay("models/m/golden.csv", "x,y\n1,4\n2,7\n")
	s.lay("models/m/baseline.csv", "x\n1\n3\n")
	s.lay("models/m/model.json", `{"owner": "b", "tolerance": {"relative": 1e-3}}`)
	if _, rejection := put(t, p, line{coefficient: 3, output: "out"}.String(), deploy.Metadata{}); rejection != nil {
		t.Fatal(rejection)
	}
	r, err = p.Report(ctx, "m", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if r.Old == nil || r.Old.Version != 1 || r.Old.State != deploy.Retired || r.New.Version != 2 || r.New.Verified != 2 || r.New.Checksum == r.Old.Checksum {
		t.Errorf("%+v %+v", r.Old, r.New)
	}
	if d := cmp.Diff([]deploy.SettingChange{{"owner", "", `"b"`}, {"tolerance.relative", "", "0.001"}}, r.Settings); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]deploy.Source{{"golden.csv", 2}, {"baseline.csv", 1}}, r.Rows.Sources); d != "" {
		t.Error(d)
	}
	if r.Rows.Differ != 3 || len(r.Schema.Other) != 1 || len(r.Schema.Breaking) != 0 {
		t.Errorf("%+v", r)
	}
	back, err := p.Report(ctx, "m", 1, 0) // an earlier version is compared with the live one
	if err != nil || back.New.Version != 1 || back.Old.Version != 2 || len(back.Schema.Breaking) != 1 {
		t.Errorf("%+v, %v", back, err)
	}
	var refused *deploy.RefusedError
	if _, err := p.Report(ctx, "m", 2, 2); !errors.As(err, &refused) {
		t.Error(err)
	}
	if _, err := p.Report(ctx, "m", 9, 0); !errors.Is(err, catalog.ErrNotFound) {
		t.Error(err)
	}
	put(t, p, line{coefficient: 4}.String(), deploy.Metadata{}) // its golden rows are wrong
	if _, err := p.Report(ctx, "m", 3, 0); !errors.As(err, &refused) || !strings.Contains(err.Error(), "version 3 is REJECTED and its files are gone") {
		t.Error(err)
	}
	if _, err := p.Undeploy(ctx, "m", deploy.By{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Report(ctx, "m", 0, 0); !errors.As(err, &refused) {
		t.Error(err)
	}
}

func TestPreview(t *testing.T) {
	ctx := context.Background()
	s := newShelf()
	p := s.pipeline(t)
	if _, err := p.Preview(ctx, "../m", strings.NewReader(""), deploy.Metadata{}); !errors.Is(err, catalog.ErrNotFound) {
		t.Error(err)
	}
	first, err := p.Preview(ctx, "m", strings.NewReader(line{coefficient: 2}.String()), deploy.Metadata{})
	if err != nil || first.Old != nil || first.Rejection != nil || first.New.Checksum == "" || first.New.Element != "RegressionModel" || len(first.Warnings) != 1 {
		t.Errorf("%+v, %v", first, err)
	}
	s.lay("models/m/golden.csv", "x,y\n1,3\n2,5\n")
	put(t, p, line{coefficient: 2}.String(), deploy.Metadata{})
	files, model := s.names(), s.models["m"]
	s.lay("models/m/model.json", `{"owner": "new"}`)

	for _, c := range []struct {
		name, document string
		metadata       deploy.Metadata
		code           string // of the rejection
		rows           int    // that were scored by both
	}{
		{name: "same", document: line{coefficient: 2}.String(), rows: 2},
		{name: "golden", document: line{coefficient: 3}.String(), code: "golden", rows: 2},
		{name: "schema", document: line{coefficient: 2, more: "z"}.String(), code: "golden", rows: 2},
		{name: "renamed input", document: strings.ReplaceAll(line{coefficient: 2}.String(), `"x"`, `"xx"`), code: "golden"},
		{name: "schema", document: line{coefficient: 2, inside: `<Interval closure="closedClosed" leftMargin="0" rightMargin="5"/>`}.String(), code: "schema", rows: 2},
		{name: "schema allowed", document: line{coefficient: 2, inside: `<Interval closure="closedClosed" leftMargin="0" rightMargin="5"/>`}.String(),
			metadata: deploy.Metadata{Schema: deploy.SchemaAllow}, rows: 2},
		{name: "bad document", document: "<PMML/>", code: "document"},
		{name: "no gzip", document: "\x1f\x8bnot at all", code: "document"},
		{name: "gzip", document: zipped(t, line{coefficient: 2}.String()), rows: 2},
	} {
		r, err := p.Preview(ctx, "m", strings.NewReader(c.document), c.metadata)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		code := ""
		if r.Rejection != nil {
			code = r.Rejection.Code
		}
		if code != c.code {
			t.Errorf("%s: %+v", c.name, r.Rejection)
		}
		if c.rows > 0 && (r.Rows == nil || r.Rows.Both+r.Rows.OnlyOld != c.rows || r.Old == nil || r.Old.Version != 1 || r.New.Version != 0) {
			t.Errorf("%s: %+v", c.name, r)
		}
		if c.rows > 0 && !slices.Equal(r.Settings, []deploy.SettingChange{{Key: "owner", New: `"new"`}}) {
			t.Errorf("%s: %+v", c.name, r.Settings)
		}
		var text bytes.Buffer
		if err := r.Print(&text); err != nil || text.Len() == 0 {
			t.Error(err)
		}
	}
	if d := cmp.Diff(files, s.names()); d != "" {
		t.Error("it left something:", d)
	}
	if d := cmp.Diff(model, s.models["m"]); d != "" {
		t.Error("it changed something:", d)
	}
	broken := errors.New("broken")
	if _, err := p.Preview(ctx, "m", iotest.ErrReader(broken), deploy.Metadata{}); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What a preview spools is gone afterwards.
func TestPreviewLeavesNoFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	p := newShelf().pipeline(t)
	if _, err := p.Preview(context.Background(), "m", strings.NewReader(line{coefficient: 2}.String()), deploy.Metadata{}); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

func TestPrint(t *testing.T) {
	r := deploy.Report{
		Model: "loan",
		Old:   &deploy.Side{Version: 3, State: deploy.Live, Element: "TreeModel", Function: "classification", Inputs: 2, Size: 20_000, Checksum: strings.Repeat("a", 64)},
		New:   deploy.Side{Element: "TreeModel", Function: "classification", Inputs: 3, Size: 1_000, Checksum: strings.Repeat("b", 64)},
		Schema: &deploy.Changes{Breaking: []deploy.ChangeOf{{Part: "input", Field: "a\x1b[31m", Message: "it is new and must be given"}},
			Other: []deploy.ChangeOf{{Part: "output", Field: "p", Message: "it is new"}}},
		Rejection: &catalog.Rejection{Code: "schema", Message: "callers would break"},
		Warnings:  []string{"unverified"},
		Settings:  []deploy.SettingChange{{Key: "owner", New: `"b"`}},
		Rows: &deploy.Comparison{Sources: []deploy.Source{{Name: "golden.csv", Rows: 12}}, Rows: 12, Both: 10, OnlyOld: 2, Neither: 1, NeitherWhy: "golden.csv row 1: bad", Differ: 3,
			Results: []deploy.ResultChange{
				{Name: "y", Compared: 10, Differ: 3, Pairs: []deploy.ChangedTo{{Old: "yes", New: "no", Rows: 3}}},
				{Name: "p", Compared: 10, Differ: 3, Absolute: &deploy.Difference{Typical: 0.001, Largest: 0.5}, Relative: &deploy.Difference{Typical: 0.01, Largest: 2}}},
			Examples: []deploy.ComparedExample{
				{Source: "golden.csv", Row: 4, Inputs: []deploy.Cell{{Name: "x", Text: "1"}}, Old: []deploy.Cell{{Name: "y", Text: "yes"}}, New: []deploy.Cell{{Name: "y"}}},
				{Source: "golden.csv", Row: 5, Errors: &deploy.ComparedErrors{New: "too large"}}}},
	}
	const want = `Model loan

          old                       new
version   3                         nothing
state     LIVE                      nothing
model     TreeModel classification  TreeModel classification
inputs    2                         3
document  20 kB                     1000 bytes
checksum  aaaaaaaaaaaa              bbbbbbbbbbbb

It cannot go live: callers would break

Look at these:
  - unverified

Changes that break callers:
  - input "a\x1b[31m": it is new and must be given

Other changes of what it takes and gives:
  - output "p": it is new

Settings:
  setting  old        new
  owner    (default)  "b"

Rows scored by both: 12 (12 of golden.csv)
  3 differ, 7 do not
  2 only the old version can score
  1 neither can score
    such as golden.csv row 1: bad

  result  rows  differ  typically  at most  relative  at most
  y       10    3
  p       10    3       0.001      0.5      0.01      2

  y became:
    yes  → no  3 rows

Rows that differ most:
  golden.csv row 4: x=1
    y: yes → nothing
  golden.csv row 5
    scored → error: too large
`
	var got bytes.Buffer
	if err := r.Print(&got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got.String()); d != "" {
		t.Error(d)
	}
	broken := errors.New("broken")
	if err := r.Print(brokenWriter{broken}); !errors.Is(err, broken) {
		t.Error(err)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestCompareBaskets(t *testing.T) {
	document, err := os.ReadFile("../../evaluator/compile/testdata/golden/association.pmml")
	if err != nil {
		t.Fatal(err)
	}
	old := opened(t, string(document))
	new := opened(t, strings.ReplaceAll(string(document), `value="wine"`, `value="port"`))
	text := "basket,item\n1,beer\n2,chips\n1,chips\n3,chips\n"
	c, err := deploy.Compare(context.Background(), old, new, deploy.Tolerance{}, rowsOf(t, "baseline.csv", text))
	if err != nil {
		t.Fatal(err)
	}
	if c.Rows != 2 || c.Both != 2 || c.Differ != 1 || c.Examples[0].Row != 1 || len(c.Examples[0].Inputs) != 2 {
		t.Errorf("%+v", c)
	}
	c, err = deploy.Compare(context.Background(), old, opened(t, line{coefficient: 2}.String()), deploy.Tolerance{}, rowsOf(t, "baseline.csv", text))
	if err != nil || c.Rows != 0 || !strings.Contains(c.Cut, "groups") {
		t.Errorf("%+v, %v", c, err)
	}
}
