package deploy

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/handoff-pmml/handoff/internal/deploy/words"
)

// Print writes the report for people.
func (r *Report) Print(w io.Writer) error {
	var b bytes.Buffer
	p := printer{w: &b}
	p.sides(r)
	p.rejection(r)
	p.list("Look at these:", r.Warnings)
	if r.Schema != nil {
		p.changes("Changes that break callers:", r.Schema.Breaking)
		p.changes("Other changes of what it takes and gives:", r.Schema.Other)
		if len(r.Schema.Breaking)+len(r.Schema.Other) == 0 {
			p.line("\nIt takes and gives the same.")
		}
	}
	p.settings(r.Settings)
	if r.Rows != nil {
		p.rows(r.Rows)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// A printer writes parts of a report. Its writer never fails.
type printer struct{ w io.Writer }

func (p printer) line(format string, args ...any) {
	fmt.Fprintf(p.w, format+"\n", args...) //nolint:errcheck // into memory
}

// table writes rows of cells under each other.
func (p printer) table(rows [][]string) {
	width := 0
	for _, cells := range rows {
		width = max(width, len(cells))
	}
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, cells := range rows {
		for i := range cells {
			cells[i] = printable(cells[i])
		}
		line := strings.Join(cells, "\t") + strings.Repeat("\t", width-len(cells)) // a short row would end the columns
		fmt.Fprintln(t, line)                                                      //nolint:errcheck // into memory
	}
	t.Flush() //nolint:errcheck,gosec // into memory
	for line := range strings.Lines(b.String()) {
		p.line("%s", strings.TrimRight(line, " \n"))
	}
}

// printable keeps documents from talking to a terminal.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || !unicode.IsPrint(c) && c != ' ' {
			return unicode.ReplacementChar
		}
		return c
	}, s)
}

func (p printer) sides(r *Report) {
	if r.Model != "" {
		p.line("Model %s\n", printable(r.Model))
	}
	if r.Old == nil {
		p.line("There is no version to compare with.\n")
	}
	old := r.Old
	if old == nil {
		old = &Side{}
	}
	var rows [][]string
	add := func(what string, value func(*Side) string) {
		a, b := value(old), value(&r.New)
		switch {
		case a == "" && b == "":
		case r.Old == nil:
			rows = append(rows, []string{what, b})
		default:
			rows = append(rows, []string{what, orNothing(a), orNothing(b)})
		}
	}
	if r.Old != nil {
		rows = append(rows, []string{"", "old", "new"})
	}
	for _, f := range facts {
		add(f.name, f.of)
	}
	p.table(rows)
}

// facts are what is shown of each side.
var facts = []struct {
	name string
	of   func(*Side) string
}{
	{"file", func(s *Side) string { return s.Name }},
	{"version", func(s *Side) string { return numeral(s.Version) }},
	{"state", func(s *Side) string { return string(s.State) }},
	{"received", func(s *Side) string { return when(s.Received) }},
	{"live since", func(s *Side) string { return when(s.Since) }},
	{"made by", func(s *Side) string { return s.Framework }},
	{"made at", func(s *Side) string { return s.Trained }},
	{"model", func(s *Side) string { return strings.TrimSpace(s.Element + " " + s.Function) }},
	{"structure", func(s *Side) string { return s.Structure }},
	{"inputs", func(s *Side) string { return numeral(s.Inputs) }},
	{"document", func(s *Side) string { return bytesOf(s.Size) }},
	{"compiled", func(s *Side) string { return bytesOf(s.CompiledBytes) }},
	{"checksum", func(s *Side) string { return s.Checksum[:min(12, len(s.Checksum))] }},
	{"rows verified", func(s *Side) string { return numeral(s.Verified) }},
}

func numeral(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// bytesOf gives a size with a unit.
func bytesOf(n int64) string {
	switch {
	case n == 0:
		return ""
	case n < 10_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 10_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	}
	return fmt.Sprintf("%d MB", n/1_000_000)
}

func (p printer) rejection(r *Report) {
	if r.Rejection == nil {
		return
	}
	p.line("\nIt cannot go live: %s", printable(r.Rejection.Message))
	for _, f := range r.Rejection.Faults {
		if f.Line > 0 {
			p.line("  %s", printable(f.Error()))
		}
	}
	if r.Rejection.More > 0 {
		p.line("  and %d more", r.Rejection.More)
	}
}

func (p printer) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	p.line("\n%s", title)
	for _, s := range items {
		p.line("  - %s", printable(s))
	}
}

func (p printer) changes(title string, changes []ChangeOf) {
	var items []string
	for i, c := range changes {
		if i == maxChanges {
			items = append(items, fmt.Sprintf("and %d more", len(changes)-i))
			break
		}
		items = append(items, c.String())
	}
	p.list(title, items)
}

func (p printer) settings(changes []SettingChange) {
	if len(changes) == 0 {
		return
	}
	p.line("\nSettings:")
	rows := [][]string{{"  setting", "old", "new"}}
	for _, c := range changes {
		rows = append(rows, []string{"  " + c.Key, orDefault(c.Old), orDefault(c.New)})
	}
	p.table(rows)
}

func orDefault(s string) string {
	if s == "" {
		return "(default)"
	}
	return words.Clip(s)
}

func (p printer) rows(c *Comparison) {
	if c.Rows == 0 {
		p.line("\nThere are no rows to score with both: golden.csv, baseline.csv and ModelVerification have some.")
		return
	}
	var sources []string
	for _, s := range c.Sources {
		sources = append(sources, fmt.Sprintf("%d of %s", s.Rows, printable(s.Name)))
	}
	p.line("\nRows scored by both: %d (%s)", c.Rows, strings.Join(sources, ", "))
	p.line("  %d differ, %d do not", c.Differ, c.Both-c.Differ)
	for _, n := range []struct {
		rows int
		text string
	}{{c.OnlyOld, "only the old version can score"}, {c.OnlyNew, "only the new version can score"}, {c.Neither, "neither can score"}} {
		if n.rows > 0 {
			p.line("  %d %s", n.rows, n.text)
		}
	}
	if c.NeitherWhy != "" {
		p.line("    such as %s", printable(c.NeitherWhy))
	}
	if c.Cut != "" {
		p.line("  not all: %s", c.Cut)
	}
	if c.Both > 0 {
		p.results(c.Results)
	}
	p.examples(c.Examples)
}

// maxPrinted is how many results are shown.
const maxPrinted = 50

func (p printer) results(results []ResultChange) {
	rows := [][]string{{"  result", "rows", "differ", "typically", "at most", "relative", "at most"}}
	for i, r := range results {
		if i == maxPrinted {
			rows = append(rows, []string{fmt.Sprintf("  and %d more", len(results)-i)})
			break
		}
		row := []string{"  " + r.Name, strconv.Itoa(r.Compared), strconv.Itoa(r.Differ)}
		for _, d := range []*Difference{r.Absolute, r.Relative} {
			if d != nil {
				row = append(row, short(d.Typical), short(d.Largest))
			}
		}
		rows = append(rows, row)
	}
	p.line("")
	p.table(rows)
	for _, r := range results[:min(len(results), maxPrinted)] {
		if len(r.Pairs) == 0 {
			continue
		}
		p.line("\n  %s became:", printable(r.Name))
		var pairs [][]string
		for _, c := range r.Pairs {
			pairs = append(pairs, []string{"    " + c.Old, "→ " + c.New, words.Quantity(c.Rows, "row")})
		}
		p.table(pairs)
	}
}

func short(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }

const (
	maxShown         = 8 // inputs and results of an example
	maxShownExamples = 5
)

func (p printer) examples(examples []ComparedExample) {
	if len(examples) == 0 {
		return
	}
	p.line("\nRows that differ most:")
	for _, e := range examples[:min(len(examples), maxShownExamples)] {
		var inputs []string
		for i, c := range e.Inputs {
			if i == maxShown {
				inputs = append(inputs, "…")
				break
			}
			inputs = append(inputs, c.Name+"="+c.Text)
		}
		p.line("  %s", printable(strings.TrimSuffix(fmt.Sprintf("%s row %d: %s", e.Source, e.Row, strings.Join(inputs, ", ")), ": ")))
		for i := range e.Old[:min(len(e.Old), maxShown)] {
			p.line("    %s: %s → %s", printable(e.Old[i].Name), printable(orNothing(e.Old[i].Text)), printable(orNothing(e.New[i].Text)))
		}
		if e.Errors != nil {
			p.line("    %s → %s", printable(orScored(e.Errors.Old)), printable(orScored(e.Errors.New)))
		}
	}
}

func orScored(message string) string {
	if message == "" {
		return "scored"
	}
	return "error: " + message
}
