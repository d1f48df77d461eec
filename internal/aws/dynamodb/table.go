package dynamodb

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The names of the table's indexes.
const (
	// ModelsIndex has all models by id, with all that is known of them.
	ModelsIndex = "models"
	// UnfinishedIndex has the ids of the models with something unfinished: an item that is at rest is not in it.
	UnfinishedIndex = "unfinished"
)

// ExpiryAttribute is when DynamoDB may remove an item, in seconds since 1970.
const ExpiryAttribute = "expires"

// The attributes that items have for DynamoDB's sake, beside the members of their records; id and rev are members of a
// model.
const (
	partitionKey        = "PK"
	sortKey             = "SK"
	listAttribute       = "list"
	unfinishedAttribute = "unfinished"
	idAttribute         = "id"
	revision            = "rev"
)

// What the first keys of the indexes say: each has one partition.
const (
	allModels    = "MODELS"
	isUnfinished = "UNFINISHED"
)

// maxSortKey is the greatest length of a sort key in bytes.
const maxSortKey = 1024

// TableInput says how the table is made, as template.yaml does.
func TableInput(name string) *sdk.CreateTableInput {
	return &sdk.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
		KeySchema:   keys(partitionKey, sortKey),
		AttributeDefinitions: []types.AttributeDefinition{
			textAttribute(partitionKey), textAttribute(sortKey),
			textAttribute(listAttribute), textAttribute(unfinishedAttribute), textAttribute(idAttribute),
		},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			index(ModelsIndex, listAttribute, types.ProjectionTypeAll),
			index(UnfinishedIndex, unfinishedAttribute, types.ProjectionTypeKeysOnly),
		},
	}
}

// TimeToLiveInput says by which attribute items of the table expire: deployments, 180 days after they have ended.
func TimeToLiveInput(name string) *sdk.UpdateTimeToLiveInput {
	return &sdk.UpdateTimeToLiveInput{
		TableName:               &name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(ExpiryAttribute), Enabled: aws.Bool(true)},
	}
}

func textAttribute(name string) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
}

func keys(partition, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &partition, KeyType: types.KeyTypeHash},
		{AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}

func index(name, partition string, projection types.ProjectionType) types.GlobalSecondaryIndex {
	return types.GlobalSecondaryIndex{
		IndexName:  &name,
		KeySchema:  keys(partition, idAttribute),
		Projection: &types.Projection{ProjectionType: projection},
	}
}
