package dynamodb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// An item is what lies under one key, by attribute.
type item = map[string]types.AttributeValue

// keepDeployments is how long a deployment that has ended is kept: its entry in the audit stays.
const keepDeployments = 180 * 24 * time.Hour

// itemsOf gives what a transition writes, the model first.
func itemsOf(t deploy.Transition) ([]item, error) {
	var items []item
	put := func(sort string, v any, more item) error {
		i, err := encode(v)
		if err != nil {
			return fmt.Errorf("item %s: %w", sort, err)
		}
		i[partitionKey], i[sortKey] = text(deploy.PartitionKey(t.Model.ID)), text(sort)
		for name, value := range more {
			i[name] = value
		}
		items = append(items, i)
		return nil
	}
	if err := put(deploy.MetaKey, t.Model, indexesOf(t.Model)); err != nil {
		return nil, err
	}
	for _, v := range t.Versions {
		if err := put(deploy.VersionKey(v.Number), v, nil); err != nil {
			return nil, err
		}
	}
	for _, d := range t.Deployments {
		if err := put(deploy.DeploymentKey(d.ID), d, expiryOf(d)); err != nil {
			return nil, err
		}
	}
	for _, a := range t.Audits {
		if err := put(deploy.AuditKey(a.ID), a, nil); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// indexesOf gives the attributes by which a model is in the indexes.
func indexesOf(m deploy.Model) item {
	i := item{listAttribute: text(allModels)}
	if m.Unfinished() {
		i[unfinishedAttribute] = text(isUnfinished)
	}
	return i
}

// expiryOf gives the attribute by which DynamoDB removes a deployment some time after it has ended.
func expiryOf(d deploy.Deployment) item {
	if !d.State.Final() {
		return nil
	}
	return item{ExpiryAttribute: number(d.Updated.Add(keepDeployments).Unix())}
}

func keyOf(id, sort string) item {
	return item{partitionKey: text(deploy.PartitionKey(id)), sortKey: text(sort)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// textOf gives the text of an attribute; empty if it is not there, or no text.
func textOf(a types.AttributeValue) string {
	if s, ok := a.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// encode gives a record as the attributes that its JSON has as members.
func encode(v any) (item, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // 64-bit integers are no doubles
	members := map[string]any{}
	if err := d.Decode(&members); err != nil {
		return nil, err
	}
	return attributes(members), nil
}

// decode reads a record from an item. The attributes that only DynamoDB needs are not among its members.
func decode(i item, v any) error {
	sort := textOf(i[sortKey])
	members := map[string]any{}
	for name, a := range i {
		switch name {
		case partitionKey, sortKey, listAttribute, unfinishedAttribute, ExpiryAttribute:
			continue
		}
		value, err := valueOf(a)
		if err != nil {
			return fmt.Errorf("item %s: attribute %s: %w", sort, name, err)
		}
		members[memberOf(name)] = value
	}
	data, err := json.Marshal(members)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		return fmt.Errorf("item %s: %w", sort, err)
	}
	return nil
}

// attributeOf gives a value of JSON as DynamoDB has it.
func attributeOf(v any) types.AttributeValue {
	switch v := v.(type) {
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case string:
		return text(v)
	case json.Number:
		if !isNumber(v.String()) { // bytes mean a number that is none of DynamoDB's: JSON has no bytes
			return &types.AttributeValueMemberB{Value: []byte(v)}
		}
		return &types.AttributeValueMemberN{Value: v.String()}
	case []any:
		list := make([]types.AttributeValue, len(v))
		for i, element := range v {
			list[i] = attributeOf(element)
		}
		return &types.AttributeValueMemberL{Value: list}
	case map[string]any:
		return &types.AttributeValueMemberM{Value: attributes(v)}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

func attributes(members map[string]any) item {
	i := make(item, len(members))
	for name, v := range members {
		i[attributeName(name)] = attributeOf(v)
	}
	return i
}

// valueOf is the reverse of attributeOf.
func valueOf(a types.AttributeValue) (any, error) {
	switch a := a.(type) {
	case *types.AttributeValueMemberNULL:
		return nil, nil
	case *types.AttributeValueMemberBOOL:
		return a.Value, nil
	case *types.AttributeValueMemberS:
		return a.Value, nil
	case *types.AttributeValueMemberN:
		return json.Number(a.Value), nil
	case *types.AttributeValueMemberB:
		return json.Number(a.Value), nil
	case *types.AttributeValueMemberL:
		list := make([]any, len(a.Value))
		for i, element := range a.Value {
			v, err := valueOf(element)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case *types.AttributeValueMemberM:
		members := make(map[string]any, len(a.Value))
		for name, element := range a.Value {
			v, err := valueOf(element)
			if err != nil {
				return nil, err
			}
			members[memberOf(name)] = v
		}
		return members, nil
	}
	return nil, fmt.Errorf("a value of type %T was not written by a store", a)
}

// isNumber says whether DynamoDB keeps a number as it is: at most 38 digits, from 1E-130 to below 1E+126. It forgets the
// sign of zero.
func isNumber(n string) bool {
	const digits, least, most = 38, 1e-130, 1e125
	f, err := strconv.ParseFloat(n, 64)
	if err != nil || len(n) > digits {
		return false
	}
	if f == 0 {
		return n == "0"
	}
	return math.Abs(f) >= least && math.Abs(f) <= most
}

// Attributes have names, while a member of JSON may be called "". So that one, and those that begin like its name, have
// a backslash in front.
const escape = `\`

func attributeName(member string) string {
	if member == "" || strings.HasPrefix(member, escape) {
		return escape + member
	}
	return member
}

func memberOf(attribute string) string { return strings.TrimPrefix(attribute, escape) }
