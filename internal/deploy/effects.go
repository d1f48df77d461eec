package deploy

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
)

// check keeps what lies under the object's key and beside it as the version's files. The sidecars are those that lie
// there now. The object was found before its deployment was written down, and whoever removed it since then may have found
// nothing to take out of service: so it is looked for once more.
func (p *Pipeline) check(ctx context.Context, e Check) (Event, error) {
	v := e.Version
	now, err := p.Objects.Head(ctx, v.Object.Key)
	switch {
	case errors.Is(err, ErrGone), err == nil && now.Version != v.Object.Version:
		return WasReplaced{}, nil
	case err != nil:
		return nil, err
	}
	document, rejection, err := p.keepDocument(ctx, v)
	switch {
	case errors.Is(err, ErrGone):
		return WasReplaced{}, nil
	case err != nil:
		return nil, err
	case rejection != nil:
		return WasRejected{Rejection: *rejection}, nil
	}
	return p.keepSidecars(ctx, v, document)
}

// keepDocument keeps the object's bytes, decompressed.
func (p *Pipeline) keepDocument(ctx context.Context, v Version) (Document, *catalog.Rejection, error) {
	object, err := p.Objects.Get(ctx, v.Object)
	if err != nil {
		return Document{}, nil, err
	}
	defer object.Close()
	text := newPlainReader(object)
	err = p.Artifacts.Put(ctx, v.Model, v.Number, DocumentFile, text)
	if text.rejection != nil {
		return Document{}, text.rejection, nil
	}
	return text.document(), nil, err
}

// pack makes what runs a version.
func (p *Pipeline) pack(ctx context.Context, e Pack) (Event, error) {
	made, err := p.Runtime.Pack(ctx, e.Version)
	if rejection := (*catalog.Rejection)(nil); errors.As(err, &rejection) {
		return WasRejected{Rejection: *rejection}, nil
	}
	return WasPackaged{made}, err
}

// compile makes the compiled form.
func (p *Pipeline) compile(ctx context.Context, e Compile) (Event, error) {
	v := e.Version
	document, _, err := p.Artifacts.Get(ctx, v.Model, v.Number, DocumentFile)
	if err != nil {
		return nil, err
	}
	defer document.Close()
	compiled, err := p.compileSlowly(ctx, p.Compile, document, v.ModelName)
	if err != nil {
		if r := catalog.Reject(err); r != nil {
			return WasRejected{Rejection: *r}, nil
		}
		return nil, err
	}
	if err := p.Artifacts.Put(ctx, v.Model, v.Number, CompiledFile, bytes.NewReader(compiled)); err != nil {
		return nil, err
	}
	return WasCompiled{Evaluator: strconv.Itoa(evaluator.CompiledVersion), Bytes: int64(len(compiled))}, nil
}
