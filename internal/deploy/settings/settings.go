// Package settings reads model.json, what a person says about a model. It is apart from package deploy so that functions
// that only score do not start with a validator of JSON Schemas in them.
package settings

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/words"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// maxSize is the greatest size of model.json in bytes.
const maxSize = 1 << 20

// Schema is the JSON Schema (draft 2020-12) of model.json.
//
//go:embed model.schema.json
var Schema string

var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	const name = "model.schema.json"
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(name, document); err != nil {
		return nil, err
	}
	return c.Compile(name)
})

// Read reads the text of model.json. The error is a *catalog.Rejection if the text is wrong: its Field is the
// JSON pointer of the first thing that is, its Faults are all of them. Otherwise it is what the reader answered.
func Read(r io.Reader) (deploy.Settings, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return deploy.Settings{}, err
	}
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")) // editors on Windows write it, and it changes nothing
	places, err := placesOf(text)
	if err != nil {
		return deploy.Settings{}, err
	}
	if err := validate(text, places); err != nil {
		return deploy.Settings{}, err
	}
	var s deploy.Settings
	if err := json.Unmarshal(text, &s); err != nil {
		return deploy.Settings{}, reject(unfit(err).at(places))
	}
	return s, nil
}

// unfit says what could not be put into Settings though the schema allows it, such as 3.0 and 1e999.
func unfit(err error) fault {
	var bad *json.UnmarshalTypeError
	if !errors.As(err, &bad) {
		return fault{message: err.Error()}
	}
	return fault{pointer: "/" + strings.ReplaceAll(bad.Field, ".", "/"), message: fmt.Sprintf("the value cannot be a %s", bad.Value)}
}

// places are the lines of a JSON text on which the values begin, by JSON pointer; "" is the text as a whole.
type places map[string]int

// line gives the line of a value, or of what it lies in.
func (p places) line(pointer string) int {
	for {
		if line, ok := p[pointer]; ok {
			return line
		}
		i := strings.LastIndexByte(pointer, '/')
		if i < 0 {
			return 1
		}
		pointer = pointer[:i]
	}
}

// placesOf reads a JSON text as strictly as it can be read: one value, names that are not repeated, text in UTF-8.
func placesOf(text []byte) (places, error) {
	switch {
	case len(text) > maxSize:
		return nil, reject(fault{message: fmt.Sprintf("the file is larger than %d MiB", maxSize>>20)})
	case bytes.HasPrefix(text, []byte("\xFF\xFE")), bytes.HasPrefix(text, []byte("\xFE\xFF")):
		return nil, reject(fault{line: 1, message: "the text is in UTF-16, it must be in UTF-8"})
	case len(bytes.TrimSpace(text)) == 0:
		return nil, reject(fault{line: 1, message: "the file is empty: without settings, there must be no file, or {}"})
	}
	p := places{}
	d := jsontext.NewDecoder(bytes.NewReader(text))
	at, line := 0, 1 // the lines of what was read are counted once
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return nil, reject(syntaxFault(text, err))
		}
		end := int(d.InputOffset())
		line += bytes.Count(text[at:end], []byte("\n"))
		at = end
		pointer := string(d.StackPointer())
		if _, known := p[pointer]; !known {
			p[pointer] = line
		}
		if token.Kind() == '0' && !plainNumber(token.String()) {
			return nil, reject(fault{line: line, pointer: pointer, message: "the number is longer, larger or closer to zero than any setting"})
		}
		if d.StackDepth() > maxDepth {
			return nil, reject(fault{line: line, pointer: pointer, message: "the text is nested too deeply"})
		}
		if d.StackDepth() == 0 {
			if rest := bytes.TrimSpace(text[end:]); len(rest) > 0 {
				line += bytes.Count(text[end:len(text)-len(bytes.TrimLeft(text[end:], " \t\r\n"))], []byte("\n"))
				return nil, reject(fault{line: line, message: "something follows after the settings"})
			}
			return p, nil
		}
	}
}

// plainNumber says whether a number can be calculated with at no great cost: the validator does so exactly, and 1e999999999
// has a billion digits.
func plainNumber(text string) bool {
	const longest, greatest = 40, 320
	if len(text) > longest {
		return false
	}
	_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if exponent == "" {
		return true
	}
	n, err := strconv.Atoi(exponent)
	return err == nil && n >= -greatest && n <= greatest
}

// maxDepth is deeper than any settings are.
const maxDepth = 20

// syntaxFault says in which line a text is no JSON.
func syntaxFault(text []byte, err error) fault {
	var bad *jsontext.SyntacticError
	if !errors.As(err, &bad) {
		return fault{line: 1, message: err.Error()}
	}
	f := fault{pointer: string(bad.JSONPointer), message: "the text is no JSON: " + bad.Err.Error()}
	f.line = 1 + bytes.Count(text[:min(int(bad.ByteOffset), len(text))], []byte("\n"))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		f.message = "the text ends before the settings do"
	case errors.Is(err, jsontext.ErrDuplicateName):
		f.message = "the key is there twice"
	case strings.Contains(bad.Err.Error(), "UTF-8"):
		f.message = "the text is not in UTF-8"
	}
	return f
}

// validate holds a JSON text against the schema.
func validate(text []byte, p places) error {
	schema, err := compiled()
	if err != nil {
		return fmt.Errorf("read the schema of %s: %w", deploy.SettingsName, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return reject(fault{line: 1, message: err.Error()})
	}
	var bad *jsonschema.ValidationError
	if err := schema.Validate(value); !errors.As(err, &bad) {
		return err
	}
	var faults []fault
	collectFaults(bad, &faults)
	for i := range faults {
		faults[i] = faults[i].at(p)
	}
	return reject(faults...)
}

// collectFaults gives what is wrong: the leaves of the validator's tree of causes.
func collectFaults(e *jsonschema.ValidationError, faults *[]fault) {
	for _, cause := range e.Causes {
		collectFaults(cause, faults)
	}
	if len(e.Causes) > 0 {
		return
	}
	pointer := pointerOf(e.InstanceLocation)
	if unknown, ok := e.ErrorKind.(*kind.AdditionalProperties); ok {
		for _, name := range unknown.Properties {
			message := fmt.Sprintf("there is no setting %q%s", words.Clip(name), words.Suggest(name, knownSettings(e.InstanceLocation)))
			*faults = append(*faults, fault{pointer: pointerOf(append(e.InstanceLocation[:len(e.InstanceLocation):len(e.InstanceLocation)], name)), message: message})
		}
		return
	}
	*faults = append(*faults, fault{pointer: pointer, message: e.ErrorKind.LocalizedString(english)})
}

var english = message.NewPrinter(language.English)

// knownSettings gives the keys that an object of the settings may have.
func knownSettings(location []string) []string {
	var node struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	text := []byte(Schema)
	for i := 0; ; i++ {
		node.Properties = nil
		if err := json.Unmarshal(text, &node); err != nil {
			return nil
		}
		if i == len(location) {
			break
		}
		text = node.Properties[location[i]]
	}
	names := make([]string, 0, len(node.Properties))
	for name := range node.Properties {
		names = append(names, name)
	}
	return names
}

func pointerOf(location []string) string {
	var b strings.Builder
	for _, name := range location {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	return b.String()
}

// A fault is one thing that is wrong with model.json.
type fault struct {
	line    int
	pointer string
	message string
}

func (f fault) at(p places) fault {
	f.line = p.line(f.pointer)
	return f
}

func (f fault) String() string {
	text := deploy.SettingsName
	if f.line > 0 {
		text += ":" + strconv.Itoa(f.line)
	}
	if f.pointer != "" {
		text += ": " + words.Clip(f.pointer)
	}
	return text + ": " + f.message
}

// maxFaults is how many faults a rejection lists; the others are counted.
const maxFaults = 50

func reject(faults ...fault) *catalog.Rejection {
	first := faults[0]
	for _, f := range faults {
		if f.line < first.line {
			first = f
		}
	}
	r := &catalog.Rejection{Code: "settings", Message: first.String(), File: deploy.SettingsName, Line: first.line, Field: words.Clip(first.pointer)}
	if len(faults) > 1 {
		r.Message += ", and " + words.Quantity(len(faults)-1, "more fault")
	}
	for i, f := range faults {
		if i == maxFaults {
			r.More = len(faults) - i
			break
		}
		r.Faults = append(r.Faults, evaluator.Fault{Line: f.line, Path: words.Clip(f.pointer), Code: "settings", Message: f.message})
	}
	return r
}
