// Package arch holds the test of the import arrows: which package may know which. ARCHITECTURE.md draws them.
package arch
