package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/spf13/cobra"
)

type deployFlags struct {
	connection
	waiting
	modelName, reason string
	allowSchemaChange bool
	dryRun            bool
	withSidecars      bool
}

func newDeployCommand() *cobra.Command {
	var f deployFlags
	cmd := &cobra.Command{
		Use:   "deploy FILE [ID]",
		Short: "Deploy a document to a server",
		Long: `Deploy sends a document to a server and waits until it is live. Without ID the model is named after the file, or, if that
is called model.pmml, after its folder; - is standard input.

If the document lies in a folder that is named like the model, what lies beside it there goes first: settings (model.json),
rows with their results (golden.csv) and typical rows (baseline.csv). --with-sidecars sends them from any folder,
--with-sidecars=false never does. A document that is too large for one request is uploaded as the server wants it.

What is wrong with the document is printed as 'handoff check' prints it, and what was live stays. So it does if the new
version takes or gives something else in a way that would break callers, unless --allow-schema-change is given. --dry-run
changes nothing: it shows what would be different, and how differently the rows beside the model are scored.

` + remoteExitCodes,
		Example: `  handoff deploy iris.pmml
  handoff deploy build/model.pmml iris --reason "trained on June"
  handoff deploy iris.pmml --dry-run
  handoff deploy models/iris/model.pmml --server https://abc123.execute-api.eu-central-1.amazonaws.com`,
		Args: arguments(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := idOf(args)
			switch {
			case err != nil:
				return err
			case f.dryRun && f.noWait:
				return usageError(nil, "--dry-run and --no-wait cannot be given together")
			}
			beside, err := f.sidecars(cmd, args[0], id)
			if err != nil {
				return err
			}
			return f.run(cmd, func(ctx context.Context, server *client.Client) error {
				return runDeploy(ctx, cmd, &f, server, args[0], id, beside)
			})
		},
	}
	f.connection.add(cmd)
	f.waiting.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.modelName, "model-name", "", "modelName of the model to take from a document with several; else the first one")
	flags.StringVar(&f.reason, "reason", "", "`text` for the model's history")
	flags.BoolVar(&f.allowSchemaChange, "allow-schema-change", false, "deploy also what takes or gives something else in a way that breaks callers")
	flags.BoolVar(&f.withSidecars, "with-sidecars", false, "send what lies beside the document first, whatever its folder is called; =false: never")
	flags.BoolVar(&f.dryRun, "dry-run", false, "change nothing, and show what would be different")
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return completeFiles(documentFiles...)(cmd, args, begun)
		}
		return f.models(2, false)(cmd, args, begun)
	}
	return cmd
}

// documentFiles are the extensions of files that are documents.
var documentFiles = []string{"pmml", "xml", "gz"}

// idOf gives the id of the model: as it is said, or the name of the file or of its folder.
func idOf(args []string) (string, error) {
	if len(args) == 2 {
		return parseModel(args[1])
	}
	path := args[0]
	if path == standardStream {
		return "", usageError(nil, "standard input has no name: which ID is the model to have?")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", ioError("read", err)
	}
	id := filepath.Base(absolute)
	for _, extension := range []string{".gz", ".pmml", ".xml"} {
		id = strings.TrimSuffix(id, extension)
	}
	if id == "model" {
		id = filepath.Base(filepath.Dir(absolute))
	}
	if !catalog.ValidID(id) {
		return "", usageError(nil, "%q cannot be the id of a model: give one behind the file's name", id)
	}
	return id, nil
}

// openDocument opens what can be deployed.
func openDocument(path string, stdin io.Reader) (io.Reader, io.Closer, error) {
	in, err := openInput(path, stdin)
	if err != nil {
		return nil, nil, err
	}
	r, compiled := peek(in)
	if compiled {
		in.Close() //nolint:errcheck // only read
		return nil, nil, badError("%s is a compiled form: a server takes the document that it was made from", path)
	}
	return r, in, nil
}

func runDeploy(ctx context.Context, cmd *cobra.Command, f *deployFlags, server *client.Client, path, id string, beside []sidecar) error {
	document, closer, err := openDocument(path, cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer closer.Close() //nolint:errcheck // only read
	upload := client.Upload{Document: document, ModelName: f.modelName, Reason: f.reason, SchemaChange: deploy.SchemaRefuse}
	if f.allowSchemaChange {
		upload.SchemaChange = deploy.SchemaAllow
	}
	if f.dryRun {
		f.notice(cmd, id, beside, "not sent, and does not count in what follows")
		return preview(ctx, cmd, &f.connection, server, path, id, upload, f.json)
	}
	if err := f.send(ctx, cmd, server, id, beside); err != nil {
		return err
	}
	change, err := server.Deploy(ctx, id, upload)
	if err != nil {
		return rejected(cmd, &f.connection, path, id, err, f.json)
	}
	err = f.report(ctx, cmd, &f.connection, server, id, change)
	var ended *endedError
	if errors.As(err, &ended) && ended.Rejection != nil {
		return printRejection(cmd, path, id, faultsOf(path, ended.Rejection), f.json)
	}
	return err
}

// rejected prints what a server has against a document, if it is that what the error is about.
func rejected(cmd *cobra.Command, c *connection, path, id string, err error, asJSON bool) error {
	var answer *client.Error
	if !errors.As(err, &answer) || !answer.Rejected() {
		return c.serverError(id, err)
	}
	r := report{Faults: []locatedFault{}, More: answer.More}
	for _, d := range answer.Details {
		r.Faults = append(r.Faults, faultAt(path, d.Path, evaluator.Fault{
			Line: d.Line, Path: d.Path, Code: evaluator.FaultCode(d.Code), Message: d.Message, Expected: d.Expected,
		}))
	}
	return printRejection(cmd, path, id, r, asJSON)
}

// faultsOf gives the faults of a rejection.
func faultsOf(path string, rejection *catalog.Rejection) report {
	r := report{Faults: []locatedFault{}, More: rejection.More}
	for _, f := range rejection.Faults {
		r.Faults = append(r.Faults, faultAt(path, f.Path, f))
	}
	if len(r.Faults) == 0 {
		r.Faults = append(r.Faults, faultAt(path, rejection.File, evaluator.Fault{
			Line: rejection.Line, Code: evaluator.FaultCode(rejection.Code), Message: rejection.Message,
		}))
	}
	return r
}

// faultAt says where a fault is: in the document, or in a file beside it that the server has.
func faultAt(path, at string, f evaluator.Fault) locatedFault {
	if !strings.HasPrefix(at, "/") {
		f.Path = ""
		if at != "" {
			path = at
		}
	}
	f.Message, f.Path = printable(f.Message), printable(f.Path)
	return located(path, &f)
}

// printRejection prints faults, and fails.
func printRejection(cmd *cobra.Command, path, id string, r report, asJSON bool) error {
	if asJSON {
		if err := printJSON(cmd.OutOrStdout(), r); err != nil {
			return err
		}
	} else if err := printFaults(cmd, r); err != nil {
		return err
	}
	hint := ""
	if slices.ContainsFunc(r.Faults, func(f locatedFault) bool { return f.Code == "schema" }) {
		hint = "; --allow-schema-change deploys it nevertheless"
	}
	return badError("%s is rejected, what was live of %s still is%s", path, id, hint)
}

// printFaults prints faults as check does.
func printFaults(cmd *cobra.Command, r report) error {
	out := bufio.NewWriter(cmd.OutOrStdout())
	r.print(out, colours(cmd.OutOrStdout()))
	return ioError("write", out.Flush())
}

// preview prints what would be different, and fails if the document would be rejected.
func preview(ctx context.Context, cmd *cobra.Command, c *connection, server *client.Client, path, id string, upload client.Upload, asJSON bool) error {
	r, err := server.Preview(ctx, id, upload)
	if err != nil {
		return rejected(cmd, c, path, id, err, asJSON)
	}
	r.New.Name = path
	if r.Rejection != nil && r.Rejection.Code == "document" && !asJSON {
		err = printFaults(cmd, faultsOf(path, r.Rejection)) // there is nothing else to report of a faulty document
	} else {
		err = printReport(cmd, &r, asJSON)
	}
	if err == nil && r.Rejection != nil {
		err = badError("%s would be rejected", path)
	}
	return err
}

// waiting says what a command does until a change is live.
type waiting struct {
	noWait, json bool
}

func (w *waiting) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.noWait, "no-wait", false, "do not wait for the end of what takes long: 'handoff status' shows it")
	cmd.Flags().BoolVar(&w.json, "json", false, "print one JSON object")
}

// An endedError says that a deployment did not come to what was asked for.
type endedError struct{ deploy.Deployment }

func (e *endedError) Error() string {
	s := e.Summary()
	text := fmt.Sprintf("%s: %s is %s", e.Model, deploymentOf(e.Kind, e.Version), e.State)
	switch {
	case e.State == deploy.Superseded:
		text += ": a newer document took its place"
	case s.Message != "":
		text += ": " + s.Message
	}
	return printable(text)
}

// report waits for the end of a change and says what is live then.
func (w waiting) report(ctx context.Context, cmd *cobra.Command, c *connection, server *client.Client, id string, change client.Change) error {
	quiet, _ := cmd.Flags().GetBool("quiet")
	if err := w.begun(ctx, cmd, server, id, &change); err != nil {
		return c.serverError(id, err)
	}
	if change.Deployment == "" { // the server keeps no history, or others are before it
		return printChange(cmd, id, change)
	}
	d, err := server.Deployment(ctx, id, change.Deployment)
	if !change.Accepted && isForbidden(err) { // on AWS, deploying and reading may be authorized in two ways
		return printChange(cmd, id, change)
	}
	if err == nil && !d.State.Final() && !w.noWait {
		d, err = server.Wait(ctx, id, change.Deployment, steps(cmd, id, change.Deployment))
	}
	switch {
	case err != nil:
		return c.serverError(id, err)
	case d.State == deploy.Rejected, d.State == deploy.Superseded, d.State == deploy.Failed:
		return badEnd(d)
	}
	return w.tell(ctx, cmd, server, d, quiet)
}

// printChange says what became of a change of which the server has told no more.
func printChange(cmd *cobra.Command, id string, change client.Change) error {
	done := "is live"
	if change.Accepted {
		done = underWay
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", id, done)
	return ioError("write", err)
}

func isForbidden(err error) bool {
	var answer *client.Error
	return errors.As(err, &answer) && (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden)
}

// badEnd is the error that a deployment has ended with.
func badEnd(d deploy.Deployment) error {
	if d.State == deploy.Failed {
		return &exitError{exitIO, &endedError{d}}
	}
	return &exitError{exitBad, &endedError{d}}
}

// begun waits for the deployment of an object that was put where the server looks for it.
func (w waiting) begun(ctx context.Context, cmd *cobra.Command, server *client.Client, id string, change *client.Change) error {
	if change.Deployment != "" || change.Object.Version == "" || w.noWait {
		return nil
	}
	if quiet, _ := cmd.Flags().GetBool("quiet"); !quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s is uploaded\n", id, printable(change.Object.Key))
	}
	d, err := server.Begun(ctx, id, change.Object)
	change.Deployment = d.ID
	return err
}

// steps gives a function that shows how a deployment comes on, each state once.
func steps(cmd *cobra.Command, id, deployment string) func(deploy.Deployment) {
	if quiet, _ := cmd.Flags().GetBool("quiet"); quiet {
		return nil
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: deployment %s is under way\n", id, printable(deployment))
	last := deploy.State("")
	return func(d deploy.Deployment) {
		if d.State != last {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", id, printable(string(d.State)))
		}
		last = d.State
	}
}

// tell says what became of a deployment that did not end badly.
func (w waiting) tell(ctx context.Context, cmd *cobra.Command, server *client.Client, d deploy.Deployment, quiet bool) error {
	if w.json {
		return printJSON(cmd.OutOrStdout(), d)
	}
	text := fmt.Sprintf("%s: %s is %s", d.Model, deploymentOf(d.Kind, d.Version), d.State)
	if d.State == deploy.Live {
		text = fmt.Sprintf("%s: version %d is live", d.Model, d.Version) + verifiedRows(ctx, server, d)
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), printable(text)); err != nil || quiet {
		return ioError("write", err)
	}
	for _, warning := range d.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", printable(warning))
	}
	return nil
}

// verifiedRows says how many rows a version was verified with; nothing if the server does not answer that any more.
func verifiedRows(ctx context.Context, server *client.Client, d deploy.Deployment) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	history, err := versionsOf(ctx, server, reference{d.Model, d.Version}, defaultLimit)
	if err != nil || len(history.Versions) == 0 {
		return ""
	}
	switch rows := history.Versions[0].Rows; rows {
	case 0:
		return ", unverified"
	case 1:
		return ", verified with 1 row"
	default:
		return fmt.Sprintf(", verified with %s rows", thousands(int64(rows)))
	}
}
