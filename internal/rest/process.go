package rest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	runtimemetrics "runtime/metrics"
	"strconv"
	"time"
)

// writeProcess gives what this process takes, under the names that Prometheus's libraries give it. What the system does
// not tell is left out.
func writeProcess(w io.Writer) {
	gauge := func(name, help string, value float64) { writeMetric(w, name, "gauge", help, value) }
	gauge("go_goroutines", "Goroutines that exist.", float64(runtime.NumGoroutine()))
	samples := []runtimemetrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}
	runtimemetrics.Read(samples)
	gauge("go_memstats_heap_alloc_bytes", "Bytes of objects, those included that are not yet collected.", float64(samples[0].Value.Uint64()))
	gauge("go_memstats_sys_bytes", "Bytes taken from the system and not given back.", float64(samples[1].Value.Uint64()-samples[2].Value.Uint64()))
	p, ok := thisProcess()
	if !ok {
		return
	}
	gauge("process_resident_memory_bytes", "Resident memory in bytes.", p.resident)
	gauge("process_virtual_memory_bytes", "Virtual memory in bytes.", p.virtual)
	gauge("process_open_fds", "File descriptors that are open.", p.files)
	writeMetric(w, "process_cpu_seconds_total", "counter", "Seconds of processor time, the system's included.", p.cpu)
	gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", processBegun)
}

func writeMetric(w io.Writer, name, kind, help string, value float64) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %[1]s %[3]s\n%[1]s %[4]s\n", name, help, kind, strconv.FormatFloat(value, 'g', -1, 64))
}

// processBegun is near enough to when the process did.
var processBegun = float64(time.Now().UnixMilli()) / 1000

// A process is what Linux tells of one.
type process struct{ resident, virtual, files, cpu float64 }

// ticks are how many of /proc's units of time make a second, on every Linux that Go runs on.
const ticks = 100

// thisProcess reads /proc/self; ok is false where there is none.
func thisProcess() (p process, ok bool) {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return p, false
	}
	text = text[bytes.LastIndexByte(text, ')')+1:] // the name of the program may hold anything
	const userTime, systemTime, virtual, resident = 11, 12, 20, 21
	fields := bytes.Fields(text)
	if len(fields) <= resident {
		return p, false
	}
	number := func(i int) float64 {
		n, err := strconv.ParseFloat(string(fields[i]), 64)
		ok = ok && err == nil
		return n
	}
	ok = true
	p.cpu = (number(userTime) + number(systemTime)) / ticks
	p.virtual, p.resident = number(virtual), number(resident)*float64(os.Getpagesize())
	open, err := os.ReadDir("/proc/self/fd")
	p.files = float64(len(open) - 1) // without the folder that was just read
	return p, ok && err == nil
}
