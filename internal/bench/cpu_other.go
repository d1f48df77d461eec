//go:build !unix

package bench

import "time"

// cpuTime is the time since the start: this system has no getrusage.
func cpuTime() time.Duration { return time.Since(started) }
