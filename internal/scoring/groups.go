package scoring

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/handoff-pmml/handoff/evaluator"
)

// collects says that records which agree in the group fields are one.
func (m *Model) collects() bool { return m.model != nil && m.model.Collects() }

// A grouping is the records of a body, by groups.
type grouping struct {
	*evaluator.Collector
	first []origin // of each group: its first record
	held  int64    // bytes that the job was told of
	size  int64
}

// An origin is where a group comes from, and why it cannot be scored if that is known already.
type origin struct {
	id        []byte
	row, line int // of a table
	err       error
}

// collect adds the record that w holds. err says that it cannot be scored, whatever else is in its group.
func (w *worker) collect(j *Job, g *grouping, from origin) error {
	var group int
	if from.err != nil {
		group = g.Alone()
	} else {
		g.Clear()
		for _, i := range w.record.given {
			v := w.record.values[i]
			if g.size += memory(v); i < w.model.groups {
				g.Set(i, v)
			} else {
				g.SetGroup(i-w.model.groups, v)
			}
		}
		group = g.Keep()
		if len(w.record.odd) > 0 {
			from.err = w.record.odd[0].err
		}
	}
	if group == len(g.first) {
		from.id = bytes.Clone(from.id)
		g.first = append(g.first, from)
		g.size += 200
	} else if g.first[group].err == nil {
		g.first[group].err = from.err
	}
	if j.Hold != nil && g.size > g.held+smallAnswer {
		if err := j.Hold(g.size - g.held); err != nil {
			return err
		}
		g.held = g.size
	}
	return j.Context.Err()
}

// memory is about what keeping a value takes, in bytes.
func memory(v evaluator.Value) int64 {
	const each = 160 // a Value, with what slices of them have to spare
	n := int64(each)
	if v.Kind() == evaluator.KindString {
		n += int64(len(v.String()))
	}
	for _, member := range v.Values() {
		n += memory(member)
	}
	return n
}

// scoreGroup scores a group.
func (w *worker) scoreGroup(g *grouping, group int) error {
	if err := g.first[group].err; err != nil {
		return err
	}
	g.Give(group, w.scorer)
	return w.scorer.Score()
}

// groupedRequests is requests for records that belong together.
func (w *worker) groupedRequests(j *Job) (counts Counts, err error) {
	g := grouping{Collector: w.model.model.NewCollector()}
	for w.reader.decoder.PeekKind() != jsontext.KindEndArray {
		from, err := w.readGrouped()
		if err == nil {
			err = w.collect(j, &g, from)
		}
		if err != nil {
			return counts, err
		}
		counts.Records++
	}
	if _, err = w.reader.decoder.ReadToken(); err != nil {
		return counts, w.reader.located(err)
	}
	for group := range g.Len() {
		if group == 0 {
			j.Answer = append(j.Answer, `"responses":[`...)
		} else {
			j.Answer = append(j.Answer, ',')
		}
		id := g.first[group].id
		if g.Shared() {
			id = nil
		}
		if err := w.scoreGroup(&g, group); err != nil {
			counts.Failed++
			j.Answer = appendMessage(j.Answer, id, err.Error())
		} else {
			j.Answer = append(w.appendResults(appendID(j.Answer, id)), '}')
		}
		if err := j.check(); err != nil {
			return counts, err
		}
	}
	return counts, nil
}

// readGrouped reads one record of a batch.
func (w *worker) readGrouped() (from origin, err error) {
	if w.reader.decoder.PeekKind() == jsontext.KindNull {
		_, err := w.reader.scalar()
		return origin{err: errNullRecord}, err
	}
	id, given, err := w.readRecord()
	if err == nil && !given {
		return origin{id: id, err: errNoArguments}, nil
	}
	return origin{id: id}, err
}

// groupedTable is table for rows that belong together.
func (w *worker) groupedTable(j *Job, t *table) (counts Counts, err error) {
	g := grouping{Collector: w.model.model.NewCollector()}
	for {
		cells, err := t.nextRow()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return counts, err
		}
		counts.Records++
		w.read(t, cells)
		if err := w.collect(j, &g, origin{id: cells[0], row: t.row, line: t.start}); err != nil {
			return counts, err
		}
	}
	j.Answer = w.appendHeader(j.Answer, t)
	for group := range g.Len() {
		from := &g.first[group]
		if err := w.scoreGroup(&g, group); err != nil {
			counts.Failed++
			return counts, &RowError{Row: from.row, Line: from.line, Err: err}
		}
		id := from.id
		if g.Shared() {
			id = nil
		}
		j.Answer = w.appendRow(j.Answer, t, id)
		if err := j.check(); err != nil {
			return counts, err
		}
	}
	return counts, nil
}
