package fn_test

import (
	"math"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

func TestArithmetic(t *testing.T) {
	const most, least = math.MaxInt64, math.MinInt64
	run(t, []call{
		{"+", args(1, 2), 3}, {"+", args(1, 2.5), 3.5}, {"+", args(float32(0.1), float32(0.2)), float32(0.1 + 0.2)},
		{"+", args(float32(1), 2), float32(3)}, {"+", args(float32(0.1), 0.2), float64(float32(0.1)) + 0.2},
		{"+", args(most, 1), 9223372036854775808.0}, {"+", args(least, -1), -9223372036854775808.0}, {"+", args(0, 0), 0},
		{"+", args(true, 1), 2}, {"+", args("1", 1), undefined{}}, {"+", args(1, missing{}), missing{}},
		{"+", args(math.MaxFloat64, math.MaxFloat64), math.Inf(1)}, {"+", args(math.Inf(1), 1), math.Inf(1)},
		{"+", args(kept{1}, 2), 3}, {"+", args(temporal{value.DateDaysSince1970, "5"}, 1), 6},
		{"+", args(temporal{value.Date, "2001-01-01"}, 1), undefined{}}, {"+", args(undefined{}, missing{}), missing{}},
		{"-", args(1, 2), -1}, {"-", args(2.5, 1), 1.5}, {"-", args(least, 1), float64(least) - 1}, {"-", args(0, least), 9223372036854775808.0},
		{"-", args(most, most), 0}, {"-", args(missing{}, 1), missing{}}, {"-", args(1, "x"), undefined{}},
		{"*", args(3, -4), -12}, {"*", args(2, 0.5), 1.0}, {"*", args(1<<32, 1<<32), math.Pow(2, 64)}, {"*", args(float32(3), 2), float32(6)},
		{"*", args(0, least), 0}, {"*", args(missing{}, 0), missing{}}, {"*", args("a", 2), undefined{}},
		{"*", args(float32(3e38), float32(10)), float32(math.Inf(1))},
		{"/", args(7, 2), 3.5}, {"/", args(6, 2), 3.0}, {"/", args(float32(1), 4), float32(0.25)}, {"/", args(1, 0), undefined{}}, {"/", args(1.0, 0), math.Inf(1)},
		{"/", args(0.0, 0.0), kept{math.NaN()}}, {"/", args(1, missing{}), missing{}}, {"/", args(1.0, math.Inf(1)), 0.0},
		{"/", args("a", 2), undefined{}},
		{"modulo", args(11, 3), 2}, {"modulo", args(-11, 3), 1}, {"modulo", args(11, -3), -1}, {"modulo", args(-9, 3), 0},
		{"modulo", args(9.5, -3.0), -2.5}, {"modulo", args(5, 0), undefined{}}, {"modulo", args(5.0, 0), kept{math.NaN()}},
		{"modulo", args(least, -1), 0}, {"modulo", args(missing{}, 1), missing{}}, {"modulo", args("5", 2), undefined{}},
		{"pow", args(2, 10), 1024}, {"pow", args(0, 0), 1}, {"pow", args(0.0, 0.0), 1.0}, {"pow", args(2, -1), 0.5},
		{"pow", args(-3, 3), -27}, {"pow", args(10, 19), 1e19}, {"pow", args(2, 0.5), math.Sqrt2}, {"pow", args(-8, 0.5), kept{math.NaN()}},
		{"pow", args(0, -1), math.Inf(1)}, {"pow", args(1, most), 1}, {"pow", args(float32(2), 2), float32(4)},
		{"pow", args(2, missing{}), missing{}}, {"pow", args("2", 2), undefined{}},
	})
}

func TestAggregates(t *testing.T) {
	none := args(missing{}, missing{})
	run(t, []call{
		{"min", args(3, missing{}, 1), 1}, {"min", args(3, 1.5), 1.5}, {"min", args(1, 1.5), 1.0}, {"min", none, missing{}},
		{"min", args(float32(0.1), 0.1), 0.1}, {"min", args("a"), undefined{}}, {"min", args(math.NaN(), 1.0), math.NaN()},
		{"max", args(3, missing{}, 1), 3}, {"max", args(-1.0, -2), -1.0}, {"max", none, missing{}}, {"max", args(9223372036854775806, math.MaxInt64), math.MaxInt64},
		{"max", args(float32(0.1), 0.1), float64(float32(0.1))}, {"max", args(1, undefined{}), undefined{}},
		{"sum", args(1, missing{}, 2), 3}, {"sum", args(1, 2.5), 3.5}, {"sum", none, missing{}}, {"sum", args(math.MaxInt64, 1), 9223372036854775808.0},
		{"sum", args(float32(0.1), float32(0.2)), float32(0.1 + 0.2)}, {"sum", args(1, "a"), undefined{}},
		{"avg", args(1, missing{}, 2), 1.5}, {"avg", args(2, 4), 3.0}, {"avg", none, missing{}}, {"avg", args(float32(1), 2), float32(1.5)},
		{"avg", args("a"), undefined{}},
		{"median", args(5, missing{}, 1, 3), 3.0}, {"median", args(4, 1, 3, 2), 2.5}, {"median", none, missing{}}, {"median", args("a"), undefined{}},
		{"product", args(2, missing{}, 3), 6}, {"product", args(2, 0.5), 1.0}, {"product", none, missing{}},
		{"product", args(1<<40, 1<<40), math.Pow(2, 80)}, {"product", args("a"), undefined{}},
	})
}

func TestMath(t *testing.T) {
	run(t, []call{
		{"log10", args(1000), math.Log10(1000)}, {"log10", args(0), math.Inf(-1)}, {"log10", args(-1.0), kept{math.NaN()}}, {"log10", args(missing{}), missing{}},
		{"ln", args(math.E), 1.0}, {"ln", args(float32(2)), float32(math.Log(2))}, {"ln", args(-1), kept{math.NaN()}}, {"ln", args("x"), undefined{}},
		{"sqrt", args(9), 3.0}, {"sqrt", args(-1.0), kept{math.NaN()}}, {"sqrt", args(math.Inf(1)), math.Inf(1)},
		{"abs", args(-3), 3}, {"abs", args(-2.5), 2.5}, {"abs", args(float32(-0.5)), float32(0.5)}, {"abs", args(math.MinInt64), 9223372036854775808.0},
		{"abs", args(missing{}), missing{}}, {"abs", args("x"), undefined{}},
		{"exp", args(0), 1.0}, {"exp", args(float32(1)), float32(math.E)}, {"exp", args(1000), math.Inf(1)},
		{"threshold", args(2, 1), 1}, {"threshold", args(1, 1), 0}, {"threshold", args(0.5, 1), 0}, {"threshold", args(missing{}, 1), missing{}},
		{"threshold", args("a", "b"), undefined{}},
		{"floor", args(-2.5), -3}, {"floor", args(7), 7}, {"floor", args(1e300), 1e300}, {"floor", args(missing{}), missing{}}, {"floor", args("x"), undefined{}},
		{"ceil", args(-2.5), -2}, {"ceil", args(2.1), 3}, {"ceil", args(float32(2.5)), 3},
		{"round", args(2.5), 3}, {"round", args(-2.5), -2}, {"round", args(0.49999999999999994), 0}, {"round", args(-0.4), 0}, {"round", args(1e19), 1e19},
		{"rint", args(2.5), 2.0}, {"rint", args(-2.5), -2.0}, {"rint", args(3.5), 4.0}, {"rint", args(5), 5.0}, {"rint", args(float32(0.5)), float32(0)},
		{"expm1", args(1e-10), math.Expm1(1e-10)}, {"ln1p", args(1e-10), math.Log1p(1e-10)}, {"ln1p", args(-1), math.Inf(-1)},
		{"hypot", args(3, 4), 5.0}, {"hypot", args(1e200, 1e200), math.Sqrt2 * 1e200}, {"hypot", args(missing{}, 1), missing{}}, {"hypot", args("x", 1), undefined{}},
		{"sin", args(0), 0.0}, {"cos", args(0), 1.0}, {"tan", args(0), 0.0}, {"asin", args(1), math.Pi / 2}, {"asin", args(2), kept{math.NaN()}},
		{"acos", args(1), 0.0}, {"acos", args(-2), kept{math.NaN()}}, {"atan", args(1), math.Pi / 4}, {"sinh", args(0), 0.0}, {"cosh", args(0), 1.0},
		{"cosh", args(1000), math.Inf(1)}, {"tanh", args(1000), 1.0}, {"x-atan2", args(1, -1), 3 * math.Pi / 4}, {"x-atan2", args(missing{}, 1), missing{}},
	})
}

func TestNormalDistribution(t *testing.T) {
	run(t, []call{
		{"stdNormalCDF", args(0), 0.5}, {"stdNormalCDF", args(missing{}), missing{}}, {"stdNormalCDF", args("x"), undefined{}},
		{"normalCDF", args(5, 5, 2), 0.5}, {"normalCDF", args(1, 0, 0), undefined{}}, {"normalCDF", args(1, 0, -1), undefined{}},
		{"normalCDF", args("x", 0, 1), undefined{}}, {"normalPDF", args(missing{}, 0, 1), missing{}}, {"normalIDF", args(0.5, 3, 2), 3.0},
		{"stdNormalIDF", args(0.5), 0.0}, {"stdNormalIDF", args(0), math.Inf(-1)}, {"stdNormalIDF", args(1), math.Inf(1)},
		{"stdNormalIDF", args(1.5), kept{math.NaN()}}, {"stdNormalIDF", args(-0.1), kept{math.NaN()}}, {"normalIDF", args(2, 0, 1), kept{math.NaN()}},
		{"erf", args(0), 0.0},
	})
	// The exact values for these very doubles, from mpmath with 40 digits.
	for _, test := range []struct {
		name    string
		x, want float64
	}{
		{"stdNormalCDF", 1, 0.841344746068542948585232545632}, {"stdNormalCDF", -2.5, 0.00620966532577613516697810457419},
		{"stdNormalCDF", -10, 7.6198530241605260659733432516e-24}, {"stdNormalCDF", -37, 5.72557122252457682268319254827e-300},
		{"stdNormalPDF", 0.5, 0.352065326764299477774680441597}, {"erf", 0.5, 0.520499877813046537682746653892},
		{"stdNormalIDF", 0.975, 1.95996398454005385560443064983}, {"stdNormalIDF", 0.01, -2.32634787404084109307509639163},
		{"stdNormalIDF", 1e-10, -6.36134090240405619910039694879}, {"stdNormalIDF", 1e-300, -37.0470962993611992365470425049},
		{"stdNormalIDF", 0.6, 0.253347103135799741324688691772}, {"stdNormalIDF", 0.999999, 4.75342430881708776568809703068},
		{"stdNormalIDF", 0.02, -2.05374891063182304433863907492},
	} {
		f, _ := fn.Lookup(test.name)
		got := f.Call(nil, []value.Cell{value.DoubleOf(test.x)}).Float64()
		if math.Abs(got-test.want) > 1e-15*math.Abs(test.want) {
			t.Errorf("%s(%v) = %.17g, want %.17g", test.name, test.x, got, test.want)
		}
	}
}
