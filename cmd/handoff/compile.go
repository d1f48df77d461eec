package main

import (
	"encoding/json"

	"github.com/spf13/cobra"
)

func newCompileCommand() *cobra.Command {
	var m modelFlags
	var output string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "compile --model FILE --output FILE",
		Short: "Compile a document to the form that is scored",
		Long: `Compile checks a PMML document and writes its compiled form: what the service and the Lambda functions run, and what
every command takes in place of the document. It opens in a moment, whatever the size of the document.

` + exitCodes,
		Example: `  handoff compile --model model.pmml --output model.bin
  handoff compile --model - --output - < model.pmml.gz > model.bin`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needed(cmd, "model", "output"); err != nil {
				return err
			}
			return interruptible(cmd.Context(), func(out *files) error { return runCompile(cmd, m, output, asJSON, out) })
		},
	}
	m.add(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "the compiled form; - is standard output")
	cmd.Flags().BoolVar(&m.strict, "strict", false, strictUsage)
	cmd.Flags().BoolVar(&asJSON, "json", false, "tell the size of the compiled form on standard error, as JSON")
	return cmd
}

func runCompile(cmd *cobra.Command, m modelFlags, output string, asJSON bool, out *files) error {
	reading := out.compiling(cmd, m.path)
	compiled, err := m.read(cmd.InOrStdin())
	reading.stop()
	if err != nil {
		return err
	}
	// A file that is compiled already is passed on; one that is damaged is not.
	if _, err := openCompiled(m.path, compiled); err != nil {
		return err
	}
	w, err := out.create(output, cmd.OutOrStdout())
	if err != nil {
		return err
	}
	if _, err := w.Write(compiled); err != nil {
		return ioError("write", err)
	}
	if asJSON {
		return ioError("write", json.NewEncoder(cmd.ErrOrStderr()).Encode(struct {
			CompiledBytes int `json:"compiled_bytes"`
		}{len(compiled)}))
	}
	return nil
}
