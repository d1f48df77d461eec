package value

import "strconv"

// Units of the temporal counts.
const (
	secondsPerDay = 24 * 60 * 60
	microsPerSec  = 1_000_000
	microsPerDay  = secondsPerDay * microsPerSec
	// dayLimit bounds the days that have a DateTime: its microseconds must fit 64 bits.
	dayLimit = 1<<63/microsPerDay - 1
	// farDay bounds the days that the calendar reaches, beyond year 999,999,999, so that seconds never overflow.
	farDay = 366_000_000_000
)

// DayNumber gives the days from 1970-01-01 to a day of the proleptic Gregorian calendar, in which there is a year 0.
// The month is 1 to 12.
func DayNumber(year int64, month, day int) int64 {
	// Years that begin in March have their leap day at the end.
	m := int64(month) - 3
	if month < 3 {
		m += 12
		year--
	}
	const daysTo1970 = 719468 // from 1 March of year 0
	return year*365 + floorDiv(year, 4) - floorDiv(year, 100) + floorDiv(year, 400) + (153*m+2)/5 + int64(day) - 1 - daysTo1970
}

// Civil gives the calendar day that is days after 1970-01-01.
func Civil(days int64) (year int64, month, day int) {
	const daysPer400 = 146097
	days += 719468
	era := floorDiv(days, daysPer400)
	d := days - era*daysPer400 // day within 400 years that begin in March
	y := (d - d/1460 + d/36524 - d/(daysPer400-1)) / 365
	d -= y*365 + y/4 - y/100
	m := (5*d + 2) / 153
	day = int(d-(153*m+2)/5) + 1
	month = int(m) + 3
	year = era*400 + y
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func daysIn(year int64, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// baseDay is the day on which the type t, which counts from a year, begins.
func baseDay(t Type) int64 { return DayNumber(baseYears[t], 1, 1) }

// Split gives the day, as DayNumber counts, and the microseconds since its midnight of a date or a date with time. ok is
// false for any other type.
func (c Cell) Split() (day, micros int64, ok bool) {
	n := int64(c.bits)
	switch t := c.Type; {
	case t == Date:
		return n, 0, true
	case t == DateTime:
		day = floorDiv(n, microsPerDay)
		return day, n - day*microsPerDay, true
	case t.daysSince():
		return n + baseDay(t), 0, true
	case t.secondsSince():
		day = floorDiv(n, secondsPerDay)
		return day + baseDay(t), (n - day*secondsPerDay) * microsPerSec, true
	}
	return 0, 0, false
}

// joinTemporal is the inverse of Split: the cell of type t at a point in time, or the part of it that t holds.
func joinTemporal(t Type, day, micros int64) (Cell, bool) {
	if day < -farDay || day > farDay {
		return Cell{}, false
	}
	switch {
	case t == Date:
		return TemporalOf(t, day), true
	case t == Time:
		return TemporalOf(t, micros), true
	case t == TimeSeconds:
		return TemporalOf(t, micros/microsPerSec), true
	case t == DateTime:
		return TemporalOf(t, day*microsPerDay+micros), day > -dayLimit && day < dayLimit
	case t.daysSince():
		return TemporalOf(t, day-baseDay(t)), true
	case t.secondsSince():
		return TemporalOf(t, (day-baseDay(t))*secondsPerDay+micros/microsPerSec), true
	}
	return Cell{}, false
}

// parseTemporal reads a text of the temporal type t.
func parseTemporal(t Type, text string) (Cell, bool) {
	p := parser{text: text}
	switch {
	case t == Date:
		day, ok := p.date()
		return TemporalOf(t, day), ok && p.end()
	case t == Time:
		micros, ok := p.clock()
		return TemporalOf(t, micros), ok && p.end()
	case t == DateTime:
		day, micros, ok := p.dateTime()
		c, fits := joinTemporal(t, day, micros)
		return c, ok && fits && p.end()
	}
	if n, ok := parseInteger(text); ok {
		return TemporalOf(t, n), true
	}
	switch {
	case t.daysSince():
		day, ok := p.date()
		return TemporalOf(t, day-baseDay(t)), ok && p.end()
	case t.secondsSince():
		day, micros, ok := p.dateTime()
		c, fits := joinTemporal(t, day, micros)
		return c, ok && fits && p.end()
	}
	seconds, ok := p.duration()
	return TemporalOf(t, seconds), ok && p.end()
}

// A parser reads the parts of ISO 8601 texts from left to right. Every part must be there with all its digits, and be
// on the calendar.
type parser struct {
	text string
	pos  int
}

func (p *parser) end() bool { return p.pos == len(p.text) }

// next moves past c if it comes next.
func (p *parser) next(c byte) bool {
	if p.pos == len(p.text) || p.text[p.pos] != c {
		return false
	}
	p.pos++
	return true
}

// digits reads least to most digits.
func (p *parser) digits(least, most int) (n int64, ok bool) {
	start := p.pos
	for p.pos < len(p.text) && p.pos-start < most && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
		n = n*10 + int64(p.text[p.pos]-'0')
		p.pos++
	}
	return n, p.pos-start >= least
}

// pair reads two digits up to limit.
func (p *parser) pair(limit int64) (int64, bool) {
	n, ok := p.digits(2, 2)
	return n, ok && n <= limit
}

// date reads yyyy-MM-dd. A year of more than four digits needs a sign.
func (p *parser) date() (day int64, ok bool) {
	most := 4
	negative := p.next('-')
	if negative || p.next('+') {
		most = 9
	}
	year, ok := p.digits(4, most)
	if !ok || !p.next('-') {
		return 0, false
	}
	if negative {
		year = -year
	}
	month, ok := p.pair(12)
	if !ok || month == 0 || !p.next('-') {
		return 0, false
	}
	d, ok := p.pair(int64(daysIn(year, int(month))))
	return DayNumber(year, int(month), int(d)), ok && d > 0
}

// clock reads HH:mm[:ss[.fraction]] to microseconds since midnight; finer digits are cut off.
func (p *parser) clock() (micros int64, ok bool) {
	hours, ok := p.pair(23)
	if !ok || !p.next(':') {
		return 0, false
	}
	minutes, ok := p.pair(59)
	if !ok {
		return 0, false
	}
	micros = (hours*60 + minutes) * 60 * microsPerSec
	if !p.next(':') {
		return micros, true
	}
	seconds, ok := p.pair(59)
	if !ok {
		return 0, false
	}
	micros += seconds * microsPerSec
	if !p.next('.') {
		return micros, true
	}
	start := p.pos
	fraction, ok := p.digits(1, 9)
	for n := p.pos - start; n < 9; n++ {
		fraction *= 10
	}
	return micros + fraction/1000, ok
}

// dateTime reads a date, T and a time of day. An offset from UTC may follow; the time is taken as it is written, because
// the other times of a record have no zone to compare with.
func (p *parser) dateTime() (day, micros int64, ok bool) {
	day, ok = p.date()
	if !ok || !p.next('T') {
		return 0, 0, false
	}
	micros, ok = p.clock()
	return day, micros, ok && p.offset()
}

// offset reads Z, ±hh:mm, or nothing.
func (p *parser) offset() bool {
	if p.end() || p.next('Z') {
		return true
	}
	if !p.next('+') && !p.next('-') {
		return false
	}
	if _, ok := p.pair(18); !ok || !p.next(':') {
		return false
	}
	_, ok := p.pair(59)
	return ok
}

// duration reads [-]HH:mm:ss with any number of hours.
func (p *parser) duration() (seconds int64, ok bool) {
	negative := p.next('-')
	hours, ok := p.digits(1, 14)
	if !ok || !p.next(':') {
		return 0, false
	}
	minutes, ok := p.pair(59)
	if !ok || !p.next(':') {
		return 0, false
	}
	seconds, ok = p.pair(59)
	seconds += (hours*60 + minutes) * 60
	if negative {
		seconds = -seconds
	}
	return seconds, ok
}

// AppendTemporal appends the ISO 8601 text of a count of the temporal type t: yyyy-MM-dd, HH:mm:ss or both with T
// between, with a fraction of a second only if there is one. The types that are named as counts are written as numbers.
func AppendTemporal(b []byte, t Type, count int64) []byte {
	switch t {
	case Date:
		return appendDate(b, count)
	case Time:
		return appendClock(b, count)
	case DateTime:
		day := floorDiv(count, microsPerDay)
		b = append(appendDate(b, day), 'T')
		return appendClock(b, count-day*microsPerDay)
	}
	return strconv.AppendInt(b, count, 10)
}

func appendDate(b []byte, days int64) []byte {
	year, month, day := Civil(days)
	switch {
	case year < 0:
		b = append(b, '-')
		year = -year
	case year > 9999:
		b = append(b, '+')
	}
	b = appendPadded(b, year, 4)
	b = appendPadded(append(b, '-'), int64(month), 2)
	return appendPadded(append(b, '-'), int64(day), 2)
}

func appendClock(b []byte, micros int64) []byte {
	seconds := micros / microsPerSec
	b = appendPadded(b, seconds/3600, 2)
	b = appendPadded(append(b, ':'), seconds/60%60, 2)
	b = appendPadded(append(b, ':'), seconds%60, 2)
	micros %= microsPerSec
	if micros == 0 {
		return b
	}
	b = appendPadded(append(b, '.'), micros, 6)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// appendPadded writes n, which is not negative, with at least width digits.
func appendPadded(b []byte, n int64, width int) []byte {
	start := int64(1)
	for i := 1; i < width; i++ {
		start *= 10
	}
	for ; n < start && start > 1; start /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, n, 10)
}
