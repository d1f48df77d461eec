package deploy

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
)

// verify opens the compiled form, scores the rows whose results are known, and compares with the live version.
func (p *Pipeline) verify(ctx context.Context, e Verify) (Event, error) {
	v := e.Version
	model, err := p.open(ctx, v.Model, v.Number)
	if err != nil {
		return nil, err
	}
	c := candidate{model: model, settings: v.Settings, metadata: v.Object.Metadata, live: e.Live, now: p.Now}
	if v.Golden {
		c.golden = p.file(ctx, v.Model, v.Number, GoldenName)
	}
	if v.Baseline {
		c.baseline = p.file(ctx, v.Model, v.Number, BaselineName)
	}
	if e.Live != 0 && e.Live != v.Number {
		if c.liveModel, c.liveError, err = p.reopen(ctx, v.Model, e.Live); err != nil {
			return nil, err
		}
	}
	verified, err := c.verify(ctx)
	if rejection := (*catalog.Rejection)(nil); errors.As(err, &rejection) {
		return WasRejected{Rejection: *rejection}, nil
	}
	if err != nil {
		return nil, err
	}
	schema, err := json.Marshal(model.Schema())
	if err != nil {
		return nil, err
	}
	if err := p.Artifacts.Put(ctx, v.Model, v.Number, SchemaFile, bytes.NewReader(schema)); err != nil {
		return nil, err
	}
	return verified, nil
}

// file gives a way to read one file of a version.
func (p *Pipeline) file(ctx context.Context, id string, version int, name string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		file, _, err := p.Artifacts.Get(ctx, id, version, name)
		return file, err
	}
}

// open opens the compiled form of a version.
func (p *Pipeline) open(ctx context.Context, id string, version int) (*evaluator.Model, error) {
	file, _, err := p.Artifacts.Get(ctx, id, version, CompiledFile)
	if err != nil {
		return nil, err
	}
	compiled, err := io.ReadAll(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return evaluator.Open(compiled)
}

// reopen opens an earlier version. If its compiled form is gone, damaged, or of another Handoff, the document is compiled
// once more. What is wrong with the version's own files is unusable; err is about anything else.
func (p *Pipeline) reopen(ctx context.Context, id string, version int) (m *evaluator.Model, unusable, err error) {
	m, err = p.open(ctx, id, version)
	if err == nil || !errors.Is(err, evaluator.ErrVersion) && !errors.Is(err, evaluator.ErrDamaged) && !errors.Is(err, ErrGone) {
		return m, nil, err
	}
	v, err := p.Store.Version(ctx, id, version)
	if err != nil {
		return nil, nil, err
	}
	document, _, err := p.Artifacts.Get(ctx, id, version, DocumentFile)
	if errors.Is(err, ErrGone) {
		return nil, err, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer document.Close() //nolint:errcheck // only read
	compiled, err := p.compileSlowly(ctx, p.Recompile, document, v.ModelName)
	if err == nil {
		m, err = evaluator.Open(compiled)
	}
	if err != nil && catalog.Reject(err) != nil {
		return nil, err, nil
	}
	return m, nil, err
}

// compileSlowly compiles a document when there is memory for it.
func (p *Pipeline) compileSlowly(ctx context.Context, compile CompileFunc, document io.Reader, modelName string) ([]byte, error) {
	release, err := take(ctx, p.compiling)
	if err != nil {
		return nil, err
	}
	defer release()
	return compile(ctx, document, modelName)
}

// take waits for a turn.
func take(ctx context.Context, turns chan struct{}) (release func(), err error) {
	select {
	case turns <- struct{}{}:
		return func() { <-turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A candidate is a model that may go live, with what lies beside its document.
type candidate struct {
	model            *evaluator.Model
	settings         Settings
	metadata         Metadata
	golden, baseline func() (io.ReadCloser, error) // nil: there is none
	now              func() time.Time

	live      int // number of the version that is live; 0: none
	liveModel *evaluator.Model
	liveError error // why it cannot be compared
}

// verify says whether the model may go live. The error is a *catalog.Rejection if not.
func (c *candidate) verify(ctx context.Context) (WasVerified, error) {
	var v WasVerified
	var err error
	if v.Schema, err = schemaHash(c.model.Schema()); err != nil {
		return v, err
	}
	s := c.model.Schema()
	v.Portrait = Portrait{Element: cut(s.Element, maxName), MiningFunction: cut(s.MiningFunction, maxName), ModelVersion: cut(s.ModelVersion, maxName)}
	if err := c.model.Verify(); err != nil {
		if r := catalog.Reject(err); r != nil {
			return v, r
		}
		return v, err
	}
	_, own := c.model.VerificationRows()
	v.Rows = len(own)
	if c.golden != nil {
		rows, err := c.check(c.golden, GoldenName, func(r *rowChecker) error { return r.score(ctx) })
		if err != nil {
			return v, err
		}
		v.Rows += rows
	}
	if c.baseline != nil {
		if _, err := c.check(c.baseline, BaselineName, (*rowChecker).shape); err != nil {
			return v, err
		}
	}
	if v.Rows == 0 {
		v.Warnings = append(v.Warnings, "unverified: the document has no ModelVerification rows, and there is no "+GoldenName)
	}
	err = c.compareLive(&v)
	return v, err
}

// check reads a table of rows and gives their number.
func (c *candidate) check(open func() (io.ReadCloser, error), name string, use func(*rowChecker) error) (int, error) {
	file, err := open()
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	defer file.Close() //nolint:errcheck // only read
	rows, err := TableRows(name, file)
	if err != nil {
		return 0, err
	}
	checker, err := newRowChecker(c.model, rows, c.settings.Tolerance, c.now)
	if err != nil {
		return 0, err
	}
	err = use(checker)
	return checker.row, err
}

// compareLive holds the model against the live version.
func (c *candidate) compareLive(v *WasVerified) error {
	if c.liveError != nil {
		v.Warnings = append(v.Warnings, fmt.Sprintf("version %d, which is live, could not be compared: %v", c.live, c.liveError))
	}
	if c.liveModel == nil {
		return nil
	}
	changes := CompareSchemas(c.liveModel.Schema(), c.model.Schema())
	if len(changes.Breaking) > 0 && c.schemaChange() != SchemaAllow {
		return changes.rejection(c.live)
	}
	v.Warnings = append(v.Warnings, changes.warnings()...)
	return nil
}

// schemaChange says what is done about what would break callers: as whoever uploaded the document wants it, else as the
// settings say, else as is usual where it was uploaded.
func (c *candidate) schemaChange() string {
	return cmp.Or(c.metadata.Schema, c.settings.Schema, c.metadata.Otherwise, SchemaRefuse)
}
