package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"slices"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A member is what is kept of a model in a MiningModel.
type member struct {
	target     Target
	categories map[value.Cell]int32 // see model
	given      []Output
	outputs    map[string]*field
	reasons    bool // it can give reason codes
	clusters   bool // its categories are clusters
	rules      int  // of an association model
	associates bool
	ruleText   int

	memberships bool // its clusters have probabilities
}

// methodsOf are the methods that combine the results of a mining function. mixed has those that combine nothing.
var methodsOf = map[string][]enum.Method{
	"classification": {enum.MajorityVote, enum.WeightedMajorityVote, enum.Average, enum.WeightedAverage, enum.Median, enum.WeightedMedian, enum.Max,
		enum.SelectFirst, enum.SelectAll, enum.ModelChain, enum.MultiModelChain},
	"regression": {enum.Average, enum.WeightedAverage, enum.Median, enum.WeightedMedian, enum.Sum, enum.WeightedSum,
		enum.SelectFirst, enum.SelectAll, enum.ModelChain, enum.MultiModelChain},
	"associationRules": {enum.SelectFirst, enum.SelectAll, enum.ModelChain, enum.MultiModelChain},
	"clustering":       {enum.MajorityVote, enum.WeightedMajorityVote, enum.SelectFirst, enum.SelectAll, enum.ModelChain, enum.MultiModelChain},
	"mixed":            {enum.SelectFirst, enum.SelectAll, enum.ModelChain, enum.MultiModelChain},
}

// miningModel checks a MiningModel.
func (c *checker) miningModel(e *pmml.Element, parent *model) *model {
	t := &MiningModel{Threshold: 1}
	m := c.begin(e, parent, &t.ModelCommon, nil, []string{"Segmentation"}, []string{"Regression", "DecisionTree"})
	switch s := m.parts["Segmentation"]; {
	case s != nil:
		c.segmentation(m, t, s)
	default:
		c.composition(m, t)
	}
	c.uniteCategories(m, t)
	c.giveResults(m, t)
	m.countRules(t.Method)
	switch t.Method {
	case enum.Median, enum.WeightedMedian, enum.Max: // keep what each member says until all have been heard
		c.grow(e.Place(), 2*len(t.Segments)*len(t.Target.Categories))
	}
	return c.end(m, t)
}

func (c *checker) segmentation(m *model, t *MiningModel, e *pmml.Element) {
	c.attributes(e, "multipleModelMethod", "missingPredictionTreatment", "missingThreshold")
	method, ok := c.requiredChoice(e, "multipleModelMethod", enum.Methods...)
	t.Method = enum.Method(method)
	if of := methodsOf[t.Function]; ok && of != nil && !slices.Contains(of, t.Method) {
		c.unsupportedTogether(e, "multipleModelMethod", enum.Methods[method], "functionName "+quote(t.Function))
	}
	t.OnMissing = enum.MissingPrediction(c.choice(e, "missingPredictionTreatment", enum.MissingPredictions...))
	t.Threshold = c.atLeast(e, "missingThreshold", 0, 1)
	m.chain = t.Method == enum.ModelChain || t.Method == enum.MultiModelChain
	for child := range e.Children() {
		switch child.Name() {
		case "Segment":
			c.segment(m, t, child)
		case "LocalTransformations": // 4.0; read with those of the model
		default:
			c.unknownElement(child, e)
		}
	}
	if len(t.Segments) == 0 {
		c.missingElement(e, "Segment")
	}
}

func (c *checker) segment(m *model, t *MiningModel, e *pmml.Element) {
	c.attributes(e, "id", "weight")
	s := Segment{ID: strconv.Itoa(len(t.Segments) + 1), Weight: c.atLeast(e, "weight", 0, 1), WeightSlot: -1}
	if id, ok := e.Attr("id"); ok {
		s.ID = id
		if _, taken := m.ids[id]; taken {
			c.duplicateName(e.At("id"), "segment", id)
		}
	}
	var sub *model
	for child := range e.Children() {
		name := child.Name()
		switch read := c.readers[name]; {
		case isPredicate(name):
			if s.Predicate != nil {
				c.duplicatePredicate(child, e)
			}
			s.Predicate = c.predicate(m, child)
		case name == "VariableWeight":
			c.variableWeight(m, &s, child)
		case slices.Contains(modelElements, name) && sub != nil:
			c.duplicateModel(child, e)
		case read != nil:
			m.runs = always(s.Predicate)
			m.maySkip = !m.runs || t.Method == enum.SelectFirst && len(t.Segments) > 0
			sub = read(c, child, m)
			c.memberFunction(m, t, sub)
		case slices.Contains(modelElements, name):
			sub = &model{e: child, common: &ModelCommon{}}
			c.unsupportedElement(child)
		default:
			c.unknownElement(child, e)
		}
	}
	if s.Predicate == nil {
		c.missingElement(e, "<Predicate>")
	}
	if sub == nil {
		c.missingElement(e, "<Model>")
		sub = &model{e: e, common: &ModelCommon{}}
	}
	t.Segments = append(t.Segments, s)
	c.addMember(m, s.ID, sub)
}

// variableWeight reads the field that has a segment's weight.
func (c *checker) variableWeight(m *model, s *Segment, e *pmml.Element) {
	c.attributes(e, "field")
	c.noChildren(e)
	f, ok := c.read(m, e, "field")
	if !ok {
		return
	}
	if f.typ == value.String {
		c.wrongOperand(e.At("field"), f.name, f.typ, "a number")
	}
	s.WeightSlot = f.slot
}

// memberFunction checks that a member's results can be combined. A chain has members of all kinds.
func (c *checker) memberFunction(m *model, t *MiningModel, sub *model) {
	own, of := sub.common.Function, m.common.Function
	if selects := t.Method == enum.SelectFirst || t.Method == enum.SelectAll || m.chain; sub.lists && !selects {
		c.unsupportedTogether(m.parts["Segmentation"], "multipleModelMethod", t.Method.String(), "a member that selects several results")
	} else if sub.lists || t.Method == enum.SelectAll {
		m.lists = true
	}
	if own == of || own == "" || of == "" || of == "mixed" || m.chain {
		return
	}
	if t.Method == enum.SelectFirst || t.Method == enum.SelectAll {
		c.noteInconsistent(sub.e.At("functionName"), "the model is a %s in a %s", own, of)
		return
	}
	c.otherFunction(sub.e, own, of)
}

// copied is the work of passing something on from a member to the model around it.
const copied = 20

// countRules adds up the association rules of the members one of which decides.
func (m *model) countRules(method enum.Method) {
	if method != enum.SelectFirst && method != enum.ModelChain && method != enum.MultiModelChain {
		return
	}
	for i := range m.members {
		m.associates = m.associates || m.members[i].associates
		m.reasons = m.reasons || m.members[i].reasons
		m.rules += m.members[i].rules
		m.ruleText += m.members[i].ruleText
	}
}

// addMember keeps what the model around a member needs of it.
func (c *checker) addMember(m *model, id string, sub *model) {
	if m.ids == nil {
		m.ids = map[string]int{}
	}
	m.ids[id] = len(m.members)
	m.members = append(m.members, member{sub.common.Target, sub.categories, sub.given, sub.outputs, sub.reasons, sub.common.Function == "clustering", sub.rules, sub.associates, sub.ruleText, sub.memberships})
	if !m.chain {
		return
	}
	for _, f := range sub.visible {
		m.addDirect(c, f)
		m.see(f)
	}
	if !c.spend(m.e.Place(), copied*len(sub.deeper)) {
		return
	}
	for _, f := range sub.deeper {
		if old := m.scope.names[f.name]; old == nil || old.kind != outputKind {
			m.see(f)
		}
	}
}

// A directOutput is an output field of a member of a chain. Members that do not both run for a record may have one of the
// same name: then these are one.
type directOutput struct {
	field *field
	runs  bool // its member always runs
}

// addDirect keeps an output field of a member.
func (m *model) addDirect(c *checker, f *field) {
	old, taken := m.direct[f.name]
	if taken && (old.field.slot != f.slot || old.runs && m.runs) {
		c.duplicateName(f.place, "output field", f.name)
	}
	if m.direct == nil {
		m.direct = map[string]directOutput{}
	}
	m.direct[f.name] = directOutput{f, m.runs || old.runs}
}

// sameOutput gives the slot of an output field that an earlier member of the chain around the model has.
func (m *model) sameOutput(name string, t value.Type) (int32, bool) {
	if m.parent == nil || !m.parent.chain {
		return -1, false
	}
	old, ok := m.parent.direct[name]
	if !ok || old.field.typ != t {
		return -1, false
	}
	return old.field.slot, true
}

// see makes an output field of a member visible to later members.
func (m *model) see(f *field) {
	m.scope.names[f.name] = f
	delete(m.scope.outer, f.name)
	m.deeper = append(m.deeper, f)
}

// composition reads a MiningModel of PMML 3, which has no segments but models that follow one another.
func (c *checker) composition(m *model, t *MiningModel) {
	t.Method, m.chain, m.runs = enum.ModelChain, true, true
	for child := range m.e.Children("Regression", "DecisionTree") {
		read := (*checker).regressionModel
		if child.Name() == "DecisionTree" {
			read = (*checker).treeModel
		}
		sub := read(c, child, m)
		t.Segments = append(t.Segments, alwaysSegment(len(t.Segments)))
		c.addMember(m, t.Segments[len(t.Segments)-1].ID, sub)
	}
	if len(t.Segments) == 0 {
		c.missingElement(m.e, "Segmentation")
	}
}

// alwaysSegment is the i-th segment of those that no Segment element tells apart.
func alwaysSegment(i int) Segment {
	return Segment{ID: strconv.Itoa(i + 1), Predicate: &expr.Always{Truth: value.True}, Weight: 1, WeightSlot: -1}
}

// uniteCategories adds the categories of the members to those of the model.
func (c *checker) uniteCategories(m *model, t *MiningModel) {
	if !m.classifies && m.common.Function != "clustering" {
		return
	}
	for i := range m.members {
		sub := &m.members[i].target
		if n := len(sub.Categories); n == 0 || n <= len(t.Target.Categories) && &sub.Categories[0] == &t.Target.Categories[0] {
			continue // shared
		} else if !c.spend(m.e.Place(), n) {
			return
		}
		other := m.chain && sub.Name != "" && sub.Name != t.Target.Name && t.Target.Name != "" // it predicts something else
		other = other || m.members[i].clusters != (m.common.Function == "clustering")
		places := make([]int32, len(sub.Categories))
		for k, cell := range sub.Categories {
			if places[k] = -1; !other {
				if own, ok := value.Convert(cell, t.Target.Type, c.out.Symbols); ok {
					cell = own
				}
				places[k] = m.category(cell)
				m.showAs(places[k], sub, k)
			}
		}
		t.Segments[i].Places = places
	}
}

// showAs shows a cluster of the model as a member shows it.
func (m *model) showAs(category int32, sub *Target, k int) {
	if _, shown := m.display[category]; !shown && !m.classifies && sub.Display != nil && sub.Display[k].State == value.Valid {
		m.show(category, sub.Display[k])
	}
}

// giveResults finds the members whose output fields are results of the model: those that can give its own result. Of a
// chain those are the last ones up to one that always runs, of selectFirst the first ones.
func (c *checker) giveResults(m *model, t *MiningModel) {
	from, to := 0, 0
	switch n := len(t.Segments); t.Method {
	case enum.MultiModelChain:
		to = n
	case enum.ModelChain:
		from, to = n, n
		for from > 0 && (from == n || !always(t.Segments[from].Predicate)) {
			from--
		}
	case enum.SelectFirst:
		for to < n && (to == 0 || !always(t.Segments[to-1].Predicate)) {
			to++
		}
	}
	for _, sub := range m.members[from:to] {
		if c.spend(m.e.Place(), copied*len(sub.given)) {
			m.given = append(m.given, sub.given...)
		}
	}
}

func always(p expr.Predicate) bool {
	a, ok := p.(*expr.Always)
	return ok && a.Truth == value.True
}
