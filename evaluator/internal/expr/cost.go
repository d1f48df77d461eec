package expr

import "math"

// Cost gives how many steps the evaluation of e takes at most: one for each node, and for each call of a defined function
// what its body costs. functions has the costs of the defined functions by their numbers. A cost that does not fit is
// the largest number.
func Cost(e Expr, functions []int64) int64 {
	cost := int64(0)
	Walk(e, func(e Expr) {
		step := int64(1)
		if a, ok := e.(*Apply); ok && a.Func == nil && a.Define >= 0 && int(a.Define) < len(functions) {
			step += functions[a.Define]
		}
		if cost > math.MaxInt64-step {
			step = math.MaxInt64 - cost
		}
		cost += step
	})
	return cost
}
