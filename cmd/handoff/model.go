package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/spf13/cobra"
)

// modelFlags say which model a command works with.
type modelFlags struct {
	path   string
	name   string
	strict bool                  // of a document: see compile.Options
	notes  func(evaluator.Fault) // is told of what is odd but harmless in a document; may be nil
}

func (m *modelFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&m.path, "model", "m", "", "the model: a PMML document, plain or gzip, or its compiled form; - is standard input")
	cmd.Flags().StringVar(&m.name, "model-name", "", "modelName of the model to take from a document with several; else the first one")
	cmd.MarkFlagFilename("model", modelFiles...) //nolint:errcheck // the flag has just been defined
}

// open gives the model, compiled if it is a document.
func (m *modelFlags) open(stdin io.Reader) (*evaluator.Model, error) {
	compiled, err := m.read(stdin)
	if err != nil {
		return nil, err
	}
	return openCompiled(m.path, compiled)
}

// read gives the compiled form of the model, whatever the file holds.
func (m *modelFlags) read(stdin io.Reader) ([]byte, error) {
	in, err := openInput(m.path, stdin)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // only read
	r, compiled := peek(in)
	if !compiled {
		return compileDocument(r, m.path, compile.Options{ModelName: m.name, Strict: m.strict, Notes: m.notes})
	}
	if m.name != "" {
		return nil, usageError(nil, "--model-name is for documents: %s is a compiled form, which holds one model", m.path)
	}
	data, err := io.ReadAll(r)
	return data, ioError("read", err)
}

// peek looks at the beginning of in and says whether it is a compiled form and not a document. What is read further
// comes from r: the file itself where that is possible, since its size is known and spares memory.
func peek(in io.Reader) (r io.Reader, compiled bool) {
	first := make([]byte, 64)
	if f, ok := in.(*os.File); ok {
		if at, err := f.Seek(0, io.SeekCurrent); err == nil {
			n, _ := f.ReadAt(first, at) // an error of reading comes again when it is read in earnest
			return f, evaluator.IsCompiled(first[:n])
		}
	}
	buffered := bufio.NewReaderSize(in, 64<<10)
	first, _ = buffered.Peek(len(first))
	return buffered, evaluator.IsCompiled(first)
}

// compileDocument compiles a document; the error knows its exit code.
func compileDocument(r io.Reader, path string, o compile.Options) ([]byte, error) {
	restore := tuneForCompiling()
	defer restore()
	compiled, err := compile.Compile(r, o)
	var faults *evaluator.Faults
	switch {
	case err == nil:
		return compiled, nil
	case !errors.As(err, &faults):
		return nil, ioError("read "+path, err)
	case len(faults.List)+faults.More > 1:
		return nil, &exitError{exitBad, fmt.Errorf("%s:%w\n'handoff check %[1]s' shows them all", path, err)}
	}
	return nil, &exitError{exitBad, fmt.Errorf("%s:%w", path, err)}
}

func openCompiled(path string, compiled []byte) (*evaluator.Model, error) {
	m, err := evaluator.Open(compiled)
	if err != nil {
		return nil, badError("%s: %w", path, err)
	}
	return m, nil
}
