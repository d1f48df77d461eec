package table_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/handoff-pmml/handoff/internal/table"
)

// readAll gives the table as "line: [cells]" or "line! code: message" per row, the header first.
func readAll(r io.Reader) []string {
	t, err := table.NewReader(r)
	if err != nil {
		return []string{told(err)}
	}
	all := []string{fmt.Sprintf("%q", t.Header())}
	for {
		cells, err := t.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			all = append(all, told(err))
			if bad := (*table.Error)(nil); errors.As(err, &bad) && !bad.Fatal {
				continue
			}
			return all
		}
		all = append(all, fmt.Sprintf("%d: %q", t.Line(), cells))
	}
}

func told(err error) string {
	var bad *table.Error
	if !errors.As(err, &bad) {
		return "source: " + err.Error()
	}
	mark := ""
	if bad.Fatal {
		mark = " (fatal)"
	}
	return fmt.Sprintf("%d! %s: %s%s", bad.Line, bad.Code, bad.Error(), mark)
}

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"plain", "a,b\n1,2\n3,4\n", []string{`["a" "b"]`, `2: ["1" "2"]`, `3: ["3" "4"]`}},
		{"no end of line at the end", "a,b\n1,2", []string{`["a" "b"]`, `2: ["1" "2"]`}},
		{"comma at the end", "a,b\n1,", []string{`["a" "b"]`, `2: ["1" ""]`}},
		{"comma after a quoted cell at the end", "a,b\n\"1\",", []string{`["a" "b"]`, `2: ["1" ""]`}},
		{"CRLF", "a,b\r\n1,2\r\n\"3\",\"4\"\r\n", []string{`["a" "b"]`, `2: ["1" "2"]`, `3: ["3" "4"]`}},
		{"CR at the end of the file", "a,b\r\n1,2\r", []string{`["a" "b"]`, `2: ["1" "2"]`}},
		{"byte order mark", "\xEF\xBB\xBFa\n1\n", []string{`["a"]`, `2: ["1"]`}},
		{"byte order mark and quotation marks", "\xEF\xBB\xBF\"a\"\n1\n", []string{`["a"]`, `2: ["1"]`}},
		{"UTF-16", "\xFF\xFEa\x00\n\x00", []string{"1! encoding: the table is in UTF-16, it must be in UTF-8 (fatal)"}},
		{"empty", "", []string{"1! no-header: the table is empty: a row of column names is needed (fatal)"}},
		{"only blank lines", "\n\r\n\n", []string{"1! no-header: the table is empty: a row of column names is needed (fatal)"}},
		{"header only", "a,b", []string{`["a" "b"]`}},
		{"blank lines are no rows", "a\n\n1\n\r\n\"\"\n", []string{`["a"]`, `3: ["1"]`, `5: [""]`}},
		{"spaces are text", " a ,b\n 1 , \"2\n", []string{`[" a " "b"]`,
			"2! quotation-mark: cell 2 has a quotation mark but does not begin with one"}},
		{"quoted", "a,\"b,c\"\n\"1\"\"2\",\"3\n4\r\n5\"\n6,7\n", []string{`["a" "b,c"]`, `2: ["1\"2" "3\n4\r\n5"]`, `5: ["6" "7"]`}},
		{"quotation mark inside", "a,b\n1,2\"3\n4,5\n", []string{`["a" "b"]`,
			"2! quotation-mark: cell 2 has a quotation mark but does not begin with one", `3: ["4" "5"]`}},
		{"text after a quoted cell", "a,b\n\"1\"2,3\n4,5\n", []string{`["a" "b"]`,
			"2! quotation-mark: cell 1 goes on after its closing quotation mark", `3: ["4" "5"]`}},
		{"never closed", "a,b\n1,2\n3,\"4\n5,6\n", []string{`["a" "b"]`, `2: ["1" "2"]`,
			"3! quotation-mark: cell 2 begins with a quotation mark that is never closed (fatal)"}},
		{"never closed header", "a,\"b\n1,2\n", []string{"1! quotation-mark: cell 2 begins with a quotation mark that is never closed (fatal)"}},
		{"ragged", "a,b\n1\n2,3,4\n5,6\n", []string{`["a" "b"]`, "2! ragged-row: the row has 1 cell, the header 2",
			"3! ragged-row: the row has 3 cells, the header 2", `4: ["5" "6"]`}},
		{"ragged and quoted", "a,b\n\"1\n\"\n\"2\",3,4\n5,6\n", []string{`["a" "b"]`, "2! ragged-row: the row has 1 cell, the header 2",
			"4! ragged-row: the row has 3 cells, the header 2", `5: ["5" "6"]`}},
		{"twice the same column", "a,b,a\n1,2,3\n", []string{`1! duplicate-column: column "a": the header has this column twice (fatal)`}},
		{"invalid UTF-8", "a,b\n1,\xE4\n2,3\n", []string{`["a" "b"]`,
			`2! invalid-utf-8: column "b": the cell is not text in UTF-8`, `3: ["2" "3"]`}},
		{"invalid UTF-8 in quotation marks", "a,b\n1,\"\xE4\"\n2,3\n", []string{`["a" "b"]`,
			`2! invalid-utf-8: column "b": the cell is not text in UTF-8`, `3: ["2" "3"]`}},
		{"invalid UTF-8 in the header", "a,\xFF\n1,2\n", []string{"1! invalid-utf-8: the cell is not text in UTF-8 (fatal)"}},
		{"NUL", "a,b\n1,x\x00y\n2,3\n", []string{`["a" "b"]`, `2! nul-byte: column "b": the cell has a NUL byte`, `3: ["2" "3"]`}},
		{"lines longer than the buffer", "a,b\n" + long + ",1\n\"" + long + "\n\",2\n",
			[]string{`["a" "b"]`, fmt.Sprintf("2: [%q \"1\"]", long), fmt.Sprintf("3: [%q \"2\"]", long+"\n")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := readAll(strings.NewReader(c.text)); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if got := readAll(iotest.OneByteReader(strings.NewReader(c.text))); !slices.Equal(got, c.want) {
				t.Errorf("byte by byte: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestReaderLimits(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"endless line", "a\n" + strings.Repeat("x", table.MaxRow+1), "2! row-too-long: the row is longer than 16 MiB; is a quotation mark never closed? (fatal)"},
		{"endless quotation", "a\n\"" + strings.Repeat("x\n", table.MaxRow/2+1), "2! row-too-long: the row is longer than 16 MiB; is a quotation mark never closed? (fatal)"},
		{"wide header", strings.Repeat(",", table.MaxColumns), "1! too-many-columns: the table has 100001 columns, at most 100000 are read (fatal)"},
		{"wide row", "a\n" + strings.Repeat(",", 1_000_000), "2! ragged-row: the row has 1000001 cells, the header 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := readAll(strings.NewReader(c.text))
			if last := got[len(got)-1]; last != c.want {
				t.Errorf("got %s, want %s", last, c.want)
			}
		})
	}
}

func TestReaderSourceFails(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, text := range []string{"", "a,b\n1,2\n", "a,b\n1,\"2\n"} {
		got := readAll(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
		if last := got[len(got)-1]; last != "source: the disk is gone" {
			t.Errorf("%q: got %s", text, last)
		}
	}
}

func TestReaderAllocates(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,2\n", 2000)
	r, err := table.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() { r.Read() }); n > 1 { //nolint:errcheck // the rows are right
		t.Errorf("%v allocations per row, want the row's text alone", n)
	}
}

func TestWriter(t *testing.T) {
	for _, c := range []struct {
		cells []string
		want  string
	}{
		{[]string{"a", "b"}, "a,b\n"},
		{[]string{""}, "\"\"\n"},
		{[]string{"", ""}, ",\n"},
		{[]string{"a,b", "c\"d", "e\nf", "g\rh", " i "}, "\"a,b\",\"c\"\"d\",\"e\nf\",\"g\rh\", i \n"},
	} {
		var b bytes.Buffer
		w := table.NewWriter(&b)
		if err := errors.Join(w.Row("x"), w.Row(c.cells...), w.Flush()); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimPrefix(b.String(), "x\n"); got != c.want {
			t.Errorf("%q: got %q, want %q", c.cells, got, c.want)
		}
	}
}

func TestWriterDestinationFails(t *testing.T) {
	w := table.NewWriter(&brokenWriter{left: 1})
	for range 100_000 {
		if err := w.Row("0123456789"); err != nil {
			if again := w.Flush(); again == nil || again.Error() != err.Error() {
				t.Errorf("after %v: %v", err, again)
			}
			return
		}
	}
	t.Error("the destination failed and nobody noticed")
}

type brokenWriter struct{ left int }

func (b *brokenWriter) Write(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

// FuzzReader compares with the standard library's reader, and reads what the writer wrote.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a\n\"x\"\"\ny\"\r\n", "a,b\n\"1\",\n", "\xEF\xBB\xBFa,b\n1\n", "a\n\"", ",\n\"\",\"\"x\n", "a\n\n\r\n\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := table.NewReader(strings.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		w := table.NewWriter(&b)
		w.Row(r.Header()...) //nolint:errcheck // a buffer does not fail
		rows := [][]string{r.Header()}
		clean := true
		for {
			cells, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if bad := (*table.Error)(nil); err != nil && (!errors.As(err, &bad) || bad.Fatal) {
				return
			}
			if err != nil {
				clean = false
				continue
			}
			rows = append(rows, slices.Clone(cells))
			w.Row(cells...) //nolint:errcheck // a buffer does not fail
		}
		w.Flush() //nolint:errcheck // a buffer does not fail
		if !strings.HasPrefix(b.String(), "\xEF\xBB\xBF") {
			again := records(t, b.String())
			if !equal(again, rows) {
				t.Fatalf("%q: written and read again %q, want %q", text, again, rows)
			}
		}
		if want, ok := standard(text); clean && ok && !equal(unCR(rows), want) {
			t.Fatalf("%q: got %q, the standard library %q", text, rows, want)
		}
	})
}

func records(t *testing.T, text string) [][]string {
	r, err := table.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	rows := [][]string{r.Header()}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		rows = append(rows, slices.Clone(cells))
	}
}

// standard reads as the standard library does; ok is false if it refuses.
func standard(text string) (rows [][]string, ok bool) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\xEF\xBB\xBF")))
	rows, err := r.ReadAll()
	return rows, err == nil
}

// unCR does to quoted line ends what the standard library does.
func unCR(rows [][]string) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		for _, c := range row {
			out[i] = append(out[i], strings.ReplaceAll(c, "\r\n", "\n"))
		}
	}
	return out
}

func equal(a, b [][]string) bool {
	return slices.EqualFunc(a, b, func(x, y []string) bool { return slices.Equal(x, y) })
}

func BenchmarkReader(b *testing.B) {
	text := "a,b,c,d\n" + strings.Repeat("5.1,3.5,1.4,0.2\n", 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := table.NewReader(strings.NewReader(text))
		for err == nil {
			_, err = r.Read()
		}
	}
}
