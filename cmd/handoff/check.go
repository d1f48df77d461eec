package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/spf13/cobra"
)

// strictUsage is what --strict does, wherever it is.
const strictUsage = "refuse all that the schema of the document's PMML version does not have, JPMML's x- attributes included"

type checkFlags struct {
	name   string
	strict bool
	json   bool
	notes  bool
	quiet  bool
}

func newCheckCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Print everything that is wrong with documents",
		Long: `Check prints what is wrong with PMML documents, one fault a line, as FILE:LINE: XPATH: message [code], at most 1,000
for a document. It also scores the documents' own verification rows (ModelVerification); a result other than expected
is a fault, too. FILE may also be a compiled form; - is standard input.

` + exitCodes,
		Example: `  handoff check model.pmml
  handoff check --notes --json models/*.pmml`,
		Args:              arguments(cobra.MinimumNArgs(1)),
		ValidArgsFunction: completeFiles(modelFiles...),
		RunE: func(cmd *cobra.Command, paths []string) error {
			f.quiet, _ = cmd.Flags().GetBool("quiet")
			return interruptible(cmd.Context(), func(work *files) error { return runCheck(cmd, f, paths, work) })
		},
	}
	cmd.Flags().StringVar(&f.name, "model-name", "", "modelName of the model to check in a document with several; else the first one")
	cmd.Flags().BoolVar(&f.strict, "strict", false, strictUsage)
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object with all faults")
	cmd.Flags().BoolVar(&f.notes, "notes", false, "also print what is odd but does not change a score")
	return cmd
}

// A located fault knows its file. Expected is always there, as the other members are.
type locatedFault struct {
	File string `json:"file"`
	*evaluator.Fault
	Expected string `json:"expected"`
}

func located(path string, f *evaluator.Fault) locatedFault { return locatedFault{path, f, f.Expected} }

// A report is what check finds in all files.
type report struct {
	Faults []locatedFault `json:"faults"`
	Notes  []locatedFault `json:"notes,omitempty"`
	More   int            `json:"more,omitempty"` // faults beyond those that are kept of a document
}

func runCheck(cmd *cobra.Command, f checkFlags, paths []string, work *files) error {
	all := report{Faults: []locatedFault{}}
	out := bufio.NewWriter(cmd.OutOrStdout())
	code := exitDone
	for _, path := range paths {
		reading := work.compiling(cmd, path)
		r, err := checkFile(path, f, cmd.InOrStdin())
		reading.stop()
		if err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "handoff: %v\n", err)
			code = exitIO
			continue
		}
		if len(r.Faults) > 0 && code == exitDone {
			code = exitBad
		}
		all.add(r)
		if !f.json {
			r.print(out, colours(cmd.OutOrStdout()))
			out.Flush() //nolint:errcheck // comes again below
		}
		if len(r.Faults) == 0 && !f.json && !f.quiet {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: no faults\n", path)
		}
	}
	if f.json {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.Encode(all) //nolint:errcheck // comes again below
	}
	if err := out.Flush(); err != nil {
		return ioError("write", err)
	}
	if code != exitDone {
		return &exitError{code, errSilent}
	}
	return nil
}

func (r *report) add(other report) {
	r.Faults = append(r.Faults, other.Faults...)
	r.Notes = append(r.Notes, other.Notes...)
	r.More += other.More
}

// checkFile gives what is wrong with a file. The error is about reading it.
func checkFile(path string, f checkFlags, stdin io.Reader) (report, error) {
	in, err := openInput(path, stdin)
	if err != nil {
		return report{}, err
	}
	defer in.Close() //nolint:errcheck // only read
	r, isCompiled := peek(in)
	var found report
	var compiled []byte
	if isCompiled {
		compiled, err = io.ReadAll(r)
	} else {
		o := compile.Options{ModelName: f.name, Strict: f.strict}
		if f.notes {
			o.Notes = func(n evaluator.Fault) { found.Notes = append(found.Notes, located(path, &n)) }
		}
		restore := tuneForCompiling()
		compiled, err = compile.Compile(r, o)
		restore()
	}
	var faults *evaluator.Faults
	if errors.As(err, &faults) {
		for _, one := range faults.List {
			found.Faults = append(found.Faults, located(path, one))
		}
		found.More = faults.More
		return found, nil
	}
	if err != nil {
		return report{}, ioError("read "+path, err)
	}
	if fault := verify(compiled); fault != nil {
		found.Faults = append(found.Faults, located(path, fault))
	}
	return found, nil
}

// verify opens a compiled form and scores the model's own verification rows.
func verify(compiled []byte) *evaluator.Fault {
	m, err := evaluator.Open(compiled)
	if err != nil {
		return &evaluator.Fault{Line: 1, Path: "/", Code: "compiled-form", Message: err.Error()}
	}
	var mismatch *evaluator.VerificationError
	if errors.As(m.Verify(), &mismatch) {
		return mismatch.Fault()
	}
	return nil
}

// print writes the faults and notes as lines of text.
func (r *report) print(w io.Writer, c palette) {
	for _, n := range r.Notes {
		fmt.Fprintf(w, "%s%s:%d:%s %s: %snote:%s %s %s[%s]%s\n", c.bold, n.File, n.Line, c.end, n.Path, c.cyan, c.end, n.Message, c.dim, n.Code, c.end)
	}
	for _, one := range r.Faults {
		if one.Path == "" { // it is not in the document, and the message knows where
			fmt.Fprintf(w, "%s %s[%s]%s\n", one.Message, c.red, one.Code, c.end)
			continue
		}
		fmt.Fprintf(w, "%s%s:%d:%s %s: %s %s[%s]%s\n", c.bold, one.File, one.Line, c.end, one.Path, one.Message, c.red, one.Code, c.end)
	}
	if r.More > 0 {
		fmt.Fprintf(w, "%s: and %d more\n", r.Faults[0].File, r.More)
	}
}
