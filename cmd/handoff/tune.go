package main

import "runtime/debug"

// tuneForCompiling sets the garbage collector for reading a document, most of which is dropped at once: seldom enough
// that it costs little CPU time, often enough that memory stays near what is kept. The result sets it back.
func tuneForCompiling() (restore func()) {
	before := debug.SetGCPercent(100)
	return func() { debug.SetGCPercent(before) }
}
