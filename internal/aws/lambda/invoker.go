package lambda

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
)

// An InvokeAPI is what Invoker needs of Lambda; *lambda.Client has it.
type InvokeAPI interface {
	Invoke(context.Context, *sdk.InvokeInput, ...func(*sdk.Options)) (*sdk.InvokeOutput, error)
}

// Invoker gives a function that invokes a function, by its name or ARN with an alias or version, and waits for its answer.
// functionError is not empty if the function was invoked and failed; then the answer tells how.
func Invoker(api InvokeAPI) func(ctx context.Context, function string, payload []byte) (answer []byte, functionError string, err error) {
	return func(ctx context.Context, function string, payload []byte) ([]byte, string, error) {
		out, err := api.Invoke(ctx, &sdk.InvokeInput{FunctionName: &function, Payload: payload})
		if err != nil {
			return nil, "", fmt.Errorf("invoke %s: %w", function, err)
		}
		return out.Payload, aws.ToString(out.FunctionError), nil
	}
}
