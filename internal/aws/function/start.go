package function

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// Start answers invocations until the environment ends; it does not return. The arguments are what Score gives.
func Start(rest http.Handler, model string) {
	lambda.Start(NewHandler(rest, model))
}

// Fail says why a function cannot start, to the log and to Lambda, which answers the invocation with it, and ends the
// process; it does not return.
func Fail(log *slog.Logger, cause error) {
	log.Error("cannot start", slog.String("cause", cause.Error()))
	if host := os.Getenv("AWS_LAMBDA_RUNTIME_API"); host != "" {
		tellInitError(host, cause)
	}
	os.Exit(1)
}

// tellInitError does what Lambda's runtime interface calls an initialization error. That the process ends says the same in
// fewer words, so that nothing need be done should it fail.
func tellInitError(host string, cause error) {
	const errorType = "Handoff.Init"
	body, _ := json.Marshal(map[string]string{"errorMessage": cause.Error(), "errorType": errorType}) // texts cannot fail
	r, err := http.NewRequest(http.MethodPost, "http://"+host+"/2018-06-01/runtime/init/error", bytes.NewReader(body))
	if err != nil {
		return
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Lambda-Runtime-Function-Error-Type", errorType)
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{}} // without any proxy
	if answer, err := client.Do(r); err == nil {
		answer.Body.Close()
	}
}
