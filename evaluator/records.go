package evaluator

import "iter"

// ScoreAll scores records, in order, with one Scorer. For each it gives the results by name, as Value.Any gives them, or
// the RecordError of a record that cannot be scored; the next one is scored all the same. It allocates a map for each
// record; who cannot afford that uses a Scorer.
func (m *Model) ScoreAll(records iter.Seq[map[string]any]) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		s, fields := m.NewScorer(), m.schema.Results()
		for record := range records {
			if err := s.ScoreMap(record); err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			results := make(map[string]any, len(fields))
			for i := range fields {
				results[fields[i].Name] = s.Value(i).Any()
			}
			if !yield(results, nil) {
				return
			}
		}
	}
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
