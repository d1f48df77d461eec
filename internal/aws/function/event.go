package function

import (
	"encoding/json"
	"errors"
)

// kind is what an invocation asks for.
type kind int

const (
	unknown   kind = iota
	gatewayV2      // API Gateway's payload format 2.0: HTTP APIs and function URLs
	gatewayV1      // payload format 1.0: REST APIs, and HTTP APIs that ask for it
	single         // Openscoring's body of POST /model/{id}
	batch          // Openscoring's body of POST /model/{id}/batch
	scheduled      // EventBridge's clock
)

var errUnknownEvent = errors.New(`the event is none that this function answers: an event of API Gateway (payload format 1.0 or 2.0), ` +
	`a request {"id","arguments"} or {"id","requests"}, or a scheduled event of EventBridge`)

// event is as much of an event as tells its kind.
type event struct {
	HTTPMethod     string `json:"httpMethod"`
	DetailType     string `json:"detail-type"`
	RequestContext *struct {
		HTTP *struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
	Arguments json.RawMessage `json:"arguments"`
	Requests  json.RawMessage `json:"requests"`
}

func (e *event) kind() kind {
	switch {
	case e.RequestContext != nil && e.RequestContext.HTTP != nil:
		return gatewayV2
	case e.RequestContext != nil && e.HTTPMethod != "":
		return gatewayV1
	case e.Requests != nil:
		return batch
	case e.Arguments != nil:
		return single
	case e.DetailType == "Scheduled Event":
		return scheduled
	}
	return unknown
}
