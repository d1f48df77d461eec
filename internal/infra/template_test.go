package infra

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../.."

// An object is a mapping of a template. A function of CloudFormation is one, too: !Ref Stage is {"Ref": "Stage"}.
type object = map[string]any

// A resource is what a template makes.
type resource struct {
	Type       string
	Condition  string
	Deletion   string
	Replace    string
	Metadata   object
	Properties object
}

// A template is a template of CloudFormation or SAM.
type template struct {
	Parameters, Rules, Conditions, Globals object
	Outputs                                object
	Resources                              map[string]resource
	Text                                   string
}

func read(t *testing.T, name string) template {
	t.Helper()
	written, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(written, &document); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	whole := value(document.Content[0]).(object)
	section := func(name string) object { m, _ := whole[name].(object); return m }
	read := template{
		Parameters: section("Parameters"), Rules: section("Rules"), Conditions: section("Conditions"),
		Globals: section("Globals"), Outputs: section("Outputs"), Resources: map[string]resource{}, Text: string(written),
	}
	for id, v := range section("Resources") {
		r := v.(object)
		read.Resources[id] = resource{
			Type: text(r["Type"]), Condition: text(r["Condition"]), Deletion: text(r["DeletionPolicy"]),
			Replace: text(r["UpdateReplacePolicy"]), Metadata: child(r, "Metadata"), Properties: child(r, "Properties"),
		}
	}
	return read
}

// value turns a node into objects, lists and texts; numbers and truths stay as they are written.
func value(n *yaml.Node) any {
	if n.Kind == yaml.AliasNode {
		return value(n.Alias)
	}
	var v any = n.Value
	switch n.Kind {
	case yaml.MappingNode:
		m := object{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = value(n.Content[i+1])
		}
		v = m
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, value(c))
		}
		v = list
	}
	name, isFunction := strings.CutPrefix(n.Tag, "!")
	switch {
	case !isFunction || strings.HasPrefix(name, "!"):
		return v
	case name == "Ref" || name == "Condition":
		return object{name: v}
	case name == "GetAtt":
		resource, attribute, _ := strings.Cut(v.(string), ".")
		return object{"Fn::GetAtt": []any{resource, attribute}}
	}
	return object{"Fn::" + name: v}
}

// child gives the object under a path of names, or an empty one.
func child(o object, path ...string) object {
	for _, name := range path {
		o, _ = o[name].(object)
	}
	if o == nil {
		return object{}
	}
	return o
}

// text gives a text, or an empty one for something else.
func text(v any) string { s, _ := v.(string); return s }

// texts gives a text, or a list of them, as a list.
func texts(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var all []string
	list, _ := v.([]any)
	for _, item := range list {
		all = append(all, text(item))
	}
	return all
}

// list gives a list, nothing as an empty one, and something else as a list of one.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// show writes a value in the words of a template: ${X} and ${X.Arn} for references.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case object:
		if sub, ok := v["Fn::Sub"].(string); ok {
			return sub
		}
		if ref, ok := v["Ref"].(string); ok {
			return "${" + ref + "}"
		}
		if at, ok := v["Fn::GetAtt"].([]any); ok {
			return fmt.Sprintf("${%v.%v}", at[0], at[1])
		}
	}
	return fmt.Sprint(v)
}

// of gives the resources of a type by id.
func (t template) of(kind string) map[string]resource {
	found := map[string]resource{}
	for id, r := range t.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	return found
}
