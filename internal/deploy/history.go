package deploy

import (
	"context"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// Latest gives all models that are known, also deleted ones and those of which no document was ever right, by id.
func (p *Pipeline) Latest(ctx context.Context) ([]Model, error) { return p.Store.Models(ctx) }

// Known gives one model, be it live or not; catalog.ErrNotFound if nobody has heard of it.
func (p *Pipeline) Known(ctx context.Context, id string) (Model, error) {
	s, err := p.Store.Status(ctx, id)
	if err == nil && s.Model.Rev == 0 {
		err = catalog.ErrNotFound
	}
	return s.Model, err
}

// Versions gives the newest versions of a model, at most limit of them, descending.
func (p *Pipeline) Versions(ctx context.Context, id string, limit int) ([]Version, error) {
	return p.Store.Versions(ctx, id, limit)
}

// Deployment gives one deployment; catalog.ErrNotFound.
func (p *Pipeline) Deployment(ctx context.Context, id, deployment string) (Deployment, error) {
	return p.Store.Deployment(ctx, id, deployment)
}

// Deployments gives the newest deployments of a model older than before ("": all), at most limit of them, descending.
func (p *Pipeline) Deployments(ctx context.Context, id, before string, limit int) ([]Deployment, error) {
	return p.Store.Deployments(ctx, id, before, limit)
}

// Audits gives the newest audit entries older than before ("": all), at most limit of them, descending.
func (p *Pipeline) Audits(ctx context.Context, id, before string, limit int) ([]Audit, error) {
	return p.Store.Audits(ctx, id, before, limit)
}
