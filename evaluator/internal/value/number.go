package value

import (
	"math"
	"strconv"
	"strings"
)

// ParseNumber reads a numeric constant of a document as a value of the numeric type t. It is Parse, except that NaN is a
// number here.
func ParseNumber(t Type, text string) (Cell, bool) {
	if (t == Float || t == Double) && strings.EqualFold(strings.TrimSpace(text), "NaN") {
		return Cell{bits: math.Float64bits(math.NaN()), Content: Content{State: Valid, Type: t}}, true
	}
	if !t.Numeric() {
		return Cell{}, false
	}
	return parseScalar(t, text)
}

// parseFloat reads a decimal number or an infinity, correctly rounded to the given number of bits. As in Java, a number
// that is too large is an infinity. NaN is no number.
func parseFloat(text string, bits int) (float64, bool) {
	if !decimal(text) {
		return parseInfinity(text)
	}
	f, err := strconv.ParseFloat(text, bits)
	// The syntax was checked, so an error can only be about the range, and then f is an infinity.
	return f, err == nil || math.IsInf(f, 0)
}

func parseInfinity(text string) (float64, bool) {
	sign := 1
	switch {
	case strings.HasPrefix(text, "-"):
		sign, text = -1, text[1:]
	case strings.HasPrefix(text, "+"):
		text = text[1:]
	}
	ok := strings.EqualFold(text, "INF") || strings.EqualFold(text, "Infinity")
	return math.Inf(sign), ok
}

// decimal says that text is [+-] digits [. digits] [e [+-] digits], with a digit before or after the point. So it leaves
// out what strconv knows besides: hexadecimal numbers, underscores and names.
func decimal(text string) bool {
	i := skipSign(text, 0)
	start := i
	i = skipDigits(text, i)
	digits := i - start
	if i < len(text) && text[i] == '.' {
		start = i + 1
		i = skipDigits(text, start)
		digits += i - start
	}
	if digits == 0 {
		return false
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		start = skipSign(text, i+1)
		i = skipDigits(text, start)
		if i == start {
			return false
		}
	}
	return i == len(text)
}

func skipSign(text string, i int) int {
	if i < len(text) && (text[i] == '+' || text[i] == '-') {
		i++
	}
	return i
}

func skipDigits(text string, i int) int {
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		i++
	}
	return i
}

// parseInteger reads a whole number of 64 bits, which may be written with a fraction of zeros or an exponent.
func parseInteger(text string) (int64, bool) {
	if i, ok := parseDigits(wholePart(text)); ok {
		return i, true
	}
	if !decimal(text) || !strings.ContainsAny(text, ".eE") {
		return 0, false
	}
	f, ok := parseFloat(text, 64)
	if !ok {
		return 0, false
	}
	return Whole(f)
}

// wholePart cuts off a fraction of zeros, so that large whole numbers stay exact.
func wholePart(text string) string {
	point := strings.IndexByte(text, '.')
	if point <= 0 || strings.Trim(text[point+1:], "0") != "" {
		return text
	}
	return text[:point]
}

// parseDigits reads [+-] digits; ok is false for anything else and beyond 64 bits.
func parseDigits(text string) (n int64, ok bool) {
	i := skipSign(text, 0)
	if i == len(text) || skipDigits(text, i) != len(text) {
		return 0, false
	}
	negative := text[0] == '-'
	// Negative numbers have one more value, so the sum is kept negative.
	const least = math.MinInt64
	for ; i < len(text); i++ {
		digit := int64(text[i] - '0')
		if n < least/10 || n*10 < least+digit {
			return 0, false
		}
		n = n*10 - digit
	}
	if negative {
		return n, true
	}
	return -n, n != least
}

// Whole gives f as an integer; ok is false if it has a fraction or does not fit 64 bits.
func Whole(f float64) (i int64, ok bool) {
	if !(f >= -1<<63 && f < 1<<63) || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

// AppendFloat appends f, a number of 32 or 64 bits, as Java writes it: with the fewest digits that identify it among the
// numbers of its size, at least one of them after the point; plain from 0.001 to 10,000,000, else with an exponent, as
// in 1.0E-5. Infinity, -Infinity and NaN are spelt out.
func AppendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	}
	if math.Signbit(f) {
		b = append(b, '-')
		f = -f
	}
	if f == 0 {
		return append(b, "0.0"...)
	}
	var buffer [32]byte
	digits, exponent := shortest(buffer[:0], f, bits)
	if f >= 1e-3 && f < 1e7 {
		return appendPlain(b, digits, exponent)
	}
	b = append(b, digits[0], '.')
	b = append(b, digits[1:]...)
	b = append(b, 'E')
	return strconv.AppendInt(b, int64(exponent), 10)
}

// shortest gives at least two digits, the point after the first, and the exponent of ten.
func shortest(buffer []byte, f float64, bits int) (digits []byte, exponent int) {
	text := strconv.AppendFloat(buffer, f, 'e', -1, bits)
	if text[1] == 'e' {
		// Java takes the nearest number of two digits when one digit would do: 4.9E-324, not 5.0E-324.
		text = strconv.AppendFloat(buffer, f, 'e', 1, bits)
	}
	e := len(text) - 1
	for text[e] != 'e' {
		e--
	}
	for _, c := range text[e+2:] {
		exponent = exponent*10 + int(c-'0')
	}
	if text[e+1] == '-' {
		exponent = -exponent
	}
	text[1] = text[0]
	return text[1:e], exponent
}

// appendPlain writes digits without an exponent; exponent is from -3 to 6.
func appendPlain(b, digits []byte, exponent int) []byte {
	if exponent < 0 {
		b = append(b, "0.000"[:1-exponent]...)
		if digits[len(digits)-1] == '0' {
			digits = digits[:len(digits)-1]
		}
		return append(b, digits...)
	}
	for i := 0; i <= exponent || i < len(digits); i++ {
		if i == exponent+1 {
			b = append(b, '.')
		}
		if i < len(digits) {
			b = append(b, digits[i])
		} else {
			b = append(b, '0')
		}
	}
	if len(digits) <= exponent+1 {
		b = append(b, ".0"...)
	}
	return b
}
