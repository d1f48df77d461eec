package deploy

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Settings are what a person says about a model in model.json beside its document. The zero value has the defaults.
type Settings struct {
	Description string            `json:"description,omitempty"`
	Owner       string            `json:"owner,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	ModelName   string            `json:"modelName,omitempty"`    // the model element to take from a document with several
	Schema      string            `json:"schemaChange,omitempty"` // SchemaAllow or SchemaRefuse, the default
	Keep        int               `json:"keepVersions,omitempty"` // how many versions can come back, the live one included; 0: 3
	Tolerance   Tolerance         `json:"tolerance,omitzero"`

	// For Lambda; zero fields have the stack's defaults.
	Memory                 int `json:"memory,omitempty"`                 // MB of the model's function; 0: by the size of the model
	Timeout                int `json:"timeout,omitempty"`                // seconds that one request may take
	ReservedConcurrency    int `json:"reservedConcurrency,omitempty"`    // requests that may run at one time
	ProvisionedConcurrency int `json:"provisionedConcurrency,omitempty"` // environments that stand ready
}

// change says what is to be done when these settings give way to others: the state in which a deployment begins that does
// it. What a published version has for ever is published again.
func (s Settings) change(to Settings) (State, bool) {
	switch {
	case s.Memory != to.Memory || s.Timeout != to.Timeout:
		return Packaged, true
	case s.ReservedConcurrency != to.ReservedConcurrency || s.ProvisionedConcurrency != to.ProvisionedConcurrency || !maps.Equal(s.Tags, to.Tags):
		return Smoked, true
	}
	return "", false
}

// published gives the settings with what a published version has for ever of others.
func (s Settings) published(of Settings) Settings {
	s.Memory, s.Timeout = of.Memory, of.Timeout
	return s
}

// What is done about a version that takes or gives something else than the live one, so that callers would break.
const (
	SchemaAllow  = "allow"
	SchemaRefuse = "refuse"
)

// Tolerance says how far a number may be from the expected one: |got - expected| <= Absolute + Relative * |expected|.
type Tolerance struct {
	Relative *float64 `json:"relative,omitempty"` // nil: 1e-6
	Absolute *float64 `json:"absolute,omitempty"` // nil: 1e-9
}

const (
	defaultRelative = 1e-6
	defaultAbsolute = 1e-9
)

// covers says whether got is as near to expected as it must be.
func (t Tolerance) covers(got, expected float64) bool {
	if got == expected || math.IsNaN(got) && math.IsNaN(expected) {
		return true
	}
	relative, absolute := defaultRelative, defaultAbsolute
	if t.Relative != nil {
		relative = *t.Relative
	}
	if t.Absolute != nil {
		absolute = *t.Absolute
	}
	if math.IsInf(got, 0) || math.IsInf(expected, 0) {
		return false
	}
	return math.Abs(got-expected) <= absolute+relative*math.Abs(expected)
}

// maxSettings is the greatest size of model.json in bytes.
const maxSettings = 1 << 20

// SettingsSchema is the JSON Schema (draft 2020-12) of model.json.
//
//go:embed model.schema.json
var SettingsSchema string

var settingsSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	const name = "model.schema.json"
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(SettingsSchema))
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

// ReadSettings reads the text of model.json. The error is a *catalog.Rejection if the text is wrong: its Field is the
// JSON pointer of the first thing that is, its Faults are all of them. Otherwise it is what the reader answered.
func ReadSettings(r io.Reader) (Settings, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSettings+1))
	if err != nil {
		return Settings{}, err
	}
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")) // editors on Windows write it, and it changes nothing
	places, err := placesOf(text)
	if err != nil {
		return Settings{}, err
	}
	if err := validate(text, places); err != nil {
		return Settings{}, err
	}
	var s Settings
	if err := json.Unmarshal(text, &s); err != nil {
		return Settings{}, badSettings(unfit(err).at(places))
	}
	return s, nil
}

// unfit says what could not be put into Settings though the schema allows it, such as 3.0 and 1e999.
func unfit(err error) settingsFault {
	var bad *json.UnmarshalTypeError
	if !errors.As(err, &bad) {
		return settingsFault{message: err.Error()}
	}
	return settingsFault{pointer: "/" + strings.ReplaceAll(bad.Field, ".", "/"), message: fmt.Sprintf("the value cannot be a %s", bad.Value)}
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
	case len(text) > maxSettings:
		return nil, badSettings(settingsFault{message: fmt.Sprintf("the file is larger than %d MiB", maxSettings>>20)})
	case bytes.HasPrefix(text, []byte("\xFF\xFE")), bytes.HasPrefix(text, []byte("\xFE\xFF")):
		return nil, badSettings(settingsFault{line: 1, message: "the text is in UTF-16, it must be in UTF-8"})
	case len(bytes.TrimSpace(text)) == 0:
		return nil, badSettings(settingsFault{line: 1, message: "the file is empty: without settings, there must be no file, or {}"})
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
			return nil, badSettings(syntaxFault(text, err))
		}
		end := int(d.InputOffset())
		line += bytes.Count(text[at:end], []byte("\n"))
		at = end
		pointer := string(d.StackPointer())
		if _, known := p[pointer]; !known {
			p[pointer] = line
		}
		if token.Kind() == '0' && !plainNumber(token.String()) {
			return nil, badSettings(settingsFault{line: line, pointer: pointer, message: "the number is longer, larger or closer to zero than any setting"})
		}
		if d.StackDepth() > maxSettingsDepth {
			return nil, badSettings(settingsFault{line: line, pointer: pointer, message: "the text is nested too deeply"})
		}
		if d.StackDepth() == 0 {
			if rest := bytes.TrimSpace(text[end:]); len(rest) > 0 {
				line += bytes.Count(text[end:len(text)-len(bytes.TrimLeft(text[end:], " \t\r\n"))], []byte("\n"))
				return nil, badSettings(settingsFault{line: line, message: "something follows after the settings"})
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

// maxSettingsDepth is deeper than any settings are.
const maxSettingsDepth = 20

// syntaxFault says in which line a text is no JSON.
func syntaxFault(text []byte, err error) settingsFault {
	var bad *jsontext.SyntacticError
	if !errors.As(err, &bad) {
		return settingsFault{line: 1, message: err.Error()}
	}
	f := settingsFault{pointer: string(bad.JSONPointer), message: "the text is no JSON: " + bad.Err.Error()}
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
	schema, err := settingsSchema()
	if err != nil {
		return fmt.Errorf("read the schema of %s: %w", SettingsName, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return badSettings(settingsFault{line: 1, message: err.Error()})
	}
	var bad *jsonschema.ValidationError
	if err := schema.Validate(value); !errors.As(err, &bad) {
		return err
	}
	var faults []settingsFault
	collectFaults(bad, &faults)
	for i := range faults {
		faults[i] = faults[i].at(p)
	}
	return badSettings(faults...)
}

// collectFaults gives what is wrong: the leaves of the validator's tree of causes.
func collectFaults(e *jsonschema.ValidationError, faults *[]settingsFault) {
	for _, cause := range e.Causes {
		collectFaults(cause, faults)
	}
	if len(e.Causes) > 0 {
		return
	}
	pointer := pointerOf(e.InstanceLocation)
	if unknown, ok := e.ErrorKind.(*kind.AdditionalProperties); ok {
		for _, name := range unknown.Properties {
			message := fmt.Sprintf("there is no setting %q%s", clip(name), suggest(name, knownSettings(e.InstanceLocation)))
			*faults = append(*faults, settingsFault{pointer: pointerOf(append(e.InstanceLocation[:len(e.InstanceLocation):len(e.InstanceLocation)], name)), message: message})
		}
		return
	}
	*faults = append(*faults, settingsFault{pointer: pointer, message: e.ErrorKind.LocalizedString(english)})
}

var english = message.NewPrinter(language.English)

// knownSettings gives the keys that an object of the settings may have.
func knownSettings(location []string) []string {
	var node struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	text := []byte(SettingsSchema)
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

// A settingsFault is one thing that is wrong with model.json.
type settingsFault struct {
	line    int
	pointer string
	message string
}

func (f settingsFault) at(p places) settingsFault {
	f.line = p.line(f.pointer)
	return f
}

func (f settingsFault) String() string {
	text := SettingsName
	if f.line > 0 {
		text += ":" + strconv.Itoa(f.line)
	}
	if f.pointer != "" {
		text += ": " + clip(f.pointer)
	}
	return text + ": " + f.message
}

// maxFaults is how many faults a rejection lists; the others are counted.
const maxFaults = 50

func badSettings(faults ...settingsFault) *catalog.Rejection {
	first := faults[0]
	for _, f := range faults {
		if f.line < first.line {
			first = f
		}
	}
	r := &catalog.Rejection{Code: "settings", Message: first.String(), File: SettingsName, Line: first.line, Field: clip(first.pointer)}
	if len(faults) > 1 {
		r.Message += andMore(len(faults) - 1)
	}
	for i, f := range faults {
		if i == maxFaults {
			r.More = len(faults) - i
			break
		}
		r.Faults = append(r.Faults, evaluator.Fault{Line: f.line, Path: clip(f.pointer), Code: "settings", Message: f.message})
	}
	return r
}

func andMore(n int) string {
	if n == 1 {
		return ", and 1 more fault"
	}
	return fmt.Sprintf(", and %d more faults", n)
}
