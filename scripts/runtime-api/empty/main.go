// Command empty is the least that a function can be: it asks Lambda's runtime interface for invocations and answers each
// with {}. What any other function takes longer to start than this one is its own.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	invocations := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		event, err := http.Get(invocations + "next")
		if err != nil {
			log.Fatal(err)
		}
		io.Copy(io.Discard, event.Body) //nolint:errcheck // the event is of no interest
		event.Body.Close()
		id := event.Header.Get("Lambda-Runtime-Aws-Request-Id")
		taken, err := http.Post(invocations+id+"/response", "application/json", strings.NewReader("{}"))
		if err != nil {
			log.Fatal(err)
		}
		taken.Body.Close()
	}
}
