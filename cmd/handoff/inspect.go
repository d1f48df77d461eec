package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/spf13/cobra"
)

func newInspectCommand() *cobra.Command {
	var m modelFlags
	var asJSON, listing bool
	cmd := &cobra.Command{
		Use:   "inspect --model FILE",
		Short: "Show what a model is, takes and gives",
		Long: `Inspect shows what a model is made of and how large it is; its inputs with their types, their allowed values, and what
happens to missing, invalid and outlying ones; what it predicts; and what its outputs mean. It scores the document's own
verification rows, and warns of what a model should not go live with unseen.

` + exitCodes,
		Example: `  handoff inspect --model model.pmml
  handoff inspect --model model.bin --json
  handoff inspect --model model.pmml --listing`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needed(cmd, "model"); err != nil {
				return err
			}
			if asJSON && listing {
				return usageError(nil, "--json and --listing cannot be given together")
			}
			return interruptible(cmd.Context(), func(out *files) error { return runInspect(cmd, m, asJSON, listing, out) })
		},
	}
	m.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&listing, "listing", false, "print the compiled form in a readable way")
	return cmd
}

func runInspect(cmd *cobra.Command, f modelFlags, asJSON, listing bool, work *files) error {
	var notes []evaluator.Fault
	f.notes = func(n evaluator.Fault) { notes = append(notes, n) }
	reading := work.compiling(cmd, f.path)
	m, err := f.open(cmd.InOrStdin())
	reading.stop()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	switch {
	case listing:
		err = m.Dump(out)
	case asJSON:
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(describe(m, notes))
	default:
		page := page{out: out, width: widthOf(cmd.OutOrStdout()), colours: colours(cmd.OutOrStdout())}
		page.print(describe(m, notes))
	}
	if err == nil {
		err = out.Flush()
	}
	return ioError("write", err)
}

// A description is what inspect tells of a model. Its members are documented in docs/cli.md.
type description struct {
	PMMLVersion            string             `json:"pmml_version"`
	Application            string             `json:"application,omitempty"`
	Created                string             `json:"created,omitempty"`
	Description            string             `json:"description,omitempty"`
	ModelName              string             `json:"model_name,omitempty"`
	ModelVersion           string             `json:"model_version,omitempty"`
	Model                  string             `json:"model"`
	Summary                string             `json:"summary"`
	Structure              string             `json:"structure"`
	MiningFunction         string             `json:"mining_function"`
	AlgorithmName          string             `json:"algorithm_name,omitempty"`
	Size                   sizeDescription    `json:"size"`
	MissingValueStrategies []string           `json:"missing_value_strategies,omitempty"`
	VerificationRows       int                `json:"verification_rows"`
	CompiledBytes          int                `json:"compiled_bytes"`
	Warnings               []warning          `json:"warnings"`
	Notes                  []evaluator.Fault  `json:"notes,omitempty"`
	Inputs                 []fieldDescription `json:"inputs"`
	Groups                 []fieldDescription `json:"groups,omitempty"`
	Targets                []fieldDescription `json:"targets"`
	Outputs                []fieldDescription `json:"outputs"`
}

type sizeDescription struct {
	Models int `json:"models"`
	Trees  int `json:"trees"`
	Nodes  int `json:"nodes"`
	Leaves int `json:"leaves"`
	Depth  int `json:"depth"`
	Tables int `json:"tables"`
	Terms  int `json:"terms"`

	Characteristics int `json:"characteristics"`
	Attributes      int `json:"attributes"`
	Clusters        int `json:"clusters"`
	Items           int `json:"items"`
	Rules           int `json:"rules"`
}

type fieldDescription struct {
	Name               string   `json:"name"`
	DisplayName        string   `json:"display_name,omitempty"`
	DataType           string   `json:"data_type,omitempty"`
	OpType             string   `json:"op_type,omitempty"`
	Intervals          []string `json:"intervals,omitempty"`
	Values             []string `json:"values,omitempty"`
	Feature            string   `json:"feature,omitempty"`
	Value              string   `json:"value,omitempty"`
	Segment            string   `json:"segment,omitempty"`
	Rank               int      `json:"rank,omitempty"`
	Many               bool     `json:"many,omitempty"`
	Meaning            string   `json:"meaning,omitempty"`
	NotFinal           bool     `json:"not_final,omitempty"`
	List               bool     `json:"list,omitempty"`
	Unused             bool     `json:"unused,omitempty"`
	Importance         string   `json:"importance,omitempty"`
	MissingValues      []string `json:"missing_values,omitempty"`
	MissingReplacement string   `json:"missing_replacement,omitempty"`
	MissingTreatment   string   `json:"missing_treatment,omitempty"`
	InvalidValues      []string `json:"invalid_values,omitempty"`
	InvalidTreatment   string   `json:"invalid_treatment,omitempty"`
	InvalidReplacement string   `json:"invalid_replacement,omitempty"`
	Outliers           string   `json:"outliers,omitempty"`
	LowValue           string   `json:"low_value,omitempty"`
	HighValue          string   `json:"high_value,omitempty"`
}

// A warning is what a person should know before the model goes live.
type warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func describe(m *evaluator.Model, notes []evaluator.Fault) description {
	s := m.Schema()
	d := description{
		PMMLVersion: s.PMMLVersion, Application: s.Application, Created: s.Created, Description: s.Description,
		ModelName: s.ModelName, ModelVersion: s.ModelVersion,
		Model: s.Element, Summary: s.Summary(), Structure: s.Structure, MiningFunction: s.MiningFunction, AlgorithmName: s.AlgorithmName,
		Size: sizeDescription(s.Size), MissingValueStrategies: s.MissingPaths,
		VerificationRows: s.VerificationRows, CompiledBytes: m.Size(), Warnings: warnings(m), Notes: notes,
		Inputs: describeFields(s.Inputs), Groups: describeFields(s.Groups),
		Targets: describeFields(s.Targets), Outputs: describeFields(s.Outputs),
	}
	for i := range d.Groups { // their values are only compared with one another
		g := &d.Groups[i]
		*g = fieldDescription{Name: g.Name, DisplayName: g.DisplayName, DataType: g.DataType, OpType: g.OpType}
	}
	for i := range d.Outputs {
		d.Outputs[i].Meaning = d.Outputs[i].meaning(s.Element)
	}
	return d
}

func warnings(m *evaluator.Model) []warning {
	s, all := m.Schema(), []warning{}
	if s.VerificationRows == 0 {
		all = append(all, warning{"unverified", "the document has no rows to verify the model with: compare scores with those of the program that trained it"})
	} else if err := m.Verify(); err != nil {
		all = append(all, warning{"verification", err.Error()})
	}
	var unused []string
	for _, f := range s.Inputs {
		if f.Unused {
			unused = append(unused, f.Name)
		}
	}
	if len(unused) > 0 {
		all = append(all, warning{"unused-inputs", "no result depends on " + shortList(unused)})
	}
	return all
}

func describeFields(fields []evaluator.Field) []fieldDescription {
	list := make([]fieldDescription, 0, len(fields))
	for _, f := range fields {
		var intervals []string
		for _, i := range f.Intervals {
			intervals = append(intervals, i.String())
		}
		list = append(list, fieldDescription{
			Name: f.Name, DisplayName: f.DisplayName, DataType: f.DataType, OpType: f.OpType, Intervals: intervals, Values: f.Values,
			Feature: f.Feature, Value: f.Value, Segment: f.Segment, Rank: f.Rank, Many: f.Many, NotFinal: f.NotFinal, List: f.List,
			Unused: f.Unused, Importance: f.Importance,
			MissingValues: f.MissingValues, MissingReplacement: f.MissingReplacement, MissingTreatment: f.MissingTreatment,
			InvalidValues: f.InvalidValues, InvalidTreatment: f.InvalidTreatment, InvalidReplacement: f.InvalidReplacement,
			Outliers: f.Outliers, LowValue: f.LowValue, HighValue: f.HighValue,
		})
	}
	return list
}

// shortList joins what a person can take in; --json has all of it.
func shortList(items []string) string {
	const most = 8
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s, … (%d in all)", strings.Join(items[:most], ", "), len(items))
}
