package local

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// slack is how many bytes are not worth a collection.
const slack = 32 << 20

// ReturnMemory gives memory back to the system after large requests until ctx ends. The runtime alone would keep what a
// burst took for minutes.
func ReturnMemory(ctx context.Context) {
	const every = 3 * time.Second
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	kept, _ := heapBytes()
	var collected, last uint64 // bytes allocated up to the last collection, and up to the last tick
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		heap, allocated := heapBytes()
		// What the last collection left may have been in use then. So there is another one when it becomes quiet.
		quiet := allocated-last < slack && allocated-collected >= slack
		last = allocated
		if heap <= kept+slack && !quiet {
			kept = min(kept, heap)
			continue
		}
		runtime.GC() // what lies in pools survives one collection, but not two
		debug.FreeOSMemory()
		kept, collected = heapBytes()
	}
}

// heapBytes is the memory that the heap takes from the system, what lies idle in it included, and what has been allocated
// in all.
func heapBytes() (heap, allocated uint64) {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(samples)
	for _, s := range samples[:3] {
		heap += s.Value.Uint64()
	}
	return heap, samples[3].Value.Uint64()
}
