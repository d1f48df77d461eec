package uploads_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/uploads"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

const eventsFolder = "../../../events/deploy"

// Every event of events/deploy/NAME.json has in testdata/NAME.json what it makes the pipeline do, and its answer.
func TestEvents(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(eventsFolder, "*.json"))
	if err != nil || len(files) < 15 {
		t.Fatalf("%d events, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			event, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := &pipeline{}
			answer, err := handler(t, p, nil).Invoke(t.Context(), event)
			if err != nil {
				answer, _ = json.Marshal(map[string]string{"errorMessage": err.Error()})
			}
			compare(t, filepath.Base(file), p.sorted(), answer)
			if p.waited.Load() == 0 {
				t.Error("nobody waited for what was begun")
			}
		})
	}
}

func compare(t *testing.T, name string, asked []string, answer []byte) {
	t.Helper()
	var got bytes.Buffer
	e := json.NewEncoder(&got)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(struct {
		Asked  []string        `json:"asked"`
		Answer json.RawMessage `json:"answer"`
	}{append([]string{}, asked...), answer}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("it is\n%swant\n%s", got.Bytes(), want)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(eventsFolder, "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		event, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(event)
	}
	f.Add([]byte(`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"{\"Event\":\"s3:TestEvent\"}"}}]}`))
	f.Add([]byte(`{"Type":"Notification","Message":"{\"Type\":\"Notification\",\"Message\":\"{}\"}"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := uploads.Parse(payload)
		if e.Kind == uploads.Unknown && err == nil {
			t.Error("an event is unknown, and that is no error")
		}
		if e.Kind != uploads.Queue && len(e.Messages) > 0 || e.Kind != uploads.Objects && len(e.Hints) > 0 {
			t.Errorf("%+v", e)
		}
		hints := e.Hints
		for _, m := range e.Messages {
			hints = append(hints, m.Hints...)
			if m.ID == "" {
				t.Error("a message has no id")
			}
		}
		for _, h := range hints {
			if h.Bucket == "" || h.Key == "" {
				t.Errorf("%+v names no object", h)
			}
		}
	})
}
