package local

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// Memory gives memory back to the system after large requests. The runtime alone would keep what a burst took for
// minutes.
type Memory struct{ relieved atomic.Bool }

// NewMemory makes a Memory.
func NewMemory() *Memory { return &Memory{} }

// Relieved says that something ended that took much memory.
func (m *Memory) Relieved() { m.relieved.Store(true) }

// Return gives memory back until ctx ends: within seconds after Relieved, or when the heap has grown.
func (m *Memory) Return(ctx context.Context) {
	const (
		every = 3 * time.Second
		slack = 32 << 20 // bytes that are not worth a collection
	)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	kept := heapBytes()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if now := heapBytes(); !m.relieved.Swap(false) && now <= kept+slack {
			kept = min(kept, now)
			continue
		}
		runtime.GC() // what lies in pools survives one collection, but not two
		debug.FreeOSMemory()
		kept = heapBytes()
	}
}

// heapBytes is the memory that the heap takes from the system, what lies idle in it included.
func heapBytes() uint64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	sum := uint64(0)
	for _, s := range samples {
		sum += s.Value.Uint64()
	}
	return sum
}
