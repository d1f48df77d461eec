package function

import (
	"runtime/debug"
	"strconv"

	"github.com/handoff-pmml/handoff/internal/rest"
)

// LimitMemory lets Go use 85 % of the function's memory before it collects garbage harder, unless the environment sets
// such a limit itself (GOMEMLIMIT). It gives the function's memory in bytes; 0: this is no function.
func LimitMemory(getenv func(string) string) int64 {
	megabytes, err := strconv.ParseInt(getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 64)
	if err != nil || megabytes <= 0 || megabytes > 1<<20 {
		return 0
	}
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(usable(megabytes << 20))
	}
	return megabytes << 20
}

// usable is what Go may take of a memory in bytes.
func usable(memory int64) int64 { return memory / 100 * 85 }

// What a function takes in bytes besides what scoring a body takes.
const (
	ownMemory   = 24 << 20 // the program, the runtime, clients of Lambda's runtime interface
	eventMemory = 30 << 20 // the largest event: its bytes, its body as text, out of base64, and in a request
)

// limits bounds what one request may take: a function answers one at a time, so that all the memory is its own that the
// model leaves (which opened takes up to four times its compiled size). The largest body takes four times its size while it is
// read; an answer that is not compressed six times its size until Lambda has it. A body that would fill more is refused
// with 413, before the environment ends for lack of memory.
func limits(memory int64, compiled int) rest.Limits {
	const most = 64 << 20
	if memory == 0 {
		return rest.Limits{Body: most, Answer: maxAnswer}
	}
	free := max(usable(memory)-ownMemory-eventMemory-4*int64(compiled), 0)
	answer := min(max(free/12, maxAnswer), 32<<20)
	body := min(max((free-6*answer)/4, maxAnswer), most)
	return rest.Limits{Body: body, Answer: int(answer), Held: max(free, 4*maxAnswer)}
}
