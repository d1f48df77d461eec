package lambda

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Switch lets the alias name a version, and applies the settings that belong to the function or the alias. Tags of the
// function that are not among the settings are removed, but for those of AWS and Handoff.
func (r *Runtime) Switch(ctx context.Context, v deploy.Version, m deploy.Model) error {
	w := r.begin(v.Model)
	name, err := w.nameOf(v)
	if err != nil {
		return err
	}
	f, err := w.find(ctx, m)
	switch {
	case err != nil:
		return err
	case f == nil:
		return fmt.Errorf("%s: %w", w.name, deploy.ErrUnpublished)
	}
	a, err := w.alias(ctx)
	if err == nil && a != nil {
		err = w.fence(m, a.Description)
	}
	if err != nil {
		return err
	}
	c, err := w.ready(ctx, name)
	switch {
	case err != nil:
		return err
	case c.Environment == nil || c.Environment.Variables[envVersion] != strconv.Itoa(v.Number): // of a function before this one
		return fmt.Errorf("%s:%s is not version %d: %w", w.name, name, v.Number, deploy.ErrUnpublished)
	}
	return w.goLive(ctx, name, v, m, f, a)
}

// goLive does what may fail for the settings before the alias names another version. Environments that stand ready for the
// alias are given back before, and asked for anew: Lambda would go on sending requests to the version before until those of
// the new one stand ready, for minutes, and take no settings meanwhile. To start our functions takes much less.
func (w *work) goLive(ctx context.Context, name string, v deploy.Version, m deploy.Model, f *sdk.GetFunctionOutput, a *sdk.GetAliasOutput) error {
	provisioned := m.Settings.ProvisionedConcurrency
	if a != nil && (provisioned < readMark(a.Description).provisioned || text(a.FunctionVersion) != name) {
		if err := w.release(ctx, a); err != nil { // first: no fewer executions may be set aside than stand ready
			return err
		}
	}
	if err := w.reserve(ctx, m.Settings.ReservedConcurrency, f.Concurrency); err != nil {
		return err
	}
	if err := w.tag(ctx, text(f.Configuration.FunctionArn), m.Settings.Tags, f.Tags); err != nil {
		return err
	}
	k := markOf(m, v.Number)
	k.provisioned = provisioned
	if err := w.point(ctx, name, k, m); err != nil {
		return err
	}
	if provisioned == 0 {
		return nil
	}
	_, err := insist(ctx, w, "PutProvisionedConcurrencyConfig", w.api.PutProvisionedConcurrencyConfig, &sdk.PutProvisionedConcurrencyConfigInput{
		FunctionName: &w.name, Qualifier: new(Alias), ProvisionedConcurrentExecutions: new(int32(provisioned)),
	})
	if is[*types.InvalidParameterValueException](err) {
		return fmt.Errorf("the account cannot keep %d environments of %s ready (provisionedConcurrency): %w", provisioned, w.name, err)
	}
	return err
}

// point lets the alias name a version.
func (w *work) point(ctx context.Context, name string, k mark, m deploy.Model) error {
	for {
		created, err := w.pointOnce(ctx, name, k, m)
		switch {
		case isConflict(err): // somebody else was faster
			if err := w.wait(ctx, err); err != nil {
				return err
			}
		case isNotFound(err):
			return fmt.Errorf("%s:%s: %w", w.name, name, deploy.ErrUnpublished)
		case err != nil:
			return err
		case created:
			return w.stillWanted(ctx, m)
		default:
			return nil
		}
	}
}

func (w *work) pointOnce(ctx context.Context, name string, k mark, m deploy.Model) (created bool, err error) {
	a, err := w.alias(ctx)
	if err != nil {
		return false, err
	}
	if a == nil {
		_, err = call(ctx, w, "CreateAlias", w.api.CreateAlias, &sdk.CreateAliasInput{
			FunctionName: &w.name, Name: new(Alias), FunctionVersion: &name, Description: new(k.String()),
		})
		return err == nil, err
	}
	if err := w.fence(m, a.Description); err != nil {
		return false, err
	}
	in := &sdk.UpdateAliasInput{FunctionName: &w.name, Name: new(Alias), FunctionVersion: &name, Description: new(k.String()), RevisionId: a.RevisionId}
	if a.RoutingConfig != nil && len(a.RoutingConfig.AdditionalVersionWeights) > 0 {
		in.RoutingConfig = &types.AliasRoutingConfiguration{} // somebody has sent a share of the requests elsewhere
	} else if text(a.FunctionVersion) == name && text(a.Description) == k.String() {
		return false, nil
	}
	_, err = call(ctx, w, "UpdateAlias", w.api.UpdateAlias, in)
	return false, err
}

// stillWanted takes an alias back that was created while somebody stopped the model. Who stops it raises the fence before
// the alias is removed: either that happens after this, or the fence is seen here.
func (w *work) stillWanted(ctx context.Context, m deploy.Model) error {
	_, refused := w.find(ctx, m)
	if refused == nil {
		return nil
	}
	if err := w.removeAlias(ctx); err != nil {
		return err
	}
	return refused
}

// reserve sets aside executions for the function, of those that the account may have at one time; 0: none.
func (w *work) reserve(ctx context.Context, executions int, now *types.Concurrency) error {
	before := int32(-1)
	if now != nil && now.ReservedConcurrentExecutions != nil {
		before = *now.ReservedConcurrentExecutions
	}
	switch {
	case executions == 0 && before >= 0:
		_, err := insist(ctx, w, "DeleteFunctionConcurrency", w.api.DeleteFunctionConcurrency, &sdk.DeleteFunctionConcurrencyInput{FunctionName: &w.name})
		return err
	case executions == 0 || before == int32(executions):
		return nil
	}
	_, err := insist(ctx, w, "PutFunctionConcurrency", w.api.PutFunctionConcurrency, &sdk.PutFunctionConcurrencyInput{
		FunctionName: &w.name, ReservedConcurrentExecutions: new(int32(executions)),
	})
	if is[*types.InvalidParameterValueException](err) {
		return fmt.Errorf("the account cannot set %d concurrent executions aside for %s (reservedConcurrency): %w", executions, w.name, err)
	}
	return err
}

// tag gives the function the tags of the settings, and no others.
func (w *work) tag(ctx context.Context, arn string, tags, now map[string]string) error {
	more, gone := map[string]string{}, []string(nil)
	for key, value := range tags {
		if was, ok := now[key]; !isForeign(key) && (!ok || was != value) {
			more[key] = value
		}
	}
	for _, key := range slices.Sorted(maps.Keys(now)) {
		if _, ok := tags[key]; !ok && !isForeign(key) {
			gone = append(gone, key)
		}
	}
	if len(gone) > 0 {
		if _, err := insist(ctx, w, "UntagResource", w.api.UntagResource, &sdk.UntagResourceInput{Resource: &arn, TagKeys: gone}); err != nil {
			return err
		}
	}
	if len(more) > 0 {
		if _, err := insist(ctx, w, "TagResource", w.api.TagResource, &sdk.TagResourceInput{Resource: &arn, Tags: more}); err != nil {
			return err
		}
	}
	return nil
}

// isForeign says whether a tag is none that settings can give or take.
func isForeign(key string) bool {
	return strings.HasPrefix(key, "aws:") || strings.HasPrefix(key, "handoff:")
}

// release gives the environments back that stand ready for the alias, if any were asked for.
func (w *work) release(ctx context.Context, a *sdk.GetAliasOutput) error {
	if readMark(a.Description).provisioned == 0 {
		return nil
	}
	_, err := insist(ctx, w, "DeleteProvisionedConcurrencyConfig", w.api.DeleteProvisionedConcurrencyConfig,
		&sdk.DeleteProvisionedConcurrencyConfigInput{FunctionName: &w.name, Qualifier: new(Alias)})
	if isNotFound(err) || is[*types.ProvisionedConcurrencyConfigNotFoundException](err) {
		return nil
	}
	return err
}

// Stop removes the alias. The function and its versions stay.
func (r *Runtime) Stop(ctx context.Context, m deploy.Model) error {
	w := r.begin(m.ID)
	a, err := w.alias(ctx)
	if err == nil && a != nil {
		err = w.fence(m, a.Description)
	}
	if err != nil {
		return err
	}
	if there, err := w.raise(ctx, m); err != nil || !there {
		return err
	}
	if a != nil {
		if err := w.release(ctx, a); err != nil {
			return err
		}
	}
	return w.removeAlias(ctx)
}

// raise lets nobody switch who has not seen that the model is out of service: the alias, which would say so, is about to go.
func (w *work) raise(ctx context.Context, m deploy.Model) (there bool, err error) {
	k := markOf(m, 0)
	for {
		f, err := w.find(ctx, m)
		if err != nil || f == nil {
			return false, err
		}
		if !k.after(readMark(f.Configuration.Description)) {
			return true, nil
		}
		_, err = call(ctx, w, "UpdateFunctionConfiguration", w.api.UpdateFunctionConfiguration, &sdk.UpdateFunctionConfigurationInput{
			FunctionName: &w.name, Description: new(k.String()), RevisionId: f.Configuration.RevisionId,
		})
		if !isConflict(err) {
			return true, err
		}
		if err := w.wait(ctx, err); err != nil {
			return false, err
		}
	}
}

func (w *work) removeAlias(ctx context.Context) error {
	_, err := insist(ctx, w, "DeleteAlias", w.api.DeleteAlias, &sdk.DeleteAliasInput{FunctionName: &w.name, Name: new(Alias)})
	if isNotFound(err) {
		return nil
	}
	return err
}
