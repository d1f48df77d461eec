package check

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// attributes notes the attributes of e that are not among names.
func (c *checker) attributes(e *pmml.Element, names ...string) {
	for name := range e.Attrs() {
		if !slices.Contains(names, name) {
			c.noteAttribute(e, name)
		}
	}
}

// required gives an attribute that must be there.
func (c *checker) required(e *pmml.Element, attr string) (string, bool) {
	text, ok := e.Attr(attr)
	if !ok {
		c.missingAttribute(e, attr)
	}
	return text, ok
}

// name gives an attribute that names something, so it must be there and not be empty.
func (c *checker) name(e *pmml.Element, attr string) (string, bool) {
	text, ok := c.required(e, attr)
	if ok && text == "" {
		c.invalidValue(e.At(attr), text, "a name")
	}
	return text, ok && text != ""
}

// number gives an attribute that is a number, or def.
func (c *checker) number(e *pmml.Element, attr string, def float64) float64 {
	text, ok := e.Attr(attr)
	if !ok {
		return def
	}
	return c.parseNumber(e.At(attr), text)
}

// requiredNumber gives an attribute that must be a number.
func (c *checker) requiredNumber(e *pmml.Element, attr string) float64 {
	text, ok := c.required(e, attr)
	if !ok {
		return math.NaN()
	}
	return c.parseNumber(e.At(attr), text)
}

// parseNumber gives NaN, which compares with nothing, for what is no number.
func (c *checker) parseNumber(at diag.Place, text string) float64 {
	n, ok := value.Parse(value.Double, text, nil)
	if !ok {
		c.invalidNumber(at, text)
		return math.NaN()
	}
	return n.Float64()
}

// atLeast gives an attribute that is a number not below the least, or def.
func (c *checker) atLeast(e *pmml.Element, attr string, least, def float64) float64 {
	n := c.number(e, attr, def)
	if text, ok := e.Attr(attr); ok && n < least {
		c.numberOutOfRange(e.At(attr), text, "a number from "+strconv.FormatFloat(least, 'g', -1, 64))
	}
	return n
}

// whole gives an attribute that is a whole number from least, or def.
func (c *checker) whole(e *pmml.Element, attr string, least, def int32) int32 {
	text, ok := e.Attr(attr)
	if !ok {
		return def
	}
	n, ok := value.Parse(value.Integer, text, nil)
	if i := n.Int64(); ok && i >= int64(least) && i <= 1<<31-1 {
		return int32(i)
	}
	c.numberOutOfRange(e.At(attr), text, "a whole number from "+strconv.Itoa(int(least)))
	return def
}

// boolean gives an attribute that is true or false, or def.
func (c *checker) boolean(e *pmml.Element, attr string, def bool) bool {
	text, ok := e.Attr(attr)
	if !ok {
		return def
	}
	b, ok := value.Parse(value.Boolean, text, nil)
	if !ok {
		c.invalidValue(e.At(attr), text, "true or false")
		return def
	}
	return b.True()
}

// choice gives the index among names of an attribute, or 0 if there is none.
func (c *checker) choice(e *pmml.Element, attr string, names ...string) int {
	text, ok := e.Attr(attr)
	if !ok {
		return 0
	}
	i := slices.Index(names, text)
	if i < 0 {
		c.invalidValue(e.At(attr), text, "one of "+strings.Join(names, ", "))
		return 0
	}
	return i
}

// requiredChoice is choice for an attribute that must be there; ok is false if it is not.
func (c *checker) requiredChoice(e *pmml.Element, attr string, names ...string) (i int, ok bool) {
	text, ok := c.required(e, attr)
	if !ok {
		return 0, false
	}
	if i = slices.Index(names, text); i < 0 {
		c.invalidValue(e.At(attr), text, "one of "+strings.Join(names, ", "))
		return 0, false
	}
	return i, true
}

var opTypes = []string{"continuous", "categorical", "ordinal"}

// opType gives the attribute optype, or def.
func (c *checker) opType(e *pmml.Element, def OpType) OpType {
	if _, ok := e.Attr("optype"); !ok {
		return def
	}
	return OpType(c.choice(e, "optype", opTypes...))
}

// dataType gives the attribute dataType, or def.
func (c *checker) dataType(e *pmml.Element, def value.Type) value.Type {
	text, ok := e.Attr("dataType")
	if !ok {
		return def
	}
	t, ok := value.ParseType(text)
	if !ok {
		c.unknownType(e.At("dataType"), text)
		return def
	}
	return t
}

// requiredTypes gives the attributes optype and dataType, which versions since 3.1 require. Before, the one is guessed
// from the other.
func (c *checker) requiredTypes(e *pmml.Element) (value.Type, OpType) {
	t, op := c.dataType(e, value.NoType), c.opType(e, Continuous)
	_, hasType := e.Attr("dataType")
	_, hasOp := e.Attr("optype")
	if c.doc.Version() != "3.0" {
		if !hasOp {
			c.missingAttribute(e, "optype")
		}
		if !hasType {
			c.missingAttribute(e, "dataType")
		}
		return t, op
	}
	if !hasOp && t != value.NoType && !t.Numeric() {
		op = Categorical
	}
	if !hasType && hasOp {
		t = value.String
		if op == Continuous {
			t = value.Double
		}
	}
	return t, op
}

// single gives the child elements of e by name, each of which may stand once. Those of the content names may stand any
// number of times and are not kept; all others are faults.
func (c *checker) single(e *pmml.Element, names []string, content ...string) map[string]*pmml.Element {
	found := map[string]*pmml.Element{}
	for child := range e.Children() {
		name := child.Name()
		switch {
		case slices.Contains(content, name):
		case !slices.Contains(names, name):
			c.unknownElement(child, e)
		case found[name] != nil:
			c.duplicateElement(child, e)
		default:
			found[name] = child
		}
	}
	return found
}

// parse reads a literal as a value of type t. A numeric constant that is no value of a narrower type, such as 0.5 for an
// integer or a boolean, is a double: it compares all the same.
func (c *checker) parse(t value.Type, text string) (value.Cell, bool) {
	switch {
	case t == value.NoType:
		return c.untyped(text), true
	case t == value.String:
		return c.out.Symbols.Cell(text), true
	}
	cell, ok := value.Parse(t, text, c.out.Symbols)
	if !ok && (t == value.Integer || t == value.Boolean || t.Counts()) {
		cell, ok = value.Parse(value.Double, text, nil)
	}
	return cell, ok
}

// untyped reads a constant without a dataType: an integer, else a number with a point or exponent, else text.
func (c *checker) untyped(text string) value.Cell {
	if strings.ContainsAny(text, "0123456789") {
		t := value.Integer
		if strings.ContainsAny(text, ".eE") {
			t = value.Double
		}
		if cell, ok := value.Parse(t, text, nil); ok {
			return cell
		}
	}
	return c.out.Symbols.Cell(text)
}

// literal is parse with a fault.
func (c *checker) literal(at diag.Place, t value.Type, text string) value.Cell {
	cell, ok := c.parse(t, text)
	if !ok {
		c.invalidLiteral(at, t, text)
	}
	return cell
}

// optionalLiteral reads an attribute that is a value of type t; the zero Cell if there is none.
func (c *checker) optionalLiteral(e *pmml.Element, attr string, t value.Type) value.Cell {
	text, ok := e.Attr(attr)
	if !ok {
		return value.Cell{}
	}
	return c.literal(e.At(attr), t, text)
}
