// Command api is the function behind the route $default of the HTTP API: Openscoring's protocol over the compiled models
// that lie beside it, in the folder that HANDOFF_MODELS names.
package main

import (
	"log"
	"log/slog"
	"os"

	"github.com/handoff-pmml/handoff/internal/aws/function"
	"github.com/handoff-pmml/handoff/internal/rest"
)

func main() {
	models, err := function.Models(os.Getenv("HANDOFF_MODELS"))
	if err != nil {
		log.Fatal(err)
	}
	function.Start(rest.New(function.ReadOnly(models, slog.New(slog.NewJSONHandler(os.Stderr, nil)))), "")
}
