package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Collect deletes versions of the function that are not to be kept and that no alias names; with none to keep, the function.
// A function that is not the model's is left alone.
func (r *Runtime) Collect(ctx context.Context, m deploy.Model, keep []string) error {
	w := r.begin(m.ID)
	f, err := w.find(ctx, m)
	if taken := (*takenError)(nil); errors.As(err, &taken) {
		w.Log.Warn("what was published is not there to be removed", slog.String("model", m.ID), slog.String("cause", err.Error()))
		return nil
	}
	if err != nil || f == nil {
		return err
	}
	named, err := w.named(ctx, m)
	if err != nil {
		return err
	}
	versions, err := w.versions(ctx)
	if err != nil {
		return err
	}
	var doomed []string
	for _, c := range versions {
		if err := w.fence(m, c.Description); err != nil {
			return err
		}
		if name := text(c.Version); !slices.Contains(keep, name) && !slices.Contains(named, name) {
			doomed = append(doomed, name)
		}
	}
	if len(keep) == 0 && len(named) == 0 {
		return w.deleteAll(ctx)
	}
	for _, name := range doomed {
		if err := w.delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// named gives the versions that aliases name: Lambda would not delete those.
func (w *work) named(ctx context.Context, m deploy.Model) ([]string, error) {
	var names []string
	for in := (&sdk.ListAliasesInput{FunctionName: &w.name}); ; {
		page, err := call(ctx, w, "ListAliases", w.api.ListAliases, in)
		if err != nil {
			return nil, err
		}
		for _, a := range page.Aliases {
			if err := w.fence(m, a.Description); err != nil {
				return nil, err
			}
			names = append(names, text(a.FunctionVersion))
			if a.RoutingConfig != nil {
				for name := range a.RoutingConfig.AdditionalVersionWeights {
					names = append(names, name)
				}
			}
		}
		if text(page.NextMarker) == "" {
			return names, nil
		}
		in.Marker = page.NextMarker
	}
}

// delete deletes a version.
func (w *work) delete(ctx context.Context, name string) error {
	_, err := call(ctx, w, "DeleteFunction", w.api.DeleteFunction, &sdk.DeleteFunctionInput{FunctionName: &w.name, Qualifier: &name})
	if isNotFound(err) {
		return nil
	}
	return err
}

// deleteAll deletes the function with all its versions: now, or not at all. If this waited until it is not throttled any
// more, another process might have published and gone live meanwhile.
func (w *work) deleteAll(ctx context.Context) error {
	_, err := w.api.DeleteFunction(ctx, &sdk.DeleteFunctionInput{FunctionName: &w.name}, func(o *sdk.Options) { o.Retryer = aws.NopRetryer{} })
	switch {
	case isNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("DeleteFunction %s: %w", w.name, err)
	}
	return nil
}
