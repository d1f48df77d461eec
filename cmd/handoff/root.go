package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set by the linker in a release.
var version = ""

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "handoff",
		Short: "Score PMML models, from files or as a service",
		Long: `Handoff checks, compiles and scores PMML models (versions 3.0 to 4.4) and serves them over HTTP.

` + exitCodes,
		Example: `  handoff check model.pmml
  handoff score --model model.pmml --input records.csv --output scores.csv
  handoff serve --data models
  handoff deploy model.pmml iris`,
		Version:       versionText(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr())
			return usageError(cmd.Help(), "a command is needed")
		},
	}
	root.SetVersionTemplate("handoff {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{exitUsage, err} })
	root.PersistentFlags().BoolP("quiet", "q", false, "print no notices, only results and errors")
	root.SuggestionsMinimumDistance = 2
	serve := newServeCommand()
	showEnvironment(serve.Flags())
	root.AddGroup(&cobra.Group{ID: "files", Title: "Commands for files:"}, &cobra.Group{ID: "server", Title: "Commands for a server:"})
	addTo(root, "files", newScoreCommand(), newCheckCommand(), newCompileCommand(), newInspectCommand(), newBenchCommand(), newDiffCommand())
	addTo(root, "server", serve, newDeployCommand(), newModelsCommand(), newVersionsCommand(), newStatusCommand(), newRollbackCommand(),
		newUndeployCommand(), newAuditCommand(), newDownloadCommand(), newTokenCommand())
	root.AddCommand(newManCommand())
	for _, cmd := range root.Commands() {
		complete(cmd)
	}
	return root
}

// addTo adds commands under a heading of --help.
func addTo(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		cmd.GroupID = group
	}
	root.AddCommand(commands...)
}

// knownCommand refuses what is not a command: cobra's own words would not tell that from an error of a command.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError(nil, "there is no command %q%s", args[0], hint)
}

// versionText gives the version of the release, or of the commit, and what built it.
func versionText() string {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok && v == "" {
		v = info.Main.Version
	}
	if v == "" {
		v = "(devel)"
	}
	return fmt.Sprintf("%s (%s %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// execute runs the command line, prints its error and gives the exit code.
func execute(ctx context.Context, root *cobra.Command) int {
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	code := codeOf(err)
	if text := err.Error(); text != "" {
		fmt.Fprintln(root.ErrOrStderr(), "handoff: "+text)
	}
	if code == exitUsage {
		fmt.Fprintf(root.ErrOrStderr(), "'%s --help' shows how it is used.\n", cmd.CommandPath())
	}
	return code
}
