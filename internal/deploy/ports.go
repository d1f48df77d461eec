package deploy

import (
	"context"
	"errors"
	"io"
)

// ErrConflict says that somebody else has changed the model since it was read.
var ErrConflict = errors.New("the model was changed meanwhile")

// ErrUnpublished says that nothing stands ready under the name under which a version was published.
var ErrUnpublished = errors.New("what was published is gone")

// A CrashError says that a version has crashed, or ran out of time or memory, instead of answering.
type CrashError struct{ Message string }

func (e *CrashError) Error() string { return e.Message }

// ErrGone says that an object, or this version of it, is not there any more.
var ErrGone = errors.New("the object is gone")

// A Transition is what one event changes. All of it is written, or nothing.
type Transition struct {
	Model       Model // with the Rev that is written: one more than what was read
	Versions    []Version
	Deployments []Deployment
	Audits      []Audit
}

// A Store is where metadata lies. What Commit has taken is there after a crash of the machine.
type Store interface {
	// Status gives what is known of a model; of one that is not known, a Status with nothing but the id.
	Status(ctx context.Context, id string) (Status, error)
	// Commit writes a transition if the model has the Rev before it (1: is not known); otherwise ErrConflict, with or
	// without more words. After any other error it is written as a whole or not at all: Status tells.
	Commit(ctx context.Context, t Transition) error
	// Models gives all models that are known, also deleted ones, by id.
	Models(ctx context.Context) ([]Model, error)
	// Unfinished gives the ids of the models with something unfinished (Model.Unfinished), ascending.
	Unfinished(ctx context.Context) ([]string, error)

	// Version gives one version; catalog.ErrNotFound.
	Version(ctx context.Context, id string, number int) (Version, error)
	// Versions gives the newest versions, at most limit of them, descending.
	Versions(ctx context.Context, id string, limit int) ([]Version, error)
	// Deployment gives one deployment; catalog.ErrNotFound.
	Deployment(ctx context.Context, id, deployment string) (Deployment, error)
	// Deployments gives the newest deployments older than before ("": all), at most limit of them, descending.
	Deployments(ctx context.Context, id, before string, limit int) ([]Deployment, error)
	// Audits gives the newest entries older than before ("": all), at most limit of them, descending.
	Audits(ctx context.Context, id, before string, limit int) ([]Audit, error)
}

// Objects is where documents are uploaded: a bucket, or a folder that is watched.
type Objects interface {
	// Receive takes a body, however slowly it comes, to be put somewhere or discarded.
	Receive(ctx context.Context, body io.Reader) (Body, error)
	// Put puts a body under a key, compressed if the key says so, and gives the new version of the object. It is there
	// whole or not at all, and after a crash.
	Put(ctx context.Context, key string, body Body, m Metadata) (Object, error)
	// Head gives the object that lies under a key now; ErrGone.
	Head(ctx context.Context, key string) (Object, error)
	// Get reads an object; ErrGone if that version does not lie there any more. A reader of an object that is replaced
	// meanwhile ends with ErrGone rather than with a mixture.
	Get(ctx context.Context, o Object) (io.ReadCloser, error)
	// Delete removes what lies under a key. It is no error if nothing does.
	Delete(ctx context.Context, key string) error
}

// A Body is an upload that was received and is not under any key yet.
type Body interface {
	// Discard forgets it. After Put it does nothing.
	Discard()
}

// Artifacts is where the files of versions lie: what was uploaded and what was made of it. They never change.
type Artifacts interface {
	// Put writes one file of a version, in place of one that is there. It is there whole or not at all, and after a crash.
	Put(ctx context.Context, id string, version int, name string, body io.Reader) error
	// Get reads one file and gives its size; ErrGone.
	Get(ctx context.Context, id string, version int, name string) (io.ReadCloser, int64, error)
	// Remove removes all files of a version. It is no error if there are none.
	Remove(ctx context.Context, id string, version int) error
}

// The files of a version, beside the sidecars under their own names.
const (
	DocumentFile = "document.pmml"
	CompiledFile = "model.bin"
	SchemaFile   = "schema.json" // the evaluator.Schema
	PackageFile  = "package.zip" // what runs the version, if it has a Package
)

// A Runtime runs versions. What is published stands ready under a name, in a Version's Published; the last of them counts.
// Model.Rev is a fence: whoever has seen one refuses what comes with a lesser one, so that a process that was thought dead
// does no harm.
type Runtime interface {
	// Pack makes the file that runs a version, of its files, and keeps it as PackageFile; without need for one, it gives
	// the zero Package. The error is a *catalog.Rejection if it can never run.
	Pack(ctx context.Context, v Version) (Package, error)
	// Publish lets a version stand ready under a name, with v.Settings; nobody is sent to it. Repeated without a change, it
	// gives the same name.
	Publish(ctx context.Context, v Version, m Model) (name string, err error)
	// Invoke has a version answer a body of POST /model/{id}/batch; *CrashError, ErrUnpublished.
	Invoke(ctx context.Context, v Version, body []byte) ([]byte, error)
	// Switch makes a version answer all requests of its model from now on, with m.Settings; those that have begun end
	// undisturbed. ErrUnpublished.
	Switch(ctx context.Context, v Version, m Model) error
	// Stop lets nothing answer for a model any more; what is published stays. It is no error if nothing does.
	Stop(ctx context.Context, m Model) error
	// Collect removes what is published of a model but the names in keep; if there are none, all that is left of it.
	Collect(ctx context.Context, m Model, keep []string) error
}

// A CompileFunc makes the compiled form of a document. The error is an *evaluator.Faults if the document is at fault.
type CompileFunc func(ctx context.Context, document io.Reader, modelName string) ([]byte, error)

// A SettingsFunc reads the text of model.json. The error is a *catalog.Rejection if the text is wrong, otherwise what the
// reader answered.
type SettingsFunc func(text io.Reader) (Settings, error)
