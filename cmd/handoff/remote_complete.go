package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/spf13/cobra"
)

// completionTime is how long a person who pressed Tab waits for the server.
const completionTime = 700 * time.Millisecond

// models offers the ids of the server's models as the first most arguments, and their versions behind @ where a version
// makes sense. A server that does not answer is no reason to complain.
func (c *connection) models(most int, versions bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(context.Background(), completionTime)
		defer cancel()
		server, err := c.client(ctx)
		if err != nil || len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if id, _, named := strings.Cut(begun, "@"); named && versions {
			return offerVersions(ctx, server, id), cobra.ShellCompDirectiveNoFileComp
		}
		return offerModels(ctx, server), cobra.ShellCompDirectiveNoFileComp
	}
}

func offerModels(ctx context.Context, server *client.Client) (ids []string) {
	latest, _ := server.Latest(ctx)
	for _, m := range latest.Models {
		ids = append(ids, m.ID)
	}
	return ids
}

func offerVersions(ctx context.Context, server *client.Client, id string) (offers []string) {
	if _, err := parseModel(id); err != nil {
		return nil
	}
	history, _ := server.Versions(ctx, id, defaultLimit)
	for _, v := range history.Versions {
		offers = append(offers, cobra.CompletionWithDesc(id+"@"+strconv.Itoa(v.Number), string(v.State)))
	}
	return offers
}

// modelsAndFiles offers the server's models where a document may stand, too: that is for the shell to find.
func (c *connection) modelsAndFiles(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	offers, _ := c.models(2, true)(cmd, args, begun)
	if len(args) >= 2 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return offers, cobra.ShellCompDirectiveDefault
}
