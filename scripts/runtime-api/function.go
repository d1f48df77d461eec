package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/table"
)

// A function is what is measured: a folder with a bootstrap and what belongs to it.
type function struct {
	name      string
	folder    string
	variables []string
	compiled  int      // bytes of the model; 0: it has none
	events    [][]byte // are sent in turn
}

// emptyFunction is that of scripts/runtime-api/empty.
func emptyFunction(bootstrap, folder string) (*function, error) {
	f := &function{name: "(empty)", folder: folder, events: [][]byte{[]byte("{}")}}
	return f, link(bootstrap, folder)
}

// scoreFunction makes the package of functions/score for a document, with one event for each record of input.csv beside it.
func scoreFunction(bootstrap, document, folder string) (*function, error) {
	text, err := os.ReadFile(document)
	if err != nil {
		return nil, err
	}
	compiled, err := compile.Compile(bytes.NewReader(text), compile.Options{})
	if err != nil {
		return nil, fmt.Errorf("%s:%w", document, err)
	}
	id := filepath.Base(filepath.Dir(document))
	f := &function{name: id, folder: folder, variables: variables(id, text), compiled: len(compiled)}
	if err := link(bootstrap, folder); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "model.bin"), compiled, 0o600); err != nil {
		return nil, err
	}
	model, err := evaluator.Open(compiled)
	if err != nil {
		return nil, err
	}
	f.events, err = events(id, model.Schema(), filepath.Join(filepath.Dir(document), "input.csv"))
	return f, err
}

// variables are what the function of a model has in its environment.
func variables(id string, document []byte) []string {
	sum := sha256.Sum256(document)
	return []string{
		"HANDOFF_MODEL_ID=" + id, "HANDOFF_MODEL_VERSION=1", "HANDOFF_CREATED=2026-03-10T09:30:00Z",
		"HANDOFF_DOCUMENT_SIZE=" + strconv.Itoa(len(document)), "HANDOFF_DOCUMENT_CHECKSUM=" + hex.EncodeToString(sum[:]),
	}
}

// link puts a bootstrap into a folder.
func link(bootstrap, folder string) error {
	path, err := filepath.Abs(bootstrap)
	if err != nil {
		return err
	}
	return os.Symlink(path, filepath.Join(folder, "bootstrap"))
}

// events gives an event of API Gateway for each row of a table.
func events(id string, schema *evaluator.Schema, file string) ([][]byte, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	rows, err := table.NewReader(opened)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	texts := map[string]bool{}
	for i := range schema.Inputs {
		texts[schema.Inputs[i].Name] = schema.Inputs[i].DataType == "string"
	}
	var all [][]byte
	for {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		arguments := map[string]any{}
		for i, name := range rows.Header() {
			if isText, known := texts[name]; !known || cells[i] == "" {
				continue
			} else if !isText && json.Valid([]byte(cells[i])) {
				arguments[name] = json.RawMessage(cells[i])
			} else {
				arguments[name] = cells[i]
			}
		}
		event, err := eventOf(id, arguments)
		if err != nil {
			return nil, err
		}
		all = append(all, event)
	}
}

// eventOf gives the event of an HTTP API for one record.
func eventOf(id string, arguments map[string]any) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"id": "1", "arguments": arguments})
	if err != nil {
		return nil, err
	}
	return gatewayEvent("/model/"+id, "application/json", string(body))
}

// gatewayEvent gives the event of an HTTP API for a POST.
func gatewayEvent(path, contentType, body string) ([]byte, error) {
	const host = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
	return json.Marshal(map[string]any{
		"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "isBase64Encoded": false, "body": body,
		"headers": map[string]string{
			"accept": "*/*", "content-type": contentType, "host": host, "user-agent": "runtime-api", "x-forwarded-for": "198.51.100.7",
			"x-forwarded-port": "443", "x-forwarded-proto": "https",
		},
		"requestContext": map[string]any{
			"accountId": "123456789012", "apiId": "a1b2c3d4e5", "domainName": host, "routeKey": "$default", "stage": "$default",
			"requestId": "JKJaXmPLvHcESHA=", "time": "10/Mar/2026:09:30:00 +0000", "timeEpoch": 1773135000000,
			"http": map[string]string{"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "198.51.100.7", "userAgent": "runtime-api"},
		},
	})
}
