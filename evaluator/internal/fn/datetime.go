package fn

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

const (
	secondsPerDay   = 24 * 60 * 60
	microsPerSecond = 1_000_000
)

// A moment is a point in time: the days since 1970-01-01 and the seconds since its midnight.
type moment struct{ day, seconds int64 }

// momentOf reads a date, a date with time, or an ISO text of either; a time of day is one of 1970-01-01.
func momentOf(s *value.Strings, c value.Cell) (m moment, ok bool) {
	if c.Type == value.String {
		if c, ok = parseMoment(s, s.Text(c)); !ok {
			return moment{}, false
		}
	}
	switch c.Type {
	case value.Time:
		return moment{0, c.Int64() / microsPerSecond}, !c.Many
	case value.TimeSeconds:
		return moment{0, c.Int64()}, !c.Many
	}
	day, micros, ok := c.Split()
	return moment{day, micros / microsPerSecond}, ok && !c.Many && day > -farDay && day < farDay
}

// farDay bounds the days that functions compute with, so that their seconds fit 64 bits.
const farDay = 366_000_000_000

func parseMoment(s *value.Strings, text string) (value.Cell, bool) {
	for _, t := range []value.Type{value.Date, value.DateTime, value.Time} {
		if c, ok := value.Parse(t, text, s); ok {
			return c, true
		}
	}
	return value.Cell{}, false
}

// yearStart gives the first day of the year that a cell names.
func yearStart(c value.Cell) (day int64, ok bool) {
	year, ok := integerOf(c)
	const far = 999_999_999
	if !ok || year < -far || year > far {
		return 0, false
	}
	return value.DayNumber(year, 1, 1), true
}

// dateDaysSinceYear counts the days from 1 January of a year; negative before.
func dateDaysSinceYear(s *value.Strings, args []value.Cell) value.Cell {
	m, ok := momentOf(s, args[0])
	start, okYear := yearStart(args[1])
	if !ok || !okYear {
		return value.Undefined()
	}
	return value.IntegerOf(m.day - start)
}

// dateSecondsSinceYear counts the seconds from the midnight that begins 1 January of a year.
func dateSecondsSinceYear(s *value.Strings, args []value.Cell) value.Cell {
	m, ok := momentOf(s, args[0])
	start, okYear := yearStart(args[1])
	if !ok || !okYear {
		return value.Undefined()
	}
	return value.IntegerOf((m.day-start)*secondsPerDay + m.seconds)
}

func dateSecondsSinceMidnight(s *value.Strings, args []value.Cell) value.Cell {
	m, ok := momentOf(s, args[0])
	if !ok {
		return value.Undefined()
	}
	return value.IntegerOf(m.seconds)
}

func prepareFormatDatetime(consts []*string) (Eval, error) {
	if consts[1] == nil {
		return formatDatetime, nil
	}
	format := *consts[1]
	if _, err := appendMoment(nil, format, moment{}); err != nil {
		return nil, err
	}
	return func(s *value.Strings, args []value.Cell) value.Cell { return formatMoment(s, args[0], format) }, nil
}

func formatDatetime(s *value.Strings, args []value.Cell) value.Cell {
	return formatMoment(s, args[0], textOf(s, args[1]))
}

func formatMoment(s *value.Strings, c value.Cell, format string) value.Cell {
	m, ok := momentOf(s, c)
	if !ok {
		return value.Undefined()
	}
	var buffer [128]byte
	b, err := appendMoment(buffer[:0], format, m)
	if err != nil {
		return value.Undefined()
	}
	return madeOf(s, b)
}

var (
	weekdays = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	months   = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September",
		"October", "November", "December"}
)

// composed are the conversions of strftime that stand for several others, in the C locale.
var composed = map[byte]string{
	'c': "%a %b %e %H:%M:%S %Y", 'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'r': "%I:%M:%S %p", 'R': "%H:%M", 'T': "%H:%M:%S",
	'x': "%m/%d/%y", 'X': "%H:%M:%S", '+': "%a %b %e %H:%M:%S UTC %Y",
}

// appendMoment writes m by a format of POSIX strftime in the C locale; times are UTC for what names a zone. A minus after
// the percent sign leaves out what fills up numbers.
func appendMoment(b []byte, format string, m moment) ([]byte, error) {
	f := newCalendar(m)
	for {
		at := strings.IndexByte(format, '%')
		if at < 0 {
			return append(b, format...), nil
		}
		b = append(b, format[:at]...)
		letter := strings.TrimLeft(format[at+1:], "-EO")
		if letter == "" {
			return b, errors.New("a format of a date ends with a single %")
		}
		unpadded := format[at+1] == '-'
		format = letter
		var err error
		if b, err = f.conversion(b, format[0], unpadded); err != nil {
			return b, err
		}
		format = format[1:]
	}
}

// A calendar has a moment's parts.
type calendar struct {
	moment
	year                               int64
	month, dayOfMonth                  int
	weekday, yearday, isoYear, isoWeek int64 // weekday 0 is Sunday, yearday 0 is 1 January
}

func newCalendar(m moment) calendar {
	f := calendar{moment: m}
	f.year, f.month, f.dayOfMonth = value.Civil(m.day)
	f.yearday = m.day - value.DayNumber(f.year, 1, 1)
	f.weekday = mod(m.day+4, 7) // 1970-01-01 was a Thursday
	// A week belongs to the year of its Thursday.
	thursday := m.day - mod(m.day+3, 7) + 3
	f.isoYear, _, _ = value.Civil(thursday)
	f.isoWeek = (thursday-value.DayNumber(f.isoYear, 1, 1))/7 + 1
	return f
}

func mod(a, b int64) int64 { return (a%b + b) % b }

// conversion appends the part of the date that a letter stands for.
func (f *calendar) conversion(b []byte, letter byte, unpadded bool) ([]byte, error) {
	if format, ok := composed[letter]; ok {
		return appendMoment(b, format, f.moment)
	}
	if text, ok := f.name(letter); ok {
		return append(b, text...), nil
	}
	if n, width, pad, ok := f.number(letter); ok {
		if unpadded {
			width = 0
		}
		return appendPadded(b, n, width, pad), nil
	}
	return b, fmt.Errorf("unknown conversion %%%c in the format of a date", letter)
}

// name gives the parts that are words.
func (f *calendar) name(letter byte) (text string, ok bool) {
	switch letter {
	case 'a':
		return weekdays[f.weekday][:3], true
	case 'A':
		return weekdays[f.weekday], true
	case 'b', 'h':
		return months[f.month-1][:3], true
	case 'B':
		return months[f.month-1], true
	case 'p', 'P':
		text = "AM"
		if mod(f.seconds, secondsPerDay) >= secondsPerDay/2 {
			text = "PM"
		}
		if letter == 'P' {
			text = strings.ToLower(text)
		}
		return text, true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 'z':
		return "+0000", true
	case 'Z':
		return "UTC", true
	case '%':
		return "%", true
	}
	return "", false
}

// number gives the parts that are numbers, with their least width and what fills it.
func (f *calendar) number(letter byte) (n int64, width int, pad byte, ok bool) {
	hour := f.seconds / 3600
	switch letter {
	case 'C':
		return (f.year - mod(f.year, 100)) / 100, 2, '0', true
	case 'd':
		return int64(f.dayOfMonth), 2, '0', true
	case 'e':
		return int64(f.dayOfMonth), 2, ' ', true
	case 'g':
		return mod(f.isoYear, 100), 2, '0', true
	case 'G':
		return f.isoYear, 4, '0', true
	case 'H':
		return hour, 2, '0', true
	case 'I':
		return mod(hour+11, 12) + 1, 2, '0', true
	case 'j':
		return f.yearday + 1, 3, '0', true
	case 'k':
		return hour, 2, ' ', true
	case 'l':
		return mod(hour+11, 12) + 1, 2, ' ', true
	case 'm':
		return int64(f.month), 2, '0', true
	case 'M':
		return mod(f.seconds/60, 60), 2, '0', true
	case 's':
		return f.day*secondsPerDay + f.seconds, 1, '0', true
	case 'S':
		return mod(f.seconds, 60), 2, '0', true
	case 'u':
		return mod(f.weekday+6, 7) + 1, 1, '0', true
	case 'U':
		return (f.yearday + 7 - f.weekday) / 7, 2, '0', true
	case 'V':
		return f.isoWeek, 2, '0', true
	case 'w':
		return f.weekday, 1, '0', true
	case 'W':
		return (f.yearday + 7 - mod(f.weekday+6, 7)) / 7, 2, '0', true
	case 'y':
		return mod(f.year, 100), 2, '0', true
	case 'Y':
		return f.year, 4, '0', true
	}
	return 0, 0, 0, false
}

func appendPadded(b []byte, n int64, width int, pad byte) []byte {
	var buffer [24]byte
	if n < 0 {
		b = append(b, '-')
		n = -n
	}
	digits := strconv.AppendInt(buffer[:0], n, 10)
	b = repeat(b, pad, width-len(digits))
	return append(b, digits...)
}
