package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy/words"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// What a version is tried out with where it runs: the first of the rows whose results were verified here.
const (
	smokeRows   = 1_000
	smokeBytes  = 1 << 20 // of the question
	smokeAnswer = 4 << 20 // of the answer: a Lambda function has no more than 6 MB for it
)

// smoke has a version answer where it runs, and holds that against what it answers here, byte for byte: that was verified.
// A version that crashes there twice never goes live.
func (p *Pipeline) smoke(ctx context.Context, e Smoke) (Event, error) {
	v := e.Version
	body, want, err := p.smokeTest(ctx, v)
	if err != nil {
		return nil, err
	}
	var took [2]time.Duration
	for i, crashes := 0, 0; i < len(took); {
		begun := p.Now()
		got, err := p.Runtime.Invoke(ctx, v, body)
		if crash := (*CrashError)(nil); errors.As(err, &crash) {
			if crashes++; crashes == 2 {
				return smokeRejected("the version does not answer where it runs: " + crash.Message), nil
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		took[i] = p.Now().Sub(begun)
		if got := bytes.TrimSpace(got); !bytes.Equal(got, want) {
			return smokeRejected("the version answers otherwise where it runs: " + unlike(got, want)), nil
		}
		i++
	}
	return WasSmoked{took[0], took[1]}, nil
}

func smokeRejected(message string) Event {
	return WasRejected{Rejection: catalog.Rejection{Code: "smoke", Message: message}}
}

// unlike shows two answers from where they differ.
func unlike(got, want []byte) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	at = max(0, at-20)
	return fmt.Sprintf("%q instead of %q", words.Clip(string(got[min(at, len(got)):])), words.Clip(string(want[min(at, len(want)):])))
}

// smokeTest gives a body of POST /model/{id}/batch and the answer to it.
func (p *Pipeline) smokeTest(ctx context.Context, v Version) (body, answer []byte, err error) {
	model, _, err := p.reopen(ctx, v.Model, v.Number)
	if err == nil && model == nil {
		err = ErrGone
	}
	if err != nil {
		return nil, nil, err
	}
	var b smokeBody
	if err := b.add(model, VerificationRows(model)); err != nil {
		return nil, nil, err
	}
	if v.Golden {
		if err := p.addGolden(ctx, v, model, &b); err != nil {
			return nil, nil, err
		}
	}
	if len(b.records) == 0 {
		b.records = append(b.records, []byte(`{"id":"1","arguments":{}}`))
	}
	for {
		body = b.bytes()
		answer, _, err = scoring.New(model).Batch(&scoring.Job{Context: ctx, Body: body})
		if err != nil || len(answer) <= smokeAnswer || len(b.records) == 1 {
			return body, bytes.TrimSpace(answer), err
		}
		b.records = b.records[:len(b.records)/2]
	}
}

func (p *Pipeline) addGolden(ctx context.Context, v Version, model *evaluator.Model, b *smokeBody) error {
	file, _, err := p.Artifacts.Get(ctx, v.Model, v.Number, GoldenName)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	rows, err := TableRows(GoldenName, file)
	if err != nil {
		return err
	}
	return b.add(model, rows)
}

// A smokeBody collects records.
type smokeBody struct {
	records [][]byte
	size    int
}

// add takes rows until there are enough.
func (b *smokeBody) add(m *evaluator.Model, rows Rows) error {
	inputs := inputColumns(m, rows.Columns)
	for len(b.records) < smokeRows && b.size < smokeBytes {
		cells, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var record bytes.Buffer
		e := jsontext.NewEncoder(&record)
		tokens := []jsontext.Token{jsontext.BeginObject, jsontext.String("id"), jsontext.String(strconv.Itoa(len(b.records) + 1)),
			jsontext.String("arguments"), jsontext.BeginObject}
		for _, c := range inputs {
			if cell := cells[c.cell]; cell != "" {
				tokens = append(tokens, jsontext.String(rows.Columns[c.cell]), jsontext.String(cell))
			}
		}
		for _, t := range append(tokens, jsontext.EndObject, jsontext.EndObject) {
			if err := e.WriteToken(t); err != nil {
				return fmt.Errorf("%s: %w", rows.Source, err)
			}
		}
		b.records = append(b.records, bytes.TrimSpace(record.Bytes()))
		b.size += record.Len()
	}
	return nil
}

func (b *smokeBody) bytes() []byte {
	return append(append([]byte(`{"requests":[`), bytes.Join(b.records, []byte(","))...), "]}"...)
}
