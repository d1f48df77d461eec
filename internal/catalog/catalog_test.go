package catalog_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "0": true, "a.B-c_9": true, "A..": true, strings.Repeat("x", 128): true,
		"": false, "-a": false, ".a": false, "_a": false, "a b": false, "ä": false, "a/b": false, `a\b`: false, "a%20": false,
		"a\x00": false, strings.Repeat("x", 129): false,
	} {
		if got := catalog.ValidID(id); got != want {
			t.Errorf("ValidID(%q) is %v", id, got)
		}
	}
}

func TestSort(t *testing.T) {
	models := []catalog.Model{{ID: "zulu"}, {ID: "beta"}, {ID: "Beta"}, {ID: "Alpha"}}
	catalog.Sort(models)
	var ids []string
	for _, m := range models {
		ids = append(ids, m.ID)
	}
	if want := []string{"Alpha", "Beta", "beta", "zulu"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
}

func TestFixed(t *testing.T) {
	document, err := os.Open("../scoring/testdata/iris.pmml")
	if err != nil {
		t.Fatal(err)
	}
	defer document.Close()
	compiled, err := compile.Compile(document, compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var f catalog.Fixed
	ctx := context.Background()
	if err := f.Add(catalog.Model{ID: "iris", Checksum: "x"}, compiled); err != nil {
		t.Fatal(err)
	}
	for id, bytes := range map[string][]byte{"iris": compiled, "-": compiled, "damaged": compiled[:len(compiled)-1], "empty": nil} {
		if err := f.Add(catalog.Model{ID: id}, bytes); err == nil {
			t.Errorf("%s was added", id)
		}
	}
	f.Accessed(ctx, "iris", time.UnixMilli(5))
	f.Accessed(ctx, "none", time.UnixMilli(5))
	m, err := f.Model(ctx, "iris")
	if err != nil || m.Schema.Element != "TreeModel" || m.Checksum != "x" || m.Accessed.UnixMilli() != 5 {
		t.Errorf("%+v, %v", m, err)
	}
	if all, err := f.Models(ctx); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
	s, err := f.Scorer(ctx, "iris")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Record(&scoring.Job{Context: ctx, Body: []byte(`{"arguments":{}}`)}); err != nil {
		t.Error(err)
	}
	if _, err := f.Scorer(ctx, "none"); !errors.Is(err, catalog.ErrNotFound) {
		t.Error(err)
	}
	if _, err := f.Model(ctx, "none"); !errors.Is(err, catalog.ErrNotFound) {
		t.Error(err)
	}
}
