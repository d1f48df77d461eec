package dynamodb_test

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

type item = map[string]types.AttributeValue

// memory is as much of DynamoDB as the store uses, in memory: the suites run against it everywhere, and against AWS's
// own DynamoDB Local where that can be had. It is unkind: pages are short, and some transactions meet another.
type memory struct {
	pageSize int // items of a page
	unkind   bool

	mu    sync.Mutex
	items map[string]item
	calls int
}

func newMemory() *memory { return &memory{pageSize: 3, unkind: true, items: map[string]item{}} }

func keyOf(i item) string { return textOf(i["PK"]) + "\x00" + textOf(i["SK"]) }

func textOf(a types.AttributeValue) string {
	s, _ := a.(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

func (m *memory) GetItem(ctx context.Context, in *sdk.GetItemInput, _ ...func(*sdk.Options)) (*sdk.GetItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !aws.ToBool(in.ConsistentRead) {
		return nil, errors.New("a read that may be stale")
	}
	return &sdk.GetItemOutput{Item: maps.Clone(m.items[keyOf(in.Key)])}, ctx.Err()
}

// collides lets every seventh transaction meet another one.
func (m *memory) collides(n int) error {
	if m.calls++; !m.unkind || m.calls%7 != 0 {
		return nil
	}
	return cancelled(append(slices.Repeat([]string{"None"}, n-1), "TransactionConflict")...)
}

// cancelled is DynamoDB's error for a transaction, with a reason for each of its items.
func cancelled(codes ...string) error {
	e := &types.TransactionCanceledException{Message: aws.String("Transaction cancelled")}
	for _, code := range codes {
		e.CancellationReasons = append(e.CancellationReasons, types.CancellationReason{Code: aws.String(code), Message: aws.String("because")})
	}
	return e
}

func (m *memory) TransactGetItems(ctx context.Context, in *sdk.TransactGetItemsInput, _ ...func(*sdk.Options)) (*sdk.TransactGetItemsOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(ctx.Err(), m.collides(len(in.TransactItems))); err != nil {
		return nil, err
	}
	out := &sdk.TransactGetItemsOutput{}
	for _, i := range in.TransactItems {
		out.Responses = append(out.Responses, types.ItemResponse{Item: maps.Clone(m.items[keyOf(i.Get.Key)])})
	}
	return out, nil
}

func (m *memory) TransactWriteItems(ctx context.Context, in *sdk.TransactWriteItemsInput, _ ...func(*sdk.Options)) (*sdk.TransactWriteItemsOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(ctx.Err(), m.collides(len(in.TransactItems))); err != nil {
		return nil, err
	}
	if in.ClientRequestToken != nil {
		return nil, errors.New("a token that was used before")
	}
	written := map[string]item{}
	for _, i := range in.TransactItems {
		if !m.holds(i.Put) {
			return nil, cancelled("ConditionalCheckFailed")
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
	maps.Copy(m.items, written)
	return &sdk.TransactWriteItemsOutput{}, nil
}

func (m *memory) holds(put *types.Put) bool {
	before := m.items[keyOf(put.Item)]
	switch aws.ToString(put.ConditionExpression) {
	case "":
		return true
	case "attribute_not_exists(PK)":
		return before == nil
	case "rev = :before":
		rev, _ := before["rev"].(*types.AttributeValueMemberN)
		return rev != nil && rev.Value == put.ExpressionAttributeValues[":before"].(*types.AttributeValueMemberN).Value
	}
	panic(*put.ConditionExpression)
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
		members := &types.AttributeValueMemberM{Value: item{}}
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

func (m *memory) Query(ctx context.Context, in *sdk.QueryInput, _ ...func(*sdk.Options)) (*sdk.QueryOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := in.ExpressionAttributeValues
	partition, sort, first, last := "PK", "SK", textOf(v[":first"]), textOf(v[":last"])
	want := textOf(v[":partition"])
	if in.IndexName != nil {
		partition, sort, first, last = in.ExpressionAttributeNames["#list"], "id", "", "\U0010FFFF"
		want = textOf(v[":list"])
	}
	var found []item
	for _, i := range m.items {
		if at := textOf(i[sort]); i[partition] != nil && textOf(i[partition]) == want && first <= at && at <= last {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b item) int { return strings.Compare(textOf(a[sort]), textOf(b[sort])) })
	if in.ScanIndexForward != nil && !*in.ScanIndexForward {
		slices.Reverse(found)
	}
	if in.ExclusiveStartKey != nil {
		at := slices.IndexFunc(found, func(i item) bool { return keyOf(i) == keyOf(in.ExclusiveStartKey) })
		found = found[at+1:]
	}
	out := &sdk.QueryOutput{Items: found}
	if most := min(m.pageSize, int(cmp.Or(aws.ToInt32(in.Limit), 1<<30))); len(found) > most {
		out.Items = found[:most]
		out.LastEvaluatedKey = item{"PK": out.Items[most-1]["PK"], "SK": out.Items[most-1]["SK"]}
	}
	return out, ctx.Err()
}
