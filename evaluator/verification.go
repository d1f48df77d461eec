package evaluator

// maxVerificationRows is how many rows of a ModelVerification count: a document can bring any number of them.
const maxVerificationRows = 1_000

// VerificationRows gives the inputs of the rows of the model's own ModelVerification: the names of the columns, and the
// cells as written, missing ones empty. A model without such rows has neither. The first 1,000 rows count, as in Verify.
func (m *Model) VerificationRows() (columns []string, rows [][]string) {
	v := &m.program.Verify
	for _, input := range v.Inputs {
		columns = append(columns, m.names[input])
	}
	for _, row := range v.Rows[:min(maxVerificationRows, len(v.Rows))] {
		cells := make([]string, len(v.Inputs))
		for i := range cells {
			if row[i] >= 0 {
				cells[i] = v.Texts[row[i]]
			}
		}
		rows = append(rows, cells)
	}
	return columns, rows
}
