package scoring_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// rulesModel is two rules, beer → chips and red wine, nothing → beer, whose transactions are collected by "basket".
func rulesModel(t testing.TB) *scoring.Model {
	t.Helper()
	document, err := os.ReadFile("testdata/rules.pmml")
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := compile.Compile(bytes.NewReader(document), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := evaluator.Open(compiled)
	if err != nil {
		t.Fatal(err)
	}
	return scoring.New(opened)
}

const (
	withBeer    = `"results":{"next":["chips","wine"],"rule":"{}->{beer}","all":[2],"sure":0.5}`
	withNothing = `"results":{"next":["beer"],"rule":null,"all":[],"sure":0.4}`
	withAll     = `"results":{"next":null,"rule":"{}->{beer}","all":[1,2],"sure":null}`
)

func TestBasket(t *testing.T) {
	m := rulesModel(t)
	for _, c := range []struct{ name, body, want string }{
		{"list", `{"id":"r","arguments":{"basket":"1","item":["beer","beer"]}}`, `{"id":"r",` + withBeer + `}`},
		{"basket of one", `{"arguments":{"item":"beer"}}`, `{` + withBeer + `}`},
		{"empty basket", `{"arguments":{"basket":1,"item":[]}}`, `{` + withNothing + `}`},
		{"no basket", `{"arguments":{}}`, `{` + withNothing + `}`},
		{"null", `{"arguments":{"basket":{"a":1},"item":[null,"beer"]}}`, ""},
		{"null among items", `{"arguments":{"item":[null,"beer"]}}`, `{` + withBeer + `}`},
		{"numbers and truths", `{"arguments":{"item":[1,true,"beer"]}}`, `{` + withBeer + `}`},
		{"everything", `{"arguments":{"item":["beer","chips","red wine"]}}`, `{` + withAll + `}`},
		{"a list in a list", `{"arguments":{"item":[["beer"]]}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := m.Record(job(c.body))
			var record evaluator.RecordError
			if c.want == "" {
				if !errors.As(err, &record) {
					t.Errorf("got %s, %v, want the error of a record", got, err)
				}
				return
			}
			if err != nil || string(got) != c.want+"\n" {
				t.Errorf("got %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

func TestGroupedBatch(t *testing.T) {
	m := rulesModel(t)
	requests := func(records ...string) string { return `{"id":"b","requests":[` + strings.Join(records, ",") + `]}` }
	one := func(id, basket, item string) string {
		return fmt.Sprintf(`{"id":%q,"arguments":{"basket":%s,"item":%s}}`, id, basket, item)
	}
	for _, c := range []struct {
		name, body, want string
		counts           scoring.Counts
	}{
		{"none", requests(), `{"id":"b"}`, scoring.Counts{}},
		{"groups", requests(one("x", `"1"`, `"beer"`), one("y", `"2"`, `"tea"`), one("z", `1`, `["chips","red wine"]`)), `{"id":"b","responses":[{` + withAll + `},{` + withNothing + `}]}`, scoring.Counts{Records: 3}},
		{"each alone", requests(one("x", `"1"`, `"beer"`), one("y", `"2"`, `"tea"`)), `{"id":"b","responses":[{"id":"x",` + withBeer + `},{"id":"y",` + withNothing + `}]}`, scoring.Counts{Records: 2}},
		{"lists without a group", requests(`{"id":"x","arguments":{"item":["beer"]}}`, `{"arguments":{"item":[]}}`), `{"id":"b","responses":[{"id":"x",` + withBeer + `},{` + withNothing + `}]}`, scoring.Counts{Records: 2}},
		{"records that cannot be scored", requests(`null`, `{"id":"x"}`, one("y", `"1"`, `{"a":1}`), one("z", `"1"`, `"beer"`), one("q", `"2"`, `"beer"`)),
			`{"id":"b","responses":[{"message":"the record is null"},{"message":"the member \"arguments\" is missing"},{"message":"Field \"item\" cannot accept invalid value {a=1}"},{` + withBeer + `}]}`, scoring.Counts{Records: 5, Failed: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, counts, err := m.Batch(job(c.body))
			if err != nil || string(got) != c.want+"\n" || counts != c.counts {
				t.Errorf("got %s, %+v, %v\nwant %s, %+v", got, counts, err, c.want, c.counts)
			}
		})
	}
}

func TestGroupedTable(t *testing.T) {
	m := rulesModel(t)
	const header = "next,rule,all,sure\n"
	for _, c := range []struct{ name, body, want string }{
		{"groups", "basket,item\n1,beer\n2,tea\n1,chips\n1,red wine\n", header + ",{}->{beer},\"[1, 2]\",\n[beer],,[],0.4\n"},
		{"ids of groups", "Id,basket,item\nx,1,beer\ny,1,tea\nz,2,\n", "Id," + header + ",\"[chips, wine]\",{}->{beer},[2],0.5\n,[beer],,[],0.4\n"},
		{"ids of each alone", "Id,basket,item\nx,1,beer\nz,2,\n", "Id," + header + "x,\"[chips, wine]\",{}->{beer},[2],0.5\nz,[beer],,[],0.4\n"},
		{"no group column", "Id,item\nx,beer\nz,tea\n", "Id," + header + ",\"[chips, wine]\",{}->{beer},[2],0.5\n"},
		{"only items", "item\nbeer\n", header + "\"[chips, wine]\",{}->{beer},[2],0.5\n"},
		{"header only", "basket,item\n", header},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := m.Table(job(c.body), scoring.Format{})
			if err != nil || string(got) != c.want {
				t.Errorf("got %q, %v\nwant %q", got, err, c.want)
			}
		})
	}
	if _, _, err := m.Table(job("basket,item\n1,beer\n2\n"), scoring.Format{Delimiter: ','}); err == nil || !strings.Contains(err.Error(), "row 2, line 3") {
		t.Errorf("a ragged row: %v", err)
	}
}

// TestGroupsAreCounted: whoever counts memory is told of records that are kept.
func TestGroupsAreCounted(t *testing.T) {
	m := rulesModel(t)
	body := "basket,item\n" + strings.Repeat("1,something\n", 10_000)
	full := errors.New("full")
	held := int64(0)
	j := job(body)
	j.Hold = func(n int64) error {
		if held += n; held > 1<<20 {
			return full
		}
		return nil
	}
	if _, _, err := m.Table(j, scoring.Format{}); !errors.Is(err, full) {
		t.Errorf("%d bytes held, %v", held, err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := m.Table(&scoring.Job{Context: over, Body: []byte(body)}, scoring.Format{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, _, err := m.Batch(&scoring.Job{Context: context.Background(), Body: []byte(`{"requests":[{"arguments":{"item":"beer"}}]}`), Limit: 10}); !errors.Is(err, scoring.ErrAnswerTooLarge) {
		t.Errorf("limit: %v", err)
	}
}

func FuzzGroups(f *testing.F) {
	f.Add([]byte(`{"id":"b","requests":[{"id":"x","arguments":{"basket":1,"item":["beer",null,true]}},null,{},{"arguments":{"basket":"1","item":[[]]}}]}`))
	f.Add([]byte(`{"requests":[{"arguments":{"item":[]}},{"arguments":{"item":"beer"}}]}`))
	m := rulesModel(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		got, counts, err := m.Batch(&scoring.Job{Context: context.Background(), Body: body})
		checkError(t, err)
		if err != nil {
			return
		}
		var answer struct {
			Responses []json.RawMessage `json:"responses"`
		}
		if bad := json.Unmarshal(got, &answer); bad != nil || len(answer.Responses) > counts.Records || counts.Records > 0 && len(answer.Responses) == 0 {
			t.Errorf("%q was answered with %q: %v", body, got, bad)
		}
	})
}
