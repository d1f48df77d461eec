package check

import (
	"slices"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// maxCost bounds how many steps an expression may take: functions that call each other twice double it each time.
const maxCost = 10_000_000

// maxLevels bounds how deep evaluations are nested, because a stack is not endless.
const maxLevels = 10_000

// A function is a DefineFunction.
type function struct {
	name   string
	at     diag.Place
	params []value.Type
	named  map[string]param
	locals []local
	body   *formula
	result value.Type
	number int32 // in Document.Functions; -1 until something that is used calls it
	state  linkState
	broken bool // a fault was reported
}

// A param is what a name in a function means: an argument, or after those a local variable.
type param struct {
	index int32
	typ   value.Type
}

// A local is a DerivedField in a DefineFunction, which JPMML has.
type local struct {
	name    string
	at      diag.Place
	typ     value.Type
	formula *formula
}

// builtin gives the built-in function that has exactly this name, or nil.
func (c *checker) builtin(name string) *fn.Func {
	f, known := c.builtins[name]
	if !known {
		if f, _ = fn.Lookup(name); f != nil && f.Name != name {
			f = nil
		}
		c.builtins[name] = f
	}
	return f
}

// findFunction gives the function that a name means: a built-in one, else a defined one, else a built-in one that is
// spelled differently.
func (c *checker) findFunction(name string) (*fn.Func, *function) {
	if b := c.builtin(name); b != nil {
		return b, nil
	}
	if d := c.functions[name]; d != nil {
		return nil, d
	}
	b, _ := fn.Lookup(name)
	return b, nil
}

// defineFunction reads a DefineFunction.
func (c *checker) defineFunction(e *pmml.Element) {
	c.attributes(e, "name", "optype", "dataType")
	d := &function{at: e.Place(), number: -1, named: map[string]param{}}
	var named bool
	d.name, named = c.name(e, "name")
	if _, has := e.Attr("optype"); !has && c.doc.Version() != "3.0" {
		c.missingAttribute(e, "optype")
	}
	c.opType(e, Continuous)
	d.result = c.dataType(e, value.NoType)
	d.body = c.formula(e, func(child *pmml.Element) bool {
		switch child.Name() {
		case "ParameterField":
			c.parameter(d, child)
		case "DerivedField":
			c.local(d, child)
		default:
			return false
		}
		return true
	})
	for i, l := range d.locals {
		d.addName(c, l.name, l.at, param{int32(len(d.params) + i), l.typ})
	}
	c.declared = append(c.declared, d)
	switch {
	case !named:
	case c.functions[d.name] != nil:
		c.duplicateName(e.At("name"), "function", d.name)
	case c.builtin(d.name) != nil:
		c.noteInconsistent(e.At("name"), "function %q is built in, so this definition is not used", d.name)
	default:
		c.functions[d.name] = d
	}
}

func (c *checker) parameter(d *function, e *pmml.Element) {
	c.attributes(e, "name", "optype", "dataType", "displayName")
	c.noChildren(e)
	name, named := c.name(e, "name")
	t := c.dataType(e, value.NoType)
	if named {
		d.addName(c, name, e.At("name"), param{int32(len(d.params)), t})
	}
	d.params = append(d.params, t)
}

func (d *function) addName(c *checker, name string, at diag.Place, p param) {
	if _, taken := d.named[name]; taken {
		c.duplicateName(at, "parameter", name)
	}
	d.named[name] = p
}

func (c *checker) local(d *function, e *pmml.Element) {
	c.attributes(e, "name", "displayName", "optype", "dataType")
	name, named := c.name(e, "name")
	t, _ := c.requiredTypes(e)
	f := c.formula(e, nil)
	if named && f != nil {
		d.locals = append(d.locals, local{name, e.At("name"), t, f})
	}
}

// linkFunctions finds the cycles among functions, once all are read.
func (c *checker) linkFunctions() {
	for _, d := range c.declared {
		if d.state != unlinked {
			continue
		}
		d.state = linking
		type visit struct {
			d     *function
			calls []reference
		}
		for stack := []visit{{d, d.calls()}}; len(stack) > 0; {
			v := &stack[len(stack)-1]
			if len(v.calls) == 0 {
				v.d.state = linked
				stack = stack[:len(stack)-1]
				continue
			}
			g := c.functions[v.calls[0].name]
			v.calls = v.calls[1:]
			switch {
			case g == nil || g.state == linked:
			case g.state == linking:
				g.broken = true
				names := []string{g.name}
				for i := len(stack) - 1; stack[i].d != g; i-- {
					names = append(names, stack[i].d.name)
				}
				names = append(names, g.name)
				slices.Reverse(names)
				c.cycle(g.at, "function "+quote(g.name), names)
			default:
				g.state = linking
				stack = append(stack, visit{g, g.calls()})
			}
		}
	}
}

// calls gives the functions that a function's body and locals call and that are not built in.
func (d *function) calls() []reference {
	var calls []reference
	for i := range d.locals {
		calls = append(calls, d.locals[i].formula.calls...)
	}
	if d.body != nil {
		calls = append(calls, d.body.calls...)
	}
	return calls
}

// checkFunctions checks the functions that nothing calls.
func (c *checker) checkFunctions() {
	called := len(c.out.Functions)
	for _, d := range c.declared {
		if d.number < 0 {
			c.need(d)
		}
	}
	c.out.Functions = c.out.Functions[:called]
}

// need gives a function its number, after those that it calls.
func (c *checker) need(d *function) {
	type visit struct {
		d     *function
		calls []reference
	}
	for stack := []visit{{d, d.calls()}}; len(stack) > 0; {
		v := &stack[len(stack)-1]
		if len(v.calls) > 0 {
			g := c.functions[v.calls[0].name]
			v.calls = v.calls[1:]
			if g != nil && g.number < 0 && !g.broken {
				stack = append(stack, visit{g, g.calls()})
			}
			continue
		}
		if d := v.d; d.number < 0 && !d.broken {
			f, cost := c.define(d)
			d.number = int32(len(c.out.Functions))
			c.out.Functions = append(c.out.Functions, f)
			c.costs = append(c.costs, cost)
		}
		stack = stack[:len(stack)-1]
	}
}

// define resolves a function and gives what a call costs.
func (c *checker) define(d *function) (f expr.Function, cost expr.Cost) {
	f = expr.Function{Name: d.name, Params: d.params, Body: nothing()} // Body casts its result itself
	if d.body == nil {
		return f, cost
	}
	r := &resolver{c: c, params: d.named, visible: int32(len(d.params))}
	for _, l := range d.locals {
		x, t := l.formula.root.resolve(r, l.typ)
		x = r.cast(l.at, x, t, l.typ)
		f.Locals = append(f.Locals, x)
		cost = cost.And(expr.CostOf(x, c.costs))
		r.visible++
	}
	x, t := d.body.root.resolve(r, d.result)
	f.Body = r.cast(d.at, x, t, d.result)
	cost = cost.And(expr.CostOf(f.Body, c.costs))
	c.checkCost(d.at, "function "+quote(d.name), cost)
	return f, cost
}

// checkCost checks that an expression does not take too long.
func (c *checker) checkCost(at diag.Place, what string, cost expr.Cost) {
	if cost.Steps > maxCost || cost.Depth > maxLevels {
		c.tooCostly(at, what)
	}
}

// callBuiltin completes the call of a built-in function and gives the type of its result.
func (c *checker) callBuiltin(t *apply, x *expr.Apply, types []value.Type) value.Type {
	f, n := x.Func, len(types)
	if n < f.Min || f.Max >= 0 && n > f.Max {
		c.wrongArguments(t.function.at, t.function.name, n, arity(f.Min, f.Max))
		return value.NoType
	}
	if i, expected := f.Check(types); i >= 0 {
		c.wrongArgument(t.places[i], t.function.name, i, types[i], expected)
		return value.NoType
	}
	if isOrder(f.Name) && types[0] == value.String {
		c.wrongArgument(t.places[0], t.function.name, 0, types[0], "a value that has an order")
	}
	c.prepare(t, x)
	return f.Result(types)
}

// prepare compiles the constant pattern of a call, which is its second argument.
func (c *checker) prepare(t *apply, x *expr.Apply) {
	if x.Func.Prepare != nil {
		k, ok := x.Args[1].(*expr.Const)
		if ok && k.Cell.State == value.Valid && k.Cell.Type == value.String && !c.spendPattern(t.at, c.out.Symbols.Text(k.Cell)) {
			return
		}
	}
	if err := x.Prepare(c.out.Symbols.Text); err != nil {
		c.badPattern(t.at, t.function.name, err)
	}
}

func isOrder(name string) bool {
	return name == "lessThan" || name == "lessOrEqual" || name == "greaterThan" || name == "greaterOrEqual"
}

func arity(least, most int) string {
	switch {
	case least == most:
		return strconv.Itoa(least)
	case most < 0:
		return strconv.Itoa(least) + " or more"
	}
	return strconv.Itoa(least) + " to " + strconv.Itoa(most)
}

// callDefined completes the call of a defined function and gives its number.
func (c *checker) callDefined(t *apply, d *function, n int, trial bool) int32 {
	if n != len(d.params) {
		c.wrongArguments(t.function.at, d.name, n, strconv.Itoa(len(d.params)))
	}
	if !trial && !d.broken {
		c.need(d)
	}
	return d.number
}
