package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
	"github.com/spf13/cobra"
)

func newVersionsCommand() *cobra.Command {
	var c connection
	var asJSON bool
	var limit int
	cmd := &cobra.Command{
		Use:   "versions ID[@VERSION]",
		Short: "List the versions of a server's model",
		Long: `Versions lists the versions of a model, the newest first: what became of each, when it came and was live last, how many
rows it was verified with, and its document's size and checksum.

` + remoteExitCodes,
		Example: `  handoff versions iris
  handoff versions iris@3 --json`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := parseReference(args[0])
			if err := cmp.Or(err, checkLimit(limit)); err != nil {
				return err
			}
			return c.run(cmd, func(ctx context.Context, server *client.Client) error {
				history, err := versionsOf(ctx, server, r, limit)
				if err != nil {
					return c.serverError(r.id, err)
				}
				if r.version != 0 && len(history.Versions) == 0 {
					return badError("%s: there is no version %d", r.id, r.version)
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), history)
				}
				return printVersions(cmd, history)
			})
		},
	}
	c.add(cmd)
	addLimit(cmd, &limit)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.ValidArgsFunction = c.models(1, true)
	return cmd
}

// versionsOf gives the newest versions of a model, or the one that is asked for.
func versionsOf(ctx context.Context, server *client.Client, r reference, limit int) (rest.VersionsAnswer, error) {
	if r.version != 0 {
		limit = maxLimit
	}
	history, err := server.Versions(ctx, r.id, limit)
	if r.version != 0 {
		history.Versions = slices.DeleteFunc(history.Versions, func(v deploy.Version) bool { return v.Number != r.version })
	}
	return history, err
}

func printVersions(cmd *cobra.Command, history rest.VersionsAnswer) error {
	var rows [][]string
	for _, v := range history.Versions {
		rows = append(rows, []string{
			number(v.Number), string(v.State), moment(v.Created), moment(v.Since), number(v.Rows), sizeText(v.Document.Size), short(v.Document.Checksum),
		})
	}
	return printTable(cmd.OutOrStdout(), []string{"VERSION", "STATE", "RECEIVED", "LIVE SINCE", "ROWS VERIFIED", "BYTES", "SHA-256"}, rows)
}

func sizeText(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return thousands(bytes)
}

// short gives the beginning of a checksum, which is enough to tell one from another; --json has all of it.
func short(checksum string) string { return checksum[:min(12, len(checksum))] }
