package check

import (
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// One method for each complaint. Those whose name begins with note report what does not change a score.

func (c *checker) missingAttribute(e *pmml.Element, attr string) {
	c.faults.Fault(e.Place(), diag.MissingAttribute, "an attribute "+attr,
		"Required attribute %s@%s is not defined", e.Name(), attr)
}

func (c *checker) missingElement(e *pmml.Element, child string) {
	c.faults.Fault(e.Place(), diag.MissingElement, "an element "+child,
		"Required element %s/%s is not defined", e.Name(), child)
}

func (c *checker) duplicateElement(e, parent *pmml.Element) {
	c.faults.Fault(e.Place(), diag.DuplicateElement, "one "+e.Name(), "%s has more than one %s", parent.Name(), e.Name())
}

func (c *checker) unknownElement(e, parent *pmml.Element) {
	c.faults.Fault(e.Place(), diag.UnknownElement, "", "Element %s is not known in %s", e.Name(), parent.Name())
}

func (c *checker) unsupportedElement(e *pmml.Element) {
	c.faults.Fault(e.Place(), diag.UnsupportedElement, "", "Element %s is not supported", e.Name())
}

func (c *checker) unsupportedValue(e *pmml.Element, attr, text string) {
	c.faults.Fault(e.At(attr), diag.UnsupportedValue, "", "%s=%q of %s is not supported", attr, text, e.Name())
}

func (c *checker) unsupportedTogether(e *pmml.Element, attr, text, with string) {
	c.faults.Fault(e.At(attr), diag.UnsupportedValue, "", "%s=%q is not defined for %s", attr, text, with)
}

// noteAttribute reports each unknown attribute of an element name once. Strict checking finds all of them.
func (c *checker) noteAttribute(e *pmml.Element, attr string) {
	if !c.strict && c.once("attribute", e.Name(), attr) {
		c.faults.Note(e.At(attr), diag.UnknownAttribute, "", "%s has no attribute %s", e.Name(), attr)
	}
}

// once says that nothing of this kind was noted before.
func (c *checker) once(kind ...string) bool {
	key := strings.Join(kind, "\x00")
	if c.noted[key] {
		return false
	}
	c.noted[key] = true
	return true
}

func (c *checker) invalidValue(at diag.Place, text, expected string) {
	c.faults.Fault(at, diag.InvalidValue, expected, "%q is not %s", text, expected)
}

func (c *checker) unknownType(at diag.Place, text string) {
	c.faults.Fault(at, diag.InvalidValue, "a dataType such as double", "%q is not a dataType", text)
}

func (c *checker) invalidNumber(at diag.Place, text string) {
	c.faults.Fault(at, diag.InvalidNumber, "a number", "%q is not a number", text)
}

func (c *checker) numberOutOfRange(at diag.Place, text, expected string) {
	c.faults.Fault(at, diag.InvalidNumber, expected, "%q is not %s", text, expected)
}

// invalidLiteral reports a constant that cannot be read in the type that it must have.
func (c *checker) invalidLiteral(at diag.Place, t value.Type, text string) {
	if t.Numeric() {
		c.faults.Fault(at, diag.InvalidNumber, t.String(), "%q is not a value of type %s", text, t)
		return
	}
	c.faults.Fault(at, diag.InvalidValue, t.String(), "%q is not a value of type %s", text, t)
}

// noteNever reports a category that its field cannot hold.
func (c *checker) noteNever(at diag.Place, f *field, text string) {
	c.faults.Note(at, diag.InvalidValue, f.typ.String(), "field %q is never %q: it is of type %s", f.name, text, f.typ)
}

func (c *checker) invalidArray(at diag.Place, err error) {
	c.faults.Fault(at, diag.InvalidValue, "", "the array cannot be read: %v", err)
}

func (c *checker) duplicateName(at diag.Place, what, name string) {
	c.faults.Fault(at, diag.DuplicateName, "", "%s %q is defined twice", what, name)
}

func (c *checker) unknownField(at diag.Place, name string) {
	c.faults.Fault(at, diag.UnknownField, "a field that is visible here", "field %q is not defined", name)
}

func (c *checker) unknownSegment(at diag.Place, id string) {
	c.faults.Fault(at, diag.UnknownField, "the id of a Segment", "segment %q is not defined", id)
}

// notePulledIn reports a data field that is used without being in the mining schema.
func (c *checker) notePulledIn(at diag.Place, name string) {
	c.faults.Note(at, diag.UnknownField, "", "field %q is not in the mining schema and was taken from the data dictionary", name)
}

func (c *checker) unknownFunction(at diag.Place, name string) {
	c.faults.Fault(at, diag.UnknownFunction, "", "Function %q is not defined", name)
}

func (c *checker) wrongArguments(at diag.Place, name string, n int, expected string) {
	c.faults.Fault(at, diag.Arguments, expected, "Function %q has %d arguments", name, n)
}

func (c *checker) wrongArgument(at diag.Place, name string, i int, t value.Type, expected string) {
	c.faults.Fault(at, diag.Type, expected, "argument %d of function %q is of type %s", i+1, name, t)
}

// wrongOperand reports a field or parameter that cannot be used here.
func (c *checker) wrongOperand(at diag.Place, name string, t value.Type, expected string) {
	c.faults.Fault(at, diag.Type, expected, "field %q is of type %s", name, t)
}

func (c *checker) noOrder(at diag.Place, name string) {
	c.faults.Fault(at, diag.Type, "an ordinal field with declared values, or numbers", "the values of field %q have no order", name)
}

// noteNoOrder reports each categorical field whose numbers are compared once.
func (c *checker) noteNoOrder(at diag.Place, f *field) {
	if c.once("order", f.name) {
		c.faults.Note(at, diag.Type, "an ordinal field", "the order of categorical field %q is that of its numbers", f.name)
	}
}

func (c *checker) cycle(at diag.Place, what string, names []string) {
	const most = 10
	if len(names) > most {
		names = append(append(names[:most-1:most-1], "…"), names[len(names)-1])
	}
	c.faults.Fault(at, diag.Cycle, "", "%s is defined by itself: %s", what, strings.Join(names, " → "))
}

func (c *checker) tooCostly(at diag.Place, what string) {
	c.faults.Fault(at, diag.Cost, "", "%s can take more than %d steps or %d levels", what, maxCost, maxLevels)
}

func (c *checker) tooMuchWork(at diag.Place) {
	c.faults.Fault(at, diag.Cost, "", "the models refer too often to too much that is around them, or patterns become too large")
}

func (c *checker) tooMuchSpace(at diag.Place) {
	c.faults.Fault(at, diag.TooLarge, "", "the models would take too much memory: there are many with many categories or with many fields of their own, or tables with many columns that are not there")
}

func (c *checker) tooManyLags(at diag.Place) {
	c.faults.Fault(at, diag.Cost, "", "the lags of the document look back more than %d records together", maxLag)
}

func (c *checker) badPattern(at diag.Place, name string, err error) {
	c.faults.Fault(at, diag.Regex, "", "a constant argument of function %q cannot be used: %v", name, err)
}

func (c *checker) inconsistent(at diag.Place, format string, args ...any) {
	c.faults.Fault(at, diag.Inconsistent, "", format, args...)
}

func (c *checker) noteInconsistent(at diag.Place, format string, args ...any) {
	c.faults.Note(at, diag.Inconsistent, "", format, args...)
}

func (c *checker) duplicateExpression(e, parent *pmml.Element) {
	c.faults.Fault(e.Place(), diag.DuplicateElement, "one expression", "%s has more than one expression", parent.Name())
}

func (c *checker) tooFew(e *pmml.Element, child string, least int) {
	c.faults.Fault(e.Place(), diag.MissingElement, "", "%s has fewer than %d elements %s", e.Name(), least, child)
}

// noChildren reports the child elements of an element that has none.
func (c *checker) noChildren(e *pmml.Element) {
	for child := range e.Children() {
		c.unknownElement(child, e)
	}
}

func (c *checker) noteUsage(e *pmml.Element, usage string) {
	c.faults.Note(e.At("usageType"), diag.InvalidValue, "", "usageType %q is not known and taken for active", usage)
}

func (c *checker) otherFunction(e *pmml.Element, own, of string) {
	c.faults.Fault(e.At("functionName"), diag.Inconsistent, of, "a %s cannot be part of a %s here", own, of)
}

func (c *checker) duplicateModel(e, parent *pmml.Element) {
	c.faults.Fault(e.Place(), diag.DuplicateElement, "one model", "%s has more than one model", parent.Name())
}

// noModel says what JPMML says.
func (c *checker) noModel(e *pmml.Element, name string) {
	if name != "" {
		c.faults.Fault(e.Place(), diag.MissingElement, "a model of that name",
			"Required element PMML/<Model>@modelName=%s is not defined", name)
		return
	}
	c.faults.Fault(e.Place(), diag.MissingElement, "a model", "Required element PMML/<Model>@isScorable=true is not defined")
}

func (c *checker) notScorable(e *pmml.Element) {
	c.faults.Fault(e.At("isScorable"), diag.NotScorable, "", "the model says that it is not scorable")
}

func (c *checker) noteNotScorable(e *pmml.Element) {
	c.faults.Note(e.At("isScorable"), diag.NotScorable, "", "the model says that it is not scorable")
}

func (c *checker) wrongTerm(at diag.Place, t value.Type) {
	c.faults.Fault(at, diag.Type, "text", "the term is of type %s", t)
}

func (c *checker) duplicatePredicate(e, parent *pmml.Element) {
	c.faults.Fault(e.Place(), diag.DuplicateElement, "one predicate", "%s has more than one predicate", parent.Name())
}

func (c *checker) unknownReference(at diag.Place, what, id string) {
	c.faults.Fault(at, diag.UnknownField, "the id of an "+what, "%s %q is not defined", what, id)
}

func (c *checker) otherGroup(at diag.Place, name string) {
	c.faults.Fault(at, diag.UnsupportedValue, "", "groupField=%q of Aggregate is not supported", name)
}

func (c *checker) unknownTaxonomy(at diag.Place, field, name string) {
	if c.once("taxonomy", name) {
		c.faults.Fault(at, diag.UnknownField, "the name of a Taxonomy", "taxonomy %q of field %q is not defined", name, field)
	}
}

func (c *checker) unsupportedTaxonomy(at diag.Place, element, name string) {
	if c.once("taxonomy", name) {
		c.faults.Fault(at, diag.UnsupportedElement, "", "Element %s is not supported", element)
	}
}
