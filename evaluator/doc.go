// Package evaluator scores records with models that were written as PMML and compiled.
//
// A document becomes a compiled form by package evaluator/compile, once, when the model is deployed. Open is the only
// way from a compiled form to a Model; the command line, the local server and the functions on AWS all run the same
// bytes. A Model never changes and is shared by all goroutines; a Scorer is one goroutine's memory:
//
//	m, err := evaluator.Open(compiled)
//	s := m.NewScorer()
//	for _, record := range records {
//		if err := s.ScoreMap(record); err != nil { … }   // only the record can be at fault
//		v, _ := s.Get("Species")
//	}
package evaluator
