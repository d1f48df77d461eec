package scoring_test

import (
	"bytes"
	"context"
	"encoding/csv"
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

// irisModel is a tree with outputs of all types of values.
func irisModel(t testing.TB) *scoring.Model {
	t.Helper()
	document, err := os.Open("testdata/iris.pmml")
	if err != nil {
		t.Fatal(err)
	}
	defer document.Close()
	compiled, err := compile.Compile(document, compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := evaluator.Open(compiled)
	if err != nil {
		t.Fatal(err)
	}
	return scoring.New(opened)
}

func job(body string) *scoring.Job {
	return &scoring.Job{Context: context.Background(), Body: []byte(body)}
}

func TestRecord(t *testing.T) {
	m := irisModel(t)
	const setosa = `{"results":{"Species":"setosa","p":0.0,"node":"2","count":null,"many":null,"note":null,"day":null,"far":null}}`
	for _, c := range []struct{ name, body, want string }{
		{"minimal", `{"arguments":{"Petal_Length":1.4}}`, setosa},
		{"numbers as text", `{"arguments":{"Petal_Length":" 1.4e0 "}}`, setosa},
		{"space everywhere", " \t\r\n{ \"arguments\" : { \"Petal_Length\" : 1.4 } } \n", setosa},
		{"byte order mark", "\xEF\xBB\xBF" + `{"arguments":{"Petal_Length":1.4}}`, setosa},
		{"id", `{"id":"a\"b","arguments":{"Petal_Length":1.4}}`, `{"id":"a\"b",` + setosa[1:]},
		{"id behind", `{"arguments":{"Petal_Length":1.4},"id":"x"}`, `{"id":"x",` + setosa[1:]},
		{"number as id", `{"id":1.50,"arguments":{"Petal_Length":1.4}}`, `{"id":"1.50",` + setosa[1:]},
		{"truth as id", `{"id":true,"arguments":{"Petal_Length":1.4}}`, `{"id":"true",` + setosa[1:]},
		{"null as id", `{"id":null,"arguments":{"Petal_Length":1.4}}`, setosa},
		{"unknown arguments", `{"arguments":{"Petal_Length":1.4,"x":[{"y":[1,{}]}],"z":"\u00e4"}}`, setosa},
		{"escaped name", `{"arguments":{"Petal\u005fLength":1.4}}`, setosa},
		{"last of equal names", `{"arguments":{"Petal_Length":5,"Petal_Length":1.4}}`, setosa},
		{"last is right, first was not", `{"arguments":{"Petal_Length":{"a":1},"Petal_Length":1.4}}`, setosa},
		{"last is null", `{"arguments":{"Petal_Length":5,"Petal_Length":null}}`, `{"results":{"Species":null}}`},
		{"last arguments", `{"arguments":{"Petal_Length":"x"},"arguments":{"Petal_Length":1.4}}`, setosa},
		{"names are exact", `{"arguments":{"petal_length":1.4}}`, `{"results":{"Species":null}}`},
		{"no arguments", `{"arguments":{}}`, `{"results":{"Species":null}}`},
		{"types", `{"arguments":{"Petal_Length":4.7,"Petal_Width":1.4,"Count":20,"Note":"Größe \"☃\"\n","Day":"2020-02-29"}}`,
			`{"results":{"Species":"versicolor","p":0.9074074074074074,"node":"4","count":20,"many":true,"note":"Größe \"☃\"\n","day":"2020-02-29","far":2.995732273553991}}`},
		{"negative infinity", `{"arguments":{"Petal_Length":1.4,"Count":-0}}`,
			`{"results":{"Species":"setosa","p":0.0,"node":"2","count":0,"many":false,"note":null,"day":null,"far":"-Infinity"}}`},
		{"integer with fraction 0", `{"arguments":{"Petal_Length":1.4,"Count":2.0}}`,
			`{"results":{"Species":"setosa","p":0.0,"node":"2","count":2,"many":false,"note":null,"day":null,"far":0.6931471805599453}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := m.Record(job(c.body))
			if err != nil || strings.TrimSuffix(string(got), "\n") != c.want {
				t.Errorf("got %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

func TestRecordErrors(t *testing.T) {
	m := irisModel(t)
	deep := strings.Repeat("[", 1001) + strings.Repeat("]", 1001)
	for _, c := range []struct{ name, body, want string }{
		{"empty", "", "the body is empty: a JSON object is expected"},
		{"blank", " \n", "the body is empty: a JSON object is expected"},
		{"array", `[]`, "line 1, column 1: a record must be an object"},
		{"null", `null`, "line 1, column 1: a record must be an object"},
		{"text behind", `{"arguments":{}} x`, "line 1, column 18: malformed JSON"},
		{"second object", `{"arguments":{}}{}`, "there is text behind the end of the body"},
		{"unfinished", "{\n\"arguments\":", "line 2, column 13: malformed JSON: the text ends too early"},
		{"NaN", `{"arguments":{"Petal_Length":NaN}}`, "malformed JSON: invalid character 'N'"},
		{"comma", `{"arguments":{"Petal_Length":1,}}`, "malformed JSON"},
		{"comment", `{"arguments":{/**/}}`, "malformed JSON"},
		{"single quotation marks", `{'arguments':{}}`, "malformed JSON"},
		{"leading zero", `{"arguments":{"Petal_Length":01}}`, "malformed JSON"},
		{"hexadecimal", `{"arguments":{"Petal_Length":0x1}}`, "malformed JSON"},
		{"control character", "{\"arguments\":{\"Note\":\"\x01\"}}", "malformed JSON"},
		{"invalid UTF-8", "{\"arguments\":{\"Note\":\"\xE4\"}}", "malformed JSON: invalid UTF-8"},
		{"half a surrogate", `{"arguments":{"Note":"\ud800"}}`, "malformed JSON"},
		{"unknown member", `{"arguments":{},"extra":1}`, `unknown member "extra"`},
		{"member in capitals", `{"Arguments":{}}`, `unknown member "Arguments"`},
		{"id is an object", `{"id":{},"arguments":{}}`, `"id" must be a text`},
		{"id is an array", `{"id":[1],"arguments":{}}`, `"id" must be a text`},
		{"no arguments", `{"id":"x"}`, `the member "arguments" is missing`},
		{"null arguments", `{"arguments":null}`, `the member "arguments" is missing`},
		{"arguments are an array", `{"arguments":[1]}`, `"arguments" must be an object`},
		{"deep", `{"arguments":{"Petal_Length":` + deep + `}}`, "nested more than 1000 deep"},
		{"deep and unknown", `{"arguments":{"x":` + deep + `}}`, "nested more than 1000 deep"},
		{"long number", `{"arguments":{"Petal_Length":` + strings.Repeat("1", 1001) + `}}`, "a number has more than 1000 characters"},
		{"long unknown number", `{"arguments":{"x":[` + strings.Repeat("1", 1001) + `]}}`, "a number has more than 1000 characters"},
		{"number beyond double", `{"arguments":{"Petal_Length":1e999}}`, `Field "Petal_Length" cannot accept invalid value 1e999`},
		{"number beyond double in a list", `{"arguments":{"Petal_Length":[1,-1e999]}}`, `Field "Petal_Length" cannot accept invalid value [1, -1e999]`},
		{"two objects, one replaced", `{"arguments":{"Petal_Length":{},"Petal_Width":{},"Petal_Width":1}}`, `Field "Petal_Length" cannot accept invalid value {}`},
		{"two objects, the other replaced", `{"arguments":{"Petal_Length":{},"Petal_Width":{},"Petal_Length":1}}`, `Field "Petal_Width" cannot accept invalid value {}`},
		{"long list", `{"arguments":{"Petal_Length":[` + strings.Repeat("1,", 100_000) + `1]}}`, "the lists of a record have more than 100000 members"},
		{"long lists", `{"arguments":{` + strings.Repeat(`"Petal_Length":[`+strings.Repeat("1,", 9999)+`1],`, 11) + `"x":1}}`, "the lists of a record have more than 100000 members"},
		{"invalid text", `{"arguments":{"Petal_Length":"abc"}}`, `Field "Petal_Length" cannot accept invalid value "abc"`},
		{"outside the interval", `{"arguments":{"Petal_Length":100}}`, `Field "Petal_Length" cannot accept invalid value 100.0`},
		{"object", `{"arguments":{"Petal_Length":{"a":1,"b":[true,{"c":null}],"d":"x"}}}`,
			`Field "Petal_Length" cannot accept invalid value {a=1, b=[true, {c=null}], d=x}`},
		{"array of arrays", `{"arguments":{"Petal_Length":[[1],2]}}`, `Field "Petal_Length" cannot accept invalid value [[1], 2]`},
		{"array", `{"arguments":{"Petal_Length":[1.4,2]}}`, `Field "Petal_Length" cannot accept invalid value`},
		{"fraction for integer", `{"arguments":{"Count":2.5}}`, `Field "Count" cannot accept invalid value 2.5`},
		{"integer beyond 64 bits", `{"arguments":{"Count":9223372036854775808}}`, `Field "Count" cannot accept invalid value`},
		{"no date", `{"arguments":{"Day":"29.02.2020"}}`, `Field "Day" cannot accept invalid value "29.02.2020"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := m.Record(job(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %s, error %v, want the error %s", got, err, c.want)
			}
		})
	}
}

func TestBatch(t *testing.T) {
	m := irisModel(t)
	const setosa = `"results":{"Species":"setosa","p":0.0,"node":"2","count":null,"many":null,"note":null,"day":null,"far":null}`
	for _, c := range []struct {
		name, body, want string
		counts           scoring.Counts
	}{
		{"none", `{"requests":[]}`, `{}`, scoring.Counts{}},
		{"none with id", `{"requests":[],"id":"b"}`, `{"id":"b"}`, scoring.Counts{}},
		{"one", `{"id":"b","requests":[{"id":"r","arguments":{"Petal_Length":1.4}}]}`,
			`{"id":"b","responses":[{"id":"r",` + setosa + `}]}`, scoring.Counts{Records: 1}},
		{"id behind", `{"requests":[{"arguments":{"Petal_Length":1.4}}],"id":7}`,
			`{"id":"7","responses":[{` + setosa + `}]}`, scoring.Counts{Records: 1}},
		{"last requests", `{"requests":[null,null],"requests":[{"arguments":{"Petal_Length":1.4}}]}`,
			`{"responses":[{` + setosa + `}]}`, scoring.Counts{Records: 1}},
		{"each for itself", `{"requests":[{"id":"1","arguments":{"Petal_Length":1.4}},{"id":"2","arguments":{"Petal_Length":"abc"}},
			null,{"id":"3"},{"id":null,"arguments":null},{"arguments":{}}]}`,
			`{"responses":[{"id":"1",` + setosa + `},{"id":"2","message":"Field \"Petal_Length\" cannot accept invalid value \"abc\""},` +
				`{"message":"the record is null"},{"id":"3","message":"the member \"arguments\" is missing"},` +
				`{"message":"the member \"arguments\" is missing"},{"results":{"Species":null}}]}`,
			scoring.Counts{Records: 6, Failed: 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := job(c.body)
			j.Answer = []byte("before ")
			got, counts, err := m.Batch(j)
			if err != nil || string(got) != "before "+c.want+"\n" || counts != c.counts {
				t.Errorf("got %s, %+v, %v\nwant %s, %+v", got, counts, err, c.want, c.counts)
			}
		})
	}
	for _, c := range []struct{ name, body, want string }{
		{"array", `[]`, "the body must be an object"},
		{"no requests", `{"id":"b"}`, `the member "requests" is missing`},
		{"null requests", `{"requests":null}`, `"requests" must be an array`},
		{"shape of a record", `{"arguments":{}}`, `unknown member "arguments"`},
		{"unknown member in a record", `{"requests":[{"arguments":{},"y":1}]}`, `unknown member "y"`},
		{"record is a text", `{"requests":["x"]}`, "a record must be an object"},
		{"unfinished", `{"requests":[{"arguments":{}}`, "the text ends too early"},
		{"text behind", `{"requests":[]}]`, "malformed JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := m.Batch(job(c.body)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	m := irisModel(t)
	const header = "Species,p,node,count,many,note,day,far\n"
	for _, c := range []struct {
		name, body, want string
		format           scoring.Format
	}{
		{"comma", "Petal_Length,Petal_Width\n1.4,0.2\n", header + "setosa,0.0,2,,,,,\n", scoring.Format{}},
		{"semicolon", "Petal_Length;Note\n1.4;a,b\n", strings.ReplaceAll(header, ",", ";") + "setosa;0.0;2;;;a,b;;\n", scoring.Format{}},
		{"tab", "Petal_Length\tNote\n1.4\tx\n", strings.ReplaceAll(header, ",", "\t") + "setosa\t0.0\t2\t\t\tx\t\t\n", scoring.Format{}},
		{"given", "Petal_Length|Note\n1.4|x\n", strings.ReplaceAll(header, ",", "|") + "setosa|0.0|2|||x||\n", scoring.Format{Delimiter: '|'}},
		{"quote given", "Petal_Length;Note\n1.4;'a;''b'\n", strings.ReplaceAll(header, ",", ";") + "setosa;0.0;2;;;'a;''b';;\n", scoring.Format{Quote: '\''}},
		{"one column", "Petal_Length\n1.4\n\n5\n", header + "setosa,0.0,2,,,,,\n,,,,,,,\n", scoring.Format{}},
		{"byte order mark and Id", "\xEF\xBB\xBFId,Petal_Length\na,1.4\n", "Id," + header + "a,setosa,0.0,2,,,,,\n", scoring.Format{}},
		{"id in capitals", "ID,Petal_Length\na,1.4\n", "ID," + header + "a,setosa,0.0,2,,,,,\n", scoring.Format{}},
		{"Id elsewhere", "Petal_Length,Id\n1.4,a\n", header + "setosa,0.0,2,,,,,\n", scoring.Format{}},
		{"quoted Id", "Id,Petal_Length\n\"a,1\",1.4\n\"b \"\"q\"\"\",1.4\n\"c\nd\",1.4\n", "Id," + header +
			"\"a,1\",setosa,0.0,2,,,,,\n\"b \"\"q\"\"\",setosa,0.0,2,,,,,\n\"c\nd\",setosa,0.0,2,,,,,\n", scoring.Format{}},
		{"CRLF and blank lines", "Petal_Length,Petal_Width\r\n\r\n1.4,0.2\r\n\r\n", header + "setosa,0.0,2,,,,,\n", scoring.Format{}},
		{"no end of line at the end", "Petal_Length,Petal_Width\n1.4,", header + "setosa,0.0,2,,,,,\n", scoring.Format{}},
		{"empty cell in quotation marks", "Petal_Length,Petal_Width\n1.4,\"\"\n", header + "setosa,0.0,2,,,,,\n", scoring.Format{}},
		{"names with spaces", "Petal_Length, Note\n1.4, x \n", header + "setosa,0.0,2,,, x ,,\n", scoring.Format{}},
		{"header only", "Id,Petal_Length\n", "Id," + header, scoring.Format{}},
		{"types", "Petal_Length,Petal_Width,Count,Note,Day\n4.7,1.4,20,ä,2020-02-29\n", header + "versicolor,0.9074074074074074,4,20,true,ä,2020-02-29,2.995732273553991\n", scoring.Format{}},
		{"first row without prediction", "Petal_Length,Petal_Width,Count,Note,Day\n,,,,\n1.4,,,,\n", header + ",,,,,,,\nsetosa,0.0,2,,,,,\n", scoring.Format{}},
		{"first row without prediction, and without a column", "Petal_Width,Petal_Length\n1,\n1,1.4\n", "Species\n\nsetosa\n", scoring.Format{}},
		{"the same with Id", "Id,Petal_Length\na,\nb,1.4\n", "Id," + header + "a,,,,,,,,\nb,setosa,0.0,2,,,,,\n", scoring.Format{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := m.Table(job(c.body), c.format)
			if err != nil || string(got) != c.want {
				t.Errorf("got %q, %v\nwant %q", got, err, c.want)
			}
		})
	}
}

func TestTableErrors(t *testing.T) {
	m := irisModel(t)
	for _, c := range []struct {
		name, body, want string
		format           scoring.Format
	}{
		{"empty", "", "Unrecognized CSV format", scoring.Format{}},
		{"empty with delimiter", "\n\n", "Unrecognized CSV format", scoring.Format{Delimiter: ','}},
		{"unknown delimiter", "Id|Petal_Length\na|1.4\n", "Unrecognized CSV format", scoring.Format{}},
		{"ragged", "a,Petal_Length\n1,2\n3\n", "row 2, line 3: the row has 1 cell, the header 2: Unrecognized CSV format", scoring.Format{}},
		{"ragged with delimiter", "a,Petal_Length\n1,2\n\n\n3\n", "row 2, line 5: the row has 1 cell, the header 2", scoring.Format{Delimiter: ','}},
		{"ragged late", "a,Petal_Length\n" + strings.Repeat("1,2\n", 20) + "3\n", "row 21, line 22: the row has 1 cell, the header 2", scoring.Format{}},
		{"column without a name", "a,,Petal_Length\n1,2,3\n", "line 1: column 2 has no name", scoring.Format{}},
		{"duplicate column", "a,Petal_Length,a\n1,2,3\n", `line 1: duplicate column "a"`, scoring.Format{}},
		{"quotation mark inside", "a,Petal_Length\n1\"2,3\n", "row 1, line 2: a quotation mark inside a cell", scoring.Format{Delimiter: ','}},
		{"text behind a quotation mark", "a,Petal_Length\n\"1\"2,3\n", "row 1, line 2: a cell goes on behind", scoring.Format{Delimiter: ','}},
		{"never closed", "a,Petal_Length\n1,2\n\"1,3\n", "row 2, line 3: a quotation mark is never closed", scoring.Format{Delimiter: ','}},
		{"NUL", "a,Petal_Length\n1\x00,3\n", "row 1, line 2: a NUL character", scoring.Format{Delimiter: ','}},
		{"NUL in quotation marks", "a,Petal_Length\n\"\x00\",3\n", "row 1, line 2: a NUL character", scoring.Format{Delimiter: ','}},
		{"not UTF-8", "a,Note\n1,x\n2,\xE4\n", "line 3, column 3: the text is not UTF-8", scoring.Format{}},
		{"invalid value", "Id,Petal_Length\n\"a\n\",1.4\nb,abc\n", `row 2, line 4: Field "Petal_Length" cannot accept invalid value "abc"`, scoring.Format{}},
		{"out of range", "Id,Petal_Length\nb,99\n", `row 1, line 2: Field "Petal_Length" cannot accept invalid value 99.0`, scoring.Format{}},
		{"NA is text", "Id,Petal_Length\nb,NA\n", `Field "Petal_Length" cannot accept invalid value "NA"`, scoring.Format{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := m.Table(job(c.body), c.format)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, error %v, want %s", got, err, c.want)
			}
		})
	}
}

// TestWideTable has more columns than Openscoring looks at.
func TestWideTable(t *testing.T) {
	m := irisModel(t)
	var header, row strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&header, ",column%d", i)
		row.WriteString(",1")
	}
	got, _, err := m.Table(job("Petal_Length"+header.String()+"\n1.4"+row.String()+"\n"), scoring.Format{})
	if err != nil || !bytes.HasPrefix(got, []byte("Species,p")) {
		t.Errorf("got %.100q, %v", got, err)
	}
}

func TestAnswerLimit(t *testing.T) {
	m := irisModel(t)
	rows := job("Petal_Length,Petal_Width\n" + strings.Repeat("1.4,0.2\n", 1000))
	rows.Limit = 1000
	if _, _, err := m.Table(rows, scoring.Format{}); !errors.Is(err, scoring.ErrAnswerTooLarge) {
		t.Errorf("table: %v", err)
	}
	records := job(`{"requests":[` + strings.Repeat(`{"arguments":{}},`, 1000) + `null]}`)
	records.Limit = 1000
	if _, _, err := m.Batch(records); !errors.Is(err, scoring.ErrAnswerTooLarge) {
		t.Errorf("batch: %v", err)
	}
}

func TestCanceled(t *testing.T) {
	m := irisModel(t)
	j := job("Petal_Length,Petal_Width\n1.4,0.2\n")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	j.Context = ctx
	if _, _, err := m.Table(j, scoring.Format{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestCheck reads bodies for which there is no model.
func TestCheck(t *testing.T) {
	if err := scoring.CheckRecord(job(`{"arguments":{"a":[1,{}]}}`)); err != nil {
		t.Error(err)
	}
	if err := scoring.CheckRecord(job(`{`)); err == nil {
		t.Error("no error for a faulty record")
	}
	if err := scoring.CheckBatch(job(`{"requests":[null,{"arguments":{}},{}]}`)); err != nil {
		t.Error(err)
	}
	if err := scoring.CheckBatch(job(`{"requests":[`)); err == nil {
		t.Error("no error for a faulty batch")
	}
	if err := scoring.CheckTable(job("a,b\n1,2\n"), scoring.Format{}); err != nil {
		t.Error(err)
	}
	if err := scoring.CheckTable(job("a,b\n1\n"), scoring.Format{}); err == nil {
		t.Error("no error for a faulty table")
	}
}

// TestNoAllocation scores numbers without taking memory, once everything is warm.
// underRace says that the race detector is on, under which a sync.Pool forgets some of what it holds on purpose.
var underRace bool

func TestNoAllocation(t *testing.T) {
	if underRace {
		t.Skip("under the race detector pools forget, and what they held is made again")
	}
	m := irisModel(t)
	j := job(`{"id":"r","arguments":{"Petal_Length":4.7,"Petal_Width":1.4,"Count":3}}`)
	answer := make([]byte, 0, 4096)
	score := func() {
		j.Answer = answer[:0]
		if _, err := m.Record(j); err != nil {
			t.Fatal(err)
		}
	}
	score()
	// The id is copied, and the decoder takes its options: nothing that grows with the record.
	if n := testing.AllocsPerRun(200, score); n > 2 {
		t.Errorf("%v allocations per record", n)
	}
}

func FuzzRecord(f *testing.F) {
	for _, seed := range []string{
		`{"id":"x","arguments":{"Petal_Length":1.4,"Count":3,"Note":"a\u00e4","Day":"2020-01-01"}}`,
		`{"arguments":{"Petal_Length":{"a":[1,{"b":null}]},"Petal_Length":[1,"x",true,null]}}`,
		`{"arguments":{"Count":-0,"Count":1e5}} `, `[`, `{"arguments":{"x":[[[[]]]]}}`,
	} {
		f.Add([]byte(seed))
	}
	m := irisModel(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := m.Record(&scoring.Job{Context: context.Background(), Body: body})
		checkError(t, err)
		trimmed := bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))
		if err == nil && (!json.Valid(got) || !json.Valid(trimmed)) {
			t.Errorf("%q was answered with %q", body, got)
		}
	})
}

func FuzzBatch(f *testing.F) {
	for _, seed := range []string{
		`{"id":"b","requests":[{"id":"x","arguments":{"Petal_Length":1.4}},null,{}]}`,
		`{"requests":[],"requests":[{"arguments":{"Petal_Length":"abc"}}],"id":1}`,
	} {
		f.Add([]byte(seed))
	}
	m := irisModel(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		got, counts, err := m.Batch(&scoring.Job{Context: context.Background(), Body: body})
		checkError(t, err)
		if err != nil {
			return
		}
		var answer struct {
			Responses []json.RawMessage `json:"responses"`
		}
		if bad := json.Unmarshal(got, &answer); bad != nil || len(answer.Responses) != counts.Records {
			t.Errorf("%q was answered with %q: %v", body, got, bad)
		}
	})
}

// FuzzTable compares the reader with encoding/csv where both accept a table.
func FuzzTable(f *testing.F) {
	for _, seed := range []string{
		"Id,Petal_Length,Note\na,1.4,x\n\"b\"\"\n\",,\"y,z\"\n", "Petal_Length;Count\r\n1;2\r\n", "Petal_Length\n1\n", "a\tb\n1\t2",
	} {
		f.Add([]byte(seed), byte(0))
		f.Add([]byte(seed), byte(','))
	}
	m := irisModel(f)
	f.Fuzz(func(t *testing.T, body []byte, delimiter byte) {
		if delimiter == '"' || delimiter == '\n' || delimiter == '\r' || delimiter >= 0x80 {
			return
		}
		got, counts, err := m.Table(&scoring.Job{Context: context.Background(), Body: body}, scoring.Format{Delimiter: delimiter})
		checkError(t, err)
		if err != nil || delimiter != ',' || bytes.Contains(bytes.ReplaceAll(body, []byte("\r\n"), nil), []byte("\r")) {
			return // encoding/csv takes a \r alone for text
		}
		theirs := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))))
		rows, bad := theirs.ReadAll()
		if bad == nil && len(rows)-1 != counts.Records {
			t.Errorf("%q: %d rows, encoding/csv has %d", body, counts.Records, len(rows)-1)
		}
		if lines := bytes.Count(got, []byte("\n")); lines < counts.Records+1 {
			t.Errorf("%q: %d rows were answered with %d lines", body, counts.Records, lines)
		}
	})
}

// checkError makes sure that only the body or a record is blamed.
func checkError(t *testing.T, err error) {
	t.Helper()
	var body *scoring.BodyError
	var record evaluator.RecordError
	if err != nil && !errors.As(err, &body) && !errors.As(err, &record) {
		t.Errorf("%T: %v", err, err)
	}
}
