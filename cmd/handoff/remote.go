package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/sign"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const remoteExitCodes = `Exit codes: 0 done, 1 the server rejects the document or refuses the request, 2 the command line is
wrong, 3 a file cannot be read, the server cannot be reached or cannot do it, 130 interrupted.`

const defaultServer = "http://127.0.0.1:8080"

// A connection is the flags that say which server a command speaks to, and how it proves who asks.
type connection struct {
	server, token, tokenFile string
	auth, region             string
	flags                    *pflag.FlagSet
	signed                   bool // requests are signed with AWS credentials
}

// The values of --auth.
const (
	authToken = "token"
	authIAM   = "iam"
)

func (c *connection) add(cmd *cobra.Command) {
	c.flags = pflag.NewFlagSet("server", pflag.ContinueOnError)
	c.flags.StringVar(&c.server, "server", defaultServer, "`URL` of the server, with its base path if it has one")
	c.flags.StringVar(&c.token, "token", "", "`token` for the server; others on this machine can see it, --token-file avoids that")
	c.flags.StringVar(&c.tokenFile, "token-file", "", "`file` with the token")
	c.flags.StringVar(&c.auth, "auth", "", "`how` to prove who asks: token, or iam for requests signed with AWS credentials; else iam if the server is an address of API Gateway and there is no token")
	c.flags.StringVar(&c.region, "region", "", "AWS `region` of the server for --auth iam; else its address tells, or the AWS configuration")
	showEnvironment(c.flags)
	cmd.Flags().AddFlagSet(c.flags)
	cmd.RegisterFlagCompletionFunc("auth", cobra.FixedCompletions([]string{authToken, authIAM}, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // there is such a flag
}

// client takes what the command line does not give from the environment.
func (c *connection) client(ctx context.Context) (*client.Client, error) {
	source := newTokenSource(c.flags, "token")
	first := given{auth: c.flags.Changed("auth"), token: c.flags.Changed("token") || c.flags.Changed("token-file")}
	if err := fromEnvironment(c.flags); err != nil {
		return nil, err
	}
	if err := source.read(&c.token, c.tokenFile); err != nil {
		return nil, err
	}
	if err := c.authorize(first); err != nil {
		return nil, err
	}
	o := client.Options{Token: c.token}
	if c.signed {
		signer, err := c.signer(ctx)
		if err != nil {
			return nil, err
		}
		o = client.Options{Sign: signer.Sign}
	}
	server, err := client.New(c.server, o)
	if err != nil {
		return nil, usageError(nil, "--server: %v", err)
	}
	return server, nil
}

// given says what is on the command line, before the environment is looked at.
type given struct{ auth, token bool }

// authorize decides between a token and AWS credentials: what is on the command line goes before the environment, and
// --auth before what the server's address suggests.
func (c *connection) authorize(first given) error {
	switch {
	case c.auth != "" && c.auth != authToken && c.auth != authIAM:
		return usageError(nil, "--auth is token or iam, not %q", c.auth)
	case c.auth == authIAM && first.auth && first.token:
		return usageError(nil, "--auth iam and a token cannot be given together")
	case c.auth == "":
		_, gateway := sign.RegionOf(c.host())
		c.signed = gateway && c.token == ""
	default:
		c.signed = c.auth == authIAM && !first.token
	}
	return nil
}

// host gives the server's host; empty if its address is wrong, which the client says.
func (c *connection) host() string {
	at, err := url.Parse(c.server)
	if err != nil {
		return ""
	}
	return at.Hostname()
}

func (c *connection) signer(ctx context.Context) (*sign.Signer, error) {
	region := c.region
	if region == "" {
		region, _ = sign.RegionOf(c.host())
	}
	signer, err := sign.New(ctx, region)
	switch {
	case errors.Is(err, sign.ErrNoRegion):
		return nil, usageError(nil, "%v: --region says it", err)
	case err != nil:
		return nil, &exitError{exitIO, fmt.Errorf("requests to %s are signed: %w", c.server, err)}
	}
	return signer, nil
}

// run does work with the server until it ends or the command is interrupted.
func (c *connection) run(cmd *cobra.Command, work func(ctx context.Context, server *client.Client) error) error {
	return c.runFiles(cmd, func(ctx context.Context, server *client.Client, _ *files) error { return work(ctx, server) })
}

// runFiles does work that also writes files.
func (c *connection) runFiles(cmd *cobra.Command, work func(ctx context.Context, server *client.Client, files *files) error) error {
	ctx := cmd.Context()
	server, err := c.client(ctx)
	if err != nil {
		return err
	}
	return interruptible(ctx, func(files *files) error {
		err := work(ctx, server, files)
		if err != nil && ctx.Err() != nil {
			return &exitError{exitInterrupted, errors.New("interrupted")}
		}
		return err
	})
}

// serverError says what a server has against a request about a model; what is not from a server stays as it is.
func (c *connection) serverError(id string, err error) error {
	var answer *client.Error
	var unreachable *client.UnreachableError
	var unread *client.ReadError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unreachable), errors.As(err, &unread):
		return &exitError{exitIO, err}
	case !errors.As(err, &answer):
		return err
	}
	code := exitIO
	if answer.Refused() {
		code = exitBad
	}
	text := printable(answer.Message) + c.hint(answer)
	if answer.Status == http.StatusNotFound {
		text = c.server + " has no such model"
		if id == "" {
			text = c.server + " does not know the request: is it a Handoff server's address?"
		}
	}
	if id != "" {
		text = id + ": " + text
	}
	return &exitError{code, errors.New(text)}
}

// hint says what may help. An answer without a code is not Handoff's own, but that of something in front of it.
func (c *connection) hint(answer *client.Error) string {
	switch status, own := answer.Status, answer.Code != ""; {
	case status != http.StatusUnauthorized && status != http.StatusForbidden:
		return frontHint(status, own)
	case c.signed:
		return sentence(answer.Message) + " These AWS credentials may not do that, or the server does not go by such: --token-file or HANDOFF_TOKEN"
	case own:
		return sentence(answer.Message) + " Another token may be needed: --token-file or HANDOFF_TOKEN"
	}
	return sentence(answer.Message) + " Another token may be needed: --token-file or HANDOFF_TOKEN; or AWS credentials: --auth iam"
}

// sentence gives what a message lacks for another sentence to follow it: gateways end theirs without a full stop.
func sentence(message string) string {
	if strings.HasSuffix(message, ".") {
		return ""
	}
	return "."
}

func frontHint(status int, own bool) string {
	switch {
	case own:
		return ""
	case status == http.StatusRequestEntityTooLarge:
		return ": what stands in front of the server takes no request of that size; only 'handoff deploy' can send larger documents, to a server that takes uploads"
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return ": what stands in front of the server did not get its answer; what was asked for may be done nevertheless, 'handoff status' shows it"
	}
	return ""
}

// A reference is a model of the server, or one version of it.
type reference struct {
	id      string
	version int // 0: none is named
}

// parseReference reads ID or ID@VERSION.
func parseReference(text string) (reference, error) {
	id, number, named := strings.Cut(text, "@")
	r := reference{id: id}
	if !catalog.ValidID(id) {
		return r, usageError(nil, "%q cannot be the id of a model: that is a letter or digit, then letters, digits and . _ -, at most %d", id, catalog.MaxID)
	}
	if !named {
		return r, nil
	}
	version, err := strconv.Atoi(number)
	if err != nil || version < 1 {
		return r, usageError(nil, "%q is not the number of a version: a version is written like %s@3", number, id)
	}
	r.version = version
	return r, nil
}

// parseModel reads the id of a model where a version makes no sense.
func parseModel(text string) (string, error) {
	r, err := parseReference(text)
	if err == nil && r.version != 0 {
		return "", usageError(nil, "%s: this is about all versions of a model", text)
	}
	return r.id, err
}

// defaultLimit is how many entries of a history are shown.
const (
	defaultLimit = 20
	maxLimit     = 1000
)

func addLimit(cmd *cobra.Command, limit *int) {
	cmd.Flags().IntVar(limit, "limit", defaultLimit, "how many to show at most, the newest first; up to 1000")
}

func checkLimit(limit int) error {
	if limit < 1 || limit > maxLimit {
		return usageError(nil, "--limit is a number from 1 to 1000")
	}
	return nil
}

// printTable prints rows under their titles. What a server says cannot harm the terminal.
func printTable(w io.Writer, titles []string, rows [][]string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{titles}, rows...) {
		for i, cell := range row {
			row[i] = cmp.Or(printable(cell), "-")
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return ioError("write", table.Flush())
}

func printJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return ioError("write", e.Encode(value))
}

// moment writes a time for people, in their zone.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Local().Format(time.DateTime)
}

// number writes a version's number; 0 is none.
func number(version int) string {
	if version == 0 {
		return ""
	}
	return strconv.Itoa(version)
}

// kinds are what deployments do, in people's words.
var kinds = map[deploy.Kind]string{
	deploy.Upload: "upload", deploy.Rollback: "rollback", deploy.Undelete: "undelete", deploy.Removal: "removal", deploy.Change: "settings",
}

func kindOf(k deploy.Kind) string { return cmp.Or(kinds[k], string(k)) }
