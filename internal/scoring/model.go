// Package scoring turns bodies into answers: a record, a batch of records or a table goes in as bytes, and what the
// model makes of it comes out as bytes, in the shapes of Openscoring's protocol. It knows nothing of HTTP.
package scoring

import (
	"context"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/handoff-pmml/handoff/evaluator"
)

// A Model is a compiled model with all that answering needs made ready. It never changes and is shared by all
// goroutines.
type Model struct {
	model   *evaluator.Model // nil: bodies are read, but there is nothing to score them with
	schema  *evaluator.Schema
	inputs  map[string]int // position of Scorer.Set by name; behind those, if the model collects records, the group fields
	groups  int            // where these begin
	numeric []numberType   // by position: how text may be read ahead of the scorer
	results []result
	workers sync.Pool // of *worker

	version  int    // see Of
	checksum string // see Of
}

// A result is a target or an output that answers show.
type result struct {
	index  int // position of Scorer.Value
	name   string
	key    []byte // name as a JSON member, colon included
	target bool
}

// A numberType says for which fields plain digits may be read here, with the same outcome as the scorer's own reading.
type numberType uint8

const (
	notNumber numberType = iota
	doubleNumber
	integerNumber
)

// New makes a model ready to answer. Outputs that are not final are left out of its answers.
func New(model *evaluator.Model) *Model {
	m := &Model{model: model, schema: model.Schema(), inputs: map[string]int{}}
	for i, name := range model.InputNames() {
		m.inputs[name] = i
		if i < len(m.schema.Inputs) {
			m.numeric = append(m.numeric, numberTypes[m.schema.Inputs[i].DataType])
		} else {
			m.numeric = append(m.numeric, notNumber)
		}
	}
	m.groups = len(m.inputs)
	if model.Collects() {
		for i := range m.schema.Groups {
			m.inputs[m.schema.Groups[i].Name] = m.groups + i
			m.numeric = append(m.numeric, notNumber)
		}
	}
	for i, f := range m.schema.Results() {
		if f.NotFinal {
			continue
		}
		key, err := jsontext.AppendQuote(nil, f.Name)
		if err != nil {
			key = append(key[:0:0], `"?"`...) // a name that is not UTF-8 cannot leave a checked document
		}
		m.results = append(m.results, result{
			index: i, name: f.Name, key: append(key, ':'), target: i < len(m.schema.Targets),
		})
	}
	return m
}

var numberTypes = map[string]numberType{"double": doubleNumber, "integer": integerNumber}

// Of says which version of a model this is, and the SHA-256 of its document in lower-case hexadecimal digits. It gives the
// model itself, and comes before anybody else knows it. Whoever answers with the model can tell what has answered, even
// while another version takes its place.
func (m *Model) Of(version int, checksum string) *Model {
	m.version, m.checksum = version, checksum
	return m
}

// Version is the number of the version; 0: versions are not counted.
func (m *Model) Version() int { return m.version }

// Checksum is that of the document; empty: it is not known.
func (m *Model) Checksum() string { return m.checksum }

// Schema says what the model takes and gives.
func (m *Model) Schema() *evaluator.Schema { return m.schema }

// VerificationRows gives the inputs of the rows that the model brought to verify itself with: the names of the columns, and
// the cells as written, missing ones empty.
func (m *Model) VerificationRows() (columns []string, rows [][]string) {
	return m.model.VerificationRows()
}

// Size is the number of bytes of the compiled form.
func (m *Model) Size() int { return m.model.Size() }

// Counts says how many records a body held, and how many of them could not be scored.
type Counts struct {
	Records, Failed int
}

// A Job is one body to answer.
type Job struct {
	Context context.Context // asked now and then whether anybody still waits for the answer
	Body    []byte          // UTF-8
	Answer  []byte          // the answer is appended to it, so that its memory can be used again
	Limit   int             // bytes that the answer may have; 0: any number

	Hold func(bytes int64) error // told of the memory that a large answer takes, as it grows; nil: nobody counts
	held int
}

// smallAnswer is what answers may take before anybody counts: small ones shall pass when large ones fill the memory.
const smallAnswer = 128 << 10

// check says whether the job is still worth going on with.
func (j *Job) check() error {
	if j.Limit > 0 && len(j.Answer) > j.Limit {
		return ErrAnswerTooLarge
	}
	if size := cap(j.Answer); j.Hold != nil && size > j.held && size > smallAnswer {
		more := size - j.held
		j.held = size
		if err := j.Hold(int64(more)); err != nil {
			return err
		}
	}
	return j.Context.Err()
}

// A worker is the memory that one goroutine needs to answer.
type worker struct {
	model  *Model
	scorer *evaluator.Scorer // nil: see Model
	reader reader
	record record
}

func (m *Model) worker() *worker {
	if w, ok := m.workers.Get().(*worker); ok {
		if w.scorer != nil {
			w.scorer.Restart()
		}
		return w
	}
	w := &worker{model: m, record: record{inputs: m.inputs, values: make([]evaluator.Value, len(m.inputs))}}
	if m.model != nil {
		w.scorer = m.model.NewScorer()
		w.scorer.Strict()
	}
	return w
}

func (m *Model) release(w *worker) {
	w.record.clear()
	w.reader.release()
	m.workers.Put(w)
}

// score scores the record that w holds. The error is an evaluator.RecordError.
func (w *worker) score() error {
	if len(w.record.odd) > 0 {
		return w.record.odd[0].err
	}
	w.scorer.Clear()
	for _, i := range w.record.given {
		if i < w.model.groups {
			w.scorer.Set(i, w.record.values[i])
		}
	}
	return w.scorer.Score()
}

// A record is the inputs of one record, by position. A name that comes twice keeps its last value.
type record struct {
	inputs  map[string]int
	values  []evaluator.Value
	given   []int // positions that hold a value, in the order in which they came
	odd     []oddValue
	members int // of all lists so far
}

// An oddValue is what stands in a record for a value that no field can hold.
type oddValue struct {
	position int
	err      *evaluator.InvalidValueError
}

func (r *record) clear() {
	for _, i := range r.given {
		r.values[i] = evaluator.Value{}
	}
	r.given, r.odd, r.members = r.given[:0], nil, 0
}

func (r *record) set(i int, v evaluator.Value) {
	if r.values[i].IsMissing() && !v.IsMissing() {
		r.given = append(r.given, i)
	}
	r.values[i] = v
	if len(r.odd) > 0 {
		r.odd = slices.DeleteFunc(r.odd, func(o oddValue) bool { return o.position == i })
	}
}

// refuse stands for set with a value that no field can hold; written is how a message shows it.
func (r *record) refuse(i int, written string) {
	r.set(i, evaluator.Missing())
	r.odd = append(r.odd, oddValue{i, &evaluator.InvalidValueError{Field: r.name(i), Value: clip(written, 100)}})
}

// name is that of the input at a position. It is for messages only and takes its time.
func (r *record) name(i int) string {
	for name, position := range r.inputs {
		if position == i {
			return name
		}
	}
	return ""
}
