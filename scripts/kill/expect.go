package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A document is one that only it can answer like: its score for x is number · (1 + x).
type document struct {
	number   int
	text     string
	checksum string
}

// documents are those of one seed.
type documents struct {
	last atomic.Int64
	all  sync.Map // by number and by checksum
}

func (d *documents) make(padding int) *document {
	n := int(d.last.Add(1))
	text := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header modelVersion="%[1]d"/>
<!--%[2]s-->
<DataDictionary><DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="y" usageType="target"/></MiningSchema>
<RegressionTable intercept="%[1]d"><NumericPredictor name="x" coefficient="%[1]d"/></RegressionTable></RegressionModel></PMML>
`, n, strings.Repeat(" ", padding))
	sum := sha256.Sum256([]byte(text))
	made := &document{n, text, hex.EncodeToString(sum[:])}
	d.all.Store(n, made)
	d.all.Store(made.checksum, made)
	return made
}

func (d *documents) find(key any) *document {
	if made, ok := d.all.Load(key); ok {
		return made.(*document)
	}
	return nil
}

// A set is one of numbers of documents; 0 is that nothing serves.
type set map[int]bool

func of(numbers ...int) set {
	s := set{}
	for _, n := range numbers {
		s[n] = true
	}
	return s
}

func (s set) with(o set) set {
	all := maps.Clone(s)
	maps.Copy(all, o)
	return all
}

func (s set) String() string { return fmt.Sprint(slices.Sorted(maps.Keys(s))) }

// An expectation is what must be true of one model that is changed by one client after the other.
type expectation struct {
	base    set // what serves, if nothing of pending has happened: the last that was acknowledged
	pending set // what was asked for and may happen yet, in this order or another
	final   set // what serves when all has happened
	seen    *int
}

func newExpectation() expectation { return expectation{base: of(0), pending: set{}, final: of(0)} }

// now is what may serve at this moment.
func (e *expectation) now() set {
	if e.seen != nil {
		return of(*e.seen).with(e.pending)
	}
	return e.base.with(e.pending)
}

// acknowledge takes what the server says it has done, in place of all that was before.
func (e *expectation) acknowledge(n int) { *e = expectation{base: of(n), pending: set{}, final: of(n)} }

// acknowledgeBeside takes what the server says it has done while files lie there that it may not have looked at.
func (e *expectation) acknowledgeBeside(n int) {
	*e = expectation{base: of(n), pending: e.pending, final: of(n).with(e.pending)}
}

// ask takes a request without an answer.
func (e *expectation) ask(n int) {
	e.pending = e.pending.with(of(n))
	e.final = e.final.with(of(n))
}

// drop takes a file that was put in place of what lay there, which must go live in the end.
func (e *expectation) drop(n int) {
	e.pending = e.pending.with(of(n))
	e.final = of(n)
}

// remove takes a file that was removed. If it was not looked at before, that changes nothing.
func (e *expectation) remove() {
	final := of(0)
	if len(e.pending) > 0 {
		final = final.with(e.now())
	}
	e.pending = e.pending.with(of(0))
	e.final = final
}

// see takes what serves: nothing older will, as long as the process lives.
func (e *expectation) see(n int) { e.seen = &n }

// restart forgets what was only seen: the process may have ended before it could be written down.
func (e *expectation) restart() { e.seen = nil }

// settle takes what serves after everything has happened, as far as that can be known: where the end may be one or the
// other, that which does not serve may be still to come.
func (e *expectation) settle(n int) {
	if len(e.final) == 1 {
		e.acknowledge(n)
		return
	}
	e.base, e.seen = of(n), nil
}
