package main

import (
	"bufio"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// A page is a description for people. What is odd about its texts cannot harm their terminal, and long lines are wrapped
// where the terminal's width is known.
type page struct {
	out     *bufio.Writer
	width   int // 0: not known
	colours palette
}

// print writes what the model is, what to beware of, then a table for each kind of field. Errors stay in out.
func (p page) print(d description) {
	p.table([][]string{
		{"Model", cmp.Or(d.Structure, d.Summary) + " (" + d.Model + ")"},
		{"Predicts", d.predicts()},
		{"Size", d.Size.String()},
		{"Missing values", d.missing()},
		{"Name", d.ModelName},
		{"Version", d.ModelVersion},
		{"Description", d.Description},
		{"Algorithm", d.AlgorithmName},
		{"Written by", strings.Trim(d.Application+", "+d.Created, ", ")},
		{"PMML", d.PMMLVersion},
		{"Verified", d.verified()},
		{"Compiled", thousands(int64(d.CompiledBytes)) + " bytes"},
	})
	p.warnings(d)
	p.inputs("Inputs", d.Inputs)
	p.results("Groups", d.Groups)
	p.results("Targets", d.Targets)
	p.results("Outputs", d.Outputs)
}

// title begins a part of the page.
func (p page) title(text string) {
	fmt.Fprintf(p.out, "\n%s%s%s\n", p.colours.bold, text, p.colours.end)
}

func (p page) warnings(d description) {
	var rows [][]string
	for _, w := range d.Warnings {
		rows = append(rows, []string{"  " + w.Code, w.Message})
	}
	const most = 10
	for _, n := range d.Notes[:min(most, len(d.Notes))] {
		rows = append(rows, []string{"  " + string(n.Code), fmt.Sprintf("line %d: %s", n.Line, n.Message)})
	}
	if more := len(d.Notes) - most; more > 0 {
		rows = append(rows, []string{"", fmt.Sprintf("and %d more: see 'handoff check --notes'", more)})
	}
	if len(rows) > 0 {
		p.title("Warnings")
		p.table(rows)
	}
}

// inputs prints fields that come with a record. What most of them have in common is said once.
func (p page) inputs(title string, fields []fieldDescription) {
	if len(fields) == 0 {
		return
	}
	p.title(title)
	usual := usualTreatment(fields)
	if len(fields) > 1 {
		p.table([][]string{{"  unless said otherwise: " + strings.Join(usual[:], "; ")}})
	} else {
		usual = [2]string{}
	}
	var rows [][]string
	for _, f := range fields {
		rows = append(rows, []string{"  " + clipped(f.Name), f.DataType, f.OpType, strings.Join(f.remarks(usual), "; ")})
	}
	p.table(rows)
}

func (p page) results(title string, fields []fieldDescription) {
	if len(fields) == 0 {
		return
	}
	p.title(title)
	var rows [][]string
	for _, f := range fields {
		rows = append(rows, []string{"  " + clipped(f.Name), f.DataType, f.OpType, strings.Join(f.remarks([2]string{}), "; ")})
	}
	p.table(rows)
}

// table prints rows in columns, and wraps the last one. Rows whose last cell is empty and that have only one other are
// left out.
func (p page) table(rows [][]string) {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.DiscardEmptyColumns)
	left := 0
	for _, row := range rows {
		width := 0
		for i := range row {
			row[i] = printable(row[i])
		}
		for i := range row[:len(row)-1] {
			width += columnWidth(rows, i) + 2
		}
		left = max(left, width)
	}
	for _, row := range rows {
		last := len(row) - 1
		if row[last] == "" && last == 1 {
			continue
		}
		before := strings.Join(row[:last], "\t")
		for n, line := range wrap(row[last], p.width-left) {
			if n > 0 {
				before = strings.Repeat("\t", max(0, last-1))
			}
			text := before
			if last > 0 {
				text += "\t"
			}
			fmt.Fprintln(w, strings.TrimRight(text+line, "\t"))
		}
	}
	w.Flush() //nolint:errcheck // the error stays in out
}

// columnWidth gives the width of a column; rows may have fewer.
func columnWidth(rows [][]string, column int) int {
	width := 0
	for _, row := range rows {
		if column < len(row)-1 {
			width = max(width, utf8.RuneCountInString(row[column]))
		}
	}
	return width
}

// wrap breaks a text between words into lines of a width, as far as words are not longer. A width that leaves no room
// for reading breaks nothing.
func wrap(text string, width int) []string {
	const least = 24
	if width < least || utf8.RuneCountInString(text) <= width {
		return []string{text}
	}
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	var lines []string
	line := indent
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == indent:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines, line = append(lines, line), indent+word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// printable makes one line of a text from a document, and takes away what a terminal would obey.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// clipped keeps a name short enough for a column; --json has all of it.
func clipped(name string) string {
	const most = 60
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	return string([]rune(name)[:most-1]) + "…"
}

// predicts says what comes out, in one line.
func (d description) predicts() string {
	if len(d.Targets) == 0 {
		return "what goes with the items of a basket (" + d.MiningFunction + ")" // only rules have no target
	}
	var targets []string
	for _, t := range d.Targets {
		text := t.Name
		if len(t.Values) > 0 {
			text += ": " + shortList(quoted(t.Values))
		} else if t.DataType != "" {
			text += ": " + t.DataType
		}
		targets = append(targets, text)
	}
	return strings.TrimSpace(strings.Join(targets, " and ") + " (" + d.MiningFunction + ")")
}

func (s sizeDescription) String() string {
	var parts []string
	for _, part := range []struct {
		n         int
		one, many string
	}{
		{s.Trees, "tree", "trees"}, {s.Nodes, "node", "nodes"}, {s.Leaves, "leaf", "leaves"},
		{s.Tables, "regression table", "regression tables"}, {s.Terms, "coefficient", "coefficients"},
		{s.Characteristics, "characteristic", "characteristics"}, {s.Attributes, "attribute", "attributes"},
		{s.Clusters, "cluster", "clusters"}, {s.Items, "item", "items"}, {s.Rules, "rule", "rules"},
	} {
		switch {
		case part.n == 1:
			parts = append(parts, "1 "+part.one)
		case part.n > 1:
			parts = append(parts, thousands(int64(part.n))+" "+part.many)
		}
	}
	if s.Trees > 0 {
		parts = append(parts, fmt.Sprintf("depth %d", s.Depth))
	}
	if s.Models > 1 {
		parts = append([]string{thousands(int64(s.Models)) + " models"}, parts...)
	}
	return strings.Join(parts, ", ")
}

// pathWords says what a tree does where a test meets a missing value.
var pathWords = map[string]string{
	"none":               "a test of a missing value does not hold",
	"lastPrediction":     "a missing value ends at the node that was reached",
	"nullPrediction":     "a missing value gives no prediction",
	"defaultChild":       "a missing value takes the default branch",
	"weightedConfidence": "a missing value takes all branches, weighted by records, and lowers the confidence",
	"aggregateNodes":     "a missing value takes all branches, weighted by records",
}

// missing says what the model does with values that are missing after the inputs' own treatment.
func (d description) missing() string {
	var all []string
	for _, s := range d.MissingValueStrategies {
		all = append(all, cmp.Or(pathWords[s], s))
	}
	if d.Size.Trees > 0 && len(all) > 0 {
		all[0] = "in trees, " + all[0]
	}
	if d.Size.Tables > 0 {
		all = append(all, "in regressions, a missing number gives no result, and a missing category adds nothing")
	}
	return strings.Join(all, "; ")
}

func (d description) verified() string {
	for _, w := range d.Warnings {
		switch w.Code {
		case "unverified":
			return "no"
		case "verification":
			return "no: its own rows give other results"
		}
	}
	if d.VerificationRows == 1 {
		return "1 row of the document gives the expected results"
	}
	return fmt.Sprintf("%s rows of the document give the expected results", thousands(int64(d.VerificationRows)))
}

// missing and invalid say what becomes of such values before the model sees them.
func (f fieldDescription) missing() string {
	switch {
	case f.MissingTreatment == "returnInvalid":
		return "a missing value refuses the record"
	case f.MissingReplacement == "":
		return "a missing value stays missing"
	}
	origin := map[string]string{"asMean": ", the mean", "asMode": ", the mode", "asMedian": ", the median"}[f.MissingTreatment]
	return "a missing value is taken as " + f.MissingReplacement + origin
}

func (f fieldDescription) invalid() string {
	switch f.InvalidTreatment {
	case "asIs":
		return "an invalid value is taken as it is"
	case "asMissing":
		return "an invalid value counts as missing"
	case "asValue":
		return "an invalid value is taken as " + f.InvalidReplacement
	}
	return "an invalid value refuses the record"
}

func (f fieldDescription) outlying() string {
	var parts []string
	if f.LowValue != "" {
		parts = append(parts, "below "+f.LowValue)
	}
	if f.HighValue != "" {
		parts = append(parts, "above "+f.HighValue)
	}
	switch {
	case len(parts) == 0:
		return ""
	case f.Outliers == "asMissingValues":
		return strings.Join(parts, " and ") + " counts as missing"
	case f.LowValue != "":
		parts[0] += " becomes " + f.LowValue
	}
	if f.HighValue != "" {
		parts[len(parts)-1] += " becomes " + f.HighValue
	}
	return strings.Join(parts, ", ")
}

// usualTreatment gives what becomes of missing and of invalid values in more than half of the fields, or what the
// standard says of those that say nothing.
func usualTreatment(fields []fieldDescription) [2]string {
	usual := [2]string{fieldDescription{}.missing(), fieldDescription{}.invalid()}
	counts := map[string]int{}
	for _, f := range fields {
		for i, words := range [2]string{f.missing(), f.invalid()} {
			if counts[words]++; counts[words]*2 > len(fields) {
				usual[i] = words
			}
		}
	}
	return usual
}

// remarks says in words what a field allows, how it is treated other than usual, and what it means.
func (f fieldDescription) remarks(usual [2]string) []string {
	var all []string
	add := func(text string) {
		if text != "" {
			all = append(all, text)
		}
	}
	if f.DisplayName != f.Name {
		add(f.DisplayName)
	}
	add(shortList(append(append([]string(nil), f.Intervals...), quoted(f.Values)...)))
	add(f.Meaning)
	if f.List && f.Feature != "" {
		add("a list")
	} else if f.List {
		add("takes several values at once")
	}
	if f.Importance != "" {
		add("importance " + f.Importance)
	}
	if f.Unused {
		add("not used")
	}
	if f.InvalidTreatment != "" { // an input
		for i, words := range [2]string{f.missing(), f.invalid()} {
			if words != usual[i] {
				add(words)
			}
		}
	}
	if len(f.MissingValues) > 0 {
		add(shortList(quoted(f.MissingValues)) + " means missing")
	}
	if len(f.InvalidValues) > 0 {
		add(shortList(quoted(f.InvalidValues)) + " is invalid")
	}
	add(f.outlying())
	if f.NotFinal {
		add("not final")
	}
	return all
}

// quoted makes a value with a comma, a space at an end, or nothing in it recognizable in a list.
func quoted(values []string) []string {
	list := make([]string, len(values))
	for i, v := range values {
		if list[i] = v; v == "" || v != strings.TrimSpace(v) || strings.Contains(v, ",") {
			list[i] = strconv.Quote(v)
		}
	}
	return list
}

// entities are what an entityId is the id of.
var entities = map[string]string{
	"TreeModel": "node", "ClusteringModel": "cluster", "MiningModel": "segment", "NearestNeighborModel": "neighbor",
	"RuleSetModel": "rule", "AssociationModel": "rule", "NeuralNetwork": "neuron",
}

// meanings are the features of outputs that need no further word.
var meanings = map[string]string{
	"predictedValue": "the prediction", "predictedDisplayValue": "the prediction as people read it",
	"transformedValue": "computed from results and inputs", "decision": "a decision, computed from results and inputs",
	"residual": "the actual value less the prediction", "standardError": "standard error of the prediction",
	"standardDeviation": "standard deviation of the prediction", "warning": "warnings",
	"reasonCode": "reason code", "ruleValue": "a feature of the best rules", "antecedent": "what the rule asks for",
	"consequent": "what the rule recommends", "rule": "the rule in words", "ruleId": "id of the rule",
	"support": "support of the rule", "lift": "lift of the rule", "leverage": "leverage of the rule", "x-report": "how the result came about",
}

// meaning says in words what an output of a model gives.
func (f fieldDescription) meaning(element string) string {
	feature, ofRule := f.Feature, element == "AssociationModel"
	if feature == "ruleValue" {
		feature, ofRule = cmp.Or(f.Value, feature), true
	}
	text, ok := meanings[feature]
	switch feature {
	case "confidence", "affinity":
		if ofRule {
			text, ok = feature+" of the rule", true
			break
		}
		fallthrough
	case "probability":
		text, ok = feature+" of "+cmp.Or(f.Value, "the predicted value"), true
	case "entityId", "clusterId":
		if text, ok = "id of the "+cmp.Or(entities[element], "entity"), true; !ofRule {
			text += " that decides"
		}
	}
	if !ok {
		text = f.Feature
	}
	if f.Feature == "residual" && f.Value != "" {
		text += ", for " + f.Value
	}
	switch {
	case f.Many && f.Rank == 0:
		text += ", all"
	case f.Many && f.Rank == 1:
		text += ", the first"
	case f.Many:
		text += fmt.Sprintf(", the first %d", f.Rank)
	case f.Rank > 1:
		text += fmt.Sprintf(", number %d", f.Rank)
	}
	if f.Segment != "" {
		text += " of segment " + f.Segment
	}
	return text
}
