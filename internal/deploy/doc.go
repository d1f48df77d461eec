// Package deploy is the one road into production. Whatever deploys, brings back or removes a model sends an event to a
// Pipeline: an upload over HTTP, a file in a watched folder, an object in a bucket, a person at a command line.
//
// What happens then is decided by Next, a pure function: (status of the model, event) → (what is written down, what is to
// be done in the world). The Pipeline commits the transition to a Store first and performs the effects afterwards; each
// effect answers with an event, and so on until there is nothing left to do. Every effect may be repeated. A crash at any
// point leaves a deployment that is not finished, and Resume goes on with it.
//
//	RECEIVED → CHECKED → COMPILED → VERIFIED → LIVE → RETIRED → COLLECTED
//	REJECTED, SUPERSEDED, FAILED: what was live stays.      DRAINING → DELETED: out of service.
package deploy
