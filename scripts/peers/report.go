package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// report is what is printed.
type report struct {
	Models  []*measurement     `json:"models"`
	Skipped []skipped          `json:"skipped,omitempty"`
	Before  map[string]earlier `json:"before,omitempty"` // by model
}

// skipped is a model that Handoff does not take.
type skipped struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// earlier are the best figures of a peer that were measured before, by peer.
type earlier map[string]earlierFigures

type earlierFigures struct {
	SingleP50  float64 `json:"single_ns_p50"`
	RowsPerCPU float64 `json:"rows_per_cpu_second"`
}

// readFigures reads the peers' figures from the rows `| model | engine | p50 µs | rows per CPU-second | …` of a Markdown
// file. There are none if the path is empty.
func readFigures(path string) (map[string]earlier, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all := map[string]earlier{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		addFigures(all, lines.Text())
	}
	return all, lines.Err()
}

func addFigures(all map[string]earlier, line string) {
	cells := strings.Split(line, "|")
	if len(cells) < 6 {
		return
	}
	for i := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), ",", "")
	}
	micros, errMicros := strconv.ParseFloat(cells[3], 64)
	rows, errRows := strconv.ParseFloat(cells[4], 64)
	if errMicros != nil || errRows != nil {
		return
	}
	if all[cells[1]] == nil {
		all[cells[1]] = earlier{}
	}
	all[cells[1]][cells[2]] = earlierFigures{micros * 1000, rows}
}

// markdown prints the tables that the README shows.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("One record, from name → value to all results readable by name, median µs; in brackets what was measured before:\n\n")
	b.WriteString("| model | JPMML-Evaluator | PMML4S | Handoff | Handoff is faster | allocations | largest difference |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, m := range r.Models {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", m.Name,
			r.micros(m, "jpmml"), r.micros(m, "pmml4s"), r.micros(m, handoff), times(m.ahead(single)),
			strconv.FormatFloat(m.Engines[handoff].Allocs, 'g', 3, 64), m.differences())
	}
	b.WriteString("\nThe same work, records per CPU-second of one thread:\n\n")
	b.WriteString("| model | JPMML-Evaluator | PMML4S | Handoff | Handoff is faster |\n|---|--:|--:|--:|--:|\n")
	for _, m := range r.Models {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.Name,
			r.rows(m, "jpmml"), r.rows(m, "pmml4s"), r.rows(m, handoff), times(m.ahead(throughput)))
	}
	b.WriteString("\nFrom a document to the first answer, ms, and sizes:\n\n")
	b.WriteString("| model | JPMML-Evaluator | PMML4S | Handoff | Handoff, compiled | document kB | compiled kB |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, m := range r.Models {
		own := m.Engines[handoff]
		fmt.Fprintf(&b, "| %s | %s | %s | %.1f | %.3f | %.1f | %.1f |\n", m.Name, m.load("jpmml"), m.load("pmml4s"),
			own.LoadMS, own.OpenMS, float64(own.DocumentBytes)/1e3, float64(own.CompiledBytes)/1e3)
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "\nLeft out: %s: %s\n", s.Name, s.Reason)
	}
	return b.String()
}

func (r *report) micros(m *measurement, engine string) string {
	f := m.Engines[engine]
	if f == nil {
		return "–"
	}
	text := significant(f.SingleP50 / 1000)
	if e, ok := r.Before[m.Name][engine]; ok {
		text += " (" + significant(e.SingleP50/1000) + ")"
	}
	return text
}

func (r *report) rows(m *measurement, engine string) string {
	f := m.Engines[engine]
	if f == nil {
		return "–"
	}
	text := thousands(f.RowsPerCPU)
	if e, ok := r.Before[m.Name][engine]; ok {
		text += " (" + thousands(e.RowsPerCPU) + ")"
	}
	return text
}

func (m *measurement) load(engine string) string {
	if f := m.Engines[engine]; f != nil {
		return strconv.FormatFloat(f.LoadMS, 'f', 0, 64)
	}
	return "–"
}

// differences prints how far the peers' answers are from Handoff's.
func (m *measurement) differences() string {
	var parts []string
	for _, peer := range peers {
		a, ok := m.Answers[peer]
		switch {
		case !ok:
		case a.Columns == 0:
			parts = append(parts, peer+": no column in common")
		case a.Different > 0:
			parts = append(parts, fmt.Sprintf("%s: %d of %d cells differ", peer, a.Different, a.Cells))
		case a.Largest == 0:
			parts = append(parts, peer+" 0")
		default:
			parts = append(parts, fmt.Sprintf("%s %.0e", peer, a.Largest))
		}
	}
	return strings.Join(parts, ", ")
}

// kind is one of the two figures that are compared.
type kind int

const (
	single kind = iota
	throughput
)

// ahead returns how many times Handoff is faster than the best peer, measured now; infinity if no peer takes the model.
func (m *measurement) ahead(k kind) float64 {
	own, least := m.Engines[handoff], math.Inf(1)
	for _, peer := range peers {
		if f := m.Engines[peer]; f != nil {
			least = min(least, factor(k, own.SingleP50, own.RowsPerCPU, f.SingleP50, f.RowsPerCPU))
		}
	}
	return least
}

// aheadOfBefore is ahead of the figures that were measured before.
func (r *report) aheadOfBefore(m *measurement, k kind) float64 {
	own, least := m.Engines[handoff], math.Inf(1)
	for _, peer := range peers {
		if f, ok := r.Before[m.Name][peer]; ok {
			least = min(least, factor(k, own.SingleP50, own.RowsPerCPU, f.SingleP50, f.RowsPerCPU))
		}
	}
	return least
}

func factor(k kind, ownSingle, ownRows, single, rows float64) float64 {
	if k == throughput {
		return ownRows / rows
	}
	return single / ownSingle
}

// faults names what must not be: a peer ahead, now or before, and answers that differ.
func (r *report) faults() []string {
	var faults []string
	for _, m := range r.Models {
		for k, what := range []string{"one record", "throughput"} {
			if f := m.ahead(kind(k)); f <= 1 {
				faults = append(faults, fmt.Sprintf("%s: %s: %.2f times as fast as the best peer", m.Name, what, f))
			}
			if f := r.aheadOfBefore(m, kind(k)); f <= 1 {
				faults = append(faults, fmt.Sprintf("%s: %s: %.2f times as fast as the best peer measured before", m.Name, what, f))
			}
		}
		if a, ok := m.Answers["jpmml"]; ok && (a.Columns == 0 || !a.agree()) {
			faults = append(faults, m.Name+": other answers than JPMML: "+m.differences())
		}
		for peer, why := range m.Failed {
			if m.Engines[peer] == nil {
				faults = append(faults, fmt.Sprintf("%s: %s could not be measured: %s", m.Name, peer, why))
			}
		}
	}
	return faults
}

func times(f float64) string {
	if math.IsInf(f, 1) {
		return "–"
	}
	return significant(f) + " ×"
}

// significant prints a number with three digits.
func significant(x float64) string {
	digits := 2
	if x >= 100 {
		digits = 0
	} else if x >= 10 {
		digits = 1
	}
	return strconv.FormatFloat(x, 'f', digits, 64)
}

// thousands prints a whole number with commas.
func thousands(x float64) string {
	digits := strconv.FormatFloat(x, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
