package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// sidecars are what lies beside a document.
type sidecars struct {
	versions map[string]string // of what was read, by key; empty: there is none
	settings Settings
	golden   bool
	baseline bool
}

// keepSidecars keeps what lies beside the document, and reads the settings.
func (p *Pipeline) keepSidecars(ctx context.Context, v Version, d Document) (Event, error) {
	s, err := p.readSidecars(ctx, v.Model, func(name string, text io.Reader) error {
		return p.Artifacts.Put(ctx, v.Model, v.Number, name, text)
	})
	if rejection := (*catalog.Rejection)(nil); errors.As(err, &rejection) {
		return WasRejected{Rejection: *rejection, Sidecars: s.versions}, nil
	}
	if err != nil {
		return nil, err
	}
	return WasChecked{Document: d, ModelName: modelName(v.Object.Metadata, s.settings), Settings: s.settings,
		Sidecars: s.versions, Golden: s.golden, Baseline: s.baseline}, nil
}

// modelName gives the model element to take: what whoever uploaded the document says goes before the settings.
func modelName(m Metadata, s Settings) string {
	if m.ModelName != "" {
		return m.ModelName
	}
	return s.ModelName
}

// readSidecars reads what lies beside a document now, and hands each file to keep. The error is a *catalog.Rejection if
// one is wrong by itself; whether it fits the model is seen when that is verified.
func (p *Pipeline) readSidecars(ctx context.Context, id string, keep func(name string, text io.Reader) error) (sidecars, error) {
	s := sidecars{versions: map[string]string{}}
	key := SidecarOf(id, SettingsName)
	o, err := p.Objects.Head(ctx, key)
	if err != nil && !errors.Is(err, ErrGone) {
		return s, err
	}
	o, there, err := p.readObject(ctx, key, o, err == nil, func(text io.Reader) error {
		var copied bytes.Buffer
		s.settings, err = p.Settings(io.TeeReader(text, &copied))
		if err != nil {
			return err
		}
		return keep(SettingsName, &copied)
	})
	s.versions[key] = o.Version
	if err != nil {
		return s, err
	}
	if !there {
		s.settings = Settings{}
	}
	if s.golden, err = p.readTable(ctx, id, GoldenName, s.versions, keep); err != nil {
		return s, err
	}
	s.baseline, err = p.readTable(ctx, id, BaselineName, s.versions, keep)
	return s, err
}

// readTable hands golden.csv or baseline.csv to keep, if there is one.
func (p *Pipeline) readTable(ctx context.Context, id, name string, versions map[string]string, keep func(name string, text io.Reader) error) (there bool, err error) {
	key := SidecarOf(id, name)
	o, err := p.Objects.Head(ctx, key)
	if err != nil && !errors.Is(err, ErrGone) {
		return false, err
	}
	o, there, err = p.readObject(ctx, key, o, err == nil, func(text io.Reader) error {
		bounded := &boundedReader{src: text, left: maxSidecar}
		err := keep(name, bounded)
		if bounded.left < 0 {
			return &catalog.Rejection{Code: codeOf(name), File: name, Message: fmt.Sprintf("%s: the file is larger than %d MiB", name, maxSidecar>>20)}
		}
		return err
	})
	versions[key] = o.Version
	return there, err
}

// errTooLarge ends the reading of a file whose size is refused.
var errTooLarge = errors.New("the file is too large")

// A boundedReader ends with an error when more was read than it may be.
type boundedReader struct {
	src  io.Reader
	left int64 // negative: there was more
}

func (r *boundedReader) Read(b []byte) (int, error) {
	n, err := r.src.Read(b)
	if r.left -= int64(n); r.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// maxReplacements is how often an object may be replaced while it is read.
const maxReplacements = 10

// readObject hands an object's bytes to use; if it is replaced meanwhile, those of the one that lies there then. There is
// false if none does.
func (p *Pipeline) readObject(ctx context.Context, key string, o Object, there bool, use func(io.Reader) error) (Object, bool, error) {
	for range maxReplacements {
		if !there {
			return Object{Key: key}, false, nil
		}
		err := p.readOnce(ctx, o, use)
		if !errors.Is(err, ErrGone) {
			return o, true, err
		}
		if o, err = p.Objects.Head(ctx, key); err != nil && !errors.Is(err, ErrGone) {
			return o, false, err
		}
		there = err == nil
	}
	return o, false, fmt.Errorf("read %s: it is replaced again and again", key)
}

// readOnce hands an object's bytes to use. The error is ErrGone whenever the object was, whatever use made of that.
func (p *Pipeline) readOnce(ctx context.Context, o Object, use func(io.Reader) error) error {
	body, err := p.Objects.Get(ctx, o)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // only read
	told := &countingReader{src: body}
	err = use(told)
	if errors.Is(told.err, ErrGone) {
		return ErrGone
	}
	return err
}

// lookAtSettings reads the settings that lie under a key.
func (p *Pipeline) lookAtSettings(ctx context.Context, key string, o Object, there bool) (SettingsChanged, error) {
	var e SettingsChanged
	o, _, err := p.readObject(ctx, key, o, there, func(text io.Reader) (err error) {
		e.Settings, err = p.Settings(text)
		return err
	})
	if errors.As(err, &e.Rejection) {
		err = nil
	}
	o.Key = key
	e.Object = o
	return e, err
}
