// Package uploads does what functions/deploy is invoked for: it looks at the objects that S3 tells of, goes on with what
// was left unfinished, and serves commands.
//
// An event is a hint: it says that something happened under a key, and nothing in it is believed but the key. What lies
// there now decides, so that an event may come twice, late, after a newer one, or be forged.
package uploads

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"unicode/utf8"
)

// A Kind says what an invocation is.
type Kind int

// The kinds of invocations.
const (
	Unknown  Kind = iota
	Objects       // S3 tells of objects: directly, through SNS or EventBridge
	Queue         // a batch of SQS, whose messages tell of objects
	Schedule      // the clock, of EventBridge's rules or its Scheduler
	Command       // a command of package command
)

// An Event is an invocation as far as it says what to do.
type Event struct {
	Kind     Kind
	Hints    []Hint    // of Objects: none in the event by which S3 tests whether it may notify
	Messages []Message // of Queue
}

// A Message is one message of a batch. With an Err, Hints has what could be read nevertheless.
type Message struct {
	ID    string // of SQS
	Hints []Hint
	Err   error
}

// A Hint says that something happened under a key: an object was created, deleted, restored, or anything else.
type Hint struct {
	Bucket string
	Key    string
	Actor  string // who did it, as S3 names principals; may be empty
}

var errUnknown = errors.New("the event is none that this function answers: S3's, directly or through SQS, SNS or EventBridge, " +
	"a scheduled event of EventBridge, or a command")

// envelope is as much of all kinds of events as tells what they are.
type envelope struct {
	Records []json.RawMessage // S3, SQS, SNS

	Handoff json.RawMessage // our commands

	Event string // S3: "s3:TestEvent"

	Type    string // SNS, as a message of SQS has it
	Message string

	Source     string // EventBridge
	DetailType string `json:"detail-type"`
	Detail     json.RawMessage
}

// record is one of Records. SQS and S3 write eventSource, SNS EventSource: reading takes both.
type record struct {
	EventSource string

	UserIdentity struct{ PrincipalID string } // S3
	S3           *object

	MessageID string // SQS
	Body      *string

	SNS *struct{ Message string } // SNS
}

// object is where something happened, in S3's notifications and EventBridge's alike.
type object struct {
	Bucket struct{ Name string }
	Object struct{ Key string }
	// There is a sequencer beside the key, which says which of two events of a key was first. It is not read: an event
	// that is dropped because a later one was seen would be one look less, and who looks sees the newest object anyway. And
	// not all who send such events have one.

	Requester string // EventBridge
}

const (
	sourceSQS       = "aws:sqs"
	sourceS3        = "aws.s3" // of EventBridge
	typeScheduled   = "Scheduled Event"
	typeAPICall     = "AWS API Call via CloudTrail"
	testEvent       = "s3:TestEvent"
	notification    = "Notification"
	maxNotification = 2 // SNS within SNS
)

// Parse reads an event. With an error, the event has what could be read nevertheless; that of a message is with the message.
func Parse(payload []byte) (Event, error) {
	var e envelope
	if err := json.Unmarshal(payload, &e); err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	switch {
	case e.Handoff != nil:
		return Event{Kind: Command}, nil
	case e.DetailType == typeScheduled && (e.Source == "aws.events" || e.Source == "aws.scheduler"):
		return Event{Kind: Schedule}, nil
	case e.isQueue():
		messages, err := e.messages()
		return Event{Kind: Queue, Messages: messages}, err
	}
	hints, err := e.hints(0)
	if errors.Is(err, errUnknown) && len(hints) == 0 {
		return Event{}, err
	}
	return Event{Kind: Objects, Hints: hints}, err
}

func (e *envelope) isQueue() bool {
	var first record
	return len(e.Records) > 0 && json.Unmarshal(e.Records[0], &first) == nil && first.EventSource == sourceSQS
}

// messages reads a batch. The error is about one without an id, which cannot fail alone.
func (e *envelope) messages() ([]Message, error) {
	var messages []Message
	for i, raw := range e.Records {
		var r record
		err := json.Unmarshal(raw, &r)
		if r.MessageID == "" {
			return nil, fmt.Errorf("event: message %d of the batch has no id", i+1)
		}
		m := Message{ID: r.MessageID}
		switch {
		case err != nil:
			m.Err = fmt.Errorf("message: %w", err)
		case r.EventSource != sourceSQS || r.Body == nil:
			m.Err = errors.New("message: it is none of SQS")
		default:
			m.Hints, m.Err = readHints([]byte(*r.Body), 0)
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// readHints reads a notification, which may be within that many others.
func readHints(text []byte, within int) ([]Hint, error) {
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fmt.Errorf("notification: %w", err)
	}
	return e.hints(within)
}

func (e *envelope) hints(within int) ([]Hint, error) {
	switch {
	case len(e.Records) > 0:
		return e.recorded(within)
	case e.Event == testEvent:
		return nil, nil
	case e.Type == notification && within < maxNotification:
		return readHints([]byte(e.Message), within+1)
	case e.Source == sourceS3 && e.DetailType != typeAPICall:
		return e.bridged()
	}
	return nil, errUnknown
}

// recorded reads Records of S3 or SNS. One that is wrong does not keep the others from being read.
func (e *envelope) recorded(within int) ([]Hint, error) {
	var (
		hints []Hint
		errs  []error
	)
	for _, raw := range e.Records {
		var r record
		if err := json.Unmarshal(raw, &r); err != nil {
			errs = append(errs, fmt.Errorf("record: %w", err))
			continue
		}
		switch {
		case r.S3 != nil:
			key, err := decodeKey(r.S3.Object.Key)
			if err == nil {
				err = r.S3.check()
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			hints = append(hints, Hint{r.S3.Bucket.Name, key, r.UserIdentity.PrincipalID})
		case r.SNS != nil && within < maxNotification:
			more, err := readHints([]byte(r.SNS.Message), within+1)
			hints = append(hints, more...)
			errs = append(errs, err)
		default:
			errs = append(errs, errUnknown)
		}
	}
	return hints, errors.Join(errs...)
}

// bridged reads what EventBridge says of an object. Keys are as they are there, not encoded.
func (e *envelope) bridged() ([]Hint, error) {
	var o object
	if err := json.Unmarshal(e.Detail, &o); err != nil {
		return nil, fmt.Errorf("detail: %w", err)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	return []Hint{{o.Bucket.Name, o.Object.Key, o.Requester}}, nil
}

func (o *object) check() error {
	if o.Bucket.Name == "" || o.Object.Key == "" {
		return errors.New("the event names no object")
	}
	return nil
}

// decodeKey reads a key as S3's notifications have it: encoded as a form's value, a space being a plus sign.
func decodeKey(encoded string) (string, error) {
	key, err := url.QueryUnescape(encoded)
	if err == nil && !utf8.ValidString(key) {
		err = errors.New("it is not UTF-8")
	}
	if err != nil {
		return "", fmt.Errorf("key %.1100q: %w", encoded, err)
	}
	return key, nil
}
