package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/spf13/cobra"
)

func newInspectCommand() *cobra.Command {
	var m modelFlags
	var asJSON, listing bool
	cmd := &cobra.Command{
		Use:   "inspect --model FILE",
		Short: "Show what a model takes and gives",
		Long: `Inspect shows what a model is, its inputs with their types and allowed values, its targets and its outputs.

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
			return interruptible(cmd.Context(), func(*files) error { return runInspect(cmd, m, asJSON, listing) })
		},
	}
	m.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&listing, "listing", false, "print the compiled form in a readable way")
	return cmd
}

func runInspect(cmd *cobra.Command, f modelFlags, asJSON, listing bool) error {
	m, err := f.open(cmd.InOrStdin())
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
		err = e.Encode(describe(m))
	default:
		err = printDescription(out, describe(m))
	}
	if err == nil {
		err = out.Flush()
	}
	return ioError("write", err)
}

// A description is what inspect tells of a model.
type description struct {
	PMMLVersion      string             `json:"pmml_version"`
	Application      string             `json:"application,omitempty"`
	ModelName        string             `json:"model_name,omitempty"`
	ModelVersion     string             `json:"model_version,omitempty"`
	Model            string             `json:"model"`
	Summary          string             `json:"summary"`
	MiningFunction   string             `json:"mining_function"`
	AlgorithmName    string             `json:"algorithm_name,omitempty"`
	VerificationRows int                `json:"verification_rows"`
	CompiledBytes    int                `json:"compiled_bytes"`
	Inputs           []fieldDescription `json:"inputs"`
	Groups           []fieldDescription `json:"groups,omitempty"`
	Targets          []fieldDescription `json:"targets"`
	Outputs          []fieldDescription `json:"outputs"`
}

type fieldDescription struct {
	Name               string   `json:"name"`
	DisplayName        string   `json:"display_name,omitempty"`
	DataType           string   `json:"data_type,omitempty"`
	OpType             string   `json:"op_type,omitempty"`
	Intervals          []string `json:"intervals,omitempty"`
	Values             []string `json:"values,omitempty"`
	Feature            string   `json:"feature,omitempty"`
	NotFinal           bool     `json:"not_final,omitempty"`
	Importance         string   `json:"importance,omitempty"`
	MissingReplacement string   `json:"missing_replacement,omitempty"`
	InvalidTreatment   string   `json:"invalid_treatment,omitempty"`
}

func describe(m *evaluator.Model) description {
	s := m.Schema()
	return description{
		PMMLVersion: s.PMMLVersion, Application: s.Application, ModelName: s.ModelName, ModelVersion: s.ModelVersion,
		Model: s.Element, Summary: s.Summary(), MiningFunction: s.MiningFunction, AlgorithmName: s.AlgorithmName,
		VerificationRows: s.VerificationRows, CompiledBytes: m.Size(),
		Inputs: describeFields(s.Inputs), Groups: describeFields(s.Groups),
		Targets: describeFields(s.Targets), Outputs: describeFields(s.Outputs),
	}
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
			Feature: f.Feature, NotFinal: f.NotFinal, Importance: f.Importance,
			MissingReplacement: f.MissingReplacement, InvalidTreatment: f.InvalidTreatment,
		})
	}
	return list
}

// printDescription prints d for people: what the model is, then a table for each kind of field.
func printDescription(out io.Writer, d description) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"Model", d.Summary + " (" + d.Model + ")"}, {"Name", d.ModelName}, {"Version", d.ModelVersion},
		{"Function", d.MiningFunction}, {"Algorithm", d.AlgorithmName}, {"PMML", d.PMMLVersion},
		{"Written by", d.Application}, {"Verification rows", fmt.Sprint(d.VerificationRows)},
		{"Compiled", fmt.Sprintf("%d bytes", d.CompiledBytes)},
	} {
		if line[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
		}
	}
	for _, kind := range []struct {
		title  string
		fields []fieldDescription
	}{{"Inputs", d.Inputs}, {"Groups", d.Groups}, {"Targets", d.Targets}, {"Outputs", d.Outputs}} {
		if len(kind.fields) == 0 {
			continue
		}
		if err := w.Flush(); err != nil { // each table has columns of its own
			return err
		}
		fmt.Fprintf(out, "\n%s\n", kind.title)
		for _, f := range kind.fields {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", f.Name, f.DataType, f.OpType, strings.Join(f.remarks(), "; "))
		}
	}
	return w.Flush()
}

// remarks says in words what a field allows and how it is treated.
func (f fieldDescription) remarks() []string {
	var all []string
	if allowed := append(append([]string(nil), f.Intervals...), f.Values...); len(allowed) > 0 {
		all = append(all, shortList(allowed))
	}
	if f.Feature != "" {
		all = append(all, f.Feature)
	}
	if f.NotFinal {
		all = append(all, "not final")
	}
	if f.MissingReplacement != "" {
		all = append(all, "missing is "+f.MissingReplacement)
	}
	if f.InvalidTreatment != "" && f.InvalidTreatment != "returnInvalid" {
		all = append(all, f.InvalidTreatment)
	}
	return all
}

// shortList joins what a person can take in; --json has all of it.
func shortList(items []string) string {
	const most = 8
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s, … (%d in all)", strings.Join(items[:most], ", "), len(items))
}
