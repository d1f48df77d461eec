package fn

import (
	"errors"
	"fmt"
	"strings"
)

// A translator rewrites a regular expression of Java, Python or PCRE for the two engines. What it does not know it leaves
// to them.
type translator struct {
	in               string
	pos              int
	linear, complete strings.Builder
	backtracks       bool // has what only complete can do
	words            bool // has \b or \B
	ends             bool // has $ or \Z
	depth            int
}

// The classes by Unicode, as Python has them: \w without marks, \s with all blanks.
const (
	wordClass  = `\p{L}\p{N}_`
	digitClass = `\p{Nd}`
	spaceClass = `\t-\r\x1c-\x20\x{85}\p{Z}`
	// The complements, for use inside a class, which cannot contain a complement of several sets.
	nonWordClass = `\p{M}\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}\p{S}\p{Z}\p{Cc}\p{Cf}\p{Co}\x{203f}\x{2040}\x{2054}\x{fe33}\x{fe34}` +
		`\x{fe4d}-\x{fe4f}\x{ff3f}`
	nonSpaceClass = `\x00-\x08\x0e-\x1b\x21-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}` +
		`\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}`
	blankClass = `\t \x{A0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}`
)

// Java's names of classes that the engines have under others.
var javaClasses = map[string]string{
	"Alpha": "a-zA-Z", "Lower": "a-z", "Upper": "A-Z", "Digit": "0-9", "Alnum": "0-9a-zA-Z", "XDigit": "0-9a-fA-F",
	"Punct": "!-/:-@\\[-`{-~", "Graph": "!-~", "Print": " -~", "Blank": `\t `, "Space": `\t-\r `, "Cntrl": `\x00-\x1f\x7f`,
	"ASCII": `\x00-\x7f`, "IsAlphabetic": `\p{L}`, "IsLetter": `\p{L}`, "IsDigit": digitClass, "IsPunctuation": `\p{P}`,
	"IsWhite_Space": spaceClass, "IsUppercase": `\p{Lu}`, "IsLowercase": `\p{Ll}`,
}

func (t *translator) run() error {
	if len(t.in) > maxPattern {
		return fmt.Errorf("regular expression of %d bytes; the limit is %d", len(t.in), maxPattern)
	}
	for t.pos < len(t.in) {
		if err := t.step(); err != nil {
			return fmt.Errorf("regular expression %s: %w", shorten(t.in), err)
		}
	}
	return nil
}

// both writes the same for both engines.
func (t *translator) both(text string) {
	t.linear.WriteString(text)
	t.complete.WriteString(text)
}

func (t *translator) step() error {
	c := t.in[t.pos]
	switch c {
	case '\\':
		return t.escape()
	case '[':
		return t.class()
	case '(':
		return t.open()
	case ')':
		t.depth--
	case '$':
		t.ends = true
	case '*', '+', '?', '}':
		return t.quantifier(c)
	}
	t.both(t.in[t.pos : t.pos+1])
	t.pos++
	return nil
}

// quantifier sees to possessive quantifiers, which neither engine has.
func (t *translator) quantifier(c byte) error {
	if t.pos+1 < len(t.in) && t.in[t.pos+1] == '+' {
		return errors.New("possessive quantifiers are not supported")
	}
	t.both(string(c))
	t.pos++
	return nil
}

// open reads what begins a group.
func (t *translator) open() error {
	if t.depth++; t.depth > maxGroups {
		return fmt.Errorf("groups are nested deeper than %d", maxGroups)
	}
	rest := t.in[t.pos:]
	switch {
	case strings.HasPrefix(rest, "(?P<"):
		t.linear.WriteString("(?P<")
		t.complete.WriteString("(?<")
		t.pos += len("(?P<")
	case strings.HasPrefix(rest, "(?P="):
		return t.namedReference()
	case strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!") || strings.HasPrefix(rest, "(?>"):
		t.backtracks = true
		t.both(rest[:3])
		t.pos += 3
	case strings.HasPrefix(rest, "(?<=") || strings.HasPrefix(rest, "(?<!"):
		t.backtracks = true
		t.both(rest[:4])
		t.pos += 4
	case strings.HasPrefix(rest, "(?"):
		t.flags(rest)
	default:
		t.both("(")
		t.pos++
	}
	return nil
}

// namedReference reads Python's (?P=name).
func (t *translator) namedReference() error {
	end := strings.IndexByte(t.in[t.pos:], ')')
	if end < 0 {
		return errors.New("(?P= without its end")
	}
	t.backtracks = true
	t.complete.WriteString(`\k<` + t.in[t.pos+len("(?P="):t.pos+end] + ">")
	t.pos += end + 1
	t.depth--
	return nil
}

// flags leaves out the flags that say how letters of the world are classed: they always are by Unicode.
func (t *translator) flags(rest string) {
	end := 2
	for end < len(rest) && (rest[end] == '-' || rest[end] != '_' && rest[end] > '9' && isAlphanumeric(rest[end])) {
		end++
	}
	names := strings.Map(func(r rune) rune {
		if strings.ContainsRune("uUaLd", r) {
			return -1
		}
		return r
	}, rest[2:end])
	names = strings.TrimSuffix(names, "-")
	// (?x) is for blanks and comments, which the standard library does not have.
	t.backtracks = t.backtracks || strings.Contains(names, "x")
	t.pos += end
	if names == "" && strings.HasPrefix(rest[end:], ")") {
		t.pos++
		t.depth--
		return
	}
	t.both("(?" + names)
}

// escape reads a backslash and what belongs to it, outside of a class.
func (t *translator) escape() error {
	if t.pos+1 == len(t.in) {
		return errors.New("it ends with a backslash")
	}
	c := t.in[t.pos+1]
	switch c {
	case 'b', 'B':
		t.words = true
	case 'Z':
		t.ends = true
		t.linear.WriteString(`\z`)
		t.complete.WriteString(`\Z`)
		t.pos += 2
		return nil
	case 'R':
		t.both(`(?:\r\n|[\n-\r\x{85}\x{2028}\x{2029}])`)
		t.pos += 2
		return nil
	case 'Q':
		t.quoted()
		return nil
	case 'G', 'k', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		t.backtracks = true
	}
	if set, negated, ok := t.classEscape(); ok {
		if negated {
			t.both("[^" + set + "]")
		} else {
			t.both("[" + set + "]")
		}
		return nil
	}
	t.character()
	return nil
}

// quoted reads \Q…\E.
func (t *translator) quoted() {
	rest := t.in[t.pos+2:]
	literal, _, found := strings.Cut(rest, `\E`)
	t.pos += 2 + len(literal)
	if found {
		t.pos += 2
	}
	for _, r := range literal {
		if r < 0x80 && !isAlphanumeric(byte(r)) {
			t.both(`\`)
		}
		t.both(string(r))
	}
}

func isAlphanumeric(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// classEscape reads an escape that stands for a set of characters, which it gives as the inside of a class.
func (t *translator) classEscape() (set string, negated, ok bool) {
	c := t.in[t.pos+1]
	switch c {
	case 'w', 'W':
		set = wordClass
	case 'd', 'D':
		set = digitClass
	case 's', 'S':
		set = spaceClass
	case 'h', 'H':
		set = blankClass
	case 'p', 'P':
		return t.property()
	case 'v', 'V':
		set = `\n-\r\x{85}\x{2028}\x{2029}`
	default:
		return "", false, false
	}
	t.pos += 2
	return set, c < 'a', true
}

// property reads \p{Name} where the name is Java's.
func (t *translator) property() (set string, negated, ok bool) {
	rest := t.in[t.pos+2:]
	name, _, found := strings.Cut(strings.TrimPrefix(rest, "{"), "}")
	if !found || !strings.HasPrefix(rest, "{") {
		return "", false, false
	}
	set, ok = javaClasses[name]
	if !ok {
		// \p{IsLatin}, \p{IsL} and \p{script=Latin} are \p{Latin} and \p{L}.
		plain := strings.TrimPrefix(name, "Is")
		if i := strings.IndexByte(plain, '='); i >= 0 {
			plain = plain[i+1:]
		}
		set = `\p{` + plain + `}`
	}
	negated = t.in[t.pos+1] == 'P'
	t.pos += 2 + len("{}") + len(name)
	return set, negated, true
}

// character reads an escape that stands for one character or for itself.
func (t *translator) character() {
	rest := t.in[t.pos:]
	switch {
	case rest[1] == 'u' && len(rest) >= 6:
		t.both(`\x{` + rest[2:6] + `}`)
		t.pos += 6
	case rest[1] == 'e':
		t.both(`\x1b`)
		t.pos += 2
	case rest[1] == '0':
		t.octal()
	case rest[1] >= 0x80 || rest[1] == '_':
		// These need no backslash, and the engines refuse it.
		t.both(rest[1:2])
		t.pos += 2
	default:
		t.both(rest[:2])
		t.pos += 2
	}
}

// octal reads \0 and up to three octal digits.
func (t *translator) octal() {
	n, end := 0, t.pos+2
	for end < len(t.in) && end < t.pos+5 && t.in[end] >= '0' && t.in[end] <= '7' && n*8 <= 0xff {
		n = n*8 + int(t.in[end]-'0')
		end++
	}
	t.both(fmt.Sprintf(`\x{%x}`, n))
	t.pos = end
}

// class reads […].
func (t *translator) class() error {
	t.both("[")
	t.pos++
	if t.pos < len(t.in) && t.in[t.pos] == '^' {
		t.both("^")
		t.pos++
	}
	if t.pos < len(t.in) && t.in[t.pos] == ']' {
		t.both(`\]`)
		t.pos++
	}
	for t.pos < len(t.in) && t.in[t.pos] != ']' {
		if err := t.classMember(); err != nil {
			return err
		}
	}
	if t.pos == len(t.in) {
		return errors.New("a class without its ]")
	}
	t.both("]")
	t.pos++
	return nil
}

func (t *translator) classMember() error {
	rest := t.in[t.pos:]
	switch {
	case strings.HasPrefix(rest, "&&"):
		return errors.New("intersections of classes are not supported")
	case strings.HasPrefix(rest, "[:"):
		end := strings.Index(rest, ":]")
		if end < 0 {
			return errors.New("[: without :]")
		}
		t.posixClass(rest[2:end])
		t.pos += end + 2
	case rest[0] == '[':
		t.both(`\[`)
		t.pos++
	case rest[0] == '\\' && len(rest) == 1:
		return errors.New("it ends with a backslash")
	case rest[0] == '\\' && rest[1] == 'b':
		t.both(`\x08`)
		t.pos += 2
	case rest[0] == '\\':
		return t.classSet()
	default:
		t.both(rest[:1])
		t.pos++
	}
	return nil
}

// posixClass writes [:name:], which regexp2 does not have, by its characters.
func (t *translator) posixClass(name string) {
	switch name {
	case "word":
		t.both(wordClass)
		return
	case "xdigit":
		name = "XDigit"
	case "ascii":
		name = "ASCII"
	case "":
	default:
		name = strings.ToUpper(name[:1]) + name[1:]
	}
	set, ok := javaClasses[name]
	if !ok {
		set = "[:" + name + ":]"
	}
	t.both(set)
}

// classSet writes an escape inside a class.
func (t *translator) classSet() error {
	set, negated, ok := t.classEscape()
	switch {
	case !ok:
		t.character()
		return nil
	case !negated:
		t.both(set)
		return nil
	case set == wordClass:
		t.both(nonWordClass)
		return nil
	case set == spaceClass:
		t.both(nonSpaceClass)
		return nil
	case strings.HasPrefix(set, `\p{`) && strings.Count(set, `\p`) == 1 && strings.HasSuffix(set, "}"):
		t.both(`\P` + set[len(`\p`):])
		return nil
	}
	return errors.New("this negated class inside a class is not supported")
}
