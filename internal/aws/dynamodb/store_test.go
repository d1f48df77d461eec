package dynamodb_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/dynamodb"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/storetest"
)

func TestInMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) deploy.Store {
		return dynamodb.New(&awstest.Table{Unkind: true, Items: map[string]item{}}, "handoff-test")
	})
}

type item = awstest.Item

// cancelled is DynamoDB's error for a transaction, with a reason for each of its items.
var cancelled = awstest.Cancelled

// fake is an API of functions: those that are nil are the table's.
type fake struct {
	*awstest.Table
	getItem  func(in *sdk.GetItemInput) (*sdk.GetItemOutput, error)
	read     func(in *sdk.TransactGetItemsInput) (*sdk.TransactGetItemsOutput, error)
	write    func(in *sdk.TransactWriteItemsInput) error
	query    func(in *sdk.QueryInput) (*sdk.QueryOutput, error)
	attempts int // of transactions
}

func newFake() *fake {
	return &fake{Table: awstest.NewTable()}
}

func (f *fake) GetItem(ctx context.Context, in *sdk.GetItemInput, o ...func(*sdk.Options)) (*sdk.GetItemOutput, error) {
	if f.getItem != nil {
		return f.getItem(in)
	}
	return f.Table.GetItem(ctx, in, o...)
}

func (f *fake) TransactGetItems(ctx context.Context, in *sdk.TransactGetItemsInput, o ...func(*sdk.Options)) (*sdk.TransactGetItemsOutput, error) {
	f.attempts++
	if f.read != nil {
		if out, err := f.read(in); out != nil || err != nil {
			return out, err
		}
	}
	return f.Table.TransactGetItems(ctx, in, o...)
}

func (f *fake) TransactWriteItems(ctx context.Context, in *sdk.TransactWriteItemsInput, o ...func(*sdk.Options)) (*sdk.TransactWriteItemsOutput, error) {
	f.attempts++
	if f.write != nil {
		if err := f.write(in); err != nil {
			return nil, err
		}
	}
	return f.Table.TransactWriteItems(ctx, in, o...)
}

func (f *fake) Query(ctx context.Context, in *sdk.QueryInput, o ...func(*sdk.Options)) (*sdk.QueryOutput, error) {
	if f.query != nil {
		return f.query(in)
	}
	return f.Table.Query(ctx, in, o...)
}

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// begun is a model whose first deployment is open.
func begun() deploy.Transition {
	d := deploy.Deployment{Model: "m", ID: "01", Kind: deploy.Upload, State: deploy.Received, Version: 1, Created: at, Updated: at}
	return deploy.Transition{
		Model:       deploy.Model{ID: "m", Rev: 1, Last: 1, Desired: 1, Kept: []int{1}, Open: d.ID, Created: at, Updated: at},
		Versions:    []deploy.Version{{Model: "m", Number: 1, State: deploy.Received, Deployment: d.ID, Created: at}},
		Deployments: []deploy.Deployment{d},
	}
}

func TestWhatACancelledCommitMeans(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, test := range []struct {
		name     string
		answers  []error // of the first attempts; nil: the commit is done
		conflict bool
		says     string
		attempts int
	}{
		{"the condition failed", []error{cancelled("ConditionalCheckFailed", "None", "None")}, true, "", 1},
		{"the condition failed beside a conflict", []error{cancelled("ConditionalCheckFailed", "TransactionConflict", "None")}, true, "", 1},
		{"a conflict that passes", []error{cancelled("None", "TransactionConflict", "None"), nil}, false, "", 2},
		{"a conflict, then somebody was first", []error{cancelled("TransactionConflict"), cancelled("ConditionalCheckFailed")}, true, "", 2},
		{"a conflict that stays", slices.Repeat([]error{cancelled("TransactionConflict")}, 20), true, "is being changed", 11},
		{"too much for a moment", []error{cancelled("ThrottlingError"), cancelled("ProvisionedThroughputExceeded"), nil}, false, "", 3},
		{"too much", slices.Repeat([]error{cancelled("None", "ThrottlingError")}, 20), false, "Transaction cancelled", 11},
		{"an item that is too large", []error{cancelled("None", "None", "ValidationError")}, false, "DEPLOYMENT#01: ValidationError because", 1},
		{"an item that is too large beside a conflict", []error{cancelled("TransactionConflict", "ValidationError")}, false, "VERSION#000001: ValidationError", 1},
		{"reasons of nobody knows what", []error{cancelled("None", "None", "None", "None", "Odd")}, false, "an item: Odd because", 1},
		{"a token in use", []error{&types.TransactionInProgressException{}}, false, "", 1},
		{"a connection that broke", []error{broken}, false, "broken pipe", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.write = func(*sdk.TransactWriteItemsInput) error { return test.answers[f.attempts-1] }
				err := dynamodb.New(f, "t").Commit(t.Context(), begun())
				done := test.answers[min(test.attempts, len(test.answers))-1] == nil
				if (err == nil) != done || errors.Is(err, deploy.ErrConflict) != test.conflict {
					t.Errorf("commit: %v", err)
				}
				if err != nil && !strings.Contains(err.Error(), test.says) {
					t.Errorf("%q does not say %q", err, test.says)
				}
				if f.attempts != test.attempts {
					t.Errorf("%d attempts, not %d", f.attempts, test.attempts)
				}
			})
		})
	}
}

func TestACommitEndsWithItsContextBetweenAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := newFake()
		f.write = func(*sdk.TransactWriteItemsInput) error { cancel(); return cancelled("TransactionConflict") }
		if err := dynamodb.New(f, "t").Commit(ctx, begun()); !errors.Is(err, context.Canceled) || f.attempts != 1 {
			t.Errorf("after %d attempts: %v", f.attempts, err)
		}
	})
}

// A call that was done though its answer was lost: what happened is in the status, and the SDK's token is left to the SDK.
func TestACommitWhoseAnswerWasLost(t *testing.T) {
	f := newFake()
	lost := errors.New("connection reset")
	f.write = func(in *sdk.TransactWriteItemsInput) error {
		f.write = nil
		_, err := f.Table.TransactWriteItems(t.Context(), in)
		return errors.Join(err, lost)
	}
	s := dynamodb.New(f, "t")
	if err := s.Commit(t.Context(), begun()); !errors.Is(err, lost) || errors.Is(err, deploy.ErrConflict) {
		t.Errorf("the lost answer: %v", err)
	}
	if got, err := s.Status(t.Context(), "m"); err != nil || got.Model.Rev != 1 || got.Deployment == nil {
		t.Errorf("status %+v, %v", got, err)
	}
	if err := s.Commit(t.Context(), begun()); !errors.Is(err, deploy.ErrConflict) {
		t.Errorf("the same once more: %v", err)
	}
}

func TestATransitionOfTooManyItems(t *testing.T) {
	f := newFake()
	tr := begun()
	for n := range 99 {
		tr.Versions = append(tr.Versions, deploy.Version{Model: "m", Number: n + 2})
	}
	err := dynamodb.New(f, "t").Commit(t.Context(), tr)
	if err == nil || errors.Is(err, deploy.ErrConflict) || !strings.Contains(err.Error(), "102 items") || f.attempts != 0 {
		t.Errorf("after %d attempts: %v", f.attempts, err)
	}
}

func TestStatusReadsAgainWhatWasTorn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := dynamodb.New(f, "t")
		tr := begun()
		if err := s.Commit(t.Context(), tr); err != nil {
			t.Fatal(err)
		}
		f.attempts = 0
		f.read = func(*sdk.TransactGetItemsInput) (*sdk.TransactGetItemsOutput, error) {
			if f.attempts > 2 {
				return nil, nil
			}
			tr.Model.Rev, tr.Versions[0].Rows = tr.Model.Rev+1, f.attempts
			return nil, s.Commit(t.Context(), tr) // f.attempts becomes one more
		}
		got, err := s.Status(t.Context(), "m")
		if err != nil || got.Model.Rev != 2 || got.Versions[0].Rows != 1 {
			t.Errorf("status %+v, %v", got, err)
		}
	})
}

func TestStatusOfAModelThatIsAlwaysWritten(t *testing.T) {
	for name, read := range map[string]func(*sdk.TransactGetItemsInput) (*sdk.TransactGetItemsOutput, error){
		"another revision": func(in *sdk.TransactGetItemsInput) (*sdk.TransactGetItemsOutput, error) {
			other := item{"PK": in.TransactItems[0].Get.Key["PK"], "SK": in.TransactItems[0].Get.Key["SK"], "rev": &types.AttributeValueMemberN{Value: "7"}}
			return &sdk.TransactGetItemsOutput{Responses: []types.ItemResponse{{Item: other}, {}, {}}}, nil
		},
		"a conflict": func(*sdk.TransactGetItemsInput) (*sdk.TransactGetItemsOutput, error) {
			return nil, cancelled("TransactionConflict", "None", "None")
		},
		"throttled": func(*sdk.TransactGetItemsInput) (*sdk.TransactGetItemsOutput, error) {
			return nil, cancelled("ThrottlingError")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				s := dynamodb.New(f, "t")
				if err := s.Commit(t.Context(), begun()); err != nil {
					t.Fatal(err)
				}
				f.attempts, f.read = 0, read
				if got, err := s.Status(t.Context(), "m"); err == nil || errors.Is(err, deploy.ErrConflict) || f.attempts != 11 {
					t.Errorf("after %d attempts: %+v, %v", f.attempts, got, err)
				}
			})
		})
	}
}

func TestStatusSaysWhichItemIsMissing(t *testing.T) {
	for _, missing := range []string{"VERSION#000001", "DEPLOYMENT#01"} {
		f := newFake()
		s := dynamodb.New(f, "t")
		if err := s.Commit(t.Context(), begun()); err != nil {
			t.Fatal(err)
		}
		delete(f.Items, "MODEL#m\x00"+missing)
		if _, err := s.Status(t.Context(), "m"); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

// An open deployment may bring a version that is not among those that are kept.
func TestStatusHasTheOpenDeploymentsVersion(t *testing.T) {
	s := dynamodb.New(newFake(), "t")
	tr := begun()
	tr.Model.Kept = nil
	if err := s.Commit(t.Context(), tr); err != nil {
		t.Fatal(err)
	}
	got, err := s.Status(t.Context(), "m")
	if err != nil || len(got.Versions) != 1 || got.Versions[0].Number != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestErrorsSayWhatWasDone(t *testing.T) {
	down := errors.New("down")
	f := newFake()
	s := dynamodb.New(f, "t")
	if err := s.Commit(t.Context(), begun()); err != nil {
		t.Fatal(err)
	}
	f.getItem = func(*sdk.GetItemInput) (*sdk.GetItemOutput, error) { return nil, down }
	f.query = func(*sdk.QueryInput) (*sdk.QueryOutput, error) { return nil, down }
	f.write = func(*sdk.TransactWriteItemsInput) error { return down }
	ctx := t.Context()
	for what, call := range map[string]func() error{
		"read the status of m":       func() error { _, err := s.Status(ctx, "m"); return err },
		"commit a transition of m":   func() error { return s.Commit(ctx, begun()) },
		"list the models":            func() error { _, err := s.Models(ctx); return err },
		"list what is unfinished":    func() error { _, err := s.Unfinished(ctx); return err },
		"read VERSION#000001 of m":   func() error { _, err := s.Version(ctx, "m", 1); return err },
		"list VERSION# of m":         func() error { _, err := s.Versions(ctx, "m", 1); return err },
		"read DEPLOYMENT#01 of m":    func() error { _, err := s.Deployment(ctx, "m", "01"); return err },
		"list DEPLOYMENT# of m":      func() error { _, err := s.Deployments(ctx, "m", "", 1); return err },
		"list AUDIT# of m: down":     func() error { _, err := s.Audits(ctx, "m", "9", 1); return err },
		"commit a transition of m: ": func() error { return s.Commit(ctx, begun()) },
	} {
		if err := call(); !errors.Is(err, down) || !strings.HasPrefix(err.Error(), what) || errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	f.getItem = nil
	f.read = func(*sdk.TransactGetItemsInput) (*sdk.TransactGetItemsOutput, error) { return nil, down }
	if _, err := s.Status(ctx, "m"); !errors.Is(err, down) {
		t.Errorf("status: %v", err)
	}
}

// What somebody else wrote into the table is an error, not a model.
func TestStrangeItems(t *testing.T) {
	for name, strange := range map[string]types.AttributeValue{
		"a set":                &types.AttributeValueMemberSS{Value: []string{"a"}},
		"a set within a list":  &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberNS{}}},
		"a set within a map":   &types.AttributeValueMemberM{Value: item{"x": &types.AttributeValueMemberBS{}}},
		"text for a number":    &types.AttributeValueMemberS{Value: "x"},
		"bytes of no number":   &types.AttributeValueMemberB{Value: []byte("}{")},
		"a nothing of its own": nil,
	} {
		f := newFake()
		f.Items["MODEL#m\x00META"] = item{"PK": &types.AttributeValueMemberS{Value: "MODEL#m"}, "SK": &types.AttributeValueMemberS{Value: "META"},
			"list": &types.AttributeValueMemberS{Value: "MODELS"}, "id": &types.AttributeValueMemberS{Value: "m"}, "live": strange}
		s := dynamodb.New(f, "t")
		if got, err := s.Status(t.Context(), "m"); err == nil || !strings.Contains(err.Error(), "META") {
			t.Errorf("%s: status %+v, %v", name, got, err)
		}
		if got, err := s.Models(t.Context()); err == nil {
			t.Errorf("%s: models %+v", name, got)
		}
	}
}

// TestItems says how items look: people read them in the console, and template.yaml and policies name their attributes.
func TestItems(t *testing.T) {
	f := newFake()
	s := dynamodb.New(f, "t")
	tr := begun()
	absolute := 1e300
	tr.Model.Settings.Tolerance.Absolute = &absolute
	tr.Model.Settings.Tags = map[string]string{"": "a", `\`: "b", "PK": "c"}
	if err := s.Commit(t.Context(), tr); err != nil {
		t.Fatal(err)
	}
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	number := func(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
	object := func(m item) types.AttributeValue { return &types.AttributeValueMemberM{Value: m} }
	want := item{
		"PK": text("MODEL#m"), "SK": text("META"), "id": text("m"), "rev": number("1"),
		"list": text("MODELS"), "unfinished": text("UNFINISHED"),
		"last": number("1"), "desired": number("1"), "open": text("01"),
		"kept": &types.AttributeValueMemberL{Value: []types.AttributeValue{number("1")}},
		"settings": object(item{
			"tolerance": object(item{"absolute": &types.AttributeValueMemberB{Value: []byte("1e+300")}}),
			"tags":      object(item{`\`: text("a"), `\\`: text("b"), "PK": text("c")}),
		}),
		"created": text("2026-03-01T12:00:00Z"), "updated": text("2026-03-01T12:00:00Z"),
	}
	unexported := cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{},
		types.AttributeValueMemberL{}, types.AttributeValueMemberM{})
	if d := cmp.Diff(want, f.Items["MODEL#m\x00META"], unexported); d != "" {
		t.Errorf("META (-want +got):\n%s", d)
	}
	if i := f.Items["MODEL#m\x00DEPLOYMENT#01"]; i["expires"] != nil || i["list"] != nil || i["unfinished"] != nil {
		t.Errorf("an open deployment has %v", i)
	}
}

func TestOnlyWhatIsUnfinishedIsInItsIndex(t *testing.T) {
	f := newFake()
	s := dynamodb.New(f, "t")
	tr := begun()
	for _, open := range []string{"01", "", "01"} {
		tr.Model.Open = open
		if err := s.Commit(t.Context(), tr); err != nil {
			t.Fatal(err)
		}
		if _, listed := f.Items["MODEL#m\x00META"]["unfinished"]; listed != (open != "") {
			t.Errorf("open %q: listed %t", open, listed)
		}
		tr.Model.Rev++
	}
}

func TestADeploymentExpiresWhenItHasEnded(t *testing.T) {
	f := newFake()
	s := dynamodb.New(f, "t")
	tr := begun()
	for _, state := range []deploy.State{deploy.Received, deploy.Checked, deploy.Compiled, deploy.Verified, deploy.Draining,
		deploy.Live, deploy.Rejected, deploy.Superseded, deploy.Failed, deploy.Deleted} {
		tr.Deployments[0].State = state
		if err := s.Commit(t.Context(), tr); err != nil {
			t.Fatal(err)
		}
		tr.Model.Rev++
		n, expires := f.Items["MODEL#m\x00DEPLOYMENT#01"]["expires"].(*types.AttributeValueMemberN)
		if expires != state.Final() {
			t.Errorf("%s: expires %t", state, expires)
		}
		if want := fmt.Sprint(at.Add(180 * 24 * time.Hour).Unix()); expires && n.Value != want {
			t.Errorf("%s: expires at %s, not %s", state, n.Value, want)
		}
	}
	for key, i := range f.Items {
		if i["expires"] != nil && !strings.Contains(key, "DEPLOYMENT#") {
			t.Errorf("%q expires", key)
		}
	}
}

// A record with a member of one of these names would lose it.
func TestRecordsHaveNoMembersThatAreTheTables(t *testing.T) {
	for _, record := range []any{deploy.Model{}, deploy.Version{}, deploy.Deployment{}, deploy.Audit{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(record)) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if slices.ContainsFunc([]string{"PK", "SK", "list", "unfinished", "expires"}, func(own string) bool { return strings.EqualFold(own, name) }) {
				t.Errorf("%T has %s", record, name)
			}
		}
	}
}

func TestNothingScans(t *testing.T) {
	api := reflect.TypeFor[dynamodb.API]()
	var names []string
	for i := range api.NumMethod() {
		names = append(names, api.Method(i).Name)
	}
	if d := cmp.Diff([]string{"GetItem", "Query", "TransactGetItems", "TransactWriteItems"}, names); d != "" {
		t.Errorf("the store calls (-want +got):\n%s", d)
	}
	var _ dynamodb.API = (*sdk.Client)(nil)
}

func TestListsReadNoMoreThanTheyGive(t *testing.T) {
	f := newFake()
	f.PageSize = 1000
	s := dynamodb.New(f, "t")
	var asked []int32
	f.query = func(in *sdk.QueryInput) (*sdk.QueryOutput, error) {
		asked = append(asked, aws.ToInt32(in.Limit))
		return f.Table.Query(t.Context(), in)
	}
	for _, limit := range []int{1, 10, 1 << 40} {
		if _, err := s.Audits(t.Context(), "m", "", limit); err != nil {
			t.Error(err)
		}
	}
	if d := cmp.Diff([]int32{2, 11, 1<<31 - 1}, asked); d != "" {
		t.Errorf("items asked for (-want +got):\n%s", d)
	}
}

// FuzzItems lets any transition be written and read.
func FuzzItems(f *testing.F) {
	seed, err := json.Marshal(begun())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(seed))
	f.Add(`{"Model":{"settings":{"tags":{"":"","\\":"\u0000","\\\\":"𝄞"},"tolerance":{"relative":0,"absolute":5e-324}},"seen":{"":"x"}}}`)
	f.Add(`{"Versions":[{"settings":{"tolerance":{"relative":-0.0,"absolute":1e126}},"compiledBytes":9223372036854775807,"document":{"size":-9223372036854775808}}]}`)
	f.Add(`{"Deployments":[{"state":"LIVE","updated":"9999-12-31T23:59:59.999999999+23:59","rejection":{"faults":[{"line":1}]}}],"Audits":[{"reason":"\ud800"}]}`)
	f.Fuzz(func(t *testing.T, data string) {
		var tr deploy.Transition
		if json.Unmarshal([]byte(data), &tr) != nil {
			return
		}
		tr.Model.ID, tr.Model.Rev = "m", 1
		tr.Versions, tr.Deployments, tr.Audits = first(tr.Versions), first(tr.Deployments), first(tr.Audits)
		api := newFake()
		s := dynamodb.New(api, "t")
		if err := s.Commit(t.Context(), tr); err != nil {
			t.Fatal(err)
		}
		models, err := s.Models(t.Context())
		equal(t, err, []deploy.Model{tr.Model}, models)
		for _, v := range tr.Versions {
			got, err := s.Version(t.Context(), "m", v.Number)
			equal(t, err, v, got)
		}
		for _, d := range tr.Deployments {
			if len(d.ID) > 1000 {
				continue // no sort key is as long
			}
			got, err := s.Deployment(t.Context(), "m", d.ID)
			equal(t, err, d, got)
		}
		for _, a := range tr.Audits {
			got, err := s.Audits(t.Context(), "m", "", 1)
			if a.ID < "\U0010FFFF" && len(a.ID) < 1000 {
				equal(t, err, []deploy.Audit{a}, got)
			}
		}
	})
}

func first[T any](list []T) []T { return list[:min(1, len(list))] }

func equal(t *testing.T, err error, want, got any) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	a, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("wrote %s\nread  %s", a, b)
	}
}
