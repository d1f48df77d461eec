package check

import (
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A formula is an expression as written: its markup is checked, its names are not. It keeps no elements.
type formula struct {
	root   term
	fields []reference // names of fields in it, in document order
	calls  []reference // names of functions that are not built in
	size   int         // terms, points, bins and rows
}

// A reference is a name and where it is written.
type reference struct {
	name string
	at   diag.Place
}

// A term is an expression element as written.
type term interface {
	// resolve gives the expression and its type, NoType if that is not known. want is the type that the result will be
	// cast to, for elements whose literals have no type of their own.
	resolve(r *resolver, want value.Type) (expr.Expr, value.Type)
}

// A resolver knows what the names in a formula mean.
type resolver struct {
	c       *checker
	lookup  func(name string) *field
	unknown bool             // unknown names must be reported: they were not before
	trial   bool             // the result is thrown away: nothing may get a slot
	params  map[string]param // in a DefineFunction: all names there are
	visible int32            // how many of params are visible: a local sees those before it
}

// An operand is what a name means in an expression.
type operand struct {
	x      expr.Expr
	typ    value.Type
	name   string
	values []value.Cell // declared valid values of the field
	field  *field       // nil for a parameter
	ok     bool         // false: a fault was reported
}

// operand gives what a name means.
func (r *resolver) operand(ref reference) operand {
	if r.params != nil {
		p, ok := r.params[ref.name]
		if !ok || p.index >= r.visible {
			r.c.unknownField(ref.at, ref.name)
			return operand{x: nothing(), name: ref.name}
		}
		return operand{x: &expr.Arg{Index: p.index}, typ: p.typ, name: ref.name, ok: true}
	}
	f := r.lookup(ref.name)
	if f == nil {
		if r.unknown {
			r.c.unknownField(ref.at, ref.name)
		}
		return operand{x: nothing(), name: ref.name}
	}
	if !r.trial {
		r.c.use(f, ref.at)
	}
	if f.broken {
		return operand{x: nothing(), name: ref.name}
	}
	return operand{x: &expr.Slot{Slot: f.slot}, typ: f.typ, name: ref.name, values: f.values, field: f, ok: true}
}

// number is operand for one that must be a number.
func (r *resolver) number(ref reference) operand {
	o := r.operand(ref)
	if o.typ == value.String {
		r.c.wrongOperand(ref.at, o.name, o.typ, "a number")
	}
	return o
}

// nothing stands for an expression that a fault was reported for.
func nothing() expr.Expr { return &expr.Const{} }

// A formulaReader reads an expression element into a formula.
type formulaReader struct {
	c *checker
	f *formula
}

// isExpression says that an element of that name is an expression.
func isExpression(name string) bool {
	switch name {
	case "Constant", "FieldRef", "NormContinuous", "NormDiscrete", "Discretize", "MapValues", "TextIndex", "Apply",
		"Aggregate", "Lag", "X-Error":
		return true
	}
	return false
}

// formula reads the one expression in e. other is called for the child elements that are none; it says whether it knows
// them. The result is nil if there is none or it has a fault of its own.
func (c *checker) formula(e *pmml.Element, other func(*pmml.Element) bool) *formula {
	r := formulaReader{c, &formula{}}
	seen := false
	for child := range e.Children() {
		switch {
		case !isExpression(child.Name()):
			if other == nil || !other(child) {
				c.unknownElement(child, e)
			}
		case seen:
			c.duplicateExpression(child, e)
		default:
			seen = true
			r.f.root = r.term(child)
		}
	}
	if !seen {
		c.missingElement(e, "<Expression>")
	}
	if r.f.root == nil {
		return nil
	}
	return r.f
}

// term reads an expression element; nil if it is not supported, which is reported.
func (r formulaReader) term(e *pmml.Element) term {
	r.f.size++
	switch e.Name() {
	case "Constant":
		return r.constant(e)
	case "FieldRef":
		return r.fieldRef(e)
	case "NormContinuous":
		return r.normContinuous(e)
	case "NormDiscrete":
		return r.normDiscrete(e)
	case "Discretize":
		return r.discretize(e)
	case "MapValues":
		return r.mapValues(e)
	case "Apply":
		return r.apply(e)
	case "Aggregate":
		return r.aggregate(e)
	case "Lag":
		return r.lag(e)
	case "TextIndex":
		return r.textIndex(e)
	case "X-Error":
		return r.xError(e)
	}
	r.c.unsupportedElement(e)
	return nil
}

// field reads an attribute that names a field.
func (r formulaReader) field(e *pmml.Element, attr string) (reference, bool) {
	name, ok := r.c.name(e, attr)
	ref := reference{name, e.At(attr)}
	if ok {
		r.f.fields = append(r.f.fields, ref)
	}
	return ref, ok
}

// A written is an attribute's text and where it stands; has is false if there is none.
type written struct {
	text string
	at   diag.Place
	has  bool
}

func attribute(e *pmml.Element, attr string) written {
	text, ok := e.Attr(attr)
	return written{text, e.At(attr), ok}
}

// cell reads a literal in type t; the zero Cell if there is none.
func (r *resolver) cell(w written, t value.Type) value.Cell {
	if !w.has {
		return value.Cell{}
	}
	return r.c.literal(w.at, t, w.text)
}

// cast gives x as a value of type t.
func (r *resolver) cast(at diag.Place, x expr.Expr, have, t value.Type) expr.Expr {
	if t == value.NoType || have == t {
		return x
	}
	if k, ok := x.(*expr.Const); ok && k.Cell.State == value.Valid {
		cell, ok := value.Convert(k.Cell, t, r.c.out.Symbols)
		if !ok {
			r.c.invalidLiteral(at, t, string(value.AppendCell(nil, k.Cell, r.c.out.Symbols)))
		}
		return &expr.Const{Cell: cell}
	}
	return &expr.Cast{X: x, Type: t}
}

// constant

type constant struct {
	at      diag.Place
	text    string
	typ     value.Type
	missing bool
}

func (r formulaReader) constant(e *pmml.Element) term {
	r.c.attributes(e, "dataType", "missing")
	r.c.noChildren(e)
	return &constant{e.Place(), e.Text(), r.c.dataType(e, value.NoType), r.c.boolean(e, "missing", false)}
}

func (t *constant) resolve(r *resolver, _ value.Type) (expr.Expr, value.Type) {
	if t.missing {
		return &expr.Const{}, t.typ
	}
	cell, ok := r.c.constantCell(t.typ, t.text)
	if p, named := r.params[t.text]; t.typ == value.NoType && named { // SAS Enterprise Miner names parameters so
		return &expr.Arg{Index: p.index}, p.typ
	}
	if !ok {
		r.c.invalidLiteral(t.at, t.typ, t.text)
		return nothing(), t.typ
	}
	return &expr.Const{Cell: cell}, cell.Type
}

// constantCell reads the text of a Constant: nothing is missing unless it is text, and the numbers that have no digits are
// numbers without a dataType too.
func (c *checker) constantCell(t value.Type, text string) (value.Cell, bool) {
	switch {
	case text == "INF", text == "-INF", text == "NaN":
		if t == value.NoType {
			t = value.Double
		}
	case t == value.NoType:
		return c.untyped(text), true
	}
	switch {
	case t == value.String:
		return c.out.Symbols.Cell(text), true
	case text == "":
		return value.Cell{}, true
	case t.Numeric():
		return value.ParseNumber(t, text)
	}
	return value.Parse(t, text, nil)
}

// fieldRef

type fieldRef struct {
	ref        reference
	mapMissing written
}

func (r formulaReader) fieldRef(e *pmml.Element) term {
	r.c.attributes(e, "field", "mapMissingTo")
	r.c.noChildren(e)
	ref, ok := r.field(e, "field")
	if !ok {
		return nil
	}
	return &fieldRef{ref, attribute(e, "mapMissingTo")}
}

func (t *fieldRef) resolve(r *resolver, _ value.Type) (expr.Expr, value.Type) {
	o := r.operand(t.ref)
	if t.mapMissing.has && o.ok {
		return &expr.OrElse{X: o.x, Else: r.cell(t.mapMissing, o.typ)}, o.typ
	}
	return o.x, o.typ
}

// normContinuous

type normContinuous struct {
	ref        reference
	orig, norm []float64
	outliers   expr.Outliers
	mapMissing written
}

var outlierTreatments = []string{"asIs", "asMissingValues", "asExtremeValues"}

func (r formulaReader) normContinuous(e *pmml.Element) term {
	r.c.attributes(e, "field", "mapMissingTo", "outliers")
	t := &normContinuous{
		outliers: expr.Outliers(r.c.choice(e, "outliers", outlierTreatments...)), mapMissing: attribute(e, "mapMissingTo"),
	}
	for p := range e.Children() {
		if p.Name() != "LinearNorm" {
			r.c.unknownElement(p, e)
			continue
		}
		r.c.attributes(p, "orig", "norm")
		r.c.noChildren(p)
		orig, norm := r.c.requiredNumber(p, "orig"), r.c.requiredNumber(p, "norm")
		if n := len(t.orig); n > 0 && orig <= t.orig[n-1] {
			r.c.inconsistent(p.At("orig"), "the points of NormContinuous do not ascend")
		}
		t.orig, t.norm = append(t.orig, orig), append(t.norm, norm)
		r.f.size++
	}
	if len(t.orig) < 2 {
		r.c.tooFew(e, "LinearNorm", 2)
	}
	var ok bool
	if t.ref, ok = r.field(e, "field"); !ok {
		return nil
	}
	return t
}

func (t *normContinuous) resolve(r *resolver, _ value.Type) (expr.Expr, value.Type) {
	return &expr.NormContinuous{
		X: r.number(t.ref).x, Orig: t.orig, Norm: t.norm, Outliers: t.outliers, MapMissing: r.cell(t.mapMissing, value.Double),
	}, value.Double
}

// normDiscrete

type normDiscrete struct {
	ref         reference
	value       written
	thermometer bool
	mapMissing  written
}

func (r formulaReader) normDiscrete(e *pmml.Element) term {
	r.c.attributes(e, "field", "value", "mapMissingTo", "method")
	r.c.noChildren(e)
	t := &normDiscrete{
		value: attribute(e, "value"), mapMissing: attribute(e, "mapMissingTo"),
		thermometer: r.c.choice(e, "method", "indicator", "thermometer") == 1,
	}
	var named bool
	t.ref, named = r.field(e, "field")
	if _, ok := r.c.required(e, "value"); !ok || !named {
		return nil
	}
	return t
}

func (t *normDiscrete) resolve(r *resolver, _ value.Type) (expr.Expr, value.Type) {
	o := r.operand(t.ref)
	var members []value.Cell
	if o.ok {
		members = r.c.members(t.value.at, o.typ, o.field, t.value.text)
	}
	if t.thermometer && o.ok {
		members = r.c.thermometer(t.value, o)
	}
	return &expr.NormDiscrete{X: o.x, Values: expr.NewSet(members), MapMissing: r.cell(t.mapMissing, value.Double)}, value.Double
}

// members gives the cells that a category is compared with: none if its field cannot hold it, and a number besides the
// text if the field's type is not known.
func (c *checker) members(at diag.Place, t value.Type, f *field, text string) []value.Cell {
	cell, ok := c.parse(t, text)
	if !ok {
		if f != nil {
			c.noteNever(at, f, text)
		}
		return nil
	}
	if t == value.NoType && cell.Type != value.String {
		return []value.Cell{cell, c.out.Symbols.Cell(text)}
	}
	return []value.Cell{cell}
}

// thermometer gives the values of a field from w on, in their declared order: PMML 3.0, NormDiscrete, gives 1 for the
// value and all before it.
func (c *checker) thermometer(w written, o operand) []value.Cell {
	if cell, ok := c.parse(o.typ, w.text); ok && c.spend(w.at, len(o.values)) {
		if i := slices.Index(o.values, cell); i >= 0 {
			return o.values[i:]
		}
	}
	c.invalidValue(w.at, w.text, "one of the values declared for field "+quote(o.name))
	return nil
}

// discretize

type discretize struct {
	ref                      reference
	bins                     []bin
	defaultValue, mapMissing written
	typ                      value.Type
}

type bin struct {
	interval expr.Interval
	value    written
}

func (r formulaReader) discretize(e *pmml.Element) term {
	r.c.attributes(e, "field", "mapMissingTo", "defaultValue", "dataType")
	t := &discretize{
		defaultValue: attribute(e, "defaultValue"), mapMissing: attribute(e, "mapMissingTo"), typ: r.c.dataType(e, value.NoType),
	}
	for b := range e.Children() {
		if b.Name() != "DiscretizeBin" {
			r.c.unknownElement(b, e)
			continue
		}
		r.c.attributes(b, "binValue")
		r.c.required(b, "binValue")
		i := r.c.single(b, []string{"Interval"})["Interval"]
		if i == nil {
			r.c.missingElement(b, "Interval")
			continue
		}
		r.f.size++
		t.bins = append(t.bins, bin{r.c.interval(i).Interval, attribute(b, "binValue")})
	}
	var ok bool
	if t.ref, ok = r.field(e, "field"); !ok {
		return nil
	}
	return t
}

func (t *discretize) resolve(r *resolver, want value.Type) (expr.Expr, value.Type) {
	typ := textOr(t.typ, want)
	o := r.operand(t.ref)
	if len(t.bins) > 0 && o.typ == value.String {
		r.c.wrongOperand(t.ref.at, o.name, o.typ, "a number")
	}
	x := &expr.Discretize{X: o.x, Default: r.cell(t.defaultValue, typ), MapMissing: r.cell(t.mapMissing, typ)}
	x.Bins = make([]expr.Bin, len(t.bins))
	for i, b := range t.bins {
		x.Bins[i] = expr.Bin{Interval: b.interval, Value: r.cell(b.value, typ)}
	}
	return x, typ
}

// textOr gives the type of literals that have none of their own: text, or what the text would be cast to.
func textOr(own, want value.Type) value.Type {
	switch {
	case own != value.NoType:
		return own
	case want != value.NoType:
		return want
	}
	return value.String
}

// apply

type apply struct {
	at                       diag.Place
	function                 reference
	args                     []term
	places                   []diag.Place // of args
	mapMissing, defaultValue written
	invalid                  expr.Treatment
}

var invalidTreatments = []string{"returnInvalid", "asIs", "asMissing", "asValue"}

func (r formulaReader) apply(e *pmml.Element) term {
	r.c.attributes(e, "function", "mapMissingTo", "defaultValue", "invalidValueTreatment")
	t := &apply{
		at: e.Place(), mapMissing: attribute(e, "mapMissingTo"), defaultValue: attribute(e, "defaultValue"),
		invalid: expr.Treatment(r.c.choice(e, "invalidValueTreatment", invalidTreatments...)),
	}
	if t.invalid == expr.InvalidAsValue {
		r.c.unsupportedValue(e, "invalidValueTreatment", "asValue")
	}
	ok := true
	for child := range e.Children() {
		if !isExpression(child.Name()) {
			r.c.unknownElement(child, e)
			continue
		}
		arg := r.term(child)
		ok = ok && arg != nil
		t.args, t.places = append(t.args, arg), append(t.places, child.Place())
	}
	name, named := r.c.required(e, "function")
	t.function = reference{name, e.At("function")}
	if named && r.c.builtin(name) == nil {
		r.f.calls = append(r.f.calls, t.function)
	}
	if !ok || !named {
		return nil
	}
	return t
}

func (t *apply) resolve(r *resolver, want value.Type) (expr.Expr, value.Type) {
	args, types := make([]expr.Expr, len(t.args)), make([]value.Type, len(t.args))
	for i, arg := range t.args {
		args[i], types[i] = arg.resolve(r, value.NoType)
	}
	x := &expr.Apply{Args: args, Invalid: t.invalid, Define: -1}
	typ := value.NoType
	switch b, d := r.c.findFunction(t.function.name); {
	case b != nil:
		if b == division && want == value.Integer && slices.Equal(types, []value.Type{value.Integer, value.Integer}) {
			b = wholeDivision
		}
		x.Func = b
		typ = r.c.callBuiltin(t, x, types)
	case d != nil:
		typ = d.result
		x.Define = r.c.callDefined(t, d, len(args), r.trial)
	default:
		r.c.unknownFunction(t.function.at, t.function.name)
		return nothing(), value.NoType
	}
	x.MapMissing, x.Default = r.fallback(t.mapMissing, typ), r.fallback(t.defaultValue, typ)
	if t.mapMissing.has && x.MapMissing.Type != typ || t.defaultValue.has && x.Default.Type != typ {
		typ = value.NoType
	}
	return x, typ
}

// A quotient of integers is a fraction unless it is what a field, or a function, of integers is.
var (
	division, _      = fn.Lookup("/")
	wholeDivision, _ = fn.Lookup("x-quotient")
)

// fallback reads what an Apply gives instead of a result: in the result's type if it can be.
func (r *resolver) fallback(w written, t value.Type) value.Cell {
	if !w.has {
		return value.Cell{}
	}
	if cell, ok := value.Parse(t, w.text, r.c.out.Symbols); ok && t != value.NoType {
		return cell
	}
	return r.c.untyped(w.text)
}

// aggregate

type aggregate struct {
	ref      reference
	group    reference // name empty: none
	function expr.Reduction
}

func (r formulaReader) aggregate(e *pmml.Element) term {
	r.c.attributes(e, "field", "function", "groupField", "sqlWhere")
	r.c.noChildren(e)
	if text, ok := e.Attr("sqlWhere"); ok {
		r.c.unsupportedValue(e, "sqlWhere", text)
	}
	group := reference{at: e.At("groupField")}
	group.name, _ = e.Attr("groupField")
	ref, named := r.field(e, "field")
	f, ok := r.c.requiredChoice(e, "function", "count", "sum", "average", "min", "max", "multiset")
	if !ok || !named {
		return nil
	}
	return &aggregate{ref, group, expr.Reduction(f)}
}

func (t *aggregate) resolve(r *resolver, _ value.Type) (expr.Expr, value.Type) {
	o := r.operand(t.ref)
	if o.field != nil {
		o.field.takeList()
	}
	if g := r.c.global.names[t.group.name]; t.group.name != "" && (g == nil || g.kind != dataKind || g.data.input.Usage != "group") {
		r.c.otherGroup(t.group.at, t.group.name) // a record is a group by the group field of the mining schema
	}
	typ := o.typ
	switch t.function {
	case expr.Count:
		typ = value.Integer
	case expr.Average:
		typ = value.Double
	}
	if o.typ == value.String && t.function != expr.Count && t.function != expr.Multiset {
		r.c.wrongOperand(t.ref.at, o.name, o.typ, "a number")
	}
	return &expr.Aggregate{X: o.x, Function: t.function}, typ
}

// xError is JPMML's element that fails the record.
type xError struct{ message string }

func (r formulaReader) xError(e *pmml.Element) term {
	r.c.attributes(e, "message")
	r.c.noChildren(e)
	message, _ := e.Attr("message")
	return &xError{message}
}

func (t *xError) resolve(*resolver, value.Type) (expr.Expr, value.Type) {
	return &expr.Raise{Message: t.message}, value.NoType
}
