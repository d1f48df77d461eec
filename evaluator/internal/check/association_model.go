package check

import (
	"math"
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// An associationReader reads the items, itemsets and rules of an AssociationModel.
type associationReader struct {
	c        *checker
	m        *model
	t        *AssociationModel
	items    map[string]int32 // by id
	itemsets map[string]int32 // by id
	rules    map[string]bool  // ids
	texts    []int            // length of each itemset in words
}

// associationModel checks an AssociationModel.
func (c *checker) associationModel(e *pmml.Element, parent *model) *model {
	t := &AssociationModel{}
	m := c.begin(e, parent, &t.ModelCommon, []string{"numberOfTransactions", "maxNumberOfItemsPerTA", "avgNumberOfItemsPerTA",
		"minimumSupport", "minimumConfidence", "lengthLimit", "numberOfItems", "numberOfItemsets", "numberOfRules"}, nil,
		[]string{"Item", "Itemset", "AssociationRule"})
	m.associates = true
	for _, attr := range []string{"numberOfTransactions", "maxNumberOfItemsPerTA", "avgNumberOfItemsPerTA", "minimumSupport", "minimumConfidence", "lengthLimit"} {
		c.atLeast(e, attr, 0, 0) // they say how the rules were found
	}
	r := &associationReader{c: c, m: m, t: t, items: map[string]int32{}, itemsets: map[string]int32{}, rules: map[string]bool{}}
	for child := range e.Children("Item") {
		r.item(child)
	}
	for child := range e.Children("Itemset") {
		r.itemset(child)
	}
	for child := range e.Children("AssociationRule") {
		r.rule(child)
	}
	c.noteCount(e, "numberOfItems", len(t.Items))
	c.noteCount(e, "numberOfItemsets", len(t.Itemsets))
	c.noteCount(e, "numberOfRules", len(t.Rules))
	m.rules = len(t.Rules)
	return c.end(m, t)
}

// item reads an Item.
func (r *associationReader) item(e *pmml.Element) {
	r.c.attributes(e, "id", "value", "field", "category", "mappedValue", "weight")
	r.c.noChildren(e)
	r.c.number(e, "weight", 0) // of no use for scoring
	item := Item{Slot: -1}
	text, ok := r.c.required(e, "value")
	if ok {
		item.Text = r.c.out.Symbols.Cell(text)
		r.match(&item, e, text)
	}
	r.t.Items = append(r.t.Items, item)
	if id, ok := r.c.required(e, "id"); ok {
		if _, taken := r.items[id]; taken {
			r.c.duplicateName(e.At("id"), "item", id)
		}
		r.items[id] = int32(len(r.t.Items) - 1)
	}
}

// match finds out what says that an item is in the basket: the field and category that it names (4.3), a value of the
// basket, a field that says yes or no, or field=category.
func (r *associationReader) match(item *Item, e *pmml.Element, text string) {
	if _, ok := e.Attr("field"); ok {
		r.named(item, e)
		return
	}
	if _, ok := e.Attr("category"); ok {
		r.c.missingAttribute(e, "field")
		return
	}
	if r.m.grouped && len(r.m.active) == 1 {
		r.member(item, e, r.m.active[0], text)
		return
	}
	if name := strings.TrimSpace(text); r.isField(text) || r.isField(name) {
		if !r.isField(text) {
			text = name
		}
		r.flag(item, e, text)
		return
	}
	if name, category, ok := r.split(e, text); ok {
		r.category(item, e, name, category)
		return
	}
	if len(r.m.active) == 1 {
		r.member(item, e, r.m.active[0], text)
		return
	}
	r.c.invalidValue(e.At("value"), text, "a field, a field and its value as field=value, or a value of the only field")
}

// isField says that an item may be about a field: an active one, or one that is derived or comes from an earlier member.
func (r *associationReader) isField(name string) bool {
	if r.m.activeNames[name] {
		return true
	}
	f := r.m.scope.lookup(name)
	return f != nil && f.kind != dataKind && f.kind != treatedKind
}

// split finds the field and the category of an item that is written field=category.
func (r *associationReader) split(e *pmml.Element, text string) (field, category string, ok bool) {
	const bytes = 128 // of a name that are looked up at the price of one
	for at, c := range text {
		if c != '=' {
			continue
		}
		if !r.c.spend(e.At("value"), 1+at/bytes) {
			break
		}
		if field, category = text[:at], text[at+1:]; r.isField(field) {
			return field, category, true
		}
		if field = strings.TrimSpace(field); r.isField(field) {
			return field, strings.TrimSpace(category), true
		}
	}
	return "", "", false
}

// named reads the field and the category that an item names.
func (r *associationReader) named(item *Item, e *pmml.Element) {
	name, ok := r.c.name(e, "field")
	if !ok {
		return
	}
	if r.m.scope.lookup(name) == nil {
		r.c.unknownField(e.At("field"), name)
		return
	}
	if category, ok := e.Attr("category"); ok {
		r.category(item, e, name, category)
	} else if f := r.m.scope.lookup(name); f.typ == value.Boolean {
		r.flag(item, e, name)
	} else if !f.broken {
		r.c.missingAttribute(e, "category")
	}
}

// use gives a field by name its slot.
func (r *associationReader) use(e *pmml.Element, name string) *field {
	f := r.m.scope.lookup(name)
	if f == nil || f.broken {
		return nil
	}
	r.c.use(f, e.Place())
	if f.broken {
		return nil
	}
	r.m.reads.add(f.slot)
	return f
}

// member makes an item one of the values of a basket.
func (r *associationReader) member(item *Item, e *pmml.Element, name, text string) {
	if f := r.use(e, name); f != nil {
		f.takeList()
		r.is(item, e, f, text)
	}
}

// category makes an item a value of a field; in a transaction the field has several.
func (r *associationReader) category(item *Item, e *pmml.Element, name, text string) {
	if f := r.use(e, name); f != nil {
		if r.m.grouped {
			f.takeList()
		}
		r.is(item, e, f, text)
	}
}

func (r *associationReader) is(item *Item, e *pmml.Element, f *field, text string) {
	cell, ok := r.c.parse(f.typ, text)
	if !ok {
		r.c.noteNever(e.Place(), f, text)
		return
	}
	item.Slot, item.Is = f.slot, cell
	r.kinds(item, e, f, text)
}

// flag makes an item a field that says whether it is there.
func (r *associationReader) flag(item *Item, e *pmml.Element, name string) {
	if f := r.use(e, name); f != nil {
		item.Slot, item.Flag = f.slot, true
	}
}

// takeList lets a field, if it comes with the record, have several values.
func (f *field) takeList() {
	for f.kind == treatedKind {
		f = f.parent
	}
	if f.kind == dataKind {
		f.data.input.List = true
	}
}

// itemset reads an Itemset.
func (r *associationReader) itemset(e *pmml.Element) {
	r.c.attributes(e, "id", "support", "numberOfItems")
	set := Itemset{Support: r.share(e, "support", false)}
	seen := map[int32]bool{}
	n, words := 0, 0
	for child := range e.Children() {
		if child.Name() != "ItemRef" {
			r.c.unknownElement(child, e)
			continue
		}
		r.c.attributes(child, "itemRef")
		r.c.noChildren(child)
		n++
		id, ok := r.c.required(child, "itemRef")
		if !ok {
			continue
		}
		item, ok := r.items[id]
		if !ok {
			r.c.unknownReference(child.At("itemRef"), "item", id)
			continue
		}
		if !seen[item] {
			seen[item] = true
			set.Items = append(set.Items, item)
			words += r.words(item)
		}
	}
	r.c.noteCount(e, "numberOfItems", n)
	r.t.Itemsets = append(r.t.Itemsets, set)
	r.texts = append(r.texts, words)
	if id, ok := r.c.required(e, "id"); ok {
		if _, taken := r.itemsets[id]; taken {
			r.c.duplicateName(e.At("id"), "itemset", id)
		}
		r.itemsets[id] = int32(len(r.t.Itemsets) - 1)
	}
}

// words is what an item's text takes in a rule's.
func (r *associationReader) words(item int32) int {
	if text := r.t.Items[item].Text; text.State == value.Valid {
		return len(r.c.out.Symbols.Text(text))/4 + 1
	}
	return 1
}

// rule reads an AssociationRule.
func (r *associationReader) rule(e *pmml.Element) {
	r.c.attributes(e, "id", "antecedent", "consequent", "support", "confidence", "lift", "leverage", "affinity")
	r.c.noChildren(e)
	rule := AssociationRule{
		Antecedent: r.side(e, "antecedent"), Consequent: r.side(e, "consequent"),
		Support: r.share(e, "support", true), Confidence: r.share(e, "confidence", true),
		Lift: r.measure(e, "lift"), Leverage: r.measure(e, "leverage"), Affinity: r.share(e, "affinity", false),
	}
	id, ok := e.Attr("id")
	at := e.At("id")
	if !ok {
		id, at = strconv.Itoa(len(r.t.Rules)+1), e.Place()
	}
	if r.rules[id] {
		r.c.duplicateName(at, "rule", id)
	}
	r.rules[id] = true
	rule.ID = r.c.out.Symbols.Cell(id)
	if rule.Antecedent >= 0 && rule.Consequent >= 0 {
		r.m.ruleText += r.texts[rule.Antecedent] + r.texts[rule.Consequent] + 2
		rule.complete(&r.t.Itemsets[rule.Antecedent], &r.t.Itemsets[rule.Consequent])
	}
	r.t.Rules = append(r.t.Rules, rule)
}

// side reads the itemset on one side of a rule.
func (r *associationReader) side(e *pmml.Element, attr string) int32 {
	id, ok := r.c.required(e, attr)
	if !ok {
		return -1
	}
	set, ok := r.itemsets[id]
	if !ok {
		r.c.unknownReference(e.At(attr), "itemset", id)
		return -1
	}
	return set
}

// measure reads a number about a rule; NaN if there is none.
func (r *associationReader) measure(e *pmml.Element, attr string) float64 {
	text, ok := e.Attr(attr)
	if !ok {
		return math.NaN()
	}
	x := r.c.parseNumber(e.At(attr), text)
	if math.IsInf(x, 0) {
		r.c.numberOutOfRange(e.At(attr), text, "a finite number")
	}
	return x
}

// share reads a number that should be from 0 to 1. Some producers write others; they rank rules all the same.
func (r *associationReader) share(e *pmml.Element, attr string, required bool) float64 {
	if required {
		r.c.required(e, attr)
	}
	x := r.measure(e, attr)
	if (x < 0 || x > 1) && r.c.once("share", e.Name(), attr) {
		r.c.noteInconsistent(e.At(attr), "%s %g is not from 0 to 1", attr, x)
	}
	return x
}

// complete works out what is not written about a rule from the supports of its sides, where these are known. That of the
// antecedent follows from the rule's own numbers. PMML 4.4, Association Rules.
func (a *AssociationRule) complete(antecedent, consequent *Itemset) {
	left, right := antecedent.Support, consequent.Support
	if math.IsNaN(left) && a.Confidence > 0 {
		left = a.Support / a.Confidence
	}
	if math.IsNaN(right) && a.Lift > 0 {
		right = a.Confidence / a.Lift
	}
	if math.IsNaN(a.Lift) && right > 0 {
		a.Lift = a.Confidence / right
	}
	if math.IsNaN(a.Leverage) {
		a.Leverage = a.Support - float64(left*right) // not fused, so that it is the same on every machine
	}
	if either := left + right - a.Support; math.IsNaN(a.Affinity) && either > 0 {
		a.Affinity = a.Support / either
	}
}
