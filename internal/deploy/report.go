package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
)

// A Report says what is different between two versions of a model, or would be if a document were deployed.
type Report struct {
	Model     string             `json:"model,omitempty"`
	Old       *Side              `json:"old"`                 // null: there is nothing to compare with
	New       Side               `json:"new"`                 //
	Rejection *catalog.Rejection `json:"rejection,omitempty"` // why the new one cannot go live
	Warnings  []string           `json:"warnings,omitempty"`  // what a person should look at though it can
	Schema    *Changes           `json:"schema,omitempty"`    // what they take and give
	Settings  []SettingChange    `json:"settings,omitempty"`
	Rows      *Comparison        `json:"rows,omitempty"` // how they score the same rows
}

// A Side is one of the two.
type Side struct {
	Name     string    `json:"name,omitempty"`    // of a file
	Version  int       `json:"version,omitempty"` // 0: it is none yet
	State    State     `json:"state,omitempty"`
	Size     int64     `json:"size,omitempty"`     // bytes of the document, without compression
	Checksum string    `json:"checksum,omitempty"` // SHA-256 of the document
	Received time.Time `json:"received,omitzero"`
	Since    time.Time `json:"since,omitzero"` // when it went live last

	Framework        string `json:"framework,omitempty"`        // what wrote the document
	Trained          string `json:"trained,omitempty"`          // when the document, and mostly the model, was made, as it says
	Element          string `json:"element,omitempty"`          // such as "TreeModel"
	Function         string `json:"function,omitempty"`         // such as "classification"
	Structure        string `json:"structure,omitempty"`        // in words, such as "average of 100 decision trees"
	Inputs           int    `json:"inputs,omitempty"`           // number of them
	CompiledBytes    int64  `json:"compiledBytes,omitempty"`    //
	Schema           string `json:"schema,omitempty"`           // SHA-256 of what it takes and gives
	VerificationRows int    `json:"verificationRows,omitempty"` // of ModelVerification
	Verified         int    `json:"verified,omitempty"`         // verification and golden rows that it has scored as expected
}

// A SettingChange is a setting that is another one.
type SettingChange struct {
	Key string `json:"key"`           // such as "tolerance.relative"
	Old string `json:"old,omitempty"` // as JSON; empty: the default
	New string `json:"new,omitempty"`
}

// sideOf describes a version.
func sideOf(v Version, m *evaluator.Model) Side {
	s := Side{Version: v.Number, State: v.State, Size: v.Document.Size, Checksum: v.Document.Checksum, Received: v.Created, Since: v.Since,
		Schema: v.Schema, Verified: v.Rows}
	s.describe(m)
	return s
}

func (s *Side) describe(m *evaluator.Model) {
	d := m.Schema()
	s.Framework, s.Trained, s.Element, s.Function, s.Structure = d.Application, d.Created, d.Element, d.MiningFunction, d.Structure
	s.Inputs, s.VerificationRows, s.CompiledBytes = len(d.Inputs), d.VerificationRows, int64(m.Size())
}

// CompareModels reports on two models that need not be deployed. Their own verification rows are compared, too.
func CompareModels(ctx context.Context, old, new *evaluator.Model, t Tolerance, rows ...Rows) (Report, error) {
	r := Report{Old: &Side{}}
	r.Old.describe(old)
	r.New.describe(new)
	err := r.compare(ctx, old, new, t, rows)
	return r, err
}

// compare fills in what two models differ in.
func (r *Report) compare(ctx context.Context, old, new *evaluator.Model, t Tolerance, rows []Rows) error {
	changes := CompareSchemas(old.Schema(), new.Schema())
	r.Schema = &changes
	for i := range rows {
		rows[i] = r.lenient(rows[i])
	}
	rows = append(rows, VerificationRows(new), VerificationRows(old))
	c, err := Compare(ctx, old, new, t, rows...)
	if err != nil {
		return err
	}
	c.Sources = slices.DeleteFunc(c.Sources, func(s Source) bool { return s.Rows == 0 })
	r.Rows = &c
	return nil
}

// lenient ends rows at the first that cannot be read, with a warning.
func (r *Report) lenient(rows Rows) Rows {
	next := rows.Next
	rows.Next = func() ([]string, error) {
		cells, err := next()
		if rejection := (*catalog.Rejection)(nil); errors.As(err, &rejection) {
			r.Warnings = append(r.Warnings, "not all rows are compared: "+rejection.Message)
			return nil, io.EOF
		}
		return cells, err
	}
	return rows
}

// Report compares two versions whose files are kept. Version 0 is the live one. It is compared with the version against:
// 0 is the one that was live before it, or, for any other than the live one, the live one. Without such a version the
// report has nothing to compare with. Errors: catalog.ErrNotFound for a model or version that nobody knows,
// *RefusedError for one whose files are gone.
func (p *Pipeline) Report(ctx context.Context, id string, version, against int) (Report, error) {
	s, err := p.Store.Status(ctx, id)
	if err != nil {
		return Report{}, err
	}
	if s.Model.Last == 0 {
		return Report{}, catalog.ErrNotFound
	}
	if version == 0 {
		version = s.Model.Live
	}
	if version == 0 {
		return Report{}, &RefusedError{"nothing is live: say which version the report is about"}
	}
	if against == 0 {
		against = s.Model.Live
		if version == s.Model.Live {
			against = s.Model.Previous
		}
	}
	if version == against {
		return Report{}, &RefusedError{fmt.Sprintf("version %d cannot be compared with itself", version)}
	}
	release, err := take(ctx, p.reporting)
	if err != nil {
		return Report{}, err
	}
	defer release()
	r := Report{Model: id}
	err = p.report(ctx, &r, s.Model, version, against)
	return r, err
}

func (p *Pipeline) report(ctx context.Context, r *Report, m Model, version, against int) error {
	new, newModel, err := p.kept(ctx, m.ID, version)
	if err != nil {
		return err
	}
	r.New = sideOf(new, newModel)
	d, err := p.Store.Deployment(ctx, m.ID, new.Deployment)
	if err != nil && !errors.Is(err, catalog.ErrNotFound) { // history may be shorter than what is kept
		return err
	}
	r.Rejection, r.Warnings = d.Rejection, d.Warnings
	if against == 0 {
		return nil
	}
	old, oldModel, err := p.kept(ctx, m.ID, against)
	if err != nil {
		return err
	}
	side := sideOf(old, oldModel)
	r.Old = &side
	if r.Settings, err = changedSettings(settingsOf(m, old), settingsOf(m, new)); err != nil {
		return err
	}
	files := p.keptTables(ctx, new, old)
	defer files.close()
	return files.compare(ctx, r, oldModel, newModel, new.Settings.Tolerance)
}

// settingsOf gives the settings of a version: those that hold, if it is live.
func settingsOf(m Model, v Version) Settings {
	if v.Number == m.Live {
		return m.Settings
	}
	return v.Settings
}

// kept gives a version that can be scored with.
func (p *Pipeline) kept(ctx context.Context, id string, version int) (Version, *evaluator.Model, error) {
	v, err := p.Store.Version(ctx, id, version)
	if err != nil {
		return v, nil, fmt.Errorf("version %d of %s: %w", version, id, err)
	}
	m, unusable, err := p.reopen(ctx, id, version)
	switch {
	case errors.Is(unusable, ErrGone):
		return v, nil, &RefusedError{fmt.Sprintf("version %d is %s and its files are gone: it cannot be compared", version, v.State)}
	case unusable != nil:
		return v, nil, &RefusedError{fmt.Sprintf("version %d is %s and cannot be compared: %v", version, v.State, unusable)}
	}
	return v, m, err
}

// tables are the files of rows that a report is about.
type tables struct {
	open   []namedOpen
	opened []io.Closer
}

type namedOpen struct {
	name string
	open func() (io.ReadCloser, error)
}

// keptTables gives golden.csv and baseline.csv of the first version that has them.
func (p *Pipeline) keptTables(ctx context.Context, versions ...Version) *tables {
	t := &tables{}
	add := func(name string, has func(Version) bool) {
		if i := slices.IndexFunc(versions, has); i >= 0 {
			t.open = append(t.open, namedOpen{name, p.file(ctx, versions[i].Model, versions[i].Number, name)})
		}
	}
	add(GoldenName, func(v Version) bool { return v.Golden })
	add(BaselineName, func(v Version) bool { return v.Baseline })
	return t
}

func (t *tables) close() {
	for _, c := range t.opened {
		c.Close() //nolint:errcheck,gosec // only read
	}
}

// compare compares two models with the rows of the tables. A table that is wrong, or gone by now, is a warning.
func (t *tables) compare(ctx context.Context, r *Report, old, new *evaluator.Model, tolerance Tolerance) error {
	var all []Rows
	for _, o := range t.open {
		file, err := o.open()
		var rows Rows
		if err == nil {
			t.opened = append(t.opened, file)
			rows, err = TableRows(o.name, file)
		}
		rejection := (*catalog.Rejection)(nil)
		switch {
		case errors.Is(err, ErrGone), errors.As(err, &rejection):
			r.Warnings = append(r.Warnings, "no rows are compared of "+o.name+": "+err.Error())
		case err != nil:
			return err
		default:
			all = append(all, rows)
		}
	}
	return r.compare(ctx, old, new, tolerance, all)
}

// changedSettings gives the settings that are different, by key.
func changedSettings(old, new Settings) ([]SettingChange, error) {
	before, err := flat(old)
	if err != nil {
		return nil, err
	}
	after, err := flat(new)
	if err != nil {
		return nil, err
	}
	keys := slices.Sorted(maps.Keys(before))
	for k := range after {
		if _, known := before[k]; !known {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	var changes []SettingChange
	for _, k := range keys {
		if before[k] != after[k] {
			changes = append(changes, SettingChange{k, before[k], after[k]})
		}
	}
	return changes, nil
}

// flat gives the settings as JSON by key, those inside others with a dot.
func flat(s Settings) (map[string]string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(text, &top); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for k, v := range top {
		var inner map[string]json.RawMessage
		if v[0] != '{' || json.Unmarshal(v, &inner) != nil {
			all[k] = string(v)
			continue
		}
		for name, v := range inner {
			all[k+"."+name] = string(v)
		}
	}
	return all, nil
}

// Preview says what would be different if a document were deployed, with what lies beside it now. It changes nothing and
// leaves nothing. What would be rejected is no error: the report says why. What the reader answers is handed on.
func (p *Pipeline) Preview(ctx context.Context, id string, document io.Reader, m Metadata) (Report, error) {
	if !catalog.ValidID(id) {
		return Report{}, catalog.ErrNotFound
	}
	r := Report{Model: id}
	err := p.preview(ctx, &r, document, m)
	if errors.As(err, &r.Rejection) {
		err = nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("preview %s: %w", id, err)
	}
	return r, nil
}

// preview fills in a report. The error is a *catalog.Rejection if the report ends early.
func (p *Pipeline) preview(ctx context.Context, r *Report, document io.Reader, m Metadata) error {
	spool, err := newSpool(document)
	if err != nil {
		return err
	}
	defer spool.close()
	r.New.Size, r.New.Checksum = spool.document.Size, spool.document.Checksum
	release, err := take(ctx, p.reporting)
	if err != nil {
		return err
	}
	defer release()
	s, err := p.Store.Status(ctx, r.Model)
	if err != nil {
		return err
	}
	c := candidate{metadata: m, now: p.Now}
	if err := p.previewModel(ctx, r, &c, spool); err != nil {
		return err
	}
	var live Version
	if c.live = s.Model.Live; c.live != 0 {
		if live, err = p.Store.Version(ctx, r.Model, c.live); err != nil {
			return err
		}
		if c.liveModel, c.liveError, err = p.reopen(ctx, r.Model, c.live); err != nil {
			return err
		}
	}
	verified, err := c.verify(ctx)
	if err != nil && !errors.As(err, &r.Rejection) {
		return err
	}
	r.Warnings, r.New.Schema, r.New.Verified = verified.Warnings, verified.Schema, verified.Rows
	if c.liveModel == nil {
		return nil
	}
	side := sideOf(live, c.liveModel)
	r.Old = &side
	if r.Settings, err = changedSettings(s.Model.Settings, c.settings); err != nil {
		return err
	}
	tables := p.previewTables(ctx, &c, live)
	defer tables.close()
	return tables.compare(ctx, r, c.liveModel, c.model, c.settings.Tolerance)
}

// previewModel compiles the document and reads what lies beside it.
func (p *Pipeline) previewModel(ctx context.Context, r *Report, c *candidate, document *spool) error {
	files := map[string][]byte{}
	beside, err := p.readSidecars(ctx, r.Model, func(name string, text io.Reader) (err error) {
		files[name], err = io.ReadAll(text)
		return err
	})
	if err != nil {
		return err
	}
	c.settings = beside.settings
	if beside.golden {
		c.golden = inMemory(files[GoldenName])
	}
	if beside.baseline {
		c.baseline = inMemory(files[BaselineName])
	}
	compiled, err := p.compileSlowly(ctx, p.Compile, document.file, modelName(c.metadata, c.settings))
	if err != nil {
		if rejection := catalog.Reject(err); rejection != nil {
			return rejection
		}
		return err
	}
	if c.model, err = evaluator.Open(compiled); err != nil {
		return err
	}
	r.New.describe(c.model)
	return nil
}

func inMemory(text []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
}

// previewTables gives the tables beside the document, or those of the live version.
func (p *Pipeline) previewTables(ctx context.Context, c *candidate, live Version) *tables {
	live.Golden = live.Golden && c.golden == nil
	live.Baseline = live.Baseline && c.baseline == nil
	t := p.keptTables(ctx, live)
	if c.golden != nil {
		t.open = append(t.open, namedOpen{GoldenName, c.golden})
	}
	if c.baseline != nil {
		t.open = append(t.open, namedOpen{BaselineName, c.baseline})
	}
	return t
}

// A spool is a document in a file of its own, decompressed, for as long as it is looked at.
type spool struct {
	file     *os.File
	named    bool // the file still has a name
	document Document
}

// newSpool writes a document into a file that has no name where the system allows that, so that nothing is left after a
// crash. The error is a *catalog.Rejection if the document's compression is wrong, or what the reader answered.
func newSpool(document io.Reader) (*spool, error) {
	file, err := os.CreateTemp("", "handoff-preview-*")
	if err != nil {
		return nil, err
	}
	s := &spool{file: file, named: os.Remove(file.Name()) != nil}
	text := newPlainReader(document)
	_, err = io.Copy(file, text)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if text.rejection != nil {
		err = text.rejection
	}
	if err != nil {
		s.close()
		return nil, err
	}
	s.document = text.document()
	return s, nil
}

func (s *spool) close() {
	s.file.Close() //nolint:errcheck,gosec // nobody needs it any more
	if s.named {
		os.Remove(s.file.Name()) //nolint:errcheck,gosec // the system removes it some day
	}
}
