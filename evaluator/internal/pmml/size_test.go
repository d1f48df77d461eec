package pmml_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// forest writes a MiningModel of trees, each a full binary tree of the given depth: about 480 bytes per inner node.
func forest(trees, depth int) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + header + "\n\t<MiningModel functionName=\"regression\">\n" +
		"\t\t<Segmentation multipleModelMethod=\"average\">\n")
	id := 0
	var node func(depth int, field, operator, value string)
	node = func(depth int, field, operator, value string) {
		id++
		indent := strings.Repeat("\t", 20-depth)
		fmt.Fprintf(&b, "%s<Node id=\"%d\" score=\"%s\" recordCount=\"%d.0\">\n%s\t<SimplePredicate field=\"%s\" operator=\"%s\" value=\"%s\"/>\n",
			indent, id, strconv.FormatFloat(1/float64(id), 'g', -1, 64), id%1000, indent, field, operator, value)
		if depth > 0 {
			field, value := fmt.Sprintf("double(x%d)", id%30), fmt.Sprintf("%d.5", id%997)
			node(depth-1, field, "lessOrEqual", value)
			node(depth-1, field, "greaterThan", value)
		}
		b.WriteString(indent + "</Node>\n")
	}
	for i := range trees {
		fmt.Fprintf(&b, "\t\t<Segment id=\"%d\">\n\t\t\t<True/>\n\t\t\t<TreeModel functionName=\"regression\" splitCharacteristic=\"binarySplit\">\n", i)
		node(depth, "x0", "lessOrEqual", "0")
		b.WriteString("\t\t\t</TreeModel>\n\t\t</Segment>\n")
	}
	b.WriteString("\t\t</Segmentation>\n\t</MiningModel>\n</PMML>\n")
	return b.String()
}

// visit walks every element and every attribute and counts both.
func visit(e *pmml.Element) (elements, attributes int) {
	elements = 1
	for range e.Attrs() {
		attributes++
	}
	for c := range e.Children() {
		n, m := visit(c)
		elements, attributes = elements+n, attributes+m
	}
	return elements, attributes
}

// cpu gives the processor time that the process has used.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak runs f and gives the processor time it took and how far the heap grew, looking every few milliseconds.
func peak(t testing.TB, f func()) (used time.Duration, bytes uint64) {
	t.Helper()
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				runtime.ReadMemStats(&now)
				most.Store(max(most.Load(), now.HeapAlloc))
			}
		}
	}()
	start := cpu(t)
	f()
	used = cpu(t) - start
	close(stop)
	<-done
	return used, most.Load() - min(most.Load(), before.HeapAlloc)
}

// within reports a cost that is over its bound. Bounds are several times what is usual, so that a busy machine passes
// and a quadratic step does not.
func within(t *testing.T, what string, used, most time.Duration, bytes, room uint64) {
	t.Helper()
	t.Logf("%s: %.2f CPU-s, %d MB", what, used.Seconds(), bytes>>20)
	if used > most {
		t.Errorf("%s took %v of processor time, at most %v are wanted", what, used, most)
	}
	if bytes > room {
		t.Errorf("%s took %d MB, at most %d are wanted", what, bytes>>20, room>>20)
	}
}

func TestForestOf100MB(t *testing.T) {
	if testing.Short() {
		t.Skip("100 MB is not short")
	}
	text := forest(1000, 8)
	t.Logf("%d MB", len(text)>>20)
	elements := 0
	used, bytes := peak(t, func() {
		d, err := pmml.Read(strings.NewReader(text), pmml.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		elements, _ = visit(d.Root())
	})
	if want := 3 + 1000*(3+2*511); elements != want {
		t.Errorf("%d elements, want %d", elements, want)
	}
	within(t, "reading and walking", used, 15*time.Second, bytes-min(bytes, uint64(len(text))), 150<<20)
}

func BenchmarkReadAndWalk(b *testing.B) {
	text := forest(40, 8)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		visit(read(b, text).Root())
	}
}

func BenchmarkRead(b *testing.B) {
	text := forest(40, 8)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		read(b, text)
	}
}

// fault gives the only fault of a document that must be refused.
func fault(t *testing.T, r io.Reader, l pmml.Limits) *diag.Fault {
	t.Helper()
	_, err := pmml.Read(r, l)
	var faults *diag.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("no fault but %v", err)
	}
	if len(faults.List) != 1 {
		t.Fatalf("%d faults", len(faults.List))
	}
	return faults.List[0]
}

func TestTableOfAMillionRows(t *testing.T) {
	rows := 1_000_000
	if testing.Short() {
		rows = 50_000
	}
	var b strings.Builder
	b.WriteString(header + `<InlineTable>`)
	for i := range rows {
		fmt.Fprintf(&b, "<row><a>%d</a><b>%d</b></row>\n", i%1000, i%7)
	}
	b.WriteString("</InlineTable></PMML>")
	text := b.String()
	var table *pmml.Table
	used, bytes := peak(t, func() { table = pmml.ReadTable(read(t, text).Root().Child("InlineTable"), nil) })
	if got, _ := table.Cell(rows-1, 1); table.Rows() != rows || got != strconv.Itoa((rows-1)%7) {
		t.Errorf("%d rows, last cell %q", table.Rows(), got)
	}
	within(t, "a million rows", used, 15*time.Second, bytes-min(bytes, uint64(len(text))), 150<<20)
}

func TestManyAttributes(t *testing.T) {
	var b strings.Builder
	b.WriteString(header + "<A")
	for i := range 100_000 {
		fmt.Fprintf(&b, " a%d='%d'", i, i)
	}
	text := b.String() + "/></PMML>"
	used, bytes := peak(t, func() {
		if _, n := visit(read(t, text).Root()); n != 100_001 {
			t.Errorf("%d attributes", n)
		}
	})
	within(t, "100,000 attributes", used, 2*time.Second, bytes, 100<<20)
	f := fault(t, strings.NewReader(strings.Replace(text, "a99999=", "a77777=", 1)), pmml.Limits{})
	if f.Code != diag.Malformed || f.Path != "/PMML/A" || !strings.Contains(f.Message, "a77777") {
		t.Errorf("a duplicate among many attributes: %v", f)
	}
	f = fault(t, strings.NewReader(text), pmml.Limits{Attributes: 99_999})
	if f.Code != diag.TooLarge {
		t.Errorf("too many attributes: %v", f)
	}
}

// nested writes elements within each other, each with some text of its own.
func nested(depth, own int) string {
	pad := strings.Repeat("<P/>", own/4)
	return header + strings.Repeat("<N>"+pad, depth-1) + strings.Repeat("</N>", depth-1) + "</PMML>"
}

func TestDepth(t *testing.T) {
	depths := func(e *pmml.Element) (n int) {
		for e != nil {
			e = e.Child("N")
			n++
		}
		return n
	}
	for own, deepest := range map[int]int{0: 2000, 4000: 1999} {
		d := read(t, nested(deepest, own))
		used, bytes := peak(t, func() {
			if n := depths(d.Root()); n != deepest {
				t.Errorf("own %d: depth %d", own, n)
			}
			visit(d.Root())
		})
		within(t, fmt.Sprintf("depth 2,000 with %d bytes each", own), used, 6*time.Second, bytes, 150<<20)
	}
	for _, depth := range []int{2001, 200_000, 5_000_000} {
		text := nested(depth, 0)
		used, bytes := peak(t, func() {
			f := fault(t, strings.NewReader(text), pmml.Limits{})
			if f.Code != diag.TooLarge || f.Line != 1 || !strings.HasPrefix(f.Path, "/PMML/N/N/") {
				t.Errorf("depth %d: %s %d %.50s", depth, f.Code, f.Line, f.Path)
			}
		})
		within(t, fmt.Sprintf("refusing depth %d", depth), used, time.Second, bytes, 100<<20)
	}
}

func TestLocateManyDeepFaults(t *testing.T) {
	const chains, depth = 400, 1900
	var b strings.Builder
	b.WriteString(header)
	var c diag.Collector
	for range chains {
		b.WriteString(strings.Repeat("<N>", depth) + "<L/>")
		c.Fault(diag.Place{Offset: b.Len() - 4, Attr: "a"}, diag.Type, "", "wrong")
		b.WriteString(strings.Repeat("</N>", depth))
	}
	b.WriteString("</PMML>")
	d := read(t, b.String())
	used, bytes := peak(t, func() {
		faults, _ := d.Locate(&c)
		if n := len(faults.List); n != chains {
			t.Fatalf("%d faults", n)
		}
		last := faults.List[chains-1].Path
		if !strings.HasPrefix(last, fmt.Sprintf("/PMML/N[%d]/N/N/", chains)) || !strings.HasSuffix(last, "/N/L/@a") {
			t.Errorf("%.50s", last)
		}
	})
	within(t, "locating deep faults", used, 4*time.Second, bytes, 150<<20)
}

func TestLargeTextSharesTheDocument(t *testing.T) {
	numbers := strings.Repeat("0.5 ", 5_000_000)
	d := read(t, header+"<Array>"+numbers+"</Array></PMML>")
	used, bytes := peak(t, func() {
		text := d.Root().Child("Array").Text()
		n := 0
		for _, err := range pmml.Array(text, false) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 5_000_000 {
			t.Errorf("%d numbers", n)
		}
	})
	within(t, "an array of 20 MB", used, 2*time.Second, bytes, 16<<20)
}
