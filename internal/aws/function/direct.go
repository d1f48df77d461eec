package function

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
)

// direct answers a direct Invoke with one of Openscoring's bodies as the REST API answers it over HTTP. The answer is
// the body alone; as with Openscoring, a member "message" tells a failure.
func (h *Handler) direct(ctx context.Context, asked kind, payload []byte) ([]byte, error) {
	if h.model == "" {
		return []byte(refusal(0, "This function serves many models; invoke the function of one model, or send an event of API Gateway").body), nil
	}
	path := "/model/" + h.model
	if asked == batch {
		path += "/batch"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("request for model %s: %w", h.model, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.RequestURI, r.RemoteAddr = path, "0.0.0.0:0"
	w := &body{header: http.Header{}}
	h.rest.ServeHTTP(w, r)
	if w.Len() > maxAnswer {
		return []byte(refusal(0, answerTooLarge).body), nil
	}
	return w.Bytes(), nil
}

// body is a response of which only the body is wanted.
type body struct {
	bytes.Buffer
	header http.Header
}

func (b *body) Header() http.Header { return b.header }

func (b *body) WriteHeader(int) {}
