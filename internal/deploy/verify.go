package deploy

import (
	"context"
	"errors"
	"io"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
)

// verify opens the compiled form and scores the rows whose results are known.
func (p *Pipeline) verify(ctx context.Context, e Verify) (Event, error) {
	model, err := p.open(ctx, e.Version.Model, e.Version.Number)
	if err != nil {
		return nil, err
	}
	if err := model.Verify(); err != nil {
		if r := catalog.Reject(err); r != nil {
			return WasRejected{*r}, nil
		}
		return nil, err
	}
	return WasVerified{Rows: model.Schema().VerificationRows}, nil
}

// open opens the compiled form of a version.
func (p *Pipeline) open(ctx context.Context, id string, version int) (*evaluator.Model, error) {
	file, _, err := p.Artifacts.Get(ctx, id, version, CompiledFile)
	if err != nil {
		return nil, err
	}
	compiled, err := io.ReadAll(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return evaluator.Open(compiled)
}

// keepSidecars keeps what lies beside the document.
func (p *Pipeline) keepSidecars(_ context.Context, v Version, d Document) (Event, error) {
	return WasChecked{Document: d, ModelName: v.Object.Metadata.ModelName}, nil
}

// lookAtSettings reads the settings that lie under a key.
func (p *Pipeline) lookAtSettings(_ context.Context, key string, o Object, _ bool) (SettingsChanged, error) {
	o.Key = key
	return SettingsChanged{Object: o}, nil
}
