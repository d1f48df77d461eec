// Package command is what functions/api asks of functions/deploy by a synchronous Invoke, and what that answers: changes
// and comparisons that no object in a bucket asks for.
//
//	{"handoff": {"rollback": {"model": "iris", "to": 3, "by": {"actor": "…", "reason": "…"}}}}
//	{"outcome": {"deployment": {…}, "model": {…}}}
//
// Whoever may invoke the function may do all of it: who is asking was checked before, and By is believed.
package command

import (
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// An Envelope is the payload of a command. Its one key tells a command from all other events.
type Envelope struct {
	Handoff *Request `json:"handoff"`
}

// A Request is one command: exactly one of the members is there.
type Request struct {
	Rollback *Rollback `json:"rollback,omitempty"`
	Undeploy *Undeploy `json:"undeploy,omitempty"`
	Report   *Report   `json:"report,omitempty"`
	Preview  *Preview  `json:"preview,omitempty"`
}

// Rollback makes an earlier version live.
type Rollback struct {
	Model string    `json:"model"`
	To    int       `json:"to,omitempty"` // number of the version; 0: the one that was live before
	By    deploy.By `json:"by"`
}

// Undeploy takes a model out of service, also where its object is gone already, so that no event would tell.
type Undeploy struct {
	Model string    `json:"model"`
	By    deploy.By `json:"by"`
}

// Report compares two versions.
type Report struct {
	Model   string `json:"model"`
	Version int    `json:"version,omitempty"` // 0: the live one
	Against int    `json:"against,omitempty"` // 0: as deploy.Pipeline.Report chooses
}

// Preview says what would be different if a document were deployed.
type Preview struct {
	Model    string          `json:"model"`
	Key      string          `json:"key"` // of the document, in the artifacts bucket
	Metadata deploy.Metadata `json:"metadata,omitzero"`
}

// An Answer is what a command came to. With an Error, Outcome may be there as well: what was done before it.
type Answer struct {
	Outcome *Outcome       `json:"outcome,omitempty"`
	Report  *deploy.Report `json:"report,omitempty"`
	Error   *Failure       `json:"error,omitempty"`
}

// Outcome is a deploy.Outcome.
type Outcome struct {
	Deployment deploy.Deployment `json:"deployment"`
	Model      deploy.Model      `json:"model"`
}
