package program

import (
	"fmt"
	"io"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A printer writes the listing of a program.
type printer struct {
	*expr.Printer
	p      *Program
	indent string
	seen   map[int32]bool // tests that have been printed
}

func (w *printer) line(format string, args ...any) {
	fmt.Fprintf(w.W, w.indent+format+"\n", args...)
}

// deeper is a printer for what belongs to the last line.
func (w *printer) deeper() *printer {
	d := *w
	d.indent += "  "
	return &d
}

func (w *printer) expr(e expr.Expr) string {
	var b strings.Builder
	q := *w.Printer
	q.W = &b
	q.Expr(e)
	return b.String()
}

func (w *printer) predicate(p expr.Predicate) string {
	var b strings.Builder
	q := *w.Printer
	q.W = &b
	q.Predicate(p)
	return b.String()
}

// Print writes p in a form to be read.
func (p *Program) Print(out io.Writer) error {
	t := &tracker{w: out}
	w := &printer{
		Printer: &expr.Printer{W: t, Slots: p.Slots, Strings: value.NewStrings(p.Symbols, p.numbers), Functions: p.Functions},
		p:       p, seen: map[int32]bool{},
	}
	for i := range p.Inputs {
		w.input(&p.Inputs[i])
	}
	for i := range p.Functions {
		f := &p.Functions[i]
		w.line("function %s/%d = %s", f.Name, len(f.Params), w.expr(f.Body))
	}
	for i := range p.Steps {
		w.step(i)
	}
	w.model("model", p.Model)
	return t.err
}

// A tracker keeps the first failure of writing.
type tracker struct {
	w   io.Writer
	err error
}

func (t *tracker) Write(b []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	var n int
	n, t.err = t.w.Write(b)
	return n, t.err
}

func (w *printer) input(in *Input) {
	s := fmt.Sprintf("input %s %v", w.Slot(in.Slot), in.Type)
	if in.List {
		s += " list"
	}
	if len(in.MissingTexts) > 0 {
		s += fmt.Sprintf(" missing %q", in.MissingTexts)
	}
	if in.Declared {
		s += " valid " + w.Set(&in.Valid)
		for i := range in.Intervals {
			s += " " + w.Interval(&in.Intervals[i])
		}
	}
	if in.Invalid.Len() > 0 {
		s += " invalid " + w.Set(&in.Invalid)
	}
	w.line("%s%s", s, w.treatment(&in.Treatment))
}

func (w *printer) treatment(t *Treatment) string {
	s := [...]string{"", " asIs", " asMissing", " asValue"}[t.Invalid]
	if t.Invalid == expr.InvalidAsValue {
		s += " " + w.Cell(t.InvalidReplacement)
	}
	if t.Outliers != expr.AsIs {
		s += fmt.Sprintf(" outliers %s beyond %g %g", [...]string{"", "missing", "extreme"}[t.Outliers], t.Low, t.High)
	}
	if t.Replacement.State != value.Missing {
		s += " ?? " + w.Cell(t.Replacement)
	}
	if t.MissingInvalid {
		s += " required"
	}
	return s
}

func (w *printer) step(i int) {
	s := &w.p.Steps[i]
	if s.Treat != nil {
		w.line("%d: %s = %s%s", i, w.Slot(s.Slot), w.Slot(s.From), w.treatment(s.Treat))
		return
	}
	w.line("%d: %s = %s", i, w.Slot(s.Slot), w.expr(s.Expr))
}

func (w *printer) model(word string, m *Model) {
	t := &m.Target
	s := word + " " + m.Element
	if t.Slot >= 0 {
		s += " " + w.Slot(t.Slot)
	}
	if t.Type != value.NoType {
		s += " " + t.Type.String()
	}
	if len(t.Categories) > 0 {
		s += " of"
		for _, c := range t.Categories {
			s += " " + w.Cell(c)
		}
	}
	if t.rescales {
		s += fmt.Sprintf(" in [%g, %g] × %g + %g", t.Min, t.Max, t.Factor, t.Constant)
		s += [...]string{"", " round", " ceiling", " floor"}[t.Cast]
	}
	if t.Default.State != value.Missing {
		s += " ?? " + w.Cell(t.Default)
	}
	if t.Priors != nil {
		s += fmt.Sprintf(" priors %g", t.Priors)
	}
	if len(m.Steps) > 0 {
		s += fmt.Sprintf(" after %v", m.Steps)
	}
	w.line("%s", s)
	d := w.deeper()
	m.Kernel.print(d)
	for i := range m.Outputs {
		d.output(&m.Outputs[i], m)
	}
}

func (w *printer) output(o *Output, m *Model) {
	s := fmt.Sprintf("output %s = %v", w.Slot(o.Slot), o.Feature)
	if o.Feature == enum.RuleValue {
		s += w.ruleChoice(o)
	}
	if o.Expr != nil {
		s += " " + w.expr(o.Expr)
	}
	if o.Category >= 0 && int(o.Category) < len(m.Target.Categories) && o.About == m.Out {
		s += " " + w.Cell(m.Target.Categories[o.Category])
	}
	if o.About != m.Out {
		s += fmt.Sprintf(" of #%d", o.About)
	}
	w.line("%s", s)
}

func (t *Tree) print(w *printer) { w.tree(t.Root) }

// tree prints the tests from n on, each once.
func (w *printer) tree(n int32) {
	if n < 0 {
		w.line("%s", w.leaf(^n))
		return
	}
	todo := []int32{n}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if w.seen[n] {
			continue
		}
		w.seen[n] = true
		t := &w.p.Tests[n]
		w.line("%4d %s ? %s : %s, unknown %s", n, w.question(t), w.target(t.Yes), w.target(t.No), w.target(t.Unknown))
		for _, next := range []int32{t.Unknown, t.No, t.Yes} {
			if next >= 0 {
				todo = append(todo, next)
			}
		}
	}
}

func (w *printer) target(n int32) string {
	if n < 0 {
		return w.leaf(^n)
	}
	return fmt.Sprint(n)
}

func (w *printer) question(t *Test) string {
	slot := int32(t.Ask & slotMask)
	switch t.Ask &^ slotMask {
	case TestLess:
		return fmt.Sprintf("%s <= %s", w.Slot(slot), w.Cell(value.DoubleOf(t.Limit)))
	case TestEqual:
		return fmt.Sprintf("%s = %s", w.Slot(slot), w.Cell(value.DoubleOf(t.Limit)))
	case TestSymbol:
		return fmt.Sprintf("%s = %s", w.Slot(slot), w.Cell(value.SymbolOf(int32(t.Limit))))
	case TestSet:
		return fmt.Sprintf("%s in %s", w.Slot(slot), w.Set(&w.p.Sets[int(t.Limit)]))
	case TestMissing:
		return fmt.Sprintf("%s is missing", w.Slot(slot))
	}
	return w.predicate(w.p.Predicates[int(t.Limit)])
}

func (w *printer) leaf(at int32) string {
	l := &w.p.Leaves[at]
	s := w.Cell(l.Score)
	if at == 0 {
		return "nothing"
	}
	if i, ok := w.p.LeafModels[at]; ok {
		return fmt.Sprintf("model %d", i)
	}
	if l.Dist >= 0 {
		s += fmt.Sprintf("@%d", l.Dist)
	}
	return s
}

func (t *GradedTree) print(w *printer) {
	w.line("missing %v, penalty %g", t.Missing, t.Penalty)
	for i := range t.Nodes {
		n := &t.Nodes[i]
		w.line("%4d %s: %s, children %d, next %d", i, w.predicate(n.Predicate), w.leaf(n.Leaf), n.First, n.Next)
	}
}

func (r *Regression) print(w *printer) {
	for i := range r.Tables {
		t := &r.Tables[i]
		s := fmt.Sprintf("%v %d: %g", r.Normalization, t.Category, t.Intercept)
		for j := range t.Numeric {
			s += " + " + w.numeric(&t.Numeric[j], true)
		}
		for j := range t.Matches {
			m := &t.Matches[j]
			c := value.DoubleOf(m.Number)
			if m.Symbol {
				c = value.SymbolOf(int32(m.Number))
			}
			s += fmt.Sprintf(" + %g [%s = %s]", m.Factor, w.Slot(m.Slot), w.Cell(c))
		}
		for j := range t.Products {
			s += fmt.Sprintf(" + %g", t.Products[j].Factor)
			for k := range t.Products[j].Factors {
				s += " " + w.numeric(&t.Products[j].Factors[k], false)
			}
		}
		w.line("%s", s)
	}
}

func (w *printer) numeric(n *Numeric, factor bool) string {
	s := w.Slot(n.Slot)
	if factor {
		s = fmt.Sprintf("%g %s", n.Factor, s)
	}
	if n.Exponent != 1 {
		s += fmt.Sprintf("^%g", n.Exponent)
	}
	return s
}

func (k *Mining) print(w *printer) {
	w.line("%v, missing %v", k.Method, k.OnMissing)
	for i := range k.Segments {
		s := &k.Segments[i]
		word := "segment " + w.Cell(value.SymbolOf(s.ID))
		if s.Predicate != nil {
			word += " if " + w.predicate(s.Predicate)
		}
		if s.WeightSlot >= 0 {
			word += " × " + w.Slot(s.WeightSlot)
		} else if s.Weight != 1 {
			word += fmt.Sprintf(" × %g", s.Weight)
		}
		w.model(word, s.Model)
	}
}

func (k *Forest) print(w *printer) {
	w.line("%v of %d trees, missing %v", k.Method, len(k.Roots), k.OnMissing)
	for i, root := range k.Roots {
		if k.weight(i) != 1 {
			w.line("tree × %g", k.weight(i))
		} else {
			w.line("tree")
		}
		w.deeper().tree(root)
	}
}

func (k *Clustering) print(w *printer) {
	w.comparison(&k.Comparison)
	fields := len(k.Comparison.Fields)
	for i, category := range k.Categories {
		w.line("cluster %s %g", w.Cell(k.IDs[category]), k.Centers[i*fields:(i+1)*fields])
	}
}

func (k *Mixture) print(w *printer) {
	for _, slot := range k.Normal {
		w.line("normal %s", w.Slot(slot))
	}
	for i := range k.Discrete {
		w.line("shares of %d values of %s", k.Discrete[i].rows(), w.Slot(k.Discrete[i].Slot))
	}
	for i, category := range k.Categories {
		d := &k.Distributions[i]
		spread := "deviations"
		if d.Covariances != nil {
			spread = fmt.Sprintf("covariances %g, factor", d.Covariances)
		}
		w.line("cluster %s prior %g means %g %s %g shares %g", w.Cell(k.IDs[category]), d.Prior, d.Means, spread, d.Factor, d.Shares)
	}
}

func (w *printer) comparison(k *Comparison) {
	s := fmt.Sprintf("%v", k.Measure)
	switch {
	case k.P != 0:
		s += fmt.Sprintf(" %g", k.P)
	case k.Measure == enum.BinarySimilarity:
		s += fmt.Sprintf(" %g / %g", k.C, k.D)
	}
	word := "smallest"
	if k.Largest {
		word = "largest"
	}
	w.line("%s, %s", s, word)
	for i := range k.Fields {
		in := &k.Fields[i]
		s := fmt.Sprintf("%v %s × %g", in.Function, w.Slot(in.Slot), in.Weight)
		if in.Function == enum.GaussSim {
			s += fmt.Sprintf(" scale %g", in.Scale)
		}
		if in.Period > 0 {
			s += fmt.Sprintf(" modulo %g", in.Period)
		}
		if in.MissingWeight != 1 {
			s += fmt.Sprintf(" missing %g", in.MissingWeight)
		}
		for row := range in.rows {
			s += fmt.Sprintf(" %g", in.Table[row*in.rows:(row+1)*in.rows])
		}
		w.line("%s", s)
	}
}
