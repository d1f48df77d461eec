// Package dynamodb keeps what is known of models in one table of DynamoDB: a partition for each model, with an item for
// the model itself (META), for each version, each deployment and each entry of the audit, as internal/deploy names them.
//
// An item has the members of the record's JSON as its attributes, so that a person can read it in the console. Reading
// needs dynamodb:GetItem and dynamodb:Query on the table and its indexes, writing dynamodb:PutItem.
package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// API is what the store calls of DynamoDB: *dynamodb.Client of AWS's SDK has it. A whole table is never read: there is
// no Scan.
type API interface {
	GetItem(ctx context.Context, in *sdk.GetItemInput, options ...func(*sdk.Options)) (*sdk.GetItemOutput, error)
	Query(ctx context.Context, in *sdk.QueryInput, options ...func(*sdk.Options)) (*sdk.QueryOutput, error)
	TransactGetItems(ctx context.Context, in *sdk.TransactGetItemsInput, options ...func(*sdk.Options)) (*sdk.TransactGetItemsOutput, error)
	TransactWriteItems(ctx context.Context, in *sdk.TransactWriteItemsInput, options ...func(*sdk.Options)) (*sdk.TransactWriteItemsOutput, error)
}

// A Store is a deploy.Store on a table that was made as TableInput says. What it gives of one model is as of the last
// commit; Models and Unfinished may lag behind by moments, since indexes do.
type Store struct {
	api   API
	table string
}

var _ deploy.Store = (*Store)(nil)

// New gives the store on a table.
func New(api API, table string) *Store { return &Store{api: api, table: table} }

// maxItems is how many items DynamoDB takes in one transaction.
const maxItems = 100

// snapshotItems is how many items are read in one transaction, so that they stay below its 4 MB.
const snapshotItems = 25

// Status gives what is known of a model; of one that is not known, a Status with nothing but the id.
func (s *Store) Status(ctx context.Context, id string) (deploy.Status, error) {
	var status deploy.Status
	err := again(ctx, func() (err error) {
		status, err = s.status(ctx, id)
		return err
	})
	if err != nil {
		return deploy.Status{}, fmt.Errorf("read the status of %s: %w", id, err)
	}
	return status, nil
}

func (s *Store) status(ctx context.Context, id string) (deploy.Status, error) {
	status := deploy.Status{Model: deploy.Model{ID: id}}
	found, err := s.get(ctx, id, deploy.MetaKey, &status.Model)
	if err != nil || !found {
		return status, err
	}
	m := status.Model
	var items snapshot
	if m.Open != "" {
		items.want(deploy.DeploymentKey(m.Open))
	}
	for _, n := range m.Kept {
		items.want(deploy.VersionKey(n))
	}
	if err := s.read(ctx, m, &items); err != nil {
		return status, err
	}
	numbers := slices.Clone(m.Kept)
	if m.Open != "" {
		status.Deployment = &deploy.Deployment{}
		if err := items.decode(deploy.DeploymentKey(m.Open), status.Deployment); err != nil {
			return status, err
		}
		if n := status.Deployment.Version; n != 0 && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
			items.want(deploy.VersionKey(n))
			if err := s.read(ctx, m, &items); err != nil {
				return status, err
			}
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		var v deploy.Version
		if err := items.decode(deploy.VersionKey(n), &v); err != nil {
			return status, err
		}
		status.Versions = append(status.Versions, v)
	}
	return status, nil
}

// A snapshot is items of one model, by sort key, as they were at one of its revisions.
type snapshot struct {
	wanted []string // not read yet
	items  map[string]item
}

func (s *snapshot) want(sort string) { s.wanted = append(s.wanted, sort) }

func (s *snapshot) decode(sort string, v any) error {
	i := s.items[sort]
	if i == nil {
		return fmt.Errorf("item %s is not there", sort)
	}
	return decode(i, v)
}

// read reads what a snapshot wants, as it is at the revision of m. The model itself is read in each transaction: every
// commit changes it, so what is read beside the same revision belongs together, in however many transactions. Reads
// outside of transactions could show half of a commit. Errors: *busyError if the model has another revision by now.
func (s *Store) read(ctx context.Context, m deploy.Model, into *snapshot) error {
	if into.items == nil {
		into.items = map[string]item{}
	}
	for sorts := range slices.Chunk(into.wanted, snapshotItems) {
		sorts = append([]string{deploy.MetaKey}, sorts...)
		in := &sdk.TransactGetItemsInput{}
		for _, sort := range sorts {
			in.TransactItems = append(in.TransactItems, types.TransactGetItem{Get: &types.Get{TableName: &s.table, Key: keyOf(m.ID, sort)}})
		}
		out, err := s.api.TransactGetItems(ctx, in)
		if err != nil {
			return whyCancelled(err, sorts).reading()
		}
		for i, sort := range sorts {
			if i < len(out.Responses) && len(out.Responses[i].Item) > 0 {
				into.items[sort] = out.Responses[i].Item
			}
		}
		var now deploy.Model
		if err := into.decode(deploy.MetaKey, &now); err != nil {
			return err
		}
		if now.Rev != m.Rev {
			return &busyError{errChanging}
		}
	}
	into.wanted = nil
	return nil
}

// Commit writes a transition if the model has the Rev before it; otherwise deploy.ErrConflict. That is also the answer
// if other transactions on the model were under way for all of four seconds. After any other error it is written as a
// whole or not at all. DynamoDB takes at most 100 items, 4 MB, and 400 kB for each: what is more is refused.
func (s *Store) Commit(ctx context.Context, t deploy.Transition) error {
	items, err := itemsOf(t)
	if err == nil {
		err = again(ctx, func() error { return s.write(ctx, t.Model.Rev, items) })
	}
	if err != nil {
		return fmt.Errorf("commit a transition of %s: %w", t.Model.ID, err)
	}
	return nil
}

// write writes items, of which the first is the model's. The SDK gives each call a token, by which DynamoDB knows its
// repetitions: one that had been done is not told as a conflict. So each call here needs an input of its own.
func (s *Store) write(ctx context.Context, rev int64, items []item) error {
	if len(items) > maxItems {
		return fmt.Errorf("it has %d items, and a transaction of DynamoDB at most %d", len(items), maxItems)
	}
	in := &sdk.TransactWriteItemsInput{}
	var sorts []string
	for _, i := range items {
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Put: &types.Put{TableName: &s.table, Item: i}})
		sorts = append(sorts, textOf(i[sortKey]))
	}
	fence(in.TransactItems[0].Put, rev)
	if _, err := s.api.TransactWriteItems(ctx, in); err != nil {
		return whyCancelled(err, sorts).writing()
	}
	return nil
}

// fence lets a model be written only after the revision before.
func fence(put *types.Put, rev int64) {
	if rev == 1 {
		put.ConditionExpression = aws.String("attribute_not_exists(" + partitionKey + ")")
		return
	}
	put.ConditionExpression = aws.String(revision + " = :before")
	put.ExpressionAttributeValues = item{":before": number(rev - 1)}
}

// Models gives all models that are known, by id, as the index has them.
func (s *Store) Models(ctx context.Context) ([]deploy.Model, error) {
	var models []deploy.Model
	err := s.query(ctx, indexed(ModelsIndex, listAttribute, allModels), func(i item) (bool, error) {
		var m deploy.Model
		err := decode(i, &m)
		models = append(models, m)
		return true, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the models: %w", err)
	}
	return models, nil
}

// Unfinished gives the ids of the models with something unfinished, as the index has them.
func (s *Store) Unfinished(ctx context.Context) ([]string, error) {
	var ids []string
	err := s.query(ctx, indexed(UnfinishedIndex, unfinishedAttribute, isUnfinished), func(i item) (bool, error) {
		ids = append(ids, textOf(i[idAttribute]))
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list what is unfinished: %w", err)
	}
	return ids, nil
}

func indexed(index, attribute, value string) *sdk.QueryInput {
	return &sdk.QueryInput{
		IndexName:                 &index,
		KeyConditionExpression:    aws.String("#list = :list"),
		ExpressionAttributeNames:  map[string]string{"#list": attribute},
		ExpressionAttributeValues: item{":list": text(value)},
	}
}

// Version gives one version; catalog.ErrNotFound.
func (s *Store) Version(ctx context.Context, id string, number int) (deploy.Version, error) {
	return one[deploy.Version](ctx, s, id, deploy.VersionKey(number))
}

// Versions gives the newest versions, at most limit of them, descending.
func (s *Store) Versions(ctx context.Context, id string, limit int) ([]deploy.Version, error) {
	return newest[deploy.Version](ctx, s, id, deploy.VersionPrefix, "", limit)
}

// Deployment gives one deployment; catalog.ErrNotFound, also some time after it has ended (see TimeToLiveInput).
func (s *Store) Deployment(ctx context.Context, id, deployment string) (deploy.Deployment, error) {
	return one[deploy.Deployment](ctx, s, id, deploy.DeploymentKey(deployment))
}

// Deployments gives the newest deployments older than before ("": all), at most limit of them, descending.
func (s *Store) Deployments(ctx context.Context, id, before string, limit int) ([]deploy.Deployment, error) {
	return newest[deploy.Deployment](ctx, s, id, deploy.DeploymentPrefix, before, limit)
}

// Audits gives the newest entries older than before ("": all), at most limit of them, descending.
func (s *Store) Audits(ctx context.Context, id, before string, limit int) ([]deploy.Audit, error) {
	return newest[deploy.Audit](ctx, s, id, deploy.AuditPrefix, before, limit)
}

// one reads one item.
func one[T any](ctx context.Context, s *Store, id, sort string) (T, error) {
	var v T
	found, err := s.get(ctx, id, sort, &v)
	if err == nil && !found {
		err = catalog.ErrNotFound
	}
	if err != nil {
		return v, fmt.Errorf("read %s of %s: %w", sort, id, err)
	}
	return v, nil
}

// get reads an item, if it is there.
func (s *Store) get(ctx context.Context, id, sort string, v any) (bool, error) {
	if len(sort) > maxSortKey { // nothing was written under it, and DynamoDB would not even look
		return false, nil
	}
	out, err := s.api.GetItem(ctx, &sdk.GetItemInput{TableName: &s.table, Key: keyOf(id, sort), ConsistentRead: aws.Bool(true)})
	if err != nil || len(out.Item) == 0 {
		return false, err
	}
	return true, decode(out.Item, v)
}

// newest reads the last items whose sort keys begin with prefix and come before prefix+before.
func newest[T any](ctx context.Context, s *Store, id, prefix, before string, limit int) ([]T, error) {
	if limit <= 0 {
		return nil, nil
	}
	var list []T
	end := prefix + before
	if before == "" {
		end = prefix + "\U0010FFFF" // above all ids
	}
	in := &sdk.QueryInput{
		KeyConditionExpression:    aws.String(partitionKey + " = :partition AND " + sortKey + " BETWEEN :first AND :last"),
		ExpressionAttributeValues: item{":partition": text(deploy.PartitionKey(id)), ":first": text(prefix), ":last": text(clip(end))},
		ConsistentRead:            aws.Bool(true),
		ScanIndexForward:          aws.Bool(false),
		Limit:                     aws.Int32(int32(min(limit, math.MaxInt32-1) + 1)), // BETWEEN includes its last, which is dropped
	}
	err := s.query(ctx, in, func(i item) (bool, error) {
		if textOf(i[sortKey]) >= end {
			return true, nil
		}
		var v T
		err := decode(i, &v)
		list = append(list, v)
		return len(list) < limit, err
	})
	if err != nil {
		return nil, fmt.Errorf("list %s of %s: %w", prefix, id, err)
	}
	return list, nil
}

// clip shortens what is asked for to what can be a sort key. No id that was written is as long.
func clip(sort string) string {
	if len(sort) > maxSortKey {
		sort = sort[:maxSortKey]
	}
	return strings.ToValidUTF8(sort, "")
}

// query calls take with each item of all pages, until it wants no more.
func (s *Store) query(ctx context.Context, in *sdk.QueryInput, take func(item) (more bool, err error)) error {
	in.TableName = &s.table
	for {
		out, err := s.api.Query(ctx, in)
		if err != nil {
			return err
		}
		for _, i := range out.Items {
			if more, err := take(i); err != nil || !more {
				return err
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// errChanging says that a model was written while it was read.
var errChanging = errors.New("the model is being changed all the time")
