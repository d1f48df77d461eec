//go:build unix

package folder_test

import "syscall"

// makePipe makes a pipe under a name.
func makePipe(path string) error { return syscall.Mkfifo(path, 0o600) }
