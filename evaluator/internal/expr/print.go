package expr

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Printer writes listings.
type Printer struct {
	W         io.Writer
	Slots     []string // names of the slots
	Strings   value.Texter
	Functions []Function
}

func (p *Printer) put(format string, args ...any) { fmt.Fprintf(p.W, format, args...) }

// Expr prints an expression on one line.
func (p *Printer) Expr(e Expr) { e.print(p) }

// Predicate prints a predicate on one line.
func (p *Printer) Predicate(q Predicate) { q.print(p) }

// Slot gives the name of a slot.
func (p *Printer) Slot(i int32) string {
	if strings.ContainsAny(p.Slots[i], " ()[]{},\"") || p.Slots[i] == "" {
		return fmt.Sprintf("`%s`", p.Slots[i])
	}
	return p.Slots[i]
}

// Cell gives a cell as a literal.
func (p *Printer) Cell(c value.Cell) string {
	switch {
	case c.State == value.Missing:
		return "missing"
	case c.Type == value.String:
		return fmt.Sprintf("%q", p.Strings.Text(c))
	}
	return string(value.AppendCell(nil, c, p.Strings))
}

func (p *Printer) number(x float64) string {
	return string(value.AppendFloat(nil, x, 64))
}

func (p *Printer) otherwise(word string, c value.Cell) {
	if c.State != value.Missing {
		p.put(" %s %s", word, p.Cell(c))
	}
}

func (e *Const) print(p *Printer) { p.put("%s", p.Cell(e.Cell)) }
func (e *Slot) print(p *Printer)  { p.put("%s", p.Slot(e.Slot)) }
func (e *Arg) print(p *Printer)   { p.put("$%d", e.Index+1) }

func (e *OrElse) print(p *Printer) {
	e.X.print(p)
	p.otherwise("??", e.Else)
}

func (e *Cast) print(p *Printer) {
	p.put("%v(", e.Type)
	e.X.print(p)
	p.put(")")
}

func (e *NormContinuous) print(p *Printer) {
	p.put("NormContinuous(")
	e.X.print(p)
	for i := range e.Orig {
		p.put(", %s:%s", p.number(e.Orig[i]), p.number(e.Norm[i]))
	}
	p.put(")%s", [...]string{"", " outliers asMissingValues", " outliers asExtremeValues"}[e.Outliers])
	p.otherwise("missing", e.MapMissing)
}

func (e *NormDiscrete) print(p *Printer) {
	p.put("NormDiscrete(")
	e.X.print(p)
	p.put(" in %s)", p.Set(&e.Values))
	p.otherwise("missing", e.MapMissing)
}

func (e *Discretize) print(p *Printer) {
	p.put("Discretize(")
	e.X.print(p)
	for _, b := range e.Bins {
		p.put(", %s:%s", p.Interval(&b.Interval), p.Cell(b.Value))
	}
	p.put(")")
	p.otherwise("else", e.Default)
	p.otherwise("missing", e.MapMissing)
}

// Interval gives an interval with its ends.
func (p *Printer) Interval(i *Interval) string {
	open, shut := "[", "]"
	if i.LeftOpen {
		open = "("
	}
	if i.RightOpen {
		shut = ")"
	}
	return open + p.number(i.Left) + ", " + p.number(i.Right) + shut
}

func (e *MapValues) print(p *Printer) {
	p.put("MapValues(")
	for i, k := range e.Keys {
		if i > 0 {
			p.put(", ")
		}
		k.print(p)
	}
	p.put("; %d rows)", len(e.Results))
	p.otherwise("else", e.Default)
	p.otherwise("missing", e.MapMissing)
}

func (e *Apply) print(p *Printer) {
	name := ""
	if e.Func != nil {
		name = e.Func.Name
	} else {
		name = p.Functions[e.Define].Name
	}
	p.put("%s(", name)
	for i, a := range e.Args {
		if i > 0 {
			p.put(", ")
		}
		a.print(p)
	}
	p.put(")")
	p.otherwise("missing", e.MapMissing)
	p.otherwise("else", e.Default)
	p.put("%s", [...]string{"", " invalid asIs", " invalid asMissing", " invalid asValue"}[e.Invalid])
}

func (e *Raise) print(p *Printer) { p.put("raise(%q)", e.Message) }

func (e *Aggregate) print(p *Printer) {
	p.put("%s(", [...]string{"count", "sum", "average", "min", "max", "multiset"}[e.Function])
	e.X.print(p)
	p.put(")")
}

func (p *Always) print(w *Printer) {
	w.put("%s", [...]string{"unknown", "false", "true"}[p.Truth])
}

func (p *Compare) print(w *Printer) {
	w.put("%s %s %s", w.Slot(p.Slot), [...]string{"=", "!=", "<", "<=", ">", ">="}[p.Op], w.number(p.Limit))
}

func (p *Known) print(w *Printer) {
	if p.Missing {
		w.put("%s is missing", w.Slot(p.Slot))
	} else {
		w.put("%s is not missing", w.Slot(p.Slot))
	}
}

func (p *In) print(w *Printer) {
	word := "in"
	if p.Not {
		word = "not in"
	}
	w.put("%s %s %s", w.Slot(p.Slot), word, w.Set(&p.Set))
}

func (p *Compound) print(w *Printer) {
	w.put("%s(", [...]string{"and", "or", "xor", "surrogate"}[p.Op])
	for i, a := range p.Args {
		if i > 0 {
			w.put(", ")
		}
		a.print(w)
	}
	w.put(")")
}

// Set gives the members of a set.
func (p *Printer) Set(s *Set) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, y := range s.syms {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.Cell(value.SymbolOf(y)))
	}
	for i, x := range s.nums {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.number(x))
	}
	for i, x := range s.wide {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatInt(x, 10))
	}
	return b.String() + "}"
}
