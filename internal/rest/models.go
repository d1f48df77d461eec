package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
)

// modelAnswer describes a model. Clients refuse any further member.
type modelAnswer struct {
	ID             string           `json:"id"`
	MiningFunction string           `json:"miningFunction"`
	Summary        string           `json:"summary"`
	Properties     propertiesAnswer `json:"properties"`
	Schema         *schemaAnswer    `json:"schema,omitempty"`
}

type propertiesAnswer struct {
	Created  *string `json:"created.timestamp"`
	Accessed *string `json:"accessed.timestamp"`
	Size     *int64  `json:"file.size"`
	Checksum *string `json:"file.checksum"`
	Version  *string `json:"model.version"`
}

type schemaAnswer struct {
	Inputs  []fieldAnswer `json:"inputFields,omitempty"`
	Groups  []fieldAnswer `json:"groupFields,omitempty"`
	Targets []fieldAnswer `json:"targetFields,omitempty"`
	Outputs []fieldAnswer `json:"outputFields,omitempty"`
}

type fieldAnswer struct {
	ID       string   `json:"id"`
	Name     string   `json:"name,omitempty"`
	DataType string   `json:"dataType"`
	OpType   string   `json:"opType"`
	Values   []string `json:"values,omitempty"`
}

// summarize describes a model without its schema, as lists do.
func summarize(m catalog.Model) modelAnswer {
	a := modelAnswer{ID: m.ID, MiningFunction: m.Schema.MiningFunction, Summary: m.Schema.Summary()}
	a.Properties.Created = timestamp(m.Created)
	a.Properties.Accessed = timestamp(m.Accessed)
	if m.Checksum != "" {
		a.Properties.Size, a.Properties.Checksum = &m.Size, &m.Checksum
	}
	if m.Schema.ModelVersion != "" {
		a.Properties.Version = &m.Schema.ModelVersion
	}
	return a
}

func describe(m catalog.Model) modelAnswer {
	a := summarize(m)
	a.Schema = &schemaAnswer{
		Inputs:  fields(m.Schema.Inputs),
		Groups:  fields(m.Schema.Groups),
		Targets: fields(m.Schema.Targets),
		Outputs: fields(m.Schema.Outputs),
	}
	return a
}

// fields describes the fields that are shown: outputs that are not final are not.
func fields(list []evaluator.Field) []fieldAnswer {
	var shown []fieldAnswer
	for _, f := range list {
		if f.NotFinal {
			continue
		}
		a := fieldAnswer{ID: f.Name, Name: f.DisplayName, DataType: f.DataType, OpType: f.OpType}
		for _, interval := range f.Intervals {
			a.Values = append(a.Values, interval.String())
		}
		a.Values = append(a.Values, f.Values...)
		shown = append(shown, a)
	}
	return shown
}

// timestamp is UTC in milliseconds; nil for never.
func timestamp(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	text := at.UTC().Format("2006-01-02T15:04:05.000-07:00")
	return &text
}

// answerJSON sends a value as JSON.
func (x *exchange) answerJSON(status int, value any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	x.answer(status, jsonTypes[0], b.Bytes())
	return nil
}

// list is GET /model.
func (x *exchange) list() error {
	models, err := x.service.Models.Models(x.r.Context())
	if err != nil {
		return err
	}
	var answer struct {
		Responses []modelAnswer `json:"responses,omitempty"`
	}
	for _, m := range models {
		answer.Responses = append(answer.Responses, summarize(m))
	}
	return x.answerJSON(http.StatusOK, answer)
}

// describe is GET /model/{id}.
func (x *exchange) describe() error {
	m, err := x.service.Models.Model(x.r.Context(), x.id)
	if err != nil {
		return err
	}
	return x.answerJSON(http.StatusOK, describe(m))
}

// download is GET /model/{id}/pmml: the bytes that were uploaded.
func (x *exchange) download() error {
	if elsewhere, ok := x.service.Documents.(Addresses); ok {
		address, err := elsewhere.DocumentAddress(x.r.Context(), x.id)
		if err != nil {
			return err
		}
		if address != "" {
			return x.redirect(address)
		}
	}
	document, size, err := x.service.Documents.Document(x.r.Context(), x.id)
	if err != nil {
		return err
	}
	defer document.Close()
	head := make([]byte, 200)
	n, err := io.ReadFull(document, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	x.service.Models.Accessed(x.r.Context(), x.id, time.Now())
	x.w.Header().Set("Content-Disposition", "attachment; filename=model.pmml.xml")
	return x.stream(documentType(head[:n]), io.MultiReader(bytes.NewReader(head[:n]), document), size)
}

// redirect sends the caller to an address that stands for a right to what lies there, which nobody may keep.
func (x *exchange) redirect(address string) error {
	x.w.Header().Set("Location", address)
	x.w.Header().Set("Cache-Control", "no-store")
	x.answer(http.StatusTemporaryRedirect, "", nil)
	return nil
}

// documentType gives the media type of a document, with the charset if it is UTF-8; any other is said by the document
// itself, which a charset here would overrule.
func documentType(head []byte) string {
	declaration, _, _ := strings.Cut(strings.ToLower(string(head)), "?>")
	utf16 := bytes.HasPrefix(head, []byte{0xFF, 0xFE}) || bytes.HasPrefix(head, []byte{0xFE, 0xFF}) || bytes.IndexByte(head, 0) >= 0
	if utf16 || strings.Contains(declaration, "encoding") && !strings.Contains(declaration, "utf-8") {
		return xmlTypes[0]
	}
	return xmlTypes[0] + ";charset=UTF-8"
}

// deploy is PUT /model/{id}.
func (x *exchange) deploy() error {
	document, err := x.document()
	if err != nil {
		return err
	}
	return x.deployDocument(document)
}

func (x *exchange) deployDocument(document io.Reader) error {
	x.large = true
	metadata, err := x.metadata()
	if err != nil {
		return err
	}
	o, err := x.service.Deployer.Deploy(x.r.Context(), x.id, formReader{document}, metadata)
	if err != nil {
		return err
	}
	if o.Deployment.From != 0 {
		return x.answerOutcome(o, http.StatusOK)
	}
	x.w.Header().Set("Location", x.location())
	return x.answerOutcome(o, http.StatusCreated)
}

// deployForm is POST /model, as Openscoring 1 had it: a form with the parts id and pmml, in any order.
func (x *exchange) deployForm() error {
	src, err := x.content(x.service.Limits.Document, x.service.Limits.DocumentTime)
	if err != nil {
		return err
	}
	form, err := x.form(src)
	if err != nil {
		return err
	}
	var early []byte // the document, should it stand in front of the id
	for {
		part, err := form.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch part.FormName() {
		case "id":
			if x.id, err = formID(part); err != nil {
				return err
			}
		case "pmml":
			if x.id != "" {
				return x.deployPart(part)
			}
			if early, err = x.readEarly(part); err != nil {
				return err
			}
		}
		if x.id != "" && early != nil {
			return x.deployPart(bytes.NewReader(early))
		}
	}
	if x.id == "" {
		return badRequest("invalid-id", "Invalid identifier")
	}
	return badRequest("missing-part", `The form has no part "pmml"`)
}

func (x *exchange) deployPart(src io.Reader) error {
	document, err := x.ungzip(src)
	if err != nil {
		return err
	}
	return x.deployDocument(document)
}

// formID reads the part id.
func formID(part io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(formReader{part}, 2*catalog.MaxID))
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(text))
	if !catalog.ValidID(id) {
		return "", badRequest("invalid-id", "Invalid identifier")
	}
	return id, nil
}

// readEarly reads a document of which the id is not known yet.
func (x *exchange) readEarly(part io.Reader) ([]byte, error) {
	limit := x.service.Limits.Body
	document, err := x.readAll(io.LimitReader(formReader{part}, limit+1))
	if err == nil && int64(len(document)) > limit {
		err = &callerError{http.StatusRequestEntityTooLarge, "body-too-large", "The part pmml is too large to stand in front of the part id"}
	}
	return document, err
}

// undeploy is DELETE /model/{id}.
func (x *exchange) undeploy() error {
	o, err := x.service.Deployer.Undeploy(x.r.Context(), x.id, x.by(x.r.URL.Query().Get("reason")))
	if err != nil {
		return err
	}
	if o.Pending() {
		return x.answerOutcome(o, http.StatusAccepted)
	}
	x.service.usages.forget(x.id)
	x.answer(http.StatusOK, jsonTypes[0], []byte("{}\n"))
	return nil
}

// location is the address of the model as the client can reach it: what a proxy in front says of itself is believed
// here, and only here, since it leads nobody but that client astray.
func (x *exchange) location() string {
	header := x.r.Header
	at := url.URL{Scheme: "http", Host: x.r.Host, Path: x.mount + "/model/" + x.id}
	if x.r.TLS != nil {
		at.Scheme = "https"
	}
	switch proto := firstEntry(header.Get("X-Forwarded-Proto")); proto {
	case "http", "https":
		at.Scheme = proto
	}
	if host := firstEntry(header.Get("X-Forwarded-Host")); isHost(host) {
		at.Host = host
	}
	if prefix := firstEntry(header.Get("X-Forwarded-Prefix")); strings.HasPrefix(prefix, "/") && !strings.HasPrefix(prefix, "//") {
		at.Path = strings.TrimRight(prefix, "/") + at.Path
	}
	if at.Host == "" {
		at.Scheme = ""
	}
	return at.String()
}

// firstEntry is what the proxy nearest to the client said.
func firstEntry(header string) string {
	entry, _, _ := strings.Cut(header, ",")
	return strings.TrimSpace(entry)
}

func isHost(host string) bool {
	at, err := url.Parse("http://" + host)
	return host != "" && err == nil && at.Host == host
}
