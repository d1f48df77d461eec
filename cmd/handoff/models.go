package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
	"github.com/spf13/cobra"
)

func newModelsCommand() *cobra.Command {
	var c connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "models",
		Short: "List a server's models",
		Long: `Models lists the models of a server, those that are not live any more, or not yet, too: which version is live and since
when, what kind of model it is, and what became of the newest deployment.

` + remoteExitCodes,
		Example: `  handoff models
  handoff models --server https://models.example.com/base --token-file token`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.run(cmd, func(ctx context.Context, server *client.Client) error {
				models, err := deployedModels(ctx, server)
				if err != nil {
					return c.serverError("", err)
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]any{"models": models})
				}
				return printModels(cmd, models)
			})
		},
	}
	c.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// A deployedModel is what models says of one.
type deployedModel struct {
	rest.LatestModel
	Kind  string    `json:"kind,omitempty"` // of what is live, in words
	Since time.Time `json:"since,omitzero"` // when it went live
}

// deployedModels puts together what the server knows of models and what is live.
func deployedModels(ctx context.Context, server *client.Client) ([]deployedModel, error) {
	latest, err := server.Latest(ctx)
	if err != nil {
		return nil, err
	}
	live, err := server.Models(ctx)
	if err != nil {
		return nil, err
	}
	running := map[string]client.Model{}
	for _, m := range live {
		running[m.ID] = m
	}
	models := []deployedModel{}
	for _, l := range latest.Models {
		m := running[l.ID]
		models = append(models, deployedModel{l, m.Summary, m.Since()})
	}
	return models, nil
}

func printModels(cmd *cobra.Command, models []deployedModel) error {
	if len(models) == 0 {
		if quiet, _ := cmd.Flags().GetBool("quiet"); !quiet {
			fmt.Fprintln(cmd.ErrOrStderr(), "no model was ever deployed")
		}
		return nil
	}
	var rows [][]string
	for _, m := range models {
		rows = append(rows, []string{m.ID, number(m.Live), m.Kind, moment(m.Since), latestOf(m.Latest)})
	}
	return printTable(cmd.OutOrStdout(), []string{"MODEL", "LIVE", "KIND", "SINCE", "LATEST DEPLOYMENT"}, rows)
}

// latestOf says what became of a deployment: "upload of version 3 REJECTED".
func latestOf(s deploy.Summary) string {
	if s.ID == "" {
		return ""
	}
	return strings.TrimSpace(deploymentOf(s.Kind, s.Version) + " " + string(s.State))
}

// deploymentOf names a deployment by what it does: "rollback to version 2".
func deploymentOf(k deploy.Kind, version int) string {
	switch {
	case version == 0:
		return kindOf(k)
	case k == deploy.Upload, k == deploy.Change:
		return fmt.Sprintf("%s of version %d", kindOf(k), version)
	}
	return fmt.Sprintf("%s to version %d", kindOf(k), version)
}
