package main

import (
	"cmp"
	"context"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/spf13/cobra"
)

func newAuditCommand() *cobra.Command {
	var c connection
	var asJSON bool
	var limit int
	cmd := &cobra.Command{
		Use:   "audit ID",
		Short: "Show who did what to a server's model",
		Long: `Audit shows who did what to a model and why, what came of it, and which version was live before and after, the newest
first.

` + remoteExitCodes,
		Example: `  handoff audit iris`,
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseModel(args[0])
			if err := cmp.Or(err, checkLimit(limit)); err != nil {
				return err
			}
			return c.run(cmd, func(ctx context.Context, server *client.Client) error {
				audits, err := server.Audit(ctx, id, limit)
				if err != nil {
					return c.serverError(id, err)
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]any{"id": id, "audit": audits})
				}
				return printAudits(cmd, audits)
			})
		},
	}
	c.add(cmd)
	addLimit(cmd, &limit)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.ValidArgsFunction = c.models(1, false)
	return cmd
}

func printAudits(cmd *cobra.Command, audits []deploy.Audit) error {
	var rows [][]string
	for _, a := range audits {
		rows = append(rows, []string{
			moment(a.At), a.Actor, kindOf(a.Action), string(a.Outcome), number(a.Before), number(a.After), a.Reason,
		})
	}
	return printTable(cmd.OutOrStdout(), []string{"TIME", "WHO", "WHAT", "OUTCOME", "BEFORE", "AFTER", "WHY"}, rows)
}
