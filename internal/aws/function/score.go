package function

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/handoff-pmml/handoff/internal/rest"
)

// Score makes the function of one model, of what the environment names (see Model) and as os.Getenv gives it: the REST API
// over that model, warm, and the model's id.
func Score(getenv func(string) string, log *slog.Logger) (http.Handler, string, error) {
	memory := LimitMemory(getenv)
	models, m, err := Model(getenv)
	if err != nil {
		return nil, "", err
	}
	scorer, err := models.Scorer(context.Background(), m.ID)
	if err != nil {
		return nil, "", err
	}
	config := ReadOnly(models, log)
	config.Limits = limits(memory, scorer.Size())
	warm(models, m.ID, log)
	return rest.New(config), m.ID, nil
}
