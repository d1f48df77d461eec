package expr_test

import (
	"math"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
)

func TestCostOf(t *testing.T) {
	slot := func() expr.Expr { return &expr.Slot{} }
	call := func(function int32, args ...expr.Expr) expr.Expr { return &expr.Apply{Define: function, Args: args} }
	functions := []expr.Cost{{Steps: 10, Depth: 3}, {Steps: math.MaxInt64 - 1, Depth: 1}}
	for _, test := range []struct {
		name string
		x    expr.Expr
		want expr.Cost
	}{
		{"a field", slot(), expr.Cost{Steps: 1, Depth: 1}},
		{"a cast", &expr.Cast{X: slot()}, expr.Cost{Steps: 2, Depth: 2}},
		{"keys", &expr.MapValues{Keys: []expr.Expr{slot(), &expr.OrElse{X: slot()}}}, expr.Cost{Steps: 4, Depth: 3}},
		{"a call", call(0, slot(), slot()), expr.Cost{Steps: 13, Depth: 4}},
		{"a call within a call", call(0, call(0, slot())), expr.Cost{Steps: 23, Depth: 5}},
		{"more than there are numbers", call(1, call(1)), expr.Cost{Steps: math.MaxInt64, Depth: 3}},
		{"a function that is not known", call(2), expr.Cost{Steps: 1, Depth: 1}},
	} {
		if got := expr.CostOf(test.x, functions); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}
