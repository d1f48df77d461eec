// Command score is the function of one model: the compiled model lies beside it, is opened and warmed while the environment
// starts, and answers Openscoring's protocol, over API Gateway, a function URL or by a direct Invoke. What it serves is told
// by the environment: HANDOFF_MODEL_ID, HANDOFF_MODEL_VERSION, HANDOFF_MODEL_FILE (model.bin), HANDOFF_DOCUMENT_SIZE,
// HANDOFF_DOCUMENT_CHECKSUM and HANDOFF_CREATED.
package main

import (
	"log/slog"
	"os"

	"github.com/handoff-pmml/handoff/internal/aws/function"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	slog.SetDefault(log) // also of what the libraries say
	service, model, err := function.Score(os.Getenv, log)
	if err != nil {
		function.Fail(log, err)
	}
	function.Start(service, model)
}
