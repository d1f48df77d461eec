package deploy

import (
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// An Event is something that happened: somebody wants something, or an effect has ended.
type Event interface{ event() }

type (
	// Uploaded says that an object lies under a document's key of the model.
	Uploaded struct {
		ID     string // of the deployment that begins: a ULID
		Object Object
		Again  bool // also if it was deployed already: what lies beside it is different now
		By     By
	}
	// Removed says that nothing lies under a document's key any more.
	Removed struct {
		ID  string
		Key string // empty: somebody wants the model gone, whatever lies there
		By  By
	}
	// RollbackAsked says that somebody wants an earlier version back; of a deleted model, one of its last.
	RollbackAsked struct {
		ID string
		To int // number of the version; 0: the one that was live before
		By By
	}
	// SettingsChanged says that the settings beside the document are others now, or gone.
	SettingsChanged struct {
		ID        string
		Object    Object // under the settings' key; its Version is empty if they are gone
		Settings  Settings
		Rejection *catalog.Rejection // they are wrong: nothing changes but the history
		By        By
	}
	// Resumed says that somebody looks after what is unfinished.
	Resumed struct{}
	// Lost says that the live version does not run, though nobody has stopped it.
	Lost struct{}
	// Expired says that time has passed: what is kept of deleted models goes when its time is over.
	Expired struct{}
)

// What the effects answer.
type (
	// WasChecked is Check's answer: the object is kept as document.
	WasChecked struct {
		Document  Document
		ModelName string
		Settings  Settings
		Sidecars  map[string]string // versions of the objects beside it that were read, by key; empty: there is none
		Golden    bool
		Baseline  bool
	}
	// WasReplaced is Check's answer if another object, or none, lies under the key by now.
	WasReplaced struct{}
	// WasCompiled is Compile's answer.
	WasCompiled struct {
		Evaluator string
		Bytes     int64
	}
	// WasVerified is Verify's answer.
	WasVerified struct {
		Schema   string
		Portrait Portrait
		Rows     int
		Warnings []string
	}
	// WasPackaged is Package's answer.
	WasPackaged struct{ Package Package }
	// WasPublished is Publish's answer: the name under which the version stands ready.
	WasPublished struct{ Name string }
	// WasSmoked is Smoke's answer: how long the first answers took.
	WasSmoked struct{ Cold, Warm time.Duration }
	// WasUnpublished is the answer of Smoke or Switch if what was published is gone.
	WasUnpublished struct{}
	// WasRejected is the answer of Check, Compile, Verify, Package or Smoke to what can never go live.
	WasRejected struct {
		Rejection catalog.Rejection
		Sidecars  map[string]string // of Check: as WasChecked has them
	}
	// WasSwitched is Switch's answer.
	WasSwitched struct{}
	// WasStopped is Stop's answer.
	WasStopped struct{}
	// WasCollected is Collect's answer.
	WasCollected struct{ Versions []int }
	// WasFailed says that an effect could not be done: perhaps another time.
	WasFailed struct {
		Effect Effect
		Cause  string
	}
)

func (Uploaded) event()        {}
func (Removed) event()         {}
func (RollbackAsked) event()   {}
func (SettingsChanged) event() {}
func (Resumed) event()         {}
func (Lost) event()            {}
func (Expired) event()         {}
func (WasChecked) event()      {}
func (WasReplaced) event()     {}
func (WasCompiled) event()     {}
func (WasVerified) event()     {}
func (WasRejected) event()     {}
func (WasPackaged) event()     {}
func (WasPublished) event()    {}
func (WasSmoked) event()       {}
func (WasUnpublished) event()  {}
func (WasSwitched) event()     {}
func (WasStopped) event()      {}
func (WasCollected) event()    {}
func (WasFailed) event()       {}

// An Effect is something to do in the world. It may be repeated, and may be the last thing before a crash.
type Effect interface{ effect() }

type (
	// Check keeps the object's bytes and those beside it as the version's files, and reads the settings.
	Check struct {
		Version Version
	}
	// Compile makes the compiled form from the version's document and keeps it.
	Compile struct {
		Version Version
	}
	// Verify scores the rows whose results are known, and compares what the model takes and gives with the live version.
	Verify struct {
		Version Version
		Live    int // number of the version that is live; 0: none
	}
	// Pack makes what runs a version, and keeps it.
	Pack struct {
		Version Version
	}
	// Publish lets a version stand ready where it runs; nobody is sent to it.
	Publish struct {
		Version Version
		Model   Model
	}
	// Smoke lets a version score there, and compares that with what it scores here.
	Smoke struct {
		Version Version
	}
	// Switch makes a version answer all requests from now on.
	Switch struct {
		Version Version
		Model   Model // with the settings that hold from then on
	}
	// Stop lets no version answer requests any more.
	Stop struct {
		Model Model
	}
	// Collect removes the files of versions, and what is published but not to be kept.
	Collect struct {
		Model    Model
		Versions []int
		Keep     []string
	}
)

func (Check) effect()   {}
func (Compile) effect() {}
func (Verify) effect()  {}
func (Pack) effect()    {}
func (Publish) effect() {}
func (Smoke) effect()   {}
func (Switch) effect()  {}
func (Stop) effect()    {}
func (Collect) effect() {}

// A Status is what is known of one model: what Next decides on. Its zero value, with an ID, is a model that nobody has
// heard of.
type Status struct {
	Model      Model
	Versions   []Version   // those in Model.Kept and the open deployment's, ascending
	Deployment *Deployment // the open one; nil: none
}
