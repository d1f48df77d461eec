package deploy

// Settings are what a person says about a model in model.json beside its document. The zero value has the defaults.
type Settings struct {
	Description string            `json:"description,omitempty"`
	Owner       string            `json:"owner,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	ModelName   string            `json:"modelName,omitempty"`    // the model element to take from a document with several
	Schema      string            `json:"schemaChange,omitempty"` // SchemaAllow or SchemaRefuse, the default
	Keep        int               `json:"keepVersions,omitempty"` // how many versions can come back, the live one included; 0: 3
	Tolerance   Tolerance         `json:"tolerance,omitzero"`
}

// What is done about a version that takes or gives something else than the live one, so that callers would break.
const (
	SchemaAllow  = "allow"
	SchemaRefuse = "refuse"
)

// Tolerance says how far a number may be from the golden one: |got - golden| <= Absolute + Relative * |golden|.
type Tolerance struct {
	Relative *float64 `json:"relative,omitempty"` // nil: 1e-6
	Absolute *float64 `json:"absolute,omitempty"` // nil: 1e-9
}
