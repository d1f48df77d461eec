package lambda

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// nameOf gives the name under which a version was published last; deploy.ErrUnpublished.
func (w *work) nameOf(v deploy.Version) (string, error) {
	if len(v.Published) == 0 {
		return "", fmt.Errorf("version %d of %s: %w", v.Number, v.Model, deploy.ErrUnpublished)
	}
	return v.Published[len(v.Published)-1], nil
}

// Invoke has a version answer a body of POST /model/{id}/batch.
func (r *Runtime) Invoke(ctx context.Context, v deploy.Version, body []byte) ([]byte, error) {
	w := r.begin(v.Model)
	name, err := w.nameOf(v)
	if err != nil {
		return nil, err
	}
	out, err := insist(ctx, w, "Invoke", w.api.Invoke, &sdk.InvokeInput{
		FunctionName: &w.name, Qualifier: &name, InvocationType: types.InvocationTypeRequestResponse, Payload: body,
	})
	switch {
	case isNotFound(err):
		return nil, fmt.Errorf("%s:%s: %w", w.name, name, deploy.ErrUnpublished)
	case err != nil:
		return nil, err
	case out.FunctionError != nil:
		return nil, &deploy.CrashError{Message: crash(out.Payload)}
	}
	return out.Payload, nil
}

// maxCrash is how much of what a function says at its end is told on, in bytes.
const maxCrash = 500

// crash gives what Lambda says about a function that has failed.
func crash(payload []byte) string {
	var told struct{ ErrorMessage, ErrorType string }
	if json.Unmarshal(payload, &told) == nil {
		if said := cmp.Or(told.ErrorMessage, told.ErrorType); said != "" {
			return said
		}
	}
	return fmt.Sprintf("%.*s", maxCrash, payload)
}
