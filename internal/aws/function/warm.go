package function

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/rest"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

const (
	// warmTime is how long warming may keep INIT waiting, for which Lambda gives ten seconds.
	warmTime = time.Second
	// warmRows is how many records are scored: enough to have been everywhere, few enough to be over at once.
	warmRows = 20
)

// warm answers some requests before the first real one: a batch and a table of the rows with which the model verifies
// itself, or of records made up from its schema. What that makes ready (memory to score with, pages of the program) is
// kept. Nothing that goes wrong here is a reason not to start, so it is only written down; nor is a model that is slow,
// which goes on in the background.
func warm(models *catalog.Fixed, id string, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), warmTime)
	ended := make(chan struct{})
	begun := time.Now()
	go func() {
		defer cancel()
		defer close(ended)
		for _, fault := range rehearse(ctx, models, id) {
			log.Warn("cannot warm", slog.String("model", id), slog.String("cause", fault))
		}
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	log.Info("opened", slog.String("model", id), slog.Float64("warm_ms", float64(time.Since(begun).Microseconds())/1000))
}

// rehearse sends the requests, as API Gateway sends them, to a service of its own: what it counts and when a model was
// used is forgotten. It gives what went wrong, without values of records.
func rehearse(ctx context.Context, models *catalog.Fixed, id string) (faults []string) {
	scorer, err := models.Scorer(ctx, id)
	if err != nil {
		return []string{err.Error()}
	}
	columns, rows := warmRecords(scorer)
	config := ReadOnly(models, slog.New(slog.DiscardHandler))
	config.Models = unused{models}
	h := NewHandler(rest.New(config), id)
	for _, r := range []struct{ path, contentType, body string }{
		{"/batch", "application/json", warmBatch(scorer.Schema(), columns, rows)},
		{"/csv", "text/plain", warmTable(columns, rows)},
	} {
		if fault := rehearseOne(ctx, h, "/model/"+id+r.path, r.contentType, r.body); fault != "" {
			faults = append(faults, r.path+": "+fault)
		}
	}
	return faults
}

// unused keeps from a catalog that its models were used.
type unused struct{ *catalog.Fixed }

func (unused) Accessed(context.Context, string, time.Time) {}

func rehearseOne(ctx context.Context, h *Handler, path, contentType, body string) (fault string) {
	event := map[string]any{
		"version": "2.0", "rawPath": path, "body": body,
		"headers":        map[string]string{"content-type": contentType, "accept-encoding": "gzip"},
		"requestContext": map[string]any{"http": map[string]string{"method": http.MethodPost, "path": path}},
	}
	encoded, err := json.Marshal(event)
	if err != nil {
		return err.Error()
	}
	answered, err := h.Invoke(ctx, encoded)
	if err != nil {
		return err.Error()
	}
	var answer struct{ StatusCode int }
	if err := json.Unmarshal(answered, &answer); err != nil {
		return err.Error()
	}
	if answer.StatusCode >= http.StatusInternalServerError { // a record that was made up may well be refused
		return "status " + strconv.Itoa(answer.StatusCode)
	}
	return ""
}

// warmRecords gives the model's own rows, or one of plausible values and one without any.
func warmRecords(m *scoring.Model) (columns []string, rows [][]string) {
	columns, rows = m.VerificationRows()
	if len(rows) > 0 {
		return columns, rows[:min(len(rows), warmRows)]
	}
	var plausible []string
	for i := range m.Schema().Inputs {
		f := &m.Schema().Inputs[i]
		columns, plausible = append(columns, f.Name), append(plausible, plausibleValue(f))
	}
	return columns, [][]string{plausible, make([]string, len(columns))}
}

// plausibleValue gives a value that the field is likely to take.
func plausibleValue(f *evaluator.Field) string {
	if len(f.Values) > 0 {
		return f.Values[0]
	}
	if len(f.Intervals) > 0 {
		return inside(f.Intervals[0])
	}
	switch f.DataType {
	case "string":
		return "a"
	case "boolean":
		return "true"
	case "date":
		return "2000-01-01"
	case "time":
		return "12:00:00"
	case "dateTime":
		return "2000-01-01T12:00:00"
	}
	return "1"
}

// inside gives a number in an interval: its middle, or one beside its only bound.
func inside(i evaluator.Interval) string {
	left, leftErr := strconv.ParseFloat(i.Left, 64)
	right, rightErr := strconv.ParseFloat(i.Right, 64)
	switch {
	case leftErr == nil && rightErr == nil:
		return strconv.FormatFloat(left+(right-left)/2, 'g', -1, 64)
	case leftErr == nil:
		return strconv.FormatFloat(left+1, 'g', -1, 64)
	case rightErr == nil:
		return strconv.FormatFloat(right-1, 'g', -1, 64)
	}
	return "1"
}

// warmBatch gives the records as callers send them: numbers where the field is one, missing values left out.
func warmBatch(schema *evaluator.Schema, columns []string, rows [][]string) string {
	number := map[string]bool{}
	for i := range schema.Inputs {
		f := &schema.Inputs[i]
		number[f.Name] = f.OpType == "continuous" && f.DataType != "string"
	}
	type record struct {
		Arguments map[string]any `json:"arguments"`
	}
	batch := struct {
		Requests []record `json:"requests"`
	}{Requests: make([]record, len(rows))}
	for i, cells := range rows {
		arguments := map[string]any{}
		for j, cell := range cells {
			if _, err := strconv.ParseFloat(cell, 64); err == nil && number[columns[j]] && json.Valid([]byte(cell)) {
				arguments[columns[j]] = json.Number(cell)
			} else if cell != "" {
				arguments[columns[j]] = cell
			}
		}
		batch.Requests[i].Arguments = arguments
	}
	encoded, _ := json.Marshal(batch) // texts and numbers that were looked at cannot fail
	return string(encoded)
}

// warmTable gives the records as a table, with ids: a row without cells would be none.
func warmTable(columns []string, rows [][]string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(append([]string{"Id"}, columns...)) //nolint:errcheck // Flush tells
	for i, cells := range rows {
		w.Write(append([]string{strconv.Itoa(i)}, cells...)) //nolint:errcheck // Flush tells
	}
	w.Flush()
	return b.String()
}
