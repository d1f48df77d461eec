package check

import (
	"math"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A comparisonReader reads a ComparisonMeasure and the fields that it compares: a ClusteringModel's ClusteringFields, a
// NearestNeighborModel's KNNInputs.
type comparisonReader struct {
	c       *checker
	m       *model
	k       *Comparison
	similar bool       // kind="similarity"
	place   diag.Place // of the kind
	known   map[*field]*tableRows
	rows    []map[value.Cell]int32 // of each field that is compared by a table: the rows of its values
}

// comparisonMeasure reads a ComparisonMeasure.
func (c *checker) comparisonMeasure(m *model, e *pmml.Element, k *Comparison) *comparisonReader {
	r := &comparisonReader{c: c, m: m, k: k}
	c.attributes(e, "kind", "compareFunction", "minimum", "maximum")
	if kind, ok := c.requiredChoice(e, "kind", "distance", "similarity"); ok {
		r.similar, r.place = kind == 1, e.At("kind")
	}
	k.Function = enum.CompareFunction(c.choice(e, "compareFunction", enum.CompareFunctions...))
	c.number(e, "minimum", 0)
	c.number(e, "maximum", 0)
	measured := false
	for child := range e.Children() {
		at := slices.Index(enum.Measures, child.Name())
		switch {
		case at < 0:
			c.unknownElement(child, e)
		case measured:
			c.faults.Fault(child.Place(), diag.DuplicateElement, "one measure", "%s has more than one measure", e.Name())
		default:
			measured = true
			k.Measure = enum.Measure(at)
			r.measure(child)
		}
	}
	if !measured {
		c.missingElement(e, "<Measure>")
	}
	return r
}

// measure reads the parameters of a measure.
func (r *comparisonReader) measure(e *pmml.Element) {
	r.c.noChildren(e)
	switch r.k.Measure {
	case enum.Minkowski:
		r.c.attributes(e, "p-parameter")
		r.k.P = 1
		if text, ok := r.c.required(e, "p-parameter"); ok {
			if r.k.P = r.c.finite(e.At("p-parameter"), text); r.k.P <= 0 {
				r.c.numberOutOfRange(e.At("p-parameter"), text, "a number above 0")
			}
		}
	case enum.BinarySimilarity:
		names := [2][4]string{
			{"c00-parameter", "c01-parameter", "c10-parameter", "c11-parameter"},
			{"d00-parameter", "d01-parameter", "d10-parameter", "d11-parameter"},
		}
		r.c.attributes(e, append(names[0][:], names[1][:]...)...)
		for i := range 4 {
			r.k.C[i], r.k.D[i] = r.parameter(e, names[0][i]), r.parameter(e, names[1][i])
		}
	default:
		r.c.attributes(e)
	}
}

func (r *comparisonReader) parameter(e *pmml.Element, attr string) float64 {
	text, ok := r.c.required(e, attr)
	if !ok {
		return 0
	}
	return r.c.finite(e.At(attr), text)
}

// field reads what a ClusteringField or KNNInput says about how f is compared. e is nil if there is no such element. at is
// where the field is named.
func (r *comparisonReader) field(e *pmml.Element, f *field, at diag.Place) {
	in := ComparisonField{Slot: f.slot, Type: f.typ, Function: r.k.Function, Weight: 1, MissingWeight: 1, Scale: 1}
	if e != nil {
		r.attributes(e, &in)
	}
	var rows map[value.Cell]int32
	switch {
	case f.broken:
	case r.k.Measure.Binary() || in.Function == enum.AbsDiff || in.Function == enum.GaussSim:
		if f.typ == value.String {
			r.c.wrongOperand(at, f.name, f.typ, "a number")
		}
		in.Period = f.period()
		if e == nil && in.Function == enum.GaussSim {
			r.c.missingElement(r.m.e, "ClusteringField")
		}
	case in.Function == enum.Table:
		rows = r.table(e, f, at, &in)
	}
	r.k.Fields, r.rows = append(r.k.Fields, in), append(r.rows, rows)
}

// attributes reads the attributes of a compared field.
func (r *comparisonReader) attributes(e *pmml.Element, in *ComparisonField) {
	if text, ok := e.Attr("fieldWeight"); ok {
		if in.Weight = r.c.finite(e.At("fieldWeight"), text); in.Weight < 0 {
			r.c.numberOutOfRange(e.At("fieldWeight"), text, "a number from 0")
		}
	}
	if _, ok := e.Attr("compareFunction"); ok {
		in.Function = enum.CompareFunction(r.c.choice(e, "compareFunction", enum.CompareFunctions...))
	}
	in.Scale = r.scale(e, in.Function)
}

// scale reads the similarityScale, which GaussSim must have.
func (r *comparisonReader) scale(e *pmml.Element, function enum.CompareFunction) float64 {
	text, ok := e.Attr("similarityScale")
	if !ok {
		if function == enum.GaussSim && !r.k.Measure.Binary() {
			r.c.missingAttribute(e, "similarityScale")
		}
		return 1
	}
	scale := r.c.finite(e.At("similarityScale"), text)
	if scale <= 0 {
		r.c.numberOutOfRange(e.At("similarityScale"), text, "a number above 0")
	}
	return scale
}

// A tableRows is what the rows of a field's table stand for: values, or else intervals.
type tableRows struct {
	of        map[value.Cell]int32
	values    []value.Cell
	intervals []WrittenRange
}

// rowsOf gives the rows of tables for a field; nil if that would be too much work.
func (r *comparisonReader) rowsOf(f *field, at diag.Place) *tableRows {
	if t := r.known[f]; t != nil {
		return t
	}
	values, intervals := f.discrete()
	if !r.c.spend(at, len(values)) {
		return nil
	}
	t := &tableRows{of: map[value.Cell]int32{}}
	for _, cell := range values {
		if _, known := t.of[cell]; !known {
			t.of[cell] = int32(len(t.values))
			t.values = append(t.values, cell)
		}
	}
	if len(t.values) == 0 {
		t.intervals = intervals
	}
	if r.known == nil {
		r.known = map[*field]*tableRows{}
	}
	r.known[f] = t
	return t
}

// table reads the Comparisons of a field: a row and a column for each of its values or intervals. PMML 4.4, Comparisons.
func (r *comparisonReader) table(e *pmml.Element, f *field, at diag.Place, in *ComparisonField) map[value.Cell]int32 {
	rows := r.rowsOf(f, at)
	if rows == nil {
		return nil
	}
	in.Values, in.Intervals = rows.values, rows.intervals
	n := max(len(in.Values), len(in.Intervals))
	if n == 0 {
		r.c.inconsistent(at, "field %q is compared by a table, but declares neither values nor intervals", f.name)
		return nil
	}
	if e == nil {
		r.c.missingElement(r.m.e, "ClusteringField")
		return nil
	}
	comparisons := e.Child("Comparisons")
	if comparisons == nil {
		r.c.missingElement(e, "Comparisons")
		return nil
	}
	r.c.attributes(comparisons)
	matrix := r.c.single(comparisons, []string{"Matrix"})["Matrix"]
	if matrix == nil {
		r.c.missingElement(comparisons, "Matrix")
		return nil
	}
	in.Table = r.c.matrix(matrix, n)
	return rows.of
}

// direction decides whether the smallest or the largest number is that of the most alike, once the fields are known: the
// kind says it, unless all that is compared says the contrary.
func (r *comparisonReader) direction() {
	r.k.Largest = r.similar
	switch {
	case r.k.Measure.Binary():
		if r.k.Largest = true; !r.similar && r.place != (diag.Place{}) {
			r.c.noteInconsistent(r.place, "%v is a similarity, so its largest number is that of the most alike", r.k.Measure)
		}
	case r.similar && !slices.ContainsFunc(r.k.Fields, func(f ComparisonField) bool {
		return f.Function.Similar() || f.Function == enum.Table
	}):
		r.k.Largest = false
		r.c.noteInconsistent(r.place, "all fields have distances, so the smallest number is that of the most alike")
	}
}

// coordinate reads a reference's value of the i-th field; at is where it stands.
func (r *comparisonReader) coordinate(at diag.Place, i int, text string) float64 {
	f := &r.k.Fields[i]
	if r.k.Measure.Binary() {
		x, ok := value.Parse(value.Double, text, nil)
		if !ok || x.Float64() != 0 && x.Float64() != 1 {
			r.c.numberOutOfRange(at, text, "0 or 1")
		}
		return x.Float64()
	}
	switch f.Function {
	case enum.Delta, enum.Equal:
		cell := r.c.literal(at, f.Type, text)
		if f.Type == value.String {
			return float64(cell.Sym)
		}
		return cell.Float64()
	case enum.Table:
		return r.row(at, i, text)
	}
	return r.c.finite(at, text)
}

// row gives the row of a value that is compared by a table.
func (r *comparisonReader) row(at diag.Place, i int, text string) float64 {
	f := &r.k.Fields[i]
	if f.Table == nil {
		return 0 // that was reported
	}
	cell, ok := r.c.parse(f.Type, text)
	if row, known := r.rows[i][cell]; ok && known {
		return float64(row)
	}
	if x := cell.Float64(); ok {
		for row := range f.Intervals {
			if !r.c.spend(at, 1) || f.Intervals[row].Has(x) {
				return float64(row)
			}
		}
	}
	r.c.invalidValue(at, text, "one of the values of the field's table")
	return 0
}

// discrete gives the values, or else the intervals, that a field declares.
func (f *field) discrete() ([]value.Cell, []WrittenRange) {
	var intervals []WrittenRange
	for g := f; g != nil; g = g.parent {
		if g.data != nil {
			intervals = g.data.input.Intervals
		}
	}
	return f.values, intervals
}

// period gives the distance after which a cyclic field begins again: between the ends of its interval, or one more than
// between the first and the last of its whole numbers. 0: it does not.
func (f *field) period() float64 {
	for f.parent != nil {
		f = f.parent
	}
	if f.data == nil || !f.data.cyclic {
		return 0
	}
	if in := f.data.input.Intervals; len(in) == 1 {
		width := in[0].Right - in[0].Left
		if f.typ == value.Integer && !in[0].LeftOpen && !in[0].RightOpen {
			width++
		}
		if !math.IsInf(width, 0) {
			return math.Max(width, 0)
		}
	}
	if f.typ != value.Integer || len(f.values) < 2 {
		return 0
	}
	least, most := math.Inf(1), math.Inf(-1)
	for _, cell := range f.values {
		least, most = math.Min(least, cell.Float64()), math.Max(most, cell.Float64())
	}
	return most - least + 1
}

// finite reads a number that is not infinite.
func (c *checker) finite(at diag.Place, text string) float64 {
	x := c.parseNumber(at, text)
	if math.IsInf(x, 0) {
		c.numberOutOfRange(at, text, "a finite number")
	}
	return x
}

// finiteAttribute gives an attribute that is a finite number, or def.
func (c *checker) finiteAttribute(e *pmml.Element, attr string, def float64) float64 {
	text, ok := e.Attr(attr)
	if !ok {
		return def
	}
	return c.finite(e.At(attr), text)
}

// numbers gives the values of an Array of numbers.
func (c *checker) numbers(e *pmml.Element) []float64 {
	var all []float64
	c.arrayTexts(e, func(text string) { all = append(all, c.finite(e.Place(), text)) })
	return all
}

// arrayTexts calls each for every value of an Array, whose type says only how texts are quoted: what they must be is for
// each to say. ok is false if the array cannot be read.
func (c *checker) arrayTexts(e *pmml.Element, each func(text string)) (ok bool) {
	c.attributes(e, "n", "type")
	c.noChildren(e)
	n, quoted := 0, c.choice(e, "type", "real", "int", "string") == 2
	for text, err := range pmml.Array(e.Text(), quoted) {
		if err != nil {
			c.invalidArray(e.Place(), err)
			return false
		}
		each(text)
		n++
	}
	c.noteCount(e, "n", n)
	return true
}
