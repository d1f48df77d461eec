package awstest

import (
	"context"
	"maps"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// unreservable is what every account keeps for functions without executions of their own.
const unreservable = 100

func (f *function) alias(function, name *string) (*types.AliasConfiguration, error) {
	if a := f.aliases[value(name)]; a != nil {
		return a, nil
	}
	return nil, &types.ResourceNotFoundException{Message: new("Cannot find alias arn: " + arnOf(value(function)) + ":" + value(name))}
}

func (l *Lambda) withAlias(function, name *string) (*function, *types.AliasConfiguration, error) {
	f, err := l.get(function)
	if err != nil {
		return nil, nil, err
	}
	a, err := f.alias(function, name)
	return f, a, err
}

// GetAlias is as AWS documents it.
func (l *Lambda) GetAlias(ctx context.Context, in *sdk.GetAliasInput, _ ...func(*sdk.Options)) (*sdk.GetAliasOutput, error) {
	return do(ctx, l, "GetAlias", func() (*sdk.GetAliasOutput, error) {
		_, a, err := l.withAlias(in.FunctionName, in.Name)
		if err != nil {
			return nil, err
		}
		return &sdk.GetAliasOutput{AliasArn: a.AliasArn, Name: a.Name, FunctionVersion: a.FunctionVersion, Description: a.Description,
			RevisionId: a.RevisionId, RoutingConfig: a.RoutingConfig}, nil
	})
}

// ListAliases is as AWS documents it.
func (l *Lambda) ListAliases(ctx context.Context, in *sdk.ListAliasesInput, _ ...func(*sdk.Options)) (*sdk.ListAliasesOutput, error) {
	return do(ctx, l, "ListAliases", func() (*sdk.ListAliasesOutput, error) {
		f, err := l.get(in.FunctionName)
		if err != nil {
			return nil, err
		}
		var all []types.AliasConfiguration
		for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
			all = append(all, *f.aliases[name])
		}
		out := &sdk.ListAliasesOutput{}
		out.Aliases, out.NextMarker = page(l, all, in.Marker)
		return out, nil
	})
}

// CreateAlias is as AWS documents it.
func (l *Lambda) CreateAlias(ctx context.Context, in *sdk.CreateAliasInput, _ ...func(*sdk.Options)) (*sdk.CreateAliasOutput, error) {
	return do(ctx, l, "CreateAlias", func() (*sdk.CreateAliasOutput, error) {
		f, _, err := l.qualified(in.FunctionName, in.FunctionVersion)
		if err != nil {
			return nil, err
		}
		if f.aliases[*in.Name] != nil {
			return nil, conflict("Alias already exists: %s:%s", arnOf(*in.FunctionName), *in.Name)
		}
		f.aliases[*in.Name] = &types.AliasConfiguration{AliasArn: new(arnOf(*in.FunctionName) + ":" + *in.Name), Name: in.Name,
			FunctionVersion: in.FunctionVersion, Description: in.Description, RevisionId: l.revision(), RoutingConfig: in.RoutingConfig}
		return &sdk.CreateAliasOutput{}, nil
	})
}

// UpdateAlias is as AWS documents it. While environments stand ready for an alias, and it comes to name another version, AWS
// goes on sending all requests to the one before, as weights of the alias, until environments of the new one stand ready:
// minutes later, which here never pass.
func (l *Lambda) UpdateAlias(ctx context.Context, in *sdk.UpdateAliasInput, _ ...func(*sdk.Options)) (*sdk.UpdateAliasOutput, error) {
	return do(ctx, l, "UpdateAlias", func() (*sdk.UpdateAliasOutput, error) {
		f, a, err := l.withAlias(in.FunctionName, in.Name)
		if err != nil {
			return nil, err
		}
		if _, _, err := l.qualified(in.FunctionName, in.FunctionVersion); err != nil {
			return nil, err
		}
		if err := stale(in.RevisionId, a.RevisionId); err != nil {
			return nil, err
		}
		if in.RoutingConfig != nil && len(in.RoutingConfig.AdditionalVersionWeights) > 0 && f.prepared[*in.Name] > 0 {
			return nil, invalid("Invalid alias configuration for Provisioned Concurrency")
		}
		set(&a.RoutingConfig, in.RoutingConfig)
		if was := a.FunctionVersion; f.prepared[*in.Name] > 0 && in.FunctionVersion != nil && *was != *in.FunctionVersion {
			a.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{*was: 1}}
		}
		set(&a.FunctionVersion, in.FunctionVersion)
		set(&a.Description, in.Description)
		a.RevisionId = l.revision()
		return &sdk.UpdateAliasOutput{}, nil
	})
}

// DeleteAlias is as AWS documents it. An alias that is not there is no error, as AWS does.
func (l *Lambda) DeleteAlias(ctx context.Context, in *sdk.DeleteAliasInput, _ ...func(*sdk.Options)) (*sdk.DeleteAliasOutput, error) {
	return do(ctx, l, "DeleteAlias", func() (*sdk.DeleteAliasOutput, error) {
		f, err := l.get(in.FunctionName)
		if err != nil {
			return nil, err
		}
		delete(f.aliases, *in.Name)
		delete(f.prepared, *in.Name)
		return &sdk.DeleteAliasOutput{}, nil
	})
}

// PutFunctionConcurrency is as AWS documents it: some executions are left to functions that have none of their own. That there
// must be as many as stand ready is documented for PutProvisionedConcurrencyConfig only; here it holds in either order.
func (l *Lambda) PutFunctionConcurrency(ctx context.Context, in *sdk.PutFunctionConcurrencyInput, _ ...func(*sdk.Options)) (*sdk.PutFunctionConcurrencyOutput, error) {
	return do(ctx, l, "PutFunctionConcurrency", func() (*sdk.PutFunctionConcurrencyOutput, error) {
		f, err := l.get(in.FunctionName)
		if err != nil {
			return nil, err
		}
		for _, ready := range f.prepared {
			if ready > *in.ReservedConcurrentExecutions {
				return nil, invalid("Specified ReservedConcurrentExecutions for function is lower than its provisioned concurrency")
			}
		}
		left := l.config.Concurrency - int(*in.ReservedConcurrentExecutions)
		for _, other := range l.functions {
			if other != f && other.reserved != nil {
				left -= int(*other.reserved)
			}
		}
		if left < unreservable {
			return nil, invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", unreservable)
		}
		f.reserved = in.ReservedConcurrentExecutions
		return &sdk.PutFunctionConcurrencyOutput{ReservedConcurrentExecutions: f.reserved}, nil
	})
}

// DeleteFunctionConcurrency is as AWS documents it.
func (l *Lambda) DeleteFunctionConcurrency(ctx context.Context, in *sdk.DeleteFunctionConcurrencyInput, _ ...func(*sdk.Options)) (*sdk.DeleteFunctionConcurrencyOutput, error) {
	return do(ctx, l, "DeleteFunctionConcurrency", func() (*sdk.DeleteFunctionConcurrencyOutput, error) {
		f, err := l.get(in.FunctionName)
		if err != nil {
			return nil, err
		}
		f.reserved = nil
		return &sdk.DeleteFunctionConcurrencyOutput{}, nil
	})
}

// PutProvisionedConcurrencyConfig is as AWS documents it, for aliases.
func (l *Lambda) PutProvisionedConcurrencyConfig(ctx context.Context, in *sdk.PutProvisionedConcurrencyConfigInput, _ ...func(*sdk.Options)) (*sdk.PutProvisionedConcurrencyConfigOutput, error) {
	return do(ctx, l, "PutProvisionedConcurrencyConfig", func() (*sdk.PutProvisionedConcurrencyConfigOutput, error) {
		f, a, err := l.withAlias(in.FunctionName, in.Qualifier)
		if err != nil {
			return nil, err
		}
		if a.RoutingConfig != nil && len(a.RoutingConfig.AdditionalVersionWeights) > 0 {
			return nil, invalid("Alias with weights can not be used with Provisioned Concurrency")
		}
		n := *in.ProvisionedConcurrentExecutions
		if f.reserved != nil && n > *f.reserved || int(n) > l.config.Concurrency-unreservable {
			return nil, invalid("Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function")
		}
		f.prepared[*in.Qualifier] = n
		return &sdk.PutProvisionedConcurrencyConfigOutput{Status: types.ProvisionedConcurrencyStatusEnumInProgress}, nil
	})
}

// DeleteProvisionedConcurrencyConfig is as AWS documents it.
func (l *Lambda) DeleteProvisionedConcurrencyConfig(ctx context.Context, in *sdk.DeleteProvisionedConcurrencyConfigInput, _ ...func(*sdk.Options)) (*sdk.DeleteProvisionedConcurrencyConfigOutput, error) {
	return do(ctx, l, "DeleteProvisionedConcurrencyConfig", func() (*sdk.DeleteProvisionedConcurrencyConfigOutput, error) {
		f, _, err := l.withAlias(in.FunctionName, in.Qualifier)
		if err != nil {
			return nil, err
		}
		delete(f.prepared, *in.Qualifier)
		return &sdk.DeleteProvisionedConcurrencyConfigOutput{}, nil
	})
}

// TagResource is as AWS documents it.
func (l *Lambda) TagResource(ctx context.Context, in *sdk.TagResourceInput, _ ...func(*sdk.Options)) (*sdk.TagResourceOutput, error) {
	return do(ctx, l, "TagResource", func() (*sdk.TagResourceOutput, error) {
		f, err := l.get(in.Resource)
		if err != nil {
			return nil, err
		}
		tags := map[string]string{}
		maps.Copy(tags, f.tags)
		maps.Copy(tags, in.Tags)
		f.tags = tags
		return &sdk.TagResourceOutput{}, nil
	})
}

// UntagResource is as AWS documents it.
func (l *Lambda) UntagResource(ctx context.Context, in *sdk.UntagResourceInput, _ ...func(*sdk.Options)) (*sdk.UntagResourceOutput, error) {
	return do(ctx, l, "UntagResource", func() (*sdk.UntagResourceOutput, error) {
		f, err := l.get(in.Resource)
		if err != nil {
			return nil, err
		}
		for _, key := range in.TagKeys {
			delete(f.tags, key)
		}
		return &sdk.UntagResourceOutput{}, nil
	})
}
