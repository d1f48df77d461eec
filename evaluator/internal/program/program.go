// Package program has the compiled form of a model: it is encoded, opened and run, and never changes. It knows nothing
// of XML. Whatever a record needs while it is scored is in a Frame.
package program

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"sort"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Program is a compiled model.
type Program struct {
	Schema    []byte // description of inputs and results, as package evaluator writes it
	Symbols   []string
	Slots     []string // names of the fields that slots hold
	Functions []expr.Function
	Inputs    []Input
	Steps     []Step
	Outcomes  int     // outcomes that a frame needs
	Scratch   int     // numbers that a frame needs
	Results   []int32 // slots of targets and outputs
	trees
	Model  *Model
	Verify Verification

	numbers  map[string]int32 // of symbols
	quick    []quickInput     // of the inputs
	required []int32          // inputs that must not be missing
	produced []int32          // slots of outputs and targets, which are missing until their model has run
	kept     []int32          // outcomes that outputs of other models ask for
	lags     []*expr.Lag

	associations []*Association

	mostRoots, mostFeeds int // of a forest
}

// A Verification is the model's own rows of inputs and expected results.
type Verification struct {
	Line     int     // of the ModelVerification element
	Path     string  // of it
	Inputs   []int32 // input of each column
	Expected []Expected
	Texts    []string
	Rows     [][]int32 // index in Texts of each cell; -1: missing
	Groups   []int32   // how many rows that follow one another are a group; nil: each row is one
}

// Expected is a column of expected results.
type Expected struct {
	Result        int32   // index in Results
	Precision     float64 // relative
	ZeroThreshold float64 // absolute
}

const (
	magic = "HANDOFF\x00"

	// Version of the encoding: to be raised whenever a change makes older forms unreadable or wrong.
	Version = 3
)

// ErrVersion is wrapped by the error about a compiled form of another version.
var ErrVersion = errors.New("compiled form is of another version")

// Encode gives the compiled form of p: magic, version, length, checksum, content.
func (p *Program) Encode() []byte {
	c := &coder{Coder: codec.NewWriter(), p: p}
	p.code(c)
	if err := c.Err(); err != nil {
		panic(fmt.Sprintf("a program that cannot be encoded: %v", err)) // a mistake of ours in lowering
	}
	body := c.Bytes()
	head := codec.NewWriter()
	v, sum := uint64(Version), uint64(crc32.Checksum(body, castagnoli))<<32|uint64(uint32(len(body)))
	head.Uint64(&v)
	head.Uint64(&sum)
	return append(append([]byte(magic), head.Bytes()...), body...)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const headSize = len(magic) + 16

// Is says that b begins like a compiled form.
func Is(b []byte) bool { return len(b) >= len(magic) && string(b[:len(magic)]) == magic }

// Open makes a Program of its compiled form, which may be used again afterwards. It fails if the form is damaged or of
// another version.
func Open(b []byte) (*Program, error) {
	if !Is(b) || len(b) < headSize {
		return nil, fmt.Errorf("%w: it does not begin like one", codec.ErrDamaged)
	}
	head := codec.NewReader(b[len(magic):headSize])
	var v, sum uint64
	head.Uint64(&v)
	head.Uint64(&sum)
	if v != Version {
		return nil, fmt.Errorf("%w: %d, this program reads %d: compile the document again", ErrVersion, v, Version)
	}
	body := b[headSize:]
	if uint32(len(body)) != uint32(sum) {
		return nil, fmt.Errorf("%w: %d bytes, expected %d", codec.ErrDamaged, len(body), uint32(sum))
	}
	if crc32.Checksum(body, castagnoli) != uint32(sum>>32) {
		return nil, fmt.Errorf("%w: its checksum is wrong", codec.ErrDamaged)
	}
	p := new(Program)
	c := &coder{Coder: codec.NewReader(body), p: p}
	p.code(c)
	if err := c.Close(); err != nil {
		return nil, err
	}
	p.prepare()
	return p, nil
}

// A coder codes a program: the bounds of what may be referred to grow as they are read.
type coder struct {
	*codec.Coder
	p          *Program
	outcomes   int
	scratches  int
	categories int  // of the model that is being coded
	classifies bool // it has categories
}

func (p *Program) code(c *coder) {
	var schema = string(p.Schema)
	c.String(&schema)
	p.Schema = []byte(schema)
	c.Strings(&p.Symbols)
	c.Symbols = len(p.Symbols)
	c.Text = func(v value.Cell) string { return p.Symbols[v.Sym] }
	c.Strings(&p.Slots)
	c.Slots = len(p.Slots)
	expr.CodeFunctions(c.Coder, &p.Functions)
	codec.Slice(c.Coder, &p.Inputs, 20, func(in *Input) { in.code(c.Coder) })
	codec.Slice(c.Coder, &p.Steps, 3, func(s *Step) { s.code(c.Coder) })
	c.memory(&p.Outcomes, &c.outcomes)
	c.memory(&p.Scratch, &c.scratches)
	p.codeTrees(c)
	if c.Reading() {
		p.Model = new(Model)
	}
	codec.Slice(c.Coder, &p.Models, 20, func(m **Model) {
		if c.Reading() {
			*m = new(Model)
		}
		(*m).code(c)
	})
	p.codeLeafModels(c)
	p.Model.code(c)
	c.SlotList(&p.Results)
	p.Verify.code(c)
	if c.Reading() && c.Err() == nil {
		p.checkCalls(c)
	}
}

// memory codes how much a frame needs. More than a record could use is damage.
func (c *coder) memory(n *int, bound *int) {
	c.Int(n)
	if *n < 0 || *n > 1<<28 || c.Reading() && *n > 64*(c.Left()+1024) {
		c.Failf("a frame of %d", *n)
		*n = 0
	}
	*bound = *n
}

// codeLeafModels codes which leaves go on with which models.
func (p *Program) codeLeafModels(c *coder) {
	leaves := make([]int32, 0, len(p.LeafModels))
	for leaf := range p.LeafModels {
		leaves = append(leaves, leaf)
	}
	sort.Slice(leaves, func(i, j int) bool { return leaves[i] < leaves[j] })
	codec.Slice(c.Coder, &leaves, 2, func(leaf *int32) {
		c.Index(leaf, len(p.Leaves))
		i := p.LeafModels[*leaf]
		c.Index(&i, len(p.Models))
		if c.Reading() {
			if p.LeafModels == nil {
				p.LeafModels = map[int32]int32{}
			}
			p.LeafModels[*leaf] = i
		}
	})
	for _, m := range p.Models {
		if c.Err() != nil {
			return
		}
		switch m.Kernel.(type) {
		case *Regression, *Tree, *GradedTree:
		default:
			c.Failf("a node holds something else than a regression or a tree")
		}
	}
}

func (v *Verification) code(c *coder) {
	c.Int(&v.Line)
	c.String(&v.Path)
	codec.Slice(c.Coder, &v.Inputs, 1, func(i *int32) { c.Index(i, len(c.p.Inputs)) })
	codec.Slice(c.Coder, &v.Expected, 17, func(e *Expected) {
		c.Index(&e.Result, len(c.p.Results))
		c.Float64(&e.Precision)
		c.Float64(&e.ZeroThreshold)
	})
	c.Strings(&v.Texts)
	width := len(v.Inputs) + len(v.Expected)
	codec.Slice(c.Coder, &v.Rows, 1, func(row *[]int32) {
		c.Int32s(row)
		if len(*row) != width {
			c.Failf("a verification row of %d cells", len(*row))
		}
		for _, i := range *row {
			if i < -1 || int(i) >= len(v.Texts) {
				c.Failf("verification cell %d of %d", i, len(v.Texts))
			}
		}
	})
	c.Int32s(&v.Groups)
	left := len(v.Rows)
	for _, n := range v.Groups {
		if left -= int(n); n < 1 || left < 0 {
			c.Failf("a group of %d verification rows", n)
		}
	}
	if len(v.Groups) > 0 && left != 0 {
		c.Failf("%d verification rows without a group", left)
	}
}

// checkCalls makes sure that what was read cannot ask for arguments that are not there.
func (p *Program) checkCalls(c *coder) {
	check := func(e expr.Expr) {
		if e != nil && !expr.Calls(e, p.Functions) {
			c.Failf("a function is called with too few or too many arguments")
		}
	}
	for i := range p.Functions {
		check(p.Functions[i].Body)
		for _, e := range p.Functions[i].Locals {
			check(e)
		}
	}
	for i := range p.Steps {
		check(p.Steps[i].Expr)
	}
	p.each(func(m *Model) {
		for i := range m.Outputs {
			check(m.Outputs[i].Expr)
		}
		if k, ok := m.Kernel.(*Scorecard); ok {
			k.expressions(check)
		}
	})
}

// each calls visit for every model, members before the whole.
func (p *Program) each(visit func(*Model)) {
	for _, m := range p.Models {
		visit(m)
	}
	var walk func(*Model)
	walk = func(m *Model) {
		if k, ok := m.Kernel.(*Mining); ok {
			for i := range k.Segments {
				walk(k.Segments[i].Model)
			}
		}
		visit(m)
	}
	walk(p.Model)
}

// prepare works out what does not depend on a record.
func (p *Program) prepare() {
	p.numbers = make(map[string]int32, len(p.Symbols))
	for i, s := range p.Symbols {
		p.numbers[s] = int32(i)
	}
	s := value.NewStrings(p.Symbols, p.numbers)
	for i := range p.Inputs {
		p.Inputs[i].prepare(s)
		p.quick = append(p.quick, p.Inputs[i].quick())
		if p.Inputs[i].Treatment.MissingInvalid {
			p.required = append(p.required, int32(i))
		}
	}
	p.specialise()
	p.layForests()
	find := func(e expr.Expr) {
		if lag, ok := e.(*expr.Lag); ok {
			p.lags = append(p.lags, lag)
		}
	}
	for i := range p.Steps {
		if p.Steps[i].Expr != nil {
			expr.Walk(p.Steps[i].Expr, find)
		}
	}
	p.each(func(m *Model) {
		if k, ok := m.Kernel.(*Association); ok {
			k.prepare(len(p.associations))
			p.associations = append(p.associations, k)
		}
		if k, ok := m.Kernel.(*Regression); ok {
			for i := range k.Tables {
				k.Tables[i].prepare()
			}
		}
		if k, ok := m.Kernel.(*Scorecard); ok {
			k.expressions(func(e expr.Expr) { expr.Walk(e, find) })
			k.prepare(p.Functions)
		}
		for i := range m.Outputs {
			if m.Outputs[i].Expr != nil {
				expr.Walk(m.Outputs[i].Expr, find)
			}
		}
		if k, ok := m.Kernel.(*Mining); ok {
			for i := range k.Segments {
				for _, g := range k.Segments[i].Gives {
					p.produced = append(p.produced, g.To)
				}
			}
		}
		if m.Target.Slot >= 0 {
			p.produced = append(p.produced, m.Target.Slot)
		}
		for i := range m.Outputs {
			p.produced = append(p.produced, m.Outputs[i].Slot)
			if m.Outputs[i].About != m.Out {
				p.kept = append(p.kept, m.Outputs[i].About)
			}
		}
	})
}

// specialise makes the expressions of steps and outputs fast.
func (p *Program) specialise() {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Expr != nil {
			s.fast = expr.Specialise(s.Expr, p.Functions)
			s.number, _ = s.fast.(*expr.Numeric)
		}
	}
	p.each(func(m *Model) {
		for i := range m.Outputs {
			if o := &m.Outputs[i]; o.Expr != nil {
				o.fast = expr.Specialise(o.Expr, p.Functions)
			}
		}
	})
}

// layForests lays the trees of forests out to be walked fast. A test is laid out once.
func (p *Program) layForests() {
	trees, room := 0, 2*len(p.Tests)
	forests := func(visit func(*Model, *Forest)) {
		p.each(func(m *Model) {
			if k, ok := m.Kernel.(*Forest); ok {
				visit(m, k)
			}
		})
	}
	forests(func(_ *Model, k *Forest) { trees += len(k.Roots) })
	forests(func(m *Model, k *Forest) {
		k.prepare(p, m, 2*len(p.Tests)*len(k.Roots)/trees, &room)
		p.mostRoots = max(p.mostRoots, len(k.Roots))
		if k.lockstep != nil {
			p.mostFeeds = max(p.mostFeeds, len(k.lockstep.feeds))
		}
	})
}

// scratch codes where a kernel's part of the scratch memory begins, of which it uses n.
func (c *coder) scratch(at *int32, n int) {
	c.Int32(at)
	if *at < 0 || int(*at)+n > c.scratches {
		c.Failf("scratch memory from %d to %d of %d", *at, int(*at)+n, c.scratches)
		*at = 0
	}
}

// stepList codes steps that must be computed, each once.
func (c *coder) stepList(steps *[]int32) {
	codec.Slice(c.Coder, steps, 1, func(i *int32) { c.Index(i, len(c.p.Steps)) })
}

func (c *coder) symbolBound() int {
	if c.Reading() {
		return len(c.p.Symbols)
	}
	return math.MaxInt32
}
