package deploy

import (
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// A State says where a deployment, or the version that it brings, stands.
type State string

// The states, in the order in which a version meets them.
const (
	Received   State = "RECEIVED"    // an object is there; its bytes and those beside it are to be kept and looked at
	Checked    State = "CHECKED"     // they are kept and the settings are right; the document is to be compiled
	Compiled   State = "COMPILED"    // the document is right; its compiled form is to be verified
	Verified   State = "VERIFIED"    // it scores as it should; what runs it is to be made
	Packaged   State = "PACKAGED"    // that is made and kept; it is to stand ready where it runs
	Published  State = "PUBLISHED"   // it stands ready, and nobody is sent to it; it is to be tried out there
	Smoked     State = "SMOKED"      // it answers there as it does here; it is to go live
	Live       State = "LIVE"        // it answers requests
	Retired    State = "RETIRED"     // another version is live; this one can come back
	RolledBack State = "ROLLED_BACK" // somebody went back from it to an earlier version; it can come back
	Collected  State = "COLLECTED"   // its files are gone; only its history is left

	Rejected   State = "REJECTED"   // the document, or something beside it, is wrong: what was live still is
	Superseded State = "SUPERSEDED" // a newer object took its place before it was live
	Failed     State = "FAILED"     // the system could not do it, however often it tried: what was live still is

	Draining State = "DRAINING" // the model is to be taken out of service
	Deleted  State = "DELETED"  // it is out of service; its last versions can come back for a while
)

// Final says that nothing more happens to a deployment in this state.
func (s State) Final() bool {
	switch s {
	case Live, Rejected, Superseded, Failed, Deleted:
		return true
	}
	return false
}

// A Kind says what a deployment does.
type Kind string

// The kinds of deployments.
const (
	Upload   Kind = "UPLOAD"   // brings a new version from an object
	Rollback Kind = "ROLLBACK" // brings an earlier version back
	Undelete Kind = "UNDELETE" // brings a version of a deleted model back
	Removal  Kind = "REMOVAL"  // takes the model out of service
	Change   Kind = "SETTINGS" // applies settings that need no new version
)

// A Model is what the store knows of a model as a whole. It outlives all versions.
type Model struct {
	ID  string `json:"id"`
	Rev int64  `json:"rev"` // counts the commits: whoever writes must have read the last one

	Source string            `json:"source,omitempty"` // key of the object that the model belongs to; empty: the next one's
	Seen   map[string]string `json:"seen,omitempty"`   // by key: version of the last object whose deployment has begun

	Desired  int   `json:"desired,omitempty"`  // number of the version that shall be live; 0: none
	Live     int   `json:"live,omitempty"`     // number of the version that is
	Previous int   `json:"previous,omitempty"` // number of the version that was live before it
	Last     int   `json:"last,omitempty"`     // greatest number that was given to a version
	Kept     []int `json:"kept,omitempty"`     // versions whose files are kept, ascending
	Garbage  []int `json:"garbage,omitempty"`  // versions whose files are to be removed

	Open      string             `json:"open,omitempty"`      // id of the deployment that has not ended
	Untidy    bool               `json:"untidy,omitempty"`    // something may be published that nobody needs
	Busy      time.Time          `json:"busy,omitzero"`       // until then a process whose deployment was ended may still write: garbage waits
	Restore   bool               `json:"restore,omitempty"`   // what runs may not be Live: it is to be put right
	Rejection *catalog.Rejection `json:"rejection,omitempty"` // why nothing is live, if the last document was rejected

	Latest   Summary   `json:"latest,omitzero"` // the newest deployment
	Settings Settings  `json:"settings"`
	Serves   Portrait  `json:"serves,omitzero"` // what lists show of the version that is live, or was last
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`          // never goes back, whatever the clock does
	Deleted  time.Time `json:"deleted,omitzero"` // when it was taken out of service
}

// A Version is one document of a model, with what was made of it.
type Version struct {
	Model  string `json:"model"`
	Number int    `json:"version"` // 1, 2, 3 …: never given twice
	State  State  `json:"state"`

	Deployment string   `json:"deployment"` // that brought it
	Object     Object   `json:"object"`     // that it came from
	Document   Document `json:"document"`
	ModelName  string   `json:"modelName,omitempty"` // the model element to take from the document; empty: the first
	Settings   Settings `json:"settings"`            // as they were beside it
	Golden     bool     `json:"golden,omitempty"`    // golden.csv was beside it
	Baseline   bool     `json:"baseline,omitempty"`  // baseline.csv was

	Evaluator     string `json:"evaluator,omitempty"`    // version of the compiled form
	CompiledBytes int64  `json:"compiledBytes,omitzero"` // size of it
	Schema        string `json:"schema,omitempty"`       // SHA-256 of what the model takes and gives
	Rows          int    `json:"rows"`                   // verification and golden rows that it has scored as expected; 0: unverified

	Portrait  Portrait `json:"portrait,omitzero"`
	Package   Package  `json:"package,omitzero"`
	Published []string `json:"published,omitempty"` // names under which it stands ready; the last one counts
	ColdMS    int64    `json:"coldMs,omitempty"`    // milliseconds that its first answer took where it runs, start included
	WarmMS    int64    `json:"warmMs,omitempty"`    // that the next one took

	Created time.Time `json:"created"`
	Since   time.Time `json:"since,omitzero"` // when it went live last
}

// A Portrait is the little of a version that lists of models show, so that no model is opened for one.
type Portrait struct {
	Element        string    `json:"element"` // of the model, such as "TreeModel"
	MiningFunction string    `json:"miningFunction"`
	ModelVersion   string    `json:"modelVersion,omitempty"`
	Document       Document  `json:"document"`
	Created        time.Time `json:"created"` // when the version was uploaded
}

// A Package is what runs a version, as one file; the zero value, if what runs it needs none.
type Package struct {
	Size     int64  `json:"size"`     // bytes
	Checksum string `json:"checksum"` // SHA-256 in base64
}

// A Document is a PMML document as text: without compression.
type Document struct {
	Size     int64  `json:"size"`     // bytes
	Checksum string `json:"checksum"` // SHA-256 in lower-case hexadecimal digits
}

// A Deployment is one change of what is live, asked for by somebody, and what became of it.
type Deployment struct {
	Model string `json:"model"`
	ID    string `json:"id"` // a ULID: later ones are greater
	Kind  Kind   `json:"kind"`
	State State  `json:"state"`

	Version int     `json:"version,omitempty"` // that it brings; 0: none
	From    int     `json:"from,omitempty"`    // version that was live before; 0: none
	Object  *Object `json:"object,omitempty"`  // of an upload or a removal
	By      By      `json:"by"`

	Attempts  int                `json:"attempts,omitempty"`  // how often the effect of the state has begun
	Worker    string             `json:"worker,omitempty"`    // process that is at it
	Until     time.Time          `json:"until,omitzero"`      // nobody else goes on with it before; zero: anybody may
	Published string             `json:"published,omitempty"` // name under which it has published its version
	Settings  *Settings          `json:"settings,omitempty"`  // that a change of settings brings; they hold when it is live
	Again     int                `json:"again,omitempty"`     // how often what was published was gone, and is published again
	Rejection *catalog.Rejection `json:"rejection,omitempty"`
	Failure   string             `json:"failure,omitempty"`  // what the system could not do
	Warnings  []string           `json:"warnings,omitempty"` // what a person should look at though it went live
	Steps     []Step             `json:"steps"`

	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// A Summary is the little of a deployment that lists show.
type Summary struct {
	ID      string    `json:"id"`
	Kind    Kind      `json:"kind"`
	State   State     `json:"state"`
	Version int       `json:"version,omitempty"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor,omitempty"`
	Message string    `json:"message,omitempty"` // why it was rejected or failed
}

// Summary gives the little of a deployment that lists show.
func (d Deployment) Summary() Summary {
	s := Summary{ID: d.ID, Kind: d.Kind, State: d.State, Version: d.Version, At: d.Updated, Actor: d.By.Actor, Message: d.Failure}
	if d.Rejection != nil {
		s.Message = d.Rejection.Message
	}
	return s
}

// A Step is a state that a deployment came to.
type Step struct {
	State State     `json:"state"`
	At    time.Time `json:"at"`
}

// By says who asked for something, how and why.
type By struct {
	Actor  string `json:"actor"`            // such as "admin 127.0.0.1", "folder", or what an authorizer tells
	Reason string `json:"reason,omitempty"` // in the caller's words
}

// An Audit says who did what to a model, and what was live before and after. It is written when a deployment ends.
type Audit struct {
	Model      string    `json:"model"`
	ID         string    `json:"id"` // that of the deployment
	At         time.Time `json:"at"`
	Actor      string    `json:"actor"`
	Reason     string    `json:"reason,omitempty"`
	Action     Kind      `json:"action"`
	Outcome    State     `json:"outcome"`
	Before     int       `json:"before,omitempty"` // version that was live; 0: none
	After      int       `json:"after,omitempty"`  // version that is
	Deployment string    `json:"deployment"`
}

// An Object is what lies under a key of the uploads, at one moment: a version of it.
type Object struct {
	Key      string   `json:"key"`
	Version  string   `json:"version"` // another one for whatever was put there at another time
	Size     int64    `json:"size"`    // bytes, as they lie there
	Metadata Metadata `json:"metadata,omitzero"`
}

// Waiting is an object that is there and is not deployed yet.
type Waiting struct {
	Key        string    `json:"key"`
	Size       int64     `json:"size"`                 // bytes
	Since      time.Time `json:"since"`                // when it was found as it is
	Unfinished bool      `json:"unfinished,omitempty"` // its end is missing: it is still being written, or was cut
	Failure    string    `json:"failure,omitempty"`    // why it could not be looked at: that is tried again
}

// Metadata is what whoever put an object there says about it.
type Metadata struct {
	ModelName string `json:"modelName,omitempty"` // the model element to take; empty: the settings', else the first
	Schema    string `json:"schema,omitempty"`    // SchemaAllow or SchemaRefuse; empty: as the settings say
	Otherwise string `json:"otherwise,omitempty"` // the same, if the settings say nothing; empty: SchemaRefuse
	By        By     `json:"by,omitzero"`         // who; the zero value: nobody said
}
