package scoring

import (
	"errors"
	"fmt"
)

// ErrAnswerTooLarge says that an answer would have more bytes than its Job allows.
var ErrAnswerTooLarge = errors.New("the answer is too large")

// A BodyError says that a body does not have the shape that it must have. The whole body is refused.
type BodyError struct {
	Line    int    // from 1; 0 if it is about the body as a whole
	Column  int    // byte of the line, from 1; 0 if it is about the line as a whole
	Row     int    // row of a table, from 1 without the header; 0 if it is about no row
	Message string // what is wrong
}

func (e *BodyError) Error() string {
	switch {
	case e.Row > 0:
		return fmt.Sprintf("row %d, line %d: %s", e.Row, e.Line, e.Message)
	case e.Column > 0:
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	case e.Line > 0:
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	}
	return e.Message
}

// A RowError says which row of a table cannot be scored; Err is an evaluator.RecordError.
type RowError struct {
	Row  int // from 1, without the header
	Line int // on which the row begins, from 1
	Err  error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d, line %d: %v", e.Row, e.Line, e.Err) }

// Unwrap gives what is wrong with the row's record.
func (e *RowError) Unwrap() error { return e.Err }

// clip keeps a message readable when it quotes a long text.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 { // not inside a character
		most--
	}
	return s[:most] + "…"
}
