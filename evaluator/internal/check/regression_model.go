package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A tableReader reads the tables of a RegressionModel or Regression.
type tableReader struct {
	c    *checker
	m    *model
	t    *RegressionModel
	seen map[int32]bool // categories that have a table
}

// regressionModel checks a RegressionModel, or a Regression of PMML 3.
func (c *checker) regressionModel(e *pmml.Element, parent *model) *model {
	t := &RegressionModel{}
	m := c.begin(e, parent, &t.ModelCommon, []string{"modelType", "targetFieldName", "normalizationMethod"}, nil,
		append(resultFields(e), "RegressionTable"))
	t.Normalization = enum.Normalization(c.choice(e, "normalizationMethod", enum.Normalizations...))
	r := &tableReader{c, m, t, map[int32]bool{}}
	for table := range e.Children("RegressionTable") {
		r.table(table)
	}
	r.checkTables(e)
	return c.end(m, t)
}

// checkTables checks what the tables are together.
func (r *tableReader) checkTables(e *pmml.Element) {
	n, method := len(r.t.Tables), r.t.Normalization.String()
	switch r.t.Function {
	case "regression":
		if n == 0 {
			r.c.missingElement(e, "RegressionTable")
		}
		if n > 1 {
			r.c.inconsistent(e.Place(), "a regression has one RegressionTable, not %d", n)
		}
		if r.t.Normalization == enum.SimpleMax {
			r.c.unsupportedTogether(e, "normalizationMethod", method, "a regression")
		}
	case "classification":
		if n < 2 {
			r.c.tooFew(e, "RegressionTable", 2)
		}
		r.checkNormalization(e, n, method)
	}
}

// checkNormalization checks that the method makes probabilities of n functions.
func (r *tableReader) checkNormalization(e *pmml.Element, n int, method string) {
	switch r.t.Normalization {
	case enum.Exp:
		r.c.unsupportedTogether(e, "normalizationMethod", method, "a classification")
	case enum.SimpleMax, enum.SoftMax:
		if r.t.Target.Op == Ordinal {
			r.c.unsupportedTogether(e, "normalizationMethod", method, "an ordinal target")
		}
	case enum.Logit:
		if n > 2 && r.t.Target.Op != Ordinal {
			r.c.noteInconsistent(e.At("normalizationMethod"), "with %d categories each gets its own logit, divided by their sum", n)
		}
	case enum.Probit, enum.CLogLog, enum.LogLog, enum.CauchIt:
		if n > 2 && r.t.Target.Op != Ordinal {
			r.c.unsupportedTogether(e, "normalizationMethod", method, "more than two categories without order")
		}
	}
}

func (r *tableReader) table(e *pmml.Element) {
	r.c.attributes(e, "intercept", "targetCategory", "x-targetField")
	if text, ok := e.Attr("x-targetField"); ok {
		r.c.unsupportedValue(e, "x-targetField", text)
	}
	table := RegressionTable{Intercept: r.coefficient(e, "intercept"), Category: -1}
	if r.m.classifies {
		table.Category = r.category(e)
	}
	for child := range e.Children() {
		switch child.Name() {
		case "NumericPredictor":
			r.numericPredictor(&table, child)
		case "CategoricalPredictor":
			r.categoricalPredictor(&table, child)
		case "PredictorTerm":
			r.predictorTerm(&table, child)
		default:
			r.c.unknownElement(child, e)
		}
	}
	r.t.Tables = append(r.t.Tables, table)
}

// category gives the category that a table is for.
func (r *tableReader) category(e *pmml.Element) int32 {
	text, ok := r.c.required(e, "targetCategory")
	if !ok {
		return -1
	}
	category := r.m.category(r.c.literal(e.At("targetCategory"), r.t.Target.Type, text))
	if r.seen[category] {
		r.c.duplicateName(e.At("targetCategory"), "the RegressionTable of category", text)
	}
	r.seen[category] = true
	return category
}

// coefficient reads a number in the model's arithmetic.
func (r *tableReader) coefficient(e *pmml.Element, attr string) float64 {
	text, ok := r.c.required(e, attr)
	if !ok {
		return 0
	}
	return r.c.numberIn(r.m, e, attr, text).Float64()
}

func (r *tableReader) numericPredictor(table *RegressionTable, e *pmml.Element) {
	r.c.attributes(e, "name", "exponent", "coefficient")
	r.c.noChildren(e)
	term := Term{Coefficient: r.coefficient(e, "coefficient"), Slot: -1}
	exponent := r.c.number(e, "exponent", 1)
	if slot, ok := r.factor(e, "name"); ok {
		term.Factors = []Factor{{slot, exponent}}
		table.Terms = append(table.Terms, term)
	}
}

// factor reads a field that must be a number.
func (r *tableReader) factor(e *pmml.Element, attr string) (int32, bool) {
	f, ok := r.c.read(r.m, e, attr)
	if !ok {
		return -1, false
	}
	if f.typ == value.String {
		r.c.wrongOperand(e.At(attr), f.name, f.typ, "a number")
	}
	return f.slot, true
}

// categoricalPredictor reads a term that counts for one value of a field. If the field cannot hold it, it never does.
func (r *tableReader) categoricalPredictor(table *RegressionTable, e *pmml.Element) {
	r.c.attributes(e, "name", "value", "coefficient")
	r.c.noChildren(e)
	term := Term{Coefficient: r.coefficient(e, "coefficient")}
	f, known := r.c.read(r.m, e, "name")
	text, ok := r.c.required(e, "value")
	if !ok || !known {
		return
	}
	if term.Is, ok = r.c.parse(f.typ, text); !ok {
		r.c.noteNever(e.At("value"), f, text)
		return
	}
	term.Slot = f.slot
	table.Terms = append(table.Terms, term)
}

func (r *tableReader) predictorTerm(table *RegressionTable, e *pmml.Element) {
	r.c.attributes(e, "name", "coefficient")
	term := Term{Coefficient: r.coefficient(e, "coefficient"), Slot: -1}
	for child := range e.Children() {
		if child.Name() != "FieldRef" {
			r.c.unknownElement(child, e)
			continue
		}
		r.c.attributes(child, "field", "mapMissingTo")
		if text, ok := child.Attr("mapMissingTo"); ok {
			r.c.unsupportedValue(child, "mapMissingTo", text)
		}
		if slot, ok := r.factor(child, "field"); ok {
			term.Factors = append(term.Factors, Factor{slot, 1})
		}
	}
	if e.Child("FieldRef") == nil {
		r.c.missingElement(e, "FieldRef")
		return
	}
	table.Terms = append(table.Terms, term)
}
