package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/rest"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// serveFlags are the flags of serve; each may also come from the environment or from a file.
type serveFlags struct {
	addr, data, samples             string
	adminToken, userToken           string
	adminTokenFile, userTokenFile   string
	config, log, basePath           string
	origins                         []string
	maxBody, maxDocument, maxAnswer int // MiB
	strict                          bool
}

func newServeCommand() *cobra.Command {
	f, flags := newServeFlags()
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve models over HTTP, as Openscoring does",
		Long: `Serve deploys PMML documents and scores records over HTTP. It speaks Openscoring's protocol, so that its clients
work unchanged. Deployed models lie in the data folder and are there again after a restart.

Who may do what: with --user-token, only callers with that token (or the admin's) may score; without, everybody may.
With --admin-token, only callers with that token may deploy, download and undeploy; without, callers on this machine
may. An address that other machines reach is refused without --admin-token.

Every flag can be given in the environment (--admin-token as HANDOFF_ADMIN_TOKEN) or in a file of lines like
admin-token = secret (--config). A flag goes before the environment, the environment before the file. Tokens on a
command line can be seen by other users of the machine; --admin-token-file and --user-token-file avoid that.

` + exitCodes,
		Example: `  handoff serve --data models
  handoff serve --addr 0.0.0.0:8080 --data /var/lib/handoff --admin-token-file /run/secrets/admin
  curl -X PUT http://127.0.0.1:8080/model/iris -H 'Content-Type: application/xml' --data-binary @iris.pmml`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.complete(cmd.Flags()); err != nil {
				return err
			}
			return serve(cmd, *f)
		},
	}
	cmd.Flags().AddFlagSet(flags)
	return cmd
}

func newServeFlags() (*serveFlags, *pflag.FlagSet) {
	var f serveFlags
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	flags.StringVar(&f.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flags.StringVar(&f.data, "data", "handoff-data", "`folder` in which deployed models lie; made if there is none")
	flags.StringVar(&f.samples, "samples", "", "`folder` of models (NAME.pmml or NAME/model.pmml) to deploy at start if none is deployed")
	flags.StringVar(&f.adminToken, "admin-token", "", "`token` for deploying, downloading and undeploying")
	flags.StringVar(&f.userToken, "user-token", "", "`token` for scoring")
	flags.StringVar(&f.adminTokenFile, "admin-token-file", "", "`file` with the admin token")
	flags.StringVar(&f.userTokenFile, "user-token-file", "", "`file` with the user token")
	flags.StringVar(&f.config, "config", "", "`file` with values for flags that are not given")
	flags.StringVar(&f.log, "log", "text", "log as `text`, json or none, to standard error")
	flags.StringVar(&f.basePath, "base-path", "", "`path` in front of all others")
	flags.StringSliceVar(&f.origins, "cors-origin", nil, "`origin` whose web pages may call the service, * for all; may be given several times")
	flags.BoolVar(&f.strict, "strict", false, strictUsage)
	flags.IntVar(&f.maxBody, "max-body", 64, "largest body to score, in `MiB`")
	flags.IntVar(&f.maxDocument, "max-document", 512, "largest document, in `MiB`")
	flags.IntVar(&f.maxAnswer, "max-answer", 256, "largest answer, in `MiB`")
	return &f, flags
}

// complete takes what the command line does not give from the environment and the file, and checks all of it.
func (f *serveFlags) complete(flags *pflag.FlagSet) error {
	admin, user := newTokenSource(flags, "admin-token"), newTokenSource(flags, "user-token")
	if err := fromEnvironment(flags); err != nil {
		return err
	}
	if err := fromFile(flags, f.config); err != nil {
		return err
	}
	if err := admin.read(&f.adminToken, f.adminTokenFile); err != nil {
		return err
	}
	if err := user.read(&f.userToken, f.userTokenFile); err != nil {
		return err
	}
	for _, size := range []int{f.maxBody, f.maxDocument, f.maxAnswer} {
		if size < 1 || size > 1<<20 {
			return usageError(nil, "--max-body, --max-document and --max-answer are MiB, from 1 to %d", 1<<20)
		}
	}
	if f.basePath != "" && !strings.HasPrefix(f.basePath, "/") {
		return usageError(nil, "--base-path must begin with /")
	}
	return nil
}

func environmentName(flag string) string {
	return "HANDOFF_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func fromEnvironment(flags *pflag.FlagSet) (err error) {
	flags.VisitAll(func(flag *pflag.Flag) {
		value, given := os.LookupEnv(environmentName(flag.Name))
		if !given || flag.Changed || flag.Name == "help" || err != nil {
			return
		}
		if bad := flags.Set(flag.Name, value); bad != nil {
			err = usageError(nil, "%s: %v", environmentName(flag.Name), bad)
		}
	})
	return err
}

// fromFile reads lines of "name = value"; empty lines and those that begin with # are passed over.
func fromFile(flags *pflag.FlagSet, name string) error {
	if name == "" {
		return nil
	}
	file, err := os.Open(name)
	if err != nil {
		return ioError("read the configuration", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		flag := flags.Lookup(key)
		if flag == nil || key == "help" || key == "config" {
			return usageError(nil, "%s:%d: there is no setting %q", name, n, key)
		}
		if flag.Changed {
			continue
		}
		if err := flags.Set(key, value); err != nil {
			return usageError(nil, "%s:%d: %v", name, n, err)
		}
	}
	return ioError("read the configuration", lines.Err())
}

// serve runs the service until the command's context ends.
func serve(cmd *cobra.Command, f serveFlags) error {
	lines := newLineBuffer(cmd.ErrOrStderr())
	defer lines.Close()
	var level slog.LevelVar
	level.Set(slog.LevelWarn) // what is deployed at start, the welcome tells
	log, err := newLog(f.log, lines, &level)
	if err != nil {
		return err
	}
	addr, err := allowedAddress(f, log)
	if err != nil {
		return err
	}
	// Who listens has the address for itself; only then is the folder opened, which another server may be using.
	listener, err := net.ListenTCP("tcp", addr)
	if err != nil {
		return ioError("serve", err)
	}
	store, err := local.Open(f.data, local.Options{Log: log, Strict: f.strict})
	if err != nil {
		return ioError("serve", errors.Join(err, listener.Close()))
	}
	ctx := cmd.Context()
	deploySamples(ctx, store, f.samples, log)
	if quiet, _ := cmd.Flags().GetBool("quiet"); !quiet {
		welcome(ctx, cmd.OutOrStdout(), store, listener.Addr().String(), f)
	}
	level.Set(slog.LevelInfo)
	err = runServer(ctx, listener, store, f, log)
	return ioError("serve", errors.Join(err, store.Close()))
}

func newLog(format string, to io.Writer, level slog.Leveler) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: level}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(to, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(to, o)), nil
	case "none":
		return slog.New(slog.DiscardHandler), nil
	}
	return nil, usageError(nil, "--log is text, json or none, not %q", format)
}

// allowedAddress gives the address to listen on. One that other machines reach needs an admin token, since a proxy on
// this machine could make all their callers look local.
func allowedAddress(f serveFlags, log *slog.Logger) (*net.TCPAddr, error) {
	addr, err := net.ResolveTCPAddr("tcp", f.addr)
	if err != nil {
		return nil, usageError(nil, "--addr %s: %v", f.addr, err)
	}
	if addr.IP.IsLoopback() {
		return addr, nil
	}
	if f.adminToken == "" {
		return nil, usageError(nil, "--addr %s can be reached from other machines: that needs --admin-token (and --user-token, unless everybody may score)", f.addr)
	}
	if f.userToken == "" {
		log.Warn("everybody who reaches this address may score; --user-token would limit that", slog.String("addr", f.addr))
	}
	return addr, nil
}

// runServer answers requests until ctx ends, then lets those that have begun come to their end.
func runServer(ctx context.Context, listener net.Listener, store *local.Server, f serveFlags, log *slog.Logger) error {
	var stopping atomic.Bool
	memory := local.NewMemory()
	uploads := store.Uploads(nil)
	server := &http.Server{
		Handler: rest.New(rest.Config{
			Models: store, Scorers: store, Documents: store, Deployer: store, History: store, Waiting: store.Waiting,
			Uploads: uploads, Receiver: uploads,
			Roles: rest.Tokens(f.userToken, f.adminToken),
			Limits: rest.Limits{
				Body: int64(f.maxBody) << 20, Document: int64(f.maxDocument) << 20, Answer: f.maxAnswer << 20,
			},
			Log:          log,
			BasePath:     f.basePath,
			Operations:   true,
			Metrics:      true,
			Ready:        func(*http.Request) bool { return !stopping.Load() },
			Relieved:     memory.Relieved,
			AllowOrigins: f.origins,
		}),
		ReadHeaderTimeout:            10 * time.Second,
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               64 << 10,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go memory.Return(background)
	ended := make(chan error, 2)
	deploying, stop := context.WithCancel(background)
	defer stop()
	running := make(chan struct{})
	go func() {
		defer close(running)
		if err := store.Run(deploying); err != nil {
			ended <- err
		}
	}()
	defer func() { stop(); <-running }()
	go func() { ended <- server.Serve(rest.Listener(listener)) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping")
	stopping.Store(true)
	patience, cancel := context.WithTimeout(background, 20*time.Second)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

// deploySamples deploys the models of a folder if none is deployed yet. One that cannot be is told to the log.
func deploySamples(ctx context.Context, store *local.Server, dir string, log *slog.Logger) {
	if models, err := store.Models(ctx); dir == "" || err != nil || len(models) > 0 {
		return
	}
	for id, name := range sampleFiles(dir) {
		err := deploySample(ctx, store, id, name)
		if err != nil {
			log.Warn("cannot deploy a sample", slog.String("file", name), slog.String("cause", err.Error()))
		}
	}
}

func sampleFiles(dir string) map[string]string {
	files := map[string]string{}
	inFolders, _ := filepath.Glob(filepath.Join(dir, "*", "model.pmml"))
	for _, name := range inFolders {
		files[filepath.Base(filepath.Dir(name))] = name
	}
	plain, _ := filepath.Glob(filepath.Join(dir, "*.pmml"))
	for _, name := range plain {
		files[strings.TrimSuffix(filepath.Base(name), ".pmml")] = name
	}
	return files
}

func deploySample(ctx context.Context, store *local.Server, id, name string) error {
	if !catalog.ValidID(id) {
		return fmt.Errorf("%q cannot be the id of a model", id)
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = store.Deploy(ctx, id, file, deploy.Metadata{By: deploy.By{Actor: "samples"}})
	return err
}

// welcome prints where the service and the models folder are, and one command to try it with.
func welcome(ctx context.Context, out io.Writer, store *local.Server, addr string, f serveFlags) {
	base := "http://" + addr + strings.TrimRight(f.basePath, "/")
	fmt.Fprintf(out, "Handoff serves models on %s\nDocuments that are copied into %s are deployed\n", base, store.Path())
	models, err := store.Models(ctx)
	if err != nil {
		return
	}
	m, found := modelToTry(models)
	if !found {
		fmt.Fprintf(out, "No model is deployed yet. Deploy one:\n\n  curl -X PUT %s/model/mine%s -H 'Content-Type: application/xml' --data-binary @model.pmml\n\n",
			base, tokenHeader(f.adminToken, "ADMIN"))
		return
	}
	fmt.Fprintf(out, "Deployed: %s. Try one:\n\n  curl %s/model/%s%s -H 'Content-Type: application/json' -d '%s'\n\n",
		names(models), base, m.ID, tokenHeader(f.userToken, "USER"), exampleBody(m.Schema.Inputs))
}

// names lists the first few models.
func names(models []catalog.Model) string {
	const most = 5
	var ids []string
	for _, m := range models[:min(most, len(models))] {
		ids = append(ids, m.ID)
	}
	if more := len(models) - len(ids); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(ids, ", "), more)
	}
	return strings.Join(ids, ", ")
}

// tokenHeader is the option of curl that sends a token, which itself is not printed.
func tokenHeader(token, role string) string {
	if token == "" {
		return ""
	}
	return fmt.Sprintf(` -H "Authorization: Bearer $HANDOFF_%s_TOKEN"`, role)
}

// modelToTry prefers the model that the documentation shows.
func modelToTry(models []catalog.Model) (catalog.Model, bool) {
	for _, m := range models {
		if m.ID == "iris" {
			return m, true
		}
	}
	if len(models) == 0 {
		return catalog.Model{}, false
	}
	return models[0], true
}

// exampleBody is a record that the inputs allow, for a shell's single quotation marks.
func exampleBody(inputs []evaluator.Field) string {
	var members []string
	for _, f := range inputs {
		members = append(members, strconv.Quote(f.Name)+": "+exampleValue(f))
	}
	body := `{"arguments": {` + strings.Join(members, ", ") + `}}`
	return strings.ReplaceAll(body, "'", `'\''`)
}

func exampleValue(f evaluator.Field) string {
	numeric := f.DataType == "double" || f.DataType == "float" || f.DataType == "integer"
	switch {
	case len(f.Values) > 0 && numeric:
		return f.Values[0]
	case len(f.Values) > 0:
		return strconv.Quote(f.Values[0])
	case numeric:
		return exampleNumber(f)
	case f.DataType == "boolean":
		return "true"
	case strings.HasPrefix(f.DataType, "dateTime"):
		return `"2026-01-31T12:00:00"`
	case strings.HasPrefix(f.DataType, "date"):
		return `"2026-01-31"`
	case strings.HasPrefix(f.DataType, "time"):
		return `"12:00:00"`
	}
	return `"text"`
}

// exampleNumber is in the middle of the field's first interval.
func exampleNumber(f evaluator.Field) string {
	if len(f.Intervals) == 0 {
		return "1"
	}
	left, errLeft := strconv.ParseFloat(f.Intervals[0].Left, 64)
	right, errRight := strconv.ParseFloat(f.Intervals[0].Right, 64)
	switch {
	case errLeft != nil && errRight != nil:
		return "1"
	case errLeft != nil:
		left = right - 1
	case errRight != nil:
		right = left + 1
	}
	middle := left + (right-left)/2
	if f.DataType == "integer" {
		return strconv.FormatFloat(float64(int64(middle)), 'f', -1, 64)
	}
	return strconv.FormatFloat(middle, 'g', 3, 64)
}
