package fn_test

import (
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

func TestMissingAndValid(t *testing.T) {
	run(t, []call{
		{"isMissing", args(missing{}), true}, {"isMissing", args(1), false}, {"isMissing", args(undefined{}), false},
		{"isNotMissing", args(missing{}), false}, {"isNotMissing", args(kept{1}), true}, {"isNotMissing", args(""), true},
		{"isValid", args(missing{}), false}, {"isValid", args(1), true}, {"isValid", args(kept{1}), false},
		{"isNotValid", args(missing{}), false}, {"isNotValid", args(1), false}, {"isNotValid", args(undefined{}), true}, {"isNotValid", args(kept{"a"}), true},
	})
}

func TestComparisons(t *testing.T) {
	run(t, []call{
		{"equal", args(1, 1.0), true}, {"equal", args("a", "a"), true}, {"equal", args("a", "b"), false}, {"equal", args(1, "1.0"), true},
		{"equal", args("1", 1), true}, {"equal", args(1, "x"), false}, {"equal", args(1, missing{}), missing{}}, {"equal", args(undefined{}, 1), undefined{}},
		{"equal", args(kept{1}, 1), true}, {"equal", args(float32(0.1), 0.1), true}, {"equal", args(true, "TRUE"), true},
		{"notEqual", args(1, 2), true}, {"notEqual", args("a", "a"), false}, {"notEqual", args(missing{}, "a"), missing{}},
		{"lessThan", args(1, 1.5), true}, {"lessThan", args(2, 1), false}, {"lessThan", args("a", "b"), undefined{}}, {"lessThan", args(missing{}, 1), missing{}},
		{"lessThan", args(false, true), true}, {"lessThan", args(temporal{value.Date, "2001-01-01"}, "2001-01-02"), true},
		{"lessOrEqual", args(1, 1), true}, {"lessOrEqual", args(2, 1), false}, {"lessOrEqual", args(1, "a"), undefined{}},
		{"greaterThan", args(2, 1), true}, {"greaterThan", args(1, 1), false}, {"greaterThan", args(1, missing{}), missing{}},
		{"greaterOrEqual", args(1, 1), true}, {"greaterOrEqual", args(0, 1), false}, {"greaterOrEqual", args("a", 1), undefined{}},
	})
}

func TestSets(t *testing.T) {
	run(t, []call{
		{"isIn", args("b", "a", "b"), true}, {"isIn", args("c", "a", "b"), false}, {"isIn", args(1, 2.0, 1.0), true}, {"isIn", args(1.0, "1", "2"), true},
		{"isIn", args(missing{}, "a"), false}, {"isIn", args(missing{}, "a", missing{}), true}, {"isIn", args("a", missing{}), false},
		{"isIn", args(undefined{}, "a"), undefined{}}, {"isIn", args(kept{"a"}, "a"), true},
		{"isNotIn", args("b", "a", "b"), false}, {"isNotIn", args("c", "a"), true}, {"isNotIn", args(missing{}, "a"), true},
		{"isNotIn", args(missing{}, missing{}), false}, {"isNotIn", args(undefined{}, 1), undefined{}},
	})
}

func TestNot(t *testing.T) {
	run(t, []call{
		{"not", args(true), false}, {"not", args(false), true}, {"not", args(missing{}), missing{}}, {"not", args("true"), false},
		{"not", args(0), true}, {"not", args("x"), undefined{}}, {"not", args(2), undefined{}},
	})
}

func TestCondition(t *testing.T) {
	s := value.NewStrings(nil, nil)
	for _, test := range []struct {
		v    any
		want value.Truth
		ok   bool
	}{
		{true, value.True, true}, {false, value.False, true}, {missing{}, value.Unknown, true}, {"TRUE", value.True, true}, {1.0, value.True, true},
		{kept{true}, value.True, true}, {undefined{}, value.Unknown, false}, {"x", value.Unknown, false}, {2, value.Unknown, false},
	} {
		got, ok := fn.Condition(s, cellOf(t, s, test.v))
		if ok != test.ok || ok && got != test.want {
			t.Errorf("Condition(%v) = %v, %v", test.v, got, ok)
		}
	}
}

func TestResult(t *testing.T) {
	for _, test := range []struct {
		name  string
		types []value.Type
		want  value.Type
	}{
		{"+", []value.Type{value.Integer, value.Float}, value.Float}, {"+", []value.Type{value.Integer, value.NoType}, value.NoType},
		{"/", []value.Type{value.Integer, value.Integer}, value.Double}, {"pow", []value.Type{value.Integer, value.Integer}, value.NoType},
		{"if", []value.Type{value.Boolean, value.String, value.String}, value.String}, {"if", []value.Type{value.Boolean, value.Integer, value.Double}, value.NoType},
		{"if", []value.Type{value.Boolean, value.Integer}, value.Integer}, {"and", []value.Type{value.NoType, value.NoType}, value.Boolean},
	} {
		f, _ := fn.Lookup(test.name)
		if got := f.Result(test.types); got != test.want {
			t.Errorf("%s%v is a %v, want %v", test.name, test.types, got, test.want)
		}
	}
}
