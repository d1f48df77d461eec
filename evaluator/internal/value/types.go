package value

import "strings"

// typeNames are the PMML names of the data types.
var typeNames = [numTypes]string{
	String:                   "string",
	Integer:                  "integer",
	Float:                    "float",
	Double:                   "double",
	Boolean:                  "boolean",
	Date:                     "date",
	Time:                     "time",
	DateTime:                 "dateTime",
	DateDaysSince0:           "dateDaysSince[0]",
	DateDaysSince1960:        "dateDaysSince[1960]",
	DateDaysSince1970:        "dateDaysSince[1970]",
	DateDaysSince1980:        "dateDaysSince[1980]",
	DateDaysSince1990:        "dateDaysSince[1990]",
	DateDaysSince2000:        "dateDaysSince[2000]",
	DateDaysSince2010:        "dateDaysSince[2010]",
	DateDaysSince2020:        "dateDaysSince[2020]",
	TimeSeconds:              "timeSeconds",
	DateTimeSecondsSince0:    "dateTimeSecondsSince[0]",
	DateTimeSecondsSince1960: "dateTimeSecondsSince[1960]",
	DateTimeSecondsSince1970: "dateTimeSecondsSince[1970]",
	DateTimeSecondsSince1980: "dateTimeSecondsSince[1980]",
	DateTimeSecondsSince1990: "dateTimeSecondsSince[1990]",
	DateTimeSecondsSince2000: "dateTimeSecondsSince[2000]",
	DateTimeSecondsSince2010: "dateTimeSecondsSince[2010]",
	DateTimeSecondsSince2020: "dateTimeSecondsSince[2020]",
}

// baseYears are the years of the …Since types: the count begins on their 1 January.
var baseYears = [numTypes]int64{
	DateDaysSince1960: 1960, DateDaysSince1970: 1970, DateDaysSince1980: 1980, DateDaysSince1990: 1990,
	DateDaysSince2000: 2000, DateDaysSince2010: 2010, DateDaysSince2020: 2020,
	DateTimeSecondsSince1960: 1960, DateTimeSecondsSince1970: 1970, DateTimeSecondsSince1980: 1980,
	DateTimeSecondsSince1990: 1990, DateTimeSecondsSince2000: 2000, DateTimeSecondsSince2010: 2010,
	DateTimeSecondsSince2020: 2020,
}

// ParseType gives the type with a PMML dataType name. The epochs that PMML got late are also known with the prefix x-,
// as older documents write them.
func ParseType(name string) (t Type, ok bool) {
	if rest, found := strings.CutPrefix(name, "x-date"); found {
		name = "date" + rest
		if !strings.HasSuffix(name, "]") {
			return NoType, false
		}
	}
	for t := String; t < numTypes; t++ {
		if typeNames[t] == name {
			return t, true
		}
	}
	return NoType, false
}

// String gives the PMML name of t, the empty string for NoType.
func (t Type) String() string {
	if t >= numTypes {
		return ""
	}
	return typeNames[t]
}

// daysSince says that t counts days from some year.
func (t Type) daysSince() bool { return t >= DateDaysSince0 && t <= DateDaysSince2020 }

// secondsSince says that t counts seconds from some year.
func (t Type) secondsSince() bool { return t >= DateTimeSecondsSince0 && t <= DateTimeSecondsSince2020 }

// Counts says that a cell of type t is a plain count of days or seconds, which may be written as a whole number.
func (t Type) Counts() bool { return t.daysSince() || t.secondsSince() || t == TimeSeconds }

// number says that a cell of type t has a number, which compares with other numbers.
func (t Type) number() bool { return t.Numeric() || t == Boolean || t.Counts() }
