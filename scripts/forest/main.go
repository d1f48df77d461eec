// Command forest writes a random forest as PMML, of any size, the same for the same flags: a document as large as the
// largest that people have, without keeping one in the repository.
//
//	go run ./scripts/forest -megabytes 100 -output forest.pmml -input forest.csv
//
// The markup is laid out as the converters of the scikit-learn world lay it out: indented by tabs, binary splits whose
// second branch is True, ScoreDistributions in the leaves. Trees are grown at random within the bounds that the branches
// above leave, so that records reach all leaves. It is no model of anything.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

func main() {
	f := forest{}
	flag.IntVar(&f.megabytes, "megabytes", 100, "size of the document, in units of 1,000,000 bytes; it ends with the tree that reaches it")
	flag.IntVar(&f.nodes, "nodes", 4000, "most nodes of a tree; the least is a quarter of it")
	flag.StringVar(&f.method, "method", "average", "multipleModelMethod: average or majorityVote")
	seed := flag.Uint64("seed", 1, "seed of everything random")
	output := flag.String("output", "-", "where the document goes; - is standard output")
	input := flag.String("input", "", "where 200 records for it go, as CSV; none if empty")
	flag.Parse()
	f.random = rand.New(rand.NewPCG(*seed, 0))
	err := write(*output, f.write)
	if err == nil && *input != "" {
		err = write(*input, f.writeRecords)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "forest:", err)
		os.Exit(3)
	}
}

// write has a function fill a file, or standard output.
func write(path string, fill func(io.Writer) error) error {
	if path == "-" {
		return fill(os.Stdout)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := fill(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

const (
	numbers  = 18      // fields x0 … x17, standard normal
	records  = 200     // rows of the input
	missing  = 0.02    // share of empty cells
	megabyte = 1000000 // bytes
)

var (
	classes = []string{"high", "low", "middle"}
	texts   = []text{ // fields with categories
		{"region", []string{"east", "north", "south", "west"}},
		{"channel", []string{"branch", "mail", "phone", "web"}},
	}
)

// text is a categorical field.
type text struct {
	name   string
	values []string
}

// forest is what the flags ask for.
type forest struct {
	megabytes, nodes int
	method           string
	random           *rand.Rand
}

// counter counts the bytes that pass to a writer.
type counter struct {
	to io.Writer
	n  int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += n
	return n, err
}

// write writes the document.
func (f *forest) write(to io.Writer) error {
	size := &counter{to: to}
	out := bufio.NewWriterSize(size, 1<<16)
	f.writeHead(out)
	for i := 1; size.n+out.Buffered() < f.megabytes*megabyte; i++ {
		f.writeSegment(out, i)
	}
	fmt.Fprint(out, "\t\t</Segmentation>\n\t</MiningModel>\n</PMML>\n")
	return out.Flush()
}

func (f *forest) writeHead(out *bufio.Writer) {
	fmt.Fprint(out, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
	<Header>
		<Application name="handoff scripts/forest" version="1"/>
	</Header>
	<DataDictionary>
`)
	writeField(out, "class", classes)
	for i := range numbers {
		fmt.Fprintf(out, "\t\t<DataField name=\"x%d\" optype=\"continuous\" dataType=\"double\"/>\n", i)
	}
	for _, t := range texts {
		writeField(out, t.name, t.values)
	}
	fmt.Fprint(out, "\t</DataDictionary>\n\t<MiningModel functionName=\"classification\">\n\t\t<MiningSchema>\n\t\t\t<MiningField name=\"class\" usageType=\"target\"/>\n")
	writeMiningFields(out, "\t\t\t")
	fmt.Fprint(out, "\t\t</MiningSchema>\n\t\t<Output>\n")
	for _, c := range classes {
		fmt.Fprintf(out, "\t\t\t<OutputField name=\"probability(%s)\" optype=\"continuous\" dataType=\"double\" feature=\"probability\" value=%q/>\n", c, c)
	}
	fmt.Fprintf(out, "\t\t</Output>\n\t\t<Segmentation multipleModelMethod=%q missingPredictionTreatment=\"returnMissing\">\n", f.method)
}

func writeField(out *bufio.Writer, name string, values []string) {
	fmt.Fprintf(out, "\t\t<DataField name=%q optype=\"categorical\" dataType=\"string\">\n", name)
	for _, v := range values {
		fmt.Fprintf(out, "\t\t\t<Value value=%q/>\n", v)
	}
	fmt.Fprint(out, "\t\t</DataField>\n")
}

func writeMiningFields(out *bufio.Writer, indent string) {
	for i := range numbers {
		fmt.Fprintf(out, "%s<MiningField name=\"x%d\"/>\n", indent, i)
	}
	for _, t := range texts {
		fmt.Fprintf(out, "%s<MiningField name=%q/>\n", indent, t.name)
	}
}

func (f *forest) writeSegment(out *bufio.Writer, id int) {
	fmt.Fprintf(out, "\t\t\t<Segment id=\"%d\">\n\t\t\t\t<True/>\n\t\t\t\t<TreeModel functionName=\"classification\" missingValueStrategy=\"none\">\n\t\t\t\t\t<MiningSchema>\n", id)
	writeMiningFields(out, "\t\t\t\t\t\t")
	fmt.Fprint(out, "\t\t\t\t\t</MiningSchema>\n")
	tree := grower{out: out, random: f.random}
	for i := range tree.bounds {
		tree.bounds[i] = [2]float64{-3, 3}
	}
	leaves := (f.nodes/4 + f.random.IntN(f.nodes*3/4+1) + 1) / 2 // a binary tree has one node less than twice its leaves
	tree.node("<True/>", 5, max(leaves, 2))
	fmt.Fprint(out, "\t\t\t\t</TreeModel>\n\t\t\t</Segment>\n")
}

// grower writes one tree from the root down.
type grower struct {
	out    *bufio.Writer
	random *rand.Rand
	bounds [numbers][2]float64 // what the branches above leave of each field
}

// node writes a node with its predicate, and below it a subtree with so many leaves.
func (g *grower) node(predicate string, depth, leaves int) {
	g.indent(depth)
	if leaves > 1 {
		g.out.WriteString("<Node>\n")
		g.indent(depth + 1)
		g.out.WriteString(predicate + "\n")
		g.split(depth+1, leaves)
	} else {
		counts := g.counts()
		fmt.Fprintf(g.out, "<Node score=%q recordCount=\"%d\">\n", classes[most(counts)], counts[0]+counts[1]+counts[2])
		g.indent(depth + 1)
		g.out.WriteString(predicate + "\n")
		g.distribution(counts, depth+1)
	}
	g.indent(depth)
	g.out.WriteString("</Node>\n")
}

// split writes the two children of a node.
func (g *grower) split(depth, leaves int) {
	left := min(max(int(float64(leaves)*(0.2+0.6*g.random.Float64())), 1), leaves-1)
	field := g.random.IntN(numbers + len(texts))
	if field >= numbers {
		t := texts[field-numbers]
		g.node(fmt.Sprintf("<SimplePredicate field=%q operator=\"equal\" value=%q/>", t.name, t.values[g.random.IntN(len(t.values))]), depth, left)
		g.node("<True/>", depth, leaves-left)
		return
	}
	old := g.bounds[field]
	limit := old[0] + (old[1]-old[0])*(0.3+0.4*g.random.Float64())
	g.bounds[field][1] = limit
	g.node(fmt.Sprintf("<SimplePredicate field=\"x%d\" operator=\"lessOrEqual\" value=\"%.15g\"/>", field, limit), depth, left)
	g.bounds[field] = [2]float64{limit, old[1]}
	g.node("<True/>", depth, leaves-left)
	g.bounds[field] = old
}

// distribution writes how many records of each class a leaf has.
func (g *grower) distribution(counts [3]int, depth int) {
	for i, c := range classes {
		g.indent(depth)
		fmt.Fprintf(g.out, "<ScoreDistribution value=%q recordCount=\"%d\"/>\n", c, counts[i])
	}
}

// counts draws records of each class; one of them has more than any other.
func (g *grower) counts() [3]int {
	counts := [3]int{g.random.IntN(20), g.random.IntN(20), g.random.IntN(20)}
	counts[g.random.IntN(len(counts))] += 20
	return counts
}

// most returns the index of the largest count.
func most(counts [3]int) int {
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return best
}

func (g *grower) indent(depth int) {
	for range depth {
		g.out.WriteByte('\t')
	}
}

// writeRecords writes records for the model, some with missing values.
func (f *forest) writeRecords(to io.Writer) error {
	out := bufio.NewWriter(to)
	for i := range numbers {
		fmt.Fprintf(out, "x%d,", i)
	}
	fmt.Fprintf(out, "%s,%s\n", texts[0].name, texts[1].name)
	for range records {
		for range numbers {
			if f.random.Float64() >= missing {
				fmt.Fprintf(out, "%.6f", f.random.NormFloat64())
			}
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "%s,%s\n", texts[0].values[f.random.IntN(4)], texts[1].values[f.random.IntN(4)])
	}
	return out.Flush()
}
