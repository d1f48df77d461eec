// Command score is the function of one model: the compiled model lies beside it, is opened while the environment starts,
// and answers Openscoring's protocol, over API Gateway or by a direct Invoke. It is named by HANDOFF_MODEL_ID and
// HANDOFF_MODEL_FILE.
package main

import (
	"log"
	"log/slog"
	"os"

	"github.com/handoff-pmml/handoff/internal/aws/function"
	"github.com/handoff-pmml/handoff/internal/rest"
)

func main() {
	id := os.Getenv("HANDOFF_MODEL_ID")
	models, err := function.Model(id, os.Getenv("HANDOFF_MODEL_FILE"))
	if err != nil {
		log.Fatal(err)
	}
	function.Start(rest.New(function.ReadOnly(models, slog.New(slog.NewJSONHandler(os.Stderr, nil)))), id)
}
