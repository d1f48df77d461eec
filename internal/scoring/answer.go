package scoring

import (
	"math"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/handoff-pmml/handoff/evaluator"
)

// Record answers {"id": …, "arguments": {…}} with {"id": …, "results": {…}}, appended to the job's Answer. The error is
// a *BodyError if the body does not have that shape, an evaluator.RecordError if the record cannot be scored.
func (m *Model) Record(j *Job) ([]byte, error) {
	w := m.worker()
	defer m.release(w)
	w.reader.reset(j.Body)
	id, given, err := w.readRecord()
	if err == nil {
		err = w.reader.end()
	}
	if err == nil && !given {
		err = errNoArguments
	}
	if err != nil || w.scorer == nil {
		return j.Answer, err
	}
	if err := w.score(); err != nil {
		return j.Answer, err
	}
	j.Answer = append(w.appendResults(appendID(j.Answer, id)), "}\n"...)
	return j.Answer, j.check()
}

// Batch answers {"id": …, "requests": [record…]} with {"id": …, "responses": [answer…]} in the same order. A record that
// cannot be scored has a message instead of results. A transactional model has one answer for each group of records, in
// the order in which they first appear; if any group has more than one record, the ids of records are left out. The error is as of Record, or ErrAnswerTooLarge.
func (m *Model) Batch(j *Job) ([]byte, Counts, error) {
	w := m.worker()
	defer m.release(w)
	w.reader.reset(j.Body)
	start := len(j.Answer)
	id, counts, err := w.batch(j)
	if err == nil {
		err = w.reader.end()
	}
	if err != nil || w.scorer == nil {
		return j.Answer, counts, err
	}
	if counts.Records > 0 {
		j.Answer = append(j.Answer, ']')
	}
	j.Answer = append(j.Answer, "}\n"...)
	if id != nil { // known only now, but it comes first
		j.Answer = insertID(j.Answer, start, id, counts.Records > 0)
	}
	return j.Answer, counts, nil
}

// batch reads the batch and answers its records as they come.
func (w *worker) batch(j *Job) (id []byte, counts Counts, err error) {
	if err := w.reader.open(jsontext.KindBeginObject, `the body must be an object with the members "id" and "requests"`); err != nil {
		return nil, counts, err
	}
	j.Answer = append(j.Answer, '{')
	start, given := len(j.Answer), false
	for {
		name, more, err := w.reader.next()
		if err != nil {
			return nil, counts, err
		}
		if !more {
			break
		}
		switch string(name) {
		case "id":
			id, err = w.reader.text()
		case "requests": // should it come twice, the last one counts
			given = true
			j.Answer = j.Answer[:start]
			counts, err = w.requests(j)
		default:
			err = w.reader.fault("unknown member " + quoted(name) + `, only "id" and "requests" are allowed`)
		}
		if err != nil {
			return nil, counts, err
		}
	}
	if !given {
		return nil, counts, &BodyError{Message: `the member "requests" is missing`}
	}
	return id, counts, nil
}

func (w *worker) requests(j *Job) (counts Counts, err error) {
	if err := w.reader.open(jsontext.KindBeginArray, `"requests" must be an array`); err != nil {
		return counts, err
	}
	if w.model.collects() {
		return w.groupedRequests(j)
	}
	for w.reader.decoder.PeekKind() != jsontext.KindEndArray {
		if counts.Records == 0 {
			j.Answer = append(j.Answer, `"responses":[`...)
		} else {
			j.Answer = append(j.Answer, ',')
		}
		failed, err := w.request(j)
		if err != nil {
			return counts, err
		}
		counts.Records++
		if failed {
			counts.Failed++
		}
		if err := j.check(); err != nil {
			return counts, err
		}
	}
	_, err = w.reader.decoder.ReadToken()
	return counts, w.reader.located(err)
}

// request answers one record of a batch; failed says that the answer is a message.
func (w *worker) request(j *Job) (failed bool, err error) {
	if w.reader.decoder.PeekKind() == jsontext.KindNull {
		if _, err := w.reader.scalar(); err != nil {
			return false, err
		}
		j.Answer = appendMessage(j.Answer, nil, errNullRecord.Error())
		return true, nil
	}
	id, given, err := w.readRecord()
	switch {
	case err != nil || w.scorer == nil:
		return false, err
	case !given:
		err = errNoArguments
	default:
		err = w.score()
	}
	if err != nil {
		j.Answer = appendMessage(j.Answer, id, err.Error())
		return true, nil
	}
	j.Answer = append(w.appendResults(appendID(j.Answer, id)), '}')
	return false, nil
}

var (
	errNoArguments = &BodyError{Message: `the member "arguments" is missing`}
	errNullRecord  = &BodyError{Message: "the record is null"}
)

// readRecord reads {"id": …, "arguments": {…}}; given is false if there are no arguments.
func (w *worker) readRecord() (id []byte, given bool, err error) {
	if err := w.reader.open(jsontext.KindBeginObject, `a record must be an object with the members "id" and "arguments"`); err != nil {
		return nil, false, err
	}
	w.record.clear()
	for {
		name, more, err := w.reader.next()
		if err != nil || !more {
			return id, given, err
		}
		switch string(name) {
		case "id":
			id, err = w.reader.text()
		case "arguments":
			given, err = w.readArguments()
		default:
			err = w.reader.fault("unknown member " + quoted(name) + `, only "id" and "arguments" are allowed`)
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// readArguments reads the arguments of a record; null is none.
func (w *worker) readArguments() (given bool, err error) {
	if w.reader.decoder.PeekKind() == jsontext.KindNull {
		w.record.clear()
		_, err := w.reader.scalar()
		return false, err
	}
	return true, w.reader.arguments(&w.record)
}

func quoted(name []byte) string {
	text, _ := jsontext.AppendQuote(nil, clip(string(name), 100))
	return string(text)
}

// appendID begins the answer of a record.
func appendID(b, id []byte) []byte {
	b = append(b, '{')
	if id == nil {
		return b
	}
	b = append(b, `"id":`...)
	b = append(b, id...)
	return append(b, ',')
}

// insertID puts the id behind the { at start.
func insertID(b []byte, start int, id []byte, more bool) []byte {
	size := len(`"id":`) + len(id)
	if more {
		size++
	}
	b = append(b, make([]byte, size)...)
	copy(b[start+1+size:], b[start+1:len(b)-size])
	n := start + 1 + copy(b[start+1:], `"id":`)
	n += copy(b[n:], id)
	if more {
		b[n] = ','
	}
	return b
}

// appendMessage is the answer of a record that cannot be scored.
func appendMessage(b, id []byte, message string) []byte {
	b = appendID(b, id)
	b = append(b, `"message":`...)
	b, _ = jsontext.AppendQuote(b, message)
	return append(b, '}')
}

// appendResults gives the results. Without a prediction the outputs are left out, as Openscoring does.
func (w *worker) appendResults(b []byte) []byte {
	b = append(b, `"results":{`...)
	predicted, first := w.scorer.Predicted(), true
	for i := range w.model.results {
		r := &w.model.results[i]
		if !predicted && !r.target {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, r.key...)
		if predicted {
			b = appendJSON(b, w.scorer.Value(r.index))
		} else {
			b = append(b, "null"...)
		}
	}
	return append(b, '}')
}

// appendJSON writes a value: numbers as Java prints them, which JSON reads, too; NaN and infinities as text.
func appendJSON(b []byte, v evaluator.Value) []byte {
	switch v.Kind() {
	case evaluator.KindMissing:
		return append(b, "null"...)
	case evaluator.KindInteger, evaluator.KindBoolean:
		return v.AppendText(b)
	case evaluator.KindFloat, evaluator.KindDouble:
		if f, _ := v.Float64(); !math.IsInf(f, 0) && !math.IsNaN(f) {
			return v.AppendText(b)
		}
		return append(v.AppendText(append(b, '"')), '"')
	case evaluator.KindTemporal:
		return append(v.AppendText(append(b, '"')), '"')
	case evaluator.KindList:
		b = append(b, '[')
		for i, member := range v.Values() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, member)
		}
		return append(b, ']')
	}
	b, _ = jsontext.AppendQuote(b, v.String())
	return b
}

// CheckRecord says whether a body has the shape that Record needs, for when there is no model to score it.
func CheckRecord(j *Job) error {
	_, err := new(Model).Record(j)
	return err
}

// CheckBatch says whether a body has the shape that Batch needs.
func CheckBatch(j *Job) error {
	_, _, err := new(Model).Batch(j)
	return err
}
