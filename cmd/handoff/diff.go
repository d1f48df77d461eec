package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/spf13/cobra"
)

type diffFlags struct {
	connection
	input string
	json  bool
}

func newDiffCommand() *cobra.Command {
	f := &diffFlags{}
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Show what is different between two versions of a model",
		Long: `Diff compares two versions: what they take and give, what they are made of, and how differently they score the same rows.

  diff ID               what is live on the server with what was live before
  diff ID@3             version 3 with what is live
  diff ID@2 ID@3        two versions
  diff ID FILE          what is live with a document, as if that were deployed: 'handoff deploy --dry-run'
  diff OLD NEW          two files, documents or compiled forms, without a server

An argument is a file if its name ends in .pmml, .xml, .gz or .bin, or has a / in it, or is -. The rows are those that the
server has beside the model (golden.csv, baseline.csv), and the documents' own verification rows; --input adds a table to
those of two files.

` + remoteExitCodes,
		Example: `  handoff diff iris
  handoff diff iris new.pmml
  handoff diff old.pmml new.pmml --input records.csv`,
		Args: arguments(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error { return runDiff(cmd, f, args) },
	}
	f.connection.add(cmd)
	cmd.Flags().StringVarP(&f.input, "input", "i", "", "table of records that two files are to score; - is standard input")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
	cmd.ValidArgsFunction = f.modelsAndFiles
	return cmd
}

// isFile says whether an argument is a file and not a model of the server. It does not depend on which files there are.
func isFile(arg string) bool {
	return arg == standardStream || strings.ContainsAny(arg, `/\`) || slices.Contains(modelFiles, strings.TrimPrefix(filepath.Ext(arg), "."))
}

func runDiff(cmd *cobra.Command, f *diffFlags, args []string) error {
	files := len(slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return !isFile(arg) }))
	switch {
	case files == 2:
		return diffFiles(cmd, f, args[0], args[1])
	case f.input != "":
		return usageError(nil, "--input is for two files: a server compares with the rows beside the model")
	case files == 1 && len(args) == 1:
		return usageError(nil, "%s is to be compared with what? Give another file, or first a model of the server", args[0])
	case files == 1 && isFile(args[0]):
		return usageError(nil, "the file goes behind the model: handoff diff %s %s", args[1], args[0])
	}
	old, err := parseReference(args[0])
	if err != nil {
		return err
	}
	if files == 1 {
		return f.run(cmd, func(ctx context.Context, server *client.Client) error {
			return diffFile(ctx, cmd, f, server, old, args[1])
		})
	}
	version, against := old.version, 0
	if len(args) == 2 {
		new, err := parseReference(args[1])
		switch {
		case err != nil:
			return err
		case new.id != old.id:
			return usageError(nil, "%s and %s are two models: versions of one can be compared, and files", old.id, new.id)
		case old.version == 0 && new.version == 0:
			return usageError(nil, "which versions of %s are to be compared? They are written like %[1]s@3", old.id)
		}
		version, against = new.version, old.version
	}
	return f.run(cmd, func(ctx context.Context, server *client.Client) error {
		r, err := server.Report(ctx, old.id, version, against)
		if err != nil {
			return f.serverError(old.id, err)
		}
		return printReport(cmd, &r, f.json)
	})
}

func printReport(cmd *cobra.Command, r *deploy.Report, asJSON bool) error {
	if asJSON {
		return printJSON(cmd.OutOrStdout(), r)
	}
	return ioError("write", r.Print(cmd.OutOrStdout()))
}

// diffFile compares what is live with a document.
func diffFile(ctx context.Context, cmd *cobra.Command, f *diffFlags, server *client.Client, old reference, path string) error {
	if old.version != 0 {
		history, err := server.Versions(ctx, old.id, 1)
		if err != nil {
			return f.serverError(old.id, err)
		}
		if history.Live != old.version {
			return badError("%s: a file is compared with what is live, and that is not version %d", old.id, old.version)
		}
	}
	document, closer, err := openDocument(path, cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer closer.Close() //nolint:errcheck // only read
	return preview(ctx, cmd, &f.connection, server, path, old.id, client.Upload{Document: document, SchemaChange: deploy.SchemaRefuse}, f.json)
}

// diffFiles compares two files without a server.
func diffFiles(cmd *cobra.Command, f *diffFlags, oldPath, newPath string) error {
	if streams := countStreams(oldPath, newPath, f.input); streams > 1 {
		return usageError(nil, "only one of the files and --input can be standard input")
	}
	return interruptible(cmd.Context(), func(*files) error {
		old, err := openModel(cmd, oldPath)
		if err != nil {
			return err
		}
		new, err := openModel(cmd, newPath)
		if err != nil {
			return err
		}
		rows, closeRows, err := diffRows(cmd, f.input)
		if err != nil {
			return err
		}
		defer closeRows()
		r, err := deploy.CompareModels(cmd.Context(), old, new, deploy.Tolerance{}, rows...)
		if err != nil {
			return badTable(f.input, err)
		}
		r.Old.Name, r.New.Name = oldPath, newPath
		return printReport(cmd, &r, f.json)
	})
}

func countStreams(paths ...string) int {
	return len(slices.DeleteFunc(paths, func(path string) bool { return path != standardStream }))
}

func openModel(cmd *cobra.Command, path string) (*evaluator.Model, error) {
	m := modelFlags{path: path}
	return m.open(cmd.InOrStdin())
}

// diffRows gives the rows of a table, or none.
func diffRows(cmd *cobra.Command, path string) (rows []deploy.Rows, closeRows func(), err error) {
	if path == "" {
		return nil, func() {}, nil
	}
	in, err := openInput(path, cmd.InOrStdin())
	if err != nil {
		return nil, nil, err
	}
	table, err := deploy.TableRows(path, in)
	if err != nil {
		in.Close() //nolint:errcheck // only read
		return nil, nil, badTable(path, err)
	}
	return []deploy.Rows{table}, func() { in.Close() }, nil //nolint:errcheck // only read
}

// badTable tells a table that is wrong from one that cannot be read.
func badTable(path string, err error) error {
	var rejection *catalog.Rejection
	if errors.As(err, &rejection) {
		return badError("%s", rejection.Message)
	}
	return ioError("read "+path, err)
}
