package scoring

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/handoff-pmml/handoff/evaluator"
)

// What a JSON body may hold. Openscoring's parser has the same limits.
const (
	maxDepth  = 1000       // nested objects and arrays
	maxDigits = 1000       // characters of a number
	maxText   = 20_000_000 // bytes of a text

	maxMembers = 100_000 // of all lists of a record; this one is ours, since a value takes 30 times what its text takes
)

// A reader reads a JSON body strictly: UTF-8, nothing behind the value, no NaN, no comments. A member that comes twice
// is allowed; the last one counts.
type reader struct {
	source  bytes.Buffer
	decoder jsontext.Decoder
	body    []byte
	scratch []byte // a name or text with escapes, decoded
}

var utf8Mark = []byte("\xEF\xBB\xBF")

func (r *reader) reset(body []byte) {
	r.body = bytes.TrimPrefix(body, utf8Mark)
	r.source = *bytes.NewBuffer(r.body)
	r.decoder.Reset(&r.source, jsontext.AllowDuplicateNames(true))
}

// release lets go of the body.
func (r *reader) release() {
	r.body = nil
	r.source = bytes.Buffer{}
	if cap(r.scratch) > 64<<10 {
		r.scratch = nil
	}
}

// open reads the { or [ that must come next; what says in words what is expected there.
func (r *reader) open(kind jsontext.Kind, what string) error {
	if got := r.decoder.PeekKind(); got != kind && got != jsontext.KindInvalid {
		return r.fault(what)
	}
	_, err := r.decoder.ReadToken()
	return r.located(err)
}

// next reads the name of the object's next member; more is false at the object's end. The name is valid until the next
// call of any method.
func (r *reader) next() (name []byte, more bool, err error) {
	if r.decoder.PeekKind() == jsontext.KindEndObject {
		_, err := r.decoder.ReadToken()
		return nil, false, r.located(err)
	}
	raw, err := r.decoder.ReadValue()
	if err != nil {
		return nil, false, r.located(err)
	}
	return r.unquote(raw), true, nil
}

// end makes sure that nothing follows the value.
func (r *reader) end() error {
	switch _, err := r.decoder.ReadToken(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return r.located(err)
	}
	return r.fault("there is text behind the end of the body")
}

// scalar reads null, true, false, a number or a text as it is written.
func (r *reader) scalar() (jsontext.Value, error) {
	raw, err := r.decoder.ReadValue()
	switch {
	case err != nil:
		return nil, r.located(err)
	case raw.Kind() == jsontext.KindNumber && len(raw) > maxDigits:
		return nil, r.fault("a number has more than " + strconv.Itoa(maxDigits) + " characters")
	case len(raw) > maxText:
		return nil, r.fault("a text has more than " + strconv.Itoa(maxText) + " bytes")
	}
	return raw, nil
}

// skip reads over a value of any kind. It goes token by token, because the limits hold in there, too.
func (r *reader) skip() error {
	for depth := r.decoder.StackDepth(); ; {
		switch r.decoder.PeekKind() {
		case jsontext.KindBeginObject, jsontext.KindBeginArray, jsontext.KindEndObject, jsontext.KindEndArray:
			if _, err := r.decoder.ReadToken(); err != nil {
				return r.located(err)
			}
		default:
			if _, err := r.scalar(); err != nil {
				return err
			}
		}
		switch now := r.decoder.StackDepth(); {
		case now > maxDepth:
			return r.fault("objects and arrays are nested more than " + strconv.Itoa(maxDepth) + " deep")
		case now <= depth:
			return nil
		}
	}
}

// text gives the id of a record or batch as a JSON text, nil for null. Numbers and truths become text.
func (r *reader) text() ([]byte, error) {
	switch r.decoder.PeekKind() {
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
		return nil, r.fault(`"id" must be a text`)
	}
	raw, err := r.scalar()
	if err != nil {
		return nil, err
	}
	switch raw.Kind() {
	case jsontext.KindNull:
		return nil, nil
	case jsontext.KindString:
		return bytes.Clone(raw), nil
	}
	return append(append([]byte{'"'}, raw...), '"'), nil
}

// unquote decodes a JSON text; the result is valid until the next call of any method.
func (r *reader) unquote(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	r.scratch, _ = jsontext.AppendUnquote(r.scratch[:0], raw) // the decoder has checked it
	return r.scratch
}

// arguments reads an object of input values into the record.
func (r *reader) arguments(into *record) error {
	into.clear()
	if err := r.open(jsontext.KindBeginObject, `"arguments" must be an object`); err != nil {
		return err
	}
	for {
		name, more, err := r.next()
		if err != nil || !more {
			return err
		}
		i, known := into.inputs[string(name)]
		if !known {
			err = r.skip()
		} else {
			err = r.argument(into, i)
		}
		if err != nil {
			return err
		}
	}
}

// argument reads the value of one input. An object, or a list of anything but simple values, is no value of any field.
func (r *reader) argument(into *record, i int) error {
	switch r.decoder.PeekKind() {
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
		return r.compound(into, i)
	}
	raw, err := r.scalar()
	if err != nil {
		return err
	}
	if v, ok := r.simple(raw); ok {
		into.set(i, v)
	} else {
		into.refuse(i, string(raw))
	}
	return nil
}

// simple gives the value of a scalar; ok is false for one that no field can hold.
func (r *reader) simple(raw jsontext.Value) (v evaluator.Value, ok bool) {
	switch raw.Kind() {
	case jsontext.KindTrue:
		return evaluator.Boolean(true), true
	case jsontext.KindFalse:
		return evaluator.Boolean(false), true
	case jsontext.KindString:
		return evaluator.Text(string(r.unquote(raw))), true
	case jsontext.KindNumber:
		return number(raw)
	}
	return evaluator.Missing(), true
}

// number gives a whole number of 64 bits as such; a field of numbers with fraction takes it as well. JSON allows numbers
// beyond the range of a double: then ok is false.
func number(raw []byte) (v evaluator.Value, ok bool) {
	if !bytes.ContainsAny(raw, ".eE") {
		if i, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return evaluator.Integer(i), true
		}
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	return evaluator.Number(f), err == nil
}

// compound reads an array or an object.
func (r *reader) compound(into *record, i int) error {
	from := r.decoder.InputOffset()
	members, simple, err := r.list(into)
	if err != nil {
		return err
	}
	if simple {
		into.set(i, evaluator.List(members...))
		return nil
	}
	written := bytes.TrimLeft(r.body[from:r.decoder.InputOffset()], " \t\r\n:")
	into.refuse(i, plain(written))
	return nil
}

// list reads a value of any kind; simple says that it was an array of scalars that fields can hold.
func (r *reader) list(into *record) (members []evaluator.Value, simple bool, err error) {
	if r.decoder.PeekKind() != jsontext.KindBeginArray {
		return nil, false, r.skip()
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return nil, false, r.located(err)
	}
	for simple = true; ; {
		switch r.decoder.PeekKind() {
		case jsontext.KindEndArray:
			_, err := r.decoder.ReadToken()
			return members, simple, r.located(err)
		case jsontext.KindBeginObject, jsontext.KindBeginArray:
			simple = false
			if err := r.skip(); err != nil {
				return nil, false, err
			}
			continue
		}
		raw, err := r.scalar()
		if err != nil {
			return nil, false, err
		}
		if into.members++; into.members > maxMembers {
			return nil, false, r.fault("the lists of a record have more than " + strconv.Itoa(maxMembers) + " members")
		}
		v, ok := r.simple(raw)
		simple = simple && ok
		members = append(members, v)
	}
}

// plain prints an object or array as Openscoring's messages do: {a=1, b=[x, y]}. It stops when it has enough to show.
func plain(written []byte) string {
	var b strings.Builder
	decoder := jsontext.NewDecoder(bytes.NewBuffer(written), jsontext.AllowDuplicateNames(true))
	for b.Len() <= 100 {
		token, err := decoder.ReadToken()
		if err != nil {
			break
		}
		kind, n := decoder.StackIndex(decoder.StackDepth())
		switch token.Kind() {
		case jsontext.KindEndObject, jsontext.KindEndArray:
			b.WriteByte(byte(token.Kind()))
			continue
		case jsontext.KindBeginObject, jsontext.KindBeginArray:
			kind, n = decoder.StackIndex(decoder.StackDepth() - 1)
		}
		switch { // the token is the n-th of the object or array that it stands in
		case kind == jsontext.KindBeginObject && n%2 == 0:
			b.WriteByte('=')
		case kind != jsontext.KindInvalid && n > 1:
			b.WriteString(", ")
		}
		b.WriteString(token.String())
	}
	return b.String()
}

// fault says that the body does not have the shape that it must have, at the place that was read last.
func (r *reader) fault(message string) error {
	return r.at(r.decoder.InputOffset(), message)
}

// located puts line and column to what the decoder complains about.
func (r *reader) located(err error) error {
	if err == nil {
		return nil
	}
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic) && syntactic.Err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return r.at(syntactic.ByteOffset, "malformed JSON: "+clip(strings.TrimPrefix(syntactic.Err.Error(), "jsontext: "), 200))
	case errors.Is(err, io.EOF) && len(bytes.TrimSpace(r.body)) == 0:
		return &BodyError{Message: "the body is empty: a JSON object is expected"}
	}
	return r.at(int64(len(r.body)), "malformed JSON: the text ends too early")
}

func (r *reader) at(offset int64, message string) error {
	before := r.body[:min(int(offset), len(r.body))]
	return &BodyError{
		Line:    bytes.Count(before, []byte("\n")) + 1,
		Column:  len(before) - bytes.LastIndexByte(before, '\n'),
		Message: message,
	}
}
