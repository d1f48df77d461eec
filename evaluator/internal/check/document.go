package check

import (
	"slices"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// document checks the PMML element and the model that is asked for.
func (c *checker) document(e *pmml.Element, o Options) {
	c.attributes(e, "version", "x-baseVersion")
	names := append([]string{"Header", "MiningBuildTask", "DataDictionary", "TransformationDictionary"}, modelElements...)
	parts, chosen := c.documentParts(e, names, o)
	c.header(parts["Header"])
	if d := parts["DataDictionary"]; d != nil {
		c.dataDictionary(d)
	} else {
		c.missingElement(e, "DataDictionary")
	}
	if t := parts["TransformationDictionary"]; t != nil {
		c.transformationDictionary(t)
	}
	if chosen == nil {
		c.noModel(e, o.ModelName)
		return
	}
	read := c.readers[chosen.Name()]
	if read == nil {
		c.unsupportedElement(chosen)
		return
	}
	m := read(c, chosen, nil)
	c.unused(c.global)
	c.checkFunctions()
	c.inputs()
	c.out.Results = m.given
	if v := m.parts["ModelVerification"]; v != nil {
		c.modelVerification(m, v)
	}
}

// documentParts gives the child elements that stand once, and the model that is asked for or nil.
func (c *checker) documentParts(e *pmml.Element, names []string, o Options) (map[string]*pmml.Element, *pmml.Element) {
	parts := map[string]*pmml.Element{}
	var chosen *pmml.Element
	for child := range e.Children() {
		name := child.Name()
		switch {
		case !slices.Contains(names, name):
			c.unknownElement(child, e)
		case slices.Contains(modelElements, name):
			if chosen == nil && c.isChosen(child, o) {
				chosen = child
			}
		case parts[name] != nil:
			c.duplicateElement(child, e)
		default:
			parts[name] = child
		}
	}
	return parts, chosen
}

// isChosen says that a model is the one asked for by name, or scorable if none is asked for.
func (c *checker) isChosen(e *pmml.Element, o Options) bool {
	scorable := true
	if _, ok := e.Attr("isScorable"); ok {
		scorable = c.boolean(e, "isScorable", true)
	}
	if o.ModelName == "" {
		if !scorable {
			c.noteNotScorable(e)
		}
		return scorable
	}
	name, _ := e.Attr("modelName")
	if name == o.ModelName && !scorable {
		c.notScorable(e)
	}
	return name == o.ModelName
}

// header reads what is said about the document.
func (c *checker) header(e *pmml.Element) {
	if e == nil {
		return
	}
	c.out.Revision, _ = e.Attr("modelVersion")
	c.out.Description, _ = e.Attr("description")
	if t := e.Child("Timestamp"); t != nil {
		c.out.Created = strings.TrimSpace(t.Text())
	}
	if app := e.Child("Application"); app != nil {
		name, _ := app.Attr("name")
		version, _ := app.Attr("version")
		c.out.Application = name
		if version != "" {
			c.out.Application += " " + version
		}
	}
}

// inputs lists the fields that come with a record: the active ones of the mining schema, those that are active because
// something uses them, then those that may be given besides.
func (c *checker) inputs() {
	var active, others []Input
	for _, f := range c.given {
		in := f.data.input
		in.Slot = f.slot
		switch in.Usage {
		case "active":
			active = append(active, in)
		case "group":
			c.out.Groups = append(c.out.Groups, in)
		default:
			others = append(others, in)
		}
	}
	c.out.Inputs, c.out.Active = append(active, others...), len(active)
}
