package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/aws/command"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// A Store is where metadata is read; only functions/deploy writes it.
type Store interface {
	Status(ctx context.Context, id string) (deploy.Status, error)
	Models(ctx context.Context) ([]deploy.Model, error)
	Versions(ctx context.Context, id string, limit int) ([]deploy.Version, error)
	Deployment(ctx context.Context, id, deployment string) (deploy.Deployment, error)
	Deployments(ctx context.Context, id, before string, limit int) ([]deploy.Deployment, error)
	Audits(ctx context.Context, id, before string, limit int) ([]deploy.Audit, error)
}

// Objects is where documents are uploaded.
type Objects interface {
	Receive(ctx context.Context, body io.Reader) (deploy.Body, error)
	Put(ctx context.Context, key string, body deploy.Body, m deploy.Metadata) (deploy.Object, error)
	Head(ctx context.Context, key string) (deploy.Object, error)
}

// Artifacts is where the files of versions are read.
type Artifacts interface {
	Get(ctx context.Context, id string, version int, name string) (io.ReadCloser, int64, error)
}

// Addresses gives addresses in the buckets that are good for a while without further rights; *s3.Uploads is one.
type Addresses interface {
	Presign(ctx context.Context, key string, m deploy.Metadata, expires time.Duration) (address string, headers map[string]string, err error)
	PresignGet(ctx context.Context, key, filename string, expires time.Duration) (address string, err error)
}

// RemoteConfig says what a Remote stands on. All fields but the last ones are required.
type RemoteConfig struct {
	Store     Store
	Objects   Objects
	Artifacts Artifacts
	Addresses Addresses
	Commands  command.Pipeline // *command.Client: functions/deploy

	Now      func() time.Time                                 // nil: time.Now
	Pause    func(ctx context.Context, d time.Duration) error // waits before the store is asked again; nil: by the clock
	Patience time.Duration                                    // how long a caller waits for a deployment's end; 0: 25 seconds
	Log      *slog.Logger                                     // nil: none
}

// A Remote is the pipeline and its models as functions/api sees them. It implements the interfaces of packages catalog and
// rest, and may be used by many goroutines.
type Remote struct {
	command.Pipeline // what functions/deploy does when it is told
	config           RemoteConfig
	schemas          schemas
	uses             uses
}

// NewRemote makes a Remote.
func NewRemote(c RemoteConfig) *Remote {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Pause == nil {
		c.Pause = deploy.Pause
	}
	if c.Patience == 0 {
		c.Patience = 25 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Remote{Pipeline: c.Commands, config: c}
}

// ---- models

// Models gives all live models.
func (r *Remote) Models(ctx context.Context) ([]catalog.Model, error) {
	known, err := r.config.Store.Models(ctx)
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	models := []catalog.Model{}
	for _, m := range known {
		if m.Live != 0 {
			models = append(models, r.listed(m))
		}
	}
	catalog.Sort(models)
	return models, nil
}

// listed gives what lists show of a live model, for which nothing else is read.
func (r *Remote) listed(m deploy.Model) catalog.Model {
	p := m.Serves
	return catalog.Model{
		ID: m.ID, Version: m.Live,
		Schema: &evaluator.Schema{Element: p.Element, MiningFunction: p.MiningFunction, ModelVersion: p.ModelVersion},
		Size:   p.Document.Size, Checksum: p.Document.Checksum, Created: p.Created, Accessed: r.uses.since(m.ID, p.Created),
	}
}

// Model gives one live model.
func (r *Remote) Model(ctx context.Context, id string) (catalog.Model, error) {
	for tries := 0; ; tries++ {
		v, err := r.live(ctx, id)
		if err != nil {
			return catalog.Model{}, fmt.Errorf("describe %s: %w", id, err)
		}
		schema, err := r.schemas.get(id, v.Number, func() (*evaluator.Schema, error) { return r.readSchema(ctx, v) })
		if errors.Is(err, deploy.ErrGone) && tries < maxTries {
			continue // another version has taken its place meanwhile, and its files are gone
		}
		if err != nil {
			return catalog.Model{}, fmt.Errorf("describe %s: %w", id, err)
		}
		return catalog.Model{
			ID: id, Version: v.Number, Schema: schema, Size: v.Document.Size, Checksum: v.Document.Checksum, Created: v.Created,
			Accessed: r.uses.since(id, v.Since),
		}, nil
	}
}

// maxTries is how often something is read again of which a part was gone.
const maxTries = 3

// live gives the version of a model that is live; catalog.ErrNotFound.
func (r *Remote) live(ctx context.Context, id string) (deploy.Version, error) {
	s, err := r.config.Store.Status(ctx, id)
	if err != nil {
		return deploy.Version{}, err
	}
	for _, v := range s.Versions {
		if v.Number == s.Model.Live {
			return v, nil
		}
	}
	return deploy.Version{}, catalog.ErrNotFound
}

func (r *Remote) readSchema(ctx context.Context, v deploy.Version) (*evaluator.Schema, error) {
	file, _, err := r.config.Artifacts.Get(ctx, v.Model, v.Number, deploy.SchemaFile)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	schema := new(evaluator.Schema)
	if err := json.NewDecoder(file).Decode(schema); err != nil {
		return nil, fmt.Errorf("%s of version %d: %w", deploy.SchemaFile, v.Number, err)
	}
	return schema, nil
}

// Accessed records that a model was used, for what this environment tells of it: a hint that costs no write.
func (r *Remote) Accessed(_ context.Context, id string, at time.Time) { r.uses.record(id, at) }

// Scorer says why the function of a model could not answer: nothing is scored here.
func (r *Remote) Scorer(ctx context.Context, id string) (*scoring.Model, error) {
	failure := failureOf(ctx)
	if failure != nil && !errors.Is(failure, catalog.ErrNotFound) {
		return nil, failure
	}
	known, err := r.Known(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case known.Live != 0:
		return nil, errNotReady // it went live, or its function was lost, just now
	case known.Rejection != nil:
		return nil, known.Rejection
	}
	return nil, catalog.ErrNotFound
}

// ---- documents

const (
	// largeDocument is the size in bytes from which on a document may not fit into an answer of Lambda's, encoded as it is
	// there.
	largeDocument = 4 << 20
	// addressTime is how long an address in a bucket is good.
	addressTime = 15 * time.Minute
)

// Document gives the document of a live model.
func (r *Remote) Document(ctx context.Context, id string) (io.ReadCloser, int64, error) {
	for tries := 0; ; tries++ {
		v, err := r.live(ctx, id)
		if err != nil {
			return nil, 0, err
		}
		document, size, err := r.config.Artifacts.Get(ctx, id, v.Number, deploy.DocumentFile)
		if errors.Is(err, deploy.ErrGone) && tries < maxTries {
			continue
		}
		return document, size, err
	}
}

// DocumentAddress gives the address of a live model's document if that is too large for an answer.
func (r *Remote) DocumentAddress(ctx context.Context, id string) (string, error) {
	v, err := r.live(ctx, id)
	if err != nil || v.Document.Size < largeDocument {
		return "", err
	}
	key, err := s3.FileKey(id, v.Number, deploy.DocumentFile)
	if err != nil {
		return "", err
	}
	return r.config.Addresses.PresignGet(ctx, key, "model.pmml.xml", addressTime)
}

// Upload gives a ticket for a file of a model: an address in the bucket of uploads.
func (r *Remote) Upload(ctx context.Context, id, file string, m deploy.Metadata) (rest.Ticket, error) {
	s, err := r.config.Store.Status(ctx, id)
	if err != nil {
		return rest.Ticket{}, err
	}
	key := rest.UploadKey(s.Model, id, file)
	expires := r.config.Now().Add(addressTime).UTC().Truncate(time.Second)
	address, headers, err := r.config.Addresses.Presign(ctx, key, m, addressTime)
	return rest.Ticket{URL: address, Method: http.MethodPut, Headers: headers, Key: key, Expires: expires}, err
}

// ---- history

// Latest gives all models that are known, by id.
func (r *Remote) Latest(ctx context.Context) ([]deploy.Model, error) {
	return r.config.Store.Models(ctx)
}

// Known gives one model, be it live or not; catalog.ErrNotFound.
func (r *Remote) Known(ctx context.Context, id string) (deploy.Model, error) {
	s, err := r.config.Store.Status(ctx, id)
	if err == nil && s.Model.Rev == 0 {
		err = catalog.ErrNotFound
	}
	return s.Model, err
}

// Versions gives the newest versions of a model, descending.
func (r *Remote) Versions(ctx context.Context, id string, limit int) ([]deploy.Version, error) {
	return r.config.Store.Versions(ctx, id, limit)
}

// Deployment gives one deployment; catalog.ErrNotFound.
func (r *Remote) Deployment(ctx context.Context, id, deployment string) (deploy.Deployment, error) {
	return r.config.Store.Deployment(ctx, id, deployment)
}

// Deployments gives the newest deployments of a model older than before, descending.
func (r *Remote) Deployments(ctx context.Context, id, before string, limit int) ([]deploy.Deployment, error) {
	return r.config.Store.Deployments(ctx, id, before, limit)
}

// Audits gives the newest audit entries of a model older than before, descending.
func (r *Remote) Audits(ctx context.Context, id, before string, limit int) ([]deploy.Audit, error) {
	return r.config.Store.Audits(ctx, id, before, limit)
}

// Ready says whether requests may be sent here: the table can be reached.
func (r *Remote) Ready(request *http.Request) bool {
	if _, err := r.config.Store.Status(request.Context(), "ready"); err != nil {
		r.config.Log.Error("not ready", slog.String("cause", err.Error()))
		return false
	}
	return true
}

// ---- uses

// maxUses is of how many models an environment knows when they were used.
const maxUses = 10_000

// uses are when models were used last, as far as this environment knows.
type uses struct {
	mu   sync.Mutex
	when map[string]time.Time
}

func (u *uses) record(id string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.when) >= maxUses || u.when == nil {
		u.when = map[string]time.Time{}
	}
	u.when[id] = at
}

// since gives when a model was used last; zero if that is not known, or was a version before the one that went live then.
func (u *uses) since(id string, live time.Time) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at := u.when[id]; at.After(live) {
		return at
	}
	return time.Time{}
}

// ---- schemas

// maxSchemas is how many schemas an environment keeps.
const maxSchemas = 256

// schemas are the schemas of versions that were described lately. A version's never changes.
type schemas struct {
	mu    sync.Mutex
	known map[schemaOf]*evaluator.Schema
}

type schemaOf struct {
	id      string
	version int
}

func (s *schemas) get(id string, version int, read func() (*evaluator.Schema, error)) (*evaluator.Schema, error) {
	of := schemaOf{id, version}
	s.mu.Lock()
	schema := s.known[of]
	s.mu.Unlock()
	if schema != nil {
		return schema, nil
	}
	schema, err := read()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxSchemas || s.known == nil {
		s.known = map[schemaOf]*evaluator.Schema{} // those that are in use come back soon
	}
	s.known[of] = schema
	return schema, nil
}
