package check_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/check"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

var update = flag.Bool("update", false, "rewrite testdata/forms/*.txt")

// TestForms compares what checking gives for right documents with listings.
func TestForms(t *testing.T) {
	files, err := filepath.Glob("testdata/forms/*.pmml")
	if err != nil || len(files) == 0 {
		t.Fatal("no documents", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".pmml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := checkText(t, string(text), check.Options{})
			if got.out == nil {
				t.Fatal(lines(got.faults))
			}
			listing := strings.TrimSuffix(file, ".pmml") + ".txt"
			if *update {
				if err := os.WriteFile(listing, []byte(list(got)), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(listing)
			if err != nil {
				t.Fatal(err)
			}
			if list(got) != string(want) {
				t.Errorf("the listing differs from %s (-update rewrites it):\n%s", listing, list(got))
			}
		})
	}
}

// A lister writes a checked document as text.
type lister struct {
	strings.Builder
	d *check.Document
	p expr.Printer
}

func list(got checked) string {
	l := &lister{d: got.out}
	l.p = expr.Printer{W: l, Strings: got.out.Symbols, Functions: got.out.Functions}
	for i, s := range got.out.Slots {
		l.p.Slots = append(l.p.Slots, fmt.Sprintf("%s#%d", s.Name, i))
	}
	l.document()
	for _, m := range got.models {
		l.model(m)
	}
	return l.String()
}

func (l *lister) line(format string, args ...any) { fmt.Fprintf(l, format+"\n", args...) }

func (l *lister) slots(slots []int32) string {
	names := make([]string, len(slots))
	for i, s := range slots {
		names[i] = l.slot(s)
	}
	return strings.Join(names, " ")
}

func (l *lister) slot(s int32) string {
	if s < 0 {
		return "-"
	}
	return l.p.Slots[s]
}

func (l *lister) cells(cells []value.Cell) string {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = l.p.Cell(c)
	}
	return strings.Join(texts, " ")
}

func (l *lister) expr(e expr.Expr) string {
	var b strings.Builder
	p := l.p
	p.W = &b
	p.Expr(e)
	return b.String()
}

func (l *lister) predicate(q expr.Predicate) string {
	var b strings.Builder
	p := l.p
	p.W = &b
	p.Predicate(q)
	return b.String()
}

func (l *lister) document() {
	d := l.d
	l.line("version %s, application %q, revision %q", d.Version, d.Application, d.Revision)
	for i, in := range d.Inputs {
		active := ""
		if i >= d.Active {
			active = "may be given: "
		}
		l.line("input %s%s", active, l.input(&in))
	}
	for _, in := range d.Groups {
		l.line("group %s", l.input(&in))
	}
	for _, f := range d.Functions {
		l.line("function %s%v = %s", f.Name, f.Params, l.expr(f.Body))
	}
	for _, s := range d.Steps {
		if s.Treat != nil {
			l.line("step %s = treated %s%s", l.slot(s.Slot), l.slot(s.From), l.treatment(s.Treat))
			continue
		}
		l.line("step %s = %s; reads %s", l.slot(s.Slot), l.expr(s.Expr), l.slots(s.Reads))
	}
	l.line("targets %s", l.slots(d.Targets))
	for _, o := range d.Results {
		l.line("result %s", l.slot(o.Slot))
	}
	if v := d.Verify; v != nil {
		l.line("verify inputs %v of %q, rows %v", v.Inputs, v.Texts, v.Rows)
		for _, e := range v.Expected {
			l.line("  expect %s within %g or %g", l.slot(e.Slot), e.Precision, e.ZeroThreshold)
		}
	}
}

func (l *lister) input(in *check.Input) string {
	s := fmt.Sprintf("%s %v op %d %s", l.slot(in.Slot), in.Type, in.Op, in.Usage)
	if len(in.Valid) > 0 {
		s += " valid " + l.cells(in.Valid)
	}
	if len(in.Invalid) > 0 {
		s += " invalid " + l.cells(in.Invalid)
	}
	if len(in.MissingTexts) > 0 {
		s += fmt.Sprintf(" missing %q", in.MissingTexts)
	}
	for _, i := range in.Intervals {
		s += fmt.Sprintf(" %s %g %g", i.Closure, i.Left, i.Right)
	}
	return s + l.treatment(&in.Treatment)
}

func (l *lister) treatment(t *check.Treatment) string {
	s := ""
	if t.Invalid != expr.ReturnInvalid {
		s += fmt.Sprintf(" invalid treatment %d %s", t.Invalid, l.p.Cell(t.InvalidReplacement))
	}
	if t.Outliers != expr.AsIs {
		s += fmt.Sprintf(" outliers %d outside %g %g", t.Outliers, t.Low, t.High)
	}
	if t.Replacement.State != value.Missing {
		s += " missing replaced by " + l.p.Cell(t.Replacement)
	}
	if t.MissingInvalid {
		s += " missing is invalid"
	}
	return s
}

func (l *lister) model(m check.Model) {
	c := m.Common()
	l.line("\n%s %q %s float %v", c.Element, c.Name, c.Function, c.Float)
	l.line("  reads %s", l.slots(c.Reads))
	l.target(&c.Target)
	switch m := m.(type) {
	case *check.AssociationModel:
		l.association(m)
	case *check.TreeModel:
		l.tree(m)
	case *check.RegressionModel:
		l.regression(m)
	case *check.Scorecard:
		l.scorecard(m)
	case *check.ClusteringModel:
		l.clustering(m)
	case *check.MiningModel:
		l.line("  method %d, on missing %d from %g", m.Method, m.OnMissing, m.Threshold)
		for _, s := range m.Segments {
			l.line("  segment %s if %s, weight %g %s", s.ID, l.predicate(s.Predicate), s.Weight, l.slot(s.WeightSlot))
		}
	}
	for _, o := range c.Outputs {
		l.output(&o)
	}
	if len(c.OutputReads) > 0 {
		l.line("  outputs read %s", l.slots(c.OutputReads))
	}
}

func (l *lister) target(t *check.Target) {
	l.line("  target %q %s %v op %d categories %s", t.Name, l.slot(t.Slot), t.Type, t.Op, l.cells(t.Categories))
	if t.Display != nil {
		l.line("    shown as %s", l.cells(t.Display))
	}
	if t.Priors != nil {
		l.line("    priors %g", t.Priors)
	}
	if t.Default.State != value.Missing || t.Min != math.Inf(-1) || t.Max != math.Inf(1) || t.Factor != 1 || t.Constant != 0 || t.Cast != 0 {
		l.line("    default %s, %g to %g, times %g plus %g, cast %d", l.p.Cell(t.Default), t.Min, t.Max, t.Factor, t.Constant, t.Cast)
	}
}

func (l *lister) tree(m *check.TreeModel) {
	l.line("  missing %d, penalty %g, last %v, %d embedded", m.Missing, m.Penalty, m.LastIfNone, m.Embedded)
	for i, n := range m.Nodes {
		s := fmt.Sprintf("  %d %q first %d next %d if %s score %s", i, n.ID, n.First, n.Next, l.predicate(n.Predicate), l.p.Cell(n.Score))
		if n.Default >= 0 {
			s += fmt.Sprintf(" default %d", n.Default)
		}
		if n.Records == n.Records {
			s += fmt.Sprintf(" records %g", n.Records)
		}
		if n.Model >= 0 {
			s += fmt.Sprintf(" model %d", n.Model)
		}
		for _, d := range m.Scores[n.Scores : n.Scores+n.NumScores] {
			s += fmt.Sprintf(" [%d %g %g %g]", d.Category, d.Records, d.Probability, d.Confidence)
		}
		l.line("%s", s)
	}
}

func (l *lister) regression(m *check.RegressionModel) {
	l.line("  normalization %d", m.Normalization)
	for _, t := range m.Tables {
		s := fmt.Sprintf("  table %d: %v", t.Category, t.Intercept)
		for _, term := range t.Terms {
			s += fmt.Sprintf(" + %v", term.Coefficient)
			for _, f := range term.Factors {
				s += fmt.Sprintf("*%s^%g", l.slot(f.Slot), f.Exponent)
			}
			if term.Slot >= 0 {
				s += fmt.Sprintf("*(%s = %s)", l.slot(term.Slot), l.p.Cell(term.Is))
			}
		}
		l.line("%s", s)
	}
}

func (l *lister) scorecard(m *check.Scorecard) {
	l.line("  initial %g, reasons %v, above %v, codes %s", m.Initial, m.Reasons, m.Above, l.cells(m.Codes))
	for _, c := range m.Characteristics {
		l.line("  characteristic %q baseline %g", c.Name, c.Baseline)
		for _, a := range m.Attributes[c.First : c.First+c.Num] {
			s := fmt.Sprintf("    if %s score %g code %d", l.predicate(a.Predicate), a.Score, a.Code)
			if a.Complex != nil {
				s += " = " + l.expr(a.Complex)
			}
			l.line("%s", s)
		}
	}
}

func (l *lister) clustering(m *check.ClusteringModel) {
	if x := m.Mixture; x != nil {
		l.line("  normal %s", l.slots(x.Normal))
		for _, f := range x.Discrete {
			l.line("  shares of %s %s, %d intervals", l.slot(f.Slot), l.cells(f.Values), len(f.Intervals))
		}
		for _, c := range m.Clusters {
			d := &c.Distribution
			l.line("  cluster %s of category %d: prior %g means %g covariances %g factor %g shares %g", l.p.Cell(c.ID), c.Category, d.Prior, d.Means, d.Covariances, d.Factor, d.Shares)
		}
		return
	}
	k := &m.Comparison
	l.line("  %v %g %g/%g largest %v", k.Measure, k.P, k.C, k.D, k.Largest)
	for i := range k.Fields {
		f := &k.Fields[i]
		s := fmt.Sprintf("  field %s %v weight %g scale %g missing %g period %g", l.slot(f.Slot), f.Function, f.Weight, f.Scale, f.MissingWeight, f.Period)
		if f.Table != nil {
			s += fmt.Sprintf(" %s %d intervals %g", l.cells(f.Values), len(f.Intervals), f.Table)
		}
		l.line("%s", s)
	}
	for _, c := range m.Clusters {
		l.line("  cluster %s of category %d: %g", l.p.Cell(c.ID), c.Category, c.Center)
	}
}

func (l *lister) output(o *check.Output) {
	s := fmt.Sprintf("  output %s %v op %d %s", l.slot(o.Slot), o.Type, o.Op, o.FeatureName)
	if o.Value.State != value.Missing {
		s += fmt.Sprintf(" of %s at %d", l.p.Cell(o.Value), o.Category)
	}
	if o.Segment >= 0 {
		s += fmt.Sprintf(" of member %d %s", o.Segment, l.slot(o.SegmentOutput))
	}
	if o.Expr != nil {
		s += " = " + l.expr(o.Expr)
	}
	if o.Expected >= 0 {
		s += " expected " + l.slot(o.Expected)
	}
	if o.NotFinal {
		s += " not final"
	}
	l.line("%s", s)
}

func (l *lister) association(m *check.AssociationModel) {
	for i, item := range m.Items {
		l.line("  item %d %s: slot %d is %s, flag %v", i, l.p.Cell(item.Text), item.Slot, l.p.Cell(item.Is), item.Flag)
	}
	for i, s := range m.Itemsets {
		l.line("  itemset %d: %v support %g", i, s.Items, s.Support)
	}
	for _, r := range m.Rules {
		l.line("  rule %s: %d -> %d, %g %g %g %g %g", l.p.Cell(r.ID), r.Antecedent, r.Consequent, r.Support, r.Confidence, r.Lift, r.Leverage, r.Affinity)
	}
}
