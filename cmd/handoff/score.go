package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/table"
	"github.com/spf13/cobra"
)

type scoreFlags struct {
	model   modelFlags
	input   string
	output  string
	errors  string
	missing missingFlag
	json    bool
	quiet   bool
}

func newScoreCommand() *cobra.Command {
	var f scoreFlags
	cmd := &cobra.Command{
		Use:   "score --model FILE [--input FILE] [--output FILE] [--errors FILE]",
		Short: "Score a table of records",
		Long: `Score reads records from a CSV table, a header and a row per record, and writes a table with a row for each:
the targets of the model ("_target" if it has no name), then all its output fields. A result that is missing is an
empty cell. Columns are found by name, in any order; those that the model does not know are ignored, and those that it
knows and the table does not have are missing.

Of a transactional model, such as association rules, the rows that agree in its group fields are one basket: there is a
row of results for each, in the order in which they first appear, and the table is read into memory.

The first row that cannot be scored ends it, and no output is written. With --errors such rows are listed there, their
results stay empty, and the exit code is 0.

` + exitCodes,
		Example: `  handoff score --model model.pmml --input records.csv --output scores.csv
  handoff score --model model.pmml.gz < records.csv > scores.csv
  handoff score --model model.bin --input records.csv --output scores.csv --errors bad.csv --missing NA,N/A`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			f.quiet, _ = cmd.Flags().GetBool("quiet")
			return interruptible(cmd.Context(), func(out *files) error { return runScore(cmd, f, out) })
		},
	}
	f.model.add(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&f.input, "input", "i", standardStream, "table of records; - is standard input")
	flags.StringVarP(&f.output, "output", "o", standardStream, "table of results; - is standard output")
	flags.StringVarP(&f.errors, "errors", "e", "", "table of the rows that cannot be scored: row,line,field,code,message")
	f.missing.add(cmd)
	flags.BoolVar(&f.json, "json", false, "tell on standard error, as JSON, how many rows there were")
	return cmd
}

// check refuses what cannot be done at the same time.
func (f *scoreFlags) check(cmd *cobra.Command) error {
	if err := needed(cmd, "model", "input", "output"); err != nil {
		return err
	}
	if f.model.path == standardStream && f.input == standardStream {
		return usageError(nil, "--model and --input cannot both be standard input")
	}
	if samePath(f.errors, f.output) {
		return usageError(nil, "--errors and --output cannot be the same file")
	}
	return nil
}

// samePath says whether two names are of one place, as far as names can tell.
func samePath(a, b string) bool {
	if a == "" || b == "" || a == standardStream || b == standardStream {
		return a == b
	}
	absoluteA, errA := filepath.Abs(a)
	absoluteB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absoluteA == absoluteB
}

// results gives where the results go, as far as a terminal may see them: nil for a file.
func (f *scoreFlags) results(cmd *cobra.Command) any {
	if f.output == standardStream || f.errors == standardStream {
		return cmd.OutOrStdout()
	}
	return nil
}

func runScore(cmd *cobra.Command, f scoreFlags, out *files) error {
	reading := out.compiling(cmd, f.model.path)
	m, err := f.model.open(cmd.InOrStdin())
	reading.stop()
	if err != nil {
		return err
	}
	in, err := openInput(f.input, cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	counted := &countedReader{Reader: in}
	records, err := newRecordTable(counted, f.input, f.missing.texts, m)
	if err != nil {
		return err
	}
	if len(records.columns) == 0 && len(m.InputNames()) > 0 && !f.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: no column is an input of the model, so all inputs are missing; the columns are %s\n",
			f.input, shortList(records.Header()))
	}
	s := tableScorer{scorer: m.NewScorer(), records: records}
	if !f.quiet && !f.json && watchedBy(cmd.ErrOrStderr(), in, f.results(cmd)) {
		s.bar = out.show(cmd.ErrOrStderr(), "scoring", counted, sizeOf(in))
	}
	results, err := out.create(f.output, cmd.OutOrStdout())
	if err != nil {
		return err
	}
	s.results = table.NewWriter(results)
	if f.errors != "" {
		bad, err := out.create(f.errors, cmd.OutOrStdout())
		if err != nil {
			return err
		}
		s.errors = table.NewWriter(bad)
	}
	if err := s.run(m.Schema().Results()); err != nil {
		return err
	}
	s.bar.stop()
	return s.tell(cmd.ErrOrStderr(), f)
}

// A tableScorer scores the rows of a table.
type tableScorer struct {
	scorer  *evaluator.Scorer
	records *recordTable
	results *table.Writer
	errors  *table.Writer // nil: the first bad row ends it
	bar     *progress

	given int // results of a row
	rows  int
	bad   int
	text  []byte
}

// run scores the whole table.
func (s *tableScorer) run(results []evaluator.Field) error {
	if err := s.writeHeaders(results); err != nil {
		return ioError("write", err)
	}
	if m := s.scorer.Model(); m.Collects() {
		return s.runGroups(m.NewCollector())
	}
	for {
		cells, err := s.records.Read()
		if errors.Is(err, io.EOF) {
			return ioError("write", s.flush())
		}
		s.rows++
		s.bar.row()
		if err == nil {
			err = s.score(cells)
		}
		if err != nil {
			err = s.badRow(err)
		}
		if err != nil {
			return err
		}
		if err := s.results.End(); err != nil {
			return ioError("write", err)
		}
	}
}

func (s *tableScorer) writeHeaders(results []evaluator.Field) error {
	s.given = len(results)
	for _, f := range results {
		s.results.Text(f.Name)
	}
	if s.errors != nil {
		if err := s.errors.Row("row", "line", "field", "code", "message"); err != nil {
			return err
		}
	}
	return s.results.End()
}

// score writes the results of one row, or nothing if there is an error.
func (s *tableScorer) score(cells []string) error {
	s.scorer.Clear()
	for _, c := range s.records.columns {
		if cell := cells[c.cell]; !s.records.isMissing(cell) {
			s.scorer.Set(c.input, evaluator.Text(cell))
		}
	}
	return s.write()
}

// write scores what the scorer was given and writes the results.
func (s *tableScorer) write() error {
	if err := s.scorer.Score(); err != nil {
		return err
	}
	for i := range s.given {
		s.text = s.scorer.Value(i).AppendText(s.text[:0])
		s.results.Cell(s.text)
	}
	return nil
}

// badRow lists a row that cannot be scored and leaves its results empty, or gives the error that ends it all.
func (s *tableScorer) badRow(err error) error {
	if err := s.list(err, place{s.rows, s.records.Line()}); err != nil {
		return err
	}
	for range s.given {
		s.results.Cell(nil)
	}
	return nil
}

// A place is where a record is in the table.
type place struct{ row, line int }

// list lists a row that cannot be used, or gives the error that ends it all.
func (s *tableScorer) list(err error, at place) error {
	why, ok := explain(err)
	if !ok {
		return s.records.unreadable(err)
	}
	if s.errors == nil {
		return badError("%s:%d: row %d: %s [%s]", s.records.path, at.line, at.row, why.message, why.code)
	}
	s.bad++
	return ioError("write", s.errors.Row(strconv.Itoa(at.row), strconv.Itoa(at.line), why.field, why.code, why.message))
}

// runGroups scores the table of a transactional model: its rows by groups, in the order in which these first appear. A row
// that cannot be read is in no group, and what is said about a group names its first row.
func (s *tableScorer) runGroups(c *evaluator.Collector) error {
	first, err := s.collect(c)
	if err != nil {
		return err
	}
	for group := range c.Len() {
		c.Give(group, s.scorer)
		if err := s.write(); err != nil {
			if err := s.list(err, first[group]); err != nil {
				return err
			}
			for range s.given {
				s.results.Cell(nil)
			}
		}
		if err := s.results.End(); err != nil {
			return ioError("write", err)
		}
	}
	return ioError("write", s.flush())
}

// collect reads the whole table and gives the first row of each group.
func (s *tableScorer) collect(c *evaluator.Collector) (first []place, err error) {
	for {
		cells, err := s.records.Read()
		if errors.Is(err, io.EOF) {
			return first, nil
		}
		s.rows++
		s.bar.row()
		at := place{s.rows, s.records.Line()}
		if err != nil {
			if err := s.list(err, at); err != nil {
				return nil, err
			}
			continue
		}
		c.Clear()
		for _, column := range s.records.columns {
			if cell := cells[column.cell]; !s.records.isMissing(cell) {
				c.Set(column.input, evaluator.Text(strings.Clone(cell)))
			}
		}
		for _, column := range s.records.groups {
			if cell := cells[column.cell]; !s.records.isMissing(cell) {
				c.SetGroup(column.input, evaluator.Text(strings.Clone(cell)))
			}
		}
		if c.Keep() == len(first) {
			first = append(first, at)
		}
	}
}

func (s *tableScorer) flush() error {
	if s.errors != nil {
		if err := s.errors.Flush(); err != nil {
			return err
		}
	}
	return s.results.Flush()
}

// tell says how many rows there were, where that is asked for or a surprise.
func (s *tableScorer) tell(stderr io.Writer, f scoreFlags) error {
	switch {
	case f.json:
		return ioError("write", json.NewEncoder(stderr).Encode(struct {
			Rows int `json:"rows"`
			Bad  int `json:"bad"`
		}{s.rows, s.bad}))
	case s.bad > 0 && !f.quiet:
		_, err := fmt.Fprintf(stderr, "%d of %d rows could not be scored: see %s\n", s.bad, s.rows, f.errors)
		return ioError("write", err)
	}
	return nil
}
