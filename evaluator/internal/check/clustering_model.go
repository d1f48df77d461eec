package check

import (
	"cmp"
	"strconv"

	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A clusterReader reads the fields and clusters of a ClusteringModel.
type clusterReader struct {
	*comparisonReader
	t      *ClusteringModel
	mix    *mixtureReader // nil: the clusters are centres
	center []bool         // of each ClusteringField: whether centres have a coordinate for it
	seen   map[string]bool
}

// clusteringModel checks a ClusteringModel.
func (c *checker) clusteringModel(e *pmml.Element, parent *model) *model {
	t := &ClusteringModel{}
	m := c.begin(e, parent, &t.ModelCommon, []string{"modelClass", "numberOfClusters"},
		[]string{"ComparisonMeasure", "CenterFields", "MissingValueWeights"}, []string{"ClusteringField", "Cluster"})
	if targets := m.parts["Targets"]; targets != nil {
		c.unknownElement(targets, e)
	}
	class, _ := c.requiredChoice(e, "modelClass", "centerBased", "distributionBased")
	r := &clusterReader{comparisonReader: &comparisonReader{c: c, m: m, k: &t.Comparison}, t: t, seen: map[string]bool{}}
	if measure := m.parts["ComparisonMeasure"]; measure != nil {
		r.comparisonReader = c.comparisonMeasure(m, measure, &t.Comparison)
	} else if class == 0 {
		c.missingElement(e, "ComparisonMeasure")
	}
	if class == 1 {
		t.Mixture, m.memberships = &Mixture{}, true
		r.mix = &mixtureReader{named: map[string]*mixedField{}}
	}
	if centers := m.parts["CenterFields"]; centers != nil {
		r.centerFields(centers)
	} else {
		r.clusteringFields()
	}
	if r.mix == nil {
		r.direction()
	} else {
		r.settleFields()
	}
	if weights := m.parts["MissingValueWeights"]; weights != nil {
		r.missingWeights(weights)
	}
	r.clusters()
	if _, ok := c.required(e, "numberOfClusters"); ok {
		c.noteCount(e, "numberOfClusters", len(t.Clusters))
	}
	return c.end(m, t)
}

// clusteringFields reads the ClusteringFields. The centres have coordinates for those that are centre fields.
func (r *clusterReader) clusteringFields() {
	for e := range r.m.e.Children("ClusteringField") {
		f, ok := r.namedField(e)
		isCenter := r.c.boolean(e, "isCenterField", true)
		r.center = append(r.center, isCenter)
		if !ok {
			f = &field{slot: -1, broken: true}
		}
		switch {
		case r.mix != nil:
			r.mixed(e, f, e.At("field"), isCenter)
		case isCenter:
			r.m.reads.add(f.slot)
			r.field(e, f, e.At("field"))
		default:
			r.attributes(e, &ComparisonField{})
		}
	}
	if len(r.center) == 0 {
		r.c.missingElement(r.m.e, "ClusteringField")
	}
}

// namedField checks a ClusteringField and gives the field that it names.
func (r *clusterReader) namedField(e *pmml.Element) (*field, bool) {
	r.c.attributes(e, "field", "isCenterField", "fieldWeight", "similarityScale", "compareFunction")
	r.c.single(e, []string{"Comparisons"})
	name, ok := r.c.name(e, "field")
	if !ok {
		return nil, false
	}
	f := r.m.scope.lookup(name)
	if f == nil {
		r.c.unknownField(e.At("field"), name)
		return nil, false
	}
	r.c.use(f, e.At("field"))
	return f, !f.broken
}

// centerFields reads what documents until 3.1 have: the coordinates of the centres are derived fields of their own. A
// ClusteringField says how one is compared if it names it, or the only field that it is derived from.
func (r *clusterReader) centerFields(e *pmml.Element) {
	r.c.attributes(e)
	var derived []*field
	for child := range e.Children() {
		if child.Name() != "DerivedField" {
			r.c.unknownElement(child, e)
			continue
		}
		before := len(r.m.scope.local)
		r.c.derivedField(r.m.scope, child)
		derived = append(derived, r.m.scope.local[before:]...)
	}
	named := map[string]*pmml.Element{}
	for child := range r.m.e.Children("ClusteringField") {
		if f, ok := r.namedField(child); ok && named[f.name] == nil {
			named[f.name] = child
		}
	}
	for _, f := range derived {
		r.c.use(f, f.place)
		of := named[f.name]
		if fields := f.formula.fields; of == nil && len(fields) == 1 {
			of = named[fields[0].name]
		}
		r.center = append(r.center, true)
		if r.mix != nil {
			r.mixed(of, f, f.place, true)
			continue
		}
		r.m.reads.add(f.slot)
		r.field(of, f, f.place)
	}
	if e.Child("DerivedField") == nil {
		r.c.missingElement(e, "DerivedField")
	}
}

// missingWeights reads MissingValueWeights: one for each centre field, or for each ClusteringField.
func (r *clusterReader) missingWeights(e *pmml.Element) {
	r.c.attributes(e)
	array := r.c.single(e, []string{"Array"})["Array"]
	if array == nil {
		r.c.missingElement(e, "Array")
		return
	}
	weights := r.c.numbers(array)
	if len(r.center) == 0 {
		return // that was reported
	}
	if r.mix != nil {
		r.c.noteInconsistent(e.Place(), "distributions need no weights of missing values: these change nothing")
		return
	}
	if len(weights) != len(r.center) && len(weights) != len(r.k.Fields) {
		r.c.inconsistent(array.Place(), "there are %d weights for %d fields", len(weights), len(r.k.Fields))
		return
	}
	all, next := len(weights) == len(r.center), 0
	for i, w := range weights {
		if w < 0 {
			r.c.numberOutOfRange(array.Place(), strconv.FormatFloat(w, 'g', -1, 64), "a number from 0")
		}
		if !all || r.center[i] {
			r.k.Fields[next].MissingWeight = w
			next++
		}
	}
}

// clusters reads the Clusters. Their ids are the categories that the model predicts, their names what these are shown as.
func (r *clusterReader) clusters() {
	var ids, names []string
	for e := range r.m.e.Children("Cluster") {
		id, _ := e.Attr("id")
		id = cmp.Or(id, strconv.Itoa(len(ids)+1)) // PMML 4.4, Cluster: the position is the id of one that has none
		if r.seen[id] {
			r.c.duplicateName(e.At("id"), "cluster", id)
		}
		r.seen[id] = true
		name, _ := e.Attr("name")
		ids, names = append(ids, id), append(names, name)
		r.cluster(e, id)
	}
	if r.mix != nil {
		r.priors()
	}
	if len(ids) == 0 {
		r.c.missingElement(r.m.e, "Cluster")
		return
	}
	r.predict(ids, names)
}

// predict makes categories of the clusters: in the type of the target field, if all ids are values of it.
func (r *clusterReader) predict(ids, names []string) {
	t := &r.t.Target
	for _, id := range ids {
		if _, ok := value.Parse(t.Type, id, r.c.out.Symbols); !ok {
			r.c.noteInconsistent(r.m.targets[0].at, "cluster %q is not a value of type %s, so the prediction is text", id, t.Type)
			t.Type, t.Op = value.String, Categorical
			if t.Slot >= 0 {
				r.c.out.Slots[t.Slot].Type, r.c.out.Slots[t.Slot].Op = t.Type, t.Op
			}
			break
		}
	}
	for i, id := range ids {
		cell, _ := value.Parse(t.Type, id, r.c.out.Symbols)
		category := r.m.category(cell)
		if names[i] != "" {
			r.m.show(category, r.c.out.Symbols.Cell(names[i]))
		}
		r.t.Clusters[i].ID, r.t.Clusters[i].Category = r.c.out.Symbols.Cell(id), category
	}
}

// cluster reads a Cluster. Where it lies on a map does not matter here; how many records it has and how they are spread
// does not matter for a centre.
func (r *clusterReader) cluster(e *pmml.Element, id string) {
	r.c.attributes(e, "id", "name", "size")
	parts := r.c.single(e, []string{"KohonenMap", "Array", "Partition", "Covariances"})
	if place := parts["KohonenMap"]; place != nil {
		r.c.attributes(place, "coord1", "coord2", "coord3")
		r.c.noChildren(place)
		for _, attr := range []string{"coord1", "coord2", "coord3"} {
			r.noteNumber(place, attr)
		}
	}
	var cluster Cluster
	switch array := parts["Array"]; {
	case r.mix != nil:
		cluster.Distribution = r.distribution(e, parts, id)
	case array != nil:
		r.noteNumber(e, "size")
		cluster.Center = r.centerOf(array)
	default:
		r.noteNumber(e, "size")
		r.c.missingElement(e, "Array")
	}
	r.t.Clusters = append(r.t.Clusters, cluster)
}

// noteNumber reports what should be a number but does not change a score.
func (r *clusterReader) noteNumber(e *pmml.Element, attr string) {
	text, ok := e.Attr(attr)
	if !ok {
		return
	}
	if _, ok = value.Parse(value.Double, text, nil); !ok {
		r.c.noteInconsistent(e.At(attr), "%s is %q, which is not a number", attr, text)
	}
}

// centerOf reads the coordinates of a centre.
func (r *clusterReader) centerOf(array *pmml.Element) []float64 {
	n, fields := 0, len(r.k.Fields)
	center := make([]float64, 0, min(fields, len(array.Text())))
	ok := r.c.arrayTexts(array, func(text string) {
		if n++; n <= fields {
			center = append(center, r.coordinate(array.Place(), n-1, text))
		}
	})
	const words = 8 // that a coordinate takes while the model is compiled
	r.c.grow(array.Place(), words*n)
	if ok && n != fields && fields > 0 {
		r.c.inconsistent(array.Place(), "the centre has %d coordinates, but %d fields are compared", n, fields)
	}
	return center
}
