// Package check finds all that can be wrong with a document and says what it means: names become slots, text becomes
// symbols, literals become values of their field's type. After it, lowering a model cannot fail.
//
// A document is read in pieces and never exists whole. Each model is handed over as soon as it is complete and then
// forgotten. What only matters where it is used, such as a DerivedField, is kept as a formula: an expression as written,
// with its names. It is resolved when something refers to it.
package check

import (
	"hash/maphash"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/fn"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// Options say what is checked.
type Options struct {
	ModelName string // the model element with this modelName; empty: the first that is scorable
	Strict    bool   // the whole document must have nothing but what the schema of its version has
}

// Check checks doc's model and hands each checked model to lower as soon as it is complete: the members of a MiningModel
// and the models in the nodes of a TreeModel before the model they are in, so the last is the document's model. Once a
// fault was found lower is not called any more. The result is nil if there is any fault.
func Check(doc *pmml.Document, o Options, faults *diag.Collector, lower func(Model)) *Document {
	c := &checker{
		doc: doc, strict: o.Strict, faults: faults, lower: lower,
		out:       &Document{Version: doc.Version(), Symbols: &value.Symbols{}},
		readers:   modelReaders(),
		functions: map[string]*function{},
		builtins:  map[string]*fn.Func{},
		noted:     map[string]bool{},
		reach:     map[int32]reach{}, distributions: map[uint64]struct{}{}, seed: maphash.MakeSeed(),
	}
	c.global = c.newScope(nil)
	faults.Stop = doc.Stop
	c.document(doc.Root(), o)
	if o.Strict {
		c.strictly()
	}
	if !faults.OK() {
		return nil
	}
	return c.out
}

// A checker is the state of checking one document.
type checker struct {
	doc    *pmml.Document
	strict bool
	out    *Document
	faults *diag.Collector
	lower  func(Model)

	readers   map[string]reader
	global    *scope // data fields and the TransformationDictionary
	functions map[string]*function
	declared  []*function // of functions, in document order
	builtins  map[string]*fn.Func
	costs     []expr.Cost     // of out.Functions
	noted     map[string]bool // notes that one of their kind is enough of

	taxonomies  map[string]*taxonomy
	targetSlots map[string]int32 // of the top model's targets
	given       []*field         // data fields that the top model's schema does not have as active, in order of use
	work        int64            // see spend
	lagged      int64            // records that all lags look back

	size          int64               // see grow
	reach         map[int32]reach     // of slots that are computed
	distributions map[uint64]struct{} // hashes of those seen
	seed          maphash.Seed
	cost          expr.Cost // see spendCost
}

// maxWork bounds the work that is not in proportion to the size of the document, such as resolving an outer field again
// for each of many nested models. It takes about a second, and documents of real producers a thousandth of it.
const maxWork = 20_000_000

// spend counts work and says that there was not too much of it yet.
func (c *checker) spend(at diag.Place, work int) bool {
	if c.work > maxWork {
		return false
	}
	if c.work += int64(work); c.work > maxWork {
		c.tooMuchWork(at)
		return false
	}
	return true
}

// hand gives a complete model to lower.
func (c *checker) hand(m Model) {
	if c.faults.OK() {
		c.lower(m)
	}
}

// newSlot makes a slot.
func (c *checker) newSlot(name string, t value.Type, op OpType) int32 {
	c.out.Slots = append(c.out.Slots, Slot{Name: name, Type: t, Op: op})
	return int32(len(c.out.Slots) - 1)
}
