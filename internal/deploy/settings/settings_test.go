package settings_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
)

func number(f float64) *float64 { return &f }

func TestRead(t *testing.T) {
	all := deploy.Settings{Description: "Risk", Owner: "credit@example.com", Tags: map[string]string{"team": "credit"}, ModelName: "Loan",
		Schema: deploy.SchemaAllow, Keep: 5, Tolerance: deploy.Tolerance{Relative: number(1e-4), Absolute: number(0)}}
	const text = `{"description": "Risk", "owner": "credit@example.com", "tags": {"team": "credit"}, "modelName": "Loan",
		"schemaChange": "allow", "keepVersions": 5, "tolerance": {"relative": 1e-4, "absolute": 0}}`
	for text, want := range map[string]deploy.Settings{
		text:                                   all,
		"\xEF\xBB\xBF" + text + "\r\n\n":       all,
		`{}`:                                   {},
		`{"$schema": "https://example.com/x"}`: {},
	} {
		got, err := settings.Read(strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(text, d)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct {
		text    string
		line    int
		field   string
		message string
		more    int // further faults
	}{
		{"{\n\"keepVersion\": 3}", 2, "/keepVersion", `there is no setting "keepVersion", did you mean "keepVersions"?`, 0},
		{"{\n\"tolerance\": {\n\"rtol\": 3}}", 3, "/tolerance/rtol", `there is no setting "rtol"`, 0},
		{"{\"tolerance\": {\n\"Relativ\": 3}}", 2, "/tolerance/Relativ", `did you mean "relative"?`, 0},
		{`{"a/b~c": 3}`, 1, "/a~1b~0c", `there is no setting "a/b~c"`, 0},
		{"{\n\n\"keepVersions\": 0,\n\"owner\": 3}", 3, "/keepVersions", "and 1 more fault", 1},
		{`{"keepVersions": 2.5}`, 1, "/keepVersions", "integer", 0},
		{`{"keepVersions": 1e300}`, 1, "/keepVersions", "100", 0},
		{`{"tolerance": {"relative": -1}}`, 1, "/tolerance/relative", "", 0},
		{`{"tolerance": {"absolute": 1e310}}`, 1, "/tolerance/absolute", "", 0},
		{`{"keepVersions": 4.0}`, 1, "/keepVersions", "the value cannot be a number 4.0", 0},
		{`{"keepVersions": 1e999999999}`, 1, "/keepVersions", "larger", 0},
		{`{"tolerance": {"relative": 1E-999999999}}`, 1, "/tolerance/relative", "closer to zero", 0},
		{`{"keepVersions": ` + strings.Repeat("1", 1000) + `}`, 1, "/keepVersions", "longer", 0},
		{`{"schemaChange": "maybe"}`, 1, "/schemaChange", "'refuse', 'allow'", 0},
		{`{"tags": {"a": 1}}`, 1, "/tags/a", "string", 0},
		{`{"owner": null}`, 1, "/owner", "null", 0},
		{`[]`, 1, "", "object", 0},
		{`null`, 1, "", "object", 0},
		{"{\n\"owner\": \"a\",\n\"owner\": \"b\"}", 3, "/owner", "twice", 0},
		{"{\n\"owner\": \"a\xff\"}", 2, "/owner", "UTF-8", 0},
		{"\xff\xfe{\x00}\x00", 1, "", "UTF-16", 0},
		{"{}\n{}", 2, "", "follows", 0},
		{"{}x", 1, "", "follows", 0},
		{"{\n\"owner\": ", 2, "/owner", "ends", 0},
		{"{\n,}", 2, "", "no JSON", 0},
		{"", 1, "", "empty", 0},
		{" \n", 1, "", "empty", 0},
		{strings.Repeat(" ", 1<<20) + "{}", 0, "", "larger than 1 MiB", 0},
		{strings.Repeat("[", 10_000), 1, "", "deeply", 0},
		{`{"owner": "` + strings.Repeat("x", 201) + `"}`, 1, "/owner", "200", 0},
	} {
		_, err := settings.Read(strings.NewReader(c.text))
		var r *catalog.Rejection
		if !errors.As(err, &r) {
			t.Errorf("%.60q: %v", c.text, err)
			continue
		}
		if r.Code != "settings" || r.File != "model.json" || r.Line != c.line || !strings.HasPrefix(r.Field, c.field) ||
			!strings.Contains(r.Message, c.message) || len(r.Faults)+r.More != 1+c.more {
			t.Errorf("%.60q: %+v", c.text, r)
		}
		if len(r.Message) > 500 {
			t.Errorf("%.60q: a message of %d bytes", c.text, len(r.Message))
		}
	}
	broken := errors.New("broken")
	if _, err := settings.Read(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestReadOfManyFaults(t *testing.T) {
	var b strings.Builder
	b.WriteString("{")
	for i := range 500 {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString(`"x` + strings.Repeat("y", i) + `": 1`)
	}
	b.WriteString("}")
	_, err := settings.Read(strings.NewReader(b.String()))
	var r *catalog.Rejection
	if !errors.As(err, &r) || len(r.Faults) != 50 || r.More != 450 {
		t.Error(err)
	}
}

// The page about settings shows every key of the schema, and its examples are right.
func TestSettingsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/model.json.md")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct {
			Properties map[string]any
		}
	}
	if err := json.Unmarshal([]byte(settings.Schema), &schema); err != nil {
		t.Fatal(err)
	}
	for key, value := range schema.Properties {
		if !strings.Contains(string(page), "`"+key+"`") {
			t.Errorf("%s is not on the page", key)
		}
		for inner := range value.Properties {
			if !strings.Contains(string(page), "`"+key+"."+inner+"`") {
				t.Errorf("%s.%s is not on the page", key, inner)
			}
		}
	}
	examples := strings.Split(string(page), "```json\n")[1:]
	if len(examples) == 0 {
		t.Error("no example")
	}
	for _, example := range examples {
		example, _, _ = strings.Cut(example, "```")
		s, err := settings.Read(strings.NewReader(example))
		if err != nil {
			t.Errorf("%s: %v", example, err)
		}
		if s.Owner == "" || s.Keep == 0 || s.Tolerance.Relative == nil {
			t.Errorf("the example does not set everything: %+v", s)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{`{}`, `{"owner": "x", "tags": {"a": "b"}}`, "{\n\"a\": [1, {}]}", `{"tolerance": {"relative": 1e999}}`, "\xEF\xBB\xBF{}", `{"a":1}]`, `{"keepVersions": 1e999999999}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := settings.Read(strings.NewReader(text))
		var r *catalog.Rejection
		if err == nil && json.Valid([]byte(text)) {
			return
		}
		if err == nil {
			if !strings.HasPrefix(text, "\xEF\xBB\xBF") {
				t.Fatalf("%q is no JSON and was read", text)
			}
			return
		}
		if !errors.As(err, &r) || r.Message == "" || r.Line < 0 || r.Line > 1+strings.Count(text, "\n") {
			t.Fatalf("%q: %#v", text, err)
		}
	})
}
