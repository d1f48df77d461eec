package compile_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
)

const schemaDocument = `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
  <Header description="for shops" modelVersion="7"><Application name="hand"/><Timestamp> 2026-01-02 </Timestamp></Header>
  <DataDictionary>
    <DataField name="a" optype="continuous" dataType="double"><Value value="-1" property="missing"/><Value value="0" property="invalid"/></DataField>
    <DataField name="b" optype="categorical" dataType="string"/>
    <DataField name="idle" optype="continuous" dataType="double"/>
    <DataField name="y" optype="continuous" dataType="double"/>
  </DataDictionary>
  <MiningModel functionName="regression">
    <MiningSchema>
      <MiningField name="a" importance="0.5" outliers="asExtremeValues" lowValue="1" highValue="2.5e3" missingValueReplacement="3" missingValueTreatment="asMean"/>
      <MiningField name="b" invalidValueTreatment="asValue" invalidValueReplacement="x"/>
      <MiningField name="idle" missingValueTreatment="returnInvalid"/>
      <MiningField name="y" usageType="target"/>
    </MiningSchema>
    <Output>
      <OutputField name="first" dataType="double" optype="continuous" feature="predictedValue" segmentId="one"/>
    </Output>
    <LocalTransformations>
      <DerivedField name="d" optype="continuous" dataType="double"><FieldRef field="a"/></DerivedField>
    </LocalTransformations>
    <Segmentation multipleModelMethod="average">
      <Segment id="one"><True/>TREE</Segment>
      <Segment id="two"><SimplePredicate field="b" operator="equal" value="x"/>TREE</Segment>
      <Segment id="three"><True/>
        <RegressionModel functionName="regression"><MiningSchema/>
          <RegressionTable intercept="1"><NumericPredictor name="d" coefficient="2" exponent="2"/></RegressionTable>
        </RegressionModel>
      </Segment>
    </Segmentation>
  </MiningModel>
</PMML>`

const schemaTree = `<TreeModel functionName="regression" missingValueStrategy="nullPrediction"><MiningSchema/>
  <Node score="1"><True/>
    <Node score="2"><SimplePredicate field="d" operator="lessThan" value="5"/></Node>
    <Node score="3"><True/><Node score="4"><True/></Node></Node>
  </Node></TreeModel>`

// TestSchemaSaysWhatTheDocumentSays about fields, and what the model is made of.
func TestSchemaSaysWhatTheDocumentSays(t *testing.T) {
	document := strings.ReplaceAll(strings.Replace(schemaDocument, "<MiningSchema/>", `<MiningSchema><MiningField name="d"/></MiningSchema>`, 1),
		"TREE", strings.Replace(schemaTree, "<MiningSchema/>", `<MiningSchema><MiningField name="d"/></MiningSchema>`, 1))
	want := evaluator.Schema{
		PMMLVersion: "4.4", Application: "hand", ModelVersion: "7", Created: "2026-01-02", Description: "for shops",
		Element: "MiningModel", MiningFunction: "regression",
		Inputs: []evaluator.Field{
			{
				Name: "a", DataType: "double", OpType: "continuous", Importance: "0.5", MissingValues: []string{"-1"}, InvalidValues: []string{"0"},
				MissingReplacement: "3", MissingTreatment: "asMean", InvalidTreatment: "returnInvalid",
				Outliers: "asExtremeValues", LowValue: "1", HighValue: "2500",
			},
			{Name: "b", DataType: "string", OpType: "categorical", InvalidTreatment: "asValue", InvalidReplacement: "x"},
			{
				Name: "idle", DataType: "double", OpType: "continuous", MissingTreatment: "returnInvalid", InvalidTreatment: "returnInvalid",
				Unused: true,
			},
		},
		Targets:      []evaluator.Field{{Name: "y", DataType: "double", OpType: "continuous"}},
		Outputs:      []evaluator.Field{{Name: "first", DataType: "double", OpType: "continuous", Feature: "predictedValue", Segment: "one"}},
		Structure:    "average of 2 decision trees and a polynomial regression",
		Size:         evaluator.Size{Models: 3, Trees: 2, Nodes: 8, Leaves: 4, Depth: 2, Tables: 1, Terms: 1},
		MissingPaths: []string{"nullPrediction"},
	}
	got := schemaOf(t, document)
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestStructure says what sample models are made of, as those who trained them would.
func TestStructure(t *testing.T) {
	for sample, want := range map[string]string{
		"iris":               "decision tree",
		"random-forest":      "average of 15 decision trees",
		"loan-pipeline":      "logistic regression",
		"xgboost":            "chain of (sum of 25 decision trees), then a logistic regression",
		"boosted-regression": "sum of 20 decision trees",
	} {
		t.Run(sample, func(t *testing.T) {
			document, err := os.ReadFile("../../testdata/samples/" + sample + "/model.pmml")
			if err != nil {
				t.Fatal(err)
			}
			if got := schemaOf(t, string(document)).Structure; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func schemaOf(t *testing.T, document string) *evaluator.Schema {
	t.Helper()
	compiled, err := compile.Compile(strings.NewReader(document), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := evaluator.Open(compiled)
	if err != nil {
		t.Fatal(err)
	}
	return m.Schema()
}
