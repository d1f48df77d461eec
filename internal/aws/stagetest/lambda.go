package stagetest

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
)

// lambdaLine is Lambda over a line. Its methods are the operations of their names.
type lambdaLine struct {
	line *awstest.Line
	api  lambda.API
}

var _ lambda.API = lambdaLine{}

func nameOf(operation string, function, qualifier *string) string {
	name := "lambda." + operation + " " + aws.ToString(function)
	if qualifier != nil {
		name += ":" + *qualifier
	}
	return name
}

func (l lambdaLine) GetFunction(ctx context.Context, in *sdk.GetFunctionInput, _ ...func(*sdk.Options)) (*sdk.GetFunctionOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("GetFunction", in.FunctionName, in.Qualifier), in, l.api.GetFunction)
}

func (l lambdaLine) GetFunctionConfiguration(ctx context.Context, in *sdk.GetFunctionConfigurationInput, _ ...func(*sdk.Options)) (*sdk.GetFunctionConfigurationOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("GetFunctionConfiguration", in.FunctionName, in.Qualifier), in, l.api.GetFunctionConfiguration)
}

func (l lambdaLine) ListVersionsByFunction(ctx context.Context, in *sdk.ListVersionsByFunctionInput, _ ...func(*sdk.Options)) (*sdk.ListVersionsByFunctionOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("ListVersionsByFunction", in.FunctionName, nil), in, l.api.ListVersionsByFunction)
}

func (l lambdaLine) CreateFunction(ctx context.Context, in *sdk.CreateFunctionInput, _ ...func(*sdk.Options)) (*sdk.CreateFunctionOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("CreateFunction", in.FunctionName, nil), in, l.api.CreateFunction)
}

func (l lambdaLine) UpdateFunctionConfiguration(ctx context.Context, in *sdk.UpdateFunctionConfigurationInput, _ ...func(*sdk.Options)) (*sdk.UpdateFunctionConfigurationOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("UpdateFunctionConfiguration", in.FunctionName, nil), in, l.api.UpdateFunctionConfiguration)
}

func (l lambdaLine) UpdateFunctionCode(ctx context.Context, in *sdk.UpdateFunctionCodeInput, _ ...func(*sdk.Options)) (*sdk.UpdateFunctionCodeOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("UpdateFunctionCode", in.FunctionName, nil), in, l.api.UpdateFunctionCode)
}

func (l lambdaLine) PublishVersion(ctx context.Context, in *sdk.PublishVersionInput, _ ...func(*sdk.Options)) (*sdk.PublishVersionOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("PublishVersion", in.FunctionName, nil), in, l.api.PublishVersion)
}

func (l lambdaLine) DeleteFunction(ctx context.Context, in *sdk.DeleteFunctionInput, _ ...func(*sdk.Options)) (*sdk.DeleteFunctionOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("DeleteFunction", in.FunctionName, in.Qualifier), in, l.api.DeleteFunction)
}

func (l lambdaLine) Invoke(ctx context.Context, in *sdk.InvokeInput, _ ...func(*sdk.Options)) (*sdk.InvokeOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("Invoke", in.FunctionName, in.Qualifier), in, l.api.Invoke)
}

func (l lambdaLine) ListAliases(ctx context.Context, in *sdk.ListAliasesInput, _ ...func(*sdk.Options)) (*sdk.ListAliasesOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("ListAliases", in.FunctionName, nil), in, l.api.ListAliases)
}

func (l lambdaLine) GetAlias(ctx context.Context, in *sdk.GetAliasInput, _ ...func(*sdk.Options)) (*sdk.GetAliasOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("GetAlias", in.FunctionName, nil), in, l.api.GetAlias)
}

func (l lambdaLine) CreateAlias(ctx context.Context, in *sdk.CreateAliasInput, _ ...func(*sdk.Options)) (*sdk.CreateAliasOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("CreateAlias", in.FunctionName, nil), in, l.api.CreateAlias)
}

func (l lambdaLine) UpdateAlias(ctx context.Context, in *sdk.UpdateAliasInput, _ ...func(*sdk.Options)) (*sdk.UpdateAliasOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("UpdateAlias", in.FunctionName, nil), in, l.api.UpdateAlias)
}

func (l lambdaLine) DeleteAlias(ctx context.Context, in *sdk.DeleteAliasInput, _ ...func(*sdk.Options)) (*sdk.DeleteAliasOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("DeleteAlias", in.FunctionName, nil), in, l.api.DeleteAlias)
}

func (l lambdaLine) PutFunctionConcurrency(ctx context.Context, in *sdk.PutFunctionConcurrencyInput, _ ...func(*sdk.Options)) (*sdk.PutFunctionConcurrencyOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("PutFunctionConcurrency", in.FunctionName, nil), in, l.api.PutFunctionConcurrency)
}

func (l lambdaLine) DeleteFunctionConcurrency(ctx context.Context, in *sdk.DeleteFunctionConcurrencyInput, _ ...func(*sdk.Options)) (*sdk.DeleteFunctionConcurrencyOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("DeleteFunctionConcurrency", in.FunctionName, nil), in, l.api.DeleteFunctionConcurrency)
}

func (l lambdaLine) PutProvisionedConcurrencyConfig(ctx context.Context, in *sdk.PutProvisionedConcurrencyConfigInput, _ ...func(*sdk.Options)) (*sdk.PutProvisionedConcurrencyConfigOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("PutProvisionedConcurrencyConfig", in.FunctionName, in.Qualifier), in, l.api.PutProvisionedConcurrencyConfig)
}

func (l lambdaLine) DeleteProvisionedConcurrencyConfig(ctx context.Context, in *sdk.DeleteProvisionedConcurrencyConfigInput, _ ...func(*sdk.Options)) (*sdk.DeleteProvisionedConcurrencyConfigOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("DeleteProvisionedConcurrencyConfig", in.FunctionName, in.Qualifier), in, l.api.DeleteProvisionedConcurrencyConfig)
}

func (l lambdaLine) TagResource(ctx context.Context, in *sdk.TagResourceInput, _ ...func(*sdk.Options)) (*sdk.TagResourceOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("TagResource", in.Resource, nil), in, l.api.TagResource)
}

func (l lambdaLine) UntagResource(ctx context.Context, in *sdk.UntagResourceInput, _ ...func(*sdk.Options)) (*sdk.UntagResourceOutput, error) {
	return awstest.Over(ctx, l.line, nameOf("UntagResource", in.Resource, nil), in, l.api.UntagResource)
}
