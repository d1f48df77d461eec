package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/spf13/cobra"
)

// A sidecar is a file beside a document that is about the model.
type sidecar struct {
	name string
	text []byte
}

// sidecars reads what lies beside a document: if that lies in a folder named like the model, as it would in models/ or in a
// bucket, or if the command line says so. Elsewhere a golden.csv may be another model's.
func (f *deployFlags) sidecars(cmd *cobra.Command, path, id string) ([]sidecar, error) {
	asked := cmd.Flags().Changed("with-sidecars")
	switch {
	case path == standardStream && f.withSidecars:
		return nil, usageError(nil, "standard input has no folder: --with-sidecars makes no sense")
	case path == standardStream, asked && !f.withSidecars:
		return nil, nil
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, ioError("read", err)
	}
	folder := filepath.Dir(absolute)
	if !asked && filepath.Base(folder) != id {
		return nil, nil
	}
	var all []sidecar
	for _, name := range []string{deploy.SettingsName, deploy.GoldenName, deploy.BaselineName} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, ioError("read", err)
		}
		all = append(all, sidecar{name, text})
	}
	return all, nil
}

// send sends what lies beside a document.
func (f *deployFlags) send(ctx context.Context, cmd *cobra.Command, server *client.Client, id string, beside []sidecar) error {
	for i, s := range beside {
		err := server.Send(ctx, id, s.name, s.text, f.reason)
		switch {
		case errors.Is(err, client.ErrNoUploads) && f.withSidecars:
			return badError("%s: %v", id, err)
		case errors.Is(err, client.ErrNoUploads) && i == 0:
			f.notice(cmd, id, beside, "not sent: the server takes documents only")
			return nil
		case err != nil:
			return f.serverError(id, err)
		}
	}
	f.notice(cmd, id, beside, "sent")
	return nil
}

// notice says what is done with the files beside a document.
func (f *deployFlags) notice(cmd *cobra.Command, id string, beside []sidecar, done string) {
	if quiet, _ := cmd.Flags().GetBool("quiet"); quiet || len(beside) == 0 {
		return
	}
	names := make([]string, len(beside))
	for i, s := range beside {
		names[i] = s.name
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s beside the document: %s\n", id, strings.Join(names, ", "), done)
}
