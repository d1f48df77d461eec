package function

import (
	"log/slog"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// ReadOnly configures the REST API of a function whose models lie beside it. They are listed, described and scored by
// whoever AWS lets in; PUT and DELETE are methods that such a model does not have (405), and its document, which is not
// here, cannot be downloaded (404).
func ReadOnly(models *catalog.Fixed, log *slog.Logger) rest.Config {
	return rest.Config{Models: models, Scorers: models, Log: log, Limits: rest.Limits{Answer: maxAnswer}}
}
