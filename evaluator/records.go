package evaluator

import "iter"

// ScoreAll scores records, in order, with one Scorer. For each it gives the results by name, as Value.Any gives them, or
// the RecordError of a record that cannot be scored; the next one is scored all the same. The records
// of a transactional model (see Model.Collects) are all read first, and each of their groups has one result. It allocates a
// map for each record; who cannot afford that uses a Scorer.
func (m *Model) ScoreAll(records iter.Seq[map[string]any]) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		s := m.NewScorer()
		if m.collects {
			c := m.collect(records)
			for group := range c.Len() {
				c.Give(group, s)
				if !yield(s.results(s.Score())) {
					return
				}
			}
			return
		}
		for record := range records {
			if !yield(s.results(s.ScoreMap(record))) {
				return
			}
		}
	}
}

// collect collects records by their group fields.
func (m *Model) collect(records iter.Seq[map[string]any]) *Collector {
	c := m.NewCollector()
	for record := range records {
		c.Clear()
		for i, name := range m.names {
			c.Set(i, ValueOf(record[name]))
		}
		for i := range m.schema.Groups {
			c.SetGroup(i, ValueOf(record[m.schema.Groups[i].Name]))
		}
		c.Keep()
	}
	return c
}

// results gives the results of the last record by name, or the error that it had.
func (s *Scorer) results(err error) (map[string]any, error) {
	if err != nil {
		return nil, err
	}
	fields := s.m.schema.Results()
	results := make(map[string]any, len(fields))
	for i := range fields {
		results[fields[i].Name] = s.Value(i).Any()
	}
	return results, nil
}

// Any gives v as a Go value: nil if it is missing, else a string, an int64, a float32 or float64, a bool, the text of a
// point in time, or a []any of these.
func (v Value) Any() any {
	switch v.kind {
	case KindMissing:
		return nil
	case KindInteger:
		return int64(v.bits)
	case KindFloat:
		f, _ := v.Float64()
		return float32(f)
	case KindDouble:
		f, _ := v.Float64()
		return f
	case KindBoolean:
		return v.bits != 0
	case KindList:
		all := make([]any, len(v.list))
		for i := range v.list {
			all[i] = v.list[i].Any()
		}
		return all
	}
	return v.String()
}
