package compile_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
)

// supported are the model elements that can be scored; a case with another one is skipped and counted.
var supported = []string{"AssociationModel", "TreeModel", "DecisionTree", "RegressionModel", "Regression", "MiningModel", "ClusteringModel", "Scorecard"}

// shared finds the material that lies beside a development checkout; a test that needs it is skipped where it is absent.
func shared(t testing.TB, path ...string) string {
	root := os.Getenv("HANDOFF_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("skipped: %s is absent (set HANDOFF_SHARED)", filepath.Join(path...))
	}
	return dir
}

// A corpusCase is a model with other people's answers.
type corpusCase struct {
	dir     string
	Model   string   `json:"model_file"`
	Models  []string `json:"model_elements"`
	Columns []string `json:"compared_columns"`
	RTol    float64  `json:"rtol"`
	ATol    float64  `json:"atol"`
}

func readCase(dir string) (*corpusCase, error) {
	b, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	if err != nil {
		return nil, err
	}
	c := &corpusCase{dir: dir}
	return c, json.Unmarshal(b, c)
}

func (c *corpusCase) supported() bool {
	for _, m := range c.Models {
		if !slices.Contains(supported, m) {
			return false
		}
	}
	return true
}

// open compiles the case's model and opens it.
func (c *corpusCase) open() (*evaluator.Model, error) {
	f, err := os.Open(filepath.Join(c.dir, c.Model))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	compiled, err := compile.Compile(f, compile.Options{})
	if err != nil {
		return nil, err
	}
	return evaluator.Open(compiled)
}

// A sheet is a table of text with named columns.
type sheet struct {
	header []string
	rows   [][]string
}

func readSheet(path string) (*sheet, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	s := &sheet{}
	if s.header, err = r.Read(); err != nil {
		return nil, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		s.rows = append(s.rows, row)
	}
}

func (s *sheet) column(name string) int { return slices.Index(s.header, name) }

// missing says that a cell of the corpus stands for a missing value.
func missing(cell string) bool { return cell == "NA" || cell == "N/A" }

// compare scores the case's rows and says what differs from the expected answers; empty if nothing does.
func (c *corpusCase) compare(m *evaluator.Model) (string, error) {
	input, err := readSheet(filepath.Join(c.dir, "input.csv"))
	if err != nil {
		return "", err
	}
	want, err := readSheet(filepath.Join(c.dir, "expected.csv"))
	if err != nil {
		return "", err
	}
	if m.Collects() {
		return c.compareGroups(m, input, want), nil
	}
	if len(input.rows) != len(want.rows) {
		return fmt.Sprintf("%d rows, %d expected", len(input.rows), len(want.rows)), nil
	}
	positions := make([]int, len(input.header))
	for i, name := range input.header {
		positions[i] = -1
		if at, ok := m.Input(name); ok {
			positions[i] = at
		}
	}
	results := m.Schema().Results()
	s := m.NewScorer()
	for r, row := range input.rows {
		s.Clear()
		for i, cell := range row {
			if positions[i] >= 0 && !missing(cell) {
				s.Set(positions[i], evaluator.Text(cell))
			}
		}
		if difference := c.compareRow(s, results, r, want); difference != "" {
			return difference, nil
		}
	}
	return "", nil
}

// compareRow scores the record that s was given and says what differs from the expected r-th row.
func (c *corpusCase) compareRow(s *evaluator.Scorer, results []evaluator.Field, r int, want *sheet) string {
	fault := s.Score()
	for _, name := range c.Columns {
		at := slices.IndexFunc(results, func(f evaluator.Field) bool { return f.Name == name })
		if at < 0 && len(c.Columns) == 1 {
			at = 0 // a model whose target has no name
		}
		if at < 0 {
			return fmt.Sprintf("no result %q among %d", name, len(results))
		}
		got := ""
		if fault == nil {
			got = s.Value(at).String()
		}
		if expected := want.rows[r][want.column(name)]; !c.same(expected, got) {
			return fmt.Sprintf("row %d, %s: %q, expected %q (error: %v)", r+1, name, got, expected, fault)
		}
	}
	return ""
}

// compareGroups is compare for transactional input, with one expected row for each group.
func (c *corpusCase) compareGroups(m *evaluator.Model, input, want *sheet) string {
	groups := m.NewCollector()
	for _, row := range input.rows {
		groups.Clear()
		for i, cell := range row {
			if missing(cell) {
				continue
			}
			if at, ok := m.Input(input.header[i]); ok {
				groups.Set(at, evaluator.Text(cell))
			} else if at, ok := m.Group(input.header[i]); ok {
				groups.SetGroup(at, evaluator.Text(cell))
			}
		}
		groups.Keep()
	}
	if groups.Len() != len(want.rows) {
		return fmt.Sprintf("%d groups, %d expected", groups.Len(), len(want.rows))
	}
	s := m.NewScorer()
	for r := range groups.Len() {
		groups.Give(r, s)
		if difference := c.compareRow(s, m.Schema().Results(), r, want); difference != "" {
			return difference
		}
	}
	return ""
}

// same compares an expected cell with what was given: numbers within the tolerances, truths without regard to case.
func (c *corpusCase) same(want, got string) bool {
	switch {
	case missing(want):
		return got == ""
	case want == got:
		return true
	}
	if b := strings.ToLower(got); b == "true" || b == "false" {
		return strings.EqualFold(want, got)
	}
	x, errX := strconv.ParseFloat(want, 64)
	y, errY := strconv.ParseFloat(got, 64)
	if errX != nil || errY != nil {
		return false
	}
	d := math.Abs(x - y)
	return x == y || math.IsNaN(x) && math.IsNaN(y) || d <= c.ATol || d <= c.RTol*math.Abs(x)
}

// TestSamples scores the project's own models: real ones with their frameworks' predictions, and small ones on the edges
// of the standard with JPMML's answers.
func TestSamples(t *testing.T) {
	for _, group := range []string{"samples", "edges"} {
		t.Run(group, func(t *testing.T) { scoreCases(t, filepath.Join("..", "..", "testdata", group)) })
	}
}

// TestCorpus scores every case of the corpus whose models are supported.
func TestCorpus(t *testing.T) {
	for _, group := range []string{"cases", "oracle"} {
		t.Run(group, func(t *testing.T) { scoreCases(t, shared(t, "corpus", group)) })
	}
}

// scoreCases scores the cases in a folder.
func scoreCases(t *testing.T, folder string) {
	files, err := filepath.Glob(filepath.Join(folder, "*", "meta.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	ran, left := 0, 0
	for _, file := range files {
		c, err := readCase(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		if !c.supported() {
			left++
			continue
		}
		ran++
		t.Run(filepath.Base(c.dir), func(t *testing.T) {
			t.Parallel()
			m, err := c.open()
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Verify(); err != nil {
				t.Error(err)
			}
			if difference, err := c.compare(m); err != nil || difference != "" {
				t.Error(difference, err)
			}
		})
	}
	t.Logf("%d cases scored, %d of other model types left out", ran, left)
}
