package pmml_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

func gzipped(t testing.TB, data string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wide(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func narrow(t *testing.T, m *charmap.Charmap, text string) string {
	t.Helper()
	s, err := m.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEncodings(t *testing.T) {
	declared := func(encoding string) string {
		return "<?xml version=\"1.0\" encoding='" + encoding + "'?>\n" + header + "<A b='Größe'>naïve</A></PMML>"
	}
	for name, text := range map[string]string{
		"none":                 strings.SplitN(declared(""), "\n", 2)[1],
		"UTF-8":                declared("UTF-8"),
		"utf-8 lower case":     declared("utf-8"),
		"UTF-8 with mark":      "\uFEFF" + declared("UTF-8"),
		"UTF-16LE with mark":   wide(binary.LittleEndian, "\uFEFF"+declared("UTF-16")),
		"UTF-16BE with mark":   wide(binary.BigEndian, "\uFEFF"+declared("UTF-16")),
		"UTF-16LE":             wide(binary.LittleEndian, declared("UTF-16LE")),
		"UTF-16BE":             wide(binary.BigEndian, declared("UTF-16")),
		"UTF-16LE undeclared":  wide(binary.LittleEndian, header+"<A b='Größe'>naïve</A></PMML>"),
		"ISO-8859-1":           narrow(t, charmap.ISO8859_1, declared("ISO-8859-1")),
		"latin1":               narrow(t, charmap.ISO8859_1, declared("latin1")),
		"ISO-8859-15":          narrow(t, charmap.ISO8859_15, declared("iso-8859-15")),
		"windows-1252":         narrow(t, charmap.Windows1252, declared("windows-1252")),
		"Windows-1250":         strings.ReplaceAll(narrow(t, charmap.Windows1250, strings.ReplaceAll(declared("Windows-1250"), "ï", "é")), "\xe9", "&#239;"),
		"cp1252":               narrow(t, charmap.Windows1252, declared("cp1252")),
		"gzip":                 gzipped(t, declared("UTF-8")),
		"gzip, UTF-16":         gzipped(t, wide(binary.LittleEndian, "\uFEFF"+declared("UTF-16"))),
		"gzip, two members":    gzipped(t, declared("UTF-8")[:50]) + gzipped(t, declared("UTF-8")[50:]),
		"version 1.1 declared": strings.Replace(declared("UTF-8"), "1.0", "1.1", 1),
	} {
		for reader, r := range map[string]io.Reader{
			"whole": strings.NewReader(text), "bytewise": iotest.OneByteReader(strings.NewReader(text)),
		} {
			d, err := pmml.Read(r, pmml.Limits{})
			if err != nil {
				t.Errorf("%s, %s: %v", name, reader, err)
				continue
			}
			a := d.Root().Child("A")
			if b, _ := a.Attr("b"); b != "Größe" || a.Text() != "naïve" {
				t.Errorf("%s, %s: %q %q", name, reader, b, a.Text())
			}
		}
	}
}

func TestControlsOfISO8859_1AreNotWindows1252(t *testing.T) {
	d := read(t, "<?xml version='1.0' encoding='ISO-8859-1'?>"+header+"<A>\x85</A></PMML>")
	if got := d.Root().Child("A").Text(); got != "\u0085" {
		t.Errorf("%q", got)
	}
}

// Each document is refused with this code, line and path.
func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		name string
		text string
		code diag.Code
		line int
		path string
	}{
		{"empty", "", diag.Malformed, 1, "/"},
		{"blank", " \n ", diag.Malformed, 2, "/"},
		{"text", "field,value\n1,2\n", diag.Malformed, 1, "/"},
		{"JSON", "{}", diag.Malformed, 1, "/"},
		{"truncated", header + "\n<A>\n<B/>\n", diag.Malformed, 4, "/PMML/A"},
		{"truncated in a tag", header + "\n<A/><A>\n<B x='1", diag.Malformed, 3, "/PMML/A[2]/B"},
		{"truncated in a name", header + "\n<A><B", diag.Malformed, 2, "/PMML/A/B"},
		{"truncated after <", header + "\n<A><", diag.Malformed, 2, "/PMML/A"},
		{"truncated in an end tag", header + "\n<A></A", diag.Malformed, 2, "/PMML/A"},
		{"truncated before /", header + "\n<A/", diag.Malformed, 2, "/PMML/A"},
		{"open comment", header + "\n<A><!-- \n</A></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"open comment at the end", header + "\n<!-- --", diag.Malformed, 2, "/PMML"},
		{"open CDATA", header + "\n<A><![CDATA[ \n</A></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"open instruction", header + "\n<A><?x \n</A></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"mismatch", header + "<A>\n<B>\n</A>\n</PMML>", diag.Malformed, 3, "/PMML/A/B"},
		{"end tag too many", header + "</PMML>\n</PMML>", diag.Malformed, 2, "/"},
		{"end tag with attribute", header + "<A>\n</A b='1'></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"two roots", header + "</PMML>\n<PMML/>", diag.Malformed, 2, "/PMML[2]"},
		{"text after the root", header + "</PMML>\nx", diag.Malformed, 2, "/"},
		{"CDATA after the root", header + "</PMML>\n<![CDATA[]]>", diag.Malformed, 2, "/"},
		{"text before the root", "\nx" + header + "</PMML>", diag.Malformed, 2, "/"},
		{"late declaration", "\n<?xml version='1.0'?>" + header + "</PMML>", diag.Malformed, 2, "/"},
		{"damaged declaration", "<?xml version=1.0?>" + header + "</PMML>", diag.Malformed, 1, "/"},
		{"XML 2.0", "<?xml version='2.0'?>" + header + "</PMML>", diag.Malformed, 1, "/"},
		{"unquoted", header + "\n<A b=1/></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"no value", header + "\n<A b/></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"no equals at the end", header + "\n<A b", diag.Malformed, 2, "/PMML/A"},
		{"no space", header + "\n<A b='1'c='2'/></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"twice", header + "<A/>\n<A b='1'\nc='2'\nb='3'/></PMML>", diag.Malformed, 4, "/PMML/A[2]"},
		{"< in a value", header + "\n<A b='1\n<2'/></PMML>", diag.Malformed, 3, "/PMML/A"},
		{"bare &", header + "\n<A b='1 & 2'/></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"bare & in text", header + "<A>a\n& b</A></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"unknown entity", header + "<A>\n&nbsp;</A></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"reference to nothing", header + "<A>&#;</A></PMML>", diag.Malformed, 1, "/PMML/A"},
		{"reference to NUL", header + "<A>&#0;</A></PMML>", diag.Malformed, 1, "/PMML/A"},
		{"reference to half a character", header + "<A>&#xD800;</A></PMML>", diag.Malformed, 1, "/PMML/A"},
		{"reference beyond Unicode", header + "<A>&#x110000;</A></PMML>", diag.Malformed, 1, "/PMML/A"},
		{"reference with a sign", header + "<A>&#+65;</A></PMML>", diag.Malformed, 1, "/PMML/A"},
		{"]]>", header + "<A>\n]]></A></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"control character", header + "<A>\n\x01</A></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"control character in a value", header + "<A b='\n\x00'/></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"control character in a comment", header + "<!-- \n\x1b --></PMML>", diag.Malformed, 2, "/PMML"},
		{"control character in CDATA", header + "<A><![CDATA[\n\b]]></A></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"U+FFFF", header + "<A>\n\uFFFF</A></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"-- in a comment", header + "<!--\n -- --></PMML>", diag.Malformed, 2, "/PMML"},
		{"space before the name", header + "\n< A/></PMML>", diag.Malformed, 2, "/PMML"},
		{"digit first", header + "\n<1A/></PMML>", diag.Malformed, 2, "/PMML"},
		{"no letter", header + "\n<A\u00d7/></PMML>", diag.Malformed, 2, "/PMML"},
		{"two prefixes", header + "\n<a:b:c/></PMML>", diag.Malformed, 2, "/PMML"},
		{"unknown prefix", header + "\n<p:A/></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"unknown prefix of an attribute", header + "\n<A p:b='1'/></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"prefix out of scope", header + "<A xmlns:p='u'/>\n<p:B/></PMML>", diag.Malformed, 2, "/PMML/B"},
		{"prefix without namespace", header + "\n<A xmlns:p=''/></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"instruction named xml", header + "\n<?xml x?></PMML>", diag.Malformed, 2, "/PMML"},
		{"instruction without name", header + "\n<? x?></PMML>", diag.Malformed, 2, "/PMML"},
		{"directive", header + "\n<!ELEMENT a></PMML>", diag.Malformed, 2, "/PMML"},
		{"DOCTYPE", "<?xml version='1.0'?>\n<!DOCTYPE PMML [<!ENTITY a 'b'>]>" + header + "&a;</PMML>", diag.Doctype, 2, "/"},
		{"UTF-8", header + "<A>\n<B c='\xff'/></A></PMML>", diag.Encoding, 2, "/PMML/A/B"},
		{"UTF-8 after a fault", header + "<A>\n</B>\xff</A></PMML>", diag.Malformed, 2, "/PMML/A"},
		{"UTF-8 after the end", header + "</PMML>\n\xff", diag.Encoding, 2, "/"},
		{"overlong UTF-8", header + "<A>\xc0\xbc</A></PMML>", diag.Encoding, 1, "/PMML/A"},
		{"Latin-1 declared as UTF-8", "<?xml version='1.0' encoding='UTF-8'?>\n" + header + "\n<A b='Gr\xf6\xdfe'/></PMML>", diag.Encoding, 3, "/PMML/A"},
		{"UTF-8 declared as ASCII", "<?xml version='1.0' encoding='US-ASCII'?>\n" + header + "\n<A b='Größe'/></PMML>", diag.Encoding, 3, "/PMML/A"},
		{"UTF-8 declared as UTF-16", "<?xml version='1.0' encoding='UTF-16'?>" + header + "</PMML>", diag.Encoding, 1, "/"},
		{"half a character", wide(binary.LittleEndian, "\uFEFF"+header+"\n<A>") + "\x00\xd8" + wide(binary.LittleEndian, "</A></PMML>"), diag.Encoding, 2, "/PMML/A"},
		{"second half", wide(binary.BigEndian, "\uFEFF"+header+"\n<A>") + "\xdc\x00" + wide(binary.BigEndian, "</A></PMML>"), diag.Encoding, 2, "/PMML/A"},
		{"odd UTF-16", wide(binary.LittleEndian, "\uFEFF"+header+"</PMML>\n") + "x", diag.Encoding, 2, "/"},
		{"unknown encoding", "<?xml version='1.0' encoding='klingon'?>" + header + "</PMML>", diag.Encoding, 1, "/"},
		{"UTF-32", "\xff\xfe\x00\x00<\x00\x00\x00", diag.Encoding, 1, "/"},
		{"root", "\n<html/>", diag.WrongRoot, 2, "/html"},
		{"namespace", "\n<PMML xmlns='urn:x' version='4.4'/>", diag.Version, 2, "/PMML"},
		{"version 2.1", "<PMML xmlns='http://www.dmg.org/PMML-2_1' version='2.1'/>", diag.Version, 1, "/PMML"},
		{"version 1.1", "<PMML version='1.1'/>", diag.Version, 1, "/PMML"},
		{"version 4.5", "<PMML version='4.5'/>", diag.Version, 1, "/PMML"},
		{"version x", "<PMML version='x'/>", diag.Version, 1, "/PMML"},
		{"long name", header + "\n<" + long + "/></PMML>", diag.TooLarge, 2, "/PMML"},
		{"long namespace", header + "\n<A xmlns='" + long + "'/></PMML>", diag.TooLarge, 2, "/PMML/A"},
		{"gzip cut", gzipped(t, header+"</PMML>")[:30], diag.Compression, 1, "/"},
		{"gzip header", "\x1f\x8bxyz", diag.Compression, 1, "/"},
		{"gzip checksum", gzipped(t, header+"</PMML>")[:len(gzipped(t, header+"</PMML>"))-8] + "12345678", diag.Compression, 1, "/"},
		{"gzip and more", gzipped(t, header+"</PMML>") + "more", diag.Compression, 1, "/"},
		{"gzip of nothing", gzipped(t, ""), diag.Malformed, 1, "/"},
		{"gzip of gzip", gzipped(t, gzipped(t, header+"</PMML>")), diag.Malformed, 1, "/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := fault(t, strings.NewReader(c.text), pmml.Limits{})
			if f.Code != c.code || f.Line != c.line || f.Path != c.path {
				t.Errorf("got  %d: %s [%s] %s\nwant %d: %s [%s]", f.Line, f.Path, f.Code, f.Message, c.line, c.path, c.code)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	text := header + "\n<A b='1'><C/></A></PMML>"
	bomb := gzipped(t, header+strings.Repeat(" ", 1<<20)+"</PMML>")
	for _, c := range []struct {
		name   string
		text   string
		limits pmml.Limits
		ok     bool
	}{
		{"bytes", text, pmml.Limits{Bytes: int64(len(text))}, true},
		{"a byte too many", text, pmml.Limits{Bytes: int64(len(text)) - 1}, false},
		{"a byte too many in gzip", gzipped(t, text), pmml.Limits{Bytes: int64(len(text)) - 1}, false},
		{"ratio", bomb, pmml.Limits{Ratio: 100, RatioFrom: 2 << 20}, true},
		{"too large a ratio", bomb, pmml.Limits{Ratio: 100, RatioFrom: 100_000}, false},
		{"depth", text, pmml.Limits{Depth: 3}, true},
		{"too deep", text, pmml.Limits{Depth: 2}, false},
		{"elements", text, pmml.Limits{Elements: 3}, true},
		{"too many elements", text, pmml.Limits{Elements: 2}, false},
		{"attributes", text, pmml.Limits{Attributes: 2}, true},
		{"too many attributes", text, pmml.Limits{Attributes: 1}, false},
		{"tag", text, pmml.Limits{Tag: int64(len(header))}, true},
		{"too long a tag", text, pmml.Limits{Tag: int64(len(header)) - 1}, false},
		{"name", text, pmml.Limits{Name: 7}, true},
		{"too long a name", text, pmml.Limits{Name: 6}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.ok {
				if _, err := pmml.Read(strings.NewReader(c.text), c.limits); err != nil {
					t.Error(err)
				}
				return
			}
			if f := fault(t, strings.NewReader(c.text), c.limits); f.Code != diag.TooLarge {
				t.Errorf("refused for another reason: %v", f)
			}
		})
	}
}

func TestReadersErrorIsNoFault(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, text := range []string{"", header, gzipped(t, header+"</PMML>")[:20]} {
		_, err := pmml.Read(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), pmml.Limits{})
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", len(text), err)
		}
	}
}

// FuzzRead: whatever the bytes, Read gives a document or one located fault, and encoding/xml agrees that what was
// accepted is well-formed, element by element.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		header + "<A b='1'>x<!-- c --><?p i?><![CDATA[d]]>&lt;</A></PMML>",
		"<?xml version='1.0' encoding='ISO-8859-1'?>" + header + "<A>\xe4</A></PMML>",
		"<p:PMML xmlns:p='http://www.dmg.org/PMML-4_1'><p:Apply mapMissingTo='1'/></p:PMML>",
		"<PMML><A", "<PMML></B>", "<PMML>&#65;\r\n]]</PMML>", "<PMML\txmlns:a='b'\na:c='d'/>",
		wide(binary.LittleEndian, "\uFEFF"+header+"</PMML>"), gzipped(f, header+"</PMML>"), "<PMML ü='1' xml:a=''/>",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := pmml.Read(bytes.NewReader(data), pmml.Limits{Bytes: 1 << 20, Depth: 50})
		if err != nil {
			var faults *diag.Faults
			if !errors.As(err, &faults) || len(faults.List) != 1 {
				t.Fatalf("not a fault: %v", err)
			}
			if at := faults.List[0]; at.Line < 1 || !strings.HasPrefix(at.Path, "/") || at.Message == "" {
				t.Fatalf("no place: %+v", at)
			}
			return
		}
		got := walked(d)
		var c diag.Collector
		if faults, _ := d.Locate(&c); faults != nil {
			t.Fatalf("xmlquery refuses what the scanner accepts: %v", faults)
		}
		if !bytes.HasPrefix(data, []byte("<PMML")) {
			return // encoding/xml knows UTF-8 only
		}
		want, err := decoded(string(data))
		if err != nil {
			var syntax *xml.SyntaxError
			t.Fatalf("accepted, but encoding/xml says %v (syntax: %v)", err, errors.As(err, &syntax))
		}
		if len(got) != len(want) {
			t.Fatalf("%d elements, encoding/xml sees %d", len(got), len(want))
		}
		for i := range got {
			if got[i].Depth != want[i].Depth || got[i].Offset != want[i].Offset || got[i].Text != want[i].Text {
				t.Fatalf("element %d: %+v, encoding/xml sees %+v", i, got[i], want[i])
			}
		}
	})
}
