package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/table"
	"github.com/spf13/cobra"
)

// A recordTable is a table whose rows are records for a model.
type recordTable struct {
	*table.Reader
	path    string   // for messages
	missing []string // cells that are missing values
	columns []column // those that are inputs of the model
	groups  []column // those that are its group fields, if it collects records by them
}

// A column of a table that is an input of a model.
type column struct {
	cell  int // position in the row
	input int // position of Scorer.Set; of a group field, of Collector.SetGroup
}

func newRecordTable(in io.Reader, path string, missing []string, m *evaluator.Model) (*recordTable, error) {
	t := &recordTable{path: path, missing: missing}
	var err error
	if t.Reader, err = table.NewReader(in); err != nil {
		return nil, t.unreadable(err)
	}
	for cell, name := range t.Header() {
		if input, ok := m.Input(name); ok {
			t.columns = append(t.columns, column{cell, input})
		} else if group, ok := m.Group(name); ok && m.Collects() {
			t.groups = append(t.groups, column{cell, group})
		}
	}
	return t, nil
}

func (t *recordTable) isMissing(cell string) bool {
	for _, text := range t.missing {
		if cell == text {
			return true
		}
	}
	return false
}

// unreadable is the error of a table that cannot be read any further.
func (t *recordTable) unreadable(err error) error {
	var text *table.Error
	if errors.As(err, &text) {
		return badError("%s:%d: %w [%s]", t.path, text.Line, text, text.Code)
	}
	return ioError("read "+t.path, err)
}

// A reason says why a record cannot be scored.
type reason struct{ field, code, message string }

// explain gives the reason of an error that is about one row only; ok is false for any other.
func explain(err error) (why reason, ok bool) {
	var record evaluator.RecordError
	if errors.As(err, &record) {
		why := reason{record.FieldName(), record.Code(), record.Error()}
		if !strings.Contains(why.message, why.field) {
			why.message = fmt.Sprintf("field %q: %s", why.field, why.message)
		}
		return why, true
	}
	var text *table.Error
	if errors.As(err, &text) && !text.Fatal {
		return reason{text.Column, text.Code, text.Error()}, true
	}
	return reason{}, false
}

// missingFlag is --missing.
type missingFlag struct{ texts []string }

func (m *missingFlag) add(cmd *cobra.Command) {
	m.texts = []string{""}
	cmd.Flags().Var(m, "missing", "cells that are missing values, compared exactly, such as NA,N/A; without it the empty cell is\n"+
		"missing, with it only if the list has an empty item")
}

// Set takes a list with commas in between.
func (m *missingFlag) Set(list string) error {
	m.texts = strings.Split(list, ",")
	return nil
}

func (m *missingFlag) String() string { return strings.Join(m.texts, ",") }

// Type is how --help names the value.
func (m *missingFlag) Type() string { return "list" }
