package deploy

import (
	"slices"

	"github.com/handoff-pmml/handoff/evaluator"
)

// grouped are rows that make up baskets, for a model that collects them.
type grouped struct {
	*evaluator.Collector
	rows [][]groupedRow // by group, in the order of the table
}

type groupedRow struct {
	at    place
	cells []string
}

// collect reads rows to their end. The error is that of next, but for io.EOF.
func collect(m *evaluator.Model, columns []string, next func() ([]string, place, error)) (*grouped, error) {
	g := &grouped{Collector: m.NewCollector()}
	inputs := inputColumns(m, columns)
	var groups []inputColumn
	for cell, name := range columns {
		if i, ok := m.Group(name); ok {
			groups = append(groups, inputColumn{cell, i})
		}
	}
	for {
		cells, at, err := next()
		if err != nil {
			return g, endOf(err)
		}
		g.Clear()
		for _, c := range inputs {
			if cell := cells[c.cell]; cell != "" {
				g.Set(c.input, evaluator.Text(cell))
			}
		}
		for _, c := range groups {
			if cell := cells[c.cell]; cell != "" {
				g.SetGroup(c.input, evaluator.Text(cell))
			}
		}
		group := g.Keep()
		if group == len(g.rows) {
			g.rows = append(g.rows, nil)
		}
		g.rows[group] = append(g.rows[group], groupedRow{at, slices.Clone(cells)})
	}
}
