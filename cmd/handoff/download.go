package main

import (
	"context"
	"errors"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/spf13/cobra"
)

func newDownloadCommand() *cobra.Command {
	var c connection
	output := standardStream
	cmd := &cobra.Command{
		Use:   "download ID",
		Short: "Write the document of a server's model",
		Long: `Download writes the document of the version that is live, as it was deployed; of one that was compressed, its content.

` + remoteExitCodes,
		Example: `  handoff download iris --output iris.pmml`,
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseModel(args[0])
			if err != nil {
				return err
			}
			return c.runFiles(cmd, func(ctx context.Context, server *client.Client, files *files) error {
				return download(ctx, cmd, &c, server, files, id, output)
			})
		},
	}
	c.add(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", output, "`file` to write; - is standard output")
	cmd.ValidArgsFunction = c.models(1, false)
	return cmd
}

func download(ctx context.Context, cmd *cobra.Command, c *connection, server *client.Client, files *files, id, path string) error {
	out, err := files.create(path, cmd.OutOrStdout())
	if err != nil {
		return err
	}
	err = server.Document(ctx, id, out)
	var unwritten *client.WriteError
	if errors.As(err, &unwritten) {
		return ioError("write", unwritten.Err)
	}
	return c.serverError(id, err)
}
