package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages",
		Long: `Man writes a manual page for each command, handoff.1 and handoff-COMMAND.1, into a folder, which is made if there is
none. 'man -l DIR/handoff.1' shows one.

` + exitCodes,
		Example: `  handoff man /usr/local/share/man/man1`,
		Args:    arguments(cobra.ExactArgs(1)),
		Hidden:  true, // for those who pack Handoff
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return ioError("write", writeManuals(cmd.Root(), args[0]))
		},
	}
}

// writeManuals writes the pages of a command and those below it.
func writeManuals(cmd *cobra.Command, folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	for _, c := range append([]*cobra.Command{cmd}, cmd.Commands()...) {
		if c != cmd && !documented(c) {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, manualName(c)+".1"), manual(c), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// documented says that a command has a page: not help and completion, which explain themselves.
func documented(c *cobra.Command) bool {
	return c.IsAvailableCommand() && c.Name() != "completion"
}

func manualName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// A roff is a manual page while it is written. What it is given is text, not markup.
type roff struct{ bytes.Buffer }

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`)

// line writes a line of text.
func (r *roff) line(text string) {
	if strings.HasPrefix(text, ".") {
		r.WriteString(`\&`)
	}
	for _, c := range roffEscapes.Replace(text) {
		if c < utf8.RuneSelf {
			r.WriteRune(c)
		} else {
			fmt.Fprintf(r, `\[u%04X]`, c) // old troffs take bytes for letters
		}
	}
	r.WriteString("\n")
}

func (r *roff) section(title string) { fmt.Fprintf(r, ".SH %s\n", title) }

// prose writes paragraphs; lines that are indented stay as they are.
func (r *roff) prose(text string) {
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			r.listing(paragraph)
			continue
		}
		r.WriteString(".PP\n")
		for line := range strings.SplitSeq(paragraph, "\n") {
			r.line(line)
		}
	}
}

// listing writes lines as they are.
func (r *roff) listing(text string) {
	r.WriteString(".PP\n.RS 4\n.nf\n")
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		r.line(strings.TrimPrefix(line, "  "))
	}
	r.WriteString(".fi\n.RE\n")
}

func (r *roff) flags(title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	r.section(title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		value, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(r, ".TP\n\\fB%s\\fR", roffEscapes.Replace(name))
		if value != "" {
			fmt.Fprintf(r, " \\fI%s\\fR", roffEscapes.Replace(value))
		}
		r.WriteString("\n")
		for line := range strings.SplitSeq(usage, "\n") {
			r.line(line)
		}
		if !unset[f.DefValue] {
			r.line("(default " + f.DefValue + ")")
		}
	})
}

// unset are the defaults that say nothing.
var unset = map[string]bool{"": true, "false": true, "[]": true, "0": true}

// manual gives the page of a command.
func manual(c *cobra.Command) []byte {
	c.InitDefaultHelpFlag()
	r := &roff{}
	fmt.Fprintf(r, ".TH %s 1 \"\" %s \"Handoff\"\n.nh\n.ad l\n", strings.ToUpper(roffEscapes.Replace(manualName(c))), fmt.Sprintf("%q", strings.TrimSpace("handoff "+version)))
	r.section("NAME")
	r.line(manualName(c) + " - " + strings.ToLower(c.Short[:1]) + c.Short[1:])
	r.section("SYNOPSIS")
	r.line(synopsis(c))
	r.section("DESCRIPTION")
	r.prose(strings.ReplaceAll(c.Long, exitCodes, ""))
	if c.HasAvailableSubCommands() {
		r.section("COMMANDS")
		for _, sub := range c.Commands() {
			if documented(sub) {
				fmt.Fprintf(r, ".TP\n\\fB%s\\fR(1)\n", roffEscapes.Replace(manualName(sub)))
				r.line(sub.Short)
			}
		}
	}
	r.flags("OPTIONS", c.LocalFlags())
	r.flags("GLOBAL OPTIONS", c.InheritedFlags())
	if c.Example != "" {
		r.section("EXAMPLES")
		r.listing(c.Example)
	}
	r.section("EXIT STATUS")
	for _, status := range exitStatus {
		fmt.Fprintf(r, ".TP\n%d\n%s\n", status.code, status.meaning)
	}
	r.section("ENVIRONMENT")
	r.WriteString(".TP\n\\fBNO_COLOR\\fR\nIf it is set, nothing is coloured on a terminal either.\n")
	if c.HasParent() {
		r.section("SEE ALSO")
		fmt.Fprintf(r, "\\fB%s\\fR(1)\n", manualName(c.Parent()))
	}
	return r.Bytes()
}

func synopsis(c *cobra.Command) string {
	if c.HasAvailableSubCommands() {
		return c.CommandPath() + " COMMAND [flags]"
	}
	return c.UseLine()
}

// exitStatus is exitCodes one by one.
var exitStatus = []struct {
	code    int
	meaning string
}{
	{exitDone, "Done."},
	{exitBad, "A document or a record is wrong."},
	{exitUsage, "The command line is wrong."},
	{exitIO, "A file cannot be read or written."},
	{exitInterrupted, "Interrupted."},
}
