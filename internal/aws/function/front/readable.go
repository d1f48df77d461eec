package front

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"regexp"
)

// timestamps change from run to run.
var timestamps = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"`)

// Readable prints a function's answer for people: indented, its body decoded, and without what changes from run to run.
func Readable(answer []byte) ([]byte, error) {
	var decoded map[string]any
	if err := json.Unmarshal(answer, &decoded); err != nil {
		return nil, err
	}
	delete(decoded, "errorType")
	for _, members := range []string{"headers", "multiValueHeaders"} {
		if headers, ok := decoded[members].(map[string]any); ok && headers["X-Request-Id"] != nil {
			headers["X-Request-Id"] = "ID"
		}
	}
	if body, ok := decoded["body"].(string); ok {
		readable, err := readableBody(body, decoded["isBase64Encoded"] == true)
		if err != nil {
			return nil, err
		}
		decoded["body"] = readable
	}
	var printed bytes.Buffer
	e := json.NewEncoder(&printed)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(decoded)
	return timestamps.ReplaceAll(printed.Bytes(), []byte(`"TIME"`)), err
}

// readableBody gives what is in a JSON body, the text of any other.
func readableBody(body string, isBase64 bool) (any, error) {
	content := []byte(body)
	if isBase64 {
		decoded, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return nil, err
		}
		content = decoded
	}
	if zipped, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
		if content, err = io.ReadAll(zipped); err != nil {
			return nil, err
		}
	}
	var value any
	if json.Unmarshal(content, &value) == nil {
		return value, nil
	}
	return string(content), nil
}
