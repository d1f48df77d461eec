package awstest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// An Item is one of a table's, by attribute.
type Item = map[string]types.AttributeValue

// A Table is as much of a DynamoDB table as the service uses, in memory: suites run against it everywhere, and against
// AWS's own DynamoDB Local where that can be had. Pages are short, as DynamoDB's may be.
type Table struct {
	PageSize int             // items of a page; 0: 3
	Unkind   bool            // every seventh transaction meets another one
	Items    map[string]Item // by PK and SK, with a zero byte between them; while nobody calls, they may be changed

	mu    sync.Mutex
	calls int
}

// NewTable gives an empty table.
func NewTable() *Table { return &Table{Items: map[string]Item{}} }

func keyOf(i Item) string { return textOf(i["PK"]) + "\x00" + textOf(i["SK"]) }

func textOf(a types.AttributeValue) string {
	s, _ := a.(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

// GetItem is the operation of this name.
func (t *Table) GetItem(ctx context.Context, in *sdk.GetItemInput, _ ...func(*sdk.Options)) (*sdk.GetItemOutput, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !aws.ToBool(in.ConsistentRead) {
		return nil, errors.New("a read that may be stale")
	}
	return &sdk.GetItemOutput{Item: maps.Clone(t.Items[keyOf(in.Key)])}, ctx.Err()
}

// collides lets every seventh transaction meet another one.
func (t *Table) collides(n int) error {
	if t.calls++; !t.Unkind || t.calls%7 != 0 {
		return nil
	}
	return Cancelled(append(slices.Repeat([]string{"None"}, n-1), "TransactionConflict")...)
}

// Cancelled is DynamoDB's error for a transaction, with a reason for each of its items.
func Cancelled(codes ...string) error {
	e := &types.TransactionCanceledException{Message: aws.String("Transaction cancelled")}
	for _, code := range codes {
		e.CancellationReasons = append(e.CancellationReasons, types.CancellationReason{Code: aws.String(code), Message: aws.String("because")})
	}
	return e
}

// TransactGetItems is the operation of this name.
func (t *Table) TransactGetItems(ctx context.Context, in *sdk.TransactGetItemsInput, _ ...func(*sdk.Options)) (*sdk.TransactGetItemsOutput, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := cmp.Or(ctx.Err(), t.collides(len(in.TransactItems))); err != nil {
		return nil, err
	}
	out := &sdk.TransactGetItemsOutput{}
	for _, i := range in.TransactItems {
		out.Responses = append(out.Responses, types.ItemResponse{Item: maps.Clone(t.Items[keyOf(i.Get.Key)])})
	}
	return out, nil
}

// TransactWriteItems is the operation of this name.
func (t *Table) TransactWriteItems(ctx context.Context, in *sdk.TransactWriteItemsInput, _ ...func(*sdk.Options)) (*sdk.TransactWriteItemsOutput, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := cmp.Or(ctx.Err(), t.collides(len(in.TransactItems))); err != nil {
		return nil, err
	}
	if in.ClientRequestToken != nil {
		return nil, errors.New("a token that was used before")
	}
	written := map[string]Item{}
	for _, i := range in.TransactItems {
		holds, err := t.holds(i.Put)
		if err != nil {
			return nil, err
		}
		if !holds {
			return nil, Cancelled("ConditionalCheckFailed")
		}
		kept, err := keep(&types.AttributeValueMemberM{Value: i.Put.Item})
		if err != nil {
			return nil, err
		}
		written[keyOf(i.Put.Item)] = kept.(*types.AttributeValueMemberM).Value
	}
	if len(written) != len(in.TransactItems) {
		return nil, errors.New("an item was written twice")
	}
	maps.Copy(t.Items, written)
	return &sdk.TransactWriteItemsOutput{}, nil
}

func (t *Table) holds(put *types.Put) (bool, error) {
	before := t.Items[keyOf(put.Item)]
	switch aws.ToString(put.ConditionExpression) {
	case "":
		return true, nil
	case "attribute_not_exists(PK)":
		return before == nil, nil
	case "rev = :before":
		rev, _ := before["rev"].(*types.AttributeValueMemberN)
		want, _ := put.ExpressionAttributeValues[":before"].(*types.AttributeValueMemberN)
		return rev != nil && want != nil && rev.Value == want.Value, nil
	}
	return false, fmt.Errorf("a condition that nobody here knows: %s", *put.ConditionExpression)
}

// keep gives a value as DynamoDB gives it back, and refuses what it refuses.
func keep(a types.AttributeValue) (types.AttributeValue, error) {
	switch a := a.(type) {
	case *types.AttributeValueMemberN:
		n, err := numberOf(a.Value)
		return &types.AttributeValueMemberN{Value: n}, err
	case *types.AttributeValueMemberL:
		list := &types.AttributeValueMemberL{}
		for _, element := range a.Value {
			v, err := keep(element)
			if err != nil {
				return nil, err
			}
			list.Value = append(list.Value, v)
		}
		return list, nil
	case *types.AttributeValueMemberM:
		members := &types.AttributeValueMemberM{Value: Item{}}
		for name, element := range a.Value {
			v, err := keep(element)
			if err != nil || name == "" {
				return nil, cmp.Or(err, errors.New("an attribute without a name"))
			}
			members.Value[name] = v
		}
		return members, nil
	}
	return a, nil
}

// numberOf writes a number in digits.
func numberOf(text string) (string, error) {
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return "", fmt.Errorf("no number: %q", text)
	}
	size := new(big.Rat).Abs(n)
	least, _ := new(big.Rat).SetString("1e-130")
	most, _ := new(big.Rat).SetString("9.9999999999999999999999999999999999999e125")
	if n.Sign() != 0 && (size.Cmp(least) < 0 || size.Cmp(most) > 0) {
		return "", fmt.Errorf("beyond the numbers: %s", text)
	}
	if n.IsInt() {
		return n.Num().String(), nil
	}
	return strings.TrimRight(n.FloatString(200), "0"), nil
}

// Query is the operation of this name.
func (t *Table) Query(ctx context.Context, in *sdk.QueryInput, _ ...func(*sdk.Options)) (*sdk.QueryOutput, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := in.ExpressionAttributeValues
	partition, sort, first, last := "PK", "SK", textOf(v[":first"]), textOf(v[":last"])
	want := textOf(v[":partition"])
	if in.IndexName != nil {
		partition, sort, first, last = in.ExpressionAttributeNames["#list"], "id", "", "\U0010FFFF"
		want = textOf(v[":list"])
	}
	var found []Item
	for _, i := range t.Items {
		if at := textOf(i[sort]); i[partition] != nil && textOf(i[partition]) == want && first <= at && at <= last {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b Item) int { return strings.Compare(textOf(a[sort]), textOf(b[sort])) })
	if in.ScanIndexForward != nil && !*in.ScanIndexForward {
		slices.Reverse(found)
	}
	if in.ExclusiveStartKey != nil {
		at := slices.IndexFunc(found, func(i Item) bool { return keyOf(i) == keyOf(in.ExclusiveStartKey) })
		found = found[at+1:]
	}
	out := &sdk.QueryOutput{Items: found}
	if most := min(cmp.Or(t.PageSize, 3), int(cmp.Or(aws.ToInt32(in.Limit), 1<<30))); len(found) > most {
		out.Items = found[:most]
		out.LastEvaluatedKey = Item{"PK": out.Items[most-1]["PK"], "SK": out.Items[most-1]["SK"]}
	}
	return out, ctx.Err()
}
