package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// observe asks a model in three ways what serves: by scores, by its description, and by its document. An error says that
// the server is gone.
func (r *run) observe(s *server, id string) (numbers [3]int, err error) {
	for i, ask := range []func(*server, string) (int, error){r.byScores, r.byDescription, r.byDocument} {
		if numbers[i], err = ask(s, id); err != nil {
			return numbers, err
		}
	}
	r.count(&r.observed)
	return numbers, nil
}

// nothing is what a status says that is no answer of a model: 0, and a fault if it should not be.
func (r *run) nothing(id, what string, status int, body []byte) int {
	if status < 400 || status >= 500 {
		r.fault(failure, "%s: %s: %d %.200s", id, what, status, body)
	}
	return 0
}

var twoRecords = []byte(`{"id": "two", "requests": [{"id": "a", "arguments": {"x": 1}}, {"id": "b", "arguments": {"x": 3}}]}`)

func (r *run) byScores(s *server, id string) (int, error) {
	status, body, _, err := s.call("POST", "/model/"+id+"/batch", twoRecords)
	if err != nil {
		return 0, err
	}
	if status != http.StatusOK {
		return r.nothing(id, "score", status, body), nil
	}
	var answer struct {
		Responses []struct {
			Results struct{ Y float64 }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Responses) != 2 {
		r.fault(mixed, "%s: scores: %.300s", id, body)
		return 0, nil
	}
	n := int(answer.Responses[0].Results.Y / 2)
	if n == 0 || answer.Responses[0].Results.Y != float64(2*n) || answer.Responses[1].Results.Y != float64(4*n) {
		r.fault(mixed, "%s: scores: %.300s", id, body)
	}
	return n, nil
}

func (r *run) byDescription(s *server, id string) (int, error) {
	status, body, _, err := s.call("GET", "/model/"+id, nil)
	if err != nil {
		return 0, err
	}
	if status != http.StatusOK {
		return r.nothing(id, "describe", status, body), nil
	}
	return r.described(id, body), nil
}

// described gives the document that a description is of.
func (r *run) described(id string, body []byte) int {
	var d description
	if err := json.Unmarshal(body, &d); err != nil {
		r.fault(mixed, "%s: description: %v %.300s", id, err, body)
		return 0
	}
	made := r.documents.find(d.Properties.Checksum)
	if made == nil || strconv.Itoa(made.number) != d.Properties.Version {
		r.fault(mixed, "%s: description: %.300s", id, body)
		return 0
	}
	return made.number
}

func (r *run) byDocument(s *server, id string) (int, error) {
	status, body, _, err := s.call("GET", "/model/"+id+"/pmml", nil)
	if err != nil {
		return 0, err
	}
	if status != http.StatusOK {
		return r.nothing(id, "document", status, body), nil
	}
	_, rest, _ := bytes.Cut(body, []byte(`modelVersion="`))
	number, _, _ := bytes.Cut(rest, []byte(`"`))
	n, err := strconv.Atoi(string(number))
	made := r.documents.find(n)
	if err != nil || made == nil || made.text != string(body) {
		r.fault(mixed, "%s: document: %d bytes %.300s", id, len(body), body)
		return 0, nil
	}
	return n, nil
}

// look compares what a model says with what it may.
func (m *model) look(s *server, when string) (n int, err error) {
	numbers, err := m.run.observe(s, m.id)
	if err != nil {
		return 0, err
	}
	now := m.expected.now()
	for i, n := range numbers {
		if !now[n] {
			m.run.fault(lost, "%s %s: %s is of %d, expected %v (base %v, pending %v): %s", m.id, when,
				[]string{"the score", "the description", "the document"}[i], n, now, m.expected.base, m.expected.pending, m.lately())
		}
	}
	if numbers[0] == numbers[1] && numbers[1] == numbers[2] {
		m.expected.see(numbers[0])
	} else if len(now) == 1 {
		m.run.fault(mixed, "%s %s: %v", m.id, when, numbers)
	}
	return numbers[0], nil
}

// lately tells what was done last.
func (m *model) lately() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.done[max(0, len(m.done)-10):], ", ")
}

func (m *model) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done = append(m.done, fmt.Sprintf(format, args...))
}
