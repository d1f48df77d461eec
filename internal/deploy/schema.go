package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy/words"
)

// Changes say what is different between what two models take and give.
type Changes struct {
	Breaking []ChangeOf `json:"breaking"` // callers of the old model get errors, other types or no value from the new one
	Other    []ChangeOf `json:"other"`    // they do not; some should look nevertheless
}

// A ChangeOf is one difference.
type ChangeOf struct {
	Part    string `json:"part"`  // "input", "group", "target", "output" or "model"
	Field   string `json:"field"` // name of it; empty: the model as a whole
	Message string `json:"message"`
	Warning bool   `json:"warning,omitempty"` // of one that breaks nothing: a person should look at it nevertheless
}

func (c ChangeOf) String() string {
	if c.Field == "" {
		return c.Part + ": " + c.Message
	}
	return fmt.Sprintf("%s %q: %s", c.Part, words.Clip(c.Field), c.Message)
}

func (c *Changes) breaks(part, field, format string, args ...any) {
	c.Breaking = append(c.Breaking, ChangeOf{Part: part, Field: field, Message: fmt.Sprintf(format, args...)})
}

func (c *Changes) note(part, field, format string, args ...any) {
	c.Other = append(c.Other, ChangeOf{Part: part, Field: field, Message: fmt.Sprintf(format, args...)})
}

func (c *Changes) warn(part, field, format string, args ...any) {
	c.note(part, field, format, args...)
	c.Other[len(c.Other)-1].Warning = true
}

// maxChanges is how many changes are listed; the others are counted.
const maxChanges = 50

// warnings gives what a person should look at.
func (c *Changes) warnings() []string {
	var all []string
	for _, b := range c.Breaking {
		all = append(all, "callers may break: "+b.String())
	}
	for _, o := range c.Other {
		if o.Warning {
			all = append(all, o.String())
		}
	}
	if n := len(all); n > maxChanges {
		all = append(all[:maxChanges:maxChanges], fmt.Sprintf("and %s more", words.Quantity(n-maxChanges, "change")))
	}
	return all
}

// rejection refuses a version that would break callers of the live one.
func (c *Changes) rejection(live int) *catalog.Rejection {
	first := c.Breaking[0]
	r := &catalog.Rejection{Code: "schema", Field: first.Field}
	r.Message = fmt.Sprintf("callers of version %d would break: %s", live, first)
	if n := len(c.Breaking) - 1; n > 0 {
		r.Message += fmt.Sprintf(", and %s more", words.Quantity(n, "change"))
	}
	r.Message += "; schemaChange=allow lets it pass"
	for i, b := range c.Breaking {
		if i == maxChanges {
			r.More = len(c.Breaking) - i
			break
		}
		r.Faults = append(r.Faults, evaluator.Fault{Path: b.Part + " " + words.Clip(b.Field), Code: "schema", Message: b.String()})
	}
	return r
}

// CompareSchemas says what is different for callers of old when new takes its place.
func CompareSchemas(old, new *evaluator.Schema) Changes {
	c := Changes{Breaking: []ChangeOf{}, Other: []ChangeOf{}}
	if old.Element != new.Element {
		c.note("model", "", "it was a %s and is a %s", old.Element, new.Element)
	}
	if old.MiningFunction != new.MiningFunction {
		c.warn("model", "", "its function was %s and is %s", old.MiningFunction, new.MiningFunction)
	}
	c.inputs("input", old, new, old.Inputs, new.Inputs)
	c.inputs("group", old, new, old.Groups, new.Groups)
	c.results("target", old.Targets, new.Targets)
	c.results("output", old.Outputs, new.Outputs)
	return c
}

// byName finds fields.
func byName(fields []evaluator.Field) map[string]*evaluator.Field {
	m := make(map[string]*evaluator.Field, len(fields))
	for i := range fields {
		m[fields[i].Name] = &fields[i]
	}
	return m
}

func (c *Changes) inputs(part string, oldModel, newModel *evaluator.Schema, old, new []evaluator.Field) {
	before, after := byName(old), byName(new)
	for i := range old {
		if after[old[i].Name] == nil {
			c.warn(part, old[i].Name, "it is gone: whoever gives it is no longer heard")
		}
	}
	for i := range new {
		f := &new[i]
		o := before[f.Name]
		switch {
		case o != nil:
			c.input(part, o, f, oldModel, newModel)
		case f.Unused:
			c.note(part, f.Name, "it is new, but nothing depends on it")
		case f.MissingTreatment != refusesMissing && f.MissingReplacement != "":
			c.note(part, f.Name, "it is new; without it, %s is taken", words.Clip(f.MissingReplacement))
		case f.MissingTreatment != refusesMissing && copesWithMissing(newModel):
			c.note(part, f.Name, "it is new; the model's trees go on without it")
		default:
			c.breaks(part, f.Name, "it is new and must be given")
		}
	}
}

// refusesMissing is the missingValueTreatment that fails records without the field.
const refusesMissing = "returnInvalid"

// copesWithMissing says whether all that the model consists of was made to score without some of its inputs: trees with
// a missingValueStrategy that goes on. Other models give no result then.
func copesWithMissing(s *evaluator.Schema) bool {
	for _, strategy := range s.MissingPaths {
		switch strategy {
		case "defaultChild", "lastPrediction", "weightedConfidence", "aggregateNodes":
		default:
			return false
		}
	}
	return s.Size.Trees > 0 && s.Size.Trees == s.Size.Models
}

// input compares what an input of both models takes.
func (c *Changes) input(part string, old, new *evaluator.Field, oldModel, newModel *evaluator.Schema) {
	if old.DataType != new.DataType {
		if widens(old.DataType, new.DataType) {
			c.note(part, new.Name, "its type was %s and is %s", old.DataType, new.DataType)
		} else {
			c.breaks(part, new.Name, "its type was %s and is %s", old.DataType, new.DataType)
		}
	}
	if old.OpType != new.OpType {
		c.note(part, new.Name, "it was %s and is %s", old.OpType, new.OpType)
	}
	c.missing(part, old, new, oldModel, newModel)
	if lost := narrowed(old, new); lost != "" && !new.Unused {
		if new.InvalidTreatment == refusesInvalid {
			c.breaks(part, new.Name, "%s was valid and is not", lost)
		} else {
			c.warn(part, new.Name, "%s was valid and is treated %s now", lost, new.InvalidTreatment)
		}
	} else if !sameValues(old, new) {
		c.note(part, new.Name, "its valid values, or what becomes of others, changed; what was valid still is taken")
	}
	if old.Outliers != new.Outliers || old.LowValue != new.LowValue || old.HighValue != new.HighValue {
		c.note(part, new.Name, "its outliers are treated otherwise")
	}
}

// missing compares what becomes of records without the input.
func (c *Changes) missing(part string, old, new *evaluator.Field, oldModel, newModel *evaluator.Schema) {
	switch {
	case new.Unused:
	case new.MissingTreatment == refusesMissing && old.MissingTreatment != refusesMissing:
		c.breaks(part, new.Name, "it could be missing and must be given now")
	case new.MissingTreatment == refusesMissing || old.MissingReplacement == new.MissingReplacement:
	case new.MissingReplacement == "" && !copesWithMissing(newModel):
		c.breaks(part, new.Name, "without it, %s was taken; it must be given now", words.Clip(old.MissingReplacement))
	default:
		c.warn(part, new.Name, "what is taken without it was %s and is %s", orNothing(old.MissingReplacement), orNothing(new.MissingReplacement))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return words.Clip(s)
}

// widens says whether every value of a type is one of another.
func widens(old, new string) bool {
	switch old {
	case "integer":
		return new == "double" || new == "float" // beyond 2^53 and 2^24 rounded, as all numbers are
	case "float":
		return new == "double"
	}
	return false
}

// refusesInvalid is the invalidValueTreatment that fails records with a value that is not valid.
const refusesInvalid = "returnInvalid"

// narrowed gives something that old takes and new does not; empty if new takes all that old does.
func narrowed(old, new *evaluator.Field) string {
	if new.InvalidTreatment == "asIs" {
		return ""
	}
	before, after := domainOf(old), domainOf(new)
	if after.everything() {
		return ""
	}
	if before.everything() || old.InvalidTreatment == "asIs" || old.InvalidTreatment != refusesInvalid && new.InvalidTreatment == refusesInvalid {
		return "any value"
	}
	for _, v := range new.InvalidValues {
		if !slices.Contains(old.MissingValues, v) && before.has(v) {
			return strconv.Quote(words.Clip(v))
		}
	}
	if !after.bounded {
		return ""
	}
	if !before.bounded {
		return "any value"
	}
	for _, v := range old.Values {
		if !after.has(v) {
			return strconv.Quote(words.Clip(v))
		}
	}
	for _, s := range before.spans {
		if !slices.ContainsFunc(after.spans, s.within) {
			return s.text
		}
	}
	return ""
}

// A domain is what is valid for an input.
type domain struct {
	bounded bool // the field names what is valid
	values  map[string]bool
	numbers map[float64]bool // values of a number, whatever way they are written
	spans   []span
	invalid map[string]bool
}

func domainOf(f *evaluator.Field) domain {
	d := domain{bounded: len(f.Values)+len(f.Intervals) > 0, spans: spansOf(f),
		values: map[string]bool{}, numbers: map[float64]bool{}, invalid: map[string]bool{}}
	for _, v := range f.Values {
		d.values[v] = true
		if x, err := strconv.ParseFloat(v, 64); err == nil && numeric(f.DataType) {
			d.numbers[x] = true
		}
	}
	for _, v := range f.InvalidValues {
		d.invalid[v] = true
	}
	return d
}

func (d *domain) everything() bool { return !d.bounded && len(d.invalid) == 0 }

func (d *domain) has(v string) bool {
	switch {
	case d.invalid[v]:
		return false
	case !d.bounded || d.values[v]:
		return true
	}
	x, err := strconv.ParseFloat(v, 64)
	point := span{left: bound{x, 0}, right: bound{x, 0}}
	return err == nil && (d.numbers[x] || slices.ContainsFunc(d.spans, point.within))
}

func numeric(dataType string) bool {
	return dataType == "integer" || dataType == "float" || dataType == "double"
}

func sameValues(old, new *evaluator.Field) bool {
	return slices.Equal(slices.Sorted(slices.Values(old.Values)), slices.Sorted(slices.Values(new.Values))) &&
		slices.Equal(old.Intervals, new.Intervals) && old.InvalidTreatment == new.InvalidTreatment
}

// ---- intervals

// A bound is a place on the line of numbers: at a number, or just beside it.
type bound struct {
	at   float64
	side int // -1: just below it, 0: at it, 1: just above it
}

func (b bound) less(o bound) bool { return b.at < o.at || b.at == o.at && b.side < o.side }

// A span is a stretch of numbers, both ends belong to it.
type span struct {
	left, right bound
	text        string
}

func (s span) within(o span) bool { return !s.left.less(o.left) && !o.right.less(s.right) }

// spansOf gives the intervals of a field, those that touch or overlap as one.
func spansOf(f *evaluator.Field) []span {
	spans := make([]span, 0, len(f.Intervals))
	for _, i := range f.Intervals {
		s := span{left: boundOf(i.Left, "-Infinity", 0), right: boundOf(i.Right, "Infinity", 0), text: i.String()}
		if strings.HasPrefix(i.Closure, "open") {
			s.left.side = 1
		}
		if strings.HasSuffix(i.Closure, "Open") {
			s.right.side = -1
		}
		spans = append(spans, s)
	}
	slices.SortFunc(spans, func(a, b span) int {
		switch {
		case a.left.less(b.left):
			return -1
		case b.left.less(a.left):
			return 1
		}
		return 0
	})
	joined := spans[:0]
	for _, s := range spans {
		last := len(joined) - 1
		if last < 0 || joined[last].right.before(s.left) {
			joined = append(joined, s)
			continue
		}
		if joined[last].right.less(s.right) {
			joined[last].right = s.right
			joined[last].text += " or " + s.text
		}
	}
	return joined
}

// before says whether there is room between the end of a span and the begin of another.
func (b bound) before(left bound) bool {
	return b.at < left.at || b.at == left.at && left.side-b.side > 1
}

func boundOf(text, infinite string, side int) bound {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		x, _ = strconv.ParseFloat(infinite, 64) // an absent bound: compilation has checked the others
	}
	return bound{x, side}
}

// ---- results

func (c *Changes) results(part string, old, new []evaluator.Field) {
	before, after := byName(old), byName(new)
	var added []string
	for i := range new {
		if before[new[i].Name] == nil {
			added = append(added, new[i].Name)
		}
	}
	for i := range old {
		o := &old[i]
		f := after[o.Name]
		switch {
		case f == nil && o.NotFinal:
			c.note(part, o.Name, "it is gone; only the library gave it")
		case f == nil:
			c.breaks(part, o.Name, "it is gone%s", renamed(o.Name, added))
		default:
			c.result(part, o, f)
		}
	}
	for _, name := range added {
		c.note(part, name, "it is new")
	}
}

// renamed guesses what a result is called now.
func renamed(name string, added []string) string {
	if len(added) == 1 {
		return fmt.Sprintf("; is it called %q now?", words.Clip(added[0]))
	}
	return strings.Replace(words.Suggest(name, added), ", did you mean ", "; is it called ", 1)
}

// result compares a result that both models give.
func (c *Changes) result(part string, old, new *evaluator.Field) {
	if new.NotFinal && !old.NotFinal {
		c.breaks(part, new.Name, "it is not final any more: requests do not get it")
	}
	if old.DataType != new.DataType {
		c.breaks(part, new.Name, "its type was %s and is %s", old.DataType, new.DataType)
	}
	if old.OpType != new.OpType {
		c.note(part, new.Name, "it was %s and is %s", old.OpType, new.OpType)
	}
	if old.Feature != new.Feature || old.Value != new.Value {
		c.warn(part, new.Name, "it was %s and is %s", about(old), about(new))
	}
	gone, added := difference(old.Values, new.Values), difference(new.Values, old.Values)
	if len(gone)+len(added) > 0 {
		c.warn(part, new.Name, "its classes are others:%s%s", list(" without ", gone), list(" with ", added))
	}
}

func about(f *evaluator.Field) string {
	if f.Value != "" {
		return fmt.Sprintf("%s of %q", f.Feature, words.Clip(f.Value))
	}
	return orNothing(f.Feature)
}

// difference gives what is in a but not in b.
func difference(a, b []string) []string {
	in := make(map[string]bool, len(b))
	for _, s := range b {
		in[s] = true
	}
	var only []string
	for _, s := range a {
		if !in[s] {
			only = append(only, s)
		}
	}
	return only
}

// list quotes up to 10 texts behind a word; nothing if there are none.
func list(word string, texts []string) string {
	const most = 10
	var b strings.Builder
	for i, s := range texts {
		if i == most {
			fmt.Fprintf(&b, " and %d others", len(texts)-i)
			break
		}
		if i > 0 {
			word = ", "
		}
		b.WriteString(word + strconv.Quote(words.Clip(s)))
	}
	return b.String()
}

// ---- hash

// schemaHash is the SHA-256 of what a model takes and gives: names, types and values. Inputs count in any order, since
// callers give them by name; results in theirs, which is that of columns.
func schemaHash(s *evaluator.Schema) (string, error) {
	type field struct {
		Name, DataType, OpType string
		Intervals              []evaluator.Interval
		Values, InvalidValues  []string
		MissingReplacement     string
		MissingTreatment       string
		InvalidTreatment       string
		NotFinal               bool
	}
	fields := func(all []evaluator.Field, sorted bool) []field {
		some := make([]field, 0, len(all))
		for _, f := range all {
			some = append(some, field{f.Name, f.DataType, f.OpType, f.Intervals, slices.Sorted(slices.Values(f.Values)),
				slices.Sorted(slices.Values(f.InvalidValues)), f.MissingReplacement, f.MissingTreatment, f.InvalidTreatment, f.NotFinal})
		}
		if sorted {
			slices.SortFunc(some, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
		}
		return some
	}
	text, err := json.Marshal(struct{ Inputs, Groups, Targets, Outputs []field }{
		fields(s.Inputs, true), fields(s.Groups, true), fields(s.Targets, false), fields(s.Outputs, false)})
	if err != nil {
		return "", fmt.Errorf("describe what the model takes and gives: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
