package function

import (
	"net/http"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/aws/aws-lambda-go/lambda"
)

// Start answers invocations until the environment ends; it does not return. The arguments are those of NewHandler.
func Start(rest http.Handler, model string) {
	limitMemory(os.Getenv("GOMEMLIMIT"), os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	lambda.Start(NewHandler(rest, model))
}

// limitMemory lets Go use 85 % of the function's memory, which is given in MB, before it collects garbage harder; a limit
// that somebody has set already stays.
func limitMemory(given, megabytes string) {
	size, err := strconv.ParseInt(megabytes, 10, 64)
	if given != "" || err != nil || size <= 0 {
		return
	}
	debug.SetMemoryLimit(size << 20 / 100 * 85)
}
