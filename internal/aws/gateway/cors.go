package gateway

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// allowOrigin says in a function's answer (payload format 2.0) that pages of the request's origin may read it, if they
// may. A model's function does not know these origins, so that they can change without it. The body is not decoded.
func allowOrigin(answer []byte, origin string, allowed []string) []byte {
	told := http.Header{}
	rest.AllowOrigin(told, origin, allowed)
	begin, end := headersOf(answer)
	if len(told) == 0 || end == 0 {
		return answer
	}
	var headers map[string]string
	if err := json.Unmarshal(answer[begin:end], &headers); err != nil {
		return answer
	}
	if headers == nil {
		headers = map[string]string{}
	}
	for name, values := range told {
		text := strings.Join(values, ",")
		if before := headers[name]; before != "" {
			text = before + "," + text
		}
		headers[name] = text
	}
	encoded, err := json.Marshal(headers)
	if err != nil {
		return answer
	}
	whole := make([]byte, 0, len(answer)+len(encoded))
	return append(append(append(whole, answer[:begin]...), encoded...), answer[end:]...)
}

// headersOf finds the value of the member headers; it ends at 0 if there is none.
func headersOf(answer []byte) (begin, end int) {
	d := jsontext.NewDecoder(bytes.NewBuffer(answer))
	if token, err := d.ReadToken(); err != nil || token.Kind() != '{' {
		return 0, 0
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return 0, 0
		}
		isHeaders := name.String() == "headers"
		value, err := d.ReadValue()
		if err != nil {
			return 0, 0
		}
		if isHeaders {
			end := int(d.InputOffset())
			return end - len(value), end
		}
	}
	return 0, 0
}
