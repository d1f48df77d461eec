package expr

import "math"

// A Cost is what evaluating an expression can take.
type Cost struct {
	Steps int64 // nodes that are evaluated, at most; the largest number if they are more
	Depth int   // how deep evaluations are nested
}

// CostOf gives the cost of e: one step for each node, and for the call of a defined function what its body costs.
// functions has the costs of the defined functions by their numbers.
func CostOf(e Expr, functions []Cost) Cost {
	var below Cost
	operands(e, func(x Expr) { below = below.And(CostOf(x, functions)) })
	cost := below
	if a, ok := e.(*Apply); ok && a.Func == nil && a.Define >= 0 && int(a.Define) < len(functions) {
		cost = cost.And(functions[a.Define])
	}
	cost = cost.And(Cost{Steps: 1})
	cost.Depth++
	return cost
}

// And is the cost of both, one after the other.
func (c Cost) And(d Cost) Cost {
	steps := d.Steps
	if c.Steps > math.MaxInt64-steps {
		steps = math.MaxInt64 - c.Steps
	}
	return Cost{Steps: c.Steps + steps, Depth: max(c.Depth, d.Depth)}
}

// operands calls visit for each expression directly in e.
func operands(e Expr, visit func(Expr)) {
	switch e := e.(type) {
	case *OrElse:
		visit(e.X)
	case *Cast:
		visit(e.X)
	case *NormContinuous:
		visit(e.X)
	case *NormDiscrete:
		visit(e.X)
	case *Discretize:
		visit(e.X)
	case *Aggregate:
		visit(e.X)
	case *TextIndex:
		visit(e.Text)
		visit(e.Term)
	case *MapValues:
		for _, k := range e.Keys {
			visit(k)
		}
	case *Apply:
		for _, a := range e.Args {
			visit(a)
		}
	}
}
