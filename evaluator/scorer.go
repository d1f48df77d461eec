package evaluator

import (
	"encoding/json"
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/program"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Scorer scores records one after the other. It is one goroutine's memory and allocates nothing for a record once it
// is warm, unless a record brings text that no model knows or fails.
type Scorer struct {
	m     *Model
	frame *program.Frame
	given []any // by position, while a record given by name is read
}

// NewScorer is a Scorer of m whose inputs are all missing.
func (m *Model) NewScorer() *Scorer {
	return &Scorer{m: m, frame: m.program.NewFrame(), given: make([]any, len(m.names))}
}

// Strict makes an input value that its field does not allow fail the record even if the model, on its way to the result,
// does not need the field. Without it such a value goes unnoticed until something needs it, as in JPMML-Evaluator;
// servers check all that they are given.
func (s *Scorer) Strict() { s.frame.Strict = true }

// Restart begins a new sequence of records. Lag looks back at the records that s has scored since; for any other model it
// changes nothing.
func (s *Scorer) Restart() { s.frame.Forget() }

// Model is what s scores with.
func (s *Scorer) Model() *Model { return s.m }

// Clear begins a record: every input is missing.
func (s *Scorer) Clear() { s.frame.Clear() }

// Set gives the i-th input (of Schema.Inputs, or a position from Model.Input) a value. What the field's type and mining
// schema say about it happens here; if they do not allow it, Score says so.
func (s *Scorer) Set(i int, v Value) {
	switch v.kind {
	case KindMissing:
		s.frame.BindMissing(i)
	case KindString:
		s.frame.BindText(i, v.text)
	case KindInteger:
		s.frame.BindInteger(i, int64(v.bits))
	case KindBoolean:
		s.frame.BindBoolean(i, v.bits != 0)
	case KindFloat, KindDouble:
		s.frame.BindNumber(i, math.Float64frombits(v.bits))
	default:
		s.setList(i, v)
	}
}

// setList gives an input the members of a list, each of which is treated like a single value.
func (s *Scorer) setList(i int, v Value) {
	if v.kind != KindList || !s.frame.TakesList(i) {
		s.frame.BindList(i, v.String())
		return
	}
	s.frame.BeginList()
	for _, member := range v.list {
		if member.kind == KindList {
			s.frame.BindList(i, v.String())
			return
		}
		if s.Set(i, member); !s.frame.KeepMember(i) {
			return
		}
	}
	s.frame.EndList(i)
}

// Score runs the model on the inputs that were set. The error is a RecordError; results are valid only without one.
func (s *Scorer) Score() error {
	invalid, failure := s.frame.Score()
	switch {
	case invalid != nil && invalid.Missing:
		return &MissingValueError{Field: s.m.names[invalid.Input]}
	case invalid != nil:
		e := &InvalidValueError{Field: s.m.names[invalid.Input], Value: invalid.Text}
		if invalid.Input < len(s.m.allowed) {
			e.Allowed = s.m.allowed[invalid.Input]
		}
		return e
	case failure != nil:
		e := &ResultError{Message: failure.Message}
		if failure.Slot >= 0 {
			e.Field = s.m.program.Slots[failure.Slot]
		}
		return e
	}
	return nil
}

// ScoreMap scores a record given by name. Names that the model does not know do not matter; inputs that are not named
// are missing, and so is nil. A value may be any of Go's numbers, a bool, a string, a json.Number or a Value, and for
// an input that takes several values a []any of these or a []string; anything else is invalid.
func (s *Scorer) ScoreMap(record map[string]any) error {
	s.frame.Clear()
	if 2*len(record) < len(s.m.names) {
		for name, v := range record {
			if i, ok := s.m.inputs[name]; ok {
				s.set(i, v)
			}
		}
		return s.Score()
	}
	// First everything is looked up, then set: so the processor waits for the memory of several entries at once.
	for i, name := range s.m.names {
		s.given[i] = record[name]
	}
	for i, v := range s.given {
		if v != nil {
			s.set(i, v)
		}
	}
	clear(s.given)
	return s.Score()
}

func (s *Scorer) set(i int, v any) {
	switch v := v.(type) {
	case float64:
		s.frame.BindNumber(i, v)
	case string:
		s.frame.BindText(i, v)
	case nil:
		s.frame.BindMissing(i)
	case int:
		s.frame.BindInteger(i, int64(v))
	default:
		s.Set(i, ValueOf(v))
	}
}

// ValueOf makes a Value of any of Go's numbers, a bool, a string, nil, a json.Number, a Value, a []any of these or a
// []string. Of anything else it makes a list within a list, which no field allows.
func ValueOf(v any) Value {
	switch v := v.(type) {
	case nil:
		return Missing()
	case Value:
		return v
	case string:
		return Text(v)
	case bool:
		return Boolean(v)
	case float64:
		return Number(v)
	case float32:
		return Number(float64(v))
	case int:
		return Integer(int64(v))
	case int64:
		return Integer(v)
	case int32:
		return Integer(int64(v))
	case int16:
		return Integer(int64(v))
	case int8:
		return Integer(int64(v))
	case uint:
		return unsigned(uint64(v))
	case uint64:
		return unsigned(v)
	case uint32:
		return Integer(int64(v))
	case uint16:
		return Integer(int64(v))
	case uint8:
		return Integer(int64(v))
	case json.Number:
		return Text(string(v))
	case []any:
		list := make([]Value, len(v))
		for i := range v {
			list[i] = ValueOf(v[i])
		}
		return List(list...)
	case []string:
		list := make([]Value, len(v))
		for i := range v {
			list[i] = Text(v[i])
		}
		return List(list...)
	}
	return List(List())
}

func unsigned(u uint64) Value {
	if u > math.MaxInt64 {
		return Number(float64(u))
	}
	return Integer(int64(u))
}

// Predicted says that the model made a prediction for the last record. It makes none where its document says so, such as
// for a tree none of whose branches is true. A model without targets, which has nothing but outputs, always does.
func (s *Scorer) Predicted() bool { return len(s.m.schema.Targets) == 0 || s.frame.Predicted() }

// Value gives the i-th result of the last record: targets, then outputs, as Schema.Results lists them. Its text, if it
// has any, stays valid; a list must be read before the next record.
func (s *Scorer) Value(i int) Value {
	return s.value(s.frame.Slots[s.m.program.Results[i]])
}

// Get gives the result with the given name.
func (s *Scorer) Get(name string) (v Value, ok bool) {
	i, ok := s.m.results[name]
	if !ok {
		return Value{}, false
	}
	return s.Value(i), true
}

func (s *Scorer) value(c value.Cell) Value {
	switch {
	case c.State != value.Valid && c.State != value.Invalid:
		return Value{}
	case c.Many:
		cells := s.frame.Cells(c)
		list := make([]Value, len(cells))
		for i, m := range cells {
			list[i] = s.value(m)
		}
		return List(list...)
	}
	switch c.Type {
	case value.String:
		return Value{kind: KindString, text: s.frame.Strings.Text(c)}
	case value.Integer:
		return Value{kind: KindInteger, bits: c.Bits()}
	case value.Float:
		return Value{kind: KindFloat, bits: c.Bits()}
	case value.Double:
		return Value{kind: KindDouble, bits: c.Bits()}
	case value.Boolean:
		return Value{kind: KindBoolean, bits: c.Bits()}
	case value.NoType:
		return Value{}
	}
	return Value{kind: KindTemporal, bits: c.Bits(), date: c.Type}
}
