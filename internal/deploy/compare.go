package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"slices"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/deploy/words"
)

// A Comparison says how differently two models score the same rows.
type Comparison struct {
	Sources    []Source          `json:"sources"`              // where the rows are from
	Rows       int               `json:"rows"`                 // different rows that were given to both models
	Both       int               `json:"both"`                 // rows that both could score
	OnlyOld    int               `json:"onlyOld"`              // rows that only the old model could score
	OnlyNew    int               `json:"onlyNew"`              // rows that only the new model could score
	Neither    int               `json:"neither"`              // rows that neither could
	NeitherWhy string            `json:"neitherWhy,omitempty"` // of the first of these, why the new model cannot
	Differ     int               `json:"differ"`               // rows of which at least one result differs beyond the tolerance
	Cut        string            `json:"cut,omitempty"`        // why not all rows were compared
	Results    []ResultChange    `json:"results"`              // for each result that both give, in the new model's order
	Examples   []ComparedExample `json:"examples"`             // rows that differ most, the first 10
}

// A Source says where rows are from.
type Source struct {
	Name string `json:"name"` // such as "golden.csv"
	Rows int    `json:"rows"` // that no source before it has
}

// A ResultChange says how one result changes.
type ResultChange struct {
	Name     string       `json:"name"`
	Compared int          `json:"compared"`           // rows that both could score
	Differ   int          `json:"differ"`             // of them, those beyond the tolerance
	Gone     int          `json:"gone,omitempty"`     // of those, the new model gives nothing
	Come     int          `json:"come,omitempty"`     // of those, only the new model gives something
	Absolute *Difference  `json:"absolute,omitempty"` // of numbers, in the units of the result; nil: there were none
	Relative *Difference  `json:"relative,omitempty"` // of numbers, as a share of the old one
	Counts   []ClassCount `json:"counts,omitempty"`   // of categories: how often each was given, the most frequent 20
	Pairs    []ChangedTo  `json:"pairs,omitempty"`    // of categories: what became what, the most frequent 10
}

// A Difference is how far numbers of two models are apart.
type Difference struct {
	Typical float64 `json:"typical"` // the median of all rows that were compared, those without a difference too
	Largest float64 `json:"largest"`
}

// A ClassCount says how often a category was given.
type ClassCount struct {
	Class string `json:"class"`
	Old   int    `json:"old"`
	New   int    `json:"new"`
}

// ChangedTo says how often one category became another.
type ChangedTo struct {
	Old  string `json:"old"`
	New  string `json:"new"`
	Rows int    `json:"rows"`
}

// A ComparedExample is a row with what both models make of it.
type ComparedExample struct {
	Source string          `json:"source"`
	Row    int             `json:"row"`              // in the source, from 1
	Inputs []Cell          `json:"inputs"`           // as given; missing ones are left out
	Old    []Cell          `json:"old"`              // results that differ, of the old model
	New    []Cell          `json:"new"`              // the same, of the new one
	Errors *ComparedErrors `json:"errors,omitempty"` // of a row that one of them could not score
}

// ComparedErrors say why models could not score a row; empty: this one could.
type ComparedErrors struct {
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

// A Cell is a value with its name; the text is empty if there is none.
type Cell struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

const (
	maxExamples  = 10
	maxPairs     = 10
	maxCounts    = 20
	maxClasses   = 10_000 // different categories that are counted for one result
	maxComparing = 10 * time.Second
	maxNumbers   = 10_000_000 // differences that are kept to find medians
)

// Compare scores rows with two models. Rows with the same inputs count once. Comparing ends after ten seconds, or when a
// model has so many results that its differences would take too much memory; the Comparison says so. The error is that of
// the rows, or the context's.
func Compare(ctx context.Context, old, new *evaluator.Model, t Tolerance, rows ...Rows) (Comparison, error) {
	c := newComparing(old, new, t)
	for _, r := range rows {
		if err := c.source(ctx, r); err != nil {
			return Comparison{}, err
		}
		if c.Cut != "" {
			break
		}
	}
	return c.finish(), nil
}

// comparing is a Comparison that is being made.
type comparing struct {
	Comparison
	tolerance Tolerance
	old, new  *evaluator.Scorer
	results   []comparedResult
	seen      map[uint64]bool // hashes of the inputs of rows
	seed      maphash.Seed
	start     time.Time
	numbers   int
	worst     []rated
}

type comparedResult struct {
	ResultChange
	old, new           int // positions of Scorer.Value
	category           bool
	absolute, relative []float64
	counts             map[string]*ClassCount
	pairs              map[[2]string]int
}

// rated is an example with how much it differs.
type rated struct {
	ComparedExample
	by float64
}

func newComparing(old, new *evaluator.Model, t Tolerance) *comparing {
	c := &comparing{tolerance: t, old: old.NewScorer(), new: new.NewScorer(), seen: map[uint64]bool{}, seed: maphash.MakeSeed(), start: time.Now()}
	c.old.Strict()
	c.new.Strict()
	for i, f := range new.Schema().Results() {
		if j, ok := old.Result(f.Name); ok {
			r := comparedResult{ResultChange: ResultChange{Name: f.Name}, old: j, new: i}
			r.counts, r.pairs = map[string]*ClassCount{}, map[[2]string]int{}
			c.results = append(c.results, r)
		}
	}
	return c
}

// source compares the rows of one source.
func (c *comparing) source(ctx context.Context, rows Rows) error {
	old, new := inputColumns(c.old.Model(), rows.Columns), inputColumns(c.new.Model(), rows.Columns)
	given := givenColumns(rows.Columns, old, new)
	c.old.Restart()
	c.new.Restart()
	c.Sources = append(c.Sources, Source{Name: rows.Source})
	if c.old.Model().Collects() || c.new.Model().Collects() {
		return c.groups(ctx, rows, given)
	}
	for row := 1; ; row++ {
		cells, err := rows.Next()
		if err != nil {
			return endOf(err)
		}
		if row%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if !c.isNew(given, rows.Columns, cells) {
			continue
		}
		if c.full() {
			return nil
		}
		setRow(c.old, old, cells)
		setRow(c.new, new, cells)
		c.row(ComparedExample{Source: rows.Source, Row: row}, func() []Cell { return givenCells(given, rows.Columns, cells) })
	}
}

// groups compares the rows of a source for models that collect them into baskets. Both must do so by the same fields.
func (c *comparing) groups(ctx context.Context, rows Rows, given []int) error {
	if !slices.Equal(groupNames(c.old.Model()), groupNames(c.new.Model())) {
		c.Cut = "the two do not collect rows into the same groups"
		return nil
	}
	var all [][]string
	for {
		cells, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		all = append(all, slices.Clone(cells))
	}
	old, err := collect(c.old.Model(), rows.Columns, each(all))
	if err != nil {
		return err
	}
	new, err := collect(c.new.Model(), rows.Columns, each(all))
	if err != nil {
		return err
	}
	for group, members := range new.rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		var cells [][]string
		for _, m := range members {
			cells = append(cells, m.cells)
		}
		if !c.isNew(given, rows.Columns, cells...) {
			continue
		}
		if c.full() {
			return nil
		}
		old.Give(group, c.old)
		new.Give(group, c.new)
		c.row(ComparedExample{Source: rows.Source, Row: members[0].at.row}, func() (inputs []Cell) {
			for _, m := range cells[:min(len(cells), maxMembers)] {
				inputs = append(inputs, givenCells(given, rows.Columns, m)...)
			}
			return inputs
		})
	}
	return nil
}

// maxMembers is how many rows of a basket an example shows.
const maxMembers = 20

func groupNames(m *evaluator.Model) []string {
	var all []string
	if m.Collects() {
		for i := range m.Schema().Groups {
			all = append(all, m.Schema().Groups[i].Name)
		}
	}
	slices.Sort(all)
	return all
}

// each gives rows one after the other.
func each(rows [][]string) func() ([]string, place, error) {
	n := 0
	return func() ([]string, place, error) {
		if n == len(rows) {
			return nil, place{}, io.EOF
		}
		n++
		return rows[n-1], place{row: n}, nil
	}
}

// full says, and writes down, that no more rows can be compared.
func (c *comparing) full() bool {
	switch {
	case time.Since(c.start) > maxComparing:
		c.Cut = fmt.Sprintf("the rows took more than %v", maxComparing)
	case c.numbers > maxNumbers:
		c.Cut = fmt.Sprintf("%d results of %d rows were compared", len(c.results), c.Rows)
	}
	return c.Cut != ""
}

// givenColumns gives the cells that at least one of the models takes, by name.
func givenColumns(columns []string, old, new []inputColumn) []int {
	var given []int
	for _, c := range slices.Concat(old, new) {
		given = append(given, c.cell)
	}
	slices.SortFunc(given, func(a, b int) int { return cmp.Compare(columns[a], columns[b]) })
	return slices.Compact(given)
}

// isNew says whether no record before had these inputs. A record is a row, or the rows of a basket.
func (c *comparing) isNew(given []int, columns []string, rows ...[]string) bool {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, cells := range rows {
		for _, i := range given {
			if cells[i] != "" {
				h.WriteString(columns[i]) //nolint:errcheck // never fails
				h.WriteByte(0)            //nolint:errcheck
				h.WriteString(cells[i])   //nolint:errcheck
				h.WriteByte(0)            //nolint:errcheck
			}
		}
		h.WriteByte(1) //nolint:errcheck
	}
	sum := h.Sum64()
	if c.seen[sum] {
		return false
	}
	c.seen[sum] = true
	return true
}

func givenCells(given []int, columns, cells []string) []Cell {
	all := make([]Cell, 0, len(given))
	for _, i := range given {
		if cells[i] != "" {
			all = append(all, Cell{columns[i], words.Clip(cells[i])})
		}
	}
	return all
}

// row compares one row, whose inputs are set, of the last source.
func (c *comparing) row(e ComparedExample, inputs func() []Cell) {
	c.Sources[len(c.Sources)-1].Rows++
	c.Rows++
	oldErr, newErr := c.old.Score(), c.new.Score()
	switch {
	case oldErr != nil && newErr != nil:
		if c.Neither++; c.Neither == 1 {
			c.NeitherWhy = fmt.Sprintf("%s row %d: %v", e.Source, e.Row, newErr)
		}
		return
	case oldErr != nil:
		c.OnlyNew++
		e.Errors = &ComparedErrors{Old: oldErr.Error()}
		c.example(e, math.MaxFloat64, inputs)
		return
	case newErr != nil:
		c.OnlyOld++
		e.Errors = &ComparedErrors{New: newErr.Error()}
		c.example(e, math.Inf(1), inputs)
		return
	}
	c.Both++
	most := 0.0
	for i := range c.results {
		r := &c.results[i]
		old, new := c.old.Value(r.old), c.new.Value(r.new)
		if by := c.compare(r, old, new); by > 0 {
			most = max(most, by)
			e.Old = append(e.Old, Cell{r.Name, words.Clip(old.String())})
			e.New = append(e.New, Cell{r.Name, words.Clip(new.String())})
		}
	}
	if most > 0 {
		c.Differ++
		c.example(e, most, inputs)
	}
}

// What is worse in an example than any difference of numbers.
const (
	otherCategory = math.MaxFloat64 / 4
	otherState    = math.MaxFloat64 / 2 // nothing became something, or the other way round
)

// compare compares one result of one row, and says how much it differs: 0 is within the tolerance.
func (c *comparing) compare(r *comparedResult, old, new evaluator.Value) float64 {
	r.Compared++
	switch {
	case isNothing(old) && isNothing(new):
		return 0
	case isNothing(new):
		r.Gone++
		r.Differ++
		return otherState
	case isNothing(old):
		r.Come++
		r.Differ++
		return otherState
	}
	x, oldNumber := numberOf(old)
	y, newNumber := numberOf(new)
	if oldNumber && newNumber {
		return c.compareNumbers(r, x, y)
	}
	a, b := old.String(), new.String()
	r.count(a, b)
	if a == b {
		return 0
	}
	r.Differ++
	return otherCategory
}

// numberOf gives the number that a value is; a truth is a category.
func numberOf(v evaluator.Value) (float64, bool) {
	if v.Kind() == evaluator.KindBoolean {
		return 0, false
	}
	return v.Float64()
}

func (c *comparing) compareNumbers(r *comparedResult, old, new float64) float64 {
	by := 0.0
	if old != new && !(math.IsNaN(old) && math.IsNaN(new)) {
		by = math.Abs(new - old)
	}
	relative := by
	if by > 0 {
		relative = by / math.Abs(old) // infinite where it was 0: left out of what is typical
	}
	c.numbers += 2
	if finite(by) {
		r.absolute = append(r.absolute, by)
	}
	if finite(relative) {
		r.relative = append(r.relative, relative)
	}
	if c.tolerance.covers(new, old) {
		return 0
	}
	r.Differ++
	if !finite(relative) {
		return otherCategory / 2
	}
	return min(relative, otherCategory/2)
}

func finite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }

func (r *comparedResult) count(old, new string) {
	r.category = true
	old, new = words.Clip(old), words.Clip(new)
	if c := r.class(old); c != nil {
		c.Old++
	}
	if c := r.class(new); c != nil {
		c.New++
	}
	pair := [2]string{old, new}
	if _, known := r.pairs[pair]; old != new && (known || len(r.pairs) < maxClasses) {
		r.pairs[pair]++
	}
}

func (r *comparedResult) class(name string) *ClassCount {
	c := r.counts[name]
	if c == nil && len(r.counts) < maxClasses {
		c = &ClassCount{Class: name}
		r.counts[name] = c
	}
	return c
}

// example keeps the rows that differ most; of those that differ as much, the first.
func (c *comparing) example(e ComparedExample, by float64, inputs func() []Cell) {
	if len(c.worst) == maxExamples && by <= c.worst[maxExamples-1].by {
		return
	}
	e.Inputs = inputs()
	if e.Old == nil {
		e.Old, e.New = []Cell{}, []Cell{}
	}
	at := len(c.worst)
	for at > 0 && c.worst[at-1].by < by {
		at--
	}
	c.worst = slices.Insert(c.worst, at, rated{e, by})
	c.worst = c.worst[:min(len(c.worst), maxExamples)]
}

func (c *comparing) finish() Comparison {
	out := c.Comparison
	out.Results, out.Examples = []ResultChange{}, []ComparedExample{}
	if out.Sources == nil {
		out.Sources = []Source{}
	}
	for i := range c.results {
		out.Results = append(out.Results, c.results[i].finish())
	}
	for _, e := range c.worst {
		out.Examples = append(out.Examples, e.ComparedExample)
	}
	return out
}

func (r *comparedResult) finish() ResultChange {
	out := r.ResultChange
	out.Absolute, out.Relative = differenceOf(r.absolute), differenceOf(r.relative)
	if !r.category {
		return out
	}
	for _, c := range r.counts {
		out.Counts = append(out.Counts, *c)
	}
	slices.SortFunc(out.Counts, func(a, b ClassCount) int {
		return cmp.Or(cmp.Compare(b.Old+b.New, a.Old+a.New), cmp.Compare(a.Class, b.Class))
	})
	out.Counts = out.Counts[:min(len(out.Counts), maxCounts)]
	for pair, rows := range r.pairs {
		out.Pairs = append(out.Pairs, ChangedTo{pair[0], pair[1], rows})
	}
	slices.SortFunc(out.Pairs, func(a, b ChangedTo) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Old, b.Old), cmp.Compare(a.New, b.New))
	})
	out.Pairs = out.Pairs[:min(len(out.Pairs), maxPairs)]
	return out
}

// differenceOf gives the median and the largest of some differences; nil if there are none.
func differenceOf(all []float64) *Difference {
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	middle := len(all) / 2
	d := &Difference{Typical: all[middle], Largest: all[len(all)-1]}
	if len(all)%2 == 0 {
		d.Typical = all[middle-1]/2 + all[middle]/2
	}
	return d
}
