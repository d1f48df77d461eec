package program

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// An Association is association rules: what is likely to be in a basket because something else is.
type Association struct {
	Items    []Item
	Itemsets []Itemset
	Rules    []Rule

	at      int           // of its basket in a frame
	fields  []basketField // that items are about
	in      [][]int32     // for each item, the itemsets that it is in
	begins  [][]int32     // for each itemset, the rules of which it is the antecedent
	trivial []int32       // itemsets without items
}

// An Item is in the basket if the slot holds Is, alone or in a list, or, with Flag, something that means yes.
type Item struct {
	Text value.Cell // as rules show it
	Slot int32      // -1: it never is in the basket
	Is   value.Cell
	Flag bool

	Kinds []value.Cell // of Is: they stand for it, too
}

// An Itemset is items, each once, in the order in which rules show them.
type Itemset struct{ Items []int32 }

// A Rule is an association rule; measures that are not known are NaN.
type Rule struct {
	ID                                            value.Cell
	Text                                          value.Cell // missing: nobody asks for it
	Antecedent, Consequent                        int32      // itemsets
	Support, Confidence, Lift, Leverage, Affinity float64
}

// A basketField is a field that says of items whether they are in the basket.
type basketField struct {
	slot  int32
	items map[value.Cell][]int32 // by the value that stands for them
	flags []int32                // items that it says yes or no about
}

// A RuleChoice says which rules an output is about, and what it gives of them.
type RuleChoice struct {
	Feature   enum.RuleFeature
	Algorithm enum.RuleAlgorithm
	Basis     enum.RankBasis
	Ascending bool
	Many      bool // a list of the first rules up to the output's rank, or of all if that is 0
}

// A basket is a frame's memory for one set of rules: what the record's basket holds.
type basket struct {
	k       *Association
	has     []bool  // for each item
	held    []int32 // items that it has
	hits    []int32 // for each itemset, how many of its items it has
	touched []int32 // itemsets that have hits
	rules   []int32 // whose antecedents it has, in document order
	ranked  [2 * int(enum.NumRankBases)][]int32
	isDone  [2 * int(enum.NumRankBases)]bool // which of ranked are those of this record
	sides   []value.Cell                     // for each itemset, the list of its items, if it was asked for
	listed  []int32                          // itemsets whose list is in sides
	cells   []value.Cell
	shown   int // items that lists of sides name so far
}

func newBasket(k *Association) basket {
	return basket{k: k, has: make([]bool, len(k.Items)), hits: make([]int32, len(k.Itemsets)), sides: make([]value.Cell, len(k.Itemsets))}
}

// clear forgets the last record.
func (b *basket) clear() {
	for _, i := range b.held {
		b.has[i] = false
	}
	for _, s := range b.touched {
		b.hits[s] = 0
	}
	for _, s := range b.listed {
		b.sides[s] = value.Cell{}
	}
	b.shown = 0
	b.held, b.touched, b.listed, b.rules, b.isDone = b.held[:0], b.touched[:0], b.listed[:0], b.rules[:0], [len(b.isDone)]bool{}
}

func (k *Association) eval(f *Frame, _ *Model, o *outcome) {
	b := &f.baskets[k.at]
	b.clear()
	for i := range k.fields {
		b.fill(f, &k.fields[i])
	}
	for _, s := range k.trivial {
		b.rules = append(b.rules, k.begins[s]...)
	}
	for _, s := range b.touched {
		if b.contains(s) {
			b.rules = append(b.rules, k.begins[s]...)
		}
	}
	slices.Sort(b.rules)
	o.rules = b
}

// fill puts the items that a field says are there into the basket.
func (b *basket) fill(f *Frame, field *basketField) {
	c := f.Slots[field.slot]
	switch {
	case c.State == value.Failed:
		f.Need(c)
		return
	case !c.Present():
		return
	case c.Many:
		for _, member := range f.Cells(c) {
			b.take(field, member)
		}
		return
	}
	b.take(field, c)
	if len(field.flags) > 0 {
		yes, ok := saysYes(f, c)
		if !ok {
			why := f.Fail("Expected boolean value, got " + text(f, c))
			f.Blame(why, field.slot)
			f.Need(why)
		}
		if yes {
			b.add(field.flags)
		}
	}
}

// take puts the items that a value stands for into the basket.
func (b *basket) take(field *basketField, c value.Cell) {
	c.State = value.Valid
	b.add(field.items[c])
}

func (b *basket) add(items []int32) {
	for _, i := range items {
		if b.has[i] {
			continue
		}
		b.has[i] = true
		b.held = append(b.held, i)
		for _, s := range b.k.in[i] {
			if b.hits[s] == 0 {
				b.touched = append(b.touched, s)
			}
			b.hits[s]++
		}
	}
}

// contains says that all items of an itemset are in the basket.
func (b *basket) contains(itemset int32) bool {
	return int(b.hits[itemset]) == len(b.k.Itemsets[itemset].Items)
}

// saysYes reads a value that says whether an item is there. ok is false if it says neither.
func saysYes(f *Frame, c value.Cell) (yes, ok bool) {
	if c.Type != value.String {
		x := c.Float64()
		return x != 0, x == x
	}
	text := f.Strings.Text(c)
	for _, word := range []string{"true", "t", "yes", "y", "1"} {
		if strings.EqualFold(text, word) {
			return true, true
		}
	}
	for _, word := range []string{"false", "f", "no", "n", "0", ""} {
		if strings.EqualFold(text, word) {
			return false, true
		}
	}
	return false, false
}

// order gives the rules that the basket has the antecedents of, in the order of a basis. Equal ones keep that of the
// document, and those whose number is not known come last.
func (b *basket) order(basis enum.RankBasis, ascending bool) []int32 {
	n, sign := int(basis), -1
	if ascending {
		n, sign = n+int(enum.NumRankBases), 1
	}
	if b.isDone[n] {
		return b.ranked[n]
	}
	b.isDone[n] = true
	b.ranked[n] = append(b.ranked[n][:0], b.rules...)
	rules := b.k.Rules
	slices.SortFunc(b.ranked[n], func(i, j int32) int {
		x, y := rules[i].measure(basis), rules[j].measure(basis)
		switch {
		case x != x && y != y, x == y:
			return cmp.Compare(i, j)
		case x != x:
			return 1
		case y != y:
			return -1
		}
		return sign * cmp.Compare(x, y)
	})
	return b.ranked[n]
}

func (r *Rule) measure(basis enum.RankBasis) float64 {
	switch basis {
	case enum.BySupport:
		return r.Support
	case enum.ByLift:
		return r.Lift
	case enum.ByLeverage:
		return r.Leverage
	case enum.ByAffinity:
		return r.Affinity
	}
	return r.Confidence
}

// applies says that a rule whose antecedent is in the basket is one that an algorithm looks for.
func (b *basket) applies(rule int32, a enum.RuleAlgorithm) bool {
	return a == enum.Recommendation || b.contains(b.k.Rules[rule].Consequent) == (a == enum.RuleAssociation)
}

// maxListed bounds the items that the lists of one record name, since many rules may share a long itemset.
const maxListed = 1_000_000

// ruleValue gives what an output says of rules.
func (o *Output) ruleValue(f *Frame, b *basket) value.Cell {
	if b == nil {
		return value.Cell{}
	}
	want := int(o.Rank)
	b.cells = b.cells[:0]
	for _, i := range b.order(o.Rule.Basis, o.Rule.Ascending) {
		if !b.applies(i, o.Rule.Algorithm) {
			continue
		}
		if !o.Rule.Many {
			if want--; want == 0 {
				return b.rule(f, o, i)
			}
			continue
		}
		c := b.rule(f, o, i)
		if c.Many {
			from, to := c.Range()
			if b.shown += to - from; b.shown > maxListed {
				return f.Fail(fmt.Sprintf("the rules have more than %d items", maxListed))
			}
		}
		if b.cells = append(b.cells, c); len(b.cells) == want {
			break
		}
	}
	if !o.Rule.Many {
		return value.Cell{}
	}
	return f.List(o.Type, b.cells)
}

// rule gives what an output says of one rule, in the output's type.
func (b *basket) rule(f *Frame, o *Output, rule int32) value.Cell {
	r := &b.k.Rules[rule]
	c := value.Cell{}
	switch o.Rule.Feature {
	case enum.Antecedent:
		return b.side(f, r.Antecedent)
	case enum.Consequent:
		return b.side(f, r.Consequent)
	case enum.Rule:
		c = r.Text
	case enum.RuleID:
		c = r.ID
	case enum.RuleSupport:
		c = measured(r.Support)
	case enum.RuleLift:
		c = measured(r.Lift)
	case enum.RuleLeverage:
		c = measured(r.Leverage)
	case enum.RuleAffinity:
		c = measured(r.Affinity)
	default:
		c = measured(r.Confidence)
	}
	return o.cast(f, c)
}

func measured(x float64) value.Cell {
	if math.IsNaN(x) {
		return value.Cell{}
	}
	return value.DoubleOf(x)
}

// side gives the items of an itemset as a list.
func (b *basket) side(f *Frame, itemset int32) value.Cell {
	if c := b.sides[itemset]; c.Many {
		return c
	}
	c := f.ListOf(value.String, len(b.k.Itemsets[itemset].Items))
	for n, i := range b.k.Itemsets[itemset].Items {
		f.Cells(c)[n] = b.k.Items[i].Text
	}
	b.sides[itemset] = c
	b.listed = append(b.listed, itemset)
	return c
}

func (k *Association) code(c *coder) {
	codec.Slice(c.Coder, &k.Items, 5, func(i *Item) {
		c.Cell(&i.Text)
		c.Optional(&i.Slot)
		c.Cell(&i.Is)
		c.Bool(&i.Flag)
		c.Cells(&i.Kinds)
		if i.Text.Type != value.String {
			c.Failf("an item without text")
		}
	})
	codec.Slice(c.Coder, &k.Itemsets, 1, func(s *Itemset) {
		codec.Slice(c.Coder, &s.Items, 1, func(i *int32) { c.Index(i, len(k.Items)) })
	})
	codec.Slice(c.Coder, &k.Rules, 44, func(r *Rule) {
		c.Cell(&r.ID)
		c.Cell(&r.Text)
		c.Index(&r.Antecedent, len(k.Itemsets))
		c.Index(&r.Consequent, len(k.Itemsets))
		for _, x := range []*float64{&r.Support, &r.Confidence, &r.Lift, &r.Leverage, &r.Affinity} {
			c.Float64(x)
		}
	})
}

func (r *RuleChoice) code(c *coder) {
	codec.Enum(c.Coder, &r.Feature, enum.NumRuleFeatures)
	codec.Enum(c.Coder, &r.Algorithm, enum.NumRuleAlgorithms)
	codec.Enum(c.Coder, &r.Basis, enum.NumRankBases)
	c.Bool(&r.Ascending)
	c.Bool(&r.Many)
}

// prepare makes the ways from values to items, from items to itemsets, and from these to rules.
func (k *Association) prepare(at int) {
	k.at = at
	fields := map[int32]int{}
	for i := range k.Items {
		item := &k.Items[i]
		if item.Slot < 0 {
			continue
		}
		n, ok := fields[item.Slot]
		if !ok {
			n = len(k.fields)
			fields[item.Slot] = n
			k.fields = append(k.fields, basketField{slot: item.Slot, items: map[value.Cell][]int32{}})
		}
		if field := &k.fields[n]; item.Flag {
			field.flags = append(field.flags, int32(i))
		} else {
			field.items[item.Is] = append(field.items[item.Is], int32(i))
			for _, kind := range item.Kinds {
				field.items[kind] = append(field.items[kind], int32(i))
			}
		}
	}
	k.in, k.begins = make([][]int32, len(k.Items)), make([][]int32, len(k.Itemsets))
	for s := range k.Itemsets {
		for _, i := range k.Itemsets[s].Items {
			k.in[i] = append(k.in[i], int32(s))
		}
		if len(k.Itemsets[s].Items) == 0 {
			k.trivial = append(k.trivial, int32(s))
		}
	}
	for r := range k.Rules {
		k.begins[k.Rules[r].Antecedent] = append(k.begins[k.Rules[r].Antecedent], int32(r))
	}
}

func (k *Association) print(w *printer) {
	for i := range k.Items {
		switch item := &k.Items[i]; {
		case item.Slot < 0:
			w.line("%d: %s never", i, w.Cell(item.Text))
		case item.Flag:
			w.line("%d: %s if %s", i, w.Cell(item.Text), w.Slot(item.Slot))
		default:
			s := ""
			for _, kind := range item.Kinds {
				s += " or " + w.Cell(kind)
			}
			w.line("%d: %s if %s has %s%s", i, w.Cell(item.Text), w.Slot(item.Slot), w.Cell(item.Is), s)
		}
	}
	for i := range k.Rules {
		r := &k.Rules[i]
		w.line("rule %s: %v => %v support %g, confidence %g, lift %g, leverage %g, affinity %g", w.Cell(r.ID), k.Itemsets[r.Antecedent].Items,
			k.Itemsets[r.Consequent].Items, r.Support, r.Confidence, r.Lift, r.Leverage, r.Affinity)
	}
}

func (w *printer) ruleChoice(o *Output) string {
	s := fmt.Sprintf(" %v of %v by %v", o.Rule.Feature, o.Rule.Algorithm, o.Rule.Basis)
	if o.Rule.Ascending {
		s += " ascending"
	}
	if o.Rule.Many {
		s += " many"
	}
	return s + fmt.Sprintf(" rank %d", o.Rank)
}
