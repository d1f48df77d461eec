package deploy

import (
	"maps"
	"math"
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
