package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A model is one that one client changes, step by step.
type model struct {
	run      *run
	id       string
	file     string // where its document lies, within models/
	api      bool   // it is changed by HTTP
	files    bool   // and by files
	expected expectation
	acked    []acked
	removals int            // that were acknowledged
	writing  sync.WaitGroup // what is being written slowly

	mu   sync.Mutex
	done []string
}

// An acked is a deployment that the server has acknowledged.
type acked struct {
	deployment, kind string
	number           int
}

// An act is one step. The error says that the server is gone.
type act func(m *model, s *server, random *rand.Rand) error

// work changes a model until the server is gone or ctx ends.
func (m *model) work(ctx context.Context, s *server, random *rand.Rand) {
	acts := []act{(*model).rollback}
	if m.api {
		acts = append(acts, (*model).put, (*model).put, (*model).put, (*model).putWrong, (*model).delete)
	}
	if m.files {
		acts = append(acts, (*model).replace, (*model).replace, (*model).writeSlowly, (*model).removeFile)
	}
	for ctx.Err() == nil {
		m.writing.Wait()
		if err := acts[random.IntN(len(acts))](m, s, random); err != nil {
			return
		}
		if random.IntN(3) == 0 {
			if _, err := m.look(s, "while it is changed"); err != nil {
				return
			}
		}
		wait(ctx, time.Duration(random.IntN(60))*time.Millisecond)
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// padding makes some documents long, so that writing them takes several steps.
func padding(random *rand.Rand) int {
	if random.IntN(4) > 0 {
		return random.IntN(100)
	}
	return random.IntN(200_000)
}

func (m *model) put(s *server, random *rand.Rand) error {
	d := m.run.documents.make(padding(random))
	m.note("put %d", d.number)
	alone := len(m.expected.pending) == 0
	m.expected.ask(d.number) // the server may have done it before it is killed
	status, body, header, err := s.call("PUT", "/model/"+m.id, []byte(d.text))
	switch {
	case err != nil:
		m.run.count(&m.run.unanswered)
		return err
	case status == http.StatusOK || status == http.StatusCreated:
		m.acknowledge(header, body, "UPLOAD", d.number)
		m.expected.acknowledge(d.number)
		if n := m.run.described(m.id, body); alone && n != d.number {
			m.run.fault(mixed, "%s: put %d, and the answer describes %d", m.id, d.number, n)
		}
	case status != http.StatusConflict:
		m.run.fault(failure, "%s: put: %d %.300s", m.id, status, body)
	}
	return nil
}

func (m *model) acknowledge(header http.Header, body []byte, kind string, number int) {
	m.run.count(&m.run.acknowledged)
	m.note("acknowledged %s %d", kind, number)
	id := header.Get("X-Handoff-Deployment")
	if id == "" {
		var answer struct {
			Properties struct{ Deployment string }
		}
		if err := json.Unmarshal(body, &answer); err != nil || answer.Properties.Deployment == "" {
			m.run.fault(failure, "%s: no deployment in %.200s", m.id, body)
			return
		}
		id = answer.Properties.Deployment
	}
	m.acked = append(m.acked, acked{id, kind, number})
}

// putWrong uploads what can never go live.
func (m *model) putWrong(s *server, _ *rand.Rand) error {
	m.note("put what is wrong")
	if len(m.expected.pending) > 0 { // it takes the place of a file that nobody may have looked at
		m.expected.final = m.expected.now()
	}
	status, body, _, err := s.call("PUT", "/model/"+m.id, []byte(`<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/></PMML>`))
	switch {
	case err != nil:
		m.run.count(&m.run.unanswered)
		return err
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity:
		m.run.count(&m.run.acknowledged)
	case status != http.StatusConflict:
		m.run.fault(failure, "%s: put of what is wrong: %d %.300s", m.id, status, body)
	}
	return nil
}

func (m *model) delete(s *server, _ *rand.Rand) error {
	m.note("delete")
	before := m.expected
	m.expected.ask(0)
	status, body, _, err := s.call("DELETE", "/model/"+m.id, nil)
	switch {
	case err != nil:
		m.run.count(&m.run.unanswered)
		return err
	case status == http.StatusOK:
		m.run.count(&m.run.acknowledged)
		m.run.count(&m.run.undeployed)
		m.note("acknowledged delete")
		m.removals++
		if len(before.pending) == 0 {
			m.expected.acknowledge(0)
		} else {
			m.expected.acknowledgeBeside(0)
		}
	case status == http.StatusNotFound && before.now()[0]:
		m.expected = before
		if len(before.pending) > 0 {
			m.expected.ask(0)
		}
	case status != http.StatusConflict:
		m.run.fault(failure, "%s: delete: %d %.300s, expected %v", m.id, status, body, before.now())
	}
	return nil
}

func (m *model) rollback(s *server, random *rand.Rand) error {
	status, body, _, err := s.call("GET", "/model/"+m.id+"/versions?limit=20", nil)
	if err != nil || status == http.StatusNotFound {
		return err
	}
	var v versions
	if err := json.Unmarshal(body, &v); err != nil {
		m.run.fault(failure, "%s: versions: %d %.300s", m.id, status, body)
		return nil
	}
	var kept []version
	for _, one := range v.Versions {
		if one.State == "RETIRED" || one.State == "ROLLED_BACK" {
			kept = append(kept, one)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return m.rollbackTo(s, kept[random.IntN(len(kept))])
}

func (m *model) rollbackTo(s *server, to version) error {
	d := m.run.documents.find(to.Document.Checksum)
	if d == nil {
		m.run.fault(history, "%s: version %d is of no document: %+v", m.id, to.Version, to)
		return nil
	}
	m.note("roll back to %d", d.number)
	alone := len(m.expected.pending) == 0
	kind := "ROLLBACK"
	m.expected.ask(d.number)
	status, body, header, err := s.call("POST", "/model/"+m.id+"/rollback", fmt.Appendf(nil, `{"version": %d}`, to.Version))
	switch {
	case err != nil:
		m.run.count(&m.run.unanswered)
		return err
	case status == http.StatusOK:
		m.acknowledge(header, body, kind, d.number)
		if alone {
			m.expected.acknowledge(d.number)
		} else {
			m.expected.acknowledgeBeside(d.number)
		}
	case status != http.StatusConflict:
		m.run.fault(failure, "%s: rollback: %d %.300s", m.id, status, body)
	case alone:
		m.run.fault(failure, "%s: rollback, with nothing else under way: %s", m.id, body)
	}
	return nil
}

// ---- by files

func (m *model) path() string { return filepath.Join(m.run.data, "models", m.file) }

// contents are a document as it lies in its file.
func (m *model) contents(d *document) []byte {
	if !strings.HasSuffix(m.file, ".gz") {
		return []byte(d.text)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(d.text)) //nolint:errcheck // into memory
	z.Close()               //nolint:errcheck // into memory
	return b.Bytes()
}

func (m *model) trouble(err error) {
	if err != nil {
		m.run.fault(failure, "%s: %v", m.id, err)
	}
}

// replace moves a file in place of what lies there. It is old enough that nobody needs to wait until it is finished.
func (m *model) replace(_ *server, random *rand.Rand) error {
	d := m.run.documents.make(padding(random))
	m.note("move %d there", d.number)
	aside := filepath.Join(m.run.dir, "aside-"+m.id)
	old := time.Now().Add(-10*time.Second - time.Duration(random.IntN(1000)))
	m.trouble(os.WriteFile(aside, m.contents(d), 0o600))
	m.trouble(os.Chtimes(aside, old, old))
	m.expected.drop(d.number)
	m.run.count(&m.run.dropped)
	m.trouble(os.MkdirAll(filepath.Dir(m.path()), 0o700))
	m.trouble(os.Rename(aside, m.path()))
	return nil
}

// writeSlowly writes into the file that lies there, in the background: the server may be killed and started meanwhile.
func (m *model) writeSlowly(_ *server, random *rand.Rand) error {
	d := m.run.documents.make(padding(random))
	m.note("write %d slowly", d.number)
	m.expected.drop(d.number)
	m.run.count(&m.run.slowly)
	pause := time.Duration(random.IntN(1300)) * time.Millisecond
	m.writing.Go(func() {
		text := m.contents(d)
		m.trouble(os.MkdirAll(filepath.Dir(m.path()), 0o700))
		f, err := os.Create(m.path())
		if err != nil {
			m.trouble(err)
			return
		}
		_, err = f.Write(text[:len(text)/2])
		m.trouble(err)
		time.Sleep(pause)
		_, err = f.Write(text[len(text)/2:])
		m.trouble(err)
		m.trouble(f.Close())
	})
	return nil
}

func (m *model) removeFile(*server, *rand.Rand) error {
	if _, err := os.Stat(m.path()); err != nil {
		return nil
	}
	m.note("remove the file")
	m.expected.remove()
	m.run.count(&m.run.removed)
	m.trouble(os.Remove(m.path()))
	return nil
}
