package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// targetOf finds what a model predicts and reads its Targets element.
func (c *checker) targetOf(m *model) {
	t := &m.common.Target
	t.Slot, t.Min, t.Max, t.Factor = -1, math.Inf(-1), math.Inf(1), 1
	c.nameTarget(m)
	c.typeTarget(m)
	if targets := m.parts["Targets"]; targets != nil {
		c.targets(m, targets)
	}
	if m.target != nil && m.classifies {
		m.declareCategories()
		for i, shown := range m.target.display {
			category := m.category(m.target.input.Valid[i])
			if _, ok := m.display[category]; !ok && shown.State == value.Valid {
				m.show(category, shown)
			}
		}
	}
	c.slotTarget(m)
}

// nameTarget finds the target field: that of the mining schema, or what Target@field or targetFieldName say.
func (c *checker) nameTarget(m *model) {
	t := &m.common.Target
	if m.multi {
		return // its members predict the targets
	}
	if len(m.targets) > 0 {
		chosen := m.targets[0]
		if len(m.targets) > 1 {
			chosen = c.chooseTarget(m)
		}
		t.Name = chosen.name
		c.targetField(m, t.Name, chosen.at)
		t.Op = c.opType(chosen.e, t.Op)
		return
	}
	for _, said := range m.saidTargets() {
		if f := c.global.names[said.name]; f != nil && f.kind == dataKind {
			t.Name = said.name
			c.targetField(m, said.name, said.at)
			return
		}
	}
}

// saidTargets are the names of targets outside of the mining schema.
func (m *model) saidTargets() []reference {
	var said []reference
	if targets := m.parts["Targets"]; targets != nil {
		for child := range targets.Children("Target") {
			if name, ok := child.Attr("field"); ok {
				said = append(said, reference{name, child.At("field")})
			}
		}
	}
	if name, ok := m.e.Attr("targetFieldName"); ok {
		said = append(said, reference{name, m.e.At("targetFieldName")})
	}
	return said
}

// chooseTarget decides among several targets: those of a chain are its members', and the last member gives the result.
func (c *checker) chooseTarget(m *model) targetName {
	if s := m.parts["Segmentation"]; s != nil {
		last := lastTarget(s)
		for _, t := range m.targets {
			if t.name == last {
				return t
			}
		}
	}
	c.noteInconsistent(m.targets[1].at, "the model predicts %q only", m.targets[0].name)
	return m.targets[0]
}

// lastTarget gives the target of the last segment.
func lastTarget(segmentation *pmml.Element) string {
	name := ""
	for segment := range segmentation.Children("Segment") {
		for model := range segment.Children(modelElements...) {
			if schema := model.Child("MiningSchema"); schema != nil {
				for f := range schema.Children("MiningField") {
					if usage, _ := f.Attr("usageType"); usage == "target" {
						name, _ = f.Attr("name")
					}
				}
			}
		}
	}
	return name
}

// targetField finds the definition of a target.
func (c *checker) targetField(m *model, name string, at diag.Place) {
	t := &m.common.Target
	f := c.global.names[name]
	if f != nil && f.kind == dataKind {
		m.target = f.data
		t.Type, t.Op, t.ValidTexts = f.typ, f.op, f.data.input.ValidTexts
		return
	}
	if f = m.scope.lookup(name); f == nil {
		if m.scope.names[name] == nil {
			c.unknownField(at, name)
		}
		return
	}
	t.Type, t.Op = f.typ, f.op
}

// typeTarget gives a target that is no data field its type: of a classification that of the model around it, of a
// regression a number. So does a member of an ensemble whose target is text: the model around it has to compute with what
// it gives, and writes the result as text.
func (c *checker) typeTarget(m *model) {
	t := &m.common.Target
	if m.parent != nil && embedded(m.e) {
		m.common.Float = m.parent.common.Float
	}
	combined := m.common.Function == "regression" && m.parent != nil && !m.inMulti && t.Type == value.String
	if (t.Type != value.NoType || m.multi || m.common.Function == "mixed" || m.common.Function == "associationRules") && !combined {
		return
	}
	switch {
	case m.classifies:
		t.Type, t.Op = value.String, Categorical
		if p := m.parent; p != nil && p.classifies && t.Name == "" {
			t.Type, t.Op = p.common.Target.Type, p.common.Target.Op
			m.target = p.target
			m.share(p.common.Target.Categories, p.categories)
			p.shared = true
		}
	case m.common.Function == "clustering":
		t.Type, t.Op = value.String, Categorical
	case m.common.Float:
		t.Type, t.Op = value.Float, Continuous
	default:
		t.Type, t.Op = value.Double, Continuous
	}
}

// declareCategories makes the target field's values the first categories.
func (m *model) declareCategories() {
	if m.classifies && m.target != nil && len(m.categories) == 0 {
		m.share(m.target.categories())
	}
}

// show gives a category a displayValue.
func (m *model) show(category int32, shown value.Cell) {
	if m.display == nil {
		m.display = map[int32]value.Cell{}
	}
	m.display[category] = shown
}

// slotTarget gives the targets of the top model their slots. A member of a multiModelChain predicts those of its name.
func (c *checker) slotTarget(m *model) {
	t := &m.common.Target
	switch {
	case m.parent == nil:
		c.targetSlots = map[string]int32{}
		for _, target := range m.targets {
			typ, op := value.NoType, Continuous
			if f := c.global.names[target.name]; f != nil {
				typ, op = f.typ, f.op
			}
			if target.name == t.Name {
				typ, op = t.Type, t.Op
			}
			c.addTarget(target.name, typ, op)
		}
		if len(c.out.Targets) == 0 && m.common.Function != "associationRules" && (!m.multi || t.Name != "") {
			c.addTarget(t.Name, t.Type, t.Op)
		}
		if slot, ok := c.targetSlots[t.Name]; ok && !m.multi {
			t.Slot = slot
		}
	case m.inMulti:
		if slot, ok := c.targetSlots[t.Name]; ok && t.Name != "" && !m.multi {
			t.Slot = slot
		}
	}
}

func (c *checker) addTarget(name string, t value.Type, op OpType) {
	slot := c.newSlot(name, t, op)
	c.produced(slot)
	c.targetSlots[name] = slot
	c.out.Targets = append(c.out.Targets, slot)
}

// targets reads a Targets element.
func (c *checker) targets(m *model, e *pmml.Element) {
	for child := range e.Children() {
		if child.Name() != "Target" {
			c.unknownElement(child, e)
			continue
		}
		c.attributes(child, "field", "optype", "castInteger", "min", "max", "rescaleConstant", "rescaleFactor")
		name, ok := child.Attr("field")
		switch {
		case !ok || name == m.common.Target.Name:
			c.readTarget(m, child)
		case !m.isTarget[name] && m.common.Target.Name != "" || !c.global.exists(name):
			c.unknownField(child.At("field"), name)
		}
	}
}

// readTarget reads the Target of the model's target.
func (c *checker) readTarget(m *model, e *pmml.Element) {
	t := &m.common.Target
	t.Op = c.opType(e, t.Op)
	if _, ok := e.Attr("castInteger"); ok {
		t.Cast = enum.Round + enum.CastInteger(c.choice(e, "castInteger", "round", "ceiling", "floor"))
	}
	t.Min, t.Max = c.number(e, "min", t.Min), c.number(e, "max", t.Max)
	t.Factor, t.Constant = c.number(e, "rescaleFactor", 1), c.number(e, "rescaleConstant", 0)
	if t.Min > t.Max {
		c.inconsistent(e.At("min"), "min is greater than max")
	}
	m.declareCategories()
	for child := range e.Children() {
		if child.Name() != "TargetValue" {
			c.unknownElement(child, e)
			continue
		}
		c.targetValue(m, child)
	}
	m.declared = len(t.Categories)
}

func (c *checker) targetValue(m *model, e *pmml.Element) {
	t := &m.common.Target
	c.attributes(e, "value", "displayValue", "priorProbability", "defaultValue")
	for child := range e.Children() {
		if child.Name() != "Partition" {
			c.unknownElement(child, e)
		}
	}
	if text, ok := e.Attr("defaultValue"); ok && !m.classifies {
		t.Default = value.DoubleOf(c.parseNumber(e.At("defaultValue"), text))
	}
	text, ok := e.Attr("value")
	if !ok || !m.classifies {
		return
	}
	category := m.category(c.literal(e.At("value"), t.Type, text))
	if shown, ok := e.Attr("displayValue"); ok {
		m.show(category, c.out.Symbols.Cell(shown))
	}
	if _, ok := e.Attr("priorProbability"); ok {
		if m.priors == nil {
			m.priors = map[int32]float64{}
		}
		m.priors[category] = c.atLeast(e, "priorProbability", 0, 0)
	}
}

// finishTarget completes what is said about each category once all are known.
func (c *checker) finishTarget(m *model) {
	t := &m.common.Target
	if len(m.display) > 0 {
		t.Display = make([]value.Cell, len(t.Categories))
		for i, shown := range m.display {
			t.Display[i] = shown
		}
	}
	if m.priors == nil {
		return
	}
	sum := 0.0
	for i := range t.Categories {
		sum += m.priors[int32(i)]
	}
	if sum <= 0 {
		return
	}
	if math.Abs(sum-1) < 1e-9 {
		sum = 1 // what is written is meant
	}
	t.Priors = make([]float64, len(t.Categories))
	for i := range t.Priors {
		t.Priors[i] = m.priors[int32(i)] / sum
	}
}
