// Command peers measures Handoff, JPMML-Evaluator and PMML4S with the same models and inputs, one after the other on one
// core, and prints a table. scripts/bench-peers.sh builds what it needs and runs it.
//
// Each figure is the best of the rounds. A figure counts only if the answers are right: the first records' results are
// compared, and a difference between Handoff and JPMML-Evaluator is an error, as is a peer that is ahead of Handoff.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const usage = `usage: peers -handoff BINARY -classpath CLASSPATH [flags] FOLDER…

A FOLDER has model.pmml or model.pmml.gz and input.csv. Models that Handoff cannot compile are named and left out.
Exit codes: 0 done, 1 behind a peer or other answers than JPMML, 2 usage, 3 a program or file failed.

`

// settings are what the flags say.
type settings struct {
	handoff, classpath string
	core               int
	rounds, rows       int
	missing            string
	figures            string
	json               bool
}

func main() {
	var s settings
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.StringVar(&s.handoff, "handoff", "", "the handoff binary")
	flag.StringVar(&s.classpath, "classpath", "", "classpath of the Java side, as build.sh prints it")
	flag.IntVar(&s.core, "core", 1, "core that everything runs on, where there is taskset; -1 for any")
	flag.IntVar(&s.rounds, "rounds", 1, "rounds of each measurement; the best counts")
	flag.IntVar(&s.rows, "rows", 100, "records whose results are compared")
	flag.StringVar(&s.missing, "missing", "", "input cells that are missing, separated by commas")
	flag.StringVar(&s.figures, "figures", "", "Markdown file with figures measured before, to be shown beside")
	flag.BoolVar(&s.json, "json", false, "print JSON instead of Markdown")
	flag.Parse()
	if s.handoff == "" || s.classpath == "" || flag.NArg() == 0 || s.rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	os.Exit(run(s, flag.Args(), os.Stdout, os.Stderr))
}

// run measures all models and returns the exit code.
func run(s settings, folders []string, out, log io.Writer) int {
	before, err := readFigures(s.figures)
	if err != nil {
		fmt.Fprintln(log, "peers:", err)
		return 3
	}
	report := report{Before: before}
	for _, folder := range folders {
		name := filepath.Base(folder)
		fmt.Fprintln(log, name)
		m, err := s.measure(folder)
		var no unsupported
		switch {
		case errors.As(err, &no):
			report.Skipped = append(report.Skipped, skipped{name, no.reason})
		case err != nil:
			fmt.Fprintf(log, "peers: %s: %v\n", name, err)
			return 3
		default:
			report.Models = append(report.Models, m)
		}
	}
	if s.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", " ")
		err = encoder.Encode(report)
	} else {
		_, err = io.WriteString(out, report.markdown())
	}
	if err != nil {
		fmt.Fprintln(log, "peers:", err)
		return 3
	}
	if faults := report.faults(); len(faults) > 0 {
		fmt.Fprintln(log, strings.Join(faults, "\n"))
		return 1
	}
	return 0
}
