package scoring_test

import (
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/scoring"
)

func BenchmarkRecord(b *testing.B) {
	m := irisModel(b)
	j := job(`{"id":"r","arguments":{"Petal_Length":4.7,"Petal_Width":1.4,"Count":3}}`)
	b.ReportAllocs()
	for b.Loop() {
		j.Answer = j.Answer[:0]
		if _, err := m.Record(j); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTable(b *testing.B) {
	m := irisModel(b)
	const rows = 10_000
	j := job("Id,Petal_Length,Petal_Width,Count\n" + strings.Repeat("a,4.7,1.4,3\n", rows))
	b.ReportAllocs()
	for b.Loop() {
		j.Answer = j.Answer[:0]
		if _, _, err := m.Table(j, scoring.Format{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
