package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"maps"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A reader checks one type of model element and hands it over. parent is the model that it is in, nil for the top model.
type reader func(c *checker, e *pmml.Element, parent *model) *model

// modelReaders has the readers of the model elements that can be scored.
func modelReaders() map[string]reader {
	return map[string]reader{
		"AssociationModel": (*checker).associationModel,
		"ClusteringModel":  (*checker).clusteringModel,
		"MiningModel":      (*checker).miningModel,
		"RegressionModel":  (*checker).regressionModel,
		"Scorecard":        (*checker).scorecard,
		"TreeModel":        (*checker).treeModel,
	}
}

// resultFields names the child elements that a model has because it is one of PMML 3.
func resultFields(e *pmml.Element) []string {
	if embedded(e) {
		return []string{"ResultField"}
	}
	return nil
}

// modelElements are the names of all model elements.
var modelElements = []string{
	"AnomalyDetectionModel", "AssociationModel", "BaselineModel", "BayesianNetworkModel", "ClusteringModel",
	"GaussianProcessModel", "GeneralRegressionModel", "MiningModel", "NaiveBayesModel", "NearestNeighborModel",
	"NeuralNetwork", "RegressionModel", "RuleSetModel", "Scorecard", "SequenceModel", "SupportVectorMachineModel",
	"TextModel", "TimeSeriesModel", "TreeModel",
}

// Elements gives the names of the model elements that can be scored, in the order of the alphabet.
func Elements() []string {
	var names []string
	for name := range modelReaders() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A model is a model element that is being checked.
type model struct {
	e      *pmml.Element
	parent *model
	scope  *scope
	parts  map[string]*pmml.Element // child elements that stand once
	common *ModelCommon
	reads  slotSet // of the model's own element

	targets    []targetName    // of the mining schema
	isTarget   map[string]bool // by name
	target     *dataField      // the target field; nil if the model has none
	classifies bool
	categories map[value.Cell]int32 // index in the target's categories
	shared     bool                 // categories belongs to another model or a field
	declared   int                  // how many of them are the target field's own
	display    map[int32]value.Cell // displayValue by category
	priors     map[int32]float64    // priorProbability by category

	active      []string // of the mining schema
	activeNames map[string]bool
	grouped     bool // the mining schema has a group field
	associates  bool // it gives association rules
	rules       int  // how many
	ruleText    int  // words that the texts of all rules take
	showsRules  bool // some output shows the text of rules

	reasons     bool                    // it can give reason codes
	memberships bool                    // its clusters have probabilities
	multi       bool                    // it is a multiModelChain: its members predict the targets
	inMulti     bool                    // all models around it are
	members     []member                // of a MiningModel
	ids         map[string]int          // of members: their indexes
	outputs     map[string]*field       // its own output fields by name
	chain       bool                    // whether later members and outputs see the outputs of its members
	lists       bool                    // its prediction is a list
	given       []Output                // output fields that are results of the model: its last members' and its own
	visible     []*field                // its own output fields: later members of a chain around it see them
	deeper      []*field                // those of its members, if it is a chain: later members see them unless nearer ones have their names
	direct      map[string]directOutput // the output fields of its members, if it is a chain
	runs        bool                    // the member that is read always runs
	maySkip     bool                    // the member that is read may not run although the model does
}

// A targetName is a target in a mining schema.
type targetName struct {
	name string
	at   diag.Place
	e    *pmml.Element
}

// begin reads what all models have and what does not depend on their content. attributes are those besides the common
// ones, once are child elements that stand once, content those that stand any number of times.
func (c *checker) begin(e *pmml.Element, parent *model, common *ModelCommon, attributes, once, content []string) *model {
	c.attributes(e, append(attributes, "modelName", "functionName", "algorithmName", "isScorable", "x-mathContext")...)
	outer := c.global
	if parent != nil {
		outer = parent.scope
	}
	m := &model{e: e, parent: parent, scope: c.newScope(outer), common: common, categories: map[value.Cell]int32{}}
	m.parts = c.single(e, append(once, "MiningSchema", "Output", "ModelStats", "ModelExplanation", "Targets",
		"LocalTransformations", "ModelVerification"), content...)
	if s := m.parts["Segmentation"]; s != nil {
		method, _ := s.Attr("multipleModelMethod")
		m.multi = method == enum.MultiModelChain.String()
	} else {
		m.multi = hasTableTargets(e)
	}
	m.inMulti = parent != nil && parent.multi && (parent.parent == nil || parent.inMulti)
	common.Element = e.Name()
	common.Name, _ = e.Attr("modelName")
	common.Algorithm, _ = e.Attr("algorithmName")
	common.Float = c.choice(e, "x-mathContext", "double", "float") == 1
	c.functionName(m)
	if t := m.parts["LocalTransformations"]; t != nil {
		c.localTransformations(m.scope, t)
	}
	if s := m.parts["Segmentation"]; s != nil {
		if t := s.Child("LocalTransformations"); t != nil { // 4.0
			c.localTransformations(m.scope, t)
		}
	}
	switch s := m.parts["MiningSchema"]; {
	case s != nil:
		c.miningSchema(m, s)
	case !embedded(e):
		c.missingElement(e, "MiningSchema")
	}
	c.targetOf(m)
	return m
}

// embedded says that a model is one of PMML 3 that stands in a Node or directly in a MiningModel: it has the mining
// schema and the arithmetic of the model around it.
func embedded(e *pmml.Element) bool { return e.Name() == "Regression" || e.Name() == "DecisionTree" }

var miningFunctions = []string{
	"classification", "regression", "mixed", "associationRules", "sequences", "clustering", "timeSeries",
}

func (c *checker) functionName(m *model) {
	i, ok := c.requiredChoice(m.e, "functionName", miningFunctions...)
	if !ok {
		return
	}
	m.common.Function = miningFunctions[i]
	m.classifies = i == 0
	element := m.e.Name()
	switch {
	case element == "AssociationModel":
		if miningFunctions[i] != "associationRules" {
			c.unsupportedTogether(m.e, "functionName", miningFunctions[i], "association rules")
		}
	case element == "ClusteringModel":
		if miningFunctions[i] != "clustering" {
			c.unsupportedTogether(m.e, "functionName", miningFunctions[i], "clusters")
		}
	case element == "MiningModel" && (i == 2 || miningFunctions[i] == "associationRules" || miningFunctions[i] == "clustering"):
	case i >= 2:
		c.unsupportedValue(m.e, "functionName", miningFunctions[i])
	}
}

// end reads what depends on the content of a model, and hands it over.
func (c *checker) end(m *model, complete Model) *model {
	c.finishTarget(m)
	m.common.Reads = m.reads.list
	c.output(m)
	c.growSteps(m)
	tree, _ := complete.(*TreeModel)
	c.growCategories(m, tree)
	c.unused(m.scope)
	m.given = append(m.given, m.common.Outputs...)
	c.hand(complete)
	return m
}

// read gives the slot of a field that the model's own element names; -1 and false if there is a fault.
func (c *checker) read(m *model, e *pmml.Element, attr string) (*field, bool) {
	name, ok := c.name(e, attr)
	if !ok {
		return nil, false
	}
	f := m.scope.lookup(name)
	if f == nil {
		c.unknownField(e.At(attr), name)
		return nil, false
	}
	c.use(f, e.At(attr))
	if f.broken {
		return nil, false
	}
	m.reads.add(f.slot)
	return f, true
}

// category gives the index of a category in the model's target, which gets it if it is new.
func (m *model) category(cell value.Cell) int32 {
	i, ok := m.categories[cell]
	if !ok {
		if m.shared {
			m.categories, m.shared = maps.Clone(m.categories), false
		}
		i = int32(len(m.common.Target.Categories))
		m.categories[cell] = i
		m.common.Target.Categories = append(m.common.Target.Categories, cell)
	}
	return i
}

// share makes another model's or a field's categories the first of a model that has none yet, without copying them.
func (m *model) share(cells []value.Cell, index map[value.Cell]int32) {
	m.common.Target.Categories, m.categories, m.shared = cells[:len(cells):len(cells)], index, true
	m.declared = len(cells)
}
