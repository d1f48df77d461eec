package fn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

func TestText(t *testing.T) {
	run(t, []call{
		{"uppercase", args("aé1"), "AÉ1"}, {"uppercase", args("straße ﬁn"), "STRASSE FIN"}, {"uppercase", args("i"), "I"}, {"uppercase", args(missing{}), missing{}},
		{"lowercase", args("AÉI"), "aéi"}, {"lowercase", args("ΟΔΟΣ ΣΑΣ"), "οδος σας"}, {"lowercase", args("Σ\xff"), "σ\ufffd"}, {"lowercase", args(missing{}), missing{}},
		{"stringLength", args("aé😀"), 3}, {"stringLength", args(""), 0}, {"stringLength", args(12), 2}, {"stringLength", args(missing{}), missing{}},
		{"substring", args("héllo", 2, 3), "éll"}, {"substring", args("abc", 2, 99), "bc"}, {"substring", args("abc", 9, 1), ""}, {"substring", args("abc", 1, 0), ""},
		{"substring", args("abc", 0, 1), undefined{}}, {"substring", args("abc", 1, -1), undefined{}}, {"substring", args("abc", 1.5, 1), undefined{}},
		{"substring", args("abc", 1, missing{}), missing{}}, {"substring", args(12345, 2.0, 2), "23"}, {"substring", args("abc", "1", 1), undefined{}},
		{"trimBlanks", args(" \ta b\n "), "a b"}, {"trimBlanks", args(missing{}), missing{}}, {"trimBlanks", args("   "), ""},
		{"concat", args("a", missing{}, 1, 1.0, true), "a11.0true"}, {"concat", args(missing{}), missing{}}, {"concat", args("kno", "wn"), "known"},
		{"concat", args("a", undefined{}), undefined{}}, {"concat", args(float32(0.1), temporal{value.Date, "2001-02-03"}), "0.12001-02-03"},
	})
}

func TestConcatIsBounded(t *testing.T) {
	s := value.NewStrings(nil, nil)
	f, _ := fn.Lookup("concat")
	c := s.Cell(strings.Repeat("x", 1000))
	for range 40 {
		if c = f.Call(s, []value.Cell{c, c}); c.State == value.Invalid {
			return
		}
	}
	t.Error("a text was doubled 40 times")
}

func TestMatches(t *testing.T) {
	run(t, []call{
		{"matches", args("Male", "^Male$"), true}, {"matches", args("Female", "^Male$"), false}, {"matches", args("xabcx", "b"), true}, {"matches", args(missing{}, "a"), missing{}},
		{"matches", args("a", missing{}), missing{}}, {"matches", args("a", "("), undefined{}}, {"matches", args(123, "2"), true},
		{"matches", args("foobar", "foo(?=bar)"), true}, {"matches", args("foobaz", "foo(?!baz)"), false}, {"matches", args("abab", `^(ab)\1$`), true},
		{"matches", args("abab", `^(?P<x>ab)(?P=x)$`), true}, {"matches", args("barfoo", "(?<=bar)foo"), true},
		{"matches", args("émile", `^\w+$`), true}, {"matches", args("é a", `\ba\b`), true}, {"matches", args("éa", `\ba`), false},
		{"matches", args("abc\n", "^abc$"), true}, {"matches", args("abc\n", `c\Z`), true}, {"matches", args("abc\n", `c\z`), false},
		{"matches", args("ABC", "(?i)abc"), true}, {"matches", args("ABC", "(?iu)abc"), true}, {"matches", args("a b", `^\p{Alpha}\h\p{IsLatin}$`), true},
		{"matches", args("_", `^[\W_]$`), true}, {"matches", args("a", `^[\W_]$`), false}, {"matches", args("a", `^[^\W\d]$`), true}, {"matches", args("٣", `^\d$`), true},
		{"matches", args("a]", `^[]a]+$`), true}, {"matches", args("[", `[[]`), true}, {"matches", args("x.y", `\Qx.y\E`), true}, {"matches", args("xzy", `\Qx.y\E`), false},
		{"matches", args("a-b", `^[[:alpha:]\-]+$`), true}, {"matches", args("A", `\u0041`), true}, {"matches", args("\u00a0", `^\s$`), true}, {"matches", args("x", `[^\S]`), false},
		{"matches", args("a", "a++"), undefined{}}, {"matches", args("a", "[a&&b]"), undefined{}}, {"matches", args("a", `\`), undefined{}}, {"matches", args("a", "[a"), undefined{}},
		{"matches", args("\r\n", `^\R$`), true}, {"matches", args("é", `\é`), true}, {"matches", args("_", `\_`), true}, {"matches", args("(a)", `\(a\)`), true},
		{"matches", args("a", strings.Repeat("(", 2000)+strings.Repeat(")", 2000)), undefined{}},
	})
}

func TestReplace(t *testing.T) {
	run(t, []call{
		{"replace", args("Professional", "[aeiou]", ""), "Prfssnl"}, {"replace", args("BBBB", "B+", "c"), "c"}, {"replace", args("a.b.c", `\.`, "-"), "a-b-c"},
		{"replace", args("John Smith", `(\w+) (\w+)`, "$2, $1"), "Smith, John"}, {"replace", args("John Smith", `(\w+) (\w+)`, `\2, \g<1>`), "Smith, John"},
		{"replace", args("ab", "(?P<x>a)", "${x}${1}$0"), "aaab"}, {"replace", args("ab", "(a)", "$11"), "a1b"}, {"replace", args("5", "5", "$$"), "$"},
		{"replace", args("5", "5", `\$\\`), `$\`}, {"replace", args("a", "(a)", "$2"), undefined{}}, {"replace", args("a", "a", "$"), undefined{}},
		{"replace", args("a", "a", "$x"), undefined{}}, {"replace", args("a", "a", "${x}"), undefined{}}, {"replace", args("a", "a", `\gx`), undefined{}},
		{"replace", args("a", "a", "${1"), undefined{}}, {"replace", args(missing{}, "a", "b"), missing{}}, {"replace", args("xx", "a", "b"), "xx"},
		{"replace", args("price: 5", `\d(?=$)`, "<$0>"), "price: <5>"}, {"replace", args("é1é2", `(?<=é)\d`, "#"), "é#é#"}, {"replace", args(100, "0", "1"), "111"},
		{"replace", args("a", "(b)?a", "[$1]"), "[]"}, {"replace", args("a", "(b)?(?=a)a", "[$1]"), "[]"}, {"replace", args("a", "(", "b"), undefined{}},
	})
}

// TestPatternTime: a pattern that backtracks without end is given up.
func TestPatternTime(t *testing.T) {
	f, _ := fn.Lookup("matches")
	pattern := `^(a+)+(?=b)$`
	eval, err := f.Prepare([]*string{nil, &pattern})
	if err != nil {
		t.Fatal(err)
	}
	s := value.NewStrings(nil, nil)
	start := time.Now()
	got := eval(s, []value.Cell{s.Cell(strings.Repeat("a", 5000)), {}})
	if took := time.Since(start); took > 5*time.Second || got.State != value.Invalid {
		t.Errorf("%s after %v", describe(s, got), took)
	}
}

func TestFormatNumber(t *testing.T) {
	run(t, []call{
		{"formatNumber", args(2, "%3d"), "  2"}, {"formatNumber", args(-2, "%03d|"), "-02|"}, {"formatNumber", args(2, "%-3d|"), "2  |"}, {"formatNumber", args(2, "%+d"), "+2"},
		{"formatNumber", args(2, "% i"), " 2"}, {"formatNumber", args(2.0, "%ld"), "2"}, {"formatNumber", args(2.5, "%d"), undefined{}}, {"formatNumber", args(7, "%.3d"), "007"},
		{"formatNumber", args(7, "%5.3d"), "  007"}, {"formatNumber", args(7, "%05.3d"), "  007"}, {"formatNumber", args(255, "%x %%"), "ff %"}, {"formatNumber", args(255, "%#X"), "0XFF"},
		{"formatNumber", args(8, "%#o"), "010"}, {"formatNumber", args(-1, "%x"), "ffffffffffffffff"}, {"formatNumber", args(3.14159, "%.2f EUR"), "3.14 EUR"},
		{"formatNumber", args(3, "%f"), "3.000000"}, {"formatNumber", args(-3.5, "%08.2f"), "-0003.50"}, {"formatNumber", args(12345.678, "%e"), "1.234568e+04"}, {"formatNumber", args(12345.678, "%.2E"), "1.23E+04"},
		{"formatNumber", args(0.0001, "%g"), "0.0001"}, {"formatNumber", args(0.00001, "%g"), "1e-05"}, {"formatNumber", args(100000, "%g"), "100000"}, {"formatNumber", args(1000000, "%G"), "1E+06"},
		{"formatNumber", args(1.5, "%.0f"), "2"}, {"formatNumber", args(2.5, "%.0f"), "2"}, {"formatNumber", args(1.0, "%s"), "1.0"}, {"formatNumber", args(1, "%4s"), "   1"},
		{"formatNumber", args(1, "plain"), "plain"}, {"formatNumber", args(1, "%d%d"), undefined{}}, {"formatNumber", args(1, "%"), undefined{}}, {"formatNumber", args(1, "%q"), undefined{}},
		{"formatNumber", args(1, "%99999d"), undefined{}}, {"formatNumber", args(1, "%#f"), undefined{}}, {"formatNumber", args(missing{}, "%d"), missing{}}, {"formatNumber", args("x", "%d"), undefined{}},
		{"formatNumber", args(1, missing{}), missing{}}, {"formatNumber", args(-9223372036854775808, "%d"), "-9223372036854775808"}, {"formatNumber", args(1.5, "%.1000f"), "1.5" + strings.Repeat("0", 999)},
	})
}

func TestDates(t *testing.T) {
	date := temporal{value.Date, "2003-04-01"}
	dateTime := temporal{value.DateTime, "1960-01-03T03:30:03"}
	clock := temporal{value.Time, "05:23:30"}
	run(t, []call{
		{"dateDaysSinceYear", args(date, 1960), 15796}, {"dateDaysSinceYear", args(date, 2003), 90}, {"dateDaysSinceYear", args(date, 2004), -275},
		{"dateDaysSinceYear", args(dateTime, 1960), 2}, {"dateDaysSinceYear", args("2003-04-01", 2003), 90}, {"dateDaysSinceYear", args("x", 2003), undefined{}},
		{"dateDaysSinceYear", args(date, 2003.5), undefined{}}, {"dateDaysSinceYear", args(missing{}, 2003), missing{}}, {"dateDaysSinceYear", args(date, 1<<60), undefined{}},
		{"dateDaysSinceYear", args(temporal{value.DateDaysSince1960, "15796"}, 2003), 90}, {"dateDaysSinceYear", args(1.5, 2003), undefined{}},
		{"dateSecondsSinceYear", args(dateTime, 1960), 185403}, {"dateSecondsSinceYear", args(date, 2003), 90 * 86400}, {"dateSecondsSinceYear", args(dateTime, 1961), 185403 - 366*86400},
		{"dateSecondsSinceYear", args(missing{}, 1960), missing{}}, {"dateSecondsSinceYear", args(dateTime, "x"), undefined{}},
		{"dateSecondsSinceMidnight", args(clock), 19410}, {"dateSecondsSinceMidnight", args(dateTime), 12603}, {"dateSecondsSinceMidnight", args(date), 0},
		{"dateSecondsSinceMidnight", args(temporal{value.TimeSeconds, "77"}), 77}, {"dateSecondsSinceMidnight", args("00:00:09"), 9}, {"dateSecondsSinceMidnight", args(missing{}), missing{}},
		{"dateSecondsSinceMidnight", args(5), undefined{}},
	})
}

func TestFormatDatetime(t *testing.T) {
	at := temporal{value.DateTime, "2004-08-20T18:05:09"}
	run(t, []call{
		{"formatDatetime", args(at, "%m/%d/%y"), "08/20/04"}, {"formatDatetime", args(at, "%Y-%m-%dT%H:%M:%S"), "2004-08-20T18:05:09"}, {"formatDatetime", args(at, "%A %a %B %b %h"), "Friday Fri August Aug Aug"},
		{"formatDatetime", args(at, "%I:%M %p %P %l"), "06:05 PM pm  6"}, {"formatDatetime", args(at, "%j %U %W %V %G %g %u %w"), "233 33 33 34 2004 04 5 5"}, {"formatDatetime", args(at, "%c"), "Fri Aug 20 18:05:09 2004"},
		{"formatDatetime", args(at, "%D %F %T %R %r"), "08/20/04 2004-08-20 18:05:09 18:05 06:05:09 PM"}, {"formatDatetime", args(at, "%s%n%t%%"), "1093025109\n\t%"}, {"formatDatetime", args(at, "%C %e %k %-m %Ey %Z %z"), "20 20 18 8 04 UTC +0000"},
		{"formatDatetime", args(at, "%Q"), undefined{}}, {"formatDatetime", args(at, "%"), undefined{}}, {"formatDatetime", args(temporal{value.Date, "2021-01-01"}, "%V %G %j %U %W"), "53 2020 001 00 00"},
		{"formatDatetime", args(temporal{value.Time, "00:00:00"}, "%I %p"), "12 AM"}, {"formatDatetime", args("2001-02-03", "%d.%m."), "03.02."}, {"formatDatetime", args(missing{}, "%d"), missing{}}, {"formatDatetime", args(5, "%d"), undefined{}},
		{"formatDatetime", args("x", "%d"), undefined{}},
	})
}

func FuzzFormats(f *testing.F) {
	for _, seed := range []string{"%3d", "%-08.3f%%", "%c %j", "%", "%-", "%1000.1000g"} {
		f.Add(seed, 1.5, int64(12345678))
	}
	f.Fuzz(func(t *testing.T, format string, number float64, micros int64) {
		s := value.NewStrings(nil, nil)
		for _, name := range []string{"formatNumber", "formatDatetime"} {
			f, _ := fn.Lookup(name)
			for _, c := range []value.Cell{value.DoubleOf(number), value.IntegerOf(micros), value.TemporalOf(value.DateTime, micros),
				value.TemporalOf(value.Date, micros), value.TemporalOf(value.TimeSeconds, micros)} {
				f.Call(s, []value.Cell{c, s.Cell(format)})
			}
		}
	})
}

// FuzzReplace wants no panic, an end, and that matches and replace agree.
func FuzzReplace(f *testing.F) {
	for _, seed := range []string{`\w+`, `(?<=a)b`, `[\W_]+`, `\Q.\E`, `(?u)\b\w\w+\b`, `[[:alpha:]&]`, `\p{Alpha}`, `(a+)+$`, `(?P<n>a)(?P=n)`, `\u00e9`, `\07`} {
		f.Add(seed, "$0", "aab é_b\n")
	}
	f.Fuzz(func(t *testing.T, pattern, with, text string) {
		if len(pattern) > 200 || len(text) > 200 {
			return
		}
		s := value.NewStrings(nil, nil)
		matches, _ := fn.Lookup("matches")
		replace, _ := fn.Lookup("replace")
		found := matches.Call(s, []value.Cell{s.Cell(text), s.Cell(pattern)})
		replaced := replace.Call(s, []value.Cell{s.Cell(text), s.Cell(pattern), s.Cell(with)})
		if found.State == value.Valid && !found.True() && replaced.State == value.Valid && s.Text(replaced) != text {
			t.Fatalf("%q does not match %q, which became %q", pattern, text, s.Text(replaced))
		}
	})
}
