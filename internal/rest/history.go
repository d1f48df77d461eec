package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// A Deployer changes what is live. *deploy.Pipeline is one.
type Deployer interface {
	Deploy(ctx context.Context, id string, document io.Reader, m deploy.Metadata) (deploy.Outcome, error)
	Undeploy(ctx context.Context, id string, by deploy.By) (deploy.Outcome, error)
	Rollback(ctx context.Context, id string, to int, by deploy.By) (deploy.Outcome, error)
	Preview(ctx context.Context, id string, document io.Reader, m deploy.Metadata) (deploy.Report, error)
}

// A History says what became of models. *deploy.Pipeline is one.
type History interface {
	Latest(ctx context.Context) ([]deploy.Model, error)
	Known(ctx context.Context, id string) (deploy.Model, error)
	Versions(ctx context.Context, id string, limit int) ([]deploy.Version, error)
	Deployments(ctx context.Context, id, before string, limit int) ([]deploy.Deployment, error)
	Deployment(ctx context.Context, id, deployment string) (deploy.Deployment, error)
	Audits(ctx context.Context, id, before string, limit int) ([]deploy.Audit, error)
	Report(ctx context.Context, id string, version, against int) (deploy.Report, error)
}

// Page bounds the entries of one answer about a model's history.
const (
	defaultPage = 100
	maxPage     = 1000
)

// by says who sends the request.
func (x *exchange) by(reason string) deploy.By {
	actor := "user"
	if x.service.Actor != nil {
		actor = x.service.Actor(x.r)
	} else {
		if x.service.Roles(x.r) == Admin {
			actor = "admin"
		}
		if host, _, err := net.SplitHostPort(x.r.RemoteAddr); err == nil {
			actor += " " + host
		}
	}
	return deploy.By{Actor: clip(actor, 200), Reason: clip(reason, 1000)}
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// latest is GET /deployments: of every model that is known, what is live and the newest deployment; and what waits.
func (x *exchange) latest() error {
	models, err := x.service.History.Latest(x.r.Context())
	if err != nil {
		return err
	}
	answer := LatestAnswer{Models: []LatestModel{}}
	for _, m := range models {
		answer.Models = append(answer.Models, LatestModel{m.ID, m.Live, m.Source, m.Latest})
	}
	if x.service.Waiting != nil {
		answer.Waiting = x.service.Waiting()
	}
	return x.answerJSON(http.StatusOK, answer)
}

// A LatestAnswer is the answer of GET /deployments.
type LatestAnswer struct {
	Models  []LatestModel    `json:"models"`
	Waiting []deploy.Waiting `json:"waiting,omitempty"` // files in the models folder that are not deployed yet
}

// A LatestModel is one model of GET /deployments.
type LatestModel struct {
	ID     string         `json:"id"`
	Live   int            `json:"live"`             // number of the version that is live; 0: none
	Source string         `json:"source,omitempty"` // key of the object that it belongs to
	Latest deploy.Summary `json:"latest"`           // its newest deployment
}

// versions is GET /model/{id}/versions: the newest first.
func (x *exchange) versions() error {
	_, limit, err := x.page()
	if err != nil {
		return err
	}
	m, err := x.service.History.Known(x.r.Context(), x.id)
	if err != nil {
		return err
	}
	versions, err := x.service.History.Versions(x.r.Context(), x.id, limit)
	if err != nil {
		return err
	}
	return x.answerJSON(http.StatusOK, VersionsAnswer{x.id, m.Live, m.Previous, append([]deploy.Version{}, versions...)})
}

// A VersionsAnswer is the answer of GET /model/{id}/versions.
type VersionsAnswer struct {
	ID       string           `json:"id"`
	Live     int              `json:"live"`     // number of the version that is live; 0: none
	Previous int              `json:"previous"` // number of the one that a rollback brings back; 0: none
	Versions []deploy.Version `json:"versions"` // the newest first
}

// deployments is GET /model/{id}/deployments: the newest first.
func (x *exchange) deployments() error {
	before, limit, err := x.page()
	if err != nil {
		return err
	}
	if _, err := x.service.History.Known(x.r.Context(), x.id); err != nil {
		return err
	}
	deployments, err := x.service.History.Deployments(x.r.Context(), x.id, before, limit)
	if err != nil {
		return err
	}
	return x.answerJSON(http.StatusOK, DeploymentsAnswer{x.id, append([]deploy.Deployment{}, deployments...)})
}

// A DeploymentsAnswer is the answer of GET /model/{id}/deployments.
type DeploymentsAnswer struct {
	ID          string              `json:"id"`
	Deployments []deploy.Deployment `json:"deployments"` // the newest first
}

// deployment is GET /model/{id}/deployments/{deployment}.
func (x *exchange) deployment() error {
	d, err := x.service.History.Deployment(x.r.Context(), x.id, x.part)
	if err != nil {
		return err
	}
	return x.answerJSON(http.StatusOK, d)
}

// audit is GET /model/{id}/audit: who did what, the newest first.
func (x *exchange) audit() error {
	before, limit, err := x.page()
	if err != nil {
		return err
	}
	if _, err := x.service.History.Known(x.r.Context(), x.id); err != nil {
		return err
	}
	audits, err := x.service.History.Audits(x.r.Context(), x.id, before, limit)
	if err != nil {
		return err
	}
	return x.answerJSON(http.StatusOK, AuditAnswer{x.id, append([]deploy.Audit{}, audits...)})
}

// An AuditAnswer is the answer of GET /model/{id}/audit.
type AuditAnswer struct {
	ID    string         `json:"id"`
	Audit []deploy.Audit `json:"audit"` // the newest first
}

// page reads which entries are wanted: ?before=ID and ?limit=N.
func (x *exchange) page() (before string, limit int, err error) {
	query := x.r.URL.Query()
	limit, err = number(query.Get("limit"), "limit", defaultPage)
	if err == nil && (limit < 1 || limit > maxPage) {
		err = badRequest("invalid-parameter", fmt.Sprintf("limit is a number from 1 to %d", maxPage))
	}
	return query.Get("before"), limit, err
}

// number reads a parameter that is a whole number.
func number(text, name string, otherwise int) (int, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, badRequest("invalid-parameter", name+" is not a whole number")
	}
	return n, nil
}

// RollbackRequest is the body of POST /model/{id}/rollback; an empty body is the zero value.
type RollbackRequest struct {
	Version int    `json:"version,omitempty"` // to make live; 0: the one that was live before
	Reason  string `json:"reason,omitempty"`  // for the history
}

// rollback is POST /model/{id}/rollback: an earlier version becomes live, of a deleted model the last one.
func (x *exchange) rollback() error {
	body, err := x.readBody()
	if err != nil {
		return err
	}
	var request RollbackRequest
	if len(strings.TrimSpace(string(body))) > 0 {
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&request); err != nil || decoder.More() || request.Version < 0 {
			return badRequest("malformed-body", `The body is not {"version": NUMBER, "reason": TEXT}, both of which may be left out`)
		}
	}
	o, err := x.service.Deployer.Rollback(x.r.Context(), x.id, request.Version, x.by(request.Reason))
	if err != nil {
		return err
	}
	return x.answerOutcome(o, http.StatusOK)
}

// answerOutcome describes the model when a deployment has ended, and the deployment if it has not yet.
func (x *exchange) answerOutcome(o deploy.Outcome, status int) error {
	d := o.Deployment
	if d.State.Final() {
		m, err := x.service.Models.Model(x.r.Context(), x.id)
		if err == nil {
			x.w.Header().Set("X-Handoff-Deployment", d.ID)
			return x.answerJSON(status, describe(m))
		}
		if !errors.Is(err, catalog.ErrNotFound) { // somebody may have removed it already
			return err
		}
	} else {
		status = http.StatusAccepted
	}
	at, properties := x.location()+"/deployments", map[string]any{}
	if d.ID != "" { // else others are before it, and it will be found among the deployments
		at += "/" + d.ID
		properties = map[string]any{"deployment": d.ID, "deployment.state": d.State}
	}
	if d.Object != nil { // it tells the deployment that has not begun from others
		properties["object.key"], properties["object.version"] = d.Object.Key, d.Object.Version
	}
	x.w.Header().Set("Location", at)
	return x.answerJSON(status, map[string]any{"id": x.id, "properties": properties})
}

// report is GET /model/{id}/report: what is different between two versions.
func (x *exchange) report() error {
	query := x.r.URL.Query()
	version, err := number(query.Get("version"), "version", 0)
	if err != nil {
		return err
	}
	against, err := number(query.Get("against"), "against", 0)
	if err != nil {
		return err
	}
	x.large = true
	report, err := x.service.History.Report(x.r.Context(), x.id, version, against)
	if err != nil {
		return err
	}
	return x.answerJSON(http.StatusOK, report)
}

// preview is POST /model/{id}/report: what would be different if the document were deployed. It changes nothing.
func (x *exchange) preview() error {
	document, err := x.document()
	if err != nil {
		return err
	}
	metadata, err := x.metadata()
	if err != nil {
		return err
	}
	x.large = true
	report, err := x.service.Deployer.Preview(x.r.Context(), x.id, formReader{document}, metadata)
	if err != nil {
		return err
	}
	return x.answerJSON(http.StatusOK, report)
}

// metadata is what the request says about its document. Openscoring replaces any model by any other, so that is allowed
// here, unless the model's settings or this caller want what would break callers to be refused.
func (x *exchange) metadata() (deploy.Metadata, error) {
	query := x.r.URL.Query()
	m := deploy.Metadata{ModelName: query.Get("modelName"), Otherwise: deploy.SchemaAllow, By: x.by(query.Get("reason"))}
	switch change := query.Get("schemaChange"); change {
	case "":
	case deploy.SchemaAllow, deploy.SchemaRefuse:
		m.Schema = change
	default:
		return m, badRequest("invalid-parameter", "schemaChange is allow or refuse")
	}
	return m, nil
}
