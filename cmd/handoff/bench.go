package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/bench"
	"github.com/spf13/cobra"
)

// benchEffort is how long bench measures; tests need less.
var benchEffort = bench.Thorough

// mostRecords is how many rows of the input are kept in memory.
const mostRecords = 20_000

type benchFlags struct {
	model   modelFlags
	input   string
	missing missingFlag
	json    bool
}

func newBenchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench --model FILE --input FILE",
		Short: "Measure how fast a model scores",
		Long: `Bench scores the rows of a table in turn, on one thread, and measures:

  single        one record, given as a map of names to typed values, to all results readable by name
  bound         the scorer alone, on values that are already set
  allocs        allocations per record of the first kind of work
  rows          records per second of CPU time (user and system, of the whole process) of the first kind of work
  load          reading, checking, compiling and opening the document
  open          opening the compiled form

Calls shorter than 5 µs are timed in batches of up to 256, and what reading the clock takes is subtracted; percentiles
are then those of means over a batch. Load and open are medians. Rows that cannot be scored are left out.

` + exitCodes,
		Example: `  handoff bench --model model.pmml --input records.csv
  handoff bench --json --model model.pmml --input records.csv`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needed(cmd, "model", "input"); err != nil {
				return err
			}
			if f.model.path == standardStream && f.input == standardStream {
				return usageError(nil, "--model and --input cannot both be standard input")
			}
			return interruptible(cmd.Context(), func(*files) error { return runBench(cmd, f) })
		},
	}
	f.model.add(cmd)
	cmd.Flags().StringVarP(&f.input, "input", "i", "", "table of records; - is standard input")
	f.missing.add(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
	return cmd
}

// measures are the answer of bench.
type measures struct {
	SingleP50     float64 `json:"single_ns_p50"`
	SingleP99     float64 `json:"single_ns_p99"`
	BoundP50      float64 `json:"bound_ns_p50"`
	Allocs        float64 `json:"allocs_per_record"`
	RowsPerCPU    float64 `json:"rows_per_cpu_second"`
	LoadMS        float64 `json:"load_ms,omitempty"` // none for a compiled form
	OpenMS        float64 `json:"open_ms"`
	DocumentBytes int     `json:"document_bytes,omitempty"` // as the file is, gzip or not
	CompiledBytes int     `json:"compiled_bytes"`
	Rows          int     `json:"rows"`
	BadRows       int     `json:"bad_rows"`
}

func runBench(cmd *cobra.Command, f benchFlags) error {
	var r measures
	m, err := f.load(cmd.InOrStdin(), &r)
	if err != nil {
		return err
	}
	records, err := f.records(m, cmd.InOrStdin(), &r)
	if err != nil {
		return err
	}
	figures := bench.Measure(m, records, benchEffort)
	r.SingleP50, r.SingleP99, r.BoundP50 = round(figures.SingleP50, 1), round(figures.SingleP99, 1), round(figures.BoundP50, 1)
	r.Allocs, r.RowsPerCPU = round(figures.AllocsPerRecord, 2), round(figures.RowsPerCPU, 0)
	out := bufio.NewWriter(cmd.OutOrStdout())
	if f.json {
		err = json.NewEncoder(out).Encode(r)
	} else {
		err = r.print(out)
	}
	if err == nil {
		err = out.Flush()
	}
	return ioError("write", err)
}

// load opens the model and measures what that takes.
func (f *benchFlags) load(stdin io.Reader, r *measures) (*evaluator.Model, error) {
	data, err := f.readFile(stdin)
	if err != nil {
		return nil, err
	}
	compiled := data
	if !evaluator.IsCompiled(data) {
		r.DocumentBytes = len(data)
		took, err := bench.Load(2*time.Second, func() (err error) {
			compiled, err = f.compile(data)
			return err
		})
		if err != nil {
			return nil, err
		}
		r.LoadMS = milliseconds(took)
	}
	r.CompiledBytes = len(compiled)
	var m *evaluator.Model
	took, err := bench.Load(time.Second, func() (err error) {
		m, err = openCompiled(f.model.path, compiled)
		return err
	})
	r.OpenMS = milliseconds(took)
	return m, err
}

// compile does what a caller does who has a document: read, check, compile and open it. Standard input cannot be read
// again.
func (f *benchFlags) compile(data []byte) ([]byte, error) {
	if f.model.path != standardStream {
		var err error
		if data, err = os.ReadFile(f.model.path); err != nil {
			return nil, ioError("read", err)
		}
	}
	compiled, err := compileDocument(bytes.NewReader(data), f.model.path, compile.Options{ModelName: f.model.name})
	if err != nil {
		return nil, err
	}
	_, err = openCompiled(f.model.path, compiled)
	return compiled, err
}

func (f *benchFlags) readFile(stdin io.Reader) ([]byte, error) {
	in, err := openInput(f.model.path, stdin)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(in)
	return data, ioError("read "+f.model.path, err)
}

// records reads the rows that m can score.
func (f *benchFlags) records(m *evaluator.Model, stdin io.Reader, r *measures) ([]bench.Record, error) {
	in, err := openInput(f.input, stdin)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // only read
	t, err := newRecordTable(in, f.input, f.missing.texts, m)
	if err != nil {
		return nil, err
	}
	scorer := m.NewScorer()
	var records []bench.Record
	for len(records) < mostRecords {
		cells, err := t.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, t.unreadable(err)
		}
		record := t.typed(cells, m.Schema())
		if scorer.ScoreMap(record.Named) != nil {
			r.BadRows++
			continue
		}
		records = append(records, record)
	}
	if len(records) == 0 {
		return nil, badError("%s has no row that can be scored", f.input)
	}
	r.Rows = len(records)
	return records, nil
}

// typed gives a row as JSON would: cells of numeric fields that are numbers as such, truths as such, the rest as text.
func (t *recordTable) typed(cells []string, s *evaluator.Schema) bench.Record {
	r := bench.Record{Named: make(map[string]any, len(t.columns)), Bound: make([]bench.Binding, 0, len(t.columns))}
	for _, c := range t.columns {
		text := cells[c.cell]
		if t.isMissing(text) {
			continue
		}
		named, bound := any(text), evaluator.Text(text)
		switch dataType(s, c.input) {
		case "integer", "float", "double":
			if number, err := strconv.ParseFloat(text, 64); err == nil {
				named, bound = number, evaluator.Number(number)
			}
		case "boolean":
			if text == "true" || text == "false" {
				named, bound = text == "true", evaluator.Boolean(text == "true")
			}
		}
		r.Named[t.Header()[c.cell]] = named
		r.Bound = append(r.Bound, bench.Binding{Input: c.input, Value: bound})
	}
	return r
}

// dataType is that of an input, or nothing for a target's actual value, which is given as text.
func dataType(s *evaluator.Schema, input int) string {
	if input < len(s.Inputs) {
		return s.Inputs[input].DataType
	}
	return ""
}

func milliseconds(d time.Duration) float64 { return round(float64(d.Nanoseconds())/1e6, 3) }

func round(x float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(x*scale) / scale
}

func (r *measures) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range []struct {
		what  string
		value float64
		unit  string
	}{
		{"single, median", r.SingleP50, "ns"}, {"single, 99 %", r.SingleP99, "ns"}, {"bound, median", r.BoundP50, "ns"},
		{"allocations", r.Allocs, "per record"}, {"throughput", r.RowsPerCPU, "records per CPU second"},
		{"load", r.LoadMS, "ms"}, {"open", r.OpenMS, "ms"},
		{"document", float64(r.DocumentBytes), "bytes"}, {"compiled", float64(r.CompiledBytes), "bytes"},
		{"rows", float64(r.Rows), ""}, {"bad rows", float64(r.BadRows), ""},
	} {
		fmt.Fprintf(w, "%s\t%s\t %s\n", line.what, strconv.FormatFloat(line.value, 'f', -1, 64), line.unit)
	}
	return w.Flush()
}
