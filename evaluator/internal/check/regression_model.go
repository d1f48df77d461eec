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
	if hasTableTargets(e) {
		return c.regressions(e, parent)
	}
	t := &RegressionModel{}
	m := c.beginRegression(e, parent, &t.ModelCommon)
	t.Normalization = enum.Normalization(c.choice(e, "normalizationMethod", enum.Normalizations...))
	r := &tableReader{c, m, t, map[int32]bool{}}
	for table := range e.Children("RegressionTable") {
		r.table(table)
	}
	r.checkTables(e)
	return c.end(m, t)
}

func (c *checker) beginRegression(e *pmml.Element, parent *model, common *ModelCommon) *model {
	return c.begin(e, parent, common, []string{"modelType", "targetFieldName", "normalizationMethod"}, nil,
		append(resultFields(e), "RegressionTable"))
}

// hasTableTargets says that the tables of a regression are for different targets, which JPMML's x-targetField names.
func hasTableTargets(e *pmml.Element) bool {
	if function, _ := e.Attr("functionName"); e.Name() != "RegressionModel" || function != "regression" {
		return false
	}
	table := e.Child("RegressionTable")
	if table == nil {
		return false
	}
	_, has := table.Attr("x-targetField")
	return has
}

// regressions checks a regression whose tables are for different targets: as many models, all of which are results.
func (c *checker) regressions(e *pmml.Element, parent *model) *model {
	t := &MiningModel{Method: enum.MultiModelChain, Threshold: 1}
	m := c.beginRegression(e, parent, &t.ModelCommon)
	m.chain = true
	normalization := enum.Normalization(c.choice(e, "normalizationMethod", enum.Normalizations...))
	seen := map[string]bool{}
	for table := range e.Children("RegressionTable") {
		name, ok := c.name(table, "x-targetField")
		switch {
		case !ok:
			continue
		case !m.isTarget[name]:
			c.unknownField(table.At("x-targetField"), name)
			continue
		case seen[name]:
			c.duplicateName(table.At("x-targetField"), "the RegressionTable of target", name)
		}
		seen[name] = true
		sub := c.tableTarget(m, table, name, normalization)
		s := alwaysSegment(len(t.Segments))
		t.Segments = append(t.Segments, s)
		c.addMember(m, s.ID, sub)
	}
	c.giveResults(m, t)
	return c.end(m, t)
}

// tableTarget checks and hands over the regression that one table is.
func (c *checker) tableTarget(m *model, table *pmml.Element, name string, normalization enum.Normalization) *model {
	own := &RegressionModel{Normalization: normalization}
	own.Element, own.Function, own.Float = m.common.Element, m.common.Function, m.common.Float
	sub := &model{
		e: m.e, parent: m, scope: c.newScope(m.scope), common: &own.ModelCommon, categories: map[value.Cell]int32{},
		isTarget: m.isTarget, inMulti: m.parent == nil || m.inMulti, parts: map[string]*pmml.Element{"Targets": m.parts["Targets"]},
	}
	for _, t := range m.targets {
		if t.name == name {
			sub.targets = []targetName{t}
		}
	}
	c.targetOf(sub)
	r := &tableReader{c, sub, own, map[int32]bool{}}
	r.table(table)
	r.checkTables(m.e)
	return c.end(sub, own)
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
	if text, ok := e.Attr("x-targetField"); ok && r.m.parts["MiningSchema"] != nil {
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
		r.c.noChildren(child)
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
