package evaluator

import (
	"fmt"

	"github.com/handoff-pmml/handoff/evaluator/internal/diag"
)

// A Fault is one thing that is wrong with a document, with its line, its path and a stable code.
type Fault = diag.Fault

// Faults is everything that is wrong with a document: the error of package compile.
type Faults = diag.Faults

// A FaultCode names the rule that a Fault is about; docs/faults.md lists them.
type FaultCode = diag.Code

// A RecordError says why a record cannot be scored. The model is right; the record, or what the model makes of it, is
// not. It is an *InvalidValueError, a *MissingValueError or a *ResultError.
type RecordError interface {
	error
	Code() string      // stable name of the kind of error, such as "invalid-value"
	FieldName() string // the field that it is about; empty if it is about none
}

// An InvalidValueError is about an input value that its field does not allow.
type InvalidValueError struct {
	Field   string // name of the field
	Value   string // the value after conversion, text in quotation marks, at most 100 characters of it
	Allowed string // what the field allows, such as "double in [4.3, 7.9]"
}

func (e *InvalidValueError) Error() string {
	return fmt.Sprintf("Field %q cannot accept invalid value %s", e.Field, e.Value)
}

// Code is "invalid-value".
func (e *InvalidValueError) Code() string { return "invalid-value" }

// FieldName is the name of the field.
func (e *InvalidValueError) FieldName() string { return e.Field }

// A MissingValueError is about an input that the model cannot do without.
type MissingValueError struct {
	Field string // name of the field
}

func (e *MissingValueError) Error() string {
	return fmt.Sprintf("Field %q cannot accept missing value", e.Field)
}

// Code is "missing-value".
func (e *MissingValueError) Code() string { return "missing-value" }

// FieldName is the name of the field.
func (e *MissingValueError) FieldName() string { return e.Field }

// A ResultError is about a value that the model computed and cannot go on with: an undefined result of a function,
// a comparison of things that have no order, an X-Error element.
type ResultError struct {
	Field   string // the derived or output field that was being computed; empty if none
	Message string
}

func (e *ResultError) Error() string { return e.Message }

// Code is "invalid-result".
func (e *ResultError) Code() string { return "invalid-result" }

// FieldName is the field that was being computed.
func (e *ResultError) FieldName() string { return e.Field }

// A VerificationError says that a model does not give what its own ModelVerification rows expect.
type VerificationError struct {
	Line     int    // of the ModelVerification element
	Path     string // of it
	Row      int    // from 1
	Field    string // target or output field; empty if the row cannot be scored
	Got      string
	Expected string
	Err      error // why the row cannot be scored: a RecordError; nil if it can
}

func (e *VerificationError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("verification row %d: %v", e.Row, e.Err)
	}
	return fmt.Sprintf("verification row %d, field %q: Values %s and %s do not match", e.Row, e.Field, e.Expected, e.Got)
}

// Unwrap gives the RecordError of a row that cannot be scored.
func (e *VerificationError) Unwrap() error { return e.Err }

// Fault gives the error as a fault of the document.
func (e *VerificationError) Fault() *Fault {
	return &Fault{Line: e.Line, Path: e.Path, Code: diag.Verification, Message: e.Error(), Expected: e.Expected}
}
