package fn

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// normal makes a function of x, mean and standard deviation, which must be positive.
func normal(f func(x, mean, deviation float64) float64) Eval {
	return func(_ *value.Strings, args []value.Cell) value.Cell {
		if !isNumber(args[0]) || !isNumber(args[1]) || !isNumber(args[2]) {
			return value.Undefined()
		}
		x, mean, deviation := args[0].Float64(), args[1].Float64(), args[2].Float64()
		if !(deviation > 0) {
			return value.Undefined()
		}
		return realOf(value.Double, f(x, mean, deviation), defined(x) && defined(mean) && defined(deviation))
	}
}

func normalCDF(x, mean, deviation float64) float64 { return stdNormalCDF((x - mean) / deviation) }

func normalPDF(x, mean, deviation float64) float64 {
	return stdNormalPDF((x-mean)/deviation) / deviation
}

func normalIDF(p, mean, deviation float64) float64 { return mean + deviation*stdNormalIDF(p) }

// stdNormalCDF goes through the complementary error function, so that the lower tail keeps all its digits. There the
// rounding of x/√2 counts x² times, so it is made good by the derivative.
func stdNormalCDF(x float64) float64 {
	const high, low = math.Sqrt2 / 2, -4.833646656726457e-17 // together 1/√2
	y := -x * high
	if math.IsInf(y, 0) {
		return math.Erfc(y) / 2
	}
	rest := math.FMA(-x, high, -y) - x*low
	return math.Erfc(y)/2 - rest*math.Exp(-y*y)/math.SqrtPi
}

func stdNormalPDF(x float64) float64 {
	const scale = 1 / (math.Sqrt2 * math.SqrtPi)
	return math.Exp(-x*x/2) * scale
}

// stdNormalIDF is the inverse of stdNormalCDF: infinite for 0 and 1, NaN outside.
func stdNormalIDF(p float64) float64 {
	const tail = 0.02
	switch {
	case p == 0 || p == 1 || !(p >= 0 && p <= 1):
		return math.Sqrt2 * math.Erfinv(2*p-1)
	case p < tail:
		return lowerTailIDF(p)
	case p > 1-tail:
		return -lowerTailIDF(1 - p)
	}
	return math.Sqrt2 * math.Erfinv(2*p-1)
}

// lowerTailIDF begins with formula 26.2.23 of Abramowitz and Stegun, good to 0.00045, and refines it by steps of third
// order; near 0 the inverse error function would see only what is left of 1 − 2p.
func lowerTailIDF(p float64) float64 {
	t := math.Sqrt(-2 * math.Log(p))
	x := (2.515517+t*(0.802853+t*0.010328))/(1+t*(1.432788+t*(0.189269+t*0.001308))) - t
	for range 3 {
		density := stdNormalPDF(x)
		if density == 0 {
			break
		}
		step := (stdNormalCDF(x) - p) / density
		x -= step / (1 + x*step/2)
	}
	return x
}
