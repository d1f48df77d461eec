package main

import (
	"context"
	"fmt"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/spf13/cobra"
)

func newUndeployCommand() *cobra.Command {
	var c connection
	var reason string
	cmd := &cobra.Command{
		Use:   "undeploy ID...",
		Short: "Take models of a server out of service",
		Long: `Undeploy takes models out of service. For a while their last versions can come back: see 'handoff rollback'. If one
cannot be undeployed, the others still are.

` + remoteExitCodes,
		Example: `  handoff undeploy iris
  handoff undeploy iris wine --reason "replaced by vineyard"`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, arg := range args {
				if _, err := parseModel(arg); err != nil {
					return err
				}
			}
			return c.run(cmd, func(ctx context.Context, server *client.Client) error {
				return undeploy(ctx, cmd, &c, server, args, reason)
			})
		},
	}
	c.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`text` for the models' history")
	cmd.ValidArgsFunction = c.models(1000, false)
	return cmd
}

// underWay is said of a model for which a change was accepted that others are before, or that takes long.
const underWay = "is not changed yet: that takes longer, 'handoff status' shows it"

// undeploy undeploys all that can be, and tells of the others as they come.
func undeploy(ctx context.Context, cmd *cobra.Command, c *connection, server *client.Client, ids []string, reason string) error {
	code := exitDone
	for _, id := range ids {
		change, err := server.Undeploy(ctx, id, reason)
		if err == nil && change.Accepted && change.Deployment != "" {
			err = removed(ctx, server, id, &change)
		}
		err = c.serverError(id, err)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "handoff: %v\n", err)
			code = max(code, codeOf(err))
			continue
		}
		done := "is undeployed"
		if change.Accepted {
			done = underWay
		}
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", id, done); err != nil {
			return ioError("write", err)
		}
	}
	if code != exitDone {
		return &exitError{code, errSilent}
	}
	return nil
}

// removed waits for the end of a removal.
func removed(ctx context.Context, server *client.Client, id string, change *client.Change) error {
	d, err := server.Wait(ctx, id, change.Deployment, nil)
	switch {
	case err != nil:
		return err
	case d.State != deploy.Deleted:
		return badEnd(d)
	}
	change.Accepted = false
	return nil
}
