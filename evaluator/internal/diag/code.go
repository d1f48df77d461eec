package diag

// A Code names a rule that a document broke. Codes are stable: programs may compare them.
type Code string

// The codes, with the rule of each. Codes lists them for the documentation.
const (
	// Reading
	Malformed   Code = "malformed-xml"   // the document is not well-formed XML
	Encoding    Code = "encoding"        // the bytes are not text in the encoding that the document declares
	Doctype     Code = "doctype"         // a document type declaration: none is accepted
	TooLarge    Code = "too-large"       // a limit on size, depth, elements, attributes or expansion is exceeded
	Compression Code = "compression"     // the gzip stream is damaged
	WrongRoot   Code = "wrong-root"      // the root element is not PMML
	Version     Code = "version"         // the namespace or version is not one of PMML 3.0 to 4.4
	ManyFaults  Code = "too-many-faults" // checking stopped
	// Structure
	MissingAttribute   Code = "missing-attribute"   // a required attribute is absent
	MissingElement     Code = "missing-element"     // a required element is absent
	DuplicateElement   Code = "duplicate-element"   // an element that may stand once stands again
	UnknownElement     Code = "unknown-element"     // an element that PMML does not have in this place
	UnknownAttribute   Code = "unknown-attribute"   // an attribute that PMML does not have in this place (a note, unless checking is strict)
	UnsupportedElement Code = "unsupported-element" // an element that cannot be scored
	UnsupportedValue   Code = "unsupported-value"   // an attribute value that PMML has but that cannot be scored
	NotScorable        Code = "not-scorable"        // the model says isScorable="false"
	InvalidValue       Code = "invalid-value"       // an attribute or content that is not of its type or enumeration
	InvalidNumber      Code = "invalid-number"      // text that should be a number and is not
	Inconsistent       Code = "inconsistent"        // two parts of the document contradict each other
	// Names and types
	DuplicateName   Code = "duplicate-name"   // a name that is already taken in its scope
	UnknownField    Code = "unknown-field"    // a reference to a field that is not defined or not visible here
	UnknownFunction Code = "unknown-function" // a function that is neither built in nor defined
	Arguments       Code = "arguments"        // a function with a wrong number of arguments
	Type            Code = "type"             // a value of a type that cannot be used here
	Cycle           Code = "cycle"            // fields or functions that are defined by themselves
	Cost            Code = "cost"             // scoring one record could take more steps than allowed
	Regex           Code = "regex"            // a regular expression that cannot be compiled
	// Verification
	Verification Code = "verification" // the model does not give what its ModelVerification says
)
