package bench

import "time"

// started is where the clock begins that stands in for CPU time on systems that do not tell it.
var started = time.Now()
