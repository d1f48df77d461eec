package expr

import (
	"math"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Lag is the value that a field had N records earlier, or what an aggregate makes of the N records before this one.
// Records count from the last Forget; the window also begins anew where a block field changes.
type Lag struct {
	Slot   int32
	N      int32
	Of     LagAggregate
	Blocks []int32 // slots of the block indicators
}

// A LagAggregate is Lag@aggregate.
type LagAggregate uint8

// The aggregates of Lag.
const (
	LagNone LagAggregate = iota
	LagAvg
	LagMax
	LagMedian
	LagMin
	LagProduct
	LagSum
	LagStdDev // of a sample
	numLagAggregates
)

// LagAggregates are the names of the aggregates.
var LagAggregates = []string{"none", "avg", "max", "median", "min", "product", "sum", "stddev"}

// A memory is a cell that outlives its record.
type memory struct {
	cell value.Cell
	text string
}

func (f *Frame) memorize(slot int32) memory {
	c := f.Slots[slot]
	switch {
	case c.State != value.Valid && c.State != value.Invalid || c.Many:
		return memory{}
	case c.Type == value.String:
		return memory{c, f.Strings.Text(c)}
	}
	return memory{cell: c}
}

func (f *Frame) recall(m memory) value.Cell {
	if m.cell.Type == value.String && m.cell.State != value.Missing {
		return f.Strings.Cell(m.text)
	}
	return m.cell
}

// same says that a field now has the value that it had.
func (f *Frame) same(m memory, slot int32) bool {
	now := f.memorize(slot)
	if now.cell.Type == value.String {
		return m.cell.Type == value.String && m.text == now.text
	}
	return now == m
}

// A window is what a Lag remembers: the last records first to last.
type window struct {
	past   []memory
	blocks []memory
	work   []float64
}

// Remember keeps the record for the lags of those that follow.
func (f *Frame) Remember(lags []*Lag) {
	for _, e := range lags {
		w := f.window(e)
		if !f.inBlock(e, w) {
			w.past, w.blocks = w.past[:0], w.blocks[:0]
			for _, b := range e.Blocks {
				w.blocks = append(w.blocks, f.memorize(b))
			}
		}
		if len(w.past) == int(e.N) {
			copy(w.past, w.past[1:])
			w.past = w.past[:len(w.past)-1]
		}
		w.past = append(w.past, f.memorize(e.Slot))
	}
}

// Forget begins a sequence of records: what comes next has nothing before it.
func (f *Frame) Forget() { clear(f.windows) }

func (f *Frame) window(e *Lag) *window {
	w := f.windows[e]
	if w == nil {
		if f.windows == nil {
			f.windows = map[*Lag]*window{}
		}
		w = &window{}
		f.windows[e] = w
	}
	return w
}

// inBlock says that the record belongs to the block that the window is of.
func (f *Frame) inBlock(e *Lag, w *window) bool {
	if len(w.blocks) != len(e.Blocks) {
		return false
	}
	for i, b := range e.Blocks {
		if !f.same(w.blocks[i], b) {
			return false
		}
	}
	return true
}

// Eval looks back. Missing values do not count in an aggregate; without any value the result is missing.
func (e *Lag) Eval(f *Frame) value.Cell {
	w := f.windows[e]
	if w == nil || !f.inBlock(e, w) {
		return value.Cell{}
	}
	if e.Of == LagNone {
		if len(w.past) < int(e.N) {
			return value.Cell{}
		}
		return f.recall(w.past[0])
	}
	w.work = w.work[:0]
	for _, m := range w.past {
		if x := m.cell.Float64(); !math.IsNaN(x) {
			w.work = append(w.work, x)
		}
	}
	if len(w.work) == 0 {
		return value.Cell{}
	}
	return value.DoubleOf(e.Of.of(w.work))
}

// of aggregates at least one number; it may change their order.
func (a LagAggregate) of(x []float64) float64 {
	n, sum, product := float64(len(x)), 0.0, 1.0
	for _, v := range x {
		sum += v
		product *= v
	}
	switch a {
	case LagAvg:
		return sum / n
	case LagMax:
		return slices.Max(x)
	case LagMin:
		return slices.Min(x)
	case LagProduct:
		return product
	case LagMedian:
		slices.Sort(x)
		return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
	case LagStdDev:
		squares := 0.0
		for _, v := range x {
			squares += (v - sum/n) * (v - sum/n)
		}
		return math.Sqrt(squares / max(n-1, 1))
	}
	return sum
}

func (e *Lag) code(c *codec.Coder) {
	c.Slot(&e.Slot)
	c.Int32(&e.N)
	if e.N < 1 {
		c.Failf("a lag of %d records", e.N)
		e.N = 1
	}
	codec.Enum(c, &e.Of, numLagAggregates)
	c.SlotList(&e.Blocks)
}

func (e *Lag) print(p *Printer) {
	p.put("Lag(%s, %d", p.Slot(e.Slot), e.N)
	if e.Of != LagNone {
		p.put(", %s", LagAggregates[e.Of])
	}
	for _, b := range e.Blocks {
		p.put(", by %s", p.Slot(b))
	}
	p.put(")")
}
