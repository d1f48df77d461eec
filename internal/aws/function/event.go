package function

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// kind is what an invocation asks for.
type kind int

const (
	unknown   kind = iota
	gatewayV2      // API Gateway's payload format 2.0: HTTP APIs and function URLs
	gatewayV1      // payload format 1.0: REST APIs, and HTTP APIs that ask for it
	single         // Openscoring's body of POST /model/{id}
	batch          // Openscoring's body of POST /model/{id}/batch
	scheduled      // EventBridge's clock
)

var errUnknownEvent = errors.New(`the event is none that this function answers: an event of API Gateway (payload format 1.0 or 2.0), ` +
	`a request {"id","arguments"} or {"id","requests"}, or a scheduled event of EventBridge`)

// An event is a JSON object by its members, which are not decoded yet: a body of 6 MB is passed over.
type event map[string]jsontext.Value

// readEvent takes an event apart. Of two members of one name the last counts; what else may be wrong with a body of
// Openscoring's is said by whoever reads it.
func readEvent(payload []byte) (event, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(payload), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return nil, errors.New("the event is not a JSON object")
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, fmt.Errorf("the event is not JSON: %w", err)
	}
	e := event{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, fmt.Errorf("the event is not JSON: %w", err)
		}
		key := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return nil, fmt.Errorf("the event is not JSON: %w", err)
		}
		end := int(d.InputOffset())
		e[key] = jsontext.Value(payload[end-len(value) : end])
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, fmt.Errorf("the event is not JSON: %w", err)
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, errors.New("the event is not one JSON object: something follows it")
	}
	return e, nil
}

// has says whether a member is there and not null.
func (e event) has(name string) bool { return e[name] != nil && e[name].Kind() != 'n' }

func (e event) kind() kind {
	switch {
	case e.has("requestContext") && e.has("httpMethod"):
		return gatewayV1
	case e.hasHTTP():
		return gatewayV2
	case e.has("requests"):
		return batch
	case e.has("arguments"):
		return single
	case e.text("detail-type") == "Scheduled Event":
		return scheduled
	}
	return unknown
}

// hasHTTP tells API Gateway's payload format 2.0 from others that also have a context.
func (e event) hasHTTP() bool {
	if !e.has("requestContext") {
		return false
	}
	about, err := readEvent(e["requestContext"])
	return err == nil && about.has("http")
}

// text gives a member that is a text; empty if it is none.
func (e event) text(name string) string {
	if e[name].Kind() != '"' {
		return ""
	}
	text, _ := jsontext.AppendUnquote(nil, e[name]) // invalid UTF-8 is replaced
	return string(text)
}

// read decodes members; those that are not there stay as they are.
func (e event) read(members map[string]any) error {
	for name, to := range members {
		if e[name] == nil {
			continue
		}
		if err := json.Unmarshal(e[name], to); err != nil {
			return fmt.Errorf("event of API Gateway, %s: %w", name, err)
		}
	}
	return nil
}

// readBody decodes the body of an event of API Gateway.
func (e event) readBody(body *string, isBase64 *bool) error {
	*body = e.text("body")
	return e.read(map[string]any{"isBase64Encoded": isBase64})
}
