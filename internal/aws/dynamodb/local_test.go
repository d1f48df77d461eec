package dynamodb_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/handoff-pmml/handoff/internal/aws/dynamodb"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/storetest"
)

// client speaks to the DynamoDB Local that scripts/dynamodb-local.sh runs.
func client(t *testing.T) *sdk.Client {
	endpoint := os.Getenv("HANDOFF_DYNAMODB")
	if endpoint == "" {
		t.Skip("HANDOFF_DYNAMODB says of no DynamoDB Local: make dynamodb-local runs one")
	}
	return sdk.New(sdk.Options{Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")})
}

var tables atomic.Int64

// table makes an empty table and gives its name.
func table(t *testing.T, c *sdk.Client) string {
	name := fmt.Sprintf("handoff-test-%d", tables.Add(1))
	if _, err := c.CreateTable(t.Context(), dynamodb.TableInput(name)); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestDynamoDBLocal(t *testing.T) {
	c := client(t)
	storetest.Run(t, func(t *testing.T) deploy.Store { return dynamodb.New(c, table(t, c)) })
}

func TestDynamoDBLocalHasTheTable(t *testing.T) {
	c := client(t)
	name := table(t, c)
	if _, err := c.UpdateTimeToLive(t.Context(), dynamodb.TimeToLiveInput(name)); err != nil {
		t.Fatal(err)
	}
	out, err := c.DescribeTable(t.Context(), &sdk.DescribeTableInput{TableName: &name})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(out.Table.GlobalSecondaryIndexes); n != 2 || out.Table.BillingModeSummary.BillingMode != types.BillingModePayPerRequest {
		t.Errorf("%d indexes, %+v", n, out.Table.BillingModeSummary)
	}
	ttl, err := c.DescribeTimeToLive(t.Context(), &sdk.DescribeTimeToLiveInput{TableName: &name})
	if err != nil || aws.ToString(ttl.TimeToLiveDescription.AttributeName) != dynamodb.ExpiryAttribute {
		t.Errorf("%+v, %v", ttl, err)
	}
}
