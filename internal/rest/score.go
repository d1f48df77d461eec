package rest

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/scoring"
)

// largeBody is from where on a body has to wait for its turn.
const largeBody = 256 << 10

// A scoringFunc answers a job with a model. check stands in for it when there is no such model: what is wrong with a
// body is told first.
type (
	scoringFunc func(*scoring.Model, *scoring.Job) ([]byte, scoring.Counts, error)
	checkFunc   func(*scoring.Job) error
)

// scoreRecord is POST /model/{id}.
func (x *exchange) scoreRecord() error {
	body, err := x.readBody()
	if err != nil {
		return err
	}
	one := func(m *scoring.Model, j *scoring.Job) ([]byte, scoring.Counts, error) {
		answer, err := m.Record(j)
		counts := scoring.Counts{Records: 1}
		if err != nil {
			counts.Failed = 1
		}
		return answer, counts, err
	}
	return x.score(body, one, scoring.CheckRecord, func(answer []byte) error {
		x.answer(http.StatusOK, x.produces, answer)
		return nil
	})
}

// scoreBatch is POST /model/{id}/batch.
func (x *exchange) scoreBatch() error {
	body, err := x.readBody()
	if err != nil {
		return err
	}
	return x.score(body, (*scoring.Model).Batch, scoring.CheckBatch, func(answer []byte) error {
		x.answer(http.StatusOK, x.produces, answer)
		return nil
	})
}

// scoreTable is POST /model/{id}/csv.
func (x *exchange) scoreTable() error {
	format, err := tableFormat(x.r.URL.Query())
	if err != nil {
		return err
	}
	body, charset, err := x.readTable()
	if err != nil {
		return err
	}
	table := func(m *scoring.Model, j *scoring.Job) ([]byte, scoring.Counts, error) { return m.Table(j, format) }
	check := func(j *scoring.Job) error { return scoring.CheckTable(j, format) }
	return x.score(body, table, check, func(answer []byte) error {
		answer, err := charset.encode(answer)
		if err != nil {
			return err
		}
		x.w.Header().Set("Content-Disposition", "attachment; filename=results.csv")
		x.answer(http.StatusOK, x.produces+";charset="+charset.name, answer)
		return nil
	})
}

// score answers a body with the model of the path.
func (x *exchange) score(body []byte, score scoringFunc, check checkFunc, send func(answer []byte) error) error {
	job := &scoring.Job{Context: x.r.Context(), Body: body, Limit: x.service.Limits.Answer, Hold: x.hold}
	model, err := x.service.Scorers.Scorer(job.Context, x.id)
	if errors.Is(err, catalog.ErrNotFound) {
		if err := check(job); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	x.tellVersion(model)
	job.Answer = x.service.buffer()
	answer, err := x.compute(model, job, score)
	defer x.service.keep(answer)
	if err != nil {
		return err
	}
	return send(answer)
}

// tellVersion says in the header what answers: the model at hand, whatever goes live meanwhile.
func (x *exchange) tellVersion(m *scoring.Model) {
	header := x.w.Header()
	if m.Version() > 0 {
		header.Set("X-Handoff-Version", strconv.Itoa(m.Version()))
	}
	if m.Checksum() != "" {
		header.Set("X-Handoff-Checksum", m.Checksum())
	}
}

// compute does a job, one with a large body in its turn.
func (x *exchange) compute(model *scoring.Model, job *scoring.Job, score scoringFunc) ([]byte, error) {
	if len(job.Body) > largeBody {
		select {
		case x.service.heavy <- struct{}{}:
			defer func() { <-x.service.heavy }()
		case <-job.Context.Done():
			return job.Answer, job.Context.Err()
		}
	}
	begun := time.Now()
	answer, counts, err := score(model, job)
	now := time.Now()
	x.records, x.failed = counts.Records, counts.Failed
	x.service.usages.add(x.id, x.resource.name, counts.Records, now, now.Sub(begun))
	x.service.Models.Accessed(job.Context, x.id, now)
	return answer, err
}

// readTable gives the text of the table in UTF-8, and the charset in which it came: it stands in the Content-Type of the
// body, or of the form's part csv, which may have any type, since browsers send odd ones.
func (x *exchange) readTable() ([]byte, charset, error) {
	src, err := x.content(x.service.Limits.Body, x.service.Limits.BodyTime)
	if err != nil {
		return nil, charset{}, err
	}
	name := x.parameters["charset"]
	if x.mediaType == "multipart/form-data" {
		form, err := x.form(src)
		if err != nil {
			return nil, charset{}, err
		}
		part, err := form.part("csv")
		if err != nil {
			return nil, charset{}, err
		}
		_, parameters := mediaTypeOf(part.Header.Get("Content-Type"))
		src, name = formReader{part}, parameters["charset"]
	}
	encoding, err := charsetNamed(name)
	if err != nil {
		return nil, charset{}, err
	}
	body, err := x.readAll(src)
	if err == nil {
		body, err = encoding.decode(body)
	}
	return body, encoding, err
}

// A formReader reads a part of a form and tells a form that ends inside it from a connection that does.
type formReader struct{ io.Reader }

func (r formReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF && !errors.As(err, new(*callerError)) {
		err = badRequest("malformed-form", "The form is malformed")
	}
	return n, err
}

// tableFormat reads the parameters delimiterChar and quoteChar.
func tableFormat(query url.Values) (f scoring.Format, err error) {
	if values, given := query["delimiterChar"]; given {
		if f.Delimiter, err = character("delimiter", values[0]); err != nil {
			return f, err
		}
	}
	if values, given := query["quoteChar"]; given {
		if f.Quote, err = character("quote", values[0]); err != nil {
			return f, err
		}
	}
	quoteChar := f.Quote
	if quoteChar == 0 {
		quoteChar = '"'
	}
	if f.Delimiter == quoteChar {
		return f, badRequest("invalid-format", "quoteChar and delimiterChar should not be the same character: "+string(rune(quoteChar)))
	}
	return f, nil
}

// character reads a parameter that is one character of ASCII, or one of the escapes \t, \' and \".
func character(what, text string) (byte, error) {
	c := byte(0)
	switch {
	case text == `\t`:
		c = '\t'
	case text == `\'` || text == `\"`:
		c = text[1]
	case len(text) == 1:
		c = text[0]
	}
	if c == 0 || c == '\n' || c == '\r' || c >= 0x80 {
		return 0, badRequest("invalid-format", "Invalid CSV "+what+" character: "+quote(strings.ToValidUTF8(text, "�")))
	}
	return c, nil
}
