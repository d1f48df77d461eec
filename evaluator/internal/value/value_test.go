package value_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

var allTypes = func() (types []value.Type) {
	for t := value.String; t.String() != ""; t++ {
		types = append(types, t)
	}
	return types
}()

func TestParseType(t *testing.T) {
	for _, typ := range allTypes {
		if got, ok := value.ParseType(typ.String()); !ok || got != typ {
			t.Errorf("ParseType(%q) = %v, %v", typ, got, ok)
		}
	}
	for name, want := range map[string]value.Type{
		"x-dateDaysSince[2010]": value.DateDaysSince2010, "x-dateTimeSecondsSince[1990]": value.DateTimeSecondsSince1990,
		"": value.NoType, "x-date": value.NoType, "Integer": value.NoType, "dateDaysSince[1961]": value.NoType,
	} {
		if got, ok := value.ParseType(name); got != want || ok != (want != value.NoType) {
			t.Errorf("ParseType(%q) = %v, %v, want %v", name, got, ok, want)
		}
	}
}

// TestParse gives each text's value as AppendCell writes it; no text stands for: not of this type.
func TestParse(t *testing.T) {
	const invalid = ""
	for _, test := range []struct {
		typ        value.Type
		text, want string
	}{
		{value.String, " a b ", " a b "},
		{value.Integer, "3", "3"}, {value.Integer, " +3 ", "3"}, {value.Integer, "-0", "0"}, {value.Integer, "3.0", "3"},
		{value.Integer, "3.", "3"}, {value.Integer, "1e3", "1000"}, {value.Integer, "12.5e1", "125"},
		{value.Integer, "9223372036854775807", "9223372036854775807"},
		{value.Integer, "-9223372036854775808", "-9223372036854775808"},
		{value.Integer, "9007199254740993.0", "9007199254740993"},
		{value.Integer, "9223372036854775808", invalid}, {value.Integer, "-9223372036854775809", invalid},
		{value.Integer, "1e19", invalid}, {value.Integer, "3.5", invalid}, {value.Integer, "", invalid},
		{value.Integer, "0x10", invalid}, {value.Integer, "1_000", invalid}, {value.Integer, ".", invalid},
		{value.Integer, "INF", invalid}, {value.Integer, "+", invalid}, {value.Integer, "true", invalid},
		{value.Double, "3", "3.0"}, {value.Double, " .5 ", "0.5"}, {value.Double, "1E3", "1000.0"},
		{value.Double, "-0.0", "0.0"}, {value.Double, "INF", "Infinity"}, {value.Double, "-inf", "-Infinity"},
		{value.Double, "+Infinity", "Infinity"}, {value.Double, "1e999", "Infinity"}, {value.Double, "-1e999", "-Infinity"},
		{value.Double, "1e-999", "0.0"}, {value.Double, "NaN", invalid}, {value.Double, "1,5", invalid},
		{value.Double, "0x1p3", invalid}, {value.Double, "1_0.5", invalid}, {value.Double, "5d", invalid},
		{value.Double, "1e", invalid}, {value.Double, "e5", invalid}, {value.Double, "", invalid},
		{value.Double, "infinite", invalid}, {value.Double, "1 2", invalid}, {value.Double, "--1", invalid},
		{value.Float, "0.1", "0.1"}, {value.Float, "16777217", "1.6777216E7"}, {value.Float, "1e39", "Infinity"},
		{value.Boolean, "TRUE", "true"}, {value.Boolean, "false", "false"}, {value.Boolean, "1", "true"},
		{value.Boolean, "0.0", "false"}, {value.Boolean, "yes", invalid}, {value.Boolean, "2", invalid},
		{value.Date, "2001-01-31", "2001-01-31"}, {value.Date, "0000-02-29", "0000-02-29"},
		{value.Date, "-0001-12-31", "-0001-12-31"}, {value.Date, "+12345-06-07", "+12345-06-07"},
		{value.Date, "1900-02-29", invalid}, {value.Date, "2000-02-29", "2000-02-29"}, {value.Date, "2001-04-31", invalid},
		{value.Date, "2001-13-01", invalid}, {value.Date, "2001-00-01", invalid}, {value.Date, "2001-01-00", invalid},
		{value.Date, "2001-1-1", invalid}, {value.Date, "20010101", invalid}, {value.Date, "12345-01-01", invalid},
		{value.Date, "2001-01-01T00:00:00", invalid}, {value.Date, "17", invalid}, {value.Date, "", invalid},
		{value.Time, "23:59:59", "23:59:59"}, {value.Time, "01:02:03.45", "01:02:03.45"}, {value.Time, "10:15", "10:15:00"},
		{value.Time, "01:02:03.123456789", "01:02:03.123456"}, {value.Time, "24:00:00", invalid},
		{value.Time, "01:60:00", invalid}, {value.Time, "01:02:60", invalid}, {value.Time, "01:02:03.", invalid},
		{value.Time, "1:02:03", invalid}, {value.Time, "01", invalid},
		{value.DateTime, "1960-01-03T03:30:03", "1960-01-03T03:30:03"},
		{value.DateTime, "2020-05-06T07:08:09.5+02:00", "2020-05-06T07:08:09.5"},
		{value.DateTime, "2020-05-06T07:08:09Z", "2020-05-06T07:08:09"},
		{value.DateTime, "2020-05-06 07:08:09", invalid}, {value.DateTime, "2020-05-06", invalid},
		{value.DateTime, "2020-05-06T07:08:09+2", invalid}, {value.DateTime, "2020-05-06T07:08:09Zx", invalid},
		{value.DateTime, "+999999999-01-01T00:00:00", invalid},
		{value.DateDaysSince0, "0000-01-02", "1"}, {value.DateDaysSince1960, "1960-01-03", "2"},
		{value.DateDaysSince1960, "1959-12-31", "-1"}, {value.DateDaysSince1970, "365", "365"},
		{value.DateDaysSince1980, "1980-01-01", "0"}, {value.DateDaysSince2020, "12.0", "12"},
		{value.DateDaysSince2020, "1.5", invalid},
		{value.TimeSeconds, "00:00:01", "1"}, {value.TimeSeconds, "05:23:30", "19410"}, {value.TimeSeconds, "30:00:00", "108000"},
		{value.TimeSeconds, "-00:00:10", "-10"}, {value.TimeSeconds, "77", "77"}, {value.TimeSeconds, "00:61:00", invalid},
		{value.DateTimeSecondsSince1960, "1960-01-03T03:30:03", "185403"},
		{value.DateTimeSecondsSince1960, "1959-12-31T23:59:59", "-1"}, {value.DateTimeSecondsSince0, "0000-01-01T00:00:00", "0"},
		{value.DateTimeSecondsSince1970, "1e9", "1000000000"}, {value.DateTimeSecondsSince1970, "1970-01-01", invalid},
		{value.NoType, "x", invalid},
	} {
		s := value.NewStrings(nil, nil)
		c, ok := value.Parse(test.typ, test.text, s)
		if ok != (test.want != invalid) {
			t.Errorf("Parse(%v, %q): ok = %v", test.typ, test.text, ok)
			continue
		}
		if got := string(value.AppendCell(nil, c, s)); ok && (got != test.want || c.Type != test.typ) {
			t.Errorf("Parse(%v, %q) = %v %q, want %q", test.typ, test.text, c.Type, got, test.want)
		}
	}
}

func TestParseNumber(t *testing.T) {
	if c, ok := value.ParseNumber(value.Double, " nan "); !ok || !math.IsNaN(c.Float64()) || c.Type != value.Double {
		t.Errorf("NaN: %v, %v", c, ok)
	}
	if c, ok := value.ParseNumber(value.Float, "0.1"); !ok || c.Float64() != float64(float32(0.1)) {
		t.Errorf("0.1: %v, %v", c, ok)
	}
	for _, typ := range []value.Type{value.Integer, value.String, value.Boolean} {
		if _, ok := value.ParseNumber(typ, "NaN"); ok {
			t.Errorf("NaN is a %v", typ)
		}
	}
}

func TestConvert(t *testing.T) {
	const invalid = "no"
	for _, test := range []struct {
		from value.Type
		text string
		to   value.Type
		want string
	}{
		{value.Integer, "1", value.String, "1"}, {value.Double, "1", value.String, "1.0"},
		{value.Double, "1e10", value.String, "1.0E10"}, {value.Float, "0.1", value.String, "0.1"},
		{value.Boolean, "1", value.String, "true"}, {value.Date, "2001-02-03", value.String, "2001-02-03"},
		{value.String, "1.0", value.Integer, "1"}, {value.String, "x", value.Integer, invalid},
		{value.String, "2001-02-03", value.DateDaysSince2000, "399"}, {value.String, "true", value.Boolean, "true"},
		{value.Double, "3", value.Integer, "3"}, {value.Double, "3.5", value.Integer, invalid},
		{value.Double, "1e19", value.Integer, invalid}, {value.Double, "INF", value.Integer, invalid},
		{value.Boolean, "true", value.Integer, "1"}, {value.Boolean, "true", value.Double, "1.0"},
		{value.Integer, "0", value.Boolean, "false"}, {value.Double, "1", value.Boolean, "true"},
		{value.Integer, "2", value.Boolean, invalid}, {value.Double, "0.1", value.Float, "0.1"},
		{value.Float, "0.1", value.Double, "0.10000000149011612"}, {value.Integer, "16777217", value.Float, "1.6777216E7"},
		{value.Integer, "7", value.Double, "7.0"}, {value.Integer, "7", value.NoType, "7"},
		{value.Date, "2001-02-03", value.DateTime, "2001-02-03T00:00:00"},
		{value.DateTime, "1969-12-31T23:00:00", value.Date, "1969-12-31"},
		{value.DateTime, "1969-12-31T23:00:00", value.Time, "23:00:00"},
		{value.DateTime, "1970-01-02T00:00:01.5", value.DateTimeSecondsSince1970, "86401"},
		{value.DateTimeSecondsSince1970, "-1", value.DateTime, "1969-12-31T23:59:59"},
		{value.Date, "1961-01-01", value.DateDaysSince1960, "366"}, {value.DateDaysSince1970, "366", value.DateDaysSince1960, "4019"},
		{value.Time, "00:01:00.9", value.TimeSeconds, "60"}, {value.TimeSeconds, "60", value.Time, "00:01:00"},
		{value.TimeSeconds, "90000", value.Time, invalid}, {value.TimeSeconds, "1", value.Date, invalid},
		{value.DateDaysSince1970, "5", value.Integer, "5"}, {value.Double, "5", value.DateDaysSince1970, "5"},
		{value.Double, "5.5", value.DateDaysSince1970, invalid}, {value.Integer, "5", value.Date, invalid},
		{value.Date, "2001-02-03", value.Integer, invalid}, {value.DateDaysSince1960, "9223372036854775807", value.Date, invalid},
		{value.DateDaysSince0, "-9223372036854775808", value.Date, invalid},
		{value.DateDaysSince1970, "200000000", value.DateTime, invalid},
	} {
		s := value.NewStrings(nil, nil)
		from, ok := value.Parse(test.from, test.text, s)
		if !ok {
			t.Fatalf("%v %q cannot be parsed", test.from, test.text)
		}
		got, ok := value.Convert(from, test.to, s)
		text := string(value.AppendCell(nil, got, s))
		if ok != (test.want != invalid) || ok && (text != test.want || test.to != value.NoType && got.Type != test.to) {
			t.Errorf("%v %q to %v = %v %q, %v; want %q", test.from, test.text, test.to, got.Type, text, ok, test.want)
		}
	}
	if _, ok := value.Convert(value.Cell{}, value.Double, nil); ok {
		t.Error("a missing cell was converted")
	}
}

// TestCompare has each pair once: order 2 stands for no order. Equal must agree, except for text.
func TestCompare(t *testing.T) {
	for _, test := range []struct {
		typeA value.Type
		a     string
		typeB value.Type
		b     string
		order int
	}{
		{value.Integer, "1", value.Integer, "2", -1}, {value.Double, "2", value.Double, "1.5", 1},
		{value.Integer, "9007199254740993", value.Double, "9007199254740992", 1},
		{value.Double, "9007199254740992", value.Integer, "9007199254740993", -1},
		{value.Integer, "9223372036854775807", value.Double, "9223372036854775808", -1},
		{value.Integer, "-9223372036854775808", value.Double, "-9223372036854775808", 0},
		{value.Integer, "-9223372036854775808", value.Double, "-1e30", 1}, {value.Integer, "3", value.Double, "3.5", -1},
		{value.Integer, "-3", value.Double, "-3.5", 1}, {value.Float, "0.1", value.Double, "0.1", 0},
		{value.Double, "0.1", value.Float, "0.1", -1}, {value.Integer, "1", value.Double, "INF", -1},
		{value.Boolean, "true", value.Integer, "1", 0}, {value.Boolean, "false", value.Boolean, "true", -1},
		{value.Integer, "1", value.String, "1.0", 0}, {value.Double, "1", value.String, "x", 2},
		{value.Integer, "1", value.String, "1.5", 2}, {value.Date, "2001-01-01", value.String, "2001-01-02", -1},
		{value.Date, "2001-01-01", value.DateTime, "2001-01-01T00:00:00", 0},
		{value.DateTime, "2001-01-01T00:00:00", value.Date, "2001-01-02", -1},
		{value.DateDaysSince1970, "3", value.Double, "3.5", -1}, {value.DateDaysSince1970, "366", value.DateDaysSince1960, "366", 1},
		{value.Date, "2001-01-01", value.Integer, "1", 2}, {value.Time, "10:00:00", value.Date, "2001-01-01", 2},
	} {
		s := value.NewStrings(nil, nil)
		a, okA := value.Parse(test.typeA, test.a, s)
		b, okB := value.Parse(test.typeB, test.b, s)
		if !okA || !okB {
			t.Fatalf("%+v cannot be parsed", test)
		}
		order, ok := value.Compare(a, b, s)
		if ok != (test.order != 2) || ok && order != test.order {
			t.Errorf("Compare(%v %s, %v %s) = %d, %v; want %d", test.typeA, test.a, test.typeB, test.b, order, ok, test.order)
		}
		if equal := value.Equal(a, b, s); equal != (test.order == 0) {
			t.Errorf("Equal(%v %s, %v %s) = %v", test.typeA, test.a, test.typeB, test.b, equal)
		}
	}
}

func TestEqualText(t *testing.T) {
	s := value.NewStrings([]string{"known"}, map[string]int32{"known": 0})
	cell := func(text string) value.Cell { return s.Cell(text) }
	for _, test := range []struct {
		a, b value.Cell
		want bool
	}{
		{cell("known"), cell("known"), true}, {cell("new"), cell("new"), true}, {cell("known"), cell("new"), false},
		{cell("1"), value.IntegerOf(1), true}, {cell("1"), value.DoubleOf(1), false}, {cell("1.0"), value.DoubleOf(1), true},
		{value.DoubleOf(math.NaN()), value.DoubleOf(math.NaN()), false},
		{value.Cell{}, value.Cell{}, false}, {value.Undefined(), value.Undefined(), false},
	} {
		if got := value.Equal(test.a, test.b, s); got != test.want {
			t.Errorf("Equal(%v, %v) = %v", test.a, test.b, got)
		}
	}
	if _, ok := value.Compare(cell("a"), cell("b"), s); ok {
		t.Error("text has an order")
	}
}

// The texts are those of Double.toString and Float.toString in JDK 19 and later.
func TestAppendFloat(t *testing.T) {
	for _, test := range []struct {
		f    float64
		bits int
		want string
	}{
		{0, 64, "0.0"}, {1, 64, "1.0"}, {-1.5, 64, "-1.5"}, {100, 64, "100.0"}, {0.9074074074074074, 64, "0.9074074074074074"},
		{485165195.4097903, 64, "4.851651954097903E8"}, {1e-5, 64, "1.0E-5"}, {1e-3, 64, "0.001"}, {0.002, 64, "0.002"},
		{0.00123, 64, "0.00123"}, {9.999e-4, 64, "9.999E-4"}, {1e7, 64, "1.0E7"}, {9999999, 64, "9999999.0"},
		{1234567.25, 64, "1234567.25"}, {1e10, 64, "1.0E10"}, {2e23, 64, "2.0E23"}, {5e-324, 64, "4.9E-324"},
		{math.MaxFloat64, 64, "1.7976931348623157E308"}, {float64(float32(0.1)), 32, "0.1"}, {float64(float32(1.4e-45)), 32, "1.4E-45"},
		{float64(float32(3.4028235e38)), 32, "3.4028235E38"}, {math.Inf(1), 64, "Infinity"}, {math.Inf(-1), 64, "-Infinity"},
		{math.NaN(), 64, "NaN"}, {123456, 64, "123456.0"}, {0.05, 64, "0.05"}, {0.5, 64, "0.5"},
	} {
		if got := string(value.AppendFloat(nil, test.f, test.bits)); got != test.want {
			t.Errorf("AppendFloat(%v, %d) = %s, want %s", test.f, test.bits, got, test.want)
		}
	}
}

func TestCalendar(t *testing.T) {
	for day := int64(-800_000); day < 800_000; day += 13 {
		at := time.Unix(day*86400, 0).UTC()
		year, month, dayOfMonth := value.Civil(day)
		if year != int64(at.Year()) || month != int(at.Month()) || dayOfMonth != at.Day() {
			t.Fatalf("Civil(%d) = %d-%d-%d, want %v", day, year, month, dayOfMonth, at)
		}
		if got := value.DayNumber(year, month, dayOfMonth); got != day {
			t.Fatalf("DayNumber(%d-%d-%d) = %d, want %d", year, month, dayOfMonth, got, day)
		}
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	s := value.NewStrings(nil, nil)
	texts := map[value.Type]string{
		value.Integer: "12345", value.Double: "1.25e3", value.Float: "0.1", value.Boolean: "true", value.Date: "2020-02-29",
		value.DateTime: "2020-02-29T10:11:12.5Z", value.TimeSeconds: "10:11:12",
	}
	for typ, text := range texts {
		if n := testing.AllocsPerRun(10, func() {
			c, _ := value.Parse(typ, text, s)
			_, _ = value.Compare(c, c, s)
		}); n != 0 {
			t.Errorf("%v: %v allocations", typ, n)
		}
	}
}

// FuzzParse wants that what Parse reads, AppendCell writes so that Parse reads the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "1", "-1.5e3", "INF", "true", "2020-02-29", "2020-02-29T10:11:12.5+01:00", "-00:00:01", "+12345-01-01"} {
		for _, typ := range allTypes {
			f.Add(uint8(typ), text)
		}
	}
	f.Fuzz(func(t *testing.T, typ uint8, text string) {
		s := value.NewStrings(nil, nil)
		c, ok := value.Parse(value.Type(typ), text, s)
		if !ok {
			return
		}
		again, ok := value.Parse(c.Type, string(value.AppendCell(nil, c, s)), s)
		if !ok || !value.Equal(c, again, s) {
			t.Fatalf("%v %q: %q, %v", c.Type, text, value.AppendCell(nil, c, s), ok)
		}
		for _, to := range allTypes {
			if converted, ok := value.Convert(c, to, s); ok && converted.Type != to {
				t.Fatalf("%v %q as %v is a %v", c.Type, text, to, converted.Type)
			}
		}
	})
}

// FuzzAppendFloat compares with strconv: the same number, and no more digits than the shortest form but for the two that
// Java wants at least.
func FuzzAppendFloat(f *testing.F) {
	f.Add(1.0)
	f.Add(123456.789)
	f.Add(5e-324)
	f.Fuzz(func(t *testing.T, number float64) {
		for _, bits := range []int{32, 64} {
			if bits == 32 {
				number = float64(float32(number))
			}
			text := string(value.AppendFloat(nil, number, bits))
			got, err := strconv.ParseFloat(text, bits)
			if err != nil || got != number && number == number {
				t.Fatalf("%v (%d bits) is written %s", number, bits, text)
			}
			if shortest := strconv.FormatFloat(number, 'e', -1, bits); digits(text) > max(digits(shortest), 2) {
				t.Fatalf("%s has more digits than %s", text, shortest)
			}
		}
	})
}

// digits counts the significant digits of a number's text.
func digits(text string) int {
	n, zeros := 0, 0
	for _, c := range text {
		switch {
		case c == 'E' || c == 'e':
			return n
		case c == '0':
			zeros++
		case c > '0' && c <= '9':
			if n > 0 {
				n += zeros
			}
			n, zeros = n+1, 0
		}
	}
	return n
}
