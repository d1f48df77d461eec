package evaluator

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Model is a compiled model. It never changes; any number of goroutines may use it.
type Model struct {
	program *program.Program
	schema  Schema
	results map[string]int // by name
	inputs  map[string]int // by name
	names   []string       // of the inputs that can be set, by position
	allowed []string       // what each of the schema's inputs allows, for messages
	size    int

	collects bool
}

// ErrDamaged is wrapped by Open's error about bytes that no compilation has written, or that were changed since.
var ErrDamaged = codec.ErrDamaged

// ErrVersion is wrapped by Open's error about the compiled form of another version of Handoff.
var ErrVersion = program.ErrVersion

// CompiledVersion is the version of compiled forms that this package opens.
const CompiledVersion = program.Version

// IsCompiled says that b begins like a compiled form, not like a document.
func IsCompiled(b []byte) bool { return program.Is(b) }

// Open makes a Model of its compiled form. The error wraps ErrDamaged or ErrVersion. The bytes are not kept.
func Open(compiled []byte) (*Model, error) {
	p, err := program.Open(compiled)
	if err != nil {
		return nil, fmt.Errorf("open model: %w", err)
	}
	m := &Model{program: p, size: len(compiled), results: map[string]int{}, inputs: make(map[string]int, len(p.Inputs))}
	if err := json.Unmarshal(p.Schema, &m.schema); err != nil {
		return nil, fmt.Errorf("open model: %w: its description: %w", codec.ErrDamaged, err)
	}
	s := &m.schema
	if len(s.Inputs) > len(p.Inputs) || len(s.Targets)+len(s.Outputs) != len(p.Results) {
		return nil, fmt.Errorf("open model: %w: its description does not fit", codec.ErrDamaged)
	}
	for i := range p.Inputs {
		m.names = append(m.names, p.Inputs[i].Name)
		m.inputs[p.Inputs[i].Name] = i
	}
	for i, f := range s.Results() {
		m.results[f.Name] = i
	}
	m.collects = s.collecting()
	for i := range s.Inputs {
		m.allowed = append(m.allowed, s.Inputs[i].allows())
	}
	return m, nil
}

// allows says what a field allows, in words: at most 20 of its intervals and values.
func (f *Field) allows() string {
	const most = 20
	text := f.DataType
	sep := " in "
	for n, i := range f.Intervals {
		if n == most {
			return text + fmt.Sprintf(" or %d others", len(f.Intervals)+len(f.Values)-n)
		}
		text += sep + i.String()
		sep = " or "
	}
	for n, v := range f.Values {
		if n == most {
			return text + fmt.Sprintf(" or %d others", len(f.Values)-n)
		}
		text += sep + fmt.Sprintf("%q", v)
		sep = " or "
	}
	return text
}

// Schema says what the model takes and gives. It must not be changed.
func (m *Model) Schema() *Schema { return &m.schema }

// Size is the number of bytes of the compiled form.
func (m *Model) Size() int { return m.size }

// InputNames gives the names of all that Scorer.Set takes, by position: the schema's inputs, then what else may be given,
// such as the target's actual value, which residuals need. The names must not be changed.
func (m *Model) InputNames() []string { return m.names }

// Input gives the position for Scorer.Set of the input with the given name; see InputNames.
func (m *Model) Input(name string) (i int, ok bool) {
	i, ok = m.inputs[name]
	return i, ok
}

// Result gives the position for Scorer.Value of the result with the given name.
func (m *Model) Result(name string) (i int, ok bool) {
	i, ok = m.results[name]
	return i, ok
}

// Dump writes the compiled form as a listing to be read.
func (m *Model) Dump(w io.Writer) error { return m.program.Print(w) }

// Verify scores the rows of the model's own ModelVerification and compares. The error is a
// *VerificationError, which wraps a RecordError if the row cannot be scored; it is nil for a model without such rows.
// A document can bring any number of rows: the first 1,000 count (those of a transactional model
// by groups, the number of which is then that of the error's row), and a row that begins after more than two seconds is
// an error, so that a model which nobody could serve is not verified for hours.
func (m *Model) Verify() error {
	const rows, most = 1_000, 2 * time.Second
	v := &m.program.Verify
	s := m.NewScorer()
	start := time.Now()
	for r, from := 0, 0; from < min(rows, len(v.Rows)); r++ {
		if time.Since(start) > most {
			slow := &ResultError{Message: "the rows before it took more than " + most.String()}
			return &VerificationError{Line: v.Line, Path: v.Path, Row: r + 1, Err: slow}
		}
		n := 1
		if len(v.Groups) > 0 {
			n = int(v.Groups[r])
		}
		group := v.Rows[from : from+n]
		from += n
		s.setVerification(v, group)
		if err := s.Score(); err != nil {
			return &VerificationError{Line: v.Line, Path: v.Path, Row: r + 1, Err: err}
		}
		for i, e := range v.Expected {
			cell := firstCell(group, len(v.Inputs)+i)
			if cell < 0 {
				continue
			}
			got, want := s.Value(int(e.Result)), v.Texts[cell]
			if !agree(got, want, e.Precision, e.ZeroThreshold) {
				return &VerificationError{Line: v.Line, Path: v.Path, Row: r + 1, Field: m.schema.Results()[e.Result].Name, Got: got.String(), Expected: want}
			}
		}
	}
	return nil
}

// setVerification gives s the inputs of the verification rows of a group; of most models that is one row.
func (s *Scorer) setVerification(v *program.Verification, group [][]int32) {
	s.Clear()
	for i, input := range v.Inputs {
		if s.m.program.Inputs[input].List && len(v.Groups) > 0 {
			members := make([]Value, len(group))
			for row := range group {
				if cell := group[row][i]; cell >= 0 {
					members[row] = Text(v.Texts[cell])
				}
			}
			s.Set(int(input), List(members...))
		} else if cell := firstCell(group, i); cell >= 0 {
			s.Set(int(input), Text(v.Texts[cell]))
		}
	}
}

// firstCell gives the first cell of a column that is not missing; -1 if there is none.
func firstCell(group [][]int32, column int) int32 {
	for _, row := range group {
		if row[column] >= 0 {
			return row[column]
		}
	}
	return -1
}

// agree compares as PMML 4.4, ModelVerification, says: numbers within a relative precision, and as zero where both are
// within a threshold; anything else by text.
func agree(got Value, want string, precision, zero float64) bool {
	x, numeric := got.Float64()
	if !numeric || got.kind == KindBoolean {
		if c, ok := value.Parse(value.Boolean, want, nil); ok && got.kind == KindBoolean {
			return c.True() == (got.bits != 0)
		}
		return got.String() == want
	}
	c, ok := value.Parse(value.Double, want, nil)
	if !ok {
		return false
	}
	y := c.Float64()
	switch d := x - y; {
	case x == y:
		return true
	case y >= -zero && y <= zero:
		return x >= -zero && x <= zero
	default:
		return d <= precision*abs(y) && d >= -precision*abs(y)
	}
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}
