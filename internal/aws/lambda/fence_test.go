package lambda_test

import (
	"errors"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// FuzzDescription lets somebody write anything into the alias's description. Nothing but a newer revision keeps others out.
func FuzzDescription(f *testing.F) {
	for _, text := range []string{"", "mine", "version 1 of iris, revision 2 of 2026-03-10T09:30:02.000Z, 2 provisioned",
		"version 1 of iris, revision 99 of 2126-03-10T09:30:02.000Z", "nothing of iris, revision 99 of 2026-03-10T09:30:03.000+01:00",
		"version 999999999 of x, revision 999999999999999999 of 2026-13-10T09:30:02.000Z"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := newWorld(t, awstest.LambdaConfig{})
		v := w.live(t, 1)
		if _, err := w.aws.UpdateAlias(t.Context(), &sdk.UpdateAliasInput{FunctionName: &iris, Name: new(lambda.Alias), Description: &text}); err != nil {
			t.Fatal(err)
		}
		switch err := w.switchWith(v, deploy.Settings{}); {
		case err == nil:
			if got, want := *w.function(t).Aliases[lambda.Alias].Description, "version 1 of iris, revision 3 of 2026-03-10T09:30:03.000Z"; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		case !errors.Is(err, deploy.ErrConflict):
			t.Error(err)
		}
	})
}
