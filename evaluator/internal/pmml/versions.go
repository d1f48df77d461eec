package pmml

import "strings"

// What older versions and some producers spell differently, and how PMML 4.4 spells it: no other place knows. A
// spelling is recognized in every version, because many documents hold markup of another version than they say; only
// what means something else in another version is bound to its own.

// elementNames: a child element of an element.
var elementNames = []struct{ parent, from, to string }{
	{"INT-SparseArray", "Entries", "INT-Entries"},         // 3.0, 3.1 (DOC-20)
	{"REAL-SparseArray", "Entries", "REAL-Entries"},       // 3.0, 3.1 (DOC-20)
	{"ExponentialSmoothing", "Trend", "Trend_ExpoSmooth"}, // 4.0 (DOC-17)
}

// attributeNames: an attribute of elements.
var attributeNames = []struct{ elements, from, to, version string }{
	{"Apply", "mapMissingTo", "defaultValue", "4.1"},                                   // since 4.2 there are both (DOC-15)
	{"TargetValue", "rawDataValue", "displayValue", ""},                                // 3.0, 3.1 (DOC-16)
	{"MiningField", "x-invalidValueReplacement", "invalidValueReplacement", ""},        // JPMML before 4.4
	{"Segmentation", "x-missingPredictionTreatment", "missingPredictionTreatment", ""}, // JPMML before 4.4
	{"Segmentation", "x-missingThreshold", "missingThreshold", ""},                     // JPMML before 4.4
	{"OutputField", "x-targetField", "targetField", ""},                                // JPMML before 4.0
	{typed, "datatype", "dataType", ""},                                                // the standard's examples, RapidMiner (DOC-50, EX-25)
}

// attributeValues: the value of an attribute of elements. A star at the end stands for whatever follows.
var attributeValues = []struct{ elements, attribute, from, to string }{
	{"MiningField", "usageType", "predicted", "target"},                                 // before 4.2 (DOC-14)
	{"MiningField", "invalidValueTreatment", "x-returnInvalid", "returnInvalid"},        // JPMML before 4.4
	{"MiningField", "missingValueTreatment", "x-returnInvalid", "returnInvalid"},        // JPMML before 4.4
	{"Segmentation", "multipleModelMethod", "x-weightedSum", "weightedSum"},             // JPMML before 4.4
	{"Segmentation", "multipleModelMethod", "x-weightedMedian", "weightedMedian"},       // JPMML before 4.4
	{"OutputField", "feature", "clusterId", "entityId"},                                 // before 4.1 (DOC-24)
	{"OutputField", "feature", "clusterAffinity", "affinity"},                           // before 4.1 (DOC-24)
	{"OutputField", "feature", "entityAffinity", "affinity"},                            // before 4.1 (DOC-24)
	{"TimeAnchor", "type", "dateTimeSecdondsSince*", "dateTimeSecondsSince*"},           // 4.0 (DOC-26)
	{"TimeAnchor", "type", "dateTimeMillisecdondsSince*", "dateTimeMillisecondsSince*"}, // 4.0 (DOC-26)
	{typed, "dataType", "xs:*", "*"},                                                    // the standard's examples (DOC-50)
	{typed, "dataType", "xsd:*", "*"},                                                   // likewise
	{typed, "dataType", "x-dateDaysSince*", "dateDaysSince*"},                           // JPMML before 4.4
	{typed, "dataType", "x-dateTimeSecondsSince*", "dateTimeSecondsSince*"},             // JPMML before 4.4
}

// typed are the elements that have a dataType.
const typed = "Constant DataField DefineFunction DerivedField OutputField ParameterField"

// A spelling is what an element's attributes are checked for.
type spelling struct {
	attribute, to string // the attribute's name and its name in 4.4, or ""
	value, toV    string // the attribute's value and its value in 4.4, if to is ""
	version       string // the only version in which it holds, or ""
}

// spellings has the rows of attributeNames, then of attributeValues, by the name of the element.
var spellings = func() map[string][]spelling {
	by := map[string][]spelling{}
	add := func(elements string, s spelling) {
		for _, e := range strings.Fields(elements) {
			by[e] = append(by[e], s)
		}
	}
	for _, r := range attributeNames {
		add(r.elements, spelling{attribute: r.from, to: r.to, version: r.version})
	}
	for _, r := range attributeValues {
		add(r.elements, spelling{attribute: r.attribute, value: r.from, toV: r.to})
	}
	return by
}()

// elementName gives the name in 4.4 of an element within one of the name parent.
func elementName(parent, name string) string {
	for i := range elementNames {
		if r := &elementNames[i]; r.from == name && r.parent == parent {
			return r.to
		}
	}
	return name
}

// normalize brings the elements of a fragment that stands in the given scope to the form of 4.4.
func (f *fragment) normalize(around *scope) {
	for i := range f.elements {
		e := &f.elements[i]
		e.dropForeign(around)
		for _, s := range spellings[e.name] {
			if s.version == "" || s.version == f.doc.version {
				e.respell(s)
			}
		}
	}
}

// respell applies one spelling to the attributes.
func (e *Element) respell(s spelling) {
	attrs := e.node.Attr
	for i := range attrs {
		a := &attrs[i]
		if a.Name.Local != s.attribute {
			continue
		}
		if s.to == "" {
			a.Value = respelled(a.Value, s.value, s.toV)
			return
		}
		if _, taken := e.Attr(s.to); !taken {
			e.frag.remember(e.index, s.to, s.attribute)
			a.Name.Local = s.to
		}
		return
	}
}

// respelled gives to if the value is from, where a star at the end of both is the value's own end.
func respelled(value, from, to string) string {
	begin, open := strings.CutSuffix(from, "*")
	if !open {
		if value == from {
			return to
		}
		return value
	}
	if rest, ok := strings.CutPrefix(value, begin); ok {
		return strings.TrimSuffix(to, "*") + rest
	}
	return value
}

// remember keeps the name of an attribute as the document writes it, for places.
func (f *fragment) remember(index int32, name, written string) {
	if f.written == nil {
		f.written = map[renamedAttribute]string{}
	}
	f.written[renamedAttribute{index, name}] = written
}

// dropForeign takes away namespace declarations and the attributes of other namespaces than PMML's.
func (e *Element) dropForeign(around *scope) {
	kept := e.node.Attr[:0]
	for _, a := range e.node.Attr {
		if a.Name.Space == "" && a.NamespaceURI == "" && a.Name.Local != "xmlns" || isPMML(a.NamespaceURI, around) {
			kept = append(kept, a)
		}
	}
	e.node.Attr = kept
}

// isPMML says that an attribute's namespace is one of PMML. xmlquery gives the prefix instead if only attributes have it.
func isPMML(namespace string, around *scope) bool {
	return pmmlNamespace.MatchString(namespace) || namespace != "" && pmmlNamespace.MatchString(around.find(namespace))
}
