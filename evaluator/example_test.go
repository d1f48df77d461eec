package evaluator_test

import (
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/evaluator/compile"
)

// loans is a small model: whether a loan is paid back, by its amount and what it is for.
const loans = `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
 <Header/>
 <DataDictionary>
  <DataField name="amount" optype="continuous" dataType="double"><Interval closure="openClosed" leftMargin="0" rightMargin="100000"/></DataField>
  <DataField name="purpose" optype="categorical" dataType="string"><Value value="car"/><Value value="house"/></DataField>
  <DataField name="paid" optype="categorical" dataType="string"><Value value="yes"/><Value value="no"/></DataField>
 </DataDictionary>
 <RegressionModel functionName="classification" normalizationMethod="logit">
  <MiningSchema>
   <MiningField name="amount" missingValueTreatment="returnInvalid"/>
   <MiningField name="purpose"/>
   <MiningField name="paid" usageType="target"/>
  </MiningSchema>
  <Output>
   <OutputField name="risk" optype="continuous" dataType="double" feature="probability" value="no"/>
  </Output>
  <RegressionTable intercept="0" targetCategory="yes">
   <NumericPredictor name="amount" coefficient="0"/>
   <CategoricalPredictor name="purpose" value="house" coefficient="2"/>
  </RegressionTable>
  <RegressionTable intercept="0" targetCategory="no"/>
  <ModelVerification>
   <VerificationFields><VerificationField field="amount"/><VerificationField field="purpose"/><VerificationField field="risk"/></VerificationFields>
   <InlineTable><row><amount>1000</amount><purpose>car</purpose><risk>0.5</risk></row></InlineTable>
  </ModelVerification>
 </RegressionModel>
</PMML>`

// A document is compiled once; what is deployed is the compiled form.
func Example() {
	compiled, err := compile.Compile(strings.NewReader(loans), compile.Options{})
	if err != nil {
		log.Fatal(err)
	}
	model, err := evaluator.Open(compiled)
	if err != nil {
		log.Fatal(err)
	}
	s := model.NewScorer()
	if err := s.ScoreMap(map[string]any{"amount": 5000, "purpose": "house"}); err != nil {
		log.Fatal(err)
	}
	paid, _ := s.Get("paid")
	risk, _ := s.Get("risk")
	fmt.Println(paid, risk)
	// Output: yes 0.11920292202211769
}

// mustOpen is for examples that are about something else.
func mustOpen(document string) *evaluator.Model {
	compiled, err := compile.Compile(strings.NewReader(document), compile.Options{})
	if err != nil {
		log.Fatal(err)
	}
	model, err := evaluator.Open(compiled)
	if err != nil {
		log.Fatal(err)
	}
	return model
}

// What a model takes and gives.
func ExampleModel_Schema() {
	schema := mustOpen(loans).Schema()
	fmt.Println(schema.Summary(), "for", schema.MiningFunction)
	for _, f := range schema.Inputs {
		fmt.Println("input", f.Name, f.DataType, f.OpType, f.Intervals, f.Values)
	}
	for _, f := range schema.Targets {
		fmt.Println("target", f.Name, f.DataType, f.OpType, f.Values)
	}
	for _, f := range schema.Outputs {
		fmt.Println("output", f.Name, f.DataType, f.OpType, f.Feature)
	}
	// Output:
	// Regression for classification
	// input amount double continuous [(0, 100000]] []
	// input purpose string categorical [] [car house]
	// target paid string categorical [yes no]
	// output risk double continuous probability
}

// The fastest way: positions are looked up once, nothing is allocated for a record.
func ExampleScorer_Set() {
	model := mustOpen(loans)
	amount, _ := model.Input("amount")
	purpose, _ := model.Input("purpose")
	risk, _ := model.Result("risk")
	s := model.NewScorer()
	for _, of := range []float64{1000, 2000} {
		s.Clear()
		s.Set(amount, evaluator.Number(of))
		s.Set(purpose, evaluator.Text("car"))
		if err := s.Score(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.Value(risk))
	}
	// Output:
	// 0.5
	// 0.5
}

// Many records: one that cannot be scored does not stop the others.
func ExampleModel_ScoreAll() {
	records := []map[string]any{
		{"amount": 5000, "purpose": "house"},
		{"amount": -1, "purpose": "house"},
		{"amount": "100", "purpose": nil},
	}
	for results, err := range mustOpen(loans).ScoreAll(slices.Values(records)) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(results["paid"], results["risk"])
	}
	// Output:
	// yes 0.11920292202211769
	// Field "amount" cannot accept invalid value -1.0
	// yes 0.5
}

// A model that has rows of its own with what it must give for them.
func ExampleModel_Verify() {
	fmt.Println(mustOpen(loans).Verify())
	var wrong *evaluator.VerificationError
	err := mustOpen(strings.Replace(loans, "<risk>0.5</risk>", "<risk>0.4</risk>", 1)).Verify()
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Row, wrong.Field, wrong.Got, wrong.Expected)
	}
	// Output:
	// <nil>
	// 1 risk 0.5 0.4
}

// A value that its field does not allow.
func ExampleInvalidValueError() {
	s := mustOpen(loans).NewScorer()
	var invalid *evaluator.InvalidValueError
	if err := s.ScoreMap(map[string]any{"amount": 200000}); errors.As(err, &invalid) {
		fmt.Println(invalid.Field, invalid.Value, invalid.Allowed)
	}
	// Output: amount 200000.0 double in (0, 100000]
}

// A value that the model cannot do without.
func ExampleMissingValueError() {
	s := mustOpen(loans).NewScorer()
	var missing *evaluator.MissingValueError
	if err := s.ScoreMap(map[string]any{"purpose": "car"}); errors.As(err, &missing) {
		fmt.Println(missing.Field, missing.Code())
	}
	// Output: amount missing-value
}

// A value that the model computes and cannot go on with.
func ExampleResultError() {
	document := strings.Replace(loans, `<OutputField`, `<OutputField name="share" optype="continuous" dataType="integer" feature="transformedValue">
	 <Apply function="/"><Constant>1</Constant><FieldRef field="amount"/></Apply></OutputField><OutputField`, 1)
	s := mustOpen(document).NewScorer()
	var result *evaluator.ResultError
	if err := s.ScoreMap(map[string]any{"amount": 3}); errors.As(err, &result) {
		fmt.Println(result.Field, result.Code())
	}
	// Output: share invalid-result
}

// Everything that is wrong with a document is said at once, with line, path and what was expected.
func ExampleFaults() {
	document := strings.Replace(strings.Replace(loans, `normalizationMethod="logit"`, `normalizationMethod="logits"`, 1), `field="risk"`, `field="risks"`, 1)
	_, err := compile.Compile(strings.NewReader(document), compile.Options{})
	var faults *evaluator.Faults
	if errors.As(err, &faults) {
		for _, f := range faults.List {
			fmt.Println(f.Line, f.Code, f.Message)
		}
	}
	// Output:
	// 8 invalid-value "logits" is not one of none, simplemax, softmax, logit, probit, cloglog, exp, loglog, cauchit
	// 23 unknown-field field "risks" is not defined
}

// Bytes that are no compiled form, or not this version's.
func ExampleOpen() {
	_, err := evaluator.Open([]byte(loans))
	fmt.Println(errors.Is(err, evaluator.ErrDamaged), evaluator.IsCompiled([]byte(loans)))
	// Output: true false
}
