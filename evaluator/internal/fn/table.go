package fn

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

var (
	number   = []Kind{Number}
	text     = []Kind{Text}
	truth    = []Kind{Truth}
	anything = []Kind{Any}
)

// table has all functions. A function's number is its place here: new ones go to the end, none is ever removed.
var table = [...]Func{
	{Name: "+", Min: 2, Max: 2, Args: number, Result: commonType, Eval: add},
	{Name: "-", Min: 2, Max: 2, Args: number, Result: commonType, Eval: subtract},
	{Name: "*", Min: 2, Max: 2, Args: number, Result: commonType, Eval: multiply},
	{Name: "/", Min: 2, Max: 2, Args: number, Result: fractionType, Eval: divide},

	{Name: "min", Min: 1, Max: -1, Missing: Skip, Args: number, Result: commonType, Eval: least},
	{Name: "max", Min: 1, Max: -1, Missing: Skip, Args: number, Result: commonType, Eval: greatest},
	{Name: "sum", Min: 1, Max: -1, Missing: Skip, Args: number, Result: commonType, Eval: sum},
	{Name: "avg", Min: 1, Max: -1, Missing: Skip, Args: number, Result: fractionType, Eval: avg},
	{Name: "median", Min: 1, Max: -1, Missing: Skip, Args: number, Result: fractionType, Eval: median},
	{Name: "product", Min: 1, Max: -1, Missing: Skip, Args: number, Result: commonType, Eval: product},

	{Name: "log10", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Log10), Real: math.Log10},
	{Name: "ln", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Log), Real: math.Log},
	{Name: "sqrt", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Sqrt), Real: math.Sqrt},
	{Name: "abs", Min: 1, Max: 1, Args: number, Result: commonType, Eval: abs},
	{Name: "exp", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Exp), Real: math.Exp},
	{Name: "pow", Min: 2, Max: 2, Args: number, Result: powType, Eval: pow},
	{Name: "threshold", Min: 2, Max: 2, Args: number, Result: always(value.Integer), Eval: threshold},
	{Name: "floor", Min: 1, Max: 1, Args: number, Result: always(value.Integer), Eval: whole(math.Floor)},
	{Name: "ceil", Min: 1, Max: 1, Args: number, Result: always(value.Integer), Eval: whole(math.Ceil)},
	{Name: "round", Min: 1, Max: 1, Args: number, Result: always(value.Integer), Eval: whole(roundHalfUp)},
	{Name: "rint", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.RoundToEven), Real: math.RoundToEven},
	{Name: "modulo", Min: 2, Max: 2, Args: number, Result: commonType, Eval: modulo},

	{Name: "isMissing", Min: 1, Max: 1, Missing: See, Args: anything, Result: always(value.Boolean), Eval: isMissing},
	{Name: "isNotMissing", Min: 1, Max: 1, Missing: See, Args: anything, Result: always(value.Boolean), Eval: isNotMissing},
	{Name: "isValid", Min: 1, Max: 1, Missing: See, Args: anything, Result: always(value.Boolean), Eval: isValid},
	{Name: "isNotValid", Min: 1, Max: 1, Missing: See, Args: anything, Result: always(value.Boolean), Eval: isNotValid},

	{Name: "equal", Min: 2, Max: 2, Args: anything, Result: always(value.Boolean), Eval: equal},
	{Name: "notEqual", Min: 2, Max: 2, Args: anything, Result: always(value.Boolean), Eval: notEqual},
	{Name: "lessThan", Min: 2, Max: 2, Args: anything, Result: always(value.Boolean), Eval: lessThan},
	{Name: "lessOrEqual", Min: 2, Max: 2, Args: anything, Result: always(value.Boolean), Eval: lessOrEqual},
	{Name: "greaterThan", Min: 2, Max: 2, Args: anything, Result: always(value.Boolean), Eval: greaterThan},
	{Name: "greaterOrEqual", Min: 2, Max: 2, Args: anything, Result: always(value.Boolean), Eval: greaterOrEqual},

	{Name: "and", Min: 2, Max: -1, Lazy: true, Args: truth, Result: always(value.Boolean)},
	{Name: "or", Min: 2, Max: -1, Lazy: true, Args: truth, Result: always(value.Boolean)},
	{Name: "not", Min: 1, Max: 1, Args: truth, Result: always(value.Boolean), Eval: not},
	{Name: "isIn", Min: 2, Max: -1, Missing: See, Args: anything, Result: always(value.Boolean), Eval: isIn},
	{Name: "isNotIn", Min: 2, Max: -1, Missing: See, Args: anything, Result: always(value.Boolean), Eval: isNotIn},
	{Name: "if", Min: 2, Max: 3, Lazy: true, Args: []Kind{Truth, Any}, Result: branchType},

	{Name: "uppercase", Min: 1, Max: 1, Args: text, Result: always(value.String), Eval: uppercase},
	{Name: "lowercase", Min: 1, Max: 1, Args: text, Result: always(value.String), Eval: lowercase},
	{Name: "stringLength", Min: 1, Max: 1, Args: text, Result: always(value.Integer), Eval: stringLength},
	{Name: "substring", Min: 3, Max: 3, Args: []Kind{Text, Number}, Result: always(value.String), Eval: substring},
	{Name: "trimBlanks", Min: 1, Max: 1, Args: text, Result: always(value.String), Eval: trimBlanks},
	{Name: "concat", Min: 1, Max: -1, Missing: Skip, Args: text, Result: always(value.String), Eval: concat},
	{Name: "replace", Min: 3, Max: 3, Args: text, Result: always(value.String), Eval: replace, Prepare: prepareReplace},
	{Name: "matches", Min: 2, Max: 2, Args: text, Result: always(value.Boolean), Eval: matches, Prepare: prepareMatches},
	{Name: "formatNumber", Min: 2, Max: 2, Args: []Kind{Number, Text}, Result: always(value.String), Eval: formatNumber,
		Prepare: prepareFormatNumber},
	{Name: "formatDatetime", Min: 2, Max: 2, Args: []Kind{Moment, Text}, Result: always(value.String), Eval: formatDatetime,
		Prepare: prepareFormatDatetime},

	{Name: "dateDaysSinceYear", Min: 2, Max: 2, Args: []Kind{Moment, Number}, Result: always(value.Integer),
		Eval: dateDaysSinceYear},
	{Name: "dateSecondsSinceYear", Min: 2, Max: 2, Args: []Kind{Moment, Number}, Result: always(value.Integer),
		Eval: dateSecondsSinceYear},
	{Name: "dateSecondsSinceMidnight", Min: 1, Max: 1, Args: []Kind{Moment}, Result: always(value.Integer),
		Eval: dateSecondsSinceMidnight},

	{Name: "normalCDF", Min: 3, Max: 3, Args: number, Result: always(value.Double), Eval: normal(normalCDF)},
	{Name: "normalPDF", Min: 3, Max: 3, Args: number, Result: always(value.Double), Eval: normal(normalPDF)},
	{Name: "stdNormalCDF", Min: 1, Max: 1, Args: number, Result: always(value.Double), Eval: unaryDouble(stdNormalCDF), Real: stdNormalCDF},
	{Name: "stdNormalPDF", Min: 1, Max: 1, Args: number, Result: always(value.Double), Eval: unaryDouble(stdNormalPDF), Real: stdNormalPDF},
	{Name: "erf", Min: 1, Max: 1, Args: number, Result: always(value.Double), Eval: unaryDouble(math.Erf), Real: math.Erf},
	{Name: "normalIDF", Min: 3, Max: 3, Args: number, Result: always(value.Double), Eval: normal(normalIDF)},
	{Name: "stdNormalIDF", Min: 1, Max: 1, Args: number, Result: always(value.Double), Eval: unaryDouble(stdNormalIDF), Real: stdNormalIDF},

	{Name: "expm1", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Expm1), Real: math.Expm1},
	{Name: "ln1p", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Log1p), Real: math.Log1p},
	{Name: "hypot", Min: 2, Max: 2, Args: number, Result: fractionType, Eval: binary(math.Hypot)},
	{Name: "sin", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Sin), Real: math.Sin},
	{Name: "cos", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Cos), Real: math.Cos},
	{Name: "tan", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Tan), Real: math.Tan},
	{Name: "asin", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Asin), Real: math.Asin},
	{Name: "acos", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Acos), Real: math.Acos},
	{Name: "atan", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Atan), Real: math.Atan},
	{Name: "sinh", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Sinh), Real: math.Sinh},
	{Name: "cosh", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Cosh), Real: math.Cosh},
	{Name: "tanh", Min: 1, Max: 1, Args: number, Result: fractionType, Eval: unary(math.Tanh), Real: math.Tanh},
	{Name: "x-atan2", Min: 2, Max: 2, Args: number, Result: fractionType, Eval: binary(math.Atan2)},
	{Name: "x-quotient", Min: 2, Max: 2, Args: number, Result: always(value.Integer), Eval: quotient}, // "/" where it must be whole
}
