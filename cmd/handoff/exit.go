package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// The exit codes, see docs/cli.md.
const (
	exitDone        = 0
	exitBad         = 1   // a document or a record is wrong
	exitUsage       = 2   // the command line is wrong
	exitIO          = 3   // a file cannot be read or written
	exitInterrupted = 130 // SIGINT or SIGTERM
)

const exitCodes = `Exit codes: 0 done, 1 a document or a record is wrong, 2 the command line is wrong,
3 a file cannot be read or written, 130 interrupted.`

// An exitError is an error with the exit code that it deserves.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

// errSilent ends a command whose answer has been printed already.
var errSilent = errors.New("")

// codeOf gives the exit code for an error: what no command has judged comes from the system.
func codeOf(err error) int {
	var e *exitError
	if errors.As(err, &e) {
		return e.code
	}
	return exitIO
}

// usageError is a wrong command line. An error on the way to it goes first.
func usageError(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// badError is a wrong document or record.
func badError(format string, args ...any) error {
	return &exitError{exitBad, fmt.Errorf(format, args...)}
}

// ioError is a file that cannot be read or written; nil stays nil.
func ioError(doing string, err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitIO, fmt.Errorf("%s: %w", doing, err)}
}

// arguments makes a complaint about arguments a usage error.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &exitError{exitUsage, err}
		}
		return nil
	}
}

// needed gives the value of a flag that the command cannot do without.
func needed(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		if cmd.Flag(name).Value.String() == "" {
			return usageError(nil, "--%s is needed", name)
		}
	}
	return nil
}

// interruptible does work and leaves it alone when ctx ends, which reading a pipe would not notice. The files that it
// was writing are removed.
func interruptible(ctx context.Context, work func(files *files) error) error {
	fs := &files{}
	done := make(chan error, 1)
	go func() { done <- fs.finish(contained(work, fs)) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		fs.discard()
		return &exitError{exitInterrupted, errors.New("interrupted")}
	}
}

// contained makes an error of a mistake of ours, so that nothing half-written stays and the exit code is not the one
// that Go gives to a panic, which means something else here.
func contained(work func(*files) error, fs *files) (err error) {
	defer func() {
		if mistake := recover(); mistake != nil {
			err = badError("internal error: %v\nThis is a mistake in Handoff, not in the document or the record. Please report it with these lines:\n%s",
				mistake, debug.Stack())
		}
	}()
	return work(fs)
}
