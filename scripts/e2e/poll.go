package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
)

// poll does for the queue of uploads what Lambda's event source mapping does, with ReportBatchItemFailures: a batch is
// handed to functions/deploy, and what that does not report as failed is deleted. What it does report is seen again when
// it becomes visible. It ends with the context.
func (c *cloud) poll(ctx context.Context) error {
	found, err := c.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(queue)})
	if err != nil {
		return err
	}
	for {
		got, err := c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: found.QueueUrl, MaxNumberOfMessages: 4, WaitTimeSeconds: 1, VisibilityTimeout: deploySeconds,
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAll},
		})
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if len(got.Messages) == 0 {
			continue
		}
		if err := c.batch(ctx, *found.QueueUrl, got.Messages); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (c *cloud) batch(ctx context.Context, url string, messages []sqstypes.Message) error {
	begun := time.Now()
	failed, err := c.deployBatch(ctx, messages)
	fmt.Printf("%s %d messages in %.1f s, failed: %v %v\n", begun.Format(time.TimeOnly), len(messages), time.Since(begun).Seconds(), failed, err)
	for _, m := range messages {
		if err != nil || slices.Contains(failed, *m.MessageId) {
			// A moment later, not after the whole visibility timeout: nobody wants to wait for it here.
			_, err := c.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
				QueueUrl: &url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 2,
			})
			if err != nil {
				return err
			}
			continue
		}
		if _, err := c.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			return err
		}
	}
	return nil
}

// deployBatch gives the ids of the messages that failed; with an error, all did.
func (c *cloud) deployBatch(ctx context.Context, messages []sqstypes.Message) ([]string, error) {
	payload, err := json.Marshal(sqsEvent(messages))
	if err != nil {
		return nil, err
	}
	answer, err := c.invoke(ctx, deployFunction, payload)
	if err != nil {
		return nil, err
	}
	var response events.SQSEventResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return nil, fmt.Errorf("functions/deploy answered %q: %w", answer, err)
	}
	var failed []string
	for _, f := range response.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed, nil
}

func sqsEvent(messages []sqstypes.Message) events.SQSEvent {
	var event events.SQSEvent
	for _, m := range messages {
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Md5OfBody: aws.ToString(m.MD5OfBody),
			Attributes:  m.Attributes,
			EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:" + region + ":" + account + ":" + queue, AWSRegion: region,
		})
	}
	return event
}

// invoke has the live version of a function answer.
func (c *cloud) invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	out, err := c.lambda.Invoke(ctx, &lambdasdk.InvokeInput{
		FunctionName: &function, Qualifier: aws.String(lambda.Alias), Payload: payload,
	})
	if err != nil {
		return nil, err
	}
	if out.FunctionError != nil {
		return nil, fmt.Errorf("%s: %s: %s", function, *out.FunctionError, out.Payload)
	}
	return out.Payload, nil
}
