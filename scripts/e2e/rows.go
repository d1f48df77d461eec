package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// rows are a sample model's records, and what the framework that made the model predicts of them.
type rows struct {
	input, expected [][]string
	body            []byte // the records, as POST /model/{id}/batch takes them
}

// readRows reads input.csv and expected.csv; the first row has the names.
func readRows(folder string) (rows, error) {
	input, err := readCSV(filepath.Join(folder, "input.csv"))
	if err != nil {
		return rows{}, err
	}
	expected, err := readCSV(filepath.Join(folder, "expected.csv"))
	if err == nil && (len(input) < 2 || len(input) != len(expected)) {
		err = fmt.Errorf("%s: %d rows of input, %d of expected", folder, len(input), len(expected))
	}
	if err != nil {
		return rows{}, err
	}
	body, err := batch(input)
	return rows{input, expected, body}, err
}

func readCSV(name string) ([][]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return csv.NewReader(f).ReadAll()
}

// golden gives the rows as golden.csv of a document: its inputs with the results that they must have. Columns that the model
// does not know would be refused.
func (r rows) golden(document string) (string, error) {
	var known []int
	for i, name := range r.input[0] {
		if strings.Contains(document, `<MiningField name="`+name+`"`) {
			known = append(known, i)
		}
	}
	var text strings.Builder
	w := csv.NewWriter(&text)
	for i, row := range r.input {
		var record []string
		for _, k := range known {
			record = append(record, row[k])
		}
		if err := w.Write(append(record, r.expected[i]...)); err != nil {
			return "", err
		}
	}
	w.Flush()
	return text.String(), w.Error()
}

// batch gives the body of a POST of records to /model/{id}/batch. All inputs must be numbers.
func batch(input [][]string) ([]byte, error) {
	type request struct {
		Arguments map[string]json.Number `json:"arguments"`
	}
	var requests []request
	for _, row := range input[1:] {
		arguments := map[string]json.Number{}
		for i, name := range input[0] {
			arguments[name] = json.Number(row[i])
		}
		requests = append(requests, request{arguments})
	}
	return json.Marshal(map[string]any{"id": "e2e", "requests": requests})
}

// compare holds the answer to batch against what is expected.
func (r rows) compare(body []byte) error {
	var answer struct {
		Responses []struct {
			Results map[string]any `json:"results"`
		} `json:"responses"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if len(answer.Responses) != len(r.expected)-1 {
		return fmt.Errorf("%d answers for %d records", len(answer.Responses), len(r.expected)-1)
	}
	for i, response := range answer.Responses {
		for k, name := range r.expected[0] {
			if got, want := response.Results[name], r.expected[i+1][k]; !same(got, want) {
				return fmt.Errorf("record %d: %s is %v, want %s", i+1, name, got, want)
			}
		}
	}
	return nil
}

func same(got any, want string) bool {
	number, isNumber := got.(float64)
	if !isNumber {
		return got == want
	}
	w, err := strconv.ParseFloat(want, 64)
	return err == nil && math.Abs(number-w) <= 1e-12+1e-9*math.Abs(w)
}

// httpEvent is a POST of JSON as an HTTP API hands it on.
func httpEvent(path string, body []byte) ([]byte, error) {
	return json.Marshal(events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: path,
		Headers: map[string]string{"content-type": "application/json", "host": "127.0.0.1"},
		Body:    string(body),
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			AccountID: account, Stage: "$default", RouteKey: "$default", RequestID: "e2e",
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "POST", Path: path, Protocol: "HTTP/1.1", SourceIP: "127.0.0.1"},
		},
	})
}

// An answer is what a function gives to an HTTP API.
type answer struct {
	events.APIGatewayV2HTTPResponse
}

func (a answer) header(name string) string {
	for k, v := range a.Headers {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	for k, v := range a.MultiValueHeaders {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}
