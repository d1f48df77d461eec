package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/client"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/rest"
	"github.com/spf13/cobra"
)

type statusFlags struct {
	connection
	watch, json bool
	interval    time.Duration
	limit       int
}

func newStatusCommand() *cobra.Command {
	var f statusFlags
	cmd := &cobra.Command{
		Use:   "status [ID[@VERSION]]",
		Short: "Show what a server's deployments came to",
		Long: `Status shows the newest deployment of every model, or all those of one model, or of one of its versions, with their steps,
what was wrong and what to look at.

With --watch it goes on until it is interrupted: on a terminal what is shown is kept up to date, elsewhere every change is a
line.

` + remoteExitCodes,
		Example: `  handoff status
  handoff status iris
  handoff status --watch --interval 5s`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var of reference
			if len(args) == 1 {
				var err error
				if of, err = parseReference(args[0]); err != nil {
					return err
				}
			}
			if err := f.check(); err != nil {
				return err
			}
			if f.watch {
				return f.runWatch(cmd, of)
			}
			return f.run(cmd, func(ctx context.Context, server *client.Client) error {
				s, err := statusOf(ctx, server, of, f.limit)
				if err != nil {
					return f.serverError(of.id, err)
				}
				if f.json {
					return printJSON(cmd.OutOrStdout(), s)
				}
				return s.print(cmd.OutOrStdout())
			})
		},
	}
	f.add(cmd)
	addLimit(cmd, &f.limit)
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "go on until interrupted")
	cmd.Flags().DurationVar(&f.interval, "interval", time.Second, "how often --watch looks, such as 500ms or 5s")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
	cmd.ValidArgsFunction = f.models(1, true)
	return cmd
}

func (f *statusFlags) check() error {
	const least = 100 * time.Millisecond
	switch {
	case f.watch && f.json:
		return usageError(nil, "--watch and --json cannot be given together")
	case f.interval < least:
		return usageError(nil, "--interval is at least %v", least)
	}
	return checkLimit(f.limit)
}

// A status is what a server's deployments came to: of all models the newest, or of one model the newest ones.
type status struct {
	Models      []rest.LatestModel  `json:"models,omitempty"`
	Waiting     []deploy.Waiting    `json:"waiting,omitempty"` // files that are not deployed yet
	ID          string              `json:"id,omitempty"`
	Deployments []deploy.Deployment `json:"deployments,omitempty"` // the newest first
}

func statusOf(ctx context.Context, server *client.Client, of reference, limit int) (status, error) {
	if of.id == "" {
		latest, err := server.Latest(ctx)
		return status{Models: latest.Models, Waiting: latest.Waiting}, err
	}
	most := limit
	if of.version != 0 {
		most = maxLimit
	}
	deployments, err := server.Deployments(ctx, of.id, most)
	if of.version != 0 {
		deployments = slices.DeleteFunc(deployments, func(d deploy.Deployment) bool { return d.Version != of.version })
	}
	return status{ID: of.id, Deployments: deployments[:min(limit, len(deployments))]}, err
}

// print writes a status for people.
func (s status) print(w io.Writer) error {
	if s.ID != "" {
		return s.printDeployments(w)
	}
	var rows [][]string
	for _, m := range s.Models {
		rows = append(rows, []string{
			m.ID, number(m.Live), latestOf(m.Latest), moment(m.Latest.At), m.Latest.Actor, clipped(m.Latest.Message),
		})
	}
	for _, f := range s.Waiting {
		id, _, _ := deploy.ModelOf(f.Key)
		because := f.Failure
		if f.Unfinished {
			because = f.Key + " has no end yet"
		}
		rows = append(rows, []string{id, "", "waiting", moment(f.Since), "folder", clipped(because)})
	}
	return printTable(w, []string{"MODEL", "LIVE", "LATEST DEPLOYMENT", "AT", "BY", "BECAUSE"}, rows)
}

func (s status) printDeployments(w io.Writer) error {
	for _, d := range s.Deployments {
		lines := []string{fmt.Sprintf("%s  %s %s", moment(d.Created), deploymentOf(d.Kind, d.Version), d.State)}
		by := "by " + d.By.Actor
		if d.By.Reason != "" {
			by += ": " + d.By.Reason
		}
		lines = append(lines, "  "+by, "  "+stepsOf(d), "  "+d.ID)
		if message := d.Summary().Message; message != "" {
			lines = append(lines, "  "+message)
		}
		for _, warning := range d.Warnings {
			lines = append(lines, "  warning: "+warning)
		}
		for _, line := range lines {
			if _, err := fmt.Fprintln(w, printable(line)); err != nil {
				return ioError("write", err)
			}
		}
	}
	return nil
}

// stepsOf says what a deployment went through, and how long each step took.
func stepsOf(d deploy.Deployment) string {
	var steps []string
	for i, step := range d.Steps {
		text := string(step.State)
		if i > 0 {
			text += fmt.Sprintf(" +%v", step.At.Sub(d.Steps[i-1].At).Round(time.Millisecond))
		}
		steps = append(steps, text)
	}
	return strings.Join(steps, ", ")
}

// runWatch shows a status until the command is interrupted. A server that does not answer is asked again, unless it is the
// first time.
func (f *statusFlags) runWatch(cmd *cobra.Command, of reference) error {
	ctx := cmd.Context()
	server, err := f.client(ctx)
	if err != nil {
		return err
	}
	var show watcher = &lineWatcher{out: cmd.OutOrStdout(), seen: map[string]bool{}}
	if isTerminal(cmd.OutOrStdout()) {
		show = &screenWatcher{out: cmd.OutOrStdout()}
	}
	lost := false
	for first := true; ; first = false {
		s, err := statusOf(ctx, server, of, f.limit)
		var gone *client.UnreachableError
		switch {
		case ctx.Err() != nil:
			return &exitError{exitInterrupted, errSilent}
		case errors.As(err, &gone) && !first:
			if !lost {
				fmt.Fprintf(cmd.ErrOrStderr(), "handoff: %v\n", err)
			}
			lost = true
		case err != nil:
			return f.serverError(of.id, err)
		default:
			lost = false
			if err := show.show(s); err != nil {
				return ioError("write", err)
			}
		}
		if server.Pause(ctx, f.interval) != nil {
			return &exitError{exitInterrupted, errSilent}
		}
	}
}

// A watcher shows a status as it changes.
type watcher interface{ show(s status) error }

// A screenWatcher keeps a terminal up to date.
type screenWatcher struct {
	out  io.Writer
	last string
}

func (w *screenWatcher) show(s status) error {
	var text strings.Builder
	if err := s.print(&text); err != nil {
		return err
	}
	if text.String() == w.last {
		return nil
	}
	w.last = text.String()
	width, height := sizeOfTerminal(w.out)
	lines := strings.Split(strings.TrimSuffix(w.last, "\n"), "\n")
	if height > 1 {
		lines = lines[:min(len(lines), height-1)]
	}
	var page strings.Builder
	page.WriteString("\x1b[H")
	for _, line := range lines {
		if cells := []rune(line); width > 0 && len(cells) > width {
			line = string(cells[:width-1]) + "…"
		}
		page.WriteString(line + "\x1b[K\n")
	}
	page.WriteString("\x1b[J")
	_, err := io.WriteString(w.out, page.String())
	return err
}

// A lineWatcher writes a line for each change.
type lineWatcher struct {
	out  io.Writer
	seen map[string]bool
}

func (w *lineWatcher) show(s status) error {
	for _, m := range s.Models {
		if m.Latest.ID == "" {
			continue
		}
		if err := w.line(m.ID, m.Latest.ID, m.Latest, m.Latest.At); err != nil {
			return err
		}
	}
	for _, d := range slices.Backward(s.Deployments) {
		for _, step := range d.Steps {
			summary := d.Summary()
			if step.State != summary.State {
				summary.State, summary.Message = step.State, "" // the message is about the end
			}
			if err := w.line(s.ID, d.ID, summary, step.At); err != nil {
				return err
			}
		}
	}
	return nil
}

// line writes that a deployment came to a state, once.
func (w *lineWatcher) line(id, deployment string, s deploy.Summary, at time.Time) error {
	key := deployment + " " + string(s.State)
	if w.seen[key] {
		return nil
	}
	w.seen[key] = true
	text := fmt.Sprintf("%s %s: %s", moment(at), id, latestOf(s))
	if s.Message != "" {
		text += ": " + s.Message
	}
	_, err := fmt.Fprintln(w.out, printable(text))
	return err
}
