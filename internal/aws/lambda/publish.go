package lambda

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// latest is what Lambda calls a function that is not published.
const latest = "$LATEST"

// Publish publishes a version of the model's function, which it creates if there is none. The name is Lambda's number.
func (r *Runtime) Publish(ctx context.Context, v deploy.Version, m deploy.Model) (string, error) {
	if v.Package.Checksum == "" {
		return "", fmt.Errorf("version %d of %s was never packed", v.Number, v.Model)
	}
	want, err := r.wanted(v, m)
	if err != nil {
		return "", err
	}
	w := r.begin(v.Model)
	name, err := w.publish(ctx, want, m)
	if err != nil {
		return "", err
	}
	_, err = w.ready(ctx, name)
	return name, err
}

// maxSteps is how many things are done to a function until it is as it is wanted: three, unless somebody else is at it.
const maxSteps = 12

// publish looks at the function and does what is to be done next, until the version is there. So it does not matter where
// another process has left it.
func (w *work) publish(ctx context.Context, want *wanted, m deploy.Model) (string, error) {
	listed := false
	for steps := 0; steps < maxSteps; {
		name, err := w.step(ctx, want, m, &listed)
		switch {
		case isConflict(err):
			listed = listed && errors.Is(err, errUnsettled) // else somebody may have published
			if err := w.wait(ctx, err); err != nil {
				return "", err
			}
		case name != "" || err != nil:
			return name, err
		default:
			steps++
		}
	}
	return "", fmt.Errorf("%s does not become what it is to be: somebody else changes it", w.name)
}

// step does one thing, and gives the name if the version is published. listed says that it was not when somebody looked.
func (w *work) step(ctx context.Context, want *wanted, m deploy.Model, listed *bool) (name string, err error) {
	f, err := w.find(ctx, m)
	if err != nil {
		return "", err
	}
	if f == nil {
		_, err := call(ctx, w, "CreateFunction", w.api.CreateFunction, want.create(w.Stage, w.model))
		return "", err // a conflict if somebody else was faster
	}
	if !*listed {
		if name, err := w.published(ctx, want, m); name != "" || err != nil {
			return name, err
		}
		*listed = true
	}
	c := f.Configuration
	switch {
	case c.State == types.StatePending || c.LastUpdateStatus == types.LastUpdateStatusInProgress:
		err = fmt.Errorf("%s: %w", w.name, errUnsettled)
	case text(c.Description) != want.mark.String() || !want.isConfigured(c): // first: the description is the fence
		_, err = call(ctx, w, "UpdateFunctionConfiguration", w.api.UpdateFunctionConfiguration, want.configure(c.RevisionId))
	case !want.isCode(c):
		_, err = call(ctx, w, "UpdateFunctionCode", w.api.UpdateFunctionCode, want.code(c.RevisionId))
	case c.State == types.StateFailed:
		err = fmt.Errorf("%s cannot run: %s (%s)", w.name, text(c.StateReason), c.StateReasonCode)
	case c.LastUpdateStatus == types.LastUpdateStatusFailed:
		err = fmt.Errorf("%s cannot be updated: %s (%s)", w.name, text(c.LastUpdateStatusReason), c.LastUpdateStatusReasonCode)
	case c.State == types.StateInactive:
		w.wake(ctx, latest)
		err = fmt.Errorf("%s: %w", w.name, errUnsettled)
	default:
		return w.publishVersion(ctx, want, c.RevisionId)
	}
	return "", err
}

// published gives the version of the function that is what is wanted, if there is one: then a process has ended before it
// could tell. It also sees that nobody has published for a newer revision.
func (w *work) published(ctx context.Context, want *wanted, m deploy.Model) (name string, err error) {
	a, err := w.alias(ctx)
	if err != nil {
		return "", err
	}
	if a != nil {
		if err := w.fence(m, a.Description); err != nil {
			return "", err
		}
	}
	versions, err := w.versions(ctx)
	if err != nil {
		return "", err
	}
	last := 0
	for _, c := range versions {
		if err := w.fence(m, c.Description); err != nil {
			return "", err
		}
		if n, err := strconv.Atoi(text(c.Version)); err == nil && n > last && want.isCode(&c) && want.isConfigured(&c) {
			last, name = n, text(c.Version)
		}
	}
	return name, nil
}

// versions gives all that is published.
func (w *work) versions(ctx context.Context) ([]types.FunctionConfiguration, error) {
	var all []types.FunctionConfiguration
	for in := (&sdk.ListVersionsByFunctionInput{FunctionName: &w.name}); ; {
		page, err := call(ctx, w, "ListVersionsByFunction", w.api.ListVersionsByFunction, in)
		if err != nil {
			return nil, err
		}
		for _, c := range page.Versions {
			if text(c.Version) != latest {
				all = append(all, c)
			}
		}
		if text(page.NextMarker) == "" {
			return all, nil
		}
		in.Marker = page.NextMarker
	}
}

func (w *work) publishVersion(ctx context.Context, want *wanted, revision *string) (string, error) {
	out, err := call(ctx, w, "PublishVersion", w.api.PublishVersion, &sdk.PublishVersionInput{
		FunctionName: &w.name, CodeSha256: &want.checksum, Description: new(want.mark.String()), RevisionId: revision,
	})
	if err != nil {
		return "", err
	}
	got := &types.FunctionConfiguration{CodeSha256: out.CodeSha256, Environment: out.Environment}
	if !want.isCode(got) || !want.isEnvironment(got.Environment) {
		return "", fmt.Errorf("version %s of %s is not what was to be published: somebody else was faster", text(out.Version), w.name)
	}
	return text(out.Version), nil
}

// ready waits until what is published can answer; deploy.ErrUnpublished.
func (w *work) ready(ctx context.Context, name string) (*sdk.GetFunctionConfigurationOutput, error) {
	for {
		c, err := call(ctx, w, "GetFunctionConfiguration", w.api.GetFunctionConfiguration,
			&sdk.GetFunctionConfigurationInput{FunctionName: &w.name, Qualifier: &name})
		switch {
		case isNotFound(err):
			return nil, fmt.Errorf("%s:%s: %w", w.name, name, deploy.ErrUnpublished)
		case err != nil:
			return nil, err
		}
		switch c.State {
		case types.StateFailed:
			return nil, fmt.Errorf("%s:%s cannot run: %s (%s)", w.name, name, text(c.StateReason), c.StateReasonCode)
		case types.StateInactive:
			w.wake(ctx, name)
		case types.StatePending:
		default:
			return c, nil
		}
		if err := w.wait(ctx, fmt.Errorf("%s:%s is %s: %w", w.name, name, c.State, errUnsettled)); err != nil {
			return nil, err
		}
	}
}

// wake invokes what was idle for so long that Lambda has taken its resources back. That fails, and they come again.
func (w *work) wake(ctx context.Context, name string) {
	_, err := w.api.Invoke(ctx, &sdk.InvokeInput{FunctionName: &w.name, Qualifier: &name, Payload: []byte(`{"detail-type":"Scheduled Event"}`)})
	if err != nil {
		w.Log.Info("woke a function", "function", w.name, "version", name, "answer", err.Error())
	}
}
