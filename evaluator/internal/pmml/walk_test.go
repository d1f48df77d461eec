package pmml_test

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// A seen is an element as a walk or encoding/xml saw it.
type seen struct {
	Depth  int
	Name   string
	Attrs  string
	Text   string
	Offset int
}

func read(t testing.TB, text string) *pmml.Document {
	t.Helper()
	d, err := pmml.Read(strings.NewReader(text), pmml.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// walked lists the elements of a document, Extensions too, by walking Children.
func walked(d *pmml.Document) []seen {
	var out []seen
	var walk func(e *pmml.Element, depth int)
	walk = func(e *pmml.Element, depth int) {
		s := seen{Depth: depth, Name: e.Name(), Text: squeeze(e.Text()), Offset: e.Place().Offset}
		for name, value := range e.Attrs() {
			s.Attrs += name + "=" + value + "\n"
		}
		out = append(out, s)
		for c := range e.Children() {
			walk(c, depth+1)
		}
	}
	walk(d.Root(), 0)
	return out
}

// decoded lists the elements of a document, Extensions left out, as encoding/xml sees them.
func decoded(text string) ([]seen, error) {
	dec := xml.NewDecoder(strings.NewReader(text))
	var out []seen
	var open []int
	skip := 0
	for {
		offset := int(dec.InputOffset())
		tok, err := dec.Token()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if skip > 0 || tok.Name.Local == "Extension" {
				skip++
				continue
			}
			s := seen{Depth: len(open), Name: tok.Name.Local, Offset: offset}
			for _, a := range tok.Attr {
				if a.Name.Space == "" && a.Name.Local != "xmlns" {
					s.Attrs += a.Name.Local + "=" + strings.NewReplacer("\n", " ", "\t", " ").Replace(a.Value) + "\n"
				}
			}
			open = append(open, len(out))
			out = append(out, s)
		case xml.EndElement:
			if skip > 0 {
				skip--
				continue
			}
			e := &out[open[len(open)-1]]
			e.Text = squeeze(e.Text)
			open = open[:len(open)-1]
		case xml.CharData:
			if skip == 0 && len(open) > 0 {
				out[open[len(open)-1]].Text += string(tok)
			}
		}
	}
}

// squeeze leaves out white space, which Text does not give where it only separates elements.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// compareWalk checks that the package sees a document as encoding/xml does.
func compareWalk(t *testing.T, text string) {
	t.Helper()
	want, err := decoded(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, walked(read(t, text))); diff != "" {
		t.Errorf("- encoding/xml, + Children:\n%.4000s", diff)
	}
}

const header = `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">`

func TestWalkAgreesWithEncodingXML(t *testing.T) {
	for name, body := range map[string]string{
		"empty":        "",
		"nested":       `<A><B x="1"/><B x="2"><C/></B></A><D/>`,
		"text":         `<A>one<B/> two </A><C> </C><D>a]]b</D>`,
		"references":   `<A x="&lt;&amp;&#65;&#x42;&quot;'" y='"'>&gt;&apos;&#10;</A>`,
		"cdata":        `<A>x<![CDATA[<B>&amp;]]]]><![CDATA[>]]>y</A>`,
		"comments":     `<!-- <A> --><A><!-- - -->x<!--->--></A><!-- --><B>]]<!-- -->></B>`,
		"instructions": `<?x <A> ?><A><?y?>1<?z a="b"?>2</A>`,
		"line ends":    "<A x='1\r\n2\t3'\n y\n=\n'4'>a\r\nb\rc</A >\r\n<B\r/>",
		"quotes":       `<A x="a>b" y='c/>d'>e>f</A>`,
		"prefixes":     `<p:A xmlns:p="u" x="1"><p:B/><C/></p:A><q:D xmlns:q="v"><q:E xmlns="w"><F/></q:E></q:D>`,
		"default":      `<A xmlns=""><B/></A><C xmlns="u"><D/></C>`,
		"extensions":   `<Extension><A/></Extension><B><Extension>x</Extension>y</B>`,
		"names":        `<Größe ß="1"/><_a-b.c/><日本/>`,
	} {
		t.Run(name, func(t *testing.T) {
			compareWalk(t, `<?xml version="1.0"?>`+"\n<!-- c -->"+header+body+"</PMML>\n<!-- end -->")
			// The same among large elements, and around one.
			large := "<Big>" + strings.Repeat("<Row a='1'>text</Row>\n", 10_000) + "</Big>"
			compareWalk(t, header+body+large+body+"<Wrap>"+body+large+body+"</Wrap></PMML>")
		})
	}
}

// randomDocument writes a document of about size bytes with elements of all sizes.
func randomDocument(rnd *rand.Rand, size int) string {
	var b strings.Builder
	b.WriteString(header)
	var open []string
	for b.Len() < size {
		switch n := rnd.IntN(12); {
		case n < 4 && len(open) < 30:
			name := fmt.Sprintf("E%d", rnd.IntN(5))
			open = append(open, name)
			fmt.Fprintf(&b, "<%s a=\"%d\" b='&lt;%d>'>", name, b.Len(), rnd.IntN(9))
		case n < 7 && len(open) > 0:
			fmt.Fprintf(&b, "</%s>", open[len(open)-1])
			open = open[:len(open)-1]
		case n < 8:
			fmt.Fprintf(&b, "<Leaf c=\"%d\"/>\n", b.Len())
		case n < 9:
			b.WriteString("text &amp; <![CDATA[<more>]]>")
		case n < 10:
			b.WriteString(" <!-- comment -->")
		case n == 10 && rnd.IntN(20) == 0:
			b.WriteString("<Long>" + strings.Repeat("0.125 ", rnd.IntN(30_000)) + "</Long>")
		default:
			b.WriteString("\r\n\t")
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "</%s>", open[i])
	}
	return b.String() + "</PMML>"
}

func TestWalkOfRandomDocuments(t *testing.T) {
	for seed := range uint64(20) {
		compareWalk(t, randomDocument(rand.New(rand.NewPCG(seed, 0)), 20_000<<(seed%6)))
	}
}

func TestChildrenByName(t *testing.T) {
	for _, pad := range []int{0, 10_000} {
		d := read(t, header+`<A n="1"/><B/><Extension n="2"/><A n="3"><A/></A>`+
			strings.Repeat("<Pad/><!-- 0123456789 -->", pad)+`<C/><A n="4"/></PMML>`)
		for _, c := range []struct {
			names []string
			want  string
		}{
			{[]string{"A"}, "1 3 4 "}, {[]string{"Extension"}, "2 "}, {[]string{"A", "Extension"}, "1 2 3 4 "},
			{[]string{"None"}, ""},
		} {
			got := ""
			for e := range d.Root().Children(c.names...) {
				n, _ := e.Attr("n")
				got += n + " "
			}
			if got != c.want {
				t.Errorf("pad %d: Children(%v) = %q, want %q", pad, c.names, got, c.want)
			}
		}
		if e := d.Root().Child("None"); e != nil {
			t.Errorf("pad %d: Child of a name that does not occur: %v", pad, e.Name())
		}
		if e := d.Root().Child("C"); e == nil || e.Name() != "C" {
			t.Errorf("pad %d: no Child C", pad)
		}
	}
}

func TestNamespaces(t *testing.T) {
	d := read(t, `<p:PMML xmlns:p="http://www.dmg.org/PMML-4_2" xmlns:x="urn:x" p:version="4.2" x:y="1" xml:lang="de">`+
		`<p:A p:b="1" c="2" x:d="3"/><x:B/><C/><D xmlns="urn:d"/>`+
		`<p:Big p:b="1" xmlns:x="urn:x2">`+strings.Repeat("<p:Row p:c='1'/>", 10_000)+`<x:B/></p:Big></p:PMML>`)
	if d.Version() != "4.2" {
		t.Errorf("version %q", d.Version())
	}
	want := map[string]string{"A": "http://www.dmg.org/PMML-4_2", "B": "urn:x", "C": "", "D": "urn:d",
		"Big": "http://www.dmg.org/PMML-4_2"}
	for e := range d.Root().Children() {
		if e.Namespace() != want[e.Name()] {
			t.Errorf("%s has namespace %q, want %q", e.Name(), e.Namespace(), want[e.Name()])
		}
	}
	attrs := ""
	for name, value := range d.Root().Child("A").Attrs() {
		attrs += name + "=" + value + " "
	}
	if attrs != "b=1 c=2 " {
		t.Errorf("attributes of A: %q", attrs)
	}
	if ns := d.Root().Child("Big").Child("B").Namespace(); ns != "urn:x2" {
		t.Errorf("namespace declared by a large element: %q", ns)
	}
	if v, _ := d.Root().Child("Big").Child("Row").Attr("c"); v != "1" {
		t.Errorf("attribute with PMML's prefix within a large element: %q", v)
	}
}

// corpus gives the folder of real models, or skips.
func corpus(t *testing.T) []string {
	t.Helper()
	shared := os.Getenv("HANDOFF_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "..", "shared")
	}
	files, _ := filepath.Glob(filepath.Join(shared, "corpus", "*", "*", "model.pmml*"))
	if len(files) == 0 {
		t.Skip("no corpus of real models beside the repository (HANDOFF_SHARED names it)")
	}
	return files
}

func contents(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if data, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// naive gives the line and path of each start tag as encoding/xml sees them.
func naive(t *testing.T, text string) map[int]diag.Fault {
	t.Helper()
	type open struct {
		offset int
		name   string
		count  map[string]int
		index  int
	}
	type element struct {
		line    int
		parents []*open
		self    *open
	}
	dec := xml.NewDecoder(strings.NewReader(text))
	stack := []*open{{count: map[string]int{}}}
	elements := map[int]element{}
	for {
		offset := int(dec.InputOffset())
		line, _ := dec.InputPos()
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			top := stack[len(stack)-1]
			top.count[tok.Name.Local]++
			o := &open{offset, tok.Name.Local, map[string]int{}, top.count[tok.Name.Local]}
			elements[offset] = element{line, append([]*open{}, stack...), o}
			stack = append(stack, o)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
	out := map[int]diag.Fault{}
	for offset, e := range elements {
		path := ""
		for i, o := range append(e.parents[1:], e.self) {
			path += "/" + o.name
			if e.parents[i].count[o.name] > 1 {
				path += fmt.Sprintf("[%d]", o.index)
			}
		}
		out[offset] = diag.Fault{Line: e.line, Path: path}
	}
	return out
}

func TestCorpusReadsWithItsPlaces(t *testing.T) {
	for i, file := range corpus(t) {
		data := contents(t, file)
		d, err := pmml.Read(bytes.NewReader(data), pmml.Limits{})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if i%10 != 0 || len(data) > 1<<20 {
			continue // all are read, a tenth is compared
		}
		compareLocate(t, file, d, string(data), rand.New(rand.NewPCG(1, uint64(i))))
	}
}

// compareLocate checks the line and path of 50 elements.
func compareLocate(t *testing.T, file string, d *pmml.Document, text string, rnd *rand.Rand) {
	t.Helper()
	want := naive(t, text)
	var offsets []int
	for _, e := range walked(d) {
		offsets = append(offsets, e.Offset)
	}
	var c diag.Collector
	for range 50 {
		at := offsets[rnd.IntN(len(offsets))]
		c.Fault(diag.Place{Offset: at}, diag.Type, "", "%d", at)
	}
	faults, notes := d.Locate(&c)
	if notes != nil {
		t.Errorf("%s: notes out of nothing", file)
	}
	for _, f := range faults.List {
		var at int
		if _, err := fmt.Sscan(f.Message, &at); err != nil {
			t.Fatal(err)
		}
		if w := want[at]; f.Line != w.Line || f.Path != w.Path {
			t.Errorf("%s: offset %d is line %d %s, want line %d %s", file, at, f.Line, f.Path, w.Line, w.Path)
		}
	}
}

func TestLocateInRandomDocuments(t *testing.T) {
	for seed := range uint64(10) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		text := randomDocument(rnd, 10_000<<(seed%5))
		compareLocate(t, fmt.Sprint(seed), read(t, text), text, rnd)
	}
}

func TestGoroutinesShareADocument(t *testing.T) {
	d := read(t, randomDocument(rand.New(rand.NewPCG(1, 2)), 500_000))
	want := walked(d)
	results := make(chan []seen)
	for range 4 {
		go func() { results <- walked(d) }()
	}
	for range 4 {
		if got := <-results; !cmp.Equal(want, got) {
			t.Error("another walk at the same time sees another document")
		}
	}
}
