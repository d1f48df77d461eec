package main

import (
	"context"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/spf13/cobra"
)

func newRollbackCommand() *cobra.Command {
	var c connection
	var w waiting
	var to int
	var reason string
	cmd := &cobra.Command{
		Use:   "rollback ID[@VERSION]",
		Short: "Make an earlier version of a server's model live",
		Long: `Rollback makes an earlier version of a model live again: the one that was live before, or the one that is named, as
ID@VERSION or with --to. A model that was undeployed comes back, too, as long as its files are kept.

` + remoteExitCodes,
		Example: `  handoff rollback iris
  handoff rollback iris@2 --reason "version 3 scores too low"`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := parseReference(args[0])
			switch {
			case err != nil:
				return err
			case to < 0 || cmd.Flags().Changed("to") && to == 0:
				return usageError(nil, "--to is the number of a version, from 1")
			case to != 0 && r.version != 0 && to != r.version:
				return usageError(nil, "%s and --to %d name two versions", args[0], to)
			}
			return c.run(cmd, func(ctx context.Context, server *client.Client) error {
				change, err := server.Rollback(ctx, r.id, max(to, r.version), reason)
				if err != nil {
					return c.serverError(r.id, err)
				}
				return w.report(ctx, cmd, &c, server, r.id, change)
			})
		},
	}
	c.add(cmd)
	w.add(cmd)
	cmd.Flags().IntVar(&to, "to", 0, "`version` to make live; else the one that was live before")
	cmd.Flags().StringVar(&reason, "reason", "", "`text` for the model's history")
	cmd.ValidArgsFunction = c.models(1, true)
	return cmd
}
