// Command models compiles models for the functions on AWS, to a file whose name ends in .bin: one document, or every
// FOLDER/NAME/model.pmml to OUTPUT/NAME.bin.
//
//	go run ./scripts/models DOCUMENT OUTPUT.bin
//	go run ./scripts/models FOLDER OUTPUT
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/handoff-pmml/handoff/evaluator/compile"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: models DOCUMENT OUTPUT.bin, or models FOLDER OUTPUT")
		os.Exit(2)
	}
	work := compileAll
	if filepath.Ext(os.Args[2]) == ".bin" {
		work = compileOne
	}
	if err := work(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func compileAll(folder, output string) error {
	documents, err := filepath.Glob(filepath.Join(folder, "*", "model.pmml"))
	if err != nil {
		return err
	}
	if len(documents) == 0 {
		return fmt.Errorf("no model.pmml below %s", folder)
	}
	for _, document := range documents {
		name := filepath.Base(filepath.Dir(document))
		if err := compileOne(document, filepath.Join(output, name+".bin")); err != nil {
			return err
		}
	}
	return nil
}

func compileOne(document, output string) error {
	read, err := os.Open(document)
	if err != nil {
		return err
	}
	defer read.Close()
	compiled, err := compile.Compile(read, compile.Options{})
	if err != nil {
		return fmt.Errorf("%s:%w", document, err)
	}
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
		return err
	}
	return os.WriteFile(output, compiled, 0o644)
}
