package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

// A numbered model answers step * n + x, so that its answers tell which document made them.
type numbered struct {
	id string

	mu       sync.Mutex
	history  []int // what was asked for: n, or absent; one after the other
	acked    int   // the last of history that was acknowledged
	seen     int   // the last that an answer was from, for sure
	versions map[int]int
}

const (
	step   = 1000
	absent = -1 // the model is out of service
)

// document is that with the number n.
func document(n int) []byte {
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
  <Header/>
  <DataDictionary>
    <DataField name="x" optype="continuous" dataType="double"/>
    <DataField name="y" optype="continuous" dataType="double"/>
  </DataDictionary>
  <RegressionModel functionName="regression">
    <MiningSchema>
      <MiningField name="x"/>
      <MiningField name="y" usageType="target"/>
    </MiningSchema>
    <RegressionTable intercept="%d">
      <NumericPredictor name="x" coefficient="1"/>
    </RegressionTable>
  </RegressionModel>
</PMML>
`, n*step)
}

// ask writes down that n is about to be asked for.
func (m *numbered) ask(n int) {
	m.mu.Lock()
	m.history = append(m.history, n)
	m.mu.Unlock()
}

// ack writes down that what was asked for last was acknowledged. version is its number; 0: none.
func (m *numbered) ack(version int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.acked = len(m.history) - 1
	if version != 0 {
		m.versions[version] = m.history[m.acked]
	}
}

// numberOf gives the number that a version's answers tell.
func (m *numbered) numberOf(version int) (int, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, known := m.versions[version]
	return n, known
}

// floor is asked before a request: its answer is from this entry of history, or from a later one.
func (m *numbered) floor() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(m.acked, m.seen)
}

// allows says whether an answer from n may come, now, to a request that had that floor. Whoever asks after that must
// not get an older one.
func (m *numbered) allows(n, floor int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := floor; i < len(m.history); i++ {
		if m.history[i] == n {
			m.seen = max(m.seen, i)
			return nil
		}
	}
	return fmt.Errorf("%s answered as number %d, which is none of %v", m.id, n, m.history[floor:])
}

// told gives the number that an answer tells. All records of one request must have been scored by the same version.
func told(status int, body []byte, kind string, xs []int) (int, error) {
	if status == http.StatusNotFound {
		return absent, nil
	}
	if status != http.StatusOK {
		return 0, fmt.Errorf("status %d: %.200s", status, body)
	}
	values, err := valuesOf(body, kind)
	if err != nil || len(values) != len(xs) {
		return 0, errors.Join(err, fmt.Errorf("%d results instead of %d: %.200s", len(values), len(xs), body))
	}
	first := 0
	for i, v := range values {
		n := (int(v) - xs[i]) / step
		if float64(n*step+xs[i]) != v || i > 0 && n != first {
			return 0, fmt.Errorf("result %d is %v for x = %d: %.200s", i+1, v, xs[i], body)
		}
		first = n
	}
	return first, nil
}

// valuesOf reads the values of y.
func valuesOf(body []byte, kind string) (values []float64, err error) {
	if kind == "csv" {
		lines := bytes.Split(bytes.TrimSpace(body), []byte("\n"))
		if string(bytes.TrimSpace(lines[0])) != "y" {
			return nil, errors.New("the header is not y")
		}
		for _, line := range lines[1:] {
			v, err := strconv.ParseFloat(string(bytes.TrimSpace(line)), 64)
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		return values, nil
	}
	const name = `"y":`
	for {
		at := bytes.Index(body, []byte(name))
		if at < 0 {
			return values, nil
		}
		body = body[at+len(name):]
		end := bytes.IndexAny(body, ",}")
		if end < 0 {
			return nil, errors.New("the answer ends in a value")
		}
		v, err := strconv.ParseFloat(string(body[:end]), 64)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
}
